--- The record of a release as core/release/journal.c keeps it: words, operations of the word in
--- progress, replay, folding. Same names, same rules; what is different in C is a bug in one of them.
local json = require 'spec.fake_json'

---@class FakeJournal
---@field entries table[] finished words
---@field steps table[] operations of the word in progress
---@field evidence table[]
local Journal = {}
Journal.__index = Journal

local EVIDENCE_MAX = 100

--- What is in a list is never changed, only replaced (see `with`); so a new list is a copy.
local function snapshot(list)
  local copy = {}
  for i, entry in ipairs(list) do
    copy[i] = entry
  end
  return copy
end

--- A copy of an entry with other fields.
local function with(entry, fields)
  local copy = {}
  for name, value in pairs(entry) do
    copy[name] = value
  end
  for name, value in pairs(fields) do
    copy[name] = value
  end
  return copy
end

--- From what dump gave; nil: a new one.
---@param record table?
---@return FakeJournal
function Journal.load(record)
  record = record or { entries = {}, steps = {}, evidence = {}, started = 0 }
  return setmetatable({
    entries = snapshot(record.entries),
    steps = snapshot(record.steps),
    evidence = snapshot(record.evidence),
    open_started_ms = record.started,
    replay_at = 1,
    replay_end = #record.entries + 1,
    segment_start = 0,
    segment_left = 0,
    step_at = 1,
    depth = 0,
    word_count = 0,
  }, Journal)
end

--- All that must survive a crash.
---@return table record
function Journal:dump()
  return {
    entries = snapshot(self.entries),
    steps = snapshot(self.steps),
    evidence = snapshot(self.evidence),
    started = self.depth > 0 and self.word_started_ms or 0,
  }
end

--- True while recorded words or operations are still ahead.
---@return boolean
function Journal:is_replaying()
  return self.replay_at < self.replay_end or self.step_at <= #self.steps
end

-- Words ---------------------------------------------------------------------------------------

local function is_round(word)
  return word == 'round'
end

function Journal:replay_advance()
  self.replay_at = self.replay_at + 1
  if self.segment_left == 0 then
    return
  end
  local past = self.segment_start + self.entries[self.segment_start].segment
  if self.replay_at == past then
    self.segment_left = self.segment_left - 1
    if self.segment_left > 0 then
      self.replay_at = self.segment_start
    end
  end
end

function Journal:replay_word(word, args)
  local entry = self.entries[self.replay_at]
  if entry.word ~= word or entry.args ~= args then
    return 'diverged', string.format('the record has word %s (%s) as number %d, the script asks for %s (%s)',
      entry.word, entry.args, self.replay_at - 1, word, args)
  end
  if self.segment_left == 0 and entry.count > 1 then
    self.segment_start, self.segment_left = self.replay_at, entry.count
  end
  self.word_count = self.word_count + 1
  self:replay_advance()
  return 'recorded', json.copy(entry.result), entry.started_ms
end

local function same_entry(a, b)
  return a.word == b.word and a.args == b.args and json.text(a.result) == json.text(b.result)
end

function Journal:round_before(past)
  for i = past - 1, 1, -1 do
    if is_round(self.entries[i].word) then
      return i
    end
  end
end

local ROUNDS_FOLDED_MAX = 2

--- Does entry `at` lie inside a folded segment that starts before it?
function Journal:is_inside(at)
  local start = at
  for _ = 2, ROUNDS_FOLDED_MAX do
    start = start and self:round_before(start)
    local entry = start and self.entries[start]
    if entry and entry.count > 1 and start + entry.segment > at then
      return true
    end
  end
  return false
end

--- Is the segment at `last` equal to the one before it, and neither a part of another one?
function Journal:repeats(previous, last, length)
  local first = self.entries[previous]
  if not is_round(first.word) or (first.count > 1 and first.segment ~= length) or self:is_inside(previous) then
    return false
  end
  for i = 0, length - 1 do
    local x, y = self.entries[previous + i], self.entries[last + i]
    if not same_entry(x, y) or (i > 0 and x.count > 1) or y.count > 1 then
      return false
    end
  end
  return true
end

--- The last `rounds` rounds, if they are as the same number before them.
function Journal:fold(rounds)
  local last = #self.entries + 1
  for _ = 1, rounds do
    last = last and self:round_before(last)
  end
  local length = last and #self.entries + 1 - last
  local previous = last and last - length
  if not last or previous < 1 or not self:repeats(previous, last, length) then
    return false
  end
  for i = 0, length - 1 do
    local kept = self.entries[previous + i]
    self.entries[previous + i] = with(kept, {
      count = i == 0 and kept.count + 1 or nil,
      segment = i == 0 and length or nil,
      started_ms = self.entries[last + i].started_ms,
    })
  end
  for i = #self.entries, last, -1 do
    self.entries[i] = nil
  end
  return true
end

--- Before a new round: the rounds that just ended with the equal ones before them.
function Journal:fold_rounds()
  for rounds = 1, ROUNDS_FOLDED_MAX do
    if self:fold(rounds) then
      return
    end
  end
end

--- A word equal to its neighbour, before the first round.
function Journal:fold_word()
  local last, previous = self.entries[#self.entries], self.entries[#self.entries - 1]
  if not previous or self:round_before(#self.entries + 1) or not same_entry(last, previous) then
    return
  end
  self.entries[#self.entries] = nil
  self.entries[#self.entries] = with(previous, { count = previous.count + 1, started_ms = last.started_ms })
end

---@return 'new'|'recorded'|'diverged' step
---@return any result or what is wrong
---@return integer? started_ms
function Journal:enter(word, args, now_ms)
  if self.depth > 0 then
    self.depth = self.depth + 1
    return 'new', nil, self.word_started_ms
  end
  args = json.text(args)
  if self.replay_at < self.replay_end then
    return self:replay_word(word, args)
  end
  local resumed = self.step_at <= #self.steps
  if not resumed and is_round(word) then
    self:fold_rounds()
  end
  self.depth, self.word, self.word_args = 1, word, args
  self.word_started_ms = resumed and self.open_started_ms ~= 0 and self.open_started_ms or now_ms
  self.word_count = self.word_count + 1
  return 'new', nil, self.word_started_ms
end

function Journal:leave(result)
  assert(self.depth > 0, 'leave without enter')
  self.depth = self.depth - 1
  if self.depth > 0 then
    return
  end
  self.entries[#self.entries + 1] = {
    word = self.word,
    args = self.word_args,
    result = json.copy(result, 'result'),
    started_ms = self.word_started_ms,
    count = 1,
    segment = 1,
  }
  self:clear_steps()
  self:fold_word()
  self.replay_at, self.replay_end = #self.entries + 1, #self.entries + 1
end

-- Operations ----------------------------------------------------------------------------------

function Journal:clear_steps()
  self.steps, self.step_at = {}, 1
end

function Journal:replay_step(operation, args)
  local step = self.steps[self.step_at]
  if step.operation ~= operation or (step.intent == nil and step.args ~= args) then
    return 'diverged', string.format('the record of the word %s has operation %s (%s), the script asks for %s (%s)',
      self.word, step.operation, step.args, operation, args)
  end
  self.step_at = self.step_at + 1
  if step.answered then
    return 'recorded', json.copy(step.answer)
  elseif step.intent ~= nil then
    return 'pending', json.copy(step.intent)
  end
  return 'new'
end

---@return 'new'|'recorded'|'pending'|'diverged' step
---@return any answer or intent or what is wrong
function Journal:ask(operation, args)
  if self.depth == 0 then
    return 'new'
  end
  args = json.text(args)
  if self.step_at <= #self.steps then
    return self:replay_step(operation, args)
  end
  self.steps[#self.steps + 1] = { operation = operation, args = args }
  self.step_at = #self.steps + 1
  return 'new'
end

function Journal:complete_step(fields)
  if self.depth > 0 then
    self.steps[self.step_at - 1] = with(self.steps[self.step_at - 1], fields)
  end
end

function Journal:intend(intent)
  self:complete_step { intent = json.copy(intent) }
end

function Journal:answer(answer)
  self:complete_step { answer = json.copy(answer), answered = true }
end

function Journal:keep_evidence(evidence)
  self.evidence[#self.evidence + 1] = json.copy(evidence, 'evidence')
  if #self.evidence > EVIDENCE_MAX then
    table.remove(self.evidence, 1)
  end
end

--- For an ended release.
function Journal:close()
  self:clear_steps()
  self.depth = 0
end

-- For specs -----------------------------------------------------------------------------------

--- Finished words in order, folded ones as often as they happened: 'shift {"weight":10} {"done":true}'.
---@return string[]
function Journal:words()
  local words, i = {}, 1
  while i <= #self.entries do
    local head = self.entries[i]
    local length = head.count > 1 and head.segment or 1
    for _ = 1, head.count do
      for k = i, i + length - 1 do
        local entry = self.entries[k]
        words[#words + 1] = table.concat({ entry.word, entry.args, json.text(entry.result) }, ' ')
      end
    end
    i = i + length
  end
  return words
end

return Journal

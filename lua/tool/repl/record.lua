--- A release that was kept (kubectl get release -o yaml), walked as it happened: its words in order, with the verdicts
--- that the record has of each. Nothing runs, and nothing is asked.
local moments = require 'tool.record.moment'
local records = require 'tool.record.read'
local sluice = require 'sluice'
local tell = require 'tool.repl.told'
local verdicts = require 'tool.record.verdict'

local M = {}

local DETAILS_MAX = 8 -- of a word
local SIZE_MAX = 8 * 1024 * 1024 -- an API server keeps objects of 3 MiB at most
local RELEASES, CANARIES = 'releases.sluice.dev', 'canaries.flagger.app'

-- Reading ---------------------------------------------------------------------------------------

local function text_of(path)
  local file, wrong = io.open(path)
  if not file then
    error(wrong, 0)
  end
  local text, problem = file:read(SIZE_MAX + 1)
  file:close()
  if problem then
    error(('%s: %s'):format(path, problem), 0)
  elseif text and #text > SIZE_MAX then
    error(('%s: larger than %d bytes'):format(path, SIZE_MAX), 0)
  end
  return text or ''
end

local function read(path)
  local text = text_of(path)
  local world = sluice.world {}
  local ok, raised = pcall(world.restore, world, text)
  if not ok then
    error(('%s: %s'):format(path, (raised:gsub('^world:create:', ''))), 0)
  end
  local releases = world:list(RELEASES)
  if #releases ~= 1 then
    error(('%s: one Release is wanted, got %d'):format(path, #releases), 0)
  end
  return world, releases[1], world:list(CANARIES)[1]
end

--- Whether a verdict of this time may be one of this word. The record has when a word began; of one that was said
--- several times in a row, when it was the last time: the first time was behind the word before it.
local function may_have(word, at_ms)
  if word.behind then
    return math.floor(word.behind / 1000) * 1000 < at_ms
  end
  return math.floor((word.at or 0) / 1000) * 1000 <= at_ms
end

--- The word that a verdict belongs to: the last one that may have it.
local function word_of(words, evidence)
  local at, found = moments.parse(evidence.at) or 0, words[1]
  for _, word in ipairs(words) do
    local wanted = evidence.word and word.name == evidence.word
      or not evidence.word and (word.name:find 'round' or word.name == 'in progress')
    if wanted and may_have(word, at) then
      found = word
    end
  end
  return found
end

--- Entries that are kept once for several in a row, alone or together with those behind them.
local function unfold(words, entries)
  for i, entry in ipairs(entries) do
    local behind = words[i - 1] and words[i - 1].at or 0
    for k = i, math.min(i + (entry.s or 1) - 1, #words) do
      words[k].count = math.max(words[k].count, entry.n or 1)
      words[k].behind = words[k].behind or words[k].count > 1 and behind or nil
    end
  end
end

--- Verdicts in short, equal ones once: rounds that are kept once may have a hundred.
local function details_of(evidence)
  local texts, counts, details = {}, {}, {}
  for _, one in ipairs(evidence) do
    local text = verdicts.brief(one)
    texts[#texts + 1] = not counts[text] and text or nil
    counts[text] = (counts[text] or 0) + 1
  end
  for i, text in ipairs(texts) do
    if i <= DETAILS_MAX or i == #texts then
      details[#details + 1] = counts[text] > 1 and ('%s × %d'):format(text, counts[text]) or text
    elseif i == DETAILS_MAX + 1 then
      details[#details + 1] = ('… %d more'):format(#texts - DETAILS_MAX - 1)
    end
  end
  return details
end

--- The words of a record, each with what the record has of it.
---@param release table
---@param evidence Evidence[]? its verdicts, in order of time, each with all its texts
---@return table[] words
function M.words(release, evidence)
  local status, words = release.status or {}, {}
  for i, entry in ipairs(status.entries or {}) do
    words[i] = { name = entry.w, at = entry.t, count = entry.n or 1, result = entry.r, evidence = {}, details = {} }
  end
  unfold(words, status.entries or {})
  if status.openStarted and next(status.open or {}) then
    words[#words + 1] = { name = 'in progress', at = status.openStarted, count = 1, evidence = {}, details = {} }
  end
  for _, one in ipairs(evidence or {}) do
    local of = word_of(words, one)
    if of then
      of.evidence[#of.evidence + 1] = one
    end
  end
  for _, word in ipairs(words) do
    word.details = details_of(word.evidence)
  end
  return words
end

-- Walking ---------------------------------------------------------------------------------------

local function title_of(word)
  local step = type(word.result) == 'table' and word.result.step
  local title = step and ('%s %d'):format(word.name, step.canary or 0) or word.name
  return word.count > 1 and ('%s (%d times)'):format(title, word.count) or title
end

local methods = {}

function methods:title()
  local status = self.release.status or {}
  return ('%s.%s as it was recorded: %s, %d words'):format(self.release.metadata.name,
    self.release.metadata.namespace or '', status.state or 'without a state', #self.words)
end

function methods:clock(ms)
  return moments.minutes((ms or self.at_ms) - self.began_ms)
end

function methods:open_release()
  return self.index < #self.words and self.release.metadata.name or nil
end

function methods.focus() end

function methods.flush() end

function methods.settle() end

--- The word after the one that was told last.
function methods:walk()
  local word = self.words[self.index + 1]
  if not word then
    return false
  end
  self.index, self.step, self.at_ms = self.index + 1, self.step + 1, word.at or self.at_ms
  local result = type(word.result) == 'table' and word.result or {}
  if result.step then
    self.weight = result.step.canary or self.weight
  end
  if word.evidence[1] then
    self.told.last_evidence = { word = word, unpack(word.evidence) }
  end
  self:tell(self.at_ms, title_of(word), word.details)
  return true
end

--- What has come of it, at the end of the record.
function methods:place()
  local status = self.release.status or {}
  if self.index < #self.words then
    return ('%s, word %d of %d, weight %d'):format(self.release.metadata.name, self.index, #self.words, self.weight)
  end
  return ('%s %s%s'):format(self.release.metadata.name, status.state or 'without a state',
    status.ended and ', ended ' .. status.ended or '')
end

--- Whether the last word, or one of its verdicts, is what `until` asks for.
function methods:matches(text)
  local word = self.words[self.index]
  if not word then
    return false
  elseif tonumber(text) then
    return self.weight == tonumber(text) and type(word.result) == 'table' and word.result.step ~= nil
  end
  if title_of(word):find(text, 1, true) then
    return true
  end
  for _, evidence in ipairs(word.evidence) do
    local said = ('%s %s %s %s'):format(evidence.verdict, evidence.metric or '', evidence.reason or '',
      evidence.problem or '')
    if said:find(text, 1, true) then
      return true
    end
  end
  return false
end

--- Makes a session one over this record.
---@param session Session
---@param path string
function M.open(session, path)
  local world, release, canary = read(path)
  local known, wrong = records.release(release)
  if not known then
    error(('%s: %s'):format(path, wrong), 0)
  end
  session.world, session.file, session.release, session.canary = world, path, release, canary
  session.recorded, session.index, session.weight, session.words = true, 0, 0, {}
  for _, word in ipairs(M.words(release, known.evidence)) do
    if not tell.SILENT[word.name] or word.evidence[1] then
      session.words[#session.words + 1] = word
    end
  end
  session.began_ms = moments.parse(known.started or release.metadata.creationTimestamp) or 0
  session.at_ms = session.began_ms
  session.kept = { canaries = {}, told = {}, phases = {}, last_release = {}, ended = {} }
  session.told = { names = {}, words = 0 }
  for name, method in pairs(methods) do
    session[name] = method
  end
end

return M

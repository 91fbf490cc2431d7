--- What a release's script and the engine said to each other (core/lab/witness.h), as a line for each word: when it
--- ended, what it asked and what came back.
local arguments = require 'tool.repl.arguments'
local show = require 'tool.repl.show'
local moments = require 'tool.record.moment'
local verdicts = require 'tool.record.verdict'

local M = {}

---@class WordTold
---@field name string
---@field args table
---@field at integer ms since the world began, when it ended
---@field began integer
---@field details string[]
---@field evidence table[]
---@field result any

--- Words that no script says; what they do belongs to the next one that a script says.
M.SILENT = { start = true, tell = true, metrics = true }

-- Operations ------------------------------------------------------------------------------------

local effects = {}

function effects.route(effect, names)
  local match = effect.analysis and effect.analysis.match
  if effect.canary == 100 and match and match[1] then
    return ('%s: requests that match to the canary, others to the primary'):format(names.routes)
  end
  local mirrored = effect.mirrored and ', mirrored' or ''
  return ('%s: primary %d, canary %d%s'):format(names.routes, effect.primary, effect.canary, mirrored)
end

function effects.scale(effect, names, scaled)
  local from_to = scaled and (' %d → %d'):format(scaled.from, scaled.to) or ''
  return effect.to == 'up' and ('scale up %s%s'):format(names.target, from_to)
    or ('scale %s to zero'):format(names.target)
end

function effects.promote(_, names)
  return ('copy %s to %s'):format(names.target, names.primary)
end

function effects.autoscaler()
  return "the primary's autoscaler follows"
end

function effects.phase(effect)
  return 'phase ' .. effect.phase
end

function effects.event(effect)
  return effect.message
end

function effects.alert(effect)
  return ('alert (%s): %s'):format(effect.severity, effect.message)
end

function effects.status(effect)
  return effect.failed_checks and ('failed checks %d'):format(effect.failed_checks) or nil
end

local operations = {}

function operations.act(told, args, answer)
  local failed = answer and not answer.ok and (answer.failed or 1)
  for i, effect in ipairs(args) do
    local tell = effects[effect.kind]
    local text = tell and tell(effect, told.names, told.scaled)
    if text and told.live and effect.kind ~= 'event' then
      text = 'would: ' .. text
    end
    if failed and i == failed then
      text = ('%s → failed: %s'):format(text or effect.kind, answer.error or '')
    elseif failed and i > failed then
      text = nil
    end
    told:detail(text)
  end
end

--- '200 in 12 ms', '403 in 1.2 s: closed'; of a record of an older engine 'ok', or the error.
local function answer_of(hook)
  local took = hook.took_ms and (hook.took_ms < 1000 and hook.took_ms .. ' ms' or moments.span(hook.took_ms))
  if not hook.status then
    return hook.ok and 'ok' or hook.error or 'failed'
  end
  return ('%d%s%s'):format(hook.status, took and ' in ' .. took or '',
    (hook.error or '') ~= '' and ': ' .. hook.error or '')
end

function operations.hooks(told, args, answer, _, on_record)
  if #answer == 0 and args.type:find '^confirm' then
    told:detail(told.word and told.word.name == 'open' and 'no gate' or args.type .. ': no gate')
  end
  for _, hook in ipairs(answer) do
    local outcome = answer_of(hook)
    if told.live and on_record then
      outcome = outcome .. ' (on record)'
    elseif told.live then
      outcome = hook.ok and 'not called, held as ok' or 'not called, held as no'
    end
    told:detail(('%s %s → %s'):format(args.type, hook.name, outcome))
  end
end

function operations.webhook(told, args, answer)
  local outcome = not answer.known and 'there is none of this name' or answer_of(answer)
  told:detail(('webhook %s → %s'):format(args.name, outcome))
end

function operations.ready(told, args, answer, waited_ms)
  if not answer.ready then
    told:detail(('%s is not ready: %s'):format(args.side, answer.error or ''))
  elseif waited_ms >= 1000 then
    told:detail(('%s ready after %d s'):format(args.side, math.floor(waited_ms / 1000)))
    told.scaled = nil
  elseif args.side == 'canary' and told.scaled and told.scaled.ready_ms then
    told:detail(('canary ready after %d s'):format(math.floor(told.scaled.ready_ms / 1000)))
    told.scaled = nil
  end
end

function operations.difference(told, _, answer)
  told:detail(answer.text)
end

local function tell_all(told, list)
  for _, effect in ipairs(list or {}) do
    told:detail(effects.event(effect))
  end
end

function operations.rollback(told, args)
  tell_all(told, args.events)
  told:detail 'taken back'
  told:finish()
end

function operations.finish(told)
  told:detail 'succeeded'
  told:finish()
end

function operations.fail_promotion(told, args)
  told:detail('the promotion has failed: ' .. (args.error or ''))
  told:finish()
end

-- Words -----------------------------------------------------------------------------------------

--- Words whose result is what they are asked for.
local ASKING = { query = true, check = true, now = true, elapsed = true, weights = true, revision = true,
  replicas = true, history = true, next_weight = true, query_range = true }

local function result_text(word)
  local result = word.result
  if not ASKING[word.name] or type(result) ~= 'table' then
    return nil
  elseif result.text then
    return ('%s: %s'):format(result.verdict or '', result.text)
  end
  local value = result.fact
  if value == nil then
    value = result.value or result.weight or result.error
  end
  return value ~= nil and '→ ' .. show.value(value, 0) or nil
end

---@class Scaled the target, when its Pods were ordered last
---@field from integer
---@field to integer
---@field at integer ms
---@field ready_ms integer? after how long they were all ready

---@class Told
---@field scaled Scaled? until that is told
---@field names table<string, string>
---@field word WordTold? that is under way
---@field ended WordTold[] since they were taken last
---@field carried string[] details of silent words
---@field pending { name: string, args: table, at: integer }? an operation without an answer
---@field last_evidence table[] of the last word that had some
---@field words integer how many have ended
local Told = {}
Told.__index = Told

---@param now fun(): integer
---@param known fun(text: string) called with each text of an event that the script orders
function M.new(now, known)
  return setmetatable({ now = now, known = known, names = { routes = 'routes', target = 'the target',
    primary = 'the primary' }, ended = {}, carried = {}, details = {}, words = 0, queries = {} }, Told)
end

function Told:detail(text)
  if text and text ~= '' then
    self.details[#self.details + 1] = text
    self.known(text)
  end
end

--- The target as it is now: how many Pods it wants, and how many are ready.
---@param wanted integer
---@param ready integer
function Told:see_target(wanted, ready)
  if self.wanted == 0 and wanted > 0 then
    self.scaled = { from = 0, to = wanted, at = self.now() }
  elseif wanted == 0 then
    self.scaled = nil
  end
  local scaled = self.scaled
  if scaled and not scaled.ready_ms and ready >= scaled.to then
    scaled.ready_ms = self.now() - scaled.at
  end
  self.wanted = wanted
end

function Told:finish(result)
  local word = self.word
  if not word then
    return
  end
  self.word = nil
  if M.SILENT[word.name] then
    return -- its details stay for the next one
  end
  word.result, word.at = result, self.now()
  local answered = result_text(word)
  if answered then
    table.insert(self.details, 1, answered)
  end
  word.details, self.details = self.details, {}
  if word.evidence[1] then
    self.last_evidence = { word = word }
    for i, evidence in ipairs(word.evidence) do
      self.last_evidence[i] = evidence
    end
  end
  self.ended[#self.ended + 1] = word
  self.words = self.words + 1
end

local function note_operation(self, name, args, answer, waited_ms)
  local tell = operations[name]
  if name == 'spec' then
    self.spec = answer
  elseif name == 'facts' then
    self.facts = answer
  elseif name == 'query' or name == 'query_range' then
    self.queries[#self.queries + 1] = { query = args.query, answer = answer }
  elseif tell then
    tell(self, args or {}, answer or {}, waited_ms or 0, waited_ms == nil)
  end
end

--- A word that was begun, and is begun once more by the engine after a dead one, tells it all again.
function Told:forget_begun()
  if self.begun == self.words and self.kept_details then
    self.details = { unpack(self.kept_details) }
  end
  self.begun, self.kept_details = self.words, { unpack(self.details) }
end

local ENDING = { rollback = true, finish = true, fail_promotion = true }

---@param news sluice.News
function Told:note(news)
  if news.kind == 'word' then
    self.word = nil
    if not news.known then
      self.word = { name = news.name, args = news.args or {}, began = self.now(), evidence = {} }
    end
    if not M.SILENT[news.name] then
      self:forget_begun()
    end
  elseif news.kind == 'operation' then
    self.pending = nil
    if news.answer ~= nil or ENDING[news.name] then
      note_operation(self, news.name, news.args, news.answer)
    else
      self.pending = { name = news.name, args = news.args, at = self.now() }
    end
  elseif news.kind == 'answer' then
    local asked = self.pending
    self.pending = nil
    if asked then
      note_operation(self, asked.name, asked.args, news.answer, self.now() - asked.at)
    end
  elseif news.kind == 'evidence' and self.word then
    local evidence = news.args
    evidence.where = news.name
    self.word.evidence[#self.word.evidence + 1] = evidence
    self:detail(verdicts.brief(evidence))
  elseif news.kind == 'leave' then
    self:finish(news.answer)
  elseif news.kind == 'end' and news.name then
    self:detail('the script has ended: ' .. news.name)
    self:finish()
  end
end

--- The words that have ended since this was called last.
---@return WordTold[]
function Told:take()
  local ended = self.ended
  self.ended = {}
  return ended
end

--- 'shift 10'
function M.title(word)
  local args = arguments.text(word)
  return word.name .. (args ~= '' and ' ' .. args or '')
end

return M

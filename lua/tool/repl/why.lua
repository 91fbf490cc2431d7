--- Why a release is where it is: the last verdicts and its end, told as `sluice why` tells them, and what it waits for.
local asking = require 'tool.repl.asking'
local stories = require 'tool.record.story'
local verdicts = require 'tool.record.verdict'

local M = {}

local RANK = { fail = 1, blind = 2, pass = 3 }

local function add(lines, format, ...)
  lines[#lines + 1] = '      ' .. format:format(...)
end

--- The Canary as it is now; nil: there is none.
local function canary_of(session)
  local key = session:key()
  return key and session.world:canary(key)
end

--- How many failed checks there are: what the verdict says itself, or the Canary now.
local function count_of(session, evidence)
  if evidence.failed then
    return ('; failed check %d of %d'):format(evidence.failed, evidence.threshold or 0)
  end
  local canary = canary_of(session)
  return canary and ('; failed checks now %d of %d'):format(canary.status and canary.status.failedChecks or 0,
    canary.spec.analysis and canary.spec.analysis.threshold or 1) or ''
end

--- What was asked of many series says little without how many requests it was asked of. A check that did not count them
--- has them counted now, as long as that is the moment of its verdict.
local function with_samples(session, evidence, word)
  if evidence.samples or not evidence.value or session.recorded or word.at ~= session.world:now() then
    return evidence
  end
  return setmetatable({ samples = asking.requests(session, evidence.metric) }, { __index = evidence })
end

local function verdict_lines(lines, session, evidence, word)
  lines[#lines + 1] = ('%-5s %s%s'):format(evidence.verdict, verdicts.text(with_samples(session, evidence, word)),
    verdicts.held(evidence))
  local where = (evidence.where or '') ~= '' and ', ' .. evidence.where or ''
  add(lines, 'asked by %s%s%s', word.name, where, count_of(session, evidence))
  if evidence.verdict ~= 'pass' and (evidence.query or '') ~= '' then
    add(lines, 'query  %s', evidence.query)
  end
end

--- What it says itself that it waits for.
local function waits(session)
  local canary = canary_of(session)
  local lines = {}
  for _, condition in ipairs(canary and canary.status and canary.status.conditions or {}) do
    if condition.type == 'Accepted' and condition.status == 'False'
      or condition.type == 'Waiting' and condition.status ~= 'False' then
      lines[#lines + 1] = ('%s: %s'):format(condition.reason or condition.type, condition.message or '')
    end
  end
  return lines
end

--- The last verdicts of the record, where no word was seen: of a release that was under way, or over, before.
local function recorded(session)
  local key = session:key()
  local evidence = key and session.world:checks(key) or {}
  local last = { word = { name = 'round' } }
  for i = #evidence, 1, -1 do
    if evidence[i].at ~= evidence[#evidence].at then
      break
    end
    table.insert(last, 1, evidence[i])
  end
  last.word.name = last[1] and last[1].word or 'round'
  return last[1] and last
end

--- What has become of a release that is over, and who decided it; nil: none is.
local function ending(session)
  local release
  if session.recorded then
    release = not session:open_release() and session.release
  else
    release = session:key() and not session:open_release() and session.world:release(session:key())
  end
  local story = release and stories.story_of(release)
  for _, line in ipairs(story and story.lines or {}) do
    if line.kind == 'ended' then
      return ('%s: %s'):format(story.outcome, line.text)
    end
  end
end

---@param session Session
---@return string[]
function M.lines(session)
  local lines, sorted = {}, {}
  local last = session.told.last_evidence or recorded(session)
  for i, evidence in ipairs(last or {}) do
    sorted[i] = evidence
  end
  table.sort(sorted, function(a, b)
    return (RANK[a.verdict] or 4) < (RANK[b.verdict] or 4)
  end)
  for _, evidence in ipairs(sorted) do
    verdict_lines(lines, session, evidence, last.word)
  end
  for _, line in ipairs(waits(session)) do
    lines[#lines + 1] = line
  end
  lines[#lines + 1] = ending(session)
  if #lines == 0 then
    lines[1] = 'nothing has been judged yet'
  end
  return lines
end

return M

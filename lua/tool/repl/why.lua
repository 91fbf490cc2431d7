--- Why a release is where it is: the last verdicts, or what it waits for.
local tell = require 'tool.repl.told'

local M = {}

local function number(value)
  return ('%.2f'):format(value):gsub('%.00$', '')
end

local RANK = { fail = 1, blind = 2, pass = 3 }

local function head_of(evidence)
  local line = ('%-5s %s'):format(evidence.verdict, evidence.metric or 'check')
  if evidence.verdict == 'blind' then
    return line .. ': ' .. (evidence.problem or evidence.cause or 'there is no value')
  end
  if evidence.value then
    line = line .. ' = ' .. number(evidence.value)
  end
  local margin = tell.margin(evidence)
  if evidence.verdict == 'fail' and margin then
    local is_low = evidence.min and evidence.value < evidence.min
    line = line .. (', at %s %s wanted (%s by %s)'):format(is_low and 'least' or 'most',
      number(is_low and evidence.min or evidence.max), is_low and 'short' or 'over', number(-margin))
  elseif margin then
    line = line .. (', within its bounds by %s'):format(number(margin))
  end
  return line .. (evidence.samples and (', %d requests'):format(evidence.samples) or '')
end

local function add(lines, format, ...)
  lines[#lines + 1] = '      ' .. format:format(...)
end

--- How many failed checks there are: what the verdict says itself, or the Canary now.
local function count_of(session, evidence)
  if evidence.failed then
    return ('; failed check %d of %d'):format(evidence.failed, evidence.threshold or 0)
  end
  local canary = session:focus()
  if not canary then
    return ''
  end
  local object = session.world:canary(canary.namespace .. '/' .. canary.name)
  return ('; failed checks now %d of %d'):format(object.status and object.status.failedChecks or 0,
    object.spec.analysis and object.spec.analysis.threshold or 1)
end

local function verdict_lines(lines, session, evidence, word)
  lines[#lines + 1] = head_of(evidence)
  local where = (evidence.where or '') ~= '' and ', ' .. evidence.where or ''
  add(lines, 'asked by %s%s%s', word.name, where, count_of(session, evidence))
  if evidence.verdict ~= 'pass' and (evidence.query or '') ~= '' then
    add(lines, 'query  %s', evidence.query)
  end
end

--- What it says itself that it waits for.
local function waits(session)
  local canary = session:focus()
  local object = canary and session.world:canary(canary.namespace .. '/' .. canary.name)
  local lines = {}
  for _, condition in ipairs(object and object.status and object.status.conditions or {}) do
    if condition.type == 'Accepted' and condition.status == 'False'
      or condition.type == 'Waiting' and condition.status ~= 'False' then
      lines[#lines + 1] = ('%s: %s'):format(condition.reason or condition.type, condition.message or '')
    end
  end
  return lines
end

--- The last verdicts of the record, where no word was seen: of a release that was under way, or over, before.
local function recorded(session)
  local canary = session:focus()
  local evidence = canary and session.world:checks(canary.namespace .. '/' .. canary.name) or {}
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

---@param session Session
---@return string[]
function M.lines(session)
  local lines = {}
  local last = session.told.last_evidence or recorded(session)
  local sorted = {}
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
  if #lines == 0 then
    lines[1] = 'nothing has been judged yet'
  end
  return lines
end

return M

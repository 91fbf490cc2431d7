--- what-if metrics unknown: the rest of the release in a copy of the world whose Prometheus answers nothing any more:
--- what the strategy would wait for, and what the rules for a blind check come to.
local console = require 'tool.console'
local moments = require 'tool.record.moment'
local sluice = require 'sluice'

local M = {}

local WORDS_MAX = 2000

local function shown(list)
  return #list > 0 and table.concat(list, ', ') or 'nothing'
end

local function bounds_of(metric)
  local range = metric.thresholdRange or {}
  return range.min and ('%s ≥ %s'):format(metric.name, range.min) or range.max and ('%s ≤ %s'):format(metric.name,
    range.max) or metric.name
end

--- The metrics that the analysis goes by.
local function wanted(session)
  local canary = session:focus()
  local object = session.world:canary(canary.namespace .. '/' .. canary.name)
  local list = {}
  for i, metric in ipairs(object.spec.analysis and object.spec.analysis.metrics or {}) do
    list[i] = bounds_of(metric)
  end
  return list, object.spec.analysis and object.spec.analysis.threshold or 1
end

--- Walks to the end in the copy. Gives what was told on the way.
local function walk(session)
  local blind, counted, lines = 0, 0, {}
  function session.say() end
  function session.checkpoint() end
  function session.tell(_, ms, title, details)
    lines[#lines + 1] = ('%s %s  %s'):format(session:clock(ms), title, table.concat(details, ' · '))
  end
  session.world:blind(true)
  session.is_blind = true
  local from, note = session.world:now(), session.told.note
  function session.told.note(told, news)
    if news.kind == 'evidence' and news.args.verdict == 'blind' then
      blind, counted = blind + 1, counted + (news.args.failed and 1 or 0)
    end
    return note(told, news)
  end
  local key = session:key()
  local why = session:walk_on(WORDS_MAX, function()
    return not session:open_release()
  end)
  return { why = why, blind = blind, counted = counted, lines = lines, took_ms = session.world:now() - from,
    phase = session.world:phase(key) or '', weight = session.world:weight(key), at = session:clock():match '%S+' }
end

--- How the verdicts that were blind were taken: by the rule of the Canary, or of its Strategy.
local function blindness(got, threshold)
  local text = ('%d verdicts were blind'):format(got.blind)
  if got.blind == 0 then
    return 'no metric is asked any more'
  elseif got.counted == 0 then
    return text .. ', and none of them counted'
  elseif got.counted < got.blind then
    return ('%s, of which %d counted as failed checks, threshold %d'):format(text, got.counted, threshold)
  end
  return ('%s, and counted as failed checks, threshold %d'):format(text, threshold)
end

local function outcome_of(got, threshold)
  local minutes = moments.minutes(got.took_ms):match '%S+'
  local blind = blindness(got, threshold)
  if got.why ~= 'over' then
    return ('it holds: after %s more it is %s still, at weight %d; %s'):format(minutes, got.phase, got.weight, blind)
  elseif got.phase == 'Failed' then
    return ('taken back at %s, after %s: %s'):format(got.at, minutes, blind)
  end
  return ('%s at %s, after %s, whatever Prometheus says: %s'):format(got.phase, got.at, minutes, blind)
end

---@param session Session
---@return string[] lines
function M.metrics_unknown(session)
  if not session:open_release() then
    error({ problem = 'what-if: no release is under way: deploy IMAGE begins one' }, 0)
  end
  local text = sluice.fork(function()
    return console.encode(walk(session))
  end)
  local got = console.decode(text)
  local metrics, threshold = wanted(session)
  local lines = { 'needs   ' .. shown(metrics) }
  for i, line in ipairs(got.lines) do
    if i <= 8 or i > #got.lines - 4 then
      lines[#lines + 1] = line
    elseif i == 9 then
      lines[#lines + 1] = ('        … %d more'):format(#got.lines - 12)
    end
  end
  lines[#lines + 1] = 'then    ' .. outcome_of(got, threshold)
  return lines
end

return M

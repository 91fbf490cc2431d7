--- What people read of a release that was played: its timeline, and each check with its margin.
local moments = require 'tool.record.moment'
local progress = require 'tool.progress'
local verdicts = require 'tool.record.verdict'

local M = {}

--- '  1:11': minutes and seconds, or hours before them from ten on.
---@param ms number
---@return string
function M.clock(ms)
  return ms >= 36000000 and moments.clock(ms) or moments.minutes(ms)
end

--- '14 rounds'
function M.count(number, one, many)
  return ('%d %s'):format(number, number == 1 and one or many or one .. 's')
end

--- Has a release played, and tells meanwhile how much of it is.
---@param is_terminal boolean
---@param play fun(progress: fun(ms: number)): Release
---@return Release
function M.while_played(is_terminal, play)
  local line = progress.line(is_terminal)
  local ok, played = pcall(play, function(ms)
    line('%s of a release is played', M.clock(ms))
  end)
  line()
  return ok and played or error(played, 0)
end

--- What there is to tell of a release, in order.
---@param release Release
---@return { at: number, mark: string, text: string }[]
function M.lines(release)
  local lines = {}
  local function add(at, mark, text, order)
    lines[#lines + 1] = { at = at, mark = mark, text = text, order = order, index = #lines }
  end
  for _, event in ipairs(release.events) do
    add(event.at, event.warning and '!' or '', (event.text:gsub('^%(combined from similar events%): ', '')), 3)
  end
  for _, check in ipairs(release.checks) do
    add(check.at, check.verdict or '', verdicts.measured(check), 1)
  end
  for _, hook in ipairs(release.hooks) do
    add(hook.at, 'asks', ('%s (%s)'):format(hook.name, hook.type), 2)
  end
  table.sort(lines, function(a, b)
    if a.at ~= b.at then
      return a.at < b.at
    end
    return a.order < b.order or a.order == b.order and a.index < b.index
  end)
  return lines
end

--- How it ended, in one line.
---@param release Release
---@return string
function M.ending(release)
  local text = ('%s after %s'):format(release.decision, moments.duration(release.ended - release.began))
  local highest = 0
  for _, step in ipairs(release.steps) do
    highest = math.max(highest, step.weight)
  end
  if release.decision == 'taken back' then
    text = ('%s, the canary had %d %% at most'):format(text, highest)
    local why = M.why(release)
    text = why and text .. ': ' .. why or text
  elseif release.decision == 'undecided' then
    text = release.problem and text .. ': ' .. release.problem or text
  end
  return text
end

--- The last check that was not good enough.
---@param release Release
---@return string?
function M.why(release)
  for i = #release.checks, 1, -1 do
    local check = release.checks[i]
    if check.verdict ~= 'pass' then
      return check.verdict == 'blind' and verdicts.brief(check) or verdicts.measured(check)
    end
  end
end

return M

--- What people read of a release that was played: its timeline, and each check with its margin.
local M = {}

--- '32m 11s'
---@param ms number
---@return string
function M.duration(ms)
  local seconds = math.floor(ms / 1000 + 0.5)
  local hours, minutes = math.floor(seconds / 3600), math.floor(seconds / 60) % 60
  if hours >= 48 then
    return ('%dd %dh'):format(math.floor(hours / 24), hours % 24)
  elseif hours > 0 then
    return ('%dh %02dm'):format(hours, minutes)
  elseif minutes > 0 then
    return ('%dm %02ds'):format(minutes, seconds % 60)
  end
  return seconds .. 's'
end

--- '10m', '90s', '10h 59m': what stands between two lines of a timeline.
function M.short(ms)
  local seconds = math.floor(ms / 1000 + 0.5)
  return seconds % 3600 == 0 and seconds > 0 and seconds / 3600 .. 'h'
    or seconds % 60 == 0 and seconds > 0 and seconds / 60 .. 'm'
    or seconds > 600 and M.duration(ms) or seconds .. 's'
end

--- '  1:11': minutes and seconds, or hours before them.
---@param ms number
---@return string
function M.clock(ms)
  local seconds = math.floor(ms / 1000)
  if seconds >= 36000 then
    return ('%d:%02d:%02d'):format(math.floor(seconds / 3600), math.floor(seconds / 60) % 60, seconds % 60)
  end
  return ('%3d:%02d'):format(math.floor(seconds / 60), seconds % 60)
end

--- '14 rounds'
function M.count(number, one, many)
  return ('%d %s'):format(number, number == 1 and one or many or one .. 's')
end

--- At most two digits behind the point.
---@param number number
---@return string
function M.number(number)
  local text = ('%.2f'):format(number)
  return (text:gsub('%.?0+$', function(zeros)
    return zeros:find '%.' and '' or zeros
  end):gsub('(%.%d-)0+$', '%1'))
end

local function bounds(check)
  if check.min and check.max then
    return ('%s to %s'):format(M.number(check.min), M.number(check.max))
  end
  return check.min and 'at least ' .. M.number(check.min) or check.max and 'at most ' .. M.number(check.max) or ''
end

--- 'request-success-rate 96.1, at least 99 wanted, short by 2.9'
---@param check table
---@return string
function M.check(check)
  local name = check.metric or check.hook or '?'
  if not check.value then
    return ('%s %s'):format(name, check.text or check.reason or check.cause or 'has no value')
  end
  local unit = check.unit and check.unit ~= '' and ' ' .. check.unit or ''
  local wanted = bounds(check)
  local text = ('%s %s%s'):format(name, M.number(check.value), unit)
  if wanted ~= '' then
    text = ('%s, %s wanted'):format(text, wanted)
  end
  if check.margin then
    text = check.margin < 0 and ('%s, short by %s'):format(text, M.number(-check.margin))
      or ('%s, margin %s'):format(text, M.number(check.margin))
  end
  return text
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
    add(check.at, check.verdict or '', M.check(check), 1)
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
  local text = ('%s after %s'):format(release.decision, M.duration(release.ended - release.began))
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
    if release.checks[i].verdict ~= 'pass' then
      return M.check(release.checks[i])
    end
  end
end

return M

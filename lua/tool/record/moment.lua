--- Times as tools tell them: RFC 3339 and milliseconds since 1970, clocks of a story, and spans for people.
local M = {}

--- Days since 1970 of a date of the Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

--- '2026-11-29T10:02:00Z' as milliseconds since 1970; nil: it is none.
---@param text string?
---@return number? ms
function M.parse(text)
  local year, month, day, hour, minute, second, fraction =
    (text or ''):match '^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)(%.?%d*)Z$'
  if not year then
    return nil
  end
  local whole = ((days(tonumber(year), tonumber(month), tonumber(day)) * 24 + hour) * 60 + minute) * 60 + second
  return whole * 1000 + math.floor((tonumber(fraction) or 0) * 1000 + 0.5)
end

--- '2026-11-29T10:02:00Z', to the second
---@param ms number since 1970
---@return string
function M.text(ms)
  return os.date('!%Y-%m-%dT%H:%M:%SZ', math.floor(ms / 1000))
end

--- Minutes and seconds since a world began, in a column: '  1:11', ' 71:05'.
---@param ms number
---@return string
function M.minutes(ms)
  local seconds = math.floor(ms / 1000)
  return ('%3d:%02d'):format(math.floor(seconds / 60), seconds % 60)
end

--- Since the release began, as a clock: '12:11', '1:02:11'.
---@param ms number
---@return string
function M.clock(ms)
  local seconds = math.max(0, math.floor(ms / 1000))
  local minutes = math.floor(seconds / 60)
  if minutes < 60 then
    return ('%d:%02d'):format(minutes, seconds % 60)
  end
  return ('%d:%02d:%02d'):format(math.floor(minutes / 60), minutes % 60, seconds % 60)
end

--- '1.9 s', '42s', '14m 02s', '3h 05m', '2d 04h'
---@param ms number
---@return string
function M.span(ms)
  local seconds = ms / 1000
  if seconds < 10 then
    return ('%.1f s'):format(seconds)
  end
  seconds = math.floor(seconds)
  if seconds < 60 then
    return ('%ds'):format(seconds)
  elseif seconds < 3600 then
    return ('%dm %02ds'):format(math.floor(seconds / 60), seconds % 60)
  elseif seconds < 86400 then
    return ('%dh %02dm'):format(math.floor(seconds / 3600), math.floor(seconds / 60) % 60)
  end
  return ('%dd %02dh'):format(math.floor(seconds / 86400), math.floor(seconds / 3600) % 24)
end

--- A span rounded to the second, without its tenths: '2s', '32m 11s', '8d 8h'
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
---@param ms number
---@return string
function M.short(ms)
  local seconds = math.floor(ms / 1000 + 0.5)
  return seconds % 3600 == 0 and seconds > 0 and seconds / 3600 .. 'h'
    or seconds % 60 == 0 and seconds > 0 and seconds / 60 .. 'm'
    or seconds > 600 and M.duration(ms) or seconds .. 's'
end

return M

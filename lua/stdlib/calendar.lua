--- Calendars as scripts write them: { weekdays = 'Mon-Fri', from = '08:00', to = '16:00', zone = 'Europe/Berlin',
--- except = { 'Fri', '2026-12-24..2027-01-06' } }, read into what the operation `calendar` takes.
local host = require 'host'
local shown = require 'stdlib.shown'

local M = {}

---@class Calendar
---@field weekdays string|string[]? 'Mon-Fri', 'Sat,Sun'; every day unless told
---@field from string? the time of day at which it begins, '08:00'
---@field to string? at which it ends, '16:00'; one before `from` is on the next day
---@field zone string? of the clocks, a name of the zoneinfo database; 'UTC' unless told
---@field except string[]? weekdays, and dates like '2026-12-24' or '2026-12-24..2027-01-06'

M.FIELDS = { 'weekdays', 'from', 'to', 'zone', 'except' }

local DAYS = { 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun' }
local INDEX = {}
for i, day in ipairs(DAYS) do
  INDEX[day] = i - 1
end

--- Marks the days of 'Mon', 'Mon-Fri' or 'Sat,Sun' in `days`, by their index from 0; false for another text.
local function mark_weekdays(days, text)
  if type(text) ~= 'string' or not text:find '%S' then
    return false
  end
  for part in (text .. ','):gmatch '(.-),' do
    local first, last = part:match '^%s*(%a+)%s*%-%s*(%a+)%s*$'
    first = first or part:match '^%s*(%a+)%s*$'
    local from, to = INDEX[first or ''], INDEX[last or first or '']
    if not from or not to then
      return false
    end
    for i = from, to < from and to + 7 or to do
      days[i % 7] = true
    end
  end
  return true
end

local function read_time(field, text, fallback)
  if text == nil then
    return fallback
  end
  local hours, minutes = (type(text) == 'string' and text or ''):match '^(%d%d?):(%d%d)$'
  local minute = hours and tonumber(hours) * 60 + tonumber(minutes)
  if not minute or tonumber(minutes) > 59 or minute > 1440 or field == 'from' and minute == 1440 then
    return nil, field .. ": a time of day like '08:00' is wanted, got " .. shown.value(text)
  end
  return minute
end

local MONTH_DAYS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

--- 20261224 for '2026-12-24'; nil for another text.
local function read_date(text)
  local year, month, day = text:match '^(%d%d%d%d)%-(%d%d)%-(%d%d)$'
  local known = year and year >= '1000' and MONTH_DAYS[tonumber(month)] or 0
  if not year or day == '00' or tonumber(day) > known then
    return nil
  end
  return tonumber(year .. month .. day)
end

local function read_dates(text)
  local first, last = text:match '^(.-)%.%.(.*)$'
  local from, to = read_date(first or text), read_date(last or text)
  return from and to and from <= to and { first = from, last = to } or nil
end

local function read_weekdays(given)
  local days = {}
  for _, text in ipairs(type(given) == 'table' and given or { given == nil and 'Mon-Sun' or given }) do
    if not mark_weekdays(days, text) then
      return nil, "weekdays: days like 'Mon-Fri' or 'Sat,Sun' are wanted, got " .. shown.value(text)
    end
  end
  return days
end

--- Takes out of `days` what `except` names, and gives the dates in it.
local function read_except(days, except)
  local dates = host.array()
  if except ~= nil and type(except) ~= 'table' then
    return nil, "except: a list like { 'Fri', '2026-12-24' } is wanted, got " .. shown.value(except)
  end
  for i, text in ipairs(except or {}) do
    local without = {}
    local range = type(text) == 'string' and read_dates(text)
    if range then
      dates[#dates + 1] = range
    elseif not mark_weekdays(without, text) then
      return nil, ("except[%d]: a weekday, a date like '2026-12-24' or two with .. between them are wanted, got %s")
        :format(i, shown.value(text))
    end
    for day in pairs(without) do
      days[day] = nil
    end
  end
  return dates
end

--- What the operation takes; nil and what is wrong.
---@param given Calendar
---@return table?
---@return string? problem
function M.read(given)
  local days, from, to, except, problem
  days, problem = read_weekdays(given.weekdays)
  if days then
    from, problem = read_time('from', given.from, 0)
  end
  if from then
    to, problem = read_time('to', given.to, 1440)
  end
  if to then
    except, problem = read_except(days, given.except)
  end
  if not except then
    return nil, problem
  end
  local mask = 0
  for day in pairs(days) do
    mask = mask + 2 ^ day
  end
  if mask == 0 then
    return nil, 'weekdays: one that `except` leaves is wanted, there is none'
  elseif from == to then
    return nil, 'to: a time that is not that of `from` is wanted, got ' .. shown.value(given.to)
  elseif given.zone ~= nil and type(given.zone) ~= 'string' then
    return nil, "zone: a name like 'Europe/Berlin' is wanted, got " .. shown.value(given.zone)
  end
  return { weekdays = mask, from = from, to = to, zone = given.zone or 'UTC', except = except }
end

return M

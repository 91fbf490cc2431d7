--- The arguments of a word as its author would say them: '10m' of 600000, 'x-ring: insider' of the rules of a match.
local keys = require 'stdlib.keys'
local rules_text = require 'stdlib.rules_text'
local show = require 'tool.repl.show'

local M = {}

local UNITS = { { 86400000, 'd' }, { 3600000, 'h' }, { 60000, 'm' }, { 1000, 's' } }

local function duration(ms)
  for _, unit in ipairs(UNITS) do
    if ms >= unit[1] and ms % unit[1] == 0 then
      return ('%d%s'):format(ms / unit[1], unit[2])
    end
  end
  return ('%d ms'):format(ms)
end

local DAYS = { 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun' }

--- 'Mon-Thu', 'Sat Sun'; nil: all days
local function weekdays(mask)
  local texts, first = {}, nil
  for i = 1, #DAYS + 1 do
    local is_one = i <= #DAYS and bit.band(mask, bit.lshift(1, i - 1)) ~= 0
    if is_one then
      first = first or i
    elseif first then
      texts[#texts + 1] = first == i - 1 and DAYS[first] or DAYS[first] .. '-' .. DAYS[i - 1]
      first = nil
    end
  end
  local text = table.concat(texts, ' ')
  return text ~= 'Mon-Sun' and text or nil
end

local function minutes(count)
  return ('%02d:%02d'):format(math.floor(count / 60), count % 60)
end

--- '2026-12-24' of 20261224
local function date(number)
  return (('%08d'):format(number):gsub('^(%d%d%d%d)(%d%d)', '%1-%2-'))
end

--- '2026-12-24', '2026-12-24..2027-01-06'
local function dates(range)
  local first, last = date(range.first), date(range.last)
  return first == last and first or first .. '..' .. last
end

--- 'Mon-Thu 08:00-16:00 Europe/Berlin but 2026-12-24'
local function hours(value)
  local parts = {}
  parts[1] = type(value.weekdays) == 'number' and weekdays(value.weekdays) or nil
  if type(value.from) == 'number' and type(value.to) == 'number' then
    parts[#parts + 1] = ('%s-%s'):format(minutes(value.from), minutes(value.to))
  end
  parts[#parts + 1] = value.zone
  for i, range in ipairs(value.except or {}) do
    parts[#parts + 1] = (i == 1 and 'but ' or '') .. dates(range)
  end
  return table.concat(parts, ' ')
end

--- Hours alone; any other condition is shown as the table that it is.
local function condition(value)
  local only = type(value.hours) == 'table' and next(value, next(value)) == nil
  return only and hours(value.hours) or show.value(value, 0)
end

--- By the name of an argument; of those of this kind alone.
---@type table<string, { [1]: string, [2]: fun(value: any): string }>
local TEXTS = {
  ms = { 'number', duration },
  lasting = { 'number', duration },
  rounds = { 'number', function(count)
    return ('%d round%s'):format(count, count == 1 and '' or 's')
  end },
  rules = { 'table', rules_text.of },
  condition = { 'table', condition },
}

local function text_of(name, value)
  local known = TEXTS[name]
  if known and type(value) == known[1] then
    return known[2](value)
  elseif type(value) == 'table' and next(value) == nil then
    return nil
  end
  return type(value) == 'string' and value or show.value(value, 0)
end

---@param word { name: string, args: table? }
---@return string
function M.text(word)
  local args = word.args or {}
  if word.name == 'shift' then
    return text_of('weight', args.weight or args.canary or '') or ''
  end
  local texts = {}
  for _, name in ipairs(keys.sorted(args)) do
    texts[#texts + 1] = text_of(name, args[name])
  end
  return table.concat(texts, ' ')
end

return M

--- Reads what a function of stdlib.stats is given. What does not fit is raised at the script's own line, by the name of
--- the function and of the field.
local misuse = require 'stdlib.misuse'

local M = {}

local COUNT_MAX = 2 ^ 53 -- the last whole number that has neighbours

local function shown(value)
  if type(value) == 'string' then
    return '"' .. value:sub(1, 40) .. '"'
  end
  return type(value) == 'table' and 'a table' or tostring(value)
end

--- Raises; does not return.
---@param word string 'stats.sprt'
---@param field string? nil: what is given as a whole
---@param wanted string 'a number above 0 is'
---@param value any what came
---@param came string? how to say that
function M.wrong(word, field, wanted, value, came)
  misuse.raise(('%s: %s%s wanted, got %s'):format(word, field and field .. ': ' or '', wanted, came or shown(value)))
end

--- A table of options, all of whose fields are known.
---@param word string
---@param given any
---@param known string[]
---@return table given
function M.options(word, given, known)
  if type(given) ~= 'table' then
    M.wrong(word, nil, 'a table { ' .. known[1] .. ' = … } is', given)
  end
  local is_known = {}
  for _, name in ipairs(known) do
    is_known[name] = true
  end
  for name in pairs(given) do
    if not is_known[name] then
      misuse.raise(word .. ': ' .. misuse.unknown('field', name, known))
    end
  end
  return given
end

local function is_finite(value)
  return type(value) == 'number' and value - value == 0
end

--- A finite number above `low` and below `high`.
---@param word string
---@param field string
---@param value any
---@param low number
---@param high number? none: there is no upper bound
---@return number value
function M.between(word, field, value, low, high)
  if not is_finite(value) or value <= low or high and value >= high then
    M.wrong(word, field, high and ('a number above %g and below %g is'):format(low, high)
      or ('a number above %g is'):format(low), value)
  end
  return value
end

--- A finite number from `low` to `high`.
---@param word string
---@param field string
---@param value any
---@param low number?
---@param high number?
---@return number value
function M.number(word, field, value, low, high)
  if not is_finite(value) or low and value < low or high and value > high then
    local range = low and high and (' from %g to %g'):format(low, high) or low and (' of at least %g'):format(low) or ''
    M.wrong(word, field, 'a finite number' .. range .. ' is', value)
  end
  return value
end

--- A whole number from `low` to `high`.
---@param word string
---@param field string
---@param value any
---@param low integer
---@param high integer?
---@return integer value
function M.whole(word, field, value, low, high)
  if not is_finite(value) or value % 1 ~= 0 or value < low or value > (high or COUNT_MAX) then
    local range = high and ('from %d to %d'):format(low, high) or ('of at least %d'):format(low)
    M.wrong(word, field, 'a whole number ' .. range .. ' is', value)
  end
  return value
end

--- The probability of a false alarm that is accepted, 0.05 where none is given.
---@param word string
---@param value any
---@return number alpha
function M.alpha(word, value)
  return M.between(word, 'alpha', value == nil and 0.05 or value, 0, 1)
end

--- A list of 1 to `most` numbers, each of which `read` takes.
---@param word string
---@param field string?
---@param list any
---@param most integer
---@param read fun(word: string, field: string, value: any): number
---@return number[] list
function M.list(word, field, list, most, read)
  local count = type(list) == 'table' and #list or 0
  if count < 1 or count > most then
    M.wrong(word, field, ('a list of 1 to %d numbers is'):format(most), list,
      type(list) == 'table' and 'a list of ' .. count or nil)
  end
  for i = 1, count do
    read(word, (field or '') .. '[' .. i .. ']', list[i])
  end
  return list
end

return M

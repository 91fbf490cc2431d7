--- Rules that tell requests apart, as scripts write them: { headers = { ['x-ring'] = 'insider' } }, or a list of such
--- tables of which one must hold; read into what a VirtualService has.
local shown = require 'stdlib.shown'

local M = {}

local FIELDS = { 'headers', 'queryParams', 'cookies' }
local KINDS = { 'exact', 'prefix', 'regex' }
local RULES_MAX, NAMES_MAX, TEXT_MAX = 10, 10, 1024

local function is_one_of(name, list)
  for _, one in ipairs(list) do
    if name == one then
      return true
    end
  end
  return false
end

--- A text stands for one that is equal.
---@return table?
---@return string? problem
local function read_text(place, given)
  if type(given) == 'string' then
    given = { exact = given }
  end
  local kind, text, count = nil, nil, 0
  for name, value in pairs(type(given) == 'table' and given or {}) do
    kind, text, count = name, value, count + 1
  end
  if count ~= 1 or not is_one_of(kind, KINDS) or type(text) ~= 'string' or #text > TEXT_MAX then
    return nil, place .. ": a text, or one of { exact = … }, { prefix = … } and { regex = … } is wanted, got "
      .. (type(given) == 'table' and 'a table of ' .. count .. ' fields' or shown.value(given))
  end
  return { [kind] = text }
end

local function read_names(place, given)
  local texts, count = {}, 0
  for name, value in pairs(type(given) == 'table' and given or {}) do
    local text, problem = read_text(place .. '.' .. tostring(name), value)
    if type(name) ~= 'string' or place:find 'headers$' and not name:find '^[%l%d:._-]+$' then
      return nil, place .. ': names in lower case are wanted, got ' .. shown.value(name)
    elseif not text then
      return nil, problem
    end
    texts[name], count = text, count + 1
  end
  if count == 0 or count > NAMES_MAX then
    return nil, place .. ': a table of 1 to 10 names is wanted, got '
      .. (type(given) == 'table' and count .. ' names' or shown.value(given))
  end
  return texts
end

local SPECIAL = '[%^%$%(%)%%%.%[%]%*%+%-%?{}|\\]'

--- A cookie is a part of the header of that name.
local function cookie_header(place, given)
  local cookies, problem = read_names(place, given)
  if not cookies then
    return nil, problem
  end
  local name, text = next(cookies)
  if next(cookies, name) ~= nil then
    return nil, place .. ': one cookie in a rule is wanted, got several'
  end
  local value = text.regex or (text.exact or text.prefix):gsub(SPECIAL, '\\%0')
  local rest = text.prefix and '[^;]*' or ''
  return { regex = '^(.*;\\s*)?' .. name:gsub(SPECIAL, '\\%0') .. '=(' .. value .. ')' .. rest .. '(;.*)?$' }
end

local function read_rule(place, given)
  if type(given) ~= 'table' or next(given) == nil then
    return nil, place .. ': a table with headers, queryParams or cookies is wanted, got ' .. shown.value(given)
  end
  local rule = {}
  for field, value in pairs(given) do
    local read, problem
    if not is_one_of(field, FIELDS) then
      return nil, place .. ': there is no field "' .. tostring(field) .. '", known are headers, queryParams, cookies'
    elseif field == 'cookies' then
      read, problem = cookie_header(place .. '.cookies', value)
      field, read = 'headers', read and { cookie = read }
    else
      read, problem = read_names(place .. '.' .. field, value)
    end
    if not read then
      return nil, problem
    end
    rule[field] = rule[field] or {}
    for name, text in pairs(read) do
      rule[field][name] = text
    end
  end
  return rule
end

--- Conditions of a VirtualService; nil and what is wrong.
---@param given table
---@return table[]?
---@return string? problem
function M.read(given)
  local list = type(given) == 'table' and #given > 0 and given or { given }
  local rules = {}
  if #list > RULES_MAX then
    return nil, 'rules: at most 10 are wanted, got ' .. #list
  end
  for i, one in ipairs(list) do
    local rule, problem = read_rule('rules[' .. i .. ']', one)
    if not rule then
      return nil, problem
    end
    rules[i] = rule
  end
  if #rules == 0 then
    return nil, 'rules: a table with headers, queryParams or cookies is wanted, got ' .. shown.value(given)
  end
  return rules
end

return M

--- JSON values as they cross between C and Lua (core/script/marshal.c): what JSON cannot hold is an
--- error, lists are marked, null is nil except inside of lists.
local keys = require 'stdlib.keys'

local M = {}

local LIST = { __metatable = false }

--- What stands for null inside of a list.
M.null = newproxy(false)

--- Marks a table as a list.
---@param list table?
---@return table
function M.array(list)
  return setmetatable(list or {}, LIST)
end

local function is_marked(value)
  return debug.getmetatable(value) == LIST
end

local function refuse(path, why)
  error(path .. ': ' .. why, 0)
end

local function shape(value)
  local count, names, places, largest = 0, 0, 0, 0
  for key in pairs(value) do
    count = count + 1
    if type(key) == 'string' then
      names = names + 1
    elseif type(key) == 'number' and key >= 1 and key % 1 == 0 then
      places, largest = places + 1, math.max(largest, key)
    end
  end
  return count, names, places, largest
end

local function is_list(value, path)
  local count, names, places, largest = shape(value)
  local list = is_marked(value) or count > names
  if list and (places ~= count or largest ~= count) then
    refuse(path, 'neither a list (keys 1 to n without holes) nor an object (keys that are strings)')
  end
  return list
end

--- True for what would be written as a list.
---@param value table
---@return boolean
function M.is_list(value)
  return is_list(value, 'value')
end

--- A copy of what crosses the border.
---@param value any
---@param path string? names the value in errors
---@return any
function M.copy(value, path)
  path = path or 'value'
  local kind = type(value)
  if kind == 'number' then
    if value ~= value or value == math.huge or value == -math.huge then
      refuse(path, 'neither NaN nor infinity has a place in JSON')
    end
    return value
  elseif kind == 'nil' or kind == 'boolean' or kind == 'string' then
    return value
  elseif value == M.null then
    return nil
  elseif kind ~= 'table' then
    refuse(path, 'a ' .. kind .. ' has no place in JSON')
  end
  local copy = {}
  if is_list(value, path) then
    for i, item in ipairs(value) do
      copy[i] = item == M.null and item or M.copy(item, path .. '[' .. i .. ']')
    end
    return M.array(copy)
  end
  for key, item in pairs(value) do
    copy[key] = M.copy(item, path .. '.' .. key)
  end
  return copy
end

--- The text of a value, names in order.
---@param value any
---@return string
function M.text(value)
  if value == nil or value == M.null then
    return 'null'
  elseif type(value) == 'string' then
    return string.format('%q', value)
  elseif type(value) == 'number' then
    return string.format('%.17g', value)
  elseif type(value) ~= 'table' then
    return tostring(value)
  end
  local parts = {}
  if is_list(value, 'value') then
    for i, item in ipairs(value) do
      parts[i] = M.text(item)
    end
    return '[' .. table.concat(parts, ',') .. ']'
  end
  for i, key in ipairs(keys.sorted(value)) do
    parts[i] = string.format('%q:%s', key, M.text(value[key]))
  end
  return '{' .. table.concat(parts, ',') .. '}'
end

return M

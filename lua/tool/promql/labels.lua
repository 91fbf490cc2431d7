--- Sets of labels. Equal ones are the same table, so that they can be compared and be keys; none is ever changed.
local keys = require 'stdlib.keys'

local M = {}

---@alias Labels table<string, string>

M.NAME = '__name__'

local known = {} ---@type table<string, Labels>
local key_of = setmetatable({}, { __mode = 'k' }) ---@type table<Labels, string>

--- A text that only equal sets have.
---@param labels table<string, string>
---@return string
function M.key(labels)
  if key_of[labels] then
    return key_of[labels]
  end
  local parts = {}
  for i, name in ipairs(keys.sorted(labels)) do
    parts[i] = name .. '\1' .. labels[name]
  end
  return table.concat(parts, '\2')
end

--- The one table of these labels; an empty value is none.
---@param labels table<string, string>
---@return Labels
function M.intern(labels)
  for name, value in pairs(labels) do
    if value == '' then
      labels[name] = nil
    end
  end
  local key = M.key(labels)
  if not known[key] then
    known[key], key_of[labels] = labels, key
  end
  return known[key]
end

M.NONE = M.intern {}

--- A function from sets to sets that works once for each.
---@param make fun(labels: Labels): table<string, string>
---@return fun(labels: Labels): Labels
function M.map(make)
  local made = setmetatable({}, { __mode = 'k' })
  return function(labels)
    local result = made[labels]
    if not result then
      result = M.intern(make(labels))
      made[labels] = result
    end
    return result
  end
end

local function copy(labels)
  local all = {}
  for name, value in pairs(labels) do
    all[name] = value
  end
  return all
end

M.copy = copy

--- Without the name of the metric.
M.bare = M.map(function(labels)
  local rest = copy(labels)
  rest[M.NAME] = nil
  return rest
end)

--- Only these labels, or all but these and the metric's name.
---@param names string[]
---@param is_without boolean
---@return fun(labels: Labels): Labels
function M.picker(names, is_without)
  return M.map(function(labels)
    local picked = is_without and copy(labels) or {}
    for _, name in ipairs(names) do
      picked[name] = not is_without and labels[name] or nil
    end
    if is_without then
      picked[M.NAME] = nil
    end
    return picked
  end)
end

--- As Prometheus writes them: {a="x", b="y"}.
---@param labels Labels
---@return string
function M.text(labels)
  local parts = {}
  for name, value in pairs(labels) do
    if name ~= M.NAME then
      parts[#parts + 1] = ('%s=%q'):format(name, value)
    end
  end
  table.sort(parts)
  return (labels[M.NAME] or '') .. '{' .. table.concat(parts, ', ') .. '}'
end

return M

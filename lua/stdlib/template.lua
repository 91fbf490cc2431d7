--- The templates of queries: those of Go's text/template, with the functions that Flagger gives it (`{{ name }}`,
--- `{{ target }}`, `{{ variables.key }}` and so on).
---
--- Nearly all of them only name values, and are filled in here. For the others go_template.lua is loaded, which is as
--- large as all the rest of what a release's VM holds.
local M = {}

local BLANK = '[ \t\r\n]'
local ACTION = '{{' .. BLANK .. '*(.-)' .. BLANK .. '*}}'
local INDEX = '^index' .. BLANK .. '+variables' .. BLANK .. '+"([^"\\]*)"$'

--- What an action stands for when it only names a value that is there; nil for any other.
local function value_of(action, model)
  local variables = model.variables or {}
  local key = action:match '^variables%.([%w_]+)$'
  if key then
    return variables[key] ~= nil and tostring(variables[key]) or nil
  end
  key = action:match(INDEX)
  if key then
    return variables[key] ~= nil and tostring(variables[key]) or ''
  end
  local value = action:find '^[%a_][%w_]*$' and model[action]
  return type(value) == 'string' and value or nil
end

--- Nil when there is more in it than names of values that are there.
local function fill(text, model)
  local is_plain = true
  local filled, count = text:gsub(ACTION, function(action)
    local value = is_plain and value_of(action, model)
    is_plain = value and true or false
    return value or ''
  end)
  local _, opened = text:gsub('{{', '')
  return is_plain and count == opened and filled or nil
end

--- Fills a template in.
---@param text string
---@param model table<string, string|table> values by name; `variables` is a table of its own
---@return string? rendered nil on failure
---@return string? error
---@return boolean? unsupported Go could fill it in
function M.render(text, model)
  local filled = fill(text, model)
  if filled then
    return filled
  end
  return require 'stdlib.go_template'.render(text, model)
end

return M

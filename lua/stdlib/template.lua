--- The templates in inline queries: the part of Go's text/template that queries use, `{{ name }}`, `{{ variables.key }}` and
--- `{{ index variables "key" }}`, each also with trim markers (`{{-`, `-}}`).
local M = {}

local function index_of(action)
  return action:match('^variables%.([%w_]+)$')
    or action:match('^index%s+variables%s+"([^"]*)"$')
    or action:match('^index%s+variables%s+`([^`]*)`$')
end

local function evaluate(action, model)
  local key = index_of(action)
  if key then
    local value = (model.variables or {})[key]
    if value == nil then
      return nil, 'map has no entry for key "' .. key .. '"'
    end
    return tostring(value)
  end
  local value = model[action]
  if type(value) ~= 'string' then
    return nil, 'function "' .. action .. '" not defined'
  end
  return value
end

--- Fills a template in.
---@param text string
---@param model table<string, string|table> values by name; `variables` is a table of its own
---@return string? rendered nil on failure
---@return string? error
function M.render(text, model)
  local out, at, trim_left = {}, 1, false
  while true do
    local first, last, before, action, after = text:find('{{(%-?)%s*(.-)%s*(%-?)}}', at)
    local literal = text:sub(at, (first or 0) - 1)
    if trim_left then
      literal = literal:gsub('^%s+', '')
    end
    if not first then
      out[#out + 1] = literal
      return table.concat(out)
    end
    if before == '-' then
      literal = literal:gsub('%s+$', '')
    end
    local value, problem = evaluate(action, model)
    if not value then
      return nil, 'template parsing failed: ' .. problem
    end
    out[#out + 1], out[#out + 2] = literal, value
    at, trim_left = last + 1, after == '-'
  end
end

return M

--- The templates in inline queries: the part of Go's text/template that queries use, `{{ name }}`,
--- `{{ variables.key }}` and `{{ index variables "key" }}`, each also with trim markers (`{{-`,
--- `-}}`). As in Go all of a template is understood before any of it is filled in.
local M = {}

---@class TemplatePart
---@field text string? taken as it is
---@field name string? a value of the model
---@field key string? an entry of `variables`, which must be there
---@field index string? an entry of `variables`; nothing when it is not there
---@field line integer? of the action, from 1
---@field column integer? of the action in its line, from 0

local function line_of(text, at)
  return select(2, text:sub(1, at):gsub('\n', '')) + 1
end

local function column_of(text, at)
  return at - 1 - #(text:sub(1, at - 1):match('^.*\n') or '')
end

--- Words of Go's that are not among those above.
local UNSUPPORTED = {}
for word in ([[and block break call continue define else end eq ge gt html if index js le len lt ne
  not or print printf println range slice template urlquery variables with]]):gmatch('%a+') do
  UNSUPPORTED[word] = true
end

local function unclear(text, at, problem, unsupported)
  return nil, string.format('template parsing failed: template: tmpl:%d: %s', line_of(text, at),
    problem), unsupported
end

--- What stands between the braces: {{ action }}.
local function read_action(action, model)
  if action == '' then
    return nil, 'missing value for command'
  end
  local key = action:match('^variables%.([%w_]+)$')
  if key then
    return { key = key }
  end
  local index = action:match('^index%s+variables%s+"([^"]*)"$')
    or action:match('^index%s+variables%s+`([^`]*)`$')
  if index then
    return { index = index }
  end
  if type(model[action]) == 'string' then
    return { name = action }
  end
  if UNSUPPORTED[action:match('^%a*')] or action:find('[|(/"`$:]') then
    return nil, string.format('{{ %s }} is not supported', action), true
  end
  return nil, string.format('function "%s" not defined', action:match('^%S+'))
end

--- The braces with their trim markers; a marker has a blank on its other side.
local function split_action(body)
  local left, right = body:find('^%-%s') ~= nil, body:find('%s%-$') ~= nil
  local action = body:sub(left and 2 or 1, right and -2 or -1)
  return action:match('^%s*(.-)%s*$'), left, right
end

---@return TemplatePart[]? parts nil on failure
---@return string? error
---@return boolean? unsupported
local function parse(text, model)
  local parts, at, trim = {}, 1, false
  while true do
    local first = text:find('{{', at, true)
    local literal = text:sub(at, (first or 0) - 1)
    literal = trim and literal:gsub('^%s+', '') or literal
    if not first then
      parts[#parts + 1] = { text = literal }
      return parts
    end
    local close = text:find('}}', first + 2, true)
    if not close then
      return unclear(text, first, 'unclosed action')
    end
    local action, left, right = split_action(text:sub(first + 2, close - 1))
    local part, problem, unsupported = read_action(action, model)
    if not part then
      return unclear(text, first, problem, unsupported)
    end
    local from = text:find('%S', first + (left and 3 or 2))
    part.line, part.column = line_of(text, from), column_of(text, from)
    parts[#parts + 1] = { text = left and literal:gsub('%s+$', '') or literal }
    parts[#parts + 1] = part
    at, trim = close + 2, right
  end
end

local function value_of(part, model)
  local variables = model.variables or {}
  if part.name then
    return model[part.name]
  elseif part.index then
    return variables[part.index] or ''
  elseif variables[part.key] ~= nil then
    return variables[part.key]
  end
  return nil, string.format('template excution failed: template: tmpl:%d:%d: executing "tmpl" at '
    .. '<variables>: map has no entry for key "%s"', part.line, part.column, part.key)
end

--- Fills a template in.
---@param text string
---@param model table<string, string|table> values by name; `variables` is a table of its own
---@return string? rendered nil on failure
---@return string? error
---@return boolean? unsupported Go could fill it in
function M.render(text, model)
  local parts, problem, unsupported = parse(text, model)
  if not parts then
    return nil, problem, unsupported
  end
  local out = {}
  for i, part in ipairs(parts) do
    local value = part.text
    if not value then
      value, problem = value_of(part, model)
    end
    if not value then
      return nil, problem
    end
    out[i] = tostring(value)
  end
  return table.concat(out)
end

return M

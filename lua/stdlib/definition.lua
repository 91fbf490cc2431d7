--- What a script returns: `return strategy { … }` (strategy.lua), `return check { … }` (check.lua). Both have a name,
--- parameters, and a function.
local misuse = require 'stdlib.misuse'
local shown = require 'stdlib.shown'

---@class Definition
---@field kind 'strategy'|'check'
---@field name string
---@field params table<string, Param>? declared with stdlib.param
---@field run function

local M = {}

local FIELDS = { name = 'string', params = 'table', run = 'function' }
local NAMES = { 'name', 'params', 'run' }

local function wrong(kind, field, problem)
  local last = field and field:match '[^.]+$'
  misuse.raise_in_definition(kind, last, (field and kind .. '.' .. field or kind) .. ': ' .. problem)
end

local function check_field(kind, definition, field)
  local given, wanted = type(definition[field]), FIELDS[field]
  if given ~= wanted and not (field == 'params' and given == 'nil') then
    wrong(kind, field, ('a %s is wanted, got %s'):format(wanted, given))
  end
end

local function check_params(kind, params)
  for name, declared in pairs(params) do
    if type(name) ~= 'string' or not name:find '^[%a_][%w_]*$' then
      wrong(kind, 'params', ('a name like max_drop is wanted, got %s'):format(shown.value(name)))
    end
    if type(declared) ~= 'table' or type(declared.type) ~= 'string' then
      wrong(kind, 'params.' .. name, ('a declaration like param.percent { default = 5 } is wanted, got %s')
        :format(type(declared)))
    end
  end
end

--- The module of a kind: a table that is called with a definition, checks it and gives it back.
---@param kind 'strategy'|'check'
---@return fun(definition: table): Definition
function M.of(kind)
  local function define(_, definition)
    if type(definition) ~= 'table' then
      wrong(kind, nil, 'a table { name = …, run = … } is wanted, got ' .. type(definition))
    end
    for field in pairs(definition) do
      if type(field) ~= 'string' or not FIELDS[field] then
        local name = type(field) == 'string' and field:match '^[%a_][%w_]*$'
        misuse.raise_in_definition(kind, name, kind .. ': ' .. misuse.unknown('field', field, NAMES))
      end
    end
    check_field(kind, definition, 'name')
    check_field(kind, definition, 'params')
    check_field(kind, definition, 'run')
    check_params(kind, definition.params or {})
    definition.kind = kind
    return definition
  end
  return setmetatable({}, { __call = define })
end

return M

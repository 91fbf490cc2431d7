--- What a strategy file returns: `return strategy { name = …, params = { … }, run = function(rollout) … end }`.
local misuse = require 'stdlib.misuse'

---@class Strategy
---@field name string as file and Release name it: 'canary', 'blue_green', …
---@field params table<string, Param>? declared with stdlib.param; the values are in rollout.params
---@field run fun(rollout: table) decides one release from its first step to its last, in the words of
---           stdlib.words

local FIELDS = { name = 'string', params = 'table', run = 'function' }
local NAMES = { 'name', 'params', 'run' }

local function wrong(field, problem)
  local last = field and field:match '[^.]+$'
  misuse.raise_in_definition('strategy', last, (field and 'strategy.' .. field or 'strategy') .. ': ' .. problem)
end

local function check_field(definition, field, wanted)
  local kind = type(definition[field])
  if kind ~= wanted and not (field == 'params' and kind == 'nil') then
    wrong(field, ('a %s is wanted, got %s'):format(wanted, kind))
  end
end

local function check_params(params)
  for name, declared in pairs(params) do
    if type(name) ~= 'string' or not name:find '^[%a_][%w_]*$' then
      wrong('params', ('a name like max_drop is wanted, got %s'):format(tostring(name)))
    end
    if type(declared) ~= 'table' or type(declared.type) ~= 'string' then
      wrong('params.' .. name, ('a declaration like param.percent { default = 5 } is wanted, got %s')
        :format(type(declared)))
    end
  end
end

local function define(_, definition)
  if type(definition) ~= 'table' then
    wrong(nil, 'a table { name = …, run = … } is wanted, got ' .. type(definition))
  end
  for field in pairs(definition) do
    if type(field) ~= 'string' or not FIELDS[field] then
      local name = type(field) == 'string' and field:match '^[%a_][%w_]*$'
      misuse.raise_in_definition('strategy', name, 'strategy: ' .. misuse.unknown('field', field, NAMES))
    end
  end
  check_field(definition, 'name', FIELDS.name)
  check_field(definition, 'params', FIELDS.params)
  check_field(definition, 'run', FIELDS.run)
  check_params(definition.params or {})
  return definition
end

return setmetatable({}, { __call = define })

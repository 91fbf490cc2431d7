--- What a strategy file returns: `return strategy { name = …, params = { … }, run = function(rollout) … end }`.

---@class Strategy
---@field name string as file and Release name it: 'canary', 'blue_green', …
---@field params table<string, Param>? declared with stdlib.param; the values are in rollout.params
---@field run fun(rollout: table) decides one release from its first step to its last, in the words of
---           stdlib.words

-- Errors have no line: `return strategy { … }` leaves no frame of the script's. The engine names the module.

local FIELDS = { name = 'string', params = 'table', run = 'function' }

local function check_field(definition, field, wanted)
  local kind = type(definition[field])
  if kind ~= wanted and not (field == 'params' and kind == 'nil') then
    error(('strategy.%s: a %s is wanted, got %s'):format(field, wanted, kind), 0)
  end
end

local function check_params(params)
  for name, declared in pairs(params) do
    if type(name) ~= 'string' or not name:find '^[%a_][%w_]*$' then
      error(('strategy.params: a name like max_drop is wanted, got %s'):format(tostring(name)), 0)
    end
    if type(declared) ~= 'table' or type(declared.type) ~= 'string' then
      error(('strategy.params.%s: a declaration like param.percent { default = 5 } is wanted, got %s')
        :format(name, type(declared)), 0)
    end
  end
end

local function define(_, definition)
  if type(definition) ~= 'table' then
    error('strategy: a table { name = …, run = … } is wanted, got ' .. type(definition), 0)
  end
  check_field(definition, 'name', FIELDS.name)
  check_field(definition, 'params', FIELDS.params)
  check_field(definition, 'run', FIELDS.run)
  for field in pairs(definition) do
    if not FIELDS[field] then
      error(('strategy.%s: there is no such field, known are name, params, run'):format(tostring(field)), 0)
    end
  end
  check_params(definition.params or {})
  return definition
end

return setmetatable({}, { __call = define })

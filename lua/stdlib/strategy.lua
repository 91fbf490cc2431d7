--- What a strategy file returns: `return strategy { name = …, run = function(rollout) … end }`.

---@class Strategy
---@field name string as file and Release name it: 'canary', 'blue_green', …
---@field run fun(rollout: table) decides one release from its first step to its last, in the words of
---           stdlib.words

local function define(_, definition)
  if type(definition) ~= 'table' then
    error('strategy: a table { name = …, run = … } is wanted, got ' .. type(definition), 2)
  end
  if type(definition.name) ~= 'string' then
    error('strategy.name: a string is wanted, got ' .. type(definition.name), 2)
  end
  if type(definition.run) ~= 'function' then
    error('strategy.run: a function is wanted, got ' .. type(definition.run), 2)
  end
  return definition
end

return setmetatable({}, { __call = define })

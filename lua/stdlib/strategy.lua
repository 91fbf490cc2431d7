--- What a strategy file returns: `return strategy { name = …, run = function(rollout) … end }`.
local Rollout = require 'stdlib.rollout'

---@class Strategy
---@field name string as file and Release name it: 'canary', 'blue_green', …
---@field run fun(rollout: Rollout) decides one release from its first step to its last

local M = {}

--- Runs a strategy for the release of this VM; the body of its coroutine. Errors when `run` comes
--- back without having promoted: a release must not be left half way.
---@param definition Strategy
function M.start(definition)
  definition.run(Rollout.new())
  error(definition.name .. ': run returned, but the release is neither promoted nor taken back', 0)
end

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

return setmetatable(M, { __call = define })

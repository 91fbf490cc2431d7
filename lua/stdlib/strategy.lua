--- What a strategy file returns: `return strategy { name = …, params = { … }, run = function(rollout) … end }`.

---@class Strategy
---@field name string as file and Release name it: 'canary', 'blue_green', …
---@field params table<string, Param>? declared with stdlib.param; the values are in rollout.params
---@field run fun(rollout: sluice.Rollout) decides one release from its first step to its last, in the words of
---           stdlib.words

---@type fun(definition: Strategy): Strategy
local strategy = require 'stdlib.definition'.of 'strategy'

return strategy

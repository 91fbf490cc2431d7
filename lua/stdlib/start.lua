--- The body of a release's coroutine: the strategy, over its words.
local Rollout = require 'stdlib.rollout'
local words = require 'stdlib.words'

local M = {}

--- Runs a strategy for the release of this VM. Errors when `run` returns without having promoted,
--- because a release must not stop half way.
---@param definition Strategy
---@param params table<string, any> the values of its parameters
function M.start(definition, params)
  definition.run(words.of(Rollout.new(), params))
  error(definition.name .. ': run returned, but the release is neither promoted nor taken back', 0)
end

return M

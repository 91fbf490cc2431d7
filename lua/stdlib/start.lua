--- The body of a release's coroutine: the strategy, over its words.
local host = require 'host'
local words = require 'stdlib.words'

local M = {}

--- Runs a strategy for the release of this VM. Errors when `run` returns without having promoted,
--- because a release must not stop half way.
---@param definition Strategy
---@param params table<string, any> the values of its parameters
---@param module string where it is defined: strategies.canary is the engine's own, scripts.ring a Strategy of a team's
function M.start(definition, params, module)
  local class = module:find '^strategies%.' and 'stdlib.rollout' or 'stdlib.script_words'
  definition.run(words.of(require(class):new(), params))
  local place = host.place(definition.run)
  error((place ~= '' and place .. ': ' or '') .. definition.name
    .. ': run returned, but the release is neither promoted nor taken back', 0)
end

return M

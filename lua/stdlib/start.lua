--- The body of a release's coroutine: the strategy, over its words.
local blind = require 'stdlib.blind'
local host = require 'host'
local words = require 'stdlib.words'

local M = {}

--- The words of a Strategy, by their version (core/release/release.h): a release keeps those that it began with.
local CLASSES = { 'stdlib.words_1', 'stdlib.words_2', 'stdlib.script_words' }

local function class_of(module, version)
  if module:find '^strategies%.' then
    return 'stdlib.rollout' -- the same in every version
  end
  return CLASSES[version] or CLASSES[#CLASSES]
end

--- What its Canary says of blind checks, in parameters of the strategy; nil: it has none of these.
---@return BlindRules?
local function rules_of(definition, params)
  if getmetatable(definition.params) ~= blind.RULES then
    return nil
  end
  return { blind = params.blind, blind_timeout = params.blind_timeout, otherwise = params.otherwise,
    min_requests = params.min_requests > 1 and params.min_requests or nil } -- without any there is no value anyway
end

--- Runs a strategy for the release of this VM. Errors when `run` returns without having promoted,
--- because a release must not stop half way.
---@param definition Strategy
---@param params table<string, any> the values of its parameters
---@param module string where it is defined: strategies.canary is the engine's own, scripts.ring a Strategy of a team's
---@param version integer of the words; 0: the latest
function M.start(definition, params, module, version)
  local rollout = require(class_of(module, version)):new()
  rollout.rules = rules_of(definition, params)
  definition.run(words.of(rollout, params))
  local place = host.place(definition.run)
  error((place ~= '' and place .. ': ' or '') .. definition.name
    .. ': run returned, but the release is neither promoted nor taken back', 0)
end

return M

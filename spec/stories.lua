--- Whole releases for the specs of the strategies: they begin at 0 s, with an interval of 10 s.
local World = require 'spec.fake_host'

local M = {}

--- A world for a release. `options.later` is what happens meanwhile: functions by seconds.
---@param options table see World.new
---@return World
function M.world(options)
  options.analysis.interval = options.analysis.interval or '10s'
  local world = World.new(options)
  for at, action in pairs(options.later or {}) do
    world:at(at * 1000, action)
  end
  return world
end

--- Runs it to its end, or for `options.limit` milliseconds.
---@param options table
---@return World
function M.release(options)
  return M.world(options):run(options.limit)
end

--- An answer of a hook that says no before that second.
---@param seconds integer
function M.closed_until(seconds)
  return function(world)
    return world:seconds() < seconds and 'closed' or nil
  end
end

--- An answer of a hook that says no until something is told that matches: the only kind of no that
--- is the same one after a death and a downtime.
---@param pattern string
function M.closed_until_told(pattern)
  return function(world)
    return #world:lines { only = pattern } == 0 and 'closed' or nil
  end
end

return M

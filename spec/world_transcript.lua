--- A release that is rolled back in a simulated world, its engine killed once on the way, and all that happened there.
local World = require 'spec.world'

---@param seed integer
---@return string
return function(seed)
  local world = World.new {
    seed = seed,
    transcript = true,
    version = { errors = 0.05 }, -- measured with the noise of the seed
    analysis = { stepWeights = { 50 } },
    hooks = { load = 'rollout', after = 'post-rollout' },
  }
  world:initialise():push()
  world.world:strike_at(world.world:requests() + 20, 'served')
  local text = world:finish():settle().world:transcript()
  world:close()
  return text
end

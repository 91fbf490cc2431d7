local World = require 'spec.fake_host'
local stories = require 'spec.stories'

describe('an effect that fails', function()
  after_each(World.prove_closed)

  --- A release in which the effect of that number fails; and how many there were so far.
  local function make(name, steps, failing)
    local count = 0
    return stories.world {
      strategy = name,
      analysis = {
        mirror = true,
        stepWeight = steps.stepWeight,
        iterations = steps.iterations,
        stepWeightPromotion = 50,
        webhooks = { { name = 'ok', type = 'confirm-promotion' } },
      },
      spec = { autoscalerRef = { name = 'podinfo' } },
      autoscaler_differs = true,
      fail = function(_, effect)
        if effect.kind == 'event' then
          return -- events that are not taken are logged and stop nothing (core/effect/event.c)
        end
        count = count + 1
        return count == failing and effect.kind .. ' failed' or nil
      end,
    }, function()
      return count
    end
  end

  for name, steps in pairs {
    canary = { stepWeight = 50 },
    ab_test = { iterations = 2 },
    blue_green = { iterations = 2 },
  } do
    it('is told of and costs at most an interval: ' .. name, function()
      local calm, count = make(name, steps, 0)
      calm:run()
      for failing = 1, count() do
        local world = make(name, steps, failing):run()
        assert.equal('Succeeded', world.state)
        assert.same(calm.route, world.route)
        assert.same(calm.status, world.status)
        assert.equal('r2', world.primary_revision)
        assert.equal(1, #world:lines { only = ' failed$' })
        -- The release is an interval late, unless the route has moved already or the mirror can be left out.
        local late = world:seconds() - calm:seconds()
        assert.is_true(late == 0 or late == 10, late .. ' s late after failure ' .. failing)
        for _, line in ipairs { 'scale up', 'promote r2', 'scale zero', 'autoscaler' } do
          assert.equal(1, #world:lines { only = '^' .. line .. '$' }, line .. ' after failure ' .. failing)
        end
      end
    end)
  end
end)

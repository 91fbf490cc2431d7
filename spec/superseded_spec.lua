--- A release is superseded, the engine dies, and the Canary is edited before the next one starts: the share of before
--- stands under a routing that the next release knows nothing of.
local World = require 'spec.world'

local function share_of(world, name)
  local service = world.world:get('virtualservices.networking.istio.io', 'test', name)
  local share = 0
  for _, route in ipairs(service and service.spec.http or {}) do
    for _, to in ipairs(route.route) do
      share = to.destination.host:find '%-canary$' and math.max(share, to.weight or 100) or share
    end
  end
  return share
end

describe('a share whose release was superseded', function()
  after_each(World.close_all)

  for name, edit in pairs {
    ['another service'] = function(spec)
      spec.service.name = 'web'
    end,
    ['an A/B test'] = function(spec)
      spec.analysis.match = { { headers = { ['x-canary'] = { exact = 'insider' } } } }
      spec.analysis.iterations, spec.analysis.stepWeight, spec.analysis.maxWeight = 3, nil, nil
    end,
    ['only another threshold'] = function(spec)
      spec.analysis.threshold = 3
    end,
  } do
    it('is taken back although its Canary names ' .. name .. ' by then', function()
      local world
      world = World.new { analysis = { stepWeight = 30, maxWeight = 60 }, on_death = function()
        local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
        edit(canary.spec)
        world.world:update(canary)
      end }
      world:initialise():push().world:run('1m', function()
        return share_of(world, 'podinfo') == 30
      end)
      local target = world.world:get('deployments.apps', 'test', 'podinfo')
      target.spec.template.spec.containers[1].image = 'podinfo:3'
      world.world:update(target)
      world.world:run('1m', function()
        return world.state == 'Superseded'
      end)
      world.world:kill_engine()
      world.world:run('1m', function()
        return world.told['Normal New revision detected! Restarting analysis for podinfo.test'] ~= nil
      end)
      world.world:run '2s'
      assert.equal(0, share_of(world, 'podinfo'))
      world:finish()
      assert.equal('Succeeded', world.phase)
      assert.equal('podinfo:3', world.last.primary)
      assert.equal(0, share_of(world, 'podinfo'))
    end)
  end
end)

--- Canaries that Flagger left in the middle of a promotion, taken over by the real engine in a simulated world: the
--- promotion is finished, and nothing is analysed once more.
local World = require 'spec.world'
local killing = require 'spec.world_killing'
local world_stories = require 'spec.world_stories'

local HOOKS = { smoke = 'pre-rollout', load = 'rollout', ok = 'confirm-promotion', after = 'post-rollout' }
local WEIGHTS = { stepWeight = 20, maxWeight = 40 }
local IN_STEPS = { stepWeight = 20, maxWeight = 40, stepWeightPromotion = 20 }
local AB = { iterations = 2, match = { { headers = { ['x-canary'] = { exact = 'insider' } } } } }
local BLUE_GREEN = { iterations = 2 }

local function change(world, kind, name, edit, subresource)
  local object = world.world:get(kind, 'test', name)
  edit(object)
  world.world:update(object, subresource)
end

local function image(name)
  return function(deployment)
    deployment.spec.template.spec.containers[1].image = name
  end
end

local function share(canary)
  return function(service)
    for _, http in ipairs(service.spec.http) do
      for _, to in ipairs(http.route) do
        to.weight = to.destination.host:find '%-canary$' and canary or 100 - (http.route[2] and canary or 0)
      end
    end
  end
end

local function status_of(phase, weight)
  return function(canary)
    local status = canary.status
    status.phase, status.canaryWeight = phase, weight
    status.lastAppliedSpec, status.lastPromotedSpec, status.lastTrackedRevision = '5d8f7b9c6', '7c9f6b5d4', nil
    for _, condition in ipairs(status.conditions) do
      if condition.type == 'Promoted' then
        condition.status, condition.reason = 'Unknown', phase
      end
    end
  end
end

local function scaled(replicas)
  return function(deployment)
    deployment.spec.replicas = replicas
  end
end

--- A Canary whose objects are as Flagger left them, and an engine that begins.
local function make(told)
  local world = World.new(setmetatable({ people = true }, { __index = told })):initialise()
  world.world:close_engine()
  world.world:run '25s'
  change(world, 'deployments.apps', 'podinfo', image(told.target or 'podinfo:2'))
  change(world, 'deployments.apps', 'podinfo', scaled(told.replicas or 1))
  change(world, 'deployments.apps', 'podinfo-primary', image(told.primary or 'podinfo:2'))
  change(world, 'virtualservices.networking.istio.io', 'podinfo', share(told.share or told.weight))
  change(world, 'canaries.flagger.app', 'podinfo', status_of(told.phase, told.weight), 'status')
  world.world:run '20s'
  world.broken, world.texts, world.told, world.delivered = nil, {}, {}, {}
  world:_start_engine()
  return world
end

local ROUTED = 'Normal Routing all traffic to primary'
local FINISHED = { 'Normal Post-rollout check after passed', 'Normal Promotion completed! Scaling down podinfo.test' }

local function story(phase, weight, texts, more)
  local told = { analysis = WEIGHTS, hooks = HOOKS, phase = phase, weight = weight, texts = texts, answers = {
    smoke = function()
      return false
    end,
    load = function()
      return false
    end,
    ok = function()
      return false
    end,
  } }
  for key, value in pairs(more or {}) do
    told[key] = value
  end
  return told
end

local STORIES = {
  ['with half of the traffic'] = story('Promoting', 50, { ROUTED }),
  ['with all of the traffic'] = story('Promoting', 100, { ROUTED }, { analysis = BLUE_GREEN }),
  ['of an A/B test'] = story('Promoting', 0, { ROUTED }, { analysis = AB, share = 100 }),
  ['in steps'] = story('Promoting', 40, { 'Normal Advance podinfo.test primary weight 80',
    'Normal Advance podinfo.test primary weight 100' }, { analysis = IN_STEPS }),
  ['in steps, after the last one'] = story('Promoting', 20, { 'Normal Advance podinfo.test primary weight 100' },
    { analysis = IN_STEPS, share = 0 }),
  ['with the traffic back'] = story('Finalising', 0, {}),
  ['with the traffic back and the target at zero'] = story('Finalising', 0, {}, { replicas = 0 }),
}

local function expected(told)
  local texts = { unpack(told.texts) }
  for _, text in ipairs(FINISHED) do
    texts[#texts + 1] = text
  end
  return texts
end

local function check(world)
  assert.equal('Succeeded', world.phase, world:story())
  assert.is_nil(world.world:expect_rest())
  assert.is_nil(world.broken, world:story())
  assert.equal('target: 0', 'target: ' .. world.last.target)
  assert.same({ 'post-rollout hook after' }, world.delivered)
  local releases = world.world:list('releases.sluice.dev', 'test')
  assert.equal(1, #releases)
  assert.is_true(releases[1].spec.finishing)
end

describe('Flagger died while it promoted,', function()
  after_each(World.close_all)

  for i, name in ipairs(world_stories.sorted(STORIES)) do
    local told = STORIES[name]
    told.sparse, told.offset = 4, i -- each elsewhere: together they leave no place out
    describe(name .. ',', function()
      it('and the promotion is finished', function()
        local world = make(told):finish():settle()
        check(world)
        assert.same(expected(told), world.texts)
      end)

      it('wherever its engine is killed #deaths', function()
        killing.before_the_same_end(make, told, check, function(world)
          return world.phase
        end)
      end)
    end)
  end

  -- As in Flagger. That a target is another one by now does not make the primary less promoted.
  it('and the target has changed since: that is a new revision, after the promotion', function()
    local world = make(story('Promoting', 50, {}, { target = 'podinfo:3', hooks = { after = 'post-rollout' } }))
    world.world:version('podinfo:3', { errors = 0 })
    world:_await('the end of both releases', function()
      return world.phase == 'Succeeded' and world.last.primary == 'podinfo:3'
    end)
    assert.equal('Normal Promotion completed! Scaling down podinfo.test', world.texts[3], world:story())
    assert.equal('Normal New revision detected! Scaling up podinfo.test', world.texts[4])
    local releases = world.world:list('releases.sluice.dev', 'test')
    assert.equal(2, #releases)
    assert.is_false(releases[2].spec.finishing)
    assert.is_false(releases[2].spec.restarted)
  end)

  it('and the release of its successor is lost: the next one finishes it, too', function()
    local world = make(story('Promoting', 50, { ROUTED }))
    world:_await('the release', function()
      return world.world:list('releases.sluice.dev', 'test')[1] ~= nil
    end)
    world.world:run '3s'
    world.world:delete('releases.sluice.dev', 'test', 'podinfo-1')
    check(world:finish():settle())
  end)
end)

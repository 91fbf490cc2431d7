--- One side of a running release has nothing that could answer: the target was deleted or scaled to zero by hand, or
--- the primary was deleted and nobody lets the engine make it again. Nothing moves until the progress deadline, which
--- an engine that starts goes on counting; then the release is taken back, as far as there is somewhere to lead
--- requests.
local World = require 'spec.world'
local last_of, times_told = World.last_of, World.times_told

local DEADLINE_S = 120
local ANALYSIS = { stepWeight = 10, maxWeight = 50 }

local function share(world)
  return tonumber(last_of(world, 'traffic'):match 'podinfo%-canary (%d+)')
end

local function waiting(world)
  local condition = world:condition 'Waiting'
  return condition and condition.reason .. ': ' .. condition.message or 'nothing'
end

local function release(world)
  return world:release().status
end

--- A release at weight 30; a blind one has no metrics.
local function begin(blind)
  local world = World.new { analysis = ANALYSIS }
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  canary.spec.progressDeadlineSeconds = DEADLINE_S
  if blind then
    canary.spec.analysis.metrics = nil
  end
  world.world:update(canary)
  world:initialise():push().world:run('10m', function()
    return share(world) == 30
  end)
  world.world:run '2s'
  return world
end

local function edit(world, name, change)
  local deployment = world.world:get('deployments.apps', 'test', name)
  change(deployment)
  world.world:update(deployment)
end

local function refuse_deployments(world)
  world.world:fates(function(request)
    if world.forbidden and request.method ~= 'GET' and request.url:find '/deployments' then
      return { status = 403, body = '{"kind":"Status","status":"Failure","code":403,"message":"no deployments"}' }
    end
  end)
  world.forbidden = true
end

--- Seconds until `is_there`.
local function seconds_until(world, is_there)
  local began = world.world:now()
  assert.is_true(world.world:run('30m', is_there))
  return (world.world:now() - began) / 1000
end

describe('a side that is gone in mid-run', function()
  after_each(World.close_all)

  for name, take in pairs {
    ['deleted'] = function(world)
      world.world:delete('deployments.apps', 'test', 'podinfo')
    end,
    ['scaled to zero by hand'] = function(world)
      edit(world, 'podinfo', function(deployment)
        deployment.spec.replicas = 0
      end)
    end,
  } do
    for _, deaths in ipairs { 0, 3 } do
      it(string.format('has the progress deadline to come back when it is the target, %s, with %d deaths of the engine',
        name, deaths), function()
        local world = begin()
        take(world)
        world.world:run '12s' -- until the next round has seen it
        local began = world.world:now()
        for _ = 1, deaths do
          world.world:run '35s'
          assert.equal(30, share(world))
          world.world:kill_engine()
        end
        seconds_until(world, function()
          return share(world) == 0
        end)
        local seconds = (world.world:now() - began) / 1000
        assert.is_true(seconds >= DEADLINE_S - 12 and seconds <= DEADLINE_S + 12, seconds .. ' s')
        world.world:run '1m'
        assert.equal('Failed', world.phase)
        assert.matches('^never ready: canary deployment podinfo.test not ready', release(world).reason)
      end)
    end

    it('is judged again when it comes back in time, and counts anew when it goes again, ' .. name, function()
      local world = begin()
      local target = world.world:get('deployments.apps', 'test', 'podinfo')
      take(world)
      world.world:run(DEADLINE_S - 30 .. 's')
      assert.equal(30, share(world))
      if world.world:get('deployments.apps', 'test', 'podinfo') then
        edit(world, 'podinfo', function(deployment)
          deployment.spec.replicas = 1
        end)
      else
        target.metadata = { name = 'podinfo', namespace = 'test', labels = target.metadata.labels }
        target.status = nil
        world.world:create(target)
      end
      world.world:run('1m', function()
        return share(world) == 40
      end)
      assert.equal(40, share(world))
      take(world)
      world.world:run '20s'
      world.world:kill_engine()
      world.world:run(DEADLINE_S - 40 .. 's')
      assert.equal(40, share(world))
      seconds_until(world, function()
        return share(world) == 0
      end)
    end)
  end

  it('is given back without a metric, too', function()
    local world = begin(true)
    edit(world, 'podinfo', function(deployment)
      deployment.spec.replicas = 0
    end)
    local seconds = seconds_until(world, function()
      return share(world) == 0
    end)
    assert.is_true(seconds <= DEADLINE_S + 12, seconds .. ' s')
    world.world:run '10s'
    assert.equal('Failed', world.phase)
    assert.equal(0, times_told(world, 'must not grow while it is not ready'))
  end)

  for _, deaths in ipairs { 0, 2 } do
    local text = string.format('keeps its share when the primary cannot be made again, with %d deaths', deaths)
    it(text, function()
      local world = begin()
      refuse_deployments(world)
      world.world:delete('deployments.apps', 'test', 'podinfo-primary')
      world.world:run '12s'
      for _ = 1, deaths do
        world.world:run '40s'
        world.world:kill_engine()
      end
      local seconds = seconds_until(world, function()
        return release(world).state == 'RollingBack'
      end)
      assert.is_true(seconds <= DEADLINE_S - deaths * 40 + 12, seconds .. ' s')
      world.world:run '10m'
      assert.equal(30, share(world))
      assert.matches('^never ready: podinfo%-primary.test not ready: deployment not found for 2m0s',
        release(world).reason)
      assert.matches('^OrderFailed: the canary of podinfo.test keeps its share of 30%%', waiting(world))
      assert.equal(1, times_told(world, 'Warning the canary of podinfo.test keeps its share of 30%'))
      assert.equal('target: 1', last_of(world, 'target'))
      world.forbidden = false
      world:finish()
      assert.equal('Failed', world.phase)
      assert.equal(0, share(world))
      assert.equal('target: 0', last_of(world, 'target'))
      world.world:run '1m'
      assert.equal('nothing', waiting(world))
    end)
  end

  it('goes on when the primary can be made again in time', function()
    local world = begin()
    refuse_deployments(world)
    world.world:delete('deployments.apps', 'test', 'podinfo-primary')
    world.world:run '1m'
    assert.equal(30, share(world))
    assert.matches('podinfo%-primary', waiting(world))
    world.forbidden = false
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.equal(0, share(world))
  end)

  it('keeps its share for another revision, too, until there is a primary', function()
    local world = begin()
    world.world:version('podinfo:3', { errors = 0 })
    refuse_deployments(world)
    world.world:delete('deployments.apps', 'test', 'podinfo-primary')
    world.world:run '30s'
    edit(world, 'podinfo', function(deployment)
      deployment.spec.template.spec.containers[1].image = 'podinfo:3'
    end)
    world.world:run '10m'
    assert.equal(30, share(world))
    world.forbidden = false
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.equal('primary: podinfo:3', last_of(world, 'primary'))
  end)
end)

--- A tracked ConfigMap that changes while a release is taken back: the primary keeps what it had, and the change is a
--- revision of its own, which is judged like any other. No death of the engine loses it.
local World = require 'spec.world'

local CONFIG = '{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: test}, data: {colour: red}}'

--- A release that will be taken back, of a Canary that reads the ConfigMap.
local function bad_release()
  local world = World.new { analysis = { stepWeights = { 50 } }, version = { errors = 1 } }
  world.world:create(CONFIG)
  local target = world.world:get('deployments.apps', 'test', 'podinfo')
  target.spec.template.spec.containers[1].envFrom = { { configMapRef = { name = 'settings' } } }
  world.world:update(target)
  world:initialise():push()
  return world
end

local function colour(world, name)
  return world.world:get('configmaps', 'test', name).data.colour
end

local function change(world)
  local config = world.world:get('configmaps', 'test', 'settings')
  config.data.colour = 'blue'
  world.world:update(config)
end

--- Until the rollback has begun, and so long after.
local function await_rollback(world, later)
  world:_await('the rollback', function()
    return world.told['Warning Rolling back podinfo.test failed checks threshold reached 2'] ~= nil
  end)
  world.world:run(later)
end

local function check_end(world)
  world:_await('the end of the second release', function()
    return #world.world:list('releases.sluice.dev', 'test') == 2 and world.phase == 'Failed' and world.state == 'Failed'
  end)
  world:settle()
  assert.is_nil(world.world:broken(), world:story())
  assert.equal(2, #world.world:list('releases.sluice.dev', 'test'))
  assert.equal('blue', colour(world, 'settings'))
  assert.equal('red', colour(world, 'settings-primary'))
  assert.equal('podinfo:1', world.last.primary)
  assert.is_nil(world.world:expect_rest())
end

describe('a tracked ConfigMap that changes during a rollback', function()
  after_each(World.close_all)

  for _, later in ipairs { '0s', '1ms', '100ms', '1s', '4s', '5s', '6s' } do
    it('is judged by a release of its own, ' .. later .. ' after the rollback has begun', function()
      local world = bad_release()
      await_rollback(world, later)
      change(world)
      check_end(world)
    end)

    it('is so though the engine dies ' .. later .. ' after the rollback has begun', function()
      local world = bad_release()
      await_rollback(world, later)
      change(world)
      world.world:kill_engine()
      check_end(world)
    end)
  end
end)

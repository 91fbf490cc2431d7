--- A Canary that names another target while its Service keeps its name: users are led to the primary of that target
--- once it is ready, and nothing is analysed, as the primary was made from what the target is.
local World = require 'spec.world'
local sluice = require 'sluice'

local WEIGHTS = { stepWeight = 20, maxWeight = 40 }

local TARGET = [[
apiVersion: apps/v1
kind: Deployment
metadata: {name: renamed, namespace: test, labels: {app: renamed}}
spec:
  replicas: 1
  selector: {matchLabels: {app: renamed}}
  template:
    metadata: {labels: {app: renamed}}
    spec: {containers: [{name: podinfod, image: 'podinfo:2'}]}
]]

--- Services of users that led to a Deployment without Pods.
local function watch_users(world)
  world.astray, world.ends = {}, {}
  world.world:watch('services', function(service)
    local name = service.spec.selector and service.spec.selector.app
    if service.metadata.name == 'web-canary' or world.ends[service.metadata.name] == name then
      return
    end
    world.ends[service.metadata.name] = name
    local deployment = world.world:get('deployments.apps', 'test', name)
    if world.phase and not (deployment and (deployment.status.availableReplicas or 0) > 0) then
      world.astray[#world.astray + 1] = service.metadata.name .. ' to ' .. name
    end
  end)
end

local function change(world, edit)
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  edit(canary.spec)
  world.world:update(canary)
end

local function begin(skips)
  local world = World.new { analysis = WEIGHTS }
  change(world, function(spec)
    spec.service.name, spec.skipAnalysis = 'web', skips
  end)
  world:initialise():settle()
  watch_users(world)
  return world
end

local function rename(world)
  world.world:delete('deployments.apps', 'test', 'podinfo')
  world.world:create(TARGET)
  change(world, function(spec)
    spec.targetRef.name = 'renamed'
  end)
end

local function releases(world)
  return #world.world:list('releases.sluice.dev', 'test')
end

--- Until the renamed one is initialised.
local function settle(world)
  world:_await('the initialisation of the renamed target', function()
    return world.phase == 'Initialized' and world.ends.web == 'renamed-primary'
  end)
  world:settle()
end

local function check(world, count)
  assert.same({}, world.astray)
  assert.equal('renamed-primary', world.ends.web)
  assert.equal('renamed-primary', world.ends['web-primary'])
  assert.equal('Initialized', world.phase)
  assert.equal(count, releases(world), world:story())
  assert.equal(0, world.world:get('deployments.apps', 'test', 'renamed').spec.replicas)
  assert.is_nil(world.broken)
end

describe('a target that is renamed', function()
  after_each(World.close_all)

  it('at rest is initialised, without a release', function()
    local world = begin()
    rename(world)
    settle(world)
    check(world, 0)
  end)

  it('is so without an analysis, too', function()
    local world = begin(true)
    rename(world)
    settle(world)
    check(world, 0)
  end)

  it('in mid-run ends the release, and no other one begins', function()
    local world = begin():push()
    world:_await('a share', function()
      return (world.last.canary or ''):find 'weight 20'
    end)
    rename(world)
    settle(world)
    check(world, 1)
  end)

  it('and has its own name back is at its old primary again, without a release', function()
    local world = begin()
    local target = world.world:get('deployments.apps', 'test', 'podinfo')
    rename(world)
    settle(world)
    target.metadata = { name = 'podinfo', namespace = 'test', labels = { app = 'podinfo' } }
    target.status = nil
    world.world:create(target)
    change(world, function(spec)
      spec.targetRef.name = 'podinfo'
    end)
    world:_await('the old primary', function()
      return world.phase == 'Initialized' and world.ends.web == 'podinfo-primary'
    end)
    world:settle()
    assert.same({}, world.astray)
    assert.equal(0, releases(world), world:story())
  end)

  it('and is another revision than its old primary is released', function()
    local world = begin()
    rename(world)
    settle(world)
    world.world:create((TARGET:gsub('renamed', 'podinfo')))
    change(world, function(spec)
      spec.targetRef.name = 'podinfo'
    end)
    world:_await('the release', function()
      return releases(world) == 1
    end)
    world:finish():settle()
    assert.equal('podinfo:2', world.last.primary)
    assert.same({}, world.astray)
  end)

  it('is initialised, wherever its engine dies #deaths', function()
    local first = begin()
    local from = first.world:requests() + 1
    rename(first)
    settle(first)
    local last = first.world:requests()
    first:close()
    local strokes = { 'before', 'served', 'answered' }
    for _, place in ipairs(sluice.places { first = from, last = last, strokes = strokes, in_turn = true }) do
      local world = begin()
      world.world:strike_at(place.request, place.stroke)
      rename(world)
      settle(world)
      check(world, 0)
      world:close()
    end
  end)
end)

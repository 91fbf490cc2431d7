--- An engine that starts claims the release that is under way, and writes its record. When the API server refuses that,
--- or refuses the Release of another revision, the share that was given is judged, or taken back, all the same.
local World = require 'spec.world'
local last_of, times_told = World.last_of, World.times_told

local function share(world)
  return tonumber(last_of(world, 'traffic'):match 'podinfo%-canary (%d+)')
end

local function refuse_releases(world, verb)
  world.refused = 0
  world.world:fates(function(request)
    if world.forbidden and request.method == verb and request.url:find '/releases' then
      world.refused = world.refused + 1
      return { status = 403, body = '{"kind":"Status","status":"Failure","code":403,"message":"no releases"}' }
    end
  end)
  world.forbidden = true
end

local function begin()
  local world = World.new { analysis = { stepWeight = 10, maxWeight = 50 } }
  world.world:version('podinfo:3', { errors = 0 })
  world:initialise():push().world:run('10m', function()
    return share(world) == 30
  end)
  world.world:run '2s'
  return world
end

describe('a release that nobody can claim', function()
  after_each(World.close_all)

  it('is judged after a while, and taken back', function()
    local world = begin()
    refuse_releases(world, 'PATCH')
    world.world:kill_engine()
    world.world:version('podinfo:2', { errors = 0.6 })
    local began = world.world:now()
    assert.is_true(world.world:run('10m', function()
      return share(world) == 0
    end))
    assert.is_true(world.world:now() - began < 5 * 60 * 1000)
    assert.equal(1, times_told(world, 'Rolling back podinfo.test failed checks threshold reached 2'))
    world.world:run '30m'
    assert.equal(1, times_told(world, 'Warning the record of Release podinfo-1.test is refused: '))
    assert.is_true(world.refused < 60, world.refused .. ' writes were refused')
    world.forbidden = false
    world:finish()
    assert.equal('Failed', world.phase)
    local release = world.world:list('releases.sluice.dev', 'test')[1]
    assert.equal(2, release.status.epoch)
  end)

  it('is promoted after a while when it is good', function()
    local world = begin()
    refuse_releases(world, 'PATCH')
    world.world:kill_engine()
    assert.is_true(world.world:run('30m', function()
      return world.phase == 'Succeeded'
    end))
    assert.equal(0, share(world))
    world.forbidden = false
    world:finish()
    assert.equal('primary: podinfo:2', last_of(world, 'primary'))
  end)

  it('is claimed when that is allowed in time', function()
    local world = begin()
    refuse_releases(world, 'PATCH')
    world.world:kill_engine()
    world.world:run '20s'
    assert.equal(30, share(world))
    world.forbidden = false
    world:finish()
    assert.equal('Succeeded', world.phase)
  end)

  it('is left to the engine that claims it meanwhile', function()
    local world = begin()
    refuse_releases(world, 'PATCH')
    world.world:kill_engine()
    world.world:run('3m', function()
      return share(world) == 40
    end)
    world.forbidden = false
    local release = world.world:list('releases.sluice.dev', 'test')[1]
    release.status.epoch, release.status.holder, release.status.serial = 9, 'another', release.status.serial + 1
    world.world:update(release, 'status')
    world.world:run '9s' -- by then the engine has dropped it, and does not claim it at once
    local last = world.world:list('releases.sluice.dev', 'test')[1]
    assert.same({ 'another', 9 }, { last.status.holder, last.status.epoch })
    assert.equal(40, share(world))
  end)

  it('begins only when it is claimed, as it has given no share', function()
    local world = World.new { analysis = { stepWeight = 10, maxWeight = 50 } }
    world:initialise()
    refuse_releases(world, 'PATCH')
    world:push().world:run '30m'
    assert.equal(0, share(world))
    assert.equal('target: 0', last_of(world, 'target'))
    world.forbidden = false
    world:finish()
    assert.equal('Succeeded', world.phase)
  end)

  it('has no share left when it is the Release of another revision that is refused', function()
    local world = begin()
    refuse_releases(world, 'POST')
    local target = world.world:get('deployments.apps', 'test', 'podinfo')
    target.spec.template.spec.containers[1].image = 'podinfo:3'
    world.world:update(target)
    world.world:run '2m'
    assert.equal(0, share(world))
    world.forbidden = false
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.equal('primary: podinfo:3', last_of(world, 'primary'))
  end)
end)

--- The Canary's status is what people read and what Flagger's counters stand in. When its writes are refused, a release
--- is judged all the same: its record counts. The engine writes seldom, and tells the refusal once.
local World = require 'spec.world'
local last_of, times_told = World.last_of, World.times_told

local MATCH = { { headers = { ['x-canary'] = { exact = 'insider' } } } }
local STRATEGIES = {
  canary = { stepWeight = 10, maxWeight = 50 },
  ['A/B test'] = { iterations = 5, match = MATCH },
  ['blue/green'] = { iterations = 5 },
}

local function refuse_status(world, answer)
  world.refused = 0
  world.world:fates(function(request)
    if world.forbidden and request.method ~= 'GET' and request.url:find '/canaries/podinfo/status' then
      world.refused = world.refused + 1
      return answer or { status = 403, body = '{"kind":"Status","status":"Failure","code":403,"message":"not today"}' }
    end
  end)
  world.forbidden = true
end

local function canary_share(world)
  local texts = {}
  for share in last_of(world, 'traffic'):gmatch 'podinfo%-canary (%d+)' do
    texts[#texts + 1] = share
  end
  return table.concat(texts, ' ')
end

local function counters(world)
  local release = world:release()
  return release and release.status and release.status.counters or {}
end

--- In mid-analysis, and from now on the status is refused.
local function begin(analysis, answer)
  local world = World.new { analysis = analysis }
  world:initialise():push().world:run('10m', function()
    local line = last_of(world, 'canary')
    return line:find 'weight [1-9]' or line:find 'iteration [1-9]'
  end)
  refuse_status(world, answer)
  return world
end

describe('a status that nobody can write', function()
  after_each(World.close_all)

  for name, analysis in pairs(STRATEGIES) do
    it('keeps no release from being judged, with the strategy ' .. name, function()
      local world = begin(analysis)
      world.world:version('podinfo:2', { errors = 0.6 })
      local began = world.world:now()
      world.world:run('30m', function()
        return counters(world).failedChecks == 1
      end)
      world.world:kill_engine()
      world.world:run('30m', function()
        return world:release().status.state == 'RollingBack' and canary_share(world) == '0'
      end)
      assert.equal('0', canary_share(world))
      assert.is_true(world.world:now() - began < 120 * 1000)
      world.world:run '30m'
      assert.equal(2, times_told(world, 'Halt podinfo.test advancement success rate'))
      assert.equal(1, times_told(world, 'Rolling back podinfo.test failed checks threshold reached 2'))
      assert.equal(1, times_told(world, 'counts on in its own record'))
      assert.equal(1, times_told(world, 'has been waiting for 10m0s: updating canary podinfo.test status failed'))
      assert.is_true(world.refused < 120, world.refused .. ' writes were refused')
      world.forbidden = false
      world:finish()
      assert.equal('Failed', world.phase)
      assert.equal('canary: Failed, weight 0, iteration 0, 0 failed', last_of(world, 'canary'))
    end)

    it('keeps no good revision from the promotion, with the strategy ' .. name, function()
      local world = begin(analysis)
      world.world:run('30m', function()
        return last_of(world, 'primary') == 'primary: podinfo:2'
      end)
      world.world:run '5m'
      assert.equal('primary: podinfo:2', last_of(world, 'primary'))
      world.forbidden = false
      world:finish()
      assert.equal('Succeeded', world.phase)
      assert.equal('canary: Succeeded, weight 0, iteration 0, 0 failed', last_of(world, 'canary'))
      assert.equal('0', canary_share(world))
    end)
  end

  it('has the counters of the record with its next write', function()
    local world = begin(STRATEGIES.canary)
    world.world:version('podinfo:2', { errors = 0.6 })
    world.world:run('30m', function()
      return counters(world).failedChecks == 1
    end)
    world.forbidden = false
    world.world:version('podinfo:2', { errors = 0 })
    world.world:run('30m', function()
      local line = last_of(world, 'canary')
      return line:find '1 failed' or line:find '2 failed'
    end)
    assert.matches('[12] failed', last_of(world, 'canary'))
    world:finish()
    assert.is_nil(counters(world).failedChecks)
  end)

  it('is refused by a hook of the API server that fails, too', function()
    local world = begin(STRATEGIES.canary, { status = 500,
      body = '{"kind":"Status","status":"Failure","code":500,"message":"failed calling webhook"}' })
    world.world:version('podinfo:2', { errors = 0.6 })
    world.world:run '5m'
    assert.equal('0', canary_share(world))
    world.forbidden = false
    world:finish()
    assert.equal('Failed', world.phase)
  end)

  it('is asked for seldom while the Canary waits or is refused', function()
    local world = World.new { analysis = STRATEGIES.canary }
    world:initialise()
    refuse_status(world)
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.spec.analysis.sessionAffinity = { cookieName = 'x' }
    world.world:update(canary)
    world.world:run '1h'
    assert.equal(1, times_told(world, 'canary podinfo.test is refused: '))
    assert.equal(1, times_told(world, 'Warning updating canary podinfo.test status failed'))
    assert.is_true(world.refused < 80, world.refused .. ' writes were refused')
    world.forbidden = false
    world.world:run '2m'
    canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    local last = canary.status.conditions[#canary.status.conditions]
    assert.same({ 'Accepted', 'False' }, { last.type, last.status })
  end)
end)

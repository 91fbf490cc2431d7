--- The checks for few requests that the engine brings, in whole releases; and one of a team's own by the same words.
local World = require 'spec.world'

--- A world whose Canary names a check; a tenth, then half, of 60 requests a minute are the canary's.
local function judged_by(reference, version)
  local world = World.new { version = version, analysis = { stepWeights = { 10, 50 }, threshold = 1, interval = '1m',
    metrics = { { name = 'judged', interval = '1m', checkRef = reference } } } }
  world.world:traffic('web.test', 1)
  world.world:traffic('web.test', 0, { ['x-canary'] = 'insider' })
  world.world:traffic('podinfo-canary.test', 0)
  return world
end

describe('the check', function()
  after_each(World.close_all)

  describe('sequential-success-rate', function()
    it('promotes a good version at six requests a minute, and takes a bad one back', function()
      local good = judged_by { name = 'sequential-success-rate', params = { at_least = '10%' } }
      good:initialise():push():finish()
      assert.equal('Succeeded', good.phase, good:story())
      assert.is_string(good:first_told 'judged is blind: 0 of %d requests to the canary failed, 0 of 5%d to the ')
      local evidence = good:release().status.evidence
      local last = evidence[#evidence]
      assert.same({ 'pass', true }, { last.verdict, last.samples >= last.needed })
      local bad = judged_by({ name = 'sequential-success-rate' }, { errors = 0.3 })
      bad:initialise():push():finish()
      assert.equal('Failed', bad.phase, bad:story())
      assert.is_string(bad:first_told(
        'judged: %d of %d+ requests to the canary failed, 0 of %d+ to the primary, at most 2 wanted'), bad:story())
    end)

    it('is the object of that name first, where there is one', function()
      local world = judged_by { name = 'sequential-success-rate' }
      world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Check',
        metadata = { name = 'sequential-success-rate', namespace = 'test' },
        spec = { script = [[
          return require 'stdlib.check' { name = 'own', run = function(c) return c:judge(1, { max = 2 }) end }]] } }
      world:initialise():push():finish()
      assert.equal('Succeeded', world.phase)
      assert.is_nil(world:first_told 'is blind')
    end)

    it('is told what is wrong with its parameters before any traffic moves', function()
      local world = judged_by { name = 'sequential-success-rate', params = { horizon = 5, alhpa = 1 } }
      world.world:run '2m'
      local message = world:condition('Accepted').message
      assert.matches('checkRef.params.horizon: at least 20 is wanted, got 5', message, 1, true)
      assert.matches('checkRef.params.alhpa: there is no such parameter, known are alpha', message, 1, true)
    end)
  end)

  it('latency-regression takes a slow version back, and promotes one that is not', function()
    local slow = judged_by({ name = 'latency-regression', params = { quantile = 0.9 } },
      { latency_ms = 200, latency_p99_ms = 900 })
    slow:initialise():push():finish()
    assert.equal('Failed', slow.phase, slow:story())
    assert.is_string(slow:first_told(
      'requests to the canary took more than %d+ ms, %d+ of %d+ to the primary, at most %d+ wanted'), slow:story())
    local same = judged_by { name = 'latency-regression', params = { quantile = 0.9 } }
    same:initialise():push():finish()
    assert.equal('Succeeded', same.phase, same:story())
  end)

  it('burn-rate takes a version back that uses the budget up, once there are requests enough', function()
    local reference = { name = 'burn-rate', params = { objective = 99 } }
    local bad = judged_by(reference, { errors = 0.3 })
    bad:initialise():push():finish()
    assert.equal('Failed', bad.phase, bad:story())
    assert.is_string(bad:first_told(
      'judged: the error budget goes %d+%.%d times as fast as it may over 1h and 5m, at most 14.4 wanted'), bad:story())
    local good = judged_by(reference)
    good:initialise():push():finish()
    assert.equal('Succeeded', good.phase, good:story())
    assert.is_string(good:first_told 'judged is blind: %d of 7 requests: one error alone would be a burn rate above 14')
  end)

  it("of a team's own counts and judges by the same words", function()
    local world = judged_by({ name = 'own' }, { errors = 0.3 })
    world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Check',
      metadata = { name = 'own', namespace = 'test' }, spec = { script = [[
local sequential, stats = require 'stdlib.sequential', require 'stdlib.stats'
local QUERY = 'sum(increase(istio_requests_total{destination_workload="WORKLOAD"%s}[WINDOW])) or vector(0)'
return require 'stdlib.check' { name = 'own', params = sequential.params(), run = function(c)
  local counts, cause = sequential.count(c, { all = QUERY:format '', bad = QUERY:format ',response_code="500"' })
  if not counts then
    return c:blind(cause)
  end
  local lasts = tonumber(sequential.window(c):match '%d+')
  assert(lasts > 0 and stats.max_sprt { horizon = 60, ratio = 9 }.false_alarms <= 0.05)
  return sequential.judge(c, counts, { did = 'broke', at_least = 0.1 })
end }]] } }
    world:initialise():push():finish()
    assert.equal('Failed', world.phase, world:story())
    assert.is_string(world:first_told 'requests to the canary broke, 0 of %d+ to the primary, at most 2 wanted')
  end)
end)

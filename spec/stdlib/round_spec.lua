local World = require 'spec.fake_host'

describe('stdlib.round', function()
  after_each(World.prove_closed)

  local HOOKS = {
    { name = 'smoke', type = 'pre-rollout' },
    { name = 'load' },
    { name = 'back', type = 'rollback' },
    { name = 'after', type = 'post-rollout' },
  }

  --- A world in the middle of a release, with one word in progress.
  local function world_in(options)
    options.analysis = options.analysis or { stepWeight = 20, maxWeight = 60, threshold = 2, webhooks = HOOKS }
    options.answers = options.answers or { back = 'no' }
    options.status = options.status
      or { phase = 'Progressing', weight = 0, iterations = 0, failed_checks = 0, applied = 'r2', promoted = 'r1' }
    options.replicas = 2
    options.pinned = 'r2'
    return World.new(options)
  end

  --- Runs one round. The result is nil when the release ended in it.
  local function round(options)
    local result
    local world
    options.script = function(rollout)
      result = rollout:word('round', {}, world:require 'stdlib.round'.run)
      world.told = rollout:take_pending()
      world:call('finish', { skipped = false })
    end
    world = world_in(options)
    world:run()
    return result, world
  end

  local function canary_at(weight, mirrored)
    return { primary = 100 - weight, canary = weight, mirrored = mirrored or false }
  end

  it('looks at things in order', function()
    local _, world = round {
      route = canary_at(20),
      analysis = {
        stepWeight = 20,
        webhooks = HOOKS,
        metrics = { { name = 'errors', query = 'errors', threshold = 200 } },
      },
    }
    assert.same({
      'spec',
      'ready primary',
      'ready canary',
      'facts',
      'hooks rollback',
      'hooks rollout',
      'query',
      'act',
      'finish',
    }, world.calls)
  end)

  it('begins with the pre-rollout hooks, without an analysis', function()
    local result, world = round {}
    assert.is_true(result.passed)
    assert.equal(20, result.next_weight)
    assert.same({
      'Normal: Rollback hook back not signaling a rollback',
      'Normal: Starting canary analysis for podinfo.test',
      'hook pre-rollout smoke (Progressing)',
    }, world:lines())
    assert.equal('Pre-rollout check smoke passed', world.told[1].message)
  end)

  it('counts a pre-rollout hook that fails and begins again', function()
    local result, world = round { answers = { back = 'no', smoke = 'not today' } }
    assert.is_false(result.passed)
    assert.same({
      'Normal: Rollback hook back not signaling a rollback',
      'Normal: Starting canary analysis for podinfo.test',
      'hook pre-rollout smoke (Progressing)',
      'Warning: Halt podinfo.test advancement pre-rollout check smoke failed not today',
      'status failed_checks=1',
    }, world:lines())
  end)

  it('tells of the pre-rollout hooks that passed before one failed', function()
    local _, world = round {
      analysis = { webhooks = { { name = 'one', type = 'pre-rollout' }, { name = 'two', type = 'pre-rollout' } } },
      answers = { two = 'no' },
    }
    assert.same({
      'Starting canary analysis for podinfo.test',
      'Pre-rollout check one passed',
      'Halt podinfo.test advancement pre-rollout check two failed no',
    }, world:events())
  end)

  for name, case in pairs {
    ['a share'] = { route = canary_at(20) },
    ['an iteration'] = { status = { phase = 'Progressing', weight = 0, iterations = 1, failed_checks = 0 } },
    ['iteration -1, of a gate that is closed'] = {
      status = { phase = 'WaitingPromotion', weight = 0, iterations = -1, failed_checks = 0 },
    },
    ['mirrored requests'] = {
      route = canary_at(0, true),
      analysis = { stepWeight = 20, mirror = true, webhooks = HOOKS },
    },
  } do
    it('analyses a canary with ' .. name, function()
      local result, world = round(case)
      assert.is_true(result.passed)
      assert.same({ 'hook rollout load (Progressing)' }, world:lines { only = '^hook' })
    end)
  end

  it('does not take a mirror that nobody asked for for an analysis', function()
    local _, world = round { route = canary_at(0, true) }
    assert.same({ 'hook pre-rollout smoke (Progressing)' }, world:lines { only = '^hook' })
  end)

  it('counts an external check that fails, and asks no metric then', function()
    local result, world = round {
      route = canary_at(20),
      analysis = {
        stepWeight = 20,
        threshold = 5,
        webhooks = { { name = 'load' } },
        metrics = { { name = 'errors', query = 'errors' } },
      },
      answers = { load = '' },
    }
    assert.same({ passed = false }, result)
    assert.same({
      'hook rollout load (Progressing)',
      'Warning: Halt podinfo.test advancement external check load failed ',
      'status failed_checks=1',
    }, world:lines())
    assert.same({}, world.queries)
  end)

  it('counts one failure in a round, however many checks fail', function()
    local _, world = round {
      route = canary_at(20),
      analysis = {
        stepWeight = 20,
        threshold = 5,
        metrics = { { name = 'a', query = 'a' }, { name = 'b', query = 'b' } },
      },
    }
    assert.same({
      'Warning: Halt podinfo.test advancement a 100.00 > 0',
      'status failed_checks=1',
    }, world:lines())
  end)

  -- The ends of a release --------------------------------------------------------------------------

  local FAILED = {
    'Warning: Canary failed! Scaling down podinfo.test (Failed)',
    'scale zero',
  }

  local function ends_with(world, expected)
    assert.equal('Failed', world.state)
    local lines = world:lines()
    for i, line in ipairs(expected) do
      assert.equal(line, lines[i])
    end
    for i, line in ipairs(FAILED) do
      assert.equal(line, lines[#expected + i])
    end
  end

  it('is taken back one round after the threshold was reached', function()
    local result, world = round {
      route = canary_at(20),
      status = { phase = 'Progressing', weight = 20, iterations = 0, failed_checks = 2 },
    }
    assert.is_nil(result)
    ends_with(world, {
      'Normal: Rollback hook back not signaling a rollback',
      'Warning: Rolling back podinfo.test failed checks threshold reached 2',
      'route 100/0',
    })
    assert.same({
      'hook post-rollout after (Failed)',
      'Normal: Post-rollout check after passed (Progressing)',
    }, { select(7, unpack(world:lines())) })
  end)

  for threshold, failed in pairs { [0] = 1, [-3] = 1, [1] = 1, [4] = 4 } do
    it(string.format('a threshold of %d is %d', threshold, failed), function()
      local options = function(count)
        return {
          route = canary_at(20),
          analysis = { stepWeight = 20, threshold = threshold },
          status = { phase = 'Progressing', weight = 20, iterations = 0, failed_checks = count },
        }
      end
      assert.is_true((round(options(failed - 1))).passed)
      assert.is_nil((round(options(failed))))
    end)
  end

  it('a threshold that is missing is 1', function()
    assert.is_nil((round {
      analysis = { stepWeight = 20 },
      status = { phase = 'Progressing', weight = 20, iterations = 0, failed_checks = 1 },
    }))
  end)

  it('is taken back when a rollback hook asks for it, threshold or not', function()
    local result, world = round {
      analysis = {
        stepWeight = 20,
        threshold = 2,
        webhooks = { { name = 'one', type = 'rollback' }, { name = 'back', type = 'rollback' } },
      },
      route = canary_at(40),
      status = { phase = 'WaitingPromotion', weight = 0, iterations = -1, failed_checks = 2 },
      answers = { one = 'no' },
    }
    assert.is_nil(result)
    ends_with(world, {
      'Normal: Rollback hook one not signaling a rollback',
      'Warning: Rollback check back passed',
      'Warning: Rolling back podinfo.test manual webhook invoked',
      'Warning: Rolling back podinfo.test failed checks threshold reached 2',
      'route 100/0',
    })
  end)

  for _, side in ipairs { 'primary', 'canary' } do
    it('is taken back when the ' .. side .. ' will never be ready, with no word of why', function()
      local sides = { primary = { ready = true }, canary = { ready = true } }
      sides[side] = { ready = false, never = 'podinfo not ready: it exceeded its progress deadline' }
      local result, world = round { sides = sides, route = canary_at(20) }
      assert.is_nil(result)
      ends_with(world, { 'route 100/0' })
    end)
  end

  it('ends when the routes cannot be read, and counts nothing', function()
    local result, world = round { route_error = 'VirtualService podinfo.test get query error: no' }
    assert.is_false(result.passed)
    assert.same({
      reason = 'RoutesUnknown',
      message = 'VirtualService podinfo.test get query error: no',
      told = false, -- so it is told once, and again after the deadline
    }, result.waiting)
    assert.same({}, world:lines())
  end)

  -- Waiting ------------------------------------------------------------------------------------------

  it('begins anew when it had to wait', function()
    local options = { sides = { primary = { ready = true }, canary = { ready = false } }, route = canary_at(20) }
    local world
    options.script = function(rollout)
      rollout:next_round()
      world.began_at = (rollout.since - 1700000000000) / 1000
      world:call('finish', { skipped = false })
    end
    world = world_in(options)
    world:at(90000, function()
      world.sides.canary = { ready = true }
      world.route = canary_at(30)
    end)
    world:run()
    assert.equal(90, world.began_at)
    assert.same({
      'round {} {"passed":false,"waited":true}',
      'round {} {"iterations":0,"mirrored":false,"mirrors":false,"next_weight":50,"passed":true,'
        .. '"pending":[{"kind":"event","message":"Rollback hook back not signaling a rollback","type":"Normal"}],'
        .. '"total":0,"weight":30}',
    }, world.journal:words())
  end)

  -- skipAnalysis ---------------------------------------------------------------------------------------

  it('promotes at once with skipAnalysis, without looking at the primary', function()
    local result, world = round {
      spec = { skipAnalysis = true, autoscalerRef = { name = 'podinfo' } },
      autoscaler_differs = true,
      sides = { primary = { ready = false }, canary = { ready = true } },
      route = canary_at(20),
      status = { phase = 'Progressing', weight = 20, iterations = 0, failed_checks = 7, applied = 'r2' },
    }
    assert.is_nil(result)
    assert.equal('Succeeded', world.state)
    assert.is_true(world.skipped)
    assert.same({
      'route 100/0',
      'Normal: Copying podinfo.test template spec to podinfo-primary.test',
      'promote r2',
      'autoscaler',
      'scale zero',
      'status phase=Succeeded weight=0 promoted=r2',
      'hook post-rollout after (Succeeded)',
      'Normal: Post-rollout check after passed',
      'Normal: Promotion completed! Canary analysis was skipped for podinfo.test',
    }, world:lines())
  end)

  it('tells what went wrong with skipAnalysis and leaves it to the next round', function()
    local result, world = round {
      spec = { skipAnalysis = true },
      fail = function(_, effect)
        return effect.kind == 'scale' and 'scaling failed' or nil
      end,
    }
    assert.is_false(result.passed)
    assert.same({
      'Normal: Copying podinfo.test template spec to podinfo-primary.test',
      'promote r2',
      'Warning: scaling failed',
    }, world:lines())
  end)

  it('reports a post-rollout hook that fails and skips the rest', function()
    local _, world = round {
      spec = { skipAnalysis = true },
      analysis = { webhooks = { { name = 'one', type = 'post-rollout' }, { name = 'two', type = 'post-rollout' } } },
      answers = { one = 'no' },
    }
    assert.equal('Succeeded', world.state)
    assert.same({
      'Copying podinfo.test template spec to podinfo-primary.test',
      'Post-rollout hook one failed no',
      'Promotion completed! Canary analysis was skipped for podinfo.test',
    }, world:events())
  end)

  -- What strategies learn --------------------------------------------------------------------------------

  it('does not pass when the next step does not grow', function()
    assert.is_false((round { route = canary_at(20), analysis = { stepWeight = 0 } }).passed)
    assert.is_false((round { route = canary_at(30), analysis = { stepWeights = { 30, 20, 50 } } }).passed)
    assert.is_true((round { route = canary_at(20), analysis = { iterations = 3 } }).passed)
  end)

  it('describes itself', function()
    assert.same({
      passed = true,
      weight = 0,
      mirrored = true,
      mirrors = true,
      iterations = 2,
      total = 5,
      next_weight = 10,
    }, (round {
      route = canary_at(0, true),
      analysis = { iterations = 5, stepWeight = 10, mirror = true },
      status = { phase = 'Progressing', weight = 0, iterations = 2, failed_checks = 0 },
    }))
  end)
end)

local World = require 'spec.fake_host'
local stories = require 'spec.stories'

local closed_until = stories.closed_until

describe('strategies.ab_test', function()
  after_each(World.prove_closed)

  local function release(options)
    options.strategy = 'ab_test'
    return stories.release(options)
  end

  local function iterations(world)
    return world:lines { times = true, only = 'canary iteration' }
  end

  -- N iterations: N advancing ticks, one that promotes, Promoting, Finalising (docs/flagger.md, "Ticks of a release").
  for total = 1, 5 do
    it(string.format('takes %d ticks after the one that finds the revision', total + 3), function()
      local metrics = { { name = 'a', query = 'a', threshold = 100 } }
      local world = release { analysis = { iterations = total, metrics = metrics } }
      assert.equal(10 * (total + 3), world:seconds())
      assert.equal(total, #world.queries)
      assert.equal(total, #iterations(world))
      assert.equal('Succeeded', world.status.phase)
      assert.equal('r2', world.primary_revision)
    end)
  end

  it('tells the whole story', function()
    local world = release {
      analysis = {
        iterations = 2,
        webhooks = {
          { name = 'go', type = 'confirm-rollout' },
          { name = 'smoke', type = 'pre-rollout' },
          { name = 'load' },
          { name = 'more', type = 'confirm-traffic-increase' },
          { name = 'ok', type = 'confirm-promotion' },
          { name = 'after', type = 'post-rollout' },
        },
      },
      answers = { more = 'is not asked' },
    }
    assert.same({
      '0s Normal: Confirm-rollout check go passed',
      '0s Normal: New revision detected! Scaling up podinfo.test (Progressing)',
      '0s scale up',
      '0s status phase=Progressing applied=r2',
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s hook pre-rollout smoke (Progressing)',
      '10s Normal: Pre-rollout check smoke passed',
      '10s route 0/100',
      '10s status iterations=1',
      '10s Normal: Advance podinfo.test canary iteration 1/2',
      '20s hook rollout load (Progressing)',
      '20s status iterations=2',
      '20s Normal: Advance podinfo.test canary iteration 2/2',
      '30s hook rollout load (Progressing)',
      '30s Normal: Confirm-promotion check ok passed',
      '30s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '30s promote r2',
      '30s status phase=Promoting',
      '40s Normal: Routing all traffic to primary',
      '40s route 100/0',
      '40s status phase=Finalising iterations=0',
      '50s scale zero',
      '50s status phase=Succeeded promoted=r2',
      '50s hook post-rollout after (Succeeded)',
      '50s Normal: Post-rollout check after passed',
      '50s Normal: Promotion completed! Scaling down podinfo.test',
    }, world:lines { times = true })
    assert.same({ 'go', 'ok' }, world.asked)
  end)

  it('does not mirror', function()
    local world = release { analysis = { iterations = 2, mirror = true } }
    assert.same({ '10s route 0/100', '40s route 100/0' }, world:lines { times = true, only = '^route' })
  end)

  it('moves the matched traffic back in steps', function()
    local world = release { analysis = { iterations = 1, stepWeightPromotion = 50 } }
    assert.same({
      '20s status phase=Promoting',
      '30s route 50/50',
      '30s Normal: Advance podinfo.test primary weight 50',
      '30s status weight=50',
      '40s route 100/0',
      '40s Normal: Advance podinfo.test primary weight 100',
      '40s status phase=Finalising weight=0 iterations=0',
    }, { select(3, unpack(world:lines { times = true, from = 20, till = 40 })) })
  end)

  it('repairs the matched route with each iteration', function()
    local world = release {
      analysis = { iterations = 3 },
      later = {
        [15] = function(world)
          world.route = { primary = 100, canary = 0, mirrored = false }
        end,
      },
    }
    assert.same({
      '20s route 0/100',
      '20s status iterations=2',
      '20s Normal: Advance podinfo.test canary iteration 2/3',
    }, world:lines { times = true, from = 20, till = 20 })
    assert.equal(1, #world:lines { only = 'Starting canary analysis' })
  end)

  -- The gate before the promotion -----------------------------------------------------------------

  it('asks for the promotion every other round, with an iteration in between', function()
    local world = release {
      analysis = { iterations = 2, webhooks = { { name = 'load' }, { name = 'ok', type = 'confirm-promotion' } } },
      answers = { ok = closed_until(70) },
    }
    assert.same({
      '30s hook rollout load (Progressing)',
      '30s status phase=WaitingPromotion iterations=1',
      '30s Warning: Halt podinfo.test advancement waiting for promotion approval ok (Progressing)',
      '40s hook rollout load (Progressing)',
      '40s status iterations=2',
      '40s Normal: Advance podinfo.test canary iteration 2/2',
      '50s hook rollout load (Progressing)',
      '50s status iterations=1',
      '60s hook rollout load (Progressing)',
      '60s status iterations=2',
      '60s Normal: Advance podinfo.test canary iteration 2/2',
      '70s hook rollout load (Progressing)',
      '70s Normal: Confirm-promotion check ok passed',
      '70s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '70s promote r2',
      '70s status phase=Promoting',
    }, world:lines { times = true, from = 30, till = 70 })
    assert.same({ 'ok', 'ok', 'ok' }, world.asked)
    assert.equal(90, world:seconds())
  end)

  it('keeps a day before the promotion in a few entries', function()
    local world = release {
      analysis = {
        interval = '60s',
        iterations = 3,
        webhooks = { { name = 'ok', type = 'confirm-promotion' } },
        metrics = { { name = 'a', query = 'a', threshold = 100 } },
      },
      answers = { ok = closed_until(86400) },
    }
    assert.equal('Succeeded', world.state)
    assert.is_true(#world.asked > 700)
    assert.is_true(#world.journal.entries < 30)
  end)

  it('does not begin again while it waits with one iteration', function()
    local world = release {
      analysis = {
        iterations = 1,
        webhooks = { { name = 'smoke', type = 'pre-rollout' }, { name = 'ok', type = 'confirm-promotion' } },
      },
      answers = { ok = closed_until(40) },
    }
    assert.same({ '10s hook pre-rollout smoke (Progressing)' }, world:lines { times = true, only = '^hook' })
    assert.same({
      '10s Normal: Advance podinfo.test canary iteration 1/1',
      '30s Normal: Advance podinfo.test canary iteration 1/1',
    }, iterations(world))
    assert.equal(60, world:seconds())
  end)

  it('is taken back while the promotion is waited for', function()
    local world = release {
      analysis = {
        iterations = 1,
        threshold = 2,
        webhooks = { { name = 'load' }, { name = 'ok', type = 'confirm-promotion' } },
      },
      answers = {
        ok = 'closed',
        load = function(world)
          return world:seconds() >= 30 and 'broken' or nil
        end,
      },
    }
    assert.same({
      '20s status phase=WaitingPromotion iterations=0',
      '30s status failed_checks=1',
      '40s status failed_checks=2',
      '50s status phase=Failed failed_checks=0',
    }, world:lines { times = true, only = '^status', from = 20 })
    assert.same({ primary = 100, canary = 0, mirrored = false }, world.route)
  end)

  -- Failures --------------------------------------------------------------------------------------

  it('does not count a round that failed as an iteration', function()
    local world = release {
      analysis = { iterations = 3, threshold = 2, metrics = { { name = 'errors', query = 'errors', threshold = 1 } } },
      measures = {
        errors = function(world)
          return world:seconds() == 20 and 7 or 0
        end,
      },
    }
    assert.same({
      '10s Normal: Advance podinfo.test canary iteration 1/3',
      '30s Normal: Advance podinfo.test canary iteration 2/3',
      '40s Normal: Advance podinfo.test canary iteration 3/3',
    }, iterations(world))
    assert.equal('Succeeded', world.state)
    assert.equal(70, world:seconds())
  end)

  it('is taken back one interval after the last failure that it may have', function()
    local world = release {
      analysis = {
        iterations = 9,
        threshold = 2,
        metrics = { { name = 'errors', query = 'errors', threshold = 1 } },
        webhooks = { { name = 'after', type = 'post-rollout' } },
      },
      measures = {
        errors = function(world)
          return world:seconds() >= 30 and 7 or 0
        end,
      },
    }
    assert.same({
      '30s Warning: Halt podinfo.test advancement errors 7.00 > 1',
      '30s status failed_checks=1',
      '40s Warning: Halt podinfo.test advancement errors 7.00 > 1',
      '40s status failed_checks=2',
      '50s Warning: Rolling back podinfo.test failed checks threshold reached 2',
      '50s route 100/0',
      '50s Warning: Canary failed! Scaling down podinfo.test (Failed)',
      '50s scale zero',
      '50s status phase=Failed iterations=0 failed_checks=0',
      '50s hook post-rollout after (Failed)',
      '50s Normal: Post-rollout check after passed (Progressing)',
    }, world:lines { times = true, from = 30 })
    assert.equal('r1', world.primary_revision)
  end)

  it('is taken back by a hook, in whatever phase it is asked', function()
    for _, case in ipairs { { at = 20, phase = 'Progressing' }, { at = 40, phase = 'WaitingPromotion' } } do
      local asked_in
      local world = release {
        analysis = {
          iterations = 2,
          webhooks = { { name = 'back', type = 'rollback' }, { name = 'ok', type = 'confirm-promotion' } },
        },
        answers = {
          ok = 'closed',
          back = function(world, call)
            asked_in = call.phase
            return world:seconds() < case.at and 'no' or nil
          end,
        },
      }
      assert.equal(case.phase, asked_in)
      assert.equal(case.at, world:seconds())
      assert.same({
        'Warning: Rollback check back passed',
        'Warning: Rolling back podinfo.test manual webhook invoked',
        'route 100/0',
        'Warning: Canary failed! Scaling down podinfo.test (Failed)',
        'scale zero',
        'status phase=Failed iterations=0',
      }, world:lines { from = case.at })
    end
  end)

  it('takes the place of another release from iteration 0 on, without a gate', function()
    local world = release {
      restarted = true,
      revision = 'r3',
      replicas = 2,
      status = { phase = 'WaitingPromotion', weight = 0, iterations = 2, failed_checks = 2, applied = 'r2' },
      route = { primary = 0, canary = 100, mirrored = false },
      analysis = { iterations = 2, webhooks = { { name = 'go', type = 'confirm-rollout' } } },
      answers = { go = 'closed' },
    }
    assert.same({
      '0s Normal: New revision detected! Restarting analysis for podinfo.test',
      '0s route 100/0',
      '0s status phase=Progressing iterations=0 failed_checks=0 applied=r3',
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s route 0/100',
      '10s status iterations=1',
    }, { unpack(world:lines { times = true }, 1, 6) })
    assert.equal('r3', world.primary_revision)
    assert.equal(50, world:seconds())
  end)

  -- Quirks ----------------------------------------------------------------------------------------

  -- In Flagger it would go on for ever.
  it('promotes when it has done more iterations than are wanted by now', function()
    local world = release {
      analysis = { iterations = 4 },
      later = {
        [35] = function(world)
          world.spec.analysis.iterations = 2
        end,
      },
    }
    assert.equal(3, #iterations(world))
    assert.equal('Succeeded', world.state)
    assert.equal('r2', world.primary_revision)
    assert.equal(60, world:seconds())
  end)

  it('goes on when more iterations are wanted by now', function()
    local world = release {
      analysis = { iterations = 1 },
      later = {
        [15] = function(world)
          world.spec.analysis.iterations = 2
        end,
      },
    }
    assert.same({
      '10s Normal: Advance podinfo.test canary iteration 1/1',
      '20s Normal: Advance podinfo.test canary iteration 2/2',
    }, iterations(world))
    assert.equal('Succeeded', world.state)
  end)

  it('skips the analysis in mid-run, with the matched traffic back at the primary first', function()
    local world = release {
      analysis = { iterations = 5 },
      later = {
        [25] = function(world)
          world.spec.skipAnalysis = true
        end,
      },
    }
    assert.same({
      'route 100/0',
      'Normal: Copying podinfo.test template spec to podinfo-primary.test',
      'promote r2',
      'scale zero',
      'status phase=Succeeded iterations=0 promoted=r2',
      'Normal: Promotion completed! Canary analysis was skipped for podinfo.test',
    }, world:lines { from = 30 })
  end)
end)

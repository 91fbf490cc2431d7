local World = require 'spec.fake_host'
local stories = require 'spec.stories'

local closed_until = stories.closed_until

describe('strategies.blue_green', function()
  after_each(World.prove_closed)

  local function release(options)
    options.strategy = 'blue_green'
    return stories.release(options)
  end

  local function routes(world)
    return world:lines { times = true, only = '^route' }
  end

  local function iterations(world)
    return world:lines { times = true, only = 'canary iteration' }
  end

  -- N iterations: N advancing ticks, one that routes, one that promotes, Promoting, Finalising
  -- (docs/flagger.md, "Ticks of a release").
  for total = 1, 5 do
    it(string.format('takes %d ticks after the one that finds the revision', total + 4), function()
      local world = release {
        analysis = {
          iterations = total,
          metrics = { { name = 'a', query = 'a', threshold = 100 } },
          webhooks = { { name = 'ok', type = 'confirm-promotion' } },
        },
      }
      assert.equal(10 * (total + 4), world:seconds())
      assert.equal(total + 1, #world.queries)
      assert.equal(total, #iterations(world))
      assert.same({ 'ok', 'ok' }, world.asked)
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
          { name = 'load', type = 'rollout' },
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
      '10s status iterations=1',
      '10s Normal: Advance podinfo.test canary iteration 1/2',
      '20s hook rollout load (Progressing)',
      '20s status iterations=2',
      '20s Normal: Advance podinfo.test canary iteration 2/2',
      '30s hook rollout load (Progressing)',
      '30s Normal: Confirm-promotion check ok passed',
      '30s Normal: Routing all traffic to canary',
      '30s route 0/100',
      '30s status iterations=3',
      '40s hook rollout load (Progressing)',
      '40s Normal: Confirm-promotion check ok passed',
      '40s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '40s promote r2',
      '40s status phase=Promoting',
      '50s Normal: Routing all traffic to primary',
      '50s route 100/0',
      '50s status phase=Finalising iterations=0',
      '60s scale zero',
      '60s status phase=Succeeded promoted=r2',
      '60s hook post-rollout after (Succeeded)',
      '60s Normal: Post-rollout check after passed',
      '60s Normal: Promotion completed! Scaling down podinfo.test',
    }, world:lines { times = true })
  end)

  it('moves the traffic back in steps', function()
    assert.same({ '20s route 0/100', '40s route 60/40', '50s route 100/0' },
      routes(release { analysis = { iterations = 1, stepWeightPromotion = 60 } }))
  end)

  -- Mirroring -------------------------------------------------------------------------------------

  it('mirrors during all iterations', function()
    local world = release {
      analysis = { iterations = 2, mirror = true, webhooks = { { name = 'smoke', type = 'pre-rollout' } } },
    }
    assert.same({
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s hook pre-rollout smoke (Progressing)',
      '10s Normal: Pre-rollout check smoke passed',
      '10s route 100/0 mirrored',
      '10s status iterations=1',
      '10s Normal: Advance podinfo.test canary iteration 1/2',
      '20s status iterations=2',
      '20s Normal: Advance podinfo.test canary iteration 2/2',
      '30s Normal: Stop traffic mirroring and route all traffic to canary',
      '30s route 0/100',
      '30s status iterations=3',
      '40s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '40s promote r2',
      '40s status phase=Promoting',
      '50s Normal: Routing all traffic to primary',
      '50s route 100/0',
    }, { unpack(world:lines { times = true, from = 10, till = 50 }, 1, 16) })
  end)

  it('goes on without a mirror that cannot be, and tries again with each iteration', function()
    local world = release {
      analysis = { iterations = 2, mirror = true },
      fail = function(_, effect)
        return effect.kind == 'route' and effect.mirrored and 'no mirrors here' or nil
      end,
    }
    assert.same({
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s Warning: no mirrors here',
      '10s status iterations=1',
      '10s Normal: Advance podinfo.test canary iteration 1/2',
      '20s Warning: no mirrors here',
      '20s status iterations=2',
      '20s Normal: Advance podinfo.test canary iteration 2/2',
      '30s Normal: Stop traffic mirroring and route all traffic to canary',
      '30s route 0/100',
      '30s status iterations=3',
    }, world:lines { times = true, from = 10, till = 30 })
    assert.equal('Succeeded', world.state)
  end)

  it('takes the mirror away when it is taken back', function()
    local world = release {
      analysis = { iterations = 5, mirror = true, webhooks = { { name = 'load' } } },
      answers = {
        load = function(world)
          return world:seconds() >= 30 and 'broken' or nil
        end,
      },
    }
    assert.same({ '10s route 100/0 mirrored', '40s route 100/0' }, routes(world))
    assert.equal('Failed', world.status.phase)
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
      '70s Normal: Routing all traffic to canary',
      '70s route 0/100',
      '70s status iterations=3',
      '80s hook rollout load (Progressing)',
      '80s Normal: Confirm-promotion check ok passed',
      '80s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '80s promote r2',
      '80s status phase=Promoting',
    }, world:lines { times = true, from = 30, till = 80 })
    assert.equal(4, #world.asked)
    assert.equal(100, world:seconds())
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

  it('begins again while it waits with one iteration and no mirror', function()
    for mirror, hooks in pairs {
      [false] = { '10s hook pre-rollout smoke (Progressing)', '30s hook pre-rollout smoke (Progressing)' },
      [true] = { '10s hook pre-rollout smoke (Progressing)' },
    } do
      local world = release {
        analysis = {
          iterations = 1,
          mirror = mirror,
          webhooks = { { name = 'smoke', type = 'pre-rollout' }, { name = 'ok', type = 'confirm-promotion' } },
        },
        answers = { ok = closed_until(40) },
      }
      assert.same(hooks, world:lines { times = true, only = '^hook' })
      assert.equal(70, world:seconds())
    end
  end)

  -- The first approval moved all traffic to the canary; the second one is withheld.
  for mirror, moved in pairs {
    [false] = { '20s route 0/100', '90s route 100/0' },
    [true] = {
      '10s route 100/0 mirrored',
      '20s route 0/100',
      '40s route 100/0 mirrored',
      '70s route 0/100',
      '90s route 100/0',
    },
  } do
    it('counts once more when it closes under all traffic, ' .. (mirror and 'mirrored again' or 'kept'), function()
      local world = release {
        analysis = {
          iterations = 1,
          mirror = mirror,
          webhooks = { { name = 'smoke', type = 'pre-rollout' }, { name = 'ok', type = 'confirm-promotion' } },
        },
        answers = {
          ok = function(world)
            return world:seconds() > 20 and world:seconds() < 60 and 'closed' or nil
          end,
        },
      }
      assert.same({
        '20s status iterations=2',
        '30s status phase=WaitingPromotion iterations=0',
        '40s status iterations=1',
        '50s status iterations=0',
        '60s status iterations=1',
        '70s status iterations=2',
        '80s status phase=Promoting',
      }, { unpack(world:lines { times = true, only = '^status', from = 20 }, 1, 7) })
      assert.same(moved, routes(world))
      assert.equal(1, #world:lines { only = '^hook' }) -- with traffic it does not begin again
    end)
  end

  it('is taken back while the promotion is waited for', function()
    local world = release {
      analysis = {
        iterations = 2,
        threshold = 2,
        webhooks = { { name = 'load' }, { name = 'ok', type = 'confirm-promotion' } },
      },
      answers = {
        ok = 'closed',
        load = function(world)
          return world:seconds() >= 40 and 'broken' or nil
        end,
      },
    }
    assert.same({
      '30s status phase=WaitingPromotion iterations=1',
      '40s status failed_checks=1',
      '50s status failed_checks=2',
      '60s status phase=Failed iterations=0 failed_checks=0',
    }, world:lines { times = true, only = '^status', from = 30 })
    assert.equal(1, #world.asked)
  end)

  -- Failures --------------------------------------------------------------------------------------

  it('is analysed once more under all traffic, and taken back for what is found then', function()
    local world = release {
      analysis = { iterations = 1, metrics = { { name = 'errors', query = 'errors', threshold = 1 } } },
      measures = {
        errors = function(world)
          return world.route.canary == 100 and 7 or 0
        end,
      },
    }
    assert.same({
      '20s Normal: Routing all traffic to canary',
      '20s route 0/100',
      '20s status iterations=2',
      '30s Warning: Halt podinfo.test advancement errors 7.00 > 1',
      '30s status failed_checks=1',
      '40s Warning: Rolling back podinfo.test failed checks threshold reached 1',
      '40s route 100/0',
      '40s Warning: Canary failed! Scaling down podinfo.test (Failed)',
      '40s scale zero',
      '40s status phase=Failed iterations=0 failed_checks=0',
    }, world:lines { times = true, from = 20 })
    assert.equal('r1', world.primary_revision)
  end)

  it('does not count a round that failed as an iteration', function()
    local world = release {
      analysis = { iterations = 2, threshold = 2, webhooks = { { name = 'smoke', type = 'pre-rollout' } } },
      answers = { smoke = closed_until(20) },
    }
    assert.same({
      '20s Normal: Advance podinfo.test canary iteration 1/2',
      '30s Normal: Advance podinfo.test canary iteration 2/2',
    }, iterations(world))
    assert.equal(70, world:seconds())
  end)

  it('is taken back by a hook', function()
    local world = release {
      analysis = { iterations = 1, webhooks = { { name = 'back', type = 'rollback' } } },
      answers = { back = closed_until(30) },
    }
    assert.same({
      'Warning: Rollback check back passed',
      'Warning: Rolling back podinfo.test manual webhook invoked',
      'route 100/0',
      'Warning: Canary failed! Scaling down podinfo.test (Failed)',
      'scale zero',
      'status phase=Failed iterations=0',
    }, world:lines { from = 30 })
  end)

  it('takes the place of another release from iteration 0 on, without a gate', function()
    local world = release {
      restarted = true,
      revision = 'r3',
      replicas = 2,
      status = { phase = 'Progressing', weight = 0, iterations = 3, failed_checks = 2, applied = 'r2' },
      route = { primary = 0, canary = 100, mirrored = false },
      analysis = { iterations = 2, webhooks = { { name = 'go', type = 'confirm-rollout' } } },
      answers = { go = 'closed' },
    }
    assert.same({
      '0s Normal: New revision detected! Restarting analysis for podinfo.test',
      '0s route 100/0',
      '0s status iterations=0 failed_checks=0 applied=r3',
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s status iterations=1',
    }, { unpack(world:lines { times = true }, 1, 5) })
    assert.equal('r3', world.primary_revision)
    assert.equal(60, world:seconds())
  end)

  -- Quirks ----------------------------------------------------------------------------------------

  it('has its last round under all traffic, also with fewer iterations than are done by now', function()
    local world = release {
      analysis = { iterations = 5 },
      later = {
        [35] = function(world)
          world.spec.analysis.iterations = 2
        end,
      },
    }
    assert.same({ '40s route 0/100', '60s route 100/0' }, routes(world))
    assert.same({
      '50s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '50s promote r2',
      '50s status phase=Promoting',
    }, world:lines { times = true, from = 50, till = 50 })
  end)

  it('has traffic that goes back in steps, also with fewer iterations than are done by now', function()
    local world = release {
      analysis = { iterations = 2, stepWeightPromotion = 50 },
      later = {
        [25] = function(world)
          world.spec.analysis.iterations = 1
        end,
      },
      limit = 3600000,
    }
    assert.equal('Succeeded', world.status.phase)
  end)

  it('skips the analysis in mid-run, with the traffic back at the primary first', function()
    local world = release {
      analysis = { iterations = 1 },
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

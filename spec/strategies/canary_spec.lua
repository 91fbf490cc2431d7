local World = require 'spec.fake_host'
local stories = require 'spec.stories'

local closed_until, release = stories.closed_until, stories.release

describe('strategies.canary', function()
  after_each(World.prove_closed)

  --- 'Advance' events as numbers, 'promote' where the copy came.
  local function weights(world)
    local list = {}
    for _, text in ipairs(world:events()) do
      list[#list + 1] = tonumber(text:match 'canary weight (%d+)$') or text:match '^Copying' and 'promote' or nil
    end
    return list
  end

  -- docs/flagger.md, "Canary steps" --------------------------------------------------------------

  for name, case in pairs {
    ['step 10, maximum 50'] = { { stepWeight = 10, maxWeight = 50 }, { 10, 20, 30, 40, 50, 'promote' } },
    ['step 20, maximum 50, overshot'] = { { stepWeight = 20, maxWeight = 50 }, { 20, 40, 60, 'promote' } },
    ['step 50, maximum 100'] = { { stepWeight = 50, maxWeight = 100 }, { 50, 100, 'promote' } },
    ['steps 1, 2, 10, 80'] = { { stepWeights = { 1, 2, 10, 80 } }, { 1, 2, 10, 80, 'promote' } },
    ['steps 1, 2, 10, 200'] = { { stepWeights = { 1, 2, 10, 200 } }, { 1, 2, 10, 100, 'promote' } },
  } do
    it('shifts: ' .. name, function()
      local world = release { analysis = case[1] }
      assert.same(case[2], weights(world))
      assert.equal('Succeeded', world.status.phase)
      assert.equal('r2', world.primary_revision)
      assert.same({ primary = 100, canary = 0, mirrored = false }, world.route)
      assert.equal(0, world.replicas)
    end)
  end

  -- k steps: k advancing ticks, one that promotes, Promoting, Finalising (docs/flagger.md, "Ticks of a release").
  for steps = 1, 5 do
    it(string.format('takes %d ticks after the one that finds the revision', steps + 3), function()
      local metrics = { { name = 'a', query = 'a', threshold = 100 } }
      local world = release { analysis = { stepWeight = 10, maxWeight = 10 * steps, metrics = metrics } }
      assert.equal(10 * (steps + 3), world:seconds())
      assert.equal(steps, #world.queries) -- the first tick runs the pre-rollout hooks instead
    end)
  end

  it('tells the whole story', function()
    local world = release {
      analysis = {
        stepWeight = 15,
        maxWeight = 30,
        webhooks = {
          { name = 'go', type = 'confirm-rollout' },
          { name = 'smoke', type = 'pre-rollout' },
          { name = 'load', type = 'rollout' },
          { name = 'more', type = 'confirm-traffic-increase' },
          { name = 'ok', type = 'confirm-promotion' },
          { name = 'after', type = 'post-rollout' },
        },
      },
    }
    assert.same({
      '0s Normal: Confirm-rollout check go passed',
      '0s Normal: New revision detected! Scaling up podinfo.test (Progressing)',
      '0s scale up',
      '0s status phase=Progressing applied=r2',
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s hook pre-rollout smoke (Progressing)',
      '10s Normal: Pre-rollout check smoke passed',
      '10s Normal: Confirm-traffic-increase check more passed',
      '10s route 85/15',
      '10s status weight=15',
      '10s Normal: Advance podinfo.test canary weight 15',
      '20s hook rollout load (Progressing)',
      '20s Normal: Confirm-traffic-increase check more passed',
      '20s route 70/30',
      '20s status weight=30',
      '20s Normal: Advance podinfo.test canary weight 30',
      '30s hook rollout load (Progressing)',
      '30s Normal: Confirm-traffic-increase check more passed',
      '30s Normal: Confirm-promotion check ok passed',
      '30s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '30s promote r2',
      '30s status phase=Promoting',
      '40s Normal: Routing all traffic to primary',
      '40s route 100/0',
      '40s status phase=Finalising weight=0',
      '50s scale zero',
      '50s status phase=Succeeded promoted=r2',
      '50s hook post-rollout after (Succeeded)',
      '50s Normal: Post-rollout check after passed',
      '50s Normal: Promotion completed! Scaling down podinfo.test',
    }, world:lines { times = true })
  end)

  it('shows the phases and weights of a promotion in steps, tick by tick', function()
    local world = release { analysis = { stepWeight = 100, stepWeightPromotion = 50 } }
    assert.same({
      '0s status phase=Progressing applied=r2',
      '10s status weight=100',
      '20s status phase=Promoting',
      '30s status weight=50',
      '40s status phase=Finalising weight=0',
      '50s status phase=Succeeded promoted=r2',
    }, world:lines { times = true, only = '^status' })
  end)

  it('keeps the interval after it waited for the canary', function()
    local world = release { analysis = { stepWeight = 50 }, canary_ready_after = 95000 }
    assert.same({
      '95s Normal: Advance podinfo.test canary weight 50',
      '105s Normal: Advance podinfo.test canary weight 100',
    }, world:lines { times = true, only = 'canary weight' })
  end)

  -- Quirks ---------------------------------------------------------------------------------------

  it('never promotes with a maximum above 100, and takes no step any more', function()
    local world = release { analysis = { stepWeight = 50, maxWeight = 110 }, limit = 65000 }
    assert.same({ 50, 100 }, weights(world))
    world:stop()
  end)

  it('analyses for ever when the steps do not ascend', function()
    local world = release {
      analysis = { stepWeights = { 30, 20, 50 }, webhooks = { { name = 'load' } } },
      limit = 3600000,
    }
    assert.same({ 30 }, weights(world))
    assert.equal(359, #world:lines { only = '^hook' })
    assert.is_true(#world.journal.entries < 10)
    world:stop()
  end)

  it('does nothing but begin with a step of 0', function()
    local world = release { analysis = { stepWeight = 0 }, limit = 25000 }
    assert.same({
      'New revision detected! Scaling up podinfo.test (Progressing)',
      'Starting canary analysis for podinfo.test',
    }, world:events())
    world:stop()
  end)

  it('takes its next step from the live route', function()
    local world = release {
      analysis = { stepWeight = 10, maxWeight = 50 },
      later = {
        [25] = function(world)
          world.route = { primary = 65, canary = 35, mirrored = false }
        end,
      },
    }
    assert.same({ 10, 20, 45, 55, 'promote' }, weights(world))
  end)

  it('goes on with the next entry above a share that is not in the list', function()
    local world = release {
      analysis = { stepWeights = { 10, 20, 30 } },
      later = {
        [15] = function(world)
          world.route = { primary = 87, canary = 13, mirrored = false }
        end,
      },
    }
    assert.same({ 10, 20, 30, 'promote' }, weights(world))
  end)

  it('uses a changed analysis from the next round on', function()
    local world = release {
      analysis = { stepWeight = 10, maxWeight = 50 },
      later = {
        [15] = function(world)
          world.spec.analysis.stepWeight, world.spec.analysis.interval = 20, '30s'
        end,
      },
    }
    assert.same({
      '10s Normal: Advance podinfo.test canary weight 10',
      '40s Normal: Advance podinfo.test canary weight 30',
      '70s Normal: Advance podinfo.test canary weight 50',
    }, world:lines { times = true, only = 'canary weight' })
  end)

  -- Mirroring ------------------------------------------------------------------------------------

  it('mirrors once before the first share, and asks for no increase after that', function()
    local world = release {
      analysis = {
        stepWeight = 50,
        mirror = true,
        webhooks = { { name = 'smoke', type = 'pre-rollout' }, { name = 'more', type = 'confirm-traffic-increase' } },
      },
    }
    assert.same({
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s hook pre-rollout smoke (Progressing)',
      '10s Normal: Pre-rollout check smoke passed',
      '10s Normal: Confirm-traffic-increase check more passed',
      '10s route 100/0 mirrored',
      '10s Normal: Advance podinfo.test canary weight 0',
      '20s route 50/50',
      '20s status weight=50',
      '20s Normal: Advance podinfo.test canary weight 50',
      '30s Normal: Confirm-traffic-increase check more passed',
      '30s route 0/100',
      '30s status weight=100',
      '30s Normal: Advance podinfo.test canary weight 100',
    }, world:lines { times = true, from = 10, till = 30 })
    assert.equal('Succeeded', world.status.phase)
  end)

  it('analyses under the mirror', function()
    local world = release {
      analysis = { stepWeight = 50, mirror = true, threshold = 5, webhooks = { { name = 'load' } } },
      answers = {
        load = function(world)
          return world:seconds() < 30 and 'no' or nil
        end,
      },
    }
    assert.same({
      '10s route 100/0 mirrored',
      '30s route 50/50',
      '40s route 0/100',
      '60s route 100/0',
    }, world:lines { times = true, only = '^route' })
  end)

  it('repeats the mirrored step where nothing mirrors, and tells it once', function()
    local world = World.new { analysis = { interval = '10s', stepWeight = 50, mirror = true } }
    for at = 11, 41, 10 do
      world:at(at * 1000, function()
        world.route = { primary = 100, canary = 0, mirrored = false }
      end)
    end
    world:run(40000)
    assert.equal(4, #world:lines { only = '^route' })
    assert.same({ 0 }, weights(world))
    world:stop()
  end)

  -- Gates ----------------------------------------------------------------------------------------

  it('announces the analysis once, and says once that more traffic is not approved', function()
    local world = release {
      analysis = { stepWeight = 50, webhooks = { { name = 'more', type = 'confirm-traffic-increase' } } },
      answers = { more = closed_until(40) },
    }
    assert.same({
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s Warning: Halt podinfo.test advancement waiting for traffic increase approval more',
      '40s Normal: Confirm-traffic-increase check more passed',
      '40s route 50/50',
      '40s status weight=50',
      '40s Normal: Advance podinfo.test canary weight 50',
    }, world:lines { times = true, from = 10, till = 40 })
  end)

  it('waits for the promotion with status weight 0 and iterations -1, and goes on analysing', function()
    local world = release {
      analysis = { stepWeight = 100, webhooks = { { name = 'load' }, { name = 'ok', type = 'confirm-promotion' } } },
      answers = { ok = closed_until(50) },
    }
    assert.same({
      '20s hook rollout load (Progressing)',
      '20s status phase=WaitingPromotion weight=0 iterations=-1',
      '20s Warning: Halt podinfo.test advancement waiting for promotion approval ok (Progressing)',
      '30s hook rollout load (Progressing)',
      '40s hook rollout load (Progressing)',
      '50s hook rollout load (Progressing)',
      '50s Normal: Confirm-promotion check ok passed',
      '50s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '50s promote r2',
      '50s status phase=Promoting',
    }, world:lines { times = true, from = 20, till = 50 })
    assert.equal(4, #world.asked)
    assert.equal(70, world:seconds())
  end)

  for _, gate in ipairs { 'confirm-traffic-increase', 'confirm-promotion' } do
    it('keeps a day before ' .. gate .. ' in a few entries', function()
      local world = release {
        analysis = {
          interval = '60s',
          stepWeight = 100,
          webhooks = { { name = 'gate', type = gate } },
          metrics = { { name = 'a', query = 'a', threshold = 100 } },
        },
        answers = { gate = closed_until(86400) },
      }
      assert.equal('Succeeded', world.state)
      assert.is_true(#world.asked > 1400)
      assert.is_true(#world.journal.entries < 20)
    end)
  end

  it('is taken back while the promotion is waited for', function()
    local world = release {
      analysis = {
        stepWeight = 100,
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
      '40s Warning: Halt podinfo.test advancement external check load failed broken',
      '40s status failed_checks=1',
      '50s hook rollout load (Progressing)',
      '50s Warning: Halt podinfo.test advancement external check load failed broken',
      '50s status failed_checks=2',
      '60s Warning: Rolling back podinfo.test failed checks threshold reached 2',
      '60s route 100/0',
      '60s Warning: Canary failed! Scaling down podinfo.test (Failed)',
      '60s scale zero',
      '60s status phase=Failed iterations=0 failed_checks=0',
    }, { select(2, unpack(world:lines { times = true, from = 40 })) })
  end)

  -- Failures -------------------------------------------------------------------------------------

  it('is taken back one interval after the last failure that it may have', function()
    local world = release {
      analysis = { stepWeight = 10, threshold = 3, metrics = { { name = 'errors', query = 'errors', threshold = 1 } } },
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
      '50s Warning: Halt podinfo.test advancement errors 7.00 > 1',
      '50s status failed_checks=3',
      '60s Warning: Rolling back podinfo.test failed checks threshold reached 3',
      '60s route 100/0',
      '60s Warning: Canary failed! Scaling down podinfo.test (Failed)',
      '60s scale zero',
      '60s status phase=Failed weight=0 failed_checks=0',
    }, world:lines { times = true, from = 30 })
    assert.equal('r1', world.primary_revision)
  end)

  it('never forgets a failure', function()
    local world = release {
      analysis = { stepWeight = 5, threshold = 3, metrics = { { name = 'errors', query = 'errors', threshold = 1 } } },
      measures = {
        errors = function(world)
          return world:seconds() % 40 == 0 and 7 or 0
        end,
      },
    }
    assert.equal('Failed', world.state)
    assert.equal(130, world:seconds())
  end)

  it('counts a pre-rollout hook until the threshold takes it back', function()
    local world = release {
      analysis = { stepWeight = 50, threshold = 2, webhooks = { { name = 'smoke', type = 'pre-rollout' } } },
      answers = { smoke = 'not today' },
    }
    assert.same({
      'New revision detected! Scaling up podinfo.test (Progressing)',
      'Starting canary analysis for podinfo.test',
      'Halt podinfo.test advancement pre-rollout check smoke failed not today',
      'Starting canary analysis for podinfo.test',
      'Halt podinfo.test advancement pre-rollout check smoke failed not today',
      'Rolling back podinfo.test failed checks threshold reached 2',
      'Canary failed! Scaling down podinfo.test (Failed)',
    }, world:events())
    assert.same({}, world:lines { only = '^route' }) -- it never had traffic
  end)

  it('is taken back by a hook', function()
    local world = release {
      analysis = { stepWeight = 20, webhooks = { { name = 'back', type = 'rollback' } } },
      answers = {
        back = function(world)
          return world:seconds() < 30 and 'no' or nil
        end,
      },
    }
    assert.same({
      '20s Normal: Rollback hook back not signaling a rollback',
      '20s route 60/40',
      '20s status weight=40',
      '20s Normal: Advance podinfo.test canary weight 40',
      '30s Warning: Rollback check back passed',
      '30s Warning: Rolling back podinfo.test manual webhook invoked',
      '30s route 100/0',
      '30s Warning: Canary failed! Scaling down podinfo.test (Failed)',
      '30s scale zero',
      '30s status phase=Failed weight=0',
    }, world:lines { times = true, from = 20 })
  end)

  it('is taken back when the canary misses its deadline, without a word of why', function()
    local world = release {
      analysis = { stepWeight = 20 },
      later = {
        [25] = function(world)
          world.sides.canary = { ready = false }
        end,
        [600] = function(world)
          world.sides.canary = { ready = false, never = 'podinfo exceeded its progress deadline' }
        end,
      },
    }
    assert.same({
      '600s route 100/0',
      '600s Warning: Canary failed! Scaling down podinfo.test (Failed)',
      '600s scale zero',
      '600s status phase=Failed weight=0',
    }, world:lines { times = true, from = 30 })
  end)

  it('waits while the routes cannot be read, and counts nothing', function()
    local world = release {
      analysis = { stepWeight = 50, threshold = 1 },
      later = {
        [15] = function(world)
          world.route_error = 'VirtualService podinfo.test not found'
        end,
        [35] = function(world)
          world.route_error = nil
        end,
      },
    }
    assert.same({
      '40s route 0/100',
    }, { unpack(world:lines { times = true, from = 20 }, 1, 1) })
    assert.equal('Succeeded', world.state)
  end)

  it('takes the place of another release from weight 0 on, without a gate', function()
    local world = release {
      restarted = true,
      revision = 'r3',
      replicas = 2,
      status = { phase = 'Progressing', weight = 40, iterations = 0, failed_checks = 2, applied = 'r2' },
      route = { primary = 60, canary = 40, mirrored = false },
      analysis = { stepWeight = 50, webhooks = { { name = 'go', type = 'confirm-rollout' } } },
      answers = { go = 'closed' },
    }
    assert.same({
      '0s Normal: New revision detected! Restarting analysis for podinfo.test',
      '0s route 100/0',
      '0s status weight=0 failed_checks=0 applied=r3',
      '10s Normal: Starting canary analysis for podinfo.test',
      '10s route 50/50',
    }, { unpack(world:lines { times = true }, 1, 5) })
    assert.equal('r3', world.primary_revision)
  end)

  -- skipAnalysis ---------------------------------------------------------------------------------

  local SKIPPED = {
    'Normal: Copying podinfo.test template spec to podinfo-primary.test',
    'promote r2',
    'scale zero',
    'status phase=Succeeded promoted=r2',
    'Normal: Promotion completed! Canary analysis was skipped for podinfo.test',
  }

  it('skips the analysis from the start, gate apart', function()
    local world = release {
      spec = { skipAnalysis = true },
      sides = { primary = { ready = false }, canary = { ready = true } },
      analysis = { stepWeight = 10, webhooks = { { name = 'go', type = 'confirm-rollout' }, { name = 'load' } } },
      answers = { go = closed_until(30), load = 'no' },
    }
    assert.same(SKIPPED, world:lines { from = 40, till = 40 })
    assert.is_true(world.skipped)
    assert.equal(40, world:seconds())
  end)

  for failing, half_promoted in pairs { scale = false, promote = true } do
    it('does not come back to the analysis once it was skipped, though ' .. failing .. ' fails', function()
      local world = release {
        spec = { skipAnalysis = true },
        analysis = { stepWeight = 10, threshold = 1, webhooks = { { name = 'load' } } },
        answers = { load = 'no' },
        half_promoted = half_promoted,
        fail = function(world, effect)
          return effect.kind == failing and effect.to ~= 'up' and world:seconds() < 40 and 'no' or nil
        end,
        later = {
          [15] = function(world)
            world.spec.skipAnalysis = false
            world.sides.canary = { ready = false, never = 'it exceeded its deadline' }
          end,
        },
      }
      assert.equal('Succeeded', world.state)
      assert.equal('r2', world.primary_revision)
      assert.equal(1, #world:lines { only = '^promote' })
      assert.same({}, world:lines { only = '^hook' })
    end)
  end

  it('remembers that a promotion without analysis has begun, though it fails again before it gets that far', function()
    local world = release {
      spec = { skipAnalysis = true },
      analysis = { stepWeight = 10, threshold = 1, webhooks = { { name = 'load' } } },
      answers = { load = 'no' },
      half_promoted = true,
      fail = function(world, effect)
        local at = world:seconds()
        return (effect.kind == 'promote' and at < 15 or effect.kind == 'route' and at >= 15 and at < 25) and 'no' or nil
      end,
      later = {
        [26] = function(world)
          world.spec.skipAnalysis = false
          world.sides.canary = { ready = false, never = 'it exceeded its deadline' }
        end,
      },
    }
    assert.equal('Succeeded', world.state)
    assert.equal('r2', world.primary_revision)
  end)

  it('skips the analysis in mid-run, with the traffic back at the primary first', function()
    local world = release {
      analysis = { stepWeight = 10 },
      later = {
        [25] = function(world)
          world.spec.skipAnalysis = true
        end,
      },
    }
    assert.same({
      'route 100/0',
      SKIPPED[1],
      SKIPPED[2],
      SKIPPED[3],
      'status phase=Succeeded weight=0 promoted=r2',
      SKIPPED[5],
    }, world:lines { from = 30 })
  end)
end)

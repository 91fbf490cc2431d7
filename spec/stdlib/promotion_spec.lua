local World = require 'spec.fake_host'

describe('stdlib.promotion', function()
  after_each(World.prove_closed)

  --- Promotes a canary that has all the traffic.
  local function promote(options)
    options.status = options.status
      or { phase = 'Progressing', weight = 100, iterations = 0, failed_checks = 0, applied = 'r2', promoted = 'r1' }
    options.route = options.route or { primary = 0, canary = 100, mirrored = false }
    options.analysis = options.analysis or { stepWeight = 100 }
    options.analysis.interval = '10s'
    options.replicas, options.pinned = 2, 'r2'
    options.script = function(rollout)
      rollout:next_round()
      rollout:promote()
    end
    local world = World.new(options)
    for at, action in pairs(options.later or {}) do
      world:at(at * 1000, action)
    end
    return world:run(options.limit)
  end

  local COPY = {
    '0s Normal: Copying podinfo.test template spec to podinfo-primary.test',
    '0s promote r2',
    '0s status phase=Promoting',
  }

  local function after_copy(lines)
    local all = { unpack(COPY) }
    for _, line in ipairs(lines) do
      all[#all + 1] = line
    end
    return all
  end

  it('copies, moves the traffic back and scales down, an interval apart', function()
    assert.same(after_copy {
      '10s Normal: Routing all traffic to primary',
      '10s route 100/0',
      '10s status phase=Finalising weight=0',
      '20s scale zero',
      '20s status phase=Succeeded promoted=r2',
      '20s Normal: Promotion completed! Scaling down podinfo.test',
    }, promote({}):lines { times = true })
  end)

  it('calls the post-rollout hooks before it says that it is done', function()
    local world = promote {
      analysis = { stepWeight = 100, webhooks = { { name = 'after', type = 'post-rollout' } } },
    }
    assert.same({
      'status phase=Succeeded promoted=r2',
      'hook post-rollout after (Succeeded)',
      'Normal: Post-rollout check after passed',
      'Normal: Promotion completed! Scaling down podinfo.test',
    }, { select(8, unpack(world:lines())) })
  end)

  it('moves the traffic in steps', function()
    assert.same(after_copy {
      '10s route 40/60',
      '10s Normal: Advance podinfo.test primary weight 40',
      '10s status weight=60',
      '20s route 80/20',
      '20s Normal: Advance podinfo.test primary weight 80',
      '20s status weight=20',
      '30s route 100/0',
      '30s Normal: Advance podinfo.test primary weight 100',
      '30s status phase=Finalising weight=0',
      '40s scale zero',
      '40s status phase=Succeeded promoted=r2',
      '40s Normal: Promotion completed! Scaling down podinfo.test',
    }, promote({ analysis = { stepWeight = 100, stepWeightPromotion = 40 } }):lines { times = true })
  end)

  it('goes on when an edit has taken the share that was to be moved in steps', function()
    local world = promote {
      analysis = { stepWeight = 100, maxWeight = 1, stepWeightPromotion = 50 },
      later = {
        [5] = function(world)
          world.route = { primary = 100, canary = 0, mirrored = false }
        end,
      },
    }
    assert.same(after_copy {
      '10s Normal: Advance podinfo.test primary weight 100',
      '10s status phase=Finalising weight=0',
      '20s scale zero',
      '20s status phase=Succeeded promoted=r2',
      '20s Normal: Promotion completed! Scaling down podinfo.test',
    }, world:lines { times = true })
  end)

  it('keeps the interval after it waited for the primary', function()
    local world = promote { primary_ready_after = 125000 }
    assert.same(after_copy {
      '125s Normal: Routing all traffic to primary',
      '125s route 100/0',
      '125s status phase=Finalising weight=0',
      '135s scale zero',
      '135s status phase=Succeeded promoted=r2',
      '135s Normal: Promotion completed! Scaling down podinfo.test',
    }, world:lines { times = true })
  end)

  it('fails when the primary will never be ready, with all traffic at the canary', function()
    local world = promote {
      analysis = {
        stepWeight = 100,
        stepWeightPromotion = 40,
        webhooks = { { name = 'after', type = 'post-rollout' } },
      },
      later = {
        [15] = function(world)
          world.sides.primary = { ready = false, never = 'podinfo-primary.test not ready: it exceeded its deadline' }
        end,
      },
    }
    assert.equal('Failed', world.state)
    assert.same({
      '20s Warning: Promotion of podinfo.test failed, primary not ready: podinfo-primary.test not ready: '
        .. 'it exceeded its deadline',
      '20s route 0/100',
      '20s status phase=Failed weight=100',
      '20s hook post-rollout after (Failed)',
      '20s Normal: Post-rollout check after passed (Promoting)',
    }, { select(7, unpack(world:lines { times = true })) })
    assert.equal(2, world.replicas)
  end)

  it('takes nothing back once the primary has become the canary', function()
    local world = promote {
      analysis = { stepWeight = 100, webhooks = { { name = 'back', type = 'rollback' } } },
      answers = { back = 'no' },
      later = {
        [5] = function(world)
          world.answers.back = nil -- it asks for a rollback now
        end,
      },
      fail = function(world, effect)
        return effect.phase == 'Promoting' and world:seconds() < 20 and 'no status' or nil
      end,
    }
    assert.equal('Succeeded', world.state)
    assert.same({
      '0s promote r2',
      '0s Warning: no status',
      '10s Warning: no status',
      '20s status phase=Promoting',
      '30s Normal: Routing all traffic to primary',
    }, { unpack(world:lines { times = true }, 3, 7) })
  end)

  it('is taken back when the canary will never be ready', function()
    local world = promote {
      later = {
        [5] = function(world)
          world.sides.canary = { ready = false, never = 'no' }
        end,
      },
    }
    assert.equal('Failed', world.state)
    assert.equal('Canary failed! Scaling down podinfo.test (Failed)', world:events()[2])
  end)

  it('asks no hook and counts no check while it promotes', function()
    local world = promote {
      analysis = {
        stepWeight = 100,
        webhooks = { { name = 'back', type = 'rollback' }, { name = 'load' } },
        metrics = { { name = 'errors', query = 'errors', threshold = 1000 } },
      },
      answers = { back = 'no' },
    }
    assert.same({ 'back' }, world.asked) -- in the round before
    assert.equal(1, #world.queries)
  end)

  it('brings the autoscaler in line first, and waits until that works', function()
    local world = promote {
      spec = { autoscalerRef = { name = 'podinfo' } },
      autoscaler_differs = true,
      fail = function(world, effect)
        return effect.kind == 'autoscaler' and world:seconds() < 20 and 'no HPA' or nil
      end,
    }
    assert.same({
      '10s Warning: no HPA',
      '20s autoscaler',
      '20s Normal: Routing all traffic to primary',
      '20s route 100/0',
    }, { unpack(world:lines { times = true }, 4, 7) })
  end)

  it('promotes without an analysis when skipAnalysis comes on the way', function()
    local world = promote {
      later = {
        [5] = function(world)
          world.spec.skipAnalysis = true
        end,
      },
    }
    assert.is_true(world.skipped)
    assert.same({
      '10s route 100/0',
      '10s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '10s scale zero',
      '10s status phase=Succeeded weight=0 promoted=r2',
      '10s Normal: Promotion completed! Canary analysis was skipped for podinfo.test',
    }, { select(4, unpack(world:lines { times = true })) })
  end)

  it('is not content with a copy that failed: another round, and the gates again', function()
    local world = World.new {
      analysis = {
        interval = '10s',
        stepWeight = 100,
        webhooks = {
          { name = 'more', type = 'confirm-traffic-increase' },
          { name = 'ok', type = 'confirm-promotion' },
          { name = 'load' },
        },
      },
      fail = function(world, effect)
        return effect.kind == 'promote' and world:seconds() < 40 and 'admission webhook said no' or nil
      end,
      answers = {
        ok = function(world)
          return world:seconds() == 30 and 'not now' or nil
        end,
      },
    }
    world:run()
    assert.same({
      '20s hook rollout load (Progressing)',
      '20s Normal: Confirm-traffic-increase check more passed',
      '20s Normal: Confirm-promotion check ok passed',
      '20s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '20s Warning: admission webhook said no',
      '30s hook rollout load (Progressing)',
      '30s Normal: Confirm-traffic-increase check more passed',
      '30s status phase=WaitingPromotion weight=0 iterations=-1',
      '30s Warning: Halt podinfo.test advancement waiting for promotion approval ok (Progressing)',
      '40s hook rollout load (Progressing)',
      '40s Normal: Confirm-promotion check ok passed',
      '40s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '40s promote r2',
      '40s status phase=Promoting',
    }, { unpack(world:lines { times = true }, 9, 22) })
    assert.equal('Succeeded', world.state)
  end)

  it('tries a copy that has begun alone, until it is made: there is no way back', function()
    local world = promote {
      half_promoted = true,
      analysis = {
        stepWeight = 100,
        threshold = 1,
        webhooks = { { name = 'load' }, { name = 'back', type = 'rollback' } },
      },
      answers = {
        back = function(world)
          return world:seconds() == 0 and 'no' or nil
        end,
        load = function(world)
          return world:seconds() > 0 and 'fails' or nil
        end,
      },
      fail = function(world, effect)
        return effect.kind == 'promote' and world:seconds() < 20 and 'admission webhook said no' or nil
      end,
    }
    assert.same({
      '0s hook rollout load (Progressing)',
      '0s Normal: Rollback hook back not signaling a rollback',
      '0s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '0s Warning: admission webhook said no',
      '10s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '10s Warning: admission webhook said no',
      '20s Normal: Copying podinfo.test template spec to podinfo-primary.test',
      '20s promote r2',
      '20s status phase=Promoting',
    }, { unpack(world:lines { times = true }, 1, 9) })
    assert.same({ 'back' }, world.asked)
    assert.equal('Succeeded', world.state)
  end)

  it('does not copy another revision', function()
    local world = promote { revision = 'r3', limit = 5000 }
    assert.same({ 'the target is revision r3 by now' }, { world:events()[2] })
    world:stop()
  end)
end)

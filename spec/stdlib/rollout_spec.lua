local World = require 'spec.fake_host'

describe('stdlib.rollout', function()
  after_each(World.prove_closed)

  --- Runs `script(rollout, world)` as a strategy; the release succeeds where it returns.
  local function play(options, script)
    local world
    options.script = function(rollout)
      script(rollout, world)
      world:call('finish', { skipped = false })
    end
    world = World.new(options)
    return world:run()
  end

  local IN_MIDRUN = { phase = 'Progressing', weight = 0, iterations = 0, failed_checks = 0, applied = 'r2' }

  local function midrun(options)
    options.status = options.status or IN_MIDRUN
    options.replicas, options.pinned = 2, 'r2'
    return options
  end

  -- Words ----------------------------------------------------------------------------------------

  describe('word', function()
    it('runs its body once and takes its result from the record after that', function()
      local bodies, results = 0, {}
      local world = World.new { deaths = {} }
      world.script = function(rollout)
        results[#results + 1] = rollout:word('try', { n = 1 }, function()
          bodies = bodies + 1
          return { value = 'x' }
        end)
        rollout:word('act', {}, function(r)
          return r:act { r and { kind = 'event', type = 'Normal', message = 'flushed' } }
        end)
        world:call('finish', { skipped = false })
      end
      world:run()
      world.state, world.script_fails_at = nil, nil
      world:load(world.saved.journal)
      world:run()
      assert.equal(1, bodies)
      assert.same({ { value = 'x' }, { value = 'x' } }, results)
    end)

    it('takes a boolean for a result', function()
      play({}, function(rollout)
        assert.same({ done = true }, (rollout:word('a', {}, function()
          return true
        end)))
        assert.same({}, (rollout:word('b', {}, function() end)))
      end)
    end)

    it('hands the events that were kept to the next word, on record', function()
      local world = play({}, function(rollout)
        rollout:word('a', {}, function(r)
          r:later { kind = 'event', type = 'Normal', message = 'kept' }
        end)
        rollout:word('b', {}, function(r)
          return r:act { { kind = 'event', type = 'Normal', message = 'own' } }
        end)
      end)
      assert.same({ 'kept', 'own' }, world:events())
      assert.same({
        'a {} {"pending":[{"kind":"event","message":"kept","type":"Normal"}]}',
        'b {} {"done":true}',
      }, world.journal:words())
    end)
  end)

  describe('act', function()
    it('orders nothing when there is nothing to order', function()
      local world = play({}, function(rollout)
        assert.is_true(rollout:act {})
      end)
      assert.same({ 'finish' }, world.calls)
    end)

    it('tells of a failure; what was ordered behind it did not happen', function()
      local world = play(midrun {
        fail = function(_, effect)
          return effect.kind == 'scale' and 'scaling failed: forbidden' or nil
        end,
      }, function(rollout)
        local ok = rollout:act {
          { kind = 'status', weight = 5 },
          { kind = 'scale', to = 'zero' },
          { kind = 'phase', phase = 'Succeeded' },
        }
        assert.is_false(ok)
      end)
      assert.same({ 'status weight=5', 'Warning: scaling failed: forbidden' }, world:lines())
    end)

    it('tells of orders that cannot be', function()
      local world = play({}, function(rollout)
        assert.is_false(rollout:act { { kind = 'dance' } })
      end)
      assert.same({ 'effects[0].kind: "dance" is not a kind of effect' }, world:events())
    end)
  end)

  describe('tick', function()
    it('waits for the rest of the interval', function()
      local world = play({ analysis = { interval = '30s' } }, function(rollout, world)
        rollout:round_word('a', function() end)
        world.now = world.now + 7000
        rollout:tick()
      end)
      assert.equal(30, world:seconds())
    end)

    it('goes on at once when the interval has passed', function()
      local world = play({ analysis = { interval = '30s' } }, function(rollout, world)
        rollout:round_word('a', function() end)
        world.now = world.now + 77000
        rollout:tick()
      end)
      assert.equal(77, world:seconds())
    end)

    it('uses an interval that was changed meanwhile', function()
      local world = play({ analysis = { interval = '30s' } }, function(rollout, world)
        rollout:round_word('a', function() end)
        world:at(5000, function()
          world.spec.analysis.interval = '15s'
        end)
        rollout:tick()
      end)
      assert.equal(15, world:seconds())
    end)

    it('tells the kept events first', function()
      local world = play({}, function(rollout)
        rollout:round_word('a', function(r)
          r:later { kind = 'event', type = 'Normal', message = 'kept' }
        end)
        rollout:tick()
        rollout:tick()
      end)
      assert.same({ '0s Normal: kept' }, world:lines { times = true })
    end)
  end)

  -- Begin ----------------------------------------------------------------------------------------

  describe('begin', function()
    local function begin(rollout)
      rollout:begin()
    end

    local BEGUN = {
      'Normal: New revision detected! Scaling up podinfo.test (Progressing)',
      'scale up',
      'status phase=Progressing applied=r2',
    }

    it('pins the revision and scales up, without waiting first', function()
      local world = play({}, begin)
      assert.same(BEGUN, world:lines())
      assert.equal('r2', world.pinned)
      assert.equal(0, world:seconds())
    end)

    it('sets all counters to 0', function()
      local world = play({
        status = { phase = 'Failed', weight = 30, iterations = 2, failed_checks = 4, applied = 'r1' },
      }, begin)
      assert.equal('status phase=Progressing weight=0 iterations=0 failed_checks=0 applied=r2', world:lines()[3])
    end)

    it('has nothing to do for a release that took the place of another one', function()
      local world = World.new {
        restarted = true,
        status = { phase = 'Progressing', weight = 40, iterations = 0, failed_checks = 1, applied = 'r2' },
        route = { primary = 60, canary = 40, mirrored = false },
        revision = 'r3',
        replicas = 2,
      }
      world.script = function(rollout)
        rollout:begin()
        world:call('finish', { skipped = false })
      end
      world:run()
      assert.same({
        'Normal: New revision detected! Restarting analysis for podinfo.test',
        'route 100/0',
        'status weight=0 failed_checks=0 applied=r3',
      }, world:lines())
    end)

    it('asks its gate once an interval, and tells of it once', function()
      local world = play({
        analysis = { interval = '10s', webhooks = { { name = 'go', type = 'confirm-rollout' } } },
        answers = {
          go = function(world)
            return world:seconds() < 60 and 'not yet' or nil
          end,
        },
      }, begin)
      assert.same({
        '0s status phase=Waiting',
        '0s Warning: Halt podinfo.test advancement waiting for approval go (Initialized)',
        '60s Normal: Confirm-rollout check go passed',
        '60s Normal: New revision detected! Scaling up podinfo.test (Progressing)',
        '60s scale up',
        '60s status phase=Progressing applied=r2',
      }, world:lines { times = true })
      assert.equal(7, #world.asked)
    end)

    it('keeps one entry of a gate that stays closed', function()
      local world = play({
        analysis = { interval = '10s', webhooks = { { name = 'go', type = 'confirm-rollout' } } },
        answers = {
          go = function(world)
            return world:seconds() < 60000 and 'not yet' or nil
          end,
        },
      }, begin)
      assert.equal(3, #world.journal.entries)
      assert.equal(6000, world.journal.entries[2].count)
      assert.is_true(world.serial < 10) -- and does not write it
    end)

    it('takes the revision of the moment at which the gate opens', function()
      local world = play({
        analysis = { interval = '10s', webhooks = { { name = 'go', type = 'confirm-rollout' } } },
        answers = {
          go = function(world)
            world.revision = 'r3'
            return world:seconds() < 10 and 'not yet' or nil
          end,
        },
      }, begin)
      assert.equal('r3', world.pinned)
    end)

    it('asks the gate only when the primary is ready', function()
      local world = World.new {
        sides = { primary = { ready = false }, canary = { ready = true } },
        analysis = { webhooks = { { name = 'go', type = 'confirm-rollout' } } },
      }
      world.script = function(rollout)
        rollout:begin()
        world:call('finish', { skipped = false })
      end
      world:at(25000, function()
        assert.same({}, world.asked)
        world.sides.primary = { ready = true }
      end)
      world:run()
      assert.equal('25s scale up', world:lines({ times = true })[3])
    end)

    it('tries again an interval later, gate and all, when the target cannot be scaled', function()
      local world = play({
        analysis = { interval = '10s', webhooks = { { name = 'go', type = 'confirm-rollout' } } },
        fail = function(world, effect)
          return effect.kind == 'scale' and world:seconds() < 10 and 'scaling up failed' or nil
        end,
      }, begin)
      assert.same({
        '0s Normal: Confirm-rollout check go passed',
        '0s Normal: New revision detected! Scaling up podinfo.test (Progressing)',
        '0s Warning: scaling up failed',
        '10s Normal: Confirm-rollout check go passed',
        '10s Normal: New revision detected! Scaling up podinfo.test (Progressing)',
        '10s scale up',
        '10s status phase=Progressing applied=r2',
      }, world:lines { times = true })
    end)

    for _, route in ipairs { { 60, 40, false }, { 100, 0, true } } do
      it('takes a share that it did not give: ' .. route[1] .. '/' .. route[2], function()
        local world = World.new {
          route = { primary = route[1], canary = route[2], mirrored = route[3] },
          analysis = { interval = '10s' },
        }
        world.script = function(rollout)
          rollout:begin()
          world:call('finish', { skipped = false })
        end
        world:run()
        assert.same({
          'Normal: New revision detected! Scaling up podinfo.test (Progressing)',
          'route 100/0',
          'scale up',
        }, { unpack(world:lines(), 1, 3) })
      end)
    end

    it('takes a revision back whose primary will never be ready', function()
      local world = World.new {
        sides = { primary = { ready = false, never = 'deadline' }, canary = { ready = true } },
      }
      world:run()
      assert.equal('Failed', world.state)
      assert.same({ 'Canary failed! Scaling down podinfo.test (Failed)' }, world:events())
    end)

    it('waits while the routes cannot be read', function()
      local world = World.new {
        route_error = 'VirtualService podinfo.test get query error',
        analysis = { interval = '10s' },
      }
      world.script = function(rollout)
        rollout:begin()
        world:call('finish', { skipped = false })
      end
      world:at(25000, function()
        world.route_error = nil
      end)
      world:run()
      assert.same({
        '30s Normal: New revision detected! Scaling up podinfo.test (Progressing)',
      }, { unpack(world:lines { times = true }, 1, 1) })
    end)
  end)

  -- Gates ----------------------------------------------------------------------------------------

  describe('open', function()
    it('keeps what it has to tell when the gate is open', function()
      local world = play(midrun {
        analysis = { webhooks = { { name = 'more', type = 'confirm-traffic-increase' } } },
      }, function(rollout)
        assert.is_true(rollout:open 'confirm-traffic-increase')
        assert.equal('Confirm-traffic-increase check more passed', rollout:take_pending()[1].message)
      end)
      assert.same({}, world:lines())
    end)

    it('does not ask for more traffic while the promotion is waited for', function()
      local world = play(midrun {
        analysis = { webhooks = { { name = 'more', type = 'confirm-traffic-increase' } } },
        status = { phase = 'WaitingPromotion', weight = 0, iterations = -1, failed_checks = 0 },
        answers = { more = 'no' },
      }, function(rollout)
        assert.is_true(rollout:open 'confirm-traffic-increase')
      end)
      assert.same({}, world.asked)
    end)

    it('writes nothing while a gate stays closed that was told of', function()
      local world = play(midrun {
        analysis = { webhooks = { { name = 'ok', type = 'confirm-promotion' } } },
        status = { phase = 'WaitingPromotion', weight = 0, iterations = -1, failed_checks = 0 },
        answers = { ok = 'no' },
      }, function(rollout)
        assert.is_false(rollout:open 'confirm-promotion')
      end)
      assert.same({ 'facts', 'hooks confirm-promotion', 'finish' }, world.calls)
    end)
  end)

  -- Shares ---------------------------------------------------------------------------------------

  describe('shift', function()
    it('gives the canary a share and tells of it', function()
      local world = play(midrun {}, function(rollout)
        rollout:shift(35)
      end)
      assert.same({
        'route 65/35',
        'status weight=35',
        'Normal: Advance podinfo.test canary weight 35',
      }, world:lines())
    end)

    it('does not write a status for a route that was refused', function()
      local world = play(midrun { sides = { primary = { ready = true }, canary = { ready = false } } },
        function(rollout)
          rollout:shift(35)
        end)
      assert.same({ "Warning: the canary's share of podinfo.test must not grow while it is not ready" }, world:lines())
    end)
  end)
end)

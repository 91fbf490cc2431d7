local World = require 'spec.fake_host'

describe('stdlib.gates', function()
  after_each(World.prove_closed)

  --- What a gate with the hooks "first" (open) and "second" answers.
  local function ask(gate, phase, second)
    local world = World.new {
      analysis = { webhooks = { { name = 'first', type = gate }, { name = 'second', type = gate } } },
      answers = { second = second },
    }
    local facts = { name = 'podinfo', namespace = 'test', phase = phase }
    local open, orders = world:require 'stdlib.gates'.ask(gate, facts, 'Progressing')
    local texts = {}
    for i, order in ipairs(orders) do
      texts[i] = order.message or order.kind .. ' ' .. order.phase
    end
    return open, texts
  end

  local function outcome(...)
    return { ask(...) }
  end

  it('is open when all hooks pass, and without hooks', function()
    assert.same({ true, { 'Confirm-rollout check first passed', 'Confirm-rollout check second passed' } },
      outcome('confirm-rollout', 'Initialized'))
    local world = World.new()
    local open, orders = world:require 'stdlib.gates'.ask('confirm-promotion', { phase = 'Progressing' }, 'Progressing')
    assert.same({ true, {} }, { open, orders })
  end)

  for name, case in pairs {
    ['confirm-rollout'] = {
      label = 'Confirm-rollout',
      phase = 'Waiting',
      text = 'Halt podinfo.test advancement waiting for approval second',
    },
    ['confirm-promotion'] = {
      label = 'Confirm-promotion',
      phase = 'WaitingPromotion',
      text = 'Halt podinfo.test advancement waiting for promotion approval second',
    },
  } do
    it(name .. ' sets its phase and tells of it once', function()
      local passed = case.label .. ' check first passed'
      assert.same({ false, { passed, 'phase ' .. case.phase, case.text } }, outcome(name, 'Progressing', 'no'))
      assert.same({ false, { passed } }, outcome(name, case.phase, 'no'))
    end)
  end

  it('confirm-traffic-increase keeps the phase', function()
    for _, phase in ipairs { 'Progressing', 'Waiting' } do
      assert.same({
        false,
        {
          'Confirm-traffic-increase check first passed',
          'Halt podinfo.test advancement waiting for traffic increase approval second',
        },
      }, outcome('confirm-traffic-increase', phase, 'no'))
    end
  end)

  it('tells once that it is closed, and says what is waited for', function()
    local world = World.new {
      analysis = { webhooks = { { name = 'more', type = 'confirm-traffic-increase' } } },
      answers = { more = 'no' },
    }
    local facts = { name = 'podinfo', namespace = 'test', phase = 'Progressing' }
    local gates = world:require 'stdlib.gates'
    local _, orders, closed = gates.ask('confirm-traffic-increase', facts, 'Progressing')
    assert.equal(1, #orders)
    assert.same({ reason = 'GateClosed', told = true,
      message = 'waiting for traffic increase approval more (gate confirm-traffic-increase)',
      gates = { 'confirm-traffic-increase' } }, closed)
    assert.same({ false, {}, closed }, { gates.ask('confirm-traffic-increase', facts, 'Progressing', true) })
  end)

  it('says of a hook that nobody answers what became of it', function()
    local error = 'POST http://nowhere/x giving up after 1 attempt(s): Post "http://nowhere/x": no such host'
    local world = World.new {
      analysis = { webhooks = { { name = 'more', type = 'confirm-rollout' } } },
      answers = { more = error },
    }
    local facts = { name = 'podinfo', namespace = 'test', phase = 'Initialized' }
    local _, orders, closed = world:require 'stdlib.gates'.ask('confirm-rollout', facts, 'Initialized')
    assert.equal('waiting for approval more (gate confirm-rollout): ' .. error, closed.message)
    assert.equal('Halt podinfo.test advancement waiting for approval more', orders[2].message)
  end)

  it('names a gate once whose hook is called as it is', function()
    local world = World.new {
      analysis = { webhooks = { { name = 'confirm-rollout', type = 'confirm-rollout' } } },
      answers = { ['confirm-rollout'] = 'no' },
    }
    local facts = { name = 'podinfo', namespace = 'test', phase = 'Initialized' }
    local _, _, closed = world:require 'stdlib.gates'.ask('confirm-rollout', facts, 'Initialized')
    assert.equal('waiting for approval confirm-rollout', closed.message)
  end)

  it('knows its names', function()
    local gates = World.new():require 'stdlib.gates'
    assert.is_true(gates.is_known 'confirm-promotion')
    assert.is_false(gates.is_known 'confirm-lunch')
  end)
end)

local World = require 'spec.fake_host'

describe('stdlib.hooks', function()
  after_each(World.prove_closed)

  local function world_with(webhooks, answers)
    local world = World.new { analysis = { webhooks = webhooks }, answers = answers }
    return world, world:require 'stdlib.hooks'
  end

  it('calls those of one type in order', function()
    local world, hooks = world_with({
      { name = 'one', type = 'pre-rollout' },
      { name = 'two', type = 'post-rollout' },
      { name = 'three', type = 'pre-rollout' },
    })
    local results, failed = hooks.call('pre-rollout', 'Progressing')
    assert.is_nil(failed)
    assert.same({ 'one', 'three' }, { results[1].name, results[2].name })
    assert.same({ 'hook pre-rollout one (Progressing)', 'hook pre-rollout three (Progressing)' }, world:lines())
  end)

  it('tells who approved what in the place of the hooks', function()
    local _, hooks = world_with {}
    local told = hooks.passed({ { name = 'confirm-promotion', ok = true, approved = 'alice: INC-4711' } },
      'Confirm-promotion')
    assert.equal('Confirm-promotion approved by alice: INC-4711', told[1].message)
  end)

  it('takes a hook without a type for a rollout hook', function()
    local _, hooks = world_with { { name = 'one' }, { name = 'two', type = '' }, { name = 'three', type = 'rollout' } }
    assert.equal(3, #hooks.call('rollout', 'Progressing'))
  end)

  it('stops at the first failure', function()
    local _, hooks = world_with({ { name = 'one' }, { name = 'two' }, { name = 'three' } }, { two = 'no' })
    local results, failed = hooks.call('rollout', 'Progressing')
    assert.equal(2, #results)
    assert.same({ 'two', 'no' }, { failed.name, failed.error })
  end)

  it('stops at the first rollback hook that passes', function()
    local _, hooks = world_with({
      { name = 'one', type = 'rollback' },
      { name = 'two', type = 'rollback' },
      { name = 'three', type = 'rollback' },
    }, { one = 'no' })
    local results, passed = hooks.call('rollback', 'Progressing')
    assert.equal(2, #results)
    assert.equal('two', passed.name)
  end)

  it('finds no rollback when none passes', function()
    local _, hooks = world_with({ { name = 'one', type = 'rollback' } }, { one = 'no' })
    local results, passed = hooks.call('rollback', 'Progressing')
    assert.equal(1, #results)
    assert.is_nil(passed)
  end)

  it('is content without hooks', function()
    local _, hooks = world_with(nil)
    local results, failed = hooks.call('rollout', 'Progressing')
    assert.equal(0, #results)
    assert.is_nil(failed)
  end)

  it('tells of those that passed', function()
    local _, hooks = world_with(nil)
    assert.same({
      { kind = 'event', type = 'Normal', message = 'Pre-rollout check one passed' },
      { kind = 'event', type = 'Normal', message = 'Pre-rollout check three passed' },
    }, hooks.passed({
      { name = 'one', ok = true },
      { name = 'two', ok = false, error = 'x' },
      { name = 'three', ok = true },
    }, 'Pre-rollout'))
  end)
end)

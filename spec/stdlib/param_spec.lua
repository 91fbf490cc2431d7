--- Declarations of parameters, as data. (canary/params.h says what fits them; spec/scripts_spec.lua, how a wrong one
--- stops a Canary.)
local World = require 'spec.fake_host'

describe('stdlib.param', function()
  after_each(World.prove_closed)

  local param

  before_each(function()
    param = World.new():require 'stdlib.param'
  end)

  it('declares each type by its name', function()
    assert.same({ type = 'number', default = 0.5, min = 0 }, param.number { default = 0.5, min = 0 })
    assert.same({ type = 'integer' }, param.integer())
    assert.same({ type = 'percent', max = 50 }, param.percent { max = 50 })
    assert.same({ type = 'weight' }, param.weight {})
    assert.same({ type = 'duration', default = '10m' }, param.duration { default = '10m' })
    assert.same({ type = 'string', doc = 'who' }, param.string { doc = 'who' })
    assert.same({ type = 'boolean', default = false }, param.boolean { default = false })
    assert.same({ type = 'choice', values = { 'a', 'b' } }, param.choice { values = { 'a', 'b' } })
    assert.same({ type = 'list', of = { type = 'weight' }, max = 3 }, param.list(param.weight) { max = 3 })
    assert.same({ type = 'list', of = { type = 'integer', min = 1 } }, param.list(param.integer { min = 1 })())
  end)

  it('refuses what is no declaration', function()
    for problem, declare in pairs {
      ['param.number: there is no option "least", known are '] = function()
        param.number { least = 1 }
      end,
      ['param.string: a table of options is wanted, got 5'] = function()
        param.string(5)
      end,
      ['param.boolean: a dot is wanted: param.boolean { … }'] = function()
        param:boolean {}
      end,
      ['param.list: the type of its elements is wanted'] = function()
        param.list 'weight'
      end,
    } do
      local ok, raised = pcall(declare)
      assert.is_false(ok)
      assert.matches(problem, raised, 1, true)
    end
  end)
end)

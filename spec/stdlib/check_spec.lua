local World = require 'spec.fake_host'

describe('stdlib.check', function()
  after_each(World.prove_closed)

  local function define(definition)
    return function()
      return World.new():require 'stdlib.check'(definition)
    end
  end

  it('gives back what a file defines', function()
    local definition = { name = 'x', run = function() end }
    assert.equal(definition, define(definition)())
    assert.equal('check', definition.kind)
  end)

  for name, case in pairs {
    ['no table'] = { 5, 'check: a table { name = …, run = … } is wanted, got number' },
    ['no name'] = { { run = print }, 'check.name: a string is wanted, got nil' },
    ['no function'] = { { name = 'x', run = 'y' }, 'check.run: a function is wanted, got string' },
    ['an unknown field'] = { { name = 'x', run = print, query = 'y' }, 'check: there is no field "query"' },
    ['a parameter that is none'] = { { name = 'x', run = print, params = { a = 5 } }, 'check.params.a: a declaration' },
  } do
    it('refuses ' .. name, function()
      local ok, problem = pcall(define(case[1]))
      assert.is_false(ok)
      assert.matches(case[2], problem, 1, true)
    end)
  end

  for _, name in ipairs { 'request-success-rate', 'request-duration' } do
    it('finds the name of ' .. name .. ' in its file', function()
      assert.equal(name, World.new():require('checks.' .. name).name)
    end)
  end
end)

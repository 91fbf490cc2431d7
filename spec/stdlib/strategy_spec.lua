local World = require 'spec.fake_host'

describe('stdlib.strategy', function()
  after_each(World.prove_closed)

  local function define(definition)
    return function()
      return World.new():require 'stdlib.strategy'(definition)
    end
  end

  it('gives back what a file defines', function()
    local definition = { name = 'x', run = function() end }
    assert.equal(definition, define(definition)())
  end)

  for name, case in pairs {
    ['no table'] = { 5, 'strategy: a table { name = …, run = … } is wanted, got number' },
    ['no name'] = { { run = print }, 'strategy.name: a string is wanted, got nil' },
    ['no function'] = { { name = 'x', run = 'y' }, 'strategy.run: a function is wanted, got string' },
  } do
    it('refuses ' .. name, function()
      local ok, problem = pcall(define(case[1]))
      assert.is_false(ok)
      assert.matches(case[2], problem, 1, true)
    end)
  end

  it('does not let a release end half way', function()
    local world = World.new { run_words = function() end }
    assert.has_error(function()
      world:run()
    end, 'spec: run returned, but the release is neither promoted nor taken back')
  end)

  for _, name in ipairs { 'canary', 'blue_green', 'ab_test' } do
    it('finds the name of ' .. name .. ' in its file', function()
      assert.equal(name, World.new():require('strategies.' .. name).name)
    end)
  end
end)

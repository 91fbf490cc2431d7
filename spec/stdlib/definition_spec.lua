--- What files of strategies and of checks return: stdlib.strategy and stdlib.check.
local World = require 'spec.fake_host'

--- The definitions that the engine brings, by their kind.
local BUNDLED = {
  strategy = { 'strategies.canary', 'strategies.blue_green', 'strategies.ab_test' },
  check = { 'checks.request-success-rate', 'checks.request-duration' },
}

for kind, files in pairs(BUNDLED) do
  describe('stdlib.' .. kind, function()
    after_each(World.prove_closed)

    local function define(definition)
      return World.new():require('stdlib.' .. kind)(definition)
    end

    it('gives back what a file defines', function()
      local definition = { name = 'x', run = function() end }
      assert.equal(definition, define(definition))
      assert.equal(kind, definition.kind)
    end)

    for name, case in pairs {
      ['no table'] = { 5, ': a table { name = …, run = … } is wanted, got number' },
      ['no name'] = { { run = print }, '.name: a string is wanted, got nil' },
      ['no function'] = { { name = 'x', run = 'y' }, '.run: a function is wanted, got string' },
      ['an unknown field'] = { { name = 'x', run = print, query = 'y' }, ': there is no field "query"' },
      ['a parameter that is none'] = { { name = 'x', run = print, params = { a = 5 } }, '.params.a: a declaration' },
    } do
      it('refuses ' .. name, function()
        local ok, problem = pcall(define, case[1])
        assert.is_false(ok)
        assert.matches(kind .. case[2], problem, 1, true)
      end)
    end

    for _, file in ipairs(files) do
      it('finds the name of ' .. file .. ' in its file', function()
        assert.equal(file:match '[^.]+$', World.new():require(file).name)
      end)
    end
  end)
end

describe('a strategy', function()
  after_each(World.prove_closed)

  it('does not let a release end half way', function()
    local world = World.new { run_words = function() end }
    assert.has_error(function()
      world:run()
    end, 'spec: run returned, but the release is neither promoted nor taken back')
  end)
end)

local World = require 'spec.fake_host'

describe('the keys of a table', function()
  after_each(World.prove_closed)

  --- As a script has them, and as a command has them, whose `pairs` has no order.
  local modules = { script = World.new():require 'stdlib.keys', command = dofile 'lua/stdlib/keys.lua' }

  it('are in the order of their bytes', function()
    for where, keys in pairs(modules) do
      assert.same({ 'A', 'B', 'a', 'a-1', 'a1', 'b', 'é' },
        keys.sorted { b = 1, a1 = 1, ['é'] = 1, A = 1, ['a-1'] = 1, B = 1, a = 1 }, where)
      assert.same({}, keys.sorted {}, where)
    end
  end)

  it('are numbers by their size before texts', function()
    for where, keys in pairs(modules) do
      local list = { [-1] = 1, [0.5] = 1, ['1'] = 1, [''] = 1 }
      for i = 1, 11 do
        list[i] = i
      end
      assert.same({ -1, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, '', '1' }, keys.sorted(list), where)
    end
  end)

  it('are what has no order of its own at the end, by its text', function()
    for where, keys in pairs(modules) do
      assert.same({ 2, 'x', false, true }, keys.sorted { [true] = 1, x = 1, [2] = 1, [false] = 1 }, where)
    end
  end)
end)

--- Values as the console shows them.
local width = require 'tool.columns'.width
local show = require 'tool.repl.show'

local function shown(value, columns)
  return show.value(value, columns or 0)
end

describe('a value of the console', function()
  it('is a text without quotes, and in a table with them', function()
    assert.equal("it's", shown "it's")
    assert.equal("{ 'it\\'s' }", shown { "it's" })
    assert.equal("{ 'two\\nlines' }", shown { 'two\nlines' })
  end)

  it('has no control characters', function()
    assert.equal('a\\x1b[2Jb', shown 'a\27[2Jb')
    assert.equal("{ 'a\\x1b[2J' }", shown { 'a\27[2J' })
  end)

  it('is a number with no more digits than a person reads', function()
    assert.equal('48', shown(48))
    assert.equal('0.333333', shown(1 / 3))
    assert.equal('1e+20', shown(1e20))
    assert.equal('inf', shown(math.huge))
    assert.equal('nil', shown(nil))
  end)

  it('is a table with its fields, items first, then names in order', function()
    assert.equal("{ 1, 2, a = { b = true }, ['end'] = 3, z = {} }", shown { 1, 2, z = {}, a = { b = true },
      ['end'] = 3 })
  end)

  it('is a verdict as its text', function()
    assert.equal('fail  48 ms, at most 10 wanted', shown { verdict = 'fail', text = '48 ms, at most 10 wanted' })
  end)

  it('stands in lines when it is wider than the terminal, each cut to it', function()
    local value = { name = 'a name that is long', list = { 'another one that is long' } }
    assert.equal("{\n  list = {\n    'another one th…\n  },\n  name = 'a name th…\n}", shown(value, 20))
    for line in shown(value, 20):gmatch '[^\n]+' do
      assert.is_true(width(line) <= 20)
    end
  end)

  it('ends, however deep, long or round it is', function()
    local round, deep, long = {}, {}, {}
    round.itself = round
    local inner = deep
    for i = 1, 100 do
      inner.next = {}
      inner = inner.next
      long[i] = i
    end
    assert.equal('{ itself = {…} }', shown(round))
    assert.is_true(shown(deep):find('{…}', 1, true) ~= nil)
    assert.is_true(shown(long):find('… 40 more', 1, true) ~= nil)
  end)

  it('asks nothing of a table that says no to unknown names', function()
    local strict = setmetatable({ a = 1 }, { __index = function()
      error 'no such field'
    end })
    assert.equal('{ a = 1 }', shown(strict))
  end)
end)

describe('a line of the console', function()
  it('is folded at words, the later lines behind blanks', function()
    assert.equal('one two three four\n    five six', show.fold('one two three four five six', 22, 4))
    assert.equal('one two', show.fold('one two', 0, 4))
  end)

  it('is cut at characters, not at bytes', function()
    assert.equal('äö…', show.cut('äöüß', 3))
    assert.equal('äöü', show.cut('äöü', 3))
  end)
end)

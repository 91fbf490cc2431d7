local shown = require 'stdlib.shown'

describe('what came', function()
  it('is a text in quotes, and something else without', function()
    assert.equal("'5'", shown.value '5')
    assert.equal('5', shown.value(5))
    assert.equal('nil', shown.value(nil))
    assert.equal('a table', shown.value {})
  end)

  it('is cut between two characters', function()
    assert.equal("'" .. ('x'):rep(60) .. "…'", shown.value(('x'):rep(61)))
    assert.equal("'" .. 'x' .. ('ä'):rep(29) .. "…'", shown.value('x' .. ('ä'):rep(50)))
    assert.equal("'" .. ('€'):rep(20) .. "…'", shown.value(('€'):rep(50)))
    assert.equal("'" .. 'xx' .. ('𝄞'):rep(14) .. "…'", shown.value('xx' .. ('𝄞'):rep(50)))
  end)
end)

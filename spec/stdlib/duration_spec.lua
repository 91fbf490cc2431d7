--- Durations in scripts and in manifests: one rule, held together here.
local World = require 'spec.fake_host'
local sluice = require 'sluice'

describe('stdlib.duration', function()
  after_each(World.prove_closed)

  local duration = World.new():require 'stdlib.duration'

  for text, ms in pairs {
    ['90s'] = 90000, ['1h30m'] = 5400000, ['1.5h'] = 5400000, ['.5h'] = 1800000, ['5.s'] = 5000, ['1m1us'] = 60000,
    ['1500\194\181s'] = 1, ['+1m'] = 60000, ['0'] = 0, ['-0s'] = 0, ['1ms999us'] = 1,
  } do
    it('reads ' .. text, function()
      assert.equal(ms, duration.parse(text))
    end)
  end

  for _, text in ipairs { '', '10', 'h', '.h', '1.2.3s', '1d', '-1s', '1 m', '1m ', '1e3s', '9223372036855h' } do
    it('does not read "' .. text .. '"', function()
      local ms, problem = duration.parse(text)
      assert.is_nil(ms)
      assert.equal("a duration like '90s' or '1h30m' is wanted, got '" .. text .. "'", problem)
    end)
  end

  --- Texts of pieces that durations are made of, always the same ones.
  local function texts(count)
    local pieces = { '0', '1', '9', '59', '720', '.', '.5', '0.0009', '999999', '18446744073709551616', 'h', 'm', 's',
      'ms', 'us', '\194\181s', '\206\188s', 'ns', '-', '+', ' ', 'd', '1h', '720h', '1ns', '999us', '999ms', '1s' }
    local list, state = {}, 1
    for i = 1, count do
      local parts = {}
      for j = 1, 1 + i % 5 do
        state = (state * 16807) % 2147483647
        parts[j] = pieces[1 + state % #pieces]
      end
      list[i] = table.concat(parts)
    end
    return list
  end

  it('takes in a script what a manifest may give, and nothing else', function()
    local taken = 0
    for _, text in ipairs(texts(20000)) do
      local problem = sluice.params_problem({ d = { type = 'duration' } }, { d = text })
      local ms = duration.wait(text)
      assert.equal(problem == nil, ms ~= nil, text .. ': ' .. tostring(problem))
      taken = taken + (ms and 1 or 0)
    end
    assert.is_true(taken > 500, taken)
  end)
end)

--- The file of sluice record: numbers as text, and what is said of a file that was edited.
local recording = require 'tool.backtest.recording'
local samples = require 'tool.backtest.samples'
local selectors = require 'tool.backtest.selectors'
local span = require 'tool.backtest.span'

describe('numbers as text', function()
  local function again(list)
    local numbers, count = samples.read(samples.write(list))
    local read = {}
    for i = 1, count do
      read[i] = numbers[i - 1]
    end
    return read
  end

  it('are short', function()
    assert.equal('1780000000000 15000x3 14998', samples.write { 1780000000000, 1780000015000, 1780000030000,
      1780000045000, 1780000059998 })
    assert.equal('5 0x2 -5 7', samples.write { 5, 5, 5, 0, 7 })
    assert.equal('= 0.1 0.5x2 +Inf -Inf', samples.write { 0.1, 0.5, 0.5, math.huge, -math.huge })
  end)

  it('are exact', function()
    for _, list in ipairs { {}, { 0 }, { -3, 4, -5 }, { 2 ^ 52, 0, -2 ^ 52 }, { 0.1, 1 / 3, 1e300, -5e-324 },
      { 2 ^ 53 + 2, 1 }, { 1, 2, 2, 2, 3 }, { 0.5, 0.5, 1e22 } } do
      assert.same(list, again(list))
    end
    assert.equal(-math.huge, 1 / again { -0.0 }[1])
    local nan = again { 0 / 0 }[1]
    assert.is_true(nan ~= nan)
  end)

  it('are refused when they are none', function()
    for _, text in ipairs { 'x', '1 x', '1x', '1x0', '1  2', '- 1', '= 1 y', '1.5', '1x99999999999' } do
      assert.is_nil(samples.read(text), text)
    end
    assert.is_nil(samples.read(nil))
  end)
end)

describe('a file', function()
  local function file()
    return { kind = 'sluice-record', version = 1, server = '2.42.0', from = 1000, to = 9000, lookback = 300000,
      selectors = {}, times = { '1000 1000x2' },
      series = { { labels = { __name__ = 'x' }, times = 0, values = '1 1x2' } } }
  end

  it('is read', function()
    local data = recording.read(file())
    assert.equal(2, data.major)
    assert.equal(3, data.series[1].count)
    assert.equal(3000, data.series[1].times[2])
    assert.equal(3, data.series[1].values[2])
  end)

  it('is refused with the place of what is wrong', function()
    local function edit(change)
      local data = file()
      change(data)
      local ok, raised = pcall(recording.read, data)
      return not ok and raised.refused
    end
    for wanted, change in pairs {
      ['version: this sluice reads version 1, the file has 2'] = function(data) data.version = 2 end,
      ['kind is "x", wanted "sluice-record"'] = function(data) data.kind = 'x' end,
      ['server: a version such as 2.42.0 is wanted, got "latest"'] = function(data) data.server = 'latest' end,
      ['from: a time before "to" is wanted'] = function(data) data.from = 9000 end,
      ['from: milliseconds from 0 on are wanted, up to the year 10000, got -1e+308'] = function(data)
        data.from = -1e308
      end,
      ['to: milliseconds from 0 on are wanted, up to the year 10000, got 1e+300'] = function(data) data.to = 1e300 end,
      ['lookback: milliseconds from 0 on are wanted'] = function(data) data.lookback = -5 end,
      ['notes: a list is wanted, got string'] = function(data) data.notes = 'x' end,
      ['notes[1]: a string is wanted, got table'] = function(data) data.notes = { 'a', {} } end,
      ['selectors[0]: a table is wanted, got number'] = function(data) data.selectors = { 1 } end,
      ['series[0].stale: a list is wanted, got string'] = function(data) data.series[1].stale = 'x' end,
      ['series[0].stale[0]: a number is wanted, got string'] = function(data) data.series[1].stale = { 'x' } end,
      ['times: a table is wanted, got nil'] = function(data) data.times = nil end,
      ['times[0]: times rise, but the one at 3 does not'] = function(data) data.times[1] = '1000 1000 -1' end,
      ['times[0]: the text cannot be read'] = function(data) data.times[1] = '1000 1000y' end,
      ['series[0].values: 3 are wanted, as many as there are times; got 2'] = function(data)
        data.series[1].values = '1 1'
      end,
      ['series[0].values: the text cannot be read'] = function(data) data.series[1].values = {} end,
      ['series[0].times: one of the 1 times is wanted, got 7'] = function(data) data.series[1].times = 7 end,
      ['series[0].labels: an object is wanted'] = function(data) data.series[1].labels = 'x' end,
      ['series[0].labels.a: a text is wanted, got number'] = function(data) data.series[1].labels.a = 1 end,
    } do
      assert.truthy(tostring(edit(change)):find(wanted, 1, true), wanted .. '; got ' .. tostring(edit(change)))
    end
    assert.matches('it is no file of sluice record', select(2, pcall(recording.read, 'x')).refused)
  end)
end)

describe('what is fetched', function()
  local function needs(query, more)
    local list = {}
    for i, need in ipairs(selectors.merge(selectors.of(query, { major = 2, target = 'web', lookback = 300000,
      span = more }))) do
      list[i] = ('%s %d %d%s'):format(need.text, need.before / 1000, need.after / 1000, need.instant and ' !' or '')
    end
    return list
  end

  it('has both sides', function()
    assert.same({ '{__name__="x",app=~"web(-primary)?"} 60 0' }, needs 'rate(x{app="web"}[1m])')
    assert.same({ '{__name__="x",app=~"web(-primary)?"} 60 0' }, needs 'rate(x{app="web-primary"}[1m])')
    assert.same({ '{__name__="x",pod=~"web(-primary)?-[0-9]+"} 60 0' }, needs 'rate(x{pod=~"web-[0-9]+"}[1m])')
    assert.same({ '{__name__="x"} 60 0' }, needs 'rate(x{app!="web"}[1m])')
  end)

  it('is as much as the queries reach back', function()
    assert.same({ '{__name__="x"} 300 0 !' }, needs 'x')
    assert.same({ '{__name__="x"} 604860 0' }, needs 'rate(x[1m] offset 1w)')
    assert.same({ '{__name__="x"} 3660 0' }, needs 'max_over_time(rate(x[1m])[1h:1m])')
    assert.same({ '{__name__="x"} 660 0' }, needs('rate(x[1m])', 600000))
    assert.same({ '{__name__="x"} 0 300 !' }, needs 'x offset -5m')
  end)

  it('is fetched once', function()
    assert.same({ '{__name__="x",app=~"web(-primary)?"} 300 0' },
      needs 'sum(rate(x{app="web",code!~"5.*"}[1m])) / sum(rate(x{app="web"}[5m]))')
  end)
end)

describe('spans', function()
  it('are read', function()
    assert.same({ from = 1781272800000, to = 1781277000000 }, span.read_pair('bad', '2026-06-12T14:00/15:10'))
    assert.same({ from = 1781272800000, to = 1781316000000 },
      span.read_pair('bad', '2026-06-12T14:00/2026-06-13T02:00Z'))
    assert.equal(1000000 - 90000, span.read_moment('from', '-1m30s', 1000000))
  end)

  it('are refused', function()
    for _, text in ipairs { '2026-06-12T14:00', 'x/y', '2026-06-12T14:00/13:00', '2026-06-31T14:00/15:00' } do
      local ok, raised = pcall(span.read_pair, 'bad', text)
      assert.is_false(ok)
      assert.matches('%-%-bad ' .. text:gsub('%p', '%%%0') .. ': a span such as', raised.refused)
    end
  end)
end)

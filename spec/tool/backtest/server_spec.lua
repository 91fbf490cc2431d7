--- A Prometheus that is asked for its history: one that is busy, and answers that are none of a Prometheus.
local process = { interrupted = function() return false end }
package.loaded['tool.process'] = process -- the tool's own, which specs do not have

local fetching = require 'tool.backtest.fetching'
local server_of = require 'tool.backtest.server'

local SECOND = 1000

--- A server whose HTTP answers come from a list, one for each request; the last one again and again.
local function server(answers)
  local count = 0
  process.fetch = function()
    count = math.min(count + 1, #answers)
    return answers[count]
  end
  return server_of.new 'http://prom:9090'
end

local function success(data)
  return { status = 200, body = { status = 'success', data = data } }
end

local BUSY = { status = 429, text = 'slow down' }
local ONE = success { resultType = 'vector', result = { { metric = {}, value = { 1, '1' } } } }

describe('a Prometheus', function()
  local pauses

  before_each(function()
    pauses = {}
    process.pause = function(ms) pauses[#pauses + 1] = ms end
  end)

  it('that is busy at first is asked again, for its version, too', function()
    local asked = server { BUSY, ONE, { status = 429, text = '', retry_after_ms = 7000 },
      success { version = '3.5.0' } }
    assert.same({ '3.5.0' }, { asked:version() })
    assert.same({ 1000, 7000 }, pauses)
  end)

  it('that stays busy is given up', function()
    assert.same({ nil, 'status 429: slow down' }, { server({ BUSY }):version() })
    assert.equal(6, #pauses)
  end)

  it('that wants a very long rest is given up at once', function()
    local asked = server { { status = 429, text = 'no', retry_after_ms = 300000 } }
    assert.same({ nil, 'status 429: no; it wants to be asked again no sooner than in 300 s' }, { asked:version() })
    assert.same({}, pauses)
  end)

  it('may refuse in any shape', function()
    for wanted, answer in pairs {
      ['status 400, and no answer of a Prometheus'] = { status = 400, body = { error = { 1 }, errorType = 5 } },
      ['status 200, and no answer of a Prometheus'] = { status = 200, body = {}, text = '[]' },
      ['bad query'] = { status = 400, body = { status = 'error', error = 'bad query' } },
    } do
      assert.same({ nil, wanted }, { server({ answer }):version() })
    end
  end)

  it('that is away at first is told at once', function()
    assert.same({ nil, 'no route' }, { server({ { error = 'no route' } }):version() })
    assert.same({}, pauses)
  end)

  it('says what is wrong with an answer', function()
    local function series(values)
      return { resultType = 'matrix', result = { { metric = { a = 'b' }, values = values } } }
    end
    for wanted, datas in pairs {
      ['data.result: a list is wanted, got nil'] = { {} },
      ['data.result: a list is wanted, got string'] = { { resultType = 'vector', result = 'x' } },
      ['data.result: a moment and a scalar are wanted'] = { { resultType = 'scalar', result = { 1, 'x' } } },
      ['data.result[0]: a series is wanted'] = { { result = { 1 } }, { result = { { metric = 'x' } } },
        { result = { { metric = { a = 1 } } } }, { result = { { metric = {}, value = 1 } } }, series 'x',
        series { { a = 1 } }, series { { 1, 2 } }, series { { 1, 'banana' } }, series { { 2, '1' }, { 1, '1' } } },
    } do
      for _, data in ipairs(datas) do
        local answer, problem = server({ success(data) }):query('up', 0)
        assert.is_nil(answer)
        assert.equal('refused', problem.kind)
        assert.truthy(problem.text:find('no answer of a Prometheus: ' .. wanted, 1, true), problem.text)
      end
    end
  end)

  it('is believed when it answers as one', function()
    for _, data in ipairs { { resultType = 'scalar', result = { 1, '+Inf' } }, { resultType = 'vector', result = {} },
      { resultType = 'string', result = { 1, 'x' } },
      { resultType = 'matrix', result = { { metric = {}, histograms = {} },
        { metric = {}, values = { { 1, 'NaN' }, { 1, '-Inf' }, { 2, '1e5' } } } } } } do
      assert.equal(data, (server({ success(data) }):query('up', 0)))
    end
  end)

  it('that gives other times than it was asked for, does so in vain', function()
    local asked = server { success { resultType = 'matrix', result = { { metric = { __name__ = 'x' },
      values = { { 9, '1' }, { 10, '2' }, { 600, '3' }, { 601, '4' }, { 900, '5' } } } } } }
    local fetched = fetching.new(asked, { at = function() end })
    assert.equal(1, fetched:fetch({ text = 'x' }, 10 * SECOND, 600 * SECOND))
    assert.same({ 10 * SECOND, 600 * SECOND }, fetched:series()[1].times)
    assert.same({ 'the server gave 3 samples of other times than it was asked for, they were left out' },
      fetched:notes({ from = 10 * SECOND, to = 600 * SECOND }, {}))
  end)
end)

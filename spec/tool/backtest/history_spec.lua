--- What a release of the past sees of recorded series: which of them stand for the canary, and which for the primary.
local histories = require 'tool.backtest.history'
local series_of = require 'tool.promql.series'

--- A series that grows by `rate` in each second, from 0 to 600 s.
local function series(labels, rate)
  local times, values = {}, {}
  for i = 0, 40 do
    times[#times + 1], values[#values + 1] = i * 15000, i * 15 * rate
  end
  labels.__name__ = labels.__name__ or 'requests_total'
  return series_of.new(labels, series_of.numbers(times), series_of.numbers(values), #times)
end

local function recording(list)
  return { major = 2, lookback = 300000, series = list }
end

local function value(history, query)
  local answer, problem = history:asker(600000)(query, 600000)
  assert.is_nil(problem)
  return answer.value.values[1]
end

local SUM = 'sum(rate(requests_total{%s}[1m]))'

describe('a history without a canary', function()
  local list = {
    series({ app = 'web-primary', pod = 'web-primary-5b-a' }, 1),
    series({ app = 'web', pod = 'web-7c-b' }, 2),
    series({ app = 'shop', pod = 'shop-1' }, 4),
    series({ app = 'webstore', pod = 'webstore-1' }, 8),
  }
  local history = histories.new(recording(list), 'web', {})

  it('is judged whole, by whichever name it is asked for', function()
    assert.equal(3, value(history, SUM:format 'app="web"'))
    assert.equal(3, value(history, SUM:format 'app="web-primary"'))
    assert.equal(3, value(history, SUM:format 'pod=~"web-[0-9a-z]+-[a-z]"'))
    assert.equal(3, value(history, SUM:format 'pod=~"web-primary-.*"'))
  end)

  it('leaves others as they are', function()
    assert.equal(4, value(history, SUM:format 'app="shop"'))
    assert.equal(8, value(history, SUM:format 'app="webstore"'))
  end)

  it('reckons equal questions once', function()
    local before = history.evaluated
    local ask = history:asker(600000)
    ask('sum(requests_total)', 600000)
    ask('sum(requests_total)', 600000)
    ask('sum(requests_total)', 585000)
    assert.equal(before + 2, history.evaluated)
  end)
end)

describe('a share of the Pods', function()
  local list = {}
  for i = 1, 20 do
    list[i] = series({ app = 'web-primary', pod = ('web-primary-5b-%02d'):format(i) }, 1)
  end
  list[21] = series({ app = 'web-primary' }, 100) -- of no Pod

  it('stands for the canary, the others for the primary', function()
    local history = histories.new(recording(list), 'web', { share = 0.1, by = 'pod' })
    assert.equal(2, value(history, SUM:format 'app="web",pod!=""'))
    assert.equal(18, value(history, SUM:format 'app="web-primary",pod!=""'))
    assert.equal(20, history:labelled())
  end)

  it('has what is of no Pod on both sides', function()
    local history = histories.new(recording(list), 'web', { share = 0.1, by = 'pod' })
    assert.equal(102, value(history, SUM:format 'app="web"'))
    assert.equal(118, value(history, SUM:format 'app="web-primary"'))
  end)

  it('is the same each time, and never nobody', function()
    local query = 'count by (pod) (rate(requests_total{app="web",pod!=""}[1m]))'
    local pods = {}
    for i = 1, 2 do
      local history = histories.new(recording(list), 'web', { share = 0.01, by = 'pod' })
      local answer = history:asker(600000)(query, 600000)
      assert.equal(1, #answer.value.labels)
      pods[i] = answer.value.labels[1].pod
    end
    assert.equal(pods[1], pods[2])
    assert.matches('^web%-5b%-%d%d$', pods[1])
  end)
end)

describe('what is not evaluated', function()
  it('is asked of the server when there is one', function()
    local asked = {}
    local history = histories.new(recording { series({ app = 'web' }, 1) }, 'web', { server = function(query, time)
      asked[#asked + 1] = query .. '@' .. time
      return { type = 'scalar', value = 7 }
    end })
    local ask = history:asker(0)
    assert.equal(7, ask('holt_winters(requests_total[5m], 0.5, 0.5)', 600000).value)
    assert.equal(41 * 15 - 15, ask('sum(requests_total{app="web"})', 600000).value.values[1])
    assert.same({ 'holt_winters(requests_total[5m], 0.5, 0.5)@600000' }, asked)
  end)

  it('is an error without one', function()
    local history = histories.new(recording { series({ app = 'web' }, 1) }, 'web', {})
    local answer, problem = history:asker(0)('holt_winters(requests_total[5m], 0.5, 0.5)', 600000)
    assert.is_nil(answer)
    assert.equal('unsupported', problem.kind)
  end)
end)

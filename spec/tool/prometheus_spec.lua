--- What sluice check --prometheus asks, and what it makes of the answers.
package.loaded.host = require 'tool.host'
local prometheus = require 'tool.prometheus'
local promql = require 'tool.promql'

describe('tool.promql', function()
  local function selectors(query)
    local list = {}
    for i, selector in ipairs(promql.selectors(query)) do
      list[i] = ('%s %s %s'):format(selector.text, selector.metric or '-', selector.window or '-')
    end
    return list
  end

  it('finds selectors and windows', function()
    for query, wanted in pairs {
      ['sum(rate(errors{a="x}y", b=~\'[1m]\'}[1m])) by (le) / sum(rate(all[30s]))'] =
        { 'errors{a="x}y", b=~\'[1m]\'} errors 1m', 'all all 30s' },
      ['up == 1'] = {}, ['{__name__="x"}[5m]'] = { '{__name__="x"} - 5m' },
      ['max_over_time(rate(x{a="1"} [1m])[1h:5m])'] = { 'x{a="1"} x 1m' },
      ['job:x:rate5m{a="{"} # y[1m]\n + z[2h30m]'] = { 'job:x:rate5m{a="{"} job:x:rate5m -', 'z z 2h30m' },
      ['x{'] = { 'x{ x -' }, ['"x[1m]'] = {}, ['x["1m"]'] = {}, ['1e3 [1m]'] = {}, ['f(x)[1m]'] = {},
    } do
      assert.same(wanted, selectors(query), query)
    end
  end)

  it('reads durations', function()
    assert.equal(90000, promql.duration '1m30s')
    assert.equal(86400000 * 7, promql.duration '1w')
    for _, text in ipairs { '', '5', 'm', '5x', '1m 5s' } do
      assert.is_nil(promql.duration(text), text)
    end
  end)
end)

--- A Prometheus with these series (by the part of a query that selects them); says what the doctor finds.
---@param metric table
---@param served table<string, any> what is answered to queries with this text in them, the longest text first
---@param templates table?
local function judged(metric, served, templates)
  local canary = { metadata = { name = 'web', namespace = 'shop' },
    spec = { targetRef = { name = 'web' }, analysis = { metrics = { metric } } } }
  local answers = {}
  local texts = {}
  for text in pairs(served) do
    texts[#texts + 1] = text
  end
  table.sort(texts, function(a, b) return #a > #b end)
  local paths = prometheus.questions { canaries = { { object = canary, templates = { ['0'] = metric.key } } },
    templates = templates or {} }
  for i, path in ipairs(paths) do
    local query = path:gsub('%%(%x%x)', function(code) return string.char(tonumber(code, 16)) end)
    local body = { status = 'success', data = { resultType = 'vector', result = {} } }
    for _, text in ipairs(texts) do
      if query:find(text, 1, true) then
        body = served[text].status and served[text] or served[text].activeTargets
          and { status = 'success', data = served[text] }
          or { status = 'success', data = { resultType = 'vector', result = served[text] } }
        break
      end
    end
    answers[i] = { path = path, status = 200, body = body }
  end
  local found = prometheus.judge { answers = answers }
  local lines = {}
  for i, finding in ipairs(found.findings) do
    lines[i] = ('%s: %s'):format(finding.severity, finding.text)
  end
  return lines, found.away
end

local function series(value, job)
  return { metric = { job = job or 'web', instance = 'a:1' }, value = { 0, value } }
end

local TARGETS = { activeTargets = { { labels = { job = 'web', instance = 'a:1' }, scrapeInterval = '30s' } } }
local HEAD = 'spec.analysis.metrics[0].query: Prometheus: '

describe('tool.prometheus', function()
  local query = 'sum(rate(errors{v="{{ target }}"}[{{ interval }}]))'

  it('says nothing of a query that works', function()
    assert.same({}, judged({ query = query }, { ['sum('] = { series '1' }, ['last_over_time'] = { series '1' },
      targets = TARGETS }))
  end)

  it('says that a window is too short', function()
    local short = HEAD .. 'the window [30s] is too short: job "web" is scraped every 30s, and a rate needs two samples'
    assert.same({ 'warning: ' .. short }, judged({ query = query, interval = '30s' }, { ['sum('] = { series '1' },
      ['last_over_time'] = { series '1' }, targets = TARGETS }))
    assert.same({ 'warning: ' .. short }, judged({ query = query, interval = '30s' }, { ['sum('] = { series '1' },
      ['last_over_time(errors['] = { series '1' }, targets = TARGETS }), 'by the name alone')
    assert.same({}, judged({ query = query, interval = '30s' }, { ['sum('] = { series '1' },
      ['last_over_time'] = { series('1', 'other') }, targets = TARGETS }), 'another job')
  end)

  it('says that there are several series', function()
    local several = { ['sum('] = { series '1', series '2' }, last_over_time = { series '1' } }
    assert.same({ 'warning: ' .. HEAD .. 'the query gives 2 series, of which the last one counts; sum(…) makes one of '
      .. 'them' }, judged({ query = query }, several))
  end)

  it('says why there is nothing', function()
    assert.same({ 'warning: ' .. HEAD .. 'no series was called errors within a day' }, judged({ query = query }, {}))
    assert.same({ 'warning: ' .. HEAD .. 'no series was like this within a day: errors{v="web"}' },
      judged({ query = query }, { ['last_over_time(errors['] = { series '1' } }))
    assert.same({ 'warning: ' .. HEAD .. 'it has nothing for the query now, as when no release runs; within a day it '
      .. 'had' }, judged({ query = query }, { last_over_time = { series '1' } }))
    assert.same({ 'warning: ' .. HEAD .. 'the query gives no number now (NaN), as when there were no requests' },
      judged({ query = query }, { ['sum('] = { series 'NaN' } }))
  end)

  it('says that a query is refused, or no number', function()
    assert.same({ 'error: ' .. HEAD .. 'it refuses the query: parse error' }, judged({ query = query },
      { ['sum('] = { status = 'error', error = 'parse error' } }))
    assert.same({ 'error: ' .. HEAD .. 'the query gives a matrix, wanted one number' }, judged({ query = query },
      { ['sum('] = { status = 'success', data = { resultType = 'matrix', result = {} } } }))
  end)

  it('asks for the checks that the engine brings, and for MetricTemplates of Prometheus', function()
    local by_name = 'warning: spec.analysis.metrics[0].name: Prometheus: no series was called '
    assert.same({ by_name .. 'istio_requests_total within a day' }, judged({ name = 'request-success-rate' }, {}))
    assert.same({ by_name .. 'istio_request_duration_milliseconds_bucket within a day' },
      judged({ name = 'request-duration' }, {}))
    local template = { provider = { type = 'prometheus' }, query = 'x{v="{{ variables.v }}"}' }
    local metric = { templateRef = { name = 'x' }, key = 'shop/x', templateVariables = { v = 'y' } }
    assert.same({ 'warning: spec.analysis.metrics[0].templateRef: Prometheus: no series was called x within a day' },
      judged(metric, {}, { ['shop/x'] = template }))
    template.provider.type = 'datadog'
    assert.same({}, judged(metric, {}, { ['shop/x'] = template }))
    assert.same({}, judged({ query = '{{ bad' }, {}), 'said elsewhere')
  end)

  it('says that the server went away in the middle', function()
    local canary = { spec = { analysis = { metrics = { { query = 'x{v="{{ target }}"}' } } } } }
    local answers = {}
    local paths = prometheus.questions { canaries = { { object = canary, templates = {} } }, templates = {} }
    for i, path in ipairs(paths) do
      answers[i] = i < 3 and { path = path, status = 200, body = { status = 'success' } }
        or { path = path, error = 'no answer within 10 s' }
    end
    assert.same({ away = 'no answer within 10 s', findings = {} }, prometheus.judge { answers = answers })
  end)

  it('says that the server is away', function()
    prometheus.questions { canaries = {}, templates = {} }
    local path = '/api/v1/query?query=vector%281%29'
    assert.equal('refused', prometheus.judge({ answers = { { path = path, error = 'refused' } } }).away)
    assert.equal('status 404, and no answer of a Prometheus',
      prometheus.judge({ answers = { { path = path, status = 404 } } }).away)
    assert.equal('status 200, and no answer of a Prometheus',
      prometheus.judge({ answers = { { path = path, status = 200, body = { status = 'up' } } } }).away)
  end)
end)

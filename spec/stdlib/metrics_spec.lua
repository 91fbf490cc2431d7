local World = require 'spec.fake_host'

local RATE, DURATION = 'request-success-rate', 'request-duration'

describe('stdlib.metrics', function()
  after_each(World.prove_closed)

  --- The sentence about a list of metrics when every query answers `measure`.
  local function check(metrics, measure, spec)
    local world = World.new { analysis = { metrics = metrics }, spec = spec, measures = { any = measure } }
    local facts = world:call 'facts'
    local verdict = world:require 'stdlib.metrics'.check(facts, world:call 'spec')
    return verdict and world:require 'stdlib.sentences'.of(verdict, facts), world, verdict
  end

  local function range(min, max)
    return { min = min, max = max }
  end

  local NONE = { none = true, error = 'no values found' }
  local BROKEN = { error = 'error response: Status 503 Service Unavailable: no' }

  -- docs/flagger.md, "Metric checks": metric, answer, text of the event (nil: the check passes).
  for name, case in pairs {
    ['success rate below'] = {
      { name = RATE, thresholdRange = range(99) },
      98.5,
      'Halt podinfo.test advancement success rate 98.50% < 99%',
    },
    ['success rate above'] = {
      { name = RATE, thresholdRange = range(nil, 99.5) },
      100,
      'Halt podinfo.test advancement success rate 100.00% > 99.5%',
    },
    ['success rate at its bounds'] = { { name = RATE, thresholdRange = range(99, 99) }, 99 },
    ['success rate below the older threshold'] = {
      { name = RATE, threshold = 99 },
      69.17,
      'Halt podinfo.test advancement success rate 69.17% < 99%',
    },
    ['success rate at the older threshold'] = { { name = RATE, threshold = 99 }, 99 },
    ['success rate without any bound'] = { { name = RATE }, 0 },
    ['success rate, rounded away but below'] = {
      { name = RATE, thresholdRange = range(99) },
      98.999,
      'Halt podinfo.test advancement success rate 99.00% < 99%',
    },
    ['success rate, no values'] = {
      { name = RATE },
      NONE,
      'Halt advancement no values found for istio metric request-success-rate probably podinfo.test is not '
        .. 'receiving traffic: running query failed: no values found',
    },
    ['success rate, error'] = {
      { name = RATE },
      BROKEN,
      'Prometheus query failed: running query failed: error response: Status 503 Service Unavailable: no',
    },
    ['duration above'] = {
      { name = DURATION, thresholdRange = range(nil, 500) },
      1515.9,
      'Halt podinfo.test advancement request duration 1.515s > 500ms',
    },
    ['duration below'] = {
      { name = DURATION, thresholdRange = range(20) },
      10,
      'Halt podinfo.test advancement request duration 10ms < 20ms',
    },
    ['duration above the older threshold'] = {
      { name = DURATION, threshold = 60000 },
      60001,
      'Halt podinfo.test advancement request duration 1m0.001s > 1m0s',
    },
    ['duration, cut off to whole milliseconds'] = { { name = DURATION, threshold = 500 }, 500.9 },
    ['duration bound below a millisecond'] = {
      { name = DURATION, thresholdRange = range(nil, 0.5) },
      1,
      'Halt podinfo.test advancement request duration 1ms > 0s',
    },
    ['duration without any bound'] = {
      { name = DURATION },
      3,
      'Halt podinfo.test advancement request duration 3ms > 0s',
    },
    ['template above'] = {
      { name = 'errors', templateRef = { name = 'errors' }, thresholdRange = range(nil, 2) },
      2.505,
      'Halt podinfo.test advancement errors 2.50 > 2',
    },
    ['template without any bound'] = {
      { name = 'errors', templateRef = { name = 'errors' } },
      0.5,
      'Halt podinfo.test advancement errors 0.50 > 0',
    },
    ['template at its bounds'] = {
      { name = 'errors', templateRef = { name = 'errors' }, thresholdRange = range(2, 2) },
      2,
    },
    ['template, no values'] = {
      { name = 'errors', templateRef = { name = 'errors' } },
      { none = true, error = 'invalid response: []: no values found' },
      'Halt advancement no values found for custom metric: errors: invalid response: []: no values found',
    },
    ['template, error'] = {
      { name = 'errors', templateRef = { name = 'errors' } },
      BROKEN,
      'Metric query failed for errors: error response: Status 503 Service Unavailable: no',
    },
    ['template, fault'] = {
      { name = 'errors', templateRef = { name = 'errors', namespace = 'other' } },
      { fault = 'secret s error: secrets "s" not found', error = 'x' },
      'Metric template errors.other secret s error: secrets "s" not found',
    },
    ['duration, no values'] = {
      { name = DURATION },
      NONE,
      'Halt advancement no values found for istio metric request-duration probably podinfo.test is not '
        .. 'receiving traffic',
    },
    ['duration, error'] = {
      { name = DURATION },
      BROKEN,
      'Prometheus query failed: running query failed: error response: Status 503 Service Unavailable: no',
    },
    ['inline below'] = {
      { name = 'orders', query = 'orders', thresholdRange = range(5.5) },
      1.234,
      'Halt podinfo.test advancement orders 1.23 < 5.5',
    },
    ['inline above'] = {
      { name = 'errors', query = 'errors', thresholdRange = range(nil, 1e6) },
      2000000,
      'Halt podinfo.test advancement errors 2000000.00 > 1e+06',
    },
    ['inline above the older threshold'] = {
      { name = 'errors', query = 'errors', threshold = 5 },
      5.01,
      'Halt podinfo.test advancement errors 5.01 > 5',
    },
    ['inline without any bound'] = {
      { name = 'errors', query = 'errors' },
      0.5,
      'Halt podinfo.test advancement errors 0.50 > 0',
    },
    ['inline with an empty range'] = { { name = 'errors', query = 'errors', thresholdRange = {} }, 1e9 },
    ['inline, no values'] = {
      { name = 'errors', query = 'errors' },
      NONE,
      'Halt advancement no values found for metric: errors',
    },
    ['inline, error'] = {
      { name = 'errors', query = 'errors' },
      BROKEN,
      'Prometheus query failed for errors: error response: Status 503 Service Unavailable: no',
    },
    ['inline, a template that is not supported'] = {
      { name = 'errors', query = 'x{{ template "y" }}' },
      1,
      'Prometheus query failed for errors: template parsing failed: template: tmpl:1: '
        .. '{{ template }} is not supported',
    },
    ['inline, several series'] = {
      { name = 'errors', query = 'errors', threshold = 5 },
      { value = 6, several = 3 },
      'Halt podinfo.test advancement errors 6.00 > 5',
    },
    ['an infinite value'] = {
      { name = 'ratio', query = 'a / b', threshold = 2 },
      { infinite = 1 },
      'Halt podinfo.test advancement ratio +Inf > 2',
    },
    ['an infinite value that is good enough'] = {
      { name = 'ratio', query = 'a / b', thresholdRange = { min = 2 } },
      { infinite = 1 },
    },
    ['an infinite duration'] = {
      { name = DURATION, thresholdRange = { max = 500 } },
      { infinite = 1 },
      'Prometheus query failed: the duration is not a finite number',
    },
    ['no query at all'] = {
      { name = 'orders' },
      1,
      'Metric query failed for no usable metrics template and query were configured',
    },
    ['an empty query'] = {
      { name = 'orders', query = '' },
      1,
      'Metric query failed for no usable metrics template and query were configured',
    },
  } do
    it('says: ' .. name, function()
      assert.equal(case[3], (check({ case[1] }, case[2])))
    end)
  end

  it('asks nothing when a template makes no sense', function()
    local _, world = check({ { name = 'errors', query = 'x{{ foo }}', threshold = 1 } }, 1)
    assert.same({ '' }, world.queries)
  end)

  it('is content without metrics', function()
    assert.is_nil((check(nil, 0)))
    assert.is_nil((check({}, 0)))
  end)

  it('stops at the first that is not good enough', function()
    local reason, world = check({
      { name = 'a', query = 'a', threshold = 5 },
      { name = 'b', query = 'b', threshold = 0 },
      { name = 'c', query = 'c', threshold = 0 },
    }, 1)
    assert.equal('Halt podinfo.test advancement b 1.00 > 0', reason)
    assert.same({ 'a', 'b' }, world.queries)
  end)

  it('asks everything else before it misses a query', function()
    local reason, world = check({ { name = 'a' }, { name = 'b', query = 'b', threshold = 5 } }, 1)
    assert.equal('Metric query failed for no usable metrics template and query were configured', reason)
    assert.same({ 'b' }, world.queries)
  end)

  it('runs the query of a builtin name too', function()
    local reason, world = check({ { name = RATE, query = 'mine', thresholdRange = range(1, 2) } }, 1.5)
    assert.is_nil(reason)
    assert.equal(2, #world.queries)
    assert.equal('mine', world.queries[2])
  end)

  -- The queries ----------------------------------------------------------------------------------

  local LABELS = '{ reporter="destination", destination_workload_namespace="test", destination_workload=~"podinfo"'

  it('asks Istio for the success rate, in a text with the blanks of Flagger\'s', function()
    local _, world = check({ { name = RATE, interval = '30s' } }, 100)
    assert.equal(' sum( rate( istio_requests_total' .. LABELS .. ', response_code!~"5.*" }[30s] ) ) / sum( rate( '
      .. 'istio_requests_total' .. LABELS .. ' }[30s] ) ) * 100', world.queries[1])
  end)

  it('asks Istio for the duration', function()
    local _, world = check({ { name = DURATION, interval = '2m' } }, 0)
    assert.equal(' histogram_quantile( 0.99, sum( rate( istio_request_duration_milliseconds_bucket' .. LABELS
      .. ' }[2m] ) ) by (le) )', world.queries[1])
  end)

  it('asks in one line, and keeps that without blanks around it', function()
    local _, world = check({ { name = 'a', query = '\n  sum(\n\t\tx)\n  ', threshold = 5 } }, 1)
    assert.equal(' sum( x) ', world.queries[1])
    assert.equal('sum( x)', world.journal.evidence[1].query)
  end)

  it('fills the query in', function()
    local query = '{{ name }} {{ namespace }} {{ target }} {{ service }} {{ ingress }} {{ route }} {{ interval }} '
      .. '{{ variables.one }} {{ index variables "two" }}'
    local metric = {
      name = 'a',
      query = query,
      interval = '',
      threshold = 9,
      templateVariables = { one = '1', two = '2' },
    }
    local _, world = check({ metric }, 1)
    assert.equal('podinfo test podinfo podinfo podinfo podinfo 1m 1 2', world.queries[1])
    _, world = check({ metric }, 1, { ingressRef = { name = 'in' }, routeRef = { name = 'way' } })
    assert.equal('podinfo test podinfo podinfo in way 1m 1 2', world.queries[1])
  end)

  -- What is kept ---------------------------------------------------------------------------------

  it('exports every value it obtained, durations in seconds', function()
    local _, world = check({ { name = DURATION, threshold = 500 } }, 250.7)
    assert.same({ [DURATION] = 0.25 }, world.gauges)
    _, world = check({ { name = RATE, threshold = 99 } }, 12.5) -- it need not be good
    assert.same({ [RATE] = 12.5 }, world.gauges)
    _, world = check({ { name = RATE } }, NONE)
    assert.same({}, world.gauges)
  end)

  it('does not write a record for a gauge', function()
    local _, world = check({ { name = RATE, threshold = 99 } }, 100)
    assert.equal(0, world.serial)
  end)

  it('keeps evidence for each verdict', function()
    local _, world = check({
      { name = 'a', query = 'a', thresholdRange = range(1, 5) },
      { name = 'b', query = 'b', threshold = 0.5 },
    }, 1)
    assert.same({
      { metric = 'a', query = 'a', value = 1, min = 1, max = 5, margin = 0, verdict = 'pass' },
      {
        metric = 'b',
        query = 'b',
        value = 1,
        max = 0.5,
        margin = -0.5,
        verdict = 'fail',
        failed = 1,
        threshold = 1,
        reason = 'Halt podinfo.test advancement b 1.00 > 0.5',
      },
    }, world.journal.evidence)
  end)

  it('says when it could not tell, and why', function()
    local unreachable = { error = 'request failed: timeout', cause = 'unreachable' }
    for cause, measure in pairs { ['no data'] = NONE, failed = BROKEN, unreachable = unreachable } do
      local reason, world = check({ { name = 'a', query = 'a' } }, measure)
      local evidence = world.journal.evidence[1]
      assert.same({ 'blind', cause, measure.error, reason, 1 },
        { evidence.verdict, evidence.cause, evidence.problem, evidence.reason, evidence.failed })
      assert.is_nil(evidence.value)
    end
  end)

  it('keeps no number that JSON does not have', function()
    local _, world, verdict = check({ { name = 'ratio', query = 'a / b', threshold = 2 } }, { infinite = 1 })
    assert.equal(math.huge, verdict.value)
    assert.is_nil(world.journal.evidence[1].value)
    assert.equal('fail', world.journal.evidence[1].verdict)
  end)

  it('gives the verdict as data', function()
    local _, _, verdict = check({ { name = RATE, thresholdRange = range(99) } }, 98.5)
    verdict.query = nil
    assert.same({
      verdict = 'fail',
      metric = RATE,
      kind = RATE,
      value = 98.5,
      unit = '%',
      margin = -0.5,
      bounds = { min = 99 },
      broken = { relation = '<', bound = 99 },
    }, verdict)
  end)
end)

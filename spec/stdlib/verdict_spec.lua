local World = require 'spec.fake_host'

describe('stdlib.verdict', function()
  after_each(World.prove_closed)
  local verdicts = World.new():require 'stdlib.verdict'

  local PLAIN = { kind = 'inline', query = 'x', direction = 'max', unit = 1 }
  local WHOLE = { kind = 'request-duration', direction = 'max', whole = true, unit = 1000 }

  local function of(measure, measured, metric)
    metric = metric or { thresholdRange = { min = 1, max = 5 } }
    metric.name = 'm'
    local verdict = verdicts.of(metric, measure, measured, 'asked')
    assert.same({ 'm', measure.kind, 'asked' }, { verdict.metric, verdict.kind, verdict.query })
    return verdict
  end

  for name, case in pairs {
    ['a value within its bounds'] = { PLAIN, { value = 5 }, 'pass', value = 5 },
    ['a value above'] = { PLAIN, { value = 5.5 }, 'fail', value = 5.5, relation = '>', bound = 5 },
    ['a value below'] = { PLAIN, { value = 0 }, 'fail', value = 0, relation = '<', bound = 1 },
    ['an infinite value'] = { PLAIN, { value = math.huge, infinite = 1 }, 'fail', value = math.huge, relation = '>',
      bound = 5 },
    ['no values'] = { PLAIN, { none = true, error = 'nothing', cause = 'no data' }, 'blind', cause = 'no data',
      problem = 'nothing' },
    ['an error'] = { PLAIN, { error = '503', cause = 'unreachable' }, 'blind', cause = 'unreachable', problem = '503' },
  } do
    it('of ' .. name, function()
      local verdict = of(case[1], case[2])
      local broken = verdict.broken or {}
      assert.same({ case[3], case.value, case.cause, case.problem, case.relation, case.bound },
        { verdict.verdict, verdict.value, verdict.cause, verdict.problem, broken.relation, broken.bound })
      assert.same({ min = 1, max = 5 }, verdict.bounds)
    end)
  end

  it('takes the older threshold in the direction of the metric', function()
    assert.same({ max = 7 }, of(PLAIN, { value = 1 }, { threshold = 7 }).bounds)
    assert.same({ max = 7 }, verdicts.bounds_of({ threshold = 7.9 }, WHOLE))
  end)

  it('has a finite value or none', function()
    assert.equal(5, verdicts.finite_value(of(PLAIN, { value = 5 })))
    assert.is_nil(verdicts.finite_value(of(PLAIN, { value = -math.huge, infinite = -1 })))
    assert.is_nil(verdicts.finite_value(of(PLAIN, { error = '503' })))
  end)

  it('is blind without a query', function()
    assert.same({ verdict = 'blind', metric = 'm', kind = 'inline', cause = 'no query',
      problem = 'neither a query nor a template' },
      verdicts.without_query { name = 'm' })
  end)
end)

--- What sluice check says of a Canary that the engine takes.
local doctor = require 'tool.doctor'

local QUERY = 'sum(rate(errors{workload="{{ target }}"}[1m])) / sum(rate(all{workload="{{ target }}"}[1m]))'

local function said(analysis)
  local lines = {}
  for i, remark in ipairs(doctor.look { analysis = analysis }) do
    lines[i] = remark.text
    assert.equal(remark.field .. ': ', remark.text:sub(1, #remark.field + 2))
  end
  return lines
end

local function metric(fields)
  return said { metrics = { fields } }
end

describe('tool.doctor', function()
  for what, case in pairs {
    ['a query about everybody'] = { { query = 'sum(rate(errors[1m]))' }, 'query: no label of the query tells' },
    ['a pattern with the primary in it'] = { { query = 'x{pod=~"{{ target }}.*"}' }, '{{ target }}.* takes the Pods' },
    ['a success rate as a ratio'] = { { name = 'request-success-rate', thresholdRange = { min = 0.99 } },
      'thresholdRange.min: 0.99 looks like a ratio' },
    ['a duration in seconds'] = { { name = 'request-duration', thresholdRange = { max = 0.5 } },
      'thresholdRange.max: 0.5 looks like seconds' },
    ['a percentage of a ratio'] = { { query = QUERY, thresholdRange = { max = 5 } }, 'max: 5 looks like a percentage' },
    ['a ratio of a percentage'] = { { query = QUERY .. ' * 100', thresholdRange = { max = 0.05 } },
      'max: 0.05 looks like a ratio' },
  } do
    it('warns of ' .. what, function()
      local lines = metric(case[1])
      assert.equal(1, #lines)
      assert.matches('spec.analysis.metrics[0].', lines[1], 1, true)
      assert.matches(case[2], lines[1], 1, true)
    end)
  end

  it('warns of no metric that may be meant so', function()
    for _, fields in ipairs {
      { name = 'request-success-rate', thresholdRange = { min = 99 } },
      { name = 'request-duration', thresholdRange = { max = 500 } },
      { query = QUERY, thresholdRange = { max = 0.05 } }, { query = QUERY .. ' * 100', thresholdRange = { max = 5 } },
      { query = 'x{pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}', thresholdRange = { max = 3 } },
      { query = 'x{service="web-canary"}' }, { query = 'x{y="{{ variables.y }}"}' },
      { query = QUERY, thresholdRange = {} },
      { query = 'a{w="{{ target }}"} / b', thresholdRange = { max = 1000 } }, { templateRef = { name = 'x' } },
      { query = 5, thresholdRange = 'x' },
    } do
      assert.same({}, metric(fields))
    end
  end)

  it('warns of steps that do not rise', function()
    assert.same({ 'spec.analysis.stepWeights[2]: 20 does not rise above 20',
      'spec.analysis.stepWeights[3]: 5 does not rise above 20' }, said { stepWeights = { 10, 20, 20, 5, 50 } })
    assert.same({}, said { stepWeights = { 1, 2, 100 } })
  end)
end)

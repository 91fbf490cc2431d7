--- Releases that a Check of a team's own judges, by the real engine in a simulated world.
local stories = require 'spec.world_stories'

local GUARD = {
  apiVersion = 'sluice.dev/v1alpha1', kind = 'Check', metadata = { name = 'guard', namespace = 'test' },
  spec = { script = [[
local check, param = require 'stdlib.check', require 'stdlib.param'
return check {
  name = 'guard',
  params = { most = param.percent { default = 5 } },
  run = function(c)
    local all = c:query 'sum(rate(istio_requests_total{destination_workload="{{ target }}"}[{{ interval }}]))'
    local bad = c:query [=[
      sum(rate(istio_requests_total{destination_workload="{{ target }}",response_code=~"5.*"}[{{ interval }}]))]=]
    if not all or c.iterations > 100 then
      return c:blind 'no requests to judge by'
    end
    return c:judge((bad or 0) / all, { max = c.params.most / 100, unit = 'ratio' }, 'errors are %.0f %%')
  end,
}]] },
}

local WORST = {
  apiVersion = 'sluice.dev/v1alpha1', kind = 'Check', metadata = { name = 'worst', namespace = 'test' },
  spec = { script = [[
return require 'stdlib.check' {
  name = 'worst',
  run = function(c)
    local points, cause = c:query_range('sum(rate(istio_requests_total{destination_workload="{{ target }}",' ..
      'response_code=~"5.*"}[10s])) or vector(0)', '40s', '10s')
    if not points then
      return c:blind(cause)
    end
    local worst = 0
    for _, point in ipairs(points) do
      worst = math.max(worst, point.value)
    end
    return c:judge(worst, { max = 0.1 }, 'errors at the worst moment')
  end,
}]] },
}

local WORST_METRICS = { { name = 'worst', interval = '1m', checkRef = { name = 'worst' } } }

local METRICS = { { name = 'errors', interval = '1m', checkRef = { name = 'guard', params = { most = 10 } } } }

stories.describe('a Check', {
  ['of what was, which is content'] = {
    analysis = { stepWeight = 30, maxWeight = 30, metrics = WORST_METRICS },
    objects = { WORST },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = { 'Normal Promotion completed! Scaling down podinfo.test' },
  },
  ['of what was, which is not'] = {
    analysis = { stepWeight = 30, maxWeight = 30, threshold = 1, metrics = WORST_METRICS },
    version = { errors = 0.5 },
    objects = { WORST },
    ends = 'Failed',
    image = 'podinfo:1',
    told = { 'Warning Canary failed! Scaling down podinfo.test' },
  },
  ['which is content'] = {
    analysis = { stepWeight = 30, maxWeight = 30, metrics = METRICS },
    objects = { GUARD },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal Advance podinfo.test canary weight 30',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['which is not'] = {
    analysis = { stepWeight = 30, maxWeight = 30, threshold = 1, metrics = METRICS },
    version = { errors = 0.5 },
    objects = { GUARD },
    ends = 'Failed',
    image = 'podinfo:1',
    told = {
      'Normal Advance podinfo.test canary weight 30',
      'Warning Canary failed! Scaling down podinfo.test',
    },
  },
})

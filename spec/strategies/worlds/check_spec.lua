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

--- The example of the page that explains the words.
local function example_of_docs()
  local file = assert(io.open 'docs/checks.md')
  local body = assert(file:read('*a'):match '```lua\n(run = function%(c%)\n[^`]-query_range.-\nend)\n```')
  file:close()
  return { apiVersion = 'sluice.dev/v1alpha1', kind = 'Check', metadata = { name = 'worst', namespace = 'test' },
    spec = { script = "return require 'stdlib.check' {\nname = 'worst',\n" .. body .. ',\n}' } }
end

local WORST_METRICS = { { name = 'worst', interval = '1m', checkRef = { name = 'worst' } } }

local METRICS = { { name = 'errors', interval = '1m', checkRef = { name = 'guard', params = { most = 10 } } } }

stories.describe('a Check', {
  ['of what was, which is content'] = {
    analysis = { stepWeight = 30, maxWeight = 30, metrics = WORST_METRICS },
    objects = { example_of_docs() },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = { 'Normal Promotion completed! Scaling down podinfo.test' },
  },
  ['of what was, which is not'] = {
    analysis = { stepWeight = 30, maxWeight = 30, threshold = 1, metrics = WORST_METRICS },
    version = { errors = 0.5 },
    objects = { example_of_docs() },
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

-- MetricTemplates on the whole engine: who is asked what, and what is told when a template, its Secret or its provider
-- does not fit.
local World = require 'spec.world'

local TEMPLATE = [[
{apiVersion: flagger.app/v1beta1, kind: MetricTemplate, metadata: {name: errors, namespace: %s},
 spec: {provider: {type: %s, address: '%s'%s}, query: '%s'}}
]]

local function template(values)
  values = values or {}
  return TEMPLATE:format(values.namespace or 'test', values.type or 'prometheus', values.address or 'http://prometheus',
    values.secret and (', secretRef: {name: %s}'):format(values.secret) or '', values.query or 'vector(1)')
end

describe('a MetricTemplate', function()
  after_each(World.close_all)

  --- What is told of a Canary with one metric until its first release has been taken back.
  local function told(metric, objects)
    metric.name = 'errors'
    metric.templateRef = metric.templateRef or { name = 'errors' }
    local analysis = { stepWeights = { 50 }, threshold = 1, metrics = { metric } }
    local namespace = '{apiVersion: v1, kind: Namespace, metadata: {name: monitoring}}'
    local world = World.new { analysis = analysis, objects = { namespace, unpack(objects) } }
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.is_nil(world.broken)
    return world.texts
  end

  it('whose provider asks to come back later has failed, as in Flagger', function()
    local metric = { name = 'errors', templateRef = { name = 'errors' }, thresholdRange = { max = 1 } }
    local world = World.new { analysis = { stepWeights = { 50 }, threshold = 1, metrics = { metric } },
      objects = { template { address = 'http://busy' } } }
    world.world:serve('busy', function()
      return 429, 'slow down'
    end)
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    local text = 'Metric query failed for errors: error response: Status 429 Too Many Requests: slow down'
    assert.equal(1, world:times_told(text))
  end)

  for name, case in pairs {
    ['is asked, and its value judged'] = {
      { thresholdRange = { max = 0.5 } },
      { template() },
      'all the metrics providers are available!',
      'Halt podinfo.test advancement errors 1.00 > 0.5',
    },
    ['of another namespace is found there'] = {
      { templateRef = { name = 'errors', namespace = 'monitoring' }, thresholdRange = { max = 0.5 } },
      { template { namespace = 'monitoring' } },
      'all the metrics providers are available!',
      'Halt podinfo.test advancement errors 1.00 > 0.5',
    },
    ['has the canary\'s variables'] = {
      { thresholdRange = { min = 9 }, interval = '30s', templateVariables = { n = '7' } },
      { template { query = 'vector({{ variables.n }})' } },
      'all the metrics providers are available!',
      'Halt podinfo.test advancement errors 7.00 < 9',
    },
    ['that is missing is said'] = {
      {},
      {},
      'Error checking metric providers: metric template errors.test error: metrictemplate.flagger.app "errors" not '
        .. 'found',
      'Metric template errors.test error: metrictemplate.flagger.app "errors" not found',
    },
    ['whose Secret is missing is said'] = {
      {},
      { template { secret = 'login' } },
      'Error checking metric providers: metric template errors.test secret login error: secrets "login" not found',
      'Metric template errors.test secret login error: secrets "login" not found',
    },
    ['whose Secret does not fit is said'] = {
      {},
      {
        template { secret = 'login' },
        '{apiVersion: v1, kind: Secret, metadata: {name: login, namespace: test}, data: {username: eA==}}',
      },
      'Error checking metric providers: metric template errors.test provider prometheus error: prometheus credentials '
        .. 'does not contain a password',
      'Metric template errors.test provider prometheus error: prometheus credentials does not contain a password',
    },
    ['without an address is said'] = {
      {},
      { template { address = '' } },
      'Error checking metric providers: metric template errors.test provider prometheus error: prometheus address  is '
        .. 'not a valid URL',
      'Metric template errors.test provider prometheus error: prometheus address  is not a valid URL',
    },
    ['that cannot be filled in is said, and asks nothing'] = {
      {},
      { template { query = '{{ variables.no }}' } },
      'all the metrics providers are available!',
      'Metric template errors.test query render error: template excution failed: template: tmpl:1:3: executing "tmpl" '
        .. 'at <variables>: map has no entry for key "no"',
    },
    ['whose query gives nothing is said'] = {
      {},
      { template { query = 'nobody_reports_this' } },
      'all the metrics providers are available!',
      'Halt advancement no values found for custom metric: errors: no values found',
    },
    ['whose server refuses the query is said'] = {
      {},
      { template { query = 'sum(' } },
      'all the metrics providers are available!',
      'Metric query failed for errors: error response: Status 400 Bad Request: ',
    },
  } do
    it(name, function()
      local found = { false, false }
      local texts = told(case[1], case[2])
      for _, text in ipairs(texts) do
        text = text:match '^%a+ (.*)$'
        found[1] = found[1] or text == case[3]
        found[2] = found[2] or text:sub(1, #case[4]) == case[4]
      end
      assert.same({ true, true }, found, table.concat(texts, '\n'))
    end)
  end
end)

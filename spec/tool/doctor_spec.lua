--- What sluice check says of a Canary that the engine takes, and of MetricTemplates and AlertProviders.
package.loaded.host = require 'tool.host'
local doctor = require 'tool.doctor'
local uses = require 'tool.uses'

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

local TEMPLATE = { provider = { type = 'prometheus', address = 'http://prom:9090' }, query = 'x{v="{{ target }}"}' }

--- What is said of a spec with these fields in place of the sound ones; of a provider's where it has them.
local function of_template(fields)
  local spec = { query = fields.query or TEMPLATE.query, provider = fields.provider or TEMPLATE.provider }
  local lines = {}
  for i, remark in ipairs(doctor.template(spec)) do
    lines[i] = ('%s%s'):format(remark.line and remark.line .. ': ' or '', remark.text)
  end
  return lines
end

describe('tool.doctor of a MetricTemplate', function()
  local ADDRESS = 'http://prom:9090'
  for what, case in pairs {
    ['a query that is not closed'] = { { query = 'sum(\n  x{v="{{ name' },
      '2: spec.query: the template cannot be read: unclosed action' },
    ['an unknown name'] = { { query = 'x{v="{{ targt }}"}' }, '1: spec.query: function "targt" not defined' },
    ['a query about everybody'] = { { query = 'sum(rate(errors[1m]))' }, 'spec.query: no label of the query tells' },
    ['a query that is no PromQL'] = { { query = 'sum(rate(x{v="{{ target }}"}[1m])' },
      'spec.query: it is no PromQL: unexpected end of input in call, expected ","' },
    ['an address that is none'] = { { provider = { type = 'prometheus', address = 'prom:9090' } },
      'spec.provider.address: "prom:9090" is no URL, wanted one of http or https' },
    ['no address'] = { { provider = { type = 'graphite' } },
      'spec.provider: a provider of type graphite needs its address' },
    ['a Secret without a name'] = { { provider = { type = 'prometheus', address = ADDRESS, secretRef = {} } },
      'spec.provider.secretRef: the name of a Secret' },
  } do
    it('says of ' .. what .. ' what is wrong', function()
      local lines = of_template(case[1])
      assert.equal(1, #lines, table.concat(lines, '\n'))
      assert.equal(case[2], lines[1]:sub(1, #case[2]))
    end)
  end

  it('takes what works', function()
    for _, fields in ipairs { {}, { query = '{{ if eq namespace "a" }}x{v="{{ target }}"}{{ else }}y{{ end }}' },
      { provider = { type = 'datadog' }, query = 'sum:x' }, { query = 'x{v="{{ variables.v }}"}' },
      { query = 'x[{{ index variables "window" }}] - x{v="{{ target }}"}' },
      { provider = { type = 'splunk', address = 'wss://stream.eu0.signalfx.com' } },
      { provider = { type = 'prometheus', address = ADDRESS, secretRef = { name = 'login' } } } } do
      assert.same({}, of_template(fields))
    end
  end)

  it('fills the query in for the metric that names it', function()
    local template = { spec = { query = 'x{v="{{ target }}", code="{{ variables.code }}"}' } }
    local function use(variables)
      local canary = { metadata = { name = 'web' }, spec = { targetRef = { name = 'web' }, analysis = {
        metrics = { {}, { templateVariables = variables } } } } }
      return doctor.use { canary = canary, template = template, index = 1, key = 'shop/errors' }
    end
    assert.same({}, use { code = 5 })
    assert.matches('^spec.analysis.metrics%[1%].templateRef: the query of MetricTemplate shop/errors cannot be filled '
      .. 'in: .*map has no entry for key "code"', use({ cod = '5' })[1].text)
    assert.equal('error', use(nil)[1].severity)
  end)

  it('reads the query with the variables of the metric', function()
    local template = { spec = { provider = { type = 'prometheus' }, query = 'rate(x[{{ variables.window }}])' } }
    local function use(window)
      local metrics = { { templateVariables = { window = window } } }
      return doctor.use { canary = { metadata = { name = 'web' }, spec = { analysis = { metrics = metrics } } },
        template = template, index = 0, key = 'shop/errors' }
    end
    assert.same({}, use '1m')
    local remark = use('1 min')[1]
    assert.equal('warning', remark.severity)
    assert.matches('templateRef: the query of MetricTemplate shop/errors is no PromQL: ', remark.text, 1, true)
    template.spec.provider.type = 'influxdb'
    assert.same({}, use '1 min')
  end)
end)

describe('tool.doctor', function()
  it('says of an AlertProvider what is wrong', function()
    local function of(spec)
      return (doctor.alert_provider(spec)[1] or {}).text
    end
    assert.equal('spec.address: "hooks.slack.com/x" is no URL, wanted one of http or https',
      of { address = 'hooks.slack.com/x' })
    assert.matches('^spec.proxy: "ftp://x" is no URL', of { proxy = 'ftp://x' })
    assert.matches('^spec.secretRef: the name of a Secret', of { secretRef = { nam = 'x' } })
    assert.is_nil(of { address = 'https://hooks.slack.com/x', proxy = 'socks5://proxy:1080' })
  end)

  it('fills inline queries in', function()
    local function of(query)
      return (doctor.queries { spec = { analysis = { metrics = { { query = query } } } } }[1] or {}).text
    end
    assert.is_nil(of 'x{v="{{ target }}"}')
    assert.matches('^spec.analysis.metrics%[0%].query: .*function "foo" not defined', of '{{ target | foo }}')
    assert.matches('^spec.analysis.metrics%[0%].query: the query is no PromQL: unexpected end of input',
      of 'sum(x{v="{{ target }}"}')
    assert.is_nil(of '{"http.requests", v="{{ target }}"}') -- since Prometheus 3
  end)

  it('takes any shape of what is refused elsewhere', function()
    for _, spec in ipairs { {}, { analysis = 5 }, { analysis = { metrics = 'x' } }, { analysis = { metrics = { 5,
      { query = 'x', templateVariables = 5, interval = 5 } } }, targetRef = 'x', service = 5 } } do
      assert.is_table(doctor.queries { metadata = 3, spec = spec })
      assert.is_table(doctor.look(spec))
    end
    assert.is_table(doctor.template { provider = 5, query = 5 })
    assert.is_table(doctor.alert_provider { address = 5, secretRef = 'x' })
  end)
end)

describe('tool.uses', function()
  local canary = { spec = { analysis = { webhooks = { { name = 'approval' }, 5 },
    metrics = { { name = 'errors', checkRef = { name = 'guard' } } } } } }

  local function said_of(word, what, name)
    local found = uses.look { canary = canary, key = 'shop/web',
      names = { { word = word, what = what, name = name, line = 3, column = 9 } } }
    return found[1] and ('%d:%d: %s: %s'):format(found[1].line, found[1].column, found[1].severity, found[1].text)
  end

  it('says which webhook or metric of the Canary is meant', function()
    assert.equal('3:9: error: gate: Canary shop/web has no webhook "aproval", wanted "approval"',
      said_of('gate', 'webhook', 'aproval'))
    assert.equal('3:9: warning: hook: Canary shop/web has no webhook "audit", known are approval',
      said_of('hook', 'webhook', 'audit'))
    assert.equal('3:9: error: analyse: Canary shop/web has no metric "error", wanted "errors"',
      said_of('analyse', 'metric', 'error'))
  end)

  local GUARD = { factor = { type = 'number' }, span = { type = 'string' } }

  local function given(name)
    return uses.look { canary = canary, key = 'shop/web', params = { guard = GUARD }, names = { { word = 'check',
      what = 'metric', name = 'guard', line = 3, column = 9, given = { { name = name, line = 4, column = 7 } } } } }
  end

  it('says which parameter of a check is meant', function()
    assert.same({ { line = 4, column = 7, severity = 'error',
      text = 'check: "guard" has no parameter "factr", wanted "factor"' } }, given 'factr')
    assert.equal('check: "guard" has no parameter "window", known are factor, span', given('window')[1].text)
    for _, name in ipairs { 'factor', 'span', 'min', 'max' } do
      assert.same({}, given(name), name)
    end
  end)

  it('takes those that are there', function()
    assert.is_nil(said_of('gate', 'webhook', 'approval'))
    assert.is_nil(said_of('check', 'metric', 'errors'))
    assert.is_nil(said_of('check', 'metric', 'guard'))
    assert.is_nil(said_of('check', 'metric', 'request-duration'))
  end)
end)

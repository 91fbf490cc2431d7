--- A Check of a team's own: loaded, named by a Canary, asked, killed, changed, and wrong in every way that its author
--- can be.
local own_scripts = require 'spec.own_scripts'
local World = require 'spec.world'

local GUARD = [[
local check, param = require 'stdlib.check', require 'stdlib.param'
local share = require 'scripts.share'

return check {
  name = 'guard',
  params = { most = param.percent { default = 5, doc = 'of the answers that are errors' } },
  run = function(c)
    local all = c:query 'sum(rate(istio_requests_total{destination_workload="{{ target }}"}[{{ interval }}]))'
    local bad = c:query [=[
      sum(rate(istio_requests_total{destination_workload="{{ target }}",response_code=~"5.*"}[{{ interval }}]))]=]
    if not all then
      return c:blind 'no requests to judge by'
    end
    return c:judge(share.of(bad or 0, all), { max = c.params.most / 100, unit = 'ratio' }, 'errors are %.0f %%')
  end,
}
]]

local SHARE = 'return { of = function(part, whole) return part / whole end }'

--- A world whose Canary names the check guard.
local function judged_by(reference, options)
  options = options or {}
  options.analysis = options.analysis or { stepWeight = 20, maxWeight = 40 }
  options.analysis.metrics = options.analysis.metrics
    or { { name = 'errors', interval = '1m', checkRef = reference or { name = 'guard' } } }
  return World.new(options)
end

---@type OwnScript
local CHECK = {
  kind = 'Check', plural = 'checks', name = 'guard', file = 'checks/test/guard.lua', script = GUARD,
  modules = { share = SHARE },
  parameters = 'most',
  params = { { name = 'most', type = 'percent', default = 5, doc = 'of the answers that are errors' } },
  world = function(params)
    return judged_by { name = 'guard', params = params }
  end,
  absent = 'spec.analysis.metrics[0].checkRef: Check test/guard not found',
  problems = {
    ['is no check'] = { 'return 5', 'the module gives a number, wanted check { name = …, run = … }' },
    ['is a strategy'] = { "return require 'stdlib.strategy' { name = 'x', run = print }",
      'the script returns a strategy, wanted a check' },
    ['requires what is beneath the words'] = { "require 'stdlib.checking'", "module 'stdlib.checking' is not for" },
    ['requires a strategy'] = { "require 'strategies.canary'", "module 'strategies.canary' is not for scripts" },
    ['requires another check'] = { "require 'checks.request-duration'", "module 'checks.request-duration' is not for" },
    ['requires a module that it does not bring'] = { "require 'scripts.shard'",
      'is neither pinned by the release nor part of this engine; there are scripts.share, ' },
    ['has an unknown field'] = { "return require 'stdlib.check' { name = 'x', run = print, query = 'y' }",
      'checks/test/guard.lua:1:1: check: there is no field "query"' },
  },
  misfits = {
    ['an unknown one'] = { { mots = 5 },
      'spec.analysis.metrics[0].checkRef.params.mots: there is no such parameter, known are most' },
    ['a text that is no percentage'] = { { most = 'few' },
      'spec.analysis.metrics[0].checkRef.params.most: "few" is not a number from 0' },
  },
  other = { 'fails everything now', (GUARD:gsub('share.of%(bad or 0, all%)', '1')) },
  keeps = function(world)
    assert.equal(GUARD, world:release().spec.sources['checks.test.guard'])
  end,
}

local function check(script, namespace)
  return own_scripts.object(CHECK, script, namespace)
end

--- A check whose run function has this body, from line 2 on.
local function run(body)
  return check("return require 'stdlib.check' { name = 'guard', run = function(c)\n" .. body .. ' end }')
end

describe('a Check', function()
  after_each(World.close_all)

  own_scripts.specs(CHECK)

  it('judges the releases of a Canary that names it', function()
    local world = judged_by { name = 'guard', params = { most = '7%' } }
    world.world:create(check())
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase)
    local spec = world:release().spec
    assert.equal(GUARD, spec.sources['checks.test.guard'])
    assert.equal(SHARE, spec.sources['checks.test.guard.scripts.share'])
    assert.equal('checks.test.guard', spec.checks['test/guard'].module)
    local evidence = world:release().status.evidence[1]
    assert.same({ 'errors', 'pass', 0, 0.07 }, { evidence.metric, evidence.verdict, evidence.value, evidence.max })
    assert.matches('sum%(rate%(istio_requests_total{destination_workload="podinfo"}%[1m%]%)%); ', evidence.query)
  end)

  it('takes a release back when its value is out of bounds, in a sentence of its own', function()
    local world = judged_by(nil, { version = { errors = 0.5 } })
    world.world:create(check())
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.truthy(world:first_told(
      '^Warning Halt podinfo.test advancement errors: errors are %d+ %%, at most 5 %% wanted$'), world:story())
  end)

  it('holds a release while it is blind: weight and counter stay', function()
    local world = judged_by(nil, { analysis = { stepWeight = 20, maxWeight = 60 } })
    world.world:create(check())
    world:initialise():push().world:run('1m', function()
      return world.last.traffic == 'podinfo-primary 80, podinfo-canary 20'
    end)
    world.world:blind(true)
    world.world:run '5m'
    assert.equal('Progressing', world.phase)
    local status = world.world:get('canaries.flagger.app', 'test', 'podinfo').status
    assert.equal(0, status.failedChecks)
    assert.equal(20, status.canaryWeight)
    local waiting = world:condition('Waiting')
    assert.same({ 'CheckBlind', 'Halt podinfo.test advancement errors is blind: no requests to judge by' },
      { waiting.reason, waiting.message })
    assert.equal(1, world.told['Warning ' .. waiting.message])
    world.world:blind(false)
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.is_nil(world:condition('Waiting'))
  end)

  it('tells once that it is blind, also where its script rests from round to round', function()
    local world = judged_by(nil, { analysis = { interval = '1m', stepWeight = 20, maxWeight = 60 } })
    world.world:create(check())
    world:initialise():push().world:run('5m', function()
      return world.last.traffic == 'podinfo-primary 80, podinfo-canary 20'
    end)
    world.world:blind(true)
    world.world:run '10m'
    local waiting = world:condition('Waiting')
    assert.equal('CheckBlind', waiting.reason)
    assert.equal(1, world.told['Warning ' .. waiting.message])
  end)

  it('that is blind does not hide another check that fails', function()
    local world = judged_by(nil, { version = { errors = 0.5 }, analysis = { stepWeight = 20, maxWeight = 40,
      metrics = {
        { name = 'none', checkRef = { name = 'guard' } },
        { name = 'request-success-rate', interval = '1m', thresholdRange = { min = 99 } },
      } } })
    world.world:create(run "return c:blind 'dark'")
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
  end)

  it('whose server asks it to come back later is blind, and goes on when it is answered', function()
    local world, asked = judged_by(), 0
    world.world:create(run [[
      local value, cause = c:query 'up'
      return value and c:judge(value, { max = 2 }) or c:blind(cause)]])
    world.world:serve('prometheus', function(request)
      asked = asked + (((request.query or '') .. (request.body or '')):find('query=up', 1, true) and 1 or 0)
      if asked > 0 and asked < 4 then
        return 429, 'slow down'
      end
      return 200, '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}}'
    end)
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase)
    assert.matches('^Warning Halt podinfo.test advancement errors is blind: .*429', world:first_told 'is blind' or '')
    assert.equal(0, world:release().status.failedChecks or 0)
  end)

  it('of the engine is named like any other, and wants a bound', function()
    local world = judged_by { name = 'request-success-rate' }
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.matches('checks/request-success-rate.lua:33: c:judge: options: min or max is wanted, or a thresholdRange',
      world:release().status.reason, 1, true)
    assert.is_nil(world:release().spec.sources['checks.request-success-rate'])
  end)

  it('of the engine goes by the bounds of the metric', function()
    local world = judged_by(nil, { version = { errors = 0.5 }, analysis = { stepWeight = 20, maxWeight = 40, metrics = {
      { name = 'rate', interval = '1m', thresholdRange = { min = 99 }, checkRef = { name = 'request-success-rate' } },
    } } })
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.truthy(world:first_told(
      'Halt podinfo.test advancement rate: success rate %d+%.%d+ %%, at least 99 %% wanted'), world:story())
  end)

  it('and a query are two things to judge', function()
    local world = judged_by(nil, { analysis = { stepWeight = 20, metrics = {
      { name = 'errors', query = 'vector(1)', checkRef = { name = 'guard' } } } } })
    world.world:create(check())
    world.world:run '2m'
    assert.matches('spec.analysis.metrics[0]: a checkRef is wanted, or query, not both',
      world:condition('Accepted').message, 1, true)
  end)

  it('may stand in another namespace, beside one of the same name', function()
    local world = judged_by(nil, { analysis = { stepWeight = 20, maxWeight = 40, metrics = {
      { name = 'ours', interval = '1m', checkRef = { name = 'guard' } },
      { name = 'theirs', interval = '1m', checkRef = { name = 'guard', namespace = 'delivery' } },
    } } })
    world.world:create { apiVersion = 'v1', kind = 'Namespace', metadata = { name = 'delivery' } }
    world.world:create(check((GUARD:gsub('check {', 'string.format = nil; seen = true\nreturn check {', 1)
      :gsub('return string', 'string')), 'delivery'))
    world.world:create(check((GUARD:gsub('local share', 'assert(not seen and string.format)\nlocal share'))))
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase, world:story())
    assert.not_nil(world:release().spec.sources['checks.delivery.guard'])
  end)

  it('may have a dot in its name, and shares nothing with the one of the name before', function()
    local world = judged_by(nil, { analysis = { stepWeight = 20, maxWeight = 40, metrics = {
      { name = 'first', interval = '1m', checkRef = { name = 'guard' } },
      { name = 'second', interval = '1m', checkRef = { name = 'guard.v2' } },
    } } })
    world.world:create(check((GUARD:gsub('return check {', 'string.format = nil; seen = true\nreturn check {', 1))))
    local second = check((GUARD:gsub('local share', 'assert(not seen and string.format)\nlocal share')))
    second.metadata.name = 'guard.v2'
    second.spec.modules = { share = 'return { of = function() return 0.5 end }' }
    world.world:create(second)
    world:initialise():push():finish()
    assert.equal('Failed', world.phase, world:story())
    assert.truthy(world:first_told 'advancement second: errors are 50 %%, at most 5 %% wanted', world:story())
    assert.not_nil(world:release().spec.sources['checks.test.guard_v2'])
  end)

  it('gets other parameters in mid-run, from the next round on', function()
    local world = judged_by(nil, { version = { errors = 0.2 }, analysis = { stepWeight = 1, maxWeight = 50, metrics = {
      { name = 'errors', interval = '1m', checkRef = { name = 'guard', params = { most = 90 } } } } } })
    world.world:create(check())
    world:initialise():push().world:run '45s'
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.spec.analysis.metrics[1].checkRef.params.most = 1
    world.world:update(canary)
    world:finish()
    assert.equal('Failed', world.phase)
  end)

  it('that a release did not begin with counts from the next one on', function()
    local world = judged_by()
    world.world:create(check())
    local other = run "return c:blind 'dark'"
    other.metadata.name = 'other'
    world.world:create(other)
    world:initialise():push().world:run '25s'
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.spec.analysis.metrics[2] = { name = 'other', checkRef = { name = 'other' } }
    world.world:update(canary)
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.truthy(world:first_told('counts once release podinfo%-1 has ended: the release did not begin with Check '
      .. 'test/other'), world:story())
  end)

  for name, wrong in pairs {
    ['promotes'] = { 'c:promote()', 'checks/test/guard.lua:2: c:promote: a check never acts, this is a word of' },
    ['waits'] = { "return c:wait '1m'", 'checks/test/guard.lua:2: c:wait: a check never acts' },
    ['says what nobody has'] = { 'c:jugde(1)', 'checks/test/guard.lua:2: c.jugde: there is no such word' },
    ['judges what is no number'] = { 'return c:judge(c:query "up == 2")',
      'checks/test/guard.lua:2: c:judge: value: a number is wanted, got nil' },
    ['gives no verdict'] = { 'local x = 5', 'run gives a nil, wanted what c:judge or c:blind gives' },
    ['raises'] = { 'return nothing.at_all', "checks/test/guard.lua:2: attempt to index global 'nothing'" },
    ['never ends'] = { 'while true do end', 'checks/test/guard.lua:2: more than 2000 ms of CPU time' },
    ['asks for ever'] = { "while true do c:query 'up' end", 'checks/test/guard.lua:2: c:query: more than 50 queries' },
  } do
    it('that ' .. name .. ' at work has the release taken back, with the line', function()
      local world = judged_by()
      world.world:create(run(wrong[1]))
      world:initialise():push():finish()
      assert.equal('Failed', world.phase)
      assert.matches(wrong[2], world:release().status.reason, 1, true)
    end)
  end
end)

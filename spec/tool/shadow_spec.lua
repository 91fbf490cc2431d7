--- What sluice shadow says of the rounds that Flagger leaves in the status of a Canary and in its events.
package.loaded.host = require 'tool.host'
local shadow = require 'tool.shadow.shadow'

local BEGAN = 1790000000 -- s

--- A Canary with what Flagger has written of it, as it is seen `s` seconds after the beginning.
local function sight(s, status, more)
  more = more or {}
  local analysis = more.analysis or { interval = '60s', threshold = 2, stepWeight = 10, maxWeight = 30,
    metrics = { { name = 'request-success-rate', thresholdRange = { min = 99 }, interval = '1m' } } }
  status.lastTransitionTime = os.date('!%Y-%m-%dT%H:%M:%SZ', BEGAN + s)
  status.lastAppliedSpec = status.lastAppliedSpec or 'a'
  local given = { now = (BEGAN + s) * 1000, strategy = 'canary', scripted = false, provider = 'istio',
    server = 'http://prometheus', server_shown = 'http://prometheus', interval_ms = 60000,
    threshold = analysis.threshold, templates = {},
    canary = { metadata = { name = 'podinfo', namespace = 'shop' },
      spec = { targetRef = { kind = 'Deployment', name = 'podinfo' }, analysis = analysis,
        skipAnalysis = more.skips }, status = status } }
  for name, value in pairs(more) do
    given[name] = name ~= 'analysis' and value or nil
  end
  return given
end

--- A warning of Flagger's, `s` seconds after the beginning.
local function warning(s, text)
  return { type = 'Warning', message = text, involvedObject = { namespace = 'shop', name = 'podinfo' },
    lastTimestamp = os.date('!%Y-%m-%dT%H:%M:%SZ', BEGAN + s) }
end

--- One that follows a Canary, and what it has said; `answers`: what is answered to each question, 100 unless told.
local function follow(options)
  options = options or {}
  local told = { lines = {}, asked = {}, tried = {}, warnings = {} }
  local function take(report)
    for _, line in ipairs(report.lines) do
      told.lines[#told.lines + 1] = type(line) == 'string' and line:match '^%S+  (.*)$' or line
    end
    told.over, told.wake, told.status = report.over, report.wake, report.status
    for _, text in ipairs(report.warnings) do
      told.warnings[#told.warnings + 1] = text
    end
    for _, ask in ipairs(report.asks) do
      local is_trial = ask.query == 'vector(1)'
      local list = is_trial and told.tried or told.asked
      list[#list + 1] = ask
      if is_trial then
        take(shadow.answer { id = ask.id, answer = options.trial or { value = 1 } })
      elseif told.answer ~= false then
        take(shadow.answer { id = ask.id, answer = told.answer or { value = 100 } })
      end
    end
  end
  told.take = take
  take(shadow.open { json = options.json or false, names = options.names, once = options.once or false,
    server = options.server, server_shown = options.server_shown })
  function told.see(s, status, more)
    take(shadow.see(sight(s, status, more or options.more)))
  end
  function told.hear(s, text)
    take(shadow.hear(warning(s, text)))
  end
  function told.wake_at(s)
    take(shadow.wake { now = (BEGAN + s) * 1000 })
  end
  function told.finish()
    take(shadow.finish { now = BEGAN * 1000 })
  end
  --- The last line, without the name.
  function told.last()
    return (told.lines[#told.lines]:gsub('^podinfo%.shop  ', ''))
  end
  return told
end

local function at(weight, failed, phase, iterations)
  return { phase = phase or 'Progressing', canaryWeight = weight, failedChecks = failed or 0,
    iterations = iterations or 0 }
end

--- A release that has begun.
local function begun(options)
  local told = follow(options)
  told.see(0, { phase = 'Initialized', canaryWeight = 0, failedChecks = 0, iterations = 0 })
  told.see(60, at(0))
  return told
end

local NONE = { none = true, error = 'no values found', cause = 'no data' }
local DEAD = { cause = 'unreachable', error = 'request failed: Get "http://prometheus/api/v1/query?query=up": dial tcp '
  .. '127.0.0.1:1: connect: connection refused' }
local REFUSED = 'Prometheus at http://prometheus: dial tcp 127.0.0.1:1: connect: connection refused'
local NO_VALUES = 'Halt advancement no values found for istio metric request-success-rate probably podinfo.shop is not '
  .. 'receiving traffic: running query failed: no values found'

describe('sluice shadow', function()
  it('agrees with a release that goes well, from its first step to its end', function()
    local told = begun()
    for i, status in ipairs { at(10), at(20), at(30), at(30, 0, 'Promoting'), at(0, 0, 'Finalising'),
      at(0, 0, 'Succeeded') } do
      told.see(60 + 60 * i, status)
    end
    assert.same({ 'podinfo.shop  Initialized, the canary has 0', 'podinfo.shop  a release begins',
      'podinfo.shop  0 → 10  agrees', 'podinfo.shop  10 → 20  agrees', 'podinfo.shop  20 → 30  agrees',
      'podinfo.shop  promoted  agrees', 'podinfo.shop  all requests at the primary  agrees',
      'podinfo.shop  succeeded  agrees', 'podinfo.shop  release promoted: 6 rounds, 6 agree' }, told.lines)
    assert.equal(3, #told.asked) -- the first step is not judged
    assert.truthy(told.asked[1].query:find('istio_requests_total', 1, true))
    assert.equal('http://prometheus', told.asked[1].server)
    told.finish()
    assert.equal('1 release: 6 rounds, 6 agree', told.last())
    assert.equal(0, told.status)
  end)

  it('agrees with checks that fail, and with the rollback that follows', function()
    local told = begun()
    told.see(120, at(10))
    told.answer = { value = 97.5 }
    told.see(180, at(10, 1))
    assert.equal('podinfo.shop  0 → 10  agrees', told.lines[#told.lines]) -- its event is waited for
    told.hear(180, 'Halt podinfo.shop advancement success rate 97.50% < 99%')
    assert.equal('failed checks 0 → 1  agrees', told.last())
    told.hear(240, 'Halt podinfo.shop advancement success rate 97.50% < 99%')
    told.see(240, at(10, 2))
    assert.equal('failed checks 1 → 2  agrees', told.last())
    told.see(300, at(0, 0, 'Failed'))
    assert.same({ 'podinfo.shop  taken back  agrees', 'podinfo.shop  release taken back: 4 rounds, 4 agree' },
      { told.lines[#told.lines - 1], told.lines[#told.lines] })
  end)

  it('differs where Flagger counts a check that is blind, and rules say to hold', function()
    local told = begun { more = { rules = { blind = 'hold' } } }
    told.see(120, at(10))
    told.answer = NONE
    told.hear(180, NO_VALUES)
    told.see(180, at(10, 1))
    assert.equal('failed checks 0 → 1  differs: Flagger counted failed check 1: ' .. NO_VALUES
      .. '; Sluice would have held: request-success-rate: no values found', told.last())
    told.finish()
    assert.equal(1, told.status)
  end)

  it('does not compare a round for which Sluice alone could not measure', function()
    local told = begun()
    told.see(120, at(10))
    told.answer = DEAD
    told.hear(180, 'Halt podinfo.shop advancement success rate 94.96% < 99%')
    told.see(180, at(10, 1))
    assert.equal('failed checks 0 → 1  not compared: ' .. REFUSED, told.last())
    told.see(240, at(20, 1))
    assert.equal('10 → 20  not compared: ' .. REFUSED, told.last())
    told.answer = { cause = 'failed', error = 'error response: Status 404 Not Found: ' }
    told.see(300, at(30, 1))
    assert.equal('20 → 30  not compared: Prometheus at http://prometheus: error response: Status 404 Not Found: ',
      told.last())
    told.answer = DEAD
    told.hear(360, NO_VALUES) -- which is an answer
    told.see(360, at(30, 2))
    assert.equal('failed checks 1 → 2  not compared: ' .. REFUSED, told.last())
    told.finish()
    assert.equal('0 releases: 5 rounds, 1 agrees, 4 not compared', told.last())
    assert.equal(3, told.status) -- the one that agrees asks for nothing
  end)

  it('compares what neither could measure, and where an answer is what counts', function()
    local told = begun()
    told.see(120, at(10))
    for i, row in ipairs { { NONE, NO_VALUES }, { DEAD, 'Prometheus query failed: running query failed: EOF' } } do
      told.answer = row[1]
      told.hear(120 + 60 * i, row[2])
      told.see(120 + 60 * i, at(10, i))
      assert.equal(('failed checks %d → %d  agrees'):format(i - 1, i), told.last())
    end
    for error, cause in pairs { ['one series is wanted'] = 'several values', ['no values found'] = 'no data' } do
      told = begun()
      told.see(120, at(10))
      told.answer = { error = error, cause = cause, none = cause == 'no data' or nil }
      told.see(180, at(20))
      assert.truthy(told.last():find '^10 → 20  differs: Flagger advanced to 20; Sluice would have counted')
    end
    told.finish()
    assert.equal(1, told.status)
  end)

  it('names the template whose provider did not answer, or whose Secret may not be read', function()
    local analysis = { threshold = 5, stepWeight = 10, metrics = { { name = 'errors', thresholdRange = { max = 5 },
      templateRef = { name = 'errors' } } } }
    local told = begun { more = { analysis = analysis, templates = { ['shop/errors'] = { query = 'errors' } } } }
    assert.same({}, told.tried) -- nothing is asked of Prometheus
    told.see(120, at(10))
    told.answer = DEAD
    told.see(180, at(20))
    assert.equal('10 → 20  not compared: MetricTemplate shop/errors: ' .. REFUSED:match 'dial.*', told.last())
    told.answer = { fault = 'secret key error: forbidden', error = 'secret key error: forbidden' }
    told.see(240, at(30))
    assert.equal('20 → 30  not compared: MetricTemplate shop/errors: secret key error: forbidden', told.last())
    told.answer = { fault = 'query render error: x', error = 'query render error: x' }
    told.see(300, at(40))
    assert.truthy(told.last():find '^30 → 40  differs: ')
  end)

  it('is not blind for as long as it could not measure', function()
    local told = begun { more = { rules = { blind = 'hold', blind_timeout = '1m', otherwise = 'rollback' } } }
    told.see(120, at(10))
    told.answer = DEAD
    told.see(180, at(20))
    told.answer = NONE
    told.see(240, at(30))
    assert.truthy(told.last():find 'Sluice would have held: request%-success%-rate: no values found$')
  end)

  it('tries each server once, as it is named, and warns of one that does not answer', function()
    local warning_of_it = REFUSED .. '; rounds that need it are not compared'
    local told = begun { trial = DEAD }
    told.see(120, at(10))
    assert.same({ 1, { warning_of_it } }, { #told.tried, told.warnings })
    told = begun { server = 'http://prometheus', server_shown = 'http://prometheus', trial = DEAD }
    assert.same({ 1, { warning_of_it } }, { #told.tried, told.warnings })
    assert.equal('http://prometheus', told.tried[1].server)
    told = follow { server = 'http://prometheus', server_shown = 'http://prometheus', trial = NONE } -- no Canary
    assert.same({ 1, {} }, { #told.tried, told.warnings })
    told = begun { more = { server = '' } }
    assert.same({ {}, { 'no Prometheus is known: --prometheus URL names one; rounds that need it are not compared' } },
      { told.tried, told.warnings })
    told.see(120, at(10))
    told.see(180, at(20))
    told.finish()
    assert.equal('0 releases: 2 rounds, 1 agrees, 1 not compared', told.last())
    assert.equal(3, told.status)
  end)

  it('names the metric that a round holds for, and the one that ends it', function()
    local metrics = { { name = 'request-success-rate', thresholdRange = { min = 99 } },
      { name = 'request-duration', thresholdRange = { max = 500 } },
      { name = 'mine', query = 'mine', thresholdRange = { max = 1 } } }
    local told = begun { more = { rules = { blind = 'hold' },
      analysis = { threshold = 5, stepWeight = 10, metrics = metrics } } }
    told.see(120, at(10))
    told.answer = NONE
    told.see(180, at(20))
    assert.truthy(told.last():find 'Sluice would have held: request%-success%-rate: no values found$')
    told.answer = false
    told.see(240, at(30))
    for i = 1, 3 do
      local asked = told.asked[#told.asked]
      told.take(shadow.answer { id = asked.id, answer = i == 3 and { value = 7 } or NONE })
    end
    assert.truthy(told.last():find 'counted failed check 1: mine 7, at most 1 wanted, over by 6$')
  end)

  it('takes a release back that has been blind for too long, while Flagger counts on', function()
    local told = begun { more = { rules = { blind = 'hold', blind_timeout = '2m', otherwise = 'rollback' },
      analysis = { threshold = 9, stepWeight = 10, metrics = { { name = 'request-success-rate' } } } } }
    told.see(120, at(10))
    told.answer = NONE
    for i = 1, 3 do
      told.hear(120 + 60 * i, NO_VALUES)
      told.see(120 + 60 * i, at(10, i))
    end
    assert.truthy(told.last():find 'Sluice would have taken the release back: Rolling back podinfo.shop '
      .. 'request%-success%-rate was blind for 2m')
  end)

  it('differs where the measures of the same moment say something else', function()
    local told = begun()
    told.see(120, at(10))
    told.answer = { value = 98.2 }
    told.see(180, at(20))
    assert.equal('10 → 20  differs: Flagger advanced to 20; Sluice would have counted failed check 1: '
      .. 'request-success-rate 98.2 %, at least 99 wanted, short by 0.8', told.last())
  end)

  it('takes webhooks as Flagger got them, without calling them', function()
    local hooks = { { name = 'load', type = 'rollout' }, { name = 'gate', type = 'confirm-promotion' },
      { name = 'undo', type = 'rollback' } }
    local told = begun { more = { analysis = { threshold = 5, stepWeight = 10, maxWeight = 10, webhooks = hooks,
      metrics = { { name = 'request-success-rate' } } } } }
    told.see(120, at(10))
    told.see(180, at(10, 1))
    told.hear(180, 'Halt podinfo.shop advancement external check load failed 500')
    assert.equal('failed checks 0 → 1  agrees', told.last())
    told.see(240, at(0, 1, 'WaitingPromotion', -1))
    assert.equal('waits for confirm-promotion  agrees', told.last())
    told.see(300, at(0, 1, 'Promoting', -1))
    assert.equal('promoted  agrees', told.last())
    told.see(360, at(0, 0, 'Finalising'))
    told.see(420, at(0, 0, 'Succeeded'))
    assert.equal('release promoted: 6 rounds, 6 agree; webhooks were not called, and count as Flagger got them: gate, '
      .. 'load, undo', told.last())
  end)

  it('follows a rollback that a hook asked for, and one of a canary that was never ready', function()
    local hooks = { { name = 'undo', type = 'rollback' } }
    local more = { analysis = { threshold = 5, stepWeight = 10, webhooks = hooks } }
    local told = begun { more = more }
    told.see(120, at(10))
    told.hear(180, 'Rollback check undo passed')
    told.hear(180, 'Rolling back podinfo.shop manual webhook invoked')
    told.see(180, at(0, 0, 'Failed'))
    assert.equal('podinfo.shop  taken back  agrees', told.lines[#told.lines - 1])
    told.see(240, at(0))
    told.see(300, at(0, 0, 'Failed'))
    told.hear(300, 'Canary failed! Scaling down podinfo.shop')
    assert.equal('podinfo.shop  taken back  agrees', told.lines[#told.lines - 1])
  end)

  it('does not compare a failed check that may be a webhook\'s when no event comes', function()
    local hooks = { { name = 'load', type = 'rollout' } }
    local told = begun { more = { analysis = { threshold = 5, stepWeight = 10, webhooks = hooks } } }
    told.see(120, at(10))
    told.hear(150, 'canary deployment podinfo.shop not ready: waiting') -- of another tick
    told.see(180, at(10, 1))
    assert.equal((BEGAN + 182) * 1000, told.wake)
    told.wake_at(182)
    assert.equal('failed checks 0 → 1  not compared: Flagger counted a failed check, and no event says whether that '
      .. 'was a webhook\'s', told.last())
    told.finish()
    assert.equal(0, told.status)
  end)

  it('finds the event of a round behind many of other ticks', function()
    local told = begun()
    told.see(120, at(10))
    for i = 1, 100 do
      told.hear(120 + i, 'podinfo-primary.shop not ready: waiting')
    end
    told.answer = { value = 97 }
    told.hear(300, 'Halt podinfo.shop advancement success rate 97.00% < 99%')
    told.see(300, at(10, 1))
    assert.equal('failed checks 0 → 1  agrees', told.last())
  end)

  it('follows blue/green and A/B tests by their iterations, and the mirroring before weights', function()
    local told = begun { more = { strategy = 'blue_green', analysis = { threshold = 2, iterations = 2 } } }
    for i, status in ipairs { at(0, 0, nil, 1), at(0, 0, nil, 2), at(0, 0, nil, 3), at(0, 0, 'Promoting', 3),
      at(0, 0, 'Finalising'), at(0, 0, 'Succeeded') } do
      told.see(60 + 60 * i, status)
    end
    assert.equal('release promoted: 6 rounds, 6 agree', told.last())
    told = begun { more = { strategy = 'ab_test', analysis = { threshold = 2, iterations = 1, match = { {} } } } }
    for i, status in ipairs { at(0, 0, nil, 1), at(0, 0, 'Promoting', 1), at(0, 0, 'Finalising'),
      at(0, 0, 'Succeeded') } do
      told.see(60 + 60 * i, status)
    end
    assert.equal('release promoted: 4 rounds, 4 agree', told.last())
    told = begun { more = { analysis = { threshold = 2, stepWeight = 50, maxWeight = 50, mirror = true,
      stepWeightPromotion = 30 } } }
    for i, status in ipairs { at(0), at(50), at(50, 0, 'Promoting'), at(20, 0, 'Promoting'),
      at(0, 0, 'Finalising'), at(0, 0, 'Succeeded') } do
      told.see(60 + 60 * i, status)
    end
    assert.equal('release promoted: 6 rounds, 6 agree', told.last())
  end)

  it('follows a release that is not analysed, and a promotion that fails', function()
    local told = begun { more = { skips = true } }
    told.see(120, at(0, 0, 'Succeeded'))
    assert.equal('release promoted: 1 round, 1 agrees', told.last())
    told = begun()
    told.see(120, at(10))
    told.see(180, at(20))
    told.see(240, at(30))
    told.see(300, at(30, 0, 'Promoting'))
    told.hear(600, 'Promotion of podinfo.shop failed, primary not ready: it is past its deadline')
    told.see(600, at(100, 0, 'Failed'))
    assert.equal('release taken back: 5 rounds, 5 agree', told.last())
  end)

  it('differs where Flagger steps on at a maxWeight that no share reaches', function()
    local told = begun { more = { analysis = { threshold = 2, stepWeight = 100, maxWeight = 120 } } }
    told.see(120, at(100))
    told.see(180, at(100))
    assert.equal('100 → 100  differs: Flagger advanced to 100; Sluice would have held: Halt podinfo.shop advancement '
      .. 'its weight is 100, and the maxWeight 120 is above that', told.last())
  end)

  it('differs where Flagger jumps to 100 from a share that is not in its list', function()
    local told = begun { more = { analysis = { threshold = 2, stepWeights = { 10, 20, 50 } } } }
    told.see(120, at(10))
    told.see(180, at(100)) -- the route was set to 15 by hand
    assert.equal('10 → 100  differs: Flagger advanced to 100; Sluice would have advanced to 20', told.last())
  end)

  it('says what it cannot compare: scripts, checks of one\'s own, providers, unknown servers', function()
    for problem, more in pairs {
      ['its strategy shop/ring is a script'] = { scripted = true, strategy = 'shop/ring' },
      ['metric mine is a check of its own'] = { analysis = { threshold = 2, stepWeight = 10,
        metrics = { { name = 'mine', checkRef = { name = 'mine' } } } } },
      ['no Prometheus is known: --prometheus URL names one'] = { server = '' },
      ['MetricTemplate shop/errors is not among those that are watched'] = { analysis = { threshold = 2,
        stepWeight = 10, metrics = { { name = 'errors', templateRef = { name = 'errors' } } } } },
    } do
      local told = follow { more = more }
      told.see(0, at(10))
      told.see(60, at(20))
      assert.truthy(told.last():find('10 → 20  not compared: ' .. problem, 1, true), told.last())
      told.finish()
      assert.equal(3, told.status)
    end
    local told = begun()
    told.see(120, at(10))
    told.answer = { unsent = 'a provider wants POST', error = 'x' }
    told.see(180, at(20))
    assert.equal('10 → 20  not compared: a provider wants POST', told.last())
  end)

  it('says that Sluice would refuse a Canary, at once and in each round', function()
    local told = begun { more = { refused = 'spec.analysis.threshold: 1.5 is not an integer' } }
    assert.equal('podinfo.shop  Sluice would refuse this Canary: spec.analysis.threshold: 1.5 is not an integer',
      told.lines[1])
    told.see(120, at(10))
    assert.equal('0 → 10  differs: Flagger advanced to 10; Sluice would refuse this Canary: spec.analysis.threshold: '
      .. '1.5 is not an integer', told.last())
  end)

  it('begins in the middle, and ends when the named Canaries have had a release', function()
    local told = follow { names = { 'podinfo' }, once = true }
    told.see(0, at(20))
    assert.is_false(told.over)
    told.see(60, at(30))
    told.see(120, at(0, 0, 'WaitingPromotion', -1))
    told.see(180, at(0, 0, 'Promoting', -1))
    told.see(240, at(0, 0, 'Finalising'))
    told.see(300, at(0, 0, 'Succeeded'))
    assert.is_true(told.over)
    assert.truthy(told.last():find 'it had begun before it was watched$')
  end)

  it('waits for answers of several rounds, and drops none', function()
    local told = begun()
    told.see(120, at(10))
    told.answer = false
    told.see(180, at(20))
    told.see(240, at(30))
    assert.equal('podinfo.shop  0 → 10  agrees', told.lines[#told.lines])
    local first, second = told.asked[1], told.asked[2]
    told.answer = nil
    assert.same({}, shadow.answer { id = 77, answer = {} }.lines) -- of nobody
    assert.truthy(shadow.answer { id = second.id, answer = { value = 100 } }.lines[1]:find('20 → 30  agrees', 1, true))
    assert.truthy(shadow.answer { id = first.id, answer = { value = 100 } }.lines[1]:find('10 → 20  agrees', 1, true))
  end)

  it('does not compare a round when others before it were not seen', function()
    local unseen = 'not compared: rounds before it were not seen'
    for text, after in pairs { ['0 → 20'] = { 240, at(20) }, ['failed checks 0 → 2'] = { 240, at(0, 2) },
      ['failed checks 0 → 1'] = { 240, at(10, 1) }, ['promoted'] = { 240, at(30, 0, 'Promoting') },
      ['all requests at the primary'] = { 400, at(0, 0, 'Finalising') } } do
      local told = begun()
      told.see(after[1], after[2])
      told.wake_at(after[1] + 2)
      assert.equal(text .. '  ' .. unseen, told.last())
    end
    local told = begun { more = { strategy = 'blue_green', analysis = { threshold = 2, iterations = 5 } } }
    told.see(240, at(0, 0, nil, 2))
    assert.equal('iteration 0 → 2  ' .. unseen, told.last())
    told = begun() -- a gate was closed, or a side not ready
    told.see(600, at(10))
    assert.equal('0 → 10  agrees', told.last())
  end)

  it('does not take the end of a release whose rounds were not seen for its next round', function()
    local told = begun()
    told.see(120, at(10))
    told.see(600, at(0, 0, 'Succeeded')) -- the watch was cut
    assert.equal('podinfo.shop  succeeded  not compared: rounds before it were not seen', told.lines[#told.lines - 1])
    told = begun()
    told.see(120, at(10))
    told.hear(600, 'Rolling back podinfo.shop failed checks threshold reached 2')
    told.see(600, at(0, 0, 'Failed'))
    assert.equal('podinfo.shop  taken back  not compared: rounds before it were not seen', told.lines[#told.lines - 1])
  end)

  it('ends a release that Flagger has forgotten', function()
    local told = begun { once = true }
    told.see(120, at(10))
    told.see(180, {}) -- the status is lost
    assert.equal('release broken off, there is no phase any more: 1 round, 1 agrees', told.last())
    assert.is_true(told.over)
    told = begun()
    told.see(120, at(10))
    told.answer = false
    told.see(180, at(20))
    told.see(240, { phase = 'Initialized' })
    assert.equal('0 → 10  agrees', told.last())
    told.take(shadow.answer { id = told.asked[1].id, answer = { value = 100 } })
    assert.equal('release broken off, the phase is Initialized: 2 rounds, 2 agree', told.last())
    told.see(300, at(0))
    told.see(360, at(10))
    assert.equal('0 → 10  agrees', told.last())
  end)

  it('keeps two Canaries apart, also when one is deleted in the middle', function()
    local told = follow {}
    told.answer = false
    local function see(name, s, status)
      local given = sight(s, status)
      given.canary.metadata.name = name
      told.take(shadow.see(given))
    end
    for i, status in ipairs { at(0), at(10), at(20) } do
      see('one', 60 * i, status)
      see('two', 60 * i, status)
    end
    told.take(shadow.lose { now = 0, namespace = 'shop', name = 'one' })
    assert.equal('one.shop  not followed any more: it is gone', told.last())
    told.take(shadow.answer { id = told.asked[1].id, answer = { value = 97 } })
    assert.truthy(told.lines[#told.lines - 1]:find('one.shop  10 → 20  differs', 1, true))
    assert.equal('one.shop  release broken off, the Canary is gone: 2 rounds, 1 agrees, 1 differs; it had begun '
      .. 'before it was watched', told.last())
    told.take(shadow.answer { id = told.asked[2].id, answer = { value = 100 } })
    assert.equal('two.shop  10 → 20  agrees', told.last())
    see('one', 300, at(30))
    assert.equal('one.shop  Progressing, the canary has 30', told.last())
    told.finish()
    assert.equal('1 release: 4 rounds, 3 agree, 1 differs', told.last())
  end)

  it('ends the release of a Canary that is deleted, and no other', function()
    local told = begun { once = true }
    told.see(120, at(10))
    told.take(shadow.lose { now = 0, namespace = 'shop', name = 'podinfo' })
    assert.equal('release broken off, the Canary is gone: 1 round, 1 agrees', told.last())
    assert.is_true(told.over)
    told = begun()
    told.see(120, at(0, 0, 'Failed'))
    told.wake_at(122)
    told.take(shadow.lose { now = 0, namespace = 'shop', name = 'podinfo' })
    assert.equal('not followed any more: it is gone', told.last())
  end)

  it('counts a round that was not decided when it is ended', function()
    local told = begun()
    told.see(120, at(10))
    told.answer = false
    told.see(180, at(20))
    told.finish()
    assert.equal('podinfo.shop  10 → 20  not compared: sluice shadow ended before it was decided',
      told.lines[#told.lines - 1])
    assert.equal('0 releases: 2 rounds, 1 agrees, 1 not compared', told.last())
  end)

  it('tries a server that a Canary names later', function()
    local told = begun { trial = DEAD }
    told.see(90, at(0), { server = 'http://other', server_shown = 'http://other' })
    assert.same({ 'http://prometheus', 'http://other' }, { told.tried[1].server, told.tried[2].server })
    assert.equal(2, #told.warnings)
  end)

  it('goes on with the others when one cannot be followed, or is gone', function()
    local told = follow { names = { 'podinfo', 'other' }, once = true }
    local strange = sight(0, at(10))
    strange.canary = { metadata = { name = 'other', namespace = 'shop' }, spec = { analysis = 7 },
      status = { phase = 'Progressing' } }
    told.take(shadow.see(strange))
    assert.truthy(told.lines[1]:find '^other%.shop  not followed any more: ')
    told.take(shadow.lose { now = 0, namespace = 'shop', name = 'other' })
    assert.equal('other.shop  not followed any more: it is gone', told.last())
    told.see(0, { phase = 'Initialized' })
    told.see(60, at(0))
    told.see(120, at(0, 0, 'Failed'))
    assert.is_false(told.over)
    told.wake_at(122)
    assert.truthy(told.last():find '^release taken back')
    assert.is_true(told.over)
  end)

  it('writes records for programs', function()
    local told = begun { json = true }
    told.see(120, at(10))
    told.answer = { value = 98.2 }
    told.see(180, at(20))
    local record = told.lines[#told.lines]
    assert.same({ kind = 'round', canary = 'podinfo.shop', phase = 'Progressing', step = '10 → 20', outcome = 'differs',
      flagger = { does = 'advance', number = 20 }, sluice = { does = 'fail', number = 1,
        reason = 'request-success-rate 98.2 %, at least 99 wanted, short by 0.8' } },
      { kind = record.kind, canary = record.canary, phase = record.phase, step = record.step,
        outcome = record.outcome, flagger = record.flagger, sluice = record.sluice })
    told.answer = DEAD
    told.see(240, at(30))
    record = told.lines[#told.lines]
    assert.same({ 'unknown', REFUSED, { does = 'advance', number = 30 } },
      { record.outcome, record.why, record.flagger })
    assert.is_nil(record.sluice)
  end)
end)

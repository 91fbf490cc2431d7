--- The words of a Strategy, over a fake host that dies at every point.
local World = require 'spec.fake_host'
local killing = require 'spec.killing'

describe('stdlib.script_words', function()
  after_each(World.prove_closed)

  local WEBHOOKS = {
    { name = 'go', type = 'confirm-promotion' },
    { name = 'approval', type = 'script' },
    { name = 'tell', type = 'script' },
    { name = 'risk', type = 'script' },
    { name = 'back', type = 'rollback' },
  }

  local METRICS = { interval = '10s', threshold = 3, metrics = {
    { name = 'a', query = 'a', threshold = 5 },
    { name = 'b', query = 'b', threshold = 5 },
  } }

  --- A world whose Strategy says this; it is promoted after it.
  local function make(script, options)
    return function()
      local world = { scripted = true, analysis = { interval = '10s', webhooks = WEBHOOKS, threshold = 3 } }
      for name, value in pairs(options or {}) do
        world[name] = value
      end
      world.answers = { back = 'no' }
      for name, answer in pairs(options and options.answers or {}) do
        world.answers[name] = answer
      end
      world.run_words = function(rollout)
        rollout:begin()
        script(rollout)
        rollout:shift(50)
        rollout:promote()
      end
      return World.new(world)
    end
  end

  local function opens_at(seconds)
    return function(world)
      return world:seconds() < seconds and 'closed' or nil
    end
  end

  local function play(script, options)
    return make(script, options)():run()
  end

  local function told(world, text)
    return #world:lines { only = text } > 0
  end

  describe('analyse', function()
    it('lasts as long as it says, also over equal rounds that are kept once', function()
      local one = make(function(rollout)
        rollout:analyse { lasting = '75s' }
      end)
      local world = one():run()
      assert.same({ '80s route 50/50' }, world:lines { times = true, only = '^route 50' })
      killing.once(one)
    end)

    it('ends with the round that begins as its time is over', function()
      local world = play(function(rollout)
        rollout:analyse { lasting = '70s' }
      end)
      assert.same({ '70s route 50/50' }, world:lines { times = true, only = '^route 50' })
    end)

    it('gives a round of plain values, also where an event is kept for the next orders', function()
      local round
      local world = play(function(rollout)
        round = rollout:analyse { rounds = 2 } -- the first one announces the analysis, and tells the event with that
      end)
      assert.is_true(round.passed)
      assert.is_true(told(world, 'Rollback hook back not signaling a rollback'))
      for name, value in pairs(round) do
        assert.is_true(type(value) ~= 'table', name)
      end
    end)

    it('judges the metrics alone that it names', function()
      local one = make(function(rollout)
        rollout:analyse { rounds = 3, checks = { 'b' } } -- the first one only begins
      end, { analysis = METRICS, measures = { a = 100, b = 1 } })
      local world = one():run()
      assert.same({ 'b', 'b' }, { world.queries[1], world.queries[2] })
      assert.equal('a', world.queries[3]) -- the round after the share judges all
      assert.equal('Failed', world.state)
      killing.once(one)
    end)

    it('wants names of metrics', function()
      for list, problem in pairs {
        [{ 'c' }] = 'rollout:analyse: checks: there is no metric "c", known are a, b',
        [{}] = 'rollout:analyse: checks: a list of 1 to 50 names of metrics is wanted, got 0 of them',
        [{ 5 }] = 'rollout:analyse: checks[1]: the name of a metric is wanted, got 5',
      } do
        local _, text = pcall(play, function(rollout)
          rollout:analyse { rounds = 1, checks = list }
        end, { analysis = METRICS, measures = { any = 1 } })
        assert.matches('script_words_spec.lua:%d+: ', text)
        assert.matches(problem, text, 1, true)
      end
    end)
  end)

  describe('check', function()
    local function ask(name, params, options)
      local verdict
      options = options or {}
      options.analysis = options.analysis or METRICS
      local one = make(function(rollout)
        local given = rollout:check(name, params)
        assert.same(verdict or given, given)
        verdict = given
      end, options)
      local world = one():run()
      killing.once(one)
      return verdict, world
    end

    it('asks a metric of the Canary, and counts nothing', function()
      local verdict, world = ask('b', nil, { measures = { a = 1, b = 7 }, analysis = { interval = '10s', metrics = {
        { name = 'b', query = 'b', thresholdRange = { max = 5 } } } } })
      assert.same({ verdict = 'fail', value = 7, bounds = { max = 5 }, margin = -2,
        text = '7, at most 5 wanted' }, verdict)
      assert.is_false(told(world, 'Halt podinfo.test advancement b 7.00 > 5.*Halt.*Halt'))
    end)

    it('takes other bounds', function()
      local verdict = ask('b', { max = 8, min = 2 }, { measures = { any = 4 } })
      assert.same({ 'pass', 2 }, { verdict.verdict, verdict.margin })
    end)

    it('asks a check that the engine brings', function()
      local verdict = ask('request-duration', { max = 100 }, { measures = { any = 3.5 } })
      assert.same({ verdict = 'pass', value = 3, unit = 'ms', bounds = { max = 100 }, margin = 97,
        text = 'request duration 3 ms' }, verdict)
    end)

    it('asks one that brings bounds, with the parameters that are not given as declared', function()
      local function ask_now(name, params, measured) -- its queries name the time, so that another life asks others
        local verdict
        play(function(rollout)
          verdict = rollout:check(name, params)
        end, { analysis = METRICS, measures = { any = measured } })
        return verdict
      end
      local verdict = ask_now('burn-rate', { objective = 80 }, 100) -- all of a hundred requests are errors
      assert.same({ 'pass', 14.4, 100 }, { verdict.verdict, verdict.bounds.max, verdict.samples })
      assert.equal('the error budget goes 5.0 times as fast as it may over 1h and 5m, at most 4 wanted',
        ask_now('burn-rate', { objective = 80, factors = { 4, 4 } }, 100).text)
      assert.equal('blind', ask_now('sequential-success-rate', nil, 0).verdict)
    end)

    it('asks a Check that a metric names', function()
      local verdict = ask('slow', nil, { measures = { any = 4 }, analysis = { interval = '10s', metrics = { {
        name = 'speed', checkRef = { name = 'slow' }, thresholdRange = { max = 5 },
        check = { module = 'checks.request-duration', params = {} } } } } })
      assert.same({ 'pass', 1 }, { verdict.verdict, verdict.margin })
    end)

    local BLIND = { measures = { b = { error = '503', cause = 'unreachable' } }, analysis = { interval = '10s',
      metrics = { { name = 'b', query = 'b', threshold = 1 } } } }

    it('is blind where there is no value', function()
      assert.same({ verdict = 'blind', cause = 'unreachable', problem = '503', text = '503' }, ask('b', nil, BLIND))
    end)

    it('gives the text as the cause to a release that began with version 2 of the words', function()
      local verdict = ask('b', nil, { version = 2, measures = BLIND.measures, analysis = BLIND.analysis })
      assert.same({ '503', '503' }, { verdict.cause, verdict.text })
    end)

    it('leaves evidence that counts nothing', function()
      local _, world = ask('b', { max = 8 }, { measures = { any = 9 }, analysis = METRICS })
      local kept = world.journal.evidence[1]
      assert.same({ 'check', 'b', 'b', 'fail', 9, 8, -1 },
        { kept.word, kept.metric, kept.query, kept.verdict, kept.value, kept.max, kept.margin })
      assert.is_nil(kept.failed)
    end)

    for problem, given in pairs {
      ['there is no metric or check "c", known are a, b, '] = { 'c' },
      ['the name of a metric or a check is wanted, got 5'] = { 5 },
      ['params: a table is wanted, got 5'] = { 'b', 5 },
      ['there is no parameter "mx", known are max, min'] = { 'b', { mx = 5 } },
      ["params.max: a number is wanted, got '5'"] = { 'b', { max = '5' } },
      ['params.max: a number, a text, a boolean or a list of them is wanted'] = { 'b', { max = print } },
    } do
      it('raises: ' .. problem, function()
        local _, text = pcall(play, function(rollout)
          rollout:check(unpack(given))
        end, { analysis = METRICS, measures = { any = 1 } })
        assert.matches('script_words_spec.lua:%d+: rollout:check: ', text)
        assert.matches(problem, text, 1, true)
      end)
    end
  end)

  describe('query', function()
    it('gives a number, or nil and the cause', function()
      local got = {}
      local one = make(function(rollout)
        got[1] = rollout:query 'up{app="{{ target }}"}'
        got[2], got[3] = rollout:query 'down'
        got[4] = rollout:query 'far'
      end, { measures = { ['up{app="podinfo"}'] = 5, down = { none = true, error = 'no values found' },
        far = { infinite = -1 }, any = 1 } })
      one():run()
      assert.same({ 5, nil, 'no values found', -math.huge }, { got[1], got[2], got[3], got[4] })
      killing.once(one)
    end)

    it('raises what is wrong with it', function()
      for problem, text in pairs {
        ['template parsing failed'] = 'x{{ name',
        ['a query of 1 to 16384 bytes is'] = '',
      } do
        local _, told_text = pcall(play, function(rollout)
          rollout:query(text)
        end)
        assert.matches('script_words_spec.lua:%d+: rollout:query: ', told_text)
        assert.matches(problem, told_text, 1, true)
      end
    end)
  end)

  describe('query_range', function()
    local list = require 'spec.contract'.list

    it('gives the values of a span of time, or nil and the cause', function()
      local got = {}
      local one = make(function(rollout)
        got = { rollout:query_range('up{app="{{ target }}"}', '2m', '1m') }
        got[2], got[3] = rollout:query_range('down', '1h', '5m')
      end, { measures = { down = { none = true, error = 'no values found' }, ['up{app="podinfo"}'] = {
        points = list { { time = 60, value = 5 }, { time = 120.5, infinite = -1 } } } } })
      one():run()
      assert.same({ { { time = 60, value = 5 }, { time = 120.5, value = -math.huge } }, nil, 'no values found' },
        { got[1], got[2], got[3] })
      killing.once(one)
    end)

    for problem, given in pairs {
      ['template parsing failed'] = { 'x{{ name', '1h', '1m' },
      ['a query of 1 to 16384 bytes is wanted, got nil'] = { nil, '1h', '1m' },
      ["span: a duration like '90s' or '1h30m' is wanted, got nil"] = { 'x' },
      ['span: from 1ms to 720h are wanted, got 721h'] = { 'x', '721h', '10h' },
      ["step: a duration like '90s' or '1h30m' is wanted, got 60"] = { 'x', '1h', 60 },
      ['step: from 1s to the span (1h) is wanted, got 500ms'] = { 'x', '1h', '500ms' },
      ['step: from 1s to the span (1m) is wanted, got 2m'] = { 'x', '1m', '2m' },
      ['step: at most 300 values are wanted, 24h in steps of 1m are 1441'] = { 'x', '24h', '1m' },
    } do
      it('raises: ' .. problem, function()
        local _, text = pcall(play, function(rollout)
          rollout:query_range(given[1], given[2], given[3])
        end)
        assert.matches('script_words_spec.lua:%d+: rollout:query_range: ', text)
        assert.matches(problem, text, 1, true)
      end)
    end
  end)

  describe('gate', function()
    for name, case in pairs {
      ['go'] = { open = 'Confirm%-promotion check go passed', gate = 'confirm-promotion' },
      ['approval'] = { open = 'Gate approval of podinfo.test is open', gate = 'approval' },
    } do
      it('waits until ' .. name .. ' says yes, and runs rounds meanwhile', function()
        local open
        local one = make(function(rollout)
          open = rollout:gate(case.gate, { timeout = '10m' })
        end, { answers = { [name] = opens_at(45) } })
        local world = one():run()
        assert.is_true(open)
        assert.is_true(told(world, case.open))
        assert.equal(1, #world:lines { only = 'Halt podinfo.test advancement waiting' })
        killing.once(one)
      end)

      it('says that ' .. name .. ' did not open in time', function()
        local open
        local one = make(function(rollout)
          open = rollout:gate(case.gate, { timeout = '35s' })
        end, { answers = { [name] = opens_at(3600) } })
        one():run()
        assert.is_false(open)
        killing.once(one)
      end)
    end

    it('is told to be closed each time that it closes', function()
      local world = play(function(rollout)
        rollout:gate 'approval'
        rollout:analyse { lasting = '20s' }
        rollout:gate 'approval'
      end, { answers = { approval = function(world)
        local seconds = world:seconds()
        return (seconds < 15 or seconds > 35 and seconds < 65) and 'closed' or nil
      end } })
      assert.equal(2, #world:lines { only = 'Halt podinfo.test advancement waiting for approval' })
    end)

    it('takes the release back when nobody opens it, if told so', function()
      local one = make(function(rollout)
        rollout:gate('approval', { timeout = '35s', otherwise = 'rollback' })
      end, { answers = { approval = 'no' } })
      local world = one():run()
      assert.equal('Failed', world.state)
      assert.is_true(told(world, 'Rolling back podinfo.test gate approval did not open in time'))
      killing.once(one)
    end)
  end)

  describe('open', function()
    it('asks a gate again in the next round', function()
      local answers = {}
      local one = make(function(rollout)
        rollout:analyse { rounds = 1 }
        for i = 1, 3 do
          answers[i] = rollout:open 'confirm-promotion'
        end
      end, { answers = { go = opens_at(15) } })
      one():run()
      assert.same({ false, true, true }, answers)
      killing.once(one)
    end)
  end)

  describe('match', function()
    local INSIDERS = { headers = { ['x-ring'] = 'insider' } }

    it('gives the canary the requests that match; a later shift is of all', function()
      local one = make(function(rollout)
        rollout:match(INSIDERS)
        rollout:analyse { rounds = 1 }
      end)
      local world = one():run()
      assert.same({
        'route 0/100 of [{"headers":{"x-ring":{"exact":"insider"}}}]',
        'route 50/50',
        'route 100/0',
      }, world:lines { only = '^route' })
      assert.is_true(told(world, 'Requests to podinfo.test that match go to the canary'))
      killing.once(one)
    end)

    --- The routes of a strategy that says this, while somebody takes the share away.
    local function routes_of(script)
      local world = make(script)()
      world:at(35000, function(at)
        at.route = { primary = 100, canary = 0, mirrored = false }
      end)
      return world:run(), world:lines { only = '^route' }
    end

    it('gives them again where they were lost, and tells it once', function()
      local world, routes = routes_of(function(rollout)
        rollout:match(INSIDERS)
        rollout:analyse { rounds = 5 }
      end)
      local matching = 'route 0/100 of [{"headers":{"x-ring":{"exact":"insider"}}}]'
      assert.same({ matching, matching, 'route 50/50', 'route 100/0' }, routes)
      assert.equal(1, #world:lines { only = 'that match go to the canary' })
    end)

    it('ends with a share of all, which is what is given again', function()
      local _, routes = routes_of(function(rollout)
        rollout:match(INSIDERS)
        rollout:shift(20)
        rollout:analyse { rounds = 5 }
      end)
      assert.same({ 'route 80/20', 'route 80/20', 'route 50/50', 'route 100/0' }, { unpack(routes, 2) })
    end)

    it('is not possible over TCP, and says so at its line', function()
      for word, argument in pairs { match = INSIDERS, mirror = 10 } do
        local ok, problem = pcall(play, function(rollout)
          rollout[word](rollout, argument)
        end, { tcp = true })
        assert.is_false(ok)
        assert.matches('script_words_spec.lua:%d+: rollout:' .. word .. ': it is not possible over TCP', problem)
      end
    end)

    it('waits until the canary is ready', function()
      local function one()
        local world = make(function(rollout)
          rollout:match(INSIDERS)
          rollout:match { { queryParams = { beta = { prefix = 'y' } } }, { cookies = { ring = 'a.b' } } }
        end, { canary_ready_after = 25000 })()
        return world
      end
      local world = one():run()
      assert.same({
        'route 0/100 of [{"headers":{"x-ring":{"exact":"insider"}}}]',
        'route 0/100 of [{"queryParams":{"beta":{"prefix":"y"}}},'
          .. '{"headers":{"cookie":{"regex":"^(.*;\\\\s*)?ring=(a\\\\.b)(;.*)?$"}}}]',
        'route 50/50',
        'route 100/0',
      }, world:lines { only = '^route' })
      killing.once(one)
    end)
  end)

  describe('mirror', function()
    it('sends copies to the canary until a share is given', function()
      local one = make(function(rollout)
        rollout:mirror(20)
        rollout:analyse { rounds = 1 }
      end)
      local world = one():run()
      assert.same({ 'route 100/0 mirrored', 'route 50/50', 'route 100/0' }, world:lines { only = '^route' })
      killing.once(one)
    end)

    it('is not possible while only some requests match', function()
      local ok, problem = pcall(play, function(rollout)
        rollout:mirror(20)
      end, { analysis = { interval = '10s', match = { { headers = { a = { exact = 'b' } } } } } })
      assert.is_false(ok)
      assert.matches('rollout:mirror: it is not possible while only some requests match', problem, 1, true)
    end)
  end)

  describe('hook', function()
    it('tells one webhook, once, with data', function()
      local ok, cause, data
      local one = make(function(rollout)
        ok, cause = rollout:hook('tell', { stage = 'insiders' })
      end, { answers = { tell = function(_, call)
        data = call.data
      end } })
      local world = one():run()
      assert.is_true(ok)
      assert.is_nil(cause)
      assert.same({ stage = 'insiders' }, data)
      assert.same({ 'hook script tell (Progressing)' }, world:lines { only = '^hook' })
      killing.once(one)
      killing.twice(one, 3)
    end)

    it('gives the cause of a failure', function()
      local ok, cause
      play(function(rollout)
        ok, cause = rollout:hook 'tell'
      end, { answers = { tell = 'refused' } })
      assert.is_false(ok)
      assert.equal('refused', cause)
    end)

    it('reaches no webhook that the Canary does not declare', function()
      local ok, problem = pcall(play, function(rollout)
        rollout:hook 'slack'
      end)
      assert.is_false(ok)
      assert.matches('script_words_spec.lua:%d+: rollout:hook: the Canary declares no webhook "slack"', problem)
    end)
  end)

  describe('fetch', function()
    it('gives the answer, and what it says', function()
      local body, risk
      local one = make(function(rollout)
        body, risk = rollout:fetch('risk', { version = 'r2' })
        if risk.level == 'high' then
          rollout:rollback('the risk is ' .. risk.level)
        end
      end, { answers = { risk = function()
        return { body = '{"level":"high"}', json = { level = 'high' } }
      end } })
      local world = one():run()
      assert.equal('{"level":"high"}', body)
      assert.equal('Failed', world.state)
      assert.is_true(told(world, 'Warning: Rolling back podinfo.test the risk is high'))
      killing.once(one)
    end)

    it('gives the cause where there is none', function()
      local body, cause
      play(function(rollout)
        body, cause = rollout:fetch 'risk'
      end, { answers = { risk = 'no route' } })
      assert.is_nil(body)
      assert.equal('no route', cause)
    end)
  end)

  describe('facts', function()
    it('are on record as they were told', function()
      local facts
      local one = make(function(rollout)
        rollout:wait '25s'
        rollout:shift(10)
        facts = { rollout:now(), rollout:elapsed(), rollout:weights(), rollout:revision(), rollout:replicas 'canary',
          rollout:random(), rollout:history(3) }
        rollout:event(('%d %d %s %d'):format(facts[1], facts[2], facts[4], facts[3].canary))
      end, { history = { { number = 4, outcome = 'Failed', revision = 'r1', began = 1699999999999 } } })
      one():run()
      assert.same({ 1700000025, 25, { primary = 90, canary = 10, mirrored = false }, 'r2', 2, 0.5,
        { { number = 4, outcome = 'Failed', revision = 'r1', began = 1699999999 } } }, facts)
      killing.once(one)
    end)

    it('say why the routes cannot be read', function()
      local weights, cause
      play(function(rollout)
        rollout:analyse { rounds = 1 }
        weights, cause = rollout:weights()
      end)
      assert.same({ primary = 100, canary = 0, mirrored = false }, weights)
      assert.is_nil(cause)
    end)
  end)
end)

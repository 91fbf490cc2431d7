local World = require 'spec.fake_host'

describe('stdlib.checking', function()
  after_each(World.prove_closed)

  --- Runs a check whose function is `run`; `measures` answers its queries.
  local function check(run, options)
    options = options or {}
    local world = World.new { measures = options.measures }
    local facts = world:call 'facts'
    local definition = world:require 'stdlib.check' { name = 'own', run = run }
    local model = world:require 'stdlib.question'.model(facts, {}, options.metric or { interval = '30s' })
    local outcome, asked = world:require 'stdlib.checking'.run(definition, {
      facts = facts,
      model = model,
      params = options.params or {},
      bounds = options.bounds,
    })
    return outcome, asked, world
  end

  local function judge(value, options, text, bounds)
    return (check(function(c)
      return c:judge(value, options, text)
    end, { bounds = bounds or {} }))
  end

  for name, case in pairs {
    ['inside of its bounds'] = { { 5, { min = 1, max = 8 } }, verdict = 'pass', margin = 3, text = '5' },
    ['at a bound'] = { { 8, { max = 8 } }, verdict = 'pass', margin = 0, text = '8' },
    ['below'] = { { 97.2, { min = 99, unit = '%' }, 'success %.1f %%' }, verdict = 'fail', margin = 97.2 - 99,
      text = 'success 97.2 %, at least 99 % wanted' },
    ['above, a ratio'] = { { 0.12, { max = 0.05, unit = 'ratio' }, 'revenue fell by %.1f %%' }, verdict = 'fail',
      margin = 0.05 - 0.12, text = 'revenue fell by 12.0 %, at most 5 % wanted' },
    ['without bounds'] = { { 5 }, verdict = 'pass', text = '5' },
    ['by the bounds of the metric'] = { { 5, { unit = 'ms' }, nil, { max = 4 } }, verdict = 'fail', margin = -1,
      text = '5 ms, at most 4 ms wanted' },
    ['by its own bounds before those of the metric'] = { { 5, { max = 6 }, nil, { min = 100 } }, verdict = 'pass',
      margin = 1, text = '5' },
    ['infinite'] = { { math.huge, { max = 5 } }, verdict = 'fail', text = '+Inf, at most 5 wanted' },
    ['not a number'] = { { 0 / 0, { max = 5 } }, verdict = 'blind', cause = 'no data',
      text = 'the value is not a number' },
    ['with a text that has no place for it'] = { { 5, nil, 'as ever, 100 %%' }, verdict = 'pass',
      text = 'as ever, 100 %' },
  } do
    it('judges a value ' .. name, function()
      local outcome = judge(unpack(case[1], 1, 4))
      assert.same({ case.verdict, case.margin, case.cause, case.text },
        { outcome.verdict, outcome.margin, outcome.cause, outcome.text })
    end)
  end

  it('asks in one line, with the variables filled in', function()
    local outcome, asked, world = check(function(c)
      local value, cause = c:query 'sum(\n  x{version="{{ target }}"}[{{ interval }}])'
      assert.is_nil(cause)
      return c:judge(value, { min = 1 })
    end, { measures = { any = 7 } })
    assert.same({ 'sum( x{version="podinfo"}[30s])' }, world.queries)
    assert.equal(world.queries[1], asked[1].query)
    assert.same({ 'pass', 7, 6 }, { outcome.verdict, outcome.value, outcome.margin })
  end)

  it('says why there is no value', function()
    local outcome = check(function(c)
      local value, cause = c:query 'x'
      assert.is_nil(value)
      return c:blind(cause)
    end, { measures = { any = { error = '503' } } })
    assert.same({ verdict = 'blind', cause = 'failed', problem = '503', text = '503' }, outcome)
  end)

  describe('the cause of blind', function()
    local MEASURES = {
      gone = { none = true, error = 'no values found', cause = 'no data' },
      away = { error = '503', cause = 'unreachable' },
      any = 1,
    }

    --- Asks these queries, and is blind with this text.
    local function cause_of(queries, text, options)
      local outcome = check(function(c)
        for _, query in ipairs(queries) do
          c:query(query)
        end
        return c:blind(text, options)
      end, { measures = MEASURES })
      assert.same({ 'blind', text, text }, { outcome.verdict, outcome.problem, outcome.text })
      return outcome.cause
    end

    it('is that of the query whose error it repeats', function()
      assert.equal('no data', cause_of({ 'gone', 'away' }, 'no values found'))
      assert.equal('unreachable', cause_of({ 'away', 'gone' }, '503'))
    end)

    it('is that of the last query that gave nothing', function()
      assert.equal('unreachable', cause_of({ 'gone', 'away', 'up' }, 'no orders to compare'))
    end)

    it('is the script where every query gave a number', function()
      assert.equal('said', cause_of({ 'up' }, 'Sunday'))
      assert.equal('said', cause_of({}, 'Sunday'))
    end)

    it('is what the script names', function()
      assert.equal('stale', cause_of({ 'away' }, 'an hour old', { cause = 'stale' }))
    end)
  end)

  it('says how many requests it goes by', function()
    local outcome = check(function(c)
      return c:judge(0.5, { max = 1, samples = 11.7, needed = 40 })
    end)
    assert.same({ 'pass', 12, 40 }, { outcome.verdict, outcome.samples, outcome.needed })
    outcome = check(function(c)
      return c:blind('12 of 40 requests', { cause = 'too few samples', samples = 12, needed = 40 })
    end)
    assert.same({ 'blind', 'too few samples', 12, 40 },
      { outcome.verdict, outcome.cause, outcome.samples, outcome.needed })
  end)

  it('knows its parameters and the facts of the round', function()
    check(function(c)
      assert.same({ 5, 'podinfo', 'podinfo', 'test', 'podinfo', '30s', 0, 0, 0, 3 }, { c.params.most, c.target, c.name,
        c.namespace, c.service, c.interval, c.weight, c.iterations, c.failed_checks, c.bounds.max })
      assert.equal('number', type(c.now))
      return c:blind 'no'
    end, { params = { most = 5 }, bounds = { max = 3 } })
  end)

  it('asks over a span of time', function()
    local outcome, asked, world = check(function(c)
      local points, cause = c:query_range('x{app="{{ target }}"}', '2m', '1m')
      assert.is_nil(cause)
      local first, last = points[1], points[#points]
      assert.same({ 3, 120, 7 }, { #points, last.time - first.time, last.value })
      points, cause = c:query_range('gone', '1h', '30s')
      assert.is_nil(points)
      return c:blind(cause)
    end, { measures = { any = 7, gone = { none = true, error = 'no values found' } } })
    assert.same({ 'x{app="podinfo"}', 'gone' }, world.queries)
    assert.equal('gone', asked[2].query)
    assert.same({ 'blind', 'no values found' }, { outcome.verdict, outcome.problem })
  end)

  it('asks an adapter of the Check', function()
    local outcome, asked, world = check(function(c)
      local value, cause = c:ask('queue', 'orders of\n {{ target }}')
      assert.same({ 7 }, { value, cause })
      value, cause = c:ask('queue', 'gone')
      assert.is_nil(value)
      return c:blind(cause)
    end, { measures = { ['orders of podinfo'] = 7, gone = { none = true, error = 'no values found' } } })
    assert.same({ 'orders of podinfo', 'gone' }, world.queries)
    assert.same({ 'queue: orders of podinfo', 'queue: gone' }, { asked[1].query, asked[2].query })
    assert.same({ 'blind', 'no data', 'no values found' }, { outcome.verdict, outcome.cause, outcome.text })
  end)

  it('goes by what was judged, whatever the script makes of the table', function()
    local outcome = check(function(c)
      local verdict = c:judge(9, { max = 5 })
      verdict.verdict = 'pass'
      return verdict
    end)
    assert.equal('fail', outcome.verdict)
  end)

  for name, case in pairs {
    ['promote'] = { function(c) c:promote() end, 'c:promote: a check never acts, this is a word of strategies; a check '
      .. 'may say query, query_range, ask, judge and blind' },
    ['a fact'] = { function(c) c:elapsed() end, 'c:elapsed: a check never acts, this is a word of strategies' },
    ['a word of bundled strategies'] = { function(c) c:iterate() end, 'c:iterate: a check never acts' },
    ['a word that nobody has'] = { function(c) c:jugde(5) end, 'c.jugde: there is no such word; a check may say' },
    ['a dot'] = { function(c) c.query 'x' end, 'c:query: a colon is wanted: c:query(…)' },
    ['no query'] = { function(c) c:query(5) end, 'c:query: a text is wanted, got 5' },
    ['no query over a span'] = { function(c) c:query_range(5, '1h', '1m') end,
      'c:query_range: a text is wanted, got 5' },
    ['a span that is none'] = { function(c) c:query_range('up', 5, '1m') end,
      "c:query_range: span: a duration like '90s' or '1h30m' is wanted, got 5" },
    ['no adapter'] = { function(c) c:ask(nil, 'x') end, 'c:ask: adapter: a name in spec.adapters is wanted, got nil' },
    ['an adapter without a name'] = { function(c) c:ask('', 'x') end, 'c:ask: adapter: a name in spec.adapters is '
      .. "wanted, got ''" },
    ['no question to an adapter'] = { function(c) c:ask 'queue' end, 'c:ask: a text is wanted, got nil' },
    ['an adapter that there is not'] = { function(c) c:ask('queeu', 'x') end,
      'c:ask: adapter: there is no adapter "queeu"', { x = { lacking = 'there is no adapter "queeu"' } } },
    ['a template without an end'] = { function(c) c:query 'x{{ name' end, 'c:query: template parsing failed' },
    ['a template of another language'] = { function(c) c:query '{{ template "x" }}' end, '{{ template }} is not' },
    ['no value'] = { function(c) return c:judge(nil, { max = 1 }) end, 'c:judge: value: a number is wanted, got nil' },
    ['bounds that are no table'] = { function(c) return c:judge(1, 5) end, 'c:judge: options: a table' },
    ['no bound at all'] = { function(c) return c:judge(1) end, 'c:judge: options: min or max is wanted, or a thr' },
    ['an unknown option'] = { function(c) return c:judge(1, { most = 5 }) end,
      'c:judge: there is no option "most", known are max, min, needed, samples and unit' },
    ['a bound that is a text'] = { function(c) return c:judge(1, { max = '5' }) end,
      "c:judge: max: a number is wanted, got '5'" },
    ['a bound without an end'] = { function(c) return c:judge(1, { max = math.huge }) end,
      'c:judge: max: a finite number is wanted, got inf' },
    ['a count below 0'] = { function(c) return c:judge(1, { max = 1, samples = -1 }) end,
      'c:judge: samples: a count, 0 or more, is wanted, got -1' },
    ['a cause that nobody knows'] = { function(c) return c:blind('x', { cause = 'bored' }) end,
      "c:blind: cause: 'no data', 'unreachable', 'several values', 'too few samples', 'stale' is wanted, got 'bored'" },
    ['a bound for what is blind'] = { function(c) return c:blind('x', { max = 5 }) end,
      'c:blind: there is no option "max", known are cause, needed and samples' },
    ['a text with two places'] = { function(c) return c:judge(1, {}, '%d of %d') end,
      'c:judge: text: one place for the value is wanted' },
    ['a text with a place for a text'] = { function(c) return c:judge(1, {}, '%s') end, 'c:judge: text: one place' },
    ['a text with half a place'] = { function(c) return c:judge(1, {}, '5 %') end, 'c:judge: text: one place' },
    ['a text of other bytes'] = { function(c) return c:judge(1, {}, 'caf\233') end,
      'c:judge: text: UTF-8 is wanted, got bytes that are none' },
    ['a cause of other bytes'] = { function(c) return c:blind '\255' end, 'c:blind: text: UTF-8 is wanted' },
    ['a unit of other bytes'] = { function(c) return c:judge(1, { unit = '\255' }) end,
      'c:judge: unit: at most 40 bytes of UTF-8 are wanted, got ' },
    ['a long unit'] = { function(c) return c:judge(1, { unit = ('x'):rep(41) }) end,
      "c:judge: unit: at most 40 bytes of UTF-8 are wanted, got 'xxx" },
    ['an empty cause'] = { function(c) return c:blind() end, 'c:blind: text: 1 to 1000 bytes are wanted, got nil' },
    ['a word while nothing can be changed'] = { function(c) c.query = print end, 'c: what a check has cannot be' },
    ['too many queries'] = { function(c) for _ = 1, 51 do c:query 'x' end end,
      'c:query: more than 50 queries in one run of a check' },
  } do
    it('raises at the line of the script: ' .. name, function()
      local ok, problem = pcall(check, case[1], { measures = case[3] or { any = 1 } })
      assert.is_false(ok)
      assert.matches('checking_spec.lua:', problem, 1, true)
      assert.matches(case[2], problem, 1, true)
    end)
  end

  for name, result in pairs { nothing = false, ['a verdict of its own'] = { verdict = 'pass' }, ['a number'] = 5 } do
    it('wants a verdict, not ' .. name, function()
      local ok, problem = pcall(check, function()
        return result or nil
      end)
      assert.is_false(ok)
      assert.matches('checking_spec.lua:%d+: run gives a %w+, wanted what c:judge or c:blind gives', problem)
    end)
  end

  it('ends with the check', function()
    local kept
    check(function(c)
      kept = c
      return c:blind 'x'
    end)
    local _, problem = pcall(function()
      kept:query 'x'
    end)
    assert.matches('checking_spec.lua:%d+: c:query: the check has come to its end', problem)
  end)
end)

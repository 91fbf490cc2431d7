--- The canary against the primary by counts: what is asked, what is said, and how often that is wrong.
local World = require 'spec.fake_host'
local few_requests = require 'spec.few_requests'

describe('stdlib.sequential', function()
  after_each(World.prove_closed)

  --- Judges by counts, with the parameters of sequential-success-rate.
  local function judge(canary, primary, changed, share)
    return few_requests.sequential(changed) {
      canary = { bad = canary[1], all = canary[2] },
      primary = { bad = primary[1], all = primary[2] },
      share = share,
    }
  end

  it('takes a canary back whose errors are too many for its share, and says the most that it may have', function()
    local outcome = judge({ 3, 40 }, { 0, 360 })
    assert.same({ 'fail', 3, 2, -1, 40 }, { outcome.verdict, outcome.value, outcome.bounds.max, outcome.margin,
      outcome.samples })
    assert.equal('3 of 40 requests to the canary failed, 0 of 360 to the primary, at most 2 wanted', outcome.text)
  end)

  it('is blind until it had seen a bad canary, and says how many requests that takes', function()
    local outcome = judge({ 0, 5 }, { 0, 45 })
    assert.same({ 'blind', 'too few samples', 5 }, { outcome.verdict, outcome.cause, outcome.samples })
    local text = ('0 of 5 requests to the canary failed, 0 of 45 to the primary; %d more are needed to see 5 %%')
      :format(outcome.needed - 5)
    assert.equal(text, outcome.text)
    assert.equal('blind', judge({ 0, outcome.needed - 1 }, { 0, 9 * outcome.needed - 9 }).verdict)
    local enough = judge({ 0, outcome.needed }, { 0, 9 * outcome.needed })
    assert.same({ 'pass', outcome.needed }, { enough.verdict, enough.needed })
  end)

  it('passes errors that both sides have', function()
    assert.equal('pass', judge({ 12, 240 }, { 108, 2160 }).verdict)
    assert.equal('fail', judge({ 40, 240 }, { 108, 2160 }).verdict)
  end)

  it('goes on beyond the horizon', function()
    assert.equal('pass', judge({ 1000, 20000 }, { 9000, 180000 }).verdict)
    assert.equal('fail', judge({ 1400, 20000 }, { 9000, 180000 }).verdict)
  end)

  it('wants more, or less, as it is told', function()
    local needed = judge({ 0, 5 }, { 0, 45 }).needed
    for name, changed in pairs {
      ['of certainty'] = { alpha = 0.1 },
      ['of power'] = { power = 95 },
      ['of what must be seen'] = { at_least = 2 },
      ['of what is tolerated'] = { tolerated = 9 },
    } do
      assert.is_true(judge({ 0, 5 }, { 0, 45 }, changed).needed > needed, name)
    end
    -- The primary has its own errors, whatever is tolerated of the canary: 5 % of nine times as many requests.
    local outcome = judge({ 0, 5 }, { 500, 10000 }, { tolerated = 3 }, 0.1)
    assert.matches('; 41 more are needed to see 45 %%$', outcome.text)
    assert.equal('fail', judge({ 40, 240 }, { 108, 2160 }, { tolerated = 1.5 }).verdict)
    assert.equal('pass', judge({ 40, 240 }, { 108, 2160 }, { tolerated = 3 }).verdict)
  end)

  it('goes by the share at the time of the errors', function()
    assert.equal('fail', judge({ 20, 100 }, { 20, 900 }).verdict)
    assert.equal('blind', judge({ 20, 100 }, { 20, 900 }, nil, 0.5).verdict)
  end)

  it('is blind without evidence, whatever share of the requests the canary has', function()
    for _, share in ipairs { 0.001, 0.02, 0.05, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999 } do
      for _, fine in ipairs { 0, 0.002, 0.01, 0.02, 0.05, 0.2 } do
        local outcome = judge({ 0, 1 }, { 1e4 * fine, 1e4 }, nil, share)
        assert.same({ 'blind', 'too few samples' }, { outcome.verdict, outcome.cause }, ('%g, %g'):format(share, fine))
        local needed = outcome.needed
        assert.equal('pass', judge({ 0, needed }, { 1e4 * fine, 1e4 }, nil, share).verdict)
      end
    end
  end)

  it('says so where no number of requests is enough', function()
    local outcome = judge({ 9, 10 }, { 45, 90 }, { tolerated = 3 })
    assert.same({ 'blind', 'too few samples', 10 }, { outcome.verdict, outcome.cause, outcome.samples })
    assert.equal('9 of 10 requests to the canary failed, 45 of 90 to the primary; no number of requests is enough '
      .. 'to see 99 %', outcome.text)
  end)

  it('says which side has no requests', function()
    assert.equal('the canary has had no requests since the release began', judge({ 0, 0 }, { 0, 10 }).text)
    assert.equal('the primary has had no requests since the release began', judge({ 0, 10 }, { 0, 0 }).text)
    assert.equal('too few samples', judge({ 0, 10 }, { 0, 0 }).cause)
  end)

  for name, case in pairs {
    ['next to no share'] = { { 0, 1 }, { 0, 1e9 } },
    ['next to all'] = { { 0, 1e9 }, { 0, 1 } },
    ['errors only'] = { { 50, 50 }, { 50, 50 } },
    ['a share of 0'] = { { 5, 50 }, { 5, 50 }, nil, 0 },
    ['a share of 1'] = { { 5, 50 }, { 5, 50 }, nil, 1 },
    ['huge counts'] = { { 1e9, 1e12 }, { 9e9, 9e12 } },
  } do
    it('has a verdict for ' .. name, function()
      local began = os.clock()
      assert.not_nil(judge(unpack(case, 1, 4)).verdict)
      assert.is_true(os.clock() - began < 5) -- that it ends
    end)
  end

  -- What it promises, by the lot ---------------------------------------------------------------------------

  local RELEASES = 200
  local steady, sequential = few_requests.steady, few_requests.sequential()

  --- Releases with so many requests to the canary in each round, a tenth of all unless told.
  local function play(requests, rate, fine, judge_by, threshold, ratio)
    return few_requests.play({
      requests = { canary = { requests }, primary = { math.floor(requests * (ratio or 9) + 0.5) } },
      rates = { canary = steady(rate), primary = steady(fine) },
      rounds = 10, threshold = threshold, judge = judge_by,
    }, RELEASES, requests)
  end

  for _, requests in ipairs { 5, 20, 50 } do
    for _, fine in ipairs { 0, 0.002, 0.01, 0.05 } do
      it(('takes at most 5 %% of good releases back, %d requests a round, %g %% errors'):format(requests, 100 * fine),
        function()
          local found = play(requests, fine, fine, sequential, 1)
          assert.is_true(found.taken_back <= 0.05, ('%g'):format(found.taken_back))
          assert.equal(0, found.held)
        end)
    end

    for _, case in ipairs { { 0, 0.05 }, { 0.002, 0.05 }, { 0.01, 0.05 }, { 0.03, 0.09 }, { 0.002, 0.3 } } do
      it(('takes at least 80 %% of bad releases back, %d requests a round, %g instead of %g %% errors')
        :format(requests, 100 * case[2], 100 * case[1]), function()
        local found = play(requests, case[2], case[1], sequential, 1)
        assert.is_true(found.taken_back >= 0.8, ('%g'):format(found.taken_back))
      end)
    end
  end

  -- Where most requests are the canary's, the primary's rate is known less well than the 80 % presume.
  for share, case in pairs { ['a twentieth'] = { 19, 0.8 }, ['half'] = { 1, 0.8 }, ['most'] = { 1 / 9, 0.65 } } do
    it(('keeps to both where the canary has %s of the requests'):format(share), function()
      for _, fine in ipairs { 0, 0.02 } do
        assert.is_true(play(20, fine, fine, sequential, 1, case[1]).taken_back <= 0.05)
        assert.is_true(play(20, math.max(3 * fine, 0.05), fine, sequential, 1, case[1]).taken_back >= case[2])
      end
    end)
  end

  it('does so where a fixed bound takes good releases back, or lets bad ones through', function()
    local fixed = few_requests.fixed(0.99)
    assert.is_true(play(50, 0.01, 0.01, fixed, 3).taken_back > 0.5)
    assert.is_true(play(20, 0.01, 0.01, fixed, 3).taken_back > 0.2)
    assert.is_true(play(5, 0.05, 0.01, fixed, 3).promoted > 0.2)
  end)

  it('keeps to that while the weight grows, and both sides become worse, or better', function()
    local canary, primary = {}, {}
    for round = 1, 24 do
      canary[round] = round <= 8 and 5 or round <= 16 and 20 or 50
      primary[round] = 100 - canary[round]
    end
    for name, rate in pairs {
      steady = steady(0.02),
      worse = function(round) return round > 16 and 0.1 or 0.01 end,
      better = function(round) return round < 9 and 0.1 or 0.005 end,
    } do
      local found = few_requests.play({
        requests = { canary = canary, primary = primary }, rates = { canary = rate, primary = rate },
        rounds = 30, threshold = 1, judge = sequential,
      }, RELEASES, 3)
      assert.is_true(found.taken_back <= 0.05, ('%s: %g'):format(name, found.taken_back))
    end
  end)

  -- What is asked ---------------------------------------------------------------------------------------

  --- Runs a check of `lua/checks` `minutes` after the release began. `answer` is given each query, and its span.
  local function run(name, answer, params, minutes)
    local world = World.new()
    local definition, outcomes = world:require('checks.' .. name), world:require 'stdlib.outcome'
    local c = { params = {}, interval = '1m', started = 1e12, now = 1e12 + minutes * 60000 }
    for param, declared in pairs(definition.params) do
      c.params[param] = declared.default
    end
    for param, value in pairs(params or {}) do
      c.params[param] = value
    end
    c.interval = c.params.interval or c.interval
    function c.query(_, text)
      return answer(text)
    end
    function c.query_range(_, text, span, step)
      return answer(text, span, step)
    end
    function c.judge(_, value, options, text)
      return outcomes.judge(value, options, options, text)
    end
    function c.blind(_, text, options)
      return outcomes.blind(text, options)
    end
    return definition.run(c)
  end

  local function is_primary(text)
    return text:find('target }}-primary', 1, true) ~= nil
  end

  --- One value for each step.
  local function points(value, span, step)
    local list, count = {}, tonumber(span:match '%d+') / tonumber(step:match '%d+')
    for i = 0, count do
      list[i + 1] = { time = 1e9 + i * tonumber(step:match '%d+'),
        value = type(value) == 'function' and value(i) or value }
    end
    return list
  end

  it('counts from when the canary began to have requests, at the share of each time', function()
    local windows = {}
    local outcome = run('sequential-success-rate', function(text, span, step)
      if span then
        assert.same({ '1200s', '60s' }, { span, step })
        return points(text:find(' / (', 1, true) and function(i) return i > 10 and 0.5 or 0 end or 2, span, step)
      end
      windows[#windows + 1] = text:match '%[(%d+)s%]'
      return text:find 'response_code' and 20 or is_primary(text) and 900 or 100
    end, nil, 20)
    assert.same({ '600', '600', '600', '600' }, windows)
    assert.equal('blind', outcome.verdict) -- it would fail by the share of all requests
    assert.matches('^20 of 100 requests to the canary failed, 20 of 900 to the primary; %d+ more are needed to see ',
      outcome.text)
  end)

  it('asks for 300 moments at most, however long a release lasts', function()
    run('sequential-success-rate', function(_, span, step)
      if span then
        assert.is_true(tonumber(span:match '%d+') / tonumber(step:match '%d+') < 299)
        return points(0, span, step)
      end
      return 0
    end, nil, 60 * 24 * 20)
  end)

  it('goes by minutes where the interval of the metric is none', function()
    local asked = {}
    run('sequential-success-rate', function(_, span, step)
      asked[#asked + 1] = step
      return span and points(0, span, step) or 0
    end, { interval = '1m%' }, 5)
    assert.same({ '60s', '60s' }, asked)
  end)

  it('is blind when one of its queries is', function()
    for _, part in ipairs { ' / (', ' + ', 'response_code', '-primary"' } do
      local outcome = run('sequential-success-rate', function(text, span, step)
        if text:find(part, 1, true) then
          return nil, 'away'
        end
        return span and points(0.1, span, step) or 10
      end, nil, 5)
      assert.same({ 'blind', 'away' }, { outcome.verdict, outcome.text })
    end
  end)

  describe('latency-regression', function()
    --- The primary's quantile, and how many of both are beyond the bucket that it is in.
    local function regression(ms, slow, asked, params)
      return run('latency-regression', function(text, span, step)
        if text:find('histogram_quantile', 1, true) then
          return ms
        elseif span then
          return points(text:find(' / (', 1, true) and 0.1 or 1, span, step)
        elseif text:find('le=', 1, true) then
          asked.le = text:match 'le=~"(.-)"'
          return is_primary(text) and slow[2] or slow[1]
        end
        return is_primary(text) and 36000 or 4000
      end, params, 10)
    end

    it('wants bounds that grow: the first that is large enough would be a wrong one', function()
      assert.error_matches(function()
        regression(180.5, { 300, 400 }, {}, { bounds = { 1000, 250 } })
      end, 'latency-regression: growing bounds are wanted, got 250 behind 1000', 1, true)
    end)

    it("holds both sides' requests against the bucket of the primary's quantile", function()
      local asked = {}
      local outcome = regression(180.5, { 300, 400 }, asked)
      assert.equal('250([.]0)?', asked.le)
      assert.equal('fail', outcome.verdict)
      assert.matches('^300 of 4000 requests to the canary took more than 250 ms, 400 of 36000 to the primary, at most ',
        outcome.text)
      assert.equal('pass', regression(180.5, { 50, 400 }, asked).verdict)
      regression(0.4, { 5, 40 }, asked)
      assert.equal('0[.]5([.]0)?', asked.le)
    end)

    it('says that buckets are not those of the bounds', function()
      assert.equal("the primary's quantile, 4000000 ms, is beyond the last of the bounds",
        regression(4e6, { 0, 0 }, {}).text)
      assert.equal('the histogram has no bucket of the bound 250 ms', regression(180, { 4000, 36000 }, {}).text)
    end)
  end)

  describe('burn-rate', function()
    --- By the seconds of a window: its requests, and its errors.
    local function burn(requests, errors, minutes, params)
      local seconds = {}
      local outcome = run('burn-rate', function(text)
        local window = tonumber(text:match '%[(%d+)s%]')
        seconds[#seconds + 1] = window
        return (text:find('response_code', 1, true) and errors or requests)(window)
      end, params, minutes)
      return outcome, seconds
    end
    local function times(rate)
      return function(window) return window * rate end
    end

    it('wants both windows to burn, and reaches back to the beginning of the release at most', function()
      local outcome, seconds = burn(times(1), times(0.02), 20)
      assert.same({ 1200, 1200, 300, 300 }, seconds) -- too young for a window of half an hour
      assert.same({ 'fail', 20, 14.4 - 20 },
        { outcome.verdict, math.floor(outcome.value + 0.5), math.floor(outcome.margin * 10 + 0.5) / 10 })
      assert.equal('the error budget goes 20.0 times as fast as it may over 1h and 5m, at most 14.4 wanted',
        outcome.text)
      local over = burn(times(1), function(window) return window > 1000 and window * 0.02 or 0 end, 20,
        { long = { '1h' }, short = { '5m' }, factors = { 14.4 } })
      assert.equal('pass', over.verdict)
      local slow, more = burn(times(1), times(0.01), 120)
      assert.same({ 3600, 3600, 300, 300, 7200, 7200, 1800, 1800 }, more)
      assert.equal('the error budget goes 10.0 times as fast as it may over 6h and 30m, at most 6 wanted', slow.text)
    end)

    it('is blind while one error alone would be an alarm', function()
      local outcome = burn(times(0.05), times(0.01), 20)
      assert.same({ 'blind', 'too few samples', 60, 70 }, { outcome.verdict, outcome.cause, outcome.samples,
        outcome.needed })
      assert.equal('60 of 70 requests: one error alone would be a burn rate above 14.4', outcome.text)
      assert.equal('pass', burn(times(0.06), times(0), 20).verdict)
    end)

    it('says that there are windows without a factor', function()
      assert.error_matches(function()
        burn(times(1), times(0), 20, { factors = { 14.4 } })
      end, 'burn-rate: as many long, short and factors are wanted, got 2, 2 and 1', 1, true)
    end)
  end)
end)

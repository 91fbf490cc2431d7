--- What must be true of statistics for any numbers, and what they say of numbers that are none.
local World = require 'spec.fake_host'

describe('stdlib.stats', function()
  after_each(World.prove_closed)

  local world = World.new()
  local stats, special = world:require 'stdlib.stats', world:require 'stdlib.stats.special'

  describe('special functions', function()
    --- Abramowitz and Stegun, tables 6.1, 6.4, 26.1 and 26.5's identities; and closed forms.
    for name, case in pairs {
      ['ln gamma(0.5)'] = { special.log_gamma(0.5), math.log(math.pi) / 2 },
      ['ln gamma(1.5)'] = { special.log_gamma(1.5), math.log(math.sqrt(math.pi) / 2) },
      ['ln gamma(1)'] = { special.log_gamma(1), 0 },
      ['ln gamma(171)'] = { special.log_gamma(171), 706.57306224578735 },
      ['ln gamma(1e6)'] = { special.log_gamma(1e6), 12815504.569147611, 1e-7 },
      ['ln P(1, 2)'] = { special.log_gamma_p(1, 2), math.log(1 - math.exp(-2)) },
      ['ln Q(1, 700)'] = { special.log_gamma_q(1, 700), -700 },
      ['ln Q(3, 2)'] = { special.log_gamma_q(3, 2), math.log(5) - 2 },
      ['normal(1.96)'] = { special.normal_cdf(1.96), 0.97500210485177952 },
      ['normal(-1)'] = { special.normal_cdf(-1), 0.15865525393145705 },
      ['ln normal(-40)'] = { special.log_normal_cdf(-40), -804.60844201460, 1e-9 },
      ['ln B(2, 3)'] = { special.log_beta(2, 3), math.log(1 / 12) },
      ['ln B(2, 3) to 0.4'] = { special.log_incomplete_beta(2, 3, 0.4), math.log(0.5248 / 12) },
      ['ln B(2, 3) to 0.9'] = { special.log_incomplete_beta(2, 3, 0.9), math.log(0.9963 / 12) },
      ['P(X >= 8) of 10 with 0.5'] = { special.binomial_at_least(8, 10, 0.5), 56 / 1024 },
      ['P(X >= 1) of 1000 with 0.001'] = { special.binomial_at_least(1, 1000, 0.001), 1 - 0.999 ^ 1000 },
      ['ln(1 - e^-1e-10)'] = { special.log_one_minus_exp(-1e-10), math.log(1e-10), 1e-9 },
      ['ln(1 - e^-50)'] = { special.log_one_minus_exp(-50), -math.exp(-50), 1e-30 },
    } do
      it(name, function()
        assert.near(case[2], case[1], case[3] or 1e-12 * math.max(1, math.abs(case[2])))
      end)
    end

    it('the incomplete beta function and its mirror are the whole', function()
      for _, a in ipairs { 0.5, 3, 40, 2000 } do
        for _, b in ipairs { 0.7, 11, 900 } do
          for _, x in ipairs { 1e-6, 0.1, 0.5, 0.93 } do
            local whole = special.log_beta(a, b)
            local sum = math.exp(special.log_incomplete_beta(a, b, x) - whole)
              + math.exp(special.log_incomplete_beta(b, a, 1 - x) - whole)
            assert.near(1, sum, 1e-9)
          end
        end
      end
    end)
  end)

  describe('MaxSPRT', function()
    it('keeps to alpha, and wastes little of it', function()
      for _, ratio in ipairs { 0.5, 1, 4, 9, 99 } do
        for _, horizon in ipairs { 15, 60, 200 } do
          for _, alpha in ipairs { 0.01, 0.05, 0.2 } do
            local test = stats.max_sprt { horizon = horizon, ratio = ratio, alpha = alpha }
            assert.is_true(test.false_alarms <= alpha)
            assert.is_true(test.false_alarms > alpha / 4, ('%g %d %g'):format(ratio, horizon, alpha))
            assert.near(test.false_alarms, stats.max_sprt_power(test, 1).power, 1e-12)
          end
        end
      end
    end)

    it('sees more the worse the canary is, and sooner', function()
      local test, before = stats.max_sprt { horizon = 60, ratio = 9 }, { power = 0, errors = 61 }
      for _, rate_ratio in ipairs { 0.5, 1, 2, 4, 8, 16, 100 } do
        local found = stats.max_sprt_power(test, rate_ratio)
        assert.is_true(found.power > before.power and found.errors < before.errors)
        before = found
      end
    end)

    it('needs a greater value for a longer horizon, and for a smaller alpha', function()
      local before = 0
      for _, horizon in ipairs { 10, 20, 50, 100, 200, 500 } do
        local value = stats.max_sprt { horizon = horizon, ratio = 4 }.critical_value
        assert.is_true(value >= before)
        assert.is_true(value <= stats.max_sprt { horizon = horizon, ratio = 4, alpha = 0.01 }.critical_value)
        before = value
      end
    end)

    it('signals at the first error beyond the most, and says what is needed before', function()
      local test = stats.max_sprt { horizon = 60, ratio = 9 }
      for primary = 0, 20 do
        local most = stats.max_sprt_decide(test, { canary = 0, primary = primary }).most
        assert.is_false(stats.max_sprt_decide(test, { canary = most, primary = primary }).signal)
        local signal = stats.max_sprt_decide(test, { canary = most + 1, primary = primary }, 6)
        assert.same({ true, 1, 0 }, { signal.signal, signal.power, signal.errors_needed })
      end
      local early = stats.max_sprt_decide(test, { canary = 0, primary = 0 }, 6)
      assert.near(stats.max_sprt_power(test, 6).power, early.power, 1e-12)
      assert.near(stats.max_sprt_power(test, 6).errors_to_signal, early.errors_needed, 1e-12)
      local late = stats.max_sprt_decide(test, { canary = 3, primary = 57 }, 6)
      assert.same({ false, true, 0 }, { late.signal, late.over, late.power })
    end)

    it('needs requests that give the power that was asked for, and one fewer does not', function()
      local test = stats.max_sprt { horizon = 60, ratio = 9 }
      local needed = stats.max_sprt_requests(test, { bad = 0.05, fine = 0, power = 0.8 })
      local fewest = stats.max_sprt_decide(test, { canary = 0, primary = 0 }).most + 1
      assert.is_true(special.binomial_at_least(fewest, needed, 0.05) >= 0.8)
      assert.is_true(special.binomial_at_least(fewest, needed - 1, 0.05) < 0.8)
      assert.is_true(stats.max_sprt_requests(test, { bad = 0.05, fine = 0.002, power = 0.8 }) > needed)
      assert.is_nil(stats.max_sprt_requests(test, { bad = 0.05, fine = 0.049, power = 0.8 }))
    end)

    it('is none where nothing could signal', function()
      assert.is_nil(stats.max_sprt { horizon = 4, ratio = 1 }) -- four of four are the canary's: 1 / 16
      assert.equal(1 / 32, stats.max_sprt { horizon = 5, ratio = 1 }.false_alarms)
      assert.is_nil(stats.max_sprt { horizon = 60, ratio = 1e-6 })
    end)

    it('goes on beyond the horizon', function()
      for _, failures in ipairs { 0, 10, 1000, 100000 } do
        local most = stats.share_above(0, failures, 0.1).most
        assert.is_true(most >= failures / 9)
        assert.is_false(stats.share_above(most, most + failures, 0.1).signal)
        assert.is_true(stats.share_above(most + 1, most + 1 + failures, 0.1).signal)
        assert.is_true(stats.share_above(most + 1, most + 1 + failures, 0.1).p_value <= 0.05)
        assert.is_true(stats.share_above(0, failures, 0.1, { alpha = 0.001 }).most > most)
      end
      assert.equal(1, stats.share_above(10, 200, 0.1).p_value)
    end)

    it('is what groups of one are', function()
      assert.same(stats.max_sprt { horizon = 30, ratio = 3 }, stats.max_sprt { horizon = 30, ratio = 3, groups = 1 })
    end)
  end)

  it("Wald's SPRT errs as seldom as it promises, exactly", function()
    for _, case in ipairs { { 0.01, 0.05 }, { 0.001, 0.02 }, { 0.2, 0.4 } } do
      local test = stats.sprt { fine = case[1], bad = case[2], alpha = 0.05, beta = 0.1 }
      assert.is_true(stats.sprt_performance(test, case[1], true).bad <= 0.05 / 0.9)
      assert.is_true(1 - stats.sprt_performance(test, case[2], true).bad <= 0.1 / 0.95)
      local before = 0
      for _, share in ipairs { 0.1, 0.5, 1, 1.5 } do
        local bad = stats.sprt_performance(test, case[1] + share * (case[2] - case[1])).bad
        assert.is_true(bad > before)
        before = bad
      end
    end
  end)

  it('SPRT says how many requests are needed, and they are', function()
    local test = stats.sprt { fine = 0.01, bad = 0.05 }
    local decision = stats.sprt_decide(test, 1, 20)
    assert.is_nil(decision.verdict)
    assert.equal('fine', stats.sprt_decide(test, 1, 20 + decision.successes_needed).verdict)
    assert.is_nil(stats.sprt_decide(test, 1, 19 + decision.successes_needed).verdict)
    assert.equal('bad', stats.sprt_decide(test, 1 + decision.errors_needed, 20 + decision.errors_needed).verdict)
  end)

  describe('a confidence sequence', function()
    it('of a share has the share in it, is mirrored, and narrows', function()
      local width = 1
      for _, trials in ipairs { 10, 100, 1000, 100000 } do
        local here, mirrored = stats.proportion(trials / 5, trials), stats.proportion(trials * 4 / 5, trials)
        assert.is_true(here.lower < 0.2 and 0.2 < here.upper)
        assert.near(here.lower, 1 - mirrored.upper, 1e-9)
        assert.near(here.upper, 1 - mirrored.lower, 1e-9)
        assert.is_true(here.upper - here.lower < width)
        width = here.upper - here.lower
      end
    end)

    it('of nothing, of none and of all', function()
      assert.same({ lower = 0, upper = 1 }, stats.proportion(0, 0))
      local none = stats.proportion(0, 1000)
      assert.is_true(none.lower == 0 and none.upper > 0 and none.upper < 0.02)
      local all = stats.proportion(1000, 1000)
      assert.is_true(all.upper == 1 and all.lower < 1 and all.lower > 0.98)
    end)

    it('with one side is closer on each', function()
      local two, one = stats.proportion(30, 100), stats.proportion(30, 100, { sides = 1 })
      assert.is_true(one.lower > two.lower and one.upper < two.upper)
    end)

    it('of a mean is around it, and wider for a smaller alpha', function()
      local sample = { count = 400, mean = 12, variance = 9 }
      for _, options in ipairs { {}, { sigma = 3 } } do
        local usual = stats.mean(sample, options)
        assert.near(12, (usual.lower + usual.upper) / 2, 1e-12)
        options.alpha = 0.001
        assert.is_true(stats.mean(sample, options).upper > usual.upper)
      end
    end)

    it('of a difference leaves 0 out just where its p-value is below alpha', function()
      local primary = { count = 500, mean = 10, variance = 4 }
      for mean = 9.2, 10.8, 0.1 do
        local found = stats.mean_difference({ count = 500, mean = mean, variance = 4 }, primary, { optimal = 1000 })
        assert.equal(found.lower > 0 or found.upper < 0, found.p_value < 0.05, ('%g'):format(mean))
      end
    end)
  end)

  it('bounds grow with time and with certainty', function()
    for _, kind in ipairs { 'normal', 'gamma-exponential', 'gamma-poisson', 'beta-binomial' } do
      local before = 0
      for _, v in ipairs { 1, 10, 100, 1000 } do
        local options = { v = v, v_opt = 100 }
        if kind == 'beta-binomial' then
          options.g, options.h = 0.2, 0.8
        elseif kind ~= 'normal' then
          options.c = 1
        end
        local bound = stats.uniform_bound(kind, options)
        options.alpha, options.alpha_opt = 0.01, 0.05
        assert.is_true(bound > before, kind)
        assert.is_true(stats.uniform_bound(kind, options) >= bound, kind)
        before = bound
      end
    end
  end)

  describe('quantiles', function()
    local buckets = { { le = 10, count = 90 }, { le = 50, count = 98 }, { le = math.huge, count = 100 } }

    it('are the bound that enough requests keep to', function()
      assert.same({ 10, 10 }, { stats.quantile_bound(buckets, 0.9) })
      assert.same({ 50, 2 }, { stats.quantile_bound(buckets, 0.91) })
      assert.same({ math.huge, 0 }, { stats.quantile_bound(buckets, 0.99) })
      assert.is_nil(stats.quantile_bound({ { le = 1, count = 0 } }, 0.5))
    end)

    it('of equal histograms may be one, and the order of the sides does not count', function()
      local slow = { { le = 10, count = 200 }, { le = 50, count = 400 }, { le = math.huge, count = 1000 } }
      local fast = { { le = 10, count = 900 }, { le = 50, count = 980 }, { le = math.huge, count = 1000 } }
      assert.equal(1, stats.quantile_test { quantile = 0.9, canary = buckets, primary = buckets }.p_value)
      local here = stats.quantile_test { quantile = 0.9, canary = slow, primary = fast }
      assert.is_true(here.p_value < 0.001)
      assert.near(here.p_value, stats.quantile_test { quantile = 0.9, canary = fast, primary = slow }.p_value, 1e-12)
    end)

    it('without requests say nothing', function()
      local none = { { le = 10, count = 0 }, { le = 50, count = 0 }, { le = math.huge, count = 0 } }
      assert.same({ p_value = 1 }, stats.quantile_test { quantile = 0.9, canary = none, primary = buckets })
    end)
  end)

  describe('Mann-Whitney', function()
    --- All ways to share out the values, one by one.
    local function counted(first, second, alternative)
      local pooled, m, all, extreme = {}, #first, 0, 0
      for _, list in ipairs { first, second } do
        for _, value in ipairs(list) do
          pooled[#pooled + 1] = value
        end
      end
      local function u_of(chosen)
        local u = 0
        for i, one in ipairs(pooled) do
          for j, other in ipairs(pooled) do
            if chosen[i] and not chosen[j] then
              u = u + (one > other and 1 or one == other and 0.5 or 0)
            end
          end
        end
        return u
      end
      local seen = {}
      for i = 1, m do
        seen[i] = true
      end
      local middle, u = m * #second / 2, u_of(seen)
      local function walk(from, left, chosen)
        if left == 0 then
          local other = u_of(chosen)
          all = all + 1
          local is_extreme = alternative == 'greater' and other >= u or alternative == 'less' and other <= u
            or alternative == 'two-sided' and math.abs(other - middle) >= math.abs(u - middle)
          extreme = extreme + (is_extreme and 1 or 0)
          return
        end
        for i = from, #pooled - left + 1 do
          chosen[i] = true
          walk(i + 1, left - 1, chosen)
          chosen[i] = nil
        end
      end
      walk(1, m, {})
      return extreme / all, u
    end

    for _, case in ipairs {
      { { 10, 10, 10, 12, 12 }, { 12, 12, 15, 15, 15 } },
      { { 1, 2, 3 }, { 4, 5, 6, 7 } },
      { { 5, 5, 5 }, { 5, 5 } },
      { { 3 }, { 1, 2 } },
      { { 1, 1, 2, 9 }, { 1, 2, 2, 3, 3 } },
    } do
      it(('counts all ways for %d against %d'):format(#case[1], #case[2]), function()
        for _, alternative in ipairs { 'two-sided', 'greater', 'less' } do
          local wanted, u = counted(case[1], case[2], alternative)
          local found = stats.mann_whitney(case[1], case[2], alternative)
          assert.near(wanted, found.p_value, 1e-12)
          assert.equal(u, found.u)
        end
      end)
    end

    it('comes to nearly the same where the normal distribution takes over', function()
      local first, second = {}, {}
      for i = 1, 13 do
        first[i], second[i] = i * 37 % 101, i * 23 % 101 + 10
      end
      local exact = stats.mann_whitney(first, second)
      first[14] = 46 -- in the middle
      local normal = stats.mann_whitney(first, second)
      assert.same({ 'exact', 'normal' }, { exact.method, normal.method })
      assert.near(exact.p_value, normal.p_value, 0.05)
    end)

    it('of many equal values knows nothing', function()
      local same = {}
      for i = 1, 40 do
        same[i] = 1
      end
      assert.equal(1, stats.mann_whitney(same, same).p_value)
    end)
  end)

  it('adjusted p-values are never smaller, and keep their order', function()
    local values, state = {}, 7
    for i = 1, 50 do
      state = state * 16807 % 2147483647
      values[i] = state / 2147483647
    end
    local holm, hochberg = stats.holm(values), stats.benjamini_hochberg(values)
    for i = 1, 50 do
      assert.is_true(values[i] <= hochberg[i] and hochberg[i] <= holm[i] and holm[i] <= 1)
    end
  end)

  it('parts of alpha are the whole', function()
    assert.same({ 0.01, 0.03 }, stats.split_alpha(0.04, { 1, 3 }))
    assert.same({ 0.025, 0.025 }, stats.split_alpha(0.05, 2))
  end)

  it('burn rates want both windows, and enough requests', function()
    local bad, good = { errors = 20, requests = 1000 }, { errors = 0, requests = 100 }
    assert.is_true(stats.burn_rate(0.999, { { long = bad, short = bad, factor = 14.4 } }).fires)
    assert.is_false(stats.burn_rate(0.999, { { long = bad, short = good, factor = 14.4 } }).fires)
    local found = stats.burn_rate(0.999, { { long = { errors = 0, requests = 0 }, short = bad, factor = 14.4 } })
    assert.same({ false, nil, 70 }, { found.fires, found.pairs[1].long, found.pairs[1].needed })
    for _, objective in ipairs { 0.9, 0.99, 0.999, 0.9999 } do -- one error of so many is no alarm, of one fewer it is
      local needed = stats.burn_rate(objective, { { long = bad, short = bad, factor = 6 } }).pairs[1].needed
      assert.is_true(1 / needed / (1 - objective) < 6)
      assert.is_true(1 / (needed - 1) / (1 - objective) > 6 * (1 - 1e-9))
    end
  end)

  -- What is no number, or none that makes sense -----------------------------------------------------------

  local NAN = 0 / 0
  local test = stats.max_sprt { horizon = 20, ratio = 1 }
  for problem, call in pairs {
    ['stats.max_sprt: a table { horizon = … } is wanted, got nil'] = function() stats.max_sprt() end,
    ['stats.max_sprt: there is no field "alhpa"'] = function() stats.max_sprt { horizon = 20, alhpa = 1 } end,
    ['horizon: a whole number from 1 to 500 is wanted, got 0'] = function() stats.max_sprt { horizon = 0 } end,
    ['horizon: a whole number from 1 to 500 is wanted, got 1000000000'] = function()
      stats.max_sprt { horizon = 1e9, ratio = 1 }
    end,
    ['horizon: a whole number from 1 to 500 is wanted, got nan'] = function()
      stats.max_sprt { horizon = NAN, ratio = 1 }
    end,
    ['ratio: a number above 0 is wanted, got -1'] = function() stats.max_sprt { horizon = 20, ratio = -1 } end,
    ['ratio: a number above 0 is wanted, got inf'] = function() stats.max_sprt { horizon = 20, ratio = math.huge } end,
    ['alpha: a number above 0 and below 1 is wanted, got 5'] = function()
      stats.max_sprt { horizon = 20, ratio = 1, alpha = 5 }
    end,
    ['groups: a list whose sum is the horizon (20) is wanted, got 15'] = function()
      stats.max_sprt { horizon = 20, ratio = 1, groups = { 5, 10 } }
    end,
    ['stats.max_sprt_power: test: what stats.max_sprt gives is wanted, got 3'] = function()
      stats.max_sprt_power(3, 2)
    end,
    ['stats.share_above: p0: a number above 0 and below 1 is wanted, got 1'] = function()
      stats.share_above(1, 2, 1)
    end,
    ['stats.share_above: successes: a whole number from 0 to 2 is wanted, got 3'] = function()
      stats.share_above(3, 2, 0.5)
    end,
    ['rate_ratio: a number above 0 is wanted, got 0'] = function() stats.max_sprt_power(test, 0) end,
    ['errors.canary: a whole number of at least 0 is wanted, got -1'] = function()
      stats.max_sprt_decide(test, { canary = -1, primary = 0 })
    end,
    ['errors.primary: a whole number of at least 0 is wanted, got 2.5'] = function()
      stats.max_sprt_decide(test, { canary = 1, primary = 2.5 })
    end,
    ['errors.canary: a whole number of at least 0 is wanted, got 1e+300'] = function()
      stats.max_sprt_decide(test, { canary = 1e300, primary = 2 })
    end,
    ['bad: a number above 0 and below 1 is wanted, got 0'] = function()
      stats.max_sprt_requests(test, { bad = 0, fine = 0 })
    end,
    ['stats.max_sprt_horizon: rate_ratio: a number above 1 is wanted, got 1'] = function()
      stats.max_sprt_horizon { ratio = 1, rate_ratio = 1 }
    end,
    ['expected: a finite number from 0.01 to 60 is wanted, got 0'] = function()
      stats.max_sprt_poisson { expected = 0 }
    end,
    ['minimum: so many are too seldom for alpha: fewer are wanted, got 9'] = function()
      stats.max_sprt_poisson { expected = 1, minimum = 9 }
    end,
    ['bad: a rate above fine (0.05) is wanted, got 0.01'] = function() stats.sprt { fine = 0.05, bad = 0.01 } end,
    ['beta: a number below 1 - alpha (0.5) is wanted, got 0.6'] = function()
      stats.sprt { fine = 0.01, bad = 0.05, alpha = 0.5, beta = 0.6 }
    end,
    ['stats.sprt_decide: errors: a whole number from 0 to 3 is wanted, got 4'] = function()
      stats.sprt_decide(stats.sprt { fine = 0.01, bad = 0.05 }, 4, 3)
    end,
    ['stats.proportion: successes: a whole number from 0 to 3 is wanted, got 4'] = function()
      stats.proportion(4, 3)
    end,
    ['stats.proportion: trials: a whole number of at least 0 is wanted, got "many"'] = function()
      stats.proportion(4, 'many')
    end,
    ['stats.mean: sample.variance: a finite number of at least 0 is wanted, got -1'] = function()
      stats.mean { count = 1, mean = 0, variance = -1 }
    end,
    ['stats.mean_difference: canary: a table { count =, mean =, variance = } is wanted, got nil'] = function()
      stats.mean_difference()
    end,
    ['primary.mean: for a relative difference a mean other than 0 is wanted, got 0'] = function()
      local zero = { count = 1, mean = 0, variance = 1 }
      stats.mean_difference(zero, zero, { relative = true })
    end,
    ['stats.uniform_bound: kind: one of normal, gamma-exponential, gamma-poisson, beta-binomial is'] = function()
      stats.uniform_bound('poisson', { v = 1 })
    end,
    ['c: a number above 0.0001 is wanted, got nil'] = function() stats.uniform_bound('gamma-poisson', { v = 1 }) end,
    ['c: a number above 0.1 is wanted, got 0.01'] = function()
      stats.uniform_bound('gamma-exponential', { v = 1e6, c = 0.01 })
    end,
    ['alpha: for one side a number below 0.5 is wanted, got 0.7'] = function()
      stats.uniform_bound('normal', { v = 1, alpha = 0.7 })
    end,
    ['stats.stitched_bound: v_min: a number above 0 is wanted, got nil'] = function()
      stats.stitched_bound { v = 1 }
    end,
    ['stats.best_rho: v: a number above 0 is wanted, got 0'] = function() stats.best_rho(0) end,
    ['buckets[2].count: a finite number of at least 5 is wanted, got 4'] = function()
      stats.quantile_bound({ { le = 1, count = 5 }, { le = 2, count = 4 } }, 0.5)
    end,
    ['buckets[2].le: a bound above the one before (1) is wanted, got 1'] = function()
      stats.quantile_bound({ { le = 1, count = 5 }, { le = 1, count = 6 } }, 0.5)
    end,
    ['canary: the bounds of primary are wanted, got 1 buckets beside 2'] = function()
      stats.quantile_test { quantile = 0.5, canary = { { le = 1, count = 5 } },
        primary = { { le = 1, count = 5 }, { le = 2, count = 6 } } }
    end,
    ['stats.mann_whitney: first: a list of 1 to 10000 numbers is wanted, got a list of 0'] = function()
      stats.mann_whitney({}, { 1 })
    end,
    ['second[1]: a finite number is wanted, got nan'] = function() stats.mann_whitney({ 1 }, { NAN }) end,
    ["alternative: one of 'two-sided', 'greater', 'less' is wanted, got \"both\""] = function()
      stats.mann_whitney({ 1 }, { 2 }, 'both')
    end,
    ['stats.holm: [2]: a finite number from 0 to 1 is wanted, got 3'] = function() stats.holm { 0.1, 3 } end,
    ['stats.benjamini_hochberg: a list of 1 to 1000 numbers is wanted, got nil'] = function()
      stats.benjamini_hochberg()
    end,
    ['parts: a whole number from 1 to 1000 is wanted, got 0'] = function() stats.split_alpha(0.05, 0) end,
    ['stats.burn_rate: objective: a number above 0 and below 1 is wanted, got 99.9'] = function()
      stats.burn_rate(99.9, {})
    end,
    ['windows[1].long.errors: a finite number from 0 to 3 is wanted, got 4'] = function()
      stats.burn_rate(0.9, { { long = { errors = 4, requests = 3 }, short = {}, factor = 1 } })
    end,
    ['stats.burn_factor: window: a number above 0 is wanted, got 0'] = function() stats.burn_factor(0.02, 0, 1) end,
    ['shares: as many as counts (2) are wanted, got 1'] = function() stats.sample_ratio({ 1, 2 }, { 1 }) end,
    ['counts[1]: a whole number of at least 0 is wanted, got -3'] = function() stats.sample_ratio({ -3 }, { 1 }) end,
    ['prior: a list of as many as counts (2) is wanted, got 1'] = function()
      stats.sample_ratio({ 1, 2 }, { 1, 1 }, { 1 })
    end,
  } do
    it('says: ' .. problem, function()
      assert.error_matches(call, problem, 1, true)
    end)
  end
end)

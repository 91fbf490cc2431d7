--- Statistics against numbers that others have published, to every digit that they give.
local World = require 'spec.fake_host'

describe('stdlib.stats', function()
  after_each(World.prove_closed)

  local stats = World.new():require 'stdlib.stats'

  --- Equal when rounded to so many digits, as a source prints it.
  local function rounds_to(wanted, value)
    local digits = #(tostring(wanted):match '%.(%d+)' or '')
    assert.equal(('%.' .. digits .. 'f'):format(wanted), ('%.' .. digits .. 'f'):format(value))
  end

  --- Equal where a source has cut the digits off that it does not print, or rounded them.
  local function agrees(wanted, value)
    local unit = 10 ^ -#(tostring(wanted):match '%.(%d+)' or '')
    assert.near(wanted, value, unit)
  end

  describe('Poisson MaxSPRT', function()
    --- Kulldorff and others (2011), the table of critical values for alpha 0.05: by expected errors, by the minimum of
    --- errors.
    local TABLE = {
      [1] = { [1] = 2.853937, [2] = 2.366638, [3] = 1.774218 },
      [1.5] = { [1] = 2.964971, [2] = 2.576390, [3] = 2.150707, [4] = 1.683209 },
      [2] = { [1] = 3.046977, [2] = 2.689354, [3] = 2.349679, [4] = 2.000158 },
      [2.5] = { [1] = 3.110419, [2] = 2.777483 },
      [3] = { [1] = 3.162106, [2] = 2.849327, [3] = 2.565320, [4] = 2.317139, [6] = 1.766485 },
      [4] = { [1] = 3.245004, [2] = 2.937410, [3] = 2.699182, [4] = 2.498892, [6] = 2.089473, [8] = 1.564636 },
      [5] = { [1] = 3.297183 },
      [6] = { [1] = 3.342729 },
      [8] = { [1] = 3.413782 },
      [10] = { [1] = 3.467952, [2] = 3.238009, [3] = 3.064248, [4] = 2.921561, [6] = 2.690586, [8] = 2.484834,
        [10] = 2.281441 },
      [12] = { [1] = 3.511749 },
      [15] = { [1] = 3.562591 },
      [20] = { [1] = 3.628123 },
    }

    for expected, row in pairs(TABLE) do
      for minimum, wanted in pairs(row) do
        it(('until %g are expected, at least %d'):format(expected, minimum), function()
          local test = stats.max_sprt_poisson { expected = expected, minimum = minimum }
          assert.equal(('%.6f'):format(wanted), ('%.6f'):format(test.critical_value))
          assert.near(0.05, test.false_alarms, 1e-9)
          local published = stats.max_sprt_poisson { expected = expected, minimum = minimum, critical_value = wanted }
          assert.near(0.05, published.false_alarms, 1e-6)
        end)
      end
    end

    it('sees twice the rate as the source says', function()
      local found = stats.max_sprt_poisson_power(stats.max_sprt_poisson { expected = 10 }, 2)
      rounds_to(0.6850634, found.power)
      rounds_to(4.130985, found.time_to_signal)
      rounds_to(5.979353, found.time)
    end)
  end)

  describe('binomial MaxSPRT', function()
    --- Published values are rounded up: what does not signal must stay below.
    local function rounds_up_to(wanted, value)
      local unit = 10 ^ -#(tostring(wanted):match '%.(%d+)')
      assert.near(wanted, math.ceil(value / unit) * unit, unit / 100)
    end

    it('has the critical value and the false alarms of groups of five', function()
      local test = stats.max_sprt { horizon = 25, ratio = 7 / 2, groups = 5 }
      rounds_up_to(1.9852, test.critical_value)
      rounds_to(0.04775995, test.false_alarms)
    end)

    it('has the critical value of unequal groups', function()
      rounds_up_to(1.99202, stats.max_sprt { horizon = 50, ratio = 7 / 2, groups = { 10, 10, 15, 15 } }.critical_value)
    end)

    it('has power and times without groups', function()
      local found = stats.max_sprt_power(stats.max_sprt { horizon = 30, ratio = 1, critical_value = 2 }, 2)
      rounds_to(0.658732, found.power)
      rounds_to(10.7893, found.errors_to_signal)
      rounds_to(17.3453, found.errors)
    end)

    it('has power and times of groups of two', function()
      local test = stats.max_sprt { horizon = 40, ratio = 1, critical_value = 2.5, groups = 2 }
      local found = stats.max_sprt_power(test, 2)
      rounds_to(0.6594118, found.power)
      rounds_to(17.18626, found.errors_to_signal)
      rounds_to(24.95635, found.errors)
    end)

    it('finds the horizon for a power', function()
      assert.equal(25, stats.max_sprt_horizon { ratio = 2, rate_ratio = 5, alpha = 0.01, power = 0.88 })
      local test = stats.max_sprt { horizon = 25, ratio = 2, alpha = 0.01 }
      rounds_up_to(4.59581, test.critical_value)
      rounds_to(0.009755004, test.false_alarms)
      rounds_to(0.8855869, stats.max_sprt_power(test, 5).power)
    end)

    --- Computed by another program: critical value (rounded), and power (percent) where the canary has 2, 3, 6 and 10
    --- times the errors; without the last error that the horizon has room for.
    for name, case in pairs {
      ['a tenth, 20 errors'] = { ratio = 9, horizon = 20, value = 2.7376, powers = { 24, 49, 91, 99 } },
      ['a tenth, 40 errors'] = { ratio = 9, horizon = 40, value = 2.8161, powers = { 36, 73, 99, 100 } },
      ['a fifth, 20 errors'] = { ratio = 4, horizon = 20, value = 3.2189, powers = { 23, 52, 93, 99 } },
      ['a half, 20 errors'] = { ratio = 1, horizon = 20, value = 3.0988, powers = { 30, 57, 91, 98 } },
      ['a twentieth, 30 errors'] = { ratio = 19, horizon = 30, value = 2.4775, powers = { 24, 48, 91, 99 } },
    } do
      it('with ' .. name .. ' sees what it should', function()
        local test = stats.max_sprt { horizon = case.horizon, ratio = case.ratio, minimum = 2 }
        rounds_to(case.value, test.critical_value)
        assert.is_true(test.false_alarms <= 0.05)
        for i, rate_ratio in ipairs { 2, 3, 6, 10 } do
          assert.near(case.powers[i], 100 * stats.max_sprt_power(test, rate_ratio).power, 0.6)
        end
      end)
    end
  end)

  describe('bounds for all times', function()
    it('best_rho', function()
      rounds_to(12.60056, stats.best_rho(100, 0.05))
    end)

    for name, case in pairs {
      ['normal, two sides'] = { 'normal', { sides = 2 }, 30.35209 },
      ['normal'] = { 'normal', {}, 27.66071 },
      ['gamma-exponential'] = { 'gamma-exponential', { c = 2 }, 33.02017 },
      ['gamma-Poisson'] = { 'gamma-poisson', { c = 2 }, 30.1949 },
      ['beta-binomial, two sides'] = { 'beta-binomial', { g = 0.2, h = 0.8, sides = 2 }, 31.4308 },
      ['beta-binomial'] = { 'beta-binomial', { g = 0.2, h = 0.8 }, 28.41238 },
    } do
      it(name, function()
        local options = { v = 100, v_opt = 100, alpha = 0.05 }
        for field, value in pairs(case[2]) do
          options[field] = value
        end
        rounds_to(case[3], stats.uniform_bound(case[1], options))
      end)
    end

    it('stitching', function()
      rounds_to(64.48755, stats.stitched_bound { v = 100, v_min = 10, c = 3 })
      rounds_to(28.99389, stats.stitched_bound { v = 100, v_min = 10, c = -1 })
    end)

    --- Successes, trials, trials at which it is narrowest, and the interval.
    for _, case in ipairs {
      { 700, 1000, 100, 0.651629, 0.745949 },
      { 15, 50, 50, 0.129556, 0.511896 },
      { 5, 50, 50, 0.013021, 0.269264 },
      { 1, 50, 50, 0, 0.13489 },
      { 1, 2, 50, 0, 1 },
      { 100, 200, 1, 0.328923, 0.671076 },
    } do
      it(('a share of %d of %d'):format(case[1], case[2]), function()
        local interval = stats.proportion(case[1], case[2], { optimal = case[3] })
        agrees(case[4], interval.lower)
        agrees(case[5], interval.upper)
      end)
    end

    --- The values from 1 to 1000, and the same moved up.
    local function moved(by)
      local buckets = {}
      for le = 1, 1000 + 100 do
        buckets[le] = { le = le, count = math.max(0, math.min(le - by, 1000)) }
      end
      return buckets
    end

    for _, case in ipairs {
      { 0.5, 70, 0.814704 }, { 0.5, 85, 0.0838055 }, { 0.5, 100, 0.0054947 }, { 0.9, 55, 0.0340463 },
    } do
      it(('the quantile %g moved by %d'):format(case[1], case[2]), function()
        local found = stats.quantile_test { quantile = case[1], optimal = 100, canary = moved(case[2]),
          primary = moved(0) }
        rounds_to(case[3], found.p_value)
      end)
    end
  end)

  it('shares of requests', function()
    local counts, wanted = { 0, 0, 0 }, {
      { 1, -1.0986122887, -0.9162907319 }, { 2, -2.4849066498, -1.8325814637 }, { 1, -3.4011973817, -2.7488721956 },
      { 2, -4.4998096703, -3.6651629275 }, { 3, -6.4457198194, -5.2746008399 },
    }
    for _, case in ipairs(wanted) do
      counts[case[1]] = counts[case[1]] + 1
      local found = stats.sample_ratio(counts, { 0.4, 0.4, 0.2 })
      agrees(case[2], found.log_dirichlet)
      agrees(case[3], found.log_shares)
    end
  end)

  it('the difference of two means, relative', function()
    local function sample(count, sum, squares)
      return { count = count, mean = sum / count, variance = (squares - sum * sum / count) / (count - 1) }
    end
    local found = stats.mean_difference(sample(3461, 2422.7, 134698.29), sample(3000, 1396.87, 52377.9767),
      { optimal = 1000, relative = true })
    rounds_to(0.50336, found.difference)
    rounds_to(0.33341, found.deviation)
    rounds_to(-0.55844, found.lower)
    rounds_to(1.56516, found.upper)
    assert.equal(1, found.p_value)
  end)

  it('Mann-Whitney with ties, all ways counted', function()
    local found = stats.mann_whitney({ 10, 10, 10, 12, 12 }, { 12, 12, 15, 15, 15 })
    assert.same({ 2, 'exact' }, { found.u, found.method })
    rounds_to(0.047619, found.p_value)
  end)

  it('several p-values', function()
    local values = { 0.01, 0.04, 0.03, 0.005 }
    for i, wanted in ipairs { 0.03, 0.06, 0.06, 0.02 } do
      assert.near(wanted, stats.holm(values)[i], 1e-12)
    end
    for i, wanted in ipairs { 0.02, 0.04, 0.04, 0.02 } do
      assert.near(wanted, stats.benjamini_hochberg(values)[i], 1e-12)
    end
  end)

  it('burn rates of the workbook', function()
    for _, case in ipairs { { 0.02, 1, 14.4 }, { 0.05, 6, 6 }, { 0.10, 72, 1 } } do
      assert.near(case[3], stats.burn_factor(case[1], case[2], 720), 1e-9)
    end
  end)

  it("Wald's example: bounds, and what both rates come to", function()
    local test = stats.sprt { fine = 0.1, bad = 0.3, alpha = 0.02, beta = 0.03 }
    assert.near(math.log(0.97 / 0.02), test.upper, 1e-12)
    assert.near(math.log(0.03 / 0.98), test.lower, 1e-12)
    assert.near(0.02, stats.sprt_performance(test, 0.1).bad, 1e-9)
    assert.near(0.97, stats.sprt_performance(test, 0.3).bad, 1e-9)
  end)
end)

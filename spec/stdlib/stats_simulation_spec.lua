--- What statistics promise, held against chance: how often they are wrong of many series from a fixed seed, looked at
--- again and again.
local World = require 'spec.fake_host'
local few_requests = require 'spec.few_requests'

describe('stdlib.stats, by the lot,', function()
  after_each(World.prove_closed)

  local stats = World.new():require 'stdlib.stats'
  local SERIES = 200

  --- The share of the series in which `look` says so at one of its looks; each begins with `begin`.
  local function ever(seed, looks, begin, look)
    local random, found = few_requests.random(seed), 0
    for _ = 1, SERIES do
      local state = begin()
      for _ = 1, looks do
        if look(state, random) then
          found = found + 1
          break
        end
      end
    end
    return found / SERIES
  end

  local function counting()
    return { hits = 0, all = 0 }
  end

  local function draw(state, random, count, p)
    for _ = 1, count do
      state.hits, state.all = state.hits + (random() < p and 1 or 0), state.all + 1
    end
  end

  for _, p in ipairs { 0.01, 0.1, 0.5 } do
    it(('a confidence sequence of a share of %g is wrong in 5 %% at most'):format(p), function()
      local wrong = ever(1, 40, counting, function(state, random)
        draw(state, random, 5, p)
        local interval = stats.proportion(state.hits, state.all)
        return interval.lower > p or interval.upper < p
      end)
      assert.is_true(wrong <= 0.05, ('%g'):format(wrong))
    end)

    it(('a share of %g is not above itself, and is seen where it is three times as much'):format(p), function()
      local function above(true_share)
        return ever(2, 50, counting, function(state, random)
          draw(state, random, 10, true_share)
          return stats.share_above(state.hits, state.all, p).signal
        end)
      end
      assert.is_true(above(p) <= 0.05)
      assert.is_true(above(math.min(3 * p, 0.9)) >= (p == 0.01 and 0.5 or 0.8))
    end)
  end

  --- A number that is normal enough: the sum of twelve.
  local function normal(random)
    local sum = -6
    for _ = 1, 12 do
      sum = sum + random()
    end
    return sum
  end

  local function sampling()
    return { count = 0, sum = 0, squares = 0 }
  end

  local function take(state, value)
    state.count, state.sum, state.squares = state.count + 1, state.sum + value, state.squares + value * value
  end

  local function sample_of(state)
    local mean = state.sum / state.count
    return { count = state.count, mean = mean, variance = (state.squares - state.sum * mean) / (state.count - 1) }
  end

  it('confidence sequences of a mean are wrong in 5 % at most, exact and asymptotic ones', function()
    for _, options in ipairs { { optimal = 200, sigma = 1 }, { optimal = 200 } } do
      local wrong = ever(3, 20, sampling, function(state, random)
        for _ = 1, 25 do
          take(state, 3 + normal(random))
        end
        local interval = stats.mean(sample_of(state), options)
        return interval.lower > 3 or interval.upper < 3
      end)
      assert.is_true(wrong <= 0.05, ('%g'):format(wrong))
    end
  end)

  it('a difference of means is seen where there is one', function()
    local function seen(difference)
      return ever(4, 20, function() return { sampling(), sampling() } end, function(state, random)
        for _ = 1, 25 do
          take(state[1], 3 + difference + normal(random))
          take(state[2], 3 + normal(random))
        end
        return stats.mean_difference(sample_of(state[1]), sample_of(state[2]), { optimal = 400 }).p_value < 0.05
      end)
    end
    assert.is_true(seen(0) <= 0.05)
    assert.is_true(seen(0.5) >= 0.8)
  end)

  local BOUNDS = { 10, 25, 50, 100, 250, 500, math.huge }

  --- A histogram of latencies around 30 ms, times `factor`.
  local function observe(histogram, random, factor)
    local ms = 30 * factor * math.exp(0.8 * normal(random))
    for i, bound in ipairs(BOUNDS) do
      histogram[i] = histogram[i] or { le = bound, count = 0 }
      histogram[i].count = histogram[i].count + (ms <= bound and 1 or 0)
    end
  end

  it('quantiles are the same in all but 5 % where they are, and are seen to differ where they do', function()
    local function differ(factor)
      return ever(5, 20, function() return { {}, {} } end, function(state, random)
        for _ = 1, 50 do
          observe(state[1], random, factor)
          observe(state[2], random, 1)
        end
        return stats.quantile_test { quantile = 0.9, canary = state[1], primary = state[2] }.p_value < 0.05
      end)
    end
    assert.is_true(differ(1) <= 0.05)
    assert.is_true(differ(4) >= 0.8)
  end)

  it('requests are shared out as the weights say in all but 5 % where they are', function()
    local function differ(share)
      return ever(6, 30, counting, function(state, random)
        draw(state, random, 20, share)
        return stats.sample_ratio({ state.hits, state.all - state.hits }, { 10, 90 }).p_value < 0.05
      end)
    end
    assert.is_true(differ(0.1) <= 0.05)
    assert.is_true(differ(0.2) >= 0.8)
  end)

  it("Wald's test errs as often as it is computed to", function()
    local test = stats.sprt { fine = 0.02, bad = 0.1, alpha = 0.05, beta = 0.1 }
    for _, rate in ipairs { 0.02, 0.05, 0.1 } do
      local bad = ever(7, 5000, counting, function(state, random)
        if state.over then
          return false
        end
        draw(state, random, 1, rate)
        local verdict = stats.sprt_decide(test, state.hits, state.all).verdict
        state.over = verdict ~= nil
        return verdict == 'bad'
      end)
      local wanted = stats.sprt_performance(test, rate, true).bad
      assert.near(wanted, bad, 3.5 * math.sqrt(wanted * (1 - wanted) / SERIES))
    end
  end)

  it('Mann and Whitney err in 5 % at most, small samples with ties and larger ones', function()
    for _, size in ipairs { 5, 20 } do
      local function differ(by)
        return ever(8, 1, function() return {} end, function(_, random)
          local first, second = {}, {}
          for i = 1, size do
            first[i], second[i] = math.floor(10 + 2 * normal(random) + by), math.floor(10 + 2 * normal(random))
          end
          return stats.mann_whitney(first, second).p_value < 0.05
        end)
      end
      assert.is_true(differ(0) <= 0.05)
      assert.is_true(differ(5) >= 0.8)
    end
  end)

  it('five metrics raise a false alarm in 5 % of the releases at most, by Holm', function()
    local wrong = ever(9, 1, function() return {} end, function(_, random)
      local values = {}
      for i = 1, 5 do
        values[i] = random()
      end
      for _, adjusted in ipairs(stats.holm(values)) do
        if adjusted < 0.05 then
          return true
        end
      end
    end)
    assert.is_true(wrong <= 0.05 + 0.035, ('%g'):format(wrong)) -- it is 4.9 % in the mean
  end)
end)

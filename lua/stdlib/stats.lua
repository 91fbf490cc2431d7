--- Statistics for few requests, in pure Lua: `local stats = require 'stdlib.stats'`. What is counted are whole requests
--- and errors since a release began, or within a window; rates are shares from 0 to 1, alpha and beta probabilities.
--- What does not fit (a text, NaN, more errors than requests) is an error at the script's line that names the field.
---
--- Each function takes its errors for independent of each other; docs/statistics.md says what to do where they are not.
--- What computes stands in files of its own below stdlib/stats, and is loaded when it is first asked for.
local M = {}

local function room(name)
  return require('stdlib.stats.' .. name)
end

local function check_test(word, test, field)
  if type(test) ~= 'table' or type(test[field]) ~= 'number' then
    room 'given'.wrong(word, 'test', 'what ' .. word:gsub('_%l+$', '') .. ' gives is', test)
  end
end

--- The binomial MaxSPRT: too many of the errors of both sides are the canary's. Exact at any number of errors, over a
--- finite horizon, and one may look after each error; it needs counts, and no rate to begin with. It assumes that each
--- error is the canary's with the probability 1 / (1 + ratio) as long as the canary is no worse: that errors are
--- independent, and that requests are shared out by chance. Source: Kulldorff and others, "A maximized sequential
--- probability ratio test for drug and vaccine safety surveillance", Sequential Analysis 30 (2011), on binomial data.
---
---     local test = stats.max_sprt { horizon = 60, ratio = 9 } -- the canary has a tenth of the requests
---@param options table horizon: errors of both sides after which the test ends, 1 to 500; ratio: requests of the
---       primary per request of the canary; alpha: of a false alarm, 0.05 unless told; minimum: errors of the canary
---       without which it does not signal, 1 unless told; groups: it looks after so many errors only, or after groups
---       of a list whose sum is the horizon; critical_value: that of another source, instead of the one found
---@return table? test critical_value: the greatest value of the statistic (a logarithm) that does not signal;
---       false_alarms: their probability, at most alpha; horizon, ratio, alpha, minimum, p0; nil: with so few errors,
---       and this ratio, nothing could signal
function M.max_sprt(options)
  return room 'max_sprt'.test(options)
end

--- What such a test comes to when the canary's rate of errors is so many times the primary's, exactly.
---
---     stats.max_sprt_power(test, 6).power -- 0.99
---@param test table of stats.max_sprt
---@param rate_ratio number above 0; 1: no worse
---@return { power: number, errors_to_signal: number?, errors: number } performance power: the probability that it
---       signals; errors_to_signal: errors of both sides until then, in the mean of those that signal; errors: until
---       the end of the test, in the mean of all
function M.max_sprt_power(test, rate_ratio)
  check_test('stats.max_sprt_power', test, 'horizon')
  room 'given'.between('stats.max_sprt_power', 'rate_ratio', rate_ratio, 0)
  return room 'max_sprt'.performance(test, rate_ratio)
end

--- What so many errors come to, and how many more are expected to be needed.
---
---     local decision = stats.max_sprt_decide(test, { canary = 3, primary = 1 }, 6)
---@param test table of stats.max_sprt
---@param errors { canary: integer, primary: integer }
---@param rate_ratio number? the regression that is looked for, above 1; without it nothing is said about what is needed
---@return table decision signal; statistic; most: the canary's errors that do not signal beside these of the primary;
---       over: the horizon is reached; power: the probability that such a regression signals from here on;
---       errors_needed: further errors of both sides until then, in the mean
function M.max_sprt_decide(test, errors, rate_ratio)
  check_test('stats.max_sprt_decide', test, 'horizon')
  return room 'max_sprt_decision'.decide(test, errors, rate_ratio)
end

--- How many requests the canary needs so that a bad one is seen with a certain probability, by a single look at the
--- end.
---
---     stats.max_sprt_requests(test, { bad = 0.05, fine = 0.001, power = 0.8 })
---@param test table of stats.max_sprt
---@param rates { bad: number, fine: number, power: number? } bad: the canary's rate of errors; fine: the primary's, may
---       be 0; power: 0.8 unless told
---@return integer? requests of the canary; nil: the horizon is too near for that
function M.max_sprt_requests(test, rates)
  check_test('stats.max_sprt_requests', test, 'horizon')
  return room 'max_sprt_decision'.requests(test, rates)
end

--- The least horizon with which a regression is seen with a certain probability. It is for planning: one of more than a
--- hundred takes longer than a step of a script may.
---
---     stats.max_sprt_horizon { ratio = 2, rate_ratio = 5, alpha = 0.01, power = 0.88 } -- 25
---@param aims { ratio: number, rate_ratio: number, alpha: number?, power: number?, minimum: integer? } power: 0.8
---       unless told
---@return integer? horizon nil: more than 500
function M.max_sprt_horizon(aims)
  return room 'max_sprt_decision'.horizon(aims)
end

--- Whether the share of successes is above p0: for any number of trials, and at all times at once, so that it can go on
--- where the horizon of a MaxSPRT ends. It sees a little later. Source: Howard, Ramdas, McAuliffe, Sekhon,
--- "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49 (2021) (one-sided
--- beta-binomial mixture).
---
---     stats.share_above(60, 400, 0.1).signal -- of 400 errors 60 are those of a canary with a tenth of the requests
---@param successes integer
---@param trials integer
---@param p0 number between 0 and 1
---@param options { alpha: number?, optimal: number? }? optimal: trials at which it sees most, 100 unless told, never
---       what one has seen
---@return { signal: boolean, p_value: number, most: integer } result most: successes that do not signal beside as many
---       failures
function M.share_above(successes, trials, p0, options)
  return room 'share_above'.test(successes, trials, p0, options)
end

--- The Poisson MaxSPRT: more errors than a known rate lets expect, looked at without a pause. It assumes that the rate
--- is known exactly. Source: Kulldorff and others (2011), on Poisson data.
---
---     stats.max_sprt_poisson { expected = 10 }.critical_value -- 3.467952
---@param options { expected: number, alpha: number?, minimum: integer?, critical_value: number? } expected: errors that
---       the known rate lets expect until the test ends, 0.01 to 60
---@return table test critical_value, false_alarms, expected, alpha, minimum
function M.max_sprt_poisson(options)
  return room 'max_sprt_poisson'.test(options)
end

--- What such a test comes to when errors are so many times as frequent as expected.
---@param test table of stats.max_sprt_poisson
---@param rate_ratio number above 0
---@return { power: number, time_to_signal: number?, time: number } performance times are in errors expected by the
---       known rate
function M.max_sprt_poisson_power(test, rate_ratio)
  check_test('stats.max_sprt_poisson_power', test, 'expected')
  room 'given'.between('stats.max_sprt_poisson_power', 'rate_ratio', rate_ratio, 0)
  return room 'max_sprt_poisson'.performance(test, rate_ratio)
end

--- Wald's SPRT of a rate of errors: one that is fine against one that is not; it may end both ways. No test that errs
--- as seldom needs fewer requests in the mean at these two rates. It assumes that both rates are right: between them it
--- takes long. Source: Wald, "Sequential Tests of Statistical Hypotheses", Annals of Mathematical Statistics 16 (1945),
--- part 2.
---
---     local test = stats.sprt { fine = 0.01, bad = 0.05 }
---@param options { fine: number, bad: number, alpha: number?, beta: number? } alpha: of taking a fine rate for bad,
---       0.05 unless told; beta: of taking a bad one for fine, 0.2 unless told
---@return table test upper, lower: the bounds of the statistic, a logarithm; of_error, of_success: what a request adds
---       to it
function M.sprt(options)
  return room 'sprt'.test(options)
end

--- What so many requests come to.
---
---     stats.sprt_decide(test, 2, 30).verdict
---@param test table of stats.sprt
---@param errors integer
---@param requests integer
---@return table decision statistic; verdict: 'fine', 'bad', or nil: more are needed; successes_needed: requests without
---       an error until it is fine; errors_needed: errors in a row until it is bad
function M.sprt_decide(test, errors, requests)
  check_test('stats.sprt_decide', test, 'of_error')
  return room 'sprt'.decide(test, errors, requests)
end

--- What comes of a rate: by Wald's approximations ("Sequential Analysis", 1947, on the operating characteristic), which
--- leave out what is beyond a bound at the end, or exactly, request by request.
---@param test table of stats.sprt
---@param rate number between 0 and 1
---@param exact boolean? exactly: by at most 20000 requests
---@return { bad: number, requests: number } performance bad: the probability that it is taken for bad; requests: until
---       the end, in the mean
function M.sprt_performance(test, rate, exact)
  check_test('stats.sprt_performance', test, 'of_error')
  room 'given'.between('stats.sprt_performance', 'rate', rate, 0, 1)
  return room 'sprt'[exact and 'exact' or 'performance'](test, rate)
end

--- A confidence sequence of a proportion: an interval that holds however often one looks. Exact at any number of
--- trials. Source: Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
--- sequences", Annals of Statistics 49 (2021) (beta-binomial mixture).
---
---     stats.proportion(700, 1000) -- { lower = 0.6516, upper = 0.7459 }
---@param successes integer
---@param trials integer
---@param options { alpha: number?, optimal: number?, sides: integer?, alpha_opt: number? }? alpha: that the interval is
---       ever wrong, 0.05 unless told; optimal: trials after which it is to be narrowest, 100 unless told, never what
---       one has seen; sides 1: each bound alone is wrong with the probability alpha; alpha_opt: for which `optimal` is
---       meant, 0.05 unless told
---@return { lower: number, upper: number } interval
function M.proportion(successes, trials, options)
  return room 'confidence'.proportion(successes, trials, options)
end

--- A confidence sequence of a mean. With `sigma` the values are taken for sub-Gaussian of at most that spread (values
--- within a range of 2 sigma are), and it is exact; without, it goes by the measured variance, and holds from some
--- dozens of values on, not for few of a heavy tail. Sources: as above (normal mixture); Waudby-Smith, Arbour, Sinha,
--- Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52
--- (2024).
---@param sample { count: integer, mean: number, variance: number }
---@param options { alpha: number?, optimal: number?, sigma: number? }? optimal: 5000 unless told
---@return { lower: number, upper: number } interval
function M.mean(sample, options)
  return room 'confidence'.mean(sample, options)
end

--- A confidence sequence of the difference of two means, asymptotic as above; relative: as a share of the primary's
--- mean. It assumes some dozens of values on each side, and a primary's mean far from 0 where it is relative.
---@param canary { count: integer, mean: number, variance: number }
---@param primary { count: integer, mean: number, variance: number }
---@param options { alpha: number?, optimal: number?, relative: boolean? }? optimal: values of both sides, 5000 unless
---       told
---@return { difference: number, deviation: number, lower: number, upper: number, p_value: number } result
function M.mean_difference(canary, primary, options)
  return room 'confidence'.mean_difference(canary, primary, options)
end

--- How far a sum without a drift may stray from 0, at all times at once, but with the probability alpha. Source: Howard
--- and others (2021): their conjugate mixtures.
---
---     stats.uniform_bound('normal', { v = 100, sides = 2 }) -- 30.35
---@param kind string 'normal', 'gamma-exponential', 'gamma-poisson' or 'beta-binomial'
---@param options table v: the sum's intrinsic time, such as its variance; v_opt: the one at which the bound is
---       narrowest, v unless told; c: the scale of the two gammas; g and h: how far an increment of the beta-binomial
---       goes down and up; sides: 1 unless told
---@return number bound
function M.uniform_bound(kind, options)
  return room 'mixtures'.bound(kind, options)
end

--- The spread of the normal mixture that makes its bound narrowest at v. Source: Howard and others (2021), on tuning.
---@param v number above 0
---@param alpha number? 0.05 unless told
---@param sides integer? 2 unless told
---@return number rho
function M.best_rho(v, alpha, sides)
  local given = room 'given'
  given.between('stats.best_rho', 'v', v, 0)
  sides = given.whole('stats.best_rho', 'sides', sides or 2, 1, 2)
  alpha = given.between('stats.best_rho', 'alpha', alpha == nil and 0.05 or alpha, 0, sides == 1 and 0.5 or 1)
  return room 'mixtures'.best_rho(v, alpha, sides)
end

--- The same by stitching: wider early on, narrower in the very long run. Source: Howard and others (2021), the
--- polynomial stitched bound (theorem 1).
---@param options table v: the intrinsic time; v_min: the intrinsic time from which it is meant to be used; c: the scale
---       of sub-gamma increments, 0 unless told; s: 1.4, eta: 2 unless told
---@return number bound
function M.stitched_bound(options)
  return room 'mixtures'.stitched(options)
end

--- The least bound of a bucket that at least a share of the requests keep to, and how many are above it.
---@param buckets { le: number, count: number }[] with cumulative counts, as Prometheus has them
---@param quantile number between 0 and 1
---@return number? le nil: there are no requests
---@return number? above
function M.quantile_bound(buckets, quantile)
  return room 'quantile'.bound(buckets, quantile)
end

--- Whether canary and primary may have the same quantile, at all times at once, from the buckets of two histograms.
--- Where requests lie within a bucket does not count, so with few buckets it sees less, and never too much. Source:
--- Howard and Ramdas, "Sequential estimation of quantiles with applications to A/B testing and best-arm
--- identification", Bernoulli 28 (2022), on A/B tests.
---
---     stats.quantile_test { quantile = 0.99, canary = of_canary, primary = of_primary }.p_value
---@param options table quantile; canary, primary: buckets, both with the same bounds; optimal: requests of a side at
---       which it sees most, 100 unless told
---@return { p_value: number, canary: number?, primary: number? } result canary, primary: bounds of the buckets of their
---       quantiles
function M.quantile_test(options)
  return room 'quantile'.test(options)
end

--- The Mann-Whitney U test of two samples: for values of which only the order counts. All ways to share the values out
--- are counted where there are 26 or less, with ties too; else the normal approximation with the variance that ties
--- leave and a correction of one half. It is for one look, not for many. Sources: Mann and Whitney, Annals of
--- Mathematical Statistics 18 (1947); Lehmann, "Nonparametrics" (1975), on ties.
---
---     stats.mann_whitney({ 10, 10, 10, 12, 12 }, { 12, 12, 15, 15, 15 }).p_value -- 0.0476
---@param first number[] 1 to 10000 values
---@param second number[]
---@param alternative string? 'two-sided', 'greater' (the first tends to be greater) or 'less'
---@return { u: number, p_value: number, method: string } result u: of the first; method: 'exact' or 'normal'
function M.mann_whitney(first, second, alternative)
  return room 'ranks'.mann_whitney(first, second, alternative)
end

--- p-values of several metrics, each to be held against the whole alpha: at most alpha for one false alarm or more,
--- whatever depends on what. Source: Holm, Scandinavian Journal of Statistics 6 (1979).
---@param p_values number[]
---@return number[] adjusted in the same order
function M.holm(p_values)
  return room 'several'.holm(p_values)
end

--- The same for the share of alarms that are false, at most alpha in the mean, for metrics that are independent or rise
--- together. Source: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995).
---@param p_values number[]
---@return number[] adjusted in the same order
function M.benjamini_hochberg(p_values)
  return room 'several'.benjamini_hochberg(p_values)
end

--- alpha for each of several metrics (Bonferroni), for tests that look again and again and have no p-value to adjust.
---@param alpha number
---@param parts integer|number[] how many equal ones, or weights
---@return number[] alphas
function M.split_alpha(alpha, parts)
  return room 'several'.split_alpha(alpha, parts)
end

--- How fast errors use an error budget up, over pairs of windows; it fires where both windows of a pair are above its
--- factor. No test: it promises nothing about false alarms. Source: Beyer and others, "The Site Reliability Workbook"
--- (2018), chapter 5, methods 5 and 6.
---
---     stats.burn_rate(0.999, { { long = hour, short = five_minutes, factor = 14.4 } }).fires
---@param objective number the share of requests that are to be good, between 0 and 1
---@param windows { long: table, short: table, factor: number }[] long, short: { errors =, requests = }
---@return { fires: boolean, pairs: table[] } result pairs: long, short: their rates (nil without requests), fires,
---       needed: requests without which one error alone would be such a rate
function M.burn_rate(objective, windows)
  return room 'burn_rate'.burn_rate(objective, windows)
end

--- The rate at which a share of a period's budget goes within a window: 2 % in an hour of 30 days is 14.4.
---@param share number of the budget
---@param window number
---@param period number in the same unit
---@return number factor
function M.burn_factor(share, window, period)
  return room 'burn_rate'.factor(share, window, period)
end

--- Whether requests are shared out as they should be, at all times at once: a split that is not what the routes say
--- breaks what the other tests promise. Source: Lindon and Malek, "Anytime-valid inference for multinomial count data",
--- NeurIPS 2022.
---
---     stats.sample_ratio({ 120, 880 }, { 10, 90 }).p_value
---@param counts integer[] of requests
---@param shares number[] wished, as weights
---@param prior number[]? Dirichlet's, 1 each unless told
---@return { p_value: number, log_dirichlet: number, log_shares: number } result
function M.sample_ratio(counts, shares, prior)
  return room 'sample_ratio'.sample_ratio(counts, shares, prior)
end

return M

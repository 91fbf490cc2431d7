--- Releases of a service with few requests, drawn by chance from a fixed seed, and judged round by round: by the check
--- sequential-success-rate, and by a fixed bound. For specs, and for tests/bench/statistics.lua.
local sandbox = require 'spec.sandbox'

jit.off() -- the engine's VMs have no compiler either, and that of Debian 12 ends in a fault here now and then

local M = {}

local ROUNDS_MAX = 400 -- after which a release that is still held ends

--- Numbers from 0 to 1, the same ones for the same seed everywhere (Park and Miller, 1988).
function M.random(seed)
  local state = seed * 7919 % 2147483647 + 1
  return function()
    state = state * 16807 % 2147483647
    return state / 2147483647
  end
end

local function draw(random, trials, p)
  local count = 0
  for _ = 1, trials do
    count = count + (random() < p and 1 or 0)
  end
  return count
end

--- One function that remembers what it gave. Splits that are the same in three digits are one here.
local function remember(f, key_of)
  local known = {}
  return function(...)
    local key = key_of(...)
    if known[key] == nil then
      known[key] = f(...) or false
    end
    return known[key] or nil
  end
end

--- Judges as the check does; what only depends on the split is computed once.
---@param changed table<string, number>? parameters
---@return fun(counts: Counts): Outcome
function M.sequential(changed)
  local require = sandbox.new {}
  local outcomes = require 'stdlib.outcome'
  local max_sprt, decision = require 'stdlib.stats.max_sprt', require 'stdlib.stats.max_sprt_decision'
  max_sprt.test = remember(max_sprt.test, function(options)
    return ('%.3g %d %g'):format(options.ratio, options.horizon, options.alpha)
  end)
  decision.requests_until = remember(decision.requests_until, function(signal, rates)
    return ('%.3g %.3g %.3g'):format(signal.ratio, rates.bad, rates.fine)
  end)
  local params = {}
  for name, declared in pairs(require 'checks.sequential-success-rate'.params) do
    params[name] = changed and changed[name] or declared.default
  end
  local c = { params = params }
  function c.judge(_, value, options, text)
    return outcomes.judge(value, options, options, text)
  end
  function c.blind(_, text, options)
    return outcomes.blind(text, options)
  end
  return function(counts)
    return require 'stdlib.sequential'.judge(c, counts, { did = 'failed', at_least = params.at_least / 100 })
  end
end

--- Judges the last round alone, by the share of successes.
---@param least number
---@return fun(counts: Counts, round: Counts): table
function M.fixed(least)
  return function(_, round)
    return { verdict = 1 - round.canary.bad / round.canary.all >= least and 'pass' or 'fail' }
  end
end

---@class Story
---@field requests { canary: integer[], primary: integer[] } by the round; the last round's go on
---@field rates { canary: fun(round: integer): number, primary: fun(round: integer): number } of errors
---@field rounds integer good ones after which it is promoted
---@field threshold integer failed ones at which it is taken back
---@field judge function

local function play(story, random)
  local counts = { canary = { all = 0, bad = 0 }, primary = { all = 0, bad = 0 } }
  local good, failed, weighed = 0, 0, 0
  for round = 1, ROUNDS_MAX do
    local last = {}
    for _, side in ipairs { 'canary', 'primary' } do
      local all, count = story.requests[side], counts[side]
      all = all[math.min(round, #all)]
      last[side] = { all = all, bad = draw(random, all, story.rates[side](round)) }
      count.all, count.bad = count.all + all, count.bad + last[side].bad
    end
    local both = last.canary.bad + last.primary.bad
    weighed = weighed + both * last.canary.all / (last.canary.all + last.primary.all)
    local all = counts.canary.bad + counts.primary.bad
    counts.share = all > 0 and weighed / all or nil
    local verdict = story.judge(counts, last).verdict
    good, failed = good + (verdict == 'pass' and 1 or 0), failed + (verdict == 'fail' and 1 or 0)
    if failed >= story.threshold then
      return 'taken back', counts.canary.all
    elseif good >= story.rounds then
      return 'promoted', counts.canary.all
    end
  end
  return 'held', counts.canary.all
end

--- Plays many releases.
---@param story Story
---@param releases integer
---@param seed integer
---@return { promoted: number, taken_back: number, held: number, requests: number } shares; requests: of the canary
---        until the end, in the mean
function M.play(story, releases, seed)
  local random, ends, requests = M.random(seed), { promoted = 0, ['taken back'] = 0, held = 0 }, 0
  for _ = 1, releases do
    local outcome, used = play(story, random)
    ends[outcome], requests = ends[outcome] + 1, requests + used
  end
  return { promoted = ends.promoted / releases, taken_back = ends['taken back'] / releases,
    held = ends.held / releases, requests = requests / releases }
end

--- A rate that is the same in all rounds.
function M.steady(rate)
  return function()
    return rate
  end
end

return M

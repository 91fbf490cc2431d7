--- Releases whose engine dies, at every point, and whose script fails, at every call: another one goes
--- on, and the world ends the same.
local World = require 'spec.fake_host'
local killing = require 'spec.killing'
local stories = require 'spec.stories'

local closed_until_told = stories.closed_until_told

local DOWNTIME_MS = 95000

local WEBHOOKS = {
  { name = 'go', type = 'confirm-rollout' },
  { name = 'smoke', type = 'pre-rollout' },
  { name = 'first', type = 'rollout' },
  { name = 'second' },
  { name = 'more', type = 'confirm-traffic-increase' },
  { name = 'ok', type = 'confirm-promotion' },
  { name = 'back', type = 'rollback' },
  { name = 'after', type = 'post-rollout' },
}

local METRICS = {
  { name = 'request-success-rate', thresholdRange = { min = 99 } },
  { name = 'errors', query = 'errors', thresholdRange = { max = 1 } },
}

--- Steps of each kind of analysis; where its release is when its check fails; all words that can be on its record.
--- (finalise is the last one, and ends without a result.)
local STRATEGIES = {
  canary = {
    analysis = { stepWeight = 50, mirror = true },
    fails_at = 'canary weight 50',
    words = 'begin copy move_traffic open restart round shift start',
  },
  ab_test = {
    analysis = { iterations = 2 },
    fails_at = 'canary iteration 1/2',
    words = 'begin copy iterate_matched move_traffic open restart round start',
  },
  blue_green = {
    analysis = { iterations = 2, mirror = true },
    fails_at = 'canary iteration 1/2',
    words = 'begin copy iterate move_traffic open restart round start switch',
  },
}

--- All answers follow from what was told before, so that a downtime does not change them.
local function answers()
  return {
    go = closed_until_told 'waiting for approval go',
    smoke = closed_until_told 'pre%-rollout check smoke failed',
    more = closed_until_told 'traffic increase approval more',
    ok = closed_until_told 'promotion approval ok',
    back = 'no',
  }
end

local function told(world, pattern)
  return #world:lines { only = pattern } > 0
end

local function analysis_of(name, fields)
  for field, value in pairs(STRATEGIES[name].analysis) do
    fields[field] = value
  end
  return fields
end

--- Everything happens: each gate is closed once, a hook and a check fail, both sides are waited for, the
--- traffic goes back in steps.
local function promoted(name)
  local fails_at = STRATEGIES[name].fails_at
  return stories.world {
    strategy = name,
    spec = { autoscalerRef = { name = 'podinfo' } },
    autoscaler_differs = true,
    canary_ready_after = 25000,
    primary_ready_after = 15000,
    analysis = analysis_of(name, { threshold = 3, webhooks = WEBHOOKS, metrics = METRICS, stepWeightPromotion = 50 }),
    answers = answers(),
    measures = {
      errors = function(world)
        return told(world, fails_at) and not told(world, 'advancement errors') and 7 or 0
      end,
    },
  }
end

--- The same until a check has failed; then a hook asks for a rollback.
local function rolled_back(name)
  local world = promoted(name)
  world.answers.back = closed_until_told 'advancement errors'
  return world
end

--- In the place of another release; taken back for its checks, which fail from the first share on.
local function restarted(name)
  return stories.world {
    strategy = name,
    restarted = true,
    revision = 'r3',
    replicas = 2,
    status = { phase = 'WaitingPromotion', weight = 0, iterations = 1, failed_checks = 1, applied = 'r2' },
    route = { primary = 0, canary = 100, mirrored = false },
    analysis = analysis_of(name, { threshold = 2, webhooks = WEBHOOKS, metrics = METRICS }),
    answers = { back = 'no', second = 'fails' },
  }
end

--- Rounds that fold on record, as nothing changes while gates are closed; and a promotion that fails.
local function waiting(name)
  local closed = stories.closed_until
  return stories.world {
    strategy = name,
    analysis = analysis_of(name, { webhooks = WEBHOOKS, stepWeightPromotion = 10 }),
    answers = { back = 'no', go = closed(20), more = closed(50), ok = closed(110) },
    later = {
      [135] = function(world)
        world.sides.primary = { ready = false, never = 'it exceeded its deadline' }
      end,
    },
  }
end

--- The names of the words in the records of all these releases, each once.
local function words_of(name)
  local words = {}
  for _, new_world in ipairs { promoted, rolled_back, restarted, waiting } do
    for _, entry in ipairs(new_world(name):run().journal:words()) do
      local word = entry:match '^%S+'
      if not words[word] then
        words[word] = true
        words[#words + 1] = word
      end
    end
  end
  table.sort(words)
  return table.concat(words, ' ')
end

describe('a release that is resumed', function()
  after_each(World.prove_closed)

  for name, strategy in pairs(STRATEGIES) do
    it(name .. ', is killed here at every word that its strategy has', function()
      assert.equal(strategy.words, words_of(name))
    end)
  end

  for state, new_world in pairs { Succeeded = promoted, Failed = rolled_back } do
    for name in pairs(STRATEGIES) do
      local function make()
        return new_world(name)
      end

      describe(name .. ', ' .. state, function()
        it('ends so', function()
          assert.equal(state, make():run().state)
        end)

        it('ends the same, wherever it was killed', function()
          killing.once(make)
        end)

        it('ends the same, wherever it was killed twice', function()
          killing.twice(make, 2)
        end)

        it('does the same after a downtime, only later', function()
          killing.for_a_while(make, DOWNTIME_MS, 2)
        end)

        it('ends the same, wherever its script failed', function()
          killing.script_at_every_call(make)
        end)
      end)
    end
  end

  for name in pairs(STRATEGIES) do
    it(name .. ', goes on, wherever it was killed, when the Canary is another one by then', function()
      for at = 1, promoted(name):run().points do
        local world = promoted(name)
        world.deaths = { [at] = true }
        function world.meanwhile()
          world.spec.skipAnalysis, world.spec.autoscalerRef = true, nil
          world.spec.analysis.threshold = 1
        end
        world:run()
        assert.is_nil(world.diverged, 'killed at point ' .. at)
        assert.is_not_nil(world.state)
      end
    end)
  end

  for name in pairs(STRATEGIES) do
    it(name .. ', waiting, ends the same, wherever it was killed', function()
      local function make()
        return waiting(name)
      end
      assert.equal(1, #make():run():lines { only = '^Warning: Promotion of podinfo.test failed' })
      killing.once(make)
    end)

    -- Nothing is on record of the wait for its first round, which is begun anew by whoever goes on.
    it(name .. ', restarted, does the same, if an interval later', function()
      local function make()
        return restarted(name)
      end
      assert.equal('Failed', make():run().state)
      killing.for_a_while(make, 0)
      killing.for_a_while(make, DOWNTIME_MS)
    end)
  end
end)

--- Releases that finish a promotion which Flagger, or a release that was lost, has begun: the primary is the
--- canary already.
local World = require 'spec.fake_host'
local killing = require 'spec.killing'
local stories = require 'spec.stories'

local WEBHOOKS = {
  { name = 'go', type = 'confirm-rollout' },
  { name = 'smoke', type = 'pre-rollout' },
  { name = 'load', type = 'rollout' },
  { name = 'more', type = 'confirm-traffic-increase' },
  { name = 'ok', type = 'confirm-promotion' },
  { name = 'back', type = 'rollback' },
  { name = 'after', type = 'post-rollout' },
}

local ANALYSES = {
  canary = { stepWeight = 50 },
  ab_test = { iterations = 2 },
  blue_green = { iterations = 2 },
}

--- Every hook of an analysis would hold it up.
local CLOSED = { go = 'no', smoke = 'no', load = 'no', more = 'no', ok = 'no' }

local function world_of(options)
  local analysis = { webhooks = WEBHOOKS }
  for key, value in pairs(ANALYSES[options.strategy or 'canary']) do
    analysis[key] = value
  end
  for key, value in pairs(options.analysis or {}) do
    analysis[key] = value
  end
  return stories.world {
    finishing = true,
    strategy = options.strategy,
    spec = options.spec,
    revision = options.revision or 'r2',
    primary_revision = 'r2',
    replicas = 2,
    status = { phase = options.phase or 'Promoting', weight = options.weight or 50, iterations = 0, failed_checks = 0,
      applied = 'r2', promoted = 'r1' },
    route = options.route or { primary = 50, canary = 50, mirrored = false },
    analysis = analysis,
    answers = CLOSED,
    measures = { any = 0 },
    sides = options.sides,
    later = options.later,
  }
end

local ENDED = {
  'scale zero',
  'status phase=Succeeded promoted=r2',
  'hook post-rollout after (Succeeded)',
  'Normal: Post-rollout check after passed',
  'Normal: Promotion completed! Scaling down podinfo.test',
}

local function and_then(lines)
  local all = { unpack(lines) }
  for _, line in ipairs(ENDED) do
    all[#all + 1] = line
  end
  return all
end

local PROMOTING = and_then {
  'Normal: Routing all traffic to primary',
  'route 100/0',
  'status phase=Finalising weight=0',
}

local STORIES = {
  ['all traffic goes back at once'] = { lines = PROMOTING },
  ['the analysis is skipped by now'] = { spec = { skipAnalysis = true }, lines = PROMOTING },
  ['the target is another revision by now'] = { revision = 'r3', lines = PROMOTING },
  ['the traffic goes back in steps'] = { analysis = { stepWeightPromotion = 30 }, lines = and_then {
    'route 80/20',
    'Normal: Advance podinfo.test primary weight 80',
    'status weight=20',
    'route 100/0',
    'Normal: Advance podinfo.test primary weight 100',
    'status phase=Finalising weight=0',
  } },
  ['the last step is made, and not on record'] = { analysis = { stepWeightPromotion = 50 }, weight = 50,
    route = { primary = 100, canary = 0, mirrored = false }, lines = and_then {
      'Normal: Advance podinfo.test primary weight 100',
      'status phase=Finalising weight=0',
    } },
  ['nothing is left but the target'] = { phase = 'Finalising', weight = 0,
    route = { primary = 100, canary = 0, mirrored = false }, lines = ENDED },
  ['the target has a share after the traffic went back'] = { phase = 'Finalising', weight = 0,
    lines = and_then { 'route 100/0' } },
}

describe('a promotion that is finished', function()
  after_each(World.prove_closed)

  for name, story in pairs(STORIES) do
    describe('when ' .. name .. ',', function()
      it('ends so, and analyses nothing', function()
        local world = world_of(story):run()
        assert.same(story.lines, world:lines())
        assert.equal('Succeeded', world.state)
        assert.same({}, world.asked)
        assert.same({}, world.queries)
      end)

      -- Nothing is on record of the wait for its first round, which is begun anew by whoever goes on.
      it('does the same, wherever it was killed, if an interval later', function()
        local function make()
          return world_of(story)
        end
        killing.for_a_while(make, 0)
        killing.for_a_while(make, 95000)
      end)
    end)
  end

  for strategy in pairs(ANALYSES) do
    it('is the same for the strategy ' .. strategy, function()
      assert.same(PROMOTING, world_of({ strategy = strategy }):run():lines())
    end)
  end

  it('waits for the primary', function()
    local world = world_of {
      sides = { primary = { ready = false }, canary = { ready = true } },
      later = {
        [45] = function(world)
          world.sides.primary = { ready = true }
        end,
      },
    }
    assert.same({}, world:run(44000):lines())
    assert.same(PROMOTING, world:run():lines())
  end)

  it('fails as a promotion, when the primary never becomes ready', function()
    local world = world_of { sides = { primary = { ready = false, never = 'it is stuck' }, canary = { ready = true } } }
    local lines = world:run():lines()
    assert.equal('Failed', world.state)
    assert.equal('Warning: Promotion of podinfo.test failed, primary not ready: it is stuck', lines[1])
  end)
end)

--- Releases during which somebody else does something, once as each of their requests is sent. In the end the canary is
--- at rest with the right image.
local World = require 'spec.world'
local killing = require 'spec.world_killing'
local world_stories = require 'spec.world_stories'

local function canary_of(world)
  return world.world:get('canaries.flagger.app', 'test', 'podinfo')
end

local function push_another(world)
  local target = world.world:get('deployments.apps', 'test', 'podinfo')
  target.spec.template.spec.containers[1].image = 'podinfo:3'
  world.world:update(target)
end

local function lose_status(world)
  local canary = canary_of(world)
  canary.status = nil
  world.world:update(canary, 'status')
end

local function delete_release(world)
  for _, release in ipairs(world.world:list('releases.sluice.dev', 'test')) do
    world.world:delete('releases.sluice.dev', 'test', release.metadata.name)
  end
end

local function change_strategy(world)
  local canary = canary_of(world)
  local analysis = canary.spec.analysis
  analysis.maxWeight, analysis.stepWeight, analysis.iterations = nil, nil, 2
  world.world:update(canary)
end

local MEDDLING = {
  ['another revision is the one in the end'] = { act = push_another, image = 'podinfo:3' },
  ['a status that is lost harms nobody'] = { act = lose_status, releases = 1 },
  ['a release that is deleted is made up for'] = { act = delete_release },
  ['another strategy ends well'] = { act = change_strategy },
}

local STORY = {
  analysis = { maxWeight = 50, stepWeight = 25 },
  hooks = { smoke = 'pre-rollout', load = 'rollout', after = 'post-rollout' },
  people = true,
}

local function make(options)
  local world = World.new(options)
  world.world:version('podinfo:3', { errors = 0 })
  return world:initialise():push()
end

local AT_REST = { Succeeded = true, Initialized = true }

--- Until that is done and the Canary is at rest with this image.
local function play_to(image)
  return function(world)
    world.world:run('6m', function()
      return world.is_meddled and AT_REST[world.phase] and world.last.primary == image
    end)
    world:settle()
  end
end

describe('at any time of a release,', function()
  after_each(World.close_all)

  for i, name in ipairs(world_stories.sorted(MEDDLING)) do
    local meddling = MEDDLING[name]
    local image = meddling.image or 'podinfo:2'
    STORY.offset = i

    local function act(world)
      meddling.act(world)
      world.is_meddled = true
    end

    it(name .. ' #deaths', function()
      killing.beside(make, STORY, act, function(world)
        assert.is_true(AT_REST[world.phase], world:story())
        assert.equal(image, world.last.primary, world:story())
        assert.equal('target: 0', world:last_of 'target')
        assert.matches('podinfo%-primary 100, podinfo%-canary 0$', world:last_of 'traffic')
        if meddling.releases then -- what was done once is not rolled out once more
          assert.equal(meddling.releases, #world.world:list('releases.sluice.dev', 'test'), world:story())
        end
        assert.is_nil(world.world:expect_rest())
        assert.is_nil(world.world:broken())
      end, play_to(image))
    end)
  end
end)

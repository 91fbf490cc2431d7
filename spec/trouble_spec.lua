--- Releases of which one request fails, or is done and seems to have failed, whichever it is: the engine lives, and
--- they end as they do without it.
local World = require 'spec.world'
local killing = require 'spec.world_killing'
local world_stories = require 'spec.world_stories'

local STORIES = {
  ['that is promoted'] = {
    analysis = { maxWeight = 50, stepWeight = 25 },
    hooks = { smoke = 'pre-rollout', load = 'rollout', after = 'post-rollout' },
    ends = 'Succeeded',
    image = 'podinfo:2',
    traffic = { 'podinfo-primary 75, podinfo-canary 25', 'podinfo-primary 50, podinfo-canary 50' },
  },
  ['that is rolled back'] = {
    analysis = { maxWeight = 50, stepWeight = 25, threshold = 2 },
    hooks = { load = 'rollout', after = 'post-rollout' },
    answers = { load = world_stories.never },
    ends = 'Failed',
    image = 'podinfo:1',
    traffic = { 'podinfo-primary 75, podinfo-canary 25' },
  },
}

local function make(options)
  return World.new(options):initialise():push()
end

--- The steps of the traffic. (A hook that was answered with a 500 is a check that failed, so counters differ.)
local function steps(world)
  local lines = {}
  for _, line in ipairs(world.history) do
    lines[#lines + 1] = line:match '^traffic: .*'
  end
  return table.concat(lines, '\n')
end

describe('a release', function()
  after_each(World.close_all)

  for _, name in ipairs(world_stories.sorted(STORIES)) do
    local told = STORIES[name]

    local function check(world)
      assert.equal(told.ends, world.phase, world:story())
      assert.equal(told.image, world.last.primary)
      assert.equal('target: 0', world:last_of 'target')
      assert.equal(1, #world.world:list('releases.sluice.dev', 'test'))
      assert.is_nil(world.broken)
    end

    it(name .. ', ends so', function()
      local world = make(told):finish():settle()
      check(world)
      for _, shares in ipairs(told.traffic) do
        assert.matches('traffic: ' .. shares, steps(world), 1, true)
      end
    end)

    it(name .. ', ends the same, whichever request of it fails #deaths', function()
      killing.in_trouble(make, told, check, steps)
    end)
  end
end)

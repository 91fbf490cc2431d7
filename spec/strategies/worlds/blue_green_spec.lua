--- Releases that are tested beside the primary and switched at once, by the real engine in a simulated world.
local World = require 'spec.world'
local stories = require 'spec.world_stories'

local STORIES = {
  ['promoted after a gate was closed'] = {
    analysis = { iterations = 1 },
    hooks = { load = 'rollout', ok = 'confirm-promotion', after = 'post-rollout' },
    answers = { ok = stories.closed_until_told 'promotion approval ok' },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Warning Halt podinfo.test advancement waiting for promotion approval ok',
      'Normal Routing all traffic to canary',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['rolled back as a hook asked for it'] = {
    analysis = { iterations = 2, mirror = true },
    hooks = { back = 'rollback', load = 'rollout' },
    answers = { back = stories.closed_until_told 'canary iteration 1/2' },
    ends = 'Failed',
    image = 'podinfo:1',
    told = {
      'Normal Advance podinfo.test canary iteration 1/2',
      'Warning Canary failed! Scaling down podinfo.test',
    },
  },
}

describe('in a simulated world, blue_green', function()
  after_each(World.close_all)

  for name, story in pairs(STORIES) do
    describe(name .. ',', function()
      it('ends so', function()
        stories.ends_so(story)
      end)

      it('ends the same, wherever its engine was killed #deaths', function()
        stories.survives_every_death(story)
      end)
    end)
  end
end)

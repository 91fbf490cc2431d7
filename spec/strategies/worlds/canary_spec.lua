--- Releases in steps of weight, mirrored first, by the real engine in a simulated world.
local stories = require 'spec.world_stories'

stories.describe('canary', {
  ['promoted after a gate was closed'] = {
    analysis = { stepWeights = { 50 }, mirror = true },
    hooks = { go = 'confirm-rollout', smoke = 'pre-rollout', load = 'rollout', after = 'post-rollout' },
    answers = { go = stories.closed_until_told 'waiting for approval go' },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal Advance podinfo.test canary weight 50',
      'Normal Copying podinfo.test template spec to podinfo-primary.test',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['rolled back for its errors'] = {
    analysis = { stepWeights = { 50 }, threshold = 2 },
    hooks = { back = 'rollback', load = 'rollout', after = 'post-rollout' },
    answers = { back = stories.never },
    version = { errors = 1 },
    ends = 'Failed',
    image = 'podinfo:1',
    told = {
      'Normal Advance podinfo.test canary weight 50',
      'Warning Rolling back podinfo.test failed checks threshold reached 2',
      'Warning Canary failed! Scaling down podinfo.test',
    },
  },
})

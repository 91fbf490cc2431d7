--- Releases that some requests get by their headers, by the real engine in a simulated world.
local stories = require 'spec.world_stories'

local INSIDERS = { { headers = { ['x-canary'] = { exact = 'insider' } } } }

stories.describe('ab_test', {
  ['promoted after a hook has failed'] = {
    analysis = { iterations = 1, match = INSIDERS },
    hooks = { smoke = 'pre-rollout', load = 'rollout', after = 'post-rollout' },
    answers = { smoke = stories.closed_until_told 'pre%-rollout check smoke failed' },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal Advance podinfo.test canary iteration 1/1',
      'Normal Routing all traffic to primary',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['rolled back as a hook fails'] = {
    analysis = { iterations = 2, match = INSIDERS, threshold = 1 },
    hooks = { load = 'rollout', after = 'post-rollout' },
    answers = { load = stories.never },
    ends = 'Failed',
    image = 'podinfo:1',
    told = {
      'Normal Advance podinfo.test canary iteration 1/2',
      'Warning Canary failed! Scaling down podinfo.test',
    },
  },
})

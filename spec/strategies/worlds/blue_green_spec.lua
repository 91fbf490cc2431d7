--- Releases that are tested beside the primary and switched at once, by the real engine in a simulated world.
local stories = require 'spec.world_stories'

stories.describe('blue_green', {
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
})

--- Releases in steps of weight, mirrored first, by the real engine in a simulated world.
local stories = require 'spec.world_stories'

local GATE_CLOSED_MS = 35000

--- The gate before the first step, asked in several rounds before it opens.
local function closed_for_a_while(world)
  local now = world.world:now()
  world.gate_asked = world.gate_asked or now
  return now - world.gate_asked >= GATE_CLOSED_MS
end

local SILENT = { { name = 'silent', query = 'nobody_measures_this', thresholdRange = { max = 5 } } }

stories.describe('canary', {
  ['taken back when a check was blind for too long'] = {
    analysis = { stepWeights = { 50 }, threshold = 1, metrics = SILENT },
    strategy = { params = { blind = 'hold', blind_timeout = '1m' } },
    ends = 'Failed',
    image = 'podinfo:1',
    told = {
      'Normal Advance podinfo.test canary weight 50',
      'Warning Halt advancement no values found for metric: silent',
      'Warning Rolling back podinfo.test silent was blind for 1m',
    },
  },
  ['promoted when a check was blind for as long as its manifest lets it'] = {
    analysis = { stepWeights = { 50 }, threshold = 1, metrics = SILENT },
    strategy = { params = { blind = 'hold', blind_timeout = '1m', otherwise = 'promote' } },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Warning Halt advancement no values found for metric: silent',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['promoted after confirm-traffic-increase was closed at weight 0'] = {
    analysis = { stepWeights = { 50 } },
    hooks = { smoke = 'pre-rollout', more = 'confirm-traffic-increase' },
    answers = { more = closed_for_a_while },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal Pre-rollout check smoke passed', -- its hook is called once, not with every round
      'Warning Halt podinfo.test advancement waiting for traffic increase approval more',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
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
  ['promoted in steps, after a gate was closed'] = {
    analysis = { stepWeights = { 50 }, stepWeightPromotion = 50 },
    hooks = { ok = 'confirm-promotion' },
    answers = { ok = stories.closed_until_told 'promotion approval ok' },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal Confirm-promotion check ok passed',
      'Normal Advance podinfo.test primary weight 100',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['promoted without an analysis'] = {
    analysis = { stepWeights = { 50 } },
    skipAnalysis = true,
    hooks = { go = 'confirm-rollout', smoke = 'pre-rollout', after = 'post-rollout' },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal Copying podinfo.test template spec to podinfo-primary.test',
      'Normal Promotion completed! Canary analysis was skipped for podinfo.test',
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

--- The releases of which tests/records has records: what the Canary asked for, how its hooks and its new version
--- behave. Each story is told once with each version of the words (Release.spec.words) since it is there, by the engine
--- that spoke that version.
local stories = require 'spec.world_stories'

local SHARES = {
  apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = 'shares', namespace = 'test' },
  spec = { script = [[
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'
return strategy {
  name = 'shares',
  params = { steps = param.list(param.weight) { default = { 10 } } },
  run = function(rollout)
    rollout:begin()
    for _, share in ipairs(rollout.params.steps) do
      rollout:shift(share)
      rollout:analyse { rounds = 2 }
      while not rollout:open 'confirm-traffic-increase' do end
    end
    rollout:event 'the shares have had their time'
    rollout:wait '40s'
    while not rollout:open 'confirm-promotion' do end
    rollout:promote()
  end,
}]] },
}

local WAITS = {
  apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = 'waits', namespace = 'test' },
  spec = { script = [[
return require 'stdlib.strategy' {
  name = 'waits',
  run = function(rollout)
    rollout:begin()
    local came = rollout:wait_until({ from = '08:19', to = '16:00', zone = 'UTC' }, { timeout = '2h' })
    rollout:event('the hours have begun: ' .. tostring(came))
    came = rollout:wait_until { canary = 'backend', phase = 'Succeeded', timeout = '90s' }
    rollout:event('the other one has come: ' .. tostring(came))
    rollout:wait '40s'
    rollout:shift(50)
    rollout:promote()
  end,
}]] },
}

local JOINS = {
  apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = 'joins', namespace = 'test' },
  spec = { script = [[
return require 'stdlib.strategy' {
  name = 'joins',
  run = function(rollout)
    rollout:begin()
    local first = rollout:any { other = { canary = 'other', phase = 'Succeeded' }, office = { from = '08:17' } }
    rollout:event('first: ' .. first)
    local held = rollout:within('2h', { all = { '90s', { gate = 'go' } } })
    rollout:event('held: ' .. tostring(held))
    local points = rollout:query_range('vector(1)', '1m', '20s')
    rollout:event('points: ' .. #points)
    rollout:shift(50)
    rollout:promote()
  end,
}]] },
}

local CHECKS = {
  apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = 'checks', namespace = 'test' },
  spec = { script = [[
return require 'stdlib.strategy' {
  name = 'checks',
  run = function(rollout)
    rollout:begin()
    for _, share in ipairs { 0, 20, 50 } do
      rollout:shift(share)
      local found = rollout:check('request-duration', { max = 500 })
      rollout:event(('at %d: %s, %s, %s'):format(share, found.verdict, found.cause or found.value, found.text))
      rollout:wait '1m'
    end
    rollout:promote()
  end,
}]] },
}

local VERSIONS = 3

---@class RecordStory: WorldOptions
---@field name string
---@field since integer? the first version with which it is told
---@field words integer

---@type RecordStory[]
local STORIES = {
  {
    name = 'canary-promoted',
    analysis = { stepWeights = { 20, 50 }, mirror = true },
    hooks = { go = 'confirm-rollout', smoke = 'pre-rollout', load = 'rollout', after = 'post-rollout' },
    answers = { go = stories.closed_until_told 'waiting for approval go' },
  },
  {
    name = 'canary-taken-back',
    analysis = { stepWeights = { 20, 50 }, threshold = 2 },
    hooks = { back = 'rollback', load = 'rollout', after = 'post-rollout' },
    answers = { back = stories.never },
    version = { errors = 1 },
  },
  {
    name = 'blue-green-promoted',
    analysis = { iterations = 2, mirror = true },
    hooks = { smoke = 'pre-rollout', promote = 'confirm-promotion' },
  },
  {
    name = 'ab-test-promoted',
    analysis = { iterations = 2, match = { { headers = { ['x-canary'] = { exact = 'insider' } } } } },
    hooks = { load = 'rollout', after = 'post-rollout' },
  },
  {
    name = 'strategy-promoted',
    analysis = {},
    strategy = { name = 'shares', params = { steps = { 10, 40 } } },
    objects = { SHARES },
    hooks = { smoke = 'pre-rollout', more = 'confirm-traffic-increase', promote = 'confirm-promotion' },
  },
  {
    name = 'strategy-taken-back',
    analysis = { threshold = 2 },
    strategy = { name = 'shares' },
    objects = { SHARES },
    hooks = { load = 'rollout', after = 'post-rollout' },
    version = { errors = 1 },
  },
  {
    name = 'strategy-waits',
    analysis = {},
    strategy = { name = 'waits' },
    objects = { WAITS },
    hooks = { back = 'rollback' },
    answers = { back = stories.never },
  },
  {
    name = 'strategy-joins', since = 2,
    analysis = {},
    strategy = { name = 'joins' },
    objects = { JOINS },
    hooks = { go = 'confirm-promotion', back = 'rollback' },
    answers = { back = stories.never },
  },
  {
    name = 'strategy-checks', since = 3,
    analysis = {},
    strategy = { name = 'checks' },
    objects = { CHECKS },
  },
}

local told = {}
for words = 1, VERSIONS do
  for _, story in ipairs(STORIES) do
    if words >= (story.since or 1) then
      told[#told + 1] = setmetatable({ words = words }, { __index = story })
    end
  end
end
return told

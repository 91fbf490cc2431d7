--- Releases that a Strategy of a team's own decides, by the real engine in a simulated world.
local stories = require 'spec.world_stories'

local RING = {
  apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = 'ring', namespace = 'test' },
  spec = { script = [[
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'
return strategy {
  name = 'ring',
  params = { steps = param.list(param.percent) { default = { 5, 20 } } },
  run = function(rollout)
    rollout:begin()
    local next_round = rollout:rounds()
    for _, weight in ipairs(rollout.params.steps) do
      next_round()
      if rollout:open 'confirm-traffic-increase' then
        rollout:shift(weight)
      end
    end
    next_round()
    rollout:promote()
  end,
}]] },
}

local PATIENT = {
  apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = 'patient', namespace = 'test' },
  spec = { script = [[
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'
return strategy {
  name = 'patient',
  params = { steps = param.list(param.percent) { default = { 40 } } },
  run = function(rollout)
    rollout:begin()
    rollout:event 'the tests have the canary alone'
    rollout:wait '1m30s'
    rollout:analyse { rounds = 1 }
    rollout:shift(rollout.params.steps[1])
    rollout:analyse { rounds = 2 }
    rollout:log 'long enough'
    rollout:promote()
  end,
}]] },
}

local function script_of(name, body, steps)
  return { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = name, namespace = 'test' },
    spec = { script = "local strategy, param = require 'stdlib.strategy', require 'stdlib.param'\n" ..
      "return strategy { name = '" .. name .. "',\n" ..
      'params = { steps = param.list(param.percent) { default = ' .. (steps or '{ 30 }') .. ' } },\n' ..
      'run = function(rollout)\n' .. body .. '\nend }' } }
end

--- Worlds begin on a Wednesday at 08:15:07 UTC.
local OFFICE = script_of('office', [[
  rollout:begin()
  local came = rollout:wait_until { weekdays = 'Mon-Fri', from = '09:19', to = '16:00', zone = 'Europe/Berlin' }
  rollout:event('office hours: ' .. tostring(came))
  rollout:shift(30)
  came = rollout:wait_until({ weekdays = 'Sat' }, { timeout = '25s' })
  rollout:event('Saturday: ' .. tostring(came))
  rollout:promote()]])

local AFTER = script_of('after', [[
  rollout:begin()
  local came = rollout:wait_until { canary = 'other', phase = 'Succeeded', timeout = '25s' }
  rollout:event('other came: ' .. tostring(came))
  rollout:wait '10m'
  rollout:promote()]])

local ASKING = script_of('asking', [[
  rollout:begin()
  if rollout:gate('approval', { timeout = '25s' }) then
    rollout:event 'approved'
  else
    rollout:event('nobody approved, history ' .. #rollout:history(3) .. ', canary ' .. rollout:replicas 'canary')
  end
  rollout:event('told: ' .. tostring(rollout:hook('tell', { stage = 'first' })))
  local body, answer = rollout:fetch 'risk'
  rollout:shift(30)
  rollout:analyse { lasting = '35s' }
  rollout:rollback('the answer is ' .. tostring(body) .. ', weight ' .. rollout:weights().canary)]])

local INSIDERS = script_of('insiders', [[
  rollout:begin()
  rollout:mirror(50)
  rollout:analyse { rounds = 1 }
  rollout:match { headers = { ['x-canary'] = { exact = 'insider' } } }
  rollout:analyse { rounds = 1 }
  rollout:event('insiders have ' .. rollout:weights().canary .. ' %')
  rollout:shift(30)
  rollout:analyse { rounds = 1 }
  rollout:shift(100)
  rollout:promote()]], '{ 30, 100 }')

--- The example of the page that explains the words.
local function example_of_docs()
  local file = assert(io.open 'docs/strategies.md')
  local text = file:read '*a'
  file:close()
  local body = assert(text:match '```lua\nrun = function%(rollout%)\n([^`]-rollout:any.-)\nend\n```')
  return script_of('example', body, '{ 10 }')
end

local JOINED = script_of('joined', [[
  rollout:begin()
  local first = rollout:any { yes = { gate = 'approval' }, hours = { from = '08:17', to = '16:00' }, late = '10m' }
  rollout:event('first: ' .. first)
  rollout:event('all: ' .. tostring(rollout:all { { from = '08:17' }, '15s', { gate = 'approval' } }))
  rollout:event('within: ' .. tostring(rollout:within('15s', { canary = 'other', phase = 'Succeeded' })))
  rollout:shift(30)
  first = rollout:within('5m', { any = { seen = { check = 'request-success-rate' }, late = '4m' } })
  rollout:event('then: ' .. tostring(first))
  rollout:event('came: ' .. tostring(rollout:wait_until({ gate = 'never' }, { timeout = '15s' })))
  rollout:promote()]])

local LOOKING_BACK = script_of('looking-back', [[
  rollout:begin()
  rollout:shift(30)
  rollout:analyse { rounds = 3 }
  local points = rollout:query_range('vector(7)', '1m', '20s')
  rollout:event(('%d values, the last %d, 40 s after the second'):format(#points, points[4].value,
    points[4].time - points[2].time))
  local busy, cause = rollout:query_range('sum(rate(istio_requests_total[10s]))', '30s', '10s')
  rollout:event('requests came: ' .. tostring(busy and busy[#busy].value > 1 or cause))
  busy, cause = rollout:query_range('nobody_reports_this', '30s', '10s')
  rollout:event(('%s of the other: %s'):format(busy, cause))
  rollout:promote()]])

stories.describe('a Strategy', {
  ['that joins conditions'] = {
    analysis = {},
    hooks = { approval = 'confirm-promotion', never = 'confirm-traffic-increase' },
    answers = { approval = stories.closed_until_told 'first: hours', never = stories.never },
    strategy = { name = 'joined' },
    objects = { JOINED },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal first: hours',
      'Normal all: true',
      'Normal within: nil',
      'Normal then: seen',
      'Normal came: false',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['as in the docs, approved'] = {
    analysis = {},
    hooks = { approval = 'confirm-promotion' },
    strategy = { name = 'example' },
    objects = { example_of_docs() },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = { 'Normal the backend is not out', 'Normal Promotion completed! Scaling down podinfo.test' },
  },
  ['as in the docs, with errors'] = {
    analysis = {},
    hooks = { approval = 'confirm-promotion' },
    answers = { approval = stories.never },
    version = { errors = 0.5 },
    strategy = { name = 'example' },
    objects = { example_of_docs() },
    ends = 'Failed',
    image = 'podinfo:1',
    told = { 'Warning Rolling back podinfo.test nobody has approved it: failing' },
  },
  ['that looks back'] = {
    analysis = {},
    strategy = { name = 'looking-back' },
    objects = { LOOKING_BACK },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal 4 values, the last 7, 40 s after the second',
      'Normal requests came: true',
      'Normal nil of the other: no values found',
    },
  },
  ['of insiders first'] = {
    analysis = {},
    strategy = { name = 'insiders' },
    objects = { INSIDERS },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal 50% of the requests to podinfo.test are mirrored to the canary',
      'Normal Requests to podinfo.test that match go to the canary',
      'Normal insiders have 100 %',
      'Normal Advance podinfo.test canary weight 30',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['that asks and tells'] = {
    analysis = {},
    hooks = { approval = 'confirm-promotion', tell = 'script', risk = 'confirm-traffic-increase' },
    answers = { approval = stories.never },
    strategy = { name = 'asking' },
    objects = { ASKING },
    ends = 'Failed',
    image = 'podinfo:1',
    told = {
      'Warning Halt podinfo.test advancement waiting for approval',
      'Normal nobody approved, history 0, canary 1',
      'Normal told: true',
      'Normal Advance podinfo.test canary weight 30',
      'Warning Rolling back podinfo.test the answer is OK, weight 30',
      'Warning Canary failed! Scaling down podinfo.test',
    },
  },
  ['promoted in office hours'] = {
    analysis = {},
    strategy = { name = 'office' },
    objects = { OFFICE },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal office hours: true',
      'Normal Advance podinfo.test canary weight 30',
      'Normal Saturday: false',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['taken back by a hook while it waits'] = {
    analysis = {},
    hooks = { back = 'rollback' },
    answers = { back = stories.closed_until_told 'other came: false' },
    strategy = { name = 'after' },
    objects = { AFTER },
    ends = 'Failed',
    image = 'podinfo:1',
    told = {
      'Normal other came: false',
      'Warning Rollback check back passed',
      'Warning Rolling back podinfo.test manual webhook invoked',
      'Warning Canary failed! Scaling down podinfo.test',
    },
  },
  ['promoted'] = {
    analysis = {},
    strategy = { name = 'ring', params = { steps = { 30 } } },
    objects = { RING },
    hooks = { load = 'rollout', after = 'post-rollout' },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal Advance podinfo.test canary weight 30',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['promoted after a wait'] = {
    analysis = {},
    strategy = { name = 'patient' },
    objects = { PATIENT },
    hooks = { load = 'rollout' },
    ends = 'Succeeded',
    image = 'podinfo:2',
    told = {
      'Normal the tests have the canary alone',
      'Normal Advance podinfo.test canary weight 40',
      'Normal Promotion completed! Scaling down podinfo.test',
    },
  },
  ['rolled back as a hook fails'] = {
    analysis = { threshold = 1 },
    hooks = { load = 'rollout', after = 'post-rollout' },
    answers = { load = stories.never },
    strategy = { name = 'ring' },
    objects = { RING },
    ends = 'Failed',
    image = 'podinfo:1',
    told = {
      'Normal Advance podinfo.test canary weight 5',
      'Warning Canary failed! Scaling down podinfo.test',
    },
  },
})

--- What each alert of deploy/alerts is about, brought about with the real engine, and what docs/runbook.md says to do
--- then, done: `trouble` begins it and goes on long enough for the alert, `follow` are the steps, which must lead to
--- the end. Behind a / in the name stands which of the causes it is.
local assert = require 'luassert'
local World = require 'spec.world'
local requests = require 'spec.world_requests'

local M = {}

local WEIGHTS = { stepWeights = { 10, 20, 30, 40, 50 } }

local function canary_of(world)
  return world.world:get('canaries.flagger.app', 'test', 'podinfo')
end

local function share(world)
  return tonumber(World.last_of(world, 'traffic'):match 'podinfo%-canary (%d+)') or 0
end

local function condition(world, type)
  for _, found in ipairs(canary_of(world).status.conditions) do
    if found.type == type then
      return found
    end
  end
end

--- The last Release.
local function latest(world)
  local number = 1
  while world:release(number + 1) do
    number = number + 1
  end
  return world:release(number)
end

--- Asks as the command does, and has the engine's answer.
local function ask(world, verb, outcome, more)
  world.asked = (world.asked or 0) + 1
  local id = verb .. '-' .. world.asked
  local request = { id = id, release = latest(world).metadata.name }
  for name, value in pairs(more or {}) do
    request[name] = value
  end
  requests.ask(world, verb, request)
  local answer = requests.await_answer(world, id)
  assert.equal(outcome or 'Done', answer.outcome, verb .. ': ' .. tostring(answer.message))
  return answer
end

local function ends_as(world, phase)
  world:finish()
  assert.equal(phase, world.phase)
end

local function begin(world)
  world:initialise():push()
  assert(world.world:run('10m', function()
    return share(world) > 0
  end), 'the release has begun')
end

--- Requests of the engine whose URL has this in it are refused while the world is `forbidden`.
local function forbid(world, pattern, answer)
  world.world:fates(function(request)
    if world.forbidden and request.method ~= 'GET' and request.url:find(pattern) then
      return answer
    end
  end)
  world.forbidden = true
end

local REFUSAL = { status = 403, body = '{"kind":"Status","status":"Failure","code":403,"message":"not today"}' }

M.SluiceAbsent = { options = { analysis = WEIGHTS, apart = true, lease_factor = 40 },
  trouble = function(world)
    begin(world)
    world.world:kill_engine() -- with its node, whose Lease nobody gives back
    local before = share(world)
    requests.ask(world, 'rollback')
    world.world:run '8m'
    assert.equal(before, share(world), 'its share stays')
  end,
  follow = function(world)
    assert.equal('Done', requests.await_answer(world, 'rollback-1').outcome)
    ends_as(world, 'Failed')
  end }

M.SluiceReleaseTakenBack = { options = { analysis = WEIGHTS, version = { errors = 0.5 } },
  trouble = function(world)
    begin(world)
    ends_as(world, 'Failed')
    assert.equal(0, share(world))
    world.world:run '1m'
  end,
  follow = function(world)
    assert.matches('success rate %d+%.%d+%% < 99%%', latest(world).status.reason)
    world.world:version('podinfo:2', { errors = 0 }) -- its database is back
    ask(world, 'retry')
    ends_as(world, 'Succeeded')
  end }

M['SluiceReleaseCannotGoOn/Stalled'] = { options = { analysis = WEIGHTS },
  trouble = function(world)
    begin(world)
    local release = latest(world)
    release.status.entries[1].s = 99 -- beyond the record
    world.world:update(release, 'status')
    world.world:kill_engine()
    assert(world.world:run('10m', function()
      return world.state == 'Stalled'
    end), 'it is stalled')
    world.world:run '1m'
  end,
  follow = function(world)
    ends_as(world, 'Succeeded') -- it begins again by itself
    assert.equal('podinfo-2', latest(world).metadata.name)
  end }

M.SluiceRollbackSlow = { options = { analysis = WEIGHTS },
  trouble = function(world)
    begin(world)
    forbid(world, '/virtualservices/', REFUSAL)
    ask(world, 'rollback')
    world.world:run '3m'
    assert.equal('OrderFailed', condition(world, 'Waiting').reason)
    assert.equal(10, share(world), 'it goes on getting traffic')
  end,
  follow = function(world)
    world.forbidden = false
    ends_as(world, 'Failed')
    assert.is_true(latest(world).status.drainedAfterMs > 180000)
  end }

M['SluiceCanaryWaits/GateClosed'] = { options = { analysis = WEIGHTS, hooks = { go = 'confirm-rollout' },
    answers = { go = function() return false end } },
  trouble = function(world)
    world:initialise():push()
    world.world:run '70m'
    assert.equal('GateClosed', condition(world, 'Waiting').reason)
  end,
  follow = function(world)
    ask(world, 'approve')
    ends_as(world, 'Succeeded')
  end }

M['SluiceCanaryWaits/OrderFailed'] = { options = { analysis = WEIGHTS },
  trouble = function(world)
    begin(world)
    forbid(world, '/virtualservices/', REFUSAL)
    ask(world, 'rollback')
    world.world:run '7m' -- far from an hour: it goes on getting traffic
    assert.equal('OrderFailed', condition(world, 'Waiting').reason)
  end,
  follow = function(world)
    world.forbidden = false
    ends_as(world, 'Failed')
  end }

M['SluiceCanaryWaits/ForeignObject'] = { options = { analysis = WEIGHTS, objects = { [[
{apiVersion: v1, kind: Service, metadata: {name: podinfo, namespace: test},
 spec: {selector: {app: other}, ports: [{port: 80}]}}]] } },
  trouble = function(world)
    world.world:run '70m'
    assert.equal('ForeignObject', condition(world, 'Waiting').reason)
  end,
  follow = function(world)
    assert.matches('Service podinfo.test', condition(world, 'Waiting').message)
    world.world:delete('services', 'test', 'podinfo')
    world:initialise()
  end }

M['SluiceReleaseTakesLong/paused'] = { options = { analysis = WEIGHTS },
  trouble = function(world)
    begin(world)
    ask(world, 'pause')
    world.world:run '370m'
  end,
  follow = function(world)
    assert.equal('INC-4711', canary_of(world).metadata.annotations['sluice.dev/pause'])
    ask(world, 'resume')
    ends_as(world, 'Succeeded')
  end }

M['SluiceReleaseTakesLong/long'] = { options = { analysis = { stepWeights = WEIGHTS.stepWeights, interval = '120m' } },
  trouble = function(world)
    world:initialise():push()
    world.world:run '370m'
    assert.equal('Progressing', world.phase)
  end,
  follow = function(world)
    ask(world, 'promote')
    ends_as(world, 'Succeeded')
  end }

M.SluiceChecksBlind = { options = { analysis = { stepWeights = WEIGHTS.stepWeights, threshold = 500 } },
  trouble = function(world)
    begin(world)
    world.world:blind(true)
    world.world:run '25m'
  end,
  follow = function(world)
    ask(world, 'pause')
    local before = share(world)
    assert.is_true(before > 0)
    world.world:run '10m'
    assert.equal(before, share(world))
    world.world:blind(false)
    ask(world, 'resume')
    ends_as(world, 'Succeeded')
  end }

M.SluiceCanaryRefused = { options = { analysis = { stepWeights = WEIGHTS.stepWeights, interval = '5m' } },
  trouble = function(world)
    begin(world)
    local analysis = canary_of(world).spec.analysis
    analysis.sessionAffinity = { cookieName = 'x' } -- not supported yet
    requests.specify(world, { analysis = analysis })
    world.world:run '10m'
    assert.matches('sessionAffinity', condition(world, 'Accepted').message)
    assert.is_true(share(world) > 0, 'it goes on by what was accepted')
  end,
  follow = function(world)
    ask(world, 'rollback')
    ends_as(world, 'Failed')
    local analysis = canary_of(world).spec.analysis
    analysis.sessionAffinity = nil
    requests.specify(world, { analysis = analysis })
    world:settle()
    assert.is_nil(condition(world, 'Accepted'))
  end }

local SPENDS = [[
return require 'stdlib.check' { name = 'calm', run = function(c)
  local text = ('x'):rep(1e5):gsub('.', function(x) return x end)
  return c:judge(#text)
end }]]

local SPENDING_CHECK = { apiVersion = 'sluice.dev/v1alpha1', kind = 'Check',
  metadata = { name = 'calm', namespace = 'test' }, spec = { limits = { memory = '2Mi' }, script = SPENDS } }

M.SluiceScriptBreaksLimits = { options = { objects = { SPENDING_CHECK }, analysis = { iterations = 3, metrics = {
    { name = 'calm', checkRef = { name = 'calm' }, thresholdRange = { min = 1 } } } } },
  trouble = function(world)
    world:initialise():push()
    ends_as(world, 'Failed')
    world.world:run '1m'
    assert.matches('sluice_script_limits_broken_total{[^}]*script="[^"]*calm', world.world:metrics())
  end,
  follow = function(world)
    local check = world.world:get('checks.sluice.dev', 'test', 'calm')
    check.spec.limits.memory = '8Mi'
    world.world:update(check)
    ask(world, 'retry')
    ends_as(world, 'Succeeded')
  end }

M.SluiceStatusRefused = { options = { analysis = WEIGHTS },
  trouble = function(world)
    begin(world)
    forbid(world, '/canaries/podinfo/status', REFUSAL)
    requests.ask(world, 'promote')
    world.world:run '15m'
    assert.is_nil(requests.answer(world), 'commands get no answer')
    assert.equal(1, #(latest(world).status.requests or {}), 'it is on record')
  end,
  follow = function(world)
    world.forbidden = false
    assert.equal('Done', requests.await_answer(world, 'promote-1').outcome)
    ends_as(world, 'Succeeded')
  end }

return M

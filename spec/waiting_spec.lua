--- What a Canary waits for is told when it begins and once more after the progress deadline, and the condition Waiting
--- shows it all the time, with one `since`.
local World = require 'spec.world'
local requests = require 'spec.world_requests'
local story = require 'tool.record.story'
local last_of, times_told = World.last_of, World.times_told

local PROGRESS_DEADLINE_S = 120

--- What the condition showed, in order, and how often each thing was told.
local function watched_world(options)
  local world = World.new(options)
  world.shown = {}
  world.world:watch('canaries.flagger.app', function(canary)
    local shown = 'nothing'
    for _, condition in ipairs(canary.status and canary.status.conditions or {}) do
      if condition.type == 'Waiting' then
        shown = condition.reason .. ' since ' .. condition.lastTransitionTime
        world.message = condition.message
      end
    end
    if world.shown[#world.shown] ~= shown then
      world.shown[#world.shown + 1] = shown
    end
  end)
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  canary.spec.progressDeadlineSeconds = PROGRESS_DEADLINE_S
  world.world:update(canary)
  return world
end

--- The reasons alone, without their times.
local function reasons(world)
  local list = {}
  for i, shown in ipairs(world.shown) do
    list[i] = shown:match '^%S+'
  end
  return list
end

local function forbid(world, pattern)
  world.world:fates(function(request)
    if world.forbidden and request.method ~= 'GET' and request.url:find(pattern) then
      return { status = 403, body = '{"kind":"Status","status":"Failure","code":403,"message":"the policy says no"}' }
    end
  end)
  world.forbidden = true
end

describe('the condition Waiting', function()
  after_each(World.close_all)

  for name, analysis in pairs {
    canary = { stepWeights = { 50 } },
    ['A/B test'] = { iterations = 2, match = { { headers = { ['x-canary'] = { exact = 'insider' } } } } },
    ['blue/green'] = { iterations = 2 },
  } do
    it('stays while the gate confirm-promotion is closed, with the strategy ' .. name, function()
      local world = watched_world { analysis = analysis, hooks = { go = 'confirm-promotion' }, answers = {
        go = function(w)
          return w.open or false
        end,
      } }
      world:initialise():push().world:run '6m'
      assert.same({ 'nothing', 'GateClosed' }, reasons(world))
      assert.equal(1, times_told(world, 'has been waiting for 2m0s: waiting for promotion approval go'))
      world.open = true
      world:finish()
      assert.same({ 'nothing', 'GateClosed', 'nothing' }, reasons(world))
    end)
  end

  for name, pattern in pairs {
    ['a Service'] = '/services',
    ['a VirtualService'] = '/virtualservices',
    ['the primary Deployment'] = '/deployments',
  } do
    it('shows that the write of ' .. name .. ' is refused, until it does not', function()
      local world = watched_world { analysis = { stepWeights = { 50 } } }
      forbid(world, pattern)
      world.world:run '20m'
      assert.same({ 'nothing', 'ObjectsFailed' }, { world.shown[1], reasons(world)[#world.shown] })
      assert.matches('the policy says no', world.message)
      assert.matches('for longer than 2m0s', world.message)
      assert.equal(1, times_told(world, 'has been waiting for 2m0s: '))
      local count = #world.shown
      world.world:run '20m'
      assert.equal(count, #world.shown)
      world.forbidden = false
      world:initialise()
      assert.equal('nothing', world.shown[#world.shown])
    end)
  end

  it('says nothing of the primary any more once that is ready', function()
    local world = watched_world { analysis = { stepWeight = 10 } }
    world.world:version('podinfo:1', { errors = 0, ready_ms = 2000 })
    forbid(world, '/virtualservices')
    world.world:run '20m'
    assert.equal('ObjectsFailed', reasons(world)[#world.shown])
    for _, event in ipairs(world.world:list('events', 'test')) do
      assert.is_nil(event.message:find('has been waiting for 2m0s: podinfo-primary.test not ready', 1, true))
    end
    assert.equal(1, times_told(world, 'has been waiting for 2m0s: reconcileVirtualService failed'))
    world.forbidden = false
    world:initialise()
    assert.equal('nothing', world.shown[#world.shown])
  end)

  it('names a Secret of somebody else that a new revision waits for', function()
    local world = watched_world { analysis = { stepWeights = { 50 } } }
    world:initialise()
    world.world:create [[
{apiVersion: v1, kind: Secret, metadata: {name: key, namespace: test}, data: {a: MQ==}}
---
{apiVersion: v1, kind: Secret, metadata: {name: key-primary, namespace: test}, data: {a: MQ==}}]]
    local target = world.world:get('deployments.apps', 'test', 'podinfo')
    target.spec.template.spec.containers[1].image = 'podinfo:2'
    target.spec.template.spec.containers[1].envFrom = { { secretRef = { name = 'key' } } }
    world.world:update(target)
    world.world:run '10m'
    assert.same({ 'nothing', 'ForeignObject' }, reasons(world))
    assert.matches('Secret key%-primary.test is left alone', world.message)
    assert.equal(1, times_told(world, 'has been waiting for 2m0s: Secret key-primary.test is left alone'))
    world.world:delete('secrets', 'test', 'key-primary')
    world:finish()
    assert.equal('nothing', world.shown[#world.shown])
    assert.equal('Succeeded', world.phase)
  end)

  it('names a Service of somebody else that the initialisation waits for', function()
    local world = watched_world { analysis = { stepWeights = { 50 } } }
    world.world:create [[
{apiVersion: v1, kind: Service, metadata: {name: podinfo, namespace: test},
 spec: {selector: {app: other}, ports: [{port: 80}]}}]]
    world.world:run '10m'
    assert.equal('ForeignObject', reasons(world)[#world.shown])
    assert.matches('Service podinfo.test is left alone', world.message)
    assert.equal(1, times_told(world, 'has been waiting for 2m0s: '))
    assert.equal(1, times_told(world, 'has been waiting for 2m0s: Service podinfo.test is left alone'))
    world.world:delete('services', 'test', 'podinfo')
    world:initialise()
    assert.equal('nothing', world.shown[#world.shown])
  end)

  for text, analysis in pairs {
    ['its weight is 100, and the maxWeight 150 is above that'] = { stepWeight = 50, maxWeight = 150 },
    ['the steps of its weight do not rise from 0'] = { stepWeights = { -5 } },
    ['the steps of its weight end at 0, below 100'] = { iterations = -1 },
  } do
    it('tells once, and again after the deadline, that ' .. text, function()
      local world = watched_world { analysis = analysis }
      world:initialise():push().world:run '15m'
      assert.same({ 'nothing', 'StepsDoNotRise' }, reasons(world))
      assert.equal(1, times_told(world, 'has been waiting for 2m0s: Halt podinfo.test advancement ' .. text))
      assert.equal(2, times_told(world, text))
    end)
  end

  it('shows that a new revision waits for a spec that is accepted, and goes on at once when it is', function()
    local world = watched_world { analysis = { stepWeights = { 10, 20, 30, 40, 50 } } }
    world.world:version('podinfo:3', { errors = 0 })
    world:initialise():push().world:run '35s'
    local function edit(resource, change)
      local object = world.world:get(resource, 'test', 'podinfo')
      change(object.spec)
      world.world:update(object)
    end
    edit('canaries.flagger.app', function(spec)
      spec.analysis.sessionAffinity = { cookieName = 'x' }
    end)
    edit('deployments.apps', function(spec)
      spec.template.spec.containers[1].image = 'podinfo:3'
    end)
    world.world:run '5m'
    local text = 'The new revision of podinfo.test gets no share of the traffic until its Canary is accepted'
    local status = world.world:get('canaries.flagger.app', 'test', 'podinfo').status
    assert.same({ 'Progressing', 0 }, { status.phase, status.canaryWeight })
    assert.equal('traffic: podinfo-primary 100, podinfo-canary 0', last_of(world, 'traffic'))
    assert.same({ 'nothing', 'SpecRefused' }, reasons(world))
    assert.equal(1, times_told(world, 'New revision detected! Restarting analysis for podinfo.test'))
    assert.equal(1, times_told(world, 'has been waiting for 2m0s: ' .. text))
    assert.equal(2, times_told(world, text))
    edit('canaries.flagger.app', function(spec)
      spec.analysis.sessionAffinity = nil
    end)
    world.world:run '1s'
    assert.equal('nothing', world.shown[#world.shown])
    assert.equal('traffic: podinfo-primary 90, podinfo-canary 10', last_of(world, 'traffic'))
    world:finish():settle()
    assert.equal('primary: podinfo:3', last_of(world, 'primary'))
    assert.equal('it gets no share of the traffic until its Canary is accepted: it was',
      assert(story.story_of(world:release(2))).lines[2].text)
  end)

  it('ends with a release that is taken back while its Canary is refused', function()
    local world = watched_world { analysis = { stepWeights = { 10, 20, 30, 40, 50 } } }
    world.world:version('podinfo:3', { errors = 0 })
    world:initialise():push().world:run '35s'
    requests.change(world, 'canaries.flagger.app', 'podinfo', function(canary)
      canary.spec.analysis.metrics = { { name = 'request-success', thresholdRange = { min = 99 }, interval = '1m' } }
    end)
    requests.change(world, 'deployments.apps', 'podinfo', function(target)
      target.spec.template.spec.containers[1].image = 'podinfo:3'
    end)
    world.world:run '5m'
    assert.same({ 'nothing', 'SpecRefused' }, reasons(world))
    requests.ask(world, 'rollback', { release = 'podinfo-2' })
    assert.equal('Done', requests.await_answer(world, 'rollback-1').outcome)
    world.world:run '1m'
    assert.equal('Failed', world.world:get('canaries.flagger.app', 'test', 'podinfo').status.phase)
    assert.same({ 'nothing', 'SpecRefused', 'nothing' }, reasons(world))
    local told = assert(story.story_of(world:release(2))).lines
    assert.same({ 'waits', 'it gets no share of the traffic until its Canary is accepted: it never was' },
      { told[2].kind, told[2].text })
  end)

  it('names who takes each step of the weights back', function()
    local world = watched_world { analysis = { stepWeight = 10 } }
    world:initialise():push()
    local resource = 'virtualservices.networking.istio.io'
    world.world:watch(resource, function(object)
      if object.spec.http[1].route[2].weight > 0 and not world.lets_be then
        world.world:after(50, function()
          local live = world.world:get(resource, 'test', 'podinfo')
          live.spec.http[1].route[1].weight, live.spec.http[1].route[2].weight = 100, 0
          world.world:update(live)
        end)
      end
    end)
    world.world:run '10m'
    assert.same({ 'nothing', 'WeightsNotKept' }, reasons(world))
    assert.matches('VirtualService podinfo.test: spec.http is changed back by another writer', world.message)
    assert.equal(1, times_told(world, 'has been waiting for 2m0s: Halt podinfo.test advancement VirtualService'))
    assert.equal(1, times_told(world, 'Advance podinfo.test canary weight 10'))
    world.world:kill_engine()
    world.world:run '5m'
    assert.same({ 'nothing', 'WeightsNotKept' }, reasons(world))
    world.lets_be = true
    world:finish()
    assert.equal('nothing', world.shown[#world.shown])
    assert.equal('Succeeded', world.phase)
  end)

  for killed_after, what in pairs { [0] = '', [40] = ', also of an engine that took over' } do
    it('is not overdue at the moment in which its time is over' .. what, function()
      local world = watched_world { analysis = {}, strategy = { name = 'calm' } }
      world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', spec = { script = [[
        return require 'stdlib.strategy' { name = 'calm', run = function(rollout)
          rollout:begin() rollout:wait '2m' rollout:analyse { rounds = 1 } rollout:promote()
        end }]] }, metadata = { name = 'calm', namespace = 'test' } }
      world:initialise():push()
      if killed_after > 0 then
        world.world:run(killed_after .. 's')
        world.world:kill_engine()
      end
      world:finish()
      assert.equal('Succeeded', world.phase)
      assert.same({ 'nothing', 'StrategyWaits', 'nothing' }, reasons(world))
      assert.equal(0, times_told(world, 'has been waiting for'))
    end)
  end

  for name, change in pairs {
    ['matches'] = function(spec)
      spec.analysis.match = { { headers = { ['x-canary'] = { exact = 'insider' } } } }
    end,
    ['TCP'] = function(spec)
      spec.service.appProtocol = 'tcp'
    end,
  } do
    it('says that requests are not mirrored with ' .. name, function()
      local world = watched_world { analysis = { stepWeight = 10, mirror = true } }
      local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
      change(canary.spec)
      world.world:update(canary)
      world:initialise():push().world:run '10m'
      assert.same({ 'nothing', 'WeightsNotKept' }, reasons(world))
      assert.matches('its requests are not mirrored: ', world.message)
      assert.equal(1, times_told(world, 'has been waiting for 2m0s: Halt podinfo.test advancement its requests'))
      assert.equal(1, times_told(world, 'Advance podinfo.test canary weight 0'))
    end)
  end

  it('is not there when one step is taken back by hand', function()
    local world = watched_world { analysis = { stepWeight = 10, maxWeight = 30 } }
    world:initialise():push().world:run '35s'
    local live = world.world:get('virtualservices.networking.istio.io', 'test', 'podinfo')
    live.spec.http[1].route[1].weight, live.spec.http[1].route[2].weight = 100, 0
    world.world:update(live)
    world:finish()
    assert.same({ 'nothing' }, reasons(world))
    assert.equal(0, times_told(world, 'is changed back'))
    assert.equal('Succeeded', world.phase)
  end)
end)

--- A release that stands still in the middle of its promotion is not taken back any more: the primary has changed,
--- although neither its script nor the Canary's status says so yet.
local World = require 'spec.world'
local requests = require 'spec.world_requests'

local ask = requests.ask
local WEIGHTS = { stepWeight = 20, maxWeight = 40 }

--- As soon as an object is so: its script is not told any more what became of the step that is under way.
local function pause_when(world, kind, is_so)
  local asked
  world.world:watch(kind, function(object)
    if not asked and is_so(object) then
      asked = true
      world.world:after('0s', function()
        ask(world, 'pause')
      end)
    end
  end)
end

--- Its engine dies as soon as the primary is promoted, before that is in a status; `change` is made while none runs.
local function die_promoting(change)
  local world = World.new { analysis = WEIGHTS, on_death = function(world)
    world.world:fates()
    change(world)
  end }
  world:initialise():push()
  local promoted
  world.world:fates(function(request)
    local tells = request.method == 'PATCH' and request.url:find '/status$'
    return promoted and tells and { status = 500, body = '' } or nil
  end)
  world.world:watch('deployments.apps', function(deployment)
    local image = deployment.spec.template.spec.containers[1].image
    promoted = promoted or (deployment.metadata.name == 'podinfo-primary' and image == 'podinfo:2')
  end)
  world.world:run('10m', function()
    return promoted
  end)
  assert.is_true(promoted)
  world.world:run '1s'
  world.world:kill_engine()
  return world
end

local function ends_promoted(world)
  world:finish():settle()
  assert.equal('Succeeded', world:release(1).status.state)
  assert.equal('primary: podinfo:2', world:last_of 'primary')
  assert.is_nil(world.broken)
end

--- It is paused: a rollback is refused, and the promotion comes to its end.
local function refuses_to_roll_back(world)
  requests.await_answer(world, 'pause-1')
  ask(world, 'rollback')
  local answer = requests.await_answer(world, 'rollback-1')
  assert.equal('Refused', answer.outcome)
  assert.equal('podinfo-1 is being promoted', answer.message)
  world.world:fates()
  ask(world, 'resume')
  world:finish():settle()
  assert.equal('Succeeded', world.phase)
  assert.equal('primary: podinfo:2', world:last_of 'primary')
  assert.is_nil(world.broken)
end

describe('a request to roll back', function()
  after_each(World.close_all)

  it('is refused once half of the promotion is made, which nobody has heard of yet', function()
    local world = World.new { analysis = WEIGHTS }
    world.world:create '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: test}, data: {colour: red}}'
    requests.change(world, 'deployments.apps', 'podinfo', function(target)
      target.spec.template.spec.containers[1].envFrom = { { configMapRef = { name = 'c' } } }
    end)
    world:initialise()
    requests.change(world, 'configmaps', 'c', function(config)
      config.data.colour = 'blue'
    end)
    world:push()
    world.world:fates(function(request)
      local promotes = request.method == 'PATCH' and request.url:find '/deployments/podinfo%-primary$'
      return promotes and (request.body or ''):find 'podinfo:2' and { status = 500, body = '' } or nil
    end)
    pause_when(world, 'configmaps', function(config)
      return config.metadata.name == 'c-primary' and config.data.colour == 'blue'
    end)
    refuses_to_roll_back(world)
  end)

  it('is refused once the primary is promoted, which no status says yet', function()
    local world = World.new { analysis = WEIGHTS }:initialise():push()
    world.world:fates(function(request)
      local is_status = request.method == 'PATCH' and request.url:find '/canaries/podinfo/status$'
      return is_status and (request.body or ''):find '"Promoting"' and { status = 500, body = '' } or nil
    end)
    pause_when(world, 'deployments.apps', function(deployment)
      local image = deployment.spec.template.spec.containers[1].image
      return deployment.metadata.name == 'podinfo-primary' and image == 'podinfo:2'
    end)
    refuses_to_roll_back(world)
  end)

  it('is refused of what a former engine may have promoted', function()
    local world = die_promoting(function(world)
      requests.annotate(world, { ['sluice.dev/pause'] = 'freeze' })
      ask(world, 'rollback')
    end)
    local answer = requests.await_answer(world, 'rollback-1')
    assert.equal('Refused', answer.outcome)
    assert.equal('podinfo-1 is being promoted', answer.message)
    ask(world, 'resume')
    ends_promoted(world)
  end)
end)

describe('another strategy', function()
  after_each(World.close_all)

  it('takes the place of nothing that a former engine may have promoted', function()
    local world = die_promoting(function(world)
      ask(world, 'pause')
      requests.specify(world, { analysis = { iterations = 2, interval = '10s', threshold = 2 } })
    end)
    requests.await_answer(world, 'pause-1')
    ask(world, 'resume')
    ends_promoted(world)
  end)
end)

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
end)

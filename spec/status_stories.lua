--- What can become of a Canary and its Releases: stories for those who read every status that the engine writes.
local assert = require 'luassert'
local requests = require 'spec.world_requests'

local AFFINITY = { cookieName = 'x' } -- not supported yet

local function edit(world, change)
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  change(canary.spec)
  world.world:update(canary)
  world.world:run '30s'
end

local function strategy(name, script)
  return { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = name, namespace = 'test' },
    spec = { script = ("return require 'stdlib.strategy' { name = '%s', run = function(rollout) %s end }"):format(
      name, script) } }
end

local own = strategy('own', "rollout:begin() rollout:shift(20) rollout:analyse { rounds = 1 } rollout:promote()")

--- A Release as an engine has left it, whose record another hand has made unreadable since.
local function damaged_record()
  local file = assert(io.open 'tests/records/words-3-canary-promoted-1.yaml')
  local at_ms, objects = file:read('*a'):match '^# at (%d+) ms\n.-%-%-%-\n(.*)$'
  file:close()
  for _, story in ipairs(require 'spec.record_stories') do
    if story.name == 'canary-promoted' and story.words == 3 then
      return setmetatable({ seed = 2, restored = { at_ms = tonumber(at_ms),
        objects = objects:gsub('"entries":%[', '"entries":7,"was":[') } }, { __index = story })
    end
  end
end

--- Each plays a part, in a world of these options.
return {
  gates = {
    options = function(open)
      local function answer(world)
        return open[world.phase] or false
      end
      return { analysis = { stepWeights = { 50 } }, hooks = { go = 'confirm-rollout', done = 'confirm-promotion' },
        answers = { go = answer, done = answer } }
    end,
    play = function(world, open)
      world:initialise():push().world:run '15m'
      open.Waiting, open.Progressing = true, false
      world.world:run '15m'
      open.Progressing, open.WaitingPromotion, open.Promoting, open.Finalising = true, true, true, true
      world:finish():settle()
    end,
  },
  ['a rollback'] = {
    options = function()
      return { analysis = { stepWeights = { 20, 50 } }, version = { errors = 0.5 } }
    end,
    play = function(world)
      world:initialise():push():finish():settle()
    end,
  },
  ['a refusal from the start'] = {
    options = function()
      return { analysis = { stepWeights = { 50 }, sessionAffinity = AFFINITY } }
    end,
    play = function(world)
      world.world:run '15m'
      edit(world, function(spec)
        spec.analysis.sessionAffinity = nil
      end)
      world:initialise():push():finish():settle()
    end,
  },
  ['a refusal in mid-run'] = {
    options = function()
      return { analysis = { stepWeights = { 10, 20, 30, 40, 50 } } }
    end,
    play = function(world)
      world:initialise():push().world:run '25s'
      edit(world, function(spec)
        spec.analysis.sessionAffinity = AFFINITY
      end)
      world:finish():settle()
      edit(world, function(spec)
        spec.analysis.sessionAffinity = nil
      end)
      world:settle()
    end,
  },
  ['a Canary that is suspended'] = {
    options = function()
      return { analysis = { stepWeights = { 10, 20, 30, 40, 50 } } }
    end,
    play = function(world)
      world:initialise():push().world:run '25s'
      for _, suspend in ipairs { true, false } do
        edit(world, function(spec)
          spec.suspend = suspend
        end)
      end
      world:finish():settle()
    end,
  },
  ['a Canary that is paused'] = {
    options = function()
      return { analysis = { stepWeights = { 10, 20, 30, 40, 50 } } }
    end,
    play = function(world)
      world:initialise():push().world:run '25s'
      for _, pause in ipairs { 'INC-4711', 'false' } do
        local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
        canary.metadata.annotations = { ['sluice.dev/pause'] = pause }
        world.world:update(canary)
        world.world:run '30s'
      end
      world:finish():settle()
    end,
  },
  ['weights that the mesh does not follow'] = {
    options = function()
      return { analysis = { iterations = 2 } }
    end,
    play = function(world)
      edit(world, function(spec)
        spec.service.headless = true
      end)
      world:initialise():push():finish():settle()
    end,
  },
  ['Pods that do not get ready'] = {
    options = function()
      return { analysis = { stepWeights = { 50 } }, version = { errors = 0, ready_ms = -1 } }
    end,
    play = function(world)
      world:initialise():push():finish():settle()
    end,
  },
  ['another revision in mid-run'] = {
    options = function()
      return { analysis = { stepWeights = { 20, 50 } } }
    end,
    play = function(world)
      world:initialise():push().world:run '25s'
      local target = world.world:get('deployments.apps', 'test', 'podinfo')
      target.spec.template.spec.containers[1].image = 'podinfo:3'
      world.world:version('podinfo:3', { errors = 0 })
      world.world:update(target)
      world:finish():settle()
    end,
  },
  ['a record that breaks a rule'] = {
    options = damaged_record,
    play = function(world)
      world.world:run '1m'
    end,
  },
  ['a record that is full'] = {
    options = function()
      return { analysis = { iterations = 9000 } }
    end,
    is_told = function(world) -- the rounds before are all alike
      world.has_halted = world.has_halted or world.state == 'Halted'
      return world.has_halted
    end,
    play = function(world)
      world:initialise():push().world:run('48h', function()
        return world.state == 'Halted'
      end)
      world.world:run '1m'
      local function ask(verb)
        requests.ask(world, verb, { id = verb })
        return requests.await_answer(world, verb).outcome
      end
      assert.same({ 'Refused', 'Refused' }, { ask 'promote', ask 'rollback' }, 'no release is under way')
      requests.specify(world, { analysis = { iterations = 3, interval = '10s', threshold = 2 } })
      assert.equal('Done', ask 'retry')
      world:finish():settle()
      assert.equal('Succeeded', world.phase)
    end,
  },
  ['a Strategy that is taken away'] = {
    options = function()
      return { analysis = { stepWeights = { 20 } }, strategy = { name = 'own' }, objects = { own } }
    end,
    play = function(world)
      world:initialise()
      world.world:delete('strategies.sluice.dev', 'test', 'own')
      world:push().world:run '2m'
      world.world:create(own)
      world:finish():settle()
    end,
  },
  ['what people ask for'] = {
    options = function()
      return { analysis = { stepWeights = { 10, 20, 30, 40, 50 } } }
    end,
    play = function(world)
      world:initialise():push().world:run '25s'
      for _, text in ipairs { 'deploy it', 'approve podinfo-1', 'rollback podinfo-1 -- INC-4711' } do
        local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
        canary.metadata.annotations = { ['sluice.dev/request'] = text }
        world.world:update(canary)
        world.world:run '5s'
      end
      world:finish():settle()
    end,
  },
}

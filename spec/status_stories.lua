--- What can become of a Canary and its Releases: stories for those who read every status that the engine writes.
local AFFINITY = { cookieName = 'x' } -- not supported yet

local function edit(world, change)
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  change(canary.spec)
  world.world:update(canary)
  world.world:run '30s'
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
}

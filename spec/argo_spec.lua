--- Argo CD judges a Canary by a script of its own, which reads what Flagger's status always has. It must find that in
--- every status that the engine writes, from the first one on.
local World = require 'spec.world'

local WORDS = { Healthy = true, Progressing = true, Degraded = true, Suspended = true, Missing = true, Unknown = true }
local AFFINITY = { cookieName = 'x' } -- not supported yet

--- The folder of the script and of its own test; nil and why where it cannot be had.
local function find_argo()
  local process = assert(io.popen 'env -u LD_PRELOAD tests/cluster/argo.py; echo $?') -- without the sanitizers
  local text, status = process:read('*a'):match '^(.*)\n(%d+)\n$'
  process:close()
  if status == '77' then
    return nil, text
  end
  return assert(status == '0' and text, 'the health script of Argo CD cannot be had')
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read '*a'
  file:close()
  return text
end

--- What the script says of an object, in the few globals that Argo CD gives it.
local function health(script, object)
  local chunk = assert(loadstring(script, '=health.lua'))
  setfenv(chunk, { obj = object, tonumber = tonumber, tostring = tostring, ipairs = ipairs, pairs = pairs,
    string = string, table = table, math = math, next = next, type = type })
  return chunk()
end

--- What the script reads of a case of its own test.
local function fixture(text)
  local status = text:match '\nstatus:\n(.*)'
  return { status = { phase = status:match '\n  phase: (%S+)', canaryWeight = status:match 'canaryWeight: (%d+)',
    conditions = { { message = status:match '\n    message: ([^\n]+)' } } } }
end

--- A world whose Canary is judged at each change.
local function judged_world(script, seen, options)
  local world = World.new(options)
  world.world:watch('canaries.flagger.app', function(canary)
    seen[#seen + 1] = canary
    local ok, said = pcall(health, script, canary)
    local phase = canary.status and canary.status.phase or 'none'
    if not ok or not WORDS[said.status] or type(said.message) ~= 'string' then
      world:_break('%s: %s', phase, ok and tostring(said.status) or said)
    end
  end)
  return world
end

local function edit(world, change)
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  change(canary.spec)
  world.world:update(canary)
  world.world:run '30s'
end

--- Each of these plays a part of what can become of a Canary, in a world of these options.
local STORIES = {
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

describe("Argo CD's health script", function()
  local folder, missing = find_argo()
  local script = folder and read(folder .. '/health.lua')
  local function case(name, run)
    it(name, folder and run or function()
      pending(missing)
    end)
  end
  local phases, conditions = {}, {}

  after_each(World.close_all)

  case('says here what its own test expects', function()
    local count = 0
    local cases = read(folder .. '/health_test.yaml')
    for status, message, path in cases:gmatch 'status: (%S+)%s+message: "([^"]*)"%s+inputPath: (%S+)' do
      local said = health(script, fixture(read(folder .. '/' .. path)))
      assert.same({ status, message }, { said.status, said.message })
      count = count + 1
    end
    assert.is_true(count >= 6)
  end)

  for name, story in pairs(STORIES) do
    case('understands every status of ' .. name, function()
      local seen, open = {}, {}
      local world = judged_world(script, seen, story.options(open))
      story.play(world, open)
      assert.is_nil(world.broken)
      for _, canary in ipairs(seen) do
        local status = canary.status or {}
        phases[status.phase or 'none'] = true
        for _, condition in ipairs(status.conditions or {}) do
          conditions[condition.type .. ' ' .. condition.status] = true
        end
      end
    end)
  end

  case('was asked about every phase and every condition', function()
    local seen = { phases, conditions }
    assert.same({
      { none = true, Initializing = true, Initialized = true, Waiting = true, Progressing = true,
        WaitingPromotion = true, Promoting = true, Finalising = true, Succeeded = true, Failed = true },
      { ['Promoted Unknown'] = true, ['Promoted True'] = true, ['Promoted False'] = true, ['Accepted False'] = true,
        ['Waiting True'] = true, ['WeightsEffective False'] = true },
    }, seen)
  end)
end)

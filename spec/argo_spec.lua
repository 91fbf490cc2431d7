--- Argo CD judges a Canary by a script of its own, which reads what Flagger's status always has. It must find that in
--- every status that the engine writes, from the first one on.
local World = require 'spec.world'
local own_tools = require 'spec.own_tools'
local stories = require 'spec.status_stories'

local WORDS = { Healthy = true, Progressing = true, Degraded = true, Suspended = true, Missing = true, Unknown = true }

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

describe("Argo CD's health script", function()
  local folder, missing = own_tools.find 'tests/cluster/argo.py'
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

  for name, story in pairs(stories) do
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

--- The lines that a script writes to the engine's log: each once, however often the script runs over its record.
local World = require 'spec.world'

local function released(body)
  local world = World.new { analysis = {}, strategy = { name = 'ring' } }
  local script = "return require 'stdlib.strategy' { name = 'ring', run = function(rollout)\n" .. body .. '\nend }'
  world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', spec = { script = script },
    metadata = { name = 'ring', namespace = 'test' } }
  return world:initialise():push()
end

--- The lines of the script, in order.
local function lines(world)
  local list = {}
  for line in world.world:log():gmatch '"msg":"line ([^"]*)","canary"' do
    list[#list + 1] = line
  end
  return list
end

describe("a script's log", function()
  after_each(World.close_all)

  local LINES = [[
    rollout:begin()
    rollout:log 'line of the beginning'
    rollout:shift(10)
    rollout:log 'line behind a word'
    rollout:analyse { rounds = 1 }
    for i = 1, 3 do rollout:log('line ' .. i) end
  ]]
  local SAID = { 'of the beginning', 'behind a word', '1', '2', '3' }

  it('is not said again after an attempt that failed', function()
    local world = released(LINES .. 'error "broken"')
    world:finish()
    assert.equal('Failed', world.phase)
    assert.same(SAID, lines(world))
  end)

  it('is not said again when the script rests', function()
    local world = released(LINES .. "rollout:wait '5m' rollout:log 'line at last' rollout:promote()")
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.same({ 'of the beginning', 'behind a word', '1', '2', '3', 'at last' }, lines(world))
  end)

  it('is not said again by an engine that takes over', function()
    local world = released(LINES .. "rollout:wait '5m' rollout:promote()")
    world.world:run '2m'
    world.world:kill_engine()
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.same(SAID, lines(world))
  end)
end)

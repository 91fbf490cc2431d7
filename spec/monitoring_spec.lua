--- The dashboards and alerts of deploy, over what engines say in the course of releases (tests/tools/monitoring.py).
local World = require 'spec.world'
local metrics = require 'spec.world_metrics'
local own_tools = require 'spec.own_tools'

local ANALYSIS = { stepWeights = { 20, 50 }, threshold = 1 }

--- Each plays a part of what the panels show.
local STORIES = {
  promoted = { { analysis = ANALYSIS } },
  ['taken back'] = { { analysis = ANALYSIS, version = { errors = 0.5 } } },
  blind = { { analysis = ANALYSIS }, function(world)
    world.world:blind(true)
  end },
  waits = { { analysis = ANALYSIS, hooks = { go = 'confirm-rollout' }, answers = { go = function(world)
    return world.world:now() > 20 * 60 * 1000
  end } } },
  limits = { { analysis = { iterations = 3, metrics = { { name = 'calm', checkRef = { name = 'calm' } } } } },
    function(world)
      world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Check',
        metadata = { name = 'calm', namespace = 'test' }, spec = { limits = { memory = '2Mi' },
          script = "return require 'stdlib.check' { name = 'calm', run = function()\nlocal text = ('x'):rep(1e5)\n" ..
            "text = text:gsub('.', function(c) return c end)\nreturn text end }" } }
    end },
}

local function run(world, ms, instance, lines)
  for _ = 1, ms / metrics.INTERVAL_MS do
    world.world:run(metrics.INTERVAL_MS)
    metrics.scrape(world.world, instance, lines)
  end
end

local function play(name, story, lines)
  local world = World.new(story[1])
  if name == 'limits' then
    story[2](world)
  end
  run(world, 120000, name, lines)
  if name == 'blind' then
    story[2](world)
  end
  world:push()
  run(world, 30 * 60 * 1000, name, lines)
  assert.is_true(world.state == 'Succeeded' or world.state == 'Failed', name .. ': ' .. tostring(world.state))
  world:close()
end

describe('what watches the engine', function()
  after_each(World.close_all)

  local function case(name, command, prepare)
    it(name, function()
      local told, missing = own_tools.find('tests/tools/monitoring.py ' .. command(prepare and prepare()))
      if not told then
        pending(missing)
      end
    end)
  end

  case('has alerts that fire when they are to, and not else', function()
    return 'rules'
  end)

  case('has dashboards with data in every panel', function(path)
    return 'boards ' .. path
  end, function()
    local lines, path = {}, os.tmpname()
    for name, story in pairs(STORIES) do
      play(name, story, lines)
    end
    local file = assert(io.open(path, 'w'))
    file:write(table.concat(lines, '\n'), '\n')
    file:close()
    return path
  end)
end)

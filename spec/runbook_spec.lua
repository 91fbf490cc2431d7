--- Each alert of deploy/alerts fires in the situation that it is about, as a real Prometheus judges what the engine
--- says, and is silent again at the end of what docs/runbook.md says to do (spec/runbook_stories.lua).
local World = require 'spec.world'
local metrics = require 'spec.world_metrics'
local own_tools = require 'spec.own_tools'
local stories = require 'spec.runbook_stories'

local AFTER_MS = 80 * 60 * 1000 -- that an alert over an hour is silent again

--- The names in the rules.
local function watched_names()
  local file = assert(io.open 'deploy/alerts/sluice.rules.yaml')
  local names = {}
  for name in file:read('*a'):gmatch '[%w_]+' do
    names[name] = true
  end
  file:close()
  return names
end

--- Plays one, scraped all the time. Its Canary is one of a namespace of that name to Prometheus.
local function play(name, story, lines)
  local names, own = watched_names(), {}
  local world = World.new(story.options)
  local real = world.world
  world.world = metrics.scraped(real, function()
    metrics.scrape(real, name, own, function(series)
      return names[series]
    end)
  end)
  story.trouble(world)
  story.follow(world)
  world.world:run(AFTER_MS)
  assert.is_nil(world.broken)
  world:close()
  for _, line in ipairs(own) do
    lines[#lines + 1] = line:gsub('namespace="test"', ('namespace="%s"'):format(name))
  end
end

describe('the runbook', function()
  after_each(World.close_all)
  local lines = {}

  for name, story in pairs(stories) do
    it('leads to the end of ' .. name, function()
      play(name, story, lines)
    end)
  end

  it('is about alerts that fire by then, and are silent afterwards', function()
    local path = os.tmpname()
    local file = assert(io.open(path, 'w'))
    file:write(table.concat(lines, '\n'), '\n')
    file:close()
    local told, missing = own_tools.find('tests/tools/monitoring.py runbook ' .. path)
    os.remove(path)
    if not told then
      pending(missing)
    end
  end)
end)

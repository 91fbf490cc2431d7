--- Whole releases by the real engine, told by what the Canary asks for and how hooks and versions behave.
local World = require 'spec.world'
local killing = require 'spec.world_killing'
local assert = require 'luassert'
local busted = require 'busted' -- describe and it are globals of spec files only

local M = {}

---@class WorldStory: WorldOptions
---@field ends 'Succeeded'|'Failed'
---@field image string of the primary at the end
---@field told string[] events that are told once

--- An answer of a hook: no until something is told that matches, which no death changes.
---@param pattern string
function M.closed_until_told(pattern)
  return function(world)
    return world:first_told(pattern) ~= nil
  end
end

--- An answer of a hook: always no.
function M.never()
  return false
end

local function make(options)
  return World.new(options):initialise():push()
end

--- It ends as it should, without a death.
local function ends_so(story)
  local world = make(story):finish():settle()
  assert.is_nil(world.broken)
  assert.equal(story.ends, world.phase, world:story())
  assert.equal(story.image, world.last.primary)
  for _, text in ipairs(story.told) do
    assert.equal(1, world.told[text], text .. ', in:\n' .. world:story())
  end
end

--- The names of some stories, always in the same order.
function M.sorted(stories)
  local names = {}
  for name in pairs(stories) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- The specs of a strategy's releases.
---@param strategy string
---@param stories table<string, WorldStory>
function M.describe(strategy, stories)
  busted.describe('in a simulated world, ' .. strategy, function()
    busted.after_each(World.close_all)

    for _, name in ipairs(M.sorted(stories)) do
      busted.describe(name .. ',', function()
        busted.it('ends so', function()
          ends_so(stories[name])
        end)

        busted.it('ends the same, wherever its engine was killed #deaths', function()
          killing.at_every_request(make, stories[name])
        end)
      end)
    end
  end)
end

return M

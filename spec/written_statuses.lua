--- Every status that the engine writes, for those who ask the tools of other projects about them: the words that it
--- knows, from its own source, and all that it wrote in the course of a story.
local World = require 'spec.world'

local M = {}

local KINDS = { 'canaries.flagger.app', 'releases.sluice.dev' }

local function words(path, pattern)
  local file = assert(io.open(path))
  local found = {}
  for word in file:read('*a'):gmatch(pattern) do
    found[word] = true
  end
  file:close()
  assert(next(found), path .. ' has none of them')
  return found
end

--- status.phase of a Canary; before the first one it has none.
function M.phases()
  return words('core/canary/phase.h', '\n    X%([%u_]+, "(%a+)"')
end

--- status.state of a Release.
function M.states()
  return words('core/release/release.h', '\n#define RELEASE_[%u_]+ "(%a+)"')
end

--- Plays a story of spec/status_stories.lua, and returns every Canary and Release in it as a line of JSON, each once.
---@return string[]
function M.of(story)
  local open, lines, known = {}, {}, {}
  local world = World.new(story.options(open))
  local function collect(kind)
    local told = not story.is_told or story.is_told(world)
    for line in (told and world.world:text(kind, 'test') or ''):gmatch '[^\n]+' do
      lines[#lines + 1] = not known[line] and line or nil
      known[line] = true
    end
  end
  for _, kind in ipairs(KINDS) do
    world.world:watch(kind, function(_, change)
      if change ~= 'deleted' then
        collect(kind)
      end
    end)
  end
  story.play(world, open)
  assert(not world.broken, world.broken)
  for _, kind in ipairs(KINDS) do
    collect(kind)
  end
  world:close()
  return lines
end

return M

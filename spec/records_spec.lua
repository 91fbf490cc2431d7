--- Releases that an engine began and did not end. tests/records has what the API server held when that engine was
--- killed, written by the versions that were published; the engine of today goes on from there, as it does after an
--- upgrade, and must end the release as the engine that began it would have.
---
--- SLUICE_WRITE_RECORDS=1 spec/run spec/records_spec.lua   writes those that are missing, by the engine of today.
--- A file that is there is never written anew: it stands for an engine that runs somewhere.
local World = require 'spec.world'
local stories = require 'spec.record_stories'

local FOLDER = 'tests/records/'
local KINDS = { 'canaries.flagger.app', 'strategies.sluice.dev', 'deployments.apps', 'services',
  'destinationrules.networking.istio.io', 'virtualservices.networking.istio.io', 'releases.sluice.dev' }
local KILLS = 3 -- of each story, at as many places

local function file_of(story, kill)
  return string.format('%swords-%d-%s-%d.yaml', FOLDER, story.words, story.name, kill)
end

local function read(path)
  local file = io.open(path)
  local text = file and file:read '*a'
  if file then
    file:close()
  end
  return text
end

--- The end of a release, in lines: what it was told to be, and what came after the record was cut.
local function ending(world)
  local lines = {}
  for _, text in ipairs(world.texts) do
    lines[#lines + 1] = string.format('%d × %s', world.told[text], text)
  end
  for _, what in ipairs { 'canary', 'traffic', 'primary', 'target' } do
    lines[#lines + 1] = world:last_of(what)
  end
  lines[#lines + 1] = 'record: ' .. world.state
  return lines
end

--- Goes on from a record, by the engine of today.
local function go_on(story, at_ms, objects)
  local options = setmetatable({ restored = { at_ms = at_ms, objects = objects }, seed = 2 }, { __index = story })
  local world = World.new(options):finish():settle()
  local lines = ending(world)
  assert.is_nil(world.broken)
  world:close()
  return lines
end

--- The objects of a world whose engine dies at this request of the release, and the time.
local function cut(story, share)
  local whole = World.new(story):initialise():push()
  local first = whole.world:requests() + 1
  local last = whole:finish().world:requests()
  whole:close()
  local objects, at_ms = {}, nil
  local world = World.new(setmetatable({ on_death = function(self)
    at_ms = self.world:now()
    for i, kind in ipairs(KINDS) do
      objects[i] = self.world:text(kind, 'test')
    end
  end }, { __index = story })):initialise():push()
  world.world:strike_at(first + math.floor((last - first) * share), 'served')
  world:finish():close()
  local text = table.concat(objects):gsub(',"managedFields":%b[]', '')
  return at_ms, (text:gsub('\n(.)', '\n---\n%1'))
end

local function write(path, story, kill)
  local at_ms, objects = cut(story, kill / (KILLS + 1))
  local lines = go_on(story, at_ms, objects)
  local file = assert(io.open(path, 'w'))
  file:write('# at ', at_ms, ' ms\n# ', table.concat(lines, '\n# '), '\n---\n', objects)
  file:close()
end

describe('a release that another engine began', function()
  after_each(World.close_all)

  for _, story in ipairs(stories) do
    for kill = 1, KILLS do
      local path = file_of(story, kill)
      it('ends as it would have: ' .. path, function()
        if not read(path) and os.getenv 'SLUICE_WRITE_RECORDS' then
          write(path, story, kill)
        end
        local text = assert(read(path), path .. ' is missing')
        local at_ms, expected, objects = text:match '^# at (%d+) ms\n(.-)%-%-%-\n(.*)$'
        local lines = go_on(story, tonumber(at_ms), objects)
        assert.equal(expected, '# ' .. table.concat(lines, '\n# ') .. '\n')
      end)
    end
  end
end)

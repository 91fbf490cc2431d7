--- What Flux makes of every status that the engine writes: Releases by kstatus, from their conditions; Canaries by the
--- expressions of deploy/flux/health.yaml. Both are judged by the code of those projects (tests/tools/flux).
local World = require 'spec.world'
local cjson = require 'cjson'
local own_tools = require 'spec.own_tools'
local stories = require 'spec.status_stories'

local KINDS = { 'canaries.flagger.app', 'releases.sluice.dev' }

--- A world whose Canaries and Releases are kept as lines of JSON, each status once.
local function kept_world(options, lines)
  local world, known = World.new(options), {}
  for _, kind in ipairs(KINDS) do
    world.world:watch(kind, function(_, change)
      for line in (change == 'deleted' and '' or world.world:text(kind, 'test')):gmatch '[^\n]+' do
        lines[#lines + 1] = not known[line] and line or nil
        known[line] = true
      end
    end)
  end
  return world
end

--- By the rows of core/release/conditions.h.
local OF_RELEASE = { Running = 'InProgress', RollingBack = 'InProgress', Succeeded = 'Current', Failed = 'Failed',
  Superseded = 'Failed', Stalled = 'Failed' }
--- Expressions cannot look into an object without a status: Flux waits on until there is one.
local OF_CANARY = { none = 'Unknown', Initialized = 'Current', Succeeded = 'Current', Failed = 'Failed' }

local function expected(object)
  local status = object.status or {}
  if object.kind == 'Release' then
    return OF_RELEASE[status.state or 'Running'], 'Release ' .. (status.state or 'new')
  end
  local phase, refused = status.phase or 'none', false
  for _, condition in ipairs(status.conditions or {}) do
    refused = refused or condition.type == 'Accepted' and condition.status == 'False'
  end
  return refused and 'Failed' or OF_CANARY[phase] or 'InProgress',
    'Canary ' .. phase .. (refused and ', refused' or '')
end

--- That of the records words-3-canary-promoted.
local function recorded_story()
  for _, story in ipairs(require 'spec.record_stories') do
    if story.name == 'canary-promoted' and story.words == 3 then
      return story
    end
  end
end

describe('Flux', function()
  local program, missing = own_tools.find 'tests/tools/tool.py flux'
  local seen = {}
  after_each(World.close_all)

  local function case(name, run)
    it(name, program and run or function()
      pending(missing)
    end)
  end

  --- Compares the words of all lines with what they are about.
  local function judge(lines)
    for i, answer in ipairs(own_tools.ask(program .. ' deploy/flux/health.yaml', lines)) do
      local word, kstatus = answer:match '^(%S+) (%S+)$'
      local object = cjson.decode(lines[i])
      local wanted, what = expected(object)
      local said = object.kind == 'Release' and kstatus or word
      assert(said == wanted, ('%s: %s, not %s: %s'):format(what, said, wanted, lines[i]))
      seen[what] = said
    end
  end

  for name, story in pairs(stories) do
    case('knows every status of ' .. name, function()
      local lines, open = {}, {}
      local world = kept_world(story.options(open), lines)
      story.play(world, open)
      assert.is_nil(world.broken)
      judge(lines)
    end)
  end

  case('knows a release that another revision replaces', function()
    local lines = {}
    local world = kept_world({ analysis = { stepWeights = { 20, 50 } } }, lines)
    world:initialise():push().world:run '25s'
    local target = world.world:get('deployments.apps', 'test', 'podinfo')
    target.spec.template.spec.containers[1].image = 'podinfo:3'
    world.world:version('podinfo:3', { errors = 0 })
    world.world:update(target)
    world:finish():settle()
    judge(lines)
  end)

  case('knows a release whose record breaks a rule', function()
    local file = assert(io.open 'tests/records/words-3-canary-promoted-1.yaml')
    local at_ms, objects = file:read('*a'):match '^# at (%d+) ms\n.-%-%-%-\n(.*)$'
    file:close()
    local lines = {}
    local restored = { at_ms = tonumber(at_ms), objects = objects:gsub('"entries":%[', '"entries":7,"was":[') }
    local world = kept_world(setmetatable({ restored = restored, seed = 2 }, { __index = recorded_story() }), lines)
    world.world:run '1m'
    for i = #lines, 1, -1 do -- an engine without conditions has written some
      if lines[i]:find('"state":"Running"', 1, true) and not lines[i]:find('"observedGeneration"', 1, true) then
        table.remove(lines, i)
      end
    end
    judge(lines)
  end)

  case('was asked about every phase and every state', function()
    assert.same({
      ['Canary none'] = 'Unknown', ['Canary Initializing'] = 'InProgress', ['Canary Initialized'] = 'Current',
      ['Canary Waiting'] = 'InProgress', ['Canary Progressing'] = 'InProgress',
      ['Canary WaitingPromotion'] = 'InProgress', ['Canary Promoting'] = 'InProgress',
      ['Canary Finalising'] = 'InProgress', ['Canary Succeeded'] = 'Current', ['Canary Failed'] = 'Failed',
      ['Canary Progressing, refused'] = 'Failed', ['Canary Promoting, refused'] = 'Failed',
      ['Canary Finalising, refused'] = 'Failed',
      ['Canary Succeeded, refused'] = 'Failed',
      ['Canary Initializing, refused'] = 'Failed',
      ['Release new'] = 'InProgress', ['Release Running'] = 'InProgress', ['Release RollingBack'] = 'InProgress',
      ['Release Succeeded'] = 'Current', ['Release Failed'] = 'Failed', ['Release Superseded'] = 'Failed',
      ['Release Stalled'] = 'Failed',
    }, seen)
  end)
end)

--- Canaries that are edited while their release is under way, by the real engine in a simulated world.
local World = require 'spec.world'
local edits = require 'spec.world_edits'
local json = require 'spec.fake_json'
local killing = require 'spec.world_killing'
local world_stories = require 'spec.world_stories'

local INSIDERS = { { headers = { ['x-canary'] = { exact = 'insider' } } } }
local OTHERS = { { headers = { ['x-canary'] = { exact = 'other' } } } }

local WEIGHTS = { stepWeight = 20, maxWeight = 40 }
local STEPS = { stepWeights = { 10, 30 } }
local MATCHED = { stepWeight = 20, maxWeight = 40, match = INSIDERS }
local MIRRORED = { stepWeight = 20, maxWeight = 40, mirror = true }
local AB = { iterations = 2, match = INSIDERS }
local BLUE_GREEN = { iterations = 2 }

local KINDS = { 'stepWeight', 'maxWeight', 'stepWeights', 'match', 'mirror', 'iterations' }

--- Another analysis takes the place of the one of before.
local function becomes(analysis)
  return function(spec)
    for _, field in ipairs(KINDS) do
      spec.analysis[field] = analysis[field]
    end
  end
end

local function service(fields)
  return function(spec)
    for field, value in pairs(fields) do
      spec.service[field] = value
    end
  end
end

local FIRST = { [AB] = 'iteration 1/2', [BLUE_GREEN] = 'iteration 1/2', [STEPS] = 'weight 10', [WEIGHTS] = 'weight 20',
  [MATCHED] = 'weight 20', [MIRRORED] = 'weight 20' }

--- What is refused: the release goes on by the spec of before.
local function not_supported(spec)
  spec.analysis.sessionAffinity = { cookieName = 'x' }
end

--- One edit, after the first step; others may follow.
---@param fields table? what differs from a release that is promoted
local function story(analysis, edit, fields, more)
  local told = { analysis = analysis, edits = { { told = 'canary ' .. FIRST[analysis], edit = edit }, more },
    ends = 'Succeeded', image = 'podinfo:2' }
  for field, value in pairs(fields or {}) do
    told[field] = value
  end
  return told
end

local function suspended(is_suspended, and_more)
  return function(spec)
    spec.suspend = is_suspended
    if and_more then
      and_more(spec)
    end
  end
end

local ANOTHER_HOST = service { hosts = { 'other.test' } }
local ONE_MORE_HOST = service { hosts = { 'web.test', 'other.test' } }
local BAD = { version = { errors = 1 }, ends = 'Failed', image = 'podinfo:1' }

local STORIES = {
  ['an A/B test loses its match'] = story(AB, becomes(BLUE_GREEN)),
  ['an A/B test becomes weights'] = story(AB, becomes(WEIGHTS)),
  ['an A/B test becomes matched weights'] = story(AB, becomes(MATCHED)),
  ['an A/B test is about other requests'] = story(AB, becomes { iterations = 2, match = OTHERS }),
  ['weights become an A/B test'] = story(WEIGHTS, becomes(AB)),
  ['weights become blue/green'] = story(WEIGHTS, becomes(BLUE_GREEN)),
  ['weights become a list of steps'] = story(WEIGHTS, becomes(STEPS)),
  ['weights are mirrored'] = story(WEIGHTS, becomes(MIRRORED)),
  ['weights get a match'] = story(WEIGHTS, becomes(MATCHED)),
  ['steps become weights'] = story(STEPS, becomes(WEIGHTS)),
  ['blue/green becomes weights'] = story(BLUE_GREEN, becomes(WEIGHTS)),
  ['blue/green becomes an A/B test'] = story(BLUE_GREEN, becomes(AB)),
  ['mirrored weights become weights'] = story(MIRRORED, becomes(WEIGHTS)),
  ['the service gets another name'] = story(WEIGHTS, service { name = 'other' }),
  ['the service gets another host'] = story(WEIGHTS, ANOTHER_HOST),
  ['the service gets one more host, of a bad version'] = story(WEIGHTS, ONE_MORE_HOST, BAD),
  ['the service gets a gateway'] = story(WEIGHTS, service { gateways = { 'istio-system/public' } }),
  ['the service gets another port'] = story(WEIGHTS, service { port = 8080 }),
  ['the service gets another name and its own again'] = story(WEIGHTS, service { name = 'other' }, nil,
    { told = 'Routing of', later = '1s', edit = function(spec)
      spec.service.name = nil
    end }),
  ['the service gets another name during the promotion'] = story(WEIGHTS, service { name = 'other' }, {
    edits = { { told = 'Copying', edit = service { name = 'other' } } } }),
  ['a field is not supported'] = story(WEIGHTS, not_supported),
  ['a field is not supported, of a bad version'] = story(WEIGHTS, not_supported, BAD),
  ['it is suspended with an edit'] = story(WEIGHTS, suspended(true, ANOTHER_HOST), nil,
    { told = 'skipping canary run', later = '30s', edit = suspended(false) }),
  ['it is suspended with a field that is not supported'] = story(WEIGHTS, suspended(true, not_supported), nil,
    { told = 'skipping canary run', later = '30s', edit = suspended(false) }),
}

local function make(options)
  return World.new(options):initialise():push()
end

--- Up to where the first edit is due.
local function make_to_edit(options)
  local world = make(options)
  world:_await('the first edit', function()
    return world.edits_due > 0
  end)
  return world
end

local function without_edits(told)
  return setmetatable({ edits = {} }, { __index = told })
end

local function check_end(world, told)
  assert.equal(told.ends, world.phase, world:story())
  assert.equal(told.image, world.last.primary)
  assert.is_nil(world.world:expect_rest())
  assert.is_nil(world.broken, world:story())
end

--- Of the objects: what serves whom, and what the Canary says of it. Objects of a name that was given up again may be
--- there or not: an engine that was dead meanwhile has never made them.
local function what_is_left(world)
  local lines = {}
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  local function note(object, ...)
    if canary.spec.service.name or not object.metadata.name:find('^other') then
      lines[#lines + 1] = object.metadata.name .. ' ' .. json.text(...)
    end
  end
  for _, object in ipairs(world.world:list('virtualservices.networking.istio.io', 'test')) do
    note(object, object.spec)
  end
  for _, object in ipairs(world.world:list('services', 'test')) do
    note(object, { object.spec.ports, object.spec.selector })
  end
  local status = canary.status
  lines[#lines + 1] = json.text { status.phase, status.canaryWeight, status.iterations, status.failedChecks,
    status.lastAppliedSpec, status.lastPromotedSpec }
  for _, condition in ipairs(status.conditions) do
    lines[#lines + 1] = condition.type .. ' ' .. condition.status .. ' ' .. (condition.message or '')
  end
  for _, release in ipairs(world.world:list('releases.sluice.dev', 'test')) do
    lines[#lines + 1] = release.metadata.name .. ' ' .. release.status.state
  end
  return table.concat(lines, '\n')
end

describe('in mid-run', function()
  after_each(World.close_all)

  for i, name in ipairs(world_stories.sorted(STORIES)) do
    local told = STORIES[name]
    told.sparse, told.offset = 4, i -- each elsewhere: together they leave no place out
    describe(name .. ',', function()
      it('ends so', function()
        local world = make(told):finish():settle()
        check_end(world, told)
      end)

      local unedited = without_edits(told)
      local function edit(world)
        edits.make(world, told.edits[1].edit)
      end
      local function check(world)
        check_end(world, told)
      end

      it('ends the same, wherever its engine is killed from then on #deaths', function()
        killing.before_the_same_end(make_to_edit, told, check, what_is_left)
      end)

      if told.edits[2] then
        return -- it would wait for ever
      end

      it('ends well, when that is done while its engine is dead #deaths', function()
        killing.meanwhile(make, unedited, edit, check)
      end)

      it('ends well, when that is done beside any request #deaths', function()
        killing.beside(make, unedited, edit, check)
      end)
    end)
  end
end)

--- What a record has of a release must be read under another spec by the engine that goes on.
local WHILE_DEAD = {
  ['an analysis is skipped'] = { analysis = WEIGHTS, edit = function(spec)
    spec.skipAnalysis = true
  end },
  ['an analysis is not skipped any more'] = { analysis = WEIGHTS, skipAnalysis = true, edit = function(spec)
    spec.skipAnalysis = false
  end },
  ['a promotion has no steps any more'] = { analysis = { stepWeights = { 50 }, stepWeightPromotion = 50 },
    edit = function(spec)
      spec.analysis.stepWeightPromotion = nil
    end },
  ['an analysis ends earlier, and has no hooks'] = { analysis = WEIGHTS, hooks = { load = 'rollout' },
    edit = function(spec)
      spec.analysis.threshold, spec.analysis.maxWeight, spec.analysis.webhooks = 3, 20, nil
    end },
}

describe('while the engine of a release is dead,', function()
  after_each(World.close_all)

  for i, name in ipairs(world_stories.sorted(WHILE_DEAD)) do
    local told = WHILE_DEAD[name]
    told.offset = i
    it(name .. ', and no other release begins #deaths', function()
      killing.meanwhile(make, told, function(world)
        edits.make(world, told.edit)
      end, function(world)
        assert.equal('Succeeded', world.phase, world:story())
        assert.equal('podinfo:2', world.last.primary)
        assert.equal(1, #world.world:list('releases.sluice.dev', 'test'))
        assert.is_nil(world.world:expect_rest())
        assert.is_nil(world.broken, world:story())
      end)
    end)
  end
end)

--- A release stands still, and its record says so: who asked, why, and for how long; by the real engine in a simulated
--- world, also where an engine dies at any moment, or where none ran when it was paused.
local World = require 'spec.world'
local killing = require 'spec.world_killing'
local moments = require 'tool.record.moment'
local requests = require 'spec.world_requests'
local stories = require 'tool.record.story'

local annotate, ask, await_answer, pauses = requests.annotate, requests.ask, requests.await_answer, requests.pauses
local until_told = requests.until_told
local specify = requests.specify
local ALICE, BOB = { id = 'a', by = 'alice' }, { id = 'b', by = 'bob', reason = 'it was the database' }
local WEIGHTS = { analysis = { stepWeight = 20, maxWeight = 40 } }

local function told_once(world, text)
  assert.equal(1, until_told(world, text):times_told(text))
end

local function at_weight(options)
  return until_told(World.new(options or WEIGHTS):initialise():push(), 'canary weight 20')
end

local function done(world, id, message)
  local answer = await_answer(world, id)
  assert.equal('Done', answer.outcome, answer.message)
  assert.equal(message, answer.message)
  assert.is_true(answer.after_ms <= 1000, answer.after_ms .. ' ms')
  return answer
end

local function finish(world, phase)
  world:finish():settle()
  assert.equal(phase or 'Succeeded', world.phase)
  assert.is_nil(world.broken)
end

local function stands_still(world)
  world.world:run '5m'
  assert.equal(0, world:times_told 'canary weight 40')
end

--- The lines of its story of these kinds.
local function told(world)
  local story = assert(stories.story_of(world:release()))
  local lines = {}
  for _, line in ipairs(story.lines) do
    if line.kind == 'paused' or line.kind == 'resumed' then
      lines[#lines + 1] = line.kind .. ' ' .. line.text
    end
  end
  return lines, story
end

describe('a pause', function()
  after_each(World.close_all)

  it('is on record with who asked, as its end is', function()
    local world = at_weight()
    ask(world, 'pause', ALICE)
    assert.equal('podinfo-1', done(world, 'a', 'podinfo.test is paused').release)
    told_once(world, 'podinfo.test is paused by alice: INC-4711')
    assert.same({ 'pause by alice: INC-4711' }, pauses(world))
    stands_still(world)
    local _, story = told(world)
    assert.equal(moments.parse(world:release().status.requests[1].acted), story.paused_since_ms)
    ask(world, 'resume', BOB)
    assert.equal('podinfo-1', done(world, 'b', 'podinfo.test goes on').release)
    finish(world)
    assert.same({ 'pause by alice: INC-4711', 'resume by bob: it was the database' }, pauses(world))
    local lines
    lines, story = told(world)
    assert.same({ 'paused by alice: INC-4711', 'resumed by bob: it was the database (paused for 5m 00s)' }, lines)
    assert.is_true(story.paused_ms >= 300000 and story.paused_ms < 302000, story.paused_ms .. ' ms')
    assert.is_nil(story.paused_since_ms)
  end)

  it('is told as its own event after a release that said more than events may', function()
    local world = World.new { analysis = { stepWeight = 1, maxWeight = 40 } }:initialise():push()
    world.world:run('1h', function()
      return world.world:get('canaries.flagger.app', 'test', 'podinfo').status.canaryWeight == 30
    end)
    assert.equal(0, world:times_told 'canary weight 30')
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    told_once(world, 'podinfo.test is paused by alice: INC-4711')
    ask(world, 'resume', BOB)
    done(world, 'b', 'podinfo.test goes on')
    told_once(world, 'Request resume by bob')
    annotate(world, { ['sluice.dev/pause'] = 'freeze' })
    told_once(world, 'podinfo.test is paused: freeze')
    annotate(world, { ['sluice.dev/pause'] = false })
    told_once(world, 'podinfo.test goes on, it is not paused any more')
    ask(world, 'rollback', { id = 'c' })
    done(world, 'c', 'podinfo-1 is taken back')
    told_once(world, 'Request rollback by alice: INC-4711: podinfo-1 is taken back')
    for _, text in ipairs { 'is paused', 'not paused any more', 'Request' } do
      assert.is_nil(world:first_told('%(combined.*' .. text))
    end
  end)

  it('by the annotation alone is on record without a name', function()
    local world = at_weight()
    annotate(world, { ['sluice.dev/pause'] = 'freeze of December' })
    until_told(world, 'podinfo.test is paused: freeze of December')
    stands_still(world)
    annotate(world, { ['sluice.dev/pause'] = 'false' })
    finish(world)
    assert.same({ 'pause sluice.dev/pause: freeze of December', 'resume sluice.dev/pause' }, pauses(world))
    assert.same({ 'paused by an annotation of the Canary: freeze of December',
      'resumed the annotation is gone or "false" (paused for 5m 00s)' }, (told(world)))
  end)

  it('by spec.suspend is on record', function()
    local world = at_weight()
    specify(world, { suspend = true })
    until_told(world, 'skipping canary run')
    stands_still(world)
    specify(world, { suspend = false })
    finish(world)
    assert.same({ 'pause spec.suspend', 'resume spec.suspend' }, pauses(world))
    assert.same({ 'paused by spec.suspend', 'resumed spec.suspend is gone (paused for 5m 00s)' }, (told(world)))
  end)

  it('brings no round before its time when it ends', function()
    local world = at_weight { analysis = { stepWeight = 20, maxWeight = 40, interval = '5m' } }
    local began = world.world:now()
    world.world:run '20s'
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    world.world:run '20s'
    ask(world, 'resume', BOB)
    until_told(world, 'canary weight 40')
    assert.is_true(world.world:now() - began >= 299000, world.world:now() - began .. ' ms')
  end)

  it('is no part of how long a round took', function()
    local world = at_weight()
    local asked
    world.world:fates(function(request)
      local queries = request.url:find '^http://prometheus'
      if queries and not asked then
        asked = true
        world.world:after('2s', function()
          ask(world, 'pause', ALICE)
        end)
        world.world:after('5m', function()
          ask(world, 'resume', BOB)
        end)
      end
      return queries and { delay_ms = 3000 } or nil
    end)
    finish(world)
    local lines = told(world)
    assert.matches('%(paused for 4m 5%d', lines[2])
    local sum = world.world:metrics():match '\nflagger_canary_duration_seconds_sum{[^}]*} ([%d.]+)'
    assert.is_true(tonumber(sum) >= 3 and tonumber(sum) < 60, sum)
  end)

  it('over another one is told and on record, with who and why', function()
    local world = at_weight()
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    ask(world, 'pause', BOB)
    done(world, 'b', 'podinfo.test is paused')
    told_once(world, 'podinfo.test is paused by bob: it was the database')
    annotate(world, { ['sluice.dev/pause'] = 'a freeze' })
    until_told(world, 'podinfo.test is paused: a freeze')
    annotate(world, { ['sluice.dev/pause'] = false })
    finish(world)
    assert.same({ 'pause by alice: INC-4711', 'pause by bob: it was the database', 'pause sluice.dev/pause: a freeze',
      'resume sluice.dev/pause' }, pauses(world))
  end)

  it('that another person asks for with the same reason is another one', function()
    local world = at_weight()
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    ask(world, 'pause', { id = 'b', by = 'bob' })
    done(world, 'b', 'podinfo.test is paused')
    told_once(world, 'podinfo.test is paused by bob: INC-4711')
    assert.same({ 'pause by alice: INC-4711', 'pause by bob: INC-4711' }, pauses(world))
  end)

  it('is not ascribed to who paused it before', function()
    local world = at_weight()
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    annotate(world, { ['sluice.dev/pause'] = false })
    until_told(world, 'podinfo.test goes on')
    annotate(world, { ['sluice.dev/pause'] = 'INC-4711' }) -- by somebody else, beside the request of before
    world.world:run '5s'
    assert.same({ 'pause by alice: INC-4711', 'resume sluice.dev/pause', 'pause sluice.dev/pause: INC-4711' },
      pauses(world))
  end)

  it('is not ascribed to whose request stands beside the words of another person', function()
    local world = at_weight()
    annotate(world, { ['sluice.dev/pause'] = 'because I say so',
      ['sluice.dev/request'] = '{"verb":"pause","by":"alice","reason":"INC-4711","id":"a"}' })
    assert.is_nil(done(world, 'a', 'podinfo.test is paused').release)
    told_once(world, 'podinfo.test is paused: because I say so')
    assert.same({ 'pause sluice.dev/pause: because I say so' }, pauses(world))
  end)

  it('is ended by resume while spec.suspend goes on holding it', function()
    local world = at_weight()
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    specify(world, { suspend = true })
    ask(world, 'resume', BOB)
    done(world, 'b', 'podinfo.test is not paused, but spec.suspend holds it')
    stands_still(world)
    specify(world, { suspend = false })
    finish(world)
    assert.same({ 'pause by alice: INC-4711', 'resume by bob: it was the database', 'pause spec.suspend',
      'resume spec.suspend' }, pauses(world))
  end)

  it('is ended by a request once, though spec.suspend ends before that is answered', function()
    local world = at_weight { analysis = WEIGHTS.analysis, on_death = function(world)
      specify(world, { suspend = false })
      world.world:fates()
    end }
    specify(world, { suspend = true })
    until_told(world, 'skipping canary run as object is suspended')
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    world.world:fates(function(request)
      local answers = request.url:find '/canaries/podinfo/status$'
      return answers and { status = 500, body = '' } or nil
    end)
    ask(world, 'resume', BOB)
    world.world:run '1m'
    world.world:kill_engine()
    await_answer(world, 'b')
    finish(world)
    assert.same({ 'pause spec.suspend', 'pause by alice: INC-4711', 'resume by bob: it was the database',
      'pause spec.suspend', 'resume spec.suspend' }, pauses(world))
  end)

  it('while no release runs is in no record', function()
    local world = World.new(WEIGHTS):initialise()
    ask(world, 'pause', ALICE)
    assert.is_nil(done(world, 'a', 'podinfo.test is paused').release)
    world:push()
    world.world:run '5m'
    assert.is_nil(world:release())
    ask(world, 'resume', BOB)
    done(world, 'b', 'podinfo.test goes on')
    finish(world)
    assert.same({}, pauses(world))
  end)

  it('of what is promoting ends where it stands, and goes on', function()
    local world = until_told(World.new(WEIGHTS):initialise():push(), 'Copying podinfo.test template')
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    ask(world, 'resume', BOB)
    done(world, 'b', 'podinfo.test goes on')
    finish(world)
    assert.same({ 'pause by alice: INC-4711', 'resume by bob: it was the database' }, pauses(world))
  end)

  it('ends with the release that is taken back', function()
    local world = at_weight()
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    stands_still(world)
    ask(world, 'rollback', { id = 'c' })
    done(world, 'c', 'podinfo-1 is taken back; podinfo.test is still paused')
    finish(world, 'Failed')
    assert.same({ 'pause by alice: INC-4711' }, pauses(world))
    local _, story = told(world)
    assert.is_true(story.paused_ms >= 300000 and story.paused_ms < 302000, story.paused_ms .. ' ms')
  end)

  it('of a Canary that is refused is on record', function()
    local world = at_weight()
    specify(world, { analysis = { interval = '10s', threshold = 5, stepWeight = 20, maxWeight = 40,
      sessionAffinity = { cookieName = 'x' } } })
    until_told(world, 'is refused')
    ask(world, 'pause', ALICE)
    done(world, 'a', 'podinfo.test is paused')
    ask(world, 'resume', BOB)
    done(world, 'b', 'podinfo.test goes on')
    assert.same({ 'pause by alice: INC-4711', 'resume by bob: it was the database' }, pauses(world))
  end)

  it('of a Canary that is refused is on record by another engine, too', function()
    local world = at_weight()
    specify(world, { analysis = { interval = '10s', threshold = 5, stepWeight = 20, maxWeight = 40,
      sessionAffinity = { cookieName = 'x' } } })
    until_told(world, 'is refused')
    ask(world, 'pause', ALICE)
    world.world:kill_engine()
    await_answer(world, 'a')
    assert.same({ 'pause by alice: INC-4711' }, pauses(world))
  end)

  it('without a reason says none', function()
    local world = at_weight()
    annotate(world, { ['sluice.dev/pause'] = 'by hand',
      ['sluice.dev/request'] = '{"verb":"pause","by":"eve","id":"e"}' })
    done(world, 'e', 'podinfo.test is paused')
    told_once(world, 'podinfo.test is paused by eve')
    assert.same({ 'pause by eve' }, pauses(world))
  end)

  it('and its end in the short form may come again', function()
    local world = at_weight()
    for _ = 1, 2 do
      annotate(world, { ['sluice.dev/pause'] = 'freeze', ['sluice.dev/request'] = 'pause' })
      done(world, 'pause', 'podinfo.test is paused')
      annotate(world, { ['sluice.dev/pause'] = false, ['sluice.dev/request'] = 'resume' })
      done(world, 'resume', 'podinfo.test goes on')
    end
    local once = { 'pause by nil: freeze', 'resume by nil' }
    assert.same({ once[1], once[2], once[1], once[2] }, pauses(world))
  end)

  it('that comes a hundred times leaves a bounded record, which still says what holds it', function()
    local world = at_weight()
    for i = 1, 100 do
      annotate(world, { ['sluice.dev/pause'] = 'freeze ' .. i })
      world.world:run '1s'
    end
    local list = pauses(world)
    assert.equal(64, #list)
    assert.equal('pause sluice.dev/pause: freeze 100', list[64])
  end)

  it('that is not there is not resumed, and not on record', function()
    local world = at_weight()
    ask(world, 'resume', BOB)
    assert.is_nil(done(world, 'b', 'podinfo.test is not paused').release)
    finish(world)
    assert.same({}, pauses(world))
  end)

  describe('that came while no engine ran', function()
    local function with_dead_engine(change)
      local world = at_weight { analysis = WEIGHTS.analysis, on_death = change }
      world.world:kill_engine()
      world.world:run('2m', function()
        return world.world:engine() == 'ready'
      end)
      return world
    end

    it('is on record by the next one, with who asked', function()
      local world = with_dead_engine(function(world)
        ask(world, 'pause', ALICE)
      end)
      await_answer(world, 'a')
      assert.same({ 'pause by alice: INC-4711' }, pauses(world))
      stands_still(world)
      ask(world, 'resume', BOB)
      done(world, 'b', 'podinfo.test goes on')
      finish(world)
      assert.same({ 'pause by alice: INC-4711', 'resume by bob: it was the database' }, pauses(world))
    end)

    it('and has ended by then has paused nothing', function()
      local world = with_dead_engine(function(world)
        ask(world, 'pause', ALICE)
        ask(world, 'resume', BOB)
      end)
      await_answer(world, 'b')
      finish(world)
      assert.same({}, pauses(world))
    end)

    it('is told once more by no engine that finds it on record', function()
      local world = at_weight()
      ask(world, 'pause', ALICE)
      done(world, 'a', 'podinfo.test is paused')
      world.world:kill_engine()
      world.world:run '2m'
      told_once(world, 'podinfo.test is paused by alice: INC-4711')
      assert.same({ 'pause by alice: INC-4711' }, pauses(world))
    end)

    it('has ended by then is on record as ended', function()
      local world = at_weight { analysis = WEIGHTS.analysis, on_death = function(world)
        ask(world, 'resume', BOB)
      end }
      ask(world, 'pause', ALICE)
      done(world, 'a', 'podinfo.test is paused')
      world.world:kill_engine()
      assert.equal('podinfo-1', await_answer(world, 'b').release)
      finish(world)
      assert.same({ 'pause by alice: INC-4711', 'resume by bob: it was the database' }, pauses(world))
    end)
  end)
end)

describe('a death at any moment of a pause #deaths', function()
  after_each(World.close_all)

  local function by_request(world)
    ask(world, 'pause', ALICE)
  end

  local function by_annotation(world)
    annotate(world, { ['sluice.dev/pause'] = 'freeze' })
  end

  local function by_suspend(world)
    specify(world, { suspend = true })
  end

  --- What happens, so long after the first share.
  local STORIES = {
    ['that is asked for, and over which another one comes'] = {
      ['1s'] = by_request,
      ['25s'] = function(world)
        ask(world, 'pause', BOB)
      end,
      ['60s'] = function(world)
        ask(world, 'resume', { id = 'c' })
      end,
    },
    ['by the annotation, that spec.suspend goes on with'] = {
      ['1s'] = by_annotation,
      ['25s'] = function(world)
        by_suspend(world)
        annotate(world, { ['sluice.dev/pause'] = false })
      end,
      ['60s'] = function(world)
        specify(world, { suspend = false })
      end,
    },
  }

  local function make_story(story)
    return function(options)
      local world = World.new(options):initialise():push()
      local began
      world.world:watch('events', function(event)
        if not began and event.message:find 'canary weight 20' then
          began = true
          for after, act in pairs(story) do
            world.world:after(after, function()
              act(world)
            end)
          end
        end
      end)
      return world
    end
  end

  for name, story in pairs(STORIES) do
    it(name .. ' leaves one record of it', function()
      killing.before_the_same_end(make_story(story), { analysis = WEIGHTS.analysis }, function(world)
        assert.is_nil(world.broken)
        assert.equal(1, world.deaths)
      end, function(world)
        local answer = requests.answer(world) or {}
        return table.concat({ world.phase, world:last_of 'primary', world:last_of 'traffic', tostring(answer.id),
          tostring(answer.outcome), tostring(answer.message), table.concat(pauses(world), '\n'),
          'told ' .. world:times_told 'is paused' }, '\n')
      end)
    end)
  end
end)

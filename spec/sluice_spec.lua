--- The engine as a module: what a spec's functions may do, and that a seed says everything.
local World = require 'spec.world'
local transcript = require 'spec.world_transcript'

local function world_with(options)
  options.analysis = options.analysis or { stepWeights = { 50 } }
  return World.new(options)
end

--- The same in a process of its own; the shell's parent is the Lua that runs this.
local function told_elsewhere(seed)
  local code = string.format('package.path, package.cpath = %q, %q io.write(require("spec.world_transcript")(%d))',
    package.path, package.cpath, seed)
  local process = assert(io.popen('exec "$(readlink /proc/$PPID/exe)" -e \'' .. code .. "'"))
  local text = process:read '*a'
  process:close()
  return text
end

describe('a simulated world', function()
  after_each(World.close_all)

  it('is the same in another process, byte for byte, and another one with another seed', function()
    local here = transcript(7)
    assert.is_true(#here > 100000)
    assert.is_true(here == told_elsewhere(7), 'the transcripts of seed 7 differ')
    assert.is_false(here == transcript(8))
  end)

  it('has a revision by who pushes it, and not by a controller', function()
    local world = world_with {}:initialise():push():finish()
    assert.equal('kubectl-edit', world:release().status.startedBy.manager)
  end)

  it('raises what a hook has raised, and goes on with the next run', function()
    local raised = {}
    local world = world_with { hooks = { go = 'confirm-rollout' }, answers = {
      go = function()
        error(raised)
      end,
    } }
    world:initialise():push()
    local ok, why = pcall(world.world.run, world.world, '1m')
    assert.is_false(ok)
    assert.equal(raised, why)
    world.answers.go = nil
    world:finish()
    assert.equal('Succeeded', world.phase)
  end)

  it('does not run while it runs', function()
    local world = world_with {}
    world.world:after('1s', function()
      world.world:run '1s'
    end)
    assert.has_error(function()
      world.world:run '5s'
    end, 'the world is running already')
  end)

  it('is not changed by who watches', function()
    local world = world_with {}
    world.world:watch('events', function()
      world.world:delete('deployments.apps', 'test', 'podinfo')
    end)
    local _, why = pcall(world.initialise, world)
    assert.matches('a watch must only take note', why)
  end)

  it('is not changed by who decides on a fate', function()
    for _, change in ipairs { 'kill_engine', 'close_engine', 'close' } do
      local world = world_with {}
      world.world:fates(function()
        world.world[change](world.world)
      end)
      local _, why = pcall(world.initialise, world)
      assert.matches('a fate must only be decided: nothing can be changed', why)
    end
  end)

  it('goes on when who asks a host dies of the answer', function()
    local world
    world = world_with { hooks = { go = 'confirm-rollout' }, answers = {
      go = function()
        if world.deaths == 0 then
          world.world:kill_engine()
        end
        return true
      end,
    } }
    world:initialise():push():finish()
    assert.equal(1, world.deaths)
    assert.equal('Succeeded', world.phase)
  end)

  it('says what a host must answer with', function()
    local world = world_with { hooks = { go = 'confirm-rollout' } }
    world:initialise():push()
    world.world:serve('hooks', function()
      return 200, {}
    end)
    local _, why = pcall(world.finish, world)
    assert.matches('a host answers with a status and a text, got number and table', why)
  end)

  it('goes on in a copy of the process, of which nothing is left but a text', function()
    local sluice = require 'sluice'
    local world = world_with {}
    world:initialise()
    local now, here = world.world:now(), true
    local text = sluice.fork(function()
      here = false
      world:push():finish()
      return world.phase .. '\0' .. ('x'):rep(1e6)
    end)
    assert.equal('Succeeded\0' .. ('x'):rep(1e6), text)
    assert.is_true(here)
    assert.equal(now, world.world:now())
    assert.equal('Initialized', world.phase)
    assert.is_nil(sluice.fork(function() end))
    local ok, why = pcall(sluice.fork, function()
      error('in the copy', 0)
    end)
    assert.is_false(ok)
    assert.equal('in the copy', why)
    ok, why = pcall(sluice.fork, function()
      os.execute 'kill -9 $PPID'
    end)
    assert.is_false(ok)
    assert.equal('the copy of the process ended with signal 9', why)
    assert.equal('Succeeded', world:push():finish().phase) -- as in the copy
  end)

  it('says when a request was sent', function()
    local world = world_with {}
    world:initialise()
    local sent = world.world:requests()
    assert.is_nil(world.world:sent_at(sent + 1))
    local last = world.world:sent_at(sent)
    assert.is_true(last <= world.world:now() and last >= world.world:sent_at(1))
  end)

  it('renews the Lease of its engine as seldom as it is told to', function()
    local function renewals(factor)
      local world = require 'sluice'.world { lease_factor = factor }
      world:start_engine 'engine'
      world:run '1m'
      local before = world:requests()
      world:run '30m'
      local count = world:requests() - before
      world:close()
      return count
    end
    local usual, seldom = renewals(), renewals(15)
    assert.is_true(usual > 340 and usual <= 360)
    assert.is_true(seldom > 20 and seldom <= 24)
  end)

  it('checks the numbers that it is given', function()
    local sluice = require 'sluice'
    for _, seed in ipairs { -1, 0.5, 1e300, 0 / 0 } do
      local _, why = pcall(sluice.world, { seed = seed })
      assert.matches('seed: expected a whole number from 0 on, got ', why)
    end
    local world = world_with {}.world
    local _, why = pcall(world.after, world, '-5s', print)
    assert.matches('expected a duration that is not negative', why)
    _, why = pcall(world.run, world, -1)
    assert.matches('expected milliseconds', why)
    _, why = pcall(world.traffic, world, 'web.test', 0 / 0)
    assert.matches('expected a rate that is not negative', why)
  end)

  it('refuses objects as an API server does', function()
    local world = world_with {}
    local _, why = pcall(world.world.create, world.world, '{apiVersion: v1, kind: Service, metadata: {name: X}}')
    assert.matches('Service X', why)
    _, why = pcall(world.world.get, world.world, 'unicorns', 'test', 'x')
    assert.matches("the cluster has no kind 'unicorns'", why)
  end)

  it('takes a kind as kubectl does', function()
    local world = world_with {}.world
    for _, kind in ipairs { 'namespaces', 'Namespace' } do
      assert.is_nil(world:get(kind, nil, 'absent'))
    end
    for _, kind in ipairs { 'canaries.flagger.app', 'canaries', 'Canary', 'Canary.flagger.app' } do
      assert.is_nil(world:get(kind, 'test', 'absent'))
    end
    local _, why = pcall(world.get, world, 'Canary.sluice.dev', 'test', 'absent')
    assert.matches("the cluster has no kind 'Canary.sluice.dev'", why, 1, true)
  end)

  it('says what it cannot make sense of', function()
    local sluice = require 'sluice'
    local world = world_with {}.world
    local function version(behaviour)
      return function()
        world:version('podinfo:2', behaviour)
      end
    end
    for why, act in pairs {
      ['sed: unknown field, known are seed, transcript, start, people, scenario, begin, '] = function()
        sluice.world { sed = 2 }
      end,
      ['begin: a time such as 2026-03-13T12:00:00Z is wanted, got noon'] = function()
        sluice.world { begin = 'noon' }
      end,
      ['no/such.yaml'] = function()
        sluice.world { scenario = 'no/such.yaml' }
      end,
      ['people: expected true or false, got number'] = function()
        sluice.world { people = 1 }
      end,
      ['error: unknown field, known are errors, latency_ms, latency_p99_ms and ready_ms'] = version { error = 1 },
      ['errors: expected a share from 0 to 1, got 20'] = version { errors = 20 },
      ['a latency_p99_ms not below it, got 30 and 20'] = version { latency_ms = 30 },
      ['boolean expected'] = function()
        world:blind()
      end,
      ['requests are counted from 1 on'] = function()
        world:strike_at(0, 'served')
      end,
      ["nothing strikes 'lightning'"] = function()
        world:strike_at(1, 'lightning')
      end,
      ['strokes: a list of at least one is wanted, got nil'] = function()
        sluice.places { first = 1, last = 2 }
      end,
      ['an object "x": the field kind is missing'] = function()
        world:create '{metadata: {name: x}}'
      end,
    } do
      local ok, raised = pcall(act)
      assert.is_false(ok)
      assert.matches(why, raised, 1, true)
    end
  end)

  it('says which fate it cannot make sense of', function()
    for why, fate in pairs { ['a fate is a table or nil, got number'] = 5, ['stat: unknown field'] = { stat = 503 } } do
      local world = world_with {}
      world.world:fates(function()
        return fate
      end)
      local ok, raised = pcall(world.initialise, world)
      assert.is_false(ok)
      assert.matches(why, raised, 1, true)
    end
  end)

  it('has the faults that it is told to have', function()
    local world = world_with {}
    local refused = 0
    world.world:fates(function(request)
      if request.method == 'PATCH' and refused < 3 then
        refused = refused + 1
        return { status = 500 }
      end
    end)
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase)
    assert.equal(3, refused)
  end)

  it('keeps the log of its engines', function()
    local world = world_with {}
    world:initialise()
    assert.matches('Initialization done! podinfo.test', world.world:log(), 1, true)
  end)

  it('keeps its log while another world comes and goes', function()
    local world = world_with {}
    local sluice = require 'sluice'
    local function come_and_go()
      sluice.world {}:start_engine 'other'
    end
    world:initialise():push()
    world.world:after('1s', function()
      come_and_go()
      collectgarbage()
      collectgarbage()
    end)
    world:finish()
    assert.matches('Advance podinfo.test canary weight 50', world.world:log(), 1, true)
  end)

  it('is of no use when it is closed', function()
    local world = world_with {}
    world:close()
    local _, why = pcall(world.world.run, world.world, '1s')
    assert.matches('the world is closed', why)
  end)

  it('can be collected when it is closed', function()
    local worlds = setmetatable({}, { __mode = 'k' })
    local function come_and_go()
      local world = require 'sluice'.world 'examples/scenarios/new-revision.yaml'
      worlds[world] = true
      world:close()
    end
    come_and_go()
    come_and_go()
    for _ = 1, 3 do
      collectgarbage()
    end
    assert.is_nil(next(worlds))
  end)

  it('comes to the end of its time in the same way, whether or not a wish ends it before', function()
    local function told(...)
      local world, list = require 'sluice'.world {}, {}
      world:after('1m', function()
        list[1] = 'first'
        world:after(0, function() list[2] = 'because of it' end)
      end)
      local granted = world:run(60000, ...)
      world:close()
      return granted, list
    end
    assert.same({ true, { 'first', 'because of it' } }, { told() })
    assert.same({ false, { 'first', 'because of it' } }, { told(function() return false end) })
  end)

  it('asks for a wish at the end of its time, too, when nothing has changed', function()
    local world = require 'sluice'.world {}
    world:after('2h', function() end)
    assert.is_true(world:run('1h', function() return world:now() >= 3600000 end))
    world:close()
  end)

  it('of a scenario says so when it is closed, whatever is asked of it', function()
    local world = require 'sluice'.world 'examples/scenarios/new-revision.yaml'
    world:close()
    for _, method in ipairs { 'canary', 'phase', 'weight', 'primary', 'release', 'checks', 'events', 'told', 'story',
      'run_until', 'settle', 'deploy', 'finish', 'play', 'now', 'run' } do
      local ok, why = pcall(world[method], world, 'x')
      assert.is_false(ok, method)
      assert.matches('the world is closed', why)
    end
    world:close()
  end)

  it('leaves its end to the collector alone', function()
    local world = world_with {}
    assert.equal('sluice.world', getmetatable(world.world))
  end)
end)

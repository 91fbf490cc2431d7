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

  it('refuses objects as an API server does', function()
    local world = world_with {}
    local _, why = pcall(world.world.create, world.world, '{apiVersion: v1, kind: Service, metadata: {name: X}}')
    assert.matches('Service X', why)
    _, why = pcall(world.world.get, world.world, 'unicorns', 'test', 'x')
    assert.matches("the cluster has no kind 'unicorns'", why)
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

  it('is of no use when it is closed', function()
    local world = world_with {}
    world:close()
    assert.has_error(function()
      world.world:run '1s'
    end)
  end)
end)

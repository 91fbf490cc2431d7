--- What a spec did to a world, as the command that does it in the console.
local retrace = require 'tool.retrace'
local sluice = require 'sluice'

local LEAK = 'examples/scenarios/slow-leak.yaml'

local opened, kept

--- A world as a runner of specs opens it.
local function open(what)
  sluice.observer = function(its)
    kept = its
    retrace.follow(its.world)
  end
  opened = sluice.world(what or LEAK)
  sluice.observer = nil
  return opened
end

local function command()
  kept.ended_ms = opened:now()
  return retrace.command(kept)
end

after_each(function()
  sluice.observer = nil
  opened:close()
end)

describe('the way of a spec through a world', function()
  it('is what was done, when, and up to which second', function()
    local world = open()
    world:deploy 'shop/checkout:2'
    world:version('shop/checkout:2', { errors = 0.12 })
    world:run '250ms'
    world:traffic("it's", 5)
    assert.equal('sluice repl examples/scenarios/slow-leak.yaml -e \'deploy shop/checkout:2\' -e \'world:version('
      .. '"shop/checkout:2", { errors = 0.12 })\' -e \'until 0:07.25\' -e \'world:traffic("it\'\\\'\'s", 5)\' '
      .. '--until 0:08', command())
  end)

  it('is the scenario alone where a spec plays it', function()
    open():begin_acts()
    opened:run '1m'
    assert.equal('sluice repl examples/scenarios/slow-leak.yaml --until 1:01', command())
  end)

  it('is none where nothing was done, or something that no text says', function()
    assert.is_nil((open() and command()))
    opened:serve('gate.shop', function()
      return 200
    end)
    assert.is_nil(command())
  end)

  it('is none where a world had more in it than its scenario, or is closed', function()
    open { scenario = LEAK, people = true }
    opened:deploy 'shop/checkout:2'
    assert.is_nil(command())
    opened:close()
    open():deploy 'shop/checkout:2'
    opened:close()
    assert.is_nil(retrace.command(kept))
  end)

  it('has quotes, lists and fields as Lua reads them', function()
    local world = open()
    world:patch('Canary', 'shop', 'checkout', { spec = { analysis = { interval = '1m', ['a b'] = { 1, true } } } })
    local text = command()
    local patch = text:match '%-e \'world:patch%("Canary", "shop", "checkout", (.*)%)\' '
    assert.same({ spec = { analysis = { interval = '1m', ['a b'] = { 1, true } } } }, loadstring('return ' .. patch)())
  end)
end)

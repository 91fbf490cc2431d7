--- What a simulated world has for who walks through it: a witness of what scripts say, questions to its Prometheus,
--- acts that come as time passes, and objects of another cluster.
local sluice = require 'sluice'

local LEAK = 'examples/scenarios/slow-leak.yaml'
local KINDS = { 'canaries.flagger.app', 'releases.sluice.dev', 'deployments.apps', 'services',
  'virtualservices.networking.istio.io', 'destinationrules.networking.istio.io' }

local worlds = {}

local function open(what)
  worlds[#worlds + 1] = sluice.world(what)
  return worlds[#worlds]
end

--- A world, and what its scripts have said from the beginning.
local function witnessed(what)
  local said = {}
  sluice.observer = function(kept)
    kept.world:witness(function(news)
      said[#said + 1] = news
    end)
  end
  local world = open(what)
  sluice.observer = nil
  return world, said
end

local function count(said, kind, name)
  local found = 0
  for _, news in ipairs(said) do
    found = found + (news.kind == kind and (not name or news.name == name) and 1 or 0)
  end
  return found
end

after_each(function()
  for _, world in ipairs(worlds) do
    world:close()
  end
  worlds = {}
end)

describe('a witness', function()
  it('hears each word, what it asks and what comes back, and changes nothing', function()
    local world, said = witnessed(LEAK)
    world:deploy 'shop/checkout:2'
    assert.equal('Succeeded', world:finish())
    assert.equal(count(said, 'word', 'shift'), 5)
    assert.is_true(count(said, 'word') - count(said, 'leave') <= 1) -- the last one ends with the release
    assert.equal(count(said, 'evidence'), #world:checks())
    for _, news in ipairs(said) do
      assert.equal('checkout', news.canary)
      if news.kind == 'word' and news.name == 'shift' then
        assert.is_number(news.args.weight)
        break
      end
    end
    local plain = open(LEAK)
    plain:deploy 'shop/checkout:2'
    plain:finish()
    assert.equal(plain:story(), world:story())
    local release = plain:list('releases.sluice.dev', nil)[1]
    assert.equal('kubectl-set', release.status.startedBy.manager) -- as the story has it
  end)

  it('hears of words that are on record when another engine goes on', function()
    local world, said = witnessed(LEAK)
    world:deploy 'shop/checkout:2'
    world:run_until { weight = 20 }
    local known = 0
    world:kill_engine()
    world:run_until { weight = 30 }
    for _, news in ipairs(said) do
      known = known + (news.known and 1 or 0)
    end
    assert.is_true(known > 3)
    assert.equal('Succeeded', world:finish())
  end)

  it('may stop the release by what it raises', function()
    local world = witnessed(LEAK)
    world:witness(function()
      error 'heard enough'
    end)
    local ok, raised = pcall(world.deploy, world, 'shop/checkout:2')
    if ok then
      ok, raised = pcall(world.finish, world)
    end
    assert.is_false(ok)
    assert.matches('heard enough', tostring(raised))
  end)
end)

describe('a question', function()
  it('is answered as the engine is, and no time passes', function()
    local world = open(LEAK)
    world:deploy 'shop/checkout:2'
    world:run_until { weight = 20 }
    local before = world:now()
    assert.equal(2, world:query('vector(2)').value)
    assert.same({ error = 'no values found', cause = 'no data', none = true }, world:query 'nothing_of_this_name')
    assert.matches('bad_data', world:query('sum(').error)
    assert.equal(3, #world:query('vector(1)', 120000, 60000).points)
    world:blind(true)
    assert.equal('unreachable', world:query('vector(2)').cause)
    assert.equal(before, world:now())
  end)
end)

describe('the acts of a scenario', function()
  it('come as time passes, once', function()
    local world, texts = open(LEAK), {}
    world:begin_acts(function(_, text)
      texts[#texts + 1] = text
    end)
    assert.equal('Failed', world:run_until('Failed'):phase())
    assert.equal('$ kubectl -n shop set image deployment/checkout checkout=shop/checkout:2', texts[1])
    assert.equal('shop/checkout:2: p99 240 ms', texts[2])
    assert.matches('played already', select(2, pcall(world.begin_acts, world)))
    assert.matches('played already', select(2, pcall(world.play, world)))
  end)
end)

describe('objects of another cluster', function()
  it('go on where they were: an engine takes the release over', function()
    local first = open(LEAK)
    first:deploy 'shop/checkout:2'
    first:run_until { weight = 30 }
    local objects = {}
    for _, kind in ipairs(KINDS) do
      for line in first:text(kind):gmatch '[^\n]+' do
        objects[#objects + 1] = line
      end
    end
    local second = open { objects = objects, begin = '2026-03-11T08:20:07Z' }
    second:answer('histogram', 100)
    second:answer('response_code', 100)
    assert.equal(30, second:weight())
    assert.equal('Succeeded', second:finish())
    assert.equal('shop/checkout:2', second:primary())
    assert.equal(0, second:told 'New revision detected!')
    assert.equal(1, #second:list('releases.sluice.dev', 'shop'))
  end)
end)

--- A Strategy of a team's own: loaded, named by a Canary, run, killed, changed, and wrong in every way that its author
--- can be.
local own_scripts = require 'spec.own_scripts'
local World = require 'spec.world'

local RING = [[
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'
local calm = require 'scripts.calm'

return strategy {
  name = 'ring',
  params = {
    steps = param.list(param.percent) { default = { 5, 20 }, doc = 'shares, growing' },
    rounds = param.integer { default = 1, min = 1 },
  },
  run = function(rollout)
    rollout:begin()
    local next_round = rollout:rounds()
    for _, weight in ipairs(rollout.params.steps) do
      next_round()
      rollout:shift(weight)
    end
    for _ = 1, calm.rounds(rollout.params.rounds) do next_round() end
    rollout:promote()
  end,
}
]]

local CALM = 'return { rounds = function(n) return n + 1 end }'

--- A world whose Canary names the strategy ring.
local function scripted(reference, options)
  options = options or {}
  options.analysis = options.analysis or {}
  options.strategy = reference or { name = 'ring' }
  return World.new(options)
end

local function weights_told(world)
  local list = {}
  for _, line in ipairs(world.texts) do
    list[#list + 1] = line:match 'Advance podinfo.test canary weight (%d+)'
  end
  return list
end

---@type OwnScript
local STRATEGY = {
  kind = 'Strategy', plural = 'strategies', name = 'ring', file = 'scripts/ring.lua', script = RING,
  modules = { calm = CALM },
  parameters = 'rounds, steps',
  params = {
    { name = 'rounds', type = 'integer', default = 1, min = 1 },
    { name = 'steps', type = 'list', of = { type = 'percent' }, default = { 5, 20 }, doc = 'shares, growing' },
  },
  world = function(params)
    return scripted { name = 'ring', params = params }
  end,
  absent = 'spec.strategy: Strategy test/ring not found',
  problems = {
    ['raises while it loads'] = { 'local a\n\nreturn a.b', 'scripts/ring.lua:3:1: attempt to index' },
    ['is no strategy'] = { '\n  return 5', 'scripts/ring.lua:2:3: the module gives a number, wanted strategy' },
    ['gives nothing'] = { 'local a = 5', 'scripts/ring.lua:1:1: the module gives nothing, wanted strategy' },
    ['gives a table of its own'] = { 'return {}', "scripts/ring.lua:1:1: field 'name' is a nil, wanted a string" },
    ['requires what is beneath the words'] = { "require 'stdlib.promotion'", "module 'stdlib.promotion' is not for" },
    ['requires a module that it does not bring'] = { "require 'scripts.nope'", "module 'scripts.nope' is neither" },
    ['never ends'] = { 'while true do end', 'scripts/ring.lua:1:1: more than 2000 ms of CPU time' },
    ['is bytecode'] = { '\27LJ\2', 'scripts/ring.lua:1:1: bytecode, and a script is a text of Lua' },
    ['has a parameter of no type'] = {
      "return require 'stdlib.strategy' { name = 'x', run = print, params = { a = { type = 'colour' } } }",
      'scripts/ring.lua:1:72: params.a: colour is not a type of a parameter' },
    ['has an unknown option'] = {
      "return require 'stdlib.strategy' { name = 'x', run = print, params = {\n" ..
      "a = require 'stdlib.param'.percent { least = 1 } } }",
      'scripts/ring.lua:2:1: param.percent: there is no option "least"' },
    ['declares with a colon'] = {
      "return require 'stdlib.strategy' { name = 'x', run = print, params = {\n" ..
      "a = require 'stdlib.param':percent { min = 1 } } }",
      'scripts/ring.lua:2:1: param.percent: a dot is wanted: param.percent { … }' },
    ['has an unknown field'] = { "local a = { steps = 1 }\nreturn require 'stdlib.strategy' {\n" ..
      "name = 'x', run = print,\nsteps = 1,\nparam = {} }",
      'scripts/ring.lua:5:1: strategy: there is no field "param", known are params, ' },
    ['has no name'] = { "\nreturn require 'stdlib.strategy' {\nrun = print }",
      'scripts/ring.lua:2:1: strategy.name: a string is wanted, got nil' },
    ['has a parameter that is not declared'] = {
      "return require 'stdlib.strategy' { name = 'x', run = print, params = {\nb = nil,\na = 5 } }",
      'scripts/ring.lua:3:1: strategy.params.a: a declaration like param.percent { default = 5 } is wanted' },
    ['has a choice of numbers'] = {
      "return require 'stdlib.strategy' { name = 'x', run = print, params = {\n" ..
      "a = require 'stdlib.param'.choice { values = { 'a', 5 } } } }",
      'scripts/ring.lua:2:1: param.choice: values[2]: a text is wanted, got 5' },
    ['requires a module of another name'] = { "require 'scripts.clam'",
      "scripts/ring.lua:1:1: module 'scripts.clam' is neither pinned by the release nor part of this engine; " ..
      'there are scripts.calm, ' },
    ['requires a module without a root'] = { "require 'strategy'",
      "scripts/ring.lua:1:1: module 'strategy' is not for scripts; there are stdlib.strategy, " },
    ['has a default that no word takes'] = {
      "return require 'stdlib.strategy' { name = 'x', run = print, params = {\n" ..
      "a = require 'stdlib.param'.duration { default = '721h' } } }",
      'scripts/ring.lua:2:1: params.a.default: at most "720h" is wanted, got "721h"' },
  },
  misfits = {
    ['an unknown one'] = { { stpes = { 1 } }, 'spec.strategy.params.stpes: there is no such parameter, known are ' },
    ['a number for a list'] = { { steps = 5 }, 'spec.strategy.params.steps: 5 is not a list' },
    ['a text that is no percentage'] = { { steps = { 5, 'ten' } }, 'steps[1]: "ten" is not a number from 0 to 100' },
    ['a percentage above 100'] = { { steps = { 101 } }, 'steps[0]: at most 100 is wanted, got 101' },
    ['half a round'] = { { rounds = 0.5 }, 'rounds: 0.5 is not a whole number' },
    ['no round'] = { { rounds = 0 }, 'rounds: at least 1 is wanted, got 0' },
  },
  other = { 'promotes at once now', (RING:gsub('{ 5, 20 }', '{ 100 }')) },
  keeps = function(world)
    assert.same({ '5', '20' }, weights_told(world))
  end,
}

local function strategy(script, namespace)
  return own_scripts.object(STRATEGY, script, namespace)
end

describe('a Strategy', function()
  after_each(World.close_all)

  own_scripts.specs(STRATEGY)

  it('decides the releases of a Canary that names it', function()
    local world = scripted { name = 'ring', params = { steps = { 10, '30%', 50 } } }
    world.world:create(strategy())
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase)
    assert.same({ '10', '30', '50' }, weights_told(world))
    assert.equal('test/ring', world:release().spec.strategy)
    assert.same({ steps = { 10, 30, 50 }, rounds = 1 }, world:release().spec.params)
    assert.equal(RING, world:release().spec.sources['scripts.ring'])
    assert.equal(CALM, world:release().spec.sources['scripts.calm'])
  end)

  it('takes a release back when its checks fail', function()
    local world = scripted({ name = 'ring' }, { version = { errors = 0.5 } })
    world.world:create(strategy())
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
  end)

  it('may stand in another namespace', function()
    local world = scripted { name = 'ring', namespace = 'delivery' }
    world.world:create { apiVersion = 'v1', kind = 'Namespace', metadata = { name = 'delivery' } }
    world.world:create(strategy(nil, 'delivery'))
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase)
    assert.equal('delivery/ring', world:release().spec.strategy)
  end)

  it('waits as long as it says, in sight of everybody, and for the rest alone after a crash', function()
    local world = scripted({ name = 'ring' })
    world.world:create(strategy [[
      return require 'stdlib.strategy' { name = 'ring', run = function(rollout)
        rollout:begin()
        rollout:wait '10m'
        rollout:analyse { rounds = 2, lasting = '35s' } -- four rounds of ten seconds
        rollout:promote()
      end }]])
    world:initialise():push().world:run '5m'
    assert.equal('StrategyWaits', world:condition('Waiting').reason)
    assert.is_nil(world.told['Normal Starting canary analysis for podinfo.test'])
    world.world:kill_engine()
    local before = world.world:now()
    world.world:run('30m', function()
      return world.told['Normal Starting canary analysis for podinfo.test'] ~= nil
    end)
    assert.is_true(world.world:now() - before < (5 * 60 + 30) * 1000)
    world:finish()
    assert.equal('Succeeded', world.phase)
  end)

  --- A strategy whose run function has this body.
  local function run(body)
    return strategy("return require 'stdlib.strategy' { name = 'ring', run = function(rollout)\n" .. body .. '\nend }')
  end

  it('gives its first share only to a version that is ready, and judges it before it is promoted', function()
    local world = scripted({ name = 'ring' }, { version = { errors = 0.5, ready_ms = 20000 } })
    world.world:create(run 'rollout:begin() rollout:shift(10) rollout:analyse { rounds = 10 } rollout:promote()')
    world:initialise():push():finish()
    assert.same({ '10' }, weights_told(world))
    assert.equal('Failed', world.phase)
  end)

  it('waits for another Canary of its namespace', function()
    local world = scripted({ name = 'ring' }, { analysis = { interval = '2m' } })
    world.world:create(run [[
      rollout:begin()
      local came = rollout:wait_until({ canary = 'other', phase = 'Initialized' }, { timeout = '20m' })
      rollout:event('other came: ' .. tostring(came))
      rollout:analyse { rounds = 1 }
      rollout:promote()]])
    world:initialise():push().world:run '3m'
    assert.is_nil(world.told['Normal other came: true'])
    assert.matches('podinfo.test waits until canary other.test is Initialized, at the longest until 2026-',
      world:condition('Waiting').message, 1, true)
    local target = world.world:get('deployments.apps', 'test', 'podinfo')
    local other = World.canary { analysis = { stepWeight = 10 } }
    other.metadata.name, other.spec.targetRef.name, other.spec.service.hosts = 'other', 'other', nil
    target.spec.template.metadata.labels, target.spec.selector.matchLabels = { app = 'other' }, { app = 'other' }
    world.world:create { apiVersion = 'apps/v1', kind = 'Deployment', spec = target.spec,
      metadata = { name = 'other', namespace = 'test', labels = { app = 'other' } } }
    local came_at
    world.world:watch('canaries.flagger.app', function(object)
      if object.metadata.name == 'other' and object.status and object.status.phase == 'Initialized' then
        came_at = came_at or world.world:now()
      end
    end)
    world.world:create(other)
    world.world:run('4m', function()
      return world.told['Normal other came: true'] ~= nil
    end)
    assert.is_true(world.world:now() - came_at < 1000) -- not at the end of the interval
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.equal(1, world.told['Normal other came: true'])
  end)

  it('goes on at once when it was suspended beyond the end of its wait', function()
    local world = scripted { name = 'ring' }
    world.world:create(run [[
      rollout:begin()
      rollout:all { '3m', { from = '08:00' } }
      rollout:event 'over'
      rollout:analyse { rounds = 1 }
      rollout:promote()]])
    world:initialise():push().world:run '1m'
    local function suspend(is_suspended)
      local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
      canary.spec.suspend = is_suspended
      world.world:update(canary)
    end
    suspend(true)
    world.world:run '10m'
    assert.is_nil(world.told['Normal over'])
    suspend(false)
    world.world:run '2s'
    assert.equal(1, world.told['Normal over'])
    world:finish()
    assert.equal('Succeeded', world.phase)
  end)

  it('gives no requests that match over TCP, and says so at its line', function()
    local world = scripted { name = 'ring' }
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.spec.service.appProtocol = 'TCP'
    world.world:update(canary)
    world.world:create(run "rollout:begin()\nrollout:match { headers = { ['x-ring'] = 'insider' } }")
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.matches('scripts/ring.lua:3: rollout:match: it is not possible over TCP', world:release().status.reason, 1,
      true)
  end)

  it('keeps the requests that its script chose through an edit, and gives them back at its end', function()
    local world = scripted { name = 'ring' }
    world.world:create(run [[
      rollout:begin()
      rollout:match { headers = { ['x-ring'] = 'insider' } }
      rollout:analyse { rounds = 5 }
      rollout:promote()]])
    world:initialise():push().world:run '15s'
    local function first_route()
      return world.world:get('virtualservices.networking.istio.io', 'test', 'podinfo').spec.http[1]
    end
    local wanted = { { headers = { ['x-ring'] = { exact = 'insider' } } } }
    assert.same(wanted, first_route().match)
    assert.equal(100, first_route().route[2].weight)
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.spec.analysis.threshold = 7
    canary.spec.analysis.match = { { headers = { other = { exact = 'x' } } } }
    world.world:update(canary)
    world.world:run '12s'
    assert.same(wanted, first_route().match)
    assert.equal(100, first_route().route[2].weight)
    world:finish():settle()
    assert.equal('Succeeded', world.phase)
    assert.same(canary.spec.analysis.match, first_route().match)
    assert.equal(0, first_route().route[2].weight)
    assert.is_nil(world.world:broken())
  end)

  it('names a time zone that is not there, with the line', function()
    local world = scripted { name = 'ring' }
    world.world:create(run "rollout:begin()\nrollout:wait_until { from = '08:00', zone = 'Europe/Berln' }")
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.matches('scripts/ring.lua:3: rollout:wait_until: there is no time zone "Europe/Berln" in /usr/share/',
      world:release().status.reason, 1, true)
  end)

  it('promotes no share that no round has judged', function()
    local world = scripted({ name = 'ring' }, { version = { errors = 0.5 } })
    world.world:create(run "rollout:begin() rollout:shift(100) rollout:wait '2m' rollout:promote()")
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
  end)

  it('counts on after a crash in rounds in which nothing happened', function()
    local world = scripted { name = 'ring' }
    world.world:create(run 'rollout:begin() rollout:shift(10) rollout:analyse { rounds = 30 } rollout:promote()')
    world:initialise():push()
    local began = world.world:now()
    world.world:run '200s'
    world.world:kill_engine()
    world:finish()
    assert.equal('Succeeded', world.phase)
    assert.is_true(world.world:now() - began < 400 * 1000) -- 30 rounds of 10 s, a dead engine's Lease, the promotion
  end)

  it('asks a closed gate once in a round, however often it says so', function()
    local world = scripted({ name = 'ring' }, { hooks = { go = 'confirm-promotion' }, answers = {
      go = function(w)
        return w.open or false
      end,
    } })
    world.world:create(run [[
      rollout:begin()
      rollout:shift(10)
      while not rollout:open 'confirm-promotion' do end
      rollout:promote()]])
    world:initialise():push().world:run '30m'
    assert.equal('WaitingPromotion', world.phase)
    world.open = true
    world:finish()
    assert.equal('Succeeded', world.phase)
  end)

  it('has no words that follow the steps of a bundled strategy', function()
    local world = scripted { name = 'ring' }
    world.world:create(run 'rollout:begin() rollout:iterate_matched(rollout:rounds()())')
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.matches('scripts/ring.lua:2: rollout:iterate_matched: it follows the steps of a bundled strategy',
      world:release().status.reason)
  end)

  it('that comes to its end without promoting says where', function()
    local world = scripted { name = 'ring' }
    world.world:create(run 'rollout:begin()\nrollout:event "nothing more"')
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.matches('scripts/ring.lua:4: ring: run returned, but the release is neither promoted nor taken back',
      world:release().status.reason, 1, true)
  end)

  it('says in the evidence which of its lines has asked', function()
    local world = scripted { name = 'ring' }
    world.world:create(run 'rollout:begin()\nrollout:shift(10)\nrollout:analyse { rounds = 1 } rollout:promote()')
    world:initialise():push():finish()
    assert.equal('scripts/ring.lua:4', world:release().status.evidence[1].where)
  end)

  it('finds the end of the steps where the analysis has none', function()
    local world = scripted { name = 'ring' }
    world.world:create(run [[
      rollout:begin()
      for round in rollout:rounds() do
        local weight = rollout:next_weight(round)
        if not weight then rollout:promote() end
        rollout:shift(weight)
      end]])
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase)
  end)

  it('takes the share from a release that cannot go on with the next revision', function()
    local world = scripted { name = 'ring', params = { steps = { 20 }, rounds = 50 } }
    world.world:create(strategy())
    world:initialise():push().world:run '35s'
    world.world:delete('strategies.sluice.dev', 'test', 'ring')
    local target = world.world:get('deployments.apps', 'test', 'podinfo')
    target.spec.template.spec.containers[1].image = 'podinfo:3'
    world.world:update(target)
    world.world:run '2m'
    assert.equal('podinfo-primary 100, podinfo-canary 0', world.last.traffic)
    world.world:create(strategy())
    world:finish()
    assert.equal('Succeeded', world.phase)
  end)

  for what, edit in pairs {
    ['another service'] = function(spec)
      spec.service.name = 'web'
    end,
    ['one more host'] = function(spec)
      spec.service.hosts = { 'web.test', 'shop.test' }
    end,
  } do
    it('judges on with its share after an edit for ' .. what, function()
      local world = scripted({ name = 'ring' }, { version = { errors = 1 } })
      world.world:create(run 'rollout:begin() rollout:shift(20) rollout:analyse { rounds = 4 } rollout:promote()')
      world:initialise():push().world:run '13s'
      local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
      edit(canary.spec)
      world.world:update(canary)
      world:finish()
      assert.equal('Failed', world.phase)
    end)

    it('gives the canary the requests that match again after an edit for ' .. what, function()
      local world = scripted { name = 'ring' }
      world.world:create(run [[
        rollout:begin()
        rollout:match { headers = { ['x-canary'] = 'insider' } }
        rollout:analyse { rounds = 9 }
        rollout:promote()]])
      world:initialise():push().world:run '13s'
      local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
      edit(canary.spec)
      world.world:update(canary)
      world.world:run '25s'
      assert.equal('Progressing', world.phase)
      local name = canary.spec.service.name or 'podinfo'
      local first = world.world:get('virtualservices.networking.istio.io', 'test', name).spec.http[1]
      assert.same({ { headers = { ['x-canary'] = { exact = 'insider' } } } }, first.match)
      assert.equal(100, first.route[2].weight)
    end)
  end

  it('judges rounds without a share', function()
    local world = scripted({ name = 'ring' }, { version = { errors = 1 } })
    world.world:create(run 'rollout:begin() rollout:analyse { rounds = 5 } rollout:promote()')
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
  end)

  if not os.getenv 'SLUICE_DEATHS_EVERY' then -- with sanitizers (spec/run) it takes two minutes
    it('has its release taken back when it fills the record #deaths', function()
      local world = scripted({ name = 'ring' }, { version = { errors = 1 } })
      world.world:create(run [[
        rollout:begin()
        rollout:shift(50)
        for i = 1, 1e9 do rollout:query('vector(' .. i .. ')' .. (' '):rep(900)) end]])
      world:initialise():push():finish()
      assert.equal('Failed', world.phase)
      assert.matches('strategy failed: its record is full', world:release().status.reason)
    end)
  end

  it('shows no more of a name than fits into a line', function()
    local world = scripted { name = 'ring' }
    world.world:create(strategy((RING:gsub("name = 'ring'", "name = ('x'):rep(1e5)"))))
    world:initialise()
    local message = world.world:get('strategies.sluice.dev', 'test', 'ring').status.conditions[1].message
    assert.equal('the script loads; the name "' .. ('x'):rep(60) .. '…" that it says counts for nothing', message)
  end)

  it('is refused in whole characters', function()
    local world = scripted { name = 'ring', params = { rounds = ('é'):rep(400), ['x' .. ('é'):rep(400)] = 1 } }
    world.world:create(strategy())
    world.world:run '2m'
    assert.matches('rounds: "' .. ('é'):rep(29) .. '… is not a whole number', world:condition('Accepted').message, 1,
      true)
    local requests = world.world:requests()
    world.world:run '2m'
    assert.is_true(world.world:requests() - requests < 60) -- renewals
  end)

  it('that fails at work has its release taken back, with the line', function()
    local world = scripted()
    world.world:create(strategy((RING:gsub('rollout:promote%(%)', 'rollout.params.steps.x.y = 1'))))
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.matches("scripts/ring.lua:18: attempt to index field 'x'", world:release().status.reason)
  end)
end)

--- Adapters that a Check brings (spec.adapters), in whole releases: asked, wrong, changed and taken back in mid-run.
local World = require 'spec.world'

local SCRIPT = [[
return require 'stdlib.check' { name = 'guard', run = function(c)
  local waiting, cause = c:ask('queue', 'orders-of-{{ target }}')
  return waiting and c:judge(waiting, { max = 50 }, '%d orders wait') or c:blind(cause)
end }]]

local QUEUE = [[
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'
return adapter {
  name = 'queue',
  request = function(ask)
    local key = ask.secret and ask.secret.key or 'none'
    return { url = ask.address .. '/' .. ask.query .. '?every=' .. ask.interval .. '&key=' .. key }
  end,
  answer = function(_, response)
    local body, failed = provider.body(response, provider.unless_ok)
    return body and provider.valued(body.waiting, 'waiting') or failed
  end,
}]]

--- The Check guard with the adapter queue.
---@param more { script: string?, queue: string?, urls: string[]?, secret: string?, modules: table?, adapters: table? }?
local function check(more)
  more = more or {}
  local queue = { script = more.queue or QUEUE, urls = more.urls or { 'http://queue.shop/api' },
    secretRef = more.secret and { name = more.secret } }
  return { apiVersion = 'sluice.dev/v1alpha1', kind = 'Check', metadata = { name = 'guard', namespace = 'test' },
    spec = { script = more.script or SCRIPT, modules = more.modules, adapters = more.adapters or { queue = queue } } }
end

--- A world whose Canary names it, and whose server says how many wait.
local function judged_by(object, waiting, strategy)
  local world = World.new { strategy = strategy, analysis = { stepWeight = 20, maxWeight = 40, metrics = {
    { name = 'backlog', interval = '2m', checkRef = { name = 'guard' } } } } }
  world.waiting, world.asked = waiting or 50, {}
  world.world:serve('queue.shop', function(request)
    world.asked[#world.asked + 1] = request.path .. '?' .. request.query
    return 200, ('{"waiting": %s}'):format(world.waiting)
  end)
  world.world:create(object)
  return world
end

--- Changes the Check in mid-run.
local function rewrite(world, change)
  local object = world.world:get('checks.sluice.dev', 'test', 'guard')
  change(object.spec)
  world.world:update(object)
end

local function in_mid_run(object)
  local world = judged_by(object)
  world:initialise():push().world:run('1m', function()
    return #world.asked > 0
  end)
  assert.equal('Progressing', world.phase)
  return world
end

local function ready(world)
  return world:condition('Ready', 'checks.sluice.dev', 'guard')
end

describe('an adapter of a Check', function()
  after_each(World.close_all)

  it('is asked by name, and judged', function()
    local world = judged_by(check())
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase, world:story())
    assert.equal('/api/orders-of-podinfo?every=2m&key=none', world.asked[1])
    assert.equal(QUEUE, world:release().spec.sources['checks.test.guard.adapters.queue'])
    local evidence = world:release().status.evidence[1]
    assert.same({ 'backlog', 'pass', 50 }, { evidence.metric, evidence.verdict, evidence.value })
    assert.equal('queue: orders-of-podinfo', evidence.query)
  end)

  it('is asked when a strategy asks the check', function()
    local world = judged_by(check(), 7, { name = 'asking' })
    world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy',
      metadata = { name = 'asking', namespace = 'test' }, spec = { script = [[
return require 'stdlib.strategy' { name = 'asking', run = function(rollout)
  rollout:begin()
  local found = rollout:check 'backlog'
  rollout:event(('%s with %d'):format(found.verdict, found.value))
  rollout:analyse { rounds = 1 }
  rollout:promote()
end }]] } }
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase, world:story())
    assert.truthy(world:first_told 'pass with 7', world:story())
  end)

  it('takes a release back when what it says is out of bounds', function()
    local world = judged_by(check(), 51)
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.truthy(world:first_told 'backlog: 51 orders wait, at most 50 wanted', world:story())
  end)

  it('holds the release while it gives no number', function()
    local world = judged_by(check(), '"many"')
    world:initialise():push().world:run '10m'
    assert.equal('Progressing', world.phase)
    assert.truthy(world:first_told 'backlog is blind: error unmarshaling result: json: cannot unmarshal string',
      world:story())
    world.waiting = 0
    world:finish()
    assert.equal('Succeeded', world.phase)
  end)

  it('gets the Secret of the namespace of the Check, as it is when it is asked', function()
    local world = judged_by(check { secret = 'reader' })
    world:initialise():push().world:run '2m'
    assert.truthy(world:first_told 'backlog is blind: spec.adapters.queue.secretRef: secrets "reader" not found',
      world:story())
    assert.same({}, world.asked)
    world.world:create { apiVersion = 'v1', kind = 'Secret', metadata = { name = 'reader', namespace = 'test' },
      data = { key = 'aHVzaA==' } }
    world:finish()
    assert.equal('Succeeded', world.phase, world:story())
    assert.matches('&key=hush$', world.asked[1])
    assert.not_matches('hush', world:story(), 1, true)
  end)

  it('asks nobody but the declared ones', function()
    local world = judged_by(check { urls = { 'http://queue.shop/app' },
      queue = QUEUE:gsub('ask.address', "'http://queue.shop/api'") })
    world:initialise():push().world:run '2m'
    assert.truthy(world:first_told('backlog is blind: checks.test.guard.adapters.queue: request.url: '
      .. 'http://queue.shop/api/orders%-of%-podinfo does not stand below one of the declared URLs'), world:story())
    assert.same({}, world.asked)
  end)

  it('may have the modules of the Check', function()
    local world = judged_by(check { modules = { share = 'return { of = function(n) return n / 10 end }' },
      queue = QUEUE:gsub('body.waiting', "require('scripts.share').of(body.waiting)") }, 500)
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase, world:story())
  end)

  for what, case in pairs {
    ['does not parse'] = { { queue = 'return +' },
      "checks/test/guard/adapters/queue.lua:1: unexpected symbol near '+'" },
    ['is none'] = { { queue = 'return 5' }, 'checks/test/guard/adapters/queue.lua: the file gives a number, wanted' },
    ['has a URL that is none'] = { { urls = { 'http://queue.shop/api', 'http://me:word@queue.shop/' } },
      'spec.adapters.queue.urls[1]: a URL of http or https with a host, and without a user, is wanted' },
    ['has a name that is none'] = { { adapters = { ['My.Queue'] = { script = QUEUE, urls = { 'http://q/' } } } },
      "spec.adapters: the name of an adapter has small letters, digits and '-'" },
  } do
    it('that ' .. what .. ' stops its Canary alone, and says where', function()
      local world = judged_by(check(case[1]))
      world.world:run '2m'
      assert.equal('False', ready(world).status)
      assert.matches(case[2], ready(world).message, 1, true)
      assert.matches(case[2], world:condition('Accepted').message, 1, true)
      rewrite(world, function(spec)
        spec.adapters = check().spec.adapters
      end)
      world:initialise():push():finish()
      assert.equal('Succeeded', world.phase)
    end)
  end

  it('that there is not has the release taken back, with the line', function()
    local world = judged_by(check { script = SCRIPT:gsub("'queue'", "'queeu'") })
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.matches('checks/test/guard.lua:2: c:ask: adapter: there is no adapter "queeu", known are queue',
      world:release().status.reason, 1, true)
  end)

  it('keeps its script in mid-run, as its Check does', function()
    local world = in_mid_run(check())
    rewrite(world, function(spec)
      spec.adapters.queue.script = QUEUE:gsub('body.waiting', '1000')
    end)
    world.world:kill_engine()
    world:finish()
    assert.equal('Succeeded', world.phase, world:story())
  end)

  it('asks where the Check says now: what is taken back counts at once', function()
    for _, take_back in ipairs {
      function(world)
        rewrite(world, function(spec)
          spec.adapters.queue.urls = { 'http://elsewhere/' }
        end)
      end,
      function(world)
        rewrite(world, function(spec)
          spec.adapters = nil
        end)
      end,
      function(world)
        world.world:delete('checks.sluice.dev', 'test', 'guard')
      end,
    } do
      local world = in_mid_run(check { queue = QUEUE:gsub('ask.address', "'http://queue.shop/api'") })
      take_back(world)
      local before = #world.asked
      world.world:run '5m'
      assert.equal(before, #world.asked)
      assert.equal('Progressing', world.phase)
      assert.truthy(world:first_told 'backlog is blind: ', world:story())
      World.close_all()
    end
  end)

  it('is a question of those that its Check may ask in a minute', function()
    local object = check { script = [[
return require 'stdlib.check' { name = 'guard', run = function(c)
  local last
  for i = 1, 12 do last = c:ask('queue', 'orders-' .. i) end
  return c:judge(last, { max = 50 })
end }]] }
    object.spec.limits = { queriesPerMinute = 5 }
    local world = judged_by(object)
    local at = {}
    world.world:serve('queue.shop', function()
      at[#at + 1] = world.world:now()
      return 200, '{"waiting": 1}'
    end)
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase, world:story())
    assert.is_true(at[12] - at[1] >= 60000, ('%d ms'):format(at[12] - at[1])) -- in three minutes, not in none
  end)
end)

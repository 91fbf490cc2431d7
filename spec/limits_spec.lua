--- What scripts may use: spec.limits of a Strategy and a Check, on record in the release, across a death of the engine;
--- and what becomes of a script that wants more.
local World = require 'spec.world'

local function script_of(name, body)
  return ([[
return require 'stdlib.strategy' {
  name = '%s',
  run = function(rollout)
    rollout:begin()
%s
    rollout:rounds()()
    rollout:promote()
  end,
}
]]):format(name, body)
end

--- A world whose Canary names the Strategy `script`, which is there.
local function scripted(body, limits, options)
  options = options or {}
  options.analysis = options.analysis or {}
  options.strategy = { name = 'script' }
  local world = World.new(options)
  world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy',
    metadata = { name = 'script', namespace = 'test' }, spec = { script = script_of('script', body), limits = limits } }
  return world
end

local function told(world, text)
  local count = 0
  for _, line in ipairs(world.texts) do
    count = count + (line:find(text, 1, true) and 1 or 0)
  end
  return count
end

describe('limits of scripts', function()
  after_each(World.close_all)

  it('are on record in the release, the least of all its scripts', function()
    local world = scripted('', { memory = '4Mi', queriesPerMinute = 30 }, { analysis = { metrics = {
      { name = 'calm', checkRef = { name = 'calm' } } } } })
    world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Check',
      metadata = { name = 'calm', namespace = 'test' }, spec = { limits = { memory = '2Mi', stepTime = '20ms' },
        script = "return require 'stdlib.check' { name = 'calm', run = function(c)\n" ..
          'return c:judge(1, { max = 2 }) end }' } }
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase, world:story())
    assert.same({ memory = '2Mi', stepTime = '20ms', timePerMinute = '2s', queriesPerMinute = 30,
      messagesPerMinute = 60, logLinesPerMinute = 60 }, world:release().spec.limits)
  end)

  it('that break in the library are told with the line of the check that has called it', function()
    local world = World.new { analysis = { iterations = 3, metrics = {
      { name = 'calm', checkRef = { name = 'calm' } } } } }
    world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Check',
      metadata = { name = 'calm', namespace = 'test' }, spec = { limits = { memory = '2Mi' },
        script = "return require 'stdlib.check' { name = 'calm', run = function()\nlocal text = ('x'):rep(1e5)\n" ..
          "text = text:gsub('.', function(c) return c end)\nreturn text end }" } }
    world:initialise():push():finish()
    assert.equal('Failed', world.phase)
    assert.equal(1, told(world, 'broke a limit: checks/test/calm.lua:3: more than 2097152 bytes'), world:story())
  end)

  it('of what a terminal is told are texts alone', function()
    local world = scripted("    rollout:event('\\27[31m red')\n    error('\\27[32m green\\nnext')")
    world:initialise():push():finish()
    assert.equal(1, told(world, '\239\191\189[31m red'), world:story())
    assert.equal(1, told(world, 'strategy failed: scripts/script.lua:6: ?[32m green'), world:story())
    for _, line in ipairs(world.texts) do
      assert.is_nil(line:find '\27')
    end
  end)

  it('are not on record of a release without scripts of a team\'s own', function()
    local world = World.new { analysis = { iterations = 1 } }
    world:initialise():push():finish()
    assert.is_nil(world:release().spec.limits)
  end)

  for what, case in pairs {
    ['above the flag'] = { { memory = '16Mi' }, 'spec.limits.memory: "16Mi" is more than 8Mi, the most that the ' ..
      'engine\'s flag -script-memory allows' },
    ['that are no size'] = { { memory = '4' }, 'spec.limits.memory: a size like 4Mi' },
    ['below the least'] = { { timePerMinute = '1ms' }, 'spec.limits.timePerMinute: a duration like 20ms' },
  } do
    it(what .. ' stop the Canary alone, before any traffic moves', function()
      local world = scripted('', case[1])
      world.world:run '2m'
      local strategy = world:condition('Ready', 'strategies.sluice.dev', 'script')
      assert.equal('False', strategy.status)
      assert.matches(case[2], strategy.message, 1, true)
      assert.matches(case[2], world:condition('Accepted').message, 1, true)
      assert.not_equal('Initialized', world.phase)
    end)
  end

  it('make a message too many wait for the next minute, across a death of the engine', function()
    local world = scripted("    for i = 1, 5 do rollout:event('step ' .. i) end", { messagesPerMinute = 2 })
    world:initialise():push()
    world.world:run('1h', function() return told(world, 'step 2') == 1 end)
    local began = world.world:now()
    world.world:run '10s'
    assert.equal(0, told(world, 'step 3'))
    local waiting = world:condition 'Waiting'
    assert.equal('RateLimited', waiting.reason)
    assert.matches('has used up its messages of this minute, at scripts/script.lua:5', waiting.message)
    world.world:run('1h', function() return told(world, 'step 3') == 1 end)
    assert.is_true(world.world:now() - began > 30000)
    world.world:kill_engine()
    world:finish()
    assert.equal('Succeeded', world.phase, world:story())
    for i = 1, 5 do
      assert.equal(1, told(world, 'step ' .. i))
    end
  end)

  it('make a query too many wait for the next minute', function()
    local world = scripted("    for i = 1, 3 do rollout:query('vector(' .. i .. ')') end\n    rollout:event 'asked'",
      { queriesPerMinute = 2 })
    world:initialise():push()
    world.world:run('1h', function() return world:condition 'Waiting' ~= nil end)
    world:finish()
    assert.equal('Succeeded', world.phase, world:story())
    assert.equal(1, told(world, 'asked'))
    assert.equal(1, told(world, 'has used up its queries of this minute, at scripts/script.lua:5'))
  end)

  it('hold for a script that rests in between, too', function()
    local world = scripted("    for _ = 1, 3 do\n      rollout:query 'vector(1)'\n      rollout:query 'vector(2)'\n"
      .. "      rollout:wait '25s'\n    end", { queriesPerMinute = 3 })
    world:initialise():push():finish()
    assert.equal('Succeeded', world.phase, world:story())
    assert.equal(1, told(world, 'has used up its queries of this minute, at scripts/script.lua:7'), world:story())
  end)

  --- Requests to the API server until a script with these lines has come through them.
  local function requests_of(lines)
    local world = scripted(lines .. "\n    rollout:event 'at the end'")
    world:initialise()
    local before = world.world:requests()
    world:push().world:run('5m', function() return told(world, 'at the end') == 1 end)
    return world.world:requests() - before
  end

  it('are not needed for conditions that hold at once: they cost no write of their own', function()
    for _, wait in ipairs { "any { { from = '00:00' } }", "wait_until { from = '00:00' }",
      "within('1h', { from = '00:00' })" } do
      local more = requests_of('    for _ = 1, 100 do rollout:' .. wait .. ' end') - requests_of ''
      assert.is_true(more < 10, wait .. ': ' .. more)
    end
  end)

  it('are not needed for waits: each is one write', function()
    local more = requests_of "    for _ = 1, 30 do rollout:wait '1s' end" - requests_of ''
    assert.is_true(more >= 30 and more < 60, tostring(more))
  end)
end)

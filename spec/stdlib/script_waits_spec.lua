--- The words of a Strategy that wait, over a fake host that dies at every point.
local World = require 'spec.fake_host'
local killing = require 'spec.killing'

describe('stdlib.script_waits', function()
  after_each(World.prove_closed)

  local WEBHOOKS = {
    { name = 'go', type = 'confirm-promotion' },
    { name = 'approval', type = 'script' },
    { name = 'back', type = 'rollback' },
  }

  --- A world whose Strategy says this and is promoted after it. `later`: what happens meanwhile, by seconds.
  local function make(script, options)
    options = options or {}
    return function()
      local world = { scripted = true, version = options.version, answers = { back = 'no' },
        analysis = { interval = '10s', webhooks = WEBHOOKS, threshold = 3, metrics = {
          { name = 'load', query = 'load', thresholdRange = { max = 5 } } } } }
      for name, answer in pairs(options.answers or {}) do
        world.answers[name] = answer
      end
      world.measures = options.measures or { any = 1 }
      world.run_words = function(rollout)
        rollout:begin()
        script(rollout)
        rollout:shift(50)
        rollout:promote()
      end
      world = World.new(world)
      for seconds, others in pairs(options.others or {}) do
        world:at(seconds * 1000, function(one_of_them)
          one_of_them.others = others
        end)
      end
      return world
    end
  end

  --- What the words of the script gave, and when, the same wherever its engine dies: '45 approved'.
  local function plays(script, options)
    local one = make(function(rollout)
      script(rollout, function(value)
        rollout:event(('given %d %s'):format(rollout:elapsed(), tostring(value)))
      end)
    end, options)
    local world = one():run()
    killing.once(one)
    if options and options.thorough then
      killing.twice(one, 5)
      killing.script_at_every_call(one)
    end
    local given = {}
    for i, line in ipairs(world:lines { only = '^Normal: given' }) do
      given[i] = line:match 'given (.*)'
    end
    return given, world
  end

  local function opens_at(seconds)
    return function(world)
      return world:seconds() < seconds and 'closed' or nil
    end
  end

  --- A load that is too high from that second on.
  local function high_from(seconds)
    return { load = function(world)
      return world:seconds() < seconds and 1 or 9
    end, any = 1 }
  end

  describe('wait', function()
    it('is ended by a rollback hook, which is asked once per interval', function()
      local one = make(function(rollout)
        rollout:wait '2m'
      end, { answers = { back = opens_at(35) } })
      local world = one():run()
      assert.equal('Failed', world.state)
      assert.same({ 'back', 'back', 'back', 'back' }, world.asked)
      assert.equal(1, #world:lines { only = 'Rolling back podinfo.test manual webhook invoked' })
      killing.once(one)
    end)

    it('looks no sooner than at its end where nothing asks it to', function()
      local world = make(function(rollout)
        rollout:wait '720h'
      end)()
      world.spec.analysis.webhooks = nil
      world:run(31 * 24 * 3600 * 1000)
      assert.equal('Succeeded', world.state)
      local looks = 0
      for _, word in ipairs(world.journal:words()) do
        looks = looks + (word:find '^look' and 1 or 0)
      end
      assert.equal(2, looks)
    end)
  end)

  describe('wait_until', function()
    it('waits for its hours', function()
      assert.same({ '400 true' }, (plays(function(rollout, note)
        note(rollout:wait_until { from = '22:20', to = '23:00' }) -- the world begins at 22:13:20
      end)))
    end)

    it('gives up when its time is over', function()
      assert.same({ '30 false', '45 false', '60 false' }, (plays(function(rollout, note)
        note(rollout:wait_until({ from = '23:20' }, { timeout = '30s' }))
        note(rollout:wait_until { from = '23:20', timeout = '15s' })
        note(rollout:wait_until({ gate = 'approval' }, { timeout = '15s' }))
      end, { answers = { approval = 'closed' } })))
    end)

    it('sees another canary come at once', function()
      local given, world = plays(function(rollout, note)
        note(rollout:wait_until { canary = 'other', phase = 'Succeeded', timeout = '5m' })
      end, { others = { [65] = { other = 'Succeeded' } } })
      assert.same({ '65 true' }, given)
      assert.is_true(#world.asked > 0) -- the rollback hook
    end)

    it('waits for another canary no longer than a month', function()
      local world = make(function(rollout)
        rollout:event(tostring(rollout:wait_until { canary = 'other', phase = 'Succeeded' }))
      end)()
      world.spec.analysis.webhooks = nil
      world:run(31 * 24 * 3600 * 1000)
      assert.equal(1, #world:lines { only = '^Normal: false' })
    end)
  end)

  describe('any', function()
    it('says what came first', function()
      assert.same({ '30 approved', '50 trouble', '60 3' }, (plays(function(rollout, note)
        note(rollout:any { approved = { gate = 'approval' }, hours = { from = '23:20' }, late = '1h' })
        note(rollout:any { trouble = { check = 'load', verdict = 'fail' }, late = '1h' })
        note(rollout:any { { canary = 'other', phase = 'Failed' }, '1h', '10s' })
      end, { answers = { approval = opens_at(25) }, measures = high_from(45), thorough = true })))
    end)

    it('looks in order: those of a list, then names', function()
      assert.same({ '0 1', '0 a', '0 2' }, (plays(function(rollout, note)
        note(rollout:any { a = { from = '22:00' }, { from = '22:00' } })
        note(rollout:any { b = { from = '22:00' }, a = { from = '22:00' }, c = '1h' })
        note(rollout:any { '1h', { all = { { from = '22:00' }, { gate = 'go' } } }, '2h' })
      end)))
    end)

    it('asks its gates once per interval, and wakes for the time in between', function()
      local _, world = plays(function(rollout, note)
        note(rollout:any { { gate = 'confirm-promotion' }, '35s' })
      end, { answers = { go = 'closed' } })
      local asked = {}
      for _, name in ipairs(world.asked) do
        asked[name] = (asked[name] or 0) + 1
      end
      assert.equal(5, asked.go) -- at 0, 10, 20, 30 and 35 s
    end)

    it('is ended by a rollback hook', function()
      local one = make(function(rollout)
        rollout:any { { canary = 'other', phase = 'Failed' }, { gate = 'approval' } }
      end, { answers = { back = opens_at(35), approval = 'closed' } })
      assert.equal('Failed', one():run().state)
      killing.once(one)
    end)
  end)

  describe('all', function()
    it('waits until they hold at the same moment', function()
      assert.same({ '400 true' }, (plays(function(rollout, note)
        note(rollout:all { { canary = 'other', phase = 'Succeeded' }, { from = '22:20' } })
      end, { others = { [30] = { other = 'Succeeded' } } })))
      assert.same({ '500 true' }, (plays(function(rollout, note)
        note(rollout:all { { from = '22:20' }, { canary = 'other', phase = 'Succeeded' } })
      end, { others = { [30] = { other = 'Succeeded' }, [100] = { other = 'Progressing' },
        [500] = { other = 'Succeeded' } }, thorough = true })))
    end)

    it('joins times, gates and checks', function()
      assert.same({ '50 true' }, (plays(function(rollout, note)
        note(rollout:all { quiet = '15s', yes = { gate = 'approval' }, high = { check = 'load', verdict = 'fail' } })
      end, { answers = { approval = opens_at(25) }, measures = high_from(45) })))
    end)
  end)

  describe('within', function()
    it('gives what its condition gives, or nil when the time is over', function()
      assert.same({ '30 true', '45 nil', '50 low', '60 true', '70 nil' }, (plays(function(rollout, note)
        note(rollout:within('1h', { gate = 'approval' }))
        note(rollout:within('15s', { canary = 'other', phase = 'Succeeded' }))
        note(rollout:within('1h', { any = { high = { check = 'load', params = { max = 100 }, verdict = 'fail' },
          low = { all = { '5s', { check = 'load', verdict = 'fail' } } } } }))
        note(rollout:within('10s', '10s'))
        note(rollout:within('10s', '11s'))
      end, { answers = { approval = opens_at(25) }, measures = high_from(45) })))
    end)
  end)

  it('says what it waits for', function()
    local texts = {}
    local world = make(function(rollout)
      rollout:wait '40s'
      rollout:any { { gate = 'approval' }, { canary = 'other', phase = 'Failed' } }
      rollout:within('1h', { all = { { gate = 'approval' }, { check = 'load', verdict = 'fail' } } })
    end, { answers = { approval = opens_at(45) }, measures = high_from(75) })():run()
    for _, word in ipairs(world.journal:words()) do
      local text = word:match '^look.-"message":"(.-)"'
      if text ~= texts[#texts] then
        texts[#texts + 1] = text
      end
    end
    assert.same({
      'podinfo.test waits until 2023-11-14T22:14:00Z, as its strategy says',
      'podinfo.test waits until gate approval is open or canary other.test is Failed, as its strategy says',
      'podinfo.test waits until check load says fail, at the longest until 2023-11-14T23:14:10Z, as its strategy says',
    }, texts)
  end)

  for problem, say in pairs {
    ['any: a list of conditions is wanted, got nil'] = function(rollout) rollout:any() end,
    ['any: a list of 1 to 20 conditions is wanted, got 0'] = function(rollout) rollout:any {} end,
    ['any: names of at most 100 bytes, or a list without holes, are wanted, got the key xxx'] = function(rollout)
      rollout:any { [('x'):rep(101)] = '1h' }
    end,
    ['any: names of at most 100 bytes, or a list without holes, are wanted, got the key 3'] = function(rollout)
      rollout:any { '1h', [3] = '2h' }
    end,
    ['all: [2]: a condition like \'10m\', { gate = \'approval\' }'] = function(rollout) rollout:all { '1h', 5 } end,
    ['all: soon: a duration like \'90s\' or \'1h30m\' is wanted, got \'x\''] = function(rollout)
      rollout:all { soon = 'x' }
    end,
    ['any: a: there is no option "phases", known are phase, canary'] = function(rollout)
      rollout:any { a = { canary = 'b', phases = 'c' } }
    end,
    ['any: [1]: phase: one of Initialized, Waiting,'] = function(rollout) rollout:any { { canary = 'b' } } end,
    ['any: [1]: canary: the name of a Canary of this namespace is wanted, got nil'] = function(rollout)
      rollout:any { { phase = 'Failed' } }
    end,
    ['any: [1]: verdict: one of pass, fail, blind is wanted, got \'bad\''] = function(rollout)
      rollout:any { { check = 'load', verdict = 'bad' } }
    end,
    ['any: there is no metric or check "speed", known are'] = function(rollout) rollout:any { { check = 'speed' } } end,
    ['any: the Canary declares no webhook "slack"'] = function(rollout) rollout:any { { gate = 'slack' } } end,
    ['any: [1]: there is no gate "confirm-rollout"'] = function(rollout)
      rollout:any { { gate = 'confirm-rollout' } }
    end,
    ['any: [1]: one condition is wanted, got a list: { any = … } and { all = … } join several'] = function(rollout)
      rollout:any { { '1h', '2h' } }
    end,
    ['any: [1]: all: b: from: a time of day like \'08:00\' is wanted, got 8'] = function(rollout)
      rollout:any { { all = { b = { from = 8 } } } }
    end,
    ['within: a duration like \'90s\' or \'1h30m\' is wanted, got nil'] = function(rollout) rollout:within() end,
    ['within: a condition like'] = function(rollout) rollout:within '1h' end,
    ['wait_until: there is no time zone "Mars"'] = function(rollout) rollout:wait_until { zone = 'Mars' } end,
    ['wait_until: timeout: a duration like'] = function(rollout)
      rollout:wait_until({ gate = 'go' }, { timeout = 5 })
    end,
  } do
    it('raises: ' .. problem, function()
      local _, text = pcall(function()
        make(say)():run()
      end)
      assert.matches('script_waits_spec.lua:%d+: rollout:', text)
      assert.matches('rollout:' .. problem, text, 1, true)
    end)
  end

  it('goes as deep as four', function()
    local deep = '1h'
    for _ = 1, 4 do
      deep = { any = { deep } }
    end
    local _, text = pcall(function()
      make(function(rollout)
        rollout:any { deep }
      end)():run()
    end)
    assert.matches('conditions go 4 deep at most', text, 1, true)
  end)

  describe('of a release that began with words of version 1', function()
    it('are one operation each, and the same after every death', function()
      local given, world = plays(function(rollout, note)
        rollout:wait '25s'
        note(rollout:wait_until { from = '22:14', to = '23:00' })
        note(rollout:wait_until { canary = 'other', phase = 'Succeeded', timeout = '20s' })
      end, { version = 1, thorough = true })
      assert.same({ '40 true', '60 false' }, given)
      local calls = {}
      for _, call in ipairs(world.calls) do
        calls[call] = (calls[call] or 0) + 1
      end
      assert.same({ 3, nil, nil }, { calls.sleep, calls.await, calls.phase })
      assert.same({ 'wait {"ms":25000} {"done":true}' }, { world.journal:words()[3] })
    end)

    it('wait for nothing that those did not know', function()
      local _, text = pcall(function()
        make(function(rollout)
          rollout:wait_until { gate = 'approval' }
        end, { version = 1 })():run()
      end)
      assert.matches('rollout:wait_until: hours, or another Canary, are wanted', text, 1, true)
    end)
  end)
end)

--- The words of a Strategy, over a fake host that dies at every point.
local World = require 'spec.fake_host'
local killing = require 'spec.killing'

describe('stdlib.script_words', function()
  after_each(World.prove_closed)

  local WEBHOOKS = {
    { name = 'go', type = 'confirm-promotion' },
    { name = 'approval', type = 'script' },
    { name = 'tell', type = 'script' },
    { name = 'risk', type = 'script' },
    { name = 'back', type = 'rollback' },
  }

  --- A world whose Strategy says this; it is promoted after it.
  local function make(script, options)
    return function()
      local world = { scripted = true, analysis = { interval = '10s', webhooks = WEBHOOKS, threshold = 3 } }
      for name, value in pairs(options or {}) do
        world[name] = value
      end
      world.answers = { back = 'no' }
      for name, answer in pairs(options and options.answers or {}) do
        world.answers[name] = answer
      end
      world.run_words = function(rollout)
        rollout:begin()
        script(rollout)
        rollout:shift(50)
        rollout:promote()
      end
      return World.new(world)
    end
  end

  local function opens_at(seconds)
    return function(world)
      return world:seconds() < seconds and 'closed' or nil
    end
  end

  local function play(script, options)
    return make(script, options)():run()
  end

  local function told(world, text)
    return #world:lines { only = text } > 0
  end

  describe('analyse', function()
    it('lasts as long as it says, also over equal rounds that are kept once', function()
      local one = make(function(rollout)
        rollout:analyse { lasting = '75s' }
      end)
      local world = one():run()
      assert.same({ '80s route 50/50' }, world:lines { times = true, only = '^route 50' })
      killing.once(one)
    end)
  end)

  describe('wait', function()
    it('is ended by a rollback hook, which is asked once per interval', function()
      local one = make(function(rollout)
        rollout:wait '10m'
      end, { answers = { back = opens_at(35) } })
      local world = one():run()
      assert.equal('Failed', world.state)
      assert.same({ 'back', 'back', 'back', 'back' }, world.asked)
      assert.is_true(told(world, 'Rolling back podinfo.test manual webhook invoked'))
      killing.once(one)
    end)
  end)

  describe('wait_until', function()
    it('waits for its hours', function()
      local came
      local one = make(function(rollout)
        came = rollout:wait_until { from = '22:20', to = '23:00' } -- the world begins at 22:13:20
      end)
      local world = one():run()
      assert.is_true(came)
      assert.same({ '400s Normal: Starting canary analysis for podinfo.test' },
        world:lines { times = true, only = 'Starting' })
      killing.once(one)
    end)

    it('gives up when its time is over', function()
      local came
      local one = make(function(rollout)
        came = rollout:wait_until({ from = '23:20' }, { timeout = '30s' })
      end)
      one():run()
      assert.is_false(came)
      killing.once(one)
    end)

    it('sees another canary come', function()
      local came
      local function one()
        local world = make(function(rollout)
          came = rollout:wait_until { canary = 'other', phase = 'Succeeded', timeout = '5m' }
        end)()
        world:at(65000, function()
          world.others = { other = 'Succeeded' }
        end)
        return world
      end
      one():run()
      assert.is_true(came)
      killing.once(one)
    end)
  end)

  describe('gate', function()
    for name, case in pairs {
      ['go'] = { open = 'Confirm%-promotion check go passed', gate = 'confirm-promotion' },
      ['approval'] = { open = 'Gate approval of podinfo.test is open', gate = 'approval' },
    } do
      it('waits until ' .. name .. ' says yes, and runs rounds meanwhile', function()
        local open
        local one = make(function(rollout)
          open = rollout:gate(case.gate, { timeout = '10m' })
        end, { answers = { [name] = opens_at(45) } })
        local world = one():run()
        assert.is_true(open)
        assert.is_true(told(world, case.open))
        assert.equal(1, #world:lines { only = 'Halt podinfo.test advancement waiting' })
        killing.once(one)
      end)

      it('says that ' .. name .. ' did not open in time', function()
        local open
        local one = make(function(rollout)
          open = rollout:gate(case.gate, { timeout = '35s' })
        end, { answers = { [name] = opens_at(3600) } })
        one():run()
        assert.is_false(open)
        killing.once(one)
      end)
    end

    it('takes the release back when nobody opens it, if told so', function()
      local one = make(function(rollout)
        rollout:gate('approval', { timeout = '35s', otherwise = 'rollback' })
      end, { answers = { approval = 'no' } })
      local world = one():run()
      assert.equal('Failed', world.state)
      assert.is_true(told(world, 'Rolling back podinfo.test gate approval did not open in time'))
      killing.once(one)
    end)
  end)

  describe('hook', function()
    it('tells one webhook, once, with data', function()
      local ok, cause, data
      local one = make(function(rollout)
        ok, cause = rollout:hook('tell', { stage = 'insiders' })
      end, { answers = { tell = function(_, call)
        data = call.data
      end } })
      local world = one():run()
      assert.is_true(ok)
      assert.is_nil(cause)
      assert.same({ stage = 'insiders' }, data)
      assert.same({ 'hook script tell (Progressing)' }, world:lines { only = '^hook' })
      killing.once(one)
      killing.twice(one, 3)
    end)

    it('gives the cause of a failure', function()
      local ok, cause
      play(function(rollout)
        ok, cause = rollout:hook 'tell'
      end, { answers = { tell = 'refused' } })
      assert.is_false(ok)
      assert.equal('refused', cause)
    end)

    it('reaches no webhook that the Canary does not declare', function()
      local ok, problem = pcall(play, function(rollout)
        rollout:hook 'slack'
      end)
      assert.is_false(ok)
      assert.matches('script_words_spec.lua:%d+: rollout:hook: the Canary declares no webhook "slack"', problem)
    end)
  end)

  describe('fetch', function()
    it('gives the answer, and what it says', function()
      local body, risk
      local one = make(function(rollout)
        body, risk = rollout:fetch('risk', { version = 'r2' })
        if risk.level == 'high' then
          rollout:rollback('the risk is ' .. risk.level)
        end
      end, { answers = { risk = function()
        return { body = '{"level":"high"}', json = { level = 'high' } }
      end } })
      local world = one():run()
      assert.equal('{"level":"high"}', body)
      assert.equal('Failed', world.state)
      assert.is_true(told(world, 'Warning: Rolling back podinfo.test the risk is high'))
      killing.once(one)
    end)

    it('gives the cause where there is none', function()
      local body, cause
      play(function(rollout)
        body, cause = rollout:fetch 'risk'
      end, { answers = { risk = 'no route' } })
      assert.is_nil(body)
      assert.equal('no route', cause)
    end)
  end)

  describe('facts', function()
    it('are on record as they were told', function()
      local facts
      local one = make(function(rollout)
        rollout:wait '25s'
        rollout:shift(10)
        facts = { rollout:now(), rollout:elapsed(), rollout:weights(), rollout:revision(), rollout:replicas 'canary',
          rollout:random(), rollout:history(3) }
        rollout:event(('%d %d %s %d'):format(facts[1], facts[2], facts[4], facts[3].canary))
      end, { history = { { number = 4, outcome = 'Failed', revision = 'r1', began = 1699999999999 } } })
      one():run()
      assert.same({ 1700000025, 25, { primary = 90, canary = 10, mirrored = false }, 'r2', 2, 0.5,
        { { number = 4, outcome = 'Failed', revision = 'r1', began = 1699999999 } } }, facts)
      killing.once(one)
    end)

    it('say why the routes cannot be read', function()
      local weights, cause
      play(function(rollout)
        rollout:analyse { rounds = 1 }
        weights, cause = rollout:weights()
      end)
      assert.same({ primary = 100, canary = 0, mirrored = false }, weights)
      assert.is_nil(cause)
    end)
  end)
end)

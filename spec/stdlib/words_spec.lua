local World = require 'spec.fake_host'

describe('stdlib.words', function()
  after_each(World.prove_closed)

  --- Runs `script(rollout, world)` as a strategy does, over the words, until it has said all.
  local function play(script, options)
    local world
    options = options or {}
    options.run_words = function(rollout)
      script(rollout, world)
      world:call('finish', { skipped = false })
    end
    world = World.new(options)
    return world:run()
  end

  local function refused(problem, f, ...)
    local ok, text = pcall(f, ...)
    assert.is_false(ok)
    assert.matches('words_spec.lua:%d+: ', text)
    assert.matches(problem, text, 1, true)
  end

  local WORDS = {
    bundled = { 'begin', 'iterate', 'iterate_matched', 'next_weight', 'open', 'promote', 'rounds', 'shift', 'switch' },
    scripted = { 'analyse', 'begin', 'check', 'elapsed', 'event', 'fetch', 'gate', 'history', 'hook', 'log',
      'match', 'mirror', 'next_weight', 'now', 'open', 'promote', 'query', 'random', 'replicas', 'revision', 'rollback',
      'rounds', 'shift', 'wait', 'wait_until', 'weights' },
  }

  for class, names in pairs(WORDS) do
    it('are all that a ' .. class .. ' strategy reaches', function()
      play(function(rollout)
        for _, name in ipairs { 'word', 'act', 'round_word', 'later', 'take_pending', 'tick', 'next_round', 'spec',
          'pending', 'round', 'committed', 'opened', 'since', 'new', 'words', 'order_share', 'is_first' } do
          refused('rollout: there is no word "' .. name .. '", known are ', function()
            return nil, rollout[name]
          end)
        end
        for _, word in ipairs(names) do
          assert.equal('function', type(rollout[word]))
        end
        assert.is_nil(next(rollout))
      end, { scripted = class == 'scripted' })
    end)
  end

  it('of a subject are all that its file has', function()
    play(function(_, world)
      local class = world:require 'stdlib.script_words'
      local said = {}
      for word, row in pairs(class.words) do
        if type(row) == 'table' then
          assert.equal('function', type(row.words[word]), word)
          assert.equal('function', type(row.methods[word]), word)
          said[word] = true
        end
      end
      for _, subject in ipairs { 'asking', 'checks', 'facts', 'routing', 'waits' } do
        for word in pairs(world:require('stdlib.script_' .. subject).words) do
          assert.is_true(said[word], word)
        end
      end
    end, { scripted = true })
  end)

  it('are named, the nearest first, where there is no such word', function()
    play(function(rollout)
      rollout:begin()
      refused('rollout: there is no word "shfit", known are shift, ', function()
        rollout:shfit(10)
      end)
    end)
  end)

  it('cannot be changed', function()
    play(function(rollout)
      refused('rollout: its words cannot be changed', function()
        rollout.shift = print
      end)
      assert.is_false(getmetatable(rollout))
      assert.is_false(pcall(setmetatable, rollout, {}))
      rollout:begin()
    end)
  end)

  it('begin with begin', function()
    play(function(rollout)
      refused('rollout:shift: begin() comes first', function()
        rollout:shift(10)
      end)
      refused('rollout:promote: begin() comes first', function()
        rollout:promote()
      end)
      refused('rollout:rounds: begin() comes first', function()
        rollout:rounds()
      end)
    end)
  end)

  for name, case in pairs {
    ['a duration without a unit'] = { 'wait', '10',
      "rollout:wait: a duration like '90s' or '1h30m' is wanted, got '10'" },
    ['a number'] = { 'wait', 10, "rollout:wait: a duration like '90s' or '1h30m' is wanted, got 10" },
    ['no time'] = { 'wait', '0s', 'rollout:wait: from 1s to 720h are wanted, got 0s' },
    ['a month and more'] = { 'wait', '721h', 'rollout:wait: from 1s to 720h are wanted, got 721h' },
    ['half a round'] = { 'analyse', { rounds = 0.5 },
      'rollout:analyse: rounds: a whole number from 1 on is wanted, got 0.5' },
    ['nothing to analyse'] = { 'analyse', {}, 'rollout:analyse: rounds or lasting is wanted' },
    ['an unknown option'] = { 'analyse', { round = 1 },
      'rollout:analyse: there is no option "round", known are rounds, ' },
    ['an analysis of unknown length'] = { 'analyse', { lasting = 'long' },
      "rollout:analyse: lasting: a duration like '90s' or '1h30m' is wanted, got 'long'" },
    ['hours of an unknown day'] = { 'wait_until', { weekdays = 'Mo' },
      "rollout:wait_until: weekdays: days like 'Mon-Fri' or 'Sat,Sun' are wanted, got 'Mo'" },
    ['hours with an unknown field'] = { 'wait_until', { form = '08:00' },
      'rollout:wait_until: there is no option "form", known are from, to, ' },
    ['a condition without a phase'] = { 'wait_until', { canary = 'other' },
      'rollout:wait_until: phase: one of Initialized, Waiting, Progressing, WaitingPromotion, Promoting, Finalising, '
      .. 'Succeeded, Failed is wanted, got nil' },
    ['a phase of nobody'] = { 'wait_until', { phase = 'Failed' },
      'rollout:wait_until: canary: the name of a Canary of this namespace is wanted, got nil' },
    ['a timeout that is none'] = { 'wait_until', { timeout = 5 },
      "rollout:wait_until: timeout: a duration like '90s' or '1h30m' is wanted, got 5" },
    ['a text for hours'] = { 'wait_until', '08:00',
      "rollout:wait_until: a duration like '90s' or '1h30m' is wanted, got '08:00'" },
    ['a side of nothing'] = { 'replicas', 'left',
      "rollout:replicas: side: one of primary, canary is wanted, got 'left'" },
    ['too much history'] = { 'history', 11, 'rollout:history: count: a whole number from 1 to 10 is wanted, got 11' },
    ['no webhook'] = { 'hook', nil, 'rollout:hook: the name of a webhook of the Canary is wanted, got nil' },
    ['no reason'] = { 'rollback', nil, 'rollout:rollback: a text of 1 to 1000 bytes is wanted, got nil' },
    ['a gate of begin'] = { 'gate', 'confirm-rollout', 'rollout:gate: there is no gate "confirm-rollout", known are ' },
    ['a match by nothing'] = { 'match', {},
      'rollout:match: rules[1]: a table with headers, queryParams or cookies is wanted, got a table' },
    ['a match by a field of another mesh'] = { 'match', { header = { a = 'b' } },
      'rollout:match: rules[1]: there is no field "header", known are headers, queryParams, cookies' },
    ['a match by a suffix'] = { 'match', { headers = { a = { suffix = 'b' } } },
      'rollout:match: rules[1].headers.a: a text, or one of { exact = … }, { prefix = … } and { regex = … } is '
      .. 'wanted, got a table of 1 fields' },
    ['a match by two cookies'] = { 'match', { cookies = { a = 'b', c = 'd' } },
      'rollout:match: rules[1].cookies: one cookie in a rule is wanted, got several' },
    ['a match by a header in upper case'] = { 'match', { headers = { ['X-Ring'] = 'b' } },
      "rollout:match: rules[1].headers: names in lower case are wanted, got 'X-Ring'" },
    ['a mirror of nothing'] = { 'mirror', 0,
      'rollout:mirror: share: a whole number from 1 to 100 is wanted, got 0' },
    ['no text'] = { 'event', '', 'rollout:event: a text of 1 to 1000 bytes is wanted, got 0 bytes' },
    ['a table for a text'] = { 'log', {}, 'rollout:log: a text of 1 to 1000 bytes is wanted, got a table' },
  } do
    it('refuse ' .. name, function()
      play(function(rollout)
        rollout:begin()
        refused(case[3], function()
          rollout[case[1]](rollout, case[2])
        end)
      end, { scripted = true })
    end)
  end

  it('promote nothing before a round has passed', function()
    local world = play(function(rollout)
      rollout:begin()
      refused('rollout:promote: no round has passed yet', function()
        rollout:promote()
      end)
    end)
    assert.equal('r1', world.primary_revision)
  end)

  it('go by the round that passed, not by what a strategy makes of it', function()
    local world = play(function(rollout)
      rollout:begin()
      local round = rollout:rounds()()
      round.next_weight, round.mirrors = 100, true
      assert.equal(20, rollout:next_weight(round))
      refused('rollout:iterate: round: the one that rounds() gave last is wanted', function()
        rollout:iterate { iterations = -5, total = 3 }
      end)
      round.iterations = -5
      rollout:iterate(round)
    end, { analysis = { stepWeight = 20 } })
    assert.equal(1, world.status.iterations)
  end)

  it('want a colon', function()
    play(function(rollout)
      refused('rollout:begin: a colon is wanted: rollout:begin(…)', function()
        rollout.begin()
      end)
    end)
  end)

  it('say nothing more after one that raised', function()
    local world = World.new {
      strategy_fails = true,
      run_words = function(rollout)
        pcall(rollout.begin, rollout)
        rollout:shift(50)
      end,
      fail = function()
        error 'planted'
      end,
    }
    refused('rollout:shift: the word begin has not come to an end', world.run, world)
  end)

  it('refuse a gate that does not exist', function()
    play(function(rollout)
      rollout:begin()
      refused('rollout:open: there is no gate "confirm-lunch", known are confirm-promotion', function()
        rollout:open 'confirm-lunch'
      end)
    end)
  end)

  for came, weight in pairs { ['-1'] = -1, ['101'] = 101, ['1.5'] = 1.5, ["'10'"] = '10', ['false'] = false } do
    it('refuse to shift to ' .. came, function()
      local world = play(function(rollout)
        rollout:begin()
        refused('rollout:shift: weight: a whole number from 0 to 100 is wanted, got ' .. came, function()
          rollout:shift(weight)
        end)
      end)
      assert.same({}, world:lines { only = '^route' })
    end)
  end
end)

--- What many releases come to, and how a release is told.
local moments = require 'tool.record.moment'
local score = require 'tool.backtest.score'
local stages = require 'tool.backtest.stages'
local telling = require 'tool.backtest.telling'
local verdicts = require 'tool.record.verdict'

local MINUTE = 60000

describe('an outcome', function()
  local function of(decision, ...)
    local checks = {}
    for i, verdict in ipairs { ... } do
      checks[i] = { verdict = verdict }
    end
    return score.outcome { decision = decision, checks = checks }
  end

  it('is held blind when nothing failed', function()
    assert.equal('promoted', of('promoted', 'pass', 'blind'))
    assert.equal('taken back', of('taken back', 'blind', 'fail'))
    assert.equal('held blind', of('taken back', 'pass', 'blind', 'blind'))
    assert.equal('held blind', of('undecided', 'pass', 'blind'))
    assert.equal('undecided', of('undecided', 'blind', 'pass'))
    assert.equal('taken back', of('taken back')) -- not by a check
    assert.equal('held blind', score.outcome { decision = 'undecided', checks = {}, waits = 'CheckBlind' })
    assert.equal('undecided', score.outcome { decision = 'undecided', checks = {}, waits = 'GateClosed' })
  end)
end)

describe('a score', function()
  local function release(at, lasted, outcome)
    return { at = at * MINUTE, lasted = lasted * MINUTE, outcome = outcome }
  end

  it('knows good from bad', function()
    local list = { release(0, 10, 'promoted'), release(60, 5, 'taken back'), release(120, 10, 'promoted'),
      release(180, 6, 'taken back'), release(240, 10, 'held blind'), release(300, 10, 'promoted') }
    local one = score.of(list, { { from = 125 * MINUTE, to = 128 * MINUTE }, { from = 170 * MINUTE,
      to = 200 * MINUTE }, { from = 280 * MINUTE, to = 290 * MINUTE } })
    assert.same({ 3, 2, 1, 4, 1 },
      { one.promoted, one.taken_back, one.held_blind, one.good, one.false_alarms })
    assert.same({ 1, 2, 6 * MINUTE }, { score.seen(one) }) -- the last span had no release
  end)

  it('counts from when both had begun', function()
    local one = score.of({ release(0, 30, 'taken back') }, { { from = 20 * MINUTE, to = 40 * MINUTE } })
    assert.equal(10 * MINUTE, one.bad[1].after)
  end)

  it('does not take what was before for seen', function()
    local one = score.of({ release(0, 10, 'taken back') }, { { from = 11 * MINUTE, to = 40 * MINUTE } })
    assert.same({ 0, 0 }, { score.seen(one) })
    assert.equal(1, one.false_alarms)
  end)
end)

describe('texts', function()
  it('are short', function()
    for ms, text in pairs { [0] = '0s', [59000] = '59s', [131000] = '2m 11s', [7500000] = '2h 05m',
      [200 * 3600000] = '8d 8h' } do
      assert.equal(text, moments.duration(ms))
    end
    assert.equal(' 71:05', telling.clock(4265000))
    assert.equal('15:02:03', telling.clock(54123000))
    for number, text in pairs { [99] = '99', [0.5] = '0.5', [99.126] = '99.13', [100] = '100', [1200] = '1200',
      [-2.1] = '-2.1', [0] = '0' } do
      assert.equal(text, verdicts.number(number))
    end
  end)

  it('tell a check with its margin', function()
    assert.equal('success 96.1 %, at least 99 wanted, short by 2.9',
      verdicts.measured { metric = 'success', value = 96.1, unit = '%', min = 99, margin = -2.9 })
    assert.equal('duration 48, at most 500 wanted, margin 452',
      verdicts.measured { metric = 'duration', value = 48, max = 500, margin = 452 })
    assert.equal('load 3, 1 to 4 wanted, margin 1', verdicts.measured { metric = 'load', value = 3, min = 1, max = 4,
      margin = 1 })
    assert.equal('load: no data', verdicts.measured { metric = 'load', cause = 'no data' })
    assert.equal('duration 826 ms, at most 500 wanted, over by 326',
      verdicts.measured { metric = 'duration', value = 826, unit = 'ms', max = 500, margin = -326 })
    assert.equal('errors: 1 of 5 failed; 48 more are needed', verdicts.measured { metric = 'errors', verdict = 'blind',
      problem = '1 of 5 failed; 48 more are needed', reason = 'Halt web.shop advancement errors is blind: 1 of 5' })
    assert.equal('errors 3, at most 9 wanted, margin 6 (3 of 22 failed)', verdicts.measured { metric = 'errors',
      value = 3, max = 9, margin = 6, text = '3 of 22 failed' })
    assert.equal('errors 3, at most 2 wanted, over by 1 (3 of 22 failed)', verdicts.measured { metric = 'errors',
      value = 3, max = 2, margin = -1, text = '3 of 22 failed, at most 2 wanted' })
  end)
end)

describe('stages', function()
  it('have the checks and hooks of their time', function()
    local gate = { name = 'yes', type = 'confirm-promotion', url = 'http://x' }
    local test = { name = 'test', type = 'pre-rollout', url = 'http://x' }
    local list = stages.of({
      began = 0, ended = 300000, steps = { { at = 0, weight = 0 }, { at = 60000, weight = 10 } },
      words = { { at = 0, word = 'begin', result = {} }, { at = 60000, word = 'round', result = {} },
        { at = 60000, word = 'shift', result = { step = { canary = 10 } } },
        { at = 120000, word = 'round', result = {}, count = 20 },
        { at = 120000, word = 'copy', result = {} } },
      checks = { { at = 120000, metric = 'success' }, { at = 120000, metric = 'success' } },
      hooks = { { at = 60000, name = 'test', type = 'pre-rollout' },
        { at = 120000, name = 'yes', type = 'confirm-promotion' } },
    }, { hooks = { gate, test } })
    assert.same({ { at = 0, what = 'scale up', lasts = 60000, checks = {}, hooks = { test }, rounds = 1 },
      { at = 60000, what = '10 %', lasts = 60000, checks = { 'success' }, hooks = {}, rounds = 20 },
      { at = 120000, what = 'promote', lasts = 180000, checks = {}, hooks = { gate }, rounds = 0 } }, list)
  end)
end)

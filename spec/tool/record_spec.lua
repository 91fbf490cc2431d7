--- What `sluice why` tells of a Release: from its record alone, whoever wrote it, and whatever has become of it.
local again = require 'tool.record.again'
local moments = require 'tool.record.moment'
local read = require 'tool.record.read'
local word_text = require('tool.record.said').text
local story = require 'tool.record.story'
local text = require 'tool.record.text'
local verdicts = require 'tool.record.verdict'
local why = require 'tool.record.why'

local SHIFT = { done = true, step = { canary = 10, mirrored = false } }

--- Milliseconds since 1970, so many seconds after 10:00.
local function at_ms(seconds)
  return moments.parse '2026-11-29T10:00:00Z' + seconds * 1000
end

local function at(seconds)
  return ('2026-11-29T10:%02d:%02dZ'):format(math.floor(seconds / 60), seconds % 60)
end

local function entry(word, seconds, result)
  return { w = word, a = '5465b825', t = at_ms(seconds), r = result or { done = true } }
end

local function rate(seconds, value, failed)
  return { at = at(seconds), metric = 'success', verdict = failed and 'fail' or 'pass', value = value, min = 99,
    unit = '%', margin = value - 99, failed = failed, threshold = failed and 2 or nil, round = seconds / 60,
    weight = 10, where = 'strategies/canary.lua:9', query = 'up', server = 'http://prom', samples = 40 }
end

--- A release that was taken back, with these fields of its status in place of its own.
local function release(status)
  local evidence = { rate(60, 99.5), rate(120, 97.25, 1), rate(180, 96.1, 2) }
  local own = {
    state = 'Failed', started = at(0), ended = at(242), decided = '2026-11-29T10:04:00.500Z', drainedAfterMs = 1900,
    weight = 10, failedChecks = 2, threshold = 2, images = { from = 'shop:2.4.1', to = 'shop:2.4.2' },
    startedBy = { manager = 'kubectl-set', at = '2026-11-29T09:59:58Z' }, endedBy = { kind = 'threshold' },
    reason = 'failed checks reached the threshold', evidence = evidence,
    entries = { entry('start', 0), entry('begin', 0), entry('round', 30), entry('shift', 30, SHIFT), entry('round', 60),
      entry('round', 120) },
  }
  for field, value in pairs(status or {}) do
    own[field] = value
  end
  return { apiVersion = 'sluice.dev/v1alpha1', kind = 'Release', metadata = { name = 'shop-7', namespace = 'test' },
    spec = { canary = 'shop', strategy = 'canary', revision = 'r' }, status = own }
end

local function lines(object, columns)
  return text.lines(assert(story.story_of(object)), columns)
end

describe('the story of a release', function()
  it('tells who began it, what was not good enough, and who ended it', function()
    assert.same({
      'shop-7.test  canary  shop:2.4.1 → 2.4.2  taken back after 4m 00s, at weight 10',
      'why: success 96.1 %, at least 99 % wanted, short by 2.9 %, 40 requests (2 of 2)',
      '   0:00  started       new revision (shop:2.4.1 → 2.4.2), by kubectl set, 2026-11-29T09:59:58Z',
      '   0:30  weight        10 %',
      '   1:00  pass          success 99.5 %, margin 0.5 %, 40 requests (round 1, strategies/canary.lua:9)',
      '   2:00  fail 1/2      success 97.25 %, at least 99 % wanted, short by 1.75 %, 40 requests (round 2, '
        .. 'strategies/canary.lua:9)',
      '   3:00  fail 2/2      success 96.1 %, at least 99 % wanted, short by 2.9 %, 40 requests (round 3, '
        .. 'strategies/canary.lua:9)',
      '   4:00  taken back    weights 100/0 after 1.9 s; nobody asked for it: threshold, 2 of 2 checks failed',
    }, lines(release()))
  end)

  for kind, case in pairs {
    hook = { { endedBy = { kind = 'hook', name = 'stop' } }, 'the rollback hook stop asked for it' },
    gate = { { endedBy = { kind = 'gate', name = 'go' } }, 'the gate go did not open in time' },
    strategy = { { endedBy = { kind = 'strategy' }, reason = 'too risky' }, 'its strategy asked for it: too risky' },
    person = { { endedBy = { kind = 'person', name = 'alice' }, reason = 'rolled back by alice: INC-4711' },
      'rolled back by alice: INC-4711' },
    deadline = { { endedBy = { kind = 'deadline' }, reason = 'never ready: x' }, 'never ready: x' },
    ['one of a later engine'] = { { endedBy = { kind = 'comet' }, reason = 'boom' }, 'boom' },
  } do
    it('says what ended it: ' .. kind, function()
      local told = lines(release(case[1]))
      assert.equal('why: ' .. case[2], told[2])
      assert.matches('taken back    weights 100/0 after 1.9 s; ' .. case[2], told[#told], 1, true)
    end)
  end

  it('tells who asked for what, and when', function()
    local object = release { requests = {
      { id = 'a', verb = 'approve', gate = 'confirm-promotion', by = 'alice', reason = 'INC-4711', acted = at(150) },
      { id = 'b', verb = 'rollback', acted = '2026-11-29T10:04:00.400Z' },
    } }
    object.spec.request = { id = 'c', verb = 'retry', by = 'bob' }
    local told = lines(object)
    assert.equal('   0:00  started       the same revision again, retried by bob (shop:2.4.1 → 2.4.2), by kubectl set, '
      .. '2026-11-29T09:59:58Z', told[3])
    assert.equal('   2:30  asked         approve gate confirm-promotion, by alice: INC-4711', told[7])
    assert.equal('   4:00  asked         rollback, by somebody', told[9])
    object = release { requests = { { id = 'a', verb = 'approve', gate = 'confirm-rollout', acted = at(30) } } }
    assert.same({ '   0:30  asked         approve gate confirm-rollout, by somebody', '   0:30  weight        10 %' },
      { unpack(lines(object), 4, 5) }) -- the cause first
    local _, problem = read.release(release { requests = { 'x' } })
    assert.matches('status.requests[0]: an object is wanted, got "x"', problem, 1, true)
  end)

  it('tells who paused it and who let it go on, and for how long', function()
    local function told(list, state)
      local object = release { requests = list, state = state }
      return lines(object), assert(story.story_of(object))
    end
    local paused = { id = 'a', verb = 'pause', by = 'alice', reason = 'INC-4711', acted = at(94) }
    local over = { verb = 'pause', through = 'spec.suspend', acted = at(100) }
    local resumed = { id = 'b', verb = 'resume', by = 'bob', reason = 'all is well', acted = at(190) }
    local shown, whole = told { paused, over, resumed,
      { verb = 'pause', through = 'sluice.dev/pause', reason = 'freeze', acted = '2026-11-29T10:03:20.200Z' },
      { verb = 'resume', through = 'sluice.dev/pause', acted = '2026-11-29T10:03:20.700Z' } }
    assert.matches('  taken back after 4m 00s, of them 1m 36s paused, at weight 10', shown[1], 1, true)
    assert.same({
      '   1:34  paused        by alice: INC-4711',
      '   1:40  paused        by spec.suspend',
      '   2:00  fail 1/2      success 97.25 %, at least 99 % wanted, short by 1.75 %, 40 requests (round 2, '
        .. 'strategies/canary.lua:9)',
      '   3:00  fail 2/2      success 96.1 %, at least 99 % wanted, short by 2.9 %, 40 requests (round 3, '
        .. 'strategies/canary.lua:9)',
      '   3:10  resumed       by bob: all is well (paused for 1m 36s)',
      '   3:20  paused        by an annotation of the Canary: freeze',
      '   3:20  resumed       the annotation is gone or "false" (paused for 0.5 s)',
    }, { unpack(shown, 6, 12) })
    assert.equal(96500, whole.paused_ms)
    whole = select(2, told { paused }) -- taken back, paused as it was
    assert.equal(146500, whole.paused_ms)
    shown, whole = told({ paused }, 'Running')
    assert.equal(at_ms(94), whole.paused_since_ms)
    assert.matches('under way after 4m 00s, paused', shown[1], 1, true)
    whole = select(2, told { resumed, { verb = 'pause' } }) -- cut, and by hand
    assert.is_nil(whole.paused_ms)
  end)

  it('says of a record of an older engine what it has', function()
    local object = release()
    for _, field in ipairs { 'endedBy', 'startedBy', 'decided', 'drainedAfterMs' } do
      object.status[field] = nil
    end
    local told = lines(object)
    assert.matches('taken back after 4m 02s', told[1], 1, true)
    assert.equal('why: failed checks reached the threshold', told[2])
    assert.equal('   0:00  started       new revision (shop:2.4.1 → 2.4.2)', told[3])
    assert.equal('   4:02  taken back    failed checks reached the threshold', told[#told])
  end)

  it('tells a release under way', function()
    local object = release { state = 'Running' }
    for _, field in ipairs { 'endedBy', 'decided', 'drainedAfterMs', 'ended', 'reason' } do
      object.status[field] = nil
    end
    local told = lines(object)
    assert.equal('shop-7.test  canary  shop:2.4.1 → 2.4.2  under way, at weight 10', told[1])
    assert.matches('fail 2/2', told[#told], 1, true)
  end)

  local function gate(seconds, closed, fields, message)
    message = message or 'waiting for promotion approval go'
    local one = entry('open', seconds, closed and { done = false, waiting = { message = message, reason = 'GateClosed',
      told = true } } or { done = true })
    for field, value in pairs(fields or {}) do
      one[field] = value
    end
    return one
  end

  local GATE = 'gate          waiting for promotion approval go'

  it('names the gate that was closed, and says until when', function()
    local object = release { entries = { entry('start', 0), gate(60, true), entry('round', 150), gate(150, true) } }
    object.status.entries[3].n, object.status.entries[3].s = 4, 2 -- four times, together with the gate behind it
    assert.matches('\n   1:00  ' .. GATE .. ', asked 5 times\n', table.concat(lines(object), '\n'), 1, true)
    table.insert(object.status.entries, gate(180, false))
    assert.matches('\n   1:00  ' .. GATE .. ': open at 3:00, asked 5 times\n', table.concat(lines(object), '\n'), 1,
      true)
  end)

  it('says of one under way what it waits for, by its record and by its Canary', function()
    local function told(status, conditions)
      status.state, status.evidence = 'Running', {}
      return text.lines(assert(story.story_of(release(status),
        conditions and { status = { conditions = conditions } }))), status
    end
    local found = told { entries = { gate(60, true) } }
    assert.equal('   1:00  ' .. GATE .. ', still', found[#found])
    found = told { entries = {}, openStarted = at_ms(90), open = { { o = 'act', i = { { kind = 'event',
      message = 'Halt shop.test advancement waiting for promotion approval go' } } } } }
    assert.equal('   1:30  ' .. GATE .. ', still', found[#found])
    local whole = 'waiting for promotion approval go (gate confirm-promotion)'
    found = told { entries = { gate(60, true, nil, whole) }, openStarted = at_ms(90), open = { { o = 'act', i = { {
      kind = 'event', message = 'Halt shop.test advancement waiting for promotion approval go' } } } } }
    assert.equal('   1:00  gate          ' .. whole .. ', still', found[#found])
    assert.not_matches('gate', found[#found - 1]) -- it is one
    found = told { entries = { entry('wait_until', 30) }, open = { { o = 'calendar', r = { at = at_ms(600) } } } }
    assert.equal('   0:30  waits         its strategy waits (wait_until) until 2026-11-29T10:10:00Z, still',
      found[#found])
    found = told { entries = { entry('wait', 30) }, open = { { o = 'calendar', r = { at = 1e300 } }, 7 } } -- by hand
    assert.equal('   0:30  waits         its strategy waits (wait), still', found[#found])
    local condition = { type = 'Waiting', status = 'True', reason = 'CheckBlind', message = 'errors is blind: none',
      lastTransitionTime = at(120) }
    found = told({ entries = {} }, { condition })
    assert.equal('   2:00  waits         errors is blind: none, still', found[#found])
    condition.status = 'False'
    found = told({ entries = {} }, { condition, 7 })
    assert.matches('started', found[#found], 1, true)
  end)

  it('says what became of a blind one', function()
    for way, said in pairs { hold = ', held: weight and counter stay', ignore = ', left to the other metrics' } do
      local told = lines(release { state = 'Running', endedBy = { kind = 'x' }, evidence = {
        { at = at(60), metric = 'b', verdict = 'blind', cause = 'no data', problem = 'none', way = way } } })
      assert.matches('blind         b: no data: none' .. said, table.concat(told, '\n'), 1, true)
    end
  end)

  it('makes one line of passes in a row', function()
    local passes = {}
    for i = 1, 5 do
      passes[i] = rate(60 * i, 99.5)
    end
    local found = assert(story.story_of(release { evidence = passes, state = 'Succeeded' }))
    assert.same({ pass = 5, fail = 0, blind = 0 }, found.verdicts)
    local line = found.lines[3]
    assert.same({ 'pass', 5, '5 checks', at_ms(60) }, { line.kind, line.times, line.text, line.at_ms })
    assert.equal(passes[5].at, line.verdict.at)
  end)

  it('says from where it tells when the record was cut', function()
    local object = release { dropped = { evidence = 12, entries = 3 } }
    table.remove(object.status.entries, 1)
    table.remove(object.status.entries, 1)
    table.remove(object.status.entries, 1)
    assert.same({ evidence = 12, entries = 3, from_ms = at_ms(30) }, story.story_of(object).cut)
    assert.equal('the record was cut: it tells from 0:30 on, without the first 12 verdicts, without the first 3 words',
      lines(object)[3])
    object.status.dropped = nil -- by an engine that did not count
    assert.equal('the record was cut: it tells from 1:00 on', lines(object)[3])
  end)

  it('finds texts that stand once', function()
    local object = release()
    object.status.evidence[2].query, object.status.evidence[3].server = nil, ''
    local list = read.release(object).evidence
    assert.same({ 'up', 'up', 'http://prom', '' }, { list[2].query, list[3].query, list[2].server, list[3].server })
  end)

  it('fits into 20 columns, word by word', function()
    for _, columns in ipairs { 20, 40, 59, 60, 80, 120 } do
      for _, line in ipairs(lines(release(), columns)) do
        local wide = select(2, line:gsub('[^\128-\191]', ''))
        assert.is_true(wide <= columns, ('%d: %s'):format(columns, line))
      end
    end
    local told = '\n' .. table.concat(lines(release(), 20), '\n')
    assert.truthy(told:find('\n2:00 fail 1/2\n  success 97.25 %,\n  at least 99 %\n', 1, true), told)
  end)
end)

describe('a verdict in words', function()
  for wanted, evidence in pairs {
    ['revenue: unreachable: 503 (held)'] = { verdict = 'blind', metric = 'revenue', cause = 'unreachable',
      problem = '503 (held)' },
    ['revenue: Sunday'] = { verdict = 'blind', metric = 'revenue', cause = 'said', problem = 'Sunday' },
    ['errors: too few samples: 12 of 40, 12 of 40 requests'] = { verdict = 'blind', metric = 'errors',
      cause = 'too few samples', problem = '12 of 40', samples = 12, needed = 40 },
    ['drop 12 %, at most 5 % wanted, over by 7 %'] = { verdict = 'fail', metric = 'drop', value = 0.12, max = 0.05,
      unit = 'ratio' },
    ['webhook load: Halt x'] = { verdict = 'fail', hook = 'load', reason = 'Halt x' },
    ['a: its value has no end'] = { verdict = 'fail', metric = 'a', max = 5 },
    ['a 1, margin 4, 12 of 40 requests'] = { verdict = 'pass', metric = 'a', value = 1, max = 5, margin = 4,
      samples = 12, needed = 40 },
    ['a 1, margin 4, 41 requests'] = { verdict = 'pass', metric = 'a', value = 1, max = 5, margin = 4, samples = 41,
      needed = 40 },
    ['a 0, margin 5'] = { verdict = 'pass', metric = 'a', value = 0, max = 5, margin = 5 },
    ['a 1200'] = { verdict = 'pass', metric = 'a', value = 1200 },
  } do
    it('is ' .. wanted, function()
      assert.equal(wanted, verdicts.text(evidence))
    end)
  end
end)

describe('a record once more', function()
  it('agrees with what an engine wrote', function()
    assert.same({ agree = 3, of = 3, untold = 0, differences = {} }, again.judge(release()))
  end)

  it('names what was changed by hand', function()
    local object = release()
    object.status.evidence[2].value = 99.9
    object.status.evidence[3].failed = 5
    local found = again.judge(object)
    assert.same({ 2, 3 }, { found.agree, found.of })
    assert.same({
      { place = 'status.evidence[1]', at_ms = at_ms(120), metric = 'success', recorded = 'fail', again = 'pass' },
      { place = 'status.evidence[2]', at_ms = at_ms(180), metric = 'success', recorded = 'failed check 5',
        again = 'failed check 2' },
    }, found.differences)
  end)

  it('judges nothing that has no value', function()
    local found = again.judge(release { evidence = { { verdict = 'blind', metric = 'a', cause = 'no data' },
      { verdict = 'fail', metric = 'a', max = 5 }, { verdict = 'fail', hook = 'load', reason = 'x' } } })
    assert.same({ 0, 0, 3 }, { found.agree, found.of, found.untold })
  end)
end)

describe('what is no record', function()
  for problem, object in pairs {
    ['a Release is wanted, got "x"'] = 'x',
    ['shop-7: kind: Release is wanted, got "Canary"'] = { kind = 'Canary', metadata = { name = 'shop-7' } },
    ['the object: kind: Release is wanted, got nothing'] = {},
    ['Release shop-7: apiVersion: sluice.dev/v1alpha1 is wanted, got "sluice.dev/v9"'] = { kind = 'Release',
      apiVersion = 'sluice.dev/v9', metadata = { name = 'shop-7' } },
    ['Release shop-7: spec: an object is wanted, got nothing'] = { kind = 'Release',
      apiVersion = 'sluice.dev/v1alpha1', metadata = { name = 'shop-7' } },
    ['Release shop-7: status.evidence: a list is wanted, got 5'] = release { evidence = 5 },
    ['Release shop-7: status.evidence[0]: an object is wanted, got 5'] = release { evidence = { 5 } },
    ['Release shop-7: status.evidence[0].verdict: pass, fail or blind is wanted, got "maybe"'] =
      release { evidence = { { verdict = 'maybe' } } },
    ['Release shop-7: status.evidence[0].value: a number is wanted, got "5"'] =
      release { evidence = { { verdict = 'pass', value = '5' } } },
    ['Release shop-7: status.dropped.entries: a number is wanted, got "x"'] =
      release { dropped = { entries = 'x' } },
    ['Release shop-7: status.entries: a list is wanted, got an object'] =
      release { entries = { [1] = entry('start', 0), [3] = entry('round', 0) } },
    ['Release shop-7: status.entries[0].w: the name of a word is wanted, got nothing'] = release { entries = { {} } },
    ['Release shop-7: status.entries[0].r: an object is wanted, got nothing'] = release { entries = { { w = 'x' } } },
    ['Release shop-7: status.entries[0].s: a number is wanted, got an object'] =
      release { entries = { { w = 'round', s = {} } } },
    ['Release shop-7: status.open: a list is wanted, got true'] = release { open = true },
    ['Release shop-7: status.openStarted: a number is wanted, got "x"'] = release { openStarted = 'x' },
    ['Release shop-7: status.state: a text is wanted, got 5'] = release { state = 5 },
  } do
    it('is told: ' .. problem, function()
      local found, said = story.story_of(object)
      assert.is_nil(found)
      assert.equal(problem, said)
      assert.same({ status = 2, problem = problem }, why.run { objects = { object }, place = 'in x' })
    end)
  end
end)

describe('sluice why', function()
  local function numbered(number)
    local object = release()
    object.metadata.name = 'shop-' .. number
    return object
  end

  it('takes the last release, or the one of a number, also of a List', function()
    local list = { kind = 'List', items = { numbered(9), numbered(10), numbered(8) } }
    assert.matches('^shop%-10.test', why.run { objects = { list }, place = 'in x' }.text)
    assert.matches('^shop%-9.test', why.run { objects = { list }, place = 'in x', canary = 'shop', number = 9 }.text)
  end)

  it('takes the name of a Release, unless a Canary is called so', function()
    local other = numbered(1)
    other.metadata.name, other.spec = 'shop-9-1', { canary = 'shop-9', strategy = 'canary', revision = 'r' }
    local objects = { numbered(9), numbered(10), other }
    assert.matches('^shop%-10.test', why.run { objects = objects, place = 'in x', canary = 'shop-10' }.text)
    assert.matches('^shop%-9%-1.test', why.run { objects = objects, place = 'in x', canary = 'shop-9' }.text)
    assert.matches('^shop%-9.test', why.run { objects = objects, place = 'in x', release = 'shop-9' }.text)
    assert.same({ status = 2, problem = 'there is no Release shop in x' },
      why.run { objects = objects, place = 'in x', release = 'shop' })
  end)

  it('says that there is none', function()
    assert.same({ status = 2, problem = 'there is no Release shop-3 in x' },
      why.run { objects = { numbered(9) }, place = 'in x', canary = 'shop', number = 3 })
    assert.same({ status = 2, problem = 'there is no Release of the Canary web in x' },
      why.run { objects = { numbered(9) }, place = 'in x', canary = 'web' })
  end)

  it('ends with 1 when a verdict is another one', function()
    local object = release()
    object.status.evidence[2].value = 99.9
    local told = why.run { objects = { object }, place = 'in x', replay = true }
    assert.same({ 1, '2:00  status.evidence[1] success: fail on record, pass once more\n2 of 3 agree\n' },
      { told.status, told.text })
    assert.equal(0, why.run { objects = { release() }, place = 'in x', replay = true }.status)
  end)

  it('shows no control characters of a record', function()
    local told = why.run { objects = { release { reason = 'a\27[2Jb', endedBy = { kind = 'x' } } }, place = 'in x' }
    assert.matches('why: a\\x1b[2Jb', told.text, 1, true)
  end)
end)

describe('a word of a script', function()
  it('has its list in order, however long', function()
    local list = {}
    for i = 1, 11 do
      list[i] = i
    end
    assert.equal('shift {steps = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, wait = "1m"}',
      word_text { name = 'shift', args = { steps = list, wait = '1m' } })
  end)
end)

describe('times of a record', function()
  it('are read', function()
    assert.equal(0, moments.parse '1970-01-01T00:00:00Z')
    assert.equal(951782400123, moments.parse '2000-02-29T00:00:00.123Z')
    assert.equal(1798761599000, moments.parse '2026-12-31T23:59:59Z')
    assert.is_nil(moments.parse 'yesterday')
    assert.is_nil(moments.parse(nil))
  end)

  it('are shown', function()
    assert.same({ '1.9 s', '42s', '14m 02s', '3h 05m', '2d 04h' }, { moments.span(1900), moments.span(42000),
      moments.span(842000), moments.span(11100000), moments.span(187200000) })
    assert.same({ '0:00', '12:11', '1:02:11' }, { moments.clock(-5), moments.clock(731000), moments.clock(3731000) })
  end)
end)

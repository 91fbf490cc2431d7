--- What the dashboard is sent of a release.
local board = require 'tool.board.release'

local function release(status)
  return { apiVersion = 'sluice.dev/v1alpha1', kind = 'Release',
    metadata = { name = 'shop-1', namespace = 'test', creationTimestamp = '2026-11-29T09:59:59Z' },
    spec = { canary = 'shop', strategy = 'canary', words = 3 }, status = status }
end

local function evidence(at, verdict, fields)
  local one = { at = ('2026-11-29T10:%sZ'):format(at), metric = 'success', verdict = verdict, min = 99, unit = '%',
    weight = 10 }
  for key, value in pairs(fields or {}) do
    one[key] = value
  end
  return one
end

local function draw(status, events)
  return board.draw { release = release(status), events = events or {} }
end

local STARTED = '2026-11-29T10:00:00Z'
local STARTED_MS = 1795946400000

describe('tool.board.release', function()
  it('has a line for each verdict, also of passes in a row', function()
    local drawn = draw({ state = 'Running', started = STARTED,
      evidence = { evidence('01:00', 'pass', { value = 99.5 }), evidence('02:00', 'pass', { value = 99.6 }) } }).release
    assert.equal(3, #drawn.decisions)
    assert.equal('success 99.6 %', drawn.decisions[3].text)
    assert.equal('2:00', drawn.decisions[3].clock)
  end)

  it('tells who paused it and who let it go on, and for how long', function()
    local drawn = draw({ state = 'Succeeded', started = STARTED, ended = '2026-11-29T10:05:00Z', requests = {
      { id = 'a', verb = 'pause', by = 'alice', reason = 'INC-4711', acted = '2026-11-29T10:01:00Z' },
      { id = 'b', verb = 'resume', by = 'bob', acted = '2026-11-29T10:03:00Z' } } }).release
    local paused, resumed = drawn.decisions[2], drawn.decisions[3]
    assert.same({ 'paused', '1:00', 'by alice: INC-4711', 'unsure' },
      { paused.label, paused.clock, paused.text, paused.class })
    assert.same({ 'resumed', '3:00', 'by bob (paused for 2m 00s)' }, { resumed.label, resumed.clock, resumed.text })
    assert.equal('5m 00s, of them 2m 00s paused', drawn.took)
  end)

  it('keeps the bounds of each point, as they may change in mid-run', function()
    local points = draw({ state = 'Running', started = STARTED,
      evidence = { evidence('01:00', 'pass', { value = 99.5 }), evidence('02:00', 'fail', { value = 97, min = 98 }),
        evidence('03:00', 'blind', { cause = 'no data' }) } }).release.checks[1].points
    assert.same({ 99, 98, 99 }, { points[1].min, points[2].min, points[3].min })
    assert.is_nil(points[3].value)
    assert.equal(STARTED_MS + 60000, points[1].at_ms)
  end)

  it('tells of the Events of its time only', function()
    local function event(at, text)
      return { type = 'Normal', reason = 'Synced', message = text, lastTimestamp = at }
    end
    local drawn = draw({ state = 'Failed', reason = 'x', started = STARTED, ended = '2026-11-29T10:05:00Z' },
      { event('2026-11-29T11:00:00Z', 'later'), event('2026-11-29T10:05:02Z', 'its end'),
        event('2026-11-29T09:00:00Z', 'before'), event(STARTED, 'its beginning'), event('yesterday', 'no time'),
        { message = 'none either' } }).release
    assert.equal(2, #drawn.events)
    assert.same({ 'its beginning', 'its end' }, { drawn.events[1].text, drawn.events[2].text })
  end)

  it('takes Events for what they are: anybody may write some', function()
    local drawn = draw({ state = 'Running', started = STARTED },
      { { message = { 1 }, type = 7, reason = false, count = 'many', lastTimestamp = STARTED },
        { message = 'a\27[2Jb', lastTimestamp = STARTED } }).release
    assert.same({ at_ms = STARTED_MS, text = '' }, drawn.events[1])
    assert.equal('a\\x1b[2Jb', drawn.events[2].text)
  end)

  it('ends with no share, at the time of its end', function()
    local weights = draw({ state = 'Failed', reason = 'x', started = STARTED, ended = '2026-11-29T10:05:00Z',
      evidence = { evidence('01:00', 'fail', { value = 90 }) } }).release.weights
    assert.same({ { at_ms = STARTED_MS, weight = 0 }, { at_ms = STARTED_MS + 60000, weight = 10 },
      { at_ms = STARTED_MS + 300000, weight = 0 } }, weights)
  end)

  it('begins when it was made, while its engine has not said more', function()
    assert.equal(STARTED_MS - 1000, draw({}).release.started_ms)
    assert.equal('under way', draw({}).release.outcome)
  end)

  it('says which gate it waits at, while that is closed', function()
    local canary = { status = { conditions = { { type = 'Waiting', status = 'True', reason = 'GateClosed',
      message = 'waiting for approval go', lastTransitionTime = STARTED } } } }
    local order = { release = release { state = 'Running', started = STARTED }, canary = canary, events = {} }
    assert.equal('waiting for approval go', board.draw(order).release.gate)
    canary.status.conditions[1].reason = 'PodsNotReady'
    assert.is_nil(board.draw(order).release.gate)
    order.release.status.state = 'Failed'
    canary.status.conditions[1].reason = 'GateClosed'
    assert.is_nil(board.draw(order).release.gate)
  end)

  it('says what is wrong with a record that is none', function()
    local drawn = draw { evidence = { { verdict = 'maybe' } } }
    assert.is_nil(drawn.release)
    assert.matches('status.evidence%[0%].verdict', drawn.problem)
  end)
end)

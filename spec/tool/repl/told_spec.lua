--- What a script and the engine said to each other, as lines of the console.
local tell = require 'tool.repl.told'

local now, told

--- The lines of the words that have ended.
local function lines()
  local texts = {}
  for i, word in ipairs(told:take()) do
    texts[i] = tell.title(word) .. ': ' .. table.concat(word.details, ' · ')
  end
  return texts
end

local function say(kind, name, args, answer, known)
  told:note { kind = kind, canary = 'web', name = name, args = args, answer = answer, known = known or false }
end

before_each(function()
  now = 0
  told = tell.new(function()
    return now
  end, function() end)
end)

describe('a word of the console', function()
  it('tells what it asked and what came back, also later', function()
    say('word', 'begin', {})
    say('operation', 'hooks', { type = 'pre-rollout' })
    say('answer', 'hooks', nil, { { name = 'smoke', ok = true, status = 200, took_ms = 12 },
      { name = 'load', ok = false, error = 'no', status = 403, took_ms = 1234 }, { name = 'old', ok = true },
      { name = 'away', ok = false, error = 'refused', took_ms = 3 } })
    say('operation', 'ready', { side = 'canary' })
    now = 4500
    say('answer', 'ready', nil, { ready = true })
    say('operation', 'act', { { kind = 'route', primary = 90, canary = 10 } }, { ok = true })
    say('leave', nil, nil, { done = true })
    assert.same({ 'begin: pre-rollout smoke → 200 in 12 ms · pre-rollout load → 403 in 1.2 s: no · '
      .. 'pre-rollout old → ok · pre-rollout away → refused · canary ready after 4 s · '
      .. 'routes: primary 90, canary 10' }, lines())
  end)

  it('tells verdicts with their bounds, and how far they are from them', function()
    say('word', 'round', {})
    for _, evidence in ipairs {
      { metric = 'rate', value = 100, min = 99, verdict = 'pass' },
      { metric = 'rate', value = 88.13, min = 99, verdict = 'fail' },
      { metric = 'time', value = 700, max = 500, unit = 'ms', verdict = 'fail' },
      { metric = 'share', value = 0.07, max = 0.05, unit = 'ratio', verdict = 'fail' },
      { metric = 'band', value = 5, min = 1, max = 7, verdict = 'pass' },
      { metric = 'odd', verdict = 'blind', problem = 'no values found' },
    } do
      say('evidence', 'scripts/ring.lua:7', evidence)
    end
    say('leave', nil, nil, {})
    assert.same({ 'round: rate 100 (≥ 99, margin 1) · rate 88.13 (≥ 99, short by 10.87) · time 700 ms (≤ 500, over by '
      .. '200) · share 7 % (≤ 5, over by 2) · band 5 (1 to 7, margin 2) · odd blind: no values found' }, lines())
    assert.equal(6, #told.last_evidence)
    assert.equal('scripts/ring.lua:7', told.last_evidence[1].where)
  end)

  it('shows its arguments, and the result of a question', function()
    say('word', 'shift', { weight = 20 })
    say('leave', nil, nil, { done = true })
    say('word', 'query', { query = 'up' })
    say('leave', nil, nil, { value = 3 })
    say('word', 'wait', { ms = 1000 })
    say('leave', nil, nil, {})
    assert.same({ 'shift 20: ', 'query up: → 3', 'wait 1s: ' }, lines())
  end)

  for title, word in pairs {
    ['analyse 3 rounds'] = { name = 'analyse', args = { rounds = 3 } },
    ['analyse 1 round'] = { name = 'analyse', args = { rounds = 1 } },
    ['analyse 10m'] = { name = 'analyse', args = { lasting = 600000, checks = {} } },
    ['wait 1500 ms'] = { name = 'wait', args = { ms = 1500 } },
    ['wait_until Mon-Thu Sat 08:00-16:30 Europe/Berlin but 2026-12-24 2027-01-01..2027-01-06'] = {
      name = 'wait_until', args = { condition = { hours = { weekdays = 47, from = 480, to = 990, zone = 'Europe/Berlin',
        except = { { first = 20261224, last = 20261224 }, { first = 20270101, last = 20270106 } } } } } },
    ['wait_until 08:00-16:00'] = { name = 'wait_until', args = { condition = { hours = { weekdays = 127, from = 480,
      to = 960 } } } },
    ["any { canary = 'shop/db' }"] = { name = 'any', args = { condition = { canary = 'shop/db' } } },
    ['match x-ring: insider'] = { name = 'match', args = { rules = { { headers = { ['x-ring'] = {
      exact = 'insider' } } } } } },
    ['match cookie ~ a=b, user-agent: Curl* or uri: /new*'] = { name = 'match', args = { rules = {
      { headers = { ['user-agent'] = { prefix = 'Curl' }, cookie = { regex = 'a=b' } } },
      { uri = { prefix = '/new' } } } } },
  } do
    it('is called ' .. title, function()
      assert.equal(title, tell.title(word))
    end)
  end

  it('tells from how many Pods to how many, and after how long they were ready', function()
    told:see_target(0, 0)
    say('word', 'begin', {})
    say('operation', 'act', { { kind = 'scale', to = 'up' } })
    told:see_target(2, 0)
    say('answer', 'act', nil, { ok = true })
    say('leave', nil, nil, {})
    now = 5300
    told:see_target(2, 2)
    for _ = 1, 2 do
      say('word', 'round', {})
      say('operation', 'ready', { side = 'canary' }, { ready = true })
      say('leave', nil, nil, {})
    end
    assert.same({ 'begin: scale up the target 0 → 2', 'round: canary ready after 5 s', 'round: ' }, lines())
  end)

  it('tells of requests that match whose they are', function()
    say('word', 'match', { rules = { { headers = { a = { exact = 'b' } } } } })
    say('operation', 'act', { { kind = 'route', primary = 0, canary = 100, analysis = { match = { {} } } } },
      { ok = true })
    say('leave', nil, nil, {})
    assert.same({ 'match a: b: routes: requests that match to the canary, others to the primary' }, lines())
  end)

  it('takes over what was done for it before', function()
    say('word', 'start', {})
    say('operation', 'hooks', { type = 'confirm-rollout' }, {})
    say('leave', nil, nil, {})
    assert.same({}, lines())
    say('word', 'begin', {})
    say('leave', nil, nil, {})
    assert.same({ 'begin: confirm-rollout: no gate' }, lines())
  end)

  it('is told once when another engine goes on behind a dead one', function()
    say('word', 'round', {})
    say('operation', 'act', { { kind = 'phase', phase = 'Promoting' } }, { ok = true })
    say('word', 'begin', {}, {}, true) -- the next engine replays
    say('word', 'round', {})
    say('operation', 'act', { { kind = 'phase', phase = 'Promoting' } }, { ok = true })
    say('leave', nil, nil, {})
    assert.same({ 'round: phase Promoting' }, lines())
  end)

  it('ends with the release', function()
    say('word', 'round', {})
    say('operation', 'rollback', { events = { { message = 'Rolling back' } } })
    assert.same({ 'round: Rolling back · taken back' }, lines())
  end)

  it('tells of effects what failed, and not what did not happen then', function()
    say('word', 'promote', {})
    say('operation', 'act', { { kind = 'promote' }, { kind = 'phase', phase = 'Promoting' } },
      { ok = false, failed = 1, error = 'forbidden' })
    say('leave', nil, nil, {})
    assert.same({ 'promote: copy the target to the primary → failed: forbidden' }, lines())
  end)
end)

--- What a release of a bundled strategy does while its checks have nothing to judge by (docs/checks.md, "When a
--- check is blind"), over a fake host that dies at every point.
local World = require 'spec.fake_host'
local killing = require 'spec.killing'

describe('a release whose check is blind', function()
  after_each(World.prove_closed)

  local NONE = { none = true, error = 'no values found', cause = 'no data' }
  local AWAY = { error = '503', cause = 'unreachable' }

  --- Metrics `a` and `b`, of which `b` is blind from 20 s until a time (nil: it is not), as `answer` says.
  local function make(rules, until_s, options)
    options = options or {}
    local measures = { a = 1, b = function(world)
      local seconds = world:seconds()
      return seconds >= 20 and seconds < (until_s or 0) and (options.answer or NONE) or 1
    end }
    return function()
      return World.new {
        spec = { rules = rules },
        measures = measures,
        analysis = { interval = '10s', stepWeight = 20, maxWeight = 40, threshold = options.threshold or 3,
          webhooks = options.webhooks, metrics = options.metrics or {
            { name = 'a', query = 'a', threshold = 5 }, { name = 'b', query = 'b', threshold = 5 } } },
        answers = options.answers,
      }
    end
  end

  local function played(one)
    local world = one():run()
    killing.once(one, { reads = true })
    return world
  end

  local function count(world, text)
    return #world:lines { only = text }
  end

  it('counts failed checks, as Flagger does, without a rule', function()
    for _, rules in ipairs { {}, { blind = 'fail' } } do
      local world = played(make(rules, 1000))
      assert.equal('Failed', world.state)
      assert.equal(3, world.journal.evidence[#world.journal.evidence].failed)
    end
  end)

  it('holds: share and counter stay, and it is told once', function()
    local world = played(make({ blind = 'hold' }, 200, { threshold = 1 }))
    assert.equal('Succeeded', world.state)
    assert.equal(0, world.status.failed_checks)
    assert.is_true(world:seconds() > 200)
    assert.equal(1, count(world, 'canary weight 40'))
    assert.equal(1, count(world, 'Warning: Halt advancement no values found for metric: b'))
    assert.equal('hold', world.journal.evidence[4].way)
    assert.is_nil(world.journal.evidence[4].failed)
  end)

  it('leaves it to the other metrics, where the rule says so', function()
    local world = played(make({ blind = 'ignore' }, 10000, { threshold = 1 }))
    assert.equal('Succeeded', world.state)
    assert.is_true(world:seconds() < 100)
  end)

  it('never goes on without any evidence', function()
    local world = played(make({ blind = 'ignore' }, 200, { threshold = 1,
      metrics = { { name = 'b', query = 'b', threshold = 5 } } }))
    assert.equal('Succeeded', world.state)
    assert.is_true(world:seconds() > 200)
  end)

  it('is taken back when it has held for too long', function()
    local world = played(make({ blind = 'hold', blind_timeout = '60s' }, 1000))
    assert.equal('Failed', world.state)
    assert.equal(80, world:seconds())
    assert.equal(1, count(world, 'Rolling back podinfo.test b was blind for 60s'))
    assert.is_nil(world.journal.evidence[#world.journal.evidence].failed)
  end)

  it('counts the time anew when there was something to judge by', function()
    local one = make({ blind = 'hold', blind_timeout = '60s' }, 70)
    assert.equal('Succeeded', played(one).state)
  end)

  it('counts failed checks when it has held for too long, where the manifest says so', function()
    local world = played(make({ blind = 'hold', blind_timeout = '60s', otherwise = 'fail' }, 1000))
    assert.equal('Failed', world.state)
    assert.equal(3, world.journal.evidence[#world.journal.evidence].failed)
    assert.equal(110, world:seconds()) -- three rounds from 80 s on, and one that finds that these were too many
  end)

  it('is promoted when it has held for too long, where the manifest says so', function()
    local world = played(make({ blind = 'hold', blind_timeout = '60s', otherwise = 'promote' }, 1000))
    assert.same({ 'Succeeded', 'r2' }, { world.state, world.primary_revision })
    assert.equal(0, count(world, 'canary weight 40'))
  end)

  it('asks the gate before that', function()
    local world = played(make({ blind = 'hold', blind_timeout = '60s', otherwise = 'promote' }, 1000, {
      webhooks = { { name = 'ok', type = 'confirm-promotion' } },
      answers = { ok = function(w)
        return w:seconds() < 150 and 'closed' or nil
      end } }))
    assert.equal('Succeeded', world.state)
    assert.is_true(world:seconds() > 150)
  end)

  it('holds where the server is away, too', function()
    local world = played(make({ blind = 'hold' }, 100, { answer = AWAY, threshold = 1 }))
    assert.equal('Succeeded', world.state)
  end)

  it('never waits for a metric that has no query', function()
    local world = make({ blind = 'hold' }, 0, { metrics = { { name = 'c' } }, threshold = 1 })():run()
    assert.equal('Failed', world.state)
  end)
end)

--- The parameters of stdlib.blind, with a strategy of a team's own.
describe("a strategy that has the rules of blind checks as parameters", function()
  after_each(World.prove_closed)

  local NONE = { none = true, error = 'no values found', cause = 'no data' }

  --- The check is blind from 20 s until a time.
  local function make(values, until_s, options)
    options = options or {}
    local params = { blind = 'hold', min_requests = 1, blind_timeout = '60s', otherwise = 'rollback' }
    for name, value in pairs(values) do
      params[name] = value
    end
    return function()
      return World.new {
        scripted = true,
        params = params,
        declare = options.declare or function(blind)
          return blind.params {}
        end,
        run_words = function(rollout)
          rollout:begin()
          rollout:shift(20)
          rollout:analyse { rounds = 2 }
          rollout:promote()
        end,
        measures = { b = function(world)
          local seconds = world:seconds()
          return seconds >= 20 and seconds < until_s and NONE or 1
        end },
        answers = options.answers,
        analysis = { interval = '10s', threshold = 1, metrics = { { name = 'b', query = 'b', threshold = 5 } },
          webhooks = options.webhooks },
      }
    end
  end

  local function played(one)
    local world = one():run()
    killing.once(one, { reads = true })
    return world
  end

  it('holds, and goes on', function()
    local world = played(make({}, 60))
    assert.equal('Succeeded', world.state)
    assert.equal('hold', world.journal.evidence[1].way)
  end)

  it('is taken back when it has held for too long', function()
    local world = played(make({}, 1000))
    assert.equal('Failed', world.state)
    assert.equal(1, #world:lines { only = 'Rolling back podinfo.test b was blind for 60s' })
  end)

  it('is promoted then, where the Canary says so, once the gate is open', function()
    local function gated(seconds)
      return make({ otherwise = 'promote' }, 1e6, { webhooks = { { name = 'ok', type = 'confirm-promotion' } },
        answers = { ok = function(w)
          return w:seconds() < seconds and 'closed' or nil
        end } })
    end
    local world = played(gated(120))
    assert.same({ 'Succeeded', 'r2' }, { world.state, world.primary_revision })
    assert.is_true(world:seconds() > 120)
    assert.equal('Succeeded', gated(20000)():run().state) -- no round is inside of the one before
  end)

  it('is a failed check where the Canary says so', function()
    assert.equal('Failed', played(make({ blind = 'fail' }, 1000)).state)
  end)

  it('goes by the rule of Flagger with other parameters of these names', function()
    local world = played(make({}, 1000, { declare = function(blind)
      local params = {}
      for name, declared in pairs(blind.params {}) do
        params[name] = declared
      end
      return params
    end }))
    assert.equal('Failed', world.state)
    assert.equal(1, world.journal.evidence[1].failed)
  end)

  it('may have other defaults', function()
    local seen
    make({}, 0, { declare = function(blind)
      local params = blind.params { min_requests = { type = 'integer', default = 20 } }
      seen = { params.min_requests.default, params.blind.default }
      return params
    end })():run()
    assert.same({ 20, 'hold' }, seen)
  end)
end)

describe('min_requests', function()
  after_each(World.prove_closed)

  local RATE = 'request-success-rate'

  --- A world in which the canary has so many requests in the interval.
  local function make(requests, rules, metrics)
    return World.new {
      spec = { rules = rules },
      analysis = { interval = '10s', stepWeight = 50, maxWeight = 50, threshold = 1,
        metrics = metrics or { { name = RATE, thresholdRange = { min = 99 } }, { name = 'request-duration',
          thresholdRange = { max = 500 } } } },
      measures = { any = function(_, query)
        return query:find('^sum%(increase') and (type(requests) == 'function' and requests() or requests)
          or query:find 'histogram' and 20 or 100
      end },
    }
  end

  it('judges where there are enough, and says by how many; they are counted once in a round', function()
    local world = make(19.6, { min_requests = 20 }):run()
    assert.equal('Succeeded', world.state)
    local first = world.journal.evidence[1]
    assert.same({ 'pass', 20, 20 }, { first.verdict, first.samples, first.needed })
    local counted = 0
    for _, query in ipairs(world.queries) do
      counted = counted + (query:find '^sum%(increase' and 1 or 0)
    end
    assert.equal(#world.queries, counted * 3)
  end)

  it('is blind where there are too few, and holds', function()
    local few = 0
    local world = make(function()
      few = few + 1
      return few < 5 and 12 or 40
    end, { min_requests = 20 }):run()
    assert.equal('Succeeded', world.state)
    local first = world.journal.evidence[1]
    assert.same({ 'blind', 'too few samples', '12 of 20 requests', 12, 20, 'hold',
      'Halt podinfo.test advancement request-success-rate is blind: 12 of 20 requests' }, { first.verdict, first.cause,
      first.problem, first.samples, first.needed, first.way, first.reason })
  end)

  it('counts no requests at all as none', function()
    local world = make({ none = true, error = 'no values found', cause = 'no data' }, { min_requests = 20,
      blind = 'fail' }):run()
    assert.equal('Failed', world.state)
    assert.same({ 'too few samples', 0, 1 }, { world.journal.evidence[1].cause, world.journal.evidence[1].samples,
      world.journal.evidence[1].failed })
  end)

  it('does not know how many there are when nobody answers', function()
    local world = make({ error = '503', cause = 'unreachable' }, { min_requests = 20 }):run()
    assert.equal('Failed', world.state)
    assert.same({ 'unreachable', '503' }, { world.journal.evidence[1].cause, world.journal.evidence[1].problem })
  end)
end)

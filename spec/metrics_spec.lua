--- What an engine says at /metrics in the course of releases, after a restart, and of Canaries that are gone.
local World = require 'spec.world'

local OPTIONS = { analysis = { stepWeights = { 20, 50 }, threshold = 1, metrics = {
  { name = 'request-success-rate', thresholdRange = { min = 99 }, interval = '1m' },
  { name = 'request-duration', thresholdRange = { max = 500 }, interval = '1m' },
} } }

local function new(options)
  return World.new(setmetatable(options or {}, { __index = OPTIONS }))
end

--- The series of the engine by name and labels, without those of the process.
local function series(world)
  local found = {}
  for line in world.world:metrics():gmatch '[^\n]+' do
    local name, value = line:match '^([^#].*) (%S+)$'
    if name and not name:find '^process_' then
      found[name] = tonumber(value)
    end
  end
  return found
end

local NAMES = 'name="podinfo",namespace="test"'

local function of(family, labels)
  return ('%s{%s%s}'):format(family, NAMES, labels and ',' .. labels or '')
end

--- Those that follow from objects.
local function gauges(world)
  local found = {}
  for name, value in pairs(series(world)) do
    if not name:find '_total' or name:find '^flagger_canary_total' then
      found[name] = not name:find '_duration_seconds' and value or nil
    end
  end
  return found
end

describe('/metrics', function()
  after_each(World.close_all)

  it('has outcome, phase, values beside their bounds, and verdicts of a release that is promoted', function()
    local world = new():initialise()
    assert.equal(0, series(world)[of('sluice_releases_ended_total', 'strategy="canary",outcome="Succeeded"')])
    world:push():finish():settle()
    local said = series(world)
    assert.equal(1, said[of('sluice_releases_ended_total', 'strategy="canary",outcome="Succeeded"')])
    assert.equal(0, said[of('sluice_releases_ended_total', 'strategy="canary",outcome="Failed"')])
    assert.equal(1, said[of('flagger_canary_status')])
    local ended = said[of('sluice_canary_phase_start_time_seconds', 'phase="Succeeded"')]
    assert.equal(world:condition('Promoted').lastTransitionTime, os.date('!%Y-%m-%dT%H:%M:%SZ', ended))
    assert.is_nil(said[of('sluice_canary_phase_start_time_seconds', 'phase="Progressing"')])
    local duration, bound = said[of('flagger_canary_metric_analysis', 'metric="request-duration"')],
      said[of('sluice_check_threshold', 'metric="request-duration",bound="max"')]
    assert.equal(0.5, bound)
    assert.is_true(duration > 0 and duration < bound)
    assert.equal(99, said[of('sluice_check_threshold', 'metric="request-success-rate",bound="min"')])
    assert.is_true(said[of('sluice_checks_total', 'metric="request-success-rate",verdict="pass"')] >= 2)
  end)

  it('tells how soon a release was taken back', function()
    local world = new { version = { errors = 0.5 } }
    world.world:fates(function(request)
      local is_route = request.method == 'PATCH' and request.url:find('virtualservices', 1, true)
      return is_route and { delay_ms = 3000 } or nil
    end)
    world:initialise():push():finish():settle()
    local said, release = series(world), world:release()
    assert.is_true(release.status.drainedAfterMs >= 3000)
    assert.equal(1, said[of('sluice_releases_ended_total', 'strategy="canary",outcome="Failed"')])
    assert.equal(1, said[of('sluice_release_rollback_duration_seconds_count')])
    assert.equal(release.status.drainedAfterMs / 1000, said[of('sluice_release_rollback_duration_seconds_sum')])
    assert.equal(2, said[of('flagger_canary_status')])
  end)

  it('counts blind checks by cause', function()
    local world = new():initialise()
    world.world:blind(true)
    world:push():finish():settle()
    local said = series(world)
    assert.equal(1, said[of('sluice_checks_blind_total', 'metric="request-success-rate",cause="unreachable"')])
    assert.equal(1, said[of('sluice_checks_total', 'metric="request-success-rate",verdict="blind"')])
  end)

  for _, phase in ipairs { 'Initialized', 'Succeeded', 'Failed' } do
    it('has the same gauges from the first moment of a new engine on, in ' .. phase, function()
      local world = new { version = { errors = phase == 'Failed' and 0.5 or 0 } }
      world:initialise()
      if phase ~= 'Initialized' then
        world:push():finish()
      end
      world:settle()
      local before = gauges(world)
      world.world:kill_engine(true)
      assert.is_true(world.world:run('1m', function()
        return world.world:engine() == 'ready'
      end))
      world.world:run '1ms' -- the turn in which its actors look
      local after = gauges(world)
      for name in pairs(before) do -- only a check measures
        before[name] = not name:find '^flagger_canary_metric_analysis' and before[name] or nil
      end
      assert.same(before, after)
      assert.equal(100, after['flagger_canary_weight{workload="podinfo-primary",namespace="test"}'])
    end)
  end

  it('has since when a gate is closed, from an engine after a kill as well', function()
    local world = new { hooks = { go = 'confirm-rollout' }, answers = { go = function()
      return false
    end } }
    world:initialise():push().world:run '15m'
    local began = series(world)[of('sluice_canary_waiting_start_time_seconds', 'reason="GateClosed"')]
    assert.is_number(began)
    world.world:kill_engine(true)
    world.world:run('1m', function()
      return world.world:engine() == 'ready'
    end)
    world.world:run '1ms'
    assert.equal(began, series(world)[of('sluice_canary_waiting_start_time_seconds', 'reason="GateClosed"')])
  end)

  it('has no series of a Canary that is gone', function()
    local world = new { version = { errors = 0.5 } }
    world:initialise():push():finish():settle()
    world.world:delete('canaries.flagger.app', 'test', 'podinfo')
    world.world:run '30s'
    local left = {}
    for name in pairs(series(world)) do
      left[#left + 1] = name:find 'podinfo' and name or nil
    end
    assert.same({}, left)
    assert.equal(0, series(world)['flagger_canary_total{namespace="test"}'])
  end)

  it('has the series of the new target alone, when a Canary changes its target', function()
    local world = new():initialise()
    local target = world.world:get('deployments.apps', 'test', 'podinfo')
    world.world:create { apiVersion = 'apps/v1', kind = 'Deployment', metadata = { name = 'other', namespace = 'test' },
      spec = target.spec }
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.spec.targetRef.name = 'other'
    world.world:update(canary)
    world.world:run '30s'
    local said = series(world)
    assert.is_nil(said[of 'flagger_canary_status'])
    assert.is_nil(said['flagger_canary_weight{workload="podinfo-primary",namespace="test"}'])
    assert.is_number(said['flagger_canary_status{name="other",namespace="test"}'])
    assert.equal(1, said[of('sluice_canary_info', 'target="other",strategy="canary"')])
  end)
end)

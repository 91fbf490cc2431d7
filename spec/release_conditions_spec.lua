--- The conditions of Releases, and that they cost no request. tests/tools/kstatus asks kstatus what it makes of them.
local World = require 'spec.world'

--- Every status of every Release of a world.
local function watched(world)
  local seen = {}
  world.world:watch('releases.sluice.dev', function(release)
    seen[#seen + 1] = release
  end)
  return seen
end

local function conditions_of(release)
  local found = {}
  for _, condition in ipairs(release.status.conditions or {}) do
    found[condition.type] = condition
    assert.equal(release.status.state, condition.reason)
  end
  return found
end

--- What it says of a state, in one line.
local function shown(release)
  local found = conditions_of(release)
  local parts = {}
  for _, type in ipairs { 'Ready', 'Reconciling', 'Stalled' } do
    parts[#parts + 1] = found[type] and type .. '=' .. found[type].status
  end
  return release.status.state .. ' ' .. table.concat(parts, ' ')
end

--- The different lines of a world, in order.
local function course(seen)
  local lines = {}
  for _, release in ipairs(seen) do
    local line = release.status.state and shown(release) or 'generation ' .. release.status.observedGeneration
    if lines[#lines] ~= line then
      lines[#lines + 1] = line
    end
  end
  return lines
end

local PROMOTED = { analysis = { stepWeights = { 20, 50 } } }
local TAKEN_BACK = { analysis = { stepWeights = { 20, 50 } }, version = { errors = 0.5 } }

describe('the conditions of a Release', function()
  after_each(World.close_all)

  it('say that it is promoted', function()
    local world = World.new(PROMOTED)
    local seen = watched(world)
    world:initialise():push():finish():settle()
    assert.same({ 'generation -1', 'Running Ready=Unknown Reconciling=True', 'Succeeded Ready=True' }, course(seen))
    local status = world:release().status
    local ready = conditions_of(world:release()).Ready
    assert.equal(world:release().metadata.generation, status.observedGeneration)
    assert.equal(status.summary, ready.message)
    assert.equal(status.ended, ready.lastTransitionTime)
  end)

  it('say that it was taken back, and since when', function()
    local world = World.new(TAKEN_BACK)
    local seen = watched(world)
    world:initialise():push():finish():settle()
    assert.same({ 'generation -1', 'Running Ready=Unknown Reconciling=True', 'RollingBack Ready=False Reconciling=True',
      'Failed Ready=False Stalled=True' }, course(seen))
    local status, found = world:release().status, conditions_of(world:release())
    assert.equal(status.decided:sub(1, 19), found.Ready.lastTransitionTime:sub(1, 19))
    assert.equal(status.ended, found.Stalled.lastTransitionTime)
    assert.equal(status.summary, found.Stalled.message)
  end)

  it('say that another revision took its place', function()
    local world = World.new(PROMOTED)
    local seen = watched(world)
    world:initialise():push().world:run '25s'
    local target = world.world:get('deployments.apps', 'test', 'podinfo')
    target.spec.template.spec.containers[1].image = 'podinfo:3'
    world.world:version('podinfo:3', { errors = 0 })
    world.world:update(target)
    world:finish():settle()
    assert.equal('Superseded Ready=False Stalled=True', shown(world:release(1)))
    assert.equal('Succeeded Ready=True', shown(world:release(2)))
    assert.is_true(#seen > 2)
  end)

  it('keep their times while nothing changes, and over a kill', function()
    local world = World.new(PROMOTED)
    local seen = watched(world)
    world:initialise():push().world:run '25s'
    world.world:kill_engine(true)
    world:finish():settle()
    local since = {}
    for _, release in ipairs(seen) do
      if release.status.state == 'Running' then
        since[conditions_of(release).Reconciling.lastTransitionTime] = true
      end
    end
    assert.is_true(world.deaths == 1 and next(since) ~= nil and next(since, (next(since))) == nil)
  end)

  -- Measured with the engine before it had conditions.
  for name, story in pairs { promoted = { PROMOTED, 48 }, ['promoted by iterations'] = {
    { analysis = { iterations = 2 } }, 53 }, ['taken back'] = { TAKEN_BACK, 41 } } do
    it('cost no request of a release that is ' .. name, function()
      local world = World.new(story[1]):initialise():settle()
      local first = world.world:requests()
      world:push():finish():settle()
      assert.equal(story[2], world.world:requests() - first)
    end)
  end
end)

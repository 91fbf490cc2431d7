--- Ten releases in mid-run, and an eleventh Canary beside them whose script is hostile: what is told of the ten, and
--- when, is what is told in the same world without it.
local sluice = require 'sluice'

local NEIGHBOURS = 10
local TICK_MS = 1000 -- the engine's Lease aside, nothing of it goes by a shorter time
local STEP_MS = 25
local BEGIN_MS = 120000 -- in every world
local LASTING = '4m' -- longer than each of the ten takes

local OWN = [[
return require 'stdlib.strategy' { name = 'own', run = function(rollout)
  rollout:begin()
  for _, weight in ipairs { 10, 30, 60 } do
    rollout:shift(weight)
    rollout:analyse { rounds = 2 }
    rollout:wait '7s'
  end
  rollout:event 'all shares have had their time'
  rollout:promote()
end }]]

local GUARD = [[
return require 'stdlib.check' { name = 'guard', run = function(c)
  local all = c:query 'sum(rate(istio_requests_total{destination_workload="{{ target }}"}[{{ interval }}]))'
  return c:judge(all or 0, { min = 0 })
end }]]

local function script(kind, name, text)
  return { apiVersion = 'sluice.dev/v1alpha1', kind = kind, metadata = { name = name, namespace = 'test' },
    spec = { script = text } }
end

local function deployment(name)
  return { apiVersion = 'apps/v1', kind = 'Deployment', metadata = { name = name, namespace = 'test' },
    spec = { replicas = 1, selector = { matchLabels = { app = name } }, template = {
      metadata = { labels = { app = name } },
      spec = { containers = { { name = 'main', image = name .. ':0' } } } } } }
end

local function canary(name, analysis, strategy)
  analysis.interval, analysis.threshold = '10s', 3
  analysis.metrics = analysis.metrics or { { name = 'request-success-rate', thresholdRange = { min = 99 },
    interval = '1m' } }
  return { apiVersion = 'flagger.app/v1beta1', kind = 'Canary', metadata = { name = name, namespace = 'test' },
    spec = { targetRef = { apiVersion = 'apps/v1', kind = 'Deployment', name = name },
      service = { port = 80, hosts = { name .. '.test' } }, strategy = strategy, analysis = analysis } }
end

--- The Canaries of the neighbours: each way of a release that there is.
local KINDS = {
  function(name) return canary(name, { stepWeight = 10, maxWeight = 50 }) end,
  function(name) return canary(name, { stepWeights = { 5, 40, 80 } }) end,
  function(name) return canary(name, { iterations = 5 }) end,
  function(name) return canary(name, {}, { name = 'own' }) end,
  function(name)
    return canary(name, { stepWeight = 20, maxWeight = 60,
      metrics = { { name = 'guard', interval = '1m', checkRef = { name = 'guard' } } } })
  end,
}

---@class Neighbourhood
---@field world sluice.World
---@field told { at: integer, text: string }[][] of each neighbour
local function watch(self)
  local function note(name, format, ...)
    local list = self.told[name]
    if list then
      list[#list + 1] = { at = self.world:now(), text = format:format(...) }
    end
  end
  local counts = {}
  self.world:watch('events', function(event)
    local name, count = event.metadata.name, event.count or 1
    if count ~= counts[name] then
      counts[name] = count
      note(event.involvedObject.name, '%s %s', event.type, event.message)
    end
  end)
  local last = {}
  self.world:watch('canaries.flagger.app', function(object)
    local status, name = object.status or {}, object.metadata.name
    local text = ('%s, weight %d, iteration %d, %d failed'):format(status.phase or '-', status.canaryWeight or 0,
      status.iterations or 0, status.failedChecks or 0)
    if last[name] ~= text then
      last[name] = text
      note(name, 'is %s', text)
    end
  end)
end

local function push(world, name, version)
  local target = world:get('deployments.apps', 'test', name)
  target.spec.template.spec.containers[1].image = name .. ':' .. version
  world:update(target)
end

--- The ten; a hostile one may be refused.
local function are_initialised(world)
  for _, object in ipairs(world:list('canaries.flagger.app', 'test')) do
    local phase = object.status and object.status.phase
    if object.metadata.name:find '^app' and phase ~= 'Initialized' then
      return false
    end
  end
  return true
end

local PUSHES = 3 -- of the hostile one, a new version each
local HOSTILE = 'hostile'

--- The eleventh Canary, with what makes it hostile.
---@param hostile Hostile
local function create_hostile(world, hostile)
  world:create(deployment(HOSTILE))
  local analysis = { stepWeight = 20, maxWeight = 60 }
  if hostile.check then
    world:create(script('Check', HOSTILE, hostile.check))
    analysis.metrics = { { name = 'check', interval = '1m', checkRef = { name = HOSTILE } } }
  end
  if hostile.script then
    world:create(script('Strategy', HOSTILE, hostile.script))
  end
  analysis.webhooks = { { name = 'told', type = 'script', url = 'http://hooks/told' } }
  world:create(canary(HOSTILE, analysis, hostile.script and { name = HOSTILE }))
  world:traffic(HOSTILE .. '.test', 10)
end

--- What it does while the ten are in mid-run.
---@param hostile Hostile
local function let_loose(world, hostile)
  for i = 1, hostile.pushes or PUSHES do
    world:after(20000 * i, function()
      push(world, HOSTILE, i)
    end)
  end
  for i = 1, hostile.edits or 0 do
    world:after(1000 * i, function()
      local object = world:get('strategies.sluice.dev', 'test', HOSTILE)
      object.spec.script = hostile.script .. '\n-- ' .. i
      world:update(object)
    end)
  end
end

---@class Hostile
---@field script string? of its Strategy
---@field check string? of its Check
---@field pushes integer? of versions
---@field edits integer? of its script

--- What is told of the neighbours.
---@param hostile Hostile? nil: they are alone
---@return table<string, { at: integer, text: string }[]>
---@return integer releases of the hostile one
local function live(hostile)
  local world = sluice.world { seed = 1, step_ms = STEP_MS }
  local self, names, releases = { world = world, told = {} }, {}, 0
  world:create '{apiVersion: v1, kind: Namespace, metadata: {name: test}}'
  world:create(script('Strategy', 'own', OWN))
  world:create(script('Check', 'guard', GUARD))
  world:serve('hooks', function(request)
    return 200, request.body
  end)
  for i = 1, NEIGHBOURS do
    names[i] = ('app-%02d'):format(i)
    world:create(deployment(names[i]))
    world:create(KINDS[(i - 1) % #KINDS + 1](names[i]))
    world:traffic(names[i] .. '.test', 10)
    world:traffic(names[i] .. '-canary.test', 10)
  end
  if hostile then
    create_hostile(world, hostile)
  end
  world:start_engine 'engine'
  assert.is_true(world:run('10m', function()
    return are_initialised(world)
  end))
  world:run(BEGIN_MS - world:now())
  for i, name in ipairs(names) do
    self.told[name] = {}
    world:after(i * 1700, function()
      push(world, name, 1)
    end)
  end
  watch(self)
  world:watch('releases.sluice.dev', function(object, change)
    releases = releases + (change == 'added' and object.metadata.name:find('^' .. HOSTILE) and 1 or 0)
  end)
  if hostile then
    let_loose(world, hostile)
  end
  world:run(LASTING)
  assert.equal('ready', world:engine())
  assert.is_nil(world:broken())
  world:close()
  return self.told, releases
end

local function texts_of(list)
  local texts = {}
  for i, one in ipairs(list) do
    texts[i] = one.text
  end
  return texts
end

--- A Strategy whose run function goes on like this.
local function strategy(body)
  return "return require 'stdlib.strategy' { name = 'hostile', run = function(rollout) rollout:begin(); " .. body
    .. ' rollout:promote() end }'
end

---@type table<string, Hostile>
local ALL = {
  ['spins'] = { script = strategy 'while true do end' },
  ['spins and catches it'] = { script = strategy 'while true do pcall(function() while true do end end) end' },
  ['spins behind a share'] = { script = strategy "rollout:shift(50) rollout:wait '3s' while true do end" },
  ['matches a pattern for ever'] = {
    script = strategy "rollout:shift(50); (('a'):rep(40)):find(('a*'):rep(20) .. 'b')" },
  ['takes all memory'] = { script = strategy 'local t = {} while true do t[#t + 1] = {} end' },
  ['floods events'] = { script = strategy "for i = 1, 1e9 do rollout:event(i .. ('x'):rep(500)) end" },
  ['floods the log'] = { script = strategy
    "while true do for _ = 1, 1000 do rollout:log(('x'):rep(1000)) end rollout:wait '5s' end" },
  ['floods Prometheus'] = { script = strategy "while true do rollout:query 'up' end" },
  ['floods its webhook'] = { script = strategy "for i = 1, 1e9 do rollout:hook('told', { i }) end" },
  ['waits a second at a time'] = { script = strategy "while true do rollout:wait '1s' end", pushes = 1 },
  ['fills its record'] = { script = strategy "for i = 1, 1e9 do rollout:fetch('told', { ('x'):rep(10000) .. i }) end" },
  ['fails whenever it begins'] = { script = strategy "error(('x'):rep(2 ^ 20))" },
  ['is changed all the time, and prints and spins while it loads'] = {
    script = "for i = 1, 1e4 do print(i) end while true do end", edits = 60 },
  ['spins in a check'] = { check = "return require 'stdlib.check' { name = 'hostile', run = function(c)\n"
    .. 'while true do pcall(function() while true do end end) end end }' },
}

describe('a hostile script', function()
  local alone

  setup(function()
    alone = live()
  end)

  for what, hostile in pairs(ALL) do
    it('that ' .. what .. ' leaves ten releases beside it as they were', function()
      local told, releases = live(hostile)
      assert.is_true(releases > 0 or hostile.edits ~= nil)
      for name, list in pairs(alone) do
        assert.matches('is Succeeded', table.concat(texts_of(list), '\n'))
        assert.same(texts_of(list), texts_of(told[name]))
        for i, one in ipairs(list) do
          local apart = math.abs(told[name][i].at - one.at)
          assert.is_true(apart < TICK_MS, ('%s of %s: %d ms apart'):format(one.text, name, apart))
        end
      end
    end)
  end
end)

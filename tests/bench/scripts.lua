--- One measurement of tests/bench/scripts.py, in a process of its own: `luajit scripts.lua NAME` prints a number. Time
--- is of this process' CPU; the cluster is the embedded one, with what it costs to serve the engine.
local sluice = require 'sluice'

local NAMESPACE = '{apiVersion: v1, kind: Namespace, metadata: {name: bench}}\n'

local APP = [[
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: bench}
spec:
  replicas: 1
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: app, image: 'app:1', ports: [{containerPort: 80}]}]}
---
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: NAME, namespace: bench}
spec:
  strategy: {name: bench}
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: NAME}
  service: {port: 80, hosts: [NAME.example.com]}
  analysis: {interval: 10s, threshold: 5, metrics: [METRICS]}
]]

local SCRIPTS = [[
---
apiVersion: sluice.dev/v1alpha1
kind: Strategy
metadata: {name: bench, namespace: bench}
spec:
  script: |
    return require 'stdlib.strategy' { name = 'bench', run = function(rollout)
      rollout:begin()
      BODY
      rollout:wait '1h'
      rollout:promote()
    end }
---
apiVersion: sluice.dev/v1alpha1
kind: Check
metadata: {name: bench, namespace: bench}
spec:
  script: |
    return require 'stdlib.check' { name = 'bench', run = function(c)
      return c:judge(c:query 'vector(1)' or 0, { min = 1 }, 'the answer is %d')
    end }
]]

local EVENT = 'waits until'

--- A world with `count` Canaries; the release of each says the words of `body`, and then waits for an hour.
local function new_world(count, body, metrics)
  local self = { world = sluice.world {}, count = count, waiting = 0, settled = 0, engines = 0 }
  local objects = { NAMESPACE, (SCRIPTS:gsub('BODY', { BODY = body or '' })) }
  for i = 1, count do
    objects[#objects + 1] = (APP:gsub('NAME', 'app-' .. i):gsub('METRICS', metrics or ''))
    self.world:traffic(('app-%d.example.com'):format(i), 10)
  end
  self.world:create(table.concat(objects))
  local phases = {}
  self.world:watch('canaries.flagger.app', function(canary)
    local name, status = canary.metadata.name, canary.status or {}
    local phase = status.phase
    for _, condition in ipairs(status.conditions or {}) do
      if condition.type == 'Waiting' and condition.status == 'True' and condition.message:find(EVENT, 1, true) then
        phase = 'waits'
      end
    end
    if phase ~= phases[name] then
      phases[name] = phase
      self.settled = self.settled + (phase == 'Initialized' and 1 or 0)
      self.waiting = self.waiting + (phase == 'waits' and 1 or 0)
    end
  end)
  return self
end

local function start(self)
  self.engines = self.engines + 1
  self.world:start_engine('engine-' .. self.engines)
end

local function run_until(self, field)
  assert(self.world:run('6h', function() return self[field] == self.count end), field)
end

local function initialise(self)
  start(self)
  run_until(self, 'settled')
  self.world:run '1m'
end

--- CPU seconds.
local function spent(act)
  local before = os.clock()
  act()
  return os.clock() - before
end

--- Pushes a new version everywhere.
local function push(self)
  for i = 1, self.count do
    local target = self.world:get('deployments.apps', 'bench', 'app-' .. i)
    target.spec.template.spec.containers[1].image = 'app:2'
    self.world:update(target)
  end
end

--- The same, until all releases wait.
local function release(self)
  push(self)
  run_until(self, 'waiting')
end

local function restart(self)
  self.world:kill_engine()
  self.world:run '1s'
  start(self)
  self.world:run '30s' -- until every release has replayed its words
end

--- Until the releases of these words wait.
local function cost_of(body, metrics)
  local self = new_world(1, body, metrics)
  initialise(self)
  return spent(function() release(self) end)
end

--- Of a restart of the engine in mid-release.
local function cost_of_restart(count, body, is_at_rest)
  local self = new_world(count, body)
  initialise(self)
  if not is_at_rest then
    release(self)
    self.world:run '1s'
  end
  restart(self)
  return spent(function() restart(self) end)
end

--- The resident memory of all VMs in KiB. A VM reserves a multiple of 64 MiB (core/script/vm.c), as nobody else does.
local function arenas()
  local kib, size = 0, 0
  for line in io.lines '/proc/self/smaps' do
    local from, to = line:match '^(%x+)%-(%x+) '
    if from then
      size = tonumber(to, 16) - tonumber(from, 16)
    end
    local resident = line:match '^Rss: +(%d+) kB'
    if resident and size > 0 and size % (64 * 1024 * 1024) == 0 then
      kib = kib + tonumber(resident)
    end
  end
  return kib
end

local WORDS, ROUNDS, RELEASES = 2000, 500, 50
local MANY = ('for _ = 1, %d do rollout:now() rollout:elapsed() end'):format(WORDS / 2)
local SHIFTS = ('for i = 1, %d do rollout:shift(i %% 50 + 1) end'):format(ROUNDS)
local ANALYSE = ('rollout:analyse { rounds = %d }'):format(ROUNDS)
local CHECK = '{name: bench, interval: 1m, checkRef: {name: bench}}'

--- KiB of a release in a word that comes after a shift and rounds with a check.
local function memory_in(word)
  local self = new_world(RELEASES, 'rollout:shift(10) rollout:analyse { rounds = 3 } ' .. word, CHECK)
  initialise(self)
  local before = arenas()
  push(self)
  self.world:run '5m'
  return (arenas() - before) / RELEASES
end

local measurements = {
  fact = function() return (cost_of(MANY) - cost_of '') / WORDS * 1e6 end,
  shift = function() return (cost_of(SHIFTS) - cost_of '') / ROUNDS * 1e6 end,
  round = function() return (cost_of(ANALYSE) - cost_of '') / ROUNDS * 1e6 end,
  check = function() return (cost_of(ANALYSE, CHECK) - cost_of(ANALYSE)) / ROUNDS * 1e6 end,
  creation = function()
    return (cost_of_restart(RELEASES, '') - cost_of_restart(RELEASES, '', true)) / RELEASES * 1e6
  end,
  memory = function() return memory_in 'for _ = 1, 500 do rollout:wait "4s" end' end,
  rest = function() return memory_in 'rollout:analyse { rounds = 1000 }' end,
  restart = function() return cost_of_restart(1, '') * 1e6 end,
  replay = function() return (cost_of_restart(1, MANY) - cost_of_restart(1, '')) / WORDS * 1e6 end,
}

print(('%.9g'):format(measurements[arg[1]]()))

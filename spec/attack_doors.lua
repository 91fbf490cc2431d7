--- The doors at which a script of somebody else's comes in: a Strategy, a Check, an adapter. Behind each is the real
--- engine, and what an attack comes to is read where its author would read it.
---
--- A Strategy and a Check have a world each, in which one attack follows another: each gets a release of its own, and
--- the next one shows that the engine is as it was. (An adapter has its own host each time.)
local sluice = require 'sluice'

---@class Attack
---@field [1] string what it tries
---@field [2] string the script, or the body of its function
---@field whole boolean? it is the script
---@field modules table<string, string>? that the script brings
---@field params table? what the Canary gives
---@field request string? of an adapter: the body of `request`; the attack is that of `answer` then
---@field responses table[]? what servers answer to an adapter
---@field refused string? it does not load, and this is said
---@field raised string? it ends its release, and this is said
---@field stopped 'time'|'limit'|nil by the limit of time, or by any
---@field harmless boolean? unless told otherwise: it comes to its end, and has found nothing
---@field tells string? a payload of the webhook `told` or a share of the canary, 'weight 5'; what an adapter answers,
---  and how many requests were sent, '1 sent'
---@field silent string? nothing of these has this text in it

---@class Outcome what became of an attack
---@field how 'refused'|'raised'|'harmless'|'endless'
---@field text string
---@field told string[]
---@field lines integer of the engine's log

local M = {}

local STEP_MS = 25 -- enough for what is harmless, on a slow machine and with sanitizers

local OBJECTS = [[
{apiVersion: v1, kind: Namespace, metadata: {name: test}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: podinfo, namespace: test, labels: {app: podinfo}},
 spec: {replicas: 1, selector: {matchLabels: {app: podinfo}},
  template: {metadata: {labels: {app: podinfo}}, spec: {containers: [{name: podinfod, image: 'podinfo:0'}]}}}}
]]

local function canary(kind)
  local analysis = { interval = '10s', threshold = 2, webhooks = {
    { name = 'told', type = 'script', url = 'http://hooks/told' },
    { name = 'smoke', type = 'pre-rollout', url = 'http://hooks/smoke' } } }
  local spec = { targetRef = { apiVersion = 'apps/v1', kind = 'Deployment', name = 'podinfo' },
    service = { port = 9898, hosts = { 'web.test' } }, analysis = analysis }
  if kind == 'Strategy' then
    spec.strategy = { name = 'attack' }
  else
    analysis.stepWeight, analysis.maxWeight = 20, 60
    -- Asked twice in a round: from one to the next its VM is dropped.
    analysis.metrics = { { name = 'attack', interval = '1m', checkRef = { name = 'attack' } },
      { name = 'again', interval = '1m', checkRef = { name = 'attack' } } }
  end
  return { apiVersion = 'flagger.app/v1beta1', kind = 'Canary', metadata = { name = 'podinfo', namespace = 'test' },
    spec = spec }
end

local KINDS = {
  Strategy = {
    plural = 'strategies.sluice.dev',
    script = function(body)
      return "return require 'stdlib.strategy' { name = 'attack', run = function(rollout) rollout:begin();\n" .. body
        .. '\nrollout:analyse { rounds = 1 } rollout:promote() end }'
    end,
  },
  Check = {
    plural = 'checks.sluice.dev',
    script = function(body)
      return "return require 'stdlib.check' { name = 'attack', run = function(c)\n" .. body
        .. '\nreturn c:judge(1, { max = 2 }) end }'
    end,
  },
}

---@class Door
---@field kind 'Strategy'|'Check'
---@field world sluice.World
---@field last table? the Release that changed last
---@field phase string?
---@field told string[]
---@field image integer
local Door = {}
Door.__index = Door

local OVER = { Succeeded = true, Failed = true }

function Door:_watch()
  self.world:watch('releases.sluice.dev', function(object, change)
    self.last = change ~= 'deleted' and object or self.last -- the history has an end
  end)
  self.world:watch('canaries.flagger.app', function(object)
    self.phase = object.status and object.status.phase
  end)
  self.world:watch('virtualservices.networking.istio.io', function(object)
    self.told[#self.told + 1] = 'weight ' .. object.spec.http[1].route[2].weight
  end)
end

---@param kind 'Strategy'|'Check'
---@return Door
function M.open(kind)
  local world = sluice.world { seed = 1, step_ms = STEP_MS }
  local self = setmetatable({ kind = kind, world = world, told = {}, image = 0 }, Door)
  self:_watch()
  world:serve('hooks', function(request)
    self.told[#self.told + 1] = request.body
    return 200, request.body
  end)
  world:traffic('web.test', 50)
  world:create(OBJECTS)
  world:create { apiVersion = 'sluice.dev/v1alpha1', kind = kind, metadata = { name = 'attack', namespace = 'test' },
    spec = { script = KINDS[kind].script '' } }
  world:create(canary(kind))
  world:start_engine 'engine'
  assert(world:run('10m', function()
    return self.phase == 'Initialized'
  end), 'the Canary is not initialised')
  return self
end

function Door:_get(plural, name)
  return self.world:get(plural, 'test', name)
end

--- The condition Ready of the script as it is now.
function Door:_ready()
  local object = self:_get(KINDS[self.kind].plural, 'attack')
  local ready = object.status and object.status.conditions[1]
  return ready and ready.observedGeneration == object.metadata.generation and ready or nil
end

function Door:_give(attack)
  local object = self:_get(KINDS[self.kind].plural, 'attack')
  object.spec.script = attack.whole and attack[2] or KINDS[self.kind].script(attack[2])
  object.spec.modules = attack.modules
  self.world:update(object)
  local live = self:_get('canaries.flagger.app', 'podinfo')
  local reference = live.spec.strategy or live.spec.analysis.metrics[1].checkRef
  reference.params = attack.params
  self.world:update(live)
  self.world:run('1m', function()
    return self:_ready() ~= nil
  end)
end

--- True when another release has begun since, and is over.
function Door:_is_over(before)
  return self.last and self.last.metadata.name ~= before and self.last.status and OVER[self.last.status.state]
    and OVER[self.phase]
end

--- A new version, and what becomes of it.
---@return Outcome
function Door:_release()
  local before = self.last and self.last.metadata.name
  self.image = self.image + 1
  local target = self:_get('deployments.apps', 'podinfo')
  target.spec.template.spec.containers[1].image = 'podinfo:' .. self.image
  self.world:update(target)
  if not self.world:run('6h', function()
    return self:_is_over(before)
  end) then
    return { how = 'endless', text = 'the release is not over after six hours', told = self.told }
  end
  self.world:run '2s' -- until that is told
  local status = self.last.status
  return { how = status.state == 'Succeeded' and 'harmless' or 'raised', text = status.reason or '', told = self.told }
end

function Door:_lines()
  return select(2, self.world:log():gsub('\n', ''))
end

--- Lets an attack in.
---@param attack Attack
---@return Outcome
function Door:take(attack)
  self.told = {}
  local before = self:_lines()
  self:_give(attack)
  local ready = assert(self:_ready(), 'nobody has looked at the script')
  local outcome = ready.status == 'False' and { how = 'refused', text = ready.message, told = self.told }
    or self:_release()
  outcome.lines = self:_lines() - before
  return outcome
end

--- What must be so whatever came in; nil: it is so.
---@return string?
function Door:harm()
  if self.world:engine() ~= 'ready' then
    return 'the engine is ' .. self.world:engine()
  end
  return self.world:broken()
end

function Door:close()
  self.world:close()
end

local ADAPTER = [[
local adapter = require 'stdlib.adapter'
return adapter { name = 'attack', request = function(ask) do %s
end end, answer = function(ask, response) do %s
end return { value = 1 } end }]]

--- Lets an attack in as an adapter: one of the folder of a team, or one that a Check brings.
---@param attack Attack
---@param of_check boolean?
---@return Outcome
function M.ask(attack, of_check)
  local address = of_check and 'http://server/api' or 'http://server/'
  local module = of_check and 'checks.shop.guard.adapters.attack' or 'adapters.metrics.attack'
  local modules = { [module] = attack.whole and attack[2]
    or ADAPTER:format(attack.request or ("return { url = '%s' }"):format(address), attack[2]) }
  for name, text in pairs(attack.modules or {}) do
    modules[name] = text
  end
  local said = sluice.ask { name = of_check and module or 'metrics.attack',
    ask = { address = of_check and address or 'http://server', secret = { token = 'hush' } },
    measured = attack.stopped ~= nil, responses = sluice.list(attack.responses or { { body = '{}' } }),
    modules = not of_check and modules or nil, sources = of_check and modules or nil,
    urls = of_check and sluice.list { address } or nil }
  if said.answer then
    local told = { tostring(said.answer.value), #said.requests .. ' sent', said.answer.error }
    return { how = 'harmless', text = '', told = told, lines = said.lines }
  end
  return { how = 'raised', text = said.error or 'nothing came', told = {}, lines = said.lines }
end

return M

--- A simulated world: the real engine, one Canary of podinfo and the hooks it names. What happens
--- there is written down as it happens.
local edits = require 'spec.world_edits'
local judge = require 'spec.world_judge'
local keys = require 'stdlib.keys'
local outcome = require 'spec.world_outcome'
local found, sluice = pcall(require, 'sluice')
if not found then
  error('the engine is not there as a module; build it and run the specs with spec/run\n' .. sluice, 0)
end

--- Of the specs so far; those that are open.
local open = {}

---@class World
---@field world sluice.World
---@field told table<string, integer> how often an event's message was told
---@field shared table<string, boolean> those that were told by raising the count of an event
---@field history string[] what became of the traffic, the Canary and the primary, in order
---@field delivered string[] hooks as they came, each key once
---@field deliveries table<string, integer> how often each came, by its key
---@field broken string? the first thing that must not be
---@field judge Judge?
---@field edits_due integer how many edits were made, or are about to be
---@field deaths integer
---@field phase string? of the Canary
---@field state string? of its last Release
local World = {}
World.__index = World

local TARGET = [[
{apiVersion: v1, kind: Namespace, metadata: {name: test}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: podinfo, namespace: test, labels: {app: podinfo}},
 spec: {replicas: 1, selector: {matchLabels: {app: podinfo}},
  template: {metadata: {labels: {app: podinfo}}, spec: {containers: [{name: podinfod, image: 'podinfo:1'}]}}}}
]]

local HOOKS = 'http://hooks/'
local ASKING = { ['confirm-rollout'] = true, ['confirm-traffic-increase'] = true, ['confirm-promotion'] = true,
  rollback = true, script = true } -- nothing is delivered: they may be asked again

function World:_note(format, ...)
  self.history[#self.history + 1] = string.format(format, ...)
end

--- The same as the last line of its kind says nothing.
function World:_note_change(what, text)
  if self.last[what] ~= text then
    self.last[what] = text
    self:_note('%s: %s', what, text)
  end
end

function World:_break(format, ...)
  self.broken = self.broken or string.format(format, ...)
end

-- What is watched -----------------------------------------------------------------------------

local function share_of(virtual_service)
  local texts = {}
  for i, http in ipairs(virtual_service.spec.http or virtual_service.spec.tcp) do
    local weights = {}
    for j, to in ipairs(http.route) do
      weights[j] = string.format('%s %d', to.destination.host, to.weight or 100)
    end
    texts[i] = table.concat(weights, ', ') .. (http.mirror and ', mirrored' or '')
  end
  return table.concat(texts, '; ')
end

--- Whoever looks at the right moment tells it; nothing depends on it.
local WAITING = ' not ready: '

function World:_watch()
  local world = self.world
  world:watch('virtualservices.networking.istio.io', function(object)
    self:_note_change('traffic', share_of(object))
  end)
  world:watch('canaries.flagger.app', function(object)
    local status = object.status or {}
    self.phase = status.phase
    self:_note_change('canary', string.format('%s, weight %d, iteration %d, %d failed', status.phase or '-',
      status.canaryWeight or 0, status.iterations or 0, status.failedChecks or 0))
  end)
  world:watch('releases.sluice.dev', function(object)
    self.state = object.status and object.status.state
  end)
  world:watch('deployments.apps', function(object)
    if object.metadata.name == 'podinfo-primary' then
      self:_note_change('primary', object.spec.template.spec.containers[1].image)
    else
      self:_note_change('target', tostring(object.spec.replicas))
    end
  end)
  world:watch('events', function(event)
    if event.involvedObject.kind == 'Canary' and not event.message:find(WAITING) then
      self:_hear(event)
    end
  end)
end

local COMBINED = '^%(combined from similar events%): '

--- Equal ones share an object, whose count goes up, and after the tenth similar ones too, whose text is the
--- last one's.
function World:_hear(event)
  local name, count = event.metadata.name, event.count or 1
  local text = event.type .. ' ' .. event.message:gsub(COMBINED, '')
  if not self.told[text] then
    self.told[text] = 0
    self.texts[#self.texts + 1] = text
  end
  self.told[text] = self.told[text] + count - (self.counts[name] or 0)
  if self.counts[name] then
    self.shared[text] = true
  end
  self.counts[name] = count
end

-- Hooks ---------------------------------------------------------------------------------------

function World:_serve(request)
  local name = request.path:sub(2)
  local type = self.types[name]
  local times = (self.deliveries[request.key] or 0) + 1
  self.deliveries[request.key] = times
  if not ASKING[type] then
    if times == 1 then
      self.delivered[#self.delivered + 1] = type .. ' hook ' .. name
    end
    if times > 1 + self.deaths then
      self:_break('%s was delivered %d times, after %d deaths', request.key, times, self.deaths)
    end
  end
  local answer = self.answers[name]
  local passes = answer == nil or answer(self)
  return passes and 200 or 403, 'OK'
end

-- Life ----------------------------------------------------------------------------------------

---@class WorldOptions
---@field analysis table spec.analysis of the Canary
---@field strategy table? spec.strategy of the Canary
---@field objects table[]? what is there before the Canary
---@field hooks table<string, string>? type of each hook, by name
---@field answers table<string, fun(world: World): boolean>? whether a hook passes; it does without one
---@field version table? how podinfo:2 behaves
---@field seed integer?
---@field edits WorldEdit[]? of the Canary, one after the other
---@field on_death fun(world: World)? before another engine starts; read when one dies, as `apart` is
---@field sparse integer? fewer deaths, by this factor
---@field offset integer? where the first one is
---@field transcript boolean?
---@field people boolean? somebody writes routes, replicas or status by hand
---@field start string? a module in the place of stdlib.start
---@field restored { at_ms: integer, objects: string }? it goes on from what another world had then
---@field replay_words integer? a replay pauses after so many
---@field skipAnalysis boolean? of the Canary
---@field apart boolean? a successor has to wait until the Lease of the dead has expired
---@field lease_factor integer? by which its times are longer than usual

---@param options WorldOptions
---@return World
function World.new(options)
  local world = sluice.world { seed = options.seed or 1, transcript = options.transcript,
    start = options.start, people = options.people, replay_words = options.replay_words,
    lease_factor = options.lease_factor }
  local self = setmetatable({
    world = world, answers = options.answers or {}, types = options.hooks or {},
    told = {}, texts = {}, shared = {}, counts = {}, history = {}, last = {}, delivered = {}, deliveries = {},
    deaths = 0, engines = 0, edits_due = 0,
  }, World)
  open[self] = true
  world:version('podinfo:1', { errors = 0 })
  world:version('podinfo:2', options.version or { errors = 0 })
  world:traffic('web.test', 50)
  world:traffic('web.test', 20, { ['x-canary'] = 'insider' })
  world:traffic('podinfo-canary.test', 20)
  world:serve('hooks', function(request)
    return self:_serve(request)
  end)
  self.judge = not options.restored and judge.watch(self) or nil -- that one knows whole releases
  self:_watch()
  world:on_engine(function(state)
    if state == 'dead' then
      self.deaths = self.deaths + 1
      if options.on_death then
        options.on_death(self)
      end
      self:_start_engine(options.apart)
    end
  end)
  if options.restored then
    world:run(options.restored.at_ms)
    world:create '{apiVersion: v1, kind: Namespace, metadata: {name: test}}'
    world:restore(options.restored.objects)
  else
    world:create(TARGET)
    for _, object in ipairs(options.objects or {}) do
      world:create(object)
    end
    world:create(World.canary(options))
    edits.plan(self, options.edits or {})
  end
  self:_start_engine()
  return self
end

--- The Canary of such a world.
---@param options WorldOptions
---@return table
function World.canary(options)
  local analysis = { interval = '10s', threshold = 2, webhooks = {}, metrics = {
    { name = 'request-success-rate', thresholdRange = { min = 99 }, interval = '1m' } } }
  for name, value in pairs(options.analysis) do
    analysis[name] = value
  end
  for i, name in ipairs(keys.sorted(options.hooks or {})) do
    analysis.webhooks[i] = { name = name, type = options.hooks[name], url = HOOKS .. name }
  end
  if not analysis.webhooks[1] then
    analysis.webhooks = nil
  end
  return { apiVersion = 'flagger.app/v1beta1', kind = 'Canary', metadata = { name = 'podinfo', namespace = 'test' },
    spec = { targetRef = { apiVersion = 'apps/v1', kind = 'Deployment', name = 'podinfo' },
      service = { port = 9898, hosts = { 'web.test' } }, analysis = analysis, strategy = options.strategy,
      skipAnalysis = options.skipAnalysis } }
end

---@param apart boolean? it has to wait until the Lease of the dead has expired
function World:_start_engine(apart)
  self.engines = self.engines + 1
  self.world:start_engine('engine-' .. self.engines, apart)
end

local LIMIT = '30m'

function World:_await(what, is_there)
  if not self.world:run(LIMIT, is_there) then
    error(string.format('after %s %s has not come; %s', LIMIT, what, self:story()), 0)
  end
end

--- Until the Canary is initialised.
---@return World
function World:initialise()
  self:_await('the initialisation', function()
    return self.phase == 'Initialized'
  end)
  self.world:run '2s' -- until that is told
  self.broken = self.broken or self.world:broken()
  return self
end

--- Pushes a new revision.
---@return World
function World:push()
  local target = self.world:get('deployments.apps', 'test', 'podinfo')
  target.spec.template.spec.containers[1].image = 'podinfo:2'
  self.world:update(target)
  return self
end

local OVER = { Succeeded = true, Failed = true }

--- Until the release is over and its record is closed.
---@return World
function World:finish()
  self:_await('the end of the release', function()
    return OVER[self.phase] and OVER[self.state]
  end)
  self.world:run '1s'
  self.broken = self.broken or self.world:broken()
  return self
end

--- Until an engine is at work that has nothing to do any more.
---@return World
function World:settle()
  self.world:run('1m', function()
    return self.world:engine() == 'ready'
  end)
  self.world:run '25s'
  self.broken = self.broken or self.world:broken()
  return self
end

function World:close()
  open[self] = nil
  self.world:close()
end

--- For after_each: nothing of a world may be left open.
function World.close_all()
  for self in pairs(open) do
    self:close()
  end
end

-- What is left --------------------------------------------------------------------------------

---@param often table<string, integer>? of the shared events, how often they are told without a death
---@return string[]
function World:outcome(often)
  return outcome(self, often)
end

--- How often each of the shared events was told.
---@return table<string, integer>
function World:shared_events()
  local often = {}
  for text in pairs(self.shared) do
    often[text] = self.told[text]
  end
  return often
end

--- The last line of the history that begins so: 'traffic', 'canary', 'primary', 'target'.
---@param what string
---@return string?
function World:last_of(what)
  local last
  for _, line in ipairs(self.history) do
    last = line:find(what .. ':', 1, true) == 1 and line or last
  end
  return last
end

--- How often events with this text in them were told.
---@param text string
---@return integer
function World:times_told(text)
  local count = 0
  for told, times in pairs(self.told) do
    count = count + (told:find(text, 1, true) and times or 0)
  end
  return count
end

--- The first event that was told and matches, with its type before it.
---@param pattern string
---@return string?
function World:first_told(pattern)
  for _, text in ipairs(self.texts) do
    if text:find(pattern) then
      return text
    end
  end
end

--- A condition of an object; unless told, of the Canary.
---@param type string
---@param resource string?
---@param name string?
---@return table?
function World:condition(type, resource, name)
  local object = self.world:get(resource or 'canaries.flagger.app', 'test', name or 'podinfo')
  for _, one in ipairs(object.status and object.status.conditions or {}) do
    if one.type == type then
      return one
    end
  end
end

--- The record of the first release, or of that with this number.
---@param number integer?
---@return table?
function World:release(number)
  return self.world:get('releases.sluice.dev', 'test', 'podinfo-' .. (number or 1))
end

--- What happened, for a person to read.
---@return string
function World:story()
  return table.concat(self:outcome(), '\n')
end

return World

--- Plays one release of a setting, by the real engine in a world of its own, and keeps all of it as data.
local door = require 'tool.backtest.door'
local moments = require 'tool.record.moment'
local records = require 'tool.record.read'
local sluice = require 'sluice'
local verdicts = require 'tool.record.verdict'

local M = {}

---@class Release one that was played; `at` everywhere: ms since it began
---@field began number ms, wall clock
---@field ended number ms
---@field decision 'promoted'|'taken back'|'undecided'
---@field strategy string
---@field steps { at: number, weight: integer }[] the canary's share
---@field checks table[] the evidence on record: metric, verdict, value, min, max, margin, cause, reason, weight, query
---@field events { at: number, text: string, warning: boolean }[]
---@field words { at: number, word: string, result: table, count: integer }[] of the strategy, as they are on record;
---  count: it was said so many times in a row
---@field asked { at: number, query: string, span: number?, host: string }[]
---@field hooks { at: number, name: string, type: string }[]
---@field summary string? as the Release says it
---@field problem string? why it did not come to an end
---@field waits string? why it waits at its end, as the Canary's condition Waiting has it: 'CheckBlind'

local MARGIN_MS = 120000 -- in which the Canary's objects come about

M.LIMIT_MS = 14 * 86400000 -- after which it is undecided
M.ACTS_MAX = 2500 -- changes of the record in an hour, likewise: a loop without an end has 60 a minute (its budget)

-- What is kept ----------------------------------------------------------------------------------

---@class Recorder
---@field world sluice.World
---@field begin number? ms, what the wall clock showed first
---@field began number? ms since the world began, when the first release did
---@field ended number? likewise
---@field hour { at: number, acts: integer } changes of the record in the hour since then
local recorder = {}
recorder.__index = recorder

--- Of the record of a release, which drops old evidence: what is new in it, and so at its end.
local function take_evidence(self, object)
  local evidence, fresh = (object.status or {}).evidence or {}, {}
  for i = #evidence, 1, -1 do
    local check = evidence[i]
    local key = ('%s %s %s %s %s'):format(object.metadata.name, check.at, check.metric or check.hook or '',
      check.round or '', check.where or '')
    if self.seen[key] then
      break
    end
    self.seen[key] = true
    fresh[#fresh + 1] = check
  end
  for i = #fresh, 1, -1 do
    fresh[i].margin = fresh[i].margin or verdicts.margin(fresh[i])
    self.checks[#self.checks + 1] = fresh[i]
  end
end

local function bound_acts(self)
  local now = self.world:now()
  if now - self.hour.at >= 3600000 then
    self.hour = { at = now, acts = 0 }
  end
  self.hour.acts = self.hour.acts + 1
  if self.hour.acts > M.ACTS_MAX then
    local entries = (self.last.status or {}).entries or {}
    error(('it has acted %d times within an hour and goes on, most recently by %s: a loop without an end?'):format(
      M.ACTS_MAX, (entries[#entries] or {}).w or 'none'), 0)
  end
end

--- What the wall clock showed when the world began: a whole second.
local function begin_of(object, now)
  return math.ceil((moments.parse(object.metadata.creationTimestamp) - now) / 1000) * 1000
end

local function see_release(self, object)
  if object.metadata.namespace ~= self.namespace or object.spec.canary ~= self.name then
    return
  end
  if not self.began then
    self.began = self.world:now()
    self.begin = self.begin or begin_of(object, self.began)
  end
  self.progress(self.world:now() - self.began)
  take_evidence(self, object)
  self.last, self.ended = object, (object.status or {}).ended and (self.ended or self.world:now()) or nil
  bound_acts(self)
end

local function see_event(self, event)
  local of = event.involvedObject
  if of.kind == 'Canary' and of.name == self.name and of.namespace == self.namespace then
    self.events[#self.events + 1] = { at = self.world:now(), text = event.message,
      warning = event.type == 'Warning' }
  end
end

--- Listens to a world from now on.
---@param world sluice.World
---@param setting Setting
---@param progress (fun(ms: number))? is told how much of the release is played
---@param begin number? ms, what its wall clock showed first
---@return Recorder
local function listen(world, setting, progress, begin)
  local self = setmetatable({ world = world, begin = begin, progress = progress or function() end,
    namespace = setting.namespace, name = setting.name, checks = {}, events = {}, asked = {}, hooks = {},
    seen = {}, hour = { at = 0, acts = 0 } }, recorder)
  world:hear('releases.sluice.dev', function(object)
    see_release(self, object)
  end)
  world:hear('events', function(event)
    see_event(self, event)
  end)
  return self
end

--- Times since the release began; what was before is dropped.
local function since(list, began)
  local kept = {}
  for _, each in ipairs(list) do
    if each.at >= began then
      each.at = each.at - began
      kept[#kept + 1] = each
    end
  end
  return kept
end

local function steps_of(self)
  local steps = { { at = 0, weight = 0 } }
  for _, step in ipairs(self.world:curve(self.namespace .. '/' .. self.name)) do
    if step.at > self.began and step.weight ~= steps[#steps].weight then
      steps[#steps + 1] = { at = step.at - self.began, weight = step.weight }
    end
  end
  return steps
end

local function words_of(self)
  local words = {}
  for i, entry in ipairs(assert(records.release(self.last)).entries) do
    words[i] = { at = entry.at_ms - self.begin, word = entry.word, result = entry.result or {}, count = entry.times }
  end
  return words
end

--- Of a release that holds, the record has no verdict of the rounds since: the Canary says why.
local function waits_of(self)
  local canary = self.world:get('canaries.flagger.app', self.namespace, self.name) or {}
  for _, condition in ipairs((canary.status or {}).conditions or {}) do
    if condition.type == 'Waiting' and condition.status == 'True' then
      return condition.reason
    end
  end
end

local function kind_of(spec)
  local analysis = spec.analysis or spec.canaryAnalysis or {}
  if type(spec.strategy) == 'table' and spec.strategy.name ~= nil then
    return spec.strategy.name
  elseif (analysis.iterations or 0) > 0 then
    return analysis.match and 'A/B test' or 'blue/green'
  end
  return spec.skipAnalysis and 'promotion without an analysis' or 'canary'
end

local DECISIONS = { Succeeded = 'promoted', Failed = 'taken back' }

--- All of it, as a table.
---@param setting Setting
---@param phase string of the Canary now
---@param problem string?
---@return Release
function recorder:finish(setting, phase, problem)
  local ended, wall = self.ended or self.world:now(), self.begin + self.began
  for _, check in ipairs(self.checks) do
    check.at = math.max(self.began, moments.parse(check.at) - self.begin)
  end
  return {
    began = wall, ended = self.begin + ended, decision = DECISIONS[phase] or 'undecided', problem = problem,
    strategy = kind_of(setting.canary.spec), steps = steps_of(self), checks = since(self.checks, self.began),
    events = since(self.events, self.began), asked = since(self.asked, self.began),
    hooks = since(self.hooks, self.began), words = since(words_of(self), self.began),
    summary = (self.last.status or {}).summary, waits = waits_of(self),
  }
end

-- What answers ----------------------------------------------------------------------------------

--- How much of a hook's metadata is in a payload; nil: not all of it.
local function likeness(hook, body)
  local count = 0
  for name, value in pairs(hook.metadata) do
    local plain = tostring(value):match '^[^"\\%c]*' -- up to what JSON writes otherwise
    if not body:find(('"%s":"%s'):format(name, plain), 1, true) then
      return nil
    end
    count = count + 1
  end
  return count
end

--- Of several at one URL, the one whose metadata the payload has.
local function find_hook(setting, host, request)
  local found, most
  for _, hook in ipairs(setting.hooks) do
    local is_there = hook.host == host and (hook.path == request.path or request.path == '/' and hook.path == '')
    local like = is_there and likeness(hook, request.body or '')
    if like and (not most or like > most) then
      found, most = hook, like
    end
  end
  return found
end

--- Webhooks agree, but no rollback hook asks for a rollback.
local function serve_hooks(self, setting)
  for _, hook in ipairs(setting.hooks) do
    self.world:serve(hook.host, function(request)
      local asked = find_hook(setting, hook.host, request) or hook
      self.hooks[#self.hooks + 1] = { at = self.world:now(), name = asked.name, type = asked.type }
      return asked.type == 'rollback' and 403 or 200, ''
    end)
  end
end

local function serve_prometheus(self, setting, ask)
  local function now()
    return self.begin + self.world:now()
  end
  for host in pairs(setting.servers) do
    self.world:serve(host, door.serve(ask, now, function(question)
      self.asked[#self.asked + 1] = { at = self.world:now(), query = question.query, host = host,
        span = question.step and question.to - question.from or nil }
    end))
  end
end

-- The play --------------------------------------------------------------------------------------

--- Closes the world whatever happens in it.
local function within(world, act)
  local ok, raised = pcall(act)
  world:close()
  if not ok then
    error(raised, 0)
  end
  return raised
end

--- Why nothing came of the objects.
local function refuse(setting, raised)
  local text, key = tostring(raised):gsub('^tool/[%w_/]+%.lua:%d+: ', ''), setting.namespace .. '/' .. setting.name
  if text:sub(1, #key + 1) == key .. ' ' then -- it is named already
    text = 'it' .. text:sub(#key + 1)
  end
  error({ refused = ('%s.%s: %s'):format(setting.name, setting.namespace, text) }, 0)
end

---@param setting Setting
---@param options { begin: number, ask: fun(query: string, time: number): PromqlAnswer?, PromqlFailure?,
---  modules: table<string, string>?, limit: number?, progress: fun(ms: number)? } begin: when a new version is pushed,
---  wall clock ms; limit: ms after which the release is undecided; progress: is told how much is played
---@return Release
function M.play(setting, options)
  local begin = math.floor(options.begin / 1000) * 1000 - MARGIN_MS
  local opened, world = pcall(sluice.world, { manifests = setting.objects, begin = moments.text(begin),
    modules = options.modules })
  if not opened then
    refuse(setting, world)
  end
  return within(world, function()
    local self = listen(world, setting, options.progress, begin)
    serve_prometheus(self, setting, options.ask)
    serve_hooks(self, setting)
    local settled, why = pcall(world.settle, world)
    if not settled then
      refuse(setting, why)
    end
    world:run(math.max(0, MARGIN_MS - world:now()))
    world:deploy(setting.image .. '-next')
    local over, phase = pcall(world.finish, world, nil, options.limit or M.LIMIT_MS)
    return self:finish(setting, over and phase or 'undecided', not over and tostring(phase) or nil)
  end)
end

--- ', whose Canaries are shop/checkout'
local function others(world, name)
  local names = {}
  for _, canary in ipairs(world:list 'canaries.flagger.app') do
    local full = canary.metadata.namespace .. '/' .. canary.metadata.name
    names[#names + 1] = full ~= name and full or nil
  end
  return names[1] and ', whose Canaries are ' .. table.concat(names, ', ') or ''
end

--- Plays the acts of a scenario, with the objects of the setting in the place of those that it has.
---@param setting Setting
---@param path string
---@param progress (fun(ms: number))? is told how much of the release is played
---@return Release
function M.play_scenario(setting, path, progress)
  local given, made = {}, {}
  for _, object in ipairs(setting.objects) do
    local list = setting.made[object] and made or given
    list[#list + 1] = object
  end
  local opened, world = pcall(sluice.world, { scenario = path, manifests = given, defaults = made })
  if not opened then
    refuse(setting, world)
  end
  return within(world, function()
    local self, name = listen(world, setting, progress), setting.namespace .. '/' .. setting.name
    local played, problem = pcall(world.play, world)
    if not self.began then
      refuse(setting, ('no release of it begins in %s%s%s'):format(path, others(world, name),
        played and '' or ': ' .. tostring(problem)))
    end
    pcall(world.finish, world, name, M.LIMIT_MS)
    return self:finish(setting, world:phase(name))
  end)
end

return M

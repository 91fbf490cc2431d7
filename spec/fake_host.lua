--- A world for strategies: one Canary "podinfo" in "test", a clock that only waiting moves, and the
--- primitives of lua/stdlib/_meta/host.lua over it. Every state of the modules is a fresh one, in a
--- sandbox such as the engine's; it can be killed at every point where the engine could die, and goes
--- on from what was flushed by then (core/rollout/attempt.c, operation/, core/release/release.h).
local Journal = require 'spec.fake_journal'
local contract = require 'spec.contract'
local effects = require 'spec.fake_effects'
local json = require 'spec.fake_json'
local sandbox = require 'spec.sandbox'

---@class World
---@field now integer ms
---@field log { at: integer, text: string }[] everything that changed or was delivered, once
local World = {}
World.__index = World

local START_MS = 1700000000000
local LIMIT_MS = 2 * 86400 * 1000
local QUESTIONS = {
  ['confirm-rollout'] = true,
  ['confirm-traffic-increase'] = true,
  ['confirm-promotion'] = true,
  rollback = true,
}

local alive = {}

--- `options` replaces fields of the world; `analysis` and `spec` become Canary.spec. Instead of the
--- strategy `run_words` is the run function of one, and `script` gets what is beneath the words;
--- `scripted`: these are the words of a Strategy, in `version`, the latest unless told, with what `declare` gives;
--- `meanwhile` is called when the process has died; `half_promoted`: of a promotion that fails a part has happened.
---@param options table?
---@return World
function World.new(options)
  options = options or {}
  local world = setmetatable({
    now = START_MS,
    strategy = 'canary',
    status = { phase = 'Initialized', weight = 0, iterations = 0, failed_checks = 0, applied = 'r1', promoted = 'r1' },
    route = { primary = 100, canary = 0, mirrored = false },
    sides = { primary = { ready = true }, canary = { ready = true } },
    replicas = 0,
    revision = 'r2',
    primary_revision = 'r1',
    gauges = {},
    answers = {}, -- hook by name: an error text, or function(world, call) that returns one
    measures = {}, -- query: number or answer, or function(world, text) that returns one
    asked = {}, -- names of hooks that were asked a question
    queries = {},
    calls = {}, -- operations asked for, replays not counted: 'ready primary', 'hooks rollout', 'act', …
    log = {},
    keys = {}, -- of deliveries: 'sent', 'answered', 'recorded'
    redelivered = {},
    happenings = {},
    notes = {},
    points = 0,
    script_points = 0,
    deaths = {}, -- numbers of the points at which the process dies
    epoch = 0,
    serial = 0,
  }, World)
  for name, value in pairs(options) do
    world[name] = value
  end
  world.spec = options.spec or {}
  world.spec.analysis = options.analysis or { stepWeight = 20, maxWeight = 60 }
  world.journal = Journal.load()
  world.saved = { journal = world.journal:dump() }
  world.modules = sandbox.new(world:primitives())
  alive[#alive + 1] = world
  return world
end

-- Time ----------------------------------------------------------------------------------------

--- Something happens `ms` from now.
---@param ms integer
---@param action fun(world: World)
function World:at(ms, action)
  local happening = { at = self.now + ms, action = action }
  local place = #self.happenings + 1
  while place > 1 and self.happenings[place - 1].at > happening.at do
    place = place - 1
  end
  table.insert(self.happenings, place, happening)
end

--- Goes on to the next happening, or to `due` when that comes first.
function World:pass_time(due)
  local next_one = self.happenings[1]
  local to = math.min(due or math.huge, next_one and next_one.at or math.huge)
  assert(to < math.huge, 'nothing will ever end this wait')
  while to > self.stop_ms do
    self.now = math.max(self.now, self.stop_ms)
    coroutine.yield 'paused'
  end
  self.now = math.max(self.now, to)
  if next_one and next_one.at <= to then
    table.remove(self.happenings, 1)
    next_one.action(self)
  end
  self:point()
end

function World:interval_ms()
  local text = self.spec.analysis.interval or '60s'
  return math.max(10000, tonumber(text:match('^(%d+)s$')) * 1000)
end

--- Seconds since the world began.
function World:seconds()
  return (self.now - START_MS) / 1000
end

-- Notes ---------------------------------------------------------------------------------------

function World:note(text)
  self.log[#self.log + 1] = { at = self.now, text = text }
end

--- False for a delivery that was made before. Raises when its answer is on record: then it is another
--- delivery with the same key, or there was no need to repeat it.
function World:is_first(key)
  local before = self.keys[key]
  if before == 'recorded' then
    error('delivered again, though its answer is on record: ' .. key, 0)
  end
  self.keys[key] = 'sent'
  if before then
    self.redelivered[#self.redelivered + 1] = key
  end
  return not before
end

--- Every delivery that has come as far as `from` goes on to `to`.
function World:move_keys(from, to)
  for key, stage in pairs(self.keys) do
    if stage == from then
      self.keys[key] = to
    end
  end
end

--- The log as lines: 'Normal: Advance podinfo.test canary weight 20', 'route 80/20', …
---@param options { times: boolean?, only: string?, from: integer?, till: integer? }? only: a pattern;
---               from, till: seconds
---@return string[]
function World:lines(options)
  options = options or {}
  local lines = {}
  for _, entry in ipairs(self.log) do
    local at = (entry.at - START_MS) / 1000
    local wanted = at >= (options.from or 0) and at <= (options.till or math.huge)
    if wanted and (not options.only or entry.text:find(options.only)) then
      lines[#lines + 1] = (options.times and string.format('%ds ', at) or '') .. entry.text
    end
  end
  return lines
end

--- The texts of events.
function World:events()
  local events = {}
  for i, line in ipairs(self:lines { only = '^%u%l+: ' }) do
    events[i] = line:gsub('^%u%l+: ', '')
  end
  return events
end

-- Death ---------------------------------------------------------------------------------------

--- Called when something outside of the process is different: flushed, done or waited for. Here the
--- process may die; anywhere up to the next point would be the same, as all it had in mind goes with it.
function World:point()
  self.points = self.points + 1
  if self.deaths[self.points] then
    coroutine.yield 'killed'
  end
end

--- A place where the script may fail.
function World:script_point()
  self.script_points = self.script_points + 1
  if self.script_points == self.script_fails_at then
    error('planted failure', 0)
  end
end

function World:flush()
  self.serial = self.serial + 1
  self.saved = {
    journal = self.journal:dump(),
    pinned = self.pinned,
    ending = self.ending and json.copy(self.ending),
    state = self.state,
  }
  self:move_keys('answered', 'recorded')
  self:point()
end

function World:failure_of(effect)
  return self.fail and self:fail(effect)
end

-- Operations ----------------------------------------------------------------------------------

local operations = {}
for name, operation in pairs(require 'spec.fake_waits') do
  operations[name] = operation
end

function operations.difference(world)
  return { text = world.difference }
end

function operations.facts(world)
  return {
    now = world.now,
    name = 'podinfo',
    namespace = 'test',
    target = 'podinfo',
    target_kind = 'Deployment',
    service = 'podinfo',
    provider = 'istio',
    phase = world.status.phase,
    failed_checks = world.status.failed_checks,
    iterations = world.status.iterations,
    weight = world.status.weight,
    restarted = world.restarted or world.finishing or false,
    finishing = world.finishing or false,
    route = not world.route_error and world.route or nil,
    route_error = world.route_error,
    interval_ms = world:interval_ms(),
    generation = 1,
    started = START_MS,
    revision = world.revision,
    tcp = world.tcp or false,
    replicas = { primary = 2, canary = world.replicas },
    alerts = world.alerts, -- true: somebody gets them
  }
end

function operations.spec(world)
  return world.spec
end

function operations.tick(world, args)
  assert(world.journal.depth == 0, 'tick is used between words')
  while not world.journal:is_replaying() and world.now < args.since + world:interval_ms() do
    world:pass_time(args.since + world:interval_ms())
  end
  return { now = world.now }
end

function operations.save(world, _, intent)
  if not intent then
    world.journal:intend {}
    world:flush()
  end
  return {}
end

function operations.ready(world, args)
  local side = function()
    return world.sides[args.side]
  end
  while not side().ready and not side().never do
    world:pass_time()
  end
  return { ready = side().ready, error = not side().ready and side().never or nil }
end

function operations.query(world, args)
  world.queries[#world.queries + 1] = args.query
  local measure = world.measures[args.query]
  if measure == nil then
    measure = world.measures.any or 100
  end
  if type(measure) == 'function' then
    measure = measure(world, args.query)
  end
  return type(measure) == 'number' and { value = measure } or measure
end

function World:hooks_of(type)
  local list = {}
  for _, hook in ipairs(self.spec.analysis.webhooks or {}) do
    local own = (hook.type or '') == '' and 'rollout' or hook.type
    if own == type then
      list[#list + 1] = hook
    end
  end
  return list
end

function World:call_hook(hook, call)
  if QUESTIONS[call.type] then
    self.asked[#self.asked + 1] = hook.name
  elseif self:is_first(call.key .. '/' .. hook.name) then
    self:note(string.format('hook %s %s (%s)', call.type, hook.name, call.phase))
  end
  local answer = self.answers[hook.name]
  if type(answer) == 'function' then
    answer = answer(self, call)
  end
  return { name = hook.name, ok = not answer, error = answer or nil, mute = hook.muteAlert or false }
end

---@param call { type: string, phase: string, key: string, stop: string? }
function World:call_hooks(call)
  local results = json.array()
  for _, hook in ipairs(self:hooks_of(call.type)) do
    local result = self:call_hook(hook, call)
    self:point()
    results[#results + 1] = result
    if result.ok == (call.stop == 'success') then
      break
    end
  end
  return results
end

function operations.hooks(world, args, intent)
  local needed = #world:hooks_of(args.type) > 0
  if needed and not intent and not QUESTIONS[args.type] then
    world.journal:intend(args)
    world:flush()
  end
  return world:call_hooks {
    type = args.type,
    phase = args.phase,
    stop = args.stop,
    key = string.format('hook/%d/%s', world.journal.word_count, args.type),
  }
end

local function is_only_gauges(list)
  for _, effect in ipairs(list) do
    if effect.kind ~= 'gauge' then
      return false
    end
  end
  return true
end

function operations.act(world, args, intent)
  local list, problem = intent, nil
  if not list then
    problem = contract.effects_problem(args)
    list = not problem and effects.prepare(world, args) or nil
  end
  local failed = 1
  if list then
    if not intent and not is_only_gauges(list) then
      world.journal:intend(list)
      world:flush()
    end
    failed, problem = effects.run(world, list, { redo = intent ~= nil })
  end
  local begun = problem and list and list[failed].kind == 'promote' and world.half_promoted or nil
  return problem and { ok = false, failed = failed, error = problem, begun = begun } or { ok = true }
end

function operations.pin(world)
  world.pinned = world.revision
  return { revision = world.pinned }
end

-- Endings -------------------------------------------------------------------------------------

function World:close(state)
  self.journal:close()
  self.state, self.ending = state, nil
  self:flush()
  coroutine.yield 'ended'
end

function World:finish_ending(redo)
  local retry_ms = 500
  while true do
    local _, problem = effects.run(self, self.ending, { redo = redo, trusted = true })
    if not problem then
      return self:close 'Failed'
    end
    redo, retry_ms = true, math.min(30000, retry_ms * 2)
    local due = self.now + retry_ms
    while self.now < due do
      self:pass_time(due)
    end
  end
end

function World:end_with(list)
  self.ending, self.state = effects.prepare(self, list), 'RollingBack'
  self:flush()
  self:finish_ending(false)
end

function operations.rollback(world, args)
  world:end_with(effects.rollback(args.events, args.alerts, world.status.phase))
end

function operations.fail_promotion(world, args)
  world:end_with(effects.failed_promotion(args.error, world.status.phase))
end

function operations.finish(world, args)
  world.skipped = args.skipped
  world:close 'Succeeded'
end

local UNRECORDED = { tick = true, await = true, rollback = true, fail_promotion = true, finish = true }

-- Primitives ----------------------------------------------------------------------------------

function World:diverge(problem)
  self.diverged, self.state = problem, 'Unreadable'
  coroutine.yield 'ended'
end

function World:call(name, args)
  self:script_point()
  args = json.copy(args or {}, name .. ': args')
  contract.check_call(name, args, 4) -- raised at the line that calls host.call (core/script/prelude.lua)
  local operation = operations[name]
  local step, result
  if not UNRECORDED[name] then
    step, result = self.journal:ask(name, args)
  end
  if step == 'diverged' then
    self:diverge(result)
  elseif step == 'recorded' then
    return result
  end
  self.unanswered = name
  self.calls[#self.calls + 1] = name .. (args.side and ' ' .. args.side or args.type and ' ' .. args.type or '')
  local answer = operation(self, args, result)
  contract.check_answer(name, answer)
  self.unanswered = nil
  if not UNRECORDED[name] then
    self.journal:answer(answer)
    self:move_keys('sent', 'answered')
  end
  return json.copy(answer)
end

function World:primitives()
  local host = { null = json.null, array = json.array, say = function() end }
  function host.enter(word, args)
    self:script_point()
    local step, result, started_ms = self.journal:enter(word, json.copy(args or {}, 'args'), self.now)
    if step == 'diverged' then
      self:diverge(result)
    end
    return step == 'recorded', result, started_ms
  end
  function host.leave(result)
    self:script_point()
    self.journal:leave(result)
  end
  function host.call(operation, args)
    return self:call(operation, args)
  end
  function host.evidence(evidence)
    if not self.journal:is_replaying() then
      self.journal:keep_evidence(evidence)
    end
  end
  function host.log(message)
    self.notes[#self.notes + 1] = message
  end
  function host.random()
    return 0.5
  end
  function host.place(f)
    local info = debug.getinfo(f, 'S')
    return info.lastlinedefined > 0 and info.short_src .. ':' .. info.lastlinedefined or ''
  end
  return host
end

--- A module of lua/ in this world's own state of modules.
---@param name string such as 'stdlib.metrics'
function World:require(name)
  return self.modules(name)
end

-- Life ----------------------------------------------------------------------------------------

--- What replaced a release in mid-run begins with a word of C's own.
function World:restart()
  local journal = self.journal
  local step = journal:enter('restart', {}, self.now)
  if step == 'recorded' then
    return
  end
  local asked, list = journal:ask('act', {})
  if asked ~= 'recorded' then
    if not list then
      self.pinned = self.revision
      list = effects.prepare(self, effects.restart())
      journal:intend(list)
      self:flush()
    end
    effects.run(self, list, { redo = true, trusted = true })
    journal:answer(nil)
  end
  journal:leave(nil)
end

function World:live()
  self.epoch = self.epoch + 1
  if self.ending then
    self:finish_ending(true)
  end
  if self.restarted then
    self:restart()
  elseif self.finishing then
    self.pinned = self.pinned or self.status.applied
  end
  self.modules = sandbox.new(self:primitives())
  if self.script then
    self.script(self:require(self.words or 'stdlib.rollout'):new())
    error('the script of the spec came to its end, the release did not', 0)
  end
  local definition = self.run_words and { name = 'spec', run = self.run_words, params = self.declare
    and self.declare(self:require 'stdlib.blind') }
    or self:require('strategies.' .. self.strategy)
  local module = (self.scripted and 'scripts.' or 'strategies.') .. definition.name
  self:require 'stdlib.start'.start(definition, self.params or {}, module, self.version or 0)
end

function World:load(record)
  self.journal = Journal.load(record)
  self.process, self.unanswered = nil, nil
end

local outcomes = {}

function outcomes.killed(world)
  world:load(world.saved.journal)
  world.pinned, world.ending, world.state = world.saved.pinned, world.saved.ending, world.saved.state
  world.now = world.now + (world.downtime_ms or 0)
  if world.meanwhile then
    world:meanwhile()
  end
  world:move_keys('answered', 'sent') -- the answer is forgotten
end

function outcomes.ended(world)
  world.process, world.unanswered = nil, nil
end

--- Lives until the release has ended, or for `ms`. Raises what the script raised.
---@param ms integer? two days unless told
---@return World self
function World:run(ms)
  self.stop_ms = self.now + (ms or LIMIT_MS)
  while self.state == nil or self.state == 'RollingBack' do
    self.process = self.process or coroutine.create(self.live)
    local ok, what = coroutine.resume(self.process, self)
    if not ok and self.script_fails_at and what == 'planted failure' then
      self:load(self.journal:dump()) -- a script that fails is replayed once
    elseif not ok then
      self.process, self.unanswered, self.state = nil, nil, 'Broken'
      self.journal:close()
      error(what, 0)
    elseif what == 'paused' then
      return self
    else
      outcomes[what](self)
    end
  end
  return self
end

--- The engine stops, which it may between words only if nothing is to be open.
function World:stop()
  assert(self.unanswered == 'tick', 'it is stopped while it waits for ' .. tostring(self.unanswered))
  self.process, self.unanswered = nil, nil
end

--- Nothing may be left open: no process, no unanswered operation, no word in progress.
function World:must_be_closed()
  assert(self.process == nil, 'a release was left in mid-run: end it, or stop it between words')
  assert(self.unanswered == nil, 'operation without an answer: ' .. tostring(self.unanswered))
  assert(self.journal.depth == 0, 'word without an end: ' .. tostring(self.journal.word))
  assert(#self.journal.steps == 0, 'the record of a word was left open')
end

--- The same of all worlds of a spec.
function World.prove_closed()
  local worlds = alive
  alive = {}
  for _, world in ipairs(worlds) do
    world:must_be_closed()
  end
end

return World

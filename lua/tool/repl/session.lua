--- A world that a console walks through: opened from a scenario, advanced a word at a time, with what was done kept for
--- `save`. Steps are counted: a word of a release, or a line that has changed the world. The console goes back to the
--- step before by going back to another process (core/lab/lua/console.h).
local columns = require 'tool.columns'
local console = require 'tool.console'
local moments = require 'tool.record.moment'
local readable = require 'tool.readable'
local sluice = require 'sluice'
local tell = require 'tool.repl.told'

local M = {}

local LIMIT_MS = 6 * 60 * 60 * 1000 -- of virtual time in which a word must come
local IDLE_MS = 60 * 1000 -- the same while no release is under way
local TOLD_MS = 1000
local TOGETHER = 32 -- words between two snapshots in the middle of a line

---@class Session
---@field world sluice.World
---@field kept AuthorWorld
---@field told Told
---@field step integer
---@field folder string? that paths are seen from
---@field columns integer of the terminal; 0: there is none
---@field quiet boolean? a line is carried out once more: nothing is told
---@field stop_at integer? the step beyond which it must not go then
---@field done { text: string, kind: string, from: integer, to: integer, ms: integer, began_ms: integer }[]
local Session = {}
Session.__index = Session

-- Opening ---------------------------------------------------------------------------------------

--- The scenario of a folder that `sluice new strategy` has made.
local function scenario_of(path)
  local file = io.open(path .. '/scenario.yaml')
  if file then
    file:close()
    return path .. '/scenario.yaml'
  end
  return path
end

local function watch_words(self)
  self.known = {}
  self.told = tell.new(function()
    return self.world:now()
  end, function(text)
    self.known[text] = true
  end)
  self.world:witness(function(news)
    self.told:note(news)
  end)
  self.world:watch('deployments.apps', function(object)
    local target = self.target
    if target and object.metadata.name == target.name and object.metadata.namespace == target.namespace then
      self.told:see_target(object.spec.replicas or 1, (object.status or {}).readyReplicas or 0)
    end
  end)
end

---@param order { scenario: string?, folder: string?, canary: string?, columns: integer? } see tool.repl.live, too
---@return Session
function M.open(order)
  local self = setmetatable({ step = 0, columns = order.columns or 0, done = {}, heard = 0, changes = 0 }, Session)
  sluice.observer = function(kept)
    self.kept, self.world = kept, kept.world
    watch_words(self)
  end
  if order.release then
    sluice.observer = nil
    require 'tool.repl.record'.open(self, order.release)
    return self
  elseif order.canary then
    require 'tool.repl.live'.open(self, order)
  else
    self.file, self.folder = scenario_of(order.scenario), order.folder
    sluice.world(self.file)
  end
  sluice.observer = nil
  self:find_names()
  return self
end

--- The Canary that is meant where none is named: the one that was deployed last, else the first.
function Session:focus()
  return self.focused or self.kept.canaries[1]
end

--- "namespace/name" of it; nil: there is none.
function Session:key()
  local canary = self:focus()
  return canary and canary.namespace .. '/' .. canary.name
end

---@param name string? its name, or namespace/name
function Session:focus_on(name)
  for _, canary in ipairs(name and self.kept.canaries or {}) do
    if name == canary.name or name == canary.namespace .. '/' .. canary.name then
      self.focused = canary
      self:find_names()
      return
    end
  end
  if name then
    error({ problem = ('deploy: there is no Canary %s'):format(name) }, 0)
  end
end

--- What its routes, its target and its primary are called.
function Session:find_names()
  local first = self:focus()
  if not first then
    return
  end
  local canary = self.world:canary(first.namespace .. '/' .. first.name)
  local target = canary.spec.targetRef.name
  self.target = { name = target, namespace = first.namespace }
  local service = canary.spec.service and canary.spec.service.name or target
  self.told.names = { target = target, primary = target .. '-primary', routes = 'VirtualService ' .. service }
end

--- What is walked through.
function Session:title()
  if self.live then
    return ('%s, as it was read now: nothing that is done here is done there'):format(self.file)
  end
  local first = self:focus()
  return ('%s in an embedded cluster, virtual time'):format(first and first.name .. '.' .. first.namespace
    or self.file)
end

-- Telling ---------------------------------------------------------------------------------------

function Session:say(text)
  if not self.quiet then
    console.give('O', 0, 0, readable(text) .. '\n')
  end
end

function Session:clock(ms)
  return moments.minutes(ms or self.world:now())
end

local MARGIN = 24 -- where the details of a word begin

--- A line of the walk: when, what, and what came of it.
function Session:tell(ms, title, details)
  local show = require 'tool.repl.show'
  local head = ('%s %s'):format(self:clock(ms), title)
  local indent = self.columns > 60 and MARGIN or 7
  local text = head .. (' '):rep(math.max(1, indent - columns.width(head))) .. table.concat(details, ' · ')
  self:say(show.fold(readable((text:gsub('%s+$', ''))), self.columns, indent))
end

--- Events that no word has ordered: what the engine tells of its own accord.
local function take_heard(self, lines)
  local told = self.kept.told
  for i = self.heard + 1, #told do
    if not self.known[told[i].text] then
      lines[#lines + 1] = { at = told[i].at, title = '', details = { told[i].text } }
    end
  end
  self.heard = #told
end

--- The acts and faults of the scenario come from now on.
function Session:play()
  self.acts = {}
  self.world:begin_acts(function(what, text)
    if what ~= 'engine' then -- what strikes it is told as well
      self.acts[#self.acts + 1] = { at = self.world:now(), title = text, details = {} }
    end
  end)
end

--- Tells the words that have ended, and the acts and events that came, in the order of their times.
function Session:flush()
  local lines = self.acts or {}
  self.acts = self.acts and {}
  for _, word in ipairs(self.told:take()) do
    lines[#lines + 1] = { at = word.at, title = tell.title(word), details = word.details }
  end
  take_heard(self, lines)
  for i, line in ipairs(lines) do
    line.place = i
  end
  table.sort(lines, function(a, b)
    if a.at ~= b.at then
      return a.at < b.at
    end
    return a.place < b.place
  end)
  for _, line in ipairs(lines) do
    self:tell(line.at, line.title, line.details)
  end
end

local AT_REST = { Initialized = true, Succeeded = true, Failed = true }

--- As world:deploy does before it pushes a version: waits until the objects of a new Canary are there.
function Session:settle(canary)
  local first = self:focus()
  local key = canary or first and first.namespace .. '/' .. first.name
  if key and not self.kept.last_release[key] and not AT_REST[self.kept.phases[key] or ''] then
    self.world:settle(canary)
  end
end

-- Walking ---------------------------------------------------------------------------------------

local function open_release(self)
  for _, canary in ipairs(self.kept.canaries) do
    local key = canary.namespace .. '/' .. canary.name
    local last = self.kept.last_release[key]
    if last and not self.kept.ended[last] then
      return key, last
    end
  end
end

Session.open_release = open_release

local function ended_count(self)
  local count = 0
  for _, ended in pairs(self.kept.ended) do
    count = count + (ended and 1 or 0)
  end
  return count
end

--- Lets time pass until a word has ended, or a release, or `wish` has come true; says whether any of it came.
function Session:advance(wish)
  local words, ended = self.told.words, ended_count(self)
  local limit_ms = open_release(self) and LIMIT_MS or IDLE_MS
  if self.until_ms then -- no longer than to that time, whether or not anything changes then
    limit_ms = math.max(0, self.until_ms - self.world:now())
  end
  return self.world:run(limit_ms, function()
    return self.told.words > words or ended_count(self) > ended or wish and wish() or console.interrupted()
  end)
end

--- Lets a word that is under way end, which it mostly does at once.
local function finish_word(self, words)
  local limit_ms = self.until_ms and math.max(0, self.until_ms - self.world:now()) or TOLD_MS
  self.world:run(math.min(limit_ms, TOLD_MS), function()
    return self.told.words > words
  end)
end

--- A word more. Gives whether there was one.
---@param wish fun(): boolean? what else may end the wait
function Session:walk(wish)
  local words = self.told.words
  local came = self:advance(wish)
  if self.told.word and self.told.words == words then -- what came is part of a word
    finish_word(self, words)
  end
  self.step = self.step + 1
  self:flush()
  return came
end

--- Called between two steps of a long line. What comes back to a snapshot that was made here goes on, or has another
--- line to carry out, which is raised.
function Session:checkpoint(count)
  if count % TOGETHER ~= 0 then
    return
  end
  local kind, number, text = console.snapshot(self.step, false)
  if kind == 'G' then
    self.quiet, self.stop_at = true, number
    console.hold(true)
  elseif kind then
    error({ order = { kind, number, text } }, 0)
  end
end

--- Steps until `is_over` says so, or nothing comes any more.
---@param count integer at most
---@param is_over fun(): boolean? asked after each, and while time passes
---@return 'count'|'over'|'nothing'|'interrupted' why it ended
function Session:walk_on(count, is_over)
  console.hold(true) -- an interrupt ends it at a word, and what was walked stays
  local why = self:walk_words(count, is_over)
  console.hold(false)
  return why
end

function Session:walk_words(count, is_over)
  for i = 1, count do
    if self.stop_at and self.step >= self.stop_at then
      return 'over'
    end
    local came = self:walk(is_over)
    if console.interrupted() then
      return 'interrupted'
    elseif is_over and is_over() then
      return 'over'
    elseif not came then
      return 'nothing'
    elseif i < count then
      self:checkpoint(i)
    end
  end
  return 'count'
end

--- A line calls a method that changes the world.
function Session:note_change(name, ...)
  self.changes = self.changes + 1
  local line = self.line or {}
  line.calls = line.calls or {}
  line.calls[#line.calls + 1] = { name = name, at = self.world:now(), args = { n = select('#', ...), ... } }
end

-- What was done ---------------------------------------------------------------------------------

--- A line begins.
function Session:begin(text)
  self.until_ms = nil
  self.line = { text = text, from = self.step, began_ms = self.world:now() }
end

--- It has ended, or it is gone on from its middle.
function Session:end_line(kind)
  local line = self.line
  self.line = nil
  if line and (self.step > line.from or line.keeps) then
    line.to, line.ms, line.kind = self.step, self.world:now(), kind or line.kind
    self.done[#self.done + 1] = line
  end
end

return M

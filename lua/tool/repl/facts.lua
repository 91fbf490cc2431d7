--- What a line reads of the Canary and of its release. Each of it is a copy, so a line that sets a field of one would
--- change nothing, and not know it: that is found when the line has ended, and told as an error.
local asking = require 'tool.repl.asking'
local nearest = require 'tool.nearest'
local show = require 'tool.repl.show'

local M = {}

local function copy_of(value)
  if type(value) ~= 'table' then
    return value
  end
  local copy = {}
  for key, field in next, value do
    copy[key] = copy_of(field)
  end
  return copy
end

--- Fields that ask Prometheus when they are read.
local MEASURED = {
  p99 = { check = 'request-duration', params = { max = math.huge } },
  success_rate = { check = 'request-success-rate', params = { min = -math.huge } },
}

local function image_of(session, namespace, name)
  local object = session.world:get('deployments.apps', namespace, name)
  local container = object and object.spec.template.spec.containers[1]
  return container and container.image
end

local function facts_of_canary(session)
  local facts = asking.facts(session)
  local canary = session.world:canary(facts.namespace .. '/' .. facts.name)
  return {
    name = facts.name, namespace = facts.namespace, phase = facts.phase, weight = facts.route.canary,
    iterations = facts.iterations, failed_checks = facts.failed_checks,
    threshold = canary.spec.analysis and canary.spec.analysis.threshold,
    interval = canary.spec.analysis and canary.spec.analysis.interval,
    target = facts.target, service = facts.service,
    image = image_of(session, facts.namespace, facts.target),
    primary = session.world:primary(facts.namespace .. '/' .. facts.name),
    spec = canary.spec, status = canary.status, metadata = canary.metadata,
  }
end

local HIDDEN = { spec = true, status = true, metadata = true } -- shown when they are asked for

function M.canary(session)
  local facts = facts_of_canary(session)
  local function measure(name)
    local measured = MEASURED[name]
    return measured and asking.check(session, measured.check, { min = -1e300, max = 1e300 }).value
  end
  return setmetatable(facts, {
    __index = function(_, name)
      if MEASURED[name] then
        return measure(name)
      end
      local known = M.fields(session, 'canary')
      error(('canary: there is no %s%s'):format(tostring(name), nearest.known(tostring(name), known)), 2)
    end,
    [show.ALL] = function(t)
      local all = {}
      for name, value in pairs(t) do
        all[name] = not HIDDEN[name] and value or nil
      end
      for name in pairs(MEASURED) do
        all[name] = measure(name)
      end
      return all
    end,
  })
end

function M.release(session)
  local first = session:focus()
  local release = copy_of(session.release) or first and session.world:release(first.namespace .. '/' .. first.name)
  if not release then
    return nil
  end
  local status = release.status or {}
  return setmetatable({ name = release.metadata.name, strategy = release.spec.strategy, state = status.state,
    weight = status.weight, failed_checks = status.failedChecks, threshold = status.threshold, checks = status.checks,
    images = status.images, started = status.started, ended = status.ended, evidence = status.evidence,
    spec = release.spec, status = status, metadata = release.metadata }, {
    [show.ALL] = function(t)
      local all = {}
      for name, value in pairs(t) do
        all[name] = not HIDDEN[name] and name ~= 'evidence' and value or nil
      end
      return all
    end,
  })
end

--- The Canary that a file has beside the Release.
function M.recorded_canary(session)
  return copy_of(session.canary) or error('the file has the Release alone, and no Canary', 2)
end

--- The names of the fields that `canary` or `release` has.
function M.fields(session, what)
  local names = {}
  for name in pairs(what == 'canary' and facts_of_canary(session) or M.release(session) or {}) do
    names[name] = true
  end
  for name in pairs(what == 'canary' and MEASURED or {}) do
    names[name] = true
  end
  return names
end

-- What is set -----------------------------------------------------------------------------------

--- The first field that is another one than it was; nil: there is none.
local function change_in(now, before, path)
  if type(now) ~= 'table' or type(before) ~= 'table' then
    return not rawequal(now, before) and path or nil
  end
  for key, value in next, before do
    local changed = change_in(rawget(now, key), value, ('%s.%s'):format(path, tostring(key)))
    if changed then
      return changed
    end
  end
  for key in next, now do
    if before[key] == nil then
      return ('%s.%s'):format(path, tostring(key))
    end
  end
end

local KEPT = 64 -- of those that a line has asked for; a line may ask without an end

---@class Handed facts that a line has asked for
---@field package list { name: string, value: table, before: table }[]
---@field package count integer
---@field package problem_found string?
local Handed = {}
Handed.__index = Handed

---@return Handed
function M.handed()
  return setmetatable({ list = {}, count = 0 }, Handed)
end

--- Keeps in mind how it is, and gives it.
function Handed:give(name, value)
  if type(value) == 'table' then
    local at = self.count % KEPT + 1
    self:look_at(self.list[at])
    self.list[at], self.count = { name = name, value = value, before = copy_of(value) }, self.count + 1
  end
  return value
end

---@package
function Handed:look_at(one)
  local changed = one and not self.problem_found and change_in(one.value, one.before, one.name)
  if changed then
    self.problem_found = ('%s: %s can only be read, and nothing was set: the release gives the shares, and methods of '
      .. 'world:… change the world'):format(changed, one.name)
  end
end

--- What the line has set that can only be read; nil: nothing.
---@return string? problem
function Handed:problem()
  for _, one in ipairs(self.list) do
    self:look_at(one)
  end
  return self.problem_found
end

return M

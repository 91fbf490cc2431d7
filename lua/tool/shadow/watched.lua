--- A Canary as Flagger has left it: what it says, and what its routing is by the moves that were seen. The routing
--- object itself is not read, so a share that somebody else has given is not known.
local moves = require 'tool.shadow.move'
local steps = require 'stdlib.steps'

local M = {}

---@class Sight what is told of a Canary that appeared or changed
---@field now number ms, wall clock
---@field canary table
---@field strategy string 'canary', 'blue_green', 'ab_test', or the key of a Strategy
---@field scripted boolean it is the key of a Strategy
---@field provider string
---@field server string the address of its Prometheus; '': none
---@field server_shown string the same, as texts may show it
---@field interval_ms integer
---@field threshold integer
---@field rules BlindRules? what it says of checks that are blind
---@field templates table<string, { query: string }> that its metrics name and that are there
---@field refused string? why Sluice does not accept it

---@class Watched
---@field key string 'podinfo.shop'
---@field sight Sight the last one
---@field status Status
---@field route { canary: integer, mirrored: boolean }
---@field unsure string? why the routing is not known
---@field warnings { at: number, text: string }[] of no round yet
---@field release table? the one that is under way (tool/shadow/release.lua)
---@field last table? the last round of it
local Watched = {}
Watched.__index = Watched

local function analysis_of(sight)
  return sight.canary.spec.analysis or {}
end

--- The share by the counters, as when nobody has looked on so far.
local function share_of(sight, status)
  local iterations, total = status.iterations, analysis_of(sight).iterations or 0
  if sight.strategy == 'ab_test' then
    return iterations > 0 and 100 or 0
  elseif sight.strategy == 'blue_green' then
    return status.weight > 0 and status.weight or iterations > total and 100 or 0
  elseif status.phase == 'WaitingPromotion' then
    return steps.max_weight(analysis_of(sight)) -- the status has 0 there
  end
  return status.weight
end

---@param sight Sight
---@return Watched
function M.new(sight)
  local meta, status = sight.canary.metadata, moves.status(sight.canary)
  local self = setmetatable({ key = meta.name .. '.' .. meta.namespace, sight = sight, status = status,
    warnings = {}, route = { canary = share_of(sight, status), mirrored = false } }, Watched)
  if analysis_of(sight).mirror and moves.UNDER_WAY[status.phase] and self.route.canary == 0 then
    self.unsure = 'requests may have been mirrored before sluice shadow came'
  end
  return self
end

--- The routing after a move.
---@param move Move
---@param after Status
function Watched:follow(move, after)
  local sight = self.sight
  self.unsure = nil
  if move.does == 'begin' or move.does == 'restart' or move.does == 'finalise' or move.does == 'take back' then
    self.route = { canary = 0, mirrored = false }
  elseif move.does == 'advance' or move.does == 'back' then
    local is_mirror = move.number == 0 and analysis_of(sight).mirror == true
    self.route = { canary = move.number, mirrored = is_mirror and move.does == 'advance' }
  elseif move.does == 'iterate' then
    local canary = share_of(sight, after)
    self.route = { canary = canary,
      mirrored = sight.strategy == 'blue_green' and canary == 0 and analysis_of(sight).mirror == true }
  end
end

--- As operation `facts` has them (stdlib/_meta/operations.lua).
---@param before Status
---@return table
function Watched:facts(before)
  local sight = self.sight
  local meta, spec = sight.canary.metadata, sight.canary.spec
  local target, service = spec.targetRef.name, spec.service or {}
  return { now = sight.now, name = meta.name, namespace = meta.namespace, target = target,
    target_kind = spec.targetRef.kind, service = (service.name or '') ~= '' and service.name or target,
    provider = sight.provider, phase = before.phase, failed_checks = before.failed, iterations = before.iterations,
    weight = before.weight, restarted = true,
    finishing = before.phase == 'Promoting' or before.phase == 'Finalising', interval_ms = sight.interval_ms,
    generation = meta.generation or 0, started = sight.now, revision = '', tcp = false,
    replicas = { primary = 1, canary = 1 },
    route = { primary = 100 - self.route.canary, canary = self.route.canary, mirrored = self.route.mirrored } }
end

--- As operation `spec` has it.
---@return table
function Watched:spec()
  local given, analysis = self.sight.canary.spec, {}
  for name, value in pairs(analysis_of(self.sight)) do
    analysis[name] = name ~= 'webhooks' and name ~= 'alerts' and value or nil
  end
  return { skipAnalysis = given.skipAnalysis, autoscalerRef = given.autoscalerRef, ingressRef = given.ingressRef,
    routeRef = given.routeRef, analysis = analysis, templates = self.sight.templates, rules = self.sight.rules }
end

--- A metric of its own is asked of its Prometheus, not of a template's provider.
---@return boolean
function Watched:asks_prometheus()
  for _, metric in ipairs(analysis_of(self.sight).metrics or {}) do
    if not metric.templateRef and not metric.checkRef then
      return not self.sight.refused
    end
  end
  return false
end

--- Why nothing can be compared; nil: it can.
---@return string?
function Watched:obstacle()
  if self.sight.scripted then
    return ('its strategy %s is a script, which sluice backtest and sluice dryrun play'):format(self.sight.strategy)
  end
  for _, metric in ipairs(analysis_of(self.sight).metrics or {}) do
    if metric.checkRef then
      return ('metric %s is a check of its own (checkRef), which Flagger does not have'):format(metric.name)
    end
  end
  return self.unsure
end

return M

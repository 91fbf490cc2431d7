--- The effects that words order (see _meta/operations.lua), one constructor each.
local M = {}

---@class Effect: table

---@param kind 'Normal'|'Warning'
---@param phase string? what event hooks are told; nil: the Canary's own phase
---@return Effect
local function event(kind, message, phase)
  return { kind = 'event', type = kind, message = message, phase = phase }
end

---@param message string
---@param phase string? what event hooks are told; nil: the Canary's own phase
---@return Effect
function M.normal(message, phase)
  return event('Normal', message, phase)
end

---@param message string
---@param phase string? what event hooks are told; nil: the Canary's own phase
---@return Effect
function M.warning(message, phase)
  return event('Warning', message, phase)
end

--- The canary's share in whole percent; the primary has the rest.
---@param canary integer 0 to 100
---@param mirrored boolean? copies of the primary's requests go to the canary
---@param analysis { match: table[]?, mirrorWeight: integer? }? what counts in place of the Canary's, for this release
---@return Effect
function M.route(canary, mirrored, analysis)
  return { kind = 'route', primary = 100 - canary, canary = canary, mirrored = mirrored or false, analysis = analysis }
end

---@param to 'up'|'zero'
---@return Effect
function M.scale(to)
  return { kind = 'scale', to = to }
end

---@param phase string
---@return Effect
function M.phase(phase)
  return { kind = 'phase', phase = phase }
end

--- A new start in this phase: all counters 0, the pinned revision is the last applied one.
---@param phase string
---@return Effect
function M.sync(phase)
  return { kind = 'sync', phase = phase }
end

--- Single counters of the Canary's status.
---@param counters { weight: integer?, iterations: integer?, failed_checks: integer? }
---@return Effect
function M.status(counters)
  counters.kind = 'status'
  return counters
end

---@return Effect
function M.promote()
  return { kind = 'promote' }
end

--- The event before the target is copied to the primary.
---@param facts { target: string, namespace: string }
---@return Effect
function M.copying(facts)
  return M.normal(string.format('Copying %s.%s template spec to %s-primary.%s', facts.target,
    facts.namespace, facts.target, facts.namespace))
end

---@return Effect
function M.autoscaler()
  return { kind = 'autoscaler' }
end

--- Sent once, or not at all.
---@param severity 'info'|'warn'|'error'
---@param message string
---@param described boolean? with what the Canary is
---@return Effect
function M.alert(severity, message, described)
  return { kind = 'alert', severity = severity, message = message, described = described }
end

---@param name string of the metric
---@param value number
---@return Effect
function M.gauge(name, value)
  return { kind = 'gauge', name = name, value = value }
end

return M

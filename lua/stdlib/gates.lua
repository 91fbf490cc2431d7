--- Gates: hooks that a person or a pipeline answers. While a gate is closed, the release waits and
--- asks again every interval.
local alerts = require 'stdlib.alerts'
local effects = require 'stdlib.effects'
local hooks = require 'stdlib.hooks'

local M = {}

---@class Gate
---@field label string how events name it when it is open
---@field waiting string how events name what is waited for
---@field waits string what waits, as alerts name it
---@field phase string? the phase while it is closed; nil: it stays as it is

---@type table<string, Gate>
local GATES = {
  ['confirm-rollout'] = { label = 'Confirm-rollout', waiting = 'approval', waits = 'Canary', phase = 'Waiting' },
  ['confirm-traffic-increase'] = {
    label = 'Confirm-traffic-increase',
    waiting = 'traffic increase approval',
    waits = 'Canary traffic increase',
  },
  ['confirm-promotion'] = {
    label = 'Confirm-promotion',
    waiting = 'promotion approval',
    waits = 'Canary promotion',
    phase = 'WaitingPromotion',
  },
}

--- True for the name of a gate.
---@param name string
function M.is_known(name)
  return GATES[name] ~= nil
end

--- What is waited for. A hook that nobody answers is no gate that somebody keeps closed, so it says why. (In the event
--- Flagger's words are kept, which do not tell one from the other.)
---@param name string of the gate, which the hook may have as its own
---@param closed HookResult
local function message_of(name, closed)
  local suffix = closed.name ~= name and string.format(' (gate %s)', name) or ''
  local text = string.format('waiting for %s %s%s', GATES[name].waiting, closed.name, suffix)
  local is_unanswered = (closed.error or ''):find('^POST .* giving up after ') ~= nil
  return is_unanswered and text .. ': ' .. closed.error or text
end

--- Asks the hooks of a gate.
---@param name string
---@param facts { name: string, namespace: string, phase: string, alerts: boolean? }
---@param phase string what the payload says
---@param told boolean? that it is closed
---@return boolean open
---@return Effect[] orders what follows from the answers
---@return table? closed what is waited for (see Rollout.waits)
function M.ask(name, facts, phase, told)
  local gate = GATES[name]
  local results, closed = hooks.call(name, phase)
  local orders = hooks.passed(results, gate.label)
  if not closed then
    return true, orders
  end
  local waits = {
    reason = 'GateClosed',
    message = message_of(name, closed),
    told = true,
    gates = { name },
  }
  if told or gate.phase and facts.phase == gate.phase then
    return false, orders, waits
  end
  if gate.phase then
    orders[#orders + 1] = effects.phase(gate.phase)
  end
  -- As in Flagger, event hooks are told the phase before the change.
  orders[#orders + 1] = effects.warning(string.format('Halt %s.%s advancement waiting for %s %s',
    facts.name, facts.namespace, gate.waiting, closed.name), gate.phase and facts.phase)
  if not closed.mute then
    alerts.add(orders, facts, 'warn', gate.waits .. ' is waiting for approval.')
  end
  return false, orders, waits
end

return M

--- Words of a Strategy that ask or tell webhooks of the Canary, by their names.
local arguments = require 'stdlib.arguments'
local effects = require 'stdlib.effects'
local gates = require 'stdlib.gates'
local hooks = require 'stdlib.hooks'
local host = require 'host'
local misuse = require 'stdlib.misuse'

local methods = {}

---@param word string
---@param name string of the webhook
---@param order { data: table?, deliver: boolean, body: boolean }
---@return table answer
---@return table facts
local function call(word, name, order)
  local facts = host.call('facts')
  local answer = host.call('webhook', { name = name, phase = facts.phase, data = order.data, deliver = order.deliver,
    body = order.body })
  if not answer.known then
    misuse.raise('rollout:' .. word .. ': ' .. answer.error)
  end
  return answer, facts
end

--- Tells a webhook something, at most once.
---@param name string
---@param data table? what its payload has in the field `data`
---@return boolean ok
---@return string? error
function methods:hook(name, data)
  local result = self:word('hook', { name = name, data = data }, function()
    local answer = call('hook', name, { data = data, deliver = true, body = false })
    return { done = answer.ok, error = answer.error }
  end)
  return result.done, result.error
end

--- Asks a webhook for an answer.
---@param name string
---@param data table?
---@return string? body nil: there is none
---@return any json what the body says, if it is JSON; why there is no body
function methods:fetch(name, data)
  local result = self:word('fetch', { name = name, data = data }, function()
    local answer = call('fetch', name, { data = data, deliver = false, body = true })
    return { body = answer.body, json = answer.json, error = answer.error }
  end)
  if not result.body then
    return nil, result.error
  end
  return result.body, result.json
end

--- Asks once, and tells a no once.
local function ask(rollout, name)
  local answer, facts = call('gate', name, { deliver = false, body = false })
  if answer.ok then
    local text = string.format('Gate %s of %s.%s is open', name, facts.name, facts.namespace)
    rollout:act { effects.normal(answer.approved and ('%s, approved by %s'):format(text, answer.approved) or text) }
    return true
  end
  local text = 'waiting for ' .. name
  rollout.waits = { reason = 'GateClosed', message = text, told = true, gates = { name } }
  if rollout.closed ~= name then
    rollout:act {
      effects.warning(string.format('Halt %s.%s advancement %s', facts.name, facts.namespace, text)),
    }
  end
  return false
end

local function is_open(rollout, name)
  if gates.is_known(name) then
    return rollout:open(name)
  end
  local open = rollout:word('ask', { gate = name }, function()
    return ask(rollout, name)
  end).done
  rollout.closed = not open and name or nil
  return open
end

--- Asks once whether a gate is open, and tells nothing.
---@param word string that asks
---@param name string of a type of gate, or of a webhook
---@return boolean
local function agrees(word, name)
  if gates.is_known(name) then
    local _, closed = hooks.call(name, host.call('facts').phase)
    return closed == nil
  end
  return (call(word, name, { deliver = false, body = false })).ok
end

--- Waits until a gate is open, with a round between two questions.
---@param name string of a type of gate, or of a webhook
---@param timeout_ms integer?
---@param otherwise 'rollback'|'go on' when the time is over
---@return boolean open
function methods:gate(name, timeout_ms, otherwise)
  local began = self:note_begin('gate', { gate = name, timeout = timeout_ms })
  while not is_open(self, name) do
    if timeout_ms and self.round and self:is_over('gate_over', began + timeout_ms) then
      if otherwise == 'rollback' then
        self:rollback('gate ' .. name .. ' did not open in time', name)
      end
      return false
    end
    self:next_round()
  end
  return true
end

-- What a script may say (see words.lua) ------------------------------------------------------------

local words = {
  hook = arguments.reader(arguments.webhook),
  fetch = arguments.reader(arguments.webhook),
  gate = arguments.reader(arguments.gate_or_webhook),
}

return { methods = methods, words = words, agrees = agrees }

--- Webhooks of a Canary: calling them, and the texts of their answers in events (docs/flagger.md,
--- "Hooks").
local effects = require 'stdlib.effects'
local host = require 'host'

local M = {}

---@class HookResult
---@field name string
---@field ok boolean
---@field error string?
---@field approved string? by whom and why: a person has answered in the place of the hooks
---@field mute boolean

--- Calls the hooks of one type in list order, until the first failure (rollback hooks: until the
--- first success).
---@param type string
---@param phase string what the payload says
---@return HookResult[]
---@return HookResult? stopped the one that failed (rollback hooks: that passed)
function M.call(type, phase)
  local stop = type == 'rollback' and 'success' or 'failure'
  local results = host.call('hooks', { type = type, phase = phase, stop = stop })
  local last = results[#results]
  if last and last.ok == (stop == 'success') then
    return results, last
  end
  return results
end

--- An event for each hook that passed: 'Pre-rollout check smoke passed', or 'Confirm-promotion approved by alice'.
---@param results HookResult[]
---@param label string the type as events write it
---@return Effect[]
function M.passed(results, label)
  local list = {}
  for _, result in ipairs(results) do
    if result.ok then
      list[#list + 1] = effects.normal(result.approved and ('%s approved by %s'):format(label, result.approved)
        or string.format('%s check %s passed', label, result.name))
    end
  end
  return list
end

return M

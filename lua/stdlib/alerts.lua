--- Alerts: what people are told in a chat of a release (docs/alerts.md). A release whose alerts nobody gets orders
--- none, so its record has none.
local effects = require 'stdlib.effects'

local M = {}

--- Orders an alert, after the other orders of the list: what an alert says has happened.
---@param orders Effect[]
---@param facts { alerts: boolean? }
---@param severity 'info'|'warn'|'error'
---@param message string
---@param described boolean? with what the Canary is
function M.add(orders, facts, severity, message, described)
  if facts.alerts then
    orders[#orders + 1] = effects.alert(severity, message, described)
  end
end

return M

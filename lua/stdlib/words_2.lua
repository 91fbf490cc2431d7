--- The words of a Strategy in version 2 (core/release/release.h), for releases that began with it: the cause of a blind
--- check is its text.
local Script = require 'stdlib.script_words'
local script_checks = require 'stdlib.script_checks'

---@class FormerChecks: ScriptWords
local Former = Script:class()

---@param name string
---@param params table?
---@return Outcome
function Former:check(name, params)
  local found = script_checks.methods.check(self, name, params)
  found.cause = found.problem or found.cause -- on record since version 2, the text stands in `cause`
  return found
end

return Former

--- What a release does while a check has nothing to judge by, as parameters of a strategy: its Canaries say in
--- `spec.strategy.params` what those without a Strategy say there.
---
---     local blind = require 'stdlib.blind'
---
---     params = blind.params {
---       shares = param.list(param.weight) { default = { 10, 50 } },
---     },
---
--- Nothing is to be said in `run`: every round goes by them. docs/checks.md has the rules.
local param = require 'stdlib.param'

local M = {}

--- What getmetatable says of parameters that have them. Scripts share the metatable, so none of them gets it; and what
--- they get instead is a function, as nobody can write into one.
M.RULES = function() end

local marked = { __metatable = M.RULES }

--- The parameters `blind` ("hold" unless told), `min_requests` (1), `blind_timeout` ("1h") and `otherwise`
--- ("rollback"), and those of the strategy itself. One of the four that is among these takes its place, with another
--- default, say.
---@param more table<string, Param>?
---@return table<string, Param>
function M.params(more)
  local params = {
    blind = param.choice { values = { 'fail', 'hold', 'ignore' }, default = 'hold',
      doc = 'what a check that has nothing to judge by is: a failed check, a reason to wait, or nothing' },
    min_requests = param.integer { default = 1, min = 1, max = 1000000000,
      doc = 'fewer requests of the canary in an interval are nothing to judge by' },
    blind_timeout = param.duration { default = '1h', doc = 'how long a release holds without a break' },
    otherwise = param.choice { values = { 'rollback', 'promote', 'fail' }, default = 'rollback',
      doc = 'what comes then' },
  }
  for name, declared in pairs(more or {}) do
    params[name] = declared
  end
  return setmetatable(params, marked)
end

return M

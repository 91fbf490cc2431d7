--- What a release does while a check has nothing to judge by: Flagger's rule, or that of spec.strategy.params of a
--- Canary with a bundled strategy (core/canary/blind_rules.h) or with one that has these parameters (stdlib/blind.lua).
local duration = require 'stdlib.duration'
local question = require 'stdlib.question'

local M = {}

---@class BlindRules
---@field blind 'fail'|'hold'|'ignore'|nil
---@field min_requests integer?
---@field blind_timeout string? a duration
---@field otherwise 'rollback'|'promote'|'fail'|nil

---@param spec table Canary.spec
---@return BlindRules
function M.of(spec)
  return spec.rules or {}
end

--- What becomes of a verdict: `hold` keeps share and counter, `ignore` leaves it to the other metrics of the round.
---@param verdict Verdict
---@param rules BlindRules
---@return 'pass'|'fail'|'hold'|'ignore'
function M.way(verdict, rules)
  if verdict.verdict ~= 'blind' then
    return verdict.verdict
  elseif verdict.cause == 'no query' then
    return 'fail' -- no time brings one
  elseif rules.blind then
    return rules.blind
  end
  local holds = verdict.own or verdict.cause == 'too few samples'
  return holds and 'hold' or 'fail'
end

--- What comes now of a release that has held since then; nil: it holds on.
---@param rules BlindRules
---@param since integer? ms; nil: it has not
---@param now integer ms
---@return 'rollback'|'promote'|'fail'|nil
function M.overdue(rules, since, now)
  local timeout_ms = rules.blind_timeout and duration.span(rules.blind_timeout)
  if since and timeout_ms and now - since >= timeout_ms then
    return rules.otherwise or 'rollback'
  end
end

-- As Istio counts them for the checks that Flagger knows by name.
local REQUESTS = 'sum(increase(istio_requests_total{reporter="destination",'
  .. 'destination_workload_namespace="{{ namespace }}",destination_workload=~"{{ target }}"}[{{ interval }}]))'

--- So many requests the canary had in the interval; asked once in a round for each interval.
---@param model Model
---@param asked table<string, table> what was asked in this round, by interval
---@return { value: integer?, cause: Cause?, error: string?, query: string }
function M.count(model, asked)
  local known = asked[model.interval]
  if not known then
    local measured, query = question.ask(REQUESTS, model)
    known = { query = query, cause = measured.cause, error = measured.error }
    if measured.value or measured.cause == 'no data' then
      known.value = math.floor((measured.value or 0) + 0.5)
    end
    asked[model.interval] = known
  end
  return known
end

return M

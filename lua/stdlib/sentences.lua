--- Verdicts as the sentences that people read, which are Flagger's (docs/flagger.md, "Metric checks").
local go_format = require 'stdlib.go_format'

local M = {}

local function no_values(verdict, facts)
  return string.format(
    'Halt advancement no values found for %s metric %s probably %s.%s is not receiving traffic',
    facts.provider, verdict.metric, facts.target, facts.namespace)
end

local function is_blind(verdict, facts)
  return string.format('Halt %s.%s advancement %s is blind: %s', facts.name, facts.namespace, verdict.metric,
    verdict.text or verdict.problem)
end

local function query_failed(verdict)
  return 'Prometheus query failed: running query failed: ' .. verdict.problem
end

--- 'Halt podinfo.test advancement success rate 98.50% < 99%'
local function out_of_bounds(verdict, facts, what, write_value, write_bound)
  local broken = verdict.broken
  return string.format('Halt %s.%s advancement %s %s %s %s', facts.name, facts.namespace, what,
    write_value(verdict.value), broken.relation, write_bound(broken.bound))
end

local function percent(write)
  return function(value)
    return write(value) .. '%'
  end
end

--- By kind, and by cause (a value that breaks a bound has none); a cause without a sentence has that of `failed`.
---@type table<string, table<string, fun(verdict: Verdict, facts: table): string>>
local SENTENCES = {
  ['request-success-rate'] = {
    ['no data'] = function(verdict, facts)
      return no_values(verdict, facts) .. ': running query failed: ' .. verdict.problem
    end,
    ['too few samples'] = is_blind,
    failed = query_failed,
    bound = function(verdict, facts)
      return out_of_bounds(verdict, facts, 'success rate', percent(go_format.two_decimals),
        percent(go_format.number))
    end,
  },
  ['request-duration'] = {
    ['no data'] = no_values,
    ['too few samples'] = is_blind,
    failed = query_failed,
    said = function(verdict)
      return 'Prometheus query failed: ' .. verdict.problem
    end,
    bound = function(verdict, facts)
      return out_of_bounds(verdict, facts, 'request duration', go_format.duration, go_format.duration)
    end,
  },
  own = {
    failed = is_blind,
    bound = function(verdict, facts)
      return string.format('Halt %s.%s advancement %s: %s', facts.name, facts.namespace, verdict.metric, verdict.text)
    end,
  },
  inline = {
    ['no query'] = function()
      return 'Metric query failed for no usable metrics template and query were configured'
    end,
    ['no data'] = function(verdict)
      return 'Halt advancement no values found for metric: ' .. verdict.metric
    end,
    failed = function(verdict)
      return 'Prometheus query failed for ' .. verdict.metric .. ': ' .. verdict.problem
    end,
    bound = function(verdict, facts)
      return out_of_bounds(verdict, facts, verdict.metric, go_format.two_decimals, go_format.number)
    end,
  },
}

SENTENCES.template = {
  template = function(verdict)
    return verdict.problem
  end,
  ['no data'] = function(verdict)
    return 'Halt advancement no values found for custom metric: ' .. verdict.metric .. ': ' .. verdict.problem
  end,
  failed = function(verdict)
    return 'Metric query failed for ' .. verdict.metric .. ': ' .. verdict.problem
  end,
  bound = SENTENCES.inline.bound,
}

--- Why a round does not pass; nil for a verdict that lets it pass.
---@param verdict Verdict
---@param facts table see _meta/operations.lua
---@return string?
function M.of(verdict, facts)
  if verdict.verdict == 'pass' then
    return nil
  end
  local ways = SENTENCES[verdict.kind]
  return (ways[verdict.cause or 'bound'] or ways.failed)(verdict, facts)
end

return M

--- What could not be measured: a metric server that did not answer, or refused. A round in which that is Sluice's side
--- alone tells of the address that was given, and nothing of its decisions.
local M = {}

--- No values, several of them, or a template at fault are answers, by which Sluice would decide so, too.
local function is_lacking(answer)
  if answer.fault then
    return answer.fault:find '^secret ' ~= nil -- whoever runs this may not read it, perhaps
  end
  return answer.error and not answer.none and (answer.cause == 'unreachable' or answer.cause == 'failed')
end

--- Why a question has brought no measure; nil: it has.
---@param ask { template: string? }
---@param answer table as operation `query` has it
---@param server string the address of Prometheus, as texts may show it
---@return string? 'Prometheus at http://prometheus:9090: dial tcp 10.0.0.1:9090: connect: connection refused'
function M.of(ask, answer, server)
  if not is_lacking(answer) then
    return nil
  end
  local who = ask.template and 'MetricTemplate ' .. ask.template or 'Prometheus at ' .. server
  return ('%s: %s'):format(who, (answer.error:gsub('^request failed: Get "[^"]*": ', '')))
end

--- The words of Flagger's events where its own question failed (docs/flagger.md, "Metric checks").
local OF_FLAGGER = { '^Prometheus query failed', '^Metric query failed', '^Metric template ' }

--- True where Flagger could not measure either.
---@param texts string[] of the round's warnings
---@return boolean
function M.is_flaggers(texts)
  for _, text in ipairs(texts) do
    for _, pattern in ipairs(OF_FLAGGER) do
      if text:find(pattern) then
        return true
      end
    end
  end
  return false
end

return M

--- New Relic Insights: one NRQL query over the last interval.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local ADDRESS = 'https://insights-api.newrelic.com'

local function request(ask, seconds)
  local nrql = ('%s SINCE %d seconds ago'):format(ask.online and 'SELECT * FROM Metric' or ask.query, seconds)
  return {
    url = ('%s/v1/accounts/%s/query?%s'):format(provider.address(ask, ADDRESS), ask.secret.newrelic_account_id,
      adapter.parameters { { 'nrql', nrql } }),
    headers = { ['X-Query-Key'] = ask.secret.newrelic_query_key },
  }
end

return adapter {
  name = 'newrelic',

  request = function(ask)
    local words = 'newrelic credentials does not contain the key '
    local problem = provider.missing_key(ask, { 'newrelic_account_id' }, words .. "'%s'")
      or provider.missing_key(ask, { 'newrelic_query_key' }, words .. "''%s") -- Flagger's quotes
    local seconds, unclear = provider.interval(ask.interval)
    if problem or not seconds then
      return provider.unusable(problem or unclear)
    end
    return request(ask, provider.whole(seconds))
  end,

  answer = function(ask, response)
    if ask.online then
      return provider.online(response)
    end
    local body, failed = provider.body(response, provider.unless_ok_quoted, 'newRelicResponse')
    if not body then
      return failed
    end
    local results = provider.list(body.results) or {}
    local result = provider.dig(results, 1, 'result')
    if #results ~= 1 or result == nil or result == adapter.json.null then
      return provider.nothing_in(response.body)
    end
    return provider.valued(result, 'Go struct field .results.result', response.body)
  end,
}

--- Dynatrace: a metric selector over ten intervals as one value.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local INTERVALS = 10

return adapter {
  name = 'dynatrace',

  request = function(ask)
    local problem = (ask.address or '') == '' and 'dynatrace endpoint is not set'
      or provider.missing_key(ask, { 'dynatrace_token' }, 'dynatrace credentials does not contain %s')
    local seconds, unclear = provider.interval(ask.interval)
    if problem or not seconds then
      return provider.unusable(problem or unclear)
    end
    local headers = { Authorization = 'Api-Token ' .. ask.secret.dynatrace_token }
    if ask.online then
      return { url = provider.address(ask) .. '/api/v2/metrics?pageSize=1', headers = headers }
    end
    local now_ms = ask.now * 1000
    return {
      url = provider.address(ask) .. '/api/v2/metrics/query?' .. adapter.parameters {
        { 'from', now_ms - INTERVALS * provider.whole(seconds * 1000) },
        { 'metricSelector', ask.query },
        { 'resolution', 'Inf' },
        { 'to', now_ms },
      },
      headers = headers,
    }
  end,

  answer = function(ask, response)
    if ask.online then
      return provider.online(response)
    end
    local body, failed = provider.body(response, provider.unless_ok_quoted, 'dynatraceResponse')
    if not body then
      return failed
    end
    local data = provider.list(provider.dig(body, 'result', 1, 'data')) or {}
    local value = provider.dig(data, #data, 'values', 1)
    if value == nil or value == adapter.json.null then
      return provider.nothing_in(response.body)
    end
    return provider.valued(value, 'Go struct field .result.data.values', response.body)
  end,
}

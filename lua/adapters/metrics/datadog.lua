--- Datadog: a time series over ten intervals, of which the oldest point counts. The newest one is nearly always of a
--- bucket that is not full yet.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local ADDRESS = 'https://api.datadoghq.com'
local KEYS = { 'datadog_api_key', 'datadog_application_key' }
local INTERVALS = 10

return adapter {
  name = 'datadog',

  request = function(ask)
    local problem = provider.missing_key(ask, KEYS, 'datadog credentials does not contain %s')
    local seconds, unclear = provider.interval(ask.interval)
    if problem or not seconds then
      return provider.unusable(problem or unclear)
    end
    local root = provider.address(ask, ADDRESS)
    local headers = { ['DD-API-KEY'] = ask.secret[KEYS[1]], ['DD-APPLICATION-KEY'] = ask.secret[KEYS[2]] }
    if ask.online then
      return { url = root .. '/api/v1/validate', headers = headers }
    end
    local window = provider.whole(INTERVALS * seconds)
    return {
      url = root .. '/api/v1/query?' .. adapter.parameters {
        { 'from', ask.now - window }, { 'query', ask.query }, { 'to', ask.now },
      },
      headers = headers,
    }
  end,

  answer = function(ask, response)
    if ask.online then
      return provider.online(response)
    end
    local body, failed = provider.body(response, function(status, text)
      return status ~= 200 and ('error response: %s: %d %s'):format(text, status, provider.reason(status)) or nil
    end, 'datadogResponse')
    if not body then
      return failed
    end
    local point = provider.dig(body, 'series', 1, 'pointlist', 1)
    if type(point) ~= 'table' or point[2] == nil or point[2] == adapter.json.null then
      return provider.nothing_in(response.body)
    end
    return provider.valued(point[2], 'Go struct field .Series.pointlist', response.body)
  end,
}

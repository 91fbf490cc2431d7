--- Splunk Observability: a SignalFlow program over ten intervals, computed at once. Its data come as a stream of
--- events; the last value of the one time series counts.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local INTERVALS = 10

--- https://api.REALM.signalfx.com for questions about metrics, https://stream.REALM.signalfx.com for programs; a
--- template may name either, also as wss://.
local function address_of(ask, from, to)
  local address = provider.address(ask):gsub('^ws', 'http')
  local first, last = address:find(from, 1, true)
  return first and address:sub(1, first - 1) .. to .. address:sub(last + 1) or address
end

--- Every event of a stream, {kind, data}.
local function events_of(text)
  local events, kind, data = {}, nil, {}
  for line in (text .. '\n\n'):gsub('\r\n', '\n'):gmatch '([^\n]*)\n' do
    local field, value = line:match '^(%a+): ?(.*)$'
    if line == '' and #data > 0 then
      events[#events + 1] = { kind = kind, data = table.concat(data, '\n') }
      kind, data = nil, {}
    elseif field == 'event' then
      kind = value
    elseif field == 'data' then
      data[#data + 1] = value
    end
  end
  return events
end

local function failed(message)
  return { error = 'error executing query: ' .. provider.shown(message) }
end

--- Takes the values of one data event: the last one, and how many series there are.
local function take(found, data)
  for _, payload in ipairs(provider.list(data.data) or {}) do
    local value = type(payload) == 'table' and payload.value
    if type(value) == 'number' then
      found.value = value
      found.series = found.series or payload.tsId
      found.several = found.several or found.series ~= payload.tsId
    elseif value and value ~= adapter.json.null then
      found.problem = 'invalid response: UnsupportedValueType'
    end
  end
end

local function value_in(text)
  local found = {}
  for _, event in ipairs(events_of(text)) do
    local data, said = provider.decode(event.data)
    if type(data) ~= 'table' then
      return said or failed(event.data)
    elseif event.kind == 'error' then
      return failed(type(data.message) == 'string' and data.message or event.data)
    elseif event.kind == 'data' then
      take(found, data)
    end
  end
  if found.several then
    return { error = 'invalid response: query returned multiple values' }
  elseif found.problem then
    return { error = found.problem }
  end
  return found.value and { value = found.value } or provider.nothing 'invalid response'
end

return adapter {
  name = 'splunk',

  request = function(ask)
    local problem = (ask.address or '') == '' and 'splunk endpoint is not set'
      or provider.missing_key(ask, { 'sf_token_key' }, 'splunk credentials does not contain %s')
    local seconds, unclear = provider.interval(ask.interval)
    if problem or not seconds then
      return provider.unusable(problem or unclear)
    end
    local headers = { ['X-SF-Token'] = ask.secret.sf_token_key }
    if ask.online then
      return { url = address_of(ask, 'stream', 'api') .. '/v2/metric?limit=1', headers = headers }
    end
    headers['Content-Type'] = 'text/plain'
    local now_ms = ask.now * 1000
    return {
      method = 'POST',
      url = address_of(ask, 'api', 'stream') .. '/v2/signalflow/execute?' .. adapter.parameters {
        { 'immediate', 'true' },
        { 'start', now_ms - INTERVALS * provider.whole(seconds * 1000) },
        { 'stop', now_ms },
      },
      headers = headers,
      body = ask.query,
    }
  end,

  answer = function(ask, response)
    if ask.online then
      return provider.online(response)
    elseif response.error then
      return failed(response.error)
    elseif response.status ~= 200 then
      local body = provider.decode(response.body)
      local message = type(body) == 'table' and type(body.message) == 'string' and body.message or response.body
      local said = failed(('%d %s: %s'):format(response.status, provider.reason(response.status), message))
      said.retry_after_ms = response.retry_after_ms
      return said
    elseif not response.body:find '^%s*$' and not response.body:find '^%s*%a+:' then
      return failed(response.body)
    end
    return value_in(response.body)
  end,
}

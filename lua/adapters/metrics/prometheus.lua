--- Prometheus, and servers with its API: one instant query. Of several series the last one's value counts.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local ONLINE = 'vector(1)'

--- The credentials of the referenced Secret: a token, or a user with a password.
local function authorization(ask)
  local secret = ask.secret
  if not secret then
    return nil
  elseif secret.token then
    return secret.token ~= '' and 'Bearer ' .. secret.token or nil
  end
  return provider.login(ask)
end

local function headers_of(ask, authorized)
  local headers = {}
  for name, values in pairs(ask.headers or {}) do
    headers[name] = values
  end
  headers.Authorization = authorized or headers.Authorization
  return headers
end

--- What Flagger reads a series into, as its text has it where something else stands there.
local NO_SERIES = 'error unmarshaling result: json: cannot unmarshal %s into Go struct field .Data.Result of type '
  .. [[struct { Metric struct { Name string "json:\"name\"" }; Value []interface {} "json:\"value\""; ]]
  .. [[Values []interface {} "json:\"values\"" }, '%s']]

local function value_of(result, body)
  local value, series = nil, 0
  for _, one in ipairs(result) do
    if type(one) ~= 'table' then
      return { error = NO_SERIES:format(provider.go_kind(one), provider.shown(body)) }
    elseif provider.is_list(one.values) then
      return { error = 'query returned multiple values' }
    end
    local text = type(one.value) == 'table' and one.value[2]
    if type(text) == 'string' then
      local number, problem = provider.parse_float(text)
      if not number then
        return { error = problem }
      end
      value = number
    end
    series = series + 1
  end
  if not value or value ~= value then
    return provider.nothing()
  end
  return { value = value, several = series > 1 and series or nil }
end

return adapter {
  name = 'prometheus',

  request = function(ask)
    local base, problem = provider.base_url(ask)
    local authorized
    if base then
      authorized, problem = authorization(ask)
    end
    if problem then
      return provider.unusable(problem)
    end
    local query = ask.online and ONLINE or provider.in_one_line(ask.query)
    return {
      url = base.root .. '/api/v1/query?' .. adapter.parameters { { 'query', query } },
      headers = headers_of(ask, authorized),
      insecure = ask.insecure,
    }
  end,

  answer = function(ask, response)
    local body, failed = provider.body(response, provider.unless_below_400(function(status, text)
      return ('error response: Status %d %s: %s'):format(status, provider.reason(status), text)
    end), 'prometheusResponse')
    if not body then
      return ask.online and provider.offline(failed) or failed
    end
    local data = type(body.data) == 'table' and body.data or {}
    local said
    if data.result ~= nil and data.result ~= adapter.json.null and not provider.is_list(data.result) then
      said = { error = 'error unmarshaling result: data.result is no list' }
    else
      said = value_of(provider.is_list(data.result) and data.result or {}, response.body)
    end
    if not ask.online then
      return said
    elseif said.error then
      return provider.offline(said)
    end
    return said.value == 1 and { online = true } or { error = 'value is not 1 for query: ' .. ONLINE }
  end,
}

--- Google Cloud Monitoring (Stackdriver): a query in its own language; the first value of the first series counts.
--- With the key of a service account a token is fetched first, signed with that key; without one the token is that of
--- the engine's own surroundings.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local SCOPE = 'https://www.googleapis.com/auth/monitoring.read'
local TOKEN_URL = 'https://oauth2.googleapis.com/token'
local METADATA = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token'
local HOUR = 3600

--- The request for a token; nil and why the key is none.
local function token_request(ask, text)
  local key = adapter.json.decode(text)
  if type(key) ~= 'table' or type(key.client_email) ~= 'string' or type(key.private_key) ~= 'string' then
    return nil, 'the key of a service account, in JSON with client_email and private_key, is wanted'
  end
  local url = type(key.token_uri) == 'string' and key.token_uri or TOKEN_URL
  local header = adapter.json.encode { alg = 'RS256', typ = 'JWT', kid = key.private_key_id }
  local claims = adapter.json.encode {
    iss = key.client_email, scope = SCOPE, aud = url, iat = ask.now, exp = ask.now + HOUR,
  }
  local text_signed = adapter.base64url(header) .. '.' .. adapter.base64url(claims)
  local signature, problem = adapter.rs256(key.private_key, text_signed)
  if not signature then
    return nil, problem
  end
  return {
    method = 'POST',
    url = url,
    headers = { ['Content-Type'] = 'application/x-www-form-urlencoded' },
    body = adapter.parameters {
      { 'grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
      { 'assertion', text_signed .. '.' .. adapter.base64url(signature) },
    },
  }
end

local function query_request(ask, token)
  local project = ask.secret and ask.secret.project or ''
  return {
    request = {
      method = 'POST',
      url = ('https://monitoring.googleapis.com/v3/projects/%s/timeSeries:query'):format(adapter.escape(project)),
      headers = { Authorization = 'Bearer ' .. token, ['Content-Type'] = 'application/json' },
      body = adapter.json.encode { query = ask.online and '' or ask.query },
    },
    keep = { stage = 'asked' },
  }
end

--- 'PERMISSION_DENIED' as Go's client names it.
local function code_of(status)
  if type(status) ~= 'string' then
    return 'Unknown'
  end
  return (status:lower():gsub('_?(%a+)', function(word)
    return word:sub(1, 1):upper() .. word:sub(2)
  end))
end

--- The code and the message of a refusal.
local function refusal(response)
  if response.error then
    return 'Unavailable', response.error
  end
  local body = adapter.json.decode(response.body)
  local problem = type(body) == 'table' and type(body.error) == 'table' and body.error or {}
  local message = type(problem.message) == 'string' and provider.shown(problem.message)
    or provider.refusal(response)
  return code_of(problem.status), message
end

local function refused(ask, response)
  local code, message = refusal(response)
  if not ask.online then
    return { error = ('error requesting stackdriver: rpc error: code = %s desc = %s'):format(code, message),
      retry_after_ms = response.retry_after_ms }
  elseif code == 'InvalidArgument' then
    return { online = true } -- it reads the empty query, and so takes the credentials
  end
  return { error = 'unexpected status code: ' .. code }
end

local function value_in(response)
  local body, said = provider.decode(response.body)
  if type(body) ~= 'table' then
    return { error = 'error requesting stackdriver: ' .. (said and said.error or provider.shown(response.body)) }
  end
  local values = provider.dig(body, 'timeSeriesData', 1, 'pointData', 1, 'values', 1)
  if type(values) ~= 'table' then
    return provider.nothing_in(response.body)
  elseif type(values.doubleValue) == 'number' then
    return { value = values.doubleValue }
  end
  local text = values.int64Value or values.doubleValue -- an int64 is a text in JSON, and so are NaN and infinities
  local value = type(text) == 'number' and text or type(text) == 'string' and provider.parse_float(text)
  return value and { value = value } or { error = 'error requesting stackdriver: the value is no number: '
    .. provider.shown(response.body) }
end

--- The next step once there is a response to the request for a token.
local function take_token(ask, response)
  local body = not response.error and response.status == 200 and adapter.json.decode(response.body)
  if type(body) == 'table' and type(body.access_token) == 'string' then
    return query_request(ask, body.access_token)
  end
  return { error = (ask.online and 'unexpected error: ' or 'error requesting stackdriver: ')
    .. 'cannot fetch token: ' .. provider.refusal(response) }
end

return adapter {
  name = 'stackdriver',

  request = function(ask)
    local missing = ask.secret
      and provider.missing_key(ask, { 'project' }, ask.type .. ' credentials does not contain a project id')
    if missing then
      return provider.unusable(missing)
    end
    local key = ask.secret and ask.secret.serviceAccountKey or (ask.ambient or {}).GOOGLE_CREDENTIALS
    if key then
      local request, problem = token_request(ask, key)
      return request and { request = request } or provider.unusable(problem)
    end
    return { request = { url = METADATA, headers = { ['Metadata-Flavor'] = 'Google' } } }
  end,

  answer = function(ask, response)
    if not ask.keep then
      return take_token(ask, response)
    elseif response.error or response.status ~= 200 then
      return refused(ask, response)
    elseif ask.online then
      return { online = true }
    end
    return value_in(response)
  end,
}

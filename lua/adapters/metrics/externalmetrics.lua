--- Kubernetes' external metrics API: of the engine's own API server, or of another address. The first value counts.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local GROUP, VERSION = 'external.metrics.k8s.io', 'v1beta1'
local WANTED = 'expected <namespace>/<metricName>?labelSelector=<urlencoded label selectors>, got '

--- namespace/metric?labelSelector=…, where only the metric must be there.
local function parse(query)
  query = query:gsub('%s+$', '')
  local path, parameters = query:match '^([^?]*)%??(.*)$'
  if query:find '[%c]' then
    return nil, 'malformed query string, ' .. WANTED .. query
  end
  path = adapter.unescape(path:gsub('+', '%%2B')):gsub('^/', '', 1)
  local namespace, metric, more = path:match '^([^/]*)/([^/]*)(.*)$'
  if not namespace then
    namespace, metric, more = '', path, ''
  end
  if more ~= '' then
    return nil, 'malformed query string, too many slashes, ' .. WANTED .. query
  elseif metric == '' then
    return nil, 'metric name cannot be empty'
  end
  local selector = ('&' .. parameters):match '&labelSelector=([^&]*)'
  return {
    namespace = namespace ~= '' and namespace or 'default',
    metric = metric,
    selector = selector and adapter.unescape(selector) or '',
  }
end

--- The parts of a path on the API server; a name with a slash would lead elsewhere.
local function is_name(text)
  return text:find '^[%w._:-]+$' and not text:find '^%.+$'
end

local SUFFIXES = { n = 1e-9, u = 1e-6, m = 1e-3, [''] = 1, k = 1e3, M = 1e6, G = 1e9, T = 1e12, P = 1e15, E = 1e18,
  Ki = 2 ^ 10, Mi = 2 ^ 20, Gi = 2 ^ 30, Ti = 2 ^ 40, Pi = 2 ^ 50, Ei = 2 ^ 60 }

--- A quantity of Kubernetes: 1500m, 2Ki, 1e3, 12.
local function quantity(text)
  if type(text) == 'number' then
    return text
  end
  text = type(text) == 'string' and text or ''
  local number, suffix = text:match '^([+-]?%d*%.?%d*)(%a*)$'
  if number and SUFFIXES[suffix] and tonumber(number) then
    return tonumber(number) * SUFFIXES[suffix]
  end
  return provider.parse_float(text)
end

local function request(ask, asked)
  local parameters = asked.selector ~= '' and { { 'labelSelector', asked.selector } } or {}
  if (ask.address or '') == '' then
    return { kube = {
      verb = 'list', group = GROUP, version = VERSION, plural = asked.metric, namespace = asked.namespace,
      query = parameters[1] and adapter.parameters(parameters) or nil,
    } }
  end
  local token = ask.secret and ask.secret.token
  parameters[#parameters + 1] = { 'timeout', '5s' } -- the server's, which Kubernetes' clients name beside their own
  return {
    url = ('%s/apis/%s/%s/namespaces/%s/%s?%s'):format(provider.address(ask):gsub('/+$', ''), GROUP, VERSION,
      asked.namespace, asked.metric, adapter.parameters(parameters)),
    headers = { Accept = 'application/json', Authorization = token and 'Bearer ' .. token or nil },
    insecure = ask.insecure,
  }
end

--- What an API server says of a refusal.
local function message_of(response, metric)
  return provider.kube_refusal(response, ('get %s.%s'):format(metric, GROUP))
end

local function value_in(response)
  local body, said = provider.decode(response.body)
  local items = type(body) == 'table' and provider.list(body.items)
  if not items then
    return { error = 'error querying external metrics API: ' .. (said and said.error or 'the answer has no list') }
  elseif #items == 0 then
    return provider.nothing 'no external metrics found'
  end
  local value = quantity(type(items[1]) == 'table' and items[1].value)
  return value and { value = value }
    or { error = 'error querying external metrics API: quantities must match the regular expression' }
end

--- Whether the API is there is asked by a metric that nobody has.
local function asked_by(ask)
  if ask.online then
    return { namespace = 'kube-system', metric = 'dummy-metric', selector = '' }
  end
  return parse(ask.query)
end

return adapter {
  name = 'externalmetrics',

  request = function(ask)
    local asked, problem = asked_by(ask)
    if asked and not (is_name(asked.namespace) and is_name(asked.metric)) then
      problem = 'malformed query string, ' .. WANTED .. provider.shown(ask.query)
    end
    if problem then
      return { error = 'error parsing metric query: ' .. problem }
    end
    return request(ask, asked)
  end,

  answer = function(ask, response)
    local is_refused, metric = response.error or response.status ~= 200, asked_by(ask).metric
    if ask.online then
      return is_refused and { error = 'external metrics service unavailable: ' .. message_of(response, metric) }
        or { online = true }
    elseif is_refused then
      return {
        error = 'error querying external metrics API: ' .. message_of(response, metric),
        retry_after_ms = response.retry_after_ms,
      }
    end
    return value_in(response)
  end,
}

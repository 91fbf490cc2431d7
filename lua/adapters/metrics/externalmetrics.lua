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
  path = adapter.unescape(path:gsub('+', '%%2B'))
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
  if selector and (selector:find(';', 1, true) or selector:gsub('%%%x%x', ''):find('%', 1, true)) then
    selector = nil -- as Go drops a pair with half an escape
  end
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

local NO_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

--- A quantity of Kubernetes: 1500m, 2Ki, 1e3, 12; null is 0. Nil and why it is none.
local function quantity(value)
  if type(value) == 'number' then
    return value
  elseif value == nil or value == adapter.json.null then
    return 0
  end
  local number, suffix = tostring(value):match '^([+-]?[%d.]+)([eEinumkKMGTP]*[-+]?%d*)$'
  if type(value) ~= 'string' or not number or not tonumber(number) then
    return nil, NO_QUANTITY
  elseif SUFFIXES[suffix] then
    return tonumber(number) * SUFFIXES[suffix]
  elseif suffix:find '^[eE][+-]?%d+$' then
    return tonumber(value)
  end
  return nil, "unable to parse quantity's suffix"
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

--- The types that Kubernetes' clients read; of these adapters JSON alone is one.
local TYPES = { ['application/json'] = true, ['application/yaml'] = true,
  ['application/vnd.kubernetes.protobuf'] = true }

--- The values of the list; nil and why there is none.
local function values_in(response)
  local kind = response.content_type
  if kind and kind ~= '' and not TYPES[kind:lower():match '^%s*([^;%s]*)'] then
    return nil, ("serializer for %s doesn't exist"):format(provider.shown(kind))
  end
  local body, said = provider.decode(response.body)
  local items = type(body) == 'table' and provider.list(body.items)
  if not items then
    return nil, said and said.error or 'the answer has no list'
  end
  local values = {}
  for i, item in ipairs(items) do
    local value, problem = quantity(type(item) == 'table' and item.value or nil)
    if not value then
      return nil, problem
    end
    values[i] = value
  end
  return values
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
    local metric, values, problem = asked_by(ask).metric
    if response.error or response.status ~= 200 then
      problem = message_of(response, metric)
    else
      values, problem = values_in(response)
    end
    if problem then
      local words = ask.online and 'external metrics service unavailable: ' or 'error querying external metrics API: '
      return { error = words .. problem, retry_after_ms = response.retry_after_ms }
    elseif ask.online then
      return { online = true }
    end
    return values[1] and { value = values[1] } or provider.nothing 'no external metrics found'
  end,
}

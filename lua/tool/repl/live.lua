--- A live canary in an embedded cluster: its objects are read, and restored there; an engine takes its release over as
--- after a crash, and asks the live Prometheus. Whatever happens from then on happens there: the console's processes
--- have no network, and what they let the front read for them is GET and LIST alone (core/app/repl_live.h).
local console = require 'tool.console'
local sluice = require 'sluice'

local M = {}

local FLAGGER, SLUICE, ISTIO = { 'flagger.app', 'v1beta1' }, { 'sluice.dev', 'v1alpha1' },
  { 'networking.istio.io', 'v1' }

local WHERE = {
  canaries = FLAGGER, metrictemplates = FLAGGER, alertproviders = FLAGGER,
  releases = SLUICE, strategies = SLUICE, checks = SLUICE,
  deployments = { 'apps', 'v1' }, daemonsets = { 'apps', 'v1' },
  services = { '', 'v1' }, configmaps = { '', 'v1' }, secrets = { '', 'v1' },
  horizontalpodautoscalers = { 'autoscaling', 'v2' },
  virtualservices = ISTIO, destinationrules = ISTIO,
}

local TARGETS = { Deployment = 'deployments', DaemonSet = 'daemonsets', Service = 'services' }

-- Of providers whose templates may leave their address out.
local ADDRESSES = { datadog = 'https://api.datadoghq.com', newrelic = 'https://insights-api.newrelic.com' }

-- Reading ---------------------------------------------------------------------------------------

local function problem(format, ...)
  error(format:format(...), 0)
end

local function fetch(verb, plural, namespace, last)
  local group = WHERE[plural]
  return console.fetch(table.concat({ verb, group[1], group[2], plural, namespace, last }, '\t'))
end

---@class Reading what was read, in order
---@field objects table[]
---@field lacks string[] what may not be read, or is not there
local Reading = {}
Reading.__index = Reading

function Reading:add(object)
  object.metadata.managedFields = nil
  self.objects[#self.objects + 1] = object
  return object
end

--- Reads an object once; nil: it is not there, or may not be read.
function Reading:get(plural, namespace, name)
  local key = plural .. '/' .. namespace .. '/' .. name
  if self.seen[key] ~= nil then
    return self.seen[key] or nil
  end
  local status, body = fetch('get', plural, namespace, name)
  self.seen[key] = false
  if status == 200 then
    self.seen[key] = self:add(console.decode(body))
    return self.seen[key]
  elseif status == 0 then
    problem('%s', body)
  elseif status ~= 404 then
    self.lacks[#self.lacks + 1] = ('%s %s/%s: %s'):format(plural, namespace, name, body)
  end
end

function Reading:list(plural, namespace, selector)
  local status, body = fetch('list', plural, namespace, selector)
  if status ~= 200 then
    self.lacks[#self.lacks + 1] = ('%s of %s: %s'):format(plural, namespace, body)
    return
  end
  local items = console.decode(body).items or {}
  table.sort(items, function(a, b)
    return (a.metadata.creationTimestamp or '') < (b.metadata.creationTimestamp or '')
  end)
  for _, object in ipairs(items) do
    self:add(object)
  end
end

local function read_references(reading, canary)
  local spec, namespace = canary.spec, canary.metadata.namespace
  local function refer(plural, reference)
    if type(reference) == 'table' and reference.name then
      return reading:get(plural, reference.namespace or namespace, reference.name)
    end
  end
  local function refer_secret(object, holder)
    local secret = object and type(holder) == 'table' and holder.secretRef
    if type(secret) == 'table' and secret.name then
      reading:get('secrets', object.metadata.namespace, secret.name)
    end
  end
  refer('strategies', spec.strategy)
  local analysis = spec.analysis or {}
  for _, metric in ipairs(analysis.metrics or {}) do
    local check, template = refer('checks', metric.checkRef), refer('metrictemplates', metric.templateRef)
    for _, adapter in pairs(check and check.spec.adapters or {}) do
      refer_secret(check, adapter)
    end
    refer_secret(template, template and template.spec.provider)
  end
  for _, alert in ipairs(analysis.alerts or {}) do
    refer('alertproviders', alert.providerRef)
  end
end

local function read_workloads(reading, canary)
  local spec, namespace = canary.spec, canary.metadata.namespace
  local target = spec.targetRef.name
  local kind = spec.targetRef.kind
  local plural = TARGETS[kind] or problem('spec.targetRef.kind %s: this version knows none', tostring(kind))
  local service = spec.service and spec.service.name or target
  for _, ending in ipairs { '', '-primary' } do
    reading:get(plural, namespace, target .. ending)
  end
  for _, ending in ipairs { '', '-primary', '-canary' } do
    reading:get('services', namespace, service .. ending)
  end
  reading:get('virtualservices', namespace, service)
  for _, ending in ipairs { '-primary', '-canary' } do
    reading:get('destinationrules', namespace, service .. ending)
  end
  local autoscaler = spec.autoscalerRef and spec.autoscalerRef.name
  for _, ending in ipairs(autoscaler and { '', '-primary' } or {}) do
    reading:get('horizontalpodautoscalers', namespace, autoscaler .. ending)
  end
  for key in pairs(canary.status and canary.status.trackedConfigs or {}) do
    local sort, name = key:match '^(%a+)/(.+)$'
    for _, ending in ipairs(sort and { '', '-primary' } or {}) do
      reading:get(sort == 'secret' and 'secrets' or 'configmaps', namespace, name .. ending)
    end
  end
end

--- ReplicaSets are not read, so the controller here counts revisions of the Deployment anew, and the engine would take
--- one of the next for what was promoted as a revision of that number. By the generation it knows the same.
local function restate_proof(canary, target)
  local status = canary.status
  local uid, generation, revision = (status and status.lastTrackedRevision or ''):match '^([^/]+)/(%d+)/?(.*)$'
  if not uid or not target then
    return
  end
  local now = target.metadata
  local number = now.annotations and now.annotations['deployment.kubernetes.io/revision']
  local is_same = uid == now.uid and (tonumber(generation) == now.generation or revision ~= '' and revision == number)
  status.lastTrackedRevision = ('%s/%d'):format(uid, is_same and now.generation or generation)
end

--- Reads all that an engine would read of a Canary.
local function read(namespace, name, server)
  local reading = setmetatable({ objects = {}, lacks = {}, seen = {} }, Reading)
  local canary = reading:get('canaries', namespace, name)
  if not canary then
    problem('%s', reading.lacks[1] or ('there is no Canary %s in namespace %s of %s'):format(name, namespace, server))
  end
  read_workloads(reading, canary)
  restate_proof(canary, reading:get(TARGETS[canary.spec.targetRef.kind], namespace, canary.spec.targetRef.name))
  read_references(reading, canary)
  reading:list('releases', namespace, 'sluice.dev/canary=' .. name)
  return reading, canary
end

-- What stands around ----------------------------------------------------------------------------

local function host_of(url)
  return url:match '^https?://([^/?#]+)'
end

local function without_url(text)
  return (text:gsub('^GET %S+: ', ''))
end

local function query_of(request)
  local query = request.query or ''
  if request.method == 'POST' and request.body ~= '' then
    query = (query ~= '' and query .. '&' or '') .. request.body
  end
  return query ~= '' and '?' .. query or ''
end

--- Requests to a Prometheus of the embedded cluster are asked of a live one. `path`: of the address there, instead of
--- which the root has its own.
local function forward(session, host, root, path)
  session.world:serve(host, function(request)
    if session.is_blind then
      return 503, 'Service Unavailable'
    elseif not root then
      return 503, 'no Prometheus was named: sluice repl --prometheus URL'
    end
    local below = request.path:sub(1, #path) == path and request.path:sub(#path + 1) or request.path
    local status, body = console.fetch('ask\t' .. root .. below .. query_of(request))
    if status == 0 then
      return 503, without_url(body)
    end
    return status, body
  end)
end

--- Nobody is called: a gate counts as open, and no hook asks for a rollback.
local function hold_hooks(session, canary)
  for _, hook in ipairs(canary.spec.analysis and canary.spec.analysis.webhooks or {}) do
    local host = type(hook.url) == 'string' and host_of(hook.url)
    if host then
      session.hooks[host .. (hook.url:match '^https?://[^/]+(/[^?#]*)' or '/')] = hook.type or 'rollout'
      session.world:serve(host, function(request)
        local kind = session.hooks[host .. request.path]
        return kind == 'rollback' and 403 or 200, 'not called: this is a console that only reads'
      end)
    end
  end
end

local function without_slash(url)
  return url and url:gsub('/+$', '') or nil
end

--- Hosts that metrics are asked of: those of the templates, and what teams' adapters may ask.
local function providers_of(objects)
  local hosts = {}
  local function add(url)
    local host = type(url) == 'string' and host_of(url)
    if host then
      hosts[host] = true
    end
  end
  for _, object in ipairs(objects) do
    local spec = object.spec or {}
    if object.kind == 'MetricTemplate' then
      add((spec.provider.address or '') ~= '' and spec.provider.address or ADDRESSES[spec.provider.type])
    end
    for _, adapter in pairs(object.kind == 'Check' and spec.adapters or {}) do
      for _, url in ipairs(adapter.urls or {}) do
        add(url)
      end
    end
  end
  return hosts
end

--- Asks the providers of metrics themselves. A console that only reads sends GETs alone.
local function ask_providers(session, hosts)
  session.world:fates(function(request)
    local host, path = request.url:match '^https?://([^/?#]+)([^?#]*)'
    if not hosts[host] or session.hooks[host .. (path ~= '' and path or '/')] then
      return nil
    elseif session.is_blind then
      return { status = 503, body = 'Service Unavailable' }
    elseif request.method ~= 'GET' then
      return { status = 503, body = ('not sent: a console that only reads sends no %s'):format(request.method) }
    end
    local status, body = console.fetch(table.concat({ request.outward and 'out' or 'ask', request.url,
      unpack(request.headers) }, '\t'))
    return { status = status == 0 and 503 or status, body = status == 0 and without_url(body) or body }
  end)
end

--- Before an engine is started.
---@param session Session
---@param canary table
---@param prometheus string?
---@param reading Reading
local function surround(session, canary, prometheus, reading)
  session.hooks = {}
  local named = canary.spec.metricsServer
  local root = without_slash(prometheus or named)
  if not root then
    reading.lacks[#reading.lacks + 1] = 'Prometheus: none is named, so metrics are blind; --prometheus URL names one'
  end
  forward(session, 'prometheus', root, '')
  if type(named) == 'string' and host_of(named) then
    forward(session, host_of(named), root, without_slash(named):match '^https?://[^/]+(.*)')
  end
  local hosts = providers_of(reading.objects)
  if prometheus and type(named) == 'string' then
    hosts[host_of(named) or ''] = nil -- which the other one stands in for
  end
  ask_providers(session, hosts)
  hold_hooks(session, canary)
end

---@param session Session
---@param order { namespace: string, canary: string, server: string, prometheus: string? }
function M.open(session, order)
  local reading, canary = read(order.namespace, order.canary, order.server)
  local observer = sluice.observer
  sluice.observer = function(kept)
    observer(kept)
    surround(session, canary, order.prometheus, reading)
  end
  local texts = {}
  for i, object in ipairs(reading.objects) do
    texts[i] = console.encode(object)
  end
  session.file = ('%s/%s of %s'):format(order.namespace, order.canary, order.server)
  session.live, session.lacks = true, reading.lacks
  sluice.world { objects = texts, begin = os.date('!%Y-%m-%dT%H:%M:%SZ', os.time() - 10) }
  session.told.live = true
end

return M

--- What a release is played in, made of manifests: the Canary, what it names, and what manifests do not contain, such
--- as the Deployment of its target.
local refuse = require 'tool.backtest.refusal'.refuse
local sluice = require 'sluice'

local M = {}

---@class Hook
---@field name string
---@field type string
---@field url string
---@field host string
---@field path string
---@field metadata table<string, string>

---@class Setting
---@field canary table the object
---@field namespace string
---@field name string
---@field target string name of the workload
---@field image string that it runs at first
---@field objects table[] in the order in which they are created
---@field servers table<string, boolean> hosts of Prometheus servers
---@field hooks Hook[]
---@field strangers table<string, string> hosts of other metric providers, and their types
---@field foreign table<integer, string> metrics, by their places from 1 on, that other providers answer
---@field made table<table, boolean> objects that are not of the files
---@field notes string[] what was made up, or left out

local TARGETS = { Deployment = true, DaemonSet = true }

local function table_or(value)
  return type(value) == 'table' and value or {}
end

local function text_or(value, otherwise)
  return type(value) == 'string' and value ~= '' and value or otherwise
end

local function copy(value)
  if type(value) ~= 'table' then
    return value
  end
  local all = {}
  for name, each in pairs(value) do
    all[name] = copy(each)
  end
  return getmetatable(value) ~= nil and sluice.list(all) or all -- it is marked as a list
end

M.copy = copy

local function namespace_of(object)
  return text_or(table_or(object.metadata).namespace, 'default')
end

local function name_of(object)
  return text_or(table_or(object.metadata).name, '')
end

local function key_of(kind, namespace, name)
  return ('%s %s/%s'):format(kind, namespace, name)
end

-- Files -----------------------------------------------------------------------------------------

--- What is in NAME.lua beside a manifest; nil: there is no such file.
local function script_beside(file, name)
  local script = io.open((file:match '^(.*/)[^/]*$' or '') .. name .. '.lua')
  local text = script and script:read '*a'
  if script then
    script:close()
  end
  return text
end

--- The script of a Strategy or a Check is that of NAME.lua beside its manifest, when there is one.
local function take_script(object, file)
  if type(object.spec) == 'table' then
    object.spec.script = script_beside(file, name_of(object)) or object.spec.script
  end
end

---@param manifests { file: string, object: table }[]
---@return table<string, table> objects by kind, namespace and name
---@return table[] canaries
---@return table[] configs ConfigMaps and Secrets, in order
---@return table<table, string> files of the Canaries
local function index(manifests)
  local objects, canaries, configs, files = {}, {}, {}, {}
  for _, each in ipairs(manifests) do
    local object = copy(each.object)
    if object.kind == 'Canary' and name_of(object) == '' then
      refuse('%s: Canary: metadata.name: a text is wanted, got %s', each.file,
        tostring(table_or(object.metadata).name or 'none'))
    end
    if type(object.kind) == 'string' and name_of(object) ~= '' then
      object.metadata.namespace = object.kind ~= 'Namespace' and namespace_of(object) or nil
      object.status = nil
      if object.kind == 'Strategy' or object.kind == 'Check' then
        take_script(object, each.file)
      elseif object.kind == 'Canary' then
        local before = objects[key_of('Canary', namespace_of(object), name_of(object))]
        for i = #canaries, 1, -1 do -- of two with one name the last one counts
          if canaries[i] == before then
            table.remove(canaries, i)
          end
        end
        canaries[#canaries + 1], files[object] = object, each.file
      elseif object.kind == 'ConfigMap' or object.kind == 'Secret' then
        configs[#configs + 1] = object
      end
      objects[key_of(object.kind, namespace_of(object), name_of(object))] = object
    end
  end
  return objects, canaries, configs, files
end

--- All Canaries of manifests.
---@param manifests { file: string, object: table }[]
---@return string[] names NAMESPACE/NAME
function M.canaries(manifests)
  local names = {}
  for i, canary in ipairs(select(2, index(manifests))) do
    names[i] = namespace_of(canary) .. '/' .. name_of(canary)
  end
  return names
end

local function choose(canaries, wanted)
  local found, names = nil, {}
  for _, canary in ipairs(canaries) do
    local full = namespace_of(canary) .. '/' .. name_of(canary)
    names[#names + 1] = full
    if not wanted or wanted == full or wanted == name_of(canary) then
      if found then
        refuse('several Canaries are in the files (%s): --canary NAMESPACE/NAME says which one is meant',
          table.concat(names, ', '))
      end
      found = canary
    end
  end
  if not found and wanted then
    refuse('--canary %s: there is none of this name; there is %s', wanted,
      names[1] and table.concat(names, ', ') or 'no Canary')
  end
  return found or refuse 'no Canary is in the files'
end

-- What is made up -------------------------------------------------------------------------------

local function note(self, format, ...)
  self.notes[#self.notes + 1] = format:format(...)
end

local PAUSE = 'sluice.dev/pause' -- an annotation; "false" is none

--- Nothing would come of a Canary that stands still, and what it would do otherwise is what is asked.
local function resume(self)
  local metadata, spec = self.canary.metadata, self.canary.spec
  local pause = table_or(metadata.annotations)[PAUSE]
  if spec.suspend == true then
    note(self, '%s.%s is suspended (spec.suspend): it is played as if it were not', self.name, self.namespace)
    spec.suspend = nil
  end
  if pause ~= nil and pause ~= 'false' then
    note(self, '%s.%s is paused (%s: %s): it is played as if it were not', self.name, self.namespace, PAUSE,
      tostring(pause))
    metadata.annotations[PAUSE] = nil
  end
end

--- Takes an object of the files along; nil: there is none.
local function take(self, kind, namespace, name)
  local object = self.known[key_of(kind, namespace, name)]
  if object and not self.taken[object] then
    self.taken[object] = true
    self.objects[#self.objects + 1] = object
  end
  return object
end

local function add_namespaces(self)
  local seen, list = {}, {}
  for _, object in ipairs(self.objects) do
    local namespace = object.metadata.namespace
    if namespace and not seen[namespace] and namespace ~= 'default' then
      seen[namespace] = true
      list[#list + 1] = self.known[key_of('Namespace', 'default', namespace)]
        or { apiVersion = 'v1', kind = 'Namespace', metadata = { name = namespace } }
    end
  end
  for i, object in ipairs(list) do
    table.insert(self.objects, i, object)
    self.made[object] = not self.known[key_of('Namespace', 'default', object.metadata.name)]
  end
end

--- Adds an object that is not of the files.
local function make(self, object)
  self.objects[#self.objects + 1] = object
  self.made[object], self.taken[object] = true, true
  self.known[key_of(object.kind, object.metadata.namespace, object.metadata.name)] = object
end

local function new_workload(self, kind)
  local service = table_or(self.canary.spec.service)
  local port = service.targetPort or service.port or 80
  local named = type(port) == 'string'
  return { apiVersion = 'apps/v1', kind = kind,
    metadata = { name = self.target, namespace = self.namespace, labels = { app = self.target } },
    spec = { replicas = kind == 'Deployment' and 2 or nil, selector = { matchLabels = { app = self.target } },
      template = { metadata = { labels = { app = self.target } }, spec = { containers = {
        { name = self.target, image = self.target .. ':1',
          ports = { { name = named and port or 'http', containerPort = named and 8080 or port } } } } } } } }
end

local function add_workload(self)
  local reference = table_or(self.canary.spec.targetRef)
  local kind = text_or(reference.kind, 'Deployment')
  self.target = text_or(reference.name, '')
  local workload = take(self, kind, self.namespace, self.target)
  if not workload and TARGETS[kind] and self.target ~= '' then
    workload = new_workload(self, kind)
    make(self, workload)
    note(self, 'the %s %s is not in the files: one is made up', kind, self.target)
  end
  local containers = workload and table_or(table_or(table_or(workload.spec).template).spec).containers
  self.image = text_or(table_or(table_or(containers)[1]).image, '')
end

local function add_autoscaler(self)
  local reference = self.canary.spec.autoscalerRef
  local name = text_or(table_or(reference).name, '')
  if name ~= '' and not take(self, reference.kind, self.namespace, name)
    and reference.kind == 'HorizontalPodAutoscaler' then
    make(self, { apiVersion = 'autoscaling/v2', kind = reference.kind,
      metadata = { name = name, namespace = self.namespace },
      spec = { minReplicas = 2, maxReplicas = 4, scaleTargetRef = copy(self.canary.spec.targetRef),
        metrics = { { type = 'Resource', resource = { name = 'cpu',
          target = { type = 'Utilization', averageUtilization = 80 } } } } } })
  end
end

local function host_of(url)
  local host, path = url:match '^%a+://([^/?#]+)([^?#]*)'
  return host and host:gsub('^.*@', '') or '', path or ''
end

local SECRET = { username = 'user', password = 'password', token = 'token', address = 'http://alerts.made-up/' }

local function add_secret(self, namespace, name)
  if name ~= '' and not take(self, 'Secret', namespace, name) then
    make(self, { apiVersion = 'v1', kind = 'Secret', stringData = copy(SECRET),
      metadata = { name = name, namespace = namespace } })
  end
end

--- Who has the script beside the Canary needs no object that holds it.
local function add_script(self, kind, namespace, name)
  local script = (kind == 'Strategy' or kind == 'Check') and not name:find '/' and script_beside(self.file, name)
  if script then
    local object = { apiVersion = 'sluice.dev/v1alpha1', kind = kind, spec = { script = script },
      metadata = { name = name, namespace = namespace } }
    self.known[key_of(kind, namespace, name)] = object
    note(self, 'the %s %s/%s is not in the files: %s.lua beside %s is its script', kind, namespace, name, name,
      self.file)
  end
  return script and take(self, kind, namespace, name)
end

--- What the Canary names by a reference, which must be there: nothing can be played without it.
local function need(self, kind, reference, field)
  local namespace = text_or(reference.namespace, self.namespace)
  if type(reference.name) ~= 'string' then
    refuse('%s.name: the name of a %s is wanted, got %s', field, kind, type(reference.name))
  end
  return take(self, kind, namespace, reference.name) or add_script(self, kind, namespace, reference.name)
    or refuse('%s: the %s %s/%s is not among the files: -f its file or folder, too', field, kind, namespace,
      reference.name)
end

local function add_template(self, reference, field, index_of)
  local provider = table_or(table_or(need(self, 'MetricTemplate', reference, field).spec).provider)
  local host = host_of(text_or(provider.address, ''))
  if provider.type == 'prometheus' then
    self.servers[host] = true
  else
    self.strangers[host ~= '' and host or tostring(provider.type)] = tostring(provider.type)
    self.foreign[index_of] = tostring(provider.type)
  end
  add_secret(self, text_or(reference.namespace, self.namespace), text_or(table_or(provider.secretRef).name, ''))
end

local function add_metrics(self, analysis)
  for i, metric in ipairs(table_or(analysis.metrics)) do
    local field = ('spec.analysis.metrics[%d]'):format(i - 1)
    if type(metric.checkRef) == 'table' then
      local namespace, name = text_or(metric.checkRef.namespace, ''), text_or(metric.checkRef.name, '')
      if namespace ~= '' or take(self, 'Check', self.namespace, name) or not M.is_bundled(name) then
        need(self, 'Check', metric.checkRef, field .. '.checkRef')
      end
    elseif type(metric.templateRef) == 'table' then
      add_template(self, metric.templateRef, field .. '.templateRef', i)
    end
  end
end

--- The name of a check that the engine brings.
function M.is_bundled(name)
  return (pcall(require, 'checks.' .. name))
end

--- Alerts whose provider is not there are nothing that a release waits for.
local function add_alerts(self, analysis)
  local kept = {}
  for _, alert in ipairs(table_or(analysis.alerts)) do
    local reference = table_or(alert.providerRef)
    local namespace = text_or(reference.namespace, self.namespace)
    local provider = take(self, 'AlertProvider', namespace, text_or(reference.name, ''))
    if provider then
      kept[#kept + 1] = alert
      add_secret(self, namespace, text_or(table_or(table_or(provider.spec).secretRef).name, ''))
    else
      note(self, 'the AlertProvider %s/%s is not in the files: no alerts go there', namespace,
        tostring(reference.name))
    end
  end
  analysis.alerts = kept[1] and kept or nil
end

local function list_hooks(self, analysis)
  for _, hook in ipairs(table_or(analysis.webhooks)) do
    local url = text_or(hook.url, '')
    local host, path = host_of(url)
    self.hooks[#self.hooks + 1] = { name = text_or(hook.name, ''), type = text_or(hook.type, 'rollout'), url = url,
      host = host, path = path, metadata = table_or(hook.metadata) }
  end
end

--- Takes the metrics out that other providers answer, of which a Prometheus has no history.
---@param self Setting
---@return Setting
function M.drop_foreign(self)
  local analysis = table_or(self.canary.spec.analysis or self.canary.spec.canaryAnalysis)
  local kept = sluice.list {}
  for i, metric in ipairs(table_or(analysis.metrics)) do
    if self.foreign[i] then
      note(self, 'history says nothing of %s (%s): it is left out', text_or(metric.name, 'a metric'), self.foreign[i])
    else
      kept[#kept + 1] = metric
    end
  end
  analysis.metrics = analysis.metrics and kept
  return self
end

---@param manifests { file: string, object: table }[]
---@param wanted string? NAME or NAMESPACE/NAME of the Canary
---@return Setting
function M.new(manifests, wanted)
  local known, canaries, configs, files = index(manifests)
  local canary = choose(canaries, wanted)
  canary.spec = table_or(canary.spec)
  local self = { canary = canary, namespace = namespace_of(canary), name = name_of(canary), objects = {},
    servers = { prometheus = true }, hooks = {}, strangers = {}, foreign = {}, made = {}, notes = {}, known = known,
    taken = {}, file = files[canary] }
  local analysis = table_or(canary.spec.analysis or canary.spec.canaryAnalysis)
  resume(self)
  add_workload(self)
  add_autoscaler(self)
  if type(canary.spec.strategy) == 'table' and canary.spec.strategy.name ~= nil then -- else Flagger's own
    need(self, 'Strategy', canary.spec.strategy, 'spec.strategy')
  end
  add_metrics(self, analysis)
  add_alerts(self, analysis)
  list_hooks(self, analysis)
  self.servers[host_of(text_or(canary.spec.metricsServer, 'http://prometheus'))] = true
  for _, object in ipairs(configs) do
    take(self, object.kind, namespace_of(object), name_of(object))
  end
  self.objects[#self.objects + 1] = canary
  add_namespaces(self)
  self.known, self.taken, self.file = nil, nil, nil
  return self
end

return M

--- What of a Canary, a MetricTemplate or an AlertProvider is taken by the API server and not meant so, or does not
--- work: queries, thresholds, steps, addresses, Secrets.
local language = require 'tool.promql.language'
local template = require 'tool.template'

local list_of = require 'sluice'.list

local M = {}

---@class Remark
---@field field string as in spec.analysis.metrics[0].query
---@field severity 'error'|'warning'
---@field text string
---@field line integer? of the field's text
---@field of_language boolean? a Prometheus that is asked says it itself

local function find_error(remarks, field, text, line)
  remarks[#remarks + 1] = { field = field, severity = 'error', text = field .. ': ' .. text, line = line }
end

local function remark(remarks, field, text, ...)
  remarks[#remarks + 1] = { field = field, severity = 'warning', text = field .. ': ' .. text:format(...) }
end

--- Whether a query can only mean the canary: the target is the canary's workload, and NAME-canary its Service.
local function check_sides(remarks, field, metric)
  local query = metric.query
  if query:find '{{%-?%s*target%s*%-?}}[.][*+]' then
    remark(remarks, field .. '.query', 'the pattern {{ target }}.%s takes the Pods of the primary, too: '
      .. '{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+) is the canary alone', query:match '{{%-?%s*target%s*%-?}}[.]([*+])')
  elseif not query:find 'target' and not query:find '%-canary' and not query:find 'variables' then
    remark(remarks, field .. '.query', 'no label of the query tells the canary from the primary; '
      .. 'both sides are judged together')
  end
end

local function bound_of(metric, which)
  local range = metric.thresholdRange
  local bound = type(range) == 'table' and range[which]
  return type(bound) == 'number' and bound or nil
end

local function is_ratio(query)
  return query:find '/' and not query:find '%*%s*100%f[%D]' and not query:find '%f[%d]100%s*%*'
    and not query:find 'histogram_quantile'
end

local function check_bound(remarks, metric, field, which)
  local bound = bound_of(metric, which)
  local at = field .. '.thresholdRange.' .. which
  local query = type(metric.query) == 'string' and metric.query or nil
  if not bound or bound == 0 then
    return
  elseif metric.name == 'request-success-rate' and not query and bound <= 1 then
    remark(remarks, at, '%s looks like a ratio; the success rate is a percentage, as in 99', bound)
  elseif metric.name == 'request-duration' and not query and bound < 1 then
    remark(remarks, at, '%s looks like seconds; the duration is in milliseconds, as in 500', bound)
  elseif query and is_ratio(query) and bound > 1 and bound <= 100 then
    remark(remarks, at, '%s looks like a percentage; the query gives a ratio from 0 to 1 (no * 100 is in it)', bound)
  elseif query and query:find '%*%s*100%f[%D]' and bound < 1 then
    remark(remarks, at, '%s looks like a ratio; the query gives a percentage (* 100)', bound)
  end
end

local function check_metric(remarks, metric, index)
  local field = ('spec.analysis.metrics[%d]'):format(index)
  if type(metric.query) == 'string' then
    check_sides(remarks, field, metric)
  end
  check_bound(remarks, metric, field, 'min')
  check_bound(remarks, metric, field, 'max')
end

local function check_steps(remarks, steps)
  local before = 0
  for i, step in ipairs(steps) do
    if type(step) == 'number' and step <= before then
      remark(remarks, ('spec.analysis.stepWeights[%d]'):format(i - 1), '%d does not rise above %d', step, before)
    end
    before = type(step) == 'number' and step or before
  end
end

local function list(value)
  return type(value) == 'table' and value or {}
end

---@param spec table of a Canary
---@return Remark[]
function M.look(spec)
  local remarks = list_of {}
  local analysis = list(spec.analysis or spec.canaryAnalysis)
  for i, metric in ipairs(list(analysis.metrics)) do
    if type(metric) == 'table' then
      check_metric(remarks, metric, i - 1)
    end
  end
  check_steps(remarks, list(analysis.stepWeights))
  return remarks
end

-- What is filled in -----------------------------------------------------------------------------

--- A server that takes more than Prometheus may read it, so it is a warning.
local function check_language(remarks, field, of, filled)
  local problem = language.problem(filled)
  if problem then
    remark(remarks, field, '%s is no PromQL: %s', of, problem)
    remarks[#remarks].of_language = true
  end
end

--- The inline queries of a Canary that cannot be filled in, or are no queries then.
---@param canary table
---@return Remark[]
function M.queries(canary)
  local remarks = list_of {}
  local spec = list(canary.spec)
  for i, metric in ipairs(list(list(spec.analysis or spec.canaryAnalysis).metrics)) do
    if type(metric) == 'table' and type(metric.query) == 'string' then
      local field = ('spec.analysis.metrics[%d].query'):format(i - 1)
      local filled, problem = template.fill(metric.query, canary, metric)
      if filled then
        check_language(remarks, field, 'the query', filled)
      else
        find_error(remarks, field, problem)
      end
    end
  end
  return remarks
end

local function is_of_prometheus(object)
  return list(list(object.spec).provider).type == 'prometheus'
end

--- The query of a MetricTemplate for the metric that names it. What holds for all of them is said of the template.
---@param use { canary: table, index: integer, template: table, key: string } index: from 0
---@return Remark[]
function M.use(use)
  local remarks = list_of {}
  local spec = list(use.canary.spec)
  local metric = list(list(spec.analysis or spec.canaryAnalysis).metrics)[use.index + 1]
  local query = list(use.template.spec).query
  if type(query) == 'string' and not template.problem(query) then
    local field = ('spec.analysis.metrics[%d].templateRef'):format(use.index)
    local of = 'the query of MetricTemplate ' .. use.key
    local filled, problem = template.fill(query, use.canary, metric)
    if not filled then
      find_error(remarks, field, ('%s cannot be filled in: %s'):format(of, problem))
    elseif is_of_prometheus(use.template) and not template.sample(query) then
      check_language(remarks, field, of, filled)
    end
  end
  return remarks
end

-- Who is asked, and told -------------------------------------------------------------------------

local WEB = { http = true, https = true }
local SCHEMES = { proxy = { http = true, https = true, socks5 = true }, splunk = { http = true, https = true, ws = true,
  wss = true } }

---@param schemes table<string, boolean>
local function check_url(remarks, object, field, name, schemes)
  local value = object[name]
  if type(value) ~= 'string' or value == '' then
    return
  end
  local scheme = value:match '^(%a%w*)://[^/?#%s]'
  if not schemes[(scheme or ''):lower()] or value:find '[%c ]' then
    find_error(remarks, field .. '.' .. name, ('"%s" is no URL, wanted one of http or https'):format(value))
  end
end

local function check_secret(remarks, object, field)
  local ref = object.secretRef
  if type(ref) == 'table' and (ref.name == nil or ref.name == '') then
    find_error(remarks, field .. '.secretRef', 'the name of a Secret of this namespace is wanted, as in {name: login}')
  end
end

--- Those that have no address of their own.
local NEEDS_ADDRESS = { prometheus = true, graphite = true, influxdb = true, splunk = true, dynatrace = true }

local PROVIDERS = { 'prometheus', 'influxdb', 'datadog', 'externalmetrics', 'stackdriver', 'cloudwatch', 'newrelic',
  'graphite', 'dynatrace', 'keptn', 'splunk' }
local CHATS = { 'slack', 'msteams', 'discord', 'rocket', 'gchat' }

--- A type that the engine does not bring is one of a team's own, or a slip.
local function check_type(remarks, field, type_name, known, otherwise)
  for _, name in ipairs(known) do
    if name == type_name then
      return
    end
  end
  if type(type_name) == 'string' then
    remark(remarks, field, 'the engine brings no "%s", only %s; without a file adapters/%s/%s.lua of -scripts %s',
      type_name, table.concat(known, ', '), known == CHATS and 'alerts' or 'metrics', type_name, otherwise)
  end
end

---@param spec table of a MetricTemplate
---@return Remark[]
function M.template(spec)
  local remarks, provider, query = list_of {}, list(spec.provider), spec.query
  check_type(remarks, 'spec.provider.type', provider.type, PROVIDERS, 'prometheus is asked')
  check_url(remarks, provider, 'spec.provider', 'address', SCHEMES[provider.type] or WEB)
  check_secret(remarks, provider, 'spec.provider')
  if NEEDS_ADDRESS[provider.type] and (provider.address == nil or provider.address == '') then
    find_error(remarks, 'spec.provider', ('a provider of type %s needs its address'):format(provider.type))
  end
  if type(query) == 'string' then
    local problem, line = template.problem(query)
    if problem then
      find_error(remarks, 'spec.query', problem, line)
    elseif provider.type == 'prometheus' then
      check_sides(remarks, 'spec', spec)
      local filled = template.sample(query)
      if filled then
        check_language(remarks, 'spec.query', 'it', filled)
      end
    end
  end
  return remarks
end

---@param spec table of an AlertProvider
---@return Remark[]
function M.alert_provider(spec)
  local remarks = list_of {}
  check_type(remarks, 'spec.type', spec.type, CHATS, 'nobody is told')
  check_url(remarks, spec, 'spec', 'address', WEB)
  check_url(remarks, spec, 'spec', 'proxy', SCHEMES.proxy)
  check_secret(remarks, spec, 'spec')
  return remarks
end

return M

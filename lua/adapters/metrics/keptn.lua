--- Keptn, on the engine's own API server: the value of a KeptnMetric, or an Analysis that is made, waited for and
--- deleted again; it is 1 when it passes and 0 when it does not.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local GROUP, VERSION = 'metrics.keptn.sh', 'v1beta1'
local LOOK_MS, PATIENCE = 1000, 10 -- it is looked at ten times, a second apart

local KINDS = {
  keptnmetric = 'keptnmetrics', keptnmetrics = 'keptnmetrics', analysis = 'analyses', analyses = 'analyses',
}

--- kind/namespace/name/duration/key=value;key=value, all of it in lower case.
local function parse(query)
  local parts = {}
  for part in (query:lower():gsub('^%s+', ''):gsub('%s+$', '') .. '/'):gmatch '([^/]*)/' do
    parts[#parts + 1] = part
  end
  if #parts < 3 then
    return nil, 'unexpected query format. query must be in the format '
      .. '<keptnmetric|analysis>/<namespace>/<resourceName>/<duration>/<arguments>'
  end
  local plural = KINDS[parts[1]]
  if not plural then
    return nil, "unexpected resource kind provided in the query. must be one of: ['keptnmetric', 'analysis']"
  end
  local arguments = {}
  for pair in (parts[5] or ''):gmatch '[^;]+' do
    local name, value = pair:match '^([^=]*)=([^=]*)$'
    if name then
      arguments[name] = value
    end
  end
  return { plural = plural, namespace = parts[2], name = parts[3], duration = parts[4] or '1m', arguments = arguments }
end

local function kube(asked, verb, more)
  local request = { verb = verb, group = GROUP, version = VERSION, plural = asked.plural, namespace = asked.namespace }
  for name, value in pairs(more) do
    request[name] = value
  end
  return { kube = request }
end

local function title(asked)
  return asked.namespace .. '/' .. asked.name
end

-- A KeptnMetric ----------------------------------------------------------------------------------

local function metric_value(asked, response)
  if response.error then
    return { error = ('could not retrieve KeptnMetric %s: %s'):format(title(asked), provider.kube_refusal(response)) }
  end
  local text = provider.dig(provider.decode(response.body), 'status', 'value')
  if type(text) ~= 'string' then
    return { error = 'could not retrieve KeptnMetric - no value found in resource ' .. title(asked) }
  end
  local value, problem = provider.parse_float(text)
  return value and { value = value }
    or { error = ('could not parse value of KeptnMetric %s to float: %s'):format(title(asked), problem) }
end

-- An Analysis ------------------------------------------------------------------------------------

--- Names must differ between questions: the moment and the query say which one it is.
local function analysis_name(ask, asked)
  return asked.name .. '-' .. adapter.hex(adapter.sha256(ask.now .. ask.query)):sub(1, 6)
end

local function create(ask, asked)
  return kube(asked, 'create', { body = {
    apiVersion = GROUP .. '/' .. VERSION,
    kind = 'Analysis',
    metadata = { name = analysis_name(ask, asked), namespace = asked.namespace },
    spec = {
      analysisDefinition = { name = asked.name },
      timeframe = { recent = asked.duration },
      args = asked.arguments,
    },
  } })
end

local function look(ask, asked, count)
  local request = kube(asked, 'get', { name = analysis_name(ask, asked) })
  request.wait_ms = LOOK_MS
  return { request = request, keep = { stage = 'look', count = count } }
end

--- Nothing is left behind, whatever the answer is.
local function delete(ask, asked, answer)
  return { request = kube(asked, 'delete', { name = analysis_name(ask, asked) }), keep = { answer = answer } }
end

--- The answer, once there is one.
local function verdict_in(asked, response, count)
  if response.error then
    return { error = ('could not check status of created Keptn Analysis %s: %s')
      :format(title(asked), provider.kube_refusal(response)) }
  end
  local status = provider.dig(provider.decode(response.body), 'status')
  if type(status) == 'table' and status.state == 'Completed' and type(status.pass) == 'boolean' then
    return { value = status.pass and 1 or 0 }
  elseif count >= PATIENCE then
    return { error = ('encountered timeout while waiting for Keptn Analysis %s to be finished'):format(title(asked)) }
  end
end

local function next_of_analysis(ask, asked, response)
  local keep = ask.keep
  if not keep then
    if response.error then
      return { error = ('could not create Keptn Analysis %s: %s')
        :format(title(asked), provider.kube_refusal(response)) }
    end
    return look(ask, asked, 1)
  elseif keep.answer then
    return keep.answer
  end
  local answer = verdict_in(asked, response, keep.count)
  return answer and delete(ask, asked, answer) or look(ask, asked, keep.count + 1)
end

return adapter {
  name = 'keptn',

  request = function(ask)
    if ask.online then
      return { online = true } -- as Flagger: nobody is asked
    end
    local asked, problem = parse(ask.query)
    if not asked then
      return { error = problem }
    elseif asked.plural == 'analyses' then
      return create(ask, asked)
    end
    return kube(asked, 'get', { name = asked.name })
  end,

  answer = function(ask, response)
    local asked = parse(ask.query)
    if asked.plural == 'analyses' then
      return next_of_analysis(ask, asked, response)
    end
    return metric_value(asked, response)
  end,
}

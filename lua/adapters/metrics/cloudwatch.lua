--- Amazon CloudWatch: GetMetricData over ten intervals; the query is a JSON list of MetricDataQuery. The first value of
--- the first result counts.
local adapter = require 'stdlib.adapter'
local aws = require 'stdlib.aws'
local moment = require 'stdlib.moment'
local provider = require 'stdlib.provider'

local INTERVALS, DATAPOINTS = 10, 20
local TYPE = 'application/x-www-form-urlencoded; charset=utf-8'

--- What a MetricDataQuery has: true for a value, a table for an object, { list = … } for a list of objects. Names in
--- the query are read whatever their case, as Go reads them.
local DIMENSION = { Name = true, Value = true }
local METRIC = { Namespace = true, MetricName = true, Dimensions = { list = DIMENSION } }
local STAT = { Metric = METRIC, Period = true, Stat = true, Unit = true }
local QUERY = { AccountId = true, Expression = true, Id = true, Label = true, MetricStat = STAT, Period = true,
  ReturnData = true }

local function plain(value)
  if type(value) == 'number' then
    return ('%.0f'):format(value)
  end
  return tostring(value)
end

--- Adds the fields of an object to a form: 'MetricDataQueries.member.1.Id' and its like.
local function add(form, prefix, object, shape)
  local by_name = {}
  for name, value in pairs(object) do
    by_name[tostring(name):lower()] = value
  end
  for name, inner in pairs(shape) do
    local value = by_name[name:lower()]
    local path = prefix .. '.' .. name
    local is_there = value ~= nil and value ~= adapter.json.null
    if is_there and inner == true then
      form[#form + 1] = { path, plain(value) }
    elseif is_there and inner.list then
      for i, one in ipairs(provider.list(value) or {}) do
        add(form, path .. '.member.' .. i, type(one) == 'table' and one or {}, inner.list)
      end
    elseif is_there and type(value) == 'table' then
      add(form, path, value, inner)
    end
  end
end

--- The body of the request; nil and why the query is none.
local function form_of(ask)
  local queries, problem = adapter.json.decode(ask.online and '[]' or ask.query)
  if type(queries) ~= 'table' or not provider.is_list(queries) then
    return nil, 'error unmarshaling query: ' .. (problem or 'a list of MetricDataQuery is wanted')
  end
  local seconds = provider.interval(ask.interval)
  local _, from = moment.written(ask.now - provider.whole(INTERVALS * seconds))
  local _, to = moment.written(ask.now)
  local form = { { 'Action', 'GetMetricData' }, { 'EndTime', to }, { 'StartTime', from }, { 'Version', '2010-08-01' } }
  if not ask.online then
    form[#form + 1] = { 'MaxDatapoints', plain(DATAPOINTS) }
  end
  for i, query in ipairs(queries) do
    add(form, 'MetricDataQueries.member.' .. i, type(query) == 'table' and query or {}, QUERY)
  end
  return aws.form(form)
end

local function request(ask, credentials)
  local host = ('monitoring.%s.amazonaws.com'):format(ask.region)
  local body, problem = form_of(ask)
  if not body then
    return { error = problem }
  end
  return {
    request = {
      method = 'POST',
      url = ('https://%s/'):format(host),
      headers = aws.sign({ service = 'monitoring', region = ask.region, host = host, body = body, type = TYPE,
        now = ask.now }, credentials),
      body = body,
    },
    keep = { stage = 'asked' },
  }
end

local function value_in(xml)
  local results = aws.find(aws.xml(xml), 'MetricDataResults')
  if not results or not xml:find '</GetMetricDataResponse>%s*$' then
    return { error = 'error requesting cloudwatch: SerializationError: failed to unmarshal response' }
  end
  local values = results[1] and aws.find(results[1], 'Values')
  local value = values and values[1] and provider.parse_float(values[1].text)
  return value and { value = value } or provider.nothing_in(xml)
end

--- Of the question whether it is there: a query without queries is refused with 400 by one that takes the credentials.
local function online(response)
  if response.error then
    return { error = 'unexpected error: ' .. aws.problem(response) }
  elseif response.status == 200 or response.status == 400 then
    return { online = true }
  end
  return { error = 'unexpected status code: ' .. aws.problem(response) }
end

local function conclude(ask, response)
  if ask.online then
    return online(response)
  elseif response.error or response.status ~= 200 then
    return { error = 'error requesting cloudwatch: ' .. aws.problem(response),
      retry_after_ms = response.retry_after_ms }
  end
  return value_in(response.body)
end

local function without_credentials(ask, problem)
  return { error = (ask.online and 'unexpected error: ' or 'error requesting cloudwatch: ') .. problem }
end

return adapter {
  name = 'cloudwatch',

  request = function(ask)
    local seconds, unclear = provider.interval(ask.interval)
    local region = ask.region or ''
    if region == '' then
      return provider.unusable 'region not specified'
    elseif not region:find '^[%w-]+$' then
      return provider.unusable('region: a name like eu-west-1 is wanted, got ' .. provider.shown(region))
    elseif not seconds then
      return provider.unusable(unclear)
    elseif ask.checked_only then
      return { checked = true }
    end
    local credentials, first, stage = aws.credentials(ask)
    if credentials then
      return request(ask, credentials)
    end
    return { request = first, keep = { stage = stage } }
  end,

  answer = function(ask, response)
    if ask.keep.stage == 'asked' then
      return conclude(ask, response)
    end
    local credentials, problem, further, keep = aws.further(ask.keep, response)
    if credentials then
      return request(ask, credentials)
    elseif problem then
      return without_credentials(ask, problem)
    end
    return { request = further, keep = keep }
  end,
}

--- InfluxDB 2: a Flux query, whose first record counts. An empty result is 0, as in Flagger.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

local ONLINE = 'from(bucket: "default") |> range(start: -2h)'
local TIMEOUT_MS = 15000
local DIALECT = { annotations = { 'datatype', 'group', 'default' }, delimiter = ',', header = true }

--- The fields of one line; quotes are doubled inside of quotes. (A line end inside of quotes is in no first value.)
local function fields_of(line)
  local fields, at = {}, 1
  while at <= #line + 1 do
    local field, after
    if line:sub(at, at) == '"' then
      local close = at + 1
      while line:sub(close, close) ~= '"' or line:sub(close + 1, close + 1) == '"' do
        if close > #line then
          return fields
        end
        close = close + (line:sub(close, close) == '"' and 2 or 1)
      end
      field, after = line:sub(at + 1, close - 1):gsub('""', '"'), close + 1
    else
      field, after = line:match('^([^,]*)()', at)
    end
    fields[#fields + 1] = field
    at = after + 1
  end
  return fields
end

--- The first record of an annotated CSV, {name = {value, type}}, and its names in order; nil without a record.
local function first_record(text)
  local types, defaults, names
  for line in text:gmatch '[^\r\n]+' do
    local fields = fields_of(line)
    if fields[1] == '#datatype' then
      types, names = fields, nil
    elseif fields[1] == '#default' then
      defaults = fields
    elseif fields[1] ~= '#group' and not names then
      names = fields
    elseif fields[1] ~= '#group' then
      local record = {}
      for i = 2, #names do
        local value = fields[i] or ''
        record[names[i]] = { value ~= '' and value or (defaults or {})[i] or '', (types or {})[i] or 'string' }
      end
      return record, names
    end
  end
end

local function shown(record, names)
  local parts = {}
  for i = 2, #names do
    local value = record[names[i]][1]
    parts[#parts + 1] = names[i] .. ':' .. (value == '' and '<nil>' or value)
  end
  table.sort(parts)
  return provider.shown(table.concat(parts, ','))
end

local function value_in(text)
  local record, names = first_record(text)
  if not record then
    return { value = 0 }
  elseif record.error and not record._value then
    return { error = 'query error: ' .. provider.shown(record.error[1]) }
  end
  local value = record._value or { '' }
  if value[1] == '' then
    return provider.nothing('invalid response: ' .. shown(record, names))
  end
  local number = value[2] == 'double' and provider.parse_float(value[1])
  return number and { value = number } or { error = 'invalid response: ' .. shown(record, names) }
end

--- What is said of a status whose body does not say more.
local REFUSALS = {
  [429] = 'too many requests: exceeded rate limit', [503] = 'unavailable: service temporarily unavailable',
}

local function text_in(body, field)
  return type(body) == 'table' and type(body[field]) == 'string' and body[field] or ''
end

--- {"code": …, "message": …}, or a text of another type, as the client of Flagger tells it.
local function refusal(response)
  local status = ('%d %s'):format(response.status, provider.reason(response.status))
  local code, message = status, response.body
  if (response.content_type or ''):lower():find '^%s*application/json%s*%f[;%z]' then
    local body = provider.decode(response.body)
    code, message = text_in(body, 'code'), text_in(body, 'message')
  end
  if code == '' and message == '' then
    return REFUSALS[response.status] or status
  end
  return provider.shown(code .. (code ~= '' and message ~= '' and ': ' or '') .. message)
end

return adapter {
  name = 'influxdb',

  request = function(ask)
    local base, problem = provider.base_url(ask)
    if base and ask.secret then
      local words = ask.type .. ' credentials does not contain an '
      problem = provider.missing_key(ask, { 'token' }, words .. 'authentication token')
        or provider.missing_key(ask, { 'org' }, words .. 'organisation')
    end
    if problem then
      return provider.unusable(problem)
    end
    local secret = ask.secret or {}
    return {
      method = 'POST',
      url = base.root .. '/api/v2/query?' .. adapter.parameters { { 'org', secret.org or '' } },
      headers = {
        Accept = 'text/csv',
        Authorization = secret.token and 'Token ' .. secret.token or nil,
        ['Content-Type'] = 'application/json',
      },
      body = adapter.json.encode { type = 'flux', dialect = DIALECT, query = ask.online and ONLINE or ask.query },
      timeout_ms = TIMEOUT_MS,
    }
  end,

  answer = function(ask, response)
    local problem = response.error
    if not problem and response.status ~= 200 then
      problem = refusal(response)
    elseif not problem and not response.body:find '^%s*$' and not response.body:find '^%s*[#,]' then
      problem = ("no annotated CSV: '%s'"):format(provider.shown(response.body))
    end
    if problem then
      return { error = 'error accessing influxdb query api: ' .. problem, retry_after_ms = response.retry_after_ms }
    end
    local said = value_in(response.body)
    if not ask.online then
      return said
    end
    local is_refused = said.error and said.error:find '^query error'
    return is_refused and said or { online = true }
  end,
}

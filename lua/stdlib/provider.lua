--- What the adapters of metric providers share: the forms of their answers, in Flagger's words, and what Go makes of
--- addresses, durations, numbers and JSON.
---
--- A provider answers { value = n }, with several = count when other series were left out; { none = true, error = … }
--- when it was answered with nothing; { error = … }; or, before anything was sent, { unusable = true, error = … } when
--- the template or its Secret does not fit. Asked whether it is there (ask.online), it answers { online = true }.
local adapter = require 'stdlib.adapter'
local utf8 = require 'stdlib.utf8'

local M = {}

M.NO_VALUES = 'no values found'
M.SHOWN_MAX = 256

---@class MetricAsk: Ask
---@field type string spec.provider.type, as written
---@field address string?
---@field query string? absent when `online`
---@field online boolean? only whether the provider is there and takes the credentials
---@field headers table<string, string[]>?
---@field region string?
---@field insecure boolean?
---@field ambient table<string, string>? credentials of the engine's own surroundings

---@class MetricAnswer
---@field value number?
---@field several boolean? other series were left out
---@field none boolean? it was answered, with nothing
---@field error string? why there is no value
---@field unusable boolean? the template or its Secret does not fit: nothing was sent
---@field online boolean? it is there, asked for nothing more

-- Answers ----------------------------------------------------------------------------------------
---@param problem string why nothing is sent
---@return MetricAnswer
function M.unusable(problem)
  return { unusable = true, error = problem }
end

---@param where string? what stands before the words
---@return MetricAnswer
function M.nothing(where)
  return { none = true, error = (where and where .. ': ' or '') .. M.NO_VALUES }
end

--- The body as error texts show it. Flagger shows all of it; an address may name any host that the engine reaches, and
--- readers of events must not see its pages.
---@param body string
---@return string
function M.shown(body)
  return adapter.line(body, M.SHOWN_MAX)
end

--- An answer with nothing, where Flagger quotes the body.
---@param body string
---@return MetricAnswer
function M.nothing_in(body)
  return M.nothing('invalid response: ' .. M.shown(body))
end

--- Of a provider that was asked whether it is there, by a query.
---@param said MetricAnswer
---@return MetricAnswer
function M.offline(said)
  return { error = 'running query failed: ' .. said.error }
end

-- Go ---------------------------------------------------------------------------------------------

local REASONS = {
  [201] = 'Created', [202] = 'Accepted', [203] = 'Non-Authoritative Information', [204] = 'No Content',
  [400] = 'Bad Request', [401] = 'Unauthorized', [402] = 'Payment Required', [403] = 'Forbidden', [404] = 'Not Found',
  [405] = 'Method Not Allowed', [406] = 'Not Acceptable', [408] = 'Request Timeout', [409] = 'Conflict',
  [410] = 'Gone', [411] = 'Length Required', [413] = 'Request Entity Too Large', [414] = 'Request URI Too Long',
  [415] = 'Unsupported Media Type', [418] = "I'm a teapot", [422] = 'Unprocessable Entity',
  [429] = 'Too Many Requests', [500] = 'Internal Server Error', [501] = 'Not Implemented', [502] = 'Bad Gateway',
  [503] = 'Service Unavailable', [504] = 'Gateway Timeout',
}

---@param status integer
---@return string
function M.reason(status)
  return REASONS[status] or ''
end

--- '503 Service Unavailable: <body>', or why there was no response.
---@param response AdapterResponse
---@return string
function M.refusal(response)
  return response.error
    or ('%d %s: %s'):format(response.status, M.reason(response.status), M.shown(response.body))
end

--- What Kubernetes' clients say of a status whose body does not say more.
local KUBE_REFUSALS = {
  [400] = 'the server rejected our request for an unknown reason',
  [401] = 'the server has asked for the client to provide credentials',
  [404] = 'the server could not find the requested resource',
  [405] = 'the server does not allow this method on the requested resource',
  [406] = 'the server was unable to respond with a content type that the client supports',
  [409] = 'the server reported a conflict',
  [422] = 'the server rejected our request due to an error in our request',
  [429] = 'the server has received too many requests and has asked us to try again later',
  [503] = 'the server is currently unable to handle the request',
  [504] = 'the server was unable to return a response in the time allotted, but may still be processing the request',
}

local function kube_words(status, text)
  text = text:match '^%s*(.-)%s*$'
  text = text ~= '' and text or 'unknown'
  if status == 403 or status == 415 or status == 406 and text ~= 'unknown' then
    return text
  elseif KUBE_REFUSALS[status] then
    return KUBE_REFUSALS[status]
  elseif status >= 500 then
    return ('an error on the server (%q) has prevented the request from succeeding'):format(text)
  end
  return ('the server responded with the status code %d but did not return more information'):format(status)
end

--- What an API server of Kubernetes says of a refusal, or why there was no response.
---@param response AdapterResponse
---@param asked string? 'get queue.external.metrics.k8s.io'
---@return string
function M.kube_refusal(response, asked)
  local message, text
  if response.error then
    text = response.error:match ': status %d+: (.*)$' -- of the engine's own API server, and no Status
    message = not text and response.error
  else
    local body = M.decode(response.body)
    message = type(body) == 'table' and type(body.message) == 'string' and M.shown(body.message)
    text = M.shown(response.body)
  end
  return message or kube_words(response.status, text) .. (asked and (' (%s)'):format(asked) or '')
end

--- Every run of white space is one blank, inside of literals too.
---@param query string
---@return string
function M.in_one_line(query)
  return (query:gsub('[ \t\n\r\f]+', ' '))
end

--- A path as Go joins it: without empty parts, `.` and `..`, and written anew where its escapes hid one of them.
local function joined(path)
  local parts = {}
  for part in adapter.unescape(path:gsub('%+', '%%2B')):gmatch '[^/]+' do
    if part == '..' then
      parts[#parts] = nil
    elseif part ~= '.' then
      parts[#parts + 1] = part:gsub("[^%w%-_.~$&+,/:;=@]", function(char)
        return ('%%%02X'):format(char:byte())
      end)
    end
  end
  return (parts[1] and '/' or '') .. table.concat(parts, '/')
end

--- True for what Go's url.Parse takes: nearly everything.
local function is_url(address)
  local scheme, rest = address:match '^(%a[%w+.-]*):(.*)$'
  local host = (rest or address):match '^//([^/?#]*)' or ''
  local is_path = scheme or not address:match('^[^/?#]*'):find(':', 1, true)
  return address ~= '' and is_path and not address:find '%c' and not host:find '[ <>"]'
    and not host:gsub('^.*@', ''):gsub('%b[]', ''):find ':.*%D'
end

--- The address of a provider: where its paths begin, without a slash at the end. One that leads nowhere is told of when
--- it is asked, as in Flagger.
---@param ask MetricAsk
---@return { root: string }? base
---@return string? problem
function M.base_url(ask)
  local address = ask.address or ''
  if not is_url(address) then
    return nil, ('%s address %s is not a valid URL'):format(ask.type, address)
  end
  local root = address:match('^[^?#]*'):gsub(' ', '%%20')
  local scheme, rest = root:match '^(%a[%w+.-]*):(.*)$'
  if scheme and not rest:find '^/' then -- prometheus:9090 is of the scheme prometheus
    root = scheme .. '://'
  elseif not scheme and not root:find '^/' then
    root = '/' .. root
  end
  local server, path = root:match '^(%a[%w+.-]*://[^/]+)(/.*)$'
  if server then
    return { root = server .. joined(path) }
  end
  return { root = root:find '://$' and root or (root:gsub('/+$', '')) }
end

--- The address without what stands after its path; `default` when there is none.
---@param ask MetricAsk
---@param default string
---@return string
function M.address(ask, default)
  local address = ask.address or ''
  return address ~= '' and address or default
end

--- What a text says about a key that the Secret does not have: `words` with its name in the place of %s. Nil when all
--- are there.
---@param ask MetricAsk
---@param keys string[]
---@param words string
---@return string? problem
function M.missing_key(ask, keys, words)
  for _, key in ipairs(keys) do
    if not (ask.secret and ask.secret[key]) then
      return (words:gsub('%%s', key))
    end
  end
end

--- The credentials of a user with a password, of which Flagger sends none when one of them is empty.
---@param ask MetricAsk
---@return string? authorization value of the header
---@return string? problem
function M.login(ask)
  local problem = M.missing_key(ask, { 'username' }, ask.type .. ' credentials does not contain a username')
    or M.missing_key(ask, { 'password' }, ask.type .. ' credentials does not contain a password')
  if problem then
    return nil, problem
  end
  local username, password = ask.secret.username, ask.secret.password
  return username ~= '' and password ~= '' and adapter.basic_auth(username, password) or nil
end

--- An integer of Go's: without its fraction.
---@param value number
---@return integer
function M.whole(value)
  return value < 0 and math.ceil(value) or math.floor(value)
end

--- Without the underscores that Go lets stand between two digits, and behind the prefix of a hexadecimal number.
local function without_underscores(text)
  return (text:gsub('^([+-]?0[xX])_', '%1'):gsub('(%x)_%f[%x]', '%1'))
end

--- What strconv.ParseFloat reads. Lua's tonumber would also take white space and hexadecimal integers.
---@param text string
---@return number?
---@return string? problem
function M.parse_float(text)
  local sign, word = text:match '^([+-]?)(%a+)$'
  word = word and word:lower()
  if word == 'inf' or word == 'infinity' then
    return sign == '-' and -math.huge or math.huge
  elseif word == 'nan' and sign == '' then
    return 0 / 0
  end
  local plain = without_underscores(text)
  local is_number = plain:find '^[+-]?%d+%.?%d*[eE]?[+-]?%d*$' or plain:find '^[+-]?%.%d+[eE]?[+-]?%d*$'
    or plain:find '^[+-]?0[xX]%x*%.?%x*[pP][+-]?%d+$'
  local value = is_number and tonumber(plain)
  if not value then
    return nil, ('strconv.ParseFloat: parsing "%s": invalid syntax'):format(M.shown(text))
  elseif value == math.huge or value == -math.huge then
    return nil, ('strconv.ParseFloat: parsing "%s": value out of range'):format(M.shown(text))
  end
  return value
end

local SECONDS = { h = 3600, m = 60, s = 1, ms = 1e-3, us = 1e-6, ['µs'] = 1e-6, ['μs'] = 1e-6, ns = 1e-9 }

--- What time.ParseDuration reads, in seconds.
---@param text string?
---@return number?
---@return string? problem
function M.interval(text)
  text = text or ''
  local sign, rest = text:match '^([+-]?)(.*)$'
  local sum, problem = 0, (text == '' or rest == '') and 'invalid duration' or nil
  if rest == '0' then
    return 0
  end
  while rest ~= '' and not problem do
    local number, unit, more = rest:match '^(%d*%.?%d*)([^%d.]*)(.*)$'
    if not number or number == '' or number == '.' then
      problem = 'invalid duration'
    elseif unit == '' then
      problem = 'missing unit in duration'
    elseif not SECONDS[unit] then
      problem = ('unknown unit "%s" in duration'):format(M.shown(unit))
    else
      sum, rest = sum + tonumber(number) * SECONDS[unit], more
    end
  end
  if problem then
    return nil, ('error parsing metric interval: time: %s "%s"'):format(problem, M.shown(text))
  end
  return sign == '-' and -sum or sum
end

--- One byte as Go shows it, as if it were a character of its own.
local function byte_shown(byte)
  return byte == 0x27 and "\\'" or utf8.char(byte)
end

--- A text that is no JSON from its beginning on, as Go's decoder says it; nil for what goes wrong further inside.
local function go_problem(text)
  local at = text:match '^[ \t\r\n]*(.*)$'
  if at == '' then
    return 'unexpected end of JSON input'
  end
  for _, literal in ipairs { 'null', 'true', 'false' } do
    local same = 0
    while same < #literal and at:byte(same + 1) == literal:byte(same + 1) do
      same = same + 1
    end
    if same > 0 and same < #literal then
      local met = same < #at and M.shown(at:sub(same + 1, same + 1)) or ' '
      return ("invalid character '%s' in literal %s (expecting '%s')"):format(met, literal,
        literal:sub(same + 1, same + 1))
    end
  end
  if not at:find '^[{%["%-%dntf]' then
    return ("invalid character '%s' looking for beginning of value"):format(byte_shown(at:byte()))
  end
end

--- The body as a value. False for what is no JSON, and why, in Flagger's words.
---@param text string
---@return any value
---@return table? said
function M.decode(text)
  local value, problem = adapter.json.decode(text)
  if value == nil then
    local is_cut = problem:find('T_END', 1, true) or problem:find('unexpected end of string', 1, true)
    local behind = tonumber(problem:match '^Expected the end but found .* at character (%d+)$')
    problem = is_cut and 'unexpected end of JSON input'
      or behind and ("invalid character '%s' after top-level value"):format(byte_shown(text:byte(behind))) or problem
    return nil, { error = ("error unmarshaling result: %s, '%s'"):format(go_problem(text) or problem, M.shown(text)) }
  end
  return value
end

--- Larger than any of Go's numbers, which JSON can say: Graphite writes infinity so.
local BEYOND = { [math.huge] = 'number 1e9999', [-math.huge] = 'number -1e9999' }

--- Why a value of JSON is no number, in Go's words; nil when it is one.
---@param value any
---@param field string that it is read into
---@return string? problem
function M.number_problem(value, field)
  local kind = BEYOND[value] or value == adapter.json.null and 'null' or type(value) ~= 'number' and type(value)
  return kind and ('json: cannot unmarshal %s into %s of type float64'):format(kind, field) or nil
end

--- A number of an answer; nil and the answer that says what stands there instead, and in which body.
---@param value any
---@param field string that it is read into
---@param body string?
---@return number?
---@return MetricAnswer? said
function M.number(value, field, body)
  local problem = M.number_problem(value, field)
  if problem then
    problem = body and ("%s, '%s'"):format(problem, M.shown(body)) or problem
    return nil, { error = 'error unmarshaling result: ' .. problem }
  end
  return value
end

--- A list that is there; json null and what is absent are none. An empty object looks like one.
---@param value any
---@return boolean
function M.is_list(value)
  return type(value) == 'table' and (value[1] ~= nil or next(value) == nil)
end

--- The list, empty when it is absent or null; nil when something else stands there.
---@param value any
---@return any[]?
function M.list(value)
  if value == nil or value == adapter.json.null then
    return {}
  end
  return M.is_list(value) and value or nil
end

--- Down a path of names and places; nil where it ends. A list that is none ends it too.
---@param value any
---@param ... string|integer
---@return any
function M.dig(value, ...)
  for i = 1, select('#', ...) do
    if type(value) ~= 'table' then
      return nil
    end
    value = value[(select(i, ...))]
  end
  return value
end

--- The answer for a value that must be a number.
---@param value any
---@param field string that it is read into
---@param body string? which is shown when it is none
---@return MetricAnswer
function M.valued(value, field, body)
  local number, said = M.number(value, field, body)
  return number and { value = number } or said
end

-- Responses --------------------------------------------------------------------------------------

--- The text of a response that can be read; nil and the answer otherwise.
---@param response AdapterResponse
---@param refused fun(status: integer, text: string): string? the words for a status that is refused; nil: it is taken
---@return string? text
---@return table? said
function M.text(response, refused)
  if response.error then
    return nil, { error = 'request failed: ' .. response.error }
  end
  local problem = refused(response.status, M.shown(response.body))
  if problem then
    return nil, { error = problem, retry_after_ms = response.retry_after_ms, status = response.status }
  end
  return response.body
end

local GO_KINDS = { number = 'number', string = 'string', boolean = 'bool' }

--- How Go calls what stands where something else is wanted: 'number', 'string', 'bool'; nil for lists and objects.
---@param value any
---@return string?
function M.go_kind(value)
  return GO_KINDS[type(value)]
end

--- The same as JSON, of which an object or a list is wanted; null is an empty one.
---@param response AdapterResponse
---@param refused fun(status: integer, text: string): string?
---@param go_type string? what Flagger reads it into, for the text when it is something else
---@param wants_list boolean?
---@return table? body
---@return table? said
function M.body(response, refused, go_type, wants_list)
  local text, said = M.text(response, refused)
  if not text then
    return nil, said
  end
  local value
  value, said = M.decode(text)
  if not value then
    return nil, said
  elseif value == adapter.json.null then
    return {}
  end
  local is_list = text:find '^%s*%[' ~= nil
  if type(value) == 'table' and is_list == (wants_list or false) then
    return value
  end
  local kind = GO_KINDS[type(value)] or is_list and 'array' or 'object'
  local words = "error unmarshaling result: json: cannot unmarshal %s into Go value of type providers.%s, '%s'"
  return nil, { error = words:format(kind, go_type or 'Response', M.shown(text)) }
end

--- For providers that take nothing but 200: `error response: <body>`.
---@param status integer
---@param text string
---@return string? problem
function M.unless_ok(status, text)
  return status ~= 200 and 'error response: ' .. text or nil
end

--- The same where Flagger quotes an error that is none.
---@param status integer
---@param text string
---@return string? problem
function M.unless_ok_quoted(status, text)
  return status ~= 200 and 'error response: ' .. text .. ': %!w(<nil>)' or nil
end

--- Of a provider that was asked whether it is there: 200 says that it is.
---@param response AdapterResponse
---@return MetricAnswer
function M.online(response)
  local text, said = M.text(response, M.unless_ok)
  return text and { online = true } or said
end

--- For those that take what is below 400.
---@param words string
---@return fun(status: integer, text: string): string?
function M.unless_below_400(words)
  return function(status, text)
    return status >= 400 and words(status, text) or nil
  end
end

return M

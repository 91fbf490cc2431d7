--- What an adapter file returns: `return adapter { name = …, request = function(ask) … end, answer = function(ask,
--- response) … end }`, and what adapters are made with. An adapter is a pure function: it gets an ask, gives a request,
--- gets the response, gives an answer. It reaches nothing else.
local host = require 'host'
local misuse = require 'stdlib.misuse'

---@class AdapterModule
---@overload fun(definition: Adapter): Adapter
local M = {}

---@class Ask what is asked; the fields that a kind of adapter has besides these are its own
---@field keep any what the step before kept
---@field interval string? of the metric, as written
---@field now integer seconds since 1970
---@field secret table<string, string>? the referenced Secret; nil without a reference

---@class AdapterRequest
---@field method 'GET'|'POST'|'PUT'|'DELETE'|'HEAD'|nil absent: GET
---@field url string
---@field headers table<string, string|string[]>?
---@field body string?
---@field timeout_ms integer? absent: 5000
---@field wait_ms integer? how long to wait before it is sent
---@field insecure boolean? any certificate will do
---@field proxy string? URL of one; absent: the one that the environment names, if any
---@field secret_url boolean? of the URL, texts show no more than the host
---@field secret_parameters boolean? the URL's parameters are shown to nobody
---@field kube table? instead of all these: a request to the engine's own API server: verb, group, version, plural,
---       namespace, name, query, body

---@class AdapterResponse
---@field status integer 0: there was none, and `error` says why
---@field body string
---@field error string? in the words of Go's HTTP client
---@field timed_out boolean?
---@field retry_after_ms integer?
---@field content_type string? as the header has it

---@class Adapter
---@field name string
---@field request fun(ask: MetricAsk|AlertAsk): AdapterRequest|table a request, or an answer
---@field answer fun(ask: MetricAsk|AlertAsk, response: AdapterResponse): MetricAnswer|table an answer, or
---       { request = …, keep = … }

local FIELDS = { name = 'string', request = 'function', answer = 'function' }
local NAMES = { 'name', 'request', 'answer' }
local defined = {} -- what adapter {…} has given

local function wrong(field, problem)
  misuse.raise_in_definition('adapter', field, (field and 'adapter.' .. field or 'adapter') .. ': ' .. problem)
end

local function define(_, definition)
  if type(definition) ~= 'table' then
    wrong(nil, 'a table { name = …, request = …, answer = … } is wanted, got ' .. type(definition))
  end
  for field in pairs(definition) do
    if not FIELDS[field] then
      local name = type(field) == 'string' and field:match '^[%a_][%w_]*$'
      misuse.raise_in_definition('adapter', name, 'adapter: ' .. misuse.unknown('field', field, NAMES))
    end
  end
  for _, field in ipairs(NAMES) do
    if type(definition[field]) ~= FIELDS[field] then
      wrong(field, ('a %s is wanted, got %s'):format(FIELDS[field], type(definition[field])))
    end
  end
  defined[definition] = true
  return definition
end

--- What the file of an adapter gives, for the engine.
---@param module string 'adapters.metrics.prometheus'
---@param definition any
---@return Adapter
function M.loaded(module, definition)
  if not defined[definition] then
    error(("%s.lua: the file gives a %s, wanted an adapter, as for: return require 'stdlib.adapter' {…}")
      :format((module:gsub('%.', '/')), type(definition)), 0)
  end
  return definition
end

--- Numbers that JSON does not have: only the sign of an infinite value is said, and NaN is no value.
local function with_finite(said)
  local value = said.value
  if type(value) == 'number' and value - value ~= 0 then
    said.value = nil
    if value ~= value then
      said.none, said.error = true, 'no values found'
    else
      said.infinite = value > 0 and 1 or -1
    end
  end
  return said
end

--- A server that did not answer, or said to come again: another try may succeed.
local function is_away(response)
  return response and (response.error or response.status >= 500 or response.status == 429) and true or nil
end

--- One step, for the engine: what comes next is a request, or the answer.
---@param definition Adapter
---@param ask table
---@param keep any
---@param response AdapterResponse?
---@return table
function M.step(definition, ask, keep, response)
  ask.keep = keep
  local said
  if response then
    said = definition.answer(ask, response)
  else
    said = definition.request(ask)
  end
  if type(said) ~= 'table' then
    error(('%s: %s gives a table, got %s'):format(definition.name, response and 'answer' or 'request', type(said)), 0)
  end
  if ask.checked_only and not said.unusable then
    return { checked = true }
  elseif said.url or said.kube then
    return { request = said }
  end
  said.unreachable = ask.query and said.error and is_away(response)
  return with_finite(said)
end

--- JSON, bounded: 1 MiB, 64 levels.
M.json = {
  null = host.null,
  --- Marks a list, so that an empty one is written as [].
  list = host.array,
  ---@param text string
  ---@return any value nil when it is none
  ---@return string? problem
  decode = function(text)
    return host.json_decode(text)
  end,
  ---@param value any
  ---@return string
  encode = function(value)
    return host.json_encode(value)
  end,
}

--- (text, max): what a person may read of a text from outside, in one line; 1024 characters at most.
M.line = host.line

--- 32 bytes.
M.sha256, M.hmac_sha256 = host.sha256, host.hmac_sha256
--- (key in PEM, text): the bytes of the signature, or nil and why.
M.rs256 = host.rs256
M.base64 = host.base64

---@param bytes string
---@return string
function M.hex(bytes)
  return (bytes:gsub('.', function(byte)
    return ('%02x'):format(byte:byte())
  end))
end

--- base64 as tokens have it.
---@param bytes string
---@return string
function M.base64url(bytes)
  return (host.base64(bytes):gsub('[+/=]', { ['+'] = '-', ['/'] = '_', ['='] = '' }))
end

--- Percent-encodes what a URL must not have as it is; `%20` for a blank.
---@param text string
---@return string
function M.escape(text)
  return (text:gsub('[^%w%-._~]', function(byte)
    return ('%%%02X'):format(byte:byte())
  end))
end

--- What a part of a URL's query means, where `+` is a blank.
---@param text string
---@return string
function M.unescape(text)
  return (text:gsub('+', ' '):gsub('%%(%x%x)', function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

--- The query of a URL from a list of { name, value }, with `+` for a blank.
---@param parameters { [1]: string, [2]: string|number }[]
---@return string
function M.parameters(parameters)
  local parts = {}
  for i, parameter in ipairs(parameters) do
    local value = type(parameter[2]) == 'number' and ('%.0f'):format(parameter[2]) or parameter[2]
    local pair = M.escape(parameter[1]) .. '=' .. M.escape(value)
    parts[i] = pair:gsub('%%20', '+')
  end
  return table.concat(parts, '&')
end

---@param username string
---@param password string
---@return string value of the header Authorization
function M.basic_auth(username, password)
  return 'Basic ' .. host.base64(username .. ':' .. password)
end

setmetatable(M, { __call = define })

return M

--- A real Prometheus, asked over HTTP. It may be away, slow, or say that it is asked too much.
local process = require 'tool.process'
local wants_token = require 'tool.wants_token'

local M = {}

local REST_MAX_MS = 2 * 60 * 1000 -- a server that wants a longer one is given up
local TRIES, PAUSE_MS, PAUSE_MAX_MS, TIMEOUT_MS, SIZE_MAX = 7, 1000, 60000, 30000, 256 * 1024 * 1024

---@class ServerProblem
---@field kind 'away'|'busy'|'too much'|'refused'
---@field text string
---@field slow boolean? no answer came in time

---@class Server
---@field url string without a slash at its end
---@field shown string without a password
---@field bearer string? its header Authorization
---@field asked integer requests so far
---@field tell fun(text: string) hears why it takes longer
local server = {}
server.__index = server

local function escaped(text)
  return (tostring(text):gsub('[^%w%-._~]', function(char)
    return ('%%%02X'):format(char:byte())
  end))
end

local function table_or(value)
  return type(value) == 'table' and value or {}
end

--- What the server says against a query.
local function complaint(answer)
  local said = table_or(answer.body).error
  return type(said) == 'string' and said or type(answer.text) == 'string' and answer.text ~= '' and answer.text
    or 'no reason is given'
end

--- Too many samples, too many points, too slow, or too large a body: a smaller part of it may do.
local function is_too_much(answer)
  if answer.error then
    return answer.code == 'too-large' or answer.code == 'timeout'
  end
  local text = complaint(answer)
  return answer.status == 422 and text:find 'too many samples' or answer.status == 503 and text:find 'timed out'
    or text:find 'exceeded maximum resolution' or answer.status == 413
end

---@return ServerProblem?
---@return boolean? again it may be better later
local function problem_of(answer)
  if is_too_much(answer) then
    return { kind = 'too much', text = answer.error or complaint(answer), slow = answer.code == 'timeout' }
  elseif answer.error then
    return { kind = 'away', text = answer.error }, true
  elseif answer.status == 429 or answer.status >= 500 then
    return { kind = 'busy', text = ('status %d: %s'):format(answer.status, complaint(answer)) }, true
  elseif answer.status ~= 200 or table_or(answer.body).status ~= 'success' then
    return { kind = 'refused', text = wants_token[answer.status]
      or type(table_or(answer.body).error) == 'string' and answer.body.error
      or ('status %d, and no answer of a Prometheus'):format(answer.status) }
  end
end

--- Asks until there is an answer, for a while.
---@param path string 'query'
---@param parameters table<string, any>
---@param options { tries: integer?, at_once: boolean? }? at_once: one that is away is not asked again
---@return table? data
---@return ServerProblem? problem
function server:ask(path, parameters, options)
  local parts = {}
  for name, value in pairs(parameters or {}) do
    parts[#parts + 1] = name .. '=' .. escaped(value)
  end
  local url = ('%s/api/v1/%s%s%s'):format(self.url, path, parts[1] and '?' or '', table.concat(parts, '&'))
  local pause_ms = PAUSE_MS
  options = options or {}
  local tries = options.tries or TRIES
  for try = 1, tries do
    local answer = process.fetch { url = url, bearer = self.bearer, timeout_ms = TIMEOUT_MS, size_max = SIZE_MAX }
    self.asked = self.asked + 1
    local problem, may_change = problem_of(answer)
    if not problem then
      return table_or(answer.body.data)
    elseif not may_change or try == tries or options.at_once and problem.kind == 'away' then
      return nil, problem
    end
    if (answer.retry_after_ms or 0) > REST_MAX_MS then
      problem.text = ('%s; it wants to be asked again no sooner than in %d s'):format(problem.text,
        answer.retry_after_ms / 1000)
      return nil, problem
    end
    local wait_ms = (answer.retry_after_ms or 0) > 0 and answer.retry_after_ms or pause_ms
    self.tell(('%s; once more in %d s'):format(problem.text, math.ceil(wait_ms / 1000)))
    process.pause(wait_ms)
    if process.interrupted() then
      error('interrupted', 0)
    end
    pause_ms = math.min(2 * pause_ms, PAUSE_MAX_MS)
  end
end

-- The shape of answers: a proxy or a look-alike may say anything ------------------------------------

local function is_pair(value)
  return type(value) == 'table' and type(value[1]) == 'number' and type(value[2]) == 'string'
end

local function is_sample(value)
  return is_pair(value) and tonumber(value[2]) ~= nil -- of NaN, +Inf and -Inf, too
end

--- A series of an answer; one of native histograms has neither a value nor values.
local function is_series(one)
  if type(one) ~= 'table' or type(one.metric) ~= 'table' then
    return false
  end
  for name, value in pairs(one.metric) do
    if type(name) ~= 'string' or type(value) ~= 'string' then
      return false
    end
  end
  for i, sample in ipairs(table_or(one.values)) do
    if not is_sample(sample) or i > 1 and sample[1] < one.values[i - 1][1] then
      return false
    end
  end
  return (one.value == nil or is_sample(one.value)) and (one.values == nil or type(one.values) == 'table')
end

--- What is wrong with the data of an answer; nil: nothing.
local function misshapen(data)
  if data.resultType == 'scalar' or data.resultType == 'string' then
    local is_right = data.resultType == 'scalar' and is_sample or is_pair
    return not is_right(data.result) and ('data.result: a moment and a %s are wanted'):format(data.resultType) or nil
  elseif type(data.result) ~= 'table' then
    return 'data.result: a list is wanted, got ' .. type(data.result)
  end
  for i, one in ipairs(data.result) do
    if not is_series(one) then
      return ('data.result[%d]: a series is wanted, its samples [moment, "value"] in the order of time'):format(i - 1)
    end
  end
end

--- An instant query.
---@param query string
---@param time number ms
---@return table? data
---@return ServerProblem? problem
function server:query(query, time)
  local data, problem = self:ask('query', { query = query, time = ('%.3f'):format(time / 1000) })
  local wrong = data and misshapen(data)
  if wrong then
    return nil, { kind = 'refused', text = 'no answer of a Prometheus: ' .. wrong }
  end
  return data, problem
end

--- Its version; '2.0.0' of one that does not say so.
---@return string? version
---@return string? problem
function server:version()
  local probe, problem = self:ask('query', { query = 'vector(1)' }, { at_once = true })
  if not probe then
    return nil, problem.text
  end
  local info = self:ask('status/buildinfo', nil, { tries = 3 })
  local version = info and info.version
  if type(version) ~= 'string' or not version:find '^%d+%.' then
    return '2.0.0', 'it does not say its version: windows are taken as a Prometheus 2 takes them'
  end
  return version
end

---@param url string
---@param bearer string? what it gets as Authorization
---@param tell fun(text: string)?
---@return Server
function M.new(url, bearer, tell)
  local shown = url:gsub('^(%a+://[^/@]*):[^/@]*@', '%1:xxxxx@')
  return setmetatable({ url = (url:gsub('/+$', '')), shown = shown, bearer = bearer, asked = 0,
    tell = tell or function() end }, server)
end

return M

--- A Prometheus for a world: what its HTTP API is asked, and answers in its form.
---
---     world:serve('prometheus', door.serve(function(query, time) return answer, problem end, now))
local labels_of = require 'tool.promql.labels'
local series_of = require 'tool.promql.series'

local M = {}

local function decoded(text)
  return (text:gsub('%+', ' '):gsub('%%(%x%x)', function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

local function parameters_of(request)
  local found = {}
  for _, text in ipairs { request.query or '', request.body or '' } do
    for name, value in text:gmatch '([^&=]+)=([^&]*)' do
      found[name] = found[name] or decoded(value)
    end
  end
  return found
end

-- Answers ---------------------------------------------------------------------------------------

local ESCAPES = { ['"'] = '\\"', ['\\'] = '\\\\', ['\n'] = '\\n', ['\t'] = '\\t', ['\r'] = '\\r' }

local function quoted(text)
  return '"' .. text:gsub('[%z\1-\31"\\]', function(char)
    return ESCAPES[char] or ('\\u%04x'):format(char:byte())
  end) .. '"'
end

local function number(value)
  if value ~= value then
    return '"NaN"'
  elseif value - value ~= 0 then
    return value > 0 and '"+Inf"' or '"-Inf"'
  end
  return ('"%.17g"'):format(value)
end

local function metric(labels)
  local parts = {}
  for name, value in pairs(labels) do
    parts[#parts + 1] = quoted(name) .. ':' .. quoted(value)
  end
  table.sort(parts)
  return '{' .. table.concat(parts, ',') .. '}'
end

local function success(kind, result)
  return ('{"status":"success","data":{"resultType":"%s","result":%s}}'):format(kind, result)
end

local function seconds(ms)
  return ('%.3f'):format(ms / 1000)
end

local writers = {}

function writers.scalar(answer, time)
  return success('scalar', ('[%s,%s]'):format(seconds(time), number(answer.value)))
end

function writers.string(answer, time)
  return success('string', ('[%s,%s]'):format(seconds(time), quoted(answer.value)))
end

function writers.vector(answer, time)
  local parts = {}
  for i, labels in ipairs(answer.value.labels) do
    parts[i] = ('{"metric":%s,"value":[%s,%s]}'):format(metric(labels), seconds(time), number(answer.value.values[i]))
  end
  return success('vector', '[' .. table.concat(parts, ',') .. ']')
end

function writers.matrix(answer)
  local parts = {}
  for i, one in ipairs(answer.series) do
    local points = {}
    for j, time in ipairs(one.times) do
      points[j] = ('[%s,%s]'):format(seconds(time), number(one.values[j]))
    end
    parts[i] = ('{"metric":%s,"values":[%s]}'):format(metric(one.labels), table.concat(points, ','))
  end
  return success('matrix', '[' .. table.concat(parts, ',') .. ']')
end

--- An answer as the server's JSON.
---@param answer PromqlAnswer
---@param time number ms
---@return string
function M.write(answer, time)
  return writers[answer.type](answer, time)
end

--- An answer that a server gave, as its JSON says it.
---@param data table
---@return PromqlAnswer
function M.read(data)
  if data.resultType == 'scalar' or data.resultType == 'string' then
    local value = (data.result or {})[2]
    return { type = data.resultType, value = data.resultType == 'scalar' and M.number(value) or value }
  end
  local vector = { labels = {}, values = {} }
  for i, one in ipairs(data.result or {}) do
    vector.labels[i], vector.values[i] = labels_of.intern(one.metric), M.number((one.value or {})[2])
  end
  return { type = 'vector', value = vector }
end

local NAMED = { NaN = 0 / 0, ['+Inf'] = math.huge, ['-Inf'] = -math.huge }

--- A number as Prometheus writes it.
---@param text string
---@return number
function M.number(text)
  return NAMED[text] or tonumber(text) or 0 / 0
end

local KINDS = { bad_data = { 400, 'bad_data' }, execution = { 422, 'execution' }, unsupported = { 501, 'internal' } }

local function refusal(problem)
  local status, kind = unpack(KINDS[problem.kind])
  return status, ('{"status":"error","errorType":"%s","error":%s}'):format(kind, quoted(problem.text))
end

-- Questions -------------------------------------------------------------------------------------

---@class Question
---@field query string
---@field from number ms
---@field to number ms
---@field step number? ms; nil: it is asked at one moment

---@param request sluice.Request
---@param now number ms
---@return Question?
function M.question(request, now)
  local parameters = parameters_of(request)
  local path = request.path:match '/api/v1/(query[_%a]*)$'
  if path == 'query' and parameters.query then
    local time = tonumber(parameters.time or '')
    time = time and time * 1000 or now
    return { query = parameters.query, from = time, to = time }
  elseif path == 'query_range' and parameters.query then
    return { query = parameters.query, from = tonumber(parameters.start) * 1000,
      to = tonumber(parameters['end']) * 1000, step = tonumber(parameters.step) * 1000 }
  end
end

--- The same query at each step, as series.
local function over_steps(question, ask)
  local list, take = series_of.gather()
  for time = question.from, question.to, question.step do
    local answer, problem = ask(question.query, time)
    if not answer then
      return nil, problem
    end
    local vector = answer.value
    if answer.type == 'scalar' then
      vector = { labels = { labels_of.NONE }, values = { answer.value } }
    elseif answer.type ~= 'vector' then
      return nil, { kind = 'bad_data', text = ('invalid parameter "query": invalid expression type "%s" for range '
        .. 'query, must be Scalar or instant Vector'):format(answer.type) }
    end
    take(vector, time)
  end
  return { type = 'matrix', series = list }
end

--- Answers requests, by what is said to a query at a moment.
---@param ask fun(query: string, time: number): PromqlAnswer?, PromqlFailure?
---@param now fun(): number ms, of the world's wall clock
---@param note fun(question: Question)? is told of each
---@return fun(request: sluice.Request): integer, string?
function M.serve(ask, now, note)
  return function(request)
    local question = M.question(request, now())
    if not question then
      return 404, ''
    end
    if note then
      note(question)
    end
    local answer, problem
    if question.step then
      answer, problem = over_steps(question, ask)
    else
      answer, problem = ask(question.query, question.from)
    end
    if not answer then
      return refusal(problem)
    end
    return 200, M.write(answer, question.from)
  end
end

return M

-- Answers queries from a file of sluice record: luajit promql_ask.lua ROOT FILE < queries, a line of JSON each
-- ({query, time}); an answer likewise, in the form of Prometheus' HTTP API.
local root, file = arg[1], arg[2]
package.path = root .. '/lua/?.lua'
local json = require 'cjson'
local evaluate = require 'tool.promql.evaluate'
local recording = require 'tool.backtest.recording'
local series_of = require 'tool.promql.series'

local data = recording.read(json.decode(assert(io.open(file)):read '*a'))
local store = series_of.store(data.series)

local function text(number)
  return number ~= number and 'NaN' or number == math.huge and '+Inf' or number == -math.huge and '-Inf'
    or ('%.17g'):format(number)
end

for line in io.lines() do
  local asked = json.decode(line)
  local answer, problem = evaluate.query(store, asked.query, { time = asked.time, major = data.major })
  local said
  if problem then
    said = { kind = problem.kind, error = problem.text }
  elseif answer.type == 'vector' then
    said = { type = 'vector', result = setmetatable({}, json.array_mt) }
    for i, labels in ipairs(answer.value.labels) do
      said.result[i] = { metric = labels, value = text(answer.value.values[i]) }
    end
  elseif answer.type == 'matrix' then
    said = { type = 'matrix', result = {} }
    for i, one in ipairs(answer.series) do
      local values = {}
      for j, time in ipairs(one.times) do
        values[j] = { time, text(one.values[j]) }
      end
      said.result[i] = { metric = one.labels, values = values }
    end
  else
    said = { type = answer.type, value = answer.type == 'scalar' and text(answer.value) or answer.value }
  end
  print(json.encode(said))
end

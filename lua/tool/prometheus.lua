--- What a Prometheus says to the queries of Canaries: sluice check --prometheus. `questions` says what to ask, and
--- `judge` what follows from the answers; the requests between are made by core/app/check_prometheus.c.
local checking = require 'stdlib.checking'
local host = require 'host'
local promql = require 'tool.promql'
local sluice = require 'sluice'
local template = require 'tool.template'
local wants_token = require 'tool.wants_token'

local M = {}

---@class Subject one query of one metric
---@field canary integer its index, from 0
---@field field string 'query' in a script
---@field script integer? in which script it stands, and where
---@field line integer?
---@field column integer?
---@field query string as it is asked
---@field selectors Selector[]

-- What is asked ----------------------------------------------------------------------------------

local BUILTIN = { ['request-success-rate'] = 'checks.request-success-rate',
  ['request-duration'] = 'checks.request-duration' }

--- The query of a check that the engine brings.
local function query_of_check(module, canary, metric)
  local asked
  local call = host.call
  host.call = function(operation, order)
    asked = asked or operation == 'query' and order.query
    return {}
  end
  pcall(checking.run, require(module), { facts = {}, model = template.model(canary, metric), params = {} })
  host.call = call
  return asked
end

local function table_or(value)
  return type(value) == 'table' and value or {}
end

--- The query that a metric asks a Prometheus, and the field that says so.
local function query_of(metric, canary, templates)
  if type(metric.query) == 'string' and metric.query ~= '' then
    return template.fill(metric.query, canary, metric), 'query'
  end
  local known = templates[metric.template or '']
  if known and table_or(known.provider).type == 'prometheus' and type(known.query) == 'string' then
    return template.fill(known.query, canary, metric), 'templateRef'
  elseif not metric.templateRef and not metric.checkRef and BUILTIN[metric.name] then
    return query_of_check(BUILTIN[metric.name], canary, metric), 'name'
  end
end

local function escaped(text)
  return (text:gsub('[^%w%-._~]', function(char)
    return ('%%%02X'):format(char:byte())
  end))
end

local function path_of(query)
  return '/api/v1/query?query=' .. escaped((query:gsub('%s+', ' ')))
end

--- Where series of a selector came from within a day.
local function origins(selector)
  return path_of(('group by (job, instance) (last_over_time(%s[1d]))'):format(selector))
end

local TARGETS = '/api/v1/targets?state=active'

local subjects

local function metrics_of(canary)
  local spec = table_or(canary.spec)
  return table_or(table_or(spec.analysis or spec.canaryAnalysis).metrics)
end

--- The queries of the metrics of a Canary.
local function add_metrics(index, each, templates)
  for i, metric in ipairs(metrics_of(each.object)) do
    metric = table_or(metric)
    metric.template = each.templates[tostring(i - 1)]
    local query, field = query_of(metric, each.object, templates)
    if query then
      subjects[#subjects + 1] = { canary = index, query = query,
        field = ('spec.analysis.metrics[%d].%s'):format(i - 1, field) }
    end
  end
end

--- The queries that stand in the scripts that it names.
local function add_scripts(index, each)
  for _, script in ipairs(each.scripts or {}) do
    local metric = script.metric and metrics_of(each.object)[script.metric + 1]
    for _, one in ipairs(script.queries) do
      local query = template.fill(one.text, each.object, metric)
      if query then
        subjects[#subjects + 1] = { canary = index, field = 'query', query = query, script = script.script,
          line = one.line, column = one.column }
      end
    end
  end
end

---@class PromCanary
---@field object table
---@field templates table<string, string> the MetricTemplates of its metrics, by their places from '0' on
---@field scripts { script: integer, metric: integer?, queries: table[] }[]? what it names

---@param options { canaries: PromCanary[], templates: table<string, table> }
---@return string[] paths
function M.questions(options)
  local paths, asked = sluice.list {}, {}
  local function ask(path)
    if not asked[path] then
      asked[path], paths[#paths + 1] = true, path
    end
  end
  subjects = {}
  ask(path_of 'vector(1)')
  ask(TARGETS)
  for i, each in ipairs(options.canaries) do
    add_metrics(i - 1, each, options.templates)
    add_scripts(i - 1, each)
  end
  for _, subject in ipairs(subjects) do
    subject.selectors = promql.selectors(subject.query)
    ask(path_of(subject.query))
    for _, selector in ipairs(subject.selectors) do
      ask(origins(selector.text))
      ask(origins(selector.metric or selector.text))
    end
  end
  return paths
end

-- What is answered -------------------------------------------------------------------------------

---@class PromAnswer
---@field status integer? of the response
---@field body table? JSON
---@field error string?

local function result_of(answer)
  return answer and table_or(table_or(answer.body).data).result
end

local function series_of(answer)
  return table_or(result_of(answer))
end

--- The longest time between two scrapes of these series, and of which job.
local function longest_scrape(series, intervals)
  local longest, job
  for _, one in ipairs(series) do
    local labels = table_or(one.metric)
    local text = intervals[('%s\n%s'):format(labels.job or '', labels.instance or '')]
    local ms = text and promql.duration(text)
    if ms and (not longest or ms > longest) then
      longest, job = ms, labels.job or ''
    end
  end
  return longest, job
end

local function intervals_of(answer)
  local intervals = {}
  for _, target in ipairs(table_or(table_or(table_or(answer).body).data).activeTargets or {}) do
    local labels = table_or(target.labels)
    intervals[('%s\n%s'):format(labels.job or '', labels.instance or '')] = target.scrapeInterval
  end
  return intervals
end

local function shown_ms(ms)
  return ms % 60000 == 0 and ms / 60000 .. 'm' or ms % 1000 == 0 and ms / 1000 .. 's' or ms .. 'ms'
end

--- Why there is nothing now.
local function cause_of_nothing(subject, answers)
  local cause = 'it has nothing for the query now, as when no release runs; within a day it had'
  for _, selector in ipairs(subject.selectors) do
    if selector.metric and #series_of(answers[origins(selector.metric)]) == 0 then
      return ('no series was called %s within a day'):format(selector.metric)
    elseif #series_of(answers[origins(selector.text)]) == 0 then
      cause = 'no series was like this within a day: ' .. selector.text
    end
  end
  return cause
end

--- `is_short`: a window is, which is why there is nothing.
local function judge_value(subject, answers, find, is_short)
  local answer = answers[path_of(subject.query)]
  local body = table_or(answer.body)
  if body.status ~= 'success' then
    find('error', 'it refuses the query: %s', body.error or 'status ' .. tostring(answer.status))
    return
  end
  local kind, series = table_or(body.data).resultType, series_of(answer)
  if kind == 'matrix' or kind == 'string' then
    find('error', 'the query gives a %s, wanted one number', kind)
  elseif kind ~= 'vector' then
    return
  elseif #series > 1 then
    find('warning', 'the query gives %d series, of which the last one counts; sum(…) makes one of them', #series)
  elseif #series == 0 and not is_short then
    find('warning', '%s', cause_of_nothing(subject, answers))
  elseif #series == 1 and table_or(series[1].value)[2] == 'NaN' then
    find('warning', 'the query gives no number now (NaN), as when there were no requests')
  end
end

local function judge_windows(subject, answers, intervals, find)
  for _, selector in ipairs(subject.selectors) do
    local longest, job = longest_scrape(series_of(answers[origins(selector.text)]), intervals)
    if not longest then
      longest, job = longest_scrape(series_of(answers[origins(selector.metric or selector.text)]), intervals)
    end
    if longest and selector.window_ms and selector.window_ms < 2 * longest then
      find('warning', 'the window [%s] is too short: job "%s" is scraped every %s, and a rate needs two samples',
        selector.window, job, shown_ms(longest))
    end
  end
end

---@param options { answers: table[] } { path, status, body, error } each
---@return { away: string?, findings: table[] }
function M.judge(options)
  local answers, findings = {}, sluice.list {} -- answers by their paths
  for _, answer in ipairs(options.answers) do
    answers[answer.path] = answer
  end
  local probe = answers[path_of 'vector(1)'] or {}
  if table_or(probe.body).status ~= 'success' then
    return { away = probe.error or wants_token[probe.status]
      or ('status %s, and no answer of a Prometheus'):format(tostring(probe.status)), findings = findings }
  end
  local intervals, away = intervals_of(answers[TARGETS]), nil
  for _, subject in ipairs(subjects) do
    local said = {}
    local function find(severity, text, ...)
      text = ('%s: Prometheus: %s'):format(subject.field, text:format(...))
      if not said[text] then
        said[text] = true
        findings[#findings + 1] = { canary = subject.canary, field = subject.field, severity = severity, text = text,
          script = subject.script, line = subject.line, column = subject.column }
      end
    end
    judge_windows(subject, answers, intervals, find)
    away = away or answers[path_of(subject.query)].error
    if not answers[path_of(subject.query)].error then
      judge_value(subject, answers, find, next(said) ~= nil)
    end
  end
  return { away = away, findings = findings }
end

return M

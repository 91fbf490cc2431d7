--- sluice record: what the checks of Canaries would ask a Prometheus, fetched once as raw samples into a file, from
--- which sluice backtest answers (docs/backtest.md).
local failure = require 'tool.promql.failure'
local fetching = require 'tool.backtest.fetching'
local moments = require 'tool.record.moment'
local plan = require 'tool.backtest.plan'
local readable = require 'tool.readable'
local recording = require 'tool.backtest.recording'
local refusal = require 'tool.backtest.refusal'
local selectors = require 'tool.backtest.selectors'
local server_of = require 'tool.backtest.server'
local settings = require 'tool.backtest.setting'
local sluice = require 'sluice'
local span_of = require 'tool.backtest.span'

local M = {}

local refuse = refusal.refuse

local LOOKBACK_MS = 300000
M.PROBE = 'vector(1)' -- by which the engine sees that a server is there

-- Which queries ---------------------------------------------------------------------------------

---@class AskedQuery
---@field query string
---@field span number ms, over which it is asked
---@field target string

--- What the checks of a Canary ask, when there are values and when there are none.
---@param setting Setting
---@return AskedQuery[]
---@return string[] notes
function M.questions(setting)
  local list, known, notes = {}, {}, {}
  for _, options in ipairs { {}, { nothing = true } } do
    local played = plan.play(setting, options)
    for _, asked in ipairs(played.asked) do
      if asked.query ~= M.PROBE then
        local one = known[asked.query]
        if not one then
          one = { query = asked.query, span = 0, target = setting.target }
          known[asked.query], list[#list + 1] = one, one
        end
        one.span = math.max(one.span, asked.span or 0)
      end
    end
    if played.decision ~= 'promoted' and not options.nothing then
      notes[#notes + 1] = ('%s/%s: not all of its checks were found: %s'):format(setting.namespace, setting.name,
        played.problem or played.summary or played.decision)
    end
  end
  for host, kind in pairs(setting.strangers) do
    notes[#notes + 1] = ('%s (%s) is no Prometheus: its metrics are not recorded'):format(host, kind)
  end
  return list, notes
end

---@param questions AskedQuery[]
---@param major integer
---@return Need[] needs
---@return string[] notes about queries that are not evaluated here
function M.needs(questions, major)
  local needs, notes = {}, {}
  for _, asked in ipairs(questions) do
    local ok, found = pcall(selectors.of, asked.query,
      { major = major, target = asked.target, span = asked.span, lookback = LOOKBACK_MS })
    if ok then
      for _, need in ipairs(found) do
        needs[#needs + 1] = need
      end
    else
      notes[#notes + 1] = ('the query %s: %s'):format(asked.query:match '^ ?(.-) ?$', failure.of(found).text)
    end
  end
  return selectors.merge(needs), notes
end

-- The file --------------------------------------------------------------------------------------

--- How the command tells what takes its time.
local function sayer(command)
  return function(format, ...)
    io.stderr:write('sluice ', command, ': ', readable(format:format(...)), '\n')
  end
end

--- What the server has of the needs, as series and their notes.
local function fetch_all(server, needs, span, progress)
  local fetched = fetching.new(server, progress)
  local found = {}
  for i, need in ipairs(needs) do
    progress.selector(i, #needs, need.text)
    local from = math.min(need.from or span.from, span.from) - need.before
    local to = math.max(need.to or span.to, span.to) + need.after
    local count = fetched:fetch(need, from, math.min(to, span.now))
    found[i] = { selector = need.text, from = from, to = to, series = count }
  end
  return fetched, found
end

local function append(list, more)
  for _, each in ipairs(more) do
    list[#list + 1] = each
  end
end

--- What all Canaries ask, in each set of manifests.
local function gather(options)
  local questions, notes = {}, {}
  for _, manifests in ipairs(options.sets or { options.manifests }) do
    for _, name in ipairs(settings.canaries(manifests)) do
      local asked, said = M.questions(settings.new(manifests, name))
      append(questions, asked)
      append(notes, said)
    end
  end
  if not questions[1] then
    refuse 'there is nothing to record: no check of a Canary in the files asks a Prometheus'
  end
  return questions, notes
end

local function record(options)
  local span = span_of.read(options)
  local questions, notes = gather(options)
  local say = sayer(options.command or 'record')
  local server = server_of.new(options.prometheus, options.bearer, function(text)
    say('%s', text)
  end)
  local version, problem = server:version()
  if not version then
    refuse('--prometheus %s: %s', server.shown, problem)
  end
  notes[#notes + 1] = problem
  local needs, said = M.needs(questions, tonumber(version:match '^%d+'))
  append(notes, said)
  local fetched, found = fetch_all(server, needs, span, fetching.progress(say, options.terminal))
  append(notes, fetched:notes(span, found))
  for i, note in ipairs(notes) do
    notes[i] = readable(note)
  end
  if fetched.samples == 0 then -- a file without any would be taken for a history in which nothing happened
    refuse('nothing was recorded from %s to %s: %s', moments.text(span.from), moments.text(span.to),
      notes[#notes] or 'the server has no samples')
  end
  local document = recording.write({ list = sluice.list, server = version, recorded = span.now, from = span.from,
    to = span.to, lookback = LOOKBACK_MS, selectors = sluice.list(found), notes = sluice.list(notes) },
    fetched:series())
  return { document = document, notes = notes, series = #document.series, samples = fetched.samples,
    asked = server.asked, from = moments.text(span.from), to = moments.text(span.to), server = version }
end

--- Records; what could not be done comes as `refused`.
---@param options { manifests: table[], sets: table[][]?, prometheus: string, bearer: string?, from: string?,
---  to: string?, now: number, terminal: boolean, command: string? } sets: of manifests, instead of the one
---@return table
function M.run(options)
  return refusal.guard(record, options)
end

return M

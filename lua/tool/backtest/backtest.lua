--- sluice backtest: what rules would have done with the traffic of the past (docs/backtest.md). Each release is played
--- by the real engine, in a world that begins at its moment, with Prometheus' answers from recorded series.
local door = require 'tool.backtest.door'
local dryrun = require 'tool.backtest.dryrun'
local histories = require 'tool.backtest.history'
local moments = require 'tool.record.moment'
local pictures = require 'tool.backtest.pictures'
local plan = require 'tool.backtest.plan'
local process = require 'tool.process'
local progress = require 'tool.progress'
local promql = require 'tool.promql'
local readable = require 'tool.readable'
local record = require 'tool.backtest.record'
local recordings = require 'tool.backtest.recording'
local refusal = require 'tool.backtest.refusal'
local release = require 'tool.backtest.release'
local results = require 'tool.backtest.results'
local rule_sets = require 'tool.backtest.rules'
local score = require 'tool.backtest.score'
local server_of = require 'tool.backtest.server'
local sluice = require 'sluice'
local span_of = require 'tool.backtest.span'
local telling = require 'tool.backtest.telling'

local M = {}

local refuse = refusal.refuse

local EVERY, RELEASES_MAX, LIMIT_FACTOR = '1h', 20000, 4
local LONG_WAIT_MS = 5 * 86400000
local PATIENCE_MS = 6 * 3600000 -- a test that needs two hundred requests, of two a minute

-- The history -----------------------------------------------------------------------------------

local function read_share(options)
  if not options.share then
    return nil
  end
  local percent = tonumber((tostring(options.share):gsub('%%$', '')))
  if not percent or percent <= 0 or percent >= 100 then
    refuse('--canary-share %s: a share such as 10%% is wanted', options.share)
  end
  return percent / 100
end

--- Asks a real server what is not evaluated here; its series have the names that they had.
local function asker_of(server)
  return function(query, time)
    local data, problem = server:query(query, time)
    if not data then
      return nil, { kind = 'execution', text = problem.text }
    end
    return door.read(data)
  end
end

local function load_recording(options, rules)
  if options.data_file then
    local ok, result = pcall(recordings.read, options.data)
    if not ok then
      refuse('--data %s: %s', options.data_file, type(result) == 'table' and result.refused or tostring(result))
    end
    return result
  end
  options.sets, options.command = {}, 'backtest'
  for i, rule in ipairs(rules) do
    options.sets[i] = rule.manifests
  end
  local said = record.run(options)
  if said.refused then
    refuse('%s', said.refused)
  end
  return recordings.read(said.document)
end

local function open_history(options, rules)
  local recording, target = load_recording(options, rules), rules[1].setting.target
  local server = options.prometheus and server_of.new(options.prometheus, options.bearer)
  local history = histories.new(recording, target, { share = read_share(options), by = options.by,
    server = server and asker_of(server) })
  if #recording.series == 0 then
    refuse('there is no series in the history: %s', recording.notes[1] or 'the server had none')
  elseif history.share and history:labelled() == 0 then
    refuse('--by %s: no series of %s has this label', history.by, target)
  end
  return history
end

--- What the queries of a release ask that the history does not have, or that is not evaluated here.
local function say_lacks(options, history, setting, played)
  local questions, seen = {}, {}
  for _, asked in ipairs(played.asked) do
    if not seen[asked.query] and asked.query ~= record.PROBE then
      seen[asked.query] = true
      questions[#questions + 1] = { query = asked.query, span = asked.span or 0, target = setting.target }
    end
  end
  local needs, notes = record.needs(questions, history.recording.major)
  for _, note in ipairs(notes) do
    setting.notes[#setting.notes + 1] = note .. (options.prometheus and ': the server is asked'
      or '; with --prometheus URL the server is asked')
  end
  for _, selector in ipairs(history:lacks(needs)) do
    setting.notes[#setting.notes + 1] = 'the history has no series like ' .. selector
  end
end

-- Moments ---------------------------------------------------------------------------------------

--- When releases begin: all of the span in which the history has what they ask, but the last of them must end in it.
local function begins_of(options, recording, fastest)
  local from = options.from and span_of.read_moment('from', options.from, options.now) or recording.from
  local to = options.to and span_of.read_moment('to', options.to, options.now) or recording.to
  from, to = math.max(from, recording.from), math.min(to, recording.to)
  local every = promql.duration(options.every or EVERY)
  if not every or every < 1000 then
    refuse('--every %s: a duration such as 1h is wanted', options.every)
  end
  local list = {}
  for at = math.ceil(from / every) * every, to - fastest, every do
    list[#list + 1] = at
  end
  if not list[1] then
    refuse('no release fits into %s to %s: one takes %s, and the history is from %s to %s', moments.text(from),
      moments.text(to), moments.duration(fastest), moments.text(recording.from), moments.text(recording.to))
  elseif #list > RELEASES_MAX then
    refuse('--every %s: that are %d releases, at most %d are wanted', options.every or EVERY, #list, RELEASES_MAX)
  end
  return list
end

--- The moment of --at, of which the history must have something.
local function moment(options, recording)
  local at = span_of.read_moment('at', options.at, options.now)
  if at < recording.from or at >= recording.to then
    refuse('--at %s: the history is from %s to %s', options.at, moments.text(recording.from),
      moments.text(recording.to))
  end
  return at
end

-- Playing ---------------------------------------------------------------------------------------

---@return PlayedRelease
local function summary(played)
  local weight = 0
  for _, step in ipairs(played.steps) do
    weight = math.max(weight, step.weight)
  end
  local outcome = score.outcome(played)
  return { at = played.began, lasted = played.ended - played.began, outcome = outcome, weight = weight,
    why = outcome ~= 'promoted' and (telling.why(played) or played.problem) or nil }
end

--- One moment, by each set of rules. What they ask alike is answered once.
local function play_moment(rules, history, at, limit)
  local ask = history:asker(at)
  local played = sluice.list {}
  for i, rule in ipairs(rules) do
    played[i] = summary(release.play(rule.setting, { begin = at, ask = ask, limit = limit }))
  end
  history:forget()
  return { results = played, answers = history.answers, evaluated = history.evaluated }
end

--- All moments, in several processes.
---@return PlayedRelease[][] lists by rule
---@return table counts
local function play_all(options, rules, history, list, limit)
  local lists, counts = {}, { answers = 0, evaluated = 0, lost = 0 }
  for i = 1, #rules do
    lists[i] = {}
  end
  local line, done, began = progress.line(options.terminal), 0, process.clock()
  process.workers(#list, math.min(options.jobs or 1, #list), function(number)
    history.answers, history.evaluated = 0, 0
    return play_moment(rules, history, list[number], limit)
  end, function(_, given, _, problem)
    done = done + 1
    line('%d of %d releases, %d s', done, #list, process.clock() - began)
    if not given then
      refuse('%s', problem)
    end
    for i, one in ipairs(given.results) do
      lists[i][#lists[i] + 1] = one
    end
    counts.answers, counts.evaluated = counts.answers + given.answers, counts.evaluated + given.evaluated
  end)
  line()
  return lists, counts
end

-- The command -----------------------------------------------------------------------------------

--- One release, minute by minute.
local function run_one(options, rules, history, at, limit)
  local played = telling.while_played(options.terminal, function(told)
    return release.play(rules[1].setting, { begin = at, ask = history:asker(at), limit = limit, progress = told })
  end)
  local notes = results.remarks(history, { rules[1] })
  local title = ('a release of %s.%s at %s'):format(rules[1].setting.name, rules[1].setting.namespace,
    moments.text(at))
  local html = options.html and pictures.release(title, played, notes) or nil
  if options.json then
    local document = dryrun.document(rules[1].setting, played)
    document.notes = sluice.list(notes)
    return { status = dryrun.STATUS[played.decision], document = document, html = html }
  end
  print(readable(title))
  for _, line in ipairs(telling.lines(played)) do
    print(readable(('%s  %-5s %s'):format(telling.clock(line.at), line.mark, line.text)))
  end
  print(readable(telling.ending(played)))
  for _, note in ipairs(notes) do
    print(readable(note))
  end
  return { status = dryrun.STATUS[played.decision], html = html }
end

local function draw(rules, scores, lists, bad, notes)
  local heads, rows = results.rows(rules, scores, #bad > 0)
  local setting = rules[1].setting
  return pictures.backtest(('%s of %s.%s'):format(telling.count(#lists[1], 'release'), setting.name,
    setting.namespace), { heads = heads, rows = rows, notes = notes }, rules, lists, bad)
end

---@param what { bad: table[], moments: number[], limit: number }
local function run_many(options, rules, history, what)
  local bad, list, began = what.bad, what.moments, process.clock()
  local lists, counts = play_all(options, rules, history, list, what.limit)
  if process.interrupted() then
    refuse 'interrupted' -- a table of a part would be read as that of all
  end
  counts.seconds, counts.series = process.clock() - began, #history.recording.series
  local scores = {}
  for i in ipairs(rules) do
    scores[i] = score.of(lists[i], bad)
  end
  local notes = results.remarks(history, rules)
  local html = options.html and draw(rules, scores, lists, bad, notes) or nil
  if options.json then
    return { status = 0, document = results.document(rules, scores, lists, counts, notes), html = html }
  end
  print(('%s in %.0f s · %d answers from %s'):format(telling.count(#list, 'release'), counts.seconds,
    counts.answers, telling.count(counts.series, 'series', 'series')))
  results.print(rules, scores, #bad > 0)
  for _, note in ipairs(notes) do
    print(readable(note))
  end
  return { status = 0, html = html }
end

--- After what time a release is undecided. One that waits for hours of the week may wait over a long weekend.
local function limit_of(fastest)
  local lasts = fastest.ended - fastest.began
  for _, word in ipairs(fastest.words) do
    if word.word:find '^wait' then
      return LIMIT_FACTOR * lasts + LONG_WAIT_MS
    end
  end
  return math.max(LIMIT_FACTOR * lasts, PATIENCE_MS)
end

--- The shortest release of a set of rules.
---@return Release
local function fastest_of(rule, options)
  local setting = rule.setting
  local played = telling.while_played(options.terminal, function(told)
    return plan.play(setting, { progress = told })
  end)
  if played.decision ~= 'promoted' then
    refuse('%s.%s: it does not come to its end even when every check passes: %s', setting.name, setting.namespace,
      played.problem or played.summary or played.decision)
  end
  return played
end

local function read_bad(options)
  local bad = {}
  for i, text in ipairs(options.bad or {}) do
    bad[i] = span_of.read_pair('bad', text)
  end
  return bad
end

local function run(options)
  local rules, bad, plans = rule_sets.read(options), read_bad(options), {}
  local lasts, limit = 0, 0
  for i, rule in ipairs(rules) do
    plans[i] = fastest_of(rule, options)
    lasts, limit = math.max(lasts, plans[i].ended - plans[i].began), math.max(limit, limit_of(plans[i]))
  end
  local history = open_history(options, rules)
  for i, rule in ipairs(rules) do
    say_lacks(options, history, rule.setting, plans[i])
  end
  if options.at then
    return run_one(options, rules, history, moment(options, history.recording), limit)
  end
  return run_many(options, rules, history,
    { bad = bad, moments = begins_of(options, history.recording, lasts), limit = limit })
end

---@param options table see core/app/backtest.c
---@return table
function M.run(options)
  return refusal.guard(function()
    local ok, result = pcall(run, options)
    if process.interrupted() then -- whatever was raised by that
      refuse 'interrupted'
    end
    return ok and result or error(result, 0)
  end)
end

return M

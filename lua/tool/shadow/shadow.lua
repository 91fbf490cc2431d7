--- sluice shadow: follows the Canaries that Flagger works on, and says of each of its rounds whether Sluice would have
--- decided so, too. core/app/shadow.c watches them, asks metric servers, and prints what is given to it here.
local counts = require 'tool.shadow.counts'
local moments = require 'tool.record.moment'
local moves = require 'tool.shadow.move'
local readable = require 'tool.readable'
local rounds = require 'tool.shadow.round'
local sluice = require 'sluice'
local telling = require 'tool.shadow.telling'
local trials = require 'tool.shadow.trial'
local watching = require 'tool.shadow.watched'

local M = {}

---@type { json: boolean, names: string[]?, once: boolean }
local options = { json = false }
---@type table<string, Watched>
local canaries = {}
---@type ShadowRound[] that are not concluded
local open = {}
---@type table<integer, ShadowRound> by their question
local asking = {}
local trial = trials.new()
local sums, releases = counts.new(), 0
local serial, ended = 0, {}

---@class Report what the command is to do
---@field lines any[] texts, or objects for JSON
---@field warnings string[] of what stands in the way, for people
---@field asks table[] questions: id, kind, query, server, template, interval, problem, span, step
---@field wake number? ms, wall clock: when to wake is wanted
---@field over boolean? the releases that were waited for have ended

-- Telling ---------------------------------------------------------------------------------------

local function say(report, record)
  report.lines[#report.lines + 1] = options.json and record or readable((telling.line(record):gsub('%c+', ' ')))
end

local function is_over()
  if not options.once or next(ended) == nil then
    return false
  end
  for _, name in ipairs(options.names or {}) do
    if not ended[name] then
      return false
    end
  end
  return true
end

local function end_release(report, watched, release)
  releases = releases + 1
  say(report, telling.release(watched, release))
  ended[watched.sight.canary.metadata.name] = true
  if watched.release == release then
    watched.release = nil
  end
end

local function conclude(report, round)
  local release = round.release
  release.held = not round:unmeasured() and round.decision and round.decision.held or nil
  counts.add(release.counts, round)
  counts.add(sums, round)
  release.open = release.open - 1
  say(report, telling.round(round))
  if release.ended and release.open == 0 then
    end_release(report, round.watched, release)
  end
end

-- Questions -------------------------------------------------------------------------------------

--- What cannot be asked: nil: it can.
local function unaskable(round, ask)
  if ask.template then
    return not round.spec.templates[ask.template]
      and ('MetricTemplate %s is not among those that are watched'):format(ask.template) or nil
  elseif round.sight.server == '' then
    return 'no Prometheus is known: --prometheus URL names one'
  end
end

local function try(report, server, shown)
  serial = serial + 1
  report.asks[#report.asks + 1] = trial:question(serial, server, shown)
end

--- Hands the question of a round out, once.
local function hand_out(report, round)
  local ask = round.decision and round.decision.ask
  while ask and not ask.id do
    local problem = unaskable(round, ask)
    if problem then
      round.decision:go_on { unsent = problem }
      ask = round.decision.ask
    else
      serial = serial + 1
      ask.id, ask.server = serial, round.sight.server
      asking[serial] = round
      report.asks[#report.asks + 1] = ask
    end
  end
end

--- Brings each open round as far as it can come, in order.
local function go_on(report)
  local left = {}
  for _, round in ipairs(open) do
    hand_out(report, round)
    if round:conclude() then
      conclude(report, round)
    else
      left[#left + 1] = round
      report.wake = not round.settled and math.min(report.wake or math.huge, round.at + rounds.SETTLED_MS)
        or report.wake
    end
  end
  open = left
  report.over = is_over()
  return report
end

local function new_report()
  return { lines = sluice.list {}, asks = sluice.list {}, warnings = sluice.list {} }
end

-- What is seen ----------------------------------------------------------------------------------

local ENDS = { succeed = 'promoted', ['take back'] = 'taken back' }

local function new_release(is_whole)
  return { whole = is_whole, open = 0, counts = counts.new(), taken = {} }
end

local function begin_round(report, watched, move, before, after)
  if move.does == 'begin' or move.does == 'restart' then
    watched.release = move.does == 'begin' and new_release(true) or watched.release or new_release(false)
    watched.release.held, watched.warnings, watched.last = nil, {}, nil
    say(report, telling.beginning(watched, move, before))
    return
  end
  local release = watched.release or new_release(false)
  local written = moments.parse(after.written) or watched.sight.now
  local round = rounds.new(watched, move, before, { held = release.held, taken = release.taken, written = written,
    since_ms = written - (moments.parse(before.written) or written) })
  round.release, watched.release, watched.last = release, release, round
  release.open, release.ended = release.open + 1, ENDS[move.does]
  open[#open + 1] = round
end

local function try_server(report, watched)
  if not watched:asks_prometheus() then
    return
  elseif watched.sight.server == '' then
    report.warnings[1] = trial:without()
  else
    try(report, watched.sight.server, watched.sight.server_shown)
  end
end

--- The release under way, if there is one, comes to no end of its own.
local function break_off(report, watched, why)
  local release = watched.release
  if not release or release.ended then
    return
  end
  release.ended = 'broken off, ' .. why
  watched.route = { canary = 0, mirrored = false }
  if release.open == 0 then
    end_release(report, watched, release)
  end
end

---@param sight Sight
local function look(report, sight)
  local meta = sight.canary.metadata
  local key = meta.namespace .. '/' .. meta.name
  local watched, after = canaries[key], moves.status(sight.canary)
  if not watched then
    watched = watching.new(sight)
    canaries[key] = watched
    say(report, telling.sight(watched))
    try_server(report, watched)
    return
  end
  local before, former = watched.status, watched.sight
  watched.sight, watched.status = sight, after
  if sight.refused and sight.refused ~= former.refused then
    say(report, telling.sight(watched))
  end
  try_server(report, watched)
  local move = moves.of_flagger(before, after)
  if move then
    begin_round(report, watched, move, before, after)
    watched:follow(move, after)
  elseif after.phase ~= before.phase then
    -- no release comes to such a phase: its status was lost, as by `kubectl replace`, or written by hand
    break_off(report, watched, after.phase == '' and 'there is no phase any more' or 'the phase is ' .. after.phase)
  end
end

-- What the command calls ------------------------------------------------------------------------

---@param given { json: boolean, names: string[]?, once: boolean, server: string?, server_shown: string? } server: is
---  asked in the place of those that Canaries name
---@return Report
function M.open(given)
  options = given
  canaries, open, asking, serial, ended = {}, {}, {}, 0, {}
  sums, releases, trial = counts.new(), 0, trials.new()
  local report = new_report()
  if given.server then
    try(report, given.server, given.server_shown)
  end
  return report
end

--- A Canary appeared or changed. One that nobody could follow costs no other.
---@param sight Sight
---@return Report
function M.see(sight)
  local report, meta = new_report(), sight.canary.metadata
  local ok, problem = pcall(look, report, sight)
  if not ok then
    canaries[meta.namespace .. '/' .. meta.name] = nil
    say(report, telling.trouble(meta, sight.now, tostring(problem)))
  end
  return go_on(report)
end

--- A Canary is gone: no release of it is waited for.
---@param given { now: number, namespace: string, name: string }
---@return Report
function M.lose(given)
  local report, key = new_report(), given.namespace .. '/' .. given.name
  local watched = canaries[key]
  canaries[key] = nil
  ended[given.name] = options.names and true or ended[given.name]
  say(report, telling.trouble(given, given.now, 'it is gone'))
  if watched then
    break_off(report, watched, 'the Canary is gone')
  end
  return go_on(report)
end

local function time_of(event)
  return moments.parse(event.lastTimestamp) or moments.parse(event.eventTime) or math.huge
end

local WARNINGS_MAX = 20 -- more than a tick has; a Canary that never gets ready has one in each

local function keep_warning(warnings, warning)
  warnings[#warnings + 1] = warning
  if #warnings > WARNINGS_MAX then
    table.remove(warnings, 1)
  end
end

--- Flagger has told something of a Canary.
---@param event table
---@return Report
function M.hear(event)
  local of = event.involvedObject or {}
  local watched = canaries[('%s/%s'):format(of.namespace or '', of.name or '')]
  if watched and event.type == 'Warning' then
    local text = tostring(event.message or ''):gsub('^%(combined from similar events%): ', '')
    local warning, last = { at = time_of(event), text = text }, watched.last
    if last and not last.settled then
      last:hear(warning)
    else
      keep_warning(watched.warnings, warning)
    end
  end
  return go_on(new_report())
end

--- A question is answered, as operation `query` or `query_range` would have it.
---@param given { id: integer, answer: table }
---@return Report
function M.answer(given)
  local report, round = new_report(), asking[given.id]
  asking[given.id] = nil
  report.warnings[1] = trial:answer(given.id, given.answer)
  if round and round.decision.ask and round.decision.ask.id == given.id then
    round.decision:go_on(given.answer)
  end
  return go_on(report)
end

--- Rounds whose event does not come are settled without it.
---@param given { now: number }
---@return Report
function M.wake(given)
  for _, round in ipairs(open) do
    if given.now >= round.at + rounds.SETTLED_MS then
      round:settle()
    end
  end
  return go_on(new_report())
end

--- The last line, and the exit status. A round whose metric server has not answered so far is not compared.
---@param given { now: number }
---@return Report
function M.finish(given)
  local report = new_report()
  for _, round in ipairs(open) do
    round:abandon()
    conclude(report, round)
  end
  open = {}
  say(report, telling.sum(sums, releases, given.now))
  report.status = counts.status(sums)
  return report
end

return M

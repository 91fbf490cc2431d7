--- What dryrun and backtest draw with --html, of what they have played (tool.page).
local backtest_page = require 'tool.page.backtest'
local moments = require 'tool.record.moment'
local release_page = require 'tool.page.release'
local telling = require 'tool.backtest.telling'
local verdicts = require 'tool.record.verdict'

local M = {}

local CLASSES = { promoted = 'good', ['taken back'] = 'bad', undecided = 'unsure' }
local OUTCOMES = { promoted = 'promoted', ['taken back'] = 'taken back', ['held blind'] = 'held', undecided = 'held' }

--- A plan shows what is asked when: the values by which it is promoted are made up.
local function stage_events(played)
  local events = {}
  for i, stage in ipairs(played.stages) do
    events[i] = { at = stage.at, text = table.concat({ stage.what, unpack(stage.checks) }, ', ') }
  end
  return events
end

local function told_events(played)
  local events = {}
  for i, event in ipairs(played.events) do
    events[i] = { at = event.at, text = event.text, class = event.warning and 'unsure' or nil }
  end
  return events
end

--- The page of one release.
---@param title string
---@param played Release
---@param notes string[]
---@return string
function M.release(title, played, notes)
  local is_plan = played.stages ~= nil
  return release_page.write { title = title, notes = notes,
    outcome = { text = telling.ending(played), class = CLASSES[played.decision] },
    span = played.ended - played.began, weights = played.steps,
    checks = is_plan and {} or release_page.curves(played.checks, verdicts.measured),
    events = is_plan and stage_events(played) or told_events(played) }
end

local function strip_of(name, list, from)
  local releases = {}
  for i, one in ipairs(list) do
    local text = ('%s after %s'):format(one.outcome, moments.duration(one.lasted))
    releases[i] = { at = one.at - from, lasted = one.lasted, outcome = OUTCOMES[one.outcome],
      text = one.why and text .. ': ' .. one.why or text }
  end
  return { name = name, releases = releases }
end

--- The page of many.
---@param title string
---@param told { heads: table[], rows: table[], notes: string[] } what is told in the terminal
---@param rules RuleSet[]
---@param lists PlayedRelease[][] by rule
---@param bad { from: number, to: number }[]
---@return string
function M.backtest(title, told, rules, lists, bad)
  local from, to = math.huge, 0
  for _, list in ipairs(lists) do
    for _, one in ipairs(list) do
      from, to = math.min(from, one.at), math.max(to, one.at + one.lasted)
    end
  end
  local spans, sets = {}, {}
  for i, span in ipairs(bad) do
    spans[i] = { from = math.max(0, span.from - from), to = math.min(to, span.to) - from }
  end
  for i, rule in ipairs(rules) do
    sets[i] = strip_of(rule.name, lists[i], from)
  end
  return backtest_page.write { title = title, subtitle = ('%s to %s, UTC'):format(os.date('!%Y-%m-%d %H:%M',
    from / 1000), os.date('!%Y-%m-%d %H:%M', to / 1000)), notes = told.notes, span = to - from, heads = told.heads,
    rows = told.rows, bad = spans, sets = sets }
end

return M

--- What a back-test tells: the table of its sets of rules, what history cannot tell, and the same for programs.
local release = require 'tool.backtest.release'
local score = require 'tool.backtest.score'
local sluice = require 'sluice'
local telling = require 'tool.backtest.telling'

local M = {}

local function seen_text(one)
  if #one.bad == 0 then
    return '-'
  end
  local seen, tried, after = score.seen(one)
  local text = ('%d of %d'):format(seen, tried)
  if tried < #one.bad then
    text = text .. (' (%d not tried)'):format(#one.bad - tried)
  end
  return after and ('%s · %s'):format(text, telling.duration(after)) or text
end

local function alarm_text(one, has_bad)
  if not has_bad then
    return '-'
  end
  return ('%d (%.1f %%)'):format(one.false_alarms, one.good > 0 and one.false_alarms / one.good * 100 or 0)
end

---@param rules RuleSet[]
---@param scores Score[]
---@param has_bad boolean
function M.print(rules, scores, has_bad)
  local width = 0
  for _, rule in ipairs(rules) do
    width = math.max(width, #rule.name)
  end
  local undecided = 0
  for _, one in ipairs(scores) do
    undecided = undecided + one.undecided
  end
  local form = '%-' .. width .. 's  %8s  %10s  %10s  ' .. (undecided > 0 and '%9s  ' or '%s') .. '%12s  %s'
  print(form:format('', 'promoted', 'taken back', 'held blind', undecided > 0 and 'undecided' or '', 'false alarms',
    'bad seen after'))
  for i, rule in ipairs(rules) do
    local one = scores[i]
    local line = form:format(rule.name, one.promoted, one.taken_back, one.held_blind,
      undecided > 0 and one.undecided or '', alarm_text(one, has_bad),
      seen_text(one))
    print((rule.differs and ('%s  <- with %s'):format(line, rule.differs) or line):match '^(.-)%s*$')
  end
end

--- What history cannot tell, sentences.
---@param history History
---@param rules RuleSet[]
---@return string[]
function M.remarks(history, rules)
  local list = {}
  if history.share then
    list[#list + 1] = ('a share of the Pods stood for the canary: %g %% of those with the label %s when a release '
      .. 'began'):format(history.share * 100, history.by)
  else
    list[#list + 1] = 'history had no canary then: the same traffic was judged whole, and a comparison with the '
      .. 'primary compares it with itself; --canary-share 10% --by pod takes one pod in ten instead'
  end
  local said = {}
  local function add(text)
    list[#list + 1] = not said[text] and text or nil
    said[text] = true
  end
  for _, rule in ipairs(rules) do
    if #rule.setting.hooks > 0 then
      add(('%s taken to agree'):format(telling.count(#rule.setting.hooks, 'webhook was', 'webhooks were')))
    end
    for _, note in ipairs(rule.setting.notes) do
      add(note)
    end
  end
  for _, note in ipairs(history.recording.notes) do
    list[#list + 1] = note
  end
  return list
end

--- The same for programs (docs/backtest.md).
---@param rules RuleSet[]
---@param scores Score[]
---@param lists PlayedRelease[][]
---@param counts { answers: integer, evaluated: integer, seconds: number, series: integer }
---@param notes string[]
---@return table
function M.document(rules, scores, lists, counts, notes)
  local document = { version = 1, answers = counts.answers, evaluated = counts.evaluated, seconds = counts.seconds,
    series = counts.series, notes = sluice.list(notes), rules = sluice.list {} }
  for i, rule in ipairs(rules) do
    local one, releases = scores[i], sluice.list {}
    for j, each in ipairs(lists[i]) do
      releases[j] = { at = release.moment(each.at), lasted = each.lasted, outcome = each.outcome, why = each.why,
        weight = each.weight }
    end
    local bad = sluice.list {}
    for j, span in ipairs(one.bad) do
      bad[j] = { from = release.moment(span.from), to = release.moment(span.to), tried = span.tried, seen = span.seen,
        after = span.after }
    end
    document.rules[i] = { name = rule.name, differs = rule.differs, promoted = one.promoted,
      takenBack = one.taken_back,
      heldBlind = one.held_blind, undecided = one.undecided, good = one.good, falseAlarms = one.false_alarms,
      bad = bad, releases = releases }
  end
  return document
end

return M

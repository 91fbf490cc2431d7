--- What a back-test tells: the table of its sets of rules, what history cannot tell, and the same for programs.
local readable = require 'tool.readable'
local moments = require 'tool.record.moment'
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
  return after and ('%s · %s'):format(text, moments.duration(after)) or text
end

local function alarm_text(one, has_bad)
  if not has_bad then
    return '-'
  end
  return ('%d (%.1f %%)'):format(one.false_alarms, one.good > 0 and one.false_alarms / one.good * 100 or 0)
end

--- The columns behind the names of the rules. `undecided` is shown where a release is.
local COLUMNS = {
  { head = 'promoted', width = 8, text = function(one) return one.promoted end },
  { head = 'taken back', width = 10, text = function(one) return one.taken_back end },
  { head = 'held blind', width = 10, text = function(one) return one.held_blind end },
  { head = 'undecided', width = 9, text = function(one) return one.undecided end, is_rare = true },
  { head = 'false alarms', width = 12, text = alarm_text },
  { head = 'bad seen after', width = 0, text = seen_text },
}

--- The table as texts: a row of heads, and one for each set of rules.
---@param rules RuleSet[]
---@param scores Score[]
---@param has_bad boolean
---@return { text: string, number: boolean }[] heads
---@return { cells: string[], differs: string? }[] rows
function M.rows(rules, scores, has_bad)
  local undecided = 0
  for _, one in ipairs(scores) do
    undecided = undecided + one.undecided
  end
  local heads, rows = { { text = '', number = false, width = 0 } }, {}
  for i, rule in ipairs(rules) do
    heads[1].width = math.max(heads[1].width, #rule.name)
    rows[i] = { cells = { rule.name }, differs = rule.differs }
  end
  for _, column in ipairs(COLUMNS) do
    if not column.is_rare or undecided > 0 then
      heads[#heads + 1] = { text = column.head, number = column.width > 0, width = column.width }
      for i, one in ipairs(scores) do
        table.insert(rows[i].cells, tostring(column.text(one, has_bad)))
      end
    end
  end
  return heads, rows
end

---@param rules RuleSet[]
---@param scores Score[]
---@param has_bad boolean
function M.print(rules, scores, has_bad)
  local heads, rows = M.rows(rules, scores, has_bad)
  local function line(texts)
    local parts = {}
    for i, head in ipairs(heads) do
      parts[i] = ('%' .. (head.number and '' or '-') .. head.width .. 's'):format(texts[i])
    end
    return table.concat(parts, '  ')
  end
  local titles = {}
  for i, head in ipairs(heads) do
    titles[i] = head.text
  end
  print((line(titles):match '^(.-)%s*$'))
  for _, row in ipairs(rows) do
    local text = line(row.cells)
    print(readable((row.differs and ('%s  <- with %s'):format(text, row.differs) or text):match '^(.-)%s*$'))
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
      releases[j] = { at = moments.text(each.at), lasted = each.lasted, outcome = each.outcome, why = each.why,
        weight = each.weight }
    end
    local bad = sluice.list {}
    for j, span in ipairs(one.bad) do
      bad[j] = { from = moments.text(span.from), to = moments.text(span.to), tried = span.tried, seen = span.seen,
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

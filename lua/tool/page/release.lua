--- The page of one release: the canary's share and the curve of each check against its bounds over the same time, and
--- what happened in a table.
local document = require 'tool.page.document'
local figure = require 'tool.page.figure'
local scale = require 'tool.page.scale'

local M = {}

---@class ReleasePage
---@field title string 'podinfo.test'
---@field subtitle string? 'canary · podinfo:1 → podinfo:2'
---@field outcome { text: string, class: 'good'|'bad'|'unsure' }?
---@field notes string[]?
---@field span integer ms from its beginning to its end
---@field weights { at: integer, weight: number }[] by time; percent, holds until the next one
---@field checks ReleaseCheck[]
---@field events { at: integer, text: string, class: 'bad'|'unsure'|nil }[] by time

---@class ReleaseCheck
---@field name string
---@field unit string?
---@field min number?
---@field max number?
---@field points { at: integer, value: number?, verdict: 'pass'|'fail'|'blind', text: string? }[] by time

local CLASSES = { fail = 'bad', blind = 'unsure' }

local function bounds_text(check)
  local unit, parts = check.unit and check.unit ~= '' and ' ' .. check.unit or '', {}
  parts[#parts + 1] = check.min and ('at least %s%s'):format(scale.number(check.min), unit) or nil
  parts[#parts + 1] = check.max and ('at most %s%s'):format(scale.number(check.max), unit) or nil
  return #parts > 0 and table.concat(parts, ', ') or nil
end

local function figures_of(page, span)
  local points = {}
  for i, step in ipairs(page.weights) do
    points[i] = { at = step.at, value = step.weight }
  end
  local figures = { figure.draw { title = 'share of the canary', note = 'percent', span = span, points = points,
    stepped = true, low = 0, high = 100 } }
  for i, check in ipairs(page.checks) do
    figures[i + 1] = figure.draw { title = check.name, note = bounds_text(check), span = span, points = check.points,
      min = check.min, max = check.max }
  end
  return figures
end

--- What happened and what was decided, by time; what was measured before what came of it.
local function rows_of(page)
  local rows = {}
  local function add(at, name, text, class)
    rows[#rows + 1] = { at = at, order = #rows, class = class, cells = { scale.clock(at), name, text } }
  end
  for _, check in ipairs(page.checks) do
    for _, point in ipairs(check.points) do
      local value = point.value and scale.number(point.value) or 'no value'
      add(point.at, ('%s %s'):format(point.verdict, check.name), point.text or value, CLASSES[point.verdict])
    end
  end
  for _, event in ipairs(page.events) do
    add(event.at, '', event.text, event.class)
  end
  table.sort(rows, function(a, b)
    return a.at < b.at or (a.at == b.at and a.order < b.order)
  end)
  return rows
end

--- The curves of evidence, in the order in which it was asked for first.
---@param evidence table[] of a Release; `at`: ms since it began
---@param text fun(one: table): string of one, for people
---@return ReleaseCheck[]
function M.curves(evidence, text)
  local curves, by_name = {}, {}
  for _, one in ipairs(evidence) do
    local name = one.metric or one.hook or '?'
    local curve = by_name[name]
    if not curve then
      curve = { name = name, unit = one.unit, min = one.min, max = one.max, points = {} }
      curves[#curves + 1], by_name[name] = curve, curve
    end
    curve.points[#curve.points + 1] = { at = one.at, value = tonumber(one.value), verdict = one.verdict,
      text = text(one) }
  end
  return curves
end

---@param page ReleasePage
---@return string
function M.write(page)
  local span = math.max(page.span, 1000)
  return document.write({ title = page.title, subtitle = page.subtitle, outcome = page.outcome, notes = page.notes,
    span = span }, figures_of(page, span),
    document.rows({ { text = 'time', number = true }, { text = '' }, { text = 'what' } }, rows_of(page)))
end

return M

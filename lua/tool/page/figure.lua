--- Figures of a page: what changed over time, as curves that a reader sees without scripts, at any width.
---
--- The curve is SVG that is stretched to the width that is there; what must not be stretched (points, numbers) is HTML
--- that stands at percentages of it.
local html = require 'tool.page.html'
local scale = require 'tool.page.scale'

local M = {}

local TIMES, VALUES = 5, 3

--- With more of them the curve alone is drawn: points would hide it.
local POINTS_MAX = 400

---@class FigurePoint
---@field at integer ms since the beginning
---@field value number? nil: there was none
---@field verdict 'pass'|'fail'|'blind'|nil

---@class Figure
---@field title string
---@field note string? beside the title
---@field span integer ms, above 0: all figures of a page have the same
---@field points FigurePoint[] by time
---@field stepped boolean? a value holds until the next one
---@field min number? the lowest good value
---@field max number? the highest good value
---@field low number? where the axis begins and ends; without them it holds all values and bounds
---@field high number?

local function percent(value)
  return ('%.3f%%'):format(value)
end

local function range_of(figure)
  if figure.low then
    return figure.low, figure.high
  end
  local values = {}
  values[#values + 1] = figure.min
  values[#values + 1] = figure.max
  for _, point in ipairs(figure.points) do
    values[#values + 1] = point.value
  end
  return scale.range(values)
end

--- The path of a curve in a field of 100 by 100; a missing value is a gap.
local function path_of(figure, low, high)
  local parts, last = {}, nil
  for _, point in ipairs(figure.points) do
    local value = point.value
    if value and value == value then
      local x = scale.percent(point.at, 0, figure.span)
      local y = 100 - scale.percent(value, low, high)
      if last and figure.stepped then
        parts[#parts + 1] = ('L%.3f %.3f'):format(x, last)
      end
      parts[#parts + 1] = ('%s%.3f %.3f'):format(last and 'L' or 'M', x, y)
      last = y
    else
      last = nil
    end
  end
  if last and figure.stepped then
    parts[#parts + 1] = ('L100 %.3f'):format(last)
  end
  return table.concat(parts, ' ')
end

--- What a bound forbids, and its line.
local function bound_of(bound, is_max, low, high)
  if not bound then
    return {}
  end
  local y = 100 - scale.percent(bound, low, high)
  local top, height = is_max and 0 or y, is_max and y or 100 - y
  return {
    html.element('rect', { class = 'forbidden', x = 0, y = ('%.3f'):format(top), width = 100,
      height = ('%.3f'):format(height) }),
    html.element('path', { class = 'bound', d = ('M0 %.3f L100 %.3f'):format(y, y) }),
  }
end

--- A value that is missing has its point on the ground.
local function points_of(figure, low, high)
  local points = {}
  if figure.stepped or #figure.points > POINTS_MAX then
    return points
  end
  for i, point in ipairs(figure.points) do
    local known = point.value and point.value == point.value
    local top = known and 100 - scale.percent(point.value, low, high) or 100
    points[i] = html.element('i', {
      class = 'point ' .. (point.verdict or 'pass'),
      style = ('left:%s;top:%s'):format(percent(scale.percent(point.at, 0, figure.span)), percent(top)),
    })
  end
  return points
end

local function labels_of(figure, low, high)
  local labels, bounds = {}, {}
  bounds[#bounds + 1] = figure.min
  bounds[#bounds + 1] = figure.max
  for _, value in ipairs(scale.labelled(low, high, VALUES, bounds)) do
    labels[#labels + 1] = html.element('b', { class = 'value',
      style = 'top:' .. percent(100 - scale.percent(value, low, high)) }, scale.number(value))
  end
  for _, at in ipairs(scale.times(figure.span, TIMES)) do
    labels[#labels + 1] = html.element('b', { class = 'time',
      style = 'left:' .. percent(scale.percent(at, 0, figure.span)) }, scale.clock(at))
  end
  return labels
end

--- A frame over time: `drawn` is SVG of 100 by 100, `placed` is HTML at percentages of it.
---@param title string
---@param note string?
---@param drawn (Html|Html[])[]
---@param placed (Html|Html[])[]
---@param class string? of the area, beside its own
---@return Html
function M.frame(title, note, drawn, placed, class)
  return html.element('figure', {},
    html.element('figcaption', {}, title, note and { ' ', html.element('small', {}, note) } or {}),
    html.element('div', { class = class and 'area ' .. class or 'area', tabindex = 0, role = 'img',
      ['aria-label'] = title .. (note and ', ' .. note or '') .. '; the arrow keys tell what was decided' },
      html.element('svg', { viewBox = '0 0 100 100', preserveAspectRatio = 'none', ['aria-hidden'] = 'true' }, drawn),
      placed))
end

---@param figure Figure
---@return Html
function M.draw(figure)
  local low, high = range_of(figure)
  return M.frame(figure.title, figure.note, {
    bound_of(figure.min, false, low, high),
    bound_of(figure.max, true, low, high),
    html.element('path', { class = figure.stepped and 'curve share' or 'curve', d = path_of(figure, low, high) }),
  }, { points_of(figure, low, high), labels_of(figure, low, high) })
end

--- The times below a frame that has no values.
---@param span integer ms
---@return Html[]
function M.times(span)
  local labels = {}
  for i, at in ipairs(scale.times(span, TIMES)) do
    labels[i] = html.element('b', { class = 'time', style = 'left:' .. percent(scale.percent(at, 0, span)) },
      scale.clock(at))
  end
  return labels
end

return M

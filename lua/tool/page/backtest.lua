--- The page of a back-test: of each rule set a strip with what would have become of each release, over the time that
--- was played, and the table of all of them.
local document = require 'tool.page.document'
local figure = require 'tool.page.figure'
local html = require 'tool.page.html'
local scale = require 'tool.page.scale'

local M = {}

---@class BacktestPage
---@field title string
---@field subtitle string?
---@field notes string[]?
---@field span integer ms that were played
---@field heads { text: string, number: boolean? }[] of the table
---@field rows { cells: string[] }[]
---@field bad { from: integer, to: integer }[] spans that are known to be bad, ms since the beginning
---@field sets { name: string, releases: BacktestRelease[] }[]

---@class BacktestRelease
---@field at integer ms since the beginning: when it began
---@field lasted integer ms
---@field outcome 'promoted'|'taken back'|'held'
---@field text string what is told of it

local function place(at, span)
  return ('%.3f'):format(scale.percent(at, 0, span))
end

local function bad_spans(page)
  local spans = {}
  for i, bad in ipairs(page.bad) do
    spans[i] = html.element('rect', { class = 'forbidden', x = place(bad.from, page.span), y = -20,
      width = place(bad.to - bad.from, page.span), height = 140 })
  end
  return spans
end

--- How high each stands, so that no reader depends on colours.
local HEIGHTS = { promoted = 35, held = 65, ['taken back'] = 100 }

--- With more of them there is no room for gaps.
local APART_MAX = 120

--- A release is as wide as the time until the next one begins, so that a short one can be seen.
local function releases_of(set, span)
  local shown, part = {}, #set.releases > APART_MAX and 1 or 0.9
  for i, release in ipairs(set.releases) do
    local following, height = set.releases[i + 1], HEIGHTS[release.outcome]
    local ends = following and following.at or math.min(span, release.at + math.max(release.lasted, span / 100))
    shown[i] = html.element('rect', { class = release.outcome:gsub(' ', '-'), x = place(release.at, span),
      y = 100 - height, width = place((ends - release.at) * part, span), height = height,
      ['data-at'] = ('%d'):format(release.at),
      ['data-tell'] = ('%s  %s: %s'):format(scale.clock(release.at), set.name, release.text) })
  end
  return shown
end

---@param page BacktestPage
---@return string
function M.write(page)
  local strips = {}
  for i, set in ipairs(page.sets) do
    strips[i] = figure.frame(set.name, nil, { bad_spans(page), releases_of(set, page.span) }, figure.times(page.span),
      'strip')
  end
  return document.write({ title = page.title, subtitle = page.subtitle, notes = page.notes, span = page.span,
    hint = 'Low: promoted, half: held, high: taken back; of each under the cursor, or with the arrow keys.' },
    document.rows(page.heads, page.rows), strips)
end

return M

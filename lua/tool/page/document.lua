--- A page in one file: nothing is loaded from anywhere, light and dark follow the reader, and it says all of it without
--- its script. The script shows what was decided at the time under the cursor.
local html = require 'tool.page.html'

local M = {}

local STYLE = [[
:root { color-scheme: light dark; --ground: #fff; --ink: #1b2126; --faint: #5d6870; --line: #d5dbe0; --curve: #1668a8;
  --share: #1668a826; --good: #1a7f43; --bad: #c3232b; --blind: #8a6100; --forbidden: #c3232b14; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181c; --ink: #e4e9ed; --faint: #98a4ad; --line: #343c43;
  --curve: #6db5f2; --share: #6db5f226; --good: #5fce8b; --bad: #ff7b7f; --blind: #e3b341; --forbidden: #ff7b7f1f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
.subtitle, small, .axis-note { color: var(--faint); }
.subtitle { margin: .1rem 0 1rem; overflow-wrap: anywhere; }
.outcome { font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); } .unsure { color: var(--blind); }
figure { margin: 0 0 2.4rem; }
figcaption { font-weight: 600; margin-bottom: .3rem; overflow-wrap: anywhere; }
.area { position: relative; height: 8rem; margin-left: 3.4rem; border: solid var(--line); border-width: 0 0 1px 1px; }
.area.strip { height: 2.2rem; }
.area:focus-visible { outline: 2px solid var(--curve); outline-offset: 2px; }
svg { display: block; width: 100%; height: 100%; overflow: visible; }
svg path { fill: none; vector-effect: non-scaling-stroke; }
.curve { stroke: var(--curve); stroke-width: 2; }
.bound { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 5 4; }
.forbidden { fill: var(--forbidden); }
rect.promoted { fill: var(--good); } rect.taken-back { fill: var(--bad); } rect.held { fill: var(--blind); }
.area b { position: absolute; font-weight: 400; font-size: .75rem; color: var(--faint); white-space: nowrap; }
.area b.value { right: 100%; transform: translateY(-50%); padding-right: .4rem; }
.area b.time { top: 100%; transform: translateX(-50%); padding-top: .2rem; }
.point { position: absolute; width: 9px; height: 9px; margin: -4.5px; background: var(--good); border-radius: 50%; }
.point.fail { background: var(--bad); border-radius: 0; transform: rotate(45deg); }
.point.blind { background: var(--ground); border: 2px solid var(--blind); }
.cursor { position: absolute; top: 0; bottom: 0; width: 0; border-left: 1px solid var(--ink); pointer-events: none; }
#now { position: sticky; bottom: 0; padding: .5rem 0; background: var(--ground); border-top: 1px solid var(--line);
  min-height: 2.6rem; }
.rows { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.now { background: var(--share); }
rect.now { stroke: var(--ink); stroke-width: 2; vector-effect: non-scaling-stroke; }
@media (max-width: 30rem) { .area { height: 6.5rem; margin-left: 2.8rem; } th, td { padding-right: .5rem; } }
@media print { #now { display: none; } }
]]

--- data-at of an element is its time in ms; data-tell is what is said of it (without it: its text).
local SCRIPT = [[
'use strict';
(() => {
  const span = Number(document.body.dataset.span), now = document.getElementById('now');
  const areas = [...document.querySelectorAll('.area')];
  const within = part => [...part.querySelectorAll('[data-at]')].sort((a, b) => a.dataset.at - b.dataset.at);
  const all = within(document);
  const cursors = areas.map(area => area.appendChild(document.createElement('i')));
  for (const cursor of cursors) cursor.className = 'cursor';
  let told = all, at = -1;
  const show = (list, index, share) => {
    if (told[at]) told[at].classList.remove('now');
    told = list;
    at = Math.max(0, Math.min(told.length - 1, index));
    if (!told[at]) return;
    told[at].classList.add('now');
    now.textContent = told[at].dataset.tell || [...told[at].children].map(cell => cell.textContent).join('  ');
    for (const cursor of cursors) cursor.style.left = (share ?? told[at].dataset.at / span) * 100 + '%';
  };
  for (const area of areas) {
    const own = within(area), list = own.length ? own : all;
    area.addEventListener('pointermove', event => {
      const box = area.getBoundingClientRect();
      const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
      show(list, list.findLastIndex(one => one.dataset.at <= share * span), share);
    });
    area.addEventListener('keydown', event => {
      const step = {ArrowRight: 1, ArrowLeft: -1, Home: -list.length, End: list.length}[event.key];
      if (step) { show(list, (list === told ? at : -1) + step); event.preventDefault(); }
    });
  }
})();
]]

---@class Document
---@field title string
---@field subtitle string?
---@field outcome { text: string, class: 'good'|'bad'|'unsure' }?
---@field notes string[]? below the heading, a paragraph each
---@field span integer ms, above 0: what the width of every figure stands for
---@field hint string? what the cursor tells

--- The text of a page with these parts in it.
---@param document Document
---@param ... Html|Html[]
---@return string
function M.write(document, ...)
  local element, outcome, notes = html.element, document.outcome, {}
  for i, note in ipairs(document.notes or {}) do
    notes[i] = element('p', {}, note)
  end
  return '<!doctype html>\n' .. element('html', { lang = 'en' },
    element('head', {},
      element('meta', { charset = 'utf-8' }),
      element('meta', { name = 'viewport', content = 'width=device-width, initial-scale=1' }),
      element('title', {}, document.title .. (outcome and ': ' .. outcome.text or '')),
      element('style', {}, html.raw(STYLE))),
    element('body', { ['data-span'] = ('%d'):format(document.span) },
      element('h1', {}, document.title),
      element('p', { class = 'subtitle' }, document.subtitle or {},
        outcome and { ' ', element('span', { class = 'outcome ' .. outcome.class }, outcome.text) } or {}),
      notes,
      { ... },
      element('p', { id = 'now', ['aria-live'] = 'polite' },
        document.hint or 'What was decided: under the cursor, or with the arrow keys in a figure.'),
      element('script', {}, html.raw(SCRIPT)))).html .. '\n'
end

---@param heads { text: string, number: boolean? }[]
---@param rows { cells: (string|Html)[], at: integer?, class: string? }[]
---@return Html
function M.rows(heads, rows)
  local function cells_of(name, texts)
    local cells = {}
    for i, text in ipairs(texts) do
      cells[i] = html.element(name, { class = heads[i].number and 'number' or false }, text)
    end
    return cells
  end
  local titles, lines = {}, {}
  for i, head in ipairs(heads) do
    titles[i] = head.text
  end
  for i, row in ipairs(rows) do
    lines[i] = html.element('tr', { ['data-at'] = row.at and ('%d'):format(row.at) or false,
      class = row.class or false }, cells_of('td', row.cells))
  end
  return html.element('div', { class = 'rows' }, html.element('table', {},
    html.element('thead', {}, html.element('tr', {}, cells_of('th', titles))), html.element('tbody', {}, lines)))
end

return M

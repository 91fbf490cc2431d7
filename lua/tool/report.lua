--- What sluice test tells: lines for people as specs end, one JSON object for programs, JUnit's XML for CI.
local columns = require 'tool.columns'
local sluice = require 'sluice'

local M = {}

local COLUMNS = 78 -- where the seconds end

---@class Report
---@field options table
local Report = {}
Report.__index = Report

function Report:say(format, ...)
  if not self.options.json then
    io.write(select('#', ...) > 0 and format:format(...) or format, '\n')
    io.flush()
  end
end

local function indented(text, by)
  return (('\n' .. text):gsub('\n', '\n' .. (' '):rep(by)):sub(2))
end

function Report:block(name, depth)
  self:say((' '):rep(depth * 2) .. name)
end

--- On a terminal, what runs now; its result takes the place.
function Report:begin(name, depth)
  if self.options.terminal and not self.options.json then
    io.write('\r\027[K', (' '):rep(depth * 2), '· ', name)
    io.flush()
  end
end

local MARKS = { passed = '✓', failed = '✗', pending = '–' }

function Report:result(result, depth)
  if self.options.terminal and not self.options.json then
    io.write '\r\027[K'
  end
  local head = ('%s%s %s'):format((' '):rep(depth * 2), MARKS[result.status], result.title)
  local blanks = math.max(1, COLUMNS - columns.width(head) - 7)
  self:say('%s%s%.2f s', head, (' '):rep(blanks), result.seconds)
  if result.message and result.message ~= '' then
    self:say(indented(result.message, depth * 2 + 2))
  end
  for _, line in ipairs(result.story or {}) do
    self:say(indented(line, depth * 2 + 4))
  end
  if result.status == 'failed' then
    local name = result.name:gsub("'", "'\\''") -- as a shell takes it
    self:say(indented(("again: sluice test %s --filter '%s'"):format(result.file, name), depth * 2 + 4))
    if result.walk then
      self:say('%s', indented('again, with a line of its own each word: ' .. result.walk, depth * 2 + 4))
    end
  end
end

local function sum(results)
  local sums = { passed = 0, failed = 0, pending = 0, kills = 0, same = 0, lines = 0, ran = 0 }
  for _, result in ipairs(results) do
    sums[result.status] = sums[result.status] + 1
    sums.kills = sums.kills + (result.kills or 0)
    sums.same = sums.same + (result.same or 0)
  end
  return sums
end

local function share(ran, lines)
  return lines == 0 and 100 or math.floor(ran / lines * 100)
end

local function coverage_text(covered, sums)
  if sums.lines == 0 then
    return ''
  end
  local parts = {}
  for _, script in ipairs(covered) do
    parts[#parts + 1] = script.missed ~= '' and script.file .. ' ' .. script.missed or nil
  end
  return (' · %d of %d lines ran (%d %%)%s'):format(sums.ran, sums.lines, share(sums.ran, sums.lines),
    parts[1] and ': ' .. table.concat(parts, '; ') or '')
end

-- JUnit -----------------------------------------------------------------------------------------

local ENTITIES = { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;' }

local function escape(text)
  return (text:gsub('[&<>"]', ENTITIES))
end

local function junit_case(result)
  local head = ('    <testcase classname="%s" name="%s" file="%s" line="%d" time="%.3f"'):format(
    escape(result.file:gsub('%.lua$', '')), escape(result.name), escape(result.file), result.line, result.seconds)
  if result.status == 'passed' then
    return head .. '/>'
  elseif result.status == 'pending' then
    return head .. '><skipped/></testcase>'
  end
  local text = result.message .. (result.story and '\n' .. table.concat(result.story, '\n') or '')
  return ('%s>\n      <failure message="%s">%s</failure>\n    </testcase>'):format(head, escape(result.message),
    escape(text))
end

local function junit(results, sums)
  local lines, seconds = {}, 0
  for _, result in ipairs(results) do
    seconds = seconds + result.seconds
    lines[#lines + 1] = junit_case(result)
  end
  return ('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite name="sluice test" tests="%d" '
    .. 'failures="%d" skipped="%d" time="%.3f">\n%s\n  </testsuite>\n</testsuites>\n'):format(#results, sums.failed,
    sums.pending, seconds, table.concat(lines, '\n'))
end

-- The end ---------------------------------------------------------------------------------------

local function document(results, covered, sums, interrupted)
  local specs, scripts = sluice.list {}, sluice.list {}
  for i, result in ipairs(results) do
    specs[i] = { name = result.name, file = result.file, line = result.line, status = result.status,
      seconds = result.seconds, message = result.message, kills = result.kills, same = result.same,
      story = result.story and sluice.list(result.story) }
  end
  for i, script in ipairs(covered) do
    scripts[i] = script
  end
  return { version = 1, passed = sums.passed, failed = sums.failed, pending = sums.pending, kills = sums.kills,
    same = sums.same, lines = sums.lines, ran = sums.ran, interrupted = interrupted or false, specs = specs,
    scripts = scripts }
end

--- The last lines, and the exit status.
function Report:finish(results, covered, interrupted)
  local sums, options = sum(results), self.options
  for _, script in ipairs(covered) do
    sums.lines, sums.ran = sums.lines + script.lines, sums.ran + script.ran
  end
  if sums.kills > 0 then
    self:say('  killed at every word: %d of %d end the same', sums.same, sums.kills)
  end
  self:say('%d passed, %d failed%s%s', sums.passed, sums.failed,
    sums.pending > 0 and (', %d pending'):format(sums.pending) or '', coverage_text(covered, sums))
  local status = sums.failed > 0 and 1 or 0
  if options.coverage and share(sums.ran, sums.lines) < options.coverage then
    self:say('fewer lines ran than --coverage %d wants', options.coverage)
    status = 1
  end
  if #results == 0 and not options.filter and not options.fail_on_empty then
    self:say('no spec ran: specs are in files NAME_spec.lua, as it(…, function() … end)')
  end
  if options.fail_on_empty and #results == sums.pending then
    self:say('no spec ran (--fail-on-empty)')
    status = 1
  end
  if interrupted then
    self:say('interrupted')
    status = 130
  end
  return { status = status, junit = junit(results, sums),
    document = options.json and document(results, covered, sums, interrupted) or nil }
end

---@param options table of tool.runner
---@return Report
function M.new(options)
  return setmetatable({ options = options }, Report)
end

return M

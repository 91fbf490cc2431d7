--- sluice test: runs spec files in embedded clusters and virtual time, each spec once undisturbed and once with a
--- `kill -9` of the engine at every word of its releases, which must end the same.
local coverage = require 'tool.coverage'
local expect = require 'tool.expect'
local process = require 'tool.process'
local readable = require 'tool.readable'
local report = require 'tool.report'
local retrace = require 'tool.retrace'
local sluice = require 'sluice'
local suites = require 'tool.suite'

local M = {}

jit.off() -- machine code looks at no hook, by which Ctrl-C comes

local NO_KILLS = '#no-kills' -- in the name of a spec

---@class Result
---@field name string
---@field file string
---@field line integer
---@field status 'passed'|'failed'|'pending'
---@field seconds number
---@field message string?
---@field story string[]?
---@field walk string? the command that walks through the same
---@field kills integer? how many deaths were tried, each at another word
---@field same integer? after how many of them it ended the same

---@class Runner
---@field worlds AuthorWorld[] of the attempt that is under way
---@field plan table<integer, table>? kills of each world

-- One attempt -----------------------------------------------------------------------------------

--- Keeps the line of the spec at which it was raised.
local function handler(file)
  return function(raised)
    if not raised then
      return debug.traceback(('an error that is %s'):format(tostring(raised)), 2)
    elseif type(raised) ~= 'table' or not raised.expectation then
      return type(raised) == 'string' and debug.traceback(raised, 2) or raised
    end
    for level = 2, 30 do
      local info = debug.getinfo(level, 'Sl')
      if info and info.source == '@' .. file then
        raised.place = raised.place or info.currentline
        break
      end
    end
    return raised
  end
end

local function close_worlds(worlds)
  for _, kept in ipairs(worlds) do
    pcall(kept.world.close, kept.world)
  end
end

--- All functions in a row; the first thing that one of them raised.
local function call_all(functions, file)
  for _, f in ipairs(functions) do
    local ok, raised = xpcall(f, handler(file))
    if not ok then
      return raised
    end
  end
end

local function hooks_of(blocks, name, inner_first)
  local list = {}
  for i = 1, #blocks do
    for _, f in ipairs(blocks[inner_first and #blocks + 1 - i or i][name]) do
      list[#list + 1] = f
    end
  end
  return list
end

--- Runs the body of a spec with what is before and after it; what it raised.
local function attempt(self, spec, reader, plan)
  local blocks = suites.blocks(spec.block)
  self.worlds, self.plan, reader.finally, reader.running = {}, plan, {}, true
  local raised = call_all(hooks_of(blocks, 'before_each'), spec.file)
  if not raised then
    raised = call_all({ spec.body }, spec.file)
  end
  local ends = {}
  for i, kept in ipairs(self.worlds) do
    local ok, outcome = pcall(M.outcome, kept)
    kept.ended_ms = ok and kept.world:now() or nil
    ends[i] = ok and outcome or { outcome }
    raised = raised or ok and outcome.broken and 'the engine did what it must not: ' .. outcome.broken or nil
  end
  for _, closing in ipairs { reader.finally, hooks_of(blocks, 'after_each', true) } do
    local later = call_all(closing, spec.file)
    if not raised or later and type(raised) == 'table' and raised.pending then
      raised = later -- else it only follows from what was raised first
    end
  end
  reader.running = false
  local worlds = self.worlds
  close_worlds(worlds)
  coverage.collect()
  return raised, ends, worlds
end

-- What must be the same -------------------------------------------------------------------------

--- Texts of events without what depends on the moment.
local function calm(text)
  return (text:gsub('%d+%.?%d*', 'N'))
end

--- What a world is at the end of a spec, as lines.
function M.outcome(kept)
  local lines, seen = {}, {}
  for _, canary in ipairs(kept.canaries) do
    local name = canary.namespace .. '/' .. canary.name
    lines[#lines + 1] = ('%s: phase %s, primary %s'):format(name, kept.phases[name] or '-',
      tostring(kept.world:primary(name)))
    lines[#lines + 1] = ('%s: last release %s'):format(name, kept.states[kept.last_release[name] or ''] or '-')
  end
  for _, step in ipairs(kept.steps) do
    lines[#lines + 1] = 'share ' .. step
  end
  for _, event in ipairs(kept.told) do
    local text = calm(event.text)
    if not seen[text] and not text:find ' not ready: ' then
      seen[text] = true
      lines[#lines + 1] = 'event ' .. text
    end
  end
  lines.broken = kept.world:broken()
  return lines
end

local function difference(wanted, got)
  for i = 1, math.max(#wanted, #got) do
    if wanted[i] ~= got[i] then
      return ('without it: %s; with it: %s'):format(wanted[i] or 'nothing more', got[i] or 'nothing more')
    end
  end
end

-- Messages --------------------------------------------------------------------------------------

--- A line of what `sluice` has in Lua says nothing to an author, whose own is in the traceback.
local OWN_PLACE = '^tool/[%w_/]+%.lua:%d+: '

local function message_of(spec, raised)
  if type(raised) == 'table' and raised.expectation then
    return ('%s:%d: %s'):format(spec.file, raised.place or spec.line, raised.expectation)
  elseif type(raised) == 'string' then
    local text = (raised:match '^(.-)\nstack traceback' or raised):gsub(OWN_PLACE, '')
    if not text:find('^' .. spec.file:gsub('%p', '%%%0')) then
      local line = raised:match(spec.file:gsub('%p', '%%%0') .. ':(%d+)')
      text = ('%s:%s: %s'):format(spec.file, line or spec.line, text)
    end
    return text
  end
  return ('%s:%d: an error that is no text: %s'):format(spec.file, spec.line, expect.show(raised))
end

local function story_of(worlds)
  local lines = {}
  for i, kept in ipairs(worlds) do
    if #worlds > 1 then
      lines[#lines + 1] = ('world %d (%s)'):format(i, kept.file)
    end
    for _, line in ipairs(kept.story) do
      lines[#lines + 1] = line
    end
  end
  return lines
end

-- A spec ----------------------------------------------------------------------------------------

--- What is different when the engine dies so; nil: nothing.
local function with_kills(self, spec, reader, plan, ends)
  local raised, others, worlds = attempt(self, spec, reader, plan)
  if process.interrupted() then
    return nil, worlds
  end
  if raised then
    return message_of(spec, raised), worlds
  end
  for i, wanted in ipairs(ends) do
    local differs = difference(wanted, others[i] or {})
    if plan[i] and worlds[i] and worlds[i].killed == 0 then
      return ('%s:%d: the engine lived on'):format(spec.file, spec.line), worlds
    end
    if differs then
      return ('%s:%d: it ends otherwise: %s'):format(spec.file, spec.line, differs), worlds
    end
  end
  return nil, worlds
end

--- One death after the other, each in a run of its own: what is different first, and after how many it was not.
local function kill_one_by_one(self, spec, reader, counts, ends)
  local first, story
  local tried, same = 0, 0
  for i, count in ipairs(counts) do
    for at = 1, count do
      local wrong, worlds = with_kills(self, spec, reader, { [i] = { at = at } }, ends)
      tried, same = tried + 1, same + (wrong and 0 or 1)
      if wrong and not first then
        first, story = ('%s (killed at word %d of %d)'):format(wrong, at, count), story_of(worlds)
      end
      if process.interrupted() or first and not self.options.each then
        return first, story, tried, same
      end
    end
  end
  return first, story, tried, same
end

--- All words at once: each life of the engine ends at its first word. Only when that is not the same, one by one, which
--- names the word.
local function kill_everywhere(self, spec, reader, result, calm_worlds, ends)
  local counts, everywhere, total = {}, {}, 0
  for i, kept in ipairs(calm_worlds) do
    counts[i], everywhere[i] = kept.words, kept.words > 0 and { every = true } or nil
    total = total + kept.words
  end
  if total == 0 then
    return
  end
  local wrong, worlds = with_kills(self, spec, reader, everywhere, ends)
  local story = wrong and story_of(worlds)
  wrong = wrong and wrong .. ' (killed at every word)'
  result.kills, result.same = total, wrong and 0 or total
  if wrong or self.options.each then
    local first, first_story, tried, same = kill_one_by_one(self, spec, reader, counts, ends)
    wrong, story = first or wrong, first_story or story
    result.kills, result.same = tried, same
  end
  if wrong then
    result.status, result.message, result.story = 'failed', wrong, story
  end
end

local function names_of(spec)
  local names = {}
  for _, block in ipairs(suites.blocks(spec.block)) do
    names[#names + 1] = block.name ~= '' and block.name or nil
  end
  names[#names + 1] = spec.name
  return names
end

---@return Result
local function run_spec(self, spec, reader)
  local began = process.clock()
  local result = { name = table.concat(names_of(spec), ' '), title = spec.name, file = spec.file, line = spec.line,
    status = 'passed' }
  if not spec.body then
    result.status, result.seconds, result.message = 'pending', 0, spec.reason
    return result
  end
  local kills = self.options.kills and not result.name:find(NO_KILLS, 1, true)
  sluice.awake = kills -- each of them replays the record as a rest does
  local raised, ends, worlds = attempt(self, spec, reader)
  if type(raised) == 'table' and raised.pending then
    result.status, result.message = 'pending', raised.pending
  elseif raised then
    result.status, result.message, result.story = 'failed', message_of(spec, raised), story_of(worlds)
    result.walk = #worlds == 1 and retrace.command(worlds[1]) or nil
  elseif kills then
    kill_everywhere(self, spec, reader, result, worlds, ends)
  end
  for _, kept in ipairs(worlds) do
    retrace.forget(kept.world)
  end
  result.seconds = process.clock() - began
  return result
end

-- All of them -----------------------------------------------------------------------------------

local function wanted(self, spec)
  local filter = self.options.filter
  return not filter or table.concat(names_of(spec), ' '):find(filter, 1, true) ~= nil
end

local function has_wanted(self, block)
  for _, child in ipairs(block.children) do
    if child.children and has_wanted(self, child) or not child.children and wanted(self, child) then
      return true
    end
  end
  return false
end

local function fail_block(self, block, file, raised)
  self:add({ name = block.name, title = block.name, file = file, line = 1, status = 'failed', seconds = 0,
    message = message_of({ file = file, line = 1 }, raised) })
end

local function run_block(self, block, reader, depth)
  if not has_wanted(self, block) then
    return
  end
  if block.name ~= '' then
    self.report:block(readable(block.name), depth)
  end
  local raised = call_all(block.setup, reader.file)
  if raised then
    fail_block(self, block, reader.file, raised)
  end
  for _, child in ipairs(raised and {} or block.children) do
    if process.interrupted() then
      return
    elseif child.children then
      run_block(self, child, reader, depth + 1)
    elseif wanted(self, child) then
      self.report:begin(readable(child.name), depth + 1)
      self:add(run_spec(self, child, reader), depth + 1)
    end
  end
  raised = call_all(block.teardown, reader.file)
  if raised then
    fail_block(self, block, reader.file, raised)
  end
end

local function run_file(self, file)
  local suite, reader = suites.read(file)
  if not suite then
    fail_block(self, { name = file }, file, reader)
  elseif #suite.children == 0 then
    self.report:say('%s: there is no spec in it', file)
  else
    run_block(self, suite, reader, 0)
  end
end

local function run_here(self, files)
  for _, file in ipairs(files) do
    local ok, raised = pcall(run_file, self, file)
    if process.interrupted() then
      break -- wherever that was raised
    elseif not ok then
      error(raised, 0)
    end
  end
end

--- Each file in one of several processes. What they tell comes in the order of the files.
local function run_in_processes(self, jobs)
  local files = self.options.files
  self.options.terminal = false -- what runs now is not one spec
  process.workers(#files, jobs, function(at)
    self.results = sluice.list {}
    coverage.start()
    run_here(self, { files[at] })
    return { results = self.results, lines = coverage.give() }
  end, function(at, done, printed, problem)
    local stream = self.options.json and io.stderr or io.stdout -- where nothing but the object stands
    stream:write(printed)
    stream:flush()
    if not done then
      fail_block(self, { name = files[at] }, files[at], problem)
      return
    end
    for _, result in ipairs(done.results) do
      self.results[#self.results + 1] = result
    end
    coverage.take(done.lines)
  end)
end

--- Runs spec files.
---@param options { files: string[], kills: boolean, each: boolean?, filter: string?, coverage: number?, json: boolean?,
---  fail_on_empty: boolean?, terminal: boolean?, jobs: integer? } jobs: processes at once
---@return { status: integer, junit: string }
function M.run(options)
  local self = { options = options, results = {}, worlds = {}, report = report.new(options) }
  function self.add(_, result, depth)
    for _, field in ipairs { 'name', 'title', 'file', 'message', 'walk' } do
      result[field] = result[field] and readable(result[field])
    end
    for i, line in ipairs(result.story or {}) do
      result.story[i] = readable(line)
    end
    self.results[#self.results + 1] = result
    self.report:result(result, depth or 0)
  end
  sluice.observer = function(kept)
    self.worlds[#self.worlds + 1] = kept
    if not self.plan then
      retrace.follow(kept.world)
    end
    kept.kills = self.plan and self.plan[#self.worlds]
    coverage.note_scripts(kept.world:scripts(), self.plan ~= nil)
  end
  package.loaded.luassert = expect.assert
  os.exit = function() -- luacheck: ignore 122 (whoever leaves would leave without a verdict on the rest)
    error('os.exit: a spec does not end the run', 2)
  end
  coverage.start()
  local jobs = math.min(options.jobs or 1, #options.files)
  if jobs > 1 or jobs == 1 and options.json then
    run_in_processes(self, jobs)
  else
    run_here(self, options.files)
  end
  sluice.observer = nil
  return self.report:finish(self.results, coverage.measure(), process.interrupted())
end

return M

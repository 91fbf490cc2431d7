--- Kills a release at every point where its engine could die, and lets another one go on from what was
--- flushed: what happened to the world must be the same as without a death, in the same order, once.
local json = require 'spec.fake_json'

local M = {}

local LIMIT_MS = 3600 * 1000 -- no story is longer; one that goes on for ever fails soon

jit.off() -- every life loads its modules anew: compiling them takes longer than running them

--- Lines of which equal neighbours are one: what nothing depended on may be on record less often after
--- a death, or once more after a script failed.
local function without_repeats(lines)
  local kept = {}
  for _, line in ipairs(lines) do
    if line ~= kept[#kept] then
      kept[#kept + 1] = line
    end
  end
  return kept
end

local function evidence_of(world)
  local texts = {}
  for i, evidence in ipairs(world.journal.evidence) do
    texts[i] = json.text(evidence)
  end
  return without_repeats(texts)
end

--- Without those that only waited: after a death there may be nothing left to wait for.
local function words_of(world)
  local words = {}
  for _, word in ipairs(world.journal:words()) do
    if not word:find '"waited":true' then
      words[#words + 1] = word
    end
  end
  return without_repeats(words)
end

--- All that a release leaves behind, as lines. Rounds that only read may be missing on its record after a death; a
--- release that has many of them is compared without (`reads`).
local function outcome(world, options)
  local lines = world:lines { times = not (options and options.late) }
  for _, list in ipairs(options and options.reads and {} or { words_of(world), evidence_of(world) }) do
    for _, line in ipairs(list) do
      lines[#lines + 1] = line
    end
  end
  for _, name in ipairs { 'state', 'status', 'route', 'replicas', 'primary_revision', 'gauges', 'skipped' } do
    lines[#lines + 1] = name .. ' ' .. json.text(world[name])
  end
  return lines
end

local function must_equal(calm, world, what, options)
  local lines = outcome(world, options)
  for i = 1, math.max(#calm, #lines) do
    if calm[i] ~= lines[i] then
      error(string.format('%s: expected "%s", got "%s"', what, tostring(calm[i]), tostring(lines[i])), 0)
    end
  end
end

--- A delivery may be repeated once by each death, with the key it had.
local function must_not_repeat(world, deaths, what)
  local times = {}
  for _, key in ipairs(world.redelivered) do
    times[key] = (times[key] or 0) + 1
    if times[key] > deaths then
      error(what .. ': delivered too often: ' .. key, 0)
    end
  end
end

--- A table with all that is in it; functions, and null, stay the same ones.
local function copy_of(value, copies)
  if type(value) ~= 'table' then
    return value
  elseif not copies[value] then
    local copy = {}
    copies[value] = copy
    for name, field in pairs(value) do
      copy[copy_of(name, copies)] = copy_of(field, copies)
    end
    debug.setmetatable(copy, debug.getmetatable(value)) -- that of lists hides itself
  end
  return copies[value]
end

--- What is left of a world whose process dies in this moment, in a world of its own: that process is one which has just
--- died, as the one of a world in which it happened.
local function dead_copy(world)
  local process, journal, deaths = world.process, world.journal, world.deaths
  world.process, world.journal, world.deaths = nil, nil, nil -- the first two are lost with it
  local copy = copy_of(world, {})
  world.process, world.journal, world.deaths = process, journal, deaths
  copy.deaths, copy.state = {}, nil -- what it has come to by its death is what was saved
  copy.process = coroutine.create(function()
    coroutine.yield 'killed'
  end)
  return copy
end

--- The world ends, and has ended as `calm` did.
local function must_end_so(calm, world, deaths, what, options)
  world:run(LIMIT_MS)
  world:must_be_closed()
  must_equal(calm, world, what, options)
  must_not_repeat(world, deaths, what)
end

local function undisturbed(make)
  local world = make():run(LIMIT_MS)
  assert(world.state, 'a release without an end')
  return world
end

--- The story is told once, and goes on from each such point with a process that has died there: what comes before a
--- death is the same for all that follow.
---@param visit fun(world: World, at: integer)
local function at_points(make, every, visit)
  local world = make()
  world.deaths = setmetatable({}, { __index = function(_, at)
    if (at - 1) % every == 0 then
      visit(dead_copy(world), at)
    end
  end })
  world:run(LIMIT_MS)
end

--- The process dies at each point.
---@param make fun(): World a fresh world, always the same
---@param options { reads: boolean?, late: boolean? }? see outcome; late: no matter when
function M.once(make, options)
  local calm = outcome(undisturbed(make), options)
  at_points(make, 1, function(world, at)
    must_end_so(calm, world, 1, 'killed at point ' .. at, options)
  end)
end

--- The process dies, and its successor soon after.
---@param make fun(): World
---@param every integer? at each such point; 1 unless told
function M.twice(make, every)
  local calm, soon = outcome(undisturbed(make)), { 1, 2, 5 }
  at_points(make, every or 1, function(world, at)
    local again = at + soon[at % #soon + 1]
    world.deaths[again] = true
    must_end_so(calm, world, 2, string.format('killed at points %d and %d', at, again))
  end)
end

--- The process dies and stays away for `downtime_ms`: the same happens, only later.
---@param make fun(): World
---@param downtime_ms integer
---@param every integer? at each such point; 1 unless told
function M.for_a_while(make, downtime_ms, every)
  local calm = outcome(undisturbed(make), { late = true })
  at_points(make, every or 1, function(world, at)
    world.downtime_ms = downtime_ms
    must_end_so(calm, world, 1, string.format('killed at point %d, down for a while', at), { late = true })
  end)
end

--- The script fails at each of its calls and is replayed over the record in memory. (What raises in the middle of a
--- script cannot be put into a copy.)
---@param make fun(): World
function M.script_at_every_call(make)
  local one = undisturbed(make)
  local calm = outcome(one)
  for at = 1, one.script_points do
    local world = make()
    world.script_fails_at = at
    must_end_so(calm, world, 0, 'the script failed at call ' .. at)
  end
end

return M

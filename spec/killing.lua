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

--- All that a release leaves behind, as lines.
local function outcome(world, options)
  local lines = world:lines { times = not (options and options.late) }
  for _, list in ipairs { words_of(world), evidence_of(world) } do
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

--- One run with `changes` to the world; it must end as `calm` did.
local function compare(make, calm, changes, what, options)
  local world = make()
  for name, value in pairs(changes) do
    world[name] = value
  end
  world:run(LIMIT_MS)
  local deaths = 0
  for _ in pairs(changes.deaths or {}) do
    deaths = deaths + 1
  end
  must_equal(calm, world, what, options)
  must_not_repeat(world, deaths, what)
end

local function undisturbed(make)
  local world = make():run(LIMIT_MS)
  assert(world.state, 'a release without an end')
  return world
end

--- The process dies at each point.
---@param make fun(): World a fresh world, always the same
function M.once(make)
  local one = undisturbed(make)
  local calm = outcome(one)
  for at = 1, one.points do
    compare(make, calm, { deaths = { [at] = true } }, 'killed at point ' .. at)
  end
end

--- The process dies, and its successor soon after.
---@param make fun(): World
---@param every integer? at each such point; 1 unless told
function M.twice(make, every)
  local one = undisturbed(make)
  local calm, soon = outcome(one), { 1, 2, 5 }
  for at = 1, one.points, every or 1 do
    local again = at + soon[at % #soon + 1]
    compare(make, calm, { deaths = { [at] = true, [again] = true } },
      string.format('killed at points %d and %d', at, again))
  end
end

--- The process dies and stays away for `downtime_ms`: the same happens, only later.
---@param make fun(): World
---@param downtime_ms integer
---@param every integer? at each such point; 1 unless told
function M.for_a_while(make, downtime_ms, every)
  local one = undisturbed(make)
  local calm = outcome(one, { late = true })
  for at = 1, one.points, every or 1 do
    compare(make, calm, { deaths = { [at] = true }, downtime_ms = downtime_ms },
      string.format('killed at point %d, down for a while', at), { late = true })
  end
end

--- The script fails at each of its calls and is replayed over the record in memory.
---@param make fun(): World
function M.script_at_every_call(make)
  local one = undisturbed(make)
  local calm = outcome(one)
  for at = 1, one.script_points do
    compare(make, calm, { script_fails_at = at }, 'the script failed at call ' .. at)
  end
end

return M

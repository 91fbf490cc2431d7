--- Kills the engine of a world at every request of a release: another engine goes on, and the world must end
--- as it does without a death, with nothing repeated that was recorded as done.
local M = {}

local MOMENTS = { 'before', 'served', 'answered' }

--- The sanitised engine is slow: it dies at every EVERY-th request only, the other one at each (spec/run).
local EVERY = tonumber(os.getenv 'SLUICE_DEATHS_EVERY') or 1
local SHOWN = 120

--- The first line in which two worlds differ, from a little before where.
local function difference(calm, lines)
  for i = 1, math.max(#calm, #lines) do
    local wanted, got = calm[i] or 'nothing more', lines[i] or 'nothing more'
    if wanted ~= got then
      local at = 1
      while wanted:byte(at) == got:byte(at) do
        at = at + 1
      end
      at = math.max(1, at - SHOWN / 2)
      return string.format('line %d: expected "%s", got "%s"', i, wanted:sub(at, at + SHOWN), got:sub(at, at + SHOWN))
    end
  end
end

---@param make fun(options: WorldOptions): World the world up to where killing begins
---@param options WorldOptions
---@return string[] outcome
---@return table<string, integer> often how often shared events were told
---@return integer first the requests of the release: from this one
---@return integer last to this one
local function undisturbed(make, options)
  local world = make(options)
  local first = world.world:requests() + 1
  world:finish()
  local last = world.world:requests()
  local lines, often = world:settle():outcome(), world:shared_events()
  assert(world.broken == nil, world.broken)
  world:close()
  return lines, often, first, last
end

--- Every second successor has to wait for the Lease of the dead, and finds its release behind time.
local function with_successor(options, request)
  return setmetatable({ apart = math.floor(request / EVERY) % 2 == 0 }, { __index = options })
end

--- A world whose engine dies once; what is wrong with its end.
local function killed(make, options, calm, often, request, moment)
  local world = make(with_successor(options, request))
  world.world:kill_engine_at(request, moment)
  local ends, why = pcall(function()
    world:finish():settle()
  end)
  local wrong = (not ends and tostring(why)) or world.broken or difference(calm, world:outcome(often))
  local died = world.deaths == 1
  world:close()
  return wrong, died
end

---@param make fun(options: WorldOptions): World
---@param options WorldOptions
function M.at_every_request(make, options)
  local calm, often, first, last = undisturbed(make, options)
  local deaths, wanted = 0, 0
  for request = first, last, EVERY do
    for _, moment in ipairs(MOMENTS) do
      local wrong, died = killed(make, options, calm, often, request, moment)
      if wrong then
        error(string.format('killed %s request %d: %s', moment, request - first + 1, wrong), 0)
      end
      deaths, wanted = deaths + (died and 1 or 0), wanted + 1
    end
  end
  assert(wanted > 0 and deaths == wanted, 'an engine lived on')
end

--- As at_every_request, where events and the order of things may differ: an engine that starts tells some of them anew.
---@param make fun(options: WorldOptions): World
---@param options WorldOptions
---@param check fun(world: World)
---@param ends fun(world: World): string what must be the same without a death
function M.before_the_same_end(make, options, check, ends)
  local calm = make(options):finish():settle()
  local wanted = ends(calm)
  calm:close()
  for _, moment in ipairs(MOMENTS) do
    M.meanwhile(make, options, function() end, function(world)
      check(world)
      local got = ends(world)
      assert(got == wanted, 'expected:\n' .. wanted .. '\ngot:\n' .. got)
    end, moment)
  end
end

--- The requests of a release, every EVERY-th (or fewer: options.sparse), and a moment of each in turn.
local function each_place(make, options, visit)
  local _, _, first, last = undisturbed(make, options)
  local stride = EVERY * (options.sparse or 1)
  for request = first + (options.offset or 0) % stride, last, stride do
    local moment = MOMENTS[math.floor(request / stride) % #MOMENTS + 1]
    local ok, why = pcall(visit, request, moment)
    if not ok then
      error(string.format('%s request %d: %s', moment, request - first + 1, tostring(why)), 0)
    end
  end
end

--- Something happens while no engine lives, which was killed at any request of a release.
---@param make fun(options: WorldOptions): World
---@param options WorldOptions
---@param act fun(world: World)
---@param check fun(world: World)
---@param always string? at this moment of each; nil: at each moment in turn
function M.meanwhile(make, options, act, check, always)
  each_place(make, options, function(request, moment)
    moment = always or moment
    local world = make(setmetatable({ on_death = act }, { __index = with_successor(options, request) }))
    world.world:kill_engine_at(request, moment)
    check(world:finish():settle())
    assert(world.deaths == 1, 'the engine lived on')
    world:close()
  end)
end

--- Something happens as the engine sends any request of a release.
---@param make fun(options: WorldOptions): World
---@param options WorldOptions
---@param act fun(world: World)
---@param check fun(world: World)
function M.beside(make, options, act, check)
  each_place(make, options, function(request)
    local world, acted = make(options), false
    world.world:fates(function()
      if not acted and world.world:requests() + 1 >= request then
        acted = true
        world.world:after(0, function()
          act(world)
        end)
      end
    end)
    check(world:finish():settle())
    assert(acted, 'nothing happened')
    world:close()
  end)
end

return M

--- Strikes the engine of a world at every request of a release (core/lab/killing.h): it is killed and another one goes
--- on, or a request of it fails, or something happens beside it. The world must end as it does without that, with
--- nothing repeated that was recorded as done.
local sluice = require 'sluice'

local M = {}

local DEATHS = { 'before', 'served', 'answered' }
local TROUBLE = { 'refused', 'unanswered' }
local BESIDE = { 'beside' }

--- The sanitised engine is slow: it is struck at every EVERY-th request only, the other one at each (spec/run).
local EVERY = tonumber(os.getenv 'SLUICE_DEATHS_EVERY') or 1
local SHOWN = 120

--- Records are short here: a replay stops to breathe after so many words, as that of a long one does.
local REPLAY_WORDS = 2

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

--- Plays it to its end.
local function play(world)
  return world:finish():settle()
end

--- Where a release may be struck.
---@class Requests
---@field first integer
---@field last integer
---@field sent_at table<integer, integer> ms since the world began, by request

--- Of a script that rests, the record is replayed also where nothing strikes.
---@param options WorldOptions
---@return WorldOptions
local function with_short_records(options)
  return setmetatable({ replay_words = REPLAY_WORDS }, { __index = options })
end

--- A story that nothing strikes.
---@param make fun(options: WorldOptions): World the world up to where striking begins
---@param options WorldOptions
---@return World world at its end
---@return Requests
local function undisturbed(make, options)
  local world = make(with_short_records(options))
  local requests = { first = world.world:requests() + 1, sent_at = {} }
  world:finish()
  requests.last = world.world:requests()
  for request = requests.first, requests.last do
    requests.sent_at[request] = world.world:sent_at(request)
  end
  world:settle()
  assert(world.broken == nil, world.broken)
  return world, requests
end

--- Of each story its maker and the requests of its release, by its options: who strikes it in two ways plays it
--- undisturbed once.
local counted = setmetatable({}, { __mode = 'k' })

local function requests_of(make, options)
  local count = counted[options]
  if not count or count.make ~= make then
    local world, requests = undisturbed(make, options)
    world:close()
    count = { make = make, requests = requests }
    counted[options] = count
  end
  return count.requests
end

--- The world goes on from here to its end, struck. Every second successor has to wait for the Lease of the dead, and
--- finds its release behind time.
local function go_on(world, options, place, act, ends)
  local struck, is_beside = false, place.stroke == 'beside'
  options.apart = math.floor(place.request / EVERY) % 2 == 0
  options.on_death = not is_beside and act or nil
  world.world:strike_at(place.request, place.stroke, function()
    struck = true
    if is_beside then
      act(world)
    end
  end);
  (ends or play)(world)
  assert(struck, 'nothing struck')
  return world
end

--- Plays the story once, and from shortly before each of these places on, struck there, in a copy of the process: what
--- comes before a place is the same for all that follow. At the last place the world itself is struck, so that
--- sanitizers see at the end of the specs whether a death leaks memory.
---@param requests Requests
---@param places { request: integer, stroke: sluice.Stroke }[] in their order
---@param visit fun(play: fun(act: function?, ends: function?): World) plays it, and judges it
local function strike(make, options, places, requests, visit)
  assert(#places > 0, 'the release has no request')
  local own = with_short_records(options)
  local world = make(own)
  for i, place in ipairs(places) do
    world.world:run(math.max(0, requests.sent_at[place.request] - 1 - world.world:now()))
    local function strike_here()
      local ok, why = pcall(visit, function(act, ends)
        return go_on(world, own, place, act, ends)
      end)
      return not ok and tostring(why) or nil
    end
    local why
    if i < #places then
      why = sluice.fork(strike_here)
    else
      why = strike_here()
    end
    if why then
      error(string.format('%s request %d: %s', place.stroke, place.request - requests.first + 1, why), 0)
    end
  end
end

--- The requests of a release, every EVERY-th (or fewer: options.sparse), each struck in each way. The sanitised engine
--- is struck at twice as many of them, but in one way each, in turn.
local function in_each_way(options, strokes, requests)
  local every, is_slow = EVERY * (options.sparse or 1), EVERY > 1
  return sluice.places { first = requests.first, last = requests.last, strokes = strokes, in_turn = is_slow,
    every = is_slow and math.ceil(every / 2) or every, offset = options.offset }
end

--- Its engine dies, at each request in each way, and all that it leaves must be the same.
---@param make fun(options: WorldOptions): World
---@param options WorldOptions
function M.at_every_request(make, options)
  local world, requests = undisturbed(make, options)
  local calm, often = world:outcome(), world:shared_events()
  world:close()
  strike(make, options, in_each_way(options, DEATHS, requests), requests, function(play_it)
    local struck = play_it()
    local wrong = struck.broken or difference(calm, struck:outcome(often))
    assert(struck.deaths == 1, 'the engine lived on')
    struck:close()
    assert(not wrong, wrong)
  end)
end

--- What a story leaves is judged by what `ends` says of it, where events and the order of things may differ.
local function before_the_same_end(make, options, strokes, check, ends)
  local calm, requests = undisturbed(make, options)
  local wanted = ends(calm)
  calm:close()
  strike(make, options, in_each_way(options, strokes, requests), requests, function(play_it)
    local world = play_it()
    check(world)
    local got = ends(world)
    assert(got == wanted, 'expected:\n' .. wanted .. '\ngot:\n' .. got)
    world:close()
  end)
end

--- Its engine dies: one that starts tells some events anew.
---@param make fun(options: WorldOptions): World
---@param options WorldOptions
---@param check fun(world: World)
---@param ends fun(world: World): string what must be the same without a death
function M.before_the_same_end(make, options, check, ends)
  before_the_same_end(make, options, DEATHS, check, ends)
end

--- A request fails, or is done and seems to have failed; the engine lives.
---@param make fun(options: WorldOptions): World
---@param options WorldOptions
---@param check fun(world: World)
---@param ends fun(world: World): string what must be the same without it
function M.in_trouble(make, options, check, ends)
  before_the_same_end(make, options, TROUBLE, check, ends)
end

--- Each request is struck in one of the ways, in turn.
local function with(strokes, make, options, act, check, ends)
  local requests = requests_of(make, options)
  local places = sluice.places { first = requests.first, last = requests.last, strokes = strokes, in_turn = true,
    every = EVERY * (options.sparse or 1), offset = options.offset }
  strike(make, options, places, requests, function(play_it)
    local world = play_it(act, ends)
    check(world)
    world:close()
  end)
end

--- Something happens while no engine lives, which was killed at any request of a release.
---@param make fun(options: WorldOptions): World
---@param options WorldOptions
---@param act fun(world: World)
---@param check fun(world: World)
function M.meanwhile(make, options, act, check)
  with(DEATHS, make, options, act, check)
end

--- Something happens as the engine sends any request of a release.
---@param make fun(options: WorldOptions): World
---@param options WorldOptions
---@param act fun(world: World)
---@param check fun(world: World)
---@param ends (fun(world: World))? plays it to its end; unless told, until the release is over
function M.beside(make, options, act, check, ends)
  with(BESIDE, make, options, act, check, ends)
end

return M

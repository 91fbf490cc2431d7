--- Operations of a fake host that words of a Strategy alone need (spec/fake_host.lua).
local contract = require 'spec.contract'

local operations = {}

--- The name of the first rollback hook that asks for one.
local function asked_back(world)
  local results = world:call_hooks { type = 'rollback', phase = world.status.phase, stop = 'success' }
  local last = results[#results]
  return last and last.ok and last.name or nil
end

function operations.sleep(world, args, intent)
  local due = intent and intent['until'] or world.now + args.ms
  local slept = world.now - (due - args.ms)
  local asked = world.now - (slept > 0 and (slept - 1) % world:interval_ms() + 1 or 0)
  if not intent then
    world.journal:intend { ['until'] = due }
    world:flush()
  end
  local function has_come()
    return args.canary ~= nil and (world.others or {})[args.canary.name] == args.canary.phase
  end
  while world.now < due and not has_come() do
    world:pass_time(math.min(due, asked + world:interval_ms()))
    if world.now >= asked + world:interval_ms() then
      asked = world.now
      local back = asked_back(world)
      if back then
        return { now = world.now, came = false, rollback = back }
      end
    end
  end
  return { now = world.now, came = args.canary == nil or has_come() }
end

function operations.phase(world, args)
  return { came = (world.others or {})[args.name] == args.phase }
end

--- When the next look of an interval is due; nil: there are none.
local function next_look(world, args)
  if args.often or #world:hooks_of 'rollback' > 0 then
    local passed = math.floor(math.max(0, args.since - args.began) / world:interval_ms())
    return args.began + (passed + 1) * world:interval_ms()
  end
end

local function has_one_come(world, canaries)
  for _, canary in ipairs(canaries) do
    if operations.phase(world, canary).came then
      return true
    end
  end
  return false
end

function operations.await(world, args)
  assert(world.journal.depth == 0, 'await is used between words')
  local due = math.min(args['until'] or math.huge, next_look(world, args) or math.huge)
  while not world.journal:is_replaying() and world.now < due and not has_one_come(world, args.canaries) do
    world:pass_time(due)
  end
  return { now = world.now }
end

function operations.calendar(world, args)
  return contract.calendar(world.now, args)
end

--- A measure that is a number was that all the time.
function operations.query_range(world, args)
  world.queries[#world.queries + 1] = args.query
  local measure = world.measures[args.query] or world.measures.any or 100
  if type(measure) ~= 'number' then
    return measure
  end
  local points = {}
  for ago = args.span, 0, -args.step do
    points[#points + 1] = { time = (world.now - ago) / 1000, value = measure }
  end
  return { points = contract.list(points) }
end

--- The hook of that name; an answer that is a table {body=, json=} is one that passes.
function operations.webhook(world, args, intent)
  local hook
  for _, one in ipairs(world.spec.analysis.webhooks or {}) do
    hook = hook or one.name == args.name and one or nil
  end
  if not hook then
    return { known = false, ok = false, error = 'the Canary declares no webhook "' .. args.name .. '"' }
  end
  if args.deliver and not intent then
    world.journal:intend(args)
    world:flush()
  end
  local call = { type = args.deliver and 'script' or 'rollback', phase = args.phase,
    key = string.format('hook/%d/script', world.journal.word_count), data = args.data }
  local result = world:call_hook(hook, call)
  world:point()
  local heard = type(result.error) == 'table' and result.error or nil
  return { known = true, ok = result.ok or heard ~= nil, error = not heard and result.error or nil,
    body = heard and heard.body, json = heard and heard.json }
end

function operations.history(world)
  local list = {}
  for i, release in ipairs(world.history or {}) do
    list[i] = { number = release.number, outcome = release.outcome, revision = release.revision, began = release.began }
  end
  return contract.list(list)
end

return operations

--- The operations of a fake host in which time passes, but for ticks (spec/fake_host.lua).
local contract = require 'spec.contract'

local operations = {}

--- The name of the first rollback hook that asks for one.
local function asked_back(world)
  local results = world:call_hooks { type = 'rollback', phase = world.status.phase, stop = 'success' }
  local last = results[#results]
  return last and last.ok and last.name or nil
end

function operations.sleep(world, args, intent)
  local due, asked = intent and intent['until'] or world.now + args.ms, world.now
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

function operations.calendar(world, args)
  return contract.calendar(world.now, args)
end

return operations

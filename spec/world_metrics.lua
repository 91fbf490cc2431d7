--- What the engine of a world says at /metrics, as a Prometheus scrapes it: lines "NAME{LABELS} VALUE MILLISECONDS" for
--- tests/tools/monitoring.py.
local M = {}

local BEGIN_MS = 1773216907000 -- what the clocks of a world show first
local UNITS = { s = 1000, m = 60 * 1000, h = 60 * 60 * 1000 }

M.INTERVAL_MS = 15000

--- Adds what the engine says now; nothing where none is at work.
---@param world sluice.World
---@param instance string
---@param lines string[]
---@param keeps (fun(name: string): boolean)? of which series; nil: all
function M.scrape(world, instance, lines, keeps)
  local target = ('job="sluice",instance="%s"'):format(instance)
  local now = BEGIN_MS + world:now()
  for line in (world:engine() == 'ready' and world:metrics() or ''):gmatch '[^\n]+' do
    local name, labels, value = line:match '^([%w_]+){?(.-)}? (%S+)$'
    if name and (not keeps or keeps(name)) then
      lines[#lines + 1] = ('%s{%s%s} %s %d'):format(name, target, labels ~= '' and ',' .. labels or '', value, now)
    end
  end
end

local function milliseconds(time)
  local count, unit = tostring(time):match '^(%d+)([smh])$'
  return count and count * UNITS[unit] or time
end

--- The same world, whose engine is scraped while time passes.
---@param world sluice.World
---@param scrape fun()
---@return sluice.World
function M.scraped(world, scrape)
  local own = {}
  function own.run(_, limit, is_there)
    local ends = world:now() + milliseconds(limit)
    while world:now() < ends do
      if world:run(math.min(M.INTERVAL_MS, ends - world:now()), is_there) and is_there then
        return true
      end
      scrape()
    end
    return false
  end
  return setmetatable(own, { __index = function(_, name)
    return function(_, ...)
      return world[name](world, ...)
    end
  end })
end

return M

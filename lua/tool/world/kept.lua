--- What is kept of each world of a scenario, beside it.
local M = {}

M.CANARIES, M.RELEASES, M.ROUTES = 'canaries.flagger.app', 'releases.sluice.dev', 'virtualservices.networking.istio.io'

---@class AuthorWorld
---@field world sluice.World
---@field file string? of the scenario
---@field canaries { namespace: string, name: string }[]
---@field phases table<string, string> by "namespace/name"
---@field shares table<string, integer> of the canary, by the name of its routes
---@field steps string[] the same as texts, 'shop/web 10'
---@field curve { routes: string, at: integer, weight: integer }[] each share, since it began at `at`
---@field states table<string, string> of releases, by name
---@field ended table<string, boolean> whether their records are closed
---@field last_release table<string, table> by the name of the Canary
---@field told { text: string, warning: boolean, at: integer }[]
---@field story string[]
---@field hearers table<string, fun(object: table)[]> who else is told of what is watched
---@field kills { every: boolean?, at: integer? } when the engine dies
---@field killed integer how often it did
---@field words integer how many records of words were written
---@field progress table<string, number> how far each release has come
---@field engines integer how many were started
---@field is_down boolean? the scenario keeps the engine down
---@field closed boolean?
---@field is_plain boolean there is nothing in it at first but what the scenario says
---@field ended_ms integer? when the spec was over with it (tool.runner)
local kept = setmetatable({}, { __mode = 'k' })
local CLOSED = { closed = true } -- in the place of what holds the world, which so can be collected

function M.raise(format, ...)
  error(format:format(...), 0)
end

local raise = M.raise

---@param world sluice.World
---@param self AuthorWorld
function M.add(world, self)
  kept[world] = self
end

--- The world is closed.
---@param world sluice.World
function M.close(world)
  if kept[world] then
    kept[world].closed = true
    kept[world] = CLOSED
  end
end

--- Raises where the world is of no scenario, or closed.
---@param world sluice.World
---@param method string that was called, for the error
---@return AuthorWorld
function M.of(world, method)
  local self = kept[world]
    or raise('world:%s: a world of a scenario is wanted: sluice.world %q', method, 'scenario.yaml')
  return not self.closed and self or raise('world:%s: the world is closed', method)
end

--- The Canary that is meant: "namespace/name" or a name; without one the only one.
---@param world sluice.World
---@param method string that was called, for the error
---@param name string?
---@return { namespace: string, name: string } canary
---@return AuthorWorld self
---@return string key "namespace/name"
function M.named(world, method, name)
  local self = M.of(world, method)
  local found
  for _, canary in ipairs(self.canaries) do
    if not name or name == canary.name or name == canary.namespace .. '/' .. canary.name then
      if found then
        raise('world:%s: there are several Canaries: NAMESPACE/NAME is wanted', method)
      end
      found = canary
    end
  end
  if not found then
    raise('world:%s: there is no Canary %s', method, name or 'in the scenario')
  end
  return found, self, found.namespace .. '/' .. found.name
end

local WORKLOADS = { Deployment = 'deployments.apps', DaemonSet = 'daemonsets.apps' }

--- The names of a Canary's target and of its service, and what kind the target is of.
---@param world sluice.World
---@param canary { namespace: string, name: string }
---@return string target
---@return string service
---@return string kind 'deployments.apps'
function M.target_of(world, canary)
  local object = world:get(M.CANARIES, canary.namespace, canary.name)
  local target, service = object.spec.targetRef, object.spec.service
  return target.name, service and service.name or target.name, WORKLOADS[target.kind] or WORKLOADS.Deployment
end

return M

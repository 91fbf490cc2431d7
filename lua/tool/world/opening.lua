--- Opens worlds of scenarios, and puts objects of others into them.
local sluice, methods, part = ...
local kept, watching = part 'kept', part 'watching'

local CANARIES = kept.CANARIES

--- The file as it is seen from the spec that names it, or else from here.
local function path_of(path)
  for level = 3, 12 do
    local info = debug.getinfo(level, 'S')
    local folder = info and info.source:match '^@(.*/)[^/]*$'
    local file = folder and path:sub(1, 1) ~= '/' and io.open(folder .. path)
    if file then
      file:close()
      return folder .. path
    end
  end
  return path
end

local function list_canaries(self)
  for _, canary in ipairs(self.world:list(CANARIES)) do
    local found = { namespace = canary.metadata.namespace, name = canary.metadata.name }
    self.canaries[#self.canaries + 1] = found
  end
end

local RESTORED_MS = 10000 -- until Pods are Ready, as they were

--- Objects of another cluster, with their status. The controllers make Pods of them before an engine comes.
local function restore(self, objects)
  for _, object in ipairs(objects) do
    self.world:restore(object)
  end
  local made = {}
  for _, canary in ipairs(self.world:list(CANARIES)) do
    local namespace = canary.metadata.namespace
    if not made[namespace] and not self.world:get('namespaces', nil, namespace) then
      self.world:create { apiVersion = 'v1', kind = 'Namespace', metadata = { name = namespace } }
    end
    made[namespace] = true
  end
  self.world:run(RESTORED_MS)
end

--- Canaries of the scenario that would have the same target as one that is put there.
local function remove_rivals(world, canary)
  for _, other in ipairs(world:list(CANARIES, canary.metadata.namespace)) do
    if other.metadata.name ~= canary.metadata.name and other.spec.targetRef.name == canary.spec.targetRef.name then
      world:delete(CANARIES, other.metadata.namespace, other.metadata.name)
    end
  end
end

--- Puts manifests in the place of those that are there, or beside them. Nothing has looked at the world yet.
local function put_manifests(world, what)
  for _, list in ipairs { what.manifests or {}, what.defaults or {} } do
    for _, object in ipairs(list) do
      if object.kind == 'Namespace' and not world:get('Namespace', nil, object.metadata.name) then
        world:create(object)
      end
    end
  end
  for _, object in ipairs(what.manifests or {}) do
    local is_text = type(object) == 'string'
    if not is_text and object.kind == 'Canary' then
      remove_rivals(world, object)
    end
    local before = not is_text and world:get(object.kind, object.metadata.namespace, object.metadata.name)
    if before then
      local after = { metadata = before.metadata }
      for name, value in pairs(object) do
        after[name] = after[name] or value
      end
      world:update(after)
    else
      world:create(object)
    end
  end
  for _, object in ipairs(what.defaults or {}) do
    if not world:get(object.kind, object.metadata.namespace, object.metadata.name) then
      world:create(object)
    end
  end
end

local open_world, close_world = sluice.world, methods.close

function methods.close(world)
  kept.close(world)
  close_world(world)
end

--- Called with every world of a scenario that is opened, and what is kept of it: for who runs specs (tool.runner).
sluice.observer = nil ---@type fun(kept: AuthorWorld)?
--- In worlds that are opened no script rests.
sluice.awake = false

--- Nobody stands by for these engines. To renew the Lease every five seconds would be most of what they do in a night
--- of waiting.
local LEASE_FACTOR = 15

local function is_plain(what)
  return what.scenario ~= nil and next(what, next(what)) == nil
end

function sluice.world(what)
  if type(what) == 'string' then
    what = { scenario = what }
  end
  if type(what) ~= 'table' or not (what.scenario or what.objects or what.manifests) then
    return open_world(what)
  end
  local options = {}
  for name, value in pairs(what) do
    options[name] = value
  end
  options.objects, options.manifests, options.defaults = nil, nil, nil
  options.scenario = what.scenario and path_of(what.scenario)
  options.people = what.manifests and true or what.people
  options.awake, options.lease_factor = sluice.awake, LEASE_FACTOR
  local world = open_world(options)
  local self = { world = world, file = options.scenario, canaries = {}, phases = {}, shares = {}, steps = {},
    curve = {}, hearers = {}, states = {}, last_release = {}, ended = {}, progress = {}, told = {}, story = {},
    killed = 0, words = 0, engines = 0, is_plain = is_plain(what) }
  kept.add(world, self)
  if sluice.observer then
    sluice.observer(self)
  end
  watching.start(self)
  if what.objects then
    restore(self, what.objects)
  end
  put_manifests(world, what)
  list_canaries(self)
  watching.keep_engine(self)
  return world
end

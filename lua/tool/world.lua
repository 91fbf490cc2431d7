--- Worlds for authors of strategies: what spec/_meta/sluice.lua has under "Worlds of a scenario". It is given the
--- module `sluice` and the methods of a world (core/lab/lua/module.c), and adds to both.
---
---     local world = sluice.world 'scenario.yaml'
---     world:deploy 'shop/web:2'
---     assert.equal('Succeeded', world:finish())
local sluice, methods = ...

local CANARIES, RELEASES, ROUTES = 'canaries.flagger.app', 'releases.sluice.dev', 'virtualservices.networking.istio.io'
local COMBINED = '^%(combined from similar events%): '
local AT_REST = { Initialized = true, Succeeded = true, Failed = true }
local PHASES = { Initializing = true, Initialized = true, Waiting = true, Progressing = true, WaitingPromotion = true,
  Promoting = true, Finalising = true, Succeeded = true, Failed = true, Terminating = true, Terminated = true }

---@class AuthorWorld what is kept of a world, beside it
---@field world sluice.World
---@field canaries { namespace: string, name: string }[]
---@field phases table<string, string> by "namespace/name"
---@field shares table<string, integer> of the canary, by the name of its routes
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
---@field closed boolean?
---@field is_plain boolean there is nothing in it at first but what the scenario says
---@field ended_ms integer? when the spec was over with it (tool.runner)
local kept = setmetatable({}, { __mode = 'k' })
local CLOSED = { closed = true } -- in the place of what holds the world, which so can be collected

local function raise(format, ...)
  error(format:format(...), 0)
end

local function kept_of(world, method)
  local self = kept[world]
    or raise('world:%s: a world of a scenario is wanted: sluice.world %q', method, 'scenario.yaml')
  return not self.closed and self or raise('world:%s: the world is closed', method)
end

-- What is watched -------------------------------------------------------------------------------

--- A span as it was given; '336h', '90s' of milliseconds.
local function shown(span)
  if type(span) ~= 'number' then
    return tostring(span)
  end
  return span >= 3600000 and ('%.4gh'):format(span / 3600000) or ('%gs'):format(span / 1000)
end

local function clock_of(self)
  local seconds = math.floor(self.world:now() / 1000)
  return ('%3d:%02d'):format(math.floor(seconds / 60), seconds % 60)
end

local function note(self, mark, text)
  self.story[#self.story + 1] = ('%s %s %s'):format(clock_of(self), mark, text)
end

local function hear(self, event)
  if event.involvedObject.kind ~= 'Canary' then
    return
  end
  local text, is_warning = event.message:gsub(COMBINED, ''), event.type == 'Warning'
  self.told[#self.told + 1] = { text = text, warning = is_warning, at = self.world:now() }
  note(self, is_warning and '!' or ' ', text)
end

--- The highest share that a route gives to a host that ends in -canary.
local function share_of(routes)
  local share = 0
  for _, http in ipairs(routes.spec.http or routes.spec.tcp or {}) do
    for _, to in ipairs(http.route or {}) do
      local host = to.destination and to.destination.host or ''
      share = host:find '%-canary' and math.max(share, to.weight or 100) or share
    end
  end
  return share
end

local function see_routes(self, routes)
  local name, share = routes.metadata.namespace .. '/' .. routes.metadata.name, share_of(routes)
  if self.shares[name] ~= share then
    self.shares[name] = share
    self.steps[#self.steps + 1] = ('%s %d'):format(name, share)
    self.curve[#self.curve + 1] = { routes = name, at = self.world:now(), weight = share }
  end
end

local function see_canary(self, canary)
  local name = canary.metadata.namespace .. '/' .. canary.metadata.name
  self.phases[name] = canary.status and canary.status.phase or nil
end

--- How far a release has come: finished words, and begun ones as halves.
local function progress_of(status)
  local count = 0
  for _, entry in ipairs(status.entries or {}) do
    count = count + (entry.n or 1)
  end
  return count + (next(status.open or {}) ~= nil and 0.5 or 0)
end

local function due(kills, count)
  return kills and (kills.every or kills.at == count)
end

--- Called from inside of the write, where nothing may be changed.
local function kill_soon(self, word)
  local arrives = self.words % 2 == 0
  self.world:after(self.words % 3 == 0 and 1 or 0, function()
    if self.world:engine() == 'ready' or self.world:engine() == 'starting' then
      self.killed = self.killed + 1
      note(self, '*', ('kill -9 of the engine, at word %d%s'):format(self.words, word and ', ' .. word or ''))
      self.world:kill_engine(arrives)
    end
  end)
end

local function see_release(self, release)
  local name, status = release.metadata.name, release.status or {}
  local of = release.metadata.namespace .. '/' .. ((release.spec or {}).canary or '')
  self.states[name], self.last_release[of], self.ended[name] = status.state, name, status.ended ~= nil
  local progress = progress_of(status)
  if progress > (self.progress[name] or 0) then
    self.progress[name] = progress
    self.words = self.words + 1
    if due(self.kills, self.words) then
      local last = status.entries and status.entries[#status.entries]
      kill_soon(self, last and last.w)
    end
  end
end

local function watch(self)
  local world = self.world
  for kind, see in pairs { [CANARIES] = see_canary, [RELEASES] = see_release, [ROUTES] = see_routes, events = hear } do
    world:watch(kind, function(object, change)
      if change ~= 'deleted' then
        see(self, object)
        for _, take in ipairs(self.hearers[kind] or {}) do
          take(object)
        end
      end
    end)
  end
end

local function start_engine(self)
  self.engines = self.engines + 1
  self.world:start_engine('engine-' .. self.engines)
end

--- A dead engine is followed by another one at once, unless the scenario keeps it down.
local function keep_engine(self)
  self.world:on_engine(function(state)
    if state == 'dead' and not self.is_down then
      start_engine(self)
    end
  end)
  start_engine(self)
end

-- Opening ---------------------------------------------------------------------------------------

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
  if kept[world] then
    kept[world].closed = true
    kept[world] = CLOSED
  end
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
  kept[world] = self
  if sluice.observer then
    sluice.observer(self)
  end
  watch(self)
  if what.objects then
    restore(self, what.objects)
  end
  put_manifests(world, what)
  list_canaries(self)
  keep_engine(self)
  return world
end

-- What there is ---------------------------------------------------------------------------------

--- The Canary that is meant: "namespace/name" or a name; without one the only one.
local function named(world, method, name)
  local self = kept_of(world, method)
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

--- Calls `take` with the objects of Canaries, releases, routes or events as they change. They are read for this world
--- anyway, so it costs less than world:watch.
function methods.hear(world, kind, take)
  local hearers = kept_of(world, 'hear').hearers
  hearers[kind] = hearers[kind] or {}
  table.insert(hearers[kind], take)
end

function methods.canary(world, name)
  local canary = named(world, 'canary', name)
  return world:get(CANARIES, canary.namespace, canary.name)
end

function methods.phase(world, name)
  local _, self, key = named(world, 'phase', name)
  return self.phases[key] or ''
end

local WORKLOADS = { Deployment = 'deployments.apps', DaemonSet = 'daemonsets.apps' }

--- The names of its target and of its service, and what kind the target is of.
local function target_of(world, canary)
  local object = world:get(CANARIES, canary.namespace, canary.name)
  local target, service = object.spec.targetRef, object.spec.service
  return target.name, service and service.name or target.name, WORKLOADS[target.kind] or WORKLOADS.Deployment
end

function methods.weight(world, name)
  local canary, self = named(world, 'weight', name)
  local _, apex = target_of(world, canary)
  return self.shares[canary.namespace .. '/' .. apex] or 0
end

--- The share of the traffic that the routes gave to the canary, from when on.
function methods.curve(world, name)
  local canary, self = named(world, 'curve', name)
  local _, apex = target_of(world, canary)
  local curve = {}
  for _, step in ipairs(self.curve) do
    if step.routes == canary.namespace .. '/' .. apex then
      curve[#curve + 1] = { at = step.at, weight = step.weight }
    end
  end
  return curve
end

function methods.primary(world, name)
  local canary = named(world, 'primary', name)
  local target, _, kind = target_of(world, canary)
  local primary = world:get(kind, canary.namespace, target .. '-primary')
  return primary and primary.spec.template.spec.containers[1].image
end

function methods.release(world, name)
  local canary, self, key = named(world, 'release', name)
  local last = self.last_release[key]
  return last and world:get(RELEASES, canary.namespace, last)
end

function methods.checks(world, name)
  local release = world:release(name)
  return release and release.status and release.status.evidence or {}
end

function methods.events(world)
  local texts = {}
  for i, event in ipairs(kept_of(world, 'events').told) do
    texts[i] = event.text
  end
  return texts
end

function methods.told(world, text)
  local count = 0
  if type(text) ~= 'string' then
    raise('world:told: a text of events is wanted, got %s', type(text))
  end
  for _, event in ipairs(kept_of(world, 'told').told) do
    count = count + (event.text:find(text, 1, true) and 1 or 0)
  end
  return count
end

function methods.story(world)
  return table.concat(kept_of(world, 'story').story, '\n')
end

-- What happens ----------------------------------------------------------------------------------

local LIMIT = '6h'

--- Why a Canary does not get on, as far as it says so; and whether it is refused.
local function hindrance(world, canary)
  local object = world:get(CANARIES, canary.namespace, canary.name)
  local texts, is_refused = {}, false
  for _, condition in ipairs(object and object.status and object.status.conditions or {}) do
    local refuses = condition.type == 'Accepted' and condition.status == 'False'
    if refuses or condition.type == 'Waiting' then
      texts[#texts + 1] = condition.message
    end
    is_refused = is_refused or refuses
  end
  return texts[1] and '; ' .. table.concat(texts, '; ') or '', is_refused
end

local function state_of(world)
  local texts = {}
  for i, canary in ipairs(kept[world].canaries) do
    local name = canary.namespace .. '/' .. canary.name
    texts[i] = ('%s is %s, weight %d%s'):format(name, kept[world].phases[name] or 'without a phase',
      world:weight(name), hindrance(world, canary))
  end
  return table.concat(texts, '; ')
end

--- A function that says whether it has come, and what it is.
local function wish_of(world, what)
  local self = kept[world]
  if type(what) == 'function' then
    return what, 'what was waited for'
  elseif type(what) == 'string' and PHASES[what] then
    return function()
      return world:phase() == what
    end, 'phase ' .. what
  elseif type(what) == 'string' then
    local from = #self.told
    return function()
      for i = from + 1, #self.told do
        if self.told[i].text:find(what, 1, true) then
          return true
        end
      end
      return false
    end, ('an event %q'):format(what)
  elseif type(what) == 'table' and (what.phase or what.weight) then
    return function()
      return (not what.phase or world:phase(what.canary) == what.phase)
        and (not what.weight or world:weight(what.canary) == what.weight)
    end, (what.phase and 'phase ' .. what.phase .. ' ' or '') .. (what.weight and 'weight ' .. what.weight or '')
  end
  return raise('world:run_until: a phase, a text of an event, { weight = n, phase = … } or a function is wanted')
end

function methods.run_until(world, what, limit)
  kept_of(world, 'run_until')
  local wish, name = wish_of(world, what)
  if not world:run(limit or LIMIT, wish) then
    raise('%s has not come in %s; %s', name, shown(limit or LIMIT), state_of(world))
  end
  return world
end

local function is_over(self, key)
  return AT_REST[self.phases[key]] and self.ended[self.last_release[key]]
end

--- Until the objects of the Canary are there, and no release is under way.
function methods.settle(world, name)
  local canary, self, key = named(world, 'settle', name)
  if not world:run('30m', function() return AT_REST[self.phases[key]] ~= nil end) then
    local why, is_refused = hindrance(world, canary)
    raise(is_refused and '%s is refused%s' or '%s is not initialised after 30m%s', key,
      is_refused and why:gsub('^;', ':') or why)
  end
  world:run '2s' -- until that is told
  return world
end

function methods.deploy(world, image, name)
  local canary, self, key = named(world, 'deploy', name)
  if not self.phases[key] or not AT_REST[self.phases[key]] and not self.last_release[key] then
    world:settle(key)
  end
  local before = self.last_release[key]
  local workload, _, kind = target_of(world, canary)
  local target = world:get(kind, canary.namespace, workload)
  local container = target.spec.template.spec.containers[1]
  if container.image == image then
    raise('world:deploy: %s runs %s already', key, image)
  end
  note(self, '$', ('kubectl -n %s set image %s/%s %s=%s'):format(canary.namespace, target.kind:lower(),
    target.metadata.name, container.name, image))
  container.image = image
  world:update(target, nil, 'kubectl-set')
  if not world:run('30m', function() return self.last_release[key] ~= before end) then
    raise('no release has begun in 30m; %s', state_of(world))
  end
  return world
end

function methods.finish(world, name, limit)
  local _, self, key = named(world, 'finish', name)
  local function over()
    return self.last_release[key] and is_over(self, key)
  end
  if not world:run(limit or LIMIT, over) then
    raise('the release has not ended in %s; %s', shown(limit or LIMIT), state_of(world))
  end
  world:run '2s' -- until that is told
  return self.phases[key]
end

--- What is done when something of a scenario happens: the engine dies and comes back, and all is noted.
local function follow_acts(self)
  local world = self.world
  return function(what, text)
    if what == 'engine' then
      self.is_down = text == 'down'
      if self.is_down then
        world:kill_engine()
      elseif world:engine() == 'dead' then
        start_engine(self)
      end
    else
      local command = what == 'people' and text:match '^%$ (.*)'
      note(self, command and '$' or '*', command or text)
    end
  end
end

function methods.play(world)
  local wrong = world:play_acts(follow_acts(kept_of(world, 'play')))
  if wrong[1] then
    error(table.concat(wrong, '\n'), 0)
  end
  return world
end

local begin_acts = methods.begin_acts

--- `tell` is told of what happens, too.
function methods.begin_acts(world, tell)
  local follow = follow_acts(kept_of(world, 'begin_acts'))
  begin_acts(world, function(what, text)
    follow(what, text)
    if tell then
      tell(what, text)
    end
  end)
  return world
end

--- Changes what is there: a merge patch, as kubectl patch --type merge.
local function merge(into, patch)
  for key, value in pairs(patch) do
    if type(value) == 'table' and #value == 0 and type(into[key]) == 'table' then
      merge(into[key], value)
    else
      into[key] = value
    end
  end
end

function methods.patch(world, kind, namespace, name, patch)
  local object = world:get(kind, namespace, name) or raise('world:patch: there is no %s %s/%s', kind, namespace, name)
  merge(object, patch)
  world:update(object, nil, 'kubectl-patch')
  return world
end

--- What a world lacks is most likely misspelt. (Under busted nothing says which name is nearest.)
setmetatable(methods, { __index = function(_, name)
  local found, nearest = pcall(require, 'tool.nearest')
  raise('world: there is no method "%s"%s', tostring(name), found and nearest.known(tostring(name), methods) or '')
end })

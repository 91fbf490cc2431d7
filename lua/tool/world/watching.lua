--- What is seen of a world as it goes on, and the engine that is kept in it.
local _, _, part = ...
local kept = part 'kept'

local M = {}

local COMBINED = '^%(combined from similar events%): '

local function clock_of(self)
  local seconds = math.floor(self.world:now() / 1000)
  return ('%3d:%02d'):format(math.floor(seconds / 60), seconds % 60)
end

--- Adds a line to the story; the mark says what it is: '$' a command, '!' a warning, '*' something that befalls.
---@param self AuthorWorld
---@param mark string
---@param text string
function M.note(self, mark, text)
  self.story[#self.story + 1] = ('%s %s %s'):format(clock_of(self), mark, text)
end

local function hear(self, event)
  if event.involvedObject.kind ~= 'Canary' then
    return
  end
  local text, is_warning = event.message:gsub(COMBINED, ''), event.type == 'Warning'
  self.told[#self.told + 1] = { text = text, warning = is_warning, at = self.world:now() }
  M.note(self, is_warning and '!' or ' ', text)
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
      M.note(self, '*', ('kill -9 of the engine, at word %d%s'):format(self.words, word and ', ' .. word or ''))
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

local WATCHED = { [kept.CANARIES] = see_canary, [kept.RELEASES] = see_release, [kept.ROUTES] = see_routes,
  events = hear }

---@param self AuthorWorld
function M.start(self)
  local world = self.world
  for kind, see in pairs(WATCHED) do
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

---@param self AuthorWorld
function M.start_engine(self)
  self.engines = self.engines + 1
  self.world:start_engine('engine-' .. self.engines)
end

--- A dead engine is followed by another one at once, unless the scenario keeps it down.
---@param self AuthorWorld
function M.keep_engine(self)
  self.world:on_engine(function(state)
    if state == 'dead' and not self.is_down then
      M.start_engine(self)
    end
  end)
  M.start_engine(self)
end

return M

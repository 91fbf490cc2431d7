--- Judges a world by its analysis, beside the checkers of core/lab. Of routes: no requests may move to the canary but
--- by the next step of the analysis that the release goes by, and none may change their rules while the canary has a
--- share of them. Of promotions: the analysis must have come to its end.
local cjson = require 'cjson'
local json = require 'spec.fake_json'

local M = {}

-- What a VirtualService says ------------------------------------------------------------------

local function match_text(match)
  return match and json.text(match) or ''
end

local function sorted(list)
  local copy = {}
  for i, text in ipairs(list or {}) do
    copy[i] = text
  end
  table.sort(copy)
  return table.concat(copy, ',')
end

---@class JudgedRoute
---@field match string
---@field share integer of the canary, percent
---@field mirrored boolean

local function read_route(http)
  local route = { match = match_text(http.match), share = 0, mirrored = http.mirror ~= nil }
  for _, to in ipairs(http.route) do
    local weight = #http.route == 1 and 100 or to.weight or 0 -- the only one gets everything, whatever is written
    route.port = to.destination.port and to.destination.port.number
    if to.destination.host:find '%-canary$' then
      route.share = route.share + weight
    end
  end
  return route
end

local function read(object)
  local spec = object.spec
  local seen = { hosts = sorted(spec.hosts), gateways = sorted(spec.gateways), routes = {}, share = 0 }
  local rules = { seen.hosts, seen.gateways }
  for i, http in ipairs(spec.http or {}) do
    local route = read_route(http)
    seen.routes[i], seen.share = route, math.max(seen.share, route.share)
    rules[#rules + 1] = string.format('%s:%s', route.match, route.port or '')
  end
  seen.rules = table.concat(rules, ' ')
  return seen
end

-- What the analysis allows --------------------------------------------------------------------

--- The shares that a Strategy gives: those of the specs declare a parameter `steps`.
local function steps_of(release)
  return release.spec.params and release.spec.params.steps or {}
end

local function strategy_of(analysis)
  local iterates = (analysis.iterations or 0) > 0
  return iterates and (analysis.match and 'ab_test' or 'blue_green') or 'canary'
end

local function max_weight(analysis)
  local steps = analysis.stepWeights
  return steps and steps[#steps] or analysis.maxWeight or 100
end

--- The next share after this one.
local function next_share(analysis, share)
  for _, step in ipairs(analysis.stepWeights or {}) do
    if step > share then
      return step
    end
  end
  return share + (analysis.stepWeight or 0)
end

local MAY = {
  canary = function(analysis, _, from)
    return from < max_weight(analysis) and math.min(100, next_share(analysis, from))
  end,
  ab_test = function()
    return 100
  end,
  blue_green = function(analysis, iterations)
    return iterations >= analysis.iterations and 100
  end,
}

--- The spec that the release goes by, which it has on record, with what its strategy says in place of the analysis.
local function accepted_by(release)
  local status = release.status or {}
  local spec = cjson.decode((status.accepted or release.spec.accepted).spec)
  for name, value in pairs(status.overrides and cjson.decode(status.overrides) or {}) do
    spec.analysis[name] = value
  end
  if spec.analysis.match and #spec.analysis.match == 0 then
    spec.analysis.match = nil
  end
  return spec
end

--- A person has promoted it.
local function is_promoted_by_hand(release)
  for _, request in ipairs((release.status or {}).requests or {}) do
    if request.verb == 'promote' then
      return true
    end
  end
  return false
end

local CLOSED = { Succeeded = true, Failed = true, Superseded = true, Stalled = true }

---@class Judge
---@field world World
---@field services table<string, table> VirtualServices as they were written last
---@field release table? the last one
---@field analysis_before table? what it went by before an edit
---@field skipped boolean? the release goes by a spec with skipAnalysis, or went by one, or was promoted by hand
---@field status table of the Canary
local Judge = {}
Judge.__index = Judge

function Judge:_check_rules(spec, name, seen, route)
  local own = spec.service.name or spec.targetRef.name
  local hosts = { own, unpack(spec.service.hosts or {}) }
  local match = match_text(spec.analysis.match)
  if name ~= own or seen.hosts ~= sorted(hosts) or route.match ~= match then
    self.world:_break('%s for %s, match %s: the canary gets %d%%, but the spec on record says %s, %s, match %s', name,
      seen.hosts, route.match, route.share, own, sorted(hosts), match)
  end
end

function Judge:_check_growth(name, seen, route, before)
  local release = self.release
  if not release or CLOSED[release.status and release.status.state] then
    self.world:_break('%s: the canary gets %d%% without a release', name, route.share)
    return
  end
  local spec = accepted_by(release)
  self:_check_rules(spec, name, seen, route)
  local may = 0
  for _, analysis in ipairs(self:_analyses()) do
    may = math.max(may, MAY[strategy_of(analysis)](analysis, self.status.iterations or 0, before) or 0)
  end
  for _, step in ipairs(steps_of(release)) do
    may = math.max(may, step)
  end
  if route.share > may then
    self.world:_break('%s, match %s: the canary gets %d%% after %d%%, its analysis allows %d%%', name, route.match,
      route.share, before, may)
  end
end

function Judge:note_service(object)
  local name = object.metadata.name
  local before, seen = self.services[name] or { routes = {}, share = 0 }, read(object)
  local by_strategy = self.release and (self.release.status or {}).overrides
  if by_strategy and before.rules ~= seen.rules and seen.share > 0 then
    self:_check_rules(accepted_by(self.release), name, seen, seen.routes[1])
  elseif before.rules and before.rules ~= seen.rules and before.share + seen.share > 0 then
    self.world:_break('%s: the rules went from "%s" to "%s" while the canary has %d%%, then %d%%', name, before.rules,
      seen.rules, before.share, seen.share)
  end
  for i, route in ipairs(seen.routes) do
    local was = before.routes[i] and before.routes[i].share or 0
    if route.share > was then
      self:_check_growth(name, seen, route, was)
    end
  end
  self.services[name] = seen
end

--- The analysis that the release goes by; and the one before it, by which a round may have begun, if a share means
--- the same in both.
function Judge:_analyses()
  local now, before = accepted_by(self.release).analysis, self.analysis_before
  local same = before and strategy_of(before) == strategy_of(now) and match_text(before.match) == match_text(now.match)
  return { now, same and before or nil }
end

function Judge:note_release(object, change)
  local is_known = self.release and self.release.metadata.uid == object.metadata.uid
  if change == 'modified' and is_known then
    local before = accepted_by(self.release).analysis
    if json.text(before) ~= json.text(accepted_by(object).analysis) then
      self.analysis_before = before
    end
  end
  if change == 'added' or self.release and self.release.metadata.uid == object.metadata.uid then
    self.release = object
    self.skipped = accepted_by(object).skipAnalysis or is_promoted_by_hand(object) or is_known and self.skipped
  end
end

--- The highest share of now.
function Judge:_share()
  local share = 0
  for _, seen in pairs(self.services) do
    share = math.max(share, seen.share)
  end
  return share
end

--- The analysis has come to its end.
function Judge:_is_over(analysis)
  local total = analysis.iterations or 0
  return total > 0 and (self.status.iterations or 0) >= total or total == 0 and self:_share() >= max_weight(analysis)
end

function Judge:note_primary(object)
  local image = object.spec.template.spec.containers[1].image
  local is_over = not self.image or self.image == image or self.skipped
  for _, analysis in ipairs(self.release and self:_analyses() or {}) do
    is_over = is_over or self:_is_over(analysis)
  end
  local steps = self.release and steps_of(self.release) or {}
  is_over = is_over or #steps > 0 and self:_share() >= steps[#steps]
  if not is_over then
    self.world:_break('%s is promoted after %d iterations, at %d%%', image, self.status.iterations or 0, self:_share())
  end
  self.image = image
end

---@param world World
---@return Judge
function M.watch(world)
  local self = setmetatable({ world = world, services = {}, status = {} }, Judge)
  world.world:watch('virtualservices.networking.istio.io', function(object)
    self:note_service(object)
  end)
  world.world:watch('canaries.flagger.app', function(object)
    self.status = object.status or {}
  end)
  world.world:watch('releases.sluice.dev', function(object, change)
    self:note_release(object, change)
  end)
  world.world:watch('deployments.apps', function(object)
    if object.metadata.name == 'podinfo-primary' then
      self:note_primary(object)
    end
  end)
  return self
end

return M

--- Words of a Strategy that tell facts. Each is on record as it was told, so that a replay decides the same.
local arguments = require 'stdlib.arguments'
local host = require 'host'

local methods = {}

---@param rollout ScriptWords
---@param word string
---@param args table
---@param read fun(facts: table): any
local function tell(rollout, word, args, read)
  return rollout:word(word, args, function()
    return { fact = read(host.call('facts')) }
  end).fact
end

local function seconds(ms)
  return math.floor(ms / 1000)
end

--- Seconds since 1970.
---@return integer
function methods:now()
  return tell(self, 'now', {}, function(facts)
    return seconds(facts.now)
  end)
end

--- Seconds since the release began.
---@return integer
function methods:elapsed()
  return tell(self, 'elapsed', {}, function(facts)
    return seconds(facts.now - facts.started)
  end)
end

--- The live weights in percent; nil and why when the routes cannot be read.
---@return { primary: integer, canary: integer, mirrored: boolean }?
---@return string? cause
function methods:weights()
  local fact = tell(self, 'weights', {}, function(facts)
    return { route = facts.route, cause = facts.route_error }
  end)
  return fact.route, fact.cause
end

--- The revision that is tried, as the Release's status has it.
---@return string
function methods:revision()
  return tell(self, 'revision', {}, function(facts)
    return facts.revision
  end)
end

--- How many Pods a side is to have.
---@param side 'primary'|'canary'
---@return integer
function methods:replicas(side)
  return tell(self, 'replicas', { side = side }, function(facts)
    return facts.replicas[side]
  end)
end

--- A number in [0, 1) from the release's own seed: the same one in every replay.
---@return number
function methods:random() -- luacheck: ignore 212/self
  return host.random()
end

--- How the last releases of this Canary have ended, the last one first.
---@param count integer
---@return { number: integer, outcome: string, revision: string, began: integer? }[]
function methods:history(count)
  return self:word('history', { count = count }, function()
    local list = host.call('history', { count = count })
    for _, release in ipairs(list) do
      release.began = release.began and seconds(release.began)
    end
    return { fact = list }
  end).fact
end

-- What a script may say (see words.lua) ------------------------------------------------------------

local words = {
  now = arguments.nothing,
  elapsed = arguments.nothing,
  weights = arguments.nothing,
  revision = arguments.nothing,
  replicas = arguments.reader(arguments.side),
  random = arguments.nothing,
  history = arguments.reader(arguments.count),
}

return { methods = methods, words = words }

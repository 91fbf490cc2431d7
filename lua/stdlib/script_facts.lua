--- Words of a Strategy that tell facts. Each is on record as it was told, so that a replay decides the same.
local arguments = require 'stdlib.arguments'
local host = require 'host'

local M = {}

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

local words = {}

--- Seconds since 1970.
---@return integer
function words:now()
  return tell(self, 'now', {}, function(facts)
    return seconds(facts.now)
  end)
end

--- Seconds since the release began.
---@return integer
function words:elapsed()
  return tell(self, 'elapsed', {}, function(facts)
    return seconds(facts.now - facts.started)
  end)
end

--- The live weights in percent; nil and why when the routes cannot be read.
---@return { primary: integer, canary: integer, mirrored: boolean }?
---@return string? cause
function words:weights()
  local fact = tell(self, 'weights', {}, function(facts)
    return { route = facts.route, cause = facts.route_error }
  end)
  return fact.route, fact.cause
end

--- The revision that is tried, as the Release's status has it.
---@return string
function words:revision()
  return tell(self, 'revision', {}, function(facts)
    return facts.revision
  end)
end

--- How many Pods a side is to have.
---@param side 'primary'|'canary'
---@return integer
function words:replicas(side)
  return tell(self, 'replicas', { side = side }, function(facts)
    return facts.replicas[side]
  end)
end

--- A number in [0, 1) from the release's own seed: the same one in every replay.
---@return number
function words:random() -- luacheck: ignore 212/self
  return host.random()
end

--- How the last releases of this Canary have ended, the last one first.
---@param count integer
---@return { number: integer, outcome: string, revision: string, began: integer? }[]
function words:history(count)
  return self:word('history', { count = count }, function()
    local list = host.call('history', { count = count })
    for _, release in ipairs(list) do
      release.began = release.began and seconds(release.began)
    end
    return { fact = list }
  end).fact
end

--- Gives a class of words these, too.
---@param class ScriptWords
function M.add(class)
  for word, method in pairs(words) do
    class[word] = method
    class.words[word] = arguments.nothing
  end
  class.words.replicas = arguments.reader('replicas', arguments.side)
  class.words.history = arguments.reader('history', arguments.count)
end

return M

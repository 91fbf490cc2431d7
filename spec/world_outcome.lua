--- What a world is at its end, to be held against another one's.
local json = require 'spec.fake_json'

--- What is compared of a world at its end. ReplicaSets and Pods follow from it, by names of chance: the id
--- that a promotion writes into the template of the primary is one.
local KINDS = { 'deployments.apps', 'services', 'virtualservices.networking.istio.io',
  'destinationrules.networking.istio.io', 'canaries.flagger.app', 'releases.sluice.dev' }

local TIME = '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d'
local REPLICA_SET = 'ReplicaSet "[^"]*"'
local UID = '%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x'

--- Counters of writes; who holds a release, and the parts of its record that tell when and by how many
--- words it came about: after a death some of them are written once more, later, by another.
local COUNTERS = { resourceVersion = true, managedFields = true }
local RECORD = { epoch = true, holder = true, serial = true, entries = true, open = true, openStarted = true,
  evidence = true, drainedAfterMs = true }

local function plain(value, skipped)
  if type(value) == 'string' then
    return value:match(TIME) and '(time)' or (value:gsub(UID, '(uid)'):gsub(REPLICA_SET, 'ReplicaSet (name)'))
  elseif type(value) ~= 'table' then
    return value
  end
  local copy = {}
  for name, field in pairs(value) do
    if not skipped[name] then
      copy[name] = plain(field, COUNTERS)
    end
  end
  return copy
end

--- All that a release leaves behind, as lines: what was told, in order and how often; what happened to the
--- traffic, the Canary and the primary; which hooks were delivered; every object.
---@param world World
---@param often table<string, integer>? of the shared events, how often they are told without a death. The engines
---  know in memory only which events are shared: one that starts tells the last one anew, when no answer to it
---  is on record
---@return string[]
return function(world, often)
  local lines = {}
  for _, text in ipairs(world.texts) do
    local times, enough = world.told[text], often and often[text]
    if enough and times > enough and times <= enough + world.deaths then
      times = enough
    end
    lines[#lines + 1] = string.format('told %d times: %s', times, text)
  end
  for _, list in ipairs { world.history, world.delivered } do
    for _, line in ipairs(list) do
      lines[#lines + 1] = line
    end
  end
  for _, kind in ipairs(KINDS) do
    for _, object in ipairs(world.world:list(kind, 'test')) do
      object = plain(object, {})
      if kind == 'releases.sluice.dev' then
        object.status = plain(object.status, RECORD)
      end
      lines[#lines + 1] = kind .. ' ' .. json.text(object)
    end
  end
  return lines
end

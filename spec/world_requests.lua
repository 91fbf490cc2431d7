--- What people ask of a Canary by its annotations, in a world.
local cjson = require 'cjson'

local M = {}

local PAUSE, REQUEST = 'sluice.dev/pause', 'sluice.dev/request'

local function canary_of(world)
  return world.world:get('canaries.flagger.app', 'test', 'podinfo')
end

--- Sets annotations of the Canary; false takes one away.
---@param world World
---@param annotations table<string, string|false>
function M.annotate(world, annotations)
  local canary = canary_of(world)
  local all = canary.metadata.annotations or {}
  for name, text in pairs(annotations) do
    all[name] = text or nil
  end
  canary.metadata.annotations = next(all) and all or nil
  world.world:update(canary)
end

--- Asks for something, as `sluice VERB --reason INC-4711` does.
---@param world World
---@param verb string
---@param more table? fields of the request
function M.ask(world, verb, more)
  local request = { verb = verb, by = 'alice', reason = 'INC-4711', id = verb .. '-1' }
  if verb ~= 'pause' and verb ~= 'resume' then
    request.release = 'podinfo-1'
  end
  for name, value in pairs(more or {}) do
    request[name] = value
  end
  local pause
  if verb == 'pause' then
    pause = request.reason
  elseif verb == 'resume' then
    pause = false
  end
  M.annotate(world, { [REQUEST] = cjson.encode(request), [PAUSE] = pause })
end

--- status.lastRequest of the Canary.
---@param world World
---@return table? answer
function M.answer(world)
  local canary = canary_of(world)
  return canary.status and canary.status.lastRequest
end

--- Changes an object of the world.
---@param world World
---@param kind string
---@param name string
---@param change fun(object: table)
function M.change(world, kind, name, change)
  local object = world.world:get(kind, 'test', name)
  change(object)
  world.world:update(object)
end

--- Sets fields of the Canary's spec.
---@param world World
---@param fields table<string, any>
function M.specify(world, fields)
  local canary = canary_of(world)
  for name, value in pairs(fields) do
    canary.spec[name] = value
  end
  world.world:update(canary)
end

--- What a Release has on record of pauses and their ends: 'pause by alice: INC-4711', 'resume spec.suspend'.
---@param world World
---@param number integer? of the Release
---@return string[]
function M.pauses(world, number)
  local lines = {}
  for _, entry in ipairs(world:release(number).status.requests or {}) do
    if entry.verb == 'pause' or entry.verb == 'resume' then
      lines[#lines + 1] = ('%s %s%s'):format(entry.verb, entry.through or 'by ' .. tostring(entry.by),
        entry.reason and ': ' .. entry.reason or '')
      assert(entry.acted)
    end
  end
  return lines
end

--- Until an event has these words.
---@param world World
---@param text string
---@return World world
function M.until_told(world, text)
  world.world:run('30m', function()
    return world:times_told(text) > 0
  end)
  assert(world:times_told(text) > 0, text .. ' was not told')
  return world
end

--- Until the request with this id is answered.
---@param world World
---@param id string
---@return table answer
function M.await_answer(world, id)
  local asked_at = world.world:now()
  world.world:run('5m', function()
    return (M.answer(world) or {}).id == id
  end)
  local answer = M.answer(world) or {}
  assert(answer.id == id, 'no answer to ' .. id)
  answer.after_ms = world.world:now() - asked_at
  return answer
end

return M

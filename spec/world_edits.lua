--- What people make of a Canary while its release is under way.
local M = {}

---@class WorldEdit
---@field told string it is made when an event is told that matches
---@field later string? so much later
---@field edit fun(spec: table) changes Canary.spec

--- Changes the Canary as it is now.
---@param world World
---@param edit fun(spec: table)
function M.make(world, edit)
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  edit(canary.spec)
  world.world:update(canary)
end

--- The edits of a world, each at its time.
---@param world World
---@param edits WorldEdit[]
function M.plan(world, edits)
  local next_one = 1
  world.world:watch('events', function(event)
    local edit = edits[next_one]
    if edit and event.message:find(edit.told) then
      next_one, world.edits_due = next_one + 1, next_one
      world.world:after(edit.later or '3s', function()
        M.make(world, edit.edit)
      end)
    end
  end)
end

return M

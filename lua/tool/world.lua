--- Worlds for authors of strategies: what spec/_meta/sluice.lua has under "Worlds of a scenario". It is given the
--- module `sluice`, the methods of a world, and a function that loads a file of this folder's `world` (all of
--- core/lab/lua/module.c), and adds to the first two.
---
---     local world = sluice.world 'scenario.yaml'
---     world:deploy 'shop/web:2'
---     assert.equal('Succeeded', world:finish())
local sluice, methods, load_part = ...

local parts = {}

--- The parts need each other, and nobody who has the module alone could require them.
local function part(name)
  if parts[name] == nil then
    parts[name] = load_part(name)(sluice, methods, part) or true
  end
  return parts[name]
end

part 'opening'
part 'asking'
part 'acting'

--- What a world lacks is most likely misspelt. (Under busted nothing says which name is nearest.)
setmetatable(methods, { __index = function(_, name)
  local found, nearest = pcall(require, 'tool.nearest')
  local known = found and nearest.known(tostring(name), methods) or ''
  error(('world: there is no method "%s"%s'):format(tostring(name), known), 0)
end })

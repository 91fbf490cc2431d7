--- Stands for the host (stdlib/_meta/host.lua) where the stdlib is asked what its words would say and no release runs.
local nearest = require 'tool.nearest'

local function nothing() end

return {
  enter = function()
    return false
  end,
  leave = nothing, evidence = nothing, log = nothing, say = nothing,
  call = function()
    return {}
  end,
  nearest = function(name, known)
    local names = {}
    for _, other in ipairs(known) do
      names[other] = true
    end
    return nearest.sorted(tostring(name), names)
  end,
  place = function()
    return ''
  end,
  place_of_script = function()
    return ''
  end,
  loading = nothing,
  random = function()
    return 0
  end,
  seal = function(t)
    return t
  end,
  array = function(list)
    return list or {}
  end,
}

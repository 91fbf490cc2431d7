--- Faults of a script: raised at the script's own line, wherever in stdlib they are found.
local M = {}

local FRAMES_MAX = 30

--- 'scripts/ring.lua:12: '; '' when the stack has no frame of a script's (a call in tail position leaves none).
---@return string
local function place()
  for level = 4, FRAMES_MAX do -- 2 is this function, 3 is M.raise
    local _, text = pcall(error, '', level)
    if text ~= '' and not text:find '^stdlib/' and not text:find '^sandbox:' then
      return text
    end
  end
  return ''
end

--- Raises at the script's line; does not return.
---@param problem string
function M.raise(problem)
  error(place() .. problem, 0)
end

return M

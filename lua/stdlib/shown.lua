--- How something that came instead of what was wanted is shown in what is said about it.
local M = {}

local TEXT_MAX = 60

--- A text is in quotes: '5' is not 5. A nil is shown as such, and of what has no text of its own the kind.
---@param value any
---@return string
function M.value(value)
  local kind = type(value)
  if kind == 'string' then
    return "'" .. (#value > TEXT_MAX and value:sub(1, TEXT_MAX) .. '…' or value) .. "'"
  elseif kind == 'number' or kind == 'boolean' or kind == 'nil' then
    return tostring(value)
  end
  return 'a ' .. kind
end

return M

--- How something that came instead of what was wanted is shown in what is said about it.
local M = {}

local TEXT_MAX = 60

--- The beginning of a long text, without a part of a character at its end.
local function cut(text)
  local len = TEXT_MAX
  while len > TEXT_MAX - 3 and text:find('^[\128-\191]', len + 1) do
    len = len - 1
  end
  return text:sub(1, len) .. '…'
end

--- A text is in quotes: '5' is not 5. A nil is shown as such, and of what has no text of its own the kind.
---@param value any
---@return string
function M.value(value)
  local kind = type(value)
  if kind == 'string' then
    return "'" .. (#value > TEXT_MAX and cut(value) or value) .. "'"
  elseif kind == 'number' or kind == 'boolean' or kind == 'nil' then
    return tostring(value)
  end
  return 'a ' .. kind
end

return M

--- Durations as people write them: '90s', '1h30m', '1.5h'.
local M = {}

local MS = { h = 3600000, m = 60000, s = 1000, ms = 1 }

--- Milliseconds, whole; nil and why for another text.
---@param text any
---@return integer? ms
---@return string? problem
function M.parse(text)
  local rest, sum = type(text) == 'string' and text or '', 0
  while rest ~= '' do
    local number, unit, more = rest:match '^(%d+%.?%d*)(%a+)(.*)$'
    if not number or not MS[unit] then
      break
    end
    sum, rest = sum + tonumber(number) * MS[unit], more
  end
  if rest ~= '' or text == '' or type(text) ~= 'string' then
    return nil, "a duration like '90s' or '1h30m' is wanted, got " .. tostring(text)
  end
  return math.floor(sum)
end

return M

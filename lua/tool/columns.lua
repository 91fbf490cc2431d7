--- Columns of a terminal, where each character takes one.
local M = {}

---@param text string UTF-8
---@return integer
function M.width(text)
  return select(2, text:gsub('[^\128-\191]', ''))
end

return M

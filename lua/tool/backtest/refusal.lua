--- What a command cannot do with what it was given: raised from within it, and given back by it.
local readable = require 'tool.readable'

local M = {}

---@param format string
function M.refuse(format, ...)
  error({ refused = format:format(...) }, 0)
end

--- What a function gives, or why it refused; what else is raised goes on.
---@param f fun(...): table
---@return table result or { refused: string }
function M.guard(f, ...)
  local ok, result = pcall(f, ...)
  if ok then
    return result
  elseif type(result) == 'table' and result.refused then
    return { refused = readable(result.refused) }
  end
  error(result, 0)
end

return M

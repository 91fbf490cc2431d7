--- How far something is, for a person who waits: one line on standard error, which the next one takes the place of.
--- Where that is no terminal, nothing.
local M = {}

local PERIOD_S = 0.2

---@param is_terminal boolean
---@return fun(format: string?, ...) nil: the line is taken away
function M.line(is_terminal)
  local told, process = nil, require 'tool.process' -- which specs of what tells do without
  return function(format, ...)
    local now = process.clock()
    if not is_terminal or not told and not format or told and format and now - told < PERIOD_S then
      return
    end
    told = format and now or nil
    io.stderr:write('\r', format and format:format(...) or '', '\27[K')
  end
end

return M

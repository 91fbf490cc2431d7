--- What keeps a query from being answered, as errors that tool.promql.evaluate gives back as values.
local M = {}

---@class PromqlFailure
---@field kind 'bad_data'|'execution'|'unsupported' it is no query; a server would refuse to answer it; a server would
---  answer it, and this evaluator does not
---@field text string

local function raise(kind)
  return function(format, ...)
    error({ kind = kind, text = format:format(...) }, 0)
  end
end

M.bad_data, M.execution, M.unsupported = raise 'bad_data', raise 'execution', raise 'unsupported'

--- What of an error is told; errors of another kind are faults of this program.
---@param raised any
---@return PromqlFailure
function M.of(raised)
  if type(raised) ~= 'table' or not raised.kind then
    error(raised, 0)
  end
  return raised
end

return M

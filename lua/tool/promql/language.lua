--- Whether a query is PromQL at all, without a server: what each Prometheus would refuse to read.
local failure = require 'tool.promql.failure'
local parser = require 'tool.promql.parser'

local M = {}

local MAJORS = { 2, 3 }

--- What is wrong with a query; nil: some version reads it, or it has what is not known here.
---@param query string filled in
---@return string? problem
function M.problem(query)
  local first
  for _, major in ipairs(MAJORS) do
    local read, raised = pcall(parser.parse, query, major)
    local fault = not read and failure.of(raised)
    if not fault or fault.kind ~= 'bad_data' then
      return nil
    end
    first = first or fault.text
  end
  return (first:gsub('^%d+: ', ''):gsub('^parse error: ', '')) -- its place is that in a text that nobody wrote
end

return M

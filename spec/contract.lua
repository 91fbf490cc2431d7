--- Holds the fake host to the contract of the operations behind host.call: the rows of the engine's own table, read by
--- the engine's own code (core/rollout/operation/table.c).
local json = require 'spec.fake_json'
local sluice = require 'sluice'

local M = {}

--- A copy whose lists have the mark of the engine's side.
local function marked(value)
  if type(value) ~= 'table' then
    return value
  end
  local copy = {}
  for key, item in pairs(value) do
    if item ~= json.null then
      copy[key] = marked(item)
    end
  end
  return json.is_list(value) and sluice.list(copy) or copy
end

--- Raises what the engine's host.call would.
---@param operation string
---@param args table
---@param level integer whose line it is, as for error
function M.check_call(operation, args, level)
  local problem = sluice.call_problem(operation, marked(args))
  if problem then
    error(problem, level)
  end
end

--- The fake must answer nothing that the engine could not.
---@param operation string
---@param answer any
function M.check_answer(operation, answer)
  local problem = sluice.answer_problem(operation, marked(answer))
  if problem then
    error('the fake host: ' .. problem, 0)
  end
end

--- A list that stays one when it is empty.
function M.list(list)
  return json.array(list)
end

--- What the operation calendar answers.
---@param now integer ms
---@param args table
---@return table
function M.calendar(now, args)
  return sluice.calendar(now, marked(args))
end

--- What is wrong with a list of effects; nil when nothing is.
---@param list table[]
---@return string?
function M.effects_problem(list)
  return sluice.effects_problem(marked(list))
end

return M

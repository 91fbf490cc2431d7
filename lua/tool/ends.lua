--- Whether a block comes to its end, or is left before by a `return` or the like.
local tree = require 'tool.tree'

local M = {}

local function has_label(statement)
  local found = false
  tree.walk(statement, function(node)
    found = found or node.kind == 'label'
    return node.kind ~= 'function'
  end)
  return found
end

local LOOPS = { ['while'] = true, ['repeat'] = true, for_number = true, for_each = true }

--- A `break` of this very loop.
local function has_break(block)
  local found = false
  tree.walk_block(block, function(node)
    found = found or node.kind == 'break'
    return node.kind ~= 'function' and not LOOPS[node.kind]
  end)
  return found
end

--- What is known of the test of a loop: nil where nothing is.
local function outcome(test)
  local known, value = tree.value(test)
  if known then
    return value and true or false
  end
end

--- Of the statements behind which a block may not come to its end: the one behind which it does; nil: there is none.
local ENDS = {
  ['return'] = function() end,
  ['break'] = function() end,
  ['goto'] = function() end, -- where it leads is not followed
}

ENDS['if'] = function(statement)
  if #statement.bodies == #statement.tests then
    return statement -- none of the tests may hold
  end
  for _, body in ipairs(statement.bodies) do
    local open = M.open(body, statement)
    if open then
      return open
    end
  end
end

ENDS['do'] = function(statement)
  return M.open(statement.body, statement)
end

ENDS['while'] = function(statement)
  local forever = outcome(statement.test) == true and not has_break(statement.body)
  return not forever and statement or nil
end

ENDS['repeat'] = function(statement)
  if has_break(statement.body) then
    return statement
  end
  local open = M.open(statement.body, statement)
  return open and outcome(statement.test) ~= false and statement or nil
end

--- The statement behind which a block comes to its end; nil: it does not, or that is not known.
---@param block table[]
---@param around table where an empty block stands
---@return table?
function M.open(block, around)
  local last = block[#block]
  if not last then
    return around
  elseif has_label(last) then
    return nil
  end
  local look = ENDS[last.kind]
  if look then
    return look(last)
  end
  return last
end

return M

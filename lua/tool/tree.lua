--- Walks the tree of tool.parser, and reads values that stand in it.
local M = {}

local PARTS = { 'object', 'callee', 'key', 'inner', 'left', 'right', 'call', 'test' }
local LISTS = { 'targets', 'values', 'args', 'tests' }

--- Calls visit(node, parent) for this node and everything inside of it, in the order of the text but for operators.
--- Where it gives false, nothing inside is visited.
function M.walk(node, visit, parent)
  if visit(node, parent) == false then
    return
  end
  for _, part in ipairs(PARTS) do
    if node[part] then
      M.walk(node[part], visit, node)
    end
  end
  for _, list in ipairs(LISTS) do
    for _, child in ipairs(node[list] or {}) do
      M.walk(child, visit, node)
    end
  end
  for _, item in ipairs(node.items or {}) do
    if item.key then
      M.walk(item.key, visit, node)
    end
    M.walk(item.value, visit, node)
  end
  M.walk_block(node.body or {}, visit, node)
  for _, body in ipairs(node.bodies or {}) do
    M.walk_block(body, visit, node)
  end
end

function M.walk_block(block, visit, parent)
  for _, statement in ipairs(block) do
    M.walk(statement, visit, parent)
  end
end

--- What a name stands for, as far as one expression says it.
function M.meant(node)
  for _ = 1, 20 do
    local meant = node and (node.inner or node.kind == 'name' and node.variable and node.variable.value)
    if not meant then
      break
    end
    node = meant
  end
  return node
end

--- Is this a call of a function that scripts have, 'error' or 'string.format'?
---@param node table?
---@param name string
---@return boolean
function M.is_call_of(node, name)
  local callee = node and node.kind == 'call' and node.callee
  local library, field = name:match '^(%a+)%.(%a+)$'
  if library then
    return callee and callee.kind == 'index' and callee.key.value == field and callee.object.kind == 'name'
      and callee.object.name == library and not callee.object.variable or false
  end
  return callee and callee.kind == 'name' and callee.name == name and not callee.variable or false
end

--- The module that an expression requires: 'stdlib.param' of `require 'stdlib.param'`.
---@param node table?
---@return string?
function M.required(node)
  node = M.meant(node)
  return M.is_call_of(node, 'require') and node.args[1] and node.args[1].value or nil
end

local CONSTANTS = { ['true'] = true, ['false'] = false }

-- Texts that are put together of known parts ------------------------------------------------------

local PARTS_OF_TEXT = { string = true, number = true }

local function joined(node, ask)
  local left_known, left = M.value(node.left, ask)
  local right_known, right = M.value(node.right, ask)
  if left_known and right_known and PARTS_OF_TEXT[type(left)] and PARTS_OF_TEXT[type(right)] then
    return true, left .. right
  end
  return false
end

--- The template and the values of `string.format(…)` and `('…'):format(…)`; nil: it is another call.
local function format_of(node)
  if node.kind == 'method' and node.name == 'format' then
    return { node.object, unpack(node.args) }
  end
  return M.is_call_of(node, 'string.format') and node.args or nil
end

local function formatted(parts, ask)
  local values = {}
  for i, part in ipairs(parts) do
    local known, value = M.value(part, ask)
    if not known or not PARTS_OF_TEXT[type(value)] then
      return false
    end
    values[i] = value
  end
  local ok, text = pcall(string.format, unpack(values, 1, #parts))
  return ok and type(text) == 'string', ok and text or nil
end

--- The one expression that a function of the file returns, and no more; nil: it does more.
local function only_result(callee)
  callee = callee and M.meant(callee)
  local last = callee and callee.kind == 'function' and #callee.body == 1 and callee.body[1]
  return last and last.kind == 'return' and #last.values == 1 and last.values[1], callee
end

local CALLS_MAX = 20 -- in one another: a function may call itself
local depth = 0

--- `earned('{{ target }}')`, where `local function earned(workload) return 'x{w="' .. workload .. '"}' end`.
local function result_of(node, ask)
  local result, callee = only_result(node.kind == 'call' and node.callee)
  if not result or depth >= CALLS_MAX then
    return false
  end
  local given = {}
  for i, param in ipairs(callee.params) do
    given[param] = node.args[i] and { M.value(node.args[i], ask) } or { true }
  end
  depth = depth + 1
  local known, value = M.value(result, function(inner)
    local param = inner.kind == 'name' and given[inner.variable or false]
    if param then
      return param[1], param[2]
    end
    return ask and ask(inner)
  end)
  depth = depth - 1
  return known, value
end

local function table_value(node, ask)
  local value, known, at = {}, true, 0
  for _, item in ipairs(node.items) do
    at = item.key and at or at + 1
    local key_known, key = true, at
    if item.key then
      key_known, key = M.value(item.key, ask)
    end
    local item_known, item_value = M.value(item.value, ask)
    known = known and key_known and item_known
    if key_known and key ~= nil and item_known then
      value[key] = item_value
    end
  end
  return known, value
end

--- The value of an expression, when it can be known without running anything.
---@param node table
---@param ask? fun(node: table): boolean, any what else is known
---@return boolean known of a table: false when a part of it is not known, and the value has the rest
---@return any value
function M.value(node, ask)
  node = M.meant(node)
  if node.kind == 'string' or node.kind == 'number' then
    return node.value ~= nil, node.value
  elseif CONSTANTS[node.kind] ~= nil then
    return true, CONSTANTS[node.kind]
  elseif node.kind == 'nil' then
    return true, nil
  elseif node.kind == 'operator' and node.operator == '-' and not node.left then
    local known, value = M.value(node.right, ask)
    known = known and type(value) == 'number'
    return known, known and -value or nil
  elseif node.kind == 'table' then
    return table_value(node, ask)
  elseif node.kind == 'operator' and node.operator == '..' then
    return joined(node, ask)
  end
  local parts = format_of(node)
  if parts then
    return formatted(parts, ask)
  elseif only_result(node.kind == 'call' and node.callee) then
    return result_of(node, ask)
  end
  if ask then
    return ask(node)
  end
  return false
end

--- The item of a table constructor under a name.
function M.field(node, name)
  for _, item in ipairs(node.items or {}) do
    if item.key and item.key.kind == 'string' and item.key.value == name then
      return item.value, item.key
    end
  end
end

return M

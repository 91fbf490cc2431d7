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

local CONSTANTS = { ['true'] = true, ['false'] = false }

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

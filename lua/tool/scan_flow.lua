--- What a script does as a whole: the order of its words, how it ends, what is never reached, loops without an end
--- (methods of tool.scan).
local tree = require 'tool.tree'

---@class Scan
local Scan = {}

local ENDS = { promote = true, rollback = true }

function Scan:check_order(run)
  if self.escapes then
    return
  end
  local first = self.first
  if not self.used.begin then
    self:find('error', run, 'run: rollout:begin() is missing; it comes before all other words')
  elseif first and first.name ~= 'begin' and self.run_holds[first] then
    self:find('error', { line = first.name_line, column = first.name_column }, '%s: begin() comes first', first.name)
  end
  if not self.used.promote then
    self:find(self.used.rollback and 'warning' or 'error', run,
      'run: rollout:promote() is missing; a script that ends without it has its release taken back')
  end
end

function Scan:is_end(statement)
  local call = statement.kind == 'run' and statement.call
  return call and call.kind == 'method' and ENDS[call.name] and call.object.kind == 'name'
    and self.rollouts[call.object.variable or false] and call
end

--- What follows a word that does not come back.
function Scan:check_dead_code(block)
  for i, statement in ipairs(block) do
    local call, after = self:is_end(statement), block[i + 1]
    if call and after and after.kind ~= 'return' and after.kind ~= 'label' then
      self:find('warning', after, '%s() does not come back; this is never reached', call.name)
      return
    end
  end
end

local LEAVES = { ['break'] = true, ['return'] = true, call = true, method = true }

--- Whether something in these statements leaves them, or says a word.
local function leaves(block, from, to)
  local found, labels = false, {}
  for i = from or 1, to or #block do
    tree.walk(block[i], function(node)
      labels[node.kind == 'label' and node.label or false] = true
    end)
  end
  for i = from or 1, to or #block do
    tree.walk(block[i], function(node)
      found = found or LEAVES[node.kind] or node.kind == 'goto' and not labels[node.label]
    end)
  end
  return found
end

local ENDLESS = 'this loop never ends, and says no word'

function Scan:check_loop(loop)
  local known, value = tree.value(loop.test)
  local forever = known and (loop.kind == 'while') == (value and true or false)
  if forever and not leaves(loop.body) then
    self:find('error', loop, ENDLESS)
  end
end

--- `for _, share in rollout.params.shares do`: a list is gone through by ipairs.
function Scan:check_iterator(loop)
  local node = tree.meant(loop.values[1])
  local known, value = self:value_of_param(node)
  if #loop.values == 1 and (node.kind == 'table' or known and type(value) == 'table') then
    self:find('error', loop.values[1], 'a list is gone through by ipairs: for _, x in ipairs(…) do')
  end
end

--- `::again:: … goto again`
function Scan:check_jumps(block)
  local labels = {}
  for i, statement in ipairs(block) do
    local label = labels[statement.kind == 'goto' and statement.label or false]
    if statement.kind == 'label' then
      labels[statement.label] = i
    elseif label and not leaves(block, label + 1, i - 1) then
      self:find('error', block[label], ENDLESS)
    end
  end
end

return Scan

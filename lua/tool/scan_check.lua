--- What a check does as a whole: whether each of its ways ends with a verdict, and what it keeps from one round to the
--- next (methods of tool.scan).
local ends = require 'tool.ends'
local nearest = require 'tool.nearest'
local tree = require 'tool.tree'

---@class Scan
local Scan = {}

-- Its verdict -----------------------------------------------------------------------------------

--- What the function `run` of a check returns, not what a function inside of it does.
local function returns_of(run)
  local found = {}
  for _, statement in ipairs(run.body) do
    tree.walk(statement, function(node)
      found[#found + 1] = node.kind == 'return' and node or nil
      return node.kind ~= 'function'
    end)
  end
  return found
end

local GIVES = { judge = true, blind = true }

--- `c:judge(…)`, `c:blind(…)`.
function Scan:is_verdict(call)
  return call.kind == 'method' and GIVES[call.name] and call.object.kind == 'name'
    and self.rollouts[call.object.variable or false]
end

--- A call may raise, and not come back; of what the script itself says as a word it is known that it does.
function Scan:may_raise(statement)
  return statement.kind == 'run' and not (statement.call.kind == 'method' and statement.call.object.kind == 'name'
    and self.rollouts[statement.call.object.variable or false])
end

function Scan:check_end(run)
  local open = ends.open(run.body, run)
  if open and not self:may_raise(open) and not (open.kind == 'run' and self:is_verdict(open.call)) then
    self:find('error', open, 'run may come to its end behind this without a verdict, wanted what c:judge or c:blind '
      .. 'gives')
  end
end

--- A verdict that is neither returned nor kept is lost, and the check goes on.
function Scan:check_lost_verdicts(block)
  tree.walk_block(block, function(node)
    if node.kind == 'run' and self:is_verdict(node.call) then
      self:find('error', node, 'run: return is missing: return c:%s(…)', node.call.name)
    end
  end)
end

function Scan:check_verdict(run, block)
  self:check_lost_verdicts(block)
  if self.escapes then
    return
  elseif not self.used.judge and not self.used.blind then
    self:find('error', run, 'run: neither c:judge nor c:blind is said; a check returns what one of them gives')
    return
  end
  for _, node in ipairs(returns_of(run)) do
    local known, value = true, nil
    if node.values[1] then
      known, value = tree.value(node.values[1])
    end
    if known then
      self:find('error', node, 'run returns %s, wanted what c:judge or c:blind gives',
        value == nil and 'nothing' or 'a ' .. type(value))
    end
  end
  self:check_end(run)
end

-- What others have found -----------------------------------------------------------------------

local VERDICTS = { pass = true, fail = true, blind = true }
local OF_STATISTICS = { fine = true, bad = true } -- stats.sprt_decide

local function text_beside(node, other)
  return node.kind == 'index' and node.key.value == 'verdict' and other.kind == 'string' and other
end

--- `v.verdict == 'failed'`, which never holds.
function Scan:check_comparisons(block)
  tree.walk_block(block, function(node)
    local is = node.kind == 'operator' and (node.operator == '==' or node.operator == '~=')
    local text = is and (text_beside(node.left, node.right) or text_beside(node.right, node.left))
    if text and not VERDICTS[text.value] and not OF_STATISTICS[text.value] then
      self:find('warning', text, 'verdict: there is no verdict "%s"%s', text.value,
        nearest.known(text.value, VERDICTS))
    end
  end)
end

-- What it keeps ---------------------------------------------------------------------------------

--- The variables of the file itself, which are there from one round to the next.
local function variables_of_file(block)
  local found = {}
  tree.walk_block(block, function(node)
    for _, variable in ipairs(node.kind == 'local' and node.variables or {}) do
      found[variable] = true
    end
    return node.kind ~= 'function'
  end)
  return found
end

--- The name at the root of `seen`, `seen.rounds` and `seen.rounds[1]`.
local function root_of(target)
  while target.kind == 'index' do
    target = target.object
  end
  return target.kind == 'name' and target or nil
end

local CHANGES = { 'table.insert', 'table.remove', 'table.sort' }

--- The names whose variables a statement or a call sets, or whose tables it changes.
local function changed_by(node)
  if node.kind == 'assign' then
    return node.targets
  end
  for _, change in ipairs(CHANGES) do
    if tree.is_call_of(node, change) then
      return { node.args[1] }
    end
  end
  return {}
end

--- A round on record is not judged again, so what a check has noted in it is gone after a restart.
function Scan:check_state(block)
  local kept, said = variables_of_file(block), {}
  local function note(node)
    for _, target in ipairs(changed_by(node)) do
      local name = root_of(target)
      if name and kept[name.variable or false] and not said[name.variable] then
        said[name.variable] = true
        self:find('warning', name, '%s is kept from round to round, but a check forgets it when the engine dies and '
          .. 'when its script rests (docs/replay.md)', name.name)
      end
    end
  end
  tree.walk_block(block, function(node)
    if node.kind == 'function' then
      tree.walk_block(node.body, note)
      return false
    end
  end)
end

return Scan

--- Names that nothing has: globals, and fields of the engine's modules (methods of tool.scan).
local nearest = require 'tool.nearest'
local tree = require 'tool.tree'

---@class Scan
local Scan = {}

local WHY = {}
WHY.strategy = { os = 'time is rollout:wait', io = 'what a script tells is rollout:event and rollout:log',
  params = 'rollout.params has them', print = 'rollout:log tells the log', package = 'modules come by require',
  dofile = 'modules come by require', loadfile = 'modules come by require',
  getfenv = 'a script has one environment', setfenv = 'a script has one environment',
  debug = 'a script is not debugged where it runs', collectgarbage = 'a script must not depend on the collector' }
WHY.check = setmetatable({ os = 'time is c.now', io = 'a check gives its verdict and no more',
  params = 'c.params has them', print = 'what a check says is the text of its verdict' }, { __index = WHY.strategy })

--- What stands for a function that scripts do not have.
local INSTEAD = {}
INSTEAD.strategy = { ['os.time'] = 'the time is rollout:now()', ['os.date'] = 'the time is rollout:now()',
  ['os.clock'] = 'the time that has passed is rollout:elapsed()',
  ['os.getenv'] = 'what differs from Canary to Canary is a parameter, rollout.params has them',
  ['math.random'] = 'rollout:random() gives the same in every replay',
  ['math.randomseed'] = 'rollout:random() gives the same in every replay' }
INSTEAD.check = setmetatable({ ['os.time'] = 'the time is c.now', ['os.date'] = 'the time is c.now',
  ['os.clock'] = 'the time is c.now, and the release began at c.started',
  ['os.getenv'] = 'what differs from Canary to Canary is a parameter, c.params has them',
  ['math.random'] = 'a check is the same in every replay',
  ['math.randomseed'] = 'a check is the same in every replay' }, { __index = INSTEAD.strategy })

--- What `run` is given.
local HANDLES = { strategy = 'rollout', check = 'c' }

--- What each script begins with.
local REQUIRED = { strategy = true, check = true, param = true }

--- Behind "unknown global 'x'": what it most likely is.
local function explain(self, name, kind, variables, field)
  local near, elsewhere = {}, false
  for known in pairs(self.globals) do
    near[known] = true
  end
  for _, variable in ipairs(variables) do
    near[variable.name] = true
    elsewhere = elsewhere or variable.name == name
  end
  local meant = nearest.sorted(name, near)[1]
  if INSTEAD[kind][field] then
    return ': ' .. INSTEAD[kind][field]
  elseif WHY[kind][name] then
    return ': ' .. WHY[kind][name]
  elseif name == HANDLES[kind] then
    return (': it is what run is given, run = function(%s)'):format(name)
  elseif REQUIRED[name] then
    return (": local %s = require 'stdlib.%s' is missing"):format(name, name)
  elseif elsewhere then
    return ': it is a local of another block or function'
  elseif meant and nearest.distance(name, meant) <= math.max(1, math.floor(#name / 3)) then
    return ', is it ' .. meant .. '?'
  end
  return ': is it a text, in quotes, or is local missing?'
end

---@param kind 'strategy'|'check'
---@param variables { name: string }[] all that the text declares
function Scan:read_globals(block, kind, variables)
  local set = {}
  tree.walk_block(block, function(node)
    for _, target in ipairs(node.kind == 'assign' and node.targets or {}) do
      if target.kind == 'name' and not target.variable and not set[target.name] then
        set[target.name] = target
      end
    end
  end)
  for name, target in pairs(set) do
    if self.globals[name] == nil then
      self:find('warning', target, 'global %s is set: local is missing', name)
    end
  end
  tree.walk_block(block, function(node, parent)
    if node.kind ~= 'name' or node.variable or set[node.name] then
      return
    end
    local fields = self.globals[node.name]
    local key = parent and parent.kind == 'index' and parent.object == node and parent.key
    key = key and key.kind == 'string' and key
    local field = key and node.name .. '.' .. key.value
    if fields == nil then
      self:find('error', node, "unknown global '%s'%s", node.name, explain(self, node.name, kind, variables, field))
    elseif type(fields) == 'table' and key and not fields[key.value] then
      self:find('error', key, '%s: scripts have no such function%s', field,
        INSTEAD[kind][field] and ': ' .. INSTEAD[kind][field] or nearest.known(key.value, fields))
    end
  end)
end

local OF_ADAPTERS = 'stdlib.adapter' -- has more where adapters run

--- `param.wieght`: what a module of the engine's has is known.
function Scan:check_fields(block)
  tree.walk_block(block, function(node)
    local name = node.kind == 'index' and tree.required(node.object)
    local found, module = false, nil
    if type(name) == 'string' and name:find '^stdlib%.' and name ~= OF_ADAPTERS then
      found, module = pcall(require, name)
    end
    local field = found and type(module) == 'table' and node.key.kind == 'string' and node.key.value
    if field and module[field] == nil then
      self:find('error', node.key, '%s has no %s%s', name, field, nearest.known(field, module))
    end
  end)
end

return Scan

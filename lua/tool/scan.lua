--- Reads a script without running it: what it declares, names that nothing has, words that do not exist, arguments
--- that no word takes. `sluice check` tells it (core/app/check_script.c).
local nearest = require 'tool.nearest'
local parser = require 'tool.parser'
local tree = require 'tool.tree'
local words = require 'tool.words'

local list = require 'sluice'.list

---@class Finding
---@field line integer
---@field column integer 0: not known
---@field severity 'error'|'warning'
---@field text string

--- What a module makes of a table: `return strategy { … }`.
local KINDS = { ['stdlib.strategy'] = 'strategy', ['stdlib.check'] = 'check' }

---@class Scan
---@field findings Finding[]
---@field globals table<string, any> true, or the fields of a library
---@field params table<string, table>? as declared; nil: not known
---@field rollouts table<table, boolean> the variables that hold the words
---@field escapes boolean? the words are handed to where they are not followed
---@field said table<table, boolean>
local Scan = {}
Scan.__index = Scan

function Scan:find(severity, place, text, ...)
  self.findings[#self.findings + 1] = { line = place.line, column = place.column, severity = severity,
    text = select('#', ...) > 0 and text:format(...) or text }
end

-- Globals ---------------------------------------------------------------------------------------

local WHY = { os = 'time is rollout:wait', io = 'what a script tells is rollout:event and rollout:log',
  package = 'modules come by require', debug = 'a script is not debugged where it runs',
  print = 'rollout:log tells the log', dofile = 'modules come by require', loadfile = 'modules come by require',
  getfenv = 'a script has one environment', setfenv = 'a script has one environment',
  collectgarbage = 'a script must not depend on the collector' }

function Scan:read_globals(block)
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
    if fields == nil then
      self:find('error', node, "unknown global '%s'%s", node.name, WHY[node.name] and ': ' .. WHY[node.name]
        or nearest.known(node.name, self.globals))
    elseif type(fields) == 'table' and parent and parent.kind == 'index' and parent.object == node
      and parent.key.kind == 'string' and not fields[parent.key.value] then
      self:find('error', parent.key, '%s.%s: scripts have no such function%s', node.name, parent.key.value,
        nearest.known(parent.key.value, fields))
    end
  end)
end

-- What it declares ------------------------------------------------------------------------------

--- The module that an expression requires.
local function required(node)
  node = tree.meant(node)
  local callee = node and node.kind == 'call' and node.callee
  if callee and callee.kind == 'name' and callee.name == 'require' and not callee.variable and node.args[1] then
    return node.args[1].value
  end
end

--- The table of `strategy { … }`, and which kind it is.
local function definition(block)
  local found, kind
  tree.walk_block(block, function(node)
    local is = node.kind == 'call' and KINDS[required(node.callee) or '']
    local fields = is and node.args[1] and tree.meant(node.args[1])
    if fields and fields.kind == 'table' and not found then
      found, kind = fields, is
    end
  end)
  return found, kind
end

-- Who has the words -----------------------------------------------------------------------------

--- Follows the words into other names and into functions of this file. True when one more name has them.
function Scan:follow(block)
  local more = false
  local function note(variable)
    if variable and not self.rollouts[variable] then
      self.rollouts[variable], more = true, true
    end
  end
  local function holds(node)
    return node and node.kind == 'name' and self.rollouts[node.variable or false]
  end
  tree.walk_block(block, function(node)
    for i, variable in ipairs(node.kind == 'local' and node.variables or {}) do
      note(holds(node.values[i]) and variable)
    end
    local callee = node.kind == 'call' and tree.meant(node.callee)
    for i, arg in ipairs(node.kind == 'call' and node.args or {}) do
      if holds(arg) and callee.kind == 'function' then
        note(callee.params[i])
      end
    end
  end)
  return more
end

--- Whether the words go where they are not followed: into a table, another module, an upvalue that is set.
function Scan:note_escapes(block)
  local used = {}
  tree.walk_block(block, function(node)
    if (node.kind == 'method' or node.kind == 'index') and node.object.kind == 'name' then
      used[node.object] = true
    elseif node.kind == 'local' then
      for _, value in ipairs(node.values) do
        used[value] = true
      end
    elseif node.kind == 'call' then
      local callee = tree.meant(node.callee)
      for i, arg in ipairs(node.args) do
        used[arg] = callee.kind == 'function' and callee.params[i] ~= nil or nil
      end
    end
    if node.kind == 'name' and self.rollouts[node.variable or false] and not used[node] then
      self.escapes = true
    end
  end)
end

-- Words -----------------------------------------------------------------------------------------

--- Defaults of parameters count as their values.
function Scan:value_of_param(node)
  local params = node.kind == 'index' and tree.meant(node.object)
  if params and params.kind == 'index' and params.key.value == 'params' and node.key.kind == 'string' then
    local declared = self.params and self.params[node.key.value]
    if declared and declared.default ~= nil then
      return true, declared.default
    end
  end
  return false
end

--- "…, got 5 %" with the text in quotes, as the script has it.
local function in_quotes(problem, value)
  if type(value) == 'string' and problem:sub(-#value - 5) == ' got ' .. value then
    return problem:sub(1, -#value - 1) .. "'" .. value .. "'"
  end
  return problem
end

function Scan:check_arguments(call)
  local values, all = { n = #call.args }, true
  for i, arg in ipairs(call.args) do
    local known, value = tree.value(arg, function(node)
      return self:value_of_param(node)
    end)
    all = all and known
    values[i] = value
  end
  local problem = (all or call.args[1].kind == 'table') and call.name ~= 'begin' and words.problem(call.name, values)
  if problem and (all or problem:find 'there is no ') then
    self:find('error', call.args[1] or { line = call.name_line, column = call.name_column }, '%s: %s', call.name,
      in_quotes(problem, values[1]))
  end
end

function Scan:check_call(call)
  local place = { line = call.name_line, column = call.name_column }
  if self.known[call.name] == nil then
    self:find('error', place, 'rollout: there is no word "%s"%s', call.name, nearest.known(call.name, self.known))
  elseif self.known[call.name] then
    self:check_arguments(call)
  end
end

function Scan:check_params(index)
  local name = index.key.kind == 'string' and index.key.value
  if name and self.params and not self.params[name] then
    self:find('error', index.key, 'rollout.params.%s: there is no such parameter%s', name,
      nearest.known(name, self.params))
  end
end

function Scan:check_index(index, parent)
  local name = index.key.kind == 'string' and index.key.value
  if not name then
    return
  end
  if self.known[name] == nil then
    self:find('error', index.key, 'rollout: there is no word "%s"%s', name, nearest.known(name, self.known))
  elseif self.known[name] and parent and parent.kind == 'call' and parent.callee == index then
    local first = parent.args[1]
    if not (first and first.kind == 'name' and self.rollouts[first.variable or false]) then
      self:find('error', index.key, '%s: a colon is wanted: rollout:%s(…)', name, name)
    end
  end
end

function Scan:check_words(block)
  local first
  self.used = {}
  tree.walk_block(block, function(node, parent)
    local object = (node.kind == 'method' or node.kind == 'index') and node.object
    if object and object.kind == 'name' and self.rollouts[object.variable or false] then
      if node.kind == 'method' then
        self.used[node.name] = true
        self:check_call(node)
        local is_first = not first or node.name_line < first.name_line
          or node.name_line == first.name_line and node.name_column < first.name_column
        first = is_first and self.known[node.name] and node or first
      else
        self.used[node.key.value or false] = true
        self:check_index(node, parent)
      end
    end
    local params = object and tree.meant(object)
    if node.kind == 'index' and params and params.kind == 'index' and params.key.value == 'params'
      and params.object.kind == 'name' and self.rollouts[params.object.variable or false] then
      self:check_params(node)
    end
  end)
  self.first = first
end

-- The whole of run ------------------------------------------------------------------------------

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

local LEAVES = { ['break'] = true, ['return'] = true, ['goto'] = true, call = true, method = true }

function Scan:check_loop(loop)
  local known, value = tree.value(loop.test)
  local forever = known and (loop.kind == 'while') == (value and true or false)
  local leaves = false
  tree.walk_block(loop.body, function(node)
    leaves = leaves or LEAVES[node.kind]
  end)
  if forever and not leaves then
    self:find('error', loop, 'this loop never ends, and says no word')
  end
end

function Scan:check_run(run)
  if #run.params == 0 then
    self:find('error', run, 'run: a function of the words is wanted: function(rollout)')
    return
  end
  self.rollouts[run.params[1]] = true
  self.run_holds = {}
  local function note(node)
    self.run_holds[node] = true
  end
  for _, statement in ipairs(run.body) do
    if statement.kind ~= 'local' then
      tree.walk(statement, note)
    end
  end
end

local M = {}

local function by_place(a, b)
  if a.line ~= b.line then
    return a.line < b.line
  end
  return a.column < b.column
end

--- Where the definition of each parameter stands, by its name.
local function places_of_params(fields)
  local places = {}
  local params = fields and tree.field(fields, 'params')
  params = params and tree.meant(params)
  for _, item in ipairs(params and params.items or {}) do
    if item.key and item.key.kind == 'string' then
      places[item.key.value] = { line = item.key.line, column = item.key.column }
    end
  end
  return places
end

--- LuaJIT's word on what it does not read, with the column of the parser when both mean the same line.
local function syntax_error(text)
  local _, problem = loadstring(text, '=script')
  if not problem then
    return nil
  end
  local line, sentence = problem:match '^script:(%d+): (.*)$'
  local _, fault = pcall(parser.parse, text)
  local same = type(fault) == 'table' and fault.line == tonumber(line)
  return { line = tonumber(line) or 1, column = same and fault.column or 0, severity = 'error',
    text = sentence or problem }
end

--- { string = { format = true, … }, ipairs = true, … } of { string__format = …, ipairs = … }.
local function libraries(names)
  local globals = {}
  for name in pairs(names) do
    globals[name] = globals[name] or true
    local library, field = name:match '^(%a+)__(%w+)$'
    if library then
      globals[library] = type(globals[library]) == 'table' and globals[library] or {}
      globals[library][field] = true
      globals[name] = nil
    end
  end
  return globals
end

--- Whether a text is Lua at all.
---@param options { text: string }
---@return { findings: Finding[] }
function M.syntax(options)
  return { findings = list { syntax_error(options.text) } }
end

--- What can be said of a script.
---@param options { text: string, globals: table, params: table? } globals: by NAME, or LIBRARY__NAME
---@return { findings: Finding[], kind: string?, params: table<string, table>, broken: boolean? } params: their places
function M.scan(options)
  local fault = options.text:sub(1, 1) ~= '\27' and syntax_error(options.text)
  if fault then
    return { findings = list { fault }, params = {}, broken = true }
  end
  local parsed, block = pcall(parser.parse, options.text)
  if not parsed then -- bytecode, and what LuaJIT has beyond Lua: the engine says what it is
    return { findings = list {}, params = {} }
  end
  local self = setmetatable({ findings = list {}, globals = libraries(options.globals), params = options.params,
    rollouts = {}, known = words.known() }, Scan)
  local fields, kind = definition(block)
  self:read_globals(block)
  local run = kind == 'strategy' and tree.meant(tree.field(fields, 'run') or fields)
  if run and run.kind == 'function' then
    self:check_run(run)
    repeat until not self:follow(block)
    self:note_escapes(block)
    self:check_words(block)
    if #run.params > 0 then
      self:check_order(run)
    end
    self:check_dead_code(block)
  end
  tree.walk_block(block, function(node)
    for _, body in ipairs(node.bodies or { node.body }) do
      self:check_dead_code(body)
    end
    if node.kind == 'while' or node.kind == 'repeat' then
      self:check_loop(node)
    end
  end)
  table.sort(self.findings, by_place)
  return { findings = self.findings, kind = kind, params = places_of_params(fields) }
end

return M

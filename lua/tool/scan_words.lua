--- The words in a script: where they go, which there are, and what they are given (methods of tool.scan).
local gates = require 'stdlib.gates'
local language = require 'tool.promql.language'
local nearest = require 'tool.nearest'
local template = require 'tool.template'
local tree = require 'tool.tree'
local words = require 'tool.words'

local list = require 'sluice'.list

---@class Scan
local Scan = {}

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

--- The arguments of a call, as far as they are known.
---@return Arguments
function Scan:arguments_of(call)
  local args = { n = #call.args, known = {}, nodes = call.args }
  for i, arg in ipairs(call.args) do
    args.known[i], args[i] = tree.value(arg, function(node)
      return self:value_of_param(node)
    end)
  end
  return args
end

local NAMES = { gate = 'webhook', hook = 'webhook', fetch = 'webhook', check = 'metric' }

--- The parameters that `check(…, { name = … })` gives, and where.
local function given_to(call)
  local fields, given = call.args[2] and tree.meant(call.args[2]), list {}
  for _, item in ipairs(fields and fields.kind == 'table' and fields.items or {}) do
    if item.key and item.key.kind == 'string' then
      given[#given + 1] = { name = item.key.value, line = item.key.line, column = item.key.column }
    end
  end
  return given
end

--- The same for a condition, which stands in a table: all that is known of its place is where that begins.
local function given_by(condition, place)
  local given = list {}
  for name in pairs(type(condition.params) == 'table' and condition.params or {}) do
    given[#given + 1] = { name = name, line = place.line, column = place.column }
  end
  return given
end

--- Keeps what the Canary must have: what words and conditions name, and the metrics of `analyse { checks = … }`.
function Scan:note_names(call, args)
  local function note(word, name, given)
    if type(name) == 'string' and not (word == 'gate' and gates.is_known(name)) then
      self.names[#self.names + 1] = { what = NAMES[word], word = call.name, name = name, line = call.args[1].line,
        column = call.args[1].column, given = given }
    end
  end
  if NAMES[call.name] then
    note(call.name, args[1], call.name == 'check' and given_to(call) or nil)
  end
  for _, condition in ipairs(words.conditions(call.name, args)) do
    note('gate', condition.gate)
    note('check', condition.check, given_by(condition, call.args[1]))
  end
  local checks = call.name == 'analyse' and type(args[1]) == 'table' and args[1].checks
  for _, name in ipairs(type(checks) == 'table' and checks or {}) do
    note('check', name)
  end
end

--- A server that takes more than Prometheus may read it, so it is a warning.
function Scan:check_language(place, word, query)
  local filled = template.sample(query)
  local problem = filled and language.problem(filled)
  if problem then
    self:find('warning', place, '%s: it is no PromQL: %s', word, problem)
    self.findings[#self.findings].of_language = true
  end
end

function Scan:check_arguments(call)
  local args = self:arguments_of(call)
  local problem = self.words.problem(call.name, args)
  if problem then
    self:find('error', call.args[1] or { line = call.name_line, column = call.name_column }, '%s: %s', call.name,
      problem)
  end
  if not problem and call.name:find '^query' and type(args[1]) == 'string' then
    self:check_language(call.args[1], call.name, args[1])
  end
  self:note_names(call, args)
  if call.name == 'ask' and type(args[1]) == 'string' then
    self.adapters[#self.adapters + 1] = { name = args[1], line = call.args[1].line, column = call.args[1].column }
  end
  if call.name:find '^query' and type(args[1]) == 'string' then
    self.queries[#self.queries + 1] = { text = args[1], line = call.args[1].line, column = call.args[1].column }
  end
end

function Scan:unknown_word(place, name)
  self:find('error', place, '%s', self.words.foreign(name) or ('%s: there is no word "%s"%s'):format(
    self.words.handle, name, nearest.known(name, self.known)))
end

function Scan:check_call(call)
  if self.known[call.name] == nil then
    self:unknown_word({ line = call.name_line, column = call.name_column }, call.name)
  elseif self.known[call.name] then
    self:check_arguments(call)
  end
end

function Scan:check_params(index)
  local name = index.key.kind == 'string' and index.key.value
  if name and self.params and not self.params[name] then
    self:find('error', index.key, '%s.params.%s: there is no such parameter%s', self.words.handle, name,
      nearest.known(name, self.params))
  end
end

function Scan:check_index(index, parent)
  local name = index.key.kind == 'string' and index.key.value
  if not name then
    return
  end
  if self.known[name] == nil then
    self:unknown_word(index.key, name)
  elseif self.known[name] and parent and parent.kind == 'call' and parent.callee == index then
    local first = parent.args[1]
    if not (first and first.kind == 'name' and self.rollouts[first.variable or false]) then
      self:find('error', index.key, '%s: a colon is wanted: %s:%s(…)', name, self.words.handle, name)
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

--- The function of `coroutine.wrap(function() … end)`; nil: it is another call.
local function coroutine_of(node)
  local is_start = tree.is_call_of(node, 'coroutine.wrap') or tree.is_call_of(node, 'coroutine.create')
  local body = is_start and node.args[1] and tree.meant(node.args[1])
  return body and body.kind == 'function' and body or nil
end

function Scan:check_coroutines(block)
  local function note(node)
    if node.kind == 'method' and node.object.kind == 'name' and self.rollouts[node.object.variable or false]
      and self.known[node.name] then
      self:find('error', { line = node.name_line, column = node.name_column },
        '%s: no word can run inside a coroutine of the script', node.name)
    end
  end
  tree.walk_block(block, function(node)
    local inner = coroutine_of(node)
    if inner then
      tree.walk_block(inner.body, note)
    end
  end)
end

function Scan:check_run(run)
  if #run.params == 0 then
    self:find('error', run, 'run: a function of the words is wanted: function(%s)', self.words.handle)
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

return Scan

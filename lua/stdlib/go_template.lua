--- Go's text/template, with the functions that Flagger gives it and all of Go's own. Only definitions (define,
--- template, block) are missing. The texts of errors are Go's.
local functions = require 'stdlib.template_functions'
local keys = require 'stdlib.keys'
local parser = require 'stdlib.template_parser'

local M = {}

local NIL, kind_of = functions.NIL, functions.kind

---@class Execution
---@field model table<string, any> Flagger's functions, by name: what each gives
---@field source string
---@field variables { name: string, value: any }[]
---@field out string[]
---@field node TemplateNode where it stands, for errors

local Execution = {}
Execution.__index = Execution

local function line_of(text, at)
  return select(2, text:sub(1, at - 1):gsub('\n', '')) + 1
end

local function column_of(text, at)
  return at - 1 - #(text:sub(1, at - 1):match('^.*\n') or '')
end

--- Ends the execution; M.render catches it.
function Execution:fail(format, ...)
  local node = self.node
  error({ problem = ('template excution failed: template: tmpl:%d:%d: executing "tmpl" at <%s>: %s'):format(
    line_of(self.source, node.at), column_of(self.source, node.at), node.text, format:format(...)) }, 0)
end

-- Operands ---------------------------------------------------------------------------------------

--- Down a path of fields.
function Execution:fields(value, names)
  for _, name in ipairs(names) do
    local kind = kind_of(value)
    if kind == 'nil' then
      self:fail('nil data; no entry for key "%s"', name)
    elseif kind ~= 'map' then
      self:fail("can't evaluate field %s in type %s", name, functions.type_name(value))
    elseif value.map[name] == nil then
      self:fail('map has no entry for key "%s"', name)
    end
    value = value.map[name]
  end
  return value
end

function Execution:variable(name)
  for i = #self.variables, 1, -1 do
    if self.variables[i].name == name then
      return self.variables[i]
    end
  end
end

--- A value that is a part of what stands around it.
function Execution:value_of(node, dot)
  self.node = node
  if node.kind == 'literal' then
    return node.value
  elseif node.kind == 'dot' then
    return dot
  elseif node.kind == 'nil' then
    return NIL
  elseif node.kind == 'variable' then
    return self:fields(self:variable(node.text:match '^[^.]+').value, node.fields)
  elseif node.kind == 'field' then
    return self:fields(dot, node.fields)
  elseif node.kind == 'chain' then
    return self:fields(self:value_of(node.node, dot), node.fields)
  elseif node.kind == 'pipeline' then
    return self:pipeline(node.pipeline, dot)
  end
  return self:call(node, {}, dot)
end

-- Functions --------------------------------------------------------------------------------------

--- and, or: no operand behind the one that decides is looked at.
function Execution:decide(name, operands, dot, final)
  local value = final
  for _, operand in ipairs(operands) do
    value = self:value_of(operand, dot)
    if functions.truth(value) == (name == 'or') then
      return value
    end
  end
  return final ~= nil and final or value
end

function Execution:check_count(name, count, wanted)
  if count < wanted.min and not wanted.max then
    self:fail('wrong number of args for %s: want at least %d got %d', name, wanted.min, count)
  elseif count < wanted.min or wanted.max and count > wanted.max then
    self:fail('wrong number of args for %s: want %d got %d', name, wanted.max, count)
  end
end

--- As it is written, with one blank between its parts.
local function call_text(node, operands)
  local parts = { node.text }
  for i, operand in ipairs(operands) do
    parts[i + 1] = operand.kind == 'pipeline' and '(' .. operand.text .. ')' or operand.text
  end
  return table.concat(parts, ' ')
end

--- Calls a function with the values of operands, and with what a pipe gives it at last.
function Execution:call(node, operands, dot, final)
  self.node = node
  local name, builtin = node.text, functions.functions[node.text]
  local count = #operands + (final ~= nil and 1 or 0)
  if self.model[name] ~= nil then
    self:check_count(name, count, { min = 0, max = 0 })
    return self.model[name]
  end
  self:check_count(name, count, builtin)
  if builtin.lazy then
    return self:decide(name, operands, dot, final)
  end
  local args = {}
  for i, operand in ipairs(operands) do
    args[i] = self:value_of(operand, dot)
  end
  args[#args + 1] = final
  if name == 'printf' and operands[1] and operands[1].kind == 'literal' and kind_of(args[1]) ~= 'string' then
    self.node = operands[1]
    self:fail('expected string; found %s', operands[1].text)
  end
  local ok, value = pcall(builtin.run, args, operands[1] and operands[1].text)
  if not ok and type(value) == 'table' and value.problem then
    self.node = { at = node.at, text = call_text(node, operands) }
    self:fail('error calling %s: %s', name, value.problem)
  elseif not ok then
    error(value, 0)
  end
  return value
end

--- One command of a pipeline.
function Execution:command(operands, dot, final)
  local first = operands[1]
  self.node = first
  if first.kind == 'call' then
    return self:call(first, { unpack(operands, 2) }, dot, final)
  elseif first.kind == 'nil' then
    self:fail 'nil is not a command'
  elseif #operands > 1 or final ~= nil then
    local is_path = first.kind == 'field' or first.kind == 'chain'
    if is_path then
      self:fail('%s is not a method but has arguments', first.fields[#first.fields])
    end
    self:fail("can't give argument to non-function %s", first.text)
  end
  return self:value_of(first, dot)
end

function Execution:pipeline(pipeline, dot)
  local value
  for _, command in ipairs(pipeline.commands) do
    value = self:command(command, dot, value)
  end
  for _, name in ipairs(pipeline.declared) do
    if pipeline.assigns then
      self:variable(name).value = value
    else
      self.variables[#self.variables + 1] = { name = name, value = value }
    end
  end
  return value
end

-- Nodes ------------------------------------------------------------------------------------------

--- What a range goes through: keys and values.
function Execution:pairs_of(value)
  local kind = kind_of(value)
  local list = {}
  if kind == 'map' then
    for i, key in ipairs(keys.sorted(value.map)) do
      list[i] = { key, value.map[key] }
    end
  elseif kind == 'int' then
    for i = 1, value.int do
      list[i] = { { int = i - 1 }, { int = i - 1 } }
    end
  elseif kind ~= 'nil' then
    self:fail("range can't iterate over %s", functions.text(value))
  end
  return list
end

--- Sets the variables of a range for one turn.
function Execution:set_range(declared, pair)
  local last = #self.variables
  if #declared == 2 then
    self.variables[last - 1].value, self.variables[last].value = pair[1], pair[2]
  elseif #declared == 1 then
    self.variables[last].value = pair[2]
  end
end

function Execution:range(node, dot)
  local value = self:pipeline(node.pipeline, dot)
  if kind_of(value) == 'int' and #node.pipeline.declared > 1 then
    self:fail("can't use %s to iterate over more than one variable", functions.text(value))
  end
  local list = self:pairs_of(value)
  local known = #self.variables
  if #list == 0 then
    return self:list(node.otherwise or {}, dot)
  end
  for _, pair in ipairs(list) do
    self:set_range(node.pipeline.declared, pair)
    local ending = self:list(node.list, pair[2])
    self:forget(known)
    if ending == 'break' then
      return
    end
  end
end

function Execution:forget(count)
  for i = #self.variables, count + 1, -1 do
    self.variables[i] = nil
  end
end

--- if and with: what is done, and what then is the dot.
function Execution:choose(node, dot)
  local value = self:pipeline(node.pipeline, dot)
  if functions.truth(value) then
    return self:list(node.list, node.kind == 'with' and value or dot)
  end
  return self:list(node.otherwise or {}, dot)
end

--- 'break' or 'continue' when the list ends before its end.
function Execution:list(list, dot)
  for _, node in ipairs(list) do
    local known = #self.variables
    local ending
    if node.kind == 'text' then
      self.out[#self.out + 1] = node.text
    elseif node.kind == 'action' then
      local value = self:pipeline(node.pipeline, dot)
      if #node.pipeline.declared == 0 then
        self.out[#self.out + 1] = kind_of(value) == 'nil' and '<no value>' or functions.text(value)
      end
    elseif node.kind == 'range' then
      ending = self:range(node, dot)
    elseif node.kind == 'if' or node.kind == 'with' then
      ending = self:choose(node, dot)
    else
      return node.kind
    end
    if node.kind ~= 'action' then
      self:forget(known)
    end
    if ending then
      return ending
    end
  end
end

--- Flagger's functions: texts, and the variables as a map.
local function values_of(model)
  local values = {}
  for name, value in pairs(model) do
    if type(value) == 'string' then
      values[name] = value
    end
  end
  local variables = {}
  for name, value in pairs(model.variables or {}) do
    variables[name] = tostring(value)
  end
  values.variables = { map = variables }
  return values
end

--- Fills a template in.
---@param text string
---@param model table<string, string|table> values by name; `variables` is a table of its own
---@return string? rendered nil on failure
---@return string? error
---@return boolean? unsupported Go could fill it in
function M.render(text, model)
  local values = values_of(model)
  local known = setmetatable({}, { __index = function(_, name)
    if values[name] ~= nil then
      return values[name]
    end
    return functions.functions[name]
  end })
  local nodes, problem, at, unsupported = parser.parse(text, known)
  if not nodes then
    return nil, ('template parsing failed: template: tmpl:%d: %s'):format(line_of(text, at), problem), unsupported
  end
  local execution = setmetatable({
    source = text, model = values, variables = { { name = '$', value = NIL } }, out = {},
  }, Execution)
  local ok, failed = pcall(execution.list, execution, nodes, NIL)
  if not ok then
    if type(failed) ~= 'table' or not failed.problem then
      error(failed, 0)
    end
    return nil, failed.problem
  end
  return table.concat(execution.out)
end

return M

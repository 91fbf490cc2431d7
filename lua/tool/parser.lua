--- Reads Lua 5.1 (with LuaJIT's goto) into a tree whose names know their variables, for tool.scan.
---
--- Every node has kind, line and column. Expressions:
---   nil true false vararg   string (value)   number (value?, literal)   function (params, body)
---   name (name, variable; nil: a global)
---   index (object, key)   call (callee, args)   method (object, name, name_line, name_column, args)
---   table (items: key?, value)   operator (left?, right)   group (inner)
--- Statements:
---   local (variables, values)   assign (targets, values)   run (call)   do while repeat for_number for_each (body, …)
---   if (tests, bodies)   return (values)   break   goto (label)   label (label)
--- A variable has name, line, column, and `value` while one expression alone gives it a value.
local lexer = require 'tool.lexer'

local M = {}

---@class Parser
---@field tokens Token[]
---@field at integer
---@field scope table<string, table> the variables that are seen here, by name
---@field variables table[] all that were declared
local Parser = {}
Parser.__index = Parser

local function shown(token)
  return token.kind == 'eof' and '<eof>' or token.kind == 'string' and token.text or tostring(token.text or token.kind)
end

function Parser:fail(problem, token)
  token = token or self.tokens[self.at]
  error({ line = token.line, column = token.column, text = problem .. " near '" .. shown(token) .. "'" }, 0)
end

function Parser:peek()
  return self.tokens[self.at].kind
end

function Parser:take()
  self.at = self.at + 1
  return self.tokens[self.at - 1]
end

--- The token, when it is the next one.
function Parser:accept(kind)
  return self:peek() == kind and self:take() or nil
end

function Parser:expect(kind, opened)
  if self:peek() ~= kind then
    local where = opened and opened.line ~= self.tokens[self.at].line
      and (" (to close '%s' at line %d)"):format(opened.kind, opened.line) or ''
    self:fail(("'%s' expected%s"):format(kind == 'name' and '<name>' or kind, where))
  end
  return self:take()
end

local function node(kind, token, fields)
  fields = fields or {}
  fields.kind, fields.line, fields.column = kind, token.line, token.column
  return fields
end

-- Variables -------------------------------------------------------------------------------------

function Parser:declare(token, value)
  local variable = { name = token.text, line = token.line, column = token.column, value = value }
  self.variables[#self.variables + 1] = variable
  self.scope[token.text] = variable
  return variable
end

--- Runs `read` in a scope of its own.
function Parser:inside(read)
  local outer = self.scope
  self.scope = setmetatable({}, { __index = outer })
  local result = read()
  self.scope = outer
  return result
end

-- Expressions -----------------------------------------------------------------------------------

local UNARY = 8
local BINARY = { -- what binds to the left, and to the right
  ['or'] = { 1, 1 }, ['and'] = { 2, 2 }, ['<'] = { 3, 3 }, ['>'] = { 3, 3 }, ['<='] = { 3, 3 }, ['>='] = { 3, 3 },
  ['~='] = { 3, 3 }, ['=='] = { 3, 3 }, ['..'] = { 5, 4 }, ['+'] = { 6, 6 }, ['-'] = { 6, 6 }, ['*'] = { 7, 7 },
  ['/'] = { 7, 7 }, ['%'] = { 7, 7 }, ['^'] = { 10, 9 },
}

function Parser:expressions()
  local list = { self:expression() }
  while self:accept ',' do
    list[#list + 1] = self:expression()
  end
  return list
end

function Parser:table_item()
  local open = self:accept '['
  if open then
    local key = self:expression()
    self:expect(']', open)
    self:expect '='
    return { key = key, value = self:expression() }
  end
  if self:peek() == 'name' and self.tokens[self.at + 1].kind == '=' then
    local name = self:take()
    self:take()
    return { key = node('string', name, { value = name.text }), value = self:expression() }
  end
  return { value = self:expression() }
end

function Parser:constructor()
  local open = self:expect '{'
  local items = {}
  while self:peek() ~= '}' do
    items[#items + 1] = self:table_item()
    if not self:accept ',' and not self:accept ';' then
      break
    end
  end
  self:expect('}', open)
  return node('table', open, { items = items })
end

--- From the parameters on.
function Parser:body(token, has_self)
  return self:inside(function()
    local params = {}
    if has_self then
      params[1] = self:declare { text = 'self', line = token.line, column = token.column }
    end
    local open = self:expect '('
    while self:peek() == 'name' do
      params[#params + 1] = self:declare(self:take())
      if not self:accept ',' then
        break
      end
    end
    self:accept '...'
    self:expect(')', open)
    local body = self:block()
    self:expect('end', token)
    return node('function', token, { params = params, body = body })
  end)
end

function Parser:name()
  local token = self:expect 'name'
  return node('name', token, { name = token.text, variable = self.scope[token.text] })
end

function Parser:arguments()
  if self:peek() == 'string' then
    local token = self:take()
    return { node('string', token, { value = token.text }) }
  elseif self:peek() == '{' then
    return { self:constructor() }
  end
  local open = self:expect '('
  local args = self:peek() == ')' and {} or self:expressions()
  self:expect(')', open)
  return args
end

local ARGUMENTS = { ['('] = true, ['{'] = true, string = true }

--- A name or a group, and what is read from it or called of it.
function Parser:suffixed()
  local open = self:accept '('
  local object
  if open then
    object = node('group', open, { inner = self:expression() })
    self:expect(')', open)
  elseif self:peek() == 'name' then
    object = self:name()
  else
    self:fail 'unexpected symbol'
  end
  while true do
    local token = self.tokens[self.at]
    if self:accept '.' then
      local key = self:expect 'name'
      object = node('index', object, { object = object, key = node('string', key, { value = key.text }) })
    elseif self:accept '[' then
      object = node('index', object, { object = object, key = self:expression() })
      self:expect(']', token)
    elseif self:accept ':' then
      local name = self:expect 'name'
      object = node('method', object, { object = object, name = name.text, name_line = name.line,
        name_column = name.column, args = self:arguments() })
    elseif ARGUMENTS[token.kind] then
      object = node('call', object, { callee = object, args = self:arguments() })
    else
      return object
    end
  end
end

local CONSTANTS = { ['nil'] = true, ['true'] = true, ['false'] = true, ['...'] = true }

function Parser:simple()
  local token = self.tokens[self.at]
  if token.kind == 'string' or token.kind == 'number' then
    self:take()
    return node(token.kind, token, { value = token.text, literal = token.literal })
  elseif CONSTANTS[token.kind] then
    self:take()
    return node(token.kind == '...' and 'vararg' or token.kind, token)
  elseif token.kind == '{' then
    return self:constructor()
  elseif token.kind == 'function' then
    self:take()
    return self:body(token)
  end
  return self:suffixed()
end

---@param limit integer? only operators that bind stronger
function Parser:expression(limit)
  local token = self.tokens[self.at]
  local left
  if token.kind == 'not' or token.kind == '-' or token.kind == '#' then
    self:take()
    left = node('operator', token, { operator = token.kind, right = self:expression(UNARY) })
  else
    left = self:simple()
  end
  while true do
    local operator = self.tokens[self.at]
    local priority = BINARY[operator.kind]
    if not priority or priority[1] <= (limit or 0) then
      return left
    end
    self:take()
    left = node('operator', operator, { operator = operator.kind, left = left, right = self:expression(priority[2]) })
  end
end

-- Statements ------------------------------------------------------------------------------------

local statements = {}

local ENDS = { ['end'] = true, ['else'] = true, ['elseif'] = true, ['until'] = true, eof = true } -- of a block

statements['if'] = function(self, token)
  local tests, bodies = {}, {}
  repeat
    tests[#tests + 1] = self:expression()
    self:expect 'then'
    bodies[#bodies + 1] = self:block()
  until not self:accept 'elseif'
  if self:accept 'else' then
    bodies[#bodies + 1] = self:block()
  end
  self:expect('end', token)
  return node('if', token, { tests = tests, bodies = bodies })
end

statements['while'] = function(self, token)
  local test = self:expression()
  self:expect 'do'
  local body = self:block()
  self:expect('end', token)
  return node('while', token, { test = test, body = body })
end

statements['do'] = function(self, token)
  local body = self:block()
  self:expect('end', token)
  return node('do', token, { body = body })
end

statements['repeat'] = function(self, token)
  return self:inside(function()
    local body = self:statements()
    self:expect('until', token)
    return node('repeat', token, { body = body, test = self:expression() })
  end)
end

statements['for'] = function(self, token)
  return self:inside(function()
    local names = { self:expect 'name' }
    if self:accept '=' then
      local values = self:expressions()
      self:declare(names[1])
      self:expect 'do'
      local body = self:block()
      self:expect('end', token)
      return node('for_number', token, { values = values, body = body })
    end
    while self:accept ',' do
      names[#names + 1] = self:expect 'name'
    end
    self:expect 'in'
    local values = self:expressions()
    for _, name in ipairs(names) do
      self:declare(name)
    end
    self:expect 'do'
    local body = self:block()
    self:expect('end', token)
    return node('for_each', token, { values = values, body = body })
  end)
end

statements['function'] = function(self, token)
  local target, is_method = self:name(), false
  while self:peek() == '.' or self:peek() == ':' do
    is_method = self:take().kind == ':'
    local key = self:expect 'name'
    target = node('index', key, { object = target, key = node('string', key, { value = key.text }) })
    if is_method then
      break
    end
  end
  return node('assign', token, { targets = { target }, values = { self:body(token, is_method) } })
end

statements['local'] = function(self, token)
  local called = self:accept 'function'
  if called then
    local variable = self:declare(self:expect 'name')
    variable.value = self:body(called)
    return node('local', token, { variables = { variable }, values = { variable.value } })
  end
  local names, variables = { self:expect 'name' }, {}
  while self:accept ',' do
    names[#names + 1] = self:expect 'name'
  end
  local values = self:accept '=' and self:expressions() or {}
  for i, name in ipairs(names) do
    variables[i] = self:declare(name, values[i])
  end
  return node('local', token, { variables = variables, values = values })
end

statements['return'] = function(self, token)
  local values = (ENDS[self:peek()] or self:peek() == ';') and {} or self:expressions()
  self:accept ';'
  return node('return', token, { values = values })
end

statements['break'] = function(_, token)
  return node('break', token)
end

statements['goto'] = function(self, token)
  return node('goto', token, { label = self:expect('name').text })
end

statements['::'] = function(self, token)
  local label = self:expect('name').text
  self:expect '::'
  return node('label', token, { label = label })
end

function Parser:expression_statement(token)
  local first = self:suffixed()
  if self:peek() ~= '=' and self:peek() ~= ',' then
    if first.kind ~= 'call' and first.kind ~= 'method' then
      self:fail "'=' expected"
    end
    return node('run', token, { call = first })
  end
  local targets = { first }
  while self:accept ',' do
    targets[#targets + 1] = self:suffixed()
  end
  self:expect '='
  for _, target in ipairs(targets) do
    if target.kind ~= 'name' and target.kind ~= 'index' then
      self:fail('syntax error', target)
    end
    if target.variable then
      target.variable.value = nil
    end
  end
  return node('assign', token, { targets = targets, values = self:expressions() })
end

function Parser:statements()
  local list = {}
  while not ENDS[self:peek()] do
    local token = self.tokens[self.at]
    if self:accept ';' then
      token = nil
    elseif statements[token.kind] then
      self:take()
      list[#list + 1] = statements[token.kind](self, token)
    else
      list[#list + 1] = self:expression_statement(token)
    end
    if token and token.kind == 'return' then
      break
    end
  end
  return list
end

function Parser:block()
  return self:inside(function()
    return self:statements()
  end)
end

--- The statements of a text. A Fault (tool.lexer) is raised where it is no Lua.
---@param text string
---@return table[]
---@return table[] variables all that are declared in it
function M.parse(text)
  local self = setmetatable({ tokens = lexer.tokens(text), at = 1, scope = {}, variables = {} }, Parser)
  local body = self:block()
  if self.at < #self.tokens then
    self:fail "'<eof>' expected"
  end
  return body, self.variables
end

return M

--- The tree of a template of Go's text/template. All of a template is understood before any of it is filled in.
local lexer = require 'stdlib.template_lexer'

local M = {}

---@class TemplateNode
---@field kind string 'text', 'action', 'if', 'with', 'range', 'break', 'continue'; of operands 'call', 'dot', 'nil',
---       'variable', 'field', 'chain', 'literal', 'pipeline'
---@field at integer
---@field text string? as it is written

---@class Parser
---@field tokens Token[]
---@field at integer
---@field functions table<string, any>
---@field variables string[] those that are declared
---@field ranges integer how many of them are around

local Parser = {}
Parser.__index = Parser

--- Ends the parse; M.parse catches it.
local function fail(format, ...)
  error({ problem = format:format(...) }, 0)
end

function Parser:peek()
  local token = self.tokens[self.at]
  if token.kind == 'error' then
    fail('%s', token.value)
  end
  return token
end

function Parser:next()
  local token = self:peek()
  self.at = self.at + 1
  return token
end

local function shown(token)
  if token.kind == 'eof' then
    return 'EOF'
  elseif token.kind == 'keyword' or token.kind == 'dot' then
    return '<' .. token.text .. '>'
  elseif #token.text > 10 then
    return ('"%s"...'):format(token.text:sub(1, 10))
  end
  return ('"%s"'):format(token.text:gsub('["\\]', '\\%0'))
end

local function unexpected(token, where)
  fail('unexpected %s in %s', shown(token), where)
end

-- Operands ---------------------------------------------------------------------------------------

local LITERALS = { string = true, number = true, bool = true }

function Parser:check_variable(token)
  for _, name in ipairs(self.variables) do
    if name == token.text then
      return
    end
  end
  fail('undefined variable "%s"', token.text)
end

--- nil when no operand begins here.
function Parser:term()
  local token = self:peek()
  local node = { kind = token.kind, at = token.at, text = token.text, value = token.value }
  if token.kind == 'identifier' then
    if self.functions[token.text] == nil then
      fail('function "%s" not defined', token.text)
    end
    node.kind = 'call'
  elseif LITERALS[token.kind] then
    node.kind = 'literal'
  elseif token.kind == 'variable' then
    self:check_variable(token)
    node.fields = {}
  elseif token.kind == 'field' then
    node.fields = { token.value }
  elseif token.kind == 'paren' and token.text == '(' then
    self.at = self.at + 1
    node = self:pipeline('parenthesized pipeline', ')')
    return { kind = 'pipeline', pipeline = node, at = token.at, text = node.text }
  elseif token.kind ~= 'dot' and token.kind ~= 'nil' then
    return nil
  end
  self.at = self.at + 1
  return node
end

--- A term, and the fields that follow it without a blank.
function Parser:operand()
  local node = self:term()
  local fields, last = {}, nil
  while node and self:peek().kind == 'field' and not self:peek().spaced do
    last = self:next()
    fields[#fields + 1] = last.value
  end
  if #fields == 0 then
    return node
  elseif node.kind == 'literal' or node.kind == 'nil' or node.kind == 'dot' then
    fail('unexpected . after term "%s"', (node.text:gsub('["\\]', '\\%0')))
  elseif node.fields then
    for _, field in ipairs(fields) do
      node.fields[#node.fields + 1] = field
    end
    node.text, node.at = node.text .. '.' .. table.concat(fields, '.'), last.at
    return node
  end
  local text = node.text .. '.' .. table.concat(fields, '.')
  return { kind = 'chain', node = node, fields = fields, at = node.at, text = text }
end

--- Operands up to a bar or the end.
function Parser:command()
  local operands = {}
  while true do
    local operand = self:operand()
    operands[#operands + 1] = operand
    local token = self:peek()
    local is_end = token.kind == 'close' or token.kind == 'pipe' or token.kind == 'paren' and token.text == ')'
    if is_end then
      break
    elseif not operand or not token.spaced then
      unexpected(token, 'operand')
    end
  end
  return operands
end

-- Pipelines --------------------------------------------------------------------------------------

--- Reads `$x :=`, `$x =` and, of a range, `$i, $x :=`.
function Parser:declarations(pipeline, context)
  while self:peek().kind == 'variable' do
    local token, after = self:peek(), self.tokens[self.at + 1]
    local is_list = after.kind == 'char' and after.text == ','
    if after.kind ~= 'declare' and after.kind ~= 'assign' and not is_list then
      return
    elseif after.kind == 'assign' then
      self:check_variable(token)
    end
    self.at = self.at + 2
    pipeline.declared[#pipeline.declared + 1] = token.text
    self.variables[#self.variables + 1] = token.text
    pipeline.assigns = after.kind == 'assign'
    if not is_list then
      return
    elseif context ~= 'range' or #pipeline.declared > 1 then
      fail('too many declarations in %s', context)
    elseif self:peek().kind ~= 'variable' then
      fail 'range can only initialize variables'
    end
  end
end

local EXECUTABLE = { call = true, variable = true, field = true, chain = true, pipeline = true }

--- Commands up to `close`, which is read too.
function Parser:pipeline(context, close)
  local first = self:peek()
  local pipeline = { at = first.at, declared = {}, commands = {} }
  self:declarations(pipeline, context)
  while true do
    local token = self:peek()
    if token.text == close and (token.kind == 'close' or token.kind == 'paren') then
      break
    elseif token.kind == 'pipe' and #pipeline.commands > 0 then
      self.at = self.at + 1
      token = self:peek()
    elseif #pipeline.commands > 0 then
      unexpected(token, context)
    end
    if token.text == close and (token.kind == 'close' or token.kind == 'paren') then
      break
    end
    local before = self.at
    local is_operand = self:term() ~= nil
    self.at = is_operand and before or self.at
    if not is_operand then
      unexpected(token, context)
    end
    pipeline.commands[#pipeline.commands + 1] = self:command()
  end
  if #pipeline.commands == 0 then
    fail('missing value for %s', context)
  end
  for i = 2, #pipeline.commands do
    if not EXECUTABLE[pipeline.commands[i][1].kind] then
      fail('non executable command in pipeline stage %d', i)
    end
  end
  local last = self:next()
  pipeline.text = self.source:sub(first.at, last.at - 1):gsub('%s+$', '')
  return pipeline
end

-- Control structures -----------------------------------------------------------------------------

local CONTROLS = { ['if'] = true, with = true, range = true }

--- Forgets the variables of a block.
function Parser:forget(count)
  for i = #self.variables, count + 1, -1 do
    self.variables[i] = nil
  end
end

function Parser:control(kind, at)
  local variables = #self.variables
  local node = { kind = kind, at = at, pipeline = self:pipeline(kind, '}}') }
  self.ranges = self.ranges + (kind == 'range' and 1 or 0)
  local ending
  node.list, ending = self:list()
  self.ranges = self.ranges - (kind == 'range' and 1 or 0)
  if ending == 'else' then
    local token = self:peek()
    if token.kind == 'keyword' and token.text == kind and kind ~= 'range' then
      self.at = self.at + 1
      node.otherwise = { self:control(kind, token.at) } -- its end is that of the whole
    else
      self:expect_close 'else'
      node.otherwise, ending = self:list()
      if ending == 'else' then
        fail 'expected end; found {{else}}'
      end
    end
  end
  if ending == 'eof' then
    fail 'unexpected EOF'
  end
  self:forget(variables)
  return node
end

function Parser:expect_close(where)
  local token = self:next()
  if token.kind ~= 'close' then
    unexpected(token, where)
  end
end

--- What begins with a keyword: a node, or 'end' or 'else'.
function Parser:keyword(token)
  local word = token.text
  if CONTROLS[word] then
    return self:control(word, token.at)
  elseif word == 'end' then
    self:expect_close 'end'
    return nil, 'end'
  elseif word == 'else' then
    local after = self:peek()
    if after.kind ~= 'close' and not (after.kind == 'keyword' and (after.text == 'if' or after.text == 'with')) then
      unexpected(after, 'else')
    end
    return nil, 'else'
  elseif word == 'break' or word == 'continue' then
    self:expect_close('{{' .. word .. '}}')
    if self.ranges == 0 then
      fail('{{%s}} outside {{range}}', word)
    end
    return { kind = word, at = token.at }
  end
  error({ problem = ('{{ %s }} is not supported'):format(word), unsupported = true }, 0)
end

--- Nodes up to the end or an else, which are read, or the end of the text.
function Parser:list()
  local list = {}
  while true do
    local token = self:next()
    if token.kind == 'eof' then
      self.at = self.at - 1
      return list, 'eof'
    elseif token.kind == 'text' then
      list[#list + 1] = { kind = 'text', text = token.text, at = token.at }
    elseif self:peek().kind == 'keyword' then
      local node, ending = self:keyword(self:next())
      if ending then
        return list, ending
      end
      list[#list + 1] = node
    else
      list[#list + 1] = { kind = 'action', at = self:peek().at, pipeline = self:pipeline('command', '}}') }
    end
  end
end

--- The nodes of a template.
---@param text string
---@param functions table<string, any> those that it may call, by name
---@return TemplateNode[]? nodes
---@return string? problem
---@return integer? at
---@return boolean? unsupported Go understands it
function M.parse(text, functions)
  local tokens = lexer.tokens(text)
  local parser = setmetatable({
    source = text, tokens = tokens, at = 1, functions = functions, variables = { '$' }, ranges = 0,
  }, Parser)
  local ok, list, ending = pcall(parser.list, parser)
  local place = tokens[math.min(parser.at, #tokens)].at
  if not ok then
    if type(list) ~= 'table' then
      error(list, 0)
    end
    return nil, list.problem, place, list.unsupported
  elseif ending ~= 'eof' then
    return nil, ('unexpected {{%s}}'):format(ending), place
  end
  return list
end

return M

--- The words of Go's text/template: what stands between texts, cut into tokens.
local utf8 = require 'stdlib.utf8'

local M = {}

---@class Token
---@field kind string 'text', 'open', 'close', 'eof', 'error'; in an action 'identifier', 'keyword', 'field', 'dot',
---       'variable', 'string', 'number', 'bool', 'nil', 'pipe', 'declare', 'assign', 'paren', 'char'
---@field text string as it is written
---@field value any of a literal; of an error, what is wrong
---@field at integer its first byte
---@field spaced boolean? a blank stands before it

local KEYWORDS = {}
for word in ('block break continue define else end if range template with'):gmatch '%a+' do
  KEYWORDS[word] = true
end

local ESCAPES = { a = '\a', b = '\b', f = '\f', n = '\n', r = '\r', t = '\t', v = '\v', ['\\'] = '\\', ["'"] = "'",
  ['"'] = '"' }

local DIGITS = { x = { 2, 16 }, u = { 4, 16 }, U = { 8, 16 } }

--- What a text between quotes stands for; nil when it is none.
local function unquoted(body)
  local out, at = {}, 1
  while at <= #body do
    local char = body:sub(at, at)
    if char ~= '\\' then
      out[#out + 1], at = char, at + 1
    else
      local kind = body:sub(at + 1, at + 1)
      local form, octal = DIGITS[kind], body:match('^[0-7][0-7][0-7]', at + 1)
      local digits = form and body:match('^%x+', at + 2) or ''
      if ESCAPES[kind] then
        out[#out + 1], at = ESCAPES[kind], at + 2
      elseif form and #digits >= form[1] then
        local code = tonumber(digits:sub(1, form[1]), 16)
        out[#out + 1] = kind == 'x' and string.char(code) or code <= 0x10FFFF and utf8.char(code) or ''
        at = at + 2 + form[1]
      elseif octal and tonumber(octal, 8) < 256 then
        out[#out + 1], at = string.char(tonumber(octal, 8)), at + 4
      else
        return nil
      end
    end
  end
  return table.concat(out)
end

--- A number as Go writes it, { int = n } or { float = n }; nil for what is none.
local function number_of(text)
  local sign, digits = text:match '^([+-]?)(.*)$'
  local factor = sign == '-' and -1 or 1
  local plain = digits:gsub('_', '')
  local hex, binary, octal = plain:match '^0[xX](%x+)$', plain:match '^0[bB]([01]+)$', plain:match '^0[oO]?([0-7]+)$'
  if hex or binary or octal then
    return { int = factor * tonumber(hex or binary or octal, hex and 16 or binary and 2 or 8) }
  elseif plain:find '^[1-9]%d*$' or plain == '0' then
    return { int = factor * tonumber(plain) }
  elseif plain:find '[.eE]' and plain:find '^%d+%.?%d*[eE]?[+-]?%d*$' or plain:find '^%.%d+[eE]?[+-]?%d*$' then
    local value = tonumber(plain)
    return value and { float = factor * value } or nil
  end
end

local function shown(char)
  return ("U+%04X '%s'"):format(char:byte(), char)
end

--- True where a word may end: before what cannot be a part of one.
local function ends_word(text, at)
  return at > #text or text:find('^[ \t\r\n.,|:()]', at) ~= nil or text:find('^}}', at) ~= nil
end

--- A literal at `at`: token, nil, its end; or nil and the problem.
local function literal(text, at, quote)
  local close = at + 1
  while text:sub(close, close) ~= quote do
    local char = text:sub(close, close)
    if char == '' or char == '\n' and quote ~= '`' then
      local name = quote == '"' and 'quoted string' or quote == '`' and 'raw quoted string' or 'character constant'
      return nil, 'unterminated ' .. name
    end
    close = close + (char == '\\' and quote ~= '`' and 2 or 1)
  end
  local body = text:sub(at + 1, close - 1)
  local value = quote == '`' and body:gsub('\r', '') or quote ~= '`' and unquoted(body) or nil
  if not value then
    return nil, 'invalid syntax'
  elseif quote == "'" then
    return { kind = 'number', value = { int = value:byte() or 0 } }, nil, close
  end
  return { kind = 'string', value = value }, nil, close
end

local function word(text, at)
  local name = text:match('^[%w_\128-\255]+', at)
  local last = at + #name - 1
  if not ends_word(text, last + 1) then
    return nil, 'bad character ' .. shown(text:sub(last + 1, last + 1))
  end
  local kind = KEYWORDS[name] and 'keyword' or (name == 'true' or name == 'false') and 'bool' or name == 'nil' and 'nil'
    or 'identifier'
  return { kind = kind, value = name == 'true' }, nil, last
end

--- .name or $name, or the dot or the dollar alone.
local function named(text, at, kind)
  local last = at + #text:match('^[%w_\128-\255]*', at + 1)
  if not ends_word(text, last + 1) then
    return nil, 'bad character ' .. shown(text:sub(last + 1, last + 1))
  end
  return { kind = last == at and kind == 'field' and 'dot' or kind, value = text:sub(at + 1, last) }, nil, last
end

local function number(text, at)
  local written = text:match('^[+-]?[%w_.]+', at) or text:sub(at, at)
  written = text:match('^[+-]?[%d_.]+[eE][+-]%d+', at) or written
  local value, last = number_of(written), at + #written - 1
  if not value or not ends_word(text, last + 1) then
    return nil, ('bad number syntax: "%s"'):format(written)
  end
  return { kind = 'number', value = value }, nil, last
end

local SIGNS = { ['|'] = 'pipe', ['='] = 'assign', ['('] = 'paren', [')'] = 'paren' }

--- The token at `at` of an action.
local function token_at(text, at)
  local char = text:sub(at, at)
  if char == '"' or char == '`' or char == "'" then
    return literal(text, at, char)
  elseif char == ':' then
    if text:sub(at + 1, at + 1) ~= '=' then
      return nil, 'expected :='
    end
    return { kind = 'declare' }, nil, at + 1
  elseif SIGNS[char] then
    return { kind = SIGNS[char] }, nil, at
  elseif char == '$' then
    return named(text, at, 'variable')
  elseif char == '.' and not text:find('^%d', at + 1) then
    return named(text, at, 'field')
  elseif char:find '[%d.+-]' then
    return number(text, at)
  elseif char:find '[%w_\128-\255]' then
    return word(text, at)
  elseif char:find '[%c]' then
    return nil, 'unrecognized character in action: ' .. shown(char)
  end
  return { kind = 'char' }, nil, at
end

---@class Lexer
---@field text string
---@field tokens Token[]
---@field at integer
---@field depth integer of parentheses

--- Reads one action, whose braces have been read. The problem, or nil.
local function read_action(lexer)
  local text = lexer.text
  while true do
    local blanks = text:match('^[ \t\r\n]*', lexer.at)
    lexer.at = lexer.at + #blanks
    local at = lexer.at
    local trims = blanks ~= '' and text:find('^%-}}', at) ~= nil
    if trims or text:find('^}}', at) then
      if lexer.depth > 0 then
        return 'unclosed left paren'
      end
      lexer.tokens[#lexer.tokens + 1] = { kind = 'close', text = '}}', at = at }
      lexer.at, lexer.trims = at + (trims and 3 or 2), trims
      return nil
    elseif at > #text then
      return 'unclosed action'
    end
    local token, problem, last = token_at(text, at)
    if not token then
      return problem
    end
    token.text, token.at, token.spaced = text:sub(at, last), at, blanks ~= ''
    if token.kind == 'paren' then
      lexer.depth = lexer.depth + (token.text == '(' and 1 or -1)
      if lexer.depth < 0 then
        return 'unexpected right paren'
      end
    end
    lexer.tokens[#lexer.tokens + 1] = token
    lexer.at = last + 1
  end
end

--- Skips a comment, whose beginning has been read. The problem, or nil.
local function skip_comment(lexer)
  local _, last = lexer.text:find('*/', lexer.at + 2, true)
  if not last then
    return 'unclosed comment'
  end
  local close = lexer.text:match('^[ \t\r\n]%-}}()', last + 1)
  lexer.trims = close ~= nil
  close = close or lexer.text:match('^}}()', last + 1)
  if not close then
    return 'comment ends before closing delimiter'
  end
  lexer.at = close
end

--- The tokens of a template. Where one cannot be read, the last is of the kind 'error': like Go's parser, ours meets it
--- after what stands before it.
---@param text string
---@return Token[]
function M.tokens(text)
  local lexer = { text = text, tokens = {}, at = 1, depth = 0, trims = false }
  while true do
    local open = text:find('{{', lexer.at, true)
    local literal_text = text:sub(lexer.at, (open or 0) - 1)
    literal_text = lexer.trims and literal_text:gsub('^[ \t\r\n]+', '') or literal_text
    local trims_before = open and text:find('^%-[ \t\r\n]', open + 2) ~= nil
    literal_text = trims_before and literal_text:gsub('[ \t\r\n]+$', '') or literal_text
    if literal_text ~= '' then
      lexer.tokens[#lexer.tokens + 1] = { kind = 'text', text = literal_text, at = lexer.at }
    end
    if not open then
      lexer.tokens[#lexer.tokens + 1] = { kind = 'eof', text = 'EOF', at = #text + 1 }
      return lexer.tokens
    end
    lexer.at, lexer.trims = open + (trims_before and 3 or 2), false
    local comment = text:match('^[ \t\r\n]?()/%*', lexer.at)
    local problem
    if comment and (trims_before or comment == lexer.at) then
      lexer.at = comment
      problem = skip_comment(lexer)
    else
      lexer.tokens[#lexer.tokens + 1] = { kind = 'open', text = '{{', at = open }
      problem = read_action(lexer)
    end
    if problem then
      lexer.tokens[#lexer.tokens + 1] = { kind = 'error', text = '', value = problem, at = math.min(lexer.at, #text) }
      return lexer.tokens
    end
  end
end

return M

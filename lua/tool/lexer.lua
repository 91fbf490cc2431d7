--- Cuts a text of Lua into tokens, each with line and column (in bytes, from 1), for tool.parser.
---
--- A token is { kind, text, line, column }: kind is 'name', 'string', 'number', 'eof', or the keyword or symbol itself.
--- Texts that LuaJIT does not read raise a Fault.

---@class Fault what is raised: a place and a sentence
---@field line integer
---@field column integer
---@field text string

---@class Token
---@field kind string
---@field text any of a string its value, of a number the number (nil for those that Lua 5.1 has not)
---@field literal string? a number as it stands in the text
---@field line integer
---@field column integer

local M = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true
  until while]]):gmatch '%a+' do
  KEYWORDS[word] = true
end

local SYMBOLS = { '...', '..', '==', '~=', '<=', '>=', '::' } -- the longest first; all others are one character

local ESCAPES = { a = '\a', b = '\b', f = '\f', n = '\n', r = '\r', t = '\t', v = '\v', ['\\'] = '\\', ['"'] = '"',
  ["'"] = "'", ['\n'] = '\n' }

-- The forms of a number, and what LuaJIT lets stand behind one: 64-bit integers and imaginary numbers.
local NUMBERS = { '^0[xX][%x.]+[pP][+-]?%d+', '^0[xX][%x.]+', '^0[bB]%d+', '^[%d.]+[eE][+-]?%d+', '^[%d.]+' }
local TAILS = { [''] = true, ll = true, ull = true, llu = true, i = true }

---@class Lexer
---@field text string
---@field at integer
---@field line integer
---@field from integer where the line begins
local Lexer = {}
Lexer.__index = Lexer

function Lexer:fail(problem, at)
  error({ line = self.line, column = (at or self.at) - self.from + 1, text = problem }, 0)
end

--- The text up to here has been read; lines in it are counted.
function Lexer:advance(to)
  for newline in self.text:sub(self.at, to - 1):gmatch '()\n' do
    self.line, self.from = self.line + 1, self.at + newline
  end
  self.at = to
end

--- `[[…]]` and `[==[…]==]`; nil when none begins here.
function Lexer:long_bracket()
  local level = self.text:match('^%[(=*)%[', self.at)
  if not level then
    return nil
  end
  local from, close = self.at + #level + 2, ']' .. level .. ']'
  local ends = self.text:find(close, from, true)
  if not ends then
    self:fail('unfinished long string or comment')
  end
  self:advance(ends + #close)
  return (self.text:sub(from, ends - 1):gsub('^\r?\n', ''))
end

function Lexer:skip_blanks()
  while true do
    self:advance(self.text:match('^%s*()', self.at))
    if self.text:sub(self.at, self.at + 1) ~= '--' then
      return
    end
    self:advance(self.at + 2)
    if not self:long_bracket() then
      self:advance(self.text:match('^[^\n]*()', self.at))
    end
  end
end

--- What stands behind a backslash at `at`, and where it ends.
function Lexer:escape(at)
  local letter = self.text:sub(at, at)
  if ESCAPES[letter] then
    return ESCAPES[letter], at + 1
  end
  local digits = self.text:match('^%d%d?%d?', at)
  if digits and tonumber(digits) < 256 then
    return string.char(tonumber(digits)), at + #digits
  end
  local hex = self.text:match('^x(%x%x)', at)
  if hex then
    return string.char(tonumber(hex, 16)), at + 3
  elseif letter == 'z' then
    return '', self.text:match('^%s*()', at + 1)
  elseif letter == '\r' then
    return '\n', self.text:match('^\r\n?()', at)
  end
  local unicode = self.text:match('^u{%x+}()', at)
  if unicode then
    return '?', unicode
  end
  return self:fail('invalid escape sequence', at - 1)
end

function Lexer:quoted(quote)
  local parts, at = {}, self.at + 1
  while true do
    local plain, stop = self.text:match('^([^\\\n' .. quote .. ']*)()', at)
    local letter = self.text:sub(stop, stop)
    parts[#parts + 1] = plain
    if letter == quote then
      self:advance(stop + 1)
      return table.concat(parts)
    elseif letter ~= '\\' then
      self:fail 'unfinished string'
    end
    parts[#parts + 1], at = self:escape(stop + 1)
  end
end

function Lexer:number()
  local text
  for _, form in ipairs(NUMBERS) do
    text = text or self.text:match(form, self.at)
  end
  local tail = self.text:match('^[%w_]*', self.at + #text)
  if not TAILS[tail:lower()] or not tonumber(text) then
    self:fail("malformed number near '" .. text .. tail .. "'")
  end
  self:advance(self.at + #text + #tail)
  return tail == '' and tonumber(text) or nil, text .. tail
end

function Lexer:symbol()
  for _, symbol in ipairs(SYMBOLS) do
    if self.text:sub(self.at, self.at + #symbol - 1) == symbol then
      return symbol
    end
  end
  local symbol = self.text:sub(self.at, self.at)
  if not symbol:find '[%+%-%*/%%%^#<>=%(%){}%[%];:,%.]' then
    self:fail("unexpected symbol near '" .. symbol .. "'")
  end
  return symbol
end

---@return Token
function Lexer:next()
  self:skip_blanks()
  local token = { line = self.line, column = self.at - self.from + 1 }
  local letter = self.text:sub(self.at, self.at)
  local name = self.text:match('^[%a_\128-\255][%w_\128-\255]*', self.at)
  if letter == '' then
    token.kind = 'eof'
  elseif name then
    token.kind, token.text = KEYWORDS[name] and name or 'name', name
    self:advance(self.at + #name)
  elseif letter == '"' or letter == "'" then
    token.kind, token.text = 'string', self:quoted(letter)
  elseif self.text:find('^%.?%d', self.at) then
    token.kind = 'number'
    token.text, token.literal = self:number()
  else
    local text = self:long_bracket()
    if text then
      token.kind, token.text = 'string', text
    else
      token.kind = self:symbol()
      self:advance(self.at + #token.kind)
    end
  end
  return token
end

--- All tokens of a text, the last one of kind 'eof'.
---@param text string
---@return Token[]
function M.tokens(text)
  local lexer = setmetatable({ text = text, at = 1, line = 1, from = 1 }, Lexer)
  local tokens = {}
  lexer:advance(text:match '^\239\187\191()' or 1) -- a byte order mark, and a line with #, as loadfile
  if text:sub(lexer.at, lexer.at) == '#' then
    lexer:advance(text:match('^[^\n]*()', lexer.at))
  end
  repeat
    tokens[#tokens + 1] = lexer:next()
  until tokens[#tokens].kind == 'eof'
  for i, token in ipairs(tokens) do -- to LuaJIT, goto is a name wherever it does not lead to one
    if token.kind == 'goto' and tokens[i + 1].kind ~= 'name' then
      token.kind = 'name'
    end
  end
  return tokens
end

return M

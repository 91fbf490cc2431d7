--- fmt.Sprintf of Go, for the values of templates (template_functions.lua).
local go_format = require 'stdlib.go_format'
local keys = require 'stdlib.keys'
local utf8 = require 'stdlib.utf8'

local M = {}

--- What one directive prints with. `kind` and `type_name` are those of template_functions.
---@class Directive
---@field flags table<string, boolean>
---@field width integer?
---@field precision integer?

local function count_of(text)
  return #text:gsub('[\128-\191]', '')
end

--- Zeros stand on the left alone.
local function padded(d, text)
  local missing = (d.width or 0) - count_of(text)
  if missing <= 0 then
    return text
  elseif d.flags['-'] then
    return text .. (' '):rep(missing)
  end
  return (d.flags['0'] and '0' or ' '):rep(missing) .. text
end

--- The sign first, then zeros that fill up.
local function padded_number(d, sign, digits)
  local missing = (d.width or 0) - #sign - #digits
  if d.flags['0'] and not d.flags['-'] and missing > 0 then
    return sign .. ('0'):rep(missing) .. digits
  end
  return padded(d, sign .. digits)
end

local function sign_of(d, is_negative)
  return is_negative and '-' or d.flags['+'] and '+' or d.flags[' '] and ' ' or ''
end

--- UTF-8 of a code point; what is none is U+FFFD.
local function character(code)
  if code < 0 or code > 0x10FFFF or code >= 0xD800 and code < 0xE000 then
    code = 0xFFFD
  end
  return utf8.char(code)
end

-- Texts ------------------------------------------------------------------------------------------

local ESCAPES = { ['\a'] = '\\a', ['\b'] = '\\b', ['\f'] = '\\f', ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t',
  ['\v'] = '\\v', ['\\'] = '\\\\' }

local function quoted(text, quote)
  return quote .. text:gsub('[%c\\' .. quote .. ']', function(char)
    return char == quote and '\\' .. quote or ESCAPES[char] or ('\\x%02x'):format(char:byte())
  end) .. quote
end

--- The first characters of a text, so many.
local function cut(d, text)
  if not d.precision then
    return text
  end
  local at, left = 1, d.precision
  while left > 0 and at <= #text do
    at, left = text:match('^[%z\1-\127\192-\255]?[\128-\191]*()', at), left - 1
  end
  return text:sub(1, at - 1)
end

local function hex_text(d, verb, text)
  text = d.precision and text:sub(1, d.precision) or text
  local between = d.flags[' '] and ' ' or ''
  local prefix = d.flags['#'] and '0' .. verb or ''
  local bytes = {}
  text:gsub('.', function(char)
    bytes[#bytes + 1] = ((between ~= '' or #bytes == 0) and prefix or '') .. ('%02' .. verb):format(char:byte())
  end)
  return padded(d, table.concat(bytes, between))
end

local function text_of(d, verb, text)
  if verb == 's' or verb == 'v' and not d.sharp_v then
    return padded(d, cut(d, text))
  elseif verb == 'v' or verb == 'q' then
    text = cut(d, text)
    local is_raw = d.flags['#'] and verb == 'q' and not text:find '[%z\1-\8\10-\31\127`]'
    return padded(d, is_raw and '`' .. text .. '`' or quoted(text, '"'))
  elseif verb == 'x' or verb == 'X' then
    return hex_text(d, verb, text)
  end
end

-- Numbers ----------------------------------------------------------------------------------------

local BASES = { v = 10, d = 10, b = 2, o = 8, O = 8, x = 16, X = 16 }
local PREFIXES = { b = '0b', o = '0', x = '0x', X = '0X' }

local function digits_of(value, base)
  if value == 0 then
    return '0'
  end
  local digits = {}
  while value > 0 do
    local digit = value % base
    table.insert(digits, 1, ('0123456789abcdef'):sub(digit + 1, digit + 1))
    value = (value - digit) / base
  end
  return table.concat(digits)
end

local function whole_of(d, verb, value)
  local digits = digits_of(math.abs(value), BASES[verb])
  if d.precision then
    if d.precision == 0 and value == 0 then
      return padded({ flags = { ['-'] = d.flags['-'] }, width = d.width }, '')
    end
    digits = ('0'):rep(d.precision - #digits) .. digits
  end
  local prefix = verb == 'O' and '0o' or d.flags['#'] and PREFIXES[verb] or ''
  prefix = prefix == '0' and digits:sub(1, 1) == '0' and '' or prefix
  digits = verb == 'X' and digits:upper() or digits
  local sign = sign_of(d, value < 0)
  if d.precision or not d.flags['0'] or d.flags['-'] then
    return padded({ flags = { ['-'] = d.flags['-'] }, width = d.width }, sign .. prefix .. digits)
  end
  -- Zeros fill the whole width up; a prefix comes beside them.
  digits = ('0'):rep((d.width or 0) - #sign - #digits) .. digits
  return sign .. prefix .. digits
end

local function integer_of(d, verb, value)
  if BASES[verb] then
    return whole_of(d, verb, value)
  elseif verb == 'c' then
    return padded(d, character(value))
  elseif verb == 'q' then
    local char = value < 0x20 and value >= 0 and not ESCAPES[string.char(value)] and ('\\x%02x'):format(value)
      or value == 0x7F and '\\x7f'
    return padded(d, char and "'" .. char .. "'" or quoted(character(value), "'"))
  elseif verb == 'U' then
    local code = ('U+%04X'):format(value % 2 ^ 52)
    return padded({ flags = { ['-'] = d.flags['-'] }, width = d.width },
      d.flags['#'] and code .. " '" .. character(value) .. "'" or code)
  end
end

--- Without its sign.
local function float_digits(d, verb, value)
  local plain = verb == 'F' and 'f' or verb == 'v' and 'g' or verb
  local precision = d.precision
  if plain:lower() == 'g' and not precision then
    local text = go_format.number(value)
    return plain == 'G' and text:upper() or text
  end
  local sharp = d.flags['#'] and verb ~= 'v' and '#' or ''
  return ('%%%s.%d%s'):format(sharp, precision or 6, plain):format(value)
end

local function float_of(d, verb, value)
  if not verb:find '^[vgGeEfF]$' then
    return nil
  elseif value - value ~= 0 then
    local text = value ~= value and 'NaN' or sign_of(d, value < 0) .. 'Inf'
    text = value > 0 and not d.flags[' '] and '+Inf' or text
    return padded({ flags = { ['-'] = d.flags['-'] }, width = d.width }, text)
  end
  return padded_number(d, sign_of(d, value < 0 or 1 / value < 0), float_digits(d, verb, math.abs(value)))
end

-- A directive ------------------------------------------------------------------------------------

local one -- a value by its kind; below

local function map_of(values, d, verb, value)
  local parts = {}
  for i, key in ipairs(keys.sorted(value.map)) do
    parts[i] = one(values, d, verb, key) .. ':' .. one(values, d, verb, value.map[key])
  end
  if d.sharp_v then
    return 'map[string]string{' .. table.concat(parts, ', ') .. '}'
  end
  return 'map[' .. table.concat(parts, ' ') .. ']'
end

--- '%!d(string=podinfo)'.
local function misfit(values, d, verb, value)
  if values.kind(value) == 'nil' then
    return '%!' .. verb .. '(<nil>)'
  end
  return ('%%!%s(%s=%s)'):format(verb, values.type_name(value), one(values, d, 'v', value))
end

function one(values, d, verb, value)
  local kind, text = values.kind(value), nil
  if kind == 'nil' then
    text = verb == 'v' and padded(d, '<nil>') or nil
  elseif verb == 'T' then
    text = padded(d, cut(d, values.type_name(value)))
  elseif kind == 'string' then
    text = text_of(d, verb, value)
  elseif kind == 'bool' then
    text = (verb == 't' or verb == 'v') and padded(d, tostring(value)) or nil
  elseif kind == 'int' then
    text = integer_of(d, verb, value.int)
  elseif kind == 'float' then
    text = float_of(d, verb, value.float)
  elseif verb ~= 'p' then
    return map_of(values, d, verb, value)
  end
  return text or misfit(values, d, verb, value)
end

--- Reads a width or a precision: digits, or * for the next value. The number, where it ends, and a complaint.
local function number_at(state, form, at, complaint)
  if form:sub(at, at) ~= '*' then
    local digits = form:match('^%d+', at) or ''
    return tonumber(digits), at + #digits, ''
  end
  local value = state.args[state.next]
  state.next = state.next + 1
  local is_int = type(value) == 'table' and value.int
  return is_int or nil, at + 1, is_int and '' or complaint
end

local function read(state, form, at)
  local d = { flags = {} }
  while ('+-# 0'):find(form:sub(at, at), 1, true) and at <= #form do
    d.flags[form:sub(at, at)] = true
    at = at + 1
  end
  local complaints, complaint
  d.width, at, complaints = number_at(state, form, at, '%!(BADWIDTH)')
  if d.width and d.width < 0 then
    d.width, d.flags['-'] = -d.width, true
  end
  if form:sub(at, at) == '.' then
    d.precision, at, complaint = number_at(state, form, at + 1, '%!(BADPREC)')
    d.precision = complaint == '' and (d.precision or 0) or nil
    d.precision = d.precision and d.precision >= 0 and d.precision or nil
    complaints = complaints .. complaint
  end
  local verb = form:match('^[%z\1-\127\192-\255]?[\128-\191]*', at)
  return d, verb, at + #verb, complaints
end

local function directive(values, state, d, verb)
  local value = state.args[state.next]
  if verb == '%' then
    return '%'
  elseif verb == '' then
    return '%!(NOVERB)'
  elseif value == nil then
    return '%!' .. verb .. '(MISSING)'
  end
  state.next = state.next + 1
  if verb == 'v' then
    d.sharp_v, d.flags['#'], d.flags['+'] = d.flags['#'], nil, nil
  end
  return one(values, d, verb, value)
end

--- Texts longer than any query are made of none.
local WIDTH_MAX = 20000

--- The values of `args` behind the first one, as that one says.
---@param values table template_functions: what values are
---@param args any[]
---@return string
function M.format(values, args)
  local form, out, at = args[1], {}, 1
  local state = { args = args, next = 2 }
  while at <= #form do
    local percent = form:find('%', at, true) or #form + 1
    out[#out + 1] = form:sub(at, percent - 1)
    if percent > #form then
      break
    end
    local d, verb, behind, complaints = read(state, form, percent + 1)
    if (d.width or 0) > WIDTH_MAX or (d.precision or 0) > WIDTH_MAX then
      d.width, d.precision, complaints = nil, nil, '%!(BADWIDTH)'
    end
    out[#out + 1] = complaints .. directive(values, state, d, verb)
    at = behind
  end
  if state.next <= #args then
    local extra = {}
    for i = state.next, #args do
      local is_nil = values.kind(args[i]) == 'nil'
      extra[#extra + 1] = is_nil and '<nil>' or values.type_name(args[i]) .. '='
        .. one(values, { flags = {} }, 'v', args[i])
    end
    out[#out + 1] = '%!(EXTRA ' .. table.concat(extra, ', ') .. ')'
  end
  return table.concat(out)
end

return M

--- Characters as UTF-8, and whether a text is UTF-8: only then it has a place in JSON.
local M = {}

--- One character of more than one byte, by its first byte; no overlong forms, no surrogates, nothing above U+10FFFF.
local CHARACTERS = {
  '^[\194-\223][\128-\191]()',
  '^\224[\160-\191][\128-\191]()', '^[\225-\236\238\239][\128-\191][\128-\191]()', '^\237[\128-\159][\128-\191]()',
  '^\240[\144-\191][\128-\191][\128-\191]()', '^[\241-\243][\128-\191][\128-\191][\128-\191]()',
  '^\244[\128-\143][\128-\191][\128-\191]()',
}

local function behind_character(text, at)
  for _, pattern in ipairs(CHARACTERS) do
    local behind = text:match(pattern, at)
    if behind then
      return behind
    end
  end
end

---@param code integer a code point, 0 to 0x10FFFF
---@return string
function M.char(code)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
  elseif code < 0x10000 then
    return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return string.char(0xF0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
    0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

---@param text string
---@return boolean
function M.is_valid(text)
  local at = text:find '[\128-\255]'
  while at do
    local behind = behind_character(text, at)
    if not behind then
      return false
    end
    at = text:find('[\128-\255]', behind)
  end
  return true
end

return M

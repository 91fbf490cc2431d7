--- Whether a text has a place in JSON.
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

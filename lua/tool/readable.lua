--- Texts that a spec or a script has made, for a terminal, JSON and XML: all three want UTF-8, and a terminal obeys
--- control characters. What is none, or is one, is written as in \xff; ends of lines and tabs stay.

local CHARACTERS = { -- of several bytes, without surrogates, control characters, U+FFFE and U+FFFF
  '^\194[\160-\191]', '^[\195-\223][\128-\191]', '^\224[\160-\191][\128-\191]',
  '^[\225-\236\238][\128-\191][\128-\191]', '^\237[\128-\159][\128-\191]', '^\239[\128-\190][\128-\191]',
  '^\239\191[\128-\189]', '^\240[\144-\191][\128-\191][\128-\191]', '^[\241-\243][\128-\191][\128-\191][\128-\191]',
  '^\244[\128-\143][\128-\191][\128-\191]',
}

local function hex(byte)
  return ('\\x%02x'):format(byte:byte())
end

local function character_at(bytes, at)
  for _, pattern in ipairs(CHARACTERS) do
    local _, last = bytes:find(pattern, at)
    if last then
      return bytes:sub(at, last)
    end
  end
end

local function check_run(bytes)
  local parts, at = {}, 1
  while at <= #bytes do
    local character = character_at(bytes, at)
    parts[#parts + 1] = character or hex(bytes:sub(at, at))
    at = at + (character and #character or 1)
  end
  return table.concat(parts)
end

---@param text string
---@return string
return function(text)
  return (text:gsub('[%z\1-\8\11-\31\127]', hex):gsub('[\128-\255]+', check_run))
end

--- Texts that come from outside (of a spec, a script, an object, a server), for a terminal, JSON, XML and HTML: all of
--- them want UTF-8, a terminal obeys control characters, and characters of direction show a text in another order than
--- it has. What is none, or is one, is written as in \xff or \u{202e}; ends of lines and tabs stay.

local CHARACTERS = { -- of several bytes, without surrogates, control characters, U+FFFE and U+FFFF
  '^\194[\160-\191]', '^[\195-\223][\128-\191]', '^\224[\160-\191][\128-\191]',
  '^[\225-\236\238][\128-\191][\128-\191]', '^\237[\128-\159][\128-\191]', '^\239[\128-\190][\128-\191]',
  '^\239\191[\128-\189]', '^\240[\144-\191][\128-\191][\128-\191]', '^[\241-\243][\128-\191][\128-\191][\128-\191]',
  '^\244[\128-\143][\128-\191][\128-\191]',
}

local function hex(byte)
  return ('\\x%02x'):format(byte:byte())
end

--- Of Unicode's own: marks of direction, embeddings and isolates, ends of lines that no file has, and marks that are
--- not seen.
local UNSEEN = {
  ['\216\156'] = 0x061c, ['\226\128\142'] = 0x200e, ['\226\128\143'] = 0x200f, ['\239\187\191'] = 0xfeff,
  ['\226\128\139'] = 0x200b, ['\226\128\168'] = 0x2028, ['\226\128\169'] = 0x2029,
}
for code = 0x2a, 0x2e do
  UNSEEN['\226\128' .. string.char(0x80 + code)] = 0x2000 + code
end
for code = 0x66, 0x69 do
  UNSEEN['\226\129' .. string.char(0x40 + code)] = 0x2000 + code
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
    parts[#parts + 1] = UNSEEN[character] and ('\\u{%04x}'):format(UNSEEN[character]) or character
      or hex(bytes:sub(at, at))
    at = at + (character and #character or 1)
  end
  return table.concat(parts)
end

---@param text string
---@return string
return function(text)
  return (text:gsub('[%z\1-\8\11-\31\127]', hex):gsub('[\128-\255]+', check_run))
end

--- What people who come from other languages most likely meant where LuaJIT says that a text is no Lua.
local M = {}

local HINTS = {
  { "^'then' expected near '='", 'a comparison is ==' },
  { "^'then' expected near '!'", 'not equal is ~=' },
  { "near '!'", 'not is the word not, and not equal is ~=' },
  { "^'=' expected near '[+*/-]'", 'there is no +=, as in: x = x + 1' },
  { "^unexpected symbol near '+'", 'there is no ++, as in: x = x + 1' },
  { "near '&'", 'and is the word and' },
  { "near '|'", 'or is the word or' },
  { "^'<eof>' expected near '='", 'behind return stands a value: return strategy { … }' },
  { "^function arguments expected near", 'a word is called: rollout:begin(), rollout:shift(5)' },
}

--- The sentence, with a hint behind it where there is one.
---@param sentence string
---@return string
function M.of(sentence)
  for _, hint in ipairs(HINTS) do
    if sentence:find(hint[1]) then
      return ('%s (%s)'):format(sentence, hint[2])
    end
  end
  return sentence
end

return M

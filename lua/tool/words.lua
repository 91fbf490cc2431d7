--- The words of a strategy, as the stdlib itself has them: which there are, and what they say to arguments. Nothing
--- beneath them happens.
local class = require 'stdlib.script_words'
local stdlib_words = require 'stdlib.words'

local M = {}

--- What stands beneath the words: it does nothing, and a round has passed.
local function silent()
  return setmetatable({ words = class.words, refused = class.refused, round = { weight = 0, mirrored = false } }, {
    __index = function()
      return function() end
    end,
  })
end

---@return table handle what a strategy gets, as it is after a round
local function handle_of()
  local handle = stdlib_words.of(silent(), {})
  handle:begin()
  handle:analyse { rounds = 1 }
  return handle
end

--- What `rollout` has for a Strategy: true for a word, false for a value.
---@return table<string, boolean>
function M.known()
  local known = { params = false }
  for _, word in ipairs(stdlib_words.known(class)) do
    known[word] = true
  end
  return known
end

--- What a word says to these arguments; nil when it takes them.
---@param word string
---@param args table with its length in n
---@return string?
function M.problem(word, args)
  local handle = handle_of()
  local ok, raised = pcall(handle[word], handle, unpack(args, 1, args.n))
  local _, ends = tostring(raised):find('rollout:' .. word .. ': ', 1, true)
  return not ok and ends and raised:sub(ends + 1):gsub('table: 0x%x+', 'a table') or nil
end

return M

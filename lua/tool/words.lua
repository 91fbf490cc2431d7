--- The words that scripts have, as the stdlib itself has them: which there are, and what they say to arguments. Nothing
--- beneath them happens.
local checking = require 'stdlib.checking'
local bundled_class = require 'stdlib.rollout'
local class = require 'stdlib.script_words'
local duration = require 'stdlib.duration'
local process = require 'tool.process'
local stdlib_words = require 'stdlib.words'
local template = require 'tool.template'
local tree = require 'tool.tree'

---@class Vocabulary of one kind of script
---@field handle string what the words are said to
---@field known fun(): table<string, boolean> true for a word, false for a value
---@field foreign fun(name: string): string? what is said of a word that only another kind of script has
---@field problem fun(word: string, args: Arguments): string? what a word says to these arguments; nil: it takes them

---@class Arguments of a call, as far as they are known
---@field n integer
---@field [integer] any
---@field known boolean[]
---@field nodes table[] of tool.parser

local M = {}

local function all_known(args)
  for i = 1, args.n do
    if not args.known[i] then
      return false
    end
  end
  return true
end

--- What is raised behind the name of a word.
local function sentence(raised, prefix)
  local _, ends = tostring(raised):find(prefix, 1, true)
  return ends and raised:sub(ends + 1):gsub('table: 0x%x+', 'a table') or nil
end

--- The argument that is a query; nil: there is none, or it is not known.
local function query_of(word, args)
  local text = word:find '^query' and args[1] or word == 'ask' and args[2] or nil
  return type(text) == 'string' and text or nil
end

-- Of a strategy ---------------------------------------------------------------------------------

--- What stands beneath the words: it does nothing, and a round has passed.
local function silent(of)
  return setmetatable({ words = of.words, refused = of.refused, round = { weight = 0, mirrored = false } }, {
    __index = function()
      return function() end
    end,
  })
end

---@return table handle what a strategy gets, as it is after a round
local function handle_of(of)
  local handle = stdlib_words.of(silent(of), {})
  handle:begin()
  handle:rounds()()
  return handle
end

--- Which argument of a word is a condition (stdlib/conditions.lua).
local CONDITIONS = { wait_until = 1, any = 1, all = 1, within = 2 }

--- All conditions in the arguments of a word, also those inside of others.
---@param word string
---@param args Arguments
---@return table[]
function M.conditions(word, args)
  local found = {}
  local function visit(value)
    if type(value) == 'table' then
      found[#found + 1] = value
      for _, inner in pairs(value) do
        visit(inner)
      end
    end
  end
  visit(CONDITIONS[word] and args[CONDITIONS[word]])
  return found
end

--- What the words themselves would say only when the release comes to them.
local function later_problem(word, args)
  local query = query_of(word, args)
  if query then
    return (template.problem(query))
  end
  for _, condition in ipairs(M.conditions(word, args)) do
    local problem = type(condition.zone) == 'string' and process.zone_problem(condition.zone)
    if problem then
      return problem
    end
  end
end

--- The vocabulary of a class of words.
---@return Vocabulary
local function vocabulary_of(of)
  local strategy = { handle = 'rollout' }

  function strategy.known()
    local known = { params = false }
    for _, word in ipairs(stdlib_words.known(of)) do
      known[word] = true
    end
    return known
  end

  function strategy.foreign(name)
    if of.refused[name] then
      return ('rollout:%s: %s'):format(name, of.refused[name])
    end
    for _, word in ipairs(checking.WORDS) do
      if word == name then
        return ('rollout:%s: this is a word of checks'):format(name)
      end
    end
  end

  function strategy.problem(word, args)
    local all = all_known(args)
    if word == 'begin' or not all and tree.meant(args.nodes[1]).kind ~= 'table' then
      return later_problem(word, args)
    end
    local handle = handle_of(of)
    local ok, raised = pcall(handle[word], handle, unpack(args, 1, args.n))
    local problem = not ok and sentence(raised, 'rollout:' .. word .. ': ') or later_problem(word, args)
    return problem and (all or ok or problem:find 'there is no ') and problem or nil
  end

  return strategy
end

-- Of a check ------------------------------------------------------------------------------------

local check = { handle = 'c' }

function check.known()
  local known = {}
  for _, word in ipairs(checking.WORDS) do
    known[word] = true
  end
  for _, value in ipairs(checking.VALUES) do
    known[value] = false
  end
  return known
end

function check.foreign(name)
  if checking.is_word_of_strategies(name) then
    return ('c:%s: a check never acts, this is a word of strategies'):format(name)
  end
end

--- Stand for what is not known, and are taken.
local OPTIONS = { min = 0, max = 0, unit = '', samples = 0, needed = 0, cause = 'no data' }
local SAMPLES = { judge = { 0, { min = 0 } }, query = { 'x' }, query_range = { 'x', '1h', '1m' }, ask = { 'x', 'x' },
  blind = { 'x' } }
local MAY_BE_SEVERAL = { call = true, method = true, vararg = true }

--- Options with a value for each name that has one in the text.
local function options_of(value, node)
  local options = {}
  for _, item in ipairs(node.items) do
    local name = item.key and item.key.kind == 'string' and item.key.value
    if name then
      options[name] = OPTIONS[name] or 0
    end
  end
  for name, known in pairs(value or {}) do
    options[name] = known
  end
  return options
end

--- A span and a step of which one is not known: that one fits to the other.
local function fit_span(given, args)
  local function other(i, otherwise)
    return args.known[i] and duration.span(args[i]) and args[i] or otherwise
  end
  given[2] = args.known[2] and args[2] or other(3, '1h')
  given[3] = args.known[3] and args[3] or other(2, '1m')
end

--- The arguments, with a sample in the place of each that is not known. A query has its own check behind this, which
--- says more of it. A call at the end may give several.
---@return table given
---@return integer n
local function given_of(word, args)
  local samples, given, n = SAMPLES[word] or {}, {}, args.n
  for i = 1, args.n do
    local node = tree.meant(args.nodes[i])
    if args.known[i] then
      given[i] = args[i]
    elseif i == 2 and node.kind == 'table' and (word == 'judge' or word == 'blind') then
      given[i] = options_of(args[i], node)
    else
      given[i] = samples[i]
    end
  end
  local last = args.nodes[n]
  for i = n + 1, last and not args.known[n] and MAY_BE_SEVERAL[last.kind] and #samples or 0 do
    given[i], n = samples[i], i
  end
  if word == 'query_range' then
    fit_span(given, args)
  end
  return given, n
end

function check.problem(word, args)
  local given, n = given_of(word, args)
  local query = query_of(word, args)
  if query and query ~= '' then -- its variables are those of the metric, which are not known here
    given[word == 'ask' and 2 or 1] = 'x'
  end
  local round = { facts = {}, model = template.MODEL, params = {}, bounds = { min = 0 } }
  local ok, raised = pcall(checking.run, { run = function(c)
    return c[word](c, unpack(given, 1, n))
  end }, round)
  local problem = not ok and sentence(raised, 'c:' .. word .. ': ') or nil
  return problem or query and (template.problem(query)) or nil
end

---@type table<string, Vocabulary> by the kind of script
M.of = { strategy = vocabulary_of(class), check = check }
---@type Vocabulary of the strategies that the engine brings
M.bundled = vocabulary_of(bundled_class)

return M

--- Reads a script without running it: what it declares, names that nothing has, words that do not exist, arguments
--- that no word takes. `sluice check` tells it (core/app/check_script.c).
local ends = require 'tool.ends'
local hints = require 'tool.hints'
local parser = require 'tool.parser'
local tree = require 'tool.tree'
local words = require 'tool.words'

local list = require 'sluice'.list

---@class Finding
---@field line integer
---@field column integer 0: not known
---@field severity 'error'|'warning'
---@field text string
---@field of_language boolean? a Prometheus that is asked says it itself

---@class Named
---@field what 'webhook'|'metric'
---@field word string
---@field name string
---@field line integer
---@field column integer
---@field given { name: string, line: integer, column: integer }[]? of the word check: its parameters

--- What a module makes of a table: `return strategy { … }`.
local KINDS = { ['stdlib.strategy'] = 'strategy', ['stdlib.check'] = 'check' }

---@class Scan
---@field findings Finding[]
---@field globals table<string, any> true, or the fields of a library
---@field params table<string, table>? as declared; nil: not known
---@field rollouts table<table, boolean> the variables that hold the words
---@field words Vocabulary of this kind of script
---@field names Named[] what of a Canary it asks for by name
---@field adapters { name: string, line: integer, column: integer }[] those of its Check that it asks
---@field queries { text: string, line: integer, column: integer }[] that stand in the text
---@field escapes boolean? the words are handed to where they are not followed
---@field said table<table, boolean>
local Scan = {}
Scan.__index = Scan

--- What is said of one subject is a file of its own.
for _, subject in ipairs { require 'tool.scan_globals', require 'tool.scan_words', require 'tool.scan_flow',
  require 'tool.scan_check' } do
  for name, method in pairs(subject) do
    Scan[name] = method
  end
end

function Scan:find(severity, place, text, ...)
  self.findings[#self.findings + 1] = { line = place.line, column = place.column, severity = severity,
    text = select('#', ...) > 0 and text:format(...) or text }
end

-- What it declares ------------------------------------------------------------------------------

--- The table of `strategy { … }`, and which kind it is.
local function definition(block)
  local found, kind
  tree.walk_block(block, function(node)
    local is = node.kind == 'call' and KINDS[tree.required(node.callee) or '']
    local fields = is and node.args[1] and tree.meant(node.args[1])
    if fields and fields.kind == 'table' and not found then
      found, kind = fields, is
    end
  end)
  return found, kind
end

--- The function `run` of a definition; it may be set behind the table.
local function run_of(block, fields)
  local run = tree.field(fields, 'run')
  tree.walk_block(block, function(node)
    for i, target in ipairs(node.kind == 'assign' and node.targets or {}) do
      if target.kind == 'index' and target.key.value == 'run' and tree.meant(target.object) == fields then
        run = run or node.values[i]
      end
    end
  end)
  run = run and tree.meant(run)
  return run and run.kind == 'function' and run or nil
end

--- Text that gives nothing is neither a script nor a module.
function Scan:check_end_of_file(block)
  local open = ends.open(block, { line = 1, column = 0 })
  if #block == 0 then
    self:find('error', open, 'there is nothing in it; wanted: return strategy { … }, '
      .. 'return check { … }, or what a module gives')
  elseif open and not tree.is_call_of(open.call, 'error') then
    self:find('error', open, 'return is missing at the end of the file: return strategy { … }, return check { … }, or '
      .. 'what a module gives')
  end
end

--- LuaJIT has more numbers than Lua, which look like tables to all that takes a number.
function Scan:check_numbers(block)
  tree.walk_block(block, function(node)
    if node.kind == 'number' and node.value == nil then
      local plain = node.literal:match '^0[xX]%x+' or node.literal:match '^0[bB]%d+'
        or node.literal:match '^[%d.]+'
      self:find('error', node, '%s is no number of Lua: nothing takes it; wanted %s', node.literal, plain)
    end
  end)
end

local M = {}

local function by_place(a, b)
  if a.line ~= b.line then
    return a.line < b.line
  end
  return a.column < b.column
end

--- Where the script says its name.
local function place_of_name(fields)
  local _, key = tree.field(fields or {}, 'name')
  return key and { line = key.line, column = key.column }
end

--- Where the definition of each parameter stands, by its name.
local function places_of_params(fields)
  local places = {}
  local params = fields and tree.field(fields, 'params')
  params = params and tree.meant(params)
  for _, item in ipairs(params and params.items or {}) do
    if item.key and item.key.kind == 'string' then
      places[item.key.value] = { line = item.key.line, column = item.key.column }
    end
  end
  return places
end

--- LuaJIT's word on what it does not read, with the column of the parser when both mean the same line.
local function syntax_error(text)
  local _, problem = loadstring(text, '=script')
  if not problem then
    return nil
  end
  local line, sentence = problem:match '^script:(%d+): (.*)$'
  local _, fault = pcall(parser.parse, text)
  local same = type(fault) == 'table' and fault.line == tonumber(line)
  return { line = tonumber(line) or 1, column = same and fault.column or 0, severity = 'error',
    text = hints.of(sentence or problem) }
end

--- { string = { format = true, … }, ipairs = true, … } of { string__format = …, ipairs = … }.
local function libraries(names)
  local globals = {}
  for name in pairs(names) do
    globals[name] = globals[name] or true
    local library, field = name:match '^(%a+)__(%w+)$'
    if library then
      globals[library] = type(globals[library]) == 'table' and globals[library] or {}
      globals[library][field] = true
      globals[name] = nil
    end
  end
  return globals
end

--- Names of a spec (tool.suite).
local SPECS = { it = true, spec = true, test = true, pending = true }

--- Whether a spec is Lua at all, and has something to run.
---@param options { text: string }
---@return { findings: Finding[] }
function M.syntax(options)
  local findings, has_spec = list { syntax_error(options.text) }, false
  local parsed, block = pcall(parser.parse, options.text)
  tree.walk_block(parsed and block or {}, function(node)
    has_spec = has_spec or node.kind == 'name' and not node.variable and SPECS[node.name]
  end)
  if parsed and not has_spec and not findings[1] then
    findings[1] = { line = 1, column = 0, severity = 'warning',
      text = 'there is no spec in it, wanted: it(…, function() … end)' }
  end
  return { findings = findings }
end

--- The modules of its own that a text requires, by their names behind `scripts.`.
---@param options { text: string }
---@return { modules: string[] }
function M.modules(options)
  local found, names = {}, list {}
  local parsed, block = pcall(parser.parse, options.text)
  tree.walk_block(parsed and block or {}, function(node)
    local name = node.kind == 'call' and tree.required(node)
    name = type(name) == 'string' and name:match '^scripts%.([%w_-]+)$'
    if name and not found[name] then
      found[name], names[#names + 1] = true, name
    end
  end)
  return { modules = names }
end

--- What is said of a text that is Lua.
local function look(options, block, variables)
  local self = setmetatable({ findings = list {}, globals = libraries(options.globals), params = options.params,
    rollouts = {}, names = list {}, adapters = list {}, queries = list {} }, Scan)
  local fields, kind = definition(block)
  self:read_globals(block, kind or 'strategy', variables)
  self:check_fields(block)
  self:check_comparisons(block)
  self:check_numbers(block)
  local run = fields and run_of(block, fields)
  if run then
    self.words = options.bundled and words.bundled or words.of[kind]
    self.known = self.words.known()
    self:check_run(run)
    repeat until not self:follow(block)
    self:note_escapes(block)
    self:check_words(block)
    self:check_coroutines(block)
    if #run.params > 0 and kind == 'strategy' then
      self:check_order(run)
    elseif #run.params > 0 then
      self:check_verdict(run, block)
      self:check_state(block)
    end
  end
  self:check_end_of_file(block)
  local function check_block(body)
    self:check_jumps(body)
    if kind == 'strategy' then
      self:check_dead_code(body)
    end
  end
  check_block(block)
  tree.walk_block(block, function(node)
    for _, body in ipairs(node.bodies or { node.body }) do
      check_block(body)
    end
    if node.kind == 'while' or node.kind == 'repeat' then
      self:check_loop(node)
    elseif node.kind == 'for_each' then
      self:check_iterator(node)
    end
  end)
  table.sort(self.findings, by_place)
  return { findings = self.findings, kind = kind, name = place_of_name(fields), params = places_of_params(fields),
    names = self.names, adapters = self.adapters, queries = self.queries }
end

local TOO_DEEP = { line = 1, column = 0, severity = 'warning',
  text = 'an expression is nested too deeply: only what the engine says when it loads the script is told' }

--- What can be said of a script.
--- globals: by NAME, or LIBRARY__NAME; bundled: it is a strategy that the engine brings
---@param options { text: string, globals: table, params: table?, bundled: boolean? }
---@return { findings: Finding[], kind: string?, name: table?, params: table, names: Named[]?, queries: table[]?,
---          broken: boolean? }
function M.scan(options)
  local fault = options.text:sub(1, 1) ~= '\27' and syntax_error(options.text)
  if fault then
    return { findings = list { fault }, params = {}, broken = true }
  end
  local parsed, block, variables = pcall(parser.parse, options.text)
  local looked, result = parsed, nil
  if parsed then
    looked, result = pcall(look, options, block, variables)
  end
  if looked then
    return result
  end
  local problem = not parsed and block or result
  if type(problem) == 'string' and problem:find 'stack overflow' then
    return { findings = list { TOO_DEEP }, params = {} }
  elseif not parsed then -- bytecode, and what LuaJIT has beyond Lua: the engine says what it is
    return { findings = list {}, params = {} }
  end
  error(problem, 0)
end

return M

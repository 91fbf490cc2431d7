--- Regular expressions for labels, matched against whole values as Prometheus does: compiled to a program of few
--- instructions, which is run with backtracking. No pair of instruction and place is tried twice, so time is bounded by
--- their product.
---
---     set        takes one character of it           split x y   goes on at x, or else at y
---     first      only at the begin of the text       jump x      goes on at x
---     last       only at its end                     save n      notes the place: slot n
---     done       only at its end: it matches
local failure = require 'tool.promql.failure'
local parser = require 'tool.promql.regex_parser'

local M = {}

local CODE_MAX = 100000

-- Compiling ---------------------------------------------------------------------------------------

local emitters = {}

local function add(code, instruction)
  if #code >= CODE_MAX then
    failure.unsupported 'a regular expression repeats too much to be evaluated here'
  end
  code[#code + 1] = instruction
  return instruction
end

local function emit(code, node)
  emitters[node.kind](code, node)
end

function emitters.set(code, node)
  add(code, { op = 'set', set = node })
end

function emitters.first(code)
  add(code, { op = 'first' })
end

function emitters.last(code)
  add(code, { op = 'last' })
end

function emitters.sequence(code, node)
  for _, child in ipairs(node) do
    emit(code, child)
  end
end

function emitters.group(code, node)
  add(code, { op = 'save', slot = 2 * node.index - 1 })
  emit(code, node.node)
  add(code, { op = 'save', slot = 2 * node.index })
end

function emitters.choice(code, node)
  local jumps = {}
  for i, child in ipairs(node) do
    local split = i < #node and add(code, { op = 'split', x = #code + 2 })
    emit(code, child)
    if split then
      jumps[#jumps + 1] = add(code, { op = 'jump' })
      split.y = #code + 1
    end
  end
  for _, jump in ipairs(jumps) do
    jump.x = #code + 1
  end
end

--- Emits the node behind a choice between it and what follows; returns what sets where that is.
local function emit_optional(code, node)
  local split = add(code, { op = 'split' })
  split[node.lazy and 'y' or 'x'] = #code + 1
  emit(code, node.node)
  return function()
    split[node.lazy and 'x' or 'y'] = #code + 1
  end
end

emitters['repeat'] = function(code, node)
  for _ = 1, node.low do
    emit(code, node.node)
  end
  local ends = {}
  for _ = node.low + 1, node.high or node.low + 1 do
    local split = #code + 1
    ends[#ends + 1] = emit_optional(code, node)
    if not node.high then
      add(code, { op = 'jump', x = split })
    end
  end
  for _, set in ipairs(ends) do
    set()
  end
end

-- Running -----------------------------------------------------------------------------------------

local function holds(set, char)
  for i = 1, #set, 2 do
    if char >= set[i] and char <= set[i + 1] then
      return true
    end
  end
  return false
end

--- Each gives where it goes on, and at which character; nil: it does not.
local steps = {}

function steps.set(one, pc, at, chars)
  if chars[at] and holds(one.set, chars[at]) then
    return pc + 1, at + 1
  end
end

function steps.first(_, pc, at)
  return at == 1 and pc + 1 or nil, at
end

function steps.last(_, pc, at, chars)
  return at > #chars and pc + 1 or nil, at
end

function steps.jump(one, _, at)
  return one.x, at
end

function steps.split(one, _, at, _, thread, push)
  push(one.y, at, thread)
  return one.x, at
end

function steps.save(one, pc, at, _, thread)
  thread.slots = { before = thread.slots, slot = one.slot, at = at }
  return pc + 1, at
end

--- The places of the groups, as a chain from the last one back; nil when the whole text does not match.
local function run(code, chars)
  local tried, stack = {}, { { pc = 1, at = 1, slots = {} } }
  local function push(pc, at, thread)
    stack[#stack + 1] = { pc = pc, at = at, slots = thread.slots }
  end
  while #stack > 0 do
    local thread = table.remove(stack)
    local pc, at = thread.pc, thread.at
    while pc and not tried[at * (#code + 1) + pc] do
      tried[at * (#code + 1) + pc] = true
      local one = code[pc]
      if one.op == 'done' then
        if at > #chars then
          return thread.slots
        end
        pc = nil
      else
        pc, at = steps[one.op](one, pc, at, chars, thread, push)
      end
    end
  end
end

---@class Regex
---@field code table[]
---@field count integer of groups
---@field names table<string, integer>
---@field known table<string, boolean>
local regex = {}
regex.__index = regex

--- Whether the whole text matches.
---@param text string
---@return boolean
function regex:match(text)
  local known = self.known[text]
  if known == nil then
    known = run(self.code, parser.code_points(text)) ~= nil
    self.known[text] = known
  end
  return known
end

--- What the groups of a match hold, by number and by name; nil: the text does not match.
---@param text string
---@return table<integer|string, string>?
function regex:groups(text)
  local slots = run(self.code, parser.code_points(text))
  if not slots then
    return nil
  end
  local chars, places, groups = {}, {}, { [0] = text }
  for char in text:gmatch '[%z\1-\127\192-\255][\128-\191]*' do
    chars[#chars + 1] = char
  end
  while slots.before do
    places[slots.slot] = places[slots.slot] or slots.at
    slots = slots.before
  end
  for i = 1, self.count do
    local from, behind = places[2 * i - 1], places[2 * i]
    groups[i] = from and behind and table.concat(chars, '', from, behind - 1) or ''
  end
  for name, i in pairs(self.names) do
    groups[name] = groups[i]
  end
  return groups
end

local compiled = {}

--- Raises what it cannot read.
---@param text string
---@return Regex
function M.compile(text)
  if not compiled[text] then
    local tree, count, names = parser.parse(text)
    local code = {}
    emit(code, tree)
    add(code, { op = 'done' })
    compiled[text] = setmetatable({ code = code, count = count, names = names, known = {} }, regex)
  end
  return compiled[text]
end

return M

--- Which series queries need, and from when on: what sluice record fetches.
local parser = require 'tool.promql.parser'

local M = {}

---@class Need
---@field text string the selector as it is asked
---@field matchers PromqlMatcher[]
---@field before number ms, how long before a question it looks
---@field after number ms, how long after it: a negative offset
---@field from number? ms, of a fixed moment (@)
---@field to number?
---@field instant boolean it is asked for the last value, so that markers of an end count

local function quoted(text)
  return '"' .. text:gsub('[\\"]', '\\%0'):gsub('\n', '\\n') .. '"'
end

--- A selector of these matchers.
---@param matchers PromqlMatcher[]
---@return string
function M.text(matchers)
  local parts = {}
  for i, matcher in ipairs(matchers) do
    parts[i] = matcher.label .. matcher.op .. quoted(matcher.value)
  end
  return '{' .. table.concat(parts, ',') .. '}'
end

-- Both sides ------------------------------------------------------------------------------------

local function pattern(text)
  return (text:gsub('%p', '%%%0'))
end

local function regex_of(text)
  return (text:gsub('[%.%+%*%?%(%)%|%[%]%{%}%^%$\\]', '\\%0'))
end

--- The matcher for the target and its primary; false: it says nothing about what is fetched then.
local function widen(matcher, target)
  if not matcher.value:find(target, 1, true) then
    return matcher
  elseif matcher.op == '!=' or matcher.op == '!~' then
    return false
  end
  local value = matcher.op == '=' and regex_of(matcher.value) or matcher.value
  local name = pattern(matcher.op == '=' and regex_of(target) or target)
  local both = (regex_of(target) .. '(-primary)?'):gsub('%%', '%%%%')
  value = value:gsub(name .. '%-primary', (target:gsub('%%', '%%%%'))):gsub(name, both)
  return { label = matcher.label, op = '=~', value = value }
end

local function widened(matchers, target)
  local list = {}
  for _, matcher in ipairs(matchers) do
    local wide = widen(matcher, target)
    list[#list + 1] = wide or nil
  end
  return list
end

-- Walking through a query -----------------------------------------------------------------------

local function each_child(node, visit)
  for _, name in ipairs { 'expr', 'param', 'left', 'right' } do
    if node[name] then
      visit(node[name])
    end
  end
  for _, argument in ipairs(node.args or {}) do
    visit(argument)
  end
end

--- `reach`: what is around it, from outside in.
local function walk(node, reach, take)
  if node.kind == 'selector' or node.kind == 'subquery' then
    local fixed = type(node.at_time) == 'number' and node.at_time
    local inner = { before = (fixed and 0 or reach.before) + node.offset + (node.range or 0),
      after = (fixed and 0 or reach.after) - node.offset, at = fixed or reach.at }
    if node.kind == 'selector' then
      take(node, inner)
    else
      walk(node.expr, inner, take)
    end
    return
  end
  each_child(node, function(child)
    walk(child, reach, take)
  end)
end

local function join(need, other)
  need.before, need.after = math.max(need.before, other.before), math.max(need.after, other.after)
  need.from = need.from and other.from and math.min(need.from, other.from) or need.from or other.from
  need.to = need.to and other.to and math.max(need.to, other.to) or need.to or other.to
  need.instant = need.instant or other.instant
end

--- True when all that `narrow` selects is selected by `wide`, too: it has all of its matchers.
local function covers(wide, narrow)
  for _, matcher in ipairs(wide.matchers) do
    local found = false
    for _, other in ipairs(narrow.matchers) do
      found = found or other.label == matcher.label and other.op == matcher.op and other.value == matcher.value
    end
    if not found then
      return false
    end
  end
  return true
end

--- What queries need. Raises what cannot be read (tool.promql.failure).
---@param query string
---@param options { major: integer, target: string, span: number?, lookback: number }
---@return Need[]
function M.of(query, options)
  local needs = {}
  walk(parser.parse(query, options.major), { before = options.span or 0, after = 0 }, function(node, reach)
    local matchers = widened(node.matchers, options.target)
    local before = reach.before + (node.range and 0 or options.lookback)
    needs[#needs + 1] = { matchers = matchers, text = M.text(matchers), before = reach.at and 0 or before,
      after = reach.at and 0 or math.max(0, reach.after), from = reach.at and reach.at - before,
      to = reach.at and reach.at + math.max(0, reach.after), instant = not node.range }
  end)
  return needs
end

--- The needs of several queries as few as there must be.
---@param needs Need[]
---@return Need[]
function M.merge(needs)
  local list = {}
  for _, need in ipairs(needs) do
    local found
    for _, other in ipairs(list) do
      if not found and covers(other, need) then
        found = other
        join(other, need)
      end
    end
    if not found then
      for i = #list, 1, -1 do
        if covers(need, list[i]) then
          join(need, table.remove(list, i))
        end
      end
      list[#list + 1] = need
    end
  end
  return list
end

return M

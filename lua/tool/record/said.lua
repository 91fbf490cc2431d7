--- A word of a script, as a person would write it: 'shift 25', 'event "the hours have begun"', 'analyse {rounds = 2}'.
local keys = require 'stdlib.keys'
local verdicts = require 'tool.record.verdict'

local M = {}

local SHOWN_MAX = 60

local value_text

local function table_text(value)
  local parts = {}
  for _, key in ipairs(keys.sorted(value)) do
    local text = value_text(value[key])
    parts[#parts + 1] = #value > 0 and text or ('%s = %s'):format(key, text)
  end
  return '{' .. table.concat(parts, ', ') .. '}'
end

function value_text(value)
  if type(value) == 'table' then
    return table_text(value)
  elseif type(value) == 'string' then
    return '"' .. value .. '"'
  end
  return tostring(value)
end

--- The word with all of its arguments. One that it has alone needs no name.
---@param word { name: string?, args: table? }
---@return string
function M.text(word)
  local args = word.args or {}
  if word.name == 'metrics' and args.names then
    return 'analyse ' .. table_text { checks = args.names }
  end
  local key, only = next(args)
  if key == nil then
    return word.name or 'nothing more'
  elseif next(args, key) == nil and type(only) ~= 'table' then
    return ('%s %s%s'):format(word.name, value_text(only), key == 'ms' and ' ms' or '')
  end
  return word.name .. ' ' .. table_text(args)
end

local function shown(word)
  local text = M.text(word)
  return #text > SHOWN_MAX and not text:find('[\128-\255]') and text:sub(1, SHOWN_MAX) .. '…' or text
end

---@param where string?
---@return string
function M.place(where)
  return (where or '') ~= '' and ', ' .. where or ''
end

local function judged(difference)
  local verdict, said = difference.verdict, difference.said
  local text = verdicts.text { metric = said.args.name, verdict = verdict.again, value = verdict.value,
    unit = verdict.unit, min = verdict.min, max = verdict.max }
  return ('%s instead of %s: %s%s'):format(verdict.again, verdict.recorded, text, M.place(said.where))
end

local function recorded_text(difference)
  local recorded = difference.recorded
  local text = shown(recorded)
  if not recorded.args and difference.said and recorded.name == difference.said.name then
    text = text .. ' with other arguments'
  end
  return text .. M.place(recorded.where)
end

--- 'at 12:11 the round is held instead of fail: success 96.1 %, at least 99 % wanted, short by 2.9 %'
---@param round OtherRound
---@param at string? since the release began
---@return string
function M.round(round, at)
  return ('%sthe round is %s instead of %s: %s'):format(at and 'at ' .. at .. ' ' or '', round.again, round.recorded,
    verdicts.text(round.evidence))
end

--- 'first difference at 12:11, word 7: the record has shift 20, scripts/ring.lua:17; the script says shift 25,
--- new.lua:18'
---@param difference Difference
---@param at string? since the release began
---@param path string? of another script than the Release's own
---@return string
function M.difference(difference, at, path)
  local script = path and 'the script' or "the Release's own script"
  local head = ('first difference%s, word %d: '):format(at and ' at ' .. at or '', difference.word)
  if difference.verdict then
    return head .. judged(difference)
  elseif difference.problem and not difference.said then
    return head .. ('the record has %s; %s fails: %s'):format(recorded_text(difference), script, difference.problem)
  elseif difference.problem then
    return head .. ('%s%s, in progress: %s'):format(shown(difference.said), M.place(difference.said.where),
      difference.problem)
  end
  local on_record = difference.in_progress and 'the record ends, and its own script says' or 'the record has'
  return head .. ('%s %s; %s says %s%s'):format(on_record, recorded_text(difference), script, shown(difference.said),
    M.place(difference.said.where))
end

return M

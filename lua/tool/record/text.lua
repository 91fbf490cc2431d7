--- A story in lines for people, in as many columns as there are.
local moments = require 'tool.record.moment'
local verdicts = require 'tool.record.verdict'

local M = {}

local width = require 'tool.columns'.width

local NARROW = 60 -- below this many columns what a line says stands under its time
local LEFT = { clock = 7, kind = 12 }

--- The first so many characters, and the others.
local function split(text, columns)
  local at = 1
  for _ = 1, columns do
    at = at + #(text:match('^[%z\1-\127\192-\255][\128-\191]*', at) or '')
  end
  return text:sub(1, at - 1), text:sub(at)
end

--- The words of a text in lines of so many columns; one that is longer is cut in pieces.
local function fold(text, columns)
  local lines, line = {}, nil
  for word in text:gmatch '%S+' do
    if line and width(line) + 1 + width(word) <= columns then
      line = line .. ' ' .. word
    else
      lines[#lines + 1] = line
      while width(word) > columns do
        lines[#lines + 1], word = split(word, columns)
      end
      line = word
    end
  end
  lines[#lines + 1] = line
  return lines
end

local function pad(text, columns, right)
  local blanks = (' '):rep(math.max(0, columns - width(text)))
  return right and blanks .. text or text .. blanks
end

local function header(story)
  local parts = { story.name .. '.' .. story.namespace, story.strategy, story.images }
  local outcome = story.outcome
  if story.took_ms then
    outcome = ('%s after %s'):format(outcome, moments.span(story.took_ms))
  end
  if story.paused_since_ms then
    outcome = outcome .. ', paused'
  elseif story.paused_ms then
    outcome = ('%s, of them %s paused'):format(outcome, moments.span(story.paused_ms))
  end
  if story.weight and story.weight > 0 then
    outcome = ('%s, at weight %d'):format(outcome, story.weight)
  end
  parts[#parts + 1] = outcome
  return table.concat(parts, '  ')
end

--- What kind of line it is, in a word or two: 'fail 1/2', 'taken back'.
---@param line StoryLine
---@param story Story
---@return string
function M.kind(line, story)
  local evidence = line.verdict
  if line.kind == 'ended' then
    return story.outcome
  elseif evidence and evidence.failed then
    return ('%s %d/%s'):format(line.kind, evidence.failed, tostring(evidence.threshold or '?'))
  end
  return line.kind
end

--- ' (round 4, strategies/canary.lua:9)'
local function place_of(evidence)
  local parts = {}
  if evidence.round then
    parts[1] = ('round %d'):format(evidence.round)
  end
  if (evidence.where or '') ~= '' then
    parts[#parts + 1] = evidence.where
  end
  return parts[1] and ' (' .. table.concat(parts, ', ') .. ')' or ''
end

--- What happened, for people, with what became of it and where it was asked for.
---@param line StoryLine
---@return string
function M.said(line)
  local evidence = line.verdict
  if not evidence or line.times and line.times > 1 then
    return line.text
  end
  return line.text .. verdicts.held(evidence) .. place_of(evidence)
end

local function add(lines, columns, story, line)
  local clock = line.at_ms and story.started_ms and moments.clock(line.at_ms - story.started_ms) or ''
  local kind, text = M.kind(line, story), M.said(line)
  if not columns then
    lines[#lines + 1] = pad(clock, LEFT.clock, true) .. '  ' .. pad(kind, LEFT.kind) .. '  ' .. text
    return
  end
  local indent = columns < NARROW and 2 or LEFT.clock + LEFT.kind + 4
  local first = pad(clock, LEFT.clock, true) .. '  ' .. kind
  if columns < NARROW then
    lines[#lines + 1] = clock .. ' ' .. kind
  end
  for i, piece in ipairs(fold(text, math.max(8, columns - indent))) do
    if i == 1 and columns >= NARROW then
      lines[#lines + 1] = pad(first, indent) .. piece
    else
      lines[#lines + 1] = (' '):rep(indent) .. piece
    end
  end
end

local function add_folded(lines, columns, text)
  for _, piece in ipairs(fold(text, columns or math.huge)) do
    lines[#lines + 1] = piece
  end
end

local function add_cut(lines, columns, story)
  local cut = story.cut
  local from = cut.from_ms and story.started_ms and moments.clock(cut.from_ms - story.started_ms)
  local text = ('the record was cut: it tells%s'):format(from and ' from ' .. from .. ' on' or ' not all')
  if cut.evidence > 0 then
    text = text .. (', without the first %d verdicts'):format(cut.evidence)
  end
  if cut.entries > 0 then
    text = text .. (', without the first %d words'):format(cut.entries)
  end
  add_folded(lines, columns, text)
end

--- The lines of a story.
---@param story Story
---@param columns integer? nil: no line is folded
---@return string[]
function M.lines(story, columns)
  local head = header(story)
  local lines = columns and width(head) > columns and fold(head, columns) or { head }
  if story.why then
    add_folded(lines, columns, 'why: ' .. story.why)
  end
  if story.cut then
    add_cut(lines, columns, story)
  end
  for _, line in ipairs(story.lines) do
    add(lines, columns, story, line)
  end
  return lines
end

return M

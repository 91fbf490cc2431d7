--- The page that sluice why draws of a release with --html (tool.page).
local moments = require 'tool.record.moment'
local page = require 'tool.page.release'
local read = require 'tool.record.read'
local verdicts = require 'tool.record.verdict'

local M = {}

local CLASSES = { promoted = 'good', ['taken back'] = 'bad', failed = 'bad', ['being taken back'] = 'bad' }
local EVENT_CLASSES = { gate = 'unsure' }

--- Verdicts are told by their curves, so the lines of others are left.
local function events_of(story, since)
  local events = {}
  for _, line in ipairs(story.lines) do
    if not line.verdict then
      events[#events + 1] = { at = since(line.at_ms), text = line.text,
        class = line.kind == 'ended' and CLASSES[story.outcome] or EVENT_CLASSES[line.kind] }
    end
  end
  return events
end

--- The canary's share: as its words set it, as evidence saw it, and nothing once the release has ended.
local function weights_of(story, evidence, since, span)
  local weights = { { at = 0, weight = 0 } }
  for _, line in ipairs(story.lines) do
    weights[#weights + 1] = line.weight and { at = since(line.at_ms), weight = line.weight } or nil
  end
  for _, one in ipairs(evidence) do
    weights[#weights + 1] = one.weight and { at = one.at, weight = one.weight } or nil
  end
  table.sort(weights, function(a, b)
    return a.at < b.at or a.at == b.at and a.weight < b.weight
  end)
  if story.ended_ms then
    weights[#weights + 1] = { at = span, weight = 0 }
  end
  return weights
end

local function notes_of(story)
  local notes = {}
  notes[#notes + 1] = story.why
  if story.cut then
    notes[#notes + 1] = 'The record was cut: its beginning is not in it.'
  end
  return notes
end

--- The first and the last time that the record has.
local function span_of(story, evidence)
  local first, last = story.started_ms or math.huge, story.ended_ms or 0
  local function see(ms)
    first, last = math.min(first, ms or math.huge), math.max(last, ms or 0)
  end
  for _, line in ipairs(story.lines) do
    see(line.at_ms)
  end
  for _, one in ipairs(evidence) do
    see(moments.parse(one.at))
  end
  return first, math.max(first, last)
end

---@param object table a Release as kubectl shows it, of which there is a story
---@param story Story
---@return string
function M.draw(object, story)
  local evidence = assert(read.release(object)).evidence
  local first, last = span_of(story, evidence)
  local function since(ms)
    return (ms or first) - first
  end
  for _, one in ipairs(evidence) do
    one.at = since(moments.parse(one.at))
  end
  return page.write { title = story.name .. '.' .. story.namespace,
    subtitle = table.concat({ story.strategy, story.images }, ' · '), notes = notes_of(story),
    outcome = { text = story.took_ms and ('%s after %s'):format(story.outcome, moments.span(story.took_ms))
      or story.outcome, class = CLASSES[story.outcome] or 'unsure' },
    span = last - first, weights = weights_of(story, evidence, since, last - first),
    checks = page.curves(evidence, verdicts.text), events = events_of(story, since) }
end

return M

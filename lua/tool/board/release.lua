--- One release for the page of sluice dashboard, as data: its share and the curve of each check over time, and what was
--- decided when, in the words of sluice why. Pure: a Release, its Canary and the Events of that go in, a table comes
--- out.
local moments = require 'tool.record.moment'
local read = require 'tool.record.read'
local readable = require 'tool.readable'
local stories = require 'tool.record.story'
local texts = require 'tool.record.text'
local verdicts = require 'tool.record.verdict'
local waits = require 'tool.record.waits'

local M = {}

local OUTCOMES = { promoted = 'good', ['taken back'] = 'bad', failed = 'bad', ['being taken back'] = 'bad' }
local KINDS = { fail = 'bad', blind = 'unsure', gate = 'unsure', waits = 'unsure', paused = 'unsure', pass = 'good' }

---@class BoardDecision
---@field at_ms number?
---@field clock string? since the release began
---@field kind string of a line of a story
---@field label string the same for people, as 'fail 1/2'
---@field text string
---@field class 'good'|'bad'|'unsure'|nil
---@field evidence Evidence? of a verdict

local function decisions_of(story)
  local decisions = {}
  for i, line in ipairs(story.lines) do
    decisions[i] = {
      at_ms = line.at_ms,
      clock = line.at_ms and story.started_ms and moments.clock(line.at_ms - story.started_ms),
      kind = line.kind,
      label = readable(texts.kind(line, story)),
      text = readable(texts.said(line)),
      class = line.kind == 'ended' and OUTCOMES[story.outcome] or KINDS[line.kind],
      evidence = line.verdict,
    }
  end
  return decisions
end

--- The canary's share: as its words set it, as evidence saw it, and nothing once the release has ended.
local function weights_of(story, evidence)
  local weights = { { at_ms = story.started_ms, weight = 0 } }
  local function add(at_ms, weight)
    weights[#weights + 1] = at_ms and weight and { at_ms = at_ms, weight = weight } or nil
  end
  for _, line in ipairs(story.lines) do
    add(line.at_ms, line.weight)
  end
  for _, one in ipairs(evidence) do
    add(moments.parse(one.at), one.weight)
  end
  table.sort(weights, function(a, b)
    return a.at_ms < b.at_ms or a.at_ms == b.at_ms and a.weight < b.weight
  end)
  add(story.ended_ms, 0)
  return weights
end

--- The curves, in the order in which the checks were asked first.
local function checks_of(evidence)
  local checks, by_name = {}, {}
  for _, one in ipairs(evidence) do
    local name = one.metric or one.hook or '?'
    local check = by_name[name]
    if not check then
      check = { name = name, unit = one.unit, points = {} }
      checks[#checks + 1], by_name[name] = check, check
    end
    check.points[#check.points + 1] = { at_ms = moments.parse(one.at), value = one.value, min = one.min, max = one.max,
      verdict = one.verdict, text = readable(verdicts.text(one)) }
  end
  return checks
end

local function text_of(value)
  return type(value) == 'string' and readable(value) or nil
end

--- What was told of the Canary meanwhile. Events are Kubernetes' own, and anybody may write some.
local function events_of(objects, first_ms, last_ms)
  local events = {}
  for _, object in ipairs(objects) do
    local at_ms = moments.parse(text_of(object.lastTimestamp) or text_of(object.eventTime))
    if at_ms and at_ms >= first_ms and (not last_ms or at_ms <= last_ms) then
      events[#events + 1] = { at_ms = at_ms, type = text_of(object.type), reason = text_of(object.reason),
        text = text_of(object.message) or '', count = tonumber(object.count) }
    end
  end
  table.sort(events, function(a, b)
    return a.at_ms < b.at_ms or a.at_ms == b.at_ms and a.text < b.text
  end)
  return events
end

local function cut_text(cut)
  return ('The record was cut: its first %d verdicts and %d words are not in it.'):format(cut.evidence, cut.entries)
end

--- What a gate is waited for, while it is closed.
local function gate_of(record, story, canary)
  local now = story.outcome == 'under way' and waits.now(record, waits.past(record.entries), canary)
  return now and now.kind == 'gate' and readable(now.message) or nil
end

--- How long it took, and how much of that it stood still.
local function took_of(story)
  local took = story.took_ms and moments.span(story.took_ms)
  return took and story.paused_ms and ('%s, of them %s paused'):format(took, moments.span(story.paused_ms)) or took
end

--- Events know no smaller unit than a second, and those of the end of a release come a little later than its end.
local BEFORE_MS, AFTER_MS = 1000, 30000

---@class BoardOrder
---@field release table a Release as kubectl shows it
---@field canary table? that says what a release under way waits for
---@field events table[] Events of it

---@param order BoardOrder
---@return { release: table?, problem: string? }
function M.draw(order)
  local story, problem = stories.story_of(order.release, order.canary, true)
  if not story then
    return { problem = readable(problem) }
  end
  local record = assert(read.release(order.release))
  local evidence = record.evidence
  local ended_ms = story.ended_ms
  story.started_ms = story.started_ms or story.lines[1] and story.lines[1].at_ms
    or moments.parse(order.release.metadata.creationTimestamp) or 0
  return { release = {
    name = story.name,
    strategy = readable(story.strategy),
    images = story.images and readable(story.images),
    state = story.state,
    outcome = story.outcome,
    class = OUTCOMES[story.outcome] or 'unsure',
    gate = gate_of(record, story, order.canary),
    took = took_of(story),
    why = story.why and readable(story.why),
    cut = story.cut and cut_text(story.cut),
    started_ms = story.started_ms,
    decided_ms = story.decided_ms,
    ended_ms = ended_ms,
    weights = weights_of(story, evidence),
    checks = checks_of(evidence),
    decisions = decisions_of(story),
    events = events_of(order.events, story.started_ms - BEFORE_MS, ended_ms and ended_ms + AFTER_MS),
  } }
end

return M

--- The story of a release, as data: what `sluice why`, the console and the pictures tell. Pure: a Release goes in, a
--- table comes out.
local moments = require 'tool.record.moment'
local read = require 'tool.record.read'
local requests = require 'tool.record.requests'
local verdicts = require 'tool.record.verdict'
local waits = require 'tool.record.waits'

local M = {}

---@alias StoryKind 'started'|'weight'|'iteration'|'gate'|'waits'|'asked'|'paused'|'resumed'|'pass'|'fail'|'blind'
---      |'promotion'|'ended'

---@class StoryLine
---@field at_ms number? since 1970; nil: the record does not say
---@field kind StoryKind
---@field text string
---@field weight number? of kind weight: percent
---@field verdict Evidence? of pass, fail and blind
---@field times integer? so many passes in a row, of which `verdict` is the last

---@class Story
---@field name string
---@field namespace string
---@field canary string
---@field strategy string
---@field from string? images before
---@field to string? images after
---@field images string? both, for people: 'shop:2.4.1 → 2.4.2'
---@field why string? of one that was not promoted, for people: what ended it, and the last verdict that counted
---@field state string of the Release
---@field outcome 'promoted'|'taken back'|'failed'|'superseded'|'halted'|'stalled'|'being taken back'|'under way'
---@field started_by { manager: string, at: string? }?
---@field ended_by { kind: string, name: string? }?
---@field reason string?
---@field started_ms number?
---@field decided_ms number? when it was decided to take it back
---@field ended_ms number?
---@field took_ms number? from its beginning until that, or its end
---@field paused_ms number? of that, for so long somebody had paused it; nil: nobody had
---@field paused_since_ms number? of one that is paused
---@field drained_after_ms number? from the decision until the canary had no share
---@field weight integer? the canary's share when the end was decided
---@field verdicts { pass: integer, fail: integer, blind: integer }
---@field cut { evidence: integer, entries: integer, from_ms: number? }? what bounds have taken away of the record
---@field lines StoryLine[] in order of time

local OUTCOMES = { Succeeded = 'promoted', Failed = 'taken back', Superseded = 'superseded', Halted = 'halted',
  Stalled = 'stalled', RollingBack = 'being taken back' }

local MIRRORED = 'requests are mirrored to the canary'

--- A field of a word's result, which may be anything.
local function of_result(entry, field)
  return type(entry.result) == 'table' and entry.result[field] or nil
end

--- By word: kind, text and weight of a line.
---@type table<string, fun(entry: table, release: ReadRelease): string?, string?, number?>
local WORDS = {
  shift = function(entry)
    local step = of_result(entry, 'step')
    if type(step) == 'table' and of_result(entry, 'done') then
      return 'weight', step.mirrored and MIRRORED or ('%s %%'):format(tostring(step.canary)),
        not step.mirrored and tonumber(step.canary) or nil
    end
  end,
  match = function(entry)
    local matches = of_result(entry, 'matches')
    return 'weight', 'requests that match go to the canary' .. (type(matches) == 'string' and ': ' .. matches or '')
  end,
  mirror = function()
    return 'weight', MIRRORED
  end,
  switch = function()
    return 'weight', '100 %', 100
  end,
  iterate = function(entry)
    return 'iteration', entry.times > 1 and ('%d iterations'):format(entry.times) or 'an iteration'
  end,
  copy = function(_, release)
    return 'promotion', 'the primary becomes ' .. (release.images.to or 'the new revision')
  end,
}
WORDS.iterate_matched = WORDS.iterate

local function add_entries(lines, release)
  for _, entry in ipairs(release.entries) do
    local line = WORDS[entry.word]
    local kind, text, weight
    if line then
      kind, text, weight = line(entry, release)
    end
    if kind then
      lines[#lines + 1] = { at_ms = entry.at_ms, kind = kind, text = text, weight = weight }
    end
  end
end

--- These promote in the round in which the release ends, and that word has no entry of its own.
local PROMOTES_AT_ONCE = { person = true, skip = true }

local function add_promotion(lines, release, story)
  for _, line in ipairs(lines) do
    if line.kind == 'promotion' then
      return
    end
  end
  if story.outcome == 'promoted' and story.ended_by and PROMOTES_AT_ONCE[story.ended_by.kind] then
    local kind, text = WORDS.copy(nil, release)
    lines[#lines + 1] = { at_ms = story.ended_ms, kind = kind, text = text }
  end
end

--- It began while its Canary was refused. While that lasts, the Canary says it.
local function add_refusal(lines, release, story)
  local over = release.is_accepted and 'it was' or story.outcome ~= 'under way' and 'it never was'
  if release.began_refused and over then
    lines[#lines + 1] = { at_ms = story.started_ms, kind = 'waits',
      text = 'it gets no share of the traffic until its Canary is accepted: ' .. over }
  end
end

--- Gates and whatever else was waited for.
local function add_waits(lines, release, story, canary)
  local list = waits.past(release.entries)
  local now = story.outcome == 'under way' and waits.now(release, list, canary)
  if now and now ~= list[#list] then
    list[#list + 1] = now
  end
  for _, one in ipairs(list) do
    lines[#lines + 1] = { at_ms = one.at_ms, kind = one.kind, text = waits.text(one, story.started_ms) }
  end
end

--- Passes in a row are one line, unless each of them is wanted.
local function add_evidence(lines, release, each)
  local passed
  for _, evidence in ipairs(release.evidence) do
    if evidence.verdict == 'pass' and not each and passed and passed.verdict.weight == evidence.weight then
      passed.times, passed.verdict = passed.times + 1, evidence
    else
      local line = { at_ms = moments.parse(evidence.at), kind = evidence.verdict, verdict = evidence }
      passed = evidence.verdict == 'pass' and line or nil
      if passed then
        line.times = 1
      end
      lines[#lines + 1] = line
    end
  end
  for _, line in ipairs(lines) do
    if line.verdict then
      line.text = line.times and line.times > 1 and ('%d checks'):format(line.times) or verdicts.text(line.verdict)
    end
  end
end

--- What people asked for while it ran, and for how long it stood still.
local function add_requests(story, release)
  local lines, holds = requests.told(release.requests)
  local hold = holds[#holds]
  if hold and not hold.until_ms and story.outcome == 'under way' then
    story.paused_since_ms = hold.from_ms
  end
  story.paused_ms = requests.held_ms(holds, story.decided_ms or story.ended_ms)
  for _, line in ipairs(lines) do
    story.lines[#story.lines + 1] = line
  end
end

--- 'kubectl set' of 'kubectl-set'
local function writer(manager)
  if manager == 'kubectl-client-side-apply' then
    return 'kubectl apply'
  end
  return (manager:gsub('^kubectl%-(%a+)$', 'kubectl %1'))
end

--- 'shop:2.4.1 → 2.4.2', where only the tag differs
local function images_of(from, to)
  local name, tag = (to or ''):match '^(.*):([^:/]+)$'
  if to and name and (from or ''):match '^(.*):[^:/]+$' == name then
    return from .. ' → ' .. tag
  end
  return to and (from or 'nothing') .. ' → ' .. to
end

local function started(release, story)
  local text = release.restarted and 'another revision, in mid-run' or 'new revision'
  if release.begun_by then
    text = 'the same revision again, retried by ' .. requests.who(release.begun_by)
  end
  if story.images then
    text = ('%s (%s)'):format(text, story.images)
  end
  local by = story.started_by
  if by then
    text = ('%s, by %s'):format(text, writer(by.manager))
    text = by.at and ('%s, %s'):format(text, by.at) or text
  end
  return { at_ms = story.started_ms, kind = 'started', text = text }
end

local function named(format)
  return function(story)
    return format:format(story.ended_by.name or '?')
  end
end

---@type table<string, string|fun(story: Story, release: ReadRelease): string> what ended it, by its kind
local BY = {
  analysis = 'the analysis passed',
  skip = 'its analysis was skipped, as the Canary says',
  former = 'its primary had been promoted before',
  threshold = function(_, release)
    return ('nobody asked for it: threshold, %s of %s checks failed'):format(tostring(release.failedChecks or '?'),
      tostring(release.threshold or '?'))
  end,
  hook = named 'the rollback hook %s asked for it',
  gate = named 'the gate %s did not open in time',
  check = named 'the check %s was blind for too long',
  person = function(story)
    return story.reason or 'somebody asked for it'
  end,
  strategy = function(story)
    return 'its strategy asked for it: ' .. (story.reason or '')
  end,
}

local function why_ended(story, release)
  local by = story.ended_by and BY[story.ended_by.kind]
  if type(by) == 'function' then
    return by(story, release)
  end
  return by or story.reason or 'the record does not say why'
end

local function ended(story, release)
  local text = why_ended(story, release)
  if story.drained_after_ms then
    local soon = story.drained_after_ms < 100
    text = ('weights 100/0 %s; %s'):format(soon and 'at once' or 'after ' .. moments.span(story.drained_after_ms), text)
  end
  return { at_ms = story.decided_ms or story.ended_ms, kind = 'ended', text = text }
end

--- The last verdict that counted as a failed check says more than that there were enough of them.
local function last_counted(release)
  for i = #release.evidence, 1, -1 do
    if release.evidence[i].failed then
      return verdicts.text(release.evidence[i])
    end
  end
end

local function why(story, release)
  if story.outcome == 'promoted' or story.outcome == 'under way' then
    return nil
  end
  local by_threshold = story.ended_by and story.ended_by.kind == 'threshold'
  local last = by_threshold and last_counted(release)
  return last and ('%s (%s of %s)'):format(last, tostring(release.failedChecks or '?'),
    tostring(release.threshold or '?')) or why_ended(story, release)
end

--- Within a second: what was asked for stands before what follows from it.
local ORDER = { started = 0, resumed = 1, pass = 2, fail = 2, blind = 2, asked = 3, iteration = 4, weight = 4, gate = 5,
  waits = 5, promotion = 6, paused = 7, ended = 8 }

--- By second, because evidence knows no smaller unit; what has no time stays where it is.
local function sort(lines)
  local last = 0
  for i, line in ipairs(lines) do
    line.place = i
  end
  table.sort(lines, function(a, b)
    local x, y = math.floor((a.at_ms or last) / 1000), math.floor((b.at_ms or last) / 1000)
    if x ~= y then
      return x < y
    end
    return ORDER[a.order or a.kind] * #lines + a.place < ORDER[b.order or b.kind] * #lines + b.place
  end)
  for _, line in ipairs(lines) do
    line.place, line.order = nil, nil
  end
end

local BEGINNINGS = { start = true, restart = true }
local EVIDENCE_MAX = 100 -- as the engine has it

--- An engine that did not count what it dropped leaves a record that does not begin at the beginning.
local function cut_of(release)
  local evidence, entries = release.dropped.evidence or 0, release.dropped.entries or 0
  local first = release.entries[1]
  local lacks_beginning = first and not BEGINNINGS[first.word]
  if evidence == 0 and entries == 0 and not lacks_beginning and #release.evidence < EVIDENCE_MAX then
    return nil
  end
  return { evidence = evidence, entries = entries, from_ms = entries > 0 and first and first.at_ms
    or release.evidence[1] and moments.parse(release.evidence[1].at) }
end

local function head(release)
  local story = {
    name = release.name,
    namespace = release.namespace,
    canary = release.canary,
    strategy = release.strategy,
    from = type(release.images.from) == 'string' and release.images.from or nil,
    to = type(release.images.to) == 'string' and release.images.to or nil,
    state = release.state or 'Running',
    outcome = OUTCOMES[release.state] or 'under way',
    reason = release.reason,
    started_ms = moments.parse(release.started),
    decided_ms = moments.parse(release.decided),
    ended_ms = moments.parse(release.ended),
    drained_after_ms = release.drainedAfterMs,
    weight = release.weight,
    verdicts = { pass = 0, fail = 0, blind = 0 },
    cut = cut_of(release),
    lines = {},
  }
  local by, ended_by = release.started_by, release.ended_by
  story.started_by = by and type(by.manager) == 'string' and { manager = by.manager, at = by.at } or nil
  if ended_by and type(ended_by.kind) == 'string' then
    story.ended_by = { kind = ended_by.kind, name = ended_by.name }
  end
  if story.outcome == 'taken back' and story.ended_by and story.ended_by.kind == 'promotion' then
    story.outcome = 'failed'
  end
  local until_ms = story.decided_ms or story.ended_ms
  story.images = images_of(story.from, story.to)
  story.why = why(story, release)
  story.took_ms = until_ms and story.started_ms and until_ms - story.started_ms
  return story
end

--- The story of a Release.
---@param object table as kubectl shows it
---@param canary table? likewise, if somebody has it: it says what a release under way waits for
---@param each boolean? a line for each verdict, also of passes in a row
---@return Story? story
---@return string? problem
function M.story_of(object, canary, each)
  local release, problem = read.release(object)
  if not release then
    return nil, problem
  end
  local story = head(release)
  for _, evidence in ipairs(release.evidence) do
    story.verdicts[evidence.verdict] = story.verdicts[evidence.verdict] + 1
  end
  story.lines[1] = started(release, story)
  add_entries(story.lines, release)
  add_promotion(story.lines, release, story)
  add_refusal(story.lines, release, story)
  add_waits(story.lines, release, story, canary)
  add_requests(story, release)
  add_evidence(story.lines, release, each)
  if story.outcome ~= 'under way' then
    story.lines[#story.lines + 1] = ended(story, release)
  end
  sort(story.lines)
  return story
end

return M

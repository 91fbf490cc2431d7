--- sluice replay: a kept Release against its own script, or another one. What both scripts say is compared with the
--- record word by word (core/lab/replay.h); the first difference is told.
local moments = require 'tool.record.moment'
local process = require 'tool.process'
local read = require 'tool.record.read'
local readable = require 'tool.readable'
local rounds = require 'tool.record.rounds'
local said = require 'tool.record.said'
local spread = require 'tool.record.spread'

local M = {}

local BAD_INPUT = 2

--- The only Release among the documents.
local function choose(order)
  local releases, first = {}, nil
  for _, object in ipairs(spread(order.objects)) do
    first = first or object
    if type(object) == 'table' and object.kind == 'Release' then
      releases[#releases + 1] = object
    end
  end
  if #releases > 1 then
    return nil, ('one Release is wanted, got %d %s'):format(#releases, order.place)
  end
  return releases[1] or first
end

local BEGINNINGS = { start = true, restart = true }

--- A script can only be played from its first line. (An engine that did not count what it dropped leaves a record that
--- does not begin at the beginning.)
local function cut_problem(release)
  local dropped, first = release.dropped.entries or 0, release.entries[1]
  if dropped == 0 and (not first or BEGINNINGS[first.word]) then
    return nil
  end
  local began = moments.parse(release.started)
  local from = first and first.at_ms and began and ' from ' .. moments.clock(first.at_ms - began) .. ' on' or ''
  return ('Release %s: the record was cut: its first %swords are gone, and a script is played from its first line; '
    .. 'its verdicts are there%s: sluice why --replay judges them again'):format(release.name,
    dropped > 0 and dropped .. ' ' or '', from)
end

--- What both scripts say at the first word that is not on record, or is not the same.
---@class Difference
---@field word integer counted from 1
---@field at_ms number?
---@field recorded { name: string?, args: table?, where: string? } of the Release's own script, where that agrees so far
---@field said { name: string, args: table, where: string }? nil: the script has failed
---@field verdict table?
---@field problem string?
---@field round OtherRound? of an analysis of other metrics: the first round that comes to something else

local function same(a, b)
  return a.name == b.name and said.text(a) == said.text(b)
end

--- How far the Release's own script comes, no further than another one did; nil: there is no other one.
local function play_own(order, object, found)
  return order.script and process.replay(object, nil, found.words + 1)
end

--- The word that it says there; nil: it does not come so far, or the record has another one of it, too.
local function own_word(object, own, found)
  if not own or own.words ~= found.words or own['end'] ~= 'word' and own['end'] ~= 'record' then
    return nil
  end
  local is_recorded = not found.recorded or process.replay(object, nil, found.words + 2).words > found.words
  return is_recorded and own.word or nil
end

--- The record ends with the failure of its script, which so belongs to what is played again.
local function fails_as_recorded(release, found)
  return found['end'] == 'script' and not found.recorded and (release.ended_by or {}).kind == 'script'
end

--- The script that the Release pinned did not fail where its record goes on. Whoever has changed an answer in the
--- record, or the script in it, has left nothing that says what another script would do.
local function broken_problem(release, own)
  if not own or own['end'] ~= 'script' or fails_as_recorded(release, own) then
    return nil
  end
  local last = release.entries[#release.entries]
  local recorded = own.recorded and own.recorded.name or ('the end, after %s'):format(last and last.word or 'nothing')
  return ('status.entries: at word %d the record has %s, and the script in spec.sources fails, so the answers before '
    .. 'it are not those that it got: %s'):format(own.words + 1, recorded, own.problem)
end

--- An analysis that judges other metrics says so in a word of its own, ahead of it.
local function other_round(release, found)
  local on_record, word = found.recorded or {}, found.word
  if word and word.name == 'metrics' and (on_record.name == 'analyse' or on_record.name == 'metrics') then
    return rounds.first_other(release, on_record.at_ms, word.args.names)
  end
end

--- nil: they agree.
local function difference_of(object, release, found, own)
  own = own_word(object, own, found)
  local is_other = own and found.word and not same(own, found.word)
  local in_progress = found['end'] == 'record' or found['end'] == 'operation'
  if found['end'] == 'record' and not is_other or fails_as_recorded(release, found) then
    return nil
  end
  local on_record = found.recorded or {}
  return {
    word = found.words + 1,
    at_ms = on_record.at_ms,
    recorded = own or { name = on_record.name },
    said = found.word,
    verdict = found.verdict,
    problem = not (in_progress and is_other) and found.problem or nil,
    in_progress = in_progress or nil,
    round = other_round(release, found),
  }
end

local function tell(order, release, result)
  local difference, began = result.difference, moments.parse(release.started)
  local function clock(at_ms)
    return at_ms and began and moments.clock(at_ms - began)
  end
  if difference then
    local round = difference.round
    return said.difference(difference, clock(difference.at_ms), order.path)
      .. (round and '\n' .. said.round(round, clock(round.at_ms)) or '')
  end
  local rejudged = result.rejudged > 0
    and (' (%d with other bounds, and the same verdict)'):format(result.rejudged) or ''
  if result.failed then
    return ('%d word%s agree%s%s, and the script fails where the record ends with its failure: %s'):format(
      result.words, result.words == 1 and '' or 's', result.words == 1 and 's' or '', rejudged, result.failed)
  end
  local next_word = result.next and (', then the script says %s%s'):format(said.text(result.next),
    said.place(result.next.where)) or ''
  return ('%d word%s agree%s%s: the record ends here%s'):format(result.words, result.words == 1 and '' or 's',
    result.words == 1 and 's' or '', rejudged, next_word)
end

--- The places of a script that stands in for another one are those of its file.
local function namer_of(order, release)
  local folder = release.strategy:find('/', 1, true) and 'scripts' or 'strategies'
  local name = release.strategy:match '[^/]*$'
  local file, module = ('%s/%s.lua'):format(folder, name), ('%s.%s: '):format(folder, name)
  return function(text)
    if not text or not order.script then
      return text
    end
    text = text:sub(1, #module) == module and text:sub(#module + 1) or text
    local from, to = text:find(file, 1, true)
    return from and text:sub(1, from - 1) .. order.path .. text:sub(to + 1) or text
  end
end

local function refused(problem)
  return { status = BAD_INPUT, problem = readable(problem) }
end

--- Why it cannot be played, with the file that it is about.
local function refused_play(order, release, renamed)
  local at = order.script and order.path or 'Release ' .. release.name
  return refused(renamed:sub(1, #at) == at and renamed or ('%s: %s'):format(at, renamed))
end

local function play(order, object, release)
  local renamed = namer_of(order, release)
  local found, problem = process.replay(object, order.script)
  if not found then
    return refused_play(order, release, renamed(problem))
  end
  local own = play_own(order, object, found)
  local broken = broken_problem(release, own or not order.script and found)
  if broken then
    return refused(('Release %s: %s'):format(release.name, broken))
  end
  found.problem = renamed(found.problem)
  if found.word then
    found.word.where = renamed(found.word.where)
  end
  local result = {
    name = release.name,
    namespace = release.namespace,
    strategy = order.path or release.strategy,
    words = found.words,
    rejudged = found.rejudged,
    difference = difference_of(object, release, found, own),
  }
  result.agrees = not result.difference
  result.next = result.agrees and found.word or nil
  result.failed = result.agrees and found['end'] == 'script' and found.problem or nil
  return { status = result.agrees and 0 or 1, document = order.json and result or nil,
    text = not order.json and readable(tell(order, release, result)) .. '\n' or nil }
end

---@class ReplayOrder
---@field objects any[] documents of a file
---@field place string where they come from: 'in release.yaml'
---@field script string? of --strategy
---@field path string? its file
---@field json boolean

--- What is told of it.
---@param order ReplayOrder
---@return { status: integer, text: string?, document: table?, problem: string? }
function M.run(order)
  local object, problem = choose(order)
  local release
  if object ~= nil then
    release, problem = read.release(object)
  end
  problem = problem or cut_problem(release)
  if problem then
    return refused(problem)
  end
  return play(order, object, release)
end

return M

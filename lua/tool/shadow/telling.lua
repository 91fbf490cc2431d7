--- The lines of `sluice shadow`, as records for JSON and as texts.
local keys = require 'stdlib.keys'
local moments = require 'tool.record.moment'
local moves = require 'tool.shadow.move'

local M = {}

---@class Record
---@field kind 'canary'|'begin'|'round'|'release'|'sum'
---@field at string
---@field canary string? 'podinfo.shop'

local function new(kind, at, canary)
  return { kind = kind, at = moments.text(at), canary = canary }
end

--- A Canary that is watched from now on, or that was edited into one that Sluice refuses.
---@param watched Watched
---@return Record
function M.sight(watched)
  local record = new('canary', watched.sight.now, watched.key)
  record.phase, record.share, record.refused = watched.status.phase, watched.route.canary, watched.sight.refused
  record.unknown = watched:obstacle()
  return record
end

--- A Canary that is not followed any more.
---@param meta { namespace: string, name: string }
---@param now number ms
---@param problem string
---@return Record
function M.trouble(meta, now, problem)
  local record = new('canary', now, meta.name .. '.' .. meta.namespace)
  record.problem = problem
  return record
end

---@param watched Watched
---@param move Move
---@param before Status
---@return Record
function M.beginning(watched, move, before)
  local record = new('begin', watched.sight.now, watched.key)
  record.step = moves.step(move, before, watched.route.canary)
  return record
end

local function plain(move)
  return move and { does = move.does, number = move.number, reason = move.reason }
end

---@param round ShadowRound
---@return Record
function M.round(round)
  local record = new('round', round.at, round.watched.key)
  record.phase, record.step = round.before.phase, moves.step(round.move, round.before, round.share)
  record.outcome, record.why = round.outcome, round.why
  record.flagger = plain(round.move)
  if not round:unmeasured() then
    record.sluice = plain(round.decision and round.decision.move)
  end
  return record
end

local function counts_of(record, sum)
  record.rounds, record.agrees, record.differs, record.unknown = sum.rounds, sum.agrees, sum.differs, sum.unknown
  return record
end

---@param watched Watched
---@param release table
---@return Record
function M.release(watched, release)
  local record = counts_of(new('release', watched.sight.now, watched.key), release.counts)
  record.ended, record.whole = release.ended, release.whole
  record.webhooks = next(release.taken) and keys.sorted(release.taken) or nil
  return record
end

---@param sums Counts
---@param releases integer
---@param now number ms
---@return Record
function M.sum(sums, releases, now)
  local record = counts_of(new('sum', now), sums)
  record.releases = releases
  return record
end

-- Texts -----------------------------------------------------------------------------------------

local function counted(number, one)
  return ('%d %s%s'):format(number, one, number == 1 and '' or 's')
end

local function counts_in_words(record)
  local parts = { counted(record.rounds, 'round') }
  for _, row in ipairs { { 'agrees', 'agree' }, { 'differs', 'differ' }, { 'unknown', 'not compared' } } do
    local number = record[row[1]]
    if number > 0 then
      parts[#parts + 1] = ('%d %s'):format(number, number == 1 and row[1] ~= 'unknown' and row[1] or row[2])
    end
  end
  return table.concat(parts, ', ')
end

local texts = {}

function texts.canary(record)
  if record.problem then
    return 'not followed any more: ' .. record.problem
  elseif record.refused then
    return 'Sluice would refuse this Canary: ' .. record.refused
  end
  local text = ('%s, the canary has %d'):format(record.phase ~= '' and record.phase or 'no phase yet', record.share)
  return record.unknown and ('%s; nothing is compared: %s'):format(text, record.unknown) or text
end

function texts.begin(record)
  return record.step
end

function texts.round(record)
  if record.outcome == 'agrees' then
    return ('%s  agrees'):format(record.step)
  elseif record.outcome == 'unknown' then
    return ('%s  not compared: %s'):format(record.step, record.why)
  end
  return ('%s  differs: %s; %s'):format(record.step, moves.of_flagger_in_words(record.flagger),
    record.why or moves.of_sluice_in_words(record.sluice))
end

function texts.release(record)
  local text = ('release %s: %s'):format(record.ended, counts_in_words(record))
  if not record.whole then
    text = text .. '; it had begun before it was watched'
  end
  return record.webhooks and ('%s; webhooks were not called, and count as Flagger got them: %s'):format(text,
    table.concat(record.webhooks, ', ')) or text
end

function texts.sum(record)
  return ('%s: %s'):format(counted(record.releases, 'release'), counts_in_words(record))
end

--- '10:02:31  podinfo.shop  10 → 20  agrees'
---@param record Record
---@return string
function M.line(record)
  local clock = record.at:match 'T(.-)Z'
  return ('%s  %s%s'):format(clock, record.canary and record.canary .. '  ' or '', texts[record.kind](record))
end

return M

--- What a release waited for besides its intervals: gates that were closed, routes that were not kept; and what it
--- waits for now. From its words, the one that is in progress, and the Canary beside it.
local moments = require 'tool.record.moment'

local M = {}

local TOLD_BY_EVIDENCE = 'CheckBlind'
local LAST_MS = 253402300800000 -- the year 10000

---@class Waiting
---@field at_ms number? since when, as far as the record has it
---@field kind 'gate'|'waits'
---@field message string
---@field asked integer so many times it has not come
---@field until_ms number? when it came
---@field now boolean? it is waited for still

--- Why a word has not done what it is for; nil: it has, or the record does not say.
local function waiting_of(entry)
  local result = type(entry.result) == 'table' and entry.result or {}
  local waiting = type(result.waiting) == 'table' and result.waiting or {}
  if type(waiting.message) == 'string' and waiting.reason ~= TOLD_BY_EVIDENCE then
    return waiting
  end
end

--- What was waited for, in the order in which it began. A gate is asked once more in each round, and other words come
--- in between, so the same word with the same arguments ends a wait.
---@param entries table[] of ReadRelease
---@return Waiting[]
function M.past(entries)
  local list, open = {}, {}
  for _, entry in ipairs(entries) do
    local key, waiting = entry.word .. ' ' .. tostring(entry.args), waiting_of(entry)
    local former = open[key]
    if waiting and former and former.message == waiting.message then
      former.asked = former.asked + entry.times
    elseif waiting then
      local one = { at_ms = entry.at_ms, kind = waiting.reason == 'GateClosed' and 'gate' or 'waits',
        message = waiting.message, asked = entry.times }
      list[#list + 1], open[key] = one, one
    elseif former then
      former.until_ms, open[key] = entry.at_ms, nil
    end
  end
  return list
end

--- The event of a gate that is closed, 'Halt web.shop advancement waiting for approval go', in a word that is in
--- progress: it is not behind it before the gate is asked once more.
local function asked_now(open)
  for _, operation in ipairs(open) do
    for _, effect in ipairs(type(operation) == 'table' and type(operation.i) == 'table' and operation.i or {}) do
      local message = type(effect) == 'table' and effect.kind == 'event' and effect.message
      local gate = type(message) == 'string' and message:match '^Halt %S+ advancement (waiting for .*)'
      if gate then
        return gate
      end
    end
  end
end

--- As its event names it: without the type of the gate, and what its hook answered.
local function as_told(message)
  return (message:gsub(' %(gate [%w-]+%).*$', ''))
end

local WAITING = { wait = true, wait_until = true, any = true, all = true, within = true }

--- The strategy itself waits: the last word is one that begins a wait, and a look at its hours may be under way.
---@return string? message
---@return number? at_ms since when
local function strategy_waits(release)
  local last, at = release.entries[#release.entries], nil
  if not last or not WAITING[last.word] then
    return nil
  end
  for _, operation in ipairs(release.open) do
    local answer = type(operation) == 'table' and operation.o == 'calendar' and operation.r
    local ms = type(answer) == 'table' and answer.at
    at = type(ms) == 'number' and ms >= 0 and ms < LAST_MS and ms or at
  end
  return ('its strategy waits (%s)%s'):format(last.word, at and ' until ' .. moments.text(at) or ''), last.at_ms
end

--- What the Canary says that it waits for.
local function said_by(canary)
  local status = type(canary) == 'table' and type(canary.status) == 'table' and canary.status or {}
  for _, condition in ipairs(type(status.conditions) == 'table' and status.conditions or {}) do
    if type(condition) == 'table' and condition.type == 'Waiting' and condition.status == 'True'
      and type(condition.message) == 'string' then
      local since = condition.lastTransitionTime
      return { message = condition.message, reason = condition.reason,
        since_ms = type(since) == 'string' and moments.parse(since) or nil }
    end
  end
end

--- What is waited for now, which may be the last one of `past`; nil: nothing, or nobody says.
---@param release ReadRelease of one that is under way
---@param past Waiting[]
---@param canary table? as kubectl shows it
---@return Waiting?
function M.now(release, past, canary)
  local said, last = said_by(canary), past[#past]
  local message = said and said.message or asked_now(release.open)
  local is_last = last and (not message or last.message == message or not said and as_told(last.message) == message)
  if is_last and not last.until_ms then
    last.now = true
    return last
  elseif message then
    local is_gate = said and said.reason == 'GateClosed' or not said
    return { kind = is_gate and 'gate' or 'waits', message = message, asked = 1, now = true,
      at_ms = said and said.since_ms or not said and release.openStarted or nil }
  end
  local waits, since_ms = strategy_waits(release)
  return waits and { kind = 'waits', message = waits, asked = 1, now = true, at_ms = since_ms } or nil
end

--- 'waiting for approval go: open at 6:00, asked 6 times'
---@param one Waiting
---@param began_ms number? of the release
function M.text(one, began_ms)
  local times = one.asked > 1 and (', asked %d times'):format(one.asked) or ''
  if one.now then
    return one.message .. ', still' .. times
  elseif one.until_ms and began_ms then
    local came = one.kind == 'gate' and 'open' or 'over'
    return ('%s: %s at %s%s'):format(one.message, came, moments.clock(one.until_ms - began_ms), times)
  end
  return one.message .. times
end

return M

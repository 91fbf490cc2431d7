--- Spans of time as commands are given them: -30d, 2026-06-12T14:00, 2026-06-12T14:00/15:10. Times are UTC.
local moments = require 'tool.record.moment'
local promql = require 'tool.promql'
local refuse = require 'tool.backtest.refusal'.refuse

local M = {}

local DEFAULT_FROM = '-7d'

--- Milliseconds of '2026-06-12', '2026-06-12T14:00' or '2026-06-12T14:00:30Z'; nil for another text.
---@param text string
---@return number?
function M.moment(text)
  local date, time = text:match '^(%d%d%d%d%-%d%d%-%d%d)T?(.*)$'
  if not date then
    return nil
  end
  time = time:gsub('Z$', '')
  if time == '' then
    time = '00:00:00'
  elseif time:find '^%d%d:%d%d$' then
    time = time .. ':00'
  end
  local ms = moments.parse(('%sT%sZ'):format(date, time))
  return ms and moments.text(ms) == ('%sT%sZ'):format(date, time) and ms or nil
end

---@param flag string for errors
---@param text string
---@param now number ms
---@return number ms
function M.read_moment(flag, text, now)
  local ago = text:match '^%-(.+)$'
  local ms = ago and promql.duration(ago)
  if ms then
    return now - ms
  end
  return M.moment(text)
    or refuse('--%s %s: a time such as 2026-06-12T14:00 (UTC), or -30d, is wanted', flag, text)
end

--- What --from and --to say.
---@param options { from: string?, to: string?, now: number }
---@return { from: number, to: number, now: number }
function M.read(options)
  local to = options.to and M.read_moment('to', options.to, options.now) or options.now
  local from = M.read_moment('from', options.from or DEFAULT_FROM, options.now)
  if from >= to then
    refuse('--from %s: a time before --to (%s) is wanted', options.from or DEFAULT_FROM, moments.text(to))
  end
  return { from = from, to = to, now = options.now }
end

--- 'FROM/TO', where TO may be a time of the same day.
---@param flag string for errors
---@param text string
---@return { from: number, to: number }
function M.read_pair(flag, text)
  local from_text, to_text = text:match '^([^/]+)/([^/]+)$'
  local from = from_text and M.moment(from_text)
  if from and to_text:find '^%d%d:%d%d' then
    to_text = from_text:sub(1, 10) .. 'T' .. to_text
  end
  local to = from and M.moment(to_text)
  if not from or not to or from >= to then
    refuse('--%s %s: a span such as 2026-06-12T14:00/15:10 or 2026-06-12T14:00/2026-06-13T02:00 (UTC) is wanted', flag,
      text)
  end
  return { from = from, to = to }
end

return M

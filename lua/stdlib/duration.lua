--- Durations as people write them: '90s', '1h30m', '1.5h'. The forms are Go's, and the same ones that C reads in a
--- manifest (core/base/duration.c); spec/stdlib/duration_spec.lua holds the two together.
local shown = require 'stdlib.shown'

local M = {}

local NS = {
  h = 3.6e12, m = 6e10, s = 1e9, ms = 1e6, us = 1e3, ns = 1,
  ['\194\181s'] = 1e3, ['\206\188s'] = 1e3, -- the micro sign, and the Greek letter
}
local MS = 1e6
local NS_MAX = 2 ^ 63 - 1024 -- the last number below what C can hold
local FRACTION_MAX = 18 -- digits; the others are below a nanosecond

--- One number with its unit, in whole nanoseconds; nil for no such thing.
local function part_of(whole, fraction, unit)
  if not NS[unit] or whole == '' and (fraction or '') == '' then
    return nil
  end
  local ns = (tonumber(whole) or 0) * NS[unit]
  local digits = (fraction or ''):sub(1, FRACTION_MAX)
  if digits ~= '' then
    ns = ns + math.floor(tonumber(digits) * (NS[unit] / 10 ^ #digits))
  end
  return ns
end

--- Nanoseconds, whole, not negative; nil for another text.
local function nanoseconds(text)
  local sign, rest = text:match '^([+-]?)(.*)$'
  if rest == '0' then
    return 0
  end
  local sum = rest ~= '' and 0 or nil
  while sum and rest ~= '' do
    local whole, fraction, unit, more = rest:match '^(%d*)%.(%d*)([^%d.]+)(.*)$'
    if not whole then
      whole, unit, more = rest:match '^(%d+)([^%d.]+)(.*)$'
    end
    local ns = whole and part_of(whole, fraction, unit)
    sum, rest = ns and sum + ns, more
    sum = sum and sum <= NS_MAX and sum or nil
  end
  return (sign ~= '-' or sum == 0) and sum or nil
end

local function read(text)
  local ns = type(text) == 'string' and nanoseconds(text)
  if not ns then
    return nil, "a duration like '90s' or '1h30m' is wanted, got " .. shown.value(text)
  end
  return ns
end

--- Milliseconds, whole; nil and why for another text.
---@param text any
---@return integer? ms
---@return string? problem
function M.parse(text)
  local ns, problem = read(text)
  return ns and math.floor(ns / MS), problem
end

local SPAN_MAX_NS = 30 * 24 * NS.h

local function within(text, least_ns, least)
  local ns, problem = read(text)
  if ns and (ns < least_ns or ns > SPAN_MAX_NS) then
    return nil, ('from %s to 720h are wanted, got %s'):format(least, text)
  end
  return ns and math.floor(ns / MS), problem
end

--- Milliseconds of a time that rounds or a query can take.
---@param text any
---@return integer? ms
---@return string? problem
function M.span(text)
  return within(text, MS, '1ms')
end

--- Milliseconds of a wait, as param.duration takes them unless its bounds say otherwise. Each wait is written into the
--- record: a loop of shorter ones would do little else.
---@param text any
---@return integer? ms
---@return string? problem
function M.wait(text)
  return within(text, NS.s, '1s')
end

return M

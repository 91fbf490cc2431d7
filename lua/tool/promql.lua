--- As much of PromQL as tells which series a query selects, and through which windows.
local M = {}

---@class Selector
---@field text string `http_requests_total{code="500"}`
---@field metric string? its name
---@field window string? '1m'; nil: an instant
---@field window_ms number?

local UNITS = { ms = 1, s = 1000, m = 60000, h = 3600000, d = 86400000, w = 7 * 86400000, y = 365 * 86400000 }

--- Milliseconds of '1h30m'; nil for another text.
---@param text string
---@return number?
function M.duration(text)
  local sum, at = 0, 1
  while at <= #text do
    local count, unit, next_at = text:match('^(%d+)(%a+)()', at)
    if not count or not UNITS[unit] then
      return nil
    end
    sum, at = sum + tonumber(count) * UNITS[unit], next_at
  end
  return #text > 0 and sum or nil
end

--- Behind the string that begins here; behind the text when it does not end.
local function behind_string(text, at)
  local quote = text:sub(at, at)
  at = at + 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == quote then
      return at + 1
    end
    at = at + (char == '\\' and quote ~= '`' and 2 or 1)
  end
  return at
end

--- Behind the `}` of the labels that begin here.
local function behind_labels(text, at)
  while at <= #text do
    local char = text:sub(at, at)
    if char == '}' then
      return at + 1
    end
    at = char:find '["\'`]' and behind_string(text, at) or at + 1
  end
  return at
end

--- The selectors that have labels or a window.
---@param query string
---@return Selector[]
function M.selectors(query)
  local found, at = {}, 1
  local name, from, last -- of the name that was read last, and the selector that may have a window
  while at <= #query do
    local char = query:sub(at, at)
    local word, behind = query:match('^([%a_:][%w_:]*)()', at)
    local window, behind_window = query:match('^%[%s*(%w+)%s*%]()', at)
    if char:find '["\'`]' then
      at, name, last = behind_string(query, at), nil, nil
    elseif char == '#' then
      at = query:find('\n', at, true) or #query + 1
    elseif word then
      name, from, last, at = word, at, nil, behind
    elseif char == '{' then
      local ends = behind_labels(query, at)
      last = { text = query:sub(name and from or at, ends - 1), metric = name }
      found[#found + 1], name, at = last, nil, ends
    elseif window and (last or name) then
      last = last or { text = name, metric = name }
      if last ~= found[#found] then
        found[#found + 1] = last
      end
      last.window, last.window_ms = window, M.duration(window)
      name, last, at = nil, nil, behind_window
    elseif char:find '%s' then
      at = at + 1
    else
      name, last, at = nil, nil, at + (query:match('^%d[%w.]*()', at) or at + 1) - at
    end
  end
  return found
end

return M

--- What people asked for while a release ran, and how long it stood still for that.
local moments = require 'tool.record.moment'

local M = {}

--- What paused it where nobody sent a request, and what ended that.
local PAUSED = { ['sluice.dev/pause'] = 'an annotation of the Canary', ['spec.suspend'] = 'spec.suspend' }
local RESUMED = { ['sluice.dev/pause'] = 'the annotation is gone or "false"',
  ['spec.suspend'] = 'spec.suspend is gone' }

--- 'alice: INC-4711'
---@param request ReadRequest
---@return string
function M.who(request)
  return (request.by or 'somebody') .. (request.reason and ': ' .. request.reason or '')
end

--- How long it stood still, from one pause or from several in a row.
---@class Hold
---@field from_ms number
---@field until_ms number? nil: it stands still, or ended so

local function paused(request)
  local by = PAUSED[request.through]
  return by and by .. (request.reason and ': ' .. request.reason or '') or M.who(request)
end

local function resumed(request, hold)
  local text = RESUMED[request.through] or 'by ' .. M.who(request)
  return hold and ('%s (paused for %s)'):format(text, moments.span(hold.until_ms - hold.from_ms)) or text
end

local function same_second(a_ms, b_ms)
  return math.floor(a_ms / 1000) == math.floor(b_ms / 1000)
end

---@param requests ReadRequest[] in the order in which they were acted on
---@return { at_ms: number?, kind: 'asked'|'paused'|'resumed', text: string, order: string? }[] lines; order: of the
---        kind after whose lines of the same second it stands
---@return Hold[] holds
function M.told(requests)
  local lines, holds, hold = {}, {}, nil
  for _, request in ipairs(requests) do
    local at_ms = moments.parse(request.acted)
    local line = { at_ms = at_ms, kind = 'asked' }
    if request.verb == 'pause' then
      line.kind, line.text = 'paused', 'by ' .. paused(request)
      if at_ms and not hold then
        hold = { from_ms = at_ms }
        holds[#holds + 1] = hold
      end
    elseif request.verb == 'resume' then
      if hold then
        hold.until_ms = at_ms
      end
      line.kind, line.text = 'resumed', resumed(request, at_ms and hold)
      line.order = hold and at_ms and same_second(hold.from_ms, at_ms) and 'paused' or nil
      hold = nil
    else
      local what = (request.verb or '?') .. (request.gate and ' gate ' .. request.gate or '')
      line.text = ('%s, by %s'):format(what, M.who(request))
    end
    lines[#lines + 1] = line
  end
  return lines, holds
end

--- Milliseconds that it stood still; nil: it never did.
---@param holds Hold[]
---@param until_ms number? the end of the release, for one that ended paused; nil: it is under way
---@return number?
function M.held_ms(holds, until_ms)
  local sum
  for _, hold in ipairs(holds) do
    local to_ms = hold.until_ms or until_ms
    sum = to_ms and (sum or 0) + math.max(0, to_ms - hold.from_ms) or sum
  end
  return sum
end

return M

--- A verdict of the record: told in a sentence, and made once more of what stands beside it.
local go_format = require 'stdlib.go_format'
local thresholds = require 'stdlib.thresholds'

local M = {}

--- Two decimals at most, and no more than are there.
---@param value number
---@return string
function M.number(value)
  if value - value ~= 0 then
    return go_format.number(value)
  end
  return (('%.2f'):format(value):gsub('%.?0+$', ''))
end

--- Without its unit; a ratio is told as a percentage.
local function bare(value, unit)
  return M.number(unit == 'ratio' and value * 100 or value)
end

local function shown(value, unit)
  local sign = unit == 'ratio' and '%' or unit
  return bare(value, unit) .. (sign and sign ~= '' and ' ' .. sign or '')
end

local function bound_of(evidence)
  local relation, bound = thresholds.broken(evidence.value, { min = evidence.min, max = evidence.max })
  if relation then
    return relation == '<' and 'least' or 'most', bound
  end
end

local function judged(evidence)
  local text = shown(evidence.value, evidence.unit)
  local side, bound = bound_of(evidence)
  if side then
    return ('%s, at %s %s wanted, %s by %s'):format(text, side, shown(bound, evidence.unit),
      side == 'least' and 'short' or 'over', shown(math.abs(bound - evidence.value), evidence.unit))
  elseif evidence.margin then
    return ('%s, margin %s'):format(text, shown(evidence.margin, evidence.unit))
  end
  return text
end

local function counted(evidence)
  if not evidence.samples then
    return ''
  elseif evidence.needed and evidence.samples < evidence.needed then
    return (', %d of %d requests'):format(evidence.samples, evidence.needed)
  end
  return (', %d requests'):format(evidence.samples)
end

--- What the check has said of it, without the bound, which is told already (stdlib.outcome).
local function remark(evidence)
  return evidence.text and (' (%s)'):format((evidence.text:gsub(', at [lm]%a+ [^,]+ wanted$', ''))) or ''
end

--- 'request-success-rate 96.1 %, at least 99 % wanted, short by 2.9 %, 1204 requests'
---@param evidence Evidence
---@return string
function M.text(evidence)
  if evidence.hook then
    return 'webhook ' .. evidence.hook .. ': ' .. (evidence.reason or 'it failed')
  end
  local name = evidence.metric or 'a check'
  if evidence.verdict == 'blind' then
    local why = evidence.problem or evidence.reason or 'there was nothing to judge by'
    local cause = evidence.cause and evidence.cause ~= 'said' and evidence.cause ~= why and evidence.cause .. ': ' or ''
    return ('%s: %s%s%s'):format(name, cause, why, counted(evidence))
  elseif not evidence.value then
    return ('%s: %s'):format(name, evidence.text or evidence.reason or 'its value has no end')
  end
  return name .. ' ' .. judged(evidence) .. counted(evidence) .. (evidence.verdict == 'fail' and remark(evidence) or '')
end

local function missed_by(evidence)
  return evidence.max and evidence.value > evidence.max and 'over by ' or 'short by '
end

--- '≥ 99', '≤ 500', '1 to 7'; nil: it has no bounds.
local function wanted(evidence)
  local min = evidence.min and bare(evidence.min, evidence.unit)
  local max = evidence.max and bare(evidence.max, evidence.unit)
  return min and max and ('%s to %s'):format(min, max) or min and '≥ ' .. min or max and '≤ ' .. max or nil
end

--- How far inside of its bounds a value is; below 0 outside. Nil: there is no value, or it has no bounds.
---@param evidence Evidence
---@return number?
function M.margin(evidence)
  if evidence.margin or not evidence.value then
    return evidence.margin
  end
  local above = evidence.min and evidence.value - evidence.min or math.huge
  local below = evidence.max and evidence.max - evidence.value or math.huge
  local margin = math.min(above, below)
  return margin < math.huge and margin or nil
end

--- The same in short, with the bounds also of a value within them: 'request-success-rate 100 % (≥ 99, margin 1)'
---@param evidence Evidence
---@return string
function M.brief(evidence)
  local name = evidence.metric or 'check'
  if evidence.verdict == 'blind' then
    return ('%s blind: %s'):format(name, evidence.problem or evidence.cause or 'there is no value')
  end
  local text = name .. ' ' .. (evidence.value and shown(evidence.value, evidence.unit) or tostring(evidence.verdict))
  local margin, notes = M.margin(evidence), {}
  notes[1] = wanted(evidence)
  if margin then
    notes[#notes + 1] = (margin >= 0 and 'margin ' or missed_by(evidence)) .. bare(math.abs(margin), evidence.unit)
  end
  return text .. (notes[1] and (' (%s)'):format(table.concat(notes, ', ')) or '')
end

local function wanted_in_words(evidence)
  local min, max = evidence.min, evidence.max
  return min and max and ('%s to %s'):format(M.number(min), M.number(max)) or min and 'at least ' .. M.number(min)
    or max and 'at most ' .. M.number(max) or nil
end

--- Of a value within its bounds: ', at most 100 wanted, margin 52'; '' without bounds.
---@param bounds Bounds
---@param margin number?
---@return string
function M.within(bounds, margin)
  local words = wanted_in_words(bounds)
  return words and (', %s wanted%s'):format(words, margin and ', margin ' .. M.number(margin) or '') or ''
end

--- The same of many that are read one below the other, each with its bounds: 'success 96.1 %, at least 99 wanted, short
--- by 2.9'
---@param evidence Evidence
---@return string
function M.measured(evidence)
  local name = evidence.metric or evidence.hook or '?'
  if not evidence.value then
    return ('%s: %s'):format(name, evidence.problem or evidence.text or evidence.reason or evidence.cause
      or 'it has no value')
  end
  local unit, wanted_of_it = evidence.unit, wanted_in_words(evidence)
  local text = ('%s %s%s'):format(name, M.number(evidence.value), unit and unit ~= '' and ' ' .. unit or '')
  if wanted_of_it then
    text = ('%s, %s wanted'):format(text, wanted_of_it)
  end
  if evidence.margin then
    text = ('%s, %s%s'):format(text, evidence.margin >= 0 and 'margin ' or missed_by(evidence),
      M.number(math.abs(evidence.margin)))
  end
  return text .. remark(evidence)
end

--- What became of a blind verdict that did not count: ', held: weight and counter stay'; '' of all others.
---@param evidence Evidence
---@return string
function M.held(evidence)
  if evidence.verdict ~= 'blind' or evidence.failed or evidence.word then
    return ''
  end
  return evidence.way == 'ignore' and ', left to the other metrics' or ', held: weight and counter stay'
end

--- What the verdict should be by the value and the bounds that stand beside it; nil: that cannot be told, because the
--- value has no end, or there never was one.
---@param evidence Evidence
---@return 'pass'|'fail'|nil verdict
function M.again(evidence)
  if evidence.verdict == 'blind' or evidence.hook or not evidence.value then
    return nil
  end
  return bound_of(evidence) and 'fail' or 'pass'
end

return M

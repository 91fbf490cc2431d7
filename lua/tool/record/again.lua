--- The verdicts of a record made once more, of the values and the bounds that stand beside them: whoever has changed
--- one by hand, or an engine that judged otherwise, is named.
local moments = require 'tool.record.moment'
local read = require 'tool.record.read'
local verdicts = require 'tool.record.verdict'

local M = {}

---@class Again
---@field agree integer
---@field of integer those that can be made again
---@field untold integer those that cannot: blind, of a webhook, or of a value without an end
---@field differences { place: string, at_ms: number?, metric: string?, recorded: string, again: string }[]

--- A verdict that counts is one more failed check than the one before it, unless the counter began anew.
local function count_problem(evidence, before)
  local expected = before and before + 1
  if evidence.failed and expected and evidence.failed ~= expected and evidence.failed ~= 1 then
    return expected
  end
end

local function note(list, i, evidence, recorded, again)
  list[#list + 1] = { place = ('status.evidence[%d]'):format(i - 1), at_ms = moments.parse(evidence.at),
    metric = evidence.metric or evidence.hook, recorded = recorded, again = again }
end

---@param object table a Release as kubectl shows it
---@return Again? again
---@return string? problem
function M.judge(object)
  local release, problem = read.release(object)
  if not release then
    return nil, problem
  end
  local result, failed = { agree = 0, of = 0, untold = 0, differences = {} }, nil
  for i, evidence in ipairs(release.evidence) do
    local again = verdicts.again(evidence)
    if not again then
      result.untold = result.untold + 1
    else
      result.of = result.of + 1
      if again == evidence.verdict then
        result.agree = result.agree + 1
      else
        note(result.differences, i, evidence, evidence.verdict, again)
      end
    end
    local expected = count_problem(evidence, failed)
    if expected then
      note(result.differences, i, evidence, ('failed check %d'):format(evidence.failed),
        ('failed check %d'):format(expected))
    end
    failed = evidence.failed or failed
  end
  return result
end

return M

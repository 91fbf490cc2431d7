--- The webhooks of a Canary, which are not called: their answers are those that Flagger got, as far as its moves and
--- its events tell (docs/flagger.md, "Hooks").
local host = require 'host'

local M = {}

---@class Known what is known of the webhooks of a round
---@field failed { name: string, error: string }? whose answer counted as a failed check
---@field asked_back string? the hook that asked for a rollback
---@field closed boolean? the gate confirm-promotion was

--- By the words of Flagger's events.
---@param texts string[] of the round's warnings
---@param does string what Flagger has done
---@return Known
function M.known(texts, does)
  local known = { closed = does == 'wait' }
  for _, text in ipairs(texts) do
    local name, problem = text:match '^Halt .- advancement external check (.-) failed ?(.*)$'
    if not name then
      name, problem = text:match '^Halt .- advancement pre%-rollout check (.-) failed ?(.*)$'
    end
    known.failed = does == 'fail' and name and { name = name, error = problem } or nil
    known.asked_back = does == 'take back' and text:match '^Rollback check (.-) passed$' or known.asked_back
  end
  return known
end

--- What type a hook has.
local function type_of(hook)
  return (hook.type or '') ~= '' and hook.type or 'rollout'
end

--- Of a type that stops at its first failure.
local function passes(hook, known)
  local is_closed = known.closed and type_of(hook) == 'confirm-promotion'
  return not is_closed and not (known.failed and known.failed.name == hook.name)
end

local function result_of(hook, known)
  local ok = passes(hook, known)
  if type_of(hook) == 'rollback' then
    ok = known.asked_back == hook.name
  end
  return { name = hook.name, ok = ok, error = not ok and (known.failed or {}).error or nil,
    mute = hook.muteAlert or false }
end

--- The answers of a type, as operation `hooks` has them; `taken` gets the names of those that were taken so.
---@param list table[]? spec.analysis.webhooks
---@param known Known
---@param taken table<string, boolean>
---@return fun(type: string): table[]
function M.answers(list, known, taken)
  return function(type)
    local results = host.array {}
    for _, hook in ipairs(list or {}) do
      if type_of(hook) == type then
        taken[hook.name] = true
        local result = result_of(hook, known)
        results[#results + 1] = result
        if result.ok == (type == 'rollback') then
          break
        end
      end
    end
    return results
  end
end

--- True where a webhook's answer may have counted as a failed check.
---@param list table[]? spec.analysis.webhooks
---@return boolean
function M.may_fail(list)
  for _, hook in ipairs(list or {}) do
    if type_of(hook) == 'rollout' or type_of(hook) == 'pre-rollout' then
      return true
    end
  end
  return false
end

return M

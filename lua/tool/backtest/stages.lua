--- The stages of a release, as a plan shows them: from its words, and from what its checks and gates asked meanwhile.
local M = {}

---@class Stage
---@field at number ms since the release began
---@field what string '10 %', 'promote'
---@field lasts number ms
---@field checks string[] by name, each once
---@field hooks Hook[]
---@field rounds integer

local namers = {}

function namers.begin()
  return 'scale up'
end

function namers.shift(result)
  local step = result.step or {}
  if step.mirrored then
    return 'requests are mirrored'
  end
  return step.canary and ('%d %%'):format(step.canary)
end

function namers.match(result, weight)
  return weight > 0 and (type(result.matches) == 'string' and result.matches or 'requests that match') or nil
end

function namers.iterate(result)
  return result.step and result.step.canary == 0 and 'analysis' or 'requests that match'
end

function namers.switch()
  return 'all requests'
end

function namers.copy()
  return 'promote'
end

namers.promote = namers.copy

--- The share that the canary has at a moment.
local function weight_at(release, at)
  local weight = 0
  for _, step in ipairs(release.steps) do
    weight = step.at <= at and step.weight or weight
  end
  return weight
end

local function stage_at(stages, at)
  local found = stages[1]
  for _, stage in ipairs(stages) do
    found = stage.at <= at and stage or found
  end
  return found
end

local function add_once(list, value)
  for _, each in ipairs(list) do
    if each == value then
      return
    end
  end
  list[#list + 1] = value
end

local function find_hook(setting, asked)
  for _, hook in ipairs(setting.hooks) do
    if hook.name == asked.name and hook.type == asked.type then
      return hook
    end
  end
end

--- Hooks that are waited for, and those that are a part of a round.
local GATES = { ['confirm-rollout'] = true, ['confirm-traffic-increase'] = true, ['confirm-promotion'] = true,
  script = true }
local IN_ROUNDS = { ['pre-rollout'] = true, rollout = true }

---@param hook Hook
function M.is_gate(hook)
  return GATES[hook.type] or false
end

---@param release Release
---@param setting Setting
---@return Stage[]
function M.of(release, setting)
  local stages = { { at = 0, what = 'scale up', checks = {}, hooks = {}, rounds = 0 } }
  for _, word in ipairs(release.words) do
    local namer = namers[word.word]
    local what = namer and namer(word.result, weight_at(release, word.at + 1))
    if what and what ~= stages[#stages].what then
      stages[#stages + 1] = { at = word.at, what = what, checks = {}, hooks = {}, rounds = 0 }
    end
    if word.word == 'round' then
      stages[#stages].rounds = stages[#stages].rounds + (word.count or 1)
    end
  end
  -- What a round measures belongs to the stage before the step that it ends with.
  for _, check in ipairs(release.checks) do
    add_once(stage_at(stages, check.at - 1).checks, check.metric or check.hook)
  end
  for _, asked in ipairs(release.hooks) do
    local hook = find_hook(setting, asked)
    if hook and (GATES[hook.type] or IN_ROUNDS[hook.type]) then
      add_once(stage_at(stages, asked.at - (IN_ROUNDS[hook.type] and 1 or 0)).hooks, hook)
    end
  end
  for i, stage in ipairs(stages) do
    local ends = stages[i + 1] and stages[i + 1].at or release.ended - release.began
    stage.lasts = ends - stage.at
  end
  return stages
end

return M

--- Sets of rules that a back-test compares: the manifests of -f, and for each --with these with some of them replaced.
local keys = require 'stdlib.keys'
local refuse = require 'tool.backtest.refusal'.refuse
local settings = require 'tool.backtest.setting'

local M = {}

---@class RuleSet
---@field name string
---@field differs string? in what, from the first one
---@field setting Setting
---@field manifests { file: string, object: table }[]

local function shown(value)
  return type(value) == 'table' and '…' or tostring(value)
end

--- The first field in which two values differ: 'analysis.metrics[0].checkRef.name: sequential'.
local function difference(a, b, path)
  if a == nil and type(b) == 'table' then
    a = {} -- what is new is told by what it has
  end
  if type(a) ~= 'table' or type(b) ~= 'table' then
    return a ~= b and ('%s: %s'):format(path, shown(b)) or nil
  end
  local all = {}
  for _, each in ipairs { b, a } do
    for key in pairs(each) do
      all[key] = true
    end
  end
  for _, key in ipairs(keys.sorted(all)) do
    local place = type(key) == 'number' and ('%s[%d]'):format(path, key - 1)
      or (path ~= '' and path .. '.' or '') .. key
    local found = difference(a[key], b[key], place)
    if found then
      return found
    end
  end
end

--- The manifests of the files, and for each of --with these with some of them replaced.
---@param options { manifests: table[], canary: string?, name: string?, others: table[]? }
---@return RuleSet[]
function M.read(options)
  local rules = { { name = options.name or 'as it is', manifests = options.manifests,
    setting = settings.drop_foreign(settings.new(options.manifests, options.canary)) } }
  local first, taken = rules[1].setting, { [rules[1].name] = true }
  for _, other in ipairs(options.others or {}) do
    if other.name == '' or taken[other.name] then
      refuse('--with %s: a name of its own is wanted, by which the table tells it from the others', other.name)
    end
    taken[other.name] = true
    local manifests = {}
    for _, list in ipairs { options.manifests, other.manifests } do
      for _, each in ipairs(list) do
        manifests[#manifests + 1] = each
      end
    end
    local own = settings.canaries(other.manifests)
    local setting = settings.drop_foreign(settings.new(manifests, #own == 1 and own[1]
      or first.namespace .. '/' .. first.name))
    if setting.target ~= first.target then
      refuse('--with %s: its target is %s, wanted %s: one history is of one target', other.name, setting.target,
        first.target)
    end
    rules[#rules + 1] = { name = other.name, setting = setting, manifests = manifests,
      differs = difference(first.canary.spec, setting.canary.spec, '') }
  end
  return rules
end

return M

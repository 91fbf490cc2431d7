--- What a script asks of a Canary by name, held against the Canary that names the script: webhooks and metrics.
local list_of = require 'sluice'.list
local nearest = require 'tool.nearest'

local M = {}

local FAR = 2 -- so many letters may differ in a name that is most likely meant

local function table_or(value)
  return type(value) == 'table' and value or {}
end

--- What the Canary has of a kind, by name. A metric is known by the name of its Check, too.
local function names_of(canary, what)
  local spec = table_or(canary.spec)
  local analysis = table_or(spec.analysis or spec.canaryAnalysis)
  local names = {}
  for _, entry in ipairs(table_or(analysis[what .. 's'])) do
    entry = table_or(entry)
    names[entry.name or ''] = true
    names[table_or(entry.checkRef).name or ''] = true
  end
  names[''] = nil
  return names
end

-- The word check has these as well.
local BUILTIN = {
  ['request-success-rate'] = true, ['request-duration'] = true, ['sequential-success-rate'] = true,
  ['latency-regression'] = true, ['burn-rate'] = true,
}

--- The name that is most likely meant.
local function meant(name, names)
  local first = nearest.sorted(name, names)[1]
  return first and nearest.distance(name, first) <= FAR and first or nil
end

--- The name that is most likely meant, of those that there are.
---@param options { name: string, known: string[], plain: string? } plain: of a check, which the engine may bring
---@return { name: string? }
function M.near(options)
  local names = {}
  for _, name in ipairs(options.known) do
    names[name] = true
  end
  return { name = meant(options.name, names) or options.plain and meant(options.plain, BUILTIN) }
end

local BOUNDS = { min = true, max = true } -- each check has these

--- Parameters that the word check gives, and that its check does not have.
---@param findings Finding[]
---@param named Named
---@param declared table<string, table>? nil: not known
local function look_at_given(findings, named, declared)
  for _, given in ipairs(declared and named.given or {}) do
    if not declared[given.name] and not BOUNDS[given.name] then
      local near = meant(given.name, declared)
      findings[#findings + 1] = { line = given.line, column = given.column, severity = 'error',
        text = ('check: "%s" has no parameter "%s"%s'):format(named.name, given.name,
          near and (', wanted "%s"'):format(near) or nearest.known(given.name, declared)) }
    end
  end
end

---@param use { canary: table, key: string, names: Named[], params: table<string, table<string, table>>? } params: that
--- are declared, of the checks by their names
---@return Finding[]
function M.look(use)
  local findings = list_of {}
  local known = { webhook = names_of(use.canary, 'webhook'), metric = names_of(use.canary, 'metric') }
  for _, named in ipairs(use.names) do
    local names = known[named.what]
    look_at_given(findings, named, table_or(use.params)[named.name])
    if not names[named.name] and not (named.word ~= 'analyse' and BUILTIN[named.name]) then
      local near = meant(named.name, names)
      findings[#findings + 1] = { line = named.line, column = named.column, severity = near and 'error' or 'warning',
        text = ('%s: Canary %s has no %s "%s"%s'):format(named.word, use.key, named.what, named.name,
          near and (', wanted "%s"'):format(near) or nearest.known(named.name, names)) }
    end
  end
  return findings
end

return M

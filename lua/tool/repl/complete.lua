--- What may stand at the end of a line that is being typed: commands, names, fields, parameters, metrics, objects.
local commands = require 'tool.repl.commands'
local facts = require 'tool.repl.facts'
local scope = require 'tool.repl.scope'

local M = {}

local KINDS = { 'Canary', 'ConfigMap', 'Deployment', 'DestinationRule', 'HorizontalPodAutoscaler', 'MetricTemplate',
  'AlertProvider', 'Check', 'Pod', 'Release', 'Secret', 'Service', 'Strategy', 'VirtualService' }

--- Those that the engine brings.
local CHECKS = { 'request-success-rate', 'request-duration', 'sequential-success-rate', 'latency-regression',
  'burn-rate' }

local function sorted(set, prefix)
  local list = {}
  for name in pairs(set) do
    if type(name) == 'string' and name:sub(1, #prefix) == prefix then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

-- Names -----------------------------------------------------------------------------------------

local function names(session, is_first)
  local set = {}
  for name in pairs(session.names) do
    set[name] = true
  end
  for name in pairs(session.env) do
    set[name] = true
  end
  if is_first then
    for _, command in ipairs(commands.list) do
      set[command.name] = true
    end
  end
  return set
end

--- The value of `a.b.c`, as far as it can be told without calling anything but what the console itself gives.
local function value_of(session, path)
  local value = session.env
  for name in path:gmatch '[%a_][%w_]*' do
    if type(value) ~= 'table' then
      return nil
    end
    local ok, field = pcall(function()
      return value[name]
    end)
    if not ok then
      return nil
    end
    value = field
  end
  return value
end

local function fields(session, path)
  if path == 'world' then
    return scope.methods(session)
  elseif path == 'canary' or path == 'release' then
    return facts.fields(session, path)
  end
  local value = value_of(session, path)
  if type(value) == 'string' then
    value = string
  end
  return type(value) == 'table' and value or {}
end

-- Texts -----------------------------------------------------------------------------------------

local function metrics(session)
  local set = set_of(CHECKS)
  local canary = session:focus()
  local object = canary and session.world:canary(canary.namespace .. '/' .. canary.name)
  for _, metric in ipairs(object and object.spec.analysis and object.spec.analysis.metrics or {}) do
    set[metric.name] = true
  end
  return set
end

--- What a check takes besides its bounds.
local function params(session, name)
  local set = { min = true, max = true }
  local ok, definition = pcall(require, 'checks.' .. name)
  for param in pairs(ok and type(definition) == 'table' and definition.params or {}) do
    set[param] = true
  end
  for _, metric in ipairs(session.told.spec and session.told.spec.analysis.metrics or {}) do
    for param in pairs(metric.name == name and metric.check and metric.check.params or {}) do
      set[param] = true
    end
  end
  return set
end

--- The images that the scenario has versions of.
local function images(session)
  local set, file = {}, io.open(session.file)
  local text = file and file:read '*a' or ''
  if file then
    file:close()
  end
  local versions = ('\n' .. text):match '\nversions:%s*\n(.-)\n%S' or ''
  for image in versions:gmatch '  ["\']?([%w%./_-]+:[%w%._-]+)["\']?:' do
    set[image] = true
  end
  return set
end

local function namespaces(session)
  local set = {}
  for _, canary in ipairs(session.kept.canaries) do
    set[canary.namespace] = true
  end
  return set
end

local function objects(session, kind, namespace)
  local set = {}
  local ok, list = pcall(session.world.list, session.world, kind, namespace)
  for _, object in ipairs(ok and list or {}) do
    set[object.metadata.name] = true
  end
  return set
end

local PHASES = set_of { 'Progressing', 'WaitingPromotion', 'Promoting', 'Finalising', 'Succeeded', 'Failed', 'Waiting' }

--- A place in a line, and what may stand there. The last capture is what stands there already.
local PLACES = {
  { "^%s*deploy%s+['\"]?([^'\"%s]*)$", images },
  { "world:version%(%s*['\"]([^'\"]*)$", images },
  { '^%s*until%s+(%a*)$', function()
    return PHASES
  end },
  { '^%s*u%s+(%a*)$', function()
    return PHASES
  end },
  { '^%s*what%-if%s+metrics%s+(%a*)$', function()
    return { unknown = true }
  end },
  { '^%s*what%-if%s+(%a*)$', function()
    return { metrics = true }
  end },
  { "check%(%s*['\"]([^'\"]*)$", metrics },
  { "check%(%s*['\"]([^'\"]+)['\"]%s*,%s*{[^}]-([%a_]*)$", params },
  { "world:%a+%(%s*['\"](%a*)$", function()
    return set_of(KINDS)
  end },
  { "world:%a+%(%s*['\"](%a+)['\"]%s*,%s*['\"]([^'\"]*)$", namespaces },
  { "world:%a+%(%s*['\"](%a+)['\"]%s*,%s*['\"]([^'\"]+)['\"]%s*,%s*['\"]([^'\"]*)$", objects },
}

local function at_place(session, line)
  for _, place in ipairs(PLACES) do
    local found = { line:match(place[1]) }
    if found[1] then
      return place[2](session, found[1], found[2]), found[#found]
    end
  end
end

--- The length of what stands there already, and the names that begin so, a line each.
---@param session Session
---@param line string up to the cursor
---@return string
function M.lines(session, line)
  local set, prefix = at_place(session, line)
  if not set then
    local path
    path, prefix = line:match '([%a_][%w_%.]*)[.:]([%w_]*)$'
    if path then
      set = fields(session, path)
    else
      prefix = line:match '[%a_][%w_%-]*$' or ''
      local before = line:sub(1, #line - #prefix)
      local is_help = before:find '^%s*help%s+$'
      if not is_help and before:find '%S' then
        prefix = line:match '[%a_][%w_]*$' or ''
      end
      set = is_help and require 'tool.repl.help'.names(commands.list) or names(session, not before:find '%S')
    end
  end
  local list = sorted(set, prefix)
  return #list > 0 and #prefix .. '\n' .. table.concat(list, '\n') or '0'
end

return M

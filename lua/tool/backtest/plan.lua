--- A release at its fastest: every check passes, and every query has a value. What the checks would ask is asked, so
--- that it can be counted, and recorded.
local labels_of = require 'tool.promql.labels'
local moments = require 'tool.record.moment'
local release = require 'tool.backtest.release'
local sluice = require 'sluice'

local M = {}

--- A module of the engine's with other functions in it; its lines stay where they are.
local function changed(name, text)
  return ('local M = (function(...) %s\nend)(...)\n%s\nreturn M\n'):format(sluice.source(name), text)
end

local VERDICTS = [[
for _, name in ipairs { 'of', 'of_outcome', 'of_own' } do
  local judge = M[name]
  M[name] = function(...)
    local verdict = judge(...)
    verdict.verdict, verdict.broken, verdict.cause, verdict.problem = 'pass', nil, nil, nil
    return verdict
  end
end]]

local CHECKS = [[
local run = M.run
function M.run(...)
  local outcome, asked = run(...)
  outcome.verdict, outcome.broken, outcome.cause = 'pass', nil, nil
  return outcome, asked
end
function M.judge(value)
  return { verdict = 'pass', value = value, text = 'passes' }
end
function M.blind()
  return { verdict = 'pass', text = 'passes' }
end]]

-- Of min_requests: the query is asked, and there are enough.
local COUNTS = [[
local count = M.count
function M.count(...)
  local counted = count(...)
  counted.value, counted.cause, counted.error = 2 ^ 31, nil, nil
  return counted
end]]

-- Another Canary that is waited for has come. It stands before a module, in its first line.
local COMES = "local ask = require; local function require(name) local found = ask(name) "
  .. "if name ~= 'host' then return found end "
  .. "return setmetatable({ call = function(operation, ...) "
  .. "return operation == 'phase' and { came = true } or found.call(operation, ...) end }, { __index = found }) end "

--- The modules by which every check passes, and no other Canary is waited for.
---@return table<string, string>
function M.modules()
  return { ['stdlib.verdict'] = changed('stdlib.verdict', VERDICTS),
    ['stdlib.checking'] = changed('stdlib.checking', CHECKS),
    ['stdlib.blind_rules'] = changed('stdlib.blind_rules', COUNTS),
    ['stdlib.script_waits'] = COMES .. sluice.source 'stdlib.script_waits' }
end

local BEGIN = '2026-03-09T10:00:00Z' -- a Monday

--- A value for every query.
local function always(value)
  return function(query)
    if value or query == 'vector(1)' then
      return { type = 'vector', value = { labels = { labels_of.NONE }, values = { value or 1 } } }
    end
    return { type = 'vector', value = { labels = {}, values = {} } }
  end
end

---@param setting Setting
---@param options { value: number?, begin: number?, nothing: boolean?, progress: fun(ms: number)? }? value: of every
---  query; nothing: there is none; progress: is told how much is played
---@return Release
function M.play(setting, options)
  options = options or {}
  return release.play(setting, { begin = options.begin or moments.parse(BEGIN), modules = M.modules(),
    ask = always(not options.nothing and (options.value or 1) or nil), limit = release.LIMIT_MS,
    progress = options.progress })
end

return M

--- sluice dryrun: what a release would do, before it does it. --plan: at its fastest; --scenario: in that story.
local moments = require 'tool.record.moment'
local pictures = require 'tool.backtest.pictures'
local plan = require 'tool.backtest.plan'
local process = require 'tool.process'
local readable = require 'tool.readable'
local refusal = require 'tool.backtest.refusal'
local release = require 'tool.backtest.release'
local settings = require 'tool.backtest.setting'
local sluice = require 'sluice'
local stages = require 'tool.backtest.stages'
local telling = require 'tool.backtest.telling'

local M = {}

M.STATUS = { promoted = 0, ['taken back'] = 1, undecided = 3 }

local function say(format, ...)
  print(readable(format:format(...)))
end

local function title(setting, played)
  return ('%s for %s.%s'):format(played.strategy or 'release', setting.name, setting.namespace)
end

local function say_notes(setting)
  for _, note in ipairs(setting.notes) do
    io.stderr:write('sluice dryrun: ', readable(note), '\n')
  end
end

-- A plan ----------------------------------------------------------------------------------------

local function queries_of(played)
  local count = 0
  for _, asked in ipairs(played.asked) do
    count = count + (asked.query ~= 'vector(1)' and 1 or 0)
  end
  return count
end

local function describe_hooks(stage)
  local texts = {}
  for i, hook in ipairs(stage.hooks) do
    texts[i] = ('%s %s (asks %s)'):format(stages.is_gate(hook) and 'gate' or hook.type, hook.name, hook.url)
  end
  return texts
end

--- How many rounds, gates and other hooks there are.
local function counts_of(list)
  local rounds, gates, others, seen = 0, 0, 0, {}
  for _, stage in ipairs(list) do
    rounds = rounds + stage.rounds
    for _, hook in ipairs(stage.hooks) do
      local is_gate = stages.is_gate(hook)
      gates = gates + (is_gate and not seen[hook] and 1 or 0)
      others = others + (not is_gate and not seen[hook] and 1 or 0)
      seen[hook] = true
    end
  end
  return rounds, gates, others
end

local function plan_text(setting, played)
  local list = stages.of(played, setting)
  local rounds, gates, others = counts_of(list)
  say('%s, at its fastest: %s, %s, %s, %s%s', title(setting, played), moments.duration(played.ended - played.began),
    telling.count(rounds, 'round'), telling.count(queries_of(played), 'query', 'queries'),
    telling.count(gates, 'gate'), others > 0 and ', ' .. telling.count(others, 'hook') or '')
  local width = 0
  for _, stage in ipairs(list) do
    width = math.max(width, #stage.what)
  end
  for _, stage in ipairs(list) do
    local details = table.concat(stage.checks, ', ')
    for _, hook in ipairs(describe_hooks(stage)) do
      details = details .. (details ~= '' and '; ' or '') .. hook
    end
    say('%s', (('%s  %-' .. width .. 's  %5s  %s'):format(telling.clock(stage.at), stage.what,
      stage.lasts > 0 and moments.short(stage.lasts) or '', details):gsub('%s+$', '')))
  end
  say('%s  %s', telling.clock(played.ended - played.began), played.decision)
end

--- What a check is asked, and when, is known of a plan; what it measures is not.
local MADE_UP = { 'value', 'margin', 'samples', 'needed', 'text', 'cause', 'problem' }

local function forget_values(checks)
  for _, check in ipairs(checks) do
    for _, field in ipairs(MADE_UP) do
      check[field] = nil
    end
  end
end

local function run_plan(setting, options)
  local played = telling.while_played(options.terminal, function(progress)
    return plan.play(setting, { progress = progress })
  end)
  if played.decision ~= 'promoted' then
    refusal.refuse('%s.%s: it does not come to its end even when every check passes: %s', setting.name,
      setting.namespace, played.problem or telling.why(played) or played.summary or played.decision)
  end
  if not options.json then
    plan_text(setting, played)
  end
  played.stages = stages.of(played, setting)
  forget_values(played.checks)
  return played
end

-- A scenario ------------------------------------------------------------------------------------

--- Plays the acts of a scenario with the objects of the files in the place of its own.
local function run_scenario(setting, options)
  local played = telling.while_played(options.terminal, function(progress)
    return release.play_scenario(setting, options.scenario, progress)
  end)
  if process.interrupted() then
    error('interrupted', 0) -- what it has come to says nothing
  end
  if not options.json then
    say('%s in %s', title(setting, played), options.scenario)
    for _, line in ipairs(telling.lines(played)) do
      say('%s  %-5s %s', telling.clock(line.at), line.mark, line.text)
    end
    say('%s', telling.ending(played))
  end
  return played
end

-- The command -----------------------------------------------------------------------------------

--- Stages for JSON: lists that are empty stay lists.
local function stages_for_json(list)
  local shown = {}
  for i, stage in ipairs(list) do
    shown[i] = {}
    for field, value in pairs(stage) do
      shown[i][field] = type(value) == 'table' and sluice.list(value) or value
    end
  end
  return sluice.list(shown)
end

--- What programs get of a release.
---@param setting Setting
---@param played Release
---@return table
function M.document(setting, played)
  return { version = 1, canary = setting.namespace .. '/' .. setting.name, decision = played.decision,
    problem = played.problem, strategy = played.strategy, began = moments.text(played.began),
    ended = moments.text(played.ended), lasted = played.ended - played.began,
    steps = sluice.list(played.steps), checks = sluice.list(played.checks), events = sluice.list(played.events),
    hooks = sluice.list(played.hooks), asked = sluice.list(played.asked),
    stages = played.stages and stages_for_json(played.stages), notes = sluice.list(setting.notes) }
end

local function run(options)
  local setting = settings.new(options.manifests, options.canary)
  say_notes(setting)
  local played = (options.scenario and run_scenario or run_plan)(setting, options)
  return { status = M.STATUS[played.decision], document = options.json and M.document(setting, played) or nil,
    html = options.html and pictures.release(title(setting, played), played, setting.notes) or nil }
end

---@param options { manifests: table[], canary: string?, scenario: string?, json: boolean, html: boolean,
---  terminal: boolean } terminal: standard error is one
---@return table
function M.run(options)
  return refusal.guard(run, options)
end

return M

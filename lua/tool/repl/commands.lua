--- The commands of the console. A line that is none of them is Lua.
local console = require 'tool.console'
local show = require 'tool.repl.show'
local nearest = require 'tool.nearest'

local M = {}

---@class Command
---@field name string
---@field short string? another name
---@field form string how it is written
---@field says string what it does
---@field run fun(session: Session, argument: string): integer? status

local RUN_LIMIT = 10000 -- words of one `run` or `until`: the end of a story that has none

local function problem(format, ...)
  error({ problem = select('#', ...) > 0 and format:format(...) or format }, 0)
end

--- 'podinfo:2' of "'podinfo:2'", "('podinfo:2')" or "podinfo:2".
local function text_of(argument)
  argument = argument:match '^%s*%((.*)%)%s*$' or argument
  local quoted = argument:match "^%s*'([^']*)'%s*$" or argument:match '^%s*"([^"]*)"%s*$'
  return quoted or argument:match '^%s*(.-)%s*$', quoted ~= nil
end

local function count_of(argument, name)
  local text = text_of(argument)
  if text == '' then
    return 1
  end
  local count = tonumber(text)
  if not count or count < 1 or count % 1 ~= 0 then
    problem('%s: a whole number from 1 on is wanted, got %s', name, text)
  end
  return count
end

-- Where the world is ----------------------------------------------------------------------------

local function place_of(session)
  if session.recorded then
    return session:place()
  end
  local canary = session:focus()
  if not canary then
    return 'no Canary'
  end
  local key = canary.namespace .. '/' .. canary.name
  local phase = session.kept.phases[key]
  local weight = session.world:weight(key)
  return ('%s.%s %s, weight %d'):format(canary.name, canary.namespace, phase or 'without a phase', weight)
end

local function tell_here(session)
  session:tell(nil, '', { place_of(session) })
end

-- Walking ---------------------------------------------------------------------------------------

local function tell_end(session, why)
  if why == 'interrupted' then
    session:say 'interrupted'
    return 130
  elseif why == 'nothing' and session.recorded then
    problem('this is the end of the record: %s', place_of(session))
  elseif why == 'nothing' then
    local open = session:open_release()
    if open then
      problem('nothing has come for 6 h of virtual time (until +24h goes on): %s', place_of(session))
    end
    problem('no release is under way: deploy IMAGE begins one (%s)', place_of(session))
  end
end

local function deploy(session, argument)
  local image, canary = argument:match "^%s*(%S+)%s+([%w%-%./]+)%s*$"
  image = text_of(image or argument)
  if image == '' then
    problem('deploy: an image is wanted, such as podinfo:2')
  end
  session:focus_on(canary)
  canary = session:key()
  session:settle(canary)
  local pushed_ms = session.world:now()
  session.world:deploy(image, canary)
  session.step = session.step + 1
  local line = session.line
  line.image, line.canary, line.pushed_ms = image, #session.kept.canaries > 1 and canary or nil, pushed_ms
  session:flush()
  local release = session.world:release(canary)
  session:tell(session.world:now(), 'deploy', { ('%s → %s, release %s has begun'):format(
    session.world:primary(canary) or 'nothing', image, release and release.metadata.name or '?') })
end

local function play(session)
  if session.acts then
    problem 'play: the acts of the scenario are under way already'
  end
  session:play()
  session.step = session.step + 1
  session.line.kind = 'lua'
  session.line.text = 'world:begin_acts()'
end

local function step(session, argument)
  return tell_end(session, session:walk_on(count_of(argument, 's')))
end

local function back(session, argument)
  local count = count_of(argument, 'b')
  if session.step == 0 then
    problem('this is the beginning')
  end
  console.give('B', 0, math.max(0, session.step - count), '')
  return 'back'
end

local function run_to_end(session)
  local key = session:open_release()
  if not key then
    return tell_end(session, 'nothing')
  end
  local why = session:walk_on(RUN_LIMIT, function()
    return not session:open_release()
  end)
  if why == 'count' then
    problem('the release has not ended after %d words', RUN_LIMIT)
  end
  local status = tell_end(session, why)
  if not status then
    tell_here(session)
  end
  return status
end

local PHASES = { Initializing = true, Initialized = true, Waiting = true, Progressing = true, WaitingPromotion = true,
  Promoting = true, Finalising = true, Succeeded = true, Failed = true }

local function clock_ms(text)
  local hours, minutes, seconds = text:match '^(%d+):(%d%d):(%d%d%.?%d*)$'
  if not hours then
    hours, minutes, seconds = 0, text:match '^(%d+):(%d%d%.?%d*)$'
  end
  return minutes and math.floor(((hours * 60 + minutes) * 60 + seconds) * 1000 + 0.5)
end

local UNITS = { ms = 1, s = 1000, m = 60 * 1000, h = 60 * 60 * 1000 }

local function duration_ms(text)
  local value, unit = text:match '^%+?([%d%.]+)(%a+)$'
  return value and UNITS[unit] and tonumber(value) and tonumber(value) * UNITS[unit]
end

--- When it is meant, if it is a time; otherwise what must come true.
local function wish_of(session, argument)
  local text, quoted = text_of(argument)
  if text == '' then
    problem("until: an event ('Halt'), a phase (Promoting), a weight (20) or a time (12:30, 10m) is wanted")
  end
  return M.wish(session, text, quoted)
end

function M.wish(session, text, quoted)
  if session.recorded then
    return function()
      return session:matches((text:gsub('^weight%s+', ''):gsub('%s*%%$', '')))
    end
  end
  local world = session.world
  local weight = not quoted and tonumber((text:gsub('^weight%s+', ''):gsub('%s*%%$', '')))
  if weight then
    return function()
      return world:weight(session:key()) == weight
    end
  elseif not quoted and (clock_ms(text) or duration_ms(text)) then
    return nil, clock_ms(text) or world:now() + duration_ms(text)
  elseif PHASES[text] then
    return function()
      return world:phase(session:key()) == text
    end
  end
  local from = #session.kept.told
  session.line.told = text
  return function()
    for i = from + 1, #session.kept.told do
      if session.kept.told[i].text:find(text, 1, true) then
        return true
      end
    end
    return false
  end
end

local DAY_MS = 24 * 60 * 60 * 1000
local FAR_MS = 31 * DAY_MS -- some seconds of work

--- Words that end before this time, and what is left of it.
local function walk_to(session, at)
  if at < session.world:now() then
    problem('until: it is%s already; b goes back', session:clock())
  end
  local most = session.world:now() + FAR_MS
  session.until_ms = math.min(at, most)
  local why = session:walk_on(RUN_LIMIT, function()
    return session.world:now() >= session.until_ms
  end)
  session.until_ms = nil
  if why == 'over' and at > most then
    problem('until: no more than %d days pass in one line, and it is %s now: %s', FAR_MS / DAY_MS,
      session:clock():match '%S+', place_of(session))
  end
  return why
end

local function run_until(session, argument)
  local wish, at = wish_of(session, argument)
  if not session.recorded and wish and wish() then
    problem('until: it is so already (%s)', place_of(session))
  end
  local why
  if at then
    why = walk_to(session, at)
  else
    why = session:walk_on(RUN_LIMIT, wish)
  end
  if at and why == 'nothing' then -- time stands still in a world without a timer
    session:tell(nil, '', { 'nothing comes any more: ' .. place_of(session) })
    return
  elseif why == 'count' then
    problem('until: it has not come in %d words', RUN_LIMIT)
  elseif why == 'nothing' then
    problem('until: it has not come%s: %s', session:open_release() and not session.recorded
      and ' for 6 h of virtual time (until +24h goes on)' or '', place_of(session))
  end
  return tell_end(session, why)
end

-- Telling ---------------------------------------------------------------------------------------

local function why(session)
  for _, line in ipairs(require 'tool.repl.why'.lines(session)) do
    session:say(show.fold(line, session.columns, 8))
  end
end

local function what_if(session, argument)
  local what = argument:gsub('^%s+', ''):gsub('%s+$', ''):gsub('%s+', ' ')
  if what ~= 'metrics unknown' then
    problem('what-if: metrics unknown is wanted%s', what ~= '' and ', got ' .. what or '')
  end
  for _, line in ipairs(require 'tool.repl.what_if'.metrics_unknown(session)) do
    session:say(show.fold(line, session.columns, 8))
  end
end

local function save(session, argument)
  local file = text_of(argument)
  if file == '' then
    problem 'save: NAME_spec.lua or NAME.yaml is wanted'
  end
  session:say(require 'tool.repl.save'.save(session, file))
end

local function words(session)
  local scope = require 'tool.repl.scope'
  session:say('here        ' .. table.concat(scope.WORDS, ', '))
  session:say('facts       canary, release, world')
  local acting = require 'stdlib.words'.known(require 'stdlib.script_words')
  table.sort(acting)
  session:say(show.fold('a strategy  ' .. table.concat(acting, ', '), session.columns, 12))
  session:say 'help WORD says what it does'
end

local function help(session, argument)
  local topic = text_of(argument)
  for _, line in ipairs(require 'tool.repl.help'.lines(topic, M.list)) do
    session:say(line)
  end
end

local function quit()
  return 'quit'
end

---@type Command[]
M.list = {
  { name = 'deploy', short = 'd', form = 'deploy IMAGE [CANARY]', run = deploy,
    says = 'push a version, and wait until its release has begun; from then on this Canary is meant' },
  { name = 'play', short = 'p', form = 'play', run = play,
    says = 'the acts and faults of the scenario come from now on, as time passes' },
  { name = 'step', short = 's', form = 's [COUNT]', run = step,
    says = 'the next word of the release, or so many: what it asked, and what came back' },
  { name = 'back', short = 'b', form = 'b [COUNT]', run = back,
    says = 'back before the last word or change, or so many; the world goes back with it' },
  { name = 'until', short = 'u', form = "until 'TEXT'|PHASE|WEIGHT|TIME", run = run_until,
    says = "to the first event with this text ('Halt'), a phase (Promoting), a share (20), a time (12:30 or 10m)" },
  { name = 'run', short = 'r', form = 'run', run = run_to_end, says = 'to the end of the release' },
  { name = 'why', form = 'why', run = why,
    says = 'the last verdicts: what came, what was wanted, who asked; what it waits for, or who ended it' },
  { name = 'what-if', form = 'what-if metrics unknown', run = what_if,
    says = 'what the release would wait for, and what would come of it, if Prometheus answered nothing from now on' },
  { name = 'save', form = 'save FILE', run = save,
    says = 'what was done here, as a spec that passes (NAME_spec.lua), or as a scenario (NAME.yaml)' },
  { name = 'words', form = 'words', run = words, says = 'what can be named here' },
  { name = 'help', short = 'h', form = 'help [WORD]', run = help, says = 'this, or what a word does' },
  { name = 'quit', short = 'q', form = 'q', run = quit, says = 'end' },
  { name = 'here', form = 'here', run = tell_here, says = 'where the release is' },
}

--- What a record has nothing to do with.
local NEEDS_WORLD = { deploy = true, play = true, ['what-if'] = true, save = true }

local by_name = {}
for _, command in ipairs(M.list) do
  by_name[command.name] = command
  if command.short then
    by_name[command.short] = command
  end
end

--- What stands before ' -- a remark', which is none within quotes.
local function without_comment(rest)
  local at = 1
  while true do
    local from = rest:find('%-%-', at)
    if not from then
      return rest
    end
    local before = rest:sub(1, from - 1)
    local _, single = before:gsub("'", '')
    local _, double = before:gsub('"', '')
    if single % 2 == 0 and double % 2 == 0 and (before == '' or before:find '%s$') then
      return before
    end
    at = from + 1
  end
end

--- The command of a line and what stands behind it; nil: it is Lua. An assignment, a field or an operator behind a name
--- makes it Lua: `s = 5`, `run.x`.
---@param session Session
---@param line string
---@return Command? command
---@return string? argument
function M.find(session, line)
  local name, rest = line:match '^%s*([%a][%w%-]*)(.*)$'
  local command = name and by_name[name]
  if not command or rest:find '^%s*[=:%[,%*<>~]' or rest:find '^%S' and not rest:find "^[%('\"]" then
    return nil
  elseif command.name ~= 'save' and rest:find '^%s*[%./]' then
    return nil
  elseif rest:find '^%s*%+' and not rest:find '^%s*%+%d+%a' then
    return nil -- a sum, and no time as in `until +10m`
  elseif rawget(session.env, name) ~= nil and not rest:find '%S' then
    return nil -- a variable of the user's
  end
  rest = without_comment(rest)
  if session.recorded and NEEDS_WORLD[command.name] then
    return { name = command.name, run = function()
      problem('%s: a record is walked as it happened: nothing can be changed', command.name)
    end }, rest
  end
  return command, rest
end

M.problem = problem

function M.nearest(name)
  return nearest.known(name, by_name)
end

return M

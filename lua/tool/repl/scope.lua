--- What a line of the console can name: the facts of the world, the words that only read, Lua's own library without
--- what reaches out of it, and the variables of the user.
local arguments = require 'stdlib.arguments'
local asking = require 'tool.repl.asking'
local console = require 'tool.console'
local facts = require 'tool.repl.facts'
local nearest = require 'tool.nearest'
local show = require 'tool.repl.show'

local M = {}

local OWN_PLACE = '^tool/[%w_/]+%.lua:%d+: ' -- which says nothing to the user

--- Lua's own words for a line, without what the console has put around it.
local function plain(raised)
  return (tostring(raised):gsub(OWN_PLACE, ''):gsub('^line:1: ', ''):gsub('^line:(%d+): ', 'line %1: '))
end

M.plain = plain

--- Of Lua's own; no file, process, module or foreign code is among them.
local LIBRARY = { 'assert', 'error', 'getmetatable', 'ipairs', 'next', 'pairs', 'pcall', 'rawequal', 'rawget', 'rawset',
  'select', 'setmetatable', 'tonumber', 'tostring', 'type', 'unpack', 'xpcall', 'math', 'table', 'string', 'bit' }

--- Methods of a world that change it, so that a line which calls one is a step.
local CHANGING = { deploy = true, settle = true, run = true, run_until = true, finish = true, play = true, patch = true,
  create = true, update = true, restore = true, delete = true, version = true, traffic = true, blind = true,
  answer = true, serve = true, start_engine = true, close_engine = true, kill_engine = true, strike_at = true,
  after = true, play_acts = true, begin_acts = true, fates = true }

--- What the console needs itself, or which would take the world away.
local KEPT = { close = 'q ends the console', witness = 'the console listens already' }

-- The world -------------------------------------------------------------------------------------

local function unknown(what, name, known)
  return ('%s: there is no %s%s'):format(what, name, nearest.known(name, known))
end

local function methods_of(world)
  local meta = debug.getmetatable(world)
  return meta.__index
end

local METHOD_ARGUMENT = "bad argument #(%d+) to '%?' %((.*)%)$"

--- Lua knows no name of a function that is called through another one, and counts the world as the first argument.
local function with_name(method, raised)
  if type(raised) ~= 'string' then
    return raised
  end
  return (plain(raised):gsub(METHOD_ARGUMENT, function(number, problem)
    return ('world:%s: argument %d: %s'):format(method, number - 1, problem)
  end))
end

--- What a method gives, with the handle in the place of the world.
local function give(session, handle, method, ok, ...)
  if not ok then
    error(with_name(method, (...)), 0)
  elseif rawequal((...), session.world) then
    return handle, select(2, ...)
  end
  return ...
end

--- world, as a line sees it: the same methods, and each change is counted.
local function world_of(session)
  local methods = methods_of(session.world)
  local handle = {}
  local wrapped = {}
  local function wrap(name)
    return function(self, ...)
      if self ~= handle then
        error(('world:%s: a colon is wanted: world:%s(…)'):format(name, name), 2)
      elseif KEPT[name] then
        error(('world:%s: not here: %s'):format(name, KEPT[name]), 2)
      elseif CHANGING[name] then
        session:note_change(name, ...)
      end
      return give(session, handle, name, pcall(methods[name], session.world, ...))
    end
  end
  return setmetatable(handle, {
    __index = function(_, name)
      if type(methods[name]) ~= 'function' then
        error(unknown('world', tostring(name), methods), 2)
      end
      wrapped[name] = wrapped[name] or wrap(name)
      return wrapped[name]
    end,
    __newindex = function()
      error('world: its methods are fixed', 2)
    end,
    __metatable = false,
    __tostring = function()
      return ('the world of %s at%s'):format(session.file, session:clock())
    end,
  })
end

--- The names of the world's methods that a line may call.
function M.methods(session)
  local names = {}
  for name in pairs(methods_of(session.world)) do
    names[name] = not KEPT[name] or nil
  end
  return names
end

M.CHANGING = CHANGING

-- Words -----------------------------------------------------------------------------------------

local function words_of(session)
  local words = {}

  function words.check(name, params)
    return asking.check(session, arguments.check('check', name, params))
  end

  function words.query(text)
    return asking.query(session, arguments.query('query', text))
  end

  function words.query_range(text, span, step)
    arguments.query_range('query_range', text, span, step)
    return asking.query_range(session, text, span, step)
  end

  function words.now()
    return math.floor(asking.facts(session).now / 1000)
  end

  function words.elapsed()
    local here = asking.facts(session)
    return here.started and math.floor((here.now - here.started) / 1000) or nil
  end

  function words.weights()
    return asking.facts(session).route
  end

  function words.revision()
    return asking.facts(session).revision
  end

  function words.replicas(side)
    local counts = asking.facts(session).replicas or {}
    return side == nil and counts or counts[arguments.side('replicas', side)]
  end

  function words.history(count)
    local list, most = {}, count == nil and 10 or arguments.count('history', count)
    local here = asking.facts(session)
    for _, release in ipairs(session.world:list('releases.sluice.dev', here.namespace)) do
      if release.spec.canary == here.name and #list < most then
        table.insert(list, 1, { name = release.metadata.name, outcome = release.status and release.status.state })
      end
    end
    return list
  end

  return words
end

--- Words of strategies that do something.
local function acting()
  local names = {}
  for _, name in ipairs(require 'stdlib.words'.known(require 'stdlib.script_words')) do
    names[name] = true
  end
  return names
end

M.WORDS = { 'check', 'query', 'query_range', 'now', 'elapsed', 'weights', 'revision', 'replicas', 'history' }

-- The scope -------------------------------------------------------------------------------------

local function printer(session)
  return function(...)
    local texts = {}
    for i = 1, select('#', ...) do
      texts[i] = show.value((select(i, ...)), session.columns)
    end
    session:say(table.concat(texts, '\t'))
  end
end

local function copy_of(library)
  local copy = {}
  for name, value in pairs(library) do
    copy[name] = value
  end
  return copy
end

--- Lua's own, as copies: the console goes by the same functions, and a line that sets `string.format` sets its own.
local function library(session)
  local names = {}
  for _, name in ipairs(LIBRARY) do
    local value = _G[name]
    names[name] = type(value) == 'table' and copy_of(value) or value
  end
  names.getmetatable = function(value)
    if type(value) == 'string' then
      return false -- it is that of all texts, the console's among them
    end
    return getmetatable(value)
  end
  names.os = { time = os.time, date = os.date, clock = os.clock, difftime = os.difftime }
  names.print = printer(session)
  return names
end

--- The variables of the user, over names that are fixed and names that are found out when they are asked for.
local function with_names(session, fixed, live)
  local known = {}
  for name in pairs(fixed) do
    known[name] = true
  end
  for name in pairs(live) do
    known[name] = true
  end
  local acts = acting()
  local env = {}
  session.names = known
  return setmetatable(env, {
    __index = function(_, name)
      if live[name] then
        local value = live[name](session)
        if value == nil then
          error(('%s: there is none yet; deploy IMAGE begins a release'):format(name), 2)
        end
        return session.handed:give(name, value)
      elseif fixed[name] ~= nil then
        return fixed[name]
      elseif acts[name] then
        error(('%s is a word of a strategy: nothing that is typed here is a word of the release'):format(name)
          .. (session.recorded and '' or '; world:… changes the world'), 2)
      end
      for variable in pairs(env) do
        known[variable] = type(variable) == 'string' or nil
      end
      error(('there is no %s%s'):format(tostring(name), nearest.known(tostring(name), known)), 2)
    end,
    __newindex = function(_, name, value)
      if live[name] or name == 'world' and fixed.world then
        error(('%s can only be read: a variable needs another name'):format(name), 2)
      end
      rawset(env, name, value)
    end,
    __metatable = false,
  })
end

--- Of a record: how the release is after the word that was told last.
local function at_of(session)
  return { word = session.index, of = #session.words, weight = session.weight, time = session:clock():match '%S+' }
end

---@return table env variables of the user, over all the rest
function M.new(session)
  local fixed = library(session)
  session.handed = facts.handed()
  if session.recorded then
    return with_names(session, fixed, { release = facts.release, at = at_of, canary = facts.recorded_canary })
  end
  for name, word in pairs(words_of(session)) do
    fixed[name] = word
  end
  fixed.world = world_of(session)
  session.handle = fixed.world
  return with_names(session, fixed, { canary = facts.canary, release = facts.release })
end

-- Lines -----------------------------------------------------------------------------------------

local function compile(text)
  local chunk = loadstring('return ' .. text, '=line')
  if chunk then
    return chunk, nil, true
  end
  return loadstring(text, '=line')
end

--- False: something is missing at its end.
---@param text string
function M.is_whole(text)
  for _, form in ipairs { 'return ' .. text, text } do
    local chunk, problem = loadstring(form, '=line')
    if chunk then
      return true
    elseif problem:find "near '<eof>'$" then
      return false
    end
  end
  return true
end

--- Runs a line of Lua.
---@return boolean ok
---@return string? shown of an expression; or what was raised
function M.run(session, text)
  if text:byte() == 27 then
    return false, 'a line of text is wanted, this is machine code'
  end
  local chunk, problem = compile(text)
  if not chunk then
    return false, plain(problem)
  end
  setfenv(chunk, session.env)
  session.handed = facts.handed()
  local values = { n = 0 }
  local function keep(ok, ...)
    values = { n = select('#', ...), ... }
    return ok
  end
  if not keep(pcall(chunk)) then
    local raised = values[1]
    if console.interrupted() then
      console.leave()
    elseif raised == 'not enough memory' then -- nothing can be relied on any more
      console.give('E', 0, 0, 'the line was ended: it wants more memory than there is for it (2 GiB)\n')
      console.leave()
    elseif type(raised) == 'table' and raised.order then
      error(raised, 0)
    end
    return false, type(raised) == 'table' and show.value(raised, session.columns) or plain(raised)
  end
  local unset = session.handed:problem()
  if unset then
    return false, unset
  end
  if values.n == 1 and rawequal(values[1], session.handle) then -- most of its methods give the world
    return true, text:find '^%s*world%s*$' and tostring(session.handle) or nil
  end
  local texts = {}
  for i = 1, values.n do
    texts[i] = show.value(values[i], session.columns)
  end
  return true, values.n > 0 and table.concat(texts, '\t') or nil
end

M.interrupted = console.interrupted

return M

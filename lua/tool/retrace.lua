--- The way of a spec through a world once more, by `sluice repl`: what the spec did to the world, and when, as lines of
--- the console.
local M = {}

--- Methods by which time passes, and nothing else is done.
local PASSING = { run = true, run_until = true, finish = true, settle = true }

--- Methods that change a world, or what becomes of it.
local CHANGING = { deploy = true, play = true, begin_acts = true, patch = true, create = true, update = true,
  restore = true, delete = true, version = true, traffic = true, blind = true, answer = true, serve = true,
  start_engine = true, close_engine = true, kill_engine = true, strike_at = true, after = true, play_acts = true,
  fates = true }

local LENGTH_MAX = 400 -- of the command, which is there to be typed

---@class Step
---@field name string of the method
---@field args table with n
---@field at integer
---@field waited boolean time has passed on purpose since the step before

local steps = setmetatable({}, { __mode = 'k' }) ---@type table<sluice.World, Step[]>

--- What is called from within the methods is no step of the spec.
local function is_of_spec(level)
  local info = debug.getinfo(level + 1, 'S')
  return not (info and info.source:find '^@?tool/')
end

local function note(world, name, ...)
  local list = steps[world]
  if PASSING[name] then
    list.waited = true
    return
  end
  list[#list + 1] = { name = name, args = { n = select('#', ...), ... }, at = world:now(), waited = list.waited }
  list.waited = false
end

local function wrap(methods, name)
  local call = methods[name]
  methods[name] = function(world, ...)
    if steps[world] and is_of_spec(2) then
      pcall(note, world, name, ...) -- a closed world says so itself
    end
    return call(world, ...)
  end
end

local is_wrapped = false

--- What is done to this world from now on is noted.
---@param world sluice.World
function M.follow(world)
  steps[world] = {}
  if is_wrapped then
    return
  end
  is_wrapped = true
  local methods = debug.getmetatable(world).__index
  for _, names in ipairs { PASSING, CHANGING } do
    for name in pairs(names) do
      if methods[name] then
        wrap(methods, name)
      end
    end
  end
end

--- What was done may hold the world itself, in a function, so that it would never go by itself.
---@param world sluice.World
function M.forget(world)
  steps[world] = nil
end

-- As lines --------------------------------------------------------------------------------------

local literal

local function fields(value)
  local texts, count = {}, #value
  for i = 1, count do
    texts[i] = literal(value[i])
  end
  local names = {}
  for name in pairs(value) do
    if type(name) == 'string' then
      names[#names + 1] = name
    elseif type(name) ~= 'number' or name < 1 or name > count or name % 1 ~= 0 then
      error 'a key that no text says'
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    texts[#texts + 1] = ('[%s] = %s'):format(literal(name), literal(value[name])):gsub('^%["([%a_][%w_]*)"%]', '%1')
  end
  return texts
end

--- A value as Lua reads it; raises where there is no such text.
function literal(value)
  if type(value) == 'string' then
    return (('%q'):format(value):gsub('\\\n', '\\n'))
  elseif type(value) == 'table' then
    local texts = fields(value)
    return texts[1] and '{ ' .. table.concat(texts, ', ') .. ' }' or '{}'
  elseif type(value) == 'number' and value - value == 0 then
    return ('%.14g'):format(value)
  elseif type(value) == 'boolean' or value == nil then
    return tostring(value)
  end
  error 'no text says this'
end

local function call_text(step)
  local texts = {}
  for i = 1, step.args.n do
    texts[i] = literal(step.args[i])
  end
  return ('world:%s(%s)'):format(step.name, table.concat(texts, ', '))
end

local WORD = '^[%w%-%._/:@]+$'

local function line_of(step)
  local image, canary = step.args[1], step.args[2]
  if step.name == 'deploy' and type(image) == 'string' and image:find(WORD)
    and (canary == nil or tostring(canary):find(WORD)) then
    return 'deploy ' .. image .. (canary and ' ' .. canary or '')
  elseif step.name == 'play' or step.name == 'begin_acts' or step.name == 'play_acts' then
    return 'play'
  end
  return call_text(step)
end

--- '2:11', '2:11.25'
local function clock(ms)
  local text = ('%d:%06.3f'):format(math.floor(ms / 60000), ms % 60000 / 1000)
  return (text:gsub('%.?0+$', ''))
end

local function lines_of(list)
  local lines = {}
  for _, step in ipairs(list) do
    if step.waited then
      lines[#lines + 1] = 'until ' .. clock(step.at)
    end
    lines[#lines + 1] = line_of(step)
  end
  return lines
end

local function quoted(text)
  return text:find '^[%w%-%._/:@,=]+$' and text or "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The command that goes where a spec went, up to the second in which the spec was over with the world. Nil: no command
--- does that, because something was a function, or was there before the world.
---@param kept AuthorWorld
---@return string?
function M.command(kept)
  local list = steps[kept.world] or {}
  local ok, lines = pcall(lines_of, list)
  if not ok or not lines[1] or not kept.is_plain or not kept.ended_ms then
    return nil
  end
  local words = { 'sluice repl', quoted(kept.file) }
  for _, line in ipairs(#lines == 1 and lines[1] == 'play' and {} or lines) do
    words[#words + 1] = '-e ' .. quoted(line)
  end
  words[#words + 1] = '--until ' .. clock((math.floor(kept.ended_ms / 1000) + 1) * 1000) -- over all of that second
  local text = table.concat(words, ' ')
  return #text <= LENGTH_MAX and text or nil
end

return M

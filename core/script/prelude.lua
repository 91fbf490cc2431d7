-- The Lua half of the sandbox: our versions of what the standard library offers, the environments, and `require`.
--
-- In Lua and not in C, because what Lua runs can be stopped by the hook, and may wait. core/script/sandbox.c runs this
-- file in each new VM, and so do the specs (spec/sandbox.lua). It is given
--   raw     the globals of LuaJIT, which it empties at the end
--   source  the function of a module, by its name, the name of its place and its environment; nil for an unknown one,
--           nil and why for one that does not compile. By the name alone its text; without a name, the names of the
--           modules that the release has pinned
--   log     takes a line
--   host    the primitives, for stdlib alone
-- and returns the `require` of the engine.
local raw, source, log, host = ...

local type, error, pcall, select, unpack = raw.type, raw.error, raw.pcall, raw.select, raw.unpack
local rawget, raw_rawset, raw_next = raw.rawget, raw.rawset, raw.next
local raw_load, raw_tostring = raw.load, raw.tostring
local raw_getmetatable, raw_setmetatable = raw.getmetatable, raw.setmetatable
local raw_create, raw_resume, raw_yield = raw.coroutine.create, raw.coroutine.resume, raw.coroutine.yield
local raw_running, raw_status = raw.coroutine.running, raw.coroutine.status
local raw_sort, raw_insert, concat = raw.table.sort, raw.table.insert, raw.table.concat
local raw_format, raw_gsub, raw_rep = raw.string.format, raw.string.gsub, raw.string.rep
local find, match, gmatch = raw.string.find, raw.string.match, raw.string.gmatch
local sub, byte = raw.string.sub, raw.string.byte

local TEXT_MAX, CHUNK_MAX, DEPTH_MAX, VALUES_MAX, FRAMES_MAX = 1048576, 65536, 16, 200, 40

local function wanted(place, name, kind, value, level)
  error(raw_format("bad argument #%d to '%s' (%s expected, got %s)", place, name, kind, type(value)), level or 3)
end

-- pairs and next: numbers, then strings, each in order, then what is left. LuaJIT's own order differs between
-- processes, and a script that is replayed elsewhere must walk its tables the same way. Keys without an order are
-- refused once there are two of them.
local function order_rest(rest)
  local a, b = rest[1], rest[2]
  if #rest > 2 or type(a) ~= 'boolean' or type(b) ~= 'boolean' then
    error('pairs: keys that are tables or functions have no order that survives a restart', 4)
  end
  rest[1], rest[2] = false, true
end

local function ordered_keys(t)
  local keys, strings, rest = {}, {}, {}
  local n, s, r = 0, 0, 0
  for key in raw_next, t do
    local kind = type(key)
    if kind == 'number' then n = n + 1; keys[n] = key
    elseif kind == 'string' then s = s + 1; strings[s] = key
    else r = r + 1; rest[r] = key end
  end
  if n > 1 then raw_sort(keys) end
  if s > 1 then raw_sort(strings) end
  if r > 1 then order_rest(rest) end
  for i = 1, s do keys[n + i] = strings[i] end
  for i = 1, r do keys[n + s + i] = rest[i] end
  return keys, n + s + r
end

local function pairs(t)
  if type(t) ~= 'table' then wanted(1, 'pairs', 'table', t) end
  local keys, count = ordered_keys(t)
  local at = 0
  return function()
    while at < count do
      at = at + 1
      local value = rawget(t, keys[at])
      if value ~= nil then return keys[at], value end
    end
  end, t, nil
end

-- The walk that next is in: a loop over next sorts once, not once per step.
local walk_table, walk_keys, walk_count, walk_at
local function next(t, key)
  if type(t) ~= 'table' then wanted(1, 'next', 'table', t) end
  if key == nil and raw_next(t) == nil then return nil end
  if key == nil or t ~= walk_table or walk_keys[walk_at] ~= key then
    local keys, count = ordered_keys(t)
    local at = 0
    if key ~= nil then
      at = 1
      while at <= count and keys[at] ~= key do at = at + 1 end
      if at > count then error("invalid key to 'next'", 2) end
    end
    walk_table, walk_keys, walk_count, walk_at = t, keys, count, at
  end
  while walk_at < walk_count do
    walk_at = walk_at + 1
    local value = rawget(t, walk_keys[walk_at])
    if value ~= nil then return walk_keys[walk_at], value end
  end
  walk_table = nil
  return nil
end

-- No addresses: they differ between runs and tell about memory.
local function tostring(value)
  local kind = type(value)
  if kind == 'string' then return value end
  if kind == 'number' or kind == 'boolean' or kind == 'nil' then return raw_tostring(value) end
  local meta = raw_getmetatable(value)
  local handler = type(meta) == 'table' and rawget(meta, '__tostring') or nil
  if handler == nil then return kind end
  local text = handler(value)
  if type(text) ~= 'string' then error("'__tostring' must return a string", 2) end
  return text
end

-- The handler runs after unwinding: inside an error LuaJIT runs it with hooks off, where nothing could stop it.
local function caught(handler, ok, ...)
  if ok then return true, ... end
  return false, select(2, pcall(handler, ...))
end
local function xpcall(f, handler, ...)
  return caught(handler, pcall(f, ...))
end

-- A script must not depend on the garbage collector. What a metatable becomes later is looked at before the script
-- can act on it: see check_metatables.
local metatables = raw_setmetatable({}, { __mode = 'k' })
local GC_PROBLEM = 'neither __gc nor __mode: a script must not depend on the garbage collector'
local function has_gc_field(meta)
  return rawget(meta, '__gc') ~= nil or rawget(meta, '__mode') ~= nil
end

local function setmetatable(t, meta)
  if type(meta) == 'table' then
    if has_gc_field(meta) then error('setmetatable: ' .. GC_PROBLEM, 2) end
    metatables[meta] = true
  end
  return raw_setmetatable(t, meta)
end

local function check_metatables()
  for meta in raw_next, metatables do
    if has_gc_field(meta) then error('a metatable was given a field of the garbage collector: ' .. GC_PROBLEM, 0) end
  end
end

local function print(...)
  local parts = {}
  for i = 1, select('#', ...) do parts[i] = tostring((select(i, ...))) end
  log(concat(parts, '\t'))
end

local function format(form, ...)
  if type(form) ~= 'string' then wanted(1, 'format', 'string', form) end
  local args, count, at = { ... }, select('#', ...), 0
  for kind in gmatch(form, '%%[-+ #0]*%d*%.?%d*(.)') do
    if kind ~= '%' then
      at = at + 1
      if kind == 'p' then error("bad argument #1 to 'format' (%p would give an address away)", 2) end
      if (kind == 's' or kind == 'q') and at <= count then args[at] = tostring(args[at]) end
    end
  end
  return raw_format(form, unpack(args, 1, count))
end

local function rep(s, n, separator)
  if type(s) == 'number' then s = raw_tostring(s) end
  if type(s) ~= 'string' then wanted(1, 'rep', 'string', s) end
  if type(n) ~= 'number' then wanted(2, 'rep', 'number', n) end
  if separator ~= nil and type(separator) ~= 'string' then wanted(3, 'rep', 'string', separator) end
  local size = #s + (separator and #separator or 0)
  if n < 1 or size == 0 then return '' end
  if size * n > TEXT_MAX or n ~= n then error('rep: a result above 1048576 bytes', 2) end
  if separator == nil then return raw_rep(s, n) end
  return raw_rep(s .. separator, n - 1) .. s
end

-- A pattern runs in C, where no hook reaches it. One that may take long is preceded by a note of the script's line, so
-- that a kill can name it.
local LIGHT_MAX = 256
local note_place = raw.note_place or function() end

local function note_heavy(name, s, pattern)
  if type(s) ~= 'string' and type(s) ~= 'number' then wanted(1, name, 'string', s, 4) end
  if type(pattern) ~= 'string' and type(pattern) ~= 'number' then wanted(2, name, 'string', pattern, 4) end
  if type(s) == 'string' and type(pattern) == 'string' and #s * #pattern > LIGHT_MAX and find(pattern, '[*+?-]') then
    note_place()
  end
end

local function careful(name, f)
  return function(s, pattern, ...)
    note_heavy(name, s, pattern)
    return f(s, pattern, ...)
  end
end

-- gsub with a function or a table: in Lua, because a callback from C cannot wait, and nests on the C stack until
-- that is gone.
local function replacement(value, whole)
  local kind = type(value)
  if value == nil or value == false then return whole end
  if kind ~= 'string' and kind ~= 'number' then error('invalid replacement value (a ' .. kind .. ')', 4) end
  return value
end

local function chosen(by, whole, first, ...)
  if first == nil then first = whole end
  if type(by) == 'table' then return replacement(by[first], whole) end
  return replacement(by(first, ...), whole)
end

local function split(s, by, from, to, ...)
  if not from then return nil end
  return from, to, chosen(by, sub(s, from, to), ...)
end

local function gsub(s, pattern, by, limit)
  local kind = type(by)
  note_heavy('gsub', s, pattern)
  if kind ~= 'function' and kind ~= 'table' then return raw_gsub(s, pattern, by, limit) end
  if type(s) == 'number' then s = raw_tostring(s) end
  if limit ~= nil and type(limit) ~= 'number' then wanted(4, 'gsub', 'number', limit) end
  local once = byte(pattern, 1) == 94
  local out, n, count, at = {}, 0, 0, 1
  while at <= #s + 1 and not (limit and count >= limit) do
    local from, to, text = split(s, by, find(s, pattern, at))
    if not from then break end
    count = count + 1
    out[n + 1], out[n + 2] = sub(s, at, from - 1), text
    n = n + 2
    if to >= from then
      at = to + 1
    else
      n = n + 1
      out[n] = sub(s, from, from)
      at = from + 1
    end
    if once then break end
  end
  out[n + 1] = sub(s, at)
  return concat(out), count
end

-- A stable merge sort: the comparator may wait, may be wrong and may nest.
local function less(a, b) return a < b end

local function merge(from, to, low, middle, high, before)
  local left, right = low, middle
  for i = low, high - 1 do
    if left < middle and (right >= high or not before(from[right], from[left])) then
      to[i] = from[left]
      left = left + 1
    else
      to[i] = from[right]
      right = right + 1
    end
  end
end

local function sort(t, before)
  if type(t) ~= 'table' then wanted(1, 'sort', 'table', t) end
  if before ~= nil and type(before) ~= 'function' then wanted(2, 'sort', 'function', before) end
  local count, width, from, to = #t, 1, {}, {}
  for i = 1, count do from[i] = t[i] end
  while width < count do
    for low = 1, count, 2 * width do
      local middle, high = low + width, low + 2 * width
      if middle > count + 1 then middle = count + 1 end
      if high > count + 1 then high = count + 1 end
      merge(from, to, low, middle, high, before or less)
    end
    from, to, width = to, from, width * 2
  end
  for i = 1, count do t[i] = from[i] end
end

-- Coroutines of the script's own. Each one that runs stands on the C stack, so they nest 16 deep. The outermost
-- level is the engine's, and only the engine waits there: a coroutine may yield when it is in `levels`, that is
-- when a script made it. (A count of those that run would go wrong where resume raises.)
local levels = raw_setmetatable({}, { __mode = 'k' })
local function level_of(co)
  return co ~= nil and levels[co] or 0
end

local function check_count(name, count)
  if count > VALUES_MAX then error(name .. ': more than 200 values', 3) end
end

local function resume(co, ...)
  if type(co) ~= 'thread' then wanted(1, 'resume', 'coroutine', co) end
  check_count('resume', select('#', ...))
  if levels[co] == nil then return false, 'cannot resume a coroutine of the engine' end
  local level = level_of(raw_running()) + 1
  if level > DEPTH_MAX then return false, 'too many nested coroutines' end
  if raw_status(co) == 'suspended' then levels[co] = level end
  return raw_resume(co, ...)
end

local function passed_on(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

local function create(f)
  if type(f) ~= 'function' then wanted(1, 'create', 'function', f) end
  local co = raw_create(f)
  levels[co] = 0
  return co
end

local function wrap(f)
  if type(f) ~= 'function' then wanted(1, 'wrap', 'function', f) end
  local co = create(f)
  return function(...) return passed_on(resume(co, ...)) end
end

local function yield(...)
  if level_of(raw_running()) == 0 then error('attempt to yield outside a coroutine', 2) end
  check_count('yield', select('#', ...))
  return raw_yield(...)
end

local function running()
  local co = raw_running()
  if level_of(co) == 0 then return nil end
  return co
end

local function pick(from, names)
  local to = {}
  for name in gmatch(names, '%S+') do to[name] = from[name] end
  return to
end

local function copy(from)
  local to = {}
  for key, value in raw_next, from do to[key] = value end
  return to
end

-- What scripts get of stdlib, read-only: a view of its own for each root, which reads from the module and takes
-- nothing.
local public = {
  ['stdlib.strategy'] = true,
  ['stdlib.check'] = true,
  ['stdlib.param'] = true,
  ['stdlib.blind'] = true,
  ['stdlib.duration'] = true,
  ['stdlib.sequential'] = true,
  ['stdlib.stats'] = true,
  ['stdlib.steps'] = true,
  ['stdlib.thresholds'] = true,
  ['stdlib.go_format'] = true,
}
if host.json_decode then -- the VM of adapters (core/script/adapter_vm.c)
  public['stdlib.adapter'], public['stdlib.provider'], public['stdlib.aws'] = true, true, true
  public['stdlib.chat'], public['stdlib.moment'] = true, true
end
--- What nobody may write into, by any function, and what is said about it.
local sealed = raw_setmetatable({}, { __mode = 'k' })
local MODULE_SEALED = 'a module of stdlib cannot be changed'

local function check_sealed(t)
  if sealed[t] then error(sealed[t], 3) end
end

local function view_of(value)
  if type(value) ~= 'table' then return value end
  local view, meta = {}, raw_getmetatable(value)
  local call = meta and rawget(meta, '__call')
  sealed[view] = MODULE_SEALED
  return raw_setmetatable(view, {
    __index = function(_, key) return view_of(rawget(value, key)) end,
    __newindex = function() error(MODULE_SEALED, 2) end,
    __call = call and function(_, ...) return call(value, ...) end or nil,
    __metatable = false,
  })
end

local function rawset(t, key, value)
  check_sealed(t)
  return raw_rawset(t, key, value)
end

local function insert(t, ...)
  if type(t) ~= 'table' then wanted(1, 'insert', 'table', t) end
  check_sealed(t)
  return raw_insert(t, ...)
end

local words = pick(raw, 'assert error ipairs pcall select tonumber type unpack rawequal rawget getmetatable')
words.pairs, words.next, words.tostring, words.xpcall, words.setmetatable, words.rawset, words.print =
  pairs, next, tostring, xpcall, setmetatable, rawset, print
words._VERSION = raw._VERSION
local strings = pick(raw.string, 'len byte char sub reverse lower upper')
strings.find, strings.match, strings.gmatch = careful('find', find), careful('match', match), careful('gmatch', gmatch)
strings.format, strings.rep, strings.gsub = format, rep, gsub
local tables = pick(raw.table, 'remove concat maxn')
tables.sort, tables.insert = sort, insert
local maths = copy(raw.math)
maths.random, maths.randomseed = nil, nil
local coroutines =
  { create = create, wrap = wrap, resume = resume, yield = yield, status = raw_status, running = running }

-- Names, the one that is most like `name` first: what an unknown one may have been meant to be. At most 100 are looked
-- at, so that it takes little time whatever a script asks.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = byte(a, i) == byte(b, j) and 0 or 1
      diagonal, row[j] = row[j], maths.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

local function nearest(name, names)
  name = sub(tostring(name), 1, 60)
  local list, far = {}, {}
  for i = 1, #names < 100 and #names or 100 do
    list[i] = names[i]
    far[names[i]] = distance(name, sub(names[i], 1, 60))
  end
  sort(list, function(a, b)
    if far[a] ~= far[b] then return far[a] < far[b] end
    return a < b
  end)
  return list
end

-- Modules. Those of one root (stdlib, strategies) share an environment, and each adapter and each team's Check has one
-- of its own, so that a script that changes string.len changes its own, not the stdlib's. Only stdlib gets the host;
-- the others get of stdlib what is public.
local environments, loaded, loading = {}, {}, {}
local under_way = {} -- the modules that are loading, the innermost last
local new_environment

-- Whose a module is: all of one root share an environment, but for checks and adapters, of which a VM may have those of
-- several teams.
local function home_of(name)
  return match(name, '^checks%.[%l%d-]+%.[%l%d_-]+') or match(name, '^adapters%..+') or match(name, '^[^.]+')
end

-- What the scripts of a home may have beside stdlib: a check its own modules, an adapter none, the others all
-- but those.
local function inside_of(home, name)
  if find(home, '^adapters') then return nil end
  if sub(home, 1, 6) ~= 'checks' then
    if not find(name, '^checks%.') and not find(name, '^adapters%.') then return name end
  elseif home ~= 'checks' and sub(name, 1, 8) == 'scripts.' then
    return home .. '.' .. name
  end
end

local MODULES_SHOWN = 5 -- of a folder of scripts all are modules

local function known_modules(home, name)
  local names = {}
  for _, pinned in words.ipairs(source()) do
    local at = sub(home, 1, 6) == 'checks' and #home + 2 or 1
    if inside_of(home, sub(pinned, at)) == pinned then names[#names + 1] = sub(pinned, at) end
  end
  for public_name in pairs(public) do names[#names + 1] = public_name end
  local known = nearest(name, names)
  return concat(known, ', ', 1, maths.min(#known, MODULES_SHOWN)) .. (#known > MODULES_SHOWN and ', …' or '')
end

-- The line at which a module calls something in tail position, as in `return require 'scripts.x'`: the stack has no
-- frame of the module any more.
local function line_of_return(text)
  local at = 1
  for from in gmatch('\n' .. text, '()\n[ \t]*return%f[^%w_]') do at = from end
  local _, lines = raw_gsub(sub(text, 1, at - 1), '\n', '')
  return lines + 1
end

local function module_under_way()
  for i = #under_way, 1, -1 do
    if not find(under_way[i], '^stdlib%.') then return under_way[i], source(under_way[i]) end
  end
end

-- 'scripts/ring.lua:12: ', the line of the script that has called what is running; '' without one.
local function place_of_script()
  local place, level = '', 2
  while place == '' and level < FRAMES_MAX do
    local _, text = pcall(error, '', level)
    if text ~= '' and not find(text, '^stdlib/') and not find(text, '^sandbox:') then place = text end
    level = level + 1
  end
  local name, text = module_under_way()
  local file = name and raw_gsub(name, '%.', '/') .. '.lua:'
  if file and sub(place, 1, #file) ~= file and not find(place, '^load') then
    return file .. line_of_return(text) .. ': '
  end
  return place
end

local function raise_at_script(problem)
  error(place_of_script() .. problem, 0)
end

local function load_module(name, asked_from)
  if loading[name] then raise_at_script("module '" .. name .. "' requires itself, or failed to load before") end
  local home = home_of(name)
  environments[home] = environments[home] or new_environment(home)
  local chunk, problem = source(name, '@' .. raw_gsub(name, '%.', '/') .. '.lua', environments[home])
  if not chunk and not problem then
    raise_at_script("module '" .. name .. "' is neither pinned by the release nor part of this engine; there are "
      .. known_modules(asked_from, name))
  end
  if problem == 'not enough memory' then raw_rep(' ', 1e9) end -- the same again, as the error that load made a text of
  if not chunk then error(problem, 0) end
  loading[name] = true
  under_way[#under_way + 1] = name
  local value = chunk(name) -- unprotected: an error keeps its class and its place
  under_way[#under_way] = nil
  loading[name] = nil
  if value == nil then value = true end
  loaded[name] = value
  return value
end

-- What a module of stdlib gets of another one: a table that loads it once a field of it is read, and then is as the
-- module is. So a VM holds what its script needs. Such a table is neither walked nor called before.
local stand_ins, stands_for = {}, {}
local stand_in = {}
function stand_in.__index(t, field)
  local name = stands_for[t]
  loading[name] = nil -- one that failed, because memory or stack was short, is tried again
  if loaded[name] == nil then load_module(name, 'stdlib') end
  for key, value in raw_next, loaded[name] do t[key] = value end
  raw_setmetatable(t, raw_getmetatable(loaded[name]))
  return t[field]
end

local function stand_in_of(name)
  if not stand_ins[name] then
    local t = raw_setmetatable({}, stand_in)
    stand_ins[name], stands_for[t] = t, name
  end
  return stand_ins[name]
end

-- `at_once`: nothing stands in for a module that is not loaded.
local function new_require(home, at_once)
  local seen, trusted = {}, home == 'stdlib'
  return function(name)
    if type(name) ~= 'string' then wanted(1, 'require', 'string', name) end
    if name == 'host' and trusted then return host end
    local root = match(name, '^([%l%d_]+)%.[%l%d_.-]+$')
    local inner = root == 'stdlib' and not trusted
    local found = root and (trusted and name or inner and public[name] and name or not inner and inside_of(home, name))
    if not found then
      raise_at_script("module '" .. sub(name, 1, 60) .. "' is not for scripts; there are " .. known_modules(home, name))
    end
    name = found
    if loaded[name] == nil and trusted and root == 'stdlib' and not at_once then return stand_in_of(name) end
    if loaded[name] == nil then load_module(name, home) end
    if not inner then return loaded[name] end
    if seen[name] == nil then seen[name] = view_of(loaded[name]) end
    return seen[name]
  end
end

-- What a script loads is never named like a module: errors would have a false place.
local function chunk_name(name)
  local text = type(name) == 'string' and raw_gsub(sub(name, 1, 40), '[^%w_.-]', '') or ''
  return text == '' and '=load' or '=load(' .. text .. ')'
end

local function new_load(environment)
  return function(text, name, mode, scope)
    if type(text) ~= 'string' then wanted(1, 'load', 'string', text) end
    if #text > CHUNK_MAX then return nil, 'load: a text above 65536 bytes' end
    if mode ~= nil and type(mode) ~= 'string' then wanted(3, 'load', 'string', mode) end
    if mode and not find(mode, 't', 1, true) then return nil, 'load: only text is loaded' end
    if scope == nil then scope = environment end
    if type(scope) ~= 'table' then wanted(4, 'load', 'table', scope) end
    return raw_load(text, chunk_name(name), 't', scope)
  end
end

function new_environment(home)
  local environment = copy(words)
  environment._G = environment
  environment.string, environment.table, environment.math = copy(strings), copy(tables), copy(maths)
  environment.coroutine = copy(coroutines)
  environment.require = new_require(home)
  environment.load = new_load(environment)
  -- No script reaches a metatable of stdlib's, so none of them needs to be looked at.
  if home == 'stdlib' then environment.setmetatable = raw_setmetatable end
  return environment
end

local raw_enter, raw_call = host.enter, host.call
function host.enter(...)
  check_metatables()
  return raw_enter(...)
end
function host.call(...)
  check_metatables()
  local answer, again
  repeat
    answer, again = raw_call(...) -- again: it had to wait, because there were too many of its kind in this minute
  until not again
  return answer
end
function host.seal(t, problem)
  sealed[t] = problem
  return t
end
function host.nearest(name, names)
  return nearest(name, names)
end
function host.loading() return module_under_way() end
function host.place_of_script() return place_of_script() end

-- Methods of strings come from a table that no script can reach; the originals of everything are emptied.
local meta = raw_getmetatable('')
meta.__index, meta.__metatable = strings, false
for name, value in raw_next, raw do
  if type(value) == 'table' and value ~= raw then
    for key in raw_next, value do value[key] = nil end
  end
  raw[name] = nil
end

return new_require('stdlib', true)

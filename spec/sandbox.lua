--- Loads the modules of lua/ as the engine does, with the engine's own core/script/prelude.lua: only the words that a
--- script has, pairs in order, and a state of its own for every world.
local M = {}

local texts = {}

local function read(path)
  if texts[path] == nil then
    local file = io.open(path)
    texts[path] = file and file:read('*a') or false
    if file then
      file:close()
    end
  end
  return texts[path] or nil
end

local compiled = {}

--- The bytecode of a file, or nil. Each life of a killed release loads all modules anew, and most of that would be
--- compiling them.
local function compile(path, place)
  local text = read(path)
  if text and not compiled[path] then
    compiled[path] = string.dump(assert(loadstring(text, place)))
  end
  return compiled[path]
end

local function source(name, place, environment)
  if not name then
    return {} -- a release of the specs pins nothing
  end
  local path = 'lua/' .. name:gsub('%.', '/') .. '.lua'
  if not place then
    return read(path)
  end
  local chunk = compile(path, place)
  return chunk and load(chunk, place, 'b', environment)
end

--- The prelude empties what it is given: busted needs the globals, so this is a copy of what a VM of the engine has.
local function copy_of_globals()
  local raw = {}
  for name, value in pairs(_G) do
    raw[name] = type(value) ~= 'table' and value or nil
  end
  for _, library in ipairs { 'string', 'table', 'math', 'coroutine' } do
    raw[library] = {}
    for name, value in pairs(_G[library]) do
      raw[library][name] = value
    end
  end
  return raw
end

--- A fresh state of modules.
---@param host table the primitives
---@return fun(name: string): any require
function M.new(host)
  local prelude = assert(loadstring(compile('core/script/prelude.lua', '=sandbox')))
  local methods = debug.getmetatable('')
  local index = methods.__index
  local require = prelude(copy_of_globals(), source, host.log or function() end, host)
  methods.__index, methods.__metatable = index, nil -- the prelude's are for a VM of its own
  return require
end

return M

--- Loads the modules of lua/ as the engine does (core/script/prelude.c): only the words a script has,
--- pairs in order, and a state of its own for every world.
local M = {}

local chunks = {}

local function source_of(name)
  if not chunks[name] then
    local path = 'lua/' .. name:gsub('%.', '/') .. '.lua'
    local file = assert(io.open(path))
    chunks[name] = string.dump(assert(loadstring(file:read('*a'), '@' .. path)))
    file:close()
  end
  return chunks[name]
end

local function ordered_pairs(t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) then
      return a < b
    end
    return type(a) == 'number'
  end)
  local at = 0
  return function()
    at = at + 1
    return keys[at], t[keys[at]]
  end
end

local function environment_with(require)
  local environment = { pairs = ordered_pairs, require = require, string = {}, table = {}, math = {} }
  for word in ('assert error ipairs pcall select tonumber tostring type unpack rawequal rawget rawset '
    .. 'getmetatable setmetatable xpcall'):gmatch('%S+') do
    environment[word] = _G[word]
  end
  for library, words in pairs {
    string = 'len byte char sub reverse lower upper find match gmatch format rep gsub',
    table = 'insert remove concat maxn sort',
    math = 'abs ceil floor fmod huge max min modf pi pow sqrt',
  } do
    for word in words:gmatch('%S+') do
      environment[library][word] = _G[library][word]
    end
  end
  return environment
end

--- A fresh state of modules.
---@param host table the primitives
---@return fun(name: string): any require
function M.new(host)
  local loaded = { host = host }
  local environment
  local function require(name)
    if loaded[name] == nil then
      local chunk = setfenv(loadstring(source_of(name)), environment)
      loaded[name] = chunk(name)
    end
    return loaded[name]
  end
  environment = environment_with(require)
  return require
end

return M

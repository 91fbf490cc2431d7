--- Specs as busted has them: describe, it, pending, before_each, after_each, setup, teardown, finally. Reads the files,
--- and says what is in them; tool.runner runs it.
local expect = require 'tool.expect'

local M = {}

---@class Block what a describe has
---@field name string
---@field parent Block?
---@field children (Block|Spec)[]
---@field before_each fun()[]
---@field after_each fun()[]
---@field setup fun()[]
---@field teardown fun()[]

---@class Spec
---@field name string
---@field block Block
---@field body fun()? nil: it is pending
---@field file string
---@field line integer
---@field reason string? of a pending one

local function new_block(name, parent)
  return { name = name, parent = parent, children = {}, before_each = {}, after_each = {}, setup = {}, teardown = {} }
end

local function line_of_caller(file)
  for level = 3, 20 do
    local info = debug.getinfo(level, 'Sl')
    if info and info.source == '@' .. file then
      return info.currentline
    end
  end
  return 0
end

--- The names that a spec file has beside Lua's own.
local function words(reader)
  local env = {}

  local function describe(name, body)
    local block = new_block(name, reader.block)
    table.insert(reader.block.children, block)
    reader.block = block
    local ok, raised = xpcall(body, debug.traceback)
    reader.block = block.parent
    if not ok then
      error(raised, 0)
    end
  end

  local function add(name, body, reason)
    table.insert(reader.block.children, { name = name, block = reader.block, body = body, file = reader.file,
      line = line_of_caller(reader.file), reason = reason })
  end

  local function it(name, body)
    if type(name) ~= 'string' then
      error('it: a name is wanted, got ' .. type(name), 2)
    end
    add(name, body)
  end

  function env.pending(name)
    if reader.running then
      error({ pending = name or '' }, 0)
    end
    add(name, nil, '')
  end

  function env.finally(body)
    table.insert(reader.finally, body)
  end

  env.describe, env.context, env.insulate, env.expose = describe, describe, describe, describe
  env.it, env.spec, env.test = it, it, it
  env.assert = expect.assert
  for _, hook in ipairs { 'before_each', 'after_each', 'setup', 'teardown' } do
    env[hook] = function(body)
      table.insert(reader.block[hook], body)
    end
  end
  env.lazy_setup, env.strict_setup, env.lazy_teardown, env.strict_teardown = env.setup, env.setup, env.teardown,
    env.teardown
  return setmetatable(env, { __index = _G })
end

---@class Reader of one file
---@field file string
---@field block Block
---@field finally fun()[] of the spec that runs
---@field running boolean?

--- Reads a spec file: what is in it, or what it raised.
---@param file string
---@return Block? suite nil on failure
---@return string|Reader
function M.read(file)
  local folder = file:match '^(.*/)[^/]*$' or ''
  package.path = ('%s?.lua;./?.lua;%s'):format(folder, M.path)
  local chunk, problem = loadfile(file)
  if not chunk then
    return nil, problem
  end
  local reader = { file = file, block = new_block '', finally = {} }
  local suite = reader.block
  setfenv(chunk, words(reader))
  local ok, raised = xpcall(chunk, debug.traceback)
  if not ok then
    return nil, raised
  end
  return suite, reader
end

M.path = package.path

--- The blocks around something, from the outside.
function M.blocks(block)
  local list = {}
  while block do
    table.insert(list, 1, block)
    block = block.parent
  end
  return list
end

return M

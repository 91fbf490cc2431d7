--- help, and help WORD: from the annotations of the words and of the world, which travel in the binary.
local nearest = require 'tool.nearest'
local process = require 'tool.process'

local M = {}

--- What stands above `function OWNER:NAME(…)` or `OWNER.NAME(…)` in a file of annotations.
local function read(text, known)
  local said = {}
  for line in (text .. '\n'):gmatch '(.-)\n' do
    local comment = line:match '^%-%-%- ?(.*)$' or line:match '^%-%-%-(@.*)$'
    local owner, name, args = line:match '^function ([%w_]+)[:.]([%w_]+)(%b())'
    if comment then
      said[#said + 1] = comment
    else
      if name then
        known[owner .. ' ' .. name] = { owner = owner, name = name, args = args, said = said }
      end
      said = {}
    end
  end
end

local function annotations()
  local known = {}
  read(process.text 'addon/library/words.lua', known)
  read(process.text 'addon/library/sluice.lua', known)
  return known
end

local OWNERS = { 'rollout', 'c', 'check', 'checking', 'world', 'sluice' }

local function add_entry(lines, entry)
  local call = entry.owner == 'sluice' and entry.owner .. '.' or entry.owner .. ':'
  lines[#lines + 1] = call .. entry.name .. entry.args
  for _, line in ipairs(entry.said) do
    local param = line:match '^@param (.*)$'
    local gives = line:match '^@return (.*)$'
    if param then
      lines[#lines + 1] = '  ' .. param
    elseif gives then
      lines[#lines + 1] = '  gives ' .. gives
    elseif not line:find '^@' then
      lines[#lines + 1] = line ~= '' and '  ' .. line or ''
    end
  end
end

--- What help can be asked for.
---@param commands Command[]
function M.names(commands)
  local names = {}
  for _, entry in pairs(annotations()) do
    names[entry.name] = true
  end
  for _, command in ipairs(commands) do
    names[command.name] = true
  end
  return names
end

local function all(commands)
  local lines = {}
  for _, command in ipairs(commands) do
    lines[#lines + 1] = ('  %-24s %s'):format(command.form, command.says)
  end
  lines[#lines + 1] = '  anything else is Lua: canary.p99, check(\'request-duration\', { max = 100 }), world:version(…)'
  return lines
end

---@param topic string
---@param commands Command[]
---@return string[]
function M.lines(topic, commands)
  if topic == '' then
    return all(commands)
  end
  local lines, names = {}, {}
  for _, command in ipairs(commands) do
    names[command.name] = true
    if command.name == topic or command.short == topic then
      lines[#lines + 1] = ('%s: %s'):format(command.form, command.says)
    end
  end
  local known = annotations()
  local name = topic:match '[:.]([%w_]+)$' or topic
  for _, owner in ipairs(OWNERS) do
    local entry = known[owner .. ' ' .. name]
    if entry and (name == topic or topic:find('^' .. owner .. '[:.]')) then
      add_entry(lines, entry)
    end
  end
  for _, entry in pairs(known) do
    names[entry.name] = true
  end
  if not lines[1] then
    error({ problem = ('help: there is no word %s%s'):format(topic, nearest.known(topic, names)) }, 0)
  end
  return lines
end

return M

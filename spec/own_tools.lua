--- Programs of other projects that judge what the engine writes (tests/tools), for specs.
local busted = require 'busted' -- it and pending are globals of spec files only

local M = {}

--- The output of a command without the sanitizers' runtime in front of it, and its exit status.
local function run(command)
  local process = assert(io.popen('env -u LD_PRELOAD ' .. command .. '; echo $?'))
  local text, status = process:read('*a'):match '^(.*)%f[%d](%d+)\n$'
  process:close()
  return text, tonumber(status)
end

--- What a script of tests prints: the path of a tool. Nil, and why, where that cannot be had.
---@param command string
---@return string? path
---@return string? missing
function M.find(command)
  local text, status = run(command)
  if status == 77 then
    return nil, text
  end
  assert(status == 0, command .. ' failed')
  return (text:gsub('\n$', ''))
end

--- An `it` for the cases that want a tool.
---@param missing string? why there is none: the cases are pending
---@return fun(name: string, body: function)
function M.case(missing)
  return function(name, body)
    busted.it(name, not missing and body or function()
      busted.pending(missing)
    end)
  end
end

--- What a program answers to lines.
---@param command string
---@param lines string[]
---@return string[]
function M.ask(command, lines)
  local path = os.tmpname()
  local file = assert(io.open(path, 'w'))
  file:write(table.concat(lines, '\n'), '\n')
  file:close()
  local text, status = run(command .. ' < ' .. path)
  os.remove(path)
  assert(status == 0, command .. ' failed: ' .. text)
  local answers = {}
  for line in text:gmatch '[^\n]+' do
    answers[#answers + 1] = line
  end
  assert(#answers == #lines, 'one answer a line is wanted')
  return answers
end

return M

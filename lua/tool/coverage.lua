--- Which lines of the scripts ran (script/coverage.h counts them in the sandbox), of those that could.
local jutil = require 'jit.util'
local process = require 'tool.process'

local M = {}

---@class Covered of a script
---@field file string
---@field lines integer that could run
---@field ran integer
---@field missed string "22-23, 30"

local scripts = {} -- by place, such as 'scripts/ring.lua'

--- Lines that hold instructions, of a function and those inside of it.
local function note_lines(func, lines)
  local info = jutil.funcinfo(func)
  for pc = 1, (info.bytecodes or 1) - 1 do
    local line = jutil.funcinfo(func, pc).currentline
    if line and line > 0 then
      lines[line] = true
    end
  end
  for at = -1, -1e6, -1 do
    local constant = jutil.funck(func, at)
    if constant == nil then
      break
    elseif type(constant) == 'proto' then
      note_lines(constant, lines)
    end
  end
end

---@param list { place: string, file: string, text: string }[]
function M.note_scripts(list)
  for _, script in ipairs(list) do
    local chunk = not scripts[script.place] and loadstring(script.text)
    if chunk then
      local lines = {}
      note_lines(chunk, lines)
      scripts[script.place] = { file = script.file, lines = lines }
    end
  end
end

--- "22-23, 30" of a sorted list.
local function spans(lines)
  local texts, from = {}, 1
  for i = 1, #lines do
    if lines[i + 1] ~= lines[i] + 1 then
      texts[#texts + 1] = lines[from] == lines[i] and tostring(lines[i]) or lines[from] .. '-' .. lines[i]
      from = i + 1
    end
  end
  return table.concat(texts, ', ')
end

--- Counts from now on.
function M.start()
  scripts = {}
  process.coverage(true)
end

---@return Covered[] by file
function M.measure()
  local ran, list = process.coverage(false), {}
  for place, script in pairs(scripts) do
    local hits, missed, count, done = ran[place] or {}, {}, 0, 0
    for line in pairs(script.lines) do
      count = count + 1
      if hits[line] then
        done = done + 1
      else
        missed[#missed + 1] = line
      end
    end
    table.sort(missed)
    list[#list + 1] = { file = script.file, lines = count, ran = done, missed = spans(missed) }
  end
  table.sort(list, function(a, b)
    return a.file < b.file
  end)
  return list
end

return M

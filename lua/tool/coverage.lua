--- Which lines of the scripts ran (script/coverage.h counts them in the sandbox), of those that could.
local jutil = require 'jit.util'
local process = require 'tool.process'
local sluice = require 'sluice'

local M = {}

---@class Covered of a script
---@field file string
---@field lines integer that could run
---@field ran integer
---@field missed string "22-23, 30"

local scripts = {} -- those of the newest worlds, by what the sandbox calls them: 'scripts/ring.lua'
local files = {} -- by name: { lines = those that could run, ran = those that did }
local known = {} -- the lines of texts
local is_counting = false

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

local function lines_of(text)
  local chunk = not known[text] and loadstring(text)
  if chunk then
    known[text] = {}
    note_lines(chunk, known[text])
  end
  return known[text] or {}
end

--- Counting costs a hook for every instruction of the engine's Lua, a quarter of what a spec takes. So it ends when
--- there is nothing left to find out.
local function switch(on)
  if on ~= is_counting then
    is_counting = on
    return process.coverage(on)
  end
end

local function is_whole(file)
  for line in pairs(file.lines) do
    if not file.ran[line] then
      return false
    end
  end
  return true
end

--- Notes the scripts of a world, before they run.
---@param list { place: string, file: string, before: integer, text: string }[]
---@param killed boolean the engine will be killed: what runs has run before without that, or the spec fails
function M.note_scripts(list, killed)
  for _, script in ipairs(list) do
    local file = files[script.file] or { lines = {}, ran = {} }
    files[script.file], scripts[script.place] = file, { file = file, before = script.before }
    for line in pairs(lines_of(script.text)) do
      file.lines[line + script.before] = true
    end
    if not killed and not is_whole(file) then
      switch(true)
    end
  end
end

--- Takes over what ran since the last time: another folder may have a script of the same name.
function M.collect()
  for place, ran in pairs(switch(false) or {}) do
    local script = scripts[place]
    for line in pairs(script and ran or {}) do
      script.file.ran[line + script.before] = true
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

--- Forgets what was counted.
function M.start()
  switch(false)
  scripts, files = {}, {}
end

local function numbers(set)
  local list = sluice.list {}
  for number in pairs(set) do
    list[#list + 1] = number
  end
  return list
end

--- What this process has counted, for another one to take.
---@return { name: string, lines: integer[], ran: integer[] }[]
function M.give()
  local list = sluice.list {}
  M.collect()
  for name, file in pairs(files) do
    list[#list + 1] = { name = name, lines = numbers(file.lines), ran = numbers(file.ran) }
  end
  return list
end

--- What another process has counted.
function M.take(list)
  for _, other in ipairs(list) do
    local file = files[other.name] or { lines = {}, ran = {} }
    files[other.name] = file
    for _, field in ipairs { 'lines', 'ran' } do
      for _, line in ipairs(other[field]) do
        file[field][line] = true
      end
    end
  end
end

---@return Covered[] by file
function M.measure()
  local list = {}
  M.collect()
  for name, file in pairs(files) do
    local missed, count, done = {}, 0, 0
    for line in pairs(file.lines) do
      count = count + 1
      if file.ran[line] then
        done = done + 1
      else
        missed[#missed + 1] = line
      end
    end
    table.sort(missed)
    list[#list + 1] = { file = name, lines = count, ran = done, missed = spans(missed) }
  end
  table.sort(list, function(a, b)
    return a.file < b.file
  end)
  return list
end

return M

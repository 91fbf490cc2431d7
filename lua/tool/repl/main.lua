--- sluice repl: carries out the lines that the front sends (core/lab/lua/console.h), each after a snapshot of all there
--- is.
local commands = require 'tool.repl.commands'
local console = require 'tool.console'
local readable = require 'tool.readable'
local scope = require 'tool.repl.scope'
local sessions = require 'tool.repl.session'

local M = {}

jit.off() -- machine code looks at no hook, by which Ctrl-C comes

local WELL, NO, INTERRUPTED = 0, 1, 130

local function complain(session, text)
  if not session.quiet then
    console.give('E', 0, 0, readable(text) .. '\n')
  end
end

local function run_lua(session, text)
  local changes = session.changes
  local ok, shown = scope.run(session, text)
  if session.changes > changes then
    session.step = session.step + 1
    session.line.kind = 'lua'
    session:flush()
  end
  if not ok then
    complain(session, shown)
    return NO
  elseif shown then
    session:say(shown)
  else
    session.line.kind, session.line.keeps = 'lua', true -- it may have set a variable
  end
  return WELL
end

--- Carries one line out; gives the status, 'back' or 'quit'.
local function carry_out(session, text)
  if not text:find '%S' then
    if session.greeting then
      session:say(session.greeting)
    end
    session.greeting = nil
    return WELL
  end
  local command, argument = commands.find(session, text)
  if not command then
    return run_lua(session, text)
  end
  session.line.kind = command.name
  return command.run(session, argument) or WELL
end

--- What was raised, as the user sees it.
local function explain(session, raised)
  if type(raised) == 'table' and raised.problem then
    complain(session, raised.problem)
  else
    complain(session, scope.plain(raised))
  end
end

-- An interrupt ends what is at work by an error. Where nothing is, it is held: nobody would catch that error, and the
-- world would be lost with its process.

local function hold_behind(...)
  console.hold(true)
  return ...
end

local function heed(run, ...)
  if console.hold(false) then
    error('interrupted', 0)
  end
  return hold_behind(run(...))
end

--- pcall for what an interrupt may end.
local function try(run, ...)
  return xpcall(heed, hold_behind, run, ...)
end

--- Gives the next packet when this process was come back to in the middle of the line.
local function run_line(session, text)
  session:begin(text)
  local ok, status = try(carry_out, session, text)
  if not ok and type(status) == 'table' and status.order then
    session:end_line()
    return unpack(status.order)
  end
  if not ok and console.interrupted() then
    console.leave()
  elseif not ok then
    explain(session, status)
    status = NO
  end
  session:end_line()
  session.quiet, session.stop_at = nil, nil
  if status == 'back' then
    return console.take()
  end
  console.give(status == 'quit' and 'X' or 'D', type(status) == 'number' and status or 0, session.step, '')
  return console.take()
end

local function answer(number, text)
  console.give('A', 0, number, text)
  return console.take()
end

local function is_whole(session, text)
  return commands.find(session, text) ~= nil or scope.is_whole(text)
end

--- What is asked while a line is typed must not end the world, whatever is in it.
local function guarded(ask, fallback, ...)
  local ok, answered = try(ask, ...)
  if ok then
    return answered
  end
  return fallback
end

--- Never returns: the process ends with the front.
---@param order { scenario: string, columns: integer }
function M.run(order)
  local opened, session = pcall(sessions.open, order)
  if not opened then
    error(readable(scope.plain(session)), 0)
  end
  session.greeting = order.terminal and session:title() .. '. help · words · q'
  session.env = scope.new(session)
  for _, text in ipairs(session.lacks or {}) do
    console.give('E', 0, 0, 'not read: ' .. readable(text) .. '\n')
  end
  console.hold(true)
  console.give('D', 0, 0, '')
  local kind, number, text = console.take()
  while true do
    if kind == 'W' then
      kind, number, text = answer(guarded(is_whole, true, session, text) and 1 or 0, '')
    elseif kind == 'C' then
      kind, number, text = answer(0, guarded(require 'tool.repl.complete'.lines, '', session, text))
    else
      local woken, its_number, its_text
      if text ~= 'here' then
        woken, its_number, its_text = console.snapshot(session.step, true)
      end
      if woken then
        kind, number, text = woken, its_number, its_text
      else
        session.columns = kind == 'L' and number or session.columns
        session.quiet, session.stop_at = kind == 'Q', kind == 'Q' and number or nil
        kind, number, text = run_line(session, text)
      end
    end
  end
end

M.INTERRUPTED = INTERRUPTED

return M

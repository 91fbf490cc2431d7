---@meta host
--- The primitives that C gives to the stdlib (script/host.c). User scripts never see them; they see
--- the words of stdlib.rollout.
---
--- The journal stands behind them. A *word* (enter … leave) is the unit of record: once left, its
--- result is on record and after a crash its body does not run again. An operation inside a word
--- that is not finished keeps a record of its own. So a body may only depend on what operations
--- answered, on the word's arguments and on results of earlier words: never on a clock, on random
--- numbers of its own or on the order of pairs.
assert(... == nil, 'this file describes the host to the language server; it is not a module')

---@class host
---@field null userdata null inside of a list, where nil would be a hole; elsewhere null is nil
local host = {}

--- Begins a word. Words inside a word are part of it (they are not recorded on their own).
---@param word string
---@param args table JSON-able; equal words with equal results fold on record, so no counters here
---@return boolean done true: on record, `result` holds what it returned, skip the body
---@return any result
---@return integer started_ms wall clock, milliseconds since 1970: when this word first began
function host.enter(word, args) end

--- Ends the word that was entered last.
---@param result any JSON-able
function host.leave(result) end

--- Asks for an operation and waits for its answer (yields). See stdlib/_meta/operations.lua for
--- their names, arguments and answers.
---@param operation string
---@param args table?
---@return any answer
function host.call(operation, args) end

--- Keeps evidence for a verdict with the release: {query=, value=, threshold=, verdict=, reason=}.
--- Does not wait.
---@param evidence table
function host.evidence(evidence) end

--- Writes a line to the engine's log. A release has 60 of them in a minute; what is above is dropped,
--- and one line says how many there were.
---@param message string
function host.log(message) end

--- Notes which word the script says, for what is told of it when it takes too long.
---@param word string
function host.say(word) end

--- A number in [0, 1) from the release's own seed.
---@return number
function host.random() end

--- Lets no script write into a table from now on, with rawset and table.insert neither.
---@generic T: table
---@param t T
---@param problem string what is said to a script that tries
---@return T t the same table
function host.seal(t, problem) end

--- These names, the one that is most like `name` first.
---@param name any
---@param names string[] at most 100 of them are looked at
---@return string[]
function host.nearest(name, names) end

--- The module of a script's that is being loaded now, and its text; nil when none is.
---@return string? name
---@return string? text
function host.loading() end

--- Where the script stands that has called what is running: 'scripts/ring.lua:12: '; '' when no script has.
---@return string
function host.place_of_script() end

--- Where a function ends: 'scripts/ring.lua:17'; '' for one that is not written in Lua.
---@param f function
---@return string
function host.place(f) end

--- Marks a table as a list, so that it stays one when it is empty ([] and not {}). Lists in answers
--- are marked already.
---@generic T: table
---@param list T? nil: a new one
---@return T list the same table
function host.array(list) end

return host

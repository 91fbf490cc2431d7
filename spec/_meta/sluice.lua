---@meta sluice
--- The engine as a module (core/lab/lua/module.c): embedded clusters in virtual time, with the engine that runs in
--- real ones behind two other doors. Nothing here waits: time passes in world:run alone.
---
---     local sluice = require 'sluice'
---     local world = sluice.world { seed = 1 }
---     world:create(yaml)
---     world:start_engine 'engine-1'
---     world:run('10m', function() return phase() == 'Initialized' end)
---     world:close()
---
--- An error in a function that is given here stops the clock and is raised by the function that was called last
--- from outside, in most cases world:run.
assert(... == nil, 'this file describes a module to the language server; it is not one')

local sluice = {}

--- A new world. It has the kinds of deploy/crds and what an installation of Istio leaves.
---@param options { scenario: string?, objects: table[]?, seed: integer?, transcript: boolean?, start: string?,
---  people: boolean?, replay_words: integer?, step_ms: integer?, awake: boolean?, lease_factor: integer?, begin:
---  string?, modules: table<string, string>?, manifests: (table|string)[]?, defaults: table[]? }|string scenario (or a
---  text alone): the file of a scenario, see below; objects: those of another cluster, with their status, as tables or
---  texts; manifests: what is there at first, instead of a scenario or in the place of what that has; defaults: where
---  there is nothing of these names; modules: texts in the place of those of the engine's scripts (sluice.source);
---  begin: what clocks show first, such as '2026-03-13T12:00:00Z'; seed: the same one gives the same world; transcript:
---  keep one; start: the text of a module in the place of stdlib.start, which gets the host; people: somebody writes
---  routes, replicas or status by hand, so that the engine is not held to them; replay_words: a replay pauses after so
---  many words; step_ms: CPU time of a step of a script, and once more before it is stopped hard; awake: no script
---  rests in a long wait; lease_factor: by which the times of the Lease are longer than usual
---@return sluice.World
function sluice.world(options) end

--- The text of a module of the engine's scripts, such as 'stdlib.verdict'.
---@param name string
---@return string?
function sluice.source(name) end

--- Calls the function in a copy of the process, which ends with it: nothing of what it does is left, in worlds or in
--- variables, but the text that it gives. What it raises is raised here, as a text.
---@param act fun(): string?
---@return string?
function sluice.fork(act) end

--- The operations behind host.call, and what each takes and answers (core/rollout/operation/table.c).
---@return { name: string, signature: string }[]
function sluice.operations() end

--- The effects that a script can order, what each takes, and what repeating it after a crash does (core/effect/kind.h).
---@return { signature: string, again: string }[]
function sluice.effects() end

--- What is wrong with a call of an operation, as the engine would say it; nil when nothing is.
---@param operation string
---@param args table lists in it are marked (sluice.list)
---@return string?
function sluice.call_problem(operation, args) end

--- What is wrong with an answer of an operation; nil when nothing is.
---@param operation string
---@param answer any
---@return string?
function sluice.answer_problem(operation, answer) end

--- What is wrong with a list of effects; nil when nothing is.
---@param list table[]
---@return string?
function sluice.effects_problem(list) end

--- What is wrong with parameters, or with their declarations; nil when nothing is.
---@param declared table<string, Param>
---@param given table<string, any>
---@return string?
function sluice.params_problem(declared, given) end

--- What the operation calendar answers.
---@param now integer wall clock, ms
---@param args table its lists are marked (sluice.list)
---@return { ms: integer?, error: string? }
function sluice.calendar(now, args) end

--- The places at which something may strike a story, from the first request of it to the last: each in each way, or in
--- one way each, in turn (core/lab/killing.h).
---@param options { first: integer, last: integer, strokes: sluice.Stroke[], every: integer?, offset: integer?,
---  in_turn: boolean? } every: at every so many requests; offset: at which of these the first place is
---@return { request: integer, stroke: sluice.Stroke }[]
function sluice.places(options) end

--- Marks a table as a list, so that it is one when it is empty, too.
---@generic T: table
---@param list T
---@return T list the same table
function sluice.list(list) end

--- Asks an adapter of lua/adapters, or of `modules`, over a door that gives the answers of a list, in virtual time from
--- 2026-03-11T08:15:07Z on. After the last of them no server answers any more.
---@param order { name: string, ask: table, responses: table[]?, modules: table<string, string>?, measured: boolean?,
---  askers: integer?, cancelled: integer?, own: table<string, string>?, sources: table<string, string>?,
---  urls: string[]? }
---  name: 'metrics.datadog'; responses: { status = 200, body = '', retry_after_ms = 0 } each, or { hex = '00ff' } for
---  bytes that are no text, or { size = bytes } of a body that is too large, or { error = '…', code = 'timeout' } for a
---  call without an answer; measured: with the CPU limits of an engine in real time; askers: so many ask at once, and
---  so many of them are cancelled; own: a team's own adapters, {['metrics.queue'] = text}; sources: the texts of a
---  Check, {[module] = text}, of which the module `name` is an adapter that may ask `urls`
---@return { answer: table?, error: string?, answers: integer, requests: table[], lines: integer,
---  faults: table<string, string> }
---  faults: why each of `own` that cannot be used cannot; lines: of log; requests: method, url, headers, body,
---  timeout_ms, proxy, insecure, same_host, follows, outward, at_ms
function sluice.ask(order) end

---@class sluice.World
local world = {}

-- Worlds of a scenario (lua/tool/world), for specs of strategies --------------------------------
--
--     local world = sluice.world 'scenario.yaml'
--
-- The file is looked for beside the spec. Its objects, versions, traffic and hooks are there, and an engine is at work;
-- its acts and faults come with world:play(). Where `canary` can be given and is not, the only one is meant.

--- Waits until the objects of the Canary are there, pushes a new version and waits until its release has begun.
---@param image string for the first container of the target
---@param canary string? its name, or namespace/name
---@return sluice.World world
function world:deploy(image, canary) end

--- Waits until the objects of the Canary are there.
---@param canary string?
---@return sluice.World world
function world:settle(canary) end

--- Lets time pass until something is so, and raises when it has not come by then.
---@param what string|fun(): boolean|{ phase: string?, weight: integer?, canary: string? } a phase, a part of
---  the text of an event that is told from now on, or what must be so
---@param limit string? "6h" without one
---@return sluice.World world
function world:run_until(what, limit) end

--- Lets time pass until the release is over, and raises when it is not by then.
---@param canary string?
---@param limit string? "6h" without one
---@return 'Succeeded'|'Failed' phase
function world:finish(canary, limit) end

--- Plays the acts and faults of the scenario, once, and raises what is not as it expects.
---@return sluice.World world
function world:play() end

--- Changes an object, as kubectl patch --type merge.
---@param kind string as kubectl takes it: "Deployment", "deployments", "deployments.apps"
---@param namespace string?
---@param name string
---@param patch table lists in it replace those that are there
---@return sluice.World world
function world:patch(kind, namespace, name, patch) end

---@param canary string?
---@return string phase of the Canary; "" without one
function world:phase(canary) end

---@param canary string?
---@return integer weight the share of the traffic that the routes give to the canary
function world:weight(canary) end

--- Calls `take` with each Canary, release, route or event as it changes; cheaper than world:watch.
---@param kind 'canaries.flagger.app'|'releases.sluice.dev'|'virtualservices.networking.istio.io'|'events'
---@param take fun(object: table)
function world:hear(kind, take) end

---@param canary string?
---@return { at: integer, weight: integer }[] curve each share that the routes gave to the canary; at: ms
function world:curve(canary) end

---@param canary string?
---@return string? image of the primary
function world:primary(canary) end

--- The texts of all events of Canaries, in order.
---@return string[]
function world:events() end

--- How many events have this text in them.
---@param text string
---@return integer
function world:told(text) end

--- What was measured in the last release: metric, value, verdict ('pass', 'fail', 'blind'), weight, …
---@param canary string?
---@return { metric: string, value: number?, verdict: 'pass'|'fail'|'blind', weight: integer }[]
function world:checks(canary) end

--- The object.
---@param canary string?
---@return table
function world:canary(canary) end

--- The object of the last release; nil before the first one.
---@param canary string?
---@return table?
function world:release(canary) end

--- What happened, a line each, as sluice test shows it when a spec fails.
---@return string
function world:story() end

--- The scripts of its Strategies and Checks and their modules, by what the sandbox calls them. The file is NAME.lua
--- where that is beside the manifest; in a manifest, so many lines of it stand before those of the text.
---@return { place: string, file: string, before: integer, text: string }[]
function world:scripts() end

--- As world:play; tells news, and gives what is not as expected.
---@param tell fun(what: 'people'|'world'|'engine', text: string)
---@return string[] wrong
function world:play_acts(tell) end

--- The acts and faults of the scenario come from now on, as time passes.
---@param tell fun(what: 'people'|'world'|'engine', text: string)
function world:begin_acts(tell) end

-- Objects, as the API server has them; they are checked and defaulted as a request is -------------

--- Creates objects: YAML of one or more, or one as a table.
---@param objects string|table
function world:create(objects) end

---@param kind string as kubectl takes it: "Deployment", "deployments", "deployments.apps"
---@param namespace string? nil for a kind without namespaces
---@param name string
---@return table? object
function world:get(kind, namespace, name) end

---@param kind string
---@param namespace string? nil: of all
---@return table[] objects by namespace and name
function world:list(kind, namespace) end

--- Writes a whole object; its resourceVersion must be the live one.
---@param object table
---@param subresource 'status'? only that part of it; where a kind has one, nothing else writes it
---@param manager string? of its fields; kubectl-edit unless told
function world:update(object, subresource, manager) end

--- Objects as another world had them, with status, uid and times: nothing is checked or defaulted.
---@param objects string|table as world:create
function world:restore(objects) end

--- The same objects as world:list, for world:restore: a line of JSON each.
---@param kind string
---@param namespace string?
---@return string
function world:text(kind, namespace) end

---@param kind string
---@param namespace string?
---@param name string
function world:delete(kind, namespace, name) end

--- Calls `note` after every change of an object of this kind. It must only take note.
---@param kind string
---@param note fun(object: table, change: 'added'|'modified'|'deleted')
function world:watch(kind, note) end

-- What is around the engine -------------------------------------------------------------------------

--- How Pods behave whose image ends with `image`.
---@param image string
---@param behaviour { errors: number?, latency_ms: number?, latency_p99_ms: number?, ready_ms: number? } errors:
---  share of the answers that are a 500, 0 to 1; ready_ms: from a Pod's start, -1 never
function world:version(image, behaviour) end

--- A steady stream of requests to a host, with these headers; 0 ends it.
---@param host string
---@param per_second number
---@param headers table<string, string>?
function world:traffic(host, per_second, headers) end

--- Prometheus answers every query with nothing from now on, or as it should.
---@param blind boolean
function world:blind(blind) end

--- What Prometheus says to queries with this text in them, of metrics that only the team's own applications report.
---@param text string
---@param value number? without it Prometheus answers as it would
function world:answer(text, value) end

---@class sluice.Request
---@field method string
---@field path string
---@field query string
---@field body string
---@field key string? the header Sluice-Key

--- Requests to http://`host` are answered by this function.
---@param host string
---@param answer fun(request: sluice.Request): integer, string? status and body
function world:serve(host, answer) end

---@class sluice.Request
---@field method string
---@field url string
---@field headers string[] 'Name: value'
---@field outward boolean it must not reach the engine's own machine
---@field body string?

---@class sluice.Fate
---@field delay_ms number? before it arrives
---@field code string? it fails like this, unserved: "unreachable", "timeout"
---@field status integer? it is answered with this and `body`, unserved
---@field body string?
---@field lose_answer boolean? served, but the answer is lost

--- Asked before each request of the engines is sent; nil is no harm. Without a function there is none. It must only
--- decide: whoever is to die at a request is struck by strike_at.
---@param decide? fun(request: sluice.Request): sluice.Fate?
function world:fates(decide) end

-- The engine, each on a machine of its own ----------------------------------------------------------

--- Starts one; none may be running.
---@param identity string different for each
---@param is_apart boolean? it cannot see that an engine is dead, and waits until the Lease of that has expired
function world:start_engine(identity, is_apart) end

--- Closes it as SIGTERM does. Nothing happens without one.
function world:close_engine() end

--- Kills it as SIGKILL does. Nothing happens without one.
---@param sent_arrives boolean? requests that are on their way go on without it
function world:kill_engine(sent_arrives) end

---@alias sluice.Stroke 'before'|'served'|'answered'|'refused'|'unanswered'|'beside'

--- Strikes the engine that sends the `request`-th request of this world (streams do not count). It is killed: before
--- that is sent, when it was served and the answer is not read, or when that is read, at the end of the turn. Or it
--- lives: the answer is a 500, or lost on its way back, or nothing happens but `struck`.
---@param request integer
---@param stroke sluice.Stroke
---@param struck? fun() called on a turn of its own, right after
function world:strike_at(request, stroke, struck) end

--- Calls `tell` when the engine has become ready, none (closed) or dead, on a turn of its own.
---@param tell fun(state: string)
function world:on_engine(tell) end

---@return 'none'|'starting'|'ready'|'closing'|'dead'
function world:engine() end

--- What the last engine says at /metrics; "" without one.
---@return string
function world:metrics() end

--- How many requests the engines have sent, streams not counted.
---@return integer
function world:requests() end

--- When one of them was sent. Nil before, and in a world of a scenario.
---@param request integer
---@return integer? milliseconds since the world began
function world:sent_at(request) end

---@class sluice.News what a script and the engine say to each other (core/lab/witness.h)
---@field kind 'word'|'operation'|'answer'|'leave'|'evidence'|'end'
---@field canary string its name
---@field name string? of the word or operation; of evidence, where it was asked; of an end, why it failed
---@field args table?
---@field answer any what was answered, or the result of the word; nil of an operation: it comes later
---@field known boolean of a word: it is on record, and what it did is not done again

--- Tells what the scripts of releases say, for the engines that are started from now on. It must only take note.
---@param note fun(news: sluice.News)
function world:witness(note) end

--- Asks the world's Prometheus, as the engine does. What is due at this moment happens meanwhile.
---@param text string
---@param span_ms number? over so much time until now, a value for each step
---@param step_ms number?
---@return { value: number?, several: integer?, points: table[]?, error: string?, none: boolean? } answer
function world:query(text, span_ms, step_ms) end

-- Time ----------------------------------------------------------------------------------------------

--- Milliseconds since the world began.
---@return integer
function world:now() end

--- What clocks show, as milliseconds since 1970.
---@return integer
function world:wall() end

---@param delay string|number "10s", or milliseconds
---@param act fun()
function world:after(delay, act) end

--- Lets time pass, or until `is_there` says so, which is asked whenever an object has changed.
---@param duration string|number "10m", or milliseconds
---@param is_there? fun(): boolean
---@return boolean there false: the time is over, and it is not
function world:run(duration, is_there) end

-- What is told --------------------------------------------------------------------------------------

--- Every request of the engines and every change of an object, a line each, whole. The same seed and the same
--- acts give the same bytes, in any process.
---@return string
function world:transcript() end

--- The engines' log, which goes nowhere else. It has the time of the day, so it is never the same.
---@return string
function world:log() end

--- The first thing that must not be, whatever happens (core/lab/checkers); nil when nothing was.
---@return string?
function world:broken() end

--- The same, when nothing is under way any more: also what must be so at rest.
---@return string?
function world:expect_rest() end

--- Frees everything, and ends the process with an assertion when something was left open.
function world:close() end

return sluice

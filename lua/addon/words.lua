---@meta
--- What a script is given, for the language server and for docs/reference.md. The words themselves are
--- stdlib/script_words.lua and stdlib/checking.lua.
assert(... == nil, 'this file describes words to the language server; it is not a module')

--- The words of a strategy: what `run` is given. Each is on record when it comes back, so that after a crash another
--- engine goes on behind it.
---@class sluice.Rollout
---@field params table<string, any> the values of the parameters, as declared with stdlib.param
local rollout = {}

--- Waits for the gate `confirm-rollout`, fixes the revision and scales the target up. It comes before all other words.
---
---     rollout:begin()
function rollout:begin() end

--- Rounds of analysis, for a loop. Each call waits until an interval has passed since the last round, and until both
--- sides are ready and the checks and hooks of the analysis pass. Failed checks are counted; at the threshold the
--- release is taken back, and the script ends there.
---
---     for round in rollout:rounds() do … end
---@return fun(): sluice.Round next_round
function rollout:rounds() end

--- Rounds of analysis at the weights as they are: so many, or until so much time has passed; of both, what takes
--- longer.
---
---     rollout:analyse { rounds = 3 }
---     rollout:analyse { lasting = '10m' }
---     rollout:analyse { rounds = 3, checks = { 'revenue' } }
---@param options { rounds: integer?, lasting: string?, checks: string[]? } checks: judge these metrics of the Canary
---               alone meanwhile, by their names
---@return sluice.Round round the last one
function rollout:analyse(options) end

--- Gives the canary this share of the traffic; with `analysis.match`, of the requests that match. It waits until both
--- sides are ready, and the first one until a round has passed, with the pre-rollout hooks.
---
---     rollout:shift(10)
---@param weight integer from 0 to 100
function rollout:shift(weight) end

--- Gives the canary the requests that match, all of them, and no others, in place of `analysis.match`. It waits as
--- `shift` does; a later `shift` is of all requests again. It is not possible over TCP.
---
---     rollout:match { headers = { ['x-ring'] = 'insider' } }
---     rollout:match { { cookies = { ring = 'insider' } }, { queryParams = { region = { prefix = 'eu-' } } } }
---@param rules sluice.Rule|sluice.Rule[] of a list one must hold
function rollout:match(rules) end

--- Sends copies of this share of the requests to the canary, whose answers nobody gets, and all requests to the
--- primary. A later `shift` ends it. It is not possible over TCP, nor with `analysis.match`.
---@param share integer percent, from 1 to 100
function rollout:mirror(share) end

--- The next share by the steps of the analysis.
---@param round sluice.Round the one that rounds() gave last
---@return integer? weight nil at the end of the steps, or without steps
function rollout:next_weight(round) end

--- Asks the webhooks of a gate. Asked again, it waits for the next round.
---
---     while not rollout:open 'confirm-promotion' do end
---@param gate 'confirm-traffic-increase'|'confirm-promotion'
---@return boolean open whether all agree
function rollout:open(gate) end

--- Lets time pass, in which nothing is judged. The Canary's column WAITING shows until when.
---
---     rollout:wait '10m'
---@param duration string from 1s to 720h
---@return true came
function rollout:wait(duration) end

--- Waits until a condition holds: certain hours, another Canary in a phase (at the longest 720 hours), and so on.
---
---     rollout:wait_until { weekdays = 'Mon-Fri', from = '08:00', to = '16:00', zone = 'Europe/Berlin' }
---     rollout:wait_until { canary = 'backend', phase = 'Succeeded', timeout = '1h' }
---@param condition sluice.Condition with a timeout in it, if it is a table
---@param more { timeout: string? }? the timeout may stand here, too
---@return boolean came false: the time was over before
function rollout:wait_until(condition, more) end

--- Waits until one of several conditions holds. They are looked at in order: those of a list, then those with names, by
--- their names.
---
---     local first = rollout:any { approved = { gate = 'approval' }, late = '8h' }
---     if first == 'late' then … end
---@param conditions table<string|integer, sluice.Condition> at most 20
---@return string|integer first the name of the one that holds, or its place in the list
function rollout:any(conditions) end

--- Waits until several conditions hold at the same moment.
---
---     rollout:all { { from = '08:00', to = '16:00' }, { canary = 'backend', phase = 'Succeeded' } }
---@param conditions table<string|integer, sluice.Condition> at most 20
---@return true held
function rollout:all(conditions) end

--- Waits until a condition holds, at the longest so long.
---
---     if not rollout:within('2h', { gate = 'approval' }) then … end
---     local first = rollout:within('2h', { any = { yes = { gate = 'yes' }, no = { gate = 'no' } } })
---@param duration string from 1s to 720h
---@param condition sluice.Condition
---@return string|integer|true|nil what true, or of `{ any = … }` what came first; nil: the time was over before
function rollout:within(duration, condition) end

--- Tells something in an event of the Canary.
---@param text string at most 1000 bytes
function rollout:event(text) end

--- Tells something in the chats that get alerts of this severity: those of the Canary, or the engine's own. It is told
--- once, or not at all, and nothing waits for it.
---
---     rollout:alert('warn', 'half of the traffic is on the new version')
---@param severity 'info'|'warn'|'error'
---@param text string at most 1000 bytes
function rollout:alert(severity, text) end

--- Writes a line to the engine's log; a release has 60 of them in a minute.
---@param text string at most 1000 bytes
function rollout:log(text) end

--- Asks a webhook of the Canary by its name, or those of a type of gate, until they agree, with a round between two
--- questions.
---
---     if not rollout:gate('approval', { timeout = '2h' }) then … end
---     rollout:gate('confirm-promotion', { timeout = '2h', otherwise = 'rollback' })
---@param name string of a webhook, or 'confirm-traffic-increase', 'confirm-promotion'
---@param options { timeout: string?, otherwise: 'rollback'|'go on'|nil }? otherwise: when the time is over
---@return boolean open false: the time was over before
function rollout:gate(name, options) end

--- Asks one metric of the Canary by its name or by that of its Check, or a check that the engine brings. Nothing is
--- counted: what becomes of the verdict is for the strategy to say.
---
---     local verdict = rollout:check('request-duration', { max = 100 })
---     if verdict.verdict == 'fail' then … end
---@param name string
---@param params table<string, any>? in place of what the Canary gives; `min` and `max` are bounds
---@return sluice.Verdict verdict
function rollout:check(name, params) end

--- Asks the metrics server of the Canary.
---
---     local users = rollout:query 'sum(active_users{app="{{ target }}"})'
---@param text string a template like that of an inline query
---@return number? value nil: there is none
---@return string cause why there is none
function rollout:query(text) end

--- Asks the metrics server of the Canary over a span of time that ends now. A moment without a value is left out. Each
--- answer stays on record, so a release has room for some twenty long ones.
---
---     local points = rollout:query_range('sum(rate(orders_total[5m]))', '3h', '5m')
---@param text string a template like that of an inline query, whose answer is one series
---@param span string from 1s to 720h
---@param step string one value for each; at most 300 values
---@return { time: number, value: number }[]? points in order; time is in seconds since 1970; nil: there are none
---@return string cause why there is none
function rollout:query_range(text, span, step) end

--- Tells a webhook of the Canary something, at most once; it passes as other webhooks do.
---
---     local ok, cause = rollout:hook('notify', { stage = 'insiders' })
---@param name string of the webhook
---@param data table? what its payload has in the field `data`, at most 4 KiB as JSON
---@return boolean ok
---@return string? cause why not
function rollout:hook(name, data) end

--- Asks a webhook of the Canary for an answer.
---
---     local body, answer = rollout:fetch('risk', { version = rollout:revision() })
---@param name string of the webhook
---@param data table? what its payload has in the field `data`, at most 4 KiB as JSON
---@return string? body at most 16 KiB; nil: there is none
---@return any answer what the body says as JSON; why not, where there is no body
function rollout:fetch(name, data) end

--- The time.
---@return integer seconds since 1970
function rollout:now() end

--- How long the release has been under way.
---@return integer seconds
function rollout:elapsed() end

--- The live weights.
---@return { primary: integer, canary: integer, mirrored: boolean }? weights percent; nil: the routes cannot be read
---@return string cause why there is none
function rollout:weights() end

--- The revision that is tried, as the status of the Release has it.
---@return string revision
function rollout:revision() end

--- How many Pods a side is to have.
---@param side 'primary'|'canary'
---@return integer replicas
function rollout:replicas(side) end

--- A number from the release's own seed: the same one in every replay.
---@return number number from 0 to below 1
function rollout:random() end

--- How the releases of this Canary before this one have ended, the last one first; `began` is in seconds since 1970.
---@param count integer from 1 to 10
---@return { number: integer, outcome: string, revision: string, began: integer? }[] releases
function rollout:history(count) end

--- Takes the release back and ends it; it does not come back.
---
---     rollout:rollback 'nobody approved'
---@param reason string at most 1000 bytes
function rollout:rollback(reason) end

--- Makes the canary the primary and ends the release; it does not come back. A share that no round has judged yet is
--- judged first.
function rollout:promote() end

--- What a round of analysis has seen.
---@class sluice.Round
---@field weight integer the canary's share of the traffic
---@field mirrored boolean whether requests are mirrored to the canary

--- What a check has found.
---@class sluice.Verdict
---@field verdict 'pass'|'fail'|'blind' blind: there is nothing to judge by
---@field value number? nil when it is blind, or infinite
---@field unit string?
---@field bounds { min: number?, max: number? }?
---@field margin number? how far inside of the bounds it is; below 0 outside
---@field samples integer? so many requests it goes by
---@field needed integer? so many it wants
---@field cause sluice.Cause|nil of blind
---@field problem string? of blind: why, for people
---@field text string for people

--- Why a check is blind: there is nothing for its query; the server did not answer, or said 429 or 5xx; one series is
--- wanted; there were too few requests; what there is, is old; or the server refused the query (`failed`), or the
--- script says so and no query is the cause (`said`).
---@alias sluice.Cause 'no data'|'unreachable'|'several values'|'too few samples'|'stale'|'failed'|'said'

--- Rules by which requests are told apart; all of one must hold. A value is a text that must be equal, or
--- `{ prefix = … }` or `{ regex = … }`.
---@class sluice.Rule
---@field headers table<string, string|table>? names in lower case
---@field queryParams table<string, string|table>?
---@field cookies table<string, string|table>? one of them

--- What a script waits for: a time since the word began, such as '10m', hours, or one of these.
---@alias sluice.Condition string|sluice.Hours|sluice.Event

--- What a script waits for beside times: either another Canary, a gate, a check, or several conditions.
---@class sluice.Event
---@field canary string? of the namespace
---@field phase string? that it is in
---@field gate string? of a webhook, or 'confirm-traffic-increase', 'confirm-promotion'; asked once per interval
---@field check string? a metric, or a check; asked once per interval
---@field params table<string, any>? of the check
---@field verdict 'pass'|'fail'|'blind'|nil of the check; 'pass' unless told
---@field any table<string|integer, sluice.Condition>? one of these holds
---@field all table<string|integer, sluice.Condition>? all of these hold

--- Hours of the week in a time zone. Each field may be left out.
---@class sluice.Hours
---@field weekdays string|string[]? days like 'Mon-Fri' or 'Sat,Sun'
---@field from string? '08:00'
---@field to string? '16:00'; before `from`: over midnight
---@field zone string? of the system's zoneinfo database, such as 'Europe/Berlin'; UTC unless told
---@field except string[]? days, and dates like '2026-12-24' or '2026-12-24..2027-01-06'
---@field timeout string? ends the wait before

--- What a check is given. A check measures and judges, and never acts.
---@class sluice.Check
---@field params table<string, any> the values of the parameters
---@field bounds { min: number?, max: number? } those of the metric
---@field target string
---@field name string
---@field namespace string
---@field service string
---@field interval string
---@field weight integer
---@field iterations integer
---@field failed_checks integer
---@field now integer milliseconds since 1970
---@field started integer when the release began
local c = {}

--- Asks the metrics server.
---
---     local value, cause = c:query 'sum(rate(orders_total{version="{{ target }}"}[{{ interval }}]))'
---@param text string with Flagger's variables of templates
---@return number? value nil: there is none
---@return string cause why there is none
function c:query(text) end

--- Asks the metrics server over a span of time that ends now. A moment without a value is left out.
---
---     local points, cause = c:query_range('sum(rate(orders_total[5m]))', '3h', '5m')
---@param text string with Flagger's variables of templates; its answer is one series
---@param span string from 1s to 720h
---@param step string one value for each; at most 300 values
---@return { time: number, value: number }[]? points in order; time is in seconds since 1970; nil: there are none
---@return string cause why there is none
function c:query_range(text, span, step) end

--- Asks an adapter that the Check brings in `spec.adapters`: a server that is no Prometheus.
---
---     local waiting, cause = c:ask('queue', '{{ target }}')
---@param adapter string its name there
---@param text string for the adapter, with Flagger's variables of templates
---@return number? value nil: there is none
---@return string cause why there is none
function c:ask(adapter, text) end

--- Holds a value against bounds.
---
---     return c:judge(value, { max = 0.05, unit = 'ratio' }, 'revenue fell by %.1f %%')
---@param value number
---@param options { min: number?, max: number?, unit: string?, samples: integer?, needed: integer? }? without bounds
--- those of the metric count; `samples`: so many requests it goes by, `needed`: so many it wants; both are only shown
---@param text string? with one place for the value
---@return sluice.Verdict outcome for the check to return
function c:judge(value, options, text) end

--- There is nothing to judge by: nothing is counted, and the release holds.
---
---     return c:blind('12 of 40 requests', { cause = 'too few samples', samples = 12, needed = 40 })
---@param text string why, for people
---@param options { cause: sluice.Cause|nil, samples: integer?, needed: integer? }? without a cause that of the query
--- whose error the text is, or else of the last query that gave nothing
---@return sluice.Verdict outcome for the check to return
function c:blind(text, options) end

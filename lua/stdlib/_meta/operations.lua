---@meta
--- The operations behind host.call. What each takes and answers is a row of C (core/rollout/operation/), to which the
--- engine and the specs' fake host are both held; this page shows the rows (spec/operations_spec.lua compares them)
--- and says what they mean. A wrong call is raised, and names the operation, the argument, what was wanted and what
--- came. The world's failures are fields of the answer (`error`), never raised.
assert(... == nil, 'this file describes operations to the reader; it is not a module')

--- facts {} -> { now: integer, name: string, namespace: string, target: string, target_kind: string,
--- service: string, provider: string, phase: string, failed_checks: integer, iterations: integer, weight: integer,
--- restarted: boolean, finishing: boolean, interval_ms: integer, generation: integer,
--- started: integer, revision: string, tcp: boolean, replicas: { primary: integer, canary: integer }, alerts: boolean?,
--- route: { primary: integer, canary: integer, mirrored: boolean }?, route_error: string? }
---
--- The state of the release now. A read. now: wall clock, ms; target: spec.targetRef.name; service: the apex;
--- phase: Canary.status.phase as last written; weight: status.canaryWeight; restarted: this release replaced one in
--- mid-run (no gate, no scale-up); finishing: the primary was promoted before this release began (no analysis, no
--- copy); route: percent, from the live routing object, absent with route_error; interval_ms: the analysis interval in
--- force (>= 10,000); generation: of the Canary; started: when the release began, ms; revision: that is tried;
--- tcp: requests cannot be told apart, nor mirrored; replicas: how many Pods each side is to have; alerts: somebody
--- gets alerts of this release.

--- spec {} -> { skipAnalysis: any?, autoscalerRef: any?, ingressRef: any?, routeRef: any?, analysis: any?,
--- templates: any?, rules: any? }
---
--- What Canary.spec decides by, analysis without its webhooks and alerts; templates: { query: string } of each
--- MetricTemplate that a metric names and that is there, by 'namespace/name'; rules: BlindRules. A read. A changed
--- analysis is used from the next round on.

--- tick { since: integer? } -> { now: integer }
---
--- Waits until `since` (ms; absent: now) + the analysis interval (which may change meanwhile; suspended time waits
--- too); returns at once when that has passed, when a person asked something of the release since, and always while
--- finished words are replayed. Used between words, not inside.

--- ready { side: 'primary'|'canary' } -> { ready: boolean, error: string? }
---
--- Waits (by watch, no polling) until that side is ready; C reports "… not ready: …" events meanwhile. ready = false
--- and an error when it never will be (deadline passed).

--- query { query: string, server: string?, template: string?, interval: string?, problem: string?, check: string?,
--- adapter: string? } -> { value: number?, infinite: -1..1?, none: boolean?, several: integer?, error: string?,
--- cause: string?, fault: string?, lacking: string? }
---
--- One Prometheus instant query; or, with a template ('namespace/name' of a MetricTemplate), one question to its
--- provider: interval is the metric's, as written; problem says why the query could not be filled in, and then nothing
--- is sent. value; or infinite and its sign (a value that JSON does not have); or none, with an error (nothing, or
--- NaN); or an error alone. With several series it is the last one's value, and their count. cause: why there
--- is no number: 'no data', 'unreachable' (also 429 and 5xx), 'several values' or 'failed'. fault: what is wrong with
--- the template or with what it names; it follows the template's name in a sentence. With an adapter, one question to
--- that adapter of the Check whose script is the module `check`; lacking: it has no such adapter. A read.

--- query_range { query: string, span: 1000..2592000000, step: 1000..2592000000 } ->
--- { points: { time: number, value: number?, infinite: -1..1? }[]?, none: boolean?, error: string?,
--- cause: string? }
---
--- One Prometheus query over the last `span` ms, a value per `step` ms, at most 300 of them, in order of time (seconds
--- since 1970); those that are NaN are left out, and none means that nothing is left. value, infinite and cause: as in
--- query. One series is wanted; several are an error. A read.

--- difference { canary: 0..100, mirrored: boolean } -> { text: string? }
---
--- How the live routing differs from these weights, and who wrote that; without a text it does not differ. A read.

--- await { began: integer, since: integer, until: integer?, often: boolean,
--- canaries: { name: string, phase: string }[] } -> { now: integer }
---
--- Waits until it is worth looking again: until the time `until` (ms), until one of these Canaries of the namespace is
--- in its phase (its change wakes the wait), and, often or where the Canary has rollback hooks, once per interval since
--- `began` after the look at `since`. Without any of these it waits for ever. Returns at once while finished words are
--- replayed. Used between words, not inside.

--- phase { name: string, phase: string } -> { came: boolean }
---
--- Is that Canary of the namespace in this phase? A read.

--- sleep { ms: 1..34646400000, canary: { name: string, phase: string }? } -> { now: integer, came: boolean,
--- rollback: string? }
---
--- Of releases that began with words of version 1. Waits so long, or until that Canary of the same namespace has come
--- to this phase (came). The end is on record before the wait begins. Rollback hooks are asked once per interval:
--- rollback is the name of one that asks for it, which ends the wait.

--- calendar { weekdays: 1..127, from: 0..1440, to: 0..1440, zone: string, except: { first: 10000101..99991231,
--- last: 10000101..99991231 }[] } -> { ms: integer?, at: integer?, error: string? }
---
--- How long until these hours begin, 0 within them (base/calendar.h), and when that is. weekdays: bit 0 is Monday;
--- from, to: minutes of the day; zone: a name of the system's zoneinfo database, else an error; except: dates as
--- numbers, 20261224. A read.

--- save {} -> {}
---
--- Answers once the record has all that was done so far.

--- hooks { type: 'confirm-rollout'|'confirm-traffic-increase'|'confirm-promotion'|'pre-rollout'|'rollout'|
--- 'post-rollout'|'rollback', phase: string, stop: 'failure'|'success' } -> { name: string, ok: boolean,
--- error: string?, status: integer?, took_ms: integer?, approved: string?, mute: boolean }[]
---
--- Calls the Canary's webhooks of that type in order until the first failure (or success); the answer has those that
--- were called; approved: none was, because a person has approved the gate of that type, and why. Type 'rollout'
--- includes hooks without a type. Types confirm-rollout, confirm-traffic-increase, confirm-promotion and rollback ask a
--- question (reads); the others are deliveries: their intent is on record before they are sent, with a key (header
--- Sluice-Key) that is the same when they are sent again after a crash.

--- webhook { name: string, phase: string, data: any?, deliver: boolean, body: boolean } -> { known: boolean,
--- ok: boolean, error: string?, status: integer?, took_ms: integer?, approved: string?, body: string?, json: any? }
---
--- Calls the Canary's webhook of that name, whatever its type; known: false when there is none. data: what its payload
--- has in the field `data`, at most 4 KiB as JSON. deliver: as deliveries of `hooks` are; otherwise it is a question.
--- body: the answer is wanted, a text of at most 16 KiB; json: what it says, if it is JSON. approved: a question that a
--- person has answered, and why.

--- history { count: 1..10 } -> { number: integer, outcome: string, revision: string, began: integer? }[]
---
--- The releases of this Canary before this one that are kept, the last one first. outcome: the state of the Release
--- (release/release.h). A read.

--- act table[] -> { ok: boolean, failed: integer?, error: string?, begun: boolean? }
---
--- Changes the world by a list of effects, in order, all on record before the first one starts; after a crash they are
--- repeated by rules that do nothing twice. failed: the index (from 1) of the one that failed; effects after it did
--- not happen; begun: a part of it did (a promotion whose configs are copied), which cannot be taken back. Of a list
--- with an effect that cannot be (a share of 130) nothing is done.
---
--- The effects: what each takes, and what its repetition does, are rows of C too (core/effect/), compared likewise. A
--- member that a kind does not take is refused.
---
--- { kind: 'route', primary: 0..100, canary: 0..100, mirrored: boolean?,
--- analysis: { match: table[]?, mirrorWeight: 1..100? }? }
---     Whole percent, sum 100. analysis: what counts in place of the Canary's own for the time of the release. Again:
---     done when the live weights are these; written when they are those of before; else the mesh wins.
---
--- { kind: 'phase', phase: string }
---     Flagger's "set phase" (docs/flagger.md, "Status writes"): Waiting, WaitingPromotion, Promoting, Finalising,
---     Succeeded. Again: compared, only what differs is written.
---
--- { kind: 'sync', phase: string, weight: 0..100?, iterations: integer?, failed_checks: integer? }
---     Flagger's "status sync": also lastAppliedSpec and trackedConfigs; absent counters are 0. Again: compared, only
---     what differs is written.
---
--- { kind: 'status', weight: 0..100?, iterations: integer?, failed_checks: integer? }
---     Single counters. Again: compared, only what differs is written.
---
--- { kind: 'event', type: 'Normal'|'Warning'?, message: string, phase: string? }
---     phase: what event hooks are told; absent: the Canary's own. Again: sent again under the same key.
---
--- { kind: 'scale', to: 'up'|'zero' }
---     The target (docs/flagger.md, "Scaling the target"). Again: up: done with any replicas; zero: done with none,
---     else its wait begins anew.
---
--- { kind: 'promote' }
---     Copies the pinned revision of the target to the primary; fails when the target is another revision by now.
---     Again: done when the primary carries the id; without an answer it is asked for again, until one comes.
---
--- { kind: 'autoscaler' }
---     Brings the primary's autoscaler in line with the target's. Again: compared, only what differs is written.
---
--- { kind: 'gauge', name: string, value: number }
---     flagger_canary_metric_analysis; not recorded. Again: nothing to repeat.
---
--- { kind: 'alert', severity: 'info'|'warn'|'error', message: string, described: boolean? }
---     To those who want alerts of this severity; on record as begun before it is sent. described: with what the Canary
---     is. Again: never sent again, whether it arrived or not.

--- pin {} -> { revision: string }
---
--- From now on the revision is fixed (the confirm-rollout gate is open).

--- rollback { events: { kind: 'event'?, type: 'Normal'|'Warning', message: string, phase: string? }[],
--- alerts: { kind: 'alert'?, severity: 'info'|'warn'|'error', message: string }[]?,
--- by: 'threshold'|'hook'|'gate'|'check'|'strategy'?, name: string? }
---
--- Never answers: the script ends here and C finishes: these events, routes 100/0, these alerts, "Canary
--- failed! …", scale to zero, status Failed, post-rollout hooks. by: what ends it, and the
--- name of that hook, gate or check, for the record.

--- fail_promotion { error: string? }
---
--- Never answers: the primary never became ready while promoting (docs/flagger.md, "Failed promotion"); C finishes:
--- event, routes 0/100, status Failed with weight 100, hooks.

--- finish { skipped: boolean }
---
--- Never answers: the release has succeeded; all effects were done by act before.

---@meta
--- The operations behind host.call: the contract between the stdlib and C (rollout/operation/).
--- Answers are JSON values; the world's failures are fields of the answer (`error`), never raised.
error('this file describes operations to the reader; it is not a module')

--- facts {} — the state of the release now. A read.
---@class facts
---@field now integer wall clock, ms
---@field name string of the Canary
---@field namespace string
---@field target string spec.targetRef.name
---@field target_kind string
---@field service string apex service name
---@field provider string "istio"
---@field phase string Canary.status.phase as last written
---@field failed_checks integer
---@field iterations integer
---@field weight integer status.canaryWeight
---@field restarted boolean this release replaced one in mid-run (no gate, no scale-up)
---@field route { primary: integer, canary: integer, mirrored: boolean }|nil from the live routing
---                object; nil with `route_error`
---@field route_error string|nil
---@field interval_ms integer effective analysis interval (>= 10,000)
---@field generation integer of the Canary

--- spec {} — what Canary.spec decides by: skipAnalysis, autoscalerRef, ingressRef, routeRef, and
--- analysis without its webhooks and alerts. A read. A changed analysis is used from the next round
--- on.

--- tick { since = ms } — waits until `since` + the analysis interval (which may change meanwhile;
--- suspended time waits too); returns at once when that has passed, and always while finished words
--- are replayed. Answer: { now = ms }. Used between words, not inside.

--- ready { side = 'primary' | 'canary' } — waits (by watch, no polling) until that side is ready; C
--- reports "… not ready: …" events meanwhile. Answer: { ready = true } or
--- { ready = false, error = text } when it never will be (deadline passed).

--- query { query = string, server = string? } — one Prometheus instant query. Answer:
--- { value = number } | { none = true, error = 'no values found' } (nothing, or NaN) |
--- { infinite = 1 | -1 } (a value that JSON does not have) | { error = text }; with several series
--- the last one's value and `several = count`. A read.

--- difference { canary = n, mirrored = boolean } — how the live routing differs from these weights,
--- and who wrote that. Answer: { text = string? }; without a text it does not differ. A read.

--- hooks { type = string, phase = string, stop = 'failure' | 'success' } — calls the Canary's
--- webhooks of that type in order until the first failure (or success). Answer: list of { name =
--- string, ok = boolean, error = string|nil, mute = boolean } for those that were called. type
--- 'rollout' includes hooks without a type. Types confirm-rollout, confirm-traffic-increase,
--- confirm-promotion and rollback ask a question (reads); the others are deliveries: their intent
--- is on record before they are sent, with a key (header Sluice-Key) that is the same when they are
--- sent again after a crash.

--- act { effect, … } — changes the world, in order, all on record before the first one starts;
--- after a crash they are repeated by rules that do nothing twice. Answer: { ok = true } or { ok =
--- false, failed = index (1-based), error = text, begun = true? }; effects after the failed one did
--- not happen; of one that has begun (a promotion whose configs are copied) a part did, which cannot
--- be taken back.
--- Effects:
---   { kind = 'route', primary = n, canary = n, mirrored = boolean }   whole percent, sum 100
---   { kind = 'phase', phase = s }    Flagger's "set phase" (docs/flagger.md, "Status writes"): Waiting,
---                                    WaitingPromotion, Promoting, Finalising, Succeeded
---   { kind = 'sync', phase = s, weight = n, iterations = n, failed_checks = n }   Flagger's
---                                    "status sync": also lastAppliedSpec and trackedConfigs;
---                                    absent counters are 0
---   { kind = 'status', weight = n?, iterations = n?, failed_checks = n? }         single counters
---   { kind = 'event', type = 'Normal' | 'Warning', message = s, phase = s? }   phase: what event
---                                    hooks are told; absent: the Canary's own
---   { kind = 'scale', to = 'up' | 'zero' }   the target (docs/flagger.md, "Scaling the target")
---   { kind = 'promote' }             copies the pinned revision of the target to the primary;
---                                    fails when the target is another revision by now
---   { kind = 'autoscaler' }          brings the primary's HPA in line with the target's
---   { kind = 'gauge', name = s, value = n }   flagger_canary_metric_analysis (not recorded)

--- pin {} — from now on the revision is fixed (the confirm-rollout gate is open). Answer:
--- { revision = s }.

--- rollback { events = { { type =, message = }, … } } — never answers: the script ends here and C
--- finishes: events, routes 100/0, "Canary failed! …", scale to zero, status Failed, post-rollout
--- hooks.
--- fail_promotion { error = text } — never answers: the primary never became ready while promoting
--- (docs/flagger.md, "Failed promotion"); C finishes: event, routes 0/100, status Failed with weight
--- 100, hooks.
--- finish { skipped = boolean } — never answers: the release has succeeded; all effects were done
--- by act before.

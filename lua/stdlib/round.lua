--- One round of a release: what is looked at once per interval, in Flagger's order (docs/flagger.md,
--- "The tick").
local alerts = require 'stdlib.alerts'
local blind_rules = require 'stdlib.blind_rules'
local effects = require 'stdlib.effects'
local evidence = require 'stdlib.evidence'
local hooks = require 'stdlib.hooks'
local host = require 'host'
local metrics = require 'stdlib.metrics'
local sentences = require 'stdlib.sentences'

local M = {}

--- A look that took longer has waited for a side to become ready.
local WAITED_MS = 1000

---@class Round
---@field passed boolean the strategy may take its next step
---@field committed boolean? a promotion without an analysis was made, or half of it
---@field weight integer the canary's live share, percent
---@field mirrored boolean requests are copied to the canary
---@field iterations integer steps done, of an A/B test or blue/green
---@field total integer steps wanted, of an A/B test or blue/green
---@field started boolean? this round announced the analysis, and its pre-rollout hooks passed
---@field next_weight integer? nil: nothing left to grow
---@field mirrors boolean the analysis asks for mirroring
---@field share_lost boolean? the canary has less than it was given
---@field held { since: integer, cause: string }? ms: it holds, because a check is blind
---@field promotes boolean? it has held for as long as it may, and is promoted all the same
---@field lost integer? so many rounds in a row did not find what the step before had ordered

---@class RollbackCause
---@field by 'threshold'|'hook'|'gate'|'check'|'strategy'|nil nil: a side is not ready in time
---@field name string? of the hook, gate or check
---@field events Effect[]? what is told first
---@field alert { severity: 'warn'|'error', message: string }?

--- Takes the release back; does not return.
---@param rollout Protocol
---@param cause RollbackCause
function M.roll_back(rollout, cause)
  local facts, spec, alert = host.call('facts'), rollout:spec(), cause.alert
  local told, alerted = host.array {}, host.array {}
  if alert then
    alerts.add(alerted, facts, alert.severity, alert.message)
  end
  for _, event in ipairs(rollout:take_pending(cause.events)) do
    told[#told + 1] = event
  end
  if facts.failed_checks >= evidence.threshold(spec) then
    told[#told + 1] = effects.warning(string.format(
      'Rolling back %s.%s failed checks threshold reached %d', facts.name, facts.namespace,
      facts.failed_checks))
    alerts.add(alerted, facts, 'error', 'Failed checks threshold reached ' .. facts.failed_checks)
  end
  host.call('rollback', { events = told, alerts = alerted[1] and alerted, by = cause.by, name = cause.name })
end

--- Promotes without an analysis (spec.skipAnalysis). Returns only when something failed.
---@return boolean? committed the primary is the canary, or half of it is: there is no way back
local function skip(rollout, facts, spec)
  local orders = { effects.route(0), effects.copying(facts), effects.promote() }
  local promoting = #orders
  if spec.autoscalerRef then
    orders[#orders + 1] = effects.autoscaler()
  end
  orders[#orders + 1] = effects.scale('zero')
  orders[#orders + 1] = effects.phase('Succeeded')
  local done, failed, begun = rollout:act(orders)
  if done then
    M.finish(rollout, facts, string.format('Promotion completed! Canary analysis was skipped for %s.%s',
      facts.target, facts.namespace), true)
  end
  return begun or failed > promoting
end

--- The last words of a release that went well; does not return.
---@param rollout Protocol
---@param facts { alerts: boolean? }
---@param message string
---@param skipped boolean
function M.finish(rollout, facts, message, skipped)
  local results, failed = hooks.call('post-rollout', 'Succeeded')
  local orders = hooks.passed(results, 'Post-rollout')
  if failed then
    orders[#orders + 1] = effects.warning(string.format('Post-rollout hook %s failed %s',
      failed.name, failed.error))
  end
  orders[#orders + 1] = effects.normal(message)
  alerts.add(orders, facts, 'info', skipped and 'Canary analysis was skipped, promotion finished.'
    or 'Canary analysis completed successfully, promotion finished.')
  rollout:act(orders)
  host.call('finish', { skipped = skipped })
end

--- What is promoted already is not promoted once more without an analysis.
local function skips_analysis(rollout, spec)
  return spec.skipAnalysis and not rollout.finishing
end

local function wait_for_primary(rollout, spec, promoting)
  if skips_analysis(rollout, spec) then
    return
  end
  local primary = host.call('ready', { side = 'primary' })
  if primary.ready then
    return
  elseif promoting then
    host.call('fail_promotion', { error = primary.error })
  end
  M.roll_back(rollout, {})
end

--- The facts, once everything is ready; nil when the round must end here. One that had to wait ends
--- to begin anew: its interval must count from when it does something, and what it knows is old.
local function read_facts(rollout)
  local facts = host.call('facts')
  if facts.now - rollout.began >= WAITED_MS then
    rollout.waited = true
  elseif facts.route then
    return facts
  else
    rollout.waits = { reason = 'RoutesUnknown', message = facts.route_error, told = false }
  end
end

--- Before the release starts only the primary must be ready.
---@param rollout Protocol
---@return table? facts nil: nothing more in this round
function M.look_before_start(rollout)
  wait_for_primary(rollout, rollout:spec(), false)
  return read_facts(rollout)
end

--- What every later round begins with: both sides are ready, the routes can be read.
---@param rollout Protocol
---@param promoting boolean? the primary has been promoted: never ready means that this failed
---@return table? facts nil: nothing more in this round
---@return table spec
---@return boolean? committed see skip
function M.look(rollout, promoting)
  local spec = rollout:spec()
  if rollout.committed then
    skip(rollout, host.call('facts'), spec)
    return nil, spec, true -- whatever failed this time: what was begun stays begun
  end
  wait_for_primary(rollout, spec, promoting)
  if not host.call('ready', { side = 'canary' }).ready then
    M.roll_back(rollout, {})
  end
  local facts = read_facts(rollout)
  if facts and skips_analysis(rollout, spec) then
    return nil, spec, skip(rollout, facts, spec)
  end
  return facts, spec
end

--- A rollback hook asks for it; does not return.
---@param rollout Protocol
---@param facts table
---@param hook string its name
function M.roll_back_by_hook(rollout, facts, hook)
  M.roll_back(rollout, {
    by = 'hook',
    name = hook,
    events = {
      effects.warning(string.format('Rollback check %s passed', hook)),
      effects.warning(string.format('Rolling back %s.%s manual webhook invoked', facts.name, facts.namespace)),
    },
    alert = { severity = 'warn', message = 'Rolling back manual webhook invoked' },
  })
end

local function ask_rollback_hooks(rollout, facts)
  local results, asked = hooks.call('rollback', facts.phase)
  for _, result in ipairs(results) do
    if not result.ok then
      rollout:later(effects.normal(string.format('Rollback hook %s not signaling a rollback',
        result.name)))
    end
  end
  if asked then
    M.roll_back_by_hook(rollout, facts, asked.name)
  end
end

--- A hook whose answer counts as a failed check.
---@return string problem
local function hook_failed(format, failed, facts, spec)
  local problem = format:format(facts.name, facts.namespace, failed.name, failed.error)
  evidence.keep_hook(failed.name, problem, facts, spec)
  return problem
end

--- The first round of an analysis: it is announced, and the pre-rollout hooks must pass.
local function start(rollout, facts, spec)
  rollout:act {
    effects.normal(string.format('Starting canary analysis for %s.%s', facts.target,
      facts.namespace)),
  }
  local results, failed = hooks.call('pre-rollout', 'Progressing')
  for _, event in ipairs(hooks.passed(results, 'Pre-rollout')) do
    rollout:later(event)
  end
  return failed and hook_failed('Halt %s.%s advancement pre-rollout check %s failed %s', failed, facts, spec)
end

--- It has held for as long as it may, and counts from now on.
local function is_overdue(rollout, facts, spec)
  return blind_rules.overdue(blind_rules.of(spec), rollout.held and rollout.held.since, facts.now) == 'fail'
end

--- The rules of this round: once a release has held for as long as it may, what is blind may count.
local function rules_of(rollout, facts, spec)
  local rules = blind_rules.of(spec)
  return is_overdue(rollout, facts, spec) and setmetatable({ blind = 'fail' }, { __index = rules }) or rules
end

---@return string? problem a failed check
---@return { text: string, metric: string, cause: string }? held why nothing can be judged now
local function analyse(rollout, facts, spec)
  local _, failed = hooks.call('rollout', 'Progressing')
  if failed then
    return hook_failed('Halt %s.%s advancement external check %s failed %s', failed, facts, spec)
  end
  local verdict, holds = metrics.check(facts, spec, rollout.only, rules_of(rollout, facts, spec))
  local text = verdict and sentences.of(verdict, facts)
  if holds then
    return nil, { text = text, metric = verdict.metric, cause = ('%s: %s'):format(verdict.metric, verdict.cause) }
  end
  return text
end

--- With rules of a manifest each cause is told here, once, and not by the wait: that is on record, so the time that the
--- manifest sets counts through a crash.
---@return { since: integer, cause: string }?
local function note_hold(rollout, facts, rules, held)
  if not next(rules) then
    return nil
  end
  local former = rollout.held or {}
  if former.cause ~= held.cause then
    rollout:act { effects.warning(held.text) }
  end
  return { since = former.since or facts.now, cause = held.cause }
end

--- Weight and counter stay; after the time that the manifest sets, what it says comes.
---@param round { lost: integer?, share_lost: boolean? }
---@return Round
local function hold(rollout, facts, spec, held, round)
  local rules = blind_rules.of(spec)
  round.held = note_hold(rollout, facts, rules, held)
  local comes = blind_rules.overdue(rules, round.held and round.held.since, facts.now)
  if comes == 'rollback' then
    local problem = ('%s was blind for %s'):format(held.metric, rules.blind_timeout)
    M.roll_back(rollout, {
      by = 'check',
      name = held.metric,
      events = { effects.warning(('Rolling back %s.%s %s'):format(facts.name, facts.namespace, problem)) },
      alert = { severity = 'error', message = 'Rolling back ' .. problem },
    })
  end
  rollout.waits = rollout.waits or { reason = 'CheckBlind', message = held.text, told = round.held ~= nil }
  round.passed, round.promotes = false, comes == 'promote' or nil
  return round
end

--- A step that the routing does not keep is ordered again in each round, as in Flagger. Once may be a
--- person's hand, or an edit of the Canary; from the second time on the release waits for it.
local function find_lost(rollout, facts)
  local ordered, route = rollout.ordered, facts.route
  if not ordered or route.canary == ordered.canary and (route.mirrored or not ordered.mirrored) then
    return nil
  end
  local lost = (rollout.lost or 0) + 1
  if lost > 1 then
    local text = host.call('difference', ordered).text
      or 'its requests are not mirrored: routes by match and routes of TCP have no mirror'
    rollout.waits = {
      reason = 'WeightsNotKept',
      message = string.format('Halt %s.%s advancement %s', facts.name, facts.namespace, text),
      told = false,
    }
  end
  return lost
end

local function describe(rollout, facts, analysis)
  return {
    passed = true,
    weight = facts.route.canary,
    mirrored = facts.route.mirrored,
    iterations = facts.iterations,
    total = analysis.iterations or 0,
    next_weight = rollout:next_share(analysis, facts.route.canary),
    mirrors = analysis.mirror == true,
  }
end

--- Runs one round; the body of the word 'round'.
---@param rollout Protocol
---@return Round
function M.run(rollout)
  local facts, spec, committed = M.look(rollout)
  if not facts then
    return { passed = false, committed = committed, held = rollout.held }
  end
  local analysis = spec.analysis
  ask_rollback_hooks(rollout, facts)
  if facts.failed_checks >= evidence.threshold(spec) then
    M.roll_back(rollout, { by = 'threshold' })
  end
  local lost = find_lost(rollout, facts)
  local share_lost = rollout:lacks_share(facts.route)
  if share_lost and (lost or 0) < 2 then -- given again, and judged then
    return { passed = false, lost = lost, share_lost = true }
  end
  local problem, held
  local first = rollout:is_first(facts, analysis)
  if not first then
    problem, held = analyse(rollout, facts, spec)
  elseif not rollout.started or (analysis.iterations or 0) > 0 then
    problem = start(rollout, facts, spec)
  end -- else a gate is closed before the first step: there is nothing to judge yet
  if problem then
    rollout:act {
      effects.warning(problem),
      effects.status { failed_checks = facts.failed_checks + 1 },
    }
    local kept = is_overdue(rollout, facts, spec) and rollout.held or nil
    return { passed = false, lost = lost, share_lost = share_lost, held = kept }
  end
  if held then
    return hold(rollout, facts, spec, held, { lost = lost, share_lost = share_lost })
  end
  local round = describe(rollout, facts, analysis)
  round.lost, round.share_lost = lost, share_lost
  round.passed = not share_lost
  round.started = first and not rollout.started or nil
  rollout:end_round(round, facts, analysis)
  return round
end

return M

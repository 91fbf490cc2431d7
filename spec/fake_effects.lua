--- The effects of core/effect in short: what they do to the simulated world, and what is done again after a crash.
--- Everything that happens is a line of world.log.
local json = require 'spec.fake_json'

local M = {}

local ZEROED_BY_NO = { Progressing = true, Waiting = true, Promoting = true }

local function same_route(a, b)
  return b ~= nil and a.canary == b.canary and a.primary == b.primary and a.mirrored == b.mirrored
end

-- Status --------------------------------------------------------------------------------------

--- Writes what differs.
local function write_status(world, fields)
  local changes = {}
  for _, name in ipairs { 'phase', 'weight', 'iterations', 'failed_checks', 'applied', 'promoted' } do
    if fields[name] ~= nil and fields[name] ~= world.status[name] then
      world.status[name] = fields[name]
      changes[#changes + 1] = name .. '=' .. tostring(fields[name])
    end
  end
  if #changes > 0 then
    world:note('status ' .. table.concat(changes, ' '))
  end
end

local function set_phase(world, phase)
  local fields = { phase = phase }
  if not ZEROED_BY_NO[phase] then
    local total = world.spec.analysis.iterations or 0
    fields.weight, fields.iterations = 0, phase == 'WaitingPromotion' and total - 1 or 0
  end
  fields.promoted = phase == 'Succeeded' and world.status.applied or nil
  write_status(world, fields)
end

local function sync(world, effect)
  write_status(world, {
    phase = effect.phase,
    weight = effect.weight or 0,
    iterations = effect.iterations or 0,
    failed_checks = effect.failed_checks or 0,
    applied = world.pinned,
  })
end

-- Each kind -----------------------------------------------------------------------------------

local kinds = {}

function kinds.route(world, effect, options)
  local live, want = world.route, { primary = effect.primary, canary = effect.canary, mirrored = effect.mirrored }
  if world.route_error then
    return world.route_error
  end
  local edited = options.redo and not options.trusted and not same_route(live, want)
    and not same_route(live, effect.from)
  local match = effect.analysis and effect.analysis.match
  local match_text = match and (#match > 0 and ' of ' .. json.text(match) or '') or world.match or ''
  local others = match_text ~= (world.match or '')
  if edited or same_route(live, want) and not others then
    return
  end
  if not options.trusted then
    if (want.canary > live.canary or others and want.canary > 0) and not world.sides.canary.ready then
      return "the canary's share of podinfo.test must not grow while it is not ready"
    elseif want.primary > live.primary and not world.spec.skipAnalysis and not world.sides.primary.ready then
      return "the primary's share of podinfo.test must not grow while it is not ready"
    end
  end
  world.route, world.match = want, match_text
  world:note(string.format('route %d/%d%s%s', want.primary, want.canary, want.mirrored and ' mirrored' or '',
    match_text))
end

function kinds.phase(world, effect)
  set_phase(world, effect.phase)
end

kinds.sync = sync

function kinds.status(world, effect)
  write_status(world, {
    weight = effect.weight,
    iterations = effect.iterations,
    failed_checks = effect.failed_checks,
  })
end

function kinds.event(world, effect)
  if world:is_first(effect.key) then
    local phase = effect.phase and ' (' .. effect.phase .. ')' or ''
    world:note(string.format('%s: %s%s', effect.type, effect.message, phase))
  end
end

function kinds.scale(world, effect)
  local up = effect.to == 'up'
  if up == (world.replicas > 0) then
    return
  end
  world.replicas = up and 2 or 0
  world:note('scale ' .. effect.to)
  if up and world.canary_ready_after then
    world.sides.canary = { ready = false }
    world:at(world.canary_ready_after, function(one)
      one.sides.canary = { ready = true }
    end)
  end
end

function kinds.promote(world, effect)
  if world.promotion_id == effect.id then
    return
  elseif world.revision ~= world.pinned then
    return 'the target is revision ' .. world.revision .. ' by now'
  end
  world.promotion_id, world.primary_revision = effect.id, world.pinned
  world:note('promote ' .. world.pinned)
  if world.primary_ready_after then
    world.sides.primary = { ready = false }
    world:at(world.primary_ready_after, function(one)
      one.sides.primary = { ready = true }
    end)
  end
end

function kinds.autoscaler(world)
  if world.autoscaler_differs then
    world.autoscaler_differs = false
    world:note 'autoscaler'
  end
end

function kinds.alert(world, effect, options, list)
  if world.alerts and not effect.begun then
    effect.begun = true
    if not options.trusted then
      world.journal:intend(list)
    end
    world:flush()
    local described = effect.described and ' (described)' or ''
    world:note(string.format('alert %s%s: %s', effect.severity, described, effect.message))
  end
end

function kinds.gauge(world, effect)
  world.gauges[effect.name] = effect.value
end

--- Post-rollout hooks of an ending.
function kinds.hooks(world, effect)
  for _, result in ipairs(world:call_hooks { type = effect.type, phase = effect.phase, key = effect.key }) do
    local text = result.ok and 'Normal: Post-rollout check %s passed' or 'Warning: Post-rollout hook %s failed %s'
    if world:is_first(effect.key .. '/' .. result.name .. '/event') then
      world:note(string.format(text, result.name, result.error) .. ' (' .. effect.event_phase .. ')')
    end
  end
end

-- A list --------------------------------------------------------------------------------------

--- Completes a list to what the record needs.
---@return table prepared
function M.prepare(world, list)
  local prepared = json.copy(list)
  for i, effect in ipairs(prepared) do
    if effect.kind == 'route' then
      effect.from = not world.route_error and json.copy(world.route) or nil
    elseif effect.kind == 'promote' then
      effect.id = 'release'
    elseif effect.kind == 'event' then
      effect.key = string.format('event/%d/%d/%d', world.epoch, world.serial, i - 1)
    elseif effect.kind == 'hooks' then
      effect.key = 'release/end'
    end
  end
  return prepared
end

--- Does them in order, until the first that fails.
---@param options { redo: boolean?, trusted: boolean? }
---@return integer? failed index from 1
---@return string? error
function M.run(world, list, options)
  for i, effect in ipairs(list) do
    local problem = world:failure_of(effect) or kinds[effect.kind](world, effect, options, list)
    if problem then
      return i, problem
    end
    world:point()
  end
end

-- Lists that are C's own ----------------------------------------------------------------------

local function event(kind, message, phase)
  return { kind = 'event', type = kind, message = message, phase = phase }
end

local function route(canary)
  return { kind = 'route', primary = 100 - canary, canary = canary, mirrored = false }
end

---@param phase string the Canary's, before it failed
function M.rollback(events, alerts, phase)
  local list = {}
  for _, each in ipairs(events) do
    list[#list + 1] = event(each.type, each.message)
  end
  list[#list + 1] = route(0)
  for _, each in ipairs(alerts or {}) do
    list[#list + 1] = { kind = 'alert', severity = each.severity, message = each.message }
  end
  list[#list + 1] = event('Warning', 'Canary failed! Scaling down podinfo.test', 'Failed')
  list[#list + 1] = { kind = 'scale', to = 'zero' }
  list[#list + 1] = { kind = 'sync', phase = 'Failed' }
  list[#list + 1] = { kind = 'hooks', type = 'post-rollout', phase = 'Failed', event_phase = phase }
  return list
end

function M.failed_promotion(problem, phase)
  return {
    event('Warning', 'Promotion of podinfo.test failed, primary not ready: ' .. problem),
    route(100),
    { kind = 'alert', severity = 'error', message = 'Promotion failed, primary not ready: ' .. problem },
    { kind = 'sync', phase = 'Failed', weight = 100 },
    { kind = 'hooks', type = 'post-rollout', phase = 'Failed', event_phase = phase },
  }
end

function M.restart()
  return {
    event('Normal', 'New revision detected! Restarting analysis for podinfo.test'),
    route(0),
    { kind = 'sync', phase = 'Progressing' },
  }
end

return M

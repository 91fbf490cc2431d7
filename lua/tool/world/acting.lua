--- What a spec does in a world: it lets time pass, changes objects, and plays what the scenario has.
local _, methods, part = ...
local kept, watching = part 'kept', part 'watching'

local kept_of, named, target_of, raise = kept.of, kept.named, kept.target_of, kept.raise

local AT_REST = { Initialized = true, Succeeded = true, Failed = true }
local PHASES = { Initializing = true, Initialized = true, Waiting = true, Progressing = true, WaitingPromotion = true,
  Promoting = true, Finalising = true, Succeeded = true, Failed = true, Terminating = true, Terminated = true }

local LIMIT = '6h'

--- A span as it was given; '336h', '90s' of milliseconds.
local function shown(span)
  if type(span) ~= 'number' then
    return tostring(span)
  end
  return span >= 3600000 and ('%.4gh'):format(span / 3600000) or ('%gs'):format(span / 1000)
end

--- Why a Canary does not get on, as far as it says so; and whether it is refused.
local function hindrance(world, canary)
  local object = world:get(kept.CANARIES, canary.namespace, canary.name)
  local texts, is_refused = {}, false
  for _, condition in ipairs(object and object.status and object.status.conditions or {}) do
    local refuses = condition.type == 'Accepted' and condition.status == 'False'
    if refuses or condition.type == 'Waiting' then
      texts[#texts + 1] = condition.message
    end
    is_refused = is_refused or refuses
  end
  return texts[1] and '; ' .. table.concat(texts, '; ') or '', is_refused
end

local function state_of(self)
  local texts = {}
  for i, canary in ipairs(self.canaries) do
    local name = canary.namespace .. '/' .. canary.name
    texts[i] = ('%s is %s, weight %d%s'):format(name, self.phases[name] or 'without a phase', self.world:weight(name),
      hindrance(self.world, canary))
  end
  return table.concat(texts, '; ')
end

--- A function that says whether it has come, and what it is.
local function wish_of(self, what)
  local world = self.world
  if type(what) == 'function' then
    return what, 'what was waited for'
  elseif type(what) == 'string' and PHASES[what] then
    return function()
      return world:phase() == what
    end, 'phase ' .. what
  elseif type(what) == 'string' then
    local from = #self.told
    return function()
      for i = from + 1, #self.told do
        if self.told[i].text:find(what, 1, true) then
          return true
        end
      end
      return false
    end, ('an event %q'):format(what)
  elseif type(what) == 'table' and (what.phase or what.weight) then
    return function()
      return (not what.phase or world:phase(what.canary) == what.phase)
        and (not what.weight or world:weight(what.canary) == what.weight)
    end, (what.phase and 'phase ' .. what.phase .. ' ' or '') .. (what.weight and 'weight ' .. what.weight or '')
  end
  return raise('world:run_until: a phase, a text of an event, { weight = n, phase = … } or a function is wanted')
end

function methods.run_until(world, what, limit)
  local self = kept_of(world, 'run_until')
  local wish, name = wish_of(self, what)
  if not world:run(limit or LIMIT, wish) then
    raise('%s has not come in %s; %s', name, shown(limit or LIMIT), state_of(self))
  end
  return world
end

local function is_over(self, key)
  return AT_REST[self.phases[key]] and self.ended[self.last_release[key]]
end

--- Until the objects of the Canary are there, and no release is under way.
function methods.settle(world, name)
  local canary, self, key = named(world, 'settle', name)
  if not world:run('30m', function() return AT_REST[self.phases[key]] ~= nil end) then
    local why, is_refused = hindrance(world, canary)
    raise(is_refused and '%s is refused%s' or '%s is not initialised after 30m%s', key,
      is_refused and why:gsub('^;', ':') or why)
  end
  world:run '2s' -- until that is told
  return world
end

function methods.deploy(world, image, name)
  local canary, self, key = named(world, 'deploy', name)
  if not self.phases[key] or not AT_REST[self.phases[key]] and not self.last_release[key] then
    world:settle(key)
  end
  local before = self.last_release[key]
  local workload, _, kind = target_of(world, canary)
  local target = world:get(kind, canary.namespace, workload)
  local container = target.spec.template.spec.containers[1]
  if container.image == image then
    raise('world:deploy: %s runs %s already', key, image)
  end
  watching.note(self, '$', ('kubectl -n %s set image %s/%s %s=%s'):format(canary.namespace, target.kind:lower(),
    target.metadata.name, container.name, image))
  container.image = image
  world:update(target, nil, 'kubectl-set')
  if not world:run('30m', function() return self.last_release[key] ~= before end) then
    raise('no release has begun in 30m; %s', state_of(self))
  end
  return world
end

function methods.finish(world, name, limit)
  local _, self, key = named(world, 'finish', name)
  local function over()
    return self.last_release[key] and is_over(self, key)
  end
  if not world:run(limit or LIMIT, over) then
    raise('the release has not ended in %s; %s', shown(limit or LIMIT), state_of(self))
  end
  world:run '2s' -- until that is told
  return self.phases[key]
end

--- What is done when something of a scenario happens: the engine dies and comes back, and all is noted.
local function follow_acts(self)
  local world = self.world
  return function(what, text)
    if what == 'engine' then
      self.is_down = text == 'down'
      if self.is_down then
        world:kill_engine()
      elseif world:engine() == 'dead' then
        watching.start_engine(self)
      end
    else
      local command = what == 'people' and text:match '^%$ (.*)'
      watching.note(self, command and '$' or '*', command or text)
    end
  end
end

function methods.play(world)
  local wrong = world:play_acts(follow_acts(kept_of(world, 'play')))
  if wrong[1] then
    error(table.concat(wrong, '\n'), 0)
  end
  return world
end

local begin_acts = methods.begin_acts

--- `tell` is told of what happens, too.
function methods.begin_acts(world, tell)
  local follow = follow_acts(kept_of(world, 'begin_acts'))
  begin_acts(world, function(what, text)
    follow(what, text)
    if tell then
      tell(what, text)
    end
  end)
  return world
end

--- Changes what is there: a merge patch, as kubectl patch --type merge.
local function merge(into, patch)
  for key, value in pairs(patch) do
    if type(value) == 'table' and #value == 0 and type(into[key]) == 'table' then
      merge(into[key], value)
    else
      into[key] = value
    end
  end
end

function methods.patch(world, kind, namespace, name, patch)
  local object = world:get(kind, namespace, name) or raise('world:patch: there is no %s %s/%s', kind, namespace, name)
  merge(object, patch)
  world:update(object, nil, 'kubectl-patch')
  return world
end

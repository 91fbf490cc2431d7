--- What a spec asks of a world: its Canaries, releases, shares and events.
local _, methods, part = ...
local kept = part 'kept'

local kept_of, named, target_of, raise = kept.of, kept.named, kept.target_of, kept.raise

--- Calls `take` with the objects of Canaries, releases, routes or events as they change. They are read for this world
--- anyway, so it costs less than world:watch.
function methods.hear(world, kind, take)
  local hearers = kept_of(world, 'hear').hearers
  hearers[kind] = hearers[kind] or {}
  table.insert(hearers[kind], take)
end

function methods.canary(world, name)
  local canary = named(world, 'canary', name)
  return world:get(kept.CANARIES, canary.namespace, canary.name)
end

function methods.phase(world, name)
  local _, self, key = named(world, 'phase', name)
  return self.phases[key] or ''
end

function methods.weight(world, name)
  local canary, self = named(world, 'weight', name)
  local _, apex = target_of(world, canary)
  return self.shares[canary.namespace .. '/' .. apex] or 0
end

--- The share of the traffic that the routes gave to the canary, from when on.
function methods.curve(world, name)
  local canary, self = named(world, 'curve', name)
  local _, apex = target_of(world, canary)
  local curve = {}
  for _, step in ipairs(self.curve) do
    if step.routes == canary.namespace .. '/' .. apex then
      curve[#curve + 1] = { at = step.at, weight = step.weight }
    end
  end
  return curve
end

function methods.primary(world, name)
  local canary = named(world, 'primary', name)
  local target, _, kind = target_of(world, canary)
  local primary = world:get(kind, canary.namespace, target .. '-primary')
  return primary and primary.spec.template.spec.containers[1].image
end

function methods.release(world, name)
  local canary, self, key = named(world, 'release', name)
  local last = self.last_release[key]
  return last and world:get(kept.RELEASES, canary.namespace, last)
end

function methods.checks(world, name)
  local release = world:release(name)
  return release and release.status and release.status.evidence or {}
end

function methods.events(world)
  local texts = {}
  for i, event in ipairs(kept_of(world, 'events').told) do
    texts[i] = event.text
  end
  return texts
end

function methods.told(world, text)
  local count = 0
  if type(text) ~= 'string' then
    raise('world:told: a text of events is wanted, got %s', type(text))
  end
  for _, event in ipairs(kept_of(world, 'told').told) do
    count = count + (event.text:find(text, 1, true) and 1 or 0)
  end
  return count
end

function methods.story(world)
  return table.concat(kept_of(world, 'story').story, '\n')
end

local effects = require 'stdlib.effects'

describe('stdlib.effects', function()
  for name, case in pairs {
    ['a normal event'] = { effects.normal 'x', { kind = 'event', type = 'Normal', message = 'x' } },
    ['a normal event with a phase'] = {
      effects.normal('x', 'Progressing'),
      { kind = 'event', type = 'Normal', message = 'x', phase = 'Progressing' },
    },
    ['a warning'] = { effects.warning 'x', { kind = 'event', type = 'Warning', message = 'x' } },
    ['a route'] = { effects.route(20), { kind = 'route', primary = 80, canary = 20, mirrored = false } },
    ['a mirrored route'] = {
      effects.route(0, true),
      { kind = 'route', primary = 100, canary = 0, mirrored = true },
    },
    ['scaling'] = { effects.scale 'up', { kind = 'scale', to = 'up' } },
    ['a phase'] = { effects.phase 'Promoting', { kind = 'phase', phase = 'Promoting' } },
    ['a sync'] = { effects.sync 'Progressing', { kind = 'sync', phase = 'Progressing' } },
    ['counters'] = { effects.status { weight = 5 }, { kind = 'status', weight = 5 } },
    ['the promotion'] = { effects.promote(), { kind = 'promote' } },
    ['the autoscaler'] = { effects.autoscaler(), { kind = 'autoscaler' } },
    ['a gauge'] = { effects.gauge('latency', 0.5), { kind = 'gauge', name = 'latency', value = 0.5 } },
  } do
    it('describes ' .. name, function()
      assert.same(case[2], case[1])
    end)
  end
end)

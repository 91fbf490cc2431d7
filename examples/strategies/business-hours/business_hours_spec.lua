--- What business-hours promises: sluice test .
local sluice = require 'sluice'

describe('business-hours', function()
  local function world_at(begin)
    local world = sluice.world { scenario = 'scenario.yaml', begin = begin }
    return world:deploy 'shop/web:2'
  end

  it('goes on at once in the morning', function()
    local world = world_at '2026-03-11T08:15:00Z' -- a Wednesday
    assert.equal('Succeeded', world:finish(nil, '1h'))
  end)

  it('waits for the next morning in the evening', function()
    local world = world_at '2026-03-11T17:00:00Z'
    world:run '13h'
    assert.equal(0, world:weight())
    assert.equal('Succeeded', world:finish(nil, '2h')) -- eight o'clock in Berlin is seven in UTC
  end)

  it('begins nothing on a Friday, and goes on on Monday', function()
    local world = world_at '2026-03-13T09:00:00Z'
    world:run '6h'
    assert.equal(0, world:weight())
    local monday = world_at '2026-03-16T06:00:00Z'
    monday:run '59m'
    assert.equal(0, monday:weight())
    assert.equal('Succeeded', monday:finish(nil, '20m'))
  end)

  it('begins nothing in a freeze', function()
    local world = world_at '2026-12-24T09:00:00Z' -- a Thursday
    world:run '6h'
    assert.equal(0, world:weight())
  end)

  it('takes a bad version back', function()
    local world = sluice.world 'scenario.yaml'
    world:deploy 'shop/web:3'
    assert.equal('Failed', world:finish())
    assert.equal('shop/web:1', world:primary())
  end)

  it('goes as the scenario tells it', function()
    sluice.world('scenario.yaml'):play()
  end)
end)

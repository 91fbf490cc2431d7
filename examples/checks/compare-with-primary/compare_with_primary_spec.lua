--- What compare-with-primary promises: sluice test .
local sluice = require 'sluice'

describe('compare-with-primary', function()
  local world

  before_each(function()
    world = sluice.world 'scenario.yaml'
  end)

  after_each(function()
    world:close()
  end)

  it('promotes a version that has the errors of the primary', function()
    world:deploy 'shop/web:2'
    assert.equal('Succeeded', world:finish())
    assert.equal('shop/web:2', world:primary())
  end)

  it('takes back one that has more', function()
    world:deploy 'shop/web:3'
    assert.equal('Failed', world:finish())
    assert.equal('shop/web:1', world:primary())
  end)

  it('holds the release when there is nothing to compare', function()
    world:deploy 'shop/web:2'
    world:run_until { weight = 10 }
    world:traffic('shop.example.com', 0)
    world:run_until 'errors is blind: one of the two has no requests'
    world:run '30m'
    assert.equal(10, world:weight())
    assert.equal(0, world:canary().status.failedChecks)
    world:traffic('shop.example.com', 80)
    assert.equal('Succeeded', world:finish())
  end)

  it('goes as the scenario tells it', function()
    world:play()
  end)
end)

--- What the check sequential-success-rate promises a service with five requests a minute to its canary: sluice test .
local sluice = require 'sluice'

describe('low-traffic', function()
  local world

  before_each(function()
    world = sluice.world 'scenario.yaml'
  end)

  after_each(function()
    world:close()
  end)

  it('promotes a version that has the errors of the primary, once enough requests have shown it', function()
    world:deploy 'shop/web:2'
    world:run_until 'errors is blind: 0 of 5 requests to the canary failed'
    assert.equal(10, world:weight())
    assert.equal(0, world:canary().status.failedChecks)
    assert.equal('Succeeded', world:finish())
    assert.equal('shop/web:2', world:primary())
  end)

  it('takes back one that has more, after three errors', function()
    world:deploy 'shop/web:3'
    assert.equal('Failed', world:finish())
    assert.equal(1, world:told 'errors: 3 of 22 requests to the canary failed, 2 of 195 to the primary, at most 2')
  end)

  it('holds while nobody comes, and takes nothing for good', function()
    world:deploy 'shop/web:2'
    world:run_until { weight = 10 }
    world:traffic('shop.example.com', 0)
    world:run '30m'
    assert.equal('Progressing', world:phase())
    assert.equal(10, world:weight())
    world:traffic('shop.example.com', 0.9)
    assert.equal('Succeeded', world:finish())
  end)

  it('goes as the scenario tells it', function()
    world:play()
  end)
end)

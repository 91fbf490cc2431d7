--- What approval promises: sluice test .
local sluice = require 'sluice'

describe('approval', function()
  local world, approved

  before_each(function()
    approved = false
    world = sluice.world 'scenario.yaml'
    world:serve('approval.shop', function()
      return approved and 200 or 403
    end)
  end)

  it('gives everybody the version when somebody has said yes', function()
    world:deploy 'shop/web:2'
    world:run_until 'Waiting for approval'
    world:run '20m'
    assert.equal(10, world:weight())
    approved = true
    assert.equal('Succeeded', world:finish(nil, '10m'))
  end)

  it('takes the version back when nobody has', function()
    world:deploy 'shop/web:2'
    assert.equal('Failed', world:finish(nil, '70m'))
    assert.equal(1, world:told 'Rolling back web.shop because nobody has approved it in 1h')
    assert.equal('shop/web:1', world:primary())
  end)

  it('takes a bad version back before anybody is asked', function()
    world:version('shop/web:2', { errors = 0.2 })
    world:deploy 'shop/web:2'
    assert.equal('Failed', world:finish())
    assert.equal(0, world:told 'Waiting for approval')
  end)

  it('goes as the scenario tells it', function()
    sluice.world('scenario.yaml'):play()
  end)
end)

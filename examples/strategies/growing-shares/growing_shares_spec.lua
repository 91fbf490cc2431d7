--- What growing-shares promises: sluice test .
local sluice = require 'sluice'

describe('growing-shares', function()
  local world

  before_each(function()
    world = sluice.world 'scenario.yaml'
  end)

  after_each(function()
    world:close()
  end)

  it('gives a good version its shares and promotes it', function()
    world:deploy 'shop/web:2'
    world:run_until { weight = 10 }
    assert.equal('shop/web:1', world:primary())
    world:run_until { weight = 50 }
    assert.equal('Succeeded', world:finish())
    assert.equal('shop/web:2', world:primary())
    assert.equal(0, world:weight())
  end)

  it('takes a bad version back at its first share', function()
    world:deploy 'shop/web:3'
    assert.equal('Failed', world:finish())
    assert.equal('shop/web:1', world:primary())
    assert.equal(0, world:told 'weight 50')
  end)

  it('goes as the scenario tells it', function()
    world:play()
  end)
end)

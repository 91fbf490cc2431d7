--- What backend-first promises: sluice test .
local sluice = require 'sluice'

describe('backend-first', function()
  local function settled()
    local world = sluice.world 'scenario.yaml'
    return world:settle('web'):settle 'backend'
  end

  it('waits until the backend is out', function()
    local world = settled()
    world:deploy('shop/backend:2', 'backend')
    world:deploy('shop/web:2', 'web')
    assert.equal('Succeeded', world:finish 'web')
    assert.equal('shop/backend:2', world:primary 'backend')
    assert.equal('shop/web:2', world:primary 'web')
  end)

  it('is taken back when the backend does not come', function()
    local world = settled()
    world:deploy('shop/backend:3', 'backend')
    world:deploy('shop/web:2', 'web')
    assert.equal('Failed', world:finish 'web')
    assert.equal('shop/web:1', world:primary 'web')
    assert.equal(1, world:told 'because backend has not come in 1h')
  end)

  it('goes as the scenario tells it', function()
    sluice.world('scenario.yaml'):play()
  end)
end)

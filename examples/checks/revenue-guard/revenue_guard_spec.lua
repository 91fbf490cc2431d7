--- What revenue-guard promises: sluice test .
local sluice = require 'sluice'

describe('revenue-guard', function()
  local world

  --- Euros per request, of the canary and of the primary a week ago.
  local function earned(now, week_ago)
    world:answer('workload="web"}[5m]))', now)
    world:answer('offset 1w', week_ago)
  end

  before_each(function()
    world = sluice.world 'scenario.yaml'
  end)

  after_each(function()
    world:close()
  end)

  it('promotes a version that earns nearly as much', function()
    earned(0.46, 0.50)
    world:deploy 'shop/web:2'
    assert.equal('Succeeded', world:finish())
  end)

  it('takes back one that earns less', function()
    earned(0.44, 0.50)
    world:deploy 'shop/web:2'
    assert.equal('Failed', world:finish())
    assert.is_true(world:told 'revenue: a request earns 12.0 % less, at most 10 % wanted' >= 2)
  end)

  it('holds the release where nothing was sold a week ago', function()
    earned(0.50, 0)
    world:deploy 'shop/web:2'
    world:run_until 'revenue is blind: no orders to compare'
    world:run '30m'
    assert.equal('Progressing', world:phase())
    earned(0.50, 0.50)
    assert.equal('Succeeded', world:finish())
  end)

  it('goes as the scenario tells it', function()
    world:play()
  end)
end)

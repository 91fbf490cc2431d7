--- What insiders-then-region promises: sluice test .
local sluice = require 'sluice'

describe('insiders-then-region', function()
  local world

  before_each(function()
    world = sluice.world 'scenario.yaml'
  end)

  after_each(function()
    world:close()
  end)

  --- Whose requests the routes give to the canary, as in 'x-ring=insider x-region=eu-west'.
  local function chosen()
    local found = {}
    for _, route in ipairs(world:get('virtualservices.networking.istio.io', 'shop', 'web').spec.http) do
      for _, rule in ipairs(route.match or {}) do
        for header, value in pairs(rule.headers or {}) do
          found[#found + 1] = header .. '=' .. value.exact
        end
      end
    end
    return table.concat(found, ' ')
  end

  it('goes from insiders to a region, and from there to everybody', function()
    world:deploy 'shop/web:2'
    world:run_until { weight = 100 }
    assert.equal('x-ring=insider', chosen())
    world:run '7m'
    assert.equal('x-ring=insider x-region=eu-west', chosen())
    world:run_until { weight = 10 }
    assert.equal('', chosen())
    assert.equal('Succeeded', world:finish())
    assert.equal('shop/web:2', world:primary())
  end)

  it('takes back what is bad for insiders before the region sees it', function()
    world:deploy 'shop/web:3'
    assert.equal('Failed', world:finish())
    assert.equal('shop/web:1', world:primary())
    assert.equal(1, world:told 'that match go to the canary')
  end)

  it('goes as the scenario tells it', function()
    world:play()
  end)
end)

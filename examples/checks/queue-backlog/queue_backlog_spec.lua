--- What queue-backlog promises: sluice test .
local sluice = require 'sluice'

describe('queue-backlog', function()
  local world

  --- RabbitMQ answers with this from now on.
  local function rabbitmq(status, body)
    world:serve('rabbitmq.shop', function(request)
      assert(request.path == '/api/queues/%2F/orders-of-web', request.path)
      return status, body
    end)
  end

  before_each(function()
    world = sluice.world 'scenario.yaml'
  end)

  after_each(function()
    world:close()
  end)

  it('promotes a version that gets its orders done', function()
    rabbitmq(200, '{"messages_ready": 50}')
    world:deploy 'shop/web:2'
    assert.equal('Succeeded', world:finish())
  end)

  it('takes back one that leaves orders behind', function()
    rabbitmq(200, '{"messages_ready": 51}')
    world:deploy 'shop/web:2'
    assert.equal('Failed', world:finish())
    assert.is_true(world:told 'backlog: 51 orders wait, at most 50 wanted' >= 2)
  end)

  it('holds the release while RabbitMQ does not know', function()
    rabbitmq(404, '{"error": "Object Not Found"}')
    world:deploy 'shop/web:2'
    world:run_until 'backlog is blind: error response: {"error": "Object Not Found"}'
    world:run '30m'
    assert.equal('Progressing', world:phase())
    rabbitmq(200, '{"messages_ready": 0}')
    assert.equal('Succeeded', world:finish())
  end)

  it('goes as the scenario tells it', function()
    world:play()
  end)
end)

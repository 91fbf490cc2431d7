--- RabbitMQ's management API. The question is the name of a queue, the value how many of its messages wait.
local adapter = require 'stdlib.adapter'
local provider = require 'stdlib.provider'

return adapter {
  name = 'rabbitmq',

  request = function(ask)
    local login, problem = provider.login(ask)
    if problem then
      return provider.unusable(problem)
    end
    return {
      url = ask.address .. '/queues/%2F/' .. adapter.escape(ask.query),
      headers = { Authorization = login },
    }
  end,

  answer = function(_, response)
    local queue, failed = provider.body(response, provider.unless_ok)
    if not queue then
      return failed
    end
    return provider.valued(queue.messages_ready, 'messages_ready')
  end,
}

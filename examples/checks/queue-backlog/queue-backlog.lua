--- Orders that the new version does not get done pile up in the queue, however fast it answers. An adapter that the
--- Check brings asks RabbitMQ (adapters/rabbitmq.lua).
local check, param = require 'stdlib.check', require 'stdlib.param'

return check {
  name = 'queue-backlog',
  params = { most = param.number { min = 0, default = 100, doc = 'orders that may wait' } },
  run = function(c)
    local waiting, cause = c:ask('rabbitmq', 'orders-of-{{ target }}')
    if not waiting then
      return c:blind(cause)
    end
    return c:judge(waiting, { max = c.params.most }, '%d orders wait')
  end,
}

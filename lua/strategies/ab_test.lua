--- Sends the requests that match to the canary for a number of rounds.
local strategy = require 'stdlib.strategy'

return strategy {
  name = 'ab_test',
  run = function(rollout)
    rollout:begin() -- gate confirm-rollout, scale up
    -- One per interval that passed: ready, rollback hooks, threshold, checks.
    for round in rollout:rounds() do
      if round.iterations < round.total then
        rollout:iterate_matched(round)
      elseif rollout:open 'confirm-promotion' then
        return rollout:promote()
      end
    end
  end,
}

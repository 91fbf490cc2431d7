--- Sends the requests that match to the canary for a number of rounds.
local strategy = require 'stdlib.strategy'

return strategy {
  name = 'ab_test',
  run = function(rollout)
    rollout:begin() -- gate confirm-rollout, scale up
    for round in rollout:rounds() do -- one per interval that passed: ready, rollback hooks, threshold, checks
      if round.iterations < round.total then
        rollout:iterate_matched(round)
      elseif rollout:open 'confirm-promotion' then
        return rollout:promote()
      end
    end
  end,
}

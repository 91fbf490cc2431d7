--- Tests the canary beside the primary for a number of rounds, then switches all traffic over.
local strategy = require 'stdlib.strategy'

return strategy {
  name = 'blue_green',
  run = function(rollout)
    rollout:begin() -- gate confirm-rollout, scale up
    for round in rollout:rounds() do -- one per interval that passed: ready, rollback hooks, threshold, checks
      if round.iterations < round.total then
        rollout:iterate(round) -- mirrors first, if asked
      elseif rollout:open 'confirm-promotion' then
        if round.iterations > round.total then
          return rollout:promote()
        end
        rollout:switch(round) -- one more round under all traffic
      end
    end
  end,
}

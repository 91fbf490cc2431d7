--- Tests the canary beside the primary for a number of rounds, then switches all traffic over.
local strategy = require 'stdlib.strategy'

return strategy {
  name = 'blue_green',
  run = function(rollout)
    rollout:begin() -- gate confirm-rollout, scale up
    -- One per interval that passed: ready, rollback hooks, threshold, checks.
    for round in rollout:rounds() do
      if round.iterations < round.total then
        rollout:iterate(round) -- mirrors first, if asked
      elseif rollout:open 'confirm-promotion' then
        if round.iterations > round.total and round.weight == 100 then
          return rollout:promote()
        end
        rollout:switch(round) -- one more round under all traffic
      end
    end
  end,
}

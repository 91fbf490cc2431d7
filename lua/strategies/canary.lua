--- Shifts traffic in steps while the analysis holds.
local strategy = require 'stdlib.strategy'

return strategy {
  name = 'canary',
  run = function(rollout)
    rollout:begin() -- gate confirm-rollout, scale up
    -- One per interval that passed: ready, rollback hooks, threshold, checks.
    for round in rollout:rounds() do
      if round.mirrored or rollout:open 'confirm-traffic-increase' then
        local weight = rollout:next_weight(round) -- from the live route and the steps
        if weight then
          rollout:shift(weight) -- mirrors first, if asked
        elseif rollout:open 'confirm-promotion' then
          return rollout:promote()
        end
      end
    end
  end,
}

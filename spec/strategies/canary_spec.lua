local World = require 'spec.fake_host'
describe('canary', function()
  after_each(World.prove_closed)
  it('prints', function()
    local w = World.new { analysis = { interval='10s', stepWeight=20, maxWeight=60, webhooks={{name='smoke',type='pre-rollout'},{name='load'},{name='acc',type='confirm-promotion'},{name='post',type='post-rollout'}}, metrics={{name='request-success-rate',thresholdRange={min=99}}} } }
    w:run()
    for _,l in ipairs(w:lines{times=true}) do print(l) end
    print(table.concat(w.journal:words(),'\n'), w.points, w.queries[1])
  end)
end)

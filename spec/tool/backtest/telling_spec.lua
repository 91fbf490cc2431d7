local moments = require 'tool.record.moment'

describe('what a plan tells of a stage', function()
  for ms, told in pairs { [0] = '0s', [30000] = '30s', [90000] = '90s', [600000] = '10m', [7200000] = '2h',
                          [725000] = '12m 05s', [39570000] = '10h 59m' } do
    it('is ' .. told, function()
      assert.equal(told, moments.short(ms))
    end)
  end
end)

local thresholds = require 'stdlib.thresholds'

describe('stdlib.thresholds', function()
  for _, case in ipairs {
    { 'the range', { thresholdRange = { min = 1, max = 2 } }, 'min', { min = 1, max = 2 } },
    { 'the range before the threshold', { thresholdRange = { max = 2 }, threshold = 9 }, 'max', { max = 2 } },
    { 'a range without bounds', { thresholdRange = {} }, 'max', {} },
    { 'a minimum', { threshold = 99 }, 'min', { min = 99 } },
    { 'a maximum', { threshold = 500 }, 'max', { max = 500 } },
    { 'nothing for a minimum', {}, 'min', { min = 0 } },
    { 'nothing for a maximum', {}, 'max', { max = 0 } },
  } do
    it('reads ' .. case[1], function()
      assert.same(case[4], thresholds.bounds(case[2], case[3]))
    end)
  end

  for _, case in ipairs {
    { 98.9, { min = 99 }, '<', 99 },
    { 99, { min = 99 } },
    { 99.1, { min = 99 } },
    { 500, { max = 500 } },
    { 500.1, { max = 500 }, '>', 500 },
    { 3, { min = 1, max = 2 }, '>', 2 },
    { 0, { min = 1, max = 2 }, '<', 1 },
    { 1.5, { min = 1, max = 2 } },
    { 5, { min = 10, max = 2 }, '<', 10 }, -- the minimum first
    { 0, { max = 0 } },
    { 0.1, { max = 0 }, '>', 0 },
    { -1, { min = 0 }, '<', 0 },
    { 1e9, {} },
  } do
    it(string.format('compares %s with %s..%s', case[1], case[2].min or '', case[2].max or ''), function()
      local relation, bound = thresholds.broken(case[1], case[2])
      assert.equal(case[3], relation)
      assert.equal(case[4], bound)
    end)
  end
end)

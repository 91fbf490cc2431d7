local steps = require 'stdlib.steps'

describe('stdlib.steps', function()
  --- The shares from 0 on, until nothing is left to grow or `limit` of them.
  local function growth(analysis, limit)
    local weights, weight = {}, 0
    while #weights < (limit or 20) do
      if steps.step(analysis, weight) <= 0 then
        weights[#weights + 1] = 'stuck'
        return weights
      end
      local following = steps.next_weight(analysis, weight)
      if not following then
        weights[#weights + 1] = 'promote'
        return weights
      end
      weight = following
      weights[#weights + 1] = weight
    end
    return weights
  end

  for name, case in pairs {
    ['stepWeight 10, maxWeight 50'] = {
      { stepWeight = 10, maxWeight = 50 },
      { 10, 20, 30, 40, 50, 'promote' },
    },
    ['a maximum that is overshot'] = { { stepWeight = 20, maxWeight = 50 }, { 20, 40, 60, 'promote' } },
    ['all traffic in two steps'] = { { stepWeight = 50, maxWeight = 100 }, { 50, 100, 'promote' } },
    ['no maximum'] = { { stepWeight = 60 }, { 60, 100, 'promote' } },
    ['a maximum of 0 is none'] = { { stepWeight = 50, maxWeight = 0 }, { 50, 100, 'promote' } },
    ['a list'] = { { stepWeights = { 1, 2, 10, 80 } }, { 1, 2, 10, 80, 'promote' } },
    ['a list that ends above 100'] = { { stepWeights = { 1, 2, 10, 200 } }, { 1, 2, 10, 100, 'promote' } },
    ['a list of one'] = { { stepWeights = { 30 } }, { 30, 'promote' } },
    ['a list whose maximum wins over maxWeight'] = {
      { stepWeights = { 10, 40 }, maxWeight = 90 },
      { 10, 40, 'promote' },
    },
    ['stepWeight wins over the steps of a list, not over its maximum'] = {
      { stepWeight = 5, stepWeights = { 1, 12 } },
      { 5, 10, 15, 'promote' },
    },
    ['an empty list is none'] = { { stepWeight = 50, stepWeights = {} }, { 50, 100, 'promote' } },
    ['no step'] = { {}, { 'stuck' } },
    ['a list that descends'] = { { stepWeights = { 30, 20, 50 } }, { 30, 'stuck' } },
    ['a list that stays'] = { { stepWeights = { 10, 10, 50 } }, { 10, 'stuck' } },
  } do
    it('grows: ' .. name, function()
      assert.same(case[2], growth(case[1]))
    end)
  end

  it('never promotes with a maximum above 100', function()
    assert.same({ 50, 100, 100, 100 }, growth({ stepWeight = 50, maxWeight = 110 }, 4))
  end)

  it('goes on with the next one above a share that is not in the list', function()
    assert.equal(20, steps.next_weight({ stepWeights = { 10, 20, 50 } }, 13))
    assert.equal(50, steps.next_weight({ stepWeights = { 10, 20, 50 } }, 30))
    assert.equal(100, steps.next_weight({ stepWeights = { 10, 20, 200 } }, 30))
  end)

  it('grows by 1 without room, so that a full canary is not taken for a stuck one', function()
    assert.equal(1, steps.step({ stepWeights = { 10, 50 } }, 100))
    assert.is_nil(steps.next_weight({ stepWeights = { 10, 50 } }, 100))
  end)

  for name, case in pairs {
    ['too few steps'] = { {}, 30, 'the steps of its weight end at 30, below 100' },
    ['steps that descend'] = { { stepWeights = { 30, 20, 50 } }, 30, 'the steps of its weight end at 30, below 50' },
    ['steps that descend to the last'] = { { stepWeights = { 30, 20 } }, 30,
      'the steps of its weight do not rise from 30' },
    ['a step below zero'] = { { stepWeights = { -5 } }, 0, 'the steps of its weight do not rise from 0' },
    ['a step of zero'] = { { stepWeights = { 0 } }, 0, 'the steps of its weight do not rise from 0' },
    ['a maximum above 100'] = { { stepWeight = 50, maxWeight = 101 }, 100,
      'its weight is 100, and the maxWeight 101 is above that' },
    ['nothing before that maximum'] = { { stepWeight = 50, maxWeight = 101 }, 50 },
    ['nothing at the end'] = { { stepWeight = 50 }, 100 },
  } do
    it('says why the share stays: ' .. name, function()
      assert.equal(case[3], (steps.stuck(case[1], case[2])))
    end)
  end

  it('ends at 100', function()
    assert.equal(100, steps.next_weight({ stepWeight = 70, maxWeight = 100 }, 70))
  end)

  it('takes a null list for none', function()
    assert.equal(7, steps.step({ stepWeight = 7, stepWeights = nil }, 0))
  end)
end)

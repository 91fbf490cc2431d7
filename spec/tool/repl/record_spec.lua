--- The words of a recorded release.
local record = require 'tool.repl.record'

describe('a record', function()
  it('has the verdicts at the words that asked', function()
    local words = record.words({ status = {
      entries = {
        { w = 'begin', t = 1773216910000, r = {} },
        { w = 'round', t = 1773216920000, r = {} },
        { w = 'shift', t = 1773216920500, r = { step = { canary = 20 } } },
        { w = 'round', t = 1773216930000, r = {} },
        { w = 'check', t = 1773216930000, r = {} },
      },
    } }, {
      { metric = 'a', verdict = 'pass', at = '2026-03-11T08:15:20Z' },
      { metric = 'b', verdict = 'fail', at = '2026-03-11T08:15:31Z' },
      { metric = 'c', word = 'check', verdict = 'pass', at = '2026-03-11T08:15:31Z' },
    })
    local found = {}
    for i, word in ipairs(words) do
      found[i] = word.name .. ' ' .. (word.evidence[1] and word.evidence[1].metric or '-')
    end
    assert.same({ 'begin -', 'round a', 'shift -', 'round b', 'check c' }, found)
  end)

  it('has the verdicts of rounds that are kept once at these, and not at the round before', function()
    local words = record.words({ status = {
      entries = {
        { w = 'round', t = 1773216920000, r = {} },
        { w = 'shift', t = 1773216920000, r = { step = { canary = 20 } } },
        { w = 'round', t = 1773216980000, r = {}, n = 3 }, -- the first of them was at :50
      },
    } }, {
      { metric = 'a', verdict = 'pass', at = '2026-03-11T08:15:20Z' },
      { metric = 'b', verdict = 'fail', at = '2026-03-11T08:15:50Z' },
      { metric = 'c', verdict = 'fail', at = '2026-03-11T08:16:20Z' },
    })
    assert.same({ 1, 0, 2 }, { #words[1].evidence, #words[2].evidence, #words[3].evidence })
  end)

  it('tells equal verdicts once, and of many others the first and the last ones', function()
    local function details_of(value)
      local evidence = {}
      for i = 1, 30 do
        evidence[i] = { metric = 'a', verdict = 'pass', value = value(i), at = '2026-03-11T08:15:20Z' }
      end
      return record.words({ status = { entries = { { w = 'round', t = 1773216920000 } } } }, evidence)[1].details
    end
    assert.same({ 'a 7 × 30' }, details_of(function() return 7 end))
    local many = details_of(function(i) return i end)
    assert.same({ 10, 'a 1', 'a 8', '… 21 more', 'a 30' }, { #many, many[1], many[8], many[9], many[10] })
  end)

  it('counts what is folded, also rounds of several words, and has the word in progress', function()
    local words = record.words { status = {
      entries = { { w = 'round', t = 1, n = 4, s = 2 }, { w = 'open', t = 1 },
        { w = 'event', t = 2, n = 3, s = 1e308 } }, -- more than there are: somebody has changed it
      open = { { o = 'facts' } }, openStarted = 3,
    } }
    local counts = {}
    for i, word in ipairs(words) do
      counts[i] = word.name .. ' ' .. word.count
    end
    assert.same({ 'round 4', 'open 4', 'event 3', 'in progress 1' }, counts)
  end)

  it('may be empty', function()
    assert.same({}, record.words {})
  end)
end)

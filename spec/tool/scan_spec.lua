--- What sluice check says of a script that it does not run.
package.loaded.host = require 'tool.host'
package.loaded['tool.process'] = package.loaded['tool.process'] or {
  zone_problem = function(name)
    return name ~= 'Europe/Berlin' and ('there is no time zone "%s"'):format(name) or nil
  end,
}
local scan = require 'tool.scan'

local GLOBALS = { ipairs = true, pairs = true, require = true, error = true, string = true, string__format = true,
  string__rep = true, math = true, math__floor = true, table = true, table__insert = true, coroutine = true,
  coroutine__create = true, coroutine__wrap = true }
local PARAMS = { steps = { type = 'list', default = { 5, 20 } }, ring = { type = 'duration', default = '10m' } }

--- All that is said of a text, "LINE:COLUMN: severity: text" each.
local function said(text)
  local lines = {}
  for i, finding in ipairs(scan.scan({ text = text, globals = GLOBALS, params = PARAMS }).findings) do
    lines[i] = ('%d:%d: %s: %s'):format(finding.line, finding.column, finding.severity, finding.text)
  end
  return lines
end

local HEAD = "return require 'stdlib.strategy' { name = 'x', run = function(rollout)\n"

--- A strategy with these lines between begin() and promote(): they begin with line 3.
local function strategy(lines)
  return HEAD .. 'rollout:begin()\n' .. lines .. '\nrollout:promote()\nend }'
end

describe('tool.scan', function()
  for lines, wanted in pairs {
    ['rollout:shift(150)'] = '3:15: error: shift: weight: a whole number from 0 to 100 is wanted, got 150',
    ['rollout:shift(-1)'] = '3:15: error: shift: weight: a whole number from 0 to 100 is wanted, got -1',
    ["rollout:shift '5 %'"] = "3:15: error: shift: weight: a whole number from 0 to 100 is wanted, got '5 %'",
    ['local w = 101 rollout:shift(w)'] = '3:29: error: shift: weight: a whole number from 0 to 100 is wanted, got 101',
    ['rollout:shift()'] = '3:9: error: shift: weight: a whole number from 0 to 100 is wanted, got nil',
    ['rollout:analyse {}'] = '3:17: error: analyse: rounds or lasting is wanted',
    ['rollout:analyse { round = 3, lasting = ipairs {} }'] =
      '3:17: error: analyse: there is no option "round", known are rounds, checks, lasting',
    ["rollout:wait 'x'"] = "3:14: error: wait: a duration like '90s' or '1h30m' is wanted, got 'x'",
    ['rollout:wait(rollout.params.steps)'] =
      "3:14: error: wait: a duration like '90s' or '1h30m' is wanted, got a table",
    ['rollout:event(5)'] = '3:15: error: event: a text of 1 to 1000 bytes is wanted, got 5',
    ['rollout.shift(5)'] = '3:9: error: shift: a colon is wanted: rollout:shift(…)',
    ['local _ = rollout.params.ringg'] =
      '3:26: error: rollout.params.ringg: there is no such parameter, known are ring, steps',
    ['local p = rollout.params\nlocal _ = p.step'] =
      '4:13: error: rollout.params.step: there is no such parameter, known are steps, ring',
    ['local _ = os.time()'] = "3:11: error: unknown global 'os': the time is rollout:now()",
    ['local _ = os.tmpname()'] = "3:11: error: unknown global 'os': time is rollout:wait",
    ['local _ = math.random(5)'] =
      '3:16: error: math.random: scripts have no such function: rollout:random() gives the same in every replay',
    ["local _ = string.dump('')"] = '3:18: error: string.dump: scripts have no such function, known are rep, format',
    ['while true do end'] = '3:1: error: this loop never ends, and says no word',
    ['repeat until false'] = '3:1: error: this loop never ends, and says no word',
    ['if rollout.params.ring then rollout:promote() rollout:shift(5) end'] =
      '3:47: warning: promote() does not come back; this is never reached',
    ["rollout:wait_until { from = '08:00', zone = 'Europe/Berln' }"] =
      '3:20: error: wait_until: there is no time zone "Europe/Berln"',
    ["rollout:any { night = { from = '22:00', to = '06:00', zone = 'UCT+1' }, late = '5h' }"] =
      '3:13: error: any: there is no time zone "UCT+1"',
    ["rollout:within('2h', { any = { { from = '08:00', zone = 'Europe/Berln' } } })"] =
      '3:16: error: within: there is no time zone "Europe/Berln"',
    ["rollout:any { a = { canary = 'b', phase = 'Done' } }"] = '3:13: error: any: a: phase: one of Initialized, '
      .. 'Waiting, Progressing, WaitingPromotion, Promoting, Finalising, Succeeded, Failed is wanted, got \'Done\'',
    ["rollout:query 'sum(x{v=\"{{ targt }}\"})'"] = '3:15: error: query: function "targt" not defined, known are name, '
      .. 'namespace, target, service, ingress, route, interval, variables and the functions of Go',
    ["rollout:query 'sum(rate(x{v=\"{{ target }}\"}[1m])'"] =
      '3:15: warning: query: it is no PromQL: unexpected end of input in call, expected ","',
    ["rollout:query 'sum({{ target'"] = '3:15: error: query: the template cannot be read: unclosed action',
    ['rollout:judge(5)'] = '3:9: error: rollout:judge: this is a word of checks',
    ['rollout:iterate()'] =
      '3:9: error: rollout:iterate: it follows the steps of a bundled strategy; shift is for a Strategy',
    ['::again:: local x = 1 goto again'] = '3:1: error: this loop never ends, and says no word',
    ['while true do goto over ::over:: end'] = '3:1: error: this loop never ends, and says no word',
    ["local v = rollout:check 'x' if v.verdict == 'failed' then return end"] =
      '3:45: warning: verdict: there is no verdict "failed", known are fail, blind, pass',
    ["local v repeat v = rollout:check 'x' until 'passed' ~= v.verdict"] =
      '3:44: warning: verdict: there is no verdict "passed", known are pass, blind, fail',
    ['weight = 5'] = '3:1: warning: global weight is set: local is missing',
    ['rollout:shift(5LL)'] = '3:15: error: 5LL is no number of Lua: nothing takes it; wanted 5',
    ['local _ = 0x1fULL'] = '3:11: error: 0x1fULL is no number of Lua: nothing takes it; wanted 0x1f',
    ['local _ = 0b11LLU'] = '3:11: error: 0b11LLU is no number of Lua: nothing takes it; wanted 0b11',
    ['rollout:shift(0b101, 5LL)'] = '3:22: error: 5LL is no number of Lua: nothing takes it; wanted 5',
    ["local f = coroutine.wrap(function() rollout:wait '1m' end) f()"] =
      '3:45: error: wait: no word can run inside a coroutine of the script',
    ["local function f() for _ = 1, 2 do rollout:wait '1m' end end coroutine.create(f)"] =
      '3:44: error: wait: no word can run inside a coroutine of the script',
    ["rollout:wait('1' .. 'x')"] = "3:18: error: wait: a duration like '90s' or '1h30m' is wanted, got '1x'",
    ["rollout:query(string.format('sum(x{v=\"%s\"})', '{{ targt }}'))"] = '3:15: error: query: function "targt" not '
      .. 'defined, known are name, namespace, target, service, ingress, route, interval, variables and the functions '
      .. 'of Go',
  } do
    it('says of ' .. lines .. ' what is wrong', function()
      assert.same({ wanted }, said(strategy(lines)))
    end)
  end

  it('names the nearest word first', function()
    assert.matches('^3:9: error: rollout: there is no word "shfit", known are shift, ',
      said(strategy 'rollout:shfit(5)')[1])
    assert.matches('^3:9: error: rollout: there is no word "itrate", ', said(strategy 'rollout:itrate()')[1])
  end)

  for lines, wanted in pairs {
    ['local _ = iparis'] = "3:11: error: unknown global 'iparis', is it ipairs?",
    ['local share = 5 rollout:shift(shares)'] = "3:31: error: unknown global 'shares', is it share?",
    ['do local share = 5 rollout:shift(share) end rollout:shift(share)'] =
      "3:59: error: unknown global 'share': it is a local of another block or function",
    ['local _ = param'] = "3:11: error: unknown global 'param': local param = require 'stdlib.param' is missing",
    ['local _ = params.zone'] = "3:11: error: unknown global 'params': rollout.params has them",
    ['local _ = weekday'] = "3:11: error: unknown global 'weekday': is it a text, in quotes, or is local missing?",
    ["local p = require 'stdlib.param' local _ = p.wieght"] =
      '3:46: error: stdlib.param has no wieght, known are weight, list, integer, …',
    ['for _, w in rollout.params.steps do rollout:shift(w) end'] =
      '3:13: error: a list is gone through by ipairs: for _, x in ipairs(…) do',
    ['for _, w in { 5, 20 } do rollout:shift(w) end'] =
      '3:13: error: a list is gone through by ipairs: for _, x in ipairs(…) do',
  } do
    it('says what is most likely meant by ' .. lines, function()
      assert.same({ wanted }, said(strategy(lines)))
    end)
  end

  it('knows that adapters have more', function()
    assert.same({}, said "local adapter = require 'stdlib.adapter' return { adapter.sha256 }")
  end)

  it('says what the words are given to', function()
    assert.same({ '1:54: error: run: a function of the words is wanted: function(rollout)',
      "1:65: error: unknown global 'rollout': it is what run is given, run = function(rollout)" },
      said "return require 'stdlib.strategy' { name = 'x', run = function() rollout:begin() end }")
  end)

  it('has a hint for people of other languages', function()
    for text, wanted in pairs {
      ['local x = 5 if x != 5 then end'] = "1:18: error: 'then' expected near '!' (not equal is ~=)",
      ['local x = 5 if x = 5 then end'] = "1:18: error: 'then' expected near '=' (a comparison is ==)",
      ['local x = 5 x += 5'] = "1:15: error: '=' expected near '+' (there is no +=, as in: x = x + 1)",
      ['return strategy = {}'] =
        "1:17: error: '<eof>' expected near '=' (behind return stands a value: return strategy { … })",
      ['local r r:shift 5'] = "1:17: error: function arguments expected near '5' (a word is called: rollout:begin(), "
        .. 'rollout:shift(5))',
    } do
      assert.same({ wanted }, said(text), text)
    end
  end)

  it('takes what may be right', function()
    for _, lines in ipairs {
      'for _, weight in ipairs(rollout.params.steps) do rollout:shift(weight) rollout:analyse { rounds = 3 } end',
      'rollout:analyse { lasting = rollout.params.ring }',
      "local v = rollout:check 'x' if v.verdict == 'pass' or v.verdict ~= rollout.params.ring then v = 5 end",
      "local s = require 'stdlib.stats' if s.sprt_decide(5, 2, 30).verdict == 'fine' then rollout:shift(5) end",
      'while not rollout:open "confirm-promotion" do end',
      'local r = rollout r:shift(5)',
      'local w = 500 w = 5 rollout:shift(w)',
      'rollout.shift(rollout, 5)',
      'goto over ::over:: rollout:shift(0x10)',
      'if rollout.params.ring then return end',
      '::again:: rollout:wait "1m" goto again',
      '::again:: if rollout.params.ring then goto over end goto again ::over::',
      'while true do if rollout.params.ring then goto over end end ::over::',
      "rollout:wait_until { from = '08:00', zone = 'Europe/Berlin' }",
      "rollout:any { a = { gate = rollout.params.ring }, b = { all = { '1h', { from = '08:00' } } } }",
    } do
      assert.same({}, said(strategy(lines)), lines)
    end
  end)

  it('follows the words into functions of the file', function()
    local text = 'local function step(r, weight)\n  r:shfit(weight)\n  r:promote()\nend\n'
      .. HEAD .. 'rollout:begin()\nstep(rollout, 5)\nend }'
    assert.same(1, #said(text))
    assert.matches('^2:5: error: rollout: there is no word "shfit"', said(text)[1])
  end)

  it('misses begin and promote', function()
    assert.same({ "1:54: error: run: rollout:begin() is missing; it comes before all other words",
      '1:54: error: run: rollout:promote() is missing; a script that ends without it has its release taken back' },
      said(HEAD .. 'rollout:shift(5) end }'))
    assert.same({ '2:9: error: shift: begin() comes first' },
      said(HEAD .. 'rollout:shift(5) rollout:begin() rollout:promote() end }'))
  end)

  it('misses nothing where the words go where they are not followed', function()
    assert.same({}, said("local other = require 'scripts.other'\n" .. HEAD .. 'other.run(rollout) end }'))
    assert.same({}, said(HEAD .. 'local t = { rollout } t[1]:begin() end }'))
  end)

  it('says where a text is no Lua', function()
    for text, wanted in pairs {
      ['return +'] = "1:8: error: unexpected symbol near '+'",
      ['local a = 5\nif a then\n'] = "3:1: error: 'end' expected (to close 'if' at line 2) near '<eof>'",
      ['x = "a'] = "1:5: error: unfinished string near '<eof>'",
      ['f(\n'] = "2:1: error: unexpected symbol near '<eof>'",
    } do
      assert.same({ wanted }, said(text), text)
    end
  end)

  it('says that a text gives nothing', function()
    local HINT = ': return strategy { … }, return check { … }, or what a module gives'
    for text, wanted in pairs {
      [''] = '1:0: error: there is nothing in it; wanted' .. HINT,
      ['--- later'] = '1:0: error: there is nothing in it; wanted' .. HINT,
      ["require 'stdlib.strategy' { name = 'x' }"] = '1:1: error: return is missing at the end of the file' .. HINT,
      ['local x = 5\nif x then return x end'] = '2:1: error: return is missing at the end of the file' .. HINT,
    } do
      assert.same({ wanted }, said(text), text)
    end
    assert.same({}, said "local x = 5 if x then return x else return 6 end")
    assert.same({}, said "error 'this one is not to be loaded'")
  end)

  it('takes a module for what it is', function()
    assert.is_nil(scan.scan({ text = 'return { steps = { 5 } }', globals = GLOBALS }).kind)
    assert.equal('strategy', scan.scan({ text = strategy '', globals = GLOBALS }).kind)
  end)

  it('finds run where it is set behind the table', function()
    for _, text in ipairs {
      "local d = { name = 'x' }\nfunction d.run(r) r:begin() r:shfit(5) r:promote() end\nreturn require "
        .. "'stdlib.strategy'(d)",
      "local s, d = require 'stdlib.strategy', { name = 'x', run = function(r)\nr:begin() r:shfit(5) r:promote() end "
        .. '}\nlocal made = s(d)\nreturn made',
    } do
      assert.equal(1, #said(text), text)
      assert.matches('^2:%d+: error: rollout: there is no word "shfit"', said(text)[1])
    end
  end)

  it('names what a strategy asks of its Canary', function()
    local text = strategy("rollout:gate 'approval' rollout:gate 'confirm-promotion'\nrollout:fetch('ask', {})\n"
      .. "rollout:within('1h', { any = { yes = { gate = 'said' }, late = { check = 'slow' } } })\n"
      .. "rollout:analyse { rounds = 1, checks = { 'errors' } } rollout:check(rollout.params.ring)")
    local found = scan.scan { text = text, globals = GLOBALS }
    local names = {}
    table.sort(found.names, function(a, b)
      return a.line ~= b.line and a.line < b.line or a.line == b.line and a.name < b.name
    end)
    for i, named in ipairs(found.names) do
      names[i] = ('%d:%d: %s %s %s'):format(named.line, named.column, named.word, named.what, named.name)
    end
    assert.same({ '3:14: gate webhook approval', '4:15: fetch webhook ask', '5:16: within webhook said',
      '5:16: within metric slow', '6:17: analyse metric errors' }, names)
  end)

  it('says of an expression that is nested too deeply that it is', function()
    assert.same({ '1:0: warning: an expression is nested too deeply: only what the engine says when it loads the '
      .. 'script is told' }, said('return ' .. ('1+'):rep(30000) .. '1'))
  end)
end)

--- A check with these lines before its verdict: they begin with line 2.
local function check(lines)
  return "return require 'stdlib.check' { name = 'x', run = function(c)\n" .. lines
    .. '\nreturn c:judge(5, { max = 9 })\nend }'
end

describe('tool.scan of a check', function()
  for lines, wanted in pairs {
    ['c:promote()'] = '2:3: error: c:promote: a check never acts, this is a word of strategies',
    ['local _ = c.shift'] = '2:13: error: c:shift: a check never acts, this is a word of strategies',
    ['c:jugde(5)'] = '2:3: error: c: there is no word "jugde", known are judge, ',
    ['c.query(5)'] = '2:3: error: query: a colon is wanted: c:query(…)',
    ['c:query(5)'] = '2:9: error: query: a text is wanted, got 5',
    ["c:ask(5, 'x')"] = '2:7: error: ask: adapter: a name in spec.adapters is wanted, got 5',
    ["c:ask 'queue'"] = '2:7: error: ask: a text is wanted, got nil',
    ["c:ask('queue', '{{ targt }}')"] = '2:7: error: ask: function "targt" not defined, known are name, ',
    ["c:query 'x{{ targt }}'"] = '2:9: error: query: function "targt" not defined, known are name, ',
    ["c:query_range('up', '3d', '1s')"] = "2:15: error: query_range: span: a duration like '90s' or '1h30m' is wanted",
    ["c:query_range('up', '3h')"] = "2:15: error: query_range: step: a duration like '90s' or '1h30m' is wanted, got",
    ["c:query_range('up', '3h', '1s')"] = '2:15: error: query_range: step: at most 300 values are wanted',
    ["c:query_range('x{{ variables.v }}', '3 hours', '5m')"] = '2:15: error: query_range: span: a duration like ',
    ["c:query_range('x{{ targt }}', '3h', '5m')"] = '2:15: error: query_range: function "targt" not defined',
    ["c:query_range(c.name, '30s', '1m')"] = '2:15: error: query_range: step: from 1s to the span (30s) is wanted',
    ["c:query_range(c.name, c.interval, '3d')"] = '2:15: error: query_range: step: a duration like ',
    ["c:query_range('up', '3d', c.interval)"] = '2:15: error: query_range: span: a duration like ',
    ["local _ = c:judge('5')"] = "2:19: error: judge: value: a number is wanted, got '5'",
    ['local _ = c:judge(c.now, 5)'] =
      '2:19: error: judge: options: a table of max, min, needed, samples and unit is wanted, got ',
    ['local _ = c:judge(c.now, { maximum = c.now })'] = '2:19: error: judge: there is no option "maximum", known are ',
    ["local _ = c:judge(c.now, { max = c.now, unit = 5 })"] = '2:19: error: judge: unit: a string is wanted, got 5',
    ["local _ = c:judge(c.now, { max = 1 }, 'from %d to %d')"] =
      '2:19: error: judge: text: one place for the value is wanted',
    ["local _ = c:judge(c.now, { max = 1, samples = 'many' })"] =
      '2:19: error: judge: samples: a count, 0 or more, is wanted',
    ["local _ = c:blind('x', { cause = 'bored', needed = c.now })"] =
      "2:19: error: blind: cause: 'no data', 'unreachable', ",
    ['local _ = c:blind()'] = '2:13: error: blind: text: 1 to 1000 bytes are wanted, got nil',
    ['local _ = c.params.rign'] = '2:20: error: c.params.rign: there is no such parameter, known are ring, steps',
    ['local _ = os.time()'] = "2:11: error: unknown global 'os': the time is c.now",
    ['do return end'] = '2:4: error: run returns nothing, wanted what c:judge or c:blind gives',
    ['if c.now then return true end'] = '2:15: error: run returns a boolean, wanted what c:judge or c:blind gives',
    ['while true do end'] = '2:1: error: this loop never ends, and says no word',
    ["c:query(('x{{ %s }}'):format('targt'))"] = '2:9: error: query: function "targt" not defined, known are name, ',
    ["c:query('x{{ ' .. 'targt' .. ' }}')"] = '2:16: error: query: function "targt" not defined, known are name, ',
    ["local function x(w) return 'x{{ ' .. w .. ' }}' end c:query(x('targt'))"] =
      '2:61: error: query: function "targt" not defined, known are name, ',
    ['coroutine.wrap(function() return c:query("x") end)()'] =
      '2:36: error: query: no word can run inside a coroutine of the script',
  } do
    it('says of ' .. lines .. ' what is wrong', function()
      local found = said(check(lines))
      assert.equal(1, #found, table.concat(found, '\n'))
      assert.equal(wanted, found[1]:sub(1, #wanted))
    end)
  end

  it('takes what may be right', function()
    for _, lines in ipairs {
      "local _ = c:blind('few', { cause = c.name, samples = c.now, needed = c.params.steps[1] })",
      'local n, cause = c:query [[rate(x{v="{{ target }}"}[{{ interval }}])]] if not n then return c:blind(cause) end',
      "c:query 'x{v=\"{{ variables.v }}\", w=\"{{ index variables \"w\" }}\"}'",
      "local _ = c:judge(c.now, { max = c.params.steps[1], unit = c.interval }, 'at %.1f %%')",
      'local _ = c:judge(c.now)',
      'local o = c.bounds o = c:judge(c.now, o, c.name)', 'local f = function() return true end f()',
      'do return c:judge(c.now - c.weight, { min = 0 }) end', "local n = c:ask(c.name, 'x {{ variables.v }}')",
      "c:query_range('x{{ variables.v }}', '30s', c.interval)", "c:query_range('x', c.interval, '2h')",
      "local function span() return c.interval, '1m' end c:query_range('up', span())",
    } do
      assert.same({}, said(check(lines)), lines)
    end
  end)

  --- A check whose function has these lines, behind some at its head: they begin with line 2.
  local function whole(lines, head)
    return (head or '') .. "return require 'stdlib.check' { name = 'x', run = function(c)\n" .. lines .. '\nend }'
  end

  local OPEN = 'run may come to its end behind this without a verdict, wanted what c:judge or c:blind gives'

  for lines, wanted in pairs {
    ['if c.now > 5 then return c:judge(5) end'] = '2:1: error: ' .. OPEN,
    ['if c.now then return c:judge(5) elseif c.weight then local _ = 5 else return c:blind "x" end'] =
      '2:54: error: ' .. OPEN,
    ['for _ = 1, c.now do return c:judge(5) end'] = '2:1: error: ' .. OPEN,
    ['while true do if c.now then break end return c:judge(5) end'] = '2:1: error: ' .. OPEN,
    ['if c.now then return c:blind "x" end c:judge(5)'] = '2:38: error: run: return is missing: return c:judge(…)',
    ['if c.now then c:blind "x" end return c:judge(5)'] = '2:15: error: run: return is missing: return c:blind(…)',
    ['local function give(k) k:judge(5) end give(c) return c:blind "x"'] =
      '2:24: error: run: return is missing: return c:judge(…)',
  } do
    it('misses the verdict of one way: ' .. lines, function()
      assert.same({ wanted }, said(whole(lines)))
    end)
  end

  it('misses no verdict where it is not known to be missing', function()
    for _, lines in ipairs {
      'if c.now then return c:judge(5) else return c:blind "x" end',
      'if c.now then return c:judge(5) end error "x"',
      'while true do for _ = 1, 5 do if c.now then break end end if c.now then return c:judge(5) end end',
      'repeat if c.now then return c:judge(5) end until false',
      'do return c:judge(5) end',
      'if c.now then return c:judge(5) end local x = c.now if x then goto over end ::over:: return c:judge(5)',
      'if c.now then return c:judge(5) end c.bounds.give(5)',
      'local said = c:judge(5) return said',
    } do
      assert.same({}, said(whole(lines)), lines)
    end
  end)

  local KEPT = ' is kept from round to round, but a check forgets it when the engine dies and when its script rests '
    .. '(docs/replay.md)'

  for lines, wanted in pairs {
    ['bad = bad + 1'] = '3:1: warning: bad' .. KEPT,
    ['seen.rounds = 5'] = '3:1: warning: seen' .. KEPT,
    ['seen[#seen + 1] = 5'] = '3:1: warning: seen' .. KEPT,
    ['table.insert(seen, 5)'] = '3:14: warning: seen' .. KEPT,
    ['local function note() bad = 1 end note()'] = '3:23: warning: bad' .. KEPT,
  } do
    it('warns of what a check keeps: ' .. lines, function()
      assert.same({ wanted }, said(whole(lines .. ' return c:judge(5)', 'local bad, seen = 0, {}\n')))
    end)
  end

  it('takes what a check keeps for one round, or makes when it loads', function()
    for _, lines in ipairs { 'local bad = 0 bad = bad + 1', 'local seen = {} seen[1] = seen', 'local _ = bad + #seen',
    } do
      assert.same({}, said(whole(lines .. ' return c:judge(5)',
        'local bad, seen = 0, {} for i = 1, 5 do seen[i], bad = i, i end\n')), lines)
    end
  end)

  it('misses the verdict', function()
    assert.same({ '1:51: error: run: neither c:judge nor c:blind is said; a check returns what one of them gives' },
      said "return require 'stdlib.check' { name = 'x', run = function(c) return c.now end }")
    assert.same({}, said("local other = require 'scripts.other'\nreturn require 'stdlib.check' { name = 'x', "
      .. 'run = function(c) return other.judge(c) end }'))
  end)
end)

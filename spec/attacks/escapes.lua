--- Ways out of the sandbox: what a script must not reach, and what it must not change for others. Each asserts what it
--- found.
return {
  door = 'Strategy',

  { 'the libraries that are absent', [[
    for name in ('io os debug package ffi jit bit collectgarbage gcinfo newproxy getfenv setfenv dofile loadfile '
      .. 'loadstring module host arg'):gmatch '%S+' do
      assert(rawget(_G, name) == nil and _G[name] == nil, name)
    end]] },
  { 'the functions that are absent from the libraries that are there', [[
    assert(string.dump == nil and ('').dump == nil and ('').buffer == nil)
    assert(math.random == nil and math.randomseed == nil)
    assert(table.new == nil and table.clear == nil and table.foreach == nil and table.foreachi == nil)
    assert(table.getn == nil and table.setn == nil and coroutine.isyieldable == nil)]] },
  { 'libraries by require', [[
    for name in ('ffi jit debug io os string table math _G package bit string.buffer table.new jit.opt jit.util '
      .. 'cjson sluice lfs socket'):gmatch '%S+' do
      assert(not pcall(require, name), name)
    end]] },
  { 'the host by every name', [[
    for name in ('host stdlib.host strategies.host checks.host adapters.host stdlib.. stdlib. .host HOST Host '
      .. 'stdlib/host stdlib.host.lua ..host host. scripts..host'):gmatch '%S+' do
      assert(not pcall(require, name), name)
    end
    assert(not pcall(require, 'host\0') and not pcall(require, ' host') and not pcall(require, 'stdlib.host\0.x'))]] },
  { 'what is beneath the words', [[
    for name in ('start protocol words effects round promotion shared_words script_words script_asking script_checks '
      .. 'script_facts script_routing rollout arguments misuse hooks metrics checking probe question alerts gates '
      .. 'adapter provider aws chat requests calendar template go_template verdict'):gmatch '%S+' do
      assert(not pcall(require, 'stdlib.' .. name), name)
    end]] },
  { 'checks and adapters', [[
    for name in ('checks.request-duration checks.test.attack checks.test.attack.scripts.x adapters.metrics.prometheus '
      .. 'adapters.alerts.slack'):gmatch '%S+' do
      assert(not pcall(require, name), name)
    end]] },
  { 'a module by what is no name', [[
    local sly = setmetatable({}, { __tostring = function() return 'host' end, __index = string,
      __concat = function() return 'host' end })
    for _, name in ipairs { sly, {}, 42, true, print, 1LL, ('x'):rep(1e6), '', '.', '%', '%s', 'stdlib.%s',
      '^', '[' } do
      assert(not pcall(require, name))
    end
    assert(not pcall(require) and not pcall(require, nil, 'host'))]] },
  { 'files by require', [[
    for name in ('stdlib.../../etc/passwd /etc/passwd ../x stdlib./etc/passwd scripts./etc/passwd'):gmatch '%S+' do
      assert(not pcall(require, name), name)
    end]] },
  { "the methods of strings", [[
    assert(getmetatable '' == false and not pcall(setmetatable, '', {}))
    assert(not pcall(function() ('').x = 1 end) and not pcall(rawset, '', 'x', 1) and not pcall(rawget, '', 'len'))
    string.len, string.format, string.gsub, string.find = nil, nil, nil, nil
    assert(('abc'):len() == 3 and ('%d'):format(1) == '1')]] },
  { 'the libraries that the words use', [[
    for _, library in ipairs { string, table, math, coroutine } do
      for name in pairs(library) do library[name] = function() error 'mine' end end
    end
    assert(rollout:now() > rollout:elapsed())
    rollout:shift(7)]], tells = 'weight 7' },
  { 'the globals that the words use', [[
    local all = _G
    for name in next, all do all[name] = function() error 'mine' end end
    rollout:shift(8)]], tells = 'weight 8' },
  { 'globals by a metatable of _G', [[
    setmetatable(_G, { __index = function() return 'trap' end, __newindex = error })
    assert(host == 'trap')
    rollout:hook('told', { text = 'told behind a trap' })]], tells = 'told behind a trap' },
  { 'the handle of the words', [[
    assert(getmetatable(rollout) == false and next(rollout) == nil and rawget(rollout, 'promote') == nil)
    assert(not pcall(setmetatable, rollout, {}) and not pcall(rawset, rollout, 'shift', print))
    assert(not pcall(function() rollout.shift = print end) and not pcall(table.insert, rollout, 1))
    assert(not pcall(table.insert, rollout, 1, 2) and table.remove(rollout) == nil and #rollout == 0)
    table.sort(rollout)
    for _ in pairs(rollout) do error 'a word in sight' end
    assert(not pcall(load('shift = 1', 'x', 't', rollout)))]] },
  { 'the methods beneath the words', [[
    for name in ('word act later pending take_pending tick try_round next_round round order_share order_requests spec '
      .. 'step_to note_begin is_over know_metrics lacks_share is_first end_round class new __index __newindex '
      .. 'round_word open_all began since committed finishing words refused params_ self'):gmatch '%S+' do
      assert(not pcall(function() return rollout[name] end), name)
    end]] },
  { 'the words with another self', [[
    local sly = setmetatable({}, { __eq = function() return true end, __index = function() return true end })
    for _, self in ipairs { sly, {}, 5, 'rollout', print, coroutine.create(print), 1LL } do
      for name in ('event shift promote rollback now log hook'):gmatch '%S+' do
        assert(not pcall(rollout[name], self, 'x'), name)
      end
    end
    assert(not pcall(rollout.promote) and not pcall(rollout.event, 'x'))]], silent = 'Rolling back' },
  { 'a round that is made to order things', [[
    local round = rollout:rounds()()
    local names = {}
    for name, value in pairs(round) do
      names[#names + 1] = name
      if type(value) == 'table' then
        value[#value + 1] = { kind = 'route', primary = 23, canary = 77, mirrored = false }
      end
    end
    round.next_weight, round.passed, round.weight = 100, true, 100
    round.pending = { { kind = 'route', primary = 23, canary = 77, mirrored = false } }
    rollout:event 'mine'
    rollout:hook('told', names)]], tells = 'passed', silent = '77' },
  { 'a round that is another', [[
    local round = rollout:rounds()()
    local copy = {}
    for name, value in pairs(round) do copy[name] = value end
    local sly = setmetatable({}, { __eq = function() return true end, __index = round })
    for _, other in ipairs { copy, sly, {}, 5, 'round', print } do
      assert(not pcall(rollout.next_weight, rollout, other))
    end
    rollout:next_weight(round)]] },
  { 'the facts that words gave', [[
    local weights, past = rollout:weights(), rollout:history(3)
    weights.primary, weights.canary = 0, 100
    for i = 1, #past do past[i] = nil end
    assert(rollout:weights().primary == 100)]] },
  { 'its parameters', [[
    rollout.params.x = setmetatable({}, { __index = error })
    setmetatable(rollout.params, { __index = error, __newindex = error })
    rollout:hook('told', { text = 'told with params of its own' })]], tells = 'params of its own' },
  { 'modules of stdlib', [[
    for _, name in ipairs { 'strategy', 'check', 'param', 'duration', 'steps', 'thresholds', 'go_format' } do
      local module = require('stdlib.' .. name)
      assert(getmetatable(module) == false and next(module) == nil, name)
      assert(module == require('stdlib.' .. name))
      assert(not pcall(setmetatable, module, {}) and not pcall(rawset, module, 'x', 1))
      assert(not pcall(function() module.x = 1 end) and not pcall(table.insert, module, 1))
      assert(not pcall(table.insert, module, 1, 2) and table.remove(module) == nil)
      assert(rawget(module, 'x') == nil and not pcall(load('x = 1', 'x', 't', module)))
      table.sort(module)
    end
    assert(not pcall(function() require('stdlib.param').list = print end))]] },
  { 'what a module of stdlib returns', [[
    local param = require 'stdlib.param'
    local one = param.integer { min = 1 }
    one.type, one.of = 'evil', one
    assert(param.integer { min = 1 }.type == 'integer')
    local steps = require 'stdlib.steps'
    assert(not pcall(steps.next_weight) or true)]] },
  { 'the metatable of what a module of stdlib returns', [[
    local params = require('stdlib.blind').params {}
    assert(not pcall(function() getmetatable(params).__mode = 'k' end) and not pcall(setmetatable, params, {}))
    assert(not pcall(rawset, getmetatable(params), 'mark', 1))]] },
  { 'marks for the next release', [[
    mark, string.mark, _G.mark2 = 1, 2, 3
    rawset(_G, 'mark3', 4)
    local c = require 'strategies.canary'
    c.mark, c.run = 5, nil]] },
  { 'the marks of the release before', [[
    assert(mark == nil and string.mark == nil and _G.mark2 == nil and mark3 == nil)
    local c = require 'strategies.canary'
    assert(c.mark == nil and type(c.run) == 'function')]] },
  { 'a strategy of the engine', [[
    local canary = require 'strategies.canary'
    assert(not pcall(canary.run) and not pcall(canary.run, {}) and not pcall(canary.run, rollout))]] },
  { 'addresses by tostring and print', [[
    local values = { {}, print, coroutine.create(print), rollout, 1LL, setmetatable({}, {}), require 'stdlib.param' }
    for i = 1, #values do
      assert(not tostring(values[i]):find '%x%x%x%x%x' and not ('%s'):format(values[i]):find '%x%x%x%x%x')
    end
    print(unpack(values))]] },
  { 'addresses by formats', [[
    local before = { '', '%%', '%', '%s', '%5', '% %', '%\0' }
    for _, options in ipairs { '', '-', '-+ #0', '##', '1', '22', '333', '.', '.1', '.333', '..', '-5.5' } do
      for kind in ('acdepqsuxA%nl$*'):gmatch '.' do
        for i = 1, #before do
          local form = before[i] .. '%' .. options .. kind
          local _, text = pcall(string.format, form, print, {}, {})
          assert(not text:find '0x%x%x%x' and not text:find 'builtin', form .. ': ' .. text)
        end
      end
    end]] },
  { 'addresses in what is raised', [[
    local t = {}
    for _, f in ipairs { function() t() end, function() return t .. t end, function() return t < t end,
      function() return t + 1 end, function() return #print end, function() return t.x.y end,
      function() t[nil] = 1 end, function() error(t) end, function() return ('x'):rep(t) end,
      function() table.concat { t } end, function() for _ = 1, t do end end, function() setmetatable(1, t) end } do
      local _, problem = pcall(f)
      assert(not tostring(problem):find '0x', problem)
    end]] },
  { 'the collector', [[
    assert(not pcall(setmetatable, {}, { __gc = print }) and not pcall(setmetatable, {}, { __mode = 'k' }))
    local meta = setmetatable({}, { __index = { __gc = print, __mode = 'v' } })
    local t = setmetatable({}, meta)
    assert(getmetatable(t) == meta)]] },
  { 'a weak table that becomes one later', [[
    local meta = {}
    setmetatable({}, meta)
    meta.__mode = 'k'
    rollout:event 'x']], raised = 'neither __gc nor __mode' },
  { 'a finalizer that comes later', [[
    local meta = {}
    setmetatable({}, meta)
    rawset(meta, '__gc', function() while true do end end)
    rollout:shift(5)]], raised = 'neither __gc nor __mode' },
  { 'numbers that are cdata', [[
    local huge = -9223372036854775807LL - 1LL
    local values = { 1LL, 2ULL, 3i, huge, 0LL }
    for i = 1, #values do
      local x = values[i]
      for _, f in ipairs { function() return x + x end, function() return x / 0LL end, function() return x % 0LL end,
        function() return x / -1LL end, function() return x % -1LL end, function() return x ^ x end,
        function() return -x end, function() return x < x end, function() return x == {} end,
        function() return x.x end, function() return x[1] end, function() x.re = 1 end, function() return #x end,
        function() return x() end, function() return x .. '' end, function() for _ = x, x do end end,
        function() return ({ [x] = 1 })[x] end, function() return tonumber(x) end, function() return pairs(x) end,
        function() return next({}, x) end, function() return getmetatable(x).x end,
        function() return setmetatable(x, {}) end, function() return math.floor(x) end,
        function() return string.char(x) end, function() return ('x'):rep(x) end,
        function() return unpack({}, x, x) end,
        function() return select(x, 1) end, function() return ('%d %x %s'):format(x, x, x) end,
        function() return error(x) end, function() return tostring(x) end, function() return rawequal(x, x) end,
        function() return coroutine.wrap(function() return x end)() end, function() return load('return 1LL')() end,
        function() return table.concat { x } end, function() return ({}) < x end } do
        pcall(f)
      end
    end
    assert(tostring(1LL) == 'cdata' and not pcall(rollout.shift, rollout, 5LL))]] },
  { 'numbers that are cdata, when what belongs to them was collected', [[
    local kept = {}
    for i = 1, 20000 do kept[i % 100] = ('x'):rep(200) .. i end
    for i = 1, 20000 do kept[i] = ('A'):rep(30) .. i end
    for _, one in ipairs { 'x', {}, print, true, setmetatable({}, { __eq = error }) } do
      assert(1LL ~= one and not pcall(function() return 1LL + one end) and not pcall(function() return 2i .. one end))
    end]] },
  { 'the library of C by a literal', [[
    local value = load 'return 1LL'()
    assert(type(value) == 'cdata' and getmetatable(value) ~= nil)
    assert(type(getmetatable(value)) ~= 'table')
    assert(rawget(_G, 'ffi') == nil and not pcall(require, 'ffi'))
    assert(not pcall(function() return value.C end) and not pcall(function() return value.new end))]] },
  { 'the levels of the stack', [[
    for _, level in ipairs { -1, 0, 1e9, 2 ^ 31, -2 ^ 31, 2 ^ 53, 0.5, 1 / 0, 0 / 0, 30 } do
      pcall(error, 'x', level)
    end
    local _, place = pcall(error, 'x', 4)
    assert(type(place) == 'string')]] },
  { 'counts beyond those of C', [[
    local big = { 2 ^ 31, -2 ^ 31, 2 ^ 32, 2 ^ 53, -2 ^ 53, 1 / 0, -1 / 0, 0 / 0, 2 ^ 31 - 1, 1e308, -1e308, 0.5, -0.0 }
    for _, a in ipairs(big) do
      for _, b in ipairs(big) do
        for _, f in ipairs { function() return select(a, 1, 2) end, function() return ('abc'):sub(a, b) end,
          function() return ('abc'):byte(a, b) end, function() return string.char(a, b) end,
          function() return ('abc'):find('b', a) end, function() return math.ldexp(a, b) end,
          function() return math.fmod(a, b) end, function() return ('%d %x %c %5.2f'):format(a, a, b, b) end,
          function() return tonumber('zz', a) end, function() return table.concat({ 'a' }, '', a, b) end,
          function() return table.remove({ 1, 2 }, a) end, function() return ('abc'):gsub('b', 'x', a) end,
          function() return ('abc'):gsub('b', function() end, a) end, function() return table.maxn { [a] = 1 } end,
          function() return ({})[a] end, function() return math.pow(a, b) end } do
          pcall(f)
        end
      end
    end]] },
  { 'ranges beyond those of the stack', [[
    for _, range in ipairs { { 1, 1e8 }, { -2 ^ 31, 2 ^ 31 }, { 1, 2 ^ 31 }, { 2 ^ 31 - 2, 2 ^ 31 - 1 }, { 1, 9000 },
      { -2 ^ 53, 2 ^ 53 }, { 0 / 0, 0 / 0 }, { -1e308, 1e308 } } do
      pcall(unpack, {}, range[1], range[2])
    end
    assert(not pcall(unpack, {}, 1, 1e8) and not pcall(string.byte, ('x'):rep(1e5), 1, -1))
    assert(not pcall(string.char, unpack({}, 1, 100)))]] },
}

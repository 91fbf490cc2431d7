--- The contract of the operations behind host.call: one table, to which the engine and the specs' fake host are held.
local FakeWorld = require 'spec.fake_host'
local World = require 'spec.world'
local sluice = require 'sluice'

--- Calls by which nothing happens, and what is raised at the line that makes them.
local WRONG = {
  { 'explode', {}, "there is no operation 'explode'" },
  { 'facts', { of = 'podinfo' }, 'facts: args.of: there is no such field' },
  { 'tick', { since = 'now' }, 'tick: args.since: an integer is wanted, got "now"' },
  { 'ready', {}, "ready: args.side: 'primary' or 'canary' is wanted, got nothing" },
  { 'ready', { side = 'left' }, "ready: args.side: 'primary' or 'canary' is wanted, got \"left\"" },
  { 'query', { query = 5 }, 'query: args.query: a string is wanted, got 5' },
  { 'query', { query = 'up', sever = 'x' }, 'query: args.sever: there is no such field' },
  { 'difference', { canary = 101, mirrored = false },
    'difference: args.canary: an integer from 0 to 100 is wanted, got 101' },
  { 'difference', { canary = 1.5, mirrored = false },
    'difference: args.canary: an integer from 0 to 100 is wanted, got 1.5' },
  { 'hooks', { type = 'rollout', phase = 'Progressing', stop = true },
    "hooks: args.stop: 'failure' or 'success' is wanted, got true" },
  { 'act', { kind = 'promote' }, 'act: args: a list is wanted, got {"kind":"promote"}' },
  { 'act', { 'promote' }, 'act: args[1]: a table is wanted, got "promote"' },
  { 'pin', { revision = 'r1' }, 'pin: args.revision: there is no such field' },
  { 'rollback', {}, 'rollback: args.events: a list is wanted, got nothing' },
  { 'rollback', { events = { { type = 'Warning' } } },
    'rollback: args.events[1].message: a string is wanted, got nothing' },
  { 'fail_promotion', { error = false }, 'fail_promotion: args.error: a string is wanted, got false' },
  { 'finish', { skipped = 'no' }, 'finish: args.skipped: a boolean is wanted, got "no"' },
}

--- Lists of effects that cannot be: nothing of them is done, and the answer says why.
local IMPOSSIBLE = {
  { 'act', { { kind = 'promote' }, { kind = 'explode' } },
    answer = 'effects[1].kind: "explode" is not a kind of effect' },
  { 'act', { { kind = 'route', primary = 130, canary = -30 } },
    answer = 'effects[0].primary: 130 is not a share of 0 to 100 percent' },
  { 'act', { { kind = 'route', primary = 0, canary = 100,
    analysis = { match = { { headers = { a = { suffix = 'b' } } } } } } },
    answer = 'effects[0].headers.a: {"suffix":"b"} is not one of exact, prefix and regex, with a text of at most 1024 '
      .. 'bytes' },
  { 'act', { { kind = 'route', primary = 0, canary = 100,
    analysis = { match = { { uri = { a = { exact = 'b' } } } } } } },
    answer = 'effects[0].uri: {"a":{"exact":"b"}} is not a field of a condition, which has headers and queryParams' },
  { 'act', { { kind = 'route', primary = 100, canary = 0, mirrored = true, analysis = { mirrorWeight = 101 } } },
    answer = 'effects[0].analysis.mirrorWeight: an integer from 1 to 100 is wanted, got 101' },
  { 'act', { { kind = 'route', primary = 100, canary = 0, analysis = { threshold = 100 } } },
    answer = 'effects[0].analysis.threshold: there is no such field' },
  { 'act', { { kind = 'event', type = 'Error', message = 'x' } },
    answer = 'effects[0].type: "Error" is not Normal or Warning' },
  { 'act', { { kind = 'route', primary = 80, canary = 20, mirorred = true } },
    answer = 'effects[0].mirorred: there is no such field' },
  { 'act', { { kind = 'route', primary = 80, canary = 20, mirrored = 'yes' } },
    answer = 'effects[0].mirrored: a boolean is wanted, got "yes"' },
}

--- One of each that is right, but for those that end a release.
local RIGHT = {
  { 'facts' },
  { 'spec' },
  { 'ready', { side = 'primary' } },
  { 'query', { query = 'vector(1)' } },
  { 'difference', { canary = 0, mirrored = false } },
  { 'hooks', { type = 'rollout', phase = 'Progressing', stop = 'failure' } },
  { 'act', { { kind = 'gauge', name = 'probe', value = 1 } } },
  { 'pin' },
}

local function source_of(value)
  if type(value) ~= 'table' then
    return type(value) == 'string' and string.format('%q', value) or tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = string.format('[%s] = %s', source_of(key), source_of(item))
  end
  return '{ ' .. table.concat(parts, ', ') .. ' }'
end

--- A module in the place of stdlib.start that makes these calls and writes down what each raises.
local function probe(calls)
  return string.format([[
local host = require 'host'
local function start()
  host.enter('probe', {})
  for _, call in ipairs(%s) do
    local fine, answer = pcall(function()
      local answer = host.call(call[1], call[2])
      return answer
    end)
    host.log(string.format('probe: %%s: %%s', call[1], fine and (answer.error or 'fine') or answer))
  end
  host.leave()
  host.call('finish', { skipped = false })
end
return { start = start }
]], source_of(calls))
end

local function expected(calls)
  local lines = {}
  for i, call in ipairs(calls) do
    lines[i] = string.format('probe: %s: %s', call[1],
      call[3] and 'stdlib/start.lua:6: ' .. call[3] or call.answer or 'fine')
  end
  return lines
end

local function by_fake_host(calls)
  local world = FakeWorld.new {}
  world.script = function()
    local chunk = assert(loadstring(probe(calls), '@stdlib/start.lua'))
    setfenv(chunk, setmetatable({ require = function(name)
      return world:require(name)
    end }, { __index = _G }))
    chunk().start()
  end
  world:run()
  return world.notes
end

local function by_engine(calls)
  local world = World.new { analysis = { stepWeight = 50, maxWeight = 50 }, start = probe(calls) }
  world:initialise():push()
  world.world:run('1m', function()
    return world.state == 'Succeeded'
  end)
  local lines = {}
  for line in world.world:log():gmatch '"msg":"(probe: .-)","canary"' do
    lines[#lines + 1] = line:gsub('\\(.)', '%1')
  end
  world:close()
  return lines
end

describe('the operations behind host.call', function()
  after_each(World.close_all)

  it('raise in the fake host what is wrong with a call', function()
    assert.same(expected(WRONG), by_fake_host(WRONG))
  end)

  it('raise in the engine what is wrong with a call', function()
    assert.same(expected(WRONG), by_engine(WRONG))
  end)

  it('refuse effects that cannot be in both alike', function()
    assert.same(expected(IMPOSSIBLE), by_fake_host(IMPOSSIBLE))
    assert.same(expected(IMPOSSIBLE), by_engine(IMPOSSIBLE))
  end)

  it('answer in the fake host as the contract says', function()
    assert.same(expected(RIGHT), by_fake_host(RIGHT))
  end)

  it('answer in the engine as the contract says', function()
    assert.same(expected(RIGHT), by_engine(RIGHT))
  end)

  it('refuse an answer that the engine could not give', function()
    assert.equal('ready: answer.ready: a boolean is wanted, got nothing', sluice.answer_problem('ready', {}))
    assert.equal("query: answer.vlaue: there is no such field", sluice.answer_problem('query', { vlaue = 1 }))
    assert.equal('hooks: answer[1].name: a string is wanted, got nothing', sluice.answer_problem('hooks', { {} }))
    assert.equal('finish: it never answers', sluice.answer_problem('finish', {}))
    assert.is_nil(sluice.answer_problem('hooks', sluice.list {}))
  end)

  it('are described to people as they are', function()
    local file = assert(io.open 'lua/stdlib/_meta/operations.lua')
    local text = file:read '*a':gsub('\n%-%-%-?', ' '):gsub('%s+', ' '):gsub('| ', '|')
    file:close()
    for _, effect in ipairs(sluice.effects()) do
      for _, shown in ipairs { ' ' .. effect.signature .. ' ', ' Again: ' .. effect.again .. '.' } do
        assert(text:find(shown, 1, true), 'lua/stdlib/_meta/operations.lua does not have: ' .. shown)
      end
    end
    for _, operation in ipairs(sluice.operations()) do
      assert(text:find(' ' .. operation.signature .. ' ', 1, true),
        'lua/stdlib/_meta/operations.lua does not have: ' .. operation.signature)
    end
  end)
end)

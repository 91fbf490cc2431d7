--- Adapters of a team's own (core/script/adapter.h): the examples of the docs, and what is wrong with a file.
local sluice = require 'sluice'

--- The n-th Lua text of a page of the docs.
local function text_in(page, n)
  local file = assert(io.open('docs/' .. page))
  local text, count = file:read '*a', 0
  file:close()
  for block in text:gmatch '```lua\n(.-)```' do
    count = count + 1
    if count == n then
      return block
    end
  end
end

local function ask(name, text, order, responses)
  return sluice.ask { name = name, ask = order, responses = sluice.list(responses or {}), own = { [name] = text } }
end

describe('the example of the docs', function()
  it('answers for a metric provider', function()
    local order = { type = 'example', query = 'up', now = 5, secret = { example_token = 'x' } }
    local said = ask('metrics.example', text_in('metrics.md', 1), order, { { body = '{"value": 42.5}' } })
    assert.same({ answer = { value = 42.5 }, faults = {} }, { answer = said.answer, faults = said.faults })
    assert.equal('https://api.example.com/v1/value?q=up&until=5', said.requests[1].url)
    assert.equal('Bearer x', said.requests[1].headers.Authorization)
    said = ask('metrics.example', text_in('metrics.md', 1), { type = 'example', query = 'up', now = 5, secret = {} })
    assert.same({ unusable = true, error = 'example credentials does not contain example_token' }, said.answer)
    assert.same({ none = true, error = 'invalid response: {}: no values found' },
      ask('metrics.example', text_in('metrics.md', 1), order, { { body = '{}' } }).answer)
  end)

  it('tells a chat', function()
    local order = { name = 'web', namespace = 'shop', message = 'Failed', severity = 'error', fields = sluice.list {},
      address = 'https://pager/hook', token = 't' }
    local said = ask('alerts.pager', text_in('alerts.md', 1), order, { {} })
    assert.same({ answer = {}, faults = {} }, { answer = said.answer, faults = said.faults })
    assert.equal('POST https://pager/hook', said.requests[1].method .. ' ' .. said.requests[1].url)
    assert.equal('{"summary":"web.shop: Failed"}', said.requests[1].body)
    assert.equal('the pager answers 500',
      ask('alerts.pager', text_in('alerts.md', 1), order, { { status = 500 } }).answer.error)
    order.severity = 'info'
    assert.same({}, ask('alerts.pager', text_in('alerts.md', 1), order).requests)
  end)
end)

local FAULTS = {
  ['does not compile'] = { 'local a =\n= 5', 'adapters/metrics/queue.lua:2: unexpected symbol near \'=\'' },
  ['raises'] = { '\nerror "oh"', 'adapters/metrics/queue.lua:2: oh' },
  ['never ends'] = { 'while true do end', 'adapters/metrics/queue.lua:1: more than 2000 ms of CPU time' },
  ['grows'] = { 'local t = {}\nwhile true do t[#t + 1] = ("x"):rep(9999) .. #t end', 'bytes of memory' },
  ['is bytecode'] = { '\27LJ\2', 'adapters/metrics/queue.lua:1: bytecode, and a script is a text of Lua' },
  ['gives nothing'] = { 'local a = 1', 'adapters/metrics/queue.lua: the file gives a boolean, wanted an adapter' },
  ['gives a table of another shape'] = { 'return { name = "queue" }',
    'adapters/metrics/queue.lua: the file gives a table' },
  ['has no answer'] = { "local adapter = require 'stdlib.adapter'\nreturn adapter {\n  name = 'queue',\n"
    .. '  request = function() end,\n}',
    'adapters/metrics/queue.lua:2: adapter.answer: a function is wanted, got nil' },
  ['has a field of no meaning'] = { "local adapter = require 'stdlib.adapter'\nreturn adapter {\n  reqest = 5,\n}",
    'adapters/metrics/queue.lua:3: adapter: there is no field "reqest", known are request, ' },
  ['wants the host'] = { "require 'host'", "adapters/metrics/queue.lua:1: module 'host' is not for scripts" },
}

local function adapter(request, answer)
  return ("local adapter = require 'stdlib.adapter'\nreturn adapter {\n  name = 'queue',\n"
    .. '  request = function(ask) %s end,\n  answer = function(ask, response) %s end,\n}'):format(request, answer or '')
end

describe('a file', function()
  for name, case in pairs(FAULTS) do
    it('that ' .. name .. ' is told with its place, when it is read and when it is asked', function()
      local said = ask('metrics.queue', case[1], { query = 'x' })
      assert.matches(case[2], said.faults['metrics.queue'], 1, true)
      assert.matches(case[2], said.error, 1, true)
      assert.same({}, said.requests)
    end)
  end

  it('leaves the others as they are', function()
    local own = { ['metrics.queue'] = 'while true do end', ['metrics.good'] = adapter 'return { value = 1 }' }
    local said = sluice.ask { name = 'metrics.good', ask = { query = 'x' }, own = own }
    assert.same({ value = 1 }, said.answer)
    assert.is_nil(said.faults['metrics.good'])
  end)

  it('does not take the place of one that the engine brings', function()
    local said = sluice.ask { name = 'metrics.prometheus',
      ask = { type = 'prometheus', address = 'http://p', query = 'x' }, responses = sluice.list { { body = '{}' } },
      own = { ['metrics.prometheus'] = adapter 'return { value = 1 }' } }
    assert.equal('the engine brings an adapter of this name', said.faults['metrics.prometheus'])
    assert.equal('http://p/api/v1/query?query=x', said.requests[1].url)
  end)

  it('reaches neither the API server nor what others have', function()
    local said = ask('metrics.queue', adapter [[return { kube = { verb = 'list', group = '', version = 'v1',
      plural = 'secrets' } }]], { query = 'x' })
    assert.matches("only the engine's own adapters may ask the API server", said.error, 1, true)
    assert.same({}, said.requests)
    said = ask('metrics.queue', adapter([[count = (count or 0) + 1; return { url = 'http://server/' .. count }]],
      [[count = (count or 0) + 1; return { value = count }]]), { query = 'x' }, { {} })
    assert.same({ value = 1 }, said.answer) -- each step has a VM to itself
  end)

  it('that gives nonsense ends its own question', function()
    for request, told in pairs {
      ['return 5'] = 'queue: request gives a table, got number',
      ["return { url = 5 }"] = 'request.url',
      ["return { url = 'http://server/', method = 'BREW' }"] = 'request.method: BREW came',
      ['return ask.nothing.there'] = 'adapters/metrics/queue.lua:4: ',
    } do
      assert.matches(told, ask('metrics.queue', adapter(request), { query = 'x' }).error, 1, true)
    end
  end)
end)

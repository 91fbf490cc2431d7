-- The host of adapters (core/script/adapter.h): its steps, its bounds, and what no adapter can do.
local sluice = require 'sluice'

local function adapter(request, answer)
  return ([[
    local adapter = require 'stdlib.adapter'
    return adapter {
      name = 'probe',
      request = function(ask) %s end,
      answer = function(ask, response) %s end,
    }]]):format(request, answer or 'return { body = response.body, status = response.status, error = response.error }')
end

local function ask(text, responses, measured)
  return sluice.ask {
    name = 'metrics.probe',
    ask = { address = 'http://server' },
    measured = measured,
    responses = sluice.list(responses or { { body = 'hello' } }),
    modules = { ['adapters.metrics.probe'] = text },
  }
end

describe('an adapter', function()
  it('turns an ask into a request and its response into an answer', function()
    local said = ask(adapter [[return { url = ask.address .. '/path', headers = { One = 'a', Two = { 'b', 'c' } } }]])
    assert.same({ status = 200, body = 'hello' }, said.answer)
    local request = said.requests[1]
    assert.equal('GET http://server/path', request.method .. ' ' .. request.url)
    assert.same({ One = 'a', Two = 'b, c' }, request.headers)
    assert.equal(5000, request.timeout_ms)
    assert.is_true(request.same_host)
  end)

  it('does not say which server is meant, nor where its request ends', function()
    local said = ask(adapter [[return { method = 'POST', url = ask.address, body = 'x', headers = { Host = 'other',
      ['content-length'] = '0', ['Transfer-Encoding'] = 'chunked', TRAILER = { 'a', 'b' }, Kept = 'c' } }]])
    assert.same({ Kept = 'c' }, said.requests[1].headers)
  end)

  it('may answer without a request', function()
    local said = ask(adapter [[return { value = 7 }]])
    assert.same({ value = 7 }, said.answer)
    assert.same({}, said.requests)
  end)

  it('goes on from step to step, keeps what it says, and waits', function()
    local said = ask(adapter([[return { url = 'http://server/1' }]], [[
      local n = (ask.keep or 1) + 1
      if n > 3 then return { value = n } end
      return { request = { url = 'http://server/' .. n, wait_ms = 1000 }, keep = n }
    ]]), { {}, {}, {} })
    assert.equal(4, said.answer.value)
    assert.same({ 0, 1000, 2000 }, { said.requests[1].at_ms, said.requests[2].at_ms, said.requests[3].at_ms })
  end)

  it('is told of no error that there is not', function()
    local ok, problem = pcall(ask, adapter [[return { url = 'http://server/' }]], { { error = 'x', code = 'timeuot' } })
    assert.is_false(ok)
    assert.matches("responses: code: there is no error 'timeuot'", problem, 1, true)
  end)

  it('learns why there is no response', function()
    local said = ask(adapter [[return { url = 'http://server/' }]], { { error = 'x', code = 'timeout' } })
    assert.matches('^Get "http://server/": context deadline exceeded', said.answer.error)
    said = ask(adapter [[return { url = 'http://server/?key=hush', secret_parameters = true }]],
      { { error = 'x', code = 'timeout' } })
    assert.not_matches('hush', said.answer.error)
  end)

  it('says infinite values by their sign, and NaN as no value', function()
    assert.same({ infinite = -1 }, ask(adapter [[return { value = -1 / 0 }]]).answer)
    assert.same({ none = true, error = 'no values found' }, ask(adapter [[return { value = 0 / 0 }]]).answer)
  end)

  it('asks the API server of the engine', function()
    local said = ask(adapter([[return { kube = { verb = 'list', group = 'external.metrics.k8s.io', version = 'v1beta1',
      plural = 'queue-length', namespace = 'test', query = 'labelSelector=a%3Db' } }]]), { { body = '{"items":[]}' } })
    local path = '/apis/external.metrics.k8s.io/v1beta1/namespaces/test/queue-length?labelSelector=a%3Db'
    assert.equal('https://kubernetes' .. path, said.requests[1].url)
    assert.equal('{"items":[]}', said.answer.body)
  end)
end)

describe('the host of adapters', function()
  local function problem(request, answer, responses)
    local said = ask(adapter(request, answer), responses, true)
    assert.is_nil(said.answer)
    return said.error
  end

  it('ends the question of an adapter that raises, and says where', function()
    assert.matches('adapters/metrics/probe.lua:4: .*oh', problem [[error('oh')]])
    assert.matches('adapters/metrics/probe.lua:5: .*index', problem([[return { url = 'http://server/' }]],
      [[return ask.nothing.there]]))
  end)

  it('ends what spins, grows, or never finishes', function()
    assert.matches('CPU time', problem [[while true do end]])
    assert.matches('CPU time', problem [[while true do pcall(function() while true do end end) end]])
    assert.matches('CPU time', problem [[return (('a'):rep(40):find(('a*'):rep(20) .. 'b'))]])
    assert.matches('bytes of memory', ask(adapter [[local t = {} while true do t[#t + 1] = { #t } end]]).error)
    assert.matches('more than 24 requests', problem([[return { url = 'http://server/' }]],
      [[return { request = { url = 'http://server/' } }]], (function()
        local many = {}
        for i = 1, 40 do
          many[i] = {}
        end
        return many
      end)()))
  end)

  it('takes no nonsense for a request', function()
    assert.matches('request.url: http://a b/ is no URL', problem [[return { url = 'http://a b/' }]])
    assert.matches('request.headers: Key is no text',
      problem [[return { url = 'http://server/', headers = { Key = 5 } }]])
    assert.matches('wanted GET', problem [[return { url = 'http://server/', method = 'TRACE' }]])
    assert.matches('wait_ms', problem [[return { url = 'http://server/', wait_ms = 1e9 }]])
    assert.matches('request.kube', problem [[return { kube = { verb = 'watch' } }]])
    assert.matches('request gives a table, got nil', problem '')
    assert.matches('answer gives a table', problem([[return { url = 'http://server/' }]], 'return 5'))
    assert.matches('has no place in JSON', problem [[return { value = print }]])
  end)

  it('sends nothing that no client of HTTP would send, which is no response', function()
    for request, told in pairs {
      [ [[{ url = 'file:///etc/passwd' }]] ] = 'Get "file:///etc/passwd": unsupported protocol scheme "file"',
      [ [[{ url = 'http:///x', secret_url = true }]] ] = 'Get "http://": http: no Host in request URL',
      [ [[{ url = 'http://server/', headers = { Key = 'a\r\nB: c' } }]] ] =
        'Get "http://server/": net/http: invalid header field value for "Key"',
      [ [[{ url = 'http://server/', headers = { ['A: b'] = 'c' } }]] ] =
        'Get "http://server/": net/http: invalid header field name "A: b"',
    } do
      local said = ask(adapter('return ' .. request))
      assert.same({}, said.requests)
      assert.equal(told, said.answer.error)
    end
  end)

  it('bounds what a server may send', function()
    local said = ask(adapter [[return { url = 'http://server/' }]], { { size = 10 * 1024 * 1024 } })
    assert.matches('larger than', said.answer.error)
  end)

  it('asks equal questions of the same moment once', function()
    local function asked(order)
      order.name, order.ask = 'metrics.graphite', { type = 'graphite', address = 'http://server', query = 'target=a' }
      order.responses = sluice.list { { body = '[{"datapoints":[[1,1]]}]' } }
      return sluice.ask(order)
    end
    local said = asked { askers = 3 }
    assert.same({ 3, 1, 1 }, { said.answers, #said.requests, said.answer.value })
    said = asked { askers = 3, cancelled = 2 }
    assert.same({ 1, 1, 1 }, { said.answers, #said.requests, said.answer.value })
    said = asked { askers = 2, cancelled = 2 }
    assert.same({ 0, 0 }, { said.answers, #said.requests })
  end)

  it('has no adapter by a name that is not there', function()
    assert.matches('nor part of this engine', sluice.ask({ name = 'metrics.nothing', ask = { a = 1 } }).error)
  end)

  it('gives adapters neither the host nor the words of strategies', function()
    for _, name in ipairs { 'host', 'stdlib.rollout', 'io', 'os', 'ffi' } do
      assert.matches('is not for scripts', problem(('require %q'):format(name)))
    end
    assert.matches('cannot be changed', problem [[require('stdlib.adapter').step = nil]])
  end)
end)

describe('JSON for adapters', function()
  local function decoded(text, expression)
    return ask(adapter([[return { url = 'http://server/' }]], [[
      local value, problem = require('stdlib.adapter').json.decode(response.body)
      return { value = ]] .. (expression or 'value') .. [[, error = problem }]]), { { body = text } })
  end

  it('is read', function()
    assert.equal(2.5, decoded('{"a":[1,{"b":2.5}]}', 'value.a[2].b').answer.value)
    assert.equal(1, decoded('[null]', '#value').answer.value)
  end)

  it('is refused with a plain error', function()
    for _, text in ipairs { '', '<html>', '{', '[1,]', '{"a":NaN}', '[Infinity]', '"\\ud800"', ('['):rep(65), 'nul' } do
      local said = decoded(text, 'nil')
      assert.is_string(said.answer and said.answer.error, text)
    end
  end)

  it('is bounded, whatever it makes of the memory', function()
    local deep = decoded(('['):rep(64) .. (']'):rep(64), 'type(value)')
    assert.equal('table', deep.answer.value)
    local bomb = decoded('[' .. ('[],'):rep(340000) .. '[]]', '#value')
    assert.matches('bytes of memory', bomb.error or 'more than bytes of memory') -- either way the question ends
    assert.equal(340001, (bomb.answer or { value = 340001 }).value)
  end)

  it('is written in one order, and not without end', function()
    local function encoded(expression)
      local said = ask(adapter('return { text = require("stdlib.adapter").json.encode(' .. expression .. ') }'))
      return said.answer and said.answer.text or said.error
    end
    assert.equal('{"a":[1,2],"b":{},"c":"/"}', encoded '{ b = {}, c = "/", a = { 1, 2 } }')
    assert.equal('[]', encoded 'require("stdlib.adapter").json.list({})')
    assert.matches('NaN', encoded '{ 0 / 0 }')
    assert.matches('json', encoded [[(function() local t = { 1 } for _ = 1, 40 do t = { t, t } end return t end)()]])
  end)
end)

describe('signing for adapters', function()
  local function computed(expression)
    local said = ask(adapter('local a = require "stdlib.adapter" return { text = ' .. expression .. ' }'))
    return said.answer and said.answer.text or said.error
  end

  it('has digests and codes of the standards', function()
    assert.equal('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', computed 'a.hex(a.sha256("abc"))')
    -- RFC 4231, test case 2
    assert.equal('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      computed 'a.hex(a.hmac_sha256("Jefe", "what do ya want for nothing?"))')
    for plain, coded in pairs { [''] = '', f = 'Zg==', fo = 'Zm8=', foo = 'Zm9v', foob = 'Zm9vYg==' } do
      assert.equal(coded, computed(('a.base64(%q)'):format(plain)))
    end
    assert.equal('-_8', computed [[a.base64url('\251\255')]])
  end)

  it('signs with an RSA key, and says when there is none', function()
    local pem = assert(io.popen('openssl genrsa 2048 2>/dev/null')):read '*a'
    local signed = computed(('a.hex(a.rs256(%q, "text"))'):format(pem))
    local key, text, signature = os.tmpname(), os.tmpname(), os.tmpname()
    local function write(path, bytes)
      local file = assert(io.open(path, 'wb'))
      file:write(bytes)
      file:close()
    end
    write(key, pem)
    write(text, 'text')
    write(signature, (signed:gsub('..', function(hex) return string.char(tonumber(hex, 16)) end)))
    local public = key .. '.pub'
    os.execute(('openssl pkey -in %s -pubout -out %s 2>/dev/null'):format(key, public))
    local verify = ('openssl dgst -sha256 -verify %s -signature %s %s'):format(public, signature, text)
    local verdict = assert(io.popen(verify)):read '*a'
    for _, path in ipairs { key, public, text, signature } do
      os.remove(path)
    end
    assert.equal('Verified OK\n', verdict)
    assert.equal('a private RSA key in PEM is wanted', computed 'select(2, a.rs256("nonsense", "text"))')
  end)
end)

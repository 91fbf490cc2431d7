--- Adapters: each is a pure function of a request and a response. What it says may go nowhere but to a server, and what
--- a server says may do nothing to it.
local function asks(what, request, outcome)
  outcome[1], outcome.request, outcome[2] = what, request, 'return { value = response.error or 1 }'
  return outcome
end

--- What can be no request to a server is answered as one that failed.
local function fails(what, request, why)
  return asks(what, request, { tells = why, silent = '1 sent' })
end

local function whole(what, script, outcome)
  outcome[1], outcome[2], outcome.whole = what, script, true
  return outcome
end

local ADAPTER = "local adapter = require 'stdlib.adapter' return adapter "

return {
  door = 'an adapter',

  asks('the libraries that are absent', [[
    for name in ('io os debug package ffi jit bit collectgarbage gcinfo newproxy getfenv setfenv dofile loadfile '
      .. 'loadstring module host rollout c cjson'):gmatch '%S+' do
      assert(rawget(_G, name) == nil, name)
    end
    return { value = 1 }]], { tells = '1' }),
  asks('what is not for adapters', [[
    for name in ('host stdlib.rollout stdlib.script_words stdlib.start stdlib.protocol stdlib.effects stdlib.metrics '
      .. 'scripts.x checks.request-duration io os ffi cjson'):gmatch '%S+' do
      assert(not pcall(require, name), name)
    end
    return { value = 1 }]], { tells = '1' }),
  asks('the modules of stdlib', [[
    for _, name in ipairs { 'stdlib.adapter', 'stdlib.provider', 'stdlib.aws', 'stdlib.chat' } do
      local module = require(name)
      assert(getmetatable(module) == false and not pcall(rawset, module, 'x', 1))
      assert(not pcall(function() module.step = error end) and not pcall(setmetatable, module, {}))
    end
    local json = require('stdlib.adapter').json
    assert(not pcall(function() json.decode = error end) and not pcall(rawset, json, 'encode', 1))
    return { value = 1 }]], { tells = '1' }),
  asks('the libraries of others', [[
    string.format, table.concat, math.floor, tostring, type, pairs = nil
    local adapter = require 'stdlib.adapter'
    return { value = #adapter.escape 'a b' }]], { tells = '5' }),
  asks('bytecode', "return { value = load '\\27LJ\\2' == nil and load('return 1', 'x', 'b') == nil and 1 or 0 }",
    { tells = '1' }),

  fails('a file', "return { url = 'file:///etc/passwd' }", 'unsupported protocol scheme'),
  fails('another protocol', "return { url = 'gopher://server/' }", 'unsupported protocol scheme'),
  asks('a URL of two lines', "return { url = 'http://server/\\r\\nHost: other' }", { raised = 'request.url' }),
  asks('a URL with a NUL', "return { url = 'http://server/\\0/x' }", { raised = 'request.url' }),
  asks('a URL that is no text', 'return { url = 5 }', { raised = 'request.url' }),
  asks('a URL of a megabyte', "return { url = 'http://server/' .. ('x'):rep(2 ^ 20) }", { raised = 'bytes of text' }),
  asks('another method', "return { url = 'http://server/', method = 'CONNECT' }", { raised = 'wanted GET, POST' }),
  asks('a method of two lines', "return { url = 'http://server/', method = 'GET / HTTP/1.1\\r\\nX: y' }",
    { raised = 'wanted GET, POST' }),
  fails('a header in a header', "return { url = 'http://server/', headers = { A = 'b\\r\\nC: d' } }",
    'net/http: invalid header field value'),
  fails('a header with a NUL', "return { url = 'http://server/', headers = { A = 'b\\0c' } }",
    'net/http: invalid header field value'),
  fails('a name of a header that is two', "return { url = 'http://server/', headers = { ['A: b\\r\\nC'] = 'd' } }",
    'net/http: invalid header field name "A: b\\r\\nC"'),
  asks('a header that is no text', "return { url = 'http://server/', headers = { A = 5 } }",
    { raised = 'A is no text' }),
  asks('headers that contain themselves', "local h = {} h.h = h return { url = 'http://server/', headers = h }",
    { raised = 'more than 64 levels' }),
  asks('a secret in an error', "return { url = 'http://server/', headers = { A = ask.secret.token .. '\\n' } }",
    { tells = 'net/http: invalid header field value',
    silent = 'hush' }),
  asks('a proxy that is a file', "return { url = 'http://server/', proxy = 'file:///x' }",
    { raised = 'request.proxy' }),
  asks('a proxy of two lines', "return { url = 'http://server/', proxy = 'socks5://x\\r\\ny' }",
    { raised = 'request.proxy' }),
  asks('a wait before the beginning', "return { url = 'http://server/', wait_ms = -1 }",
    { raised = 'request.wait_ms' }),
  asks('a wait of a year', "return { url = 'http://server/', wait_ms = 3e10 }", { raised = 'request.wait_ms' }),
  asks('a wait that is no number', "return { url = 'http://server/', wait_ms = 0 / 0 }", { raised = 'NaN' }),
  asks('times that are none', "return { url = 'http://server/', timeout_ms = -1 }", { tells = '1' }),
  asks('a watch of the API server', "return { kube = { verb = 'watch', version = 'v1', plural = 'secrets' } }",
    { raised = 'request.kube' }),
  asks('a request that is a function', 'return print', { raised = 'request gives a table, got function' }),
  asks('a request with a function', "return { url = 'http://server/', body = print }",
    { raised = 'has no place in JSON' }),
  asks('a request by __index', "return setmetatable({}, { __index = { url = 'file:///x' } })",
    { raised = 'request.url' }),
  asks('an answer that is none', 'return { value = {} }', { tells = 'table' }),
  asks('an answer of a thousand levels', 'local t = {} for _ = 1, 1000 do t = { t } end return { value = t }',
    { raised = 'more than 64 levels' }),

  asks('a spin', 'while true do end', { stopped = 'time' }),
  asks('a spin that catches', 'while true do pcall(function() while true do end end) end', { stopped = 'time' }),
  asks('a pattern', "return (('a'):rep(40)):find(('a*'):rep(20) .. 'b')", { stopped = 'time' }),
  asks('all memory', 'local t = {} while true do t = { t } end', { stopped = 'limit' }),
  asks('a recursion', 'local function f() return 1 + f() end return f()', { raised = 'stack overflow' }),
  asks('coroutines in coroutines', [[
    local function deep(n) return coroutine.wrap(function() return deep(n + 1) end)() end
    return { value = select(2, pcall(deep, 1)) }]], { tells = 'too many nested coroutines' }),
  asks('a yield', 'coroutine.yield()', { raised = 'attempt to yield outside a coroutine' }),
  asks('an error that spins', 'error(setmetatable({}, { __tostring = function() while true do end end }))',
    { raised = 'an error that is a table' }),
  asks('a flood of lines', "for i = 1, 5000 do print(i) end return { value = 1 }", { tells = '1' }),
  asks('a number of 64 bits', 'return { value = 1LL }', { raised = 'a cdata has no place in JSON' }),
  asks('digests of what is no text', [[
    local adapter = require 'stdlib.adapter'
    for _, f in ipairs { adapter.sha256, adapter.hmac_sha256, adapter.rs256, adapter.base64, adapter.line } do
      for _, it in ipairs { {}, print, true, 1LL, coroutine.create(print) } do
        assert(not pcall(f, it) and not pcall(f, it, it))
      end
      assert(not pcall(f))
    end
    for _, max in ipairs { 0, -1, 2 ^ 31, 1 / 0, 1e9 } do assert(not pcall(adapter.line, 'x', max)) end
    return { value = 1 }]], { tells = '1' }),
  asks('keys that are none', [[
    local adapter = require 'stdlib.adapter'
    local begin, stop = '-----BEGIN PRIVATE KEY-----\n', '\n-----END PRIVATE KEY-----\n'
    for _, key in ipairs { '', 'x', begin .. stop, begin .. 'AAAA' .. stop, begin .. ('A'):rep(10000) .. stop,
      '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----', '\0', begin } do
      local signature, why = adapter.rs256(key, 'x')
      assert(signature == nil and why)
    end
    assert(not pcall(adapter.rs256, ('x'):rep(2 ^ 20), 'x') and not pcall(adapter.hmac_sha256, ('x'):rep(2 ^ 20), 'x'))
    return { value = 1 }]], { tells = '1' }),
  asks('digests of megabytes', [[
    local adapter, s = require 'stdlib.adapter', ('x'):rep(2 ^ 20)
    while true do adapter.sha256(s) end]], { stopped = 'time' }),
  asks('base64 of what grows', [[
    local adapter, s = require 'stdlib.adapter', 'x'
    while true do s = adapter.base64(s) .. s end]], { stopped = 'limit' }),

  { 'a server that never answers', 'return { error = response.error }', responses = {}, tells = 'deadline exceeded' },
  { 'a server that never answers, again and again', "return { request = { url = 'http://server/' } }", responses = {},
    raised = 'more than 24 requests' },
  { 'an answer of ten megabytes', 'return { error = response.error }', responses = { { size = 10 * 1024 * 1024 } },
    tells = 'larger than' },
  { 'a page of HTML', "return { value = require('stdlib.adapter').json.decode(response.body) or 'none' }",
    responses = { { body = '<html><body>' .. ('x'):rep(100000) } }, tells = 'none' },
  { 'an answer of bytes', "return { value = require('stdlib.adapter').line(response.body) }",
    responses = { { hex = ('ff00fe1b5b324a0d0a'):rep(1000) } }, tells = '\239\191\189' },
  { 'an answer that it changes', 'response.body, response.status, ask.secret = nil, nil, nil return { value = 2 }',
    tells = '2' },
  { 'what it keeps without an end', [[
    local keep = ask.keep or {}
    keep[#keep + 1] = ('x'):rep(60000)
    return { request = { url = 'http://server/' }, keep = keep }]],
    responses = { {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {} },
    raised = 'bytes of text' },
  { 'what it keeps that is a function', "return { request = { url = 'http://server/' }, keep = print }",
    raised = 'has no place in JSON' },
  { 'a second request to a file', "if response.error then return { value = response.error } end "
    .. "return { request = { url = 'file:///etc/passwd' } }", tells = 'unsupported protocol scheme',
    silent = '2 sent' },
  { 'a second request that is none', 'return { request = 5 }', raised = 'request.url' },
  { 'a page of its own with every status', 'return { value = response.status }',
    responses = { { status = 429, retry_after_ms = 1e15 } }, tells = '429' },

  whole('no adapter', 'return 5', { raised = 'the file gives a number, wanted an adapter' }),
  whole('an adapter without functions', ADAPTER .. '{ name = "x" }', { raised = 'adapter.' }),
  whole('an adapter with more', ADAPTER .. '{ name = "x", request = print, answer = print, evil = 1 }',
    { raised = 'there is no field "evil"' }),
  whole('functions that are tables', ADAPTER .. '{ name = "x", request = setmetatable({}, { __call = print }), '
    .. 'answer = print }', { raised = 'a function is wanted' }),
  whole('a spin while it loads', 'while true do end', { stopped = 'time' }),
  whole('bytecode as its text', '\27LJ\2', { raised = 'bytecode, and a script is a text of Lua' }),
  whole('all memory while it loads', 'local t = {} while true do t = { t } end', { stopped = 'limit' }),
  whole('an adapter of the engine', [[
    local prometheus = require 'adapters.metrics.prometheus'
    prometheus.request = function() return { value = 'stolen' } end
    return prometheus]], { raised = 'not for scripts' }),
  whole('the environment of another adapter', [[
    local mine = require 'adapters.metrics.other'
    return mine]], { raised = 'not for scripts', modules = { ['adapters.metrics.other'] = 'return {}' } }),
  whole('a strategy', "return require 'strategies.canary'", { raised = 'not for scripts' }),
}

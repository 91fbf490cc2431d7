-- The adapters that a Check brings (spec.adapters), as they come to the host of adapters: where they may ask, and what
-- they reach.
local sluice = require 'sluice'

local NAME = 'checks.shop.guard.adapters.queue'

local function adapter(request, answer)
  return ([[
    local adapter = require 'stdlib.adapter'
    return adapter {
      name = 'queue',
      request = function(ask) %s end,
      answer = function(ask, response) %s end,
    }]]):format(request, answer or 'return { body = response.body, status = response.status, error = response.error }')
end

---@param text string
---@param more table? what the order has besides
local function ask(text, more)
  local order = { name = NAME, ask = { address = 'https://queue.example.com/api' },
    sources = { [NAME] = text }, urls = sluice.list { 'https://queue.example.com/api', 'http://127.0.0.1:9/' },
    responses = sluice.list { { body = 'hello' }, { body = 'again' } } }
  for name, value in pairs(more or {}) do
    order[name] = value
  end
  return sluice.ask(order)
end

--- Nothing is sent, and this is said.
local function refused(text, words, more)
  local said = ask(text, more)
  assert.matches(words, said.error, 1, true)
  assert.same({}, said.requests)
end

describe('an adapter of a Check', function()
  it('asks the URLs that are declared for it, and follows no redirect', function()
    for _, url in ipairs { 'https://queue.example.com/api', 'https://queue.example.com/api/v1?q=1',
      'http://127.0.0.1:9/any' } do
      local said = ask(adapter(('return { url = %q }'):format(url)))
      assert.same({ body = 'hello', status = 200 }, said.answer)
      assert.equal(url, said.requests[1].url)
      assert.is_false(said.requests[1].follows)
      assert.is_true(said.requests[1].outward)
    end
  end)

  it('asks nobody else, in whatever step', function()
    for _, url in ipairs { 'https://queue.example.com/', 'https://queue.example.com/apis', 'https://evil.org/api',
      'http://queue.example.com/api', 'https://queue.example.com:444/api', 'https://queue.example.com/api/../admin',
      'https://queue.example.com/api/%2e%2e/admin', 'https://queue.example.com@evil.org/api', 'http://127.0.0.1/any',
      'ftp://queue.example.com/api', '/api', '' } do
      refused(adapter(('return { url = %q }'):format(url)), ' does not stand below one of the declared URLs')
    end
    local said = ask(adapter('return { url = ask.address }', "return { request = { url = 'https://evil.org/' } }"))
    assert.equal(NAME .. ': request.url: https://evil.org/ does not stand below one of the declared URLs', said.error)
    assert.equal(1, #said.requests)
  end)

  it('shows no parameters of a URL that it may not ask', function()
    local said = ask(adapter "return { url = 'https://evil.org/x?token=hush' }")
    assert.not_matches('hush', said.error, 1, true)
  end)

  it('asks nobody when no URL is declared', function()
    refused(adapter 'return { url = ask.address }', ' does not stand below one of the declared URLs',
      { urls = sluice.list {} })
  end)

  it('has neither a proxy nor the API server', function()
    refused(adapter "return { url = ask.address, proxy = 'http://proxy' }", 'request.proxy: the adapter of a Check')
    refused(adapter "return { kube = { verb = 'list', version = 'v1', plural = 'secrets' } }",
      "request.kube: only the engine's own adapters may ask the API server")
  end)

  it('may have the modules of its Check, and nothing of another one', function()
    local sources = { [NAME] = adapter "return { value = require('scripts.one').of(41) }",
      ['checks.shop.guard.scripts.one'] = 'return { of = function(n) return n + 1 end }' }
    assert.same({ value = 42 }, ask('', { sources = sources }).answer)
    sources[NAME] = adapter "return { value = #require 'checks.shop.other.scripts.one' }"
    sources['checks.shop.other.scripts.one'] = "return 'theirs'"
    assert.matches("module 'checks.shop.other.scripts.one' is not for scripts",
      ask('', { sources = sources }).error, 1, true)
  end)

  it('leaves nothing behind for the next one', function()
    local text = adapter 'local before = string.left; string.left = true; return { left = before == true }'
    for _ = 1, 2 do
      assert.same({ left = false }, ask(text).answer)
    end
  end)

  it('ends its own question when it spins, grows or raises', function()
    for text, words in pairs {
      ['while true do end'] = 'checks/shop/guard/adapters/queue.lua:4',
      ["local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e5) .. i end"] = 'memory',
      ["error 'no'"] = 'checks/shop/guard/adapters/queue.lua:4: no',
      ['return 5'] = 'queue: request gives a table, got number',
    } do
      refused(adapter(text), words)
    end
  end)

  it('is asked once when several ask the same at once', function()
    local said = ask(adapter 'return { url = ask.address }', { askers = 3 })
    assert.equal(3, said.answers)
    assert.equal(1, #said.requests)
  end)
end)

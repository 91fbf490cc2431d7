--- Adapters that a Check brings: what no list of URLs allows, by every way to another server.
local function refuses(what, request, outcome)
  outcome[1], outcome.request, outcome[2] = what, request, 'return { value = 1 }'
  outcome.raised = outcome.raised or 'does not stand below one of the declared URLs'
  return outcome
end

--- The first step is allowed, and what it leads to is not.
local function then_refuses(what, answer)
  return { what, answer, raised = 'does not stand below one of the declared URLs' }
end

local MANY = {}
for i = 1, 30 do
  MANY[i] = { body = '{}' }
end

return {
  door = 'an adapter of a Check', -- http://server/api is declared

  refuses('another host', "return { url = 'http://other/api' }", {}),
  refuses('a host that begins like it', "return { url = 'http://server.other/api' }", {}),
  refuses('a host that is its user', "return { url = 'http://server@other/api' }", {}),
  refuses('a host behind a backslash', [[return { url = 'http://server\\@other/api' }]], {}),
  refuses('a host behind a blank', "return { url = 'http://server /api' }", {}),
  refuses('another port', "return { url = 'http://server:8080/api' }", {}),
  refuses('another scheme', "return { url = 'https://server/api' }", {}),
  refuses('a scheme that reads files', "return { url = 'file:///etc/passwd' }", {}),
  refuses('a path that climbs', "return { url = 'http://server/api/../admin' }", {}),
  refuses('a path that climbs in hexadecimal', "return { url = 'http://server/api/%2E%2e/admin' }", {}),
  refuses('a path that climbs behind a semicolon', "return { url = 'http://server/api/..;x/admin' }", {}),
  refuses('a path that begins like it', "return { url = 'http://server/apis' }", {}),
  refuses('a URL that ends early', [[return { url = 'http://server/\0/api' }]], {}),
  refuses('a line end, and another request behind it',
    [[return { url = 'http://server/api HTTP/1.1\r\nHost: other\r\n\r\nGET /' }]], { raised = 'request.url' }),
  refuses('a URL that is a table', [[
    return { url = setmetatable({}, { __tostring = function() return ask.address end }) }]], {}),
  refuses('a list of its own', "return { url = 'http://other/', urls = { 'http://other/' } }", {}),
  refuses('a proxy', "return { url = 'http://server/api', proxy = 'http://other/' }", { raised = 'request.proxy' }),
  refuses('the API server', "return { kube = { verb = 'list', version = 'v1', plural = 'secrets' } }",
    { raised = "only the engine's own adapters" }),
  refuses('a long wait', "return { url = 'http://server/api', wait_ms = 1e9 }", { raised = 'request.wait_ms' }),

  then_refuses('another host in the second step', "return { request = { url = 'http://other/' } }"),
  then_refuses('what it keeps as a list of URLs',
    "return { request = { url = 'http://other/' }, keep = { urls = { 'http://other/' } } }"),
  { 'steps without an end', "return { request = { url = 'http://server/api' } }", raised = 'more than 24 requests',
    responses = MANY },
  { 'where a redirect leads', 'return { value = response.status }', tells = '1 sent',
    responses = { { status = 302, body = 'http://other/' } } },
  { 'what another step has changed', "assert(ask.address == 'http://server/api') return { value = 7 }", tells = '7',
    request = "ask.address = 'http://other/' return { url = 'http://server/api' }" },
  refuses('the modules of a strategy', "return { url = require 'scripts.plan' }", {
    modules = { ['scripts.plan'] = "return 'http://server/api'" },
    raised = "module 'checks.shop.guard.scripts.plan'" }),
  refuses('the modules of another Check', "return { url = require 'checks.shop.other.scripts.x' }", {
    modules = { ['checks.shop.other.scripts.x'] = "return 'http://server/api'" }, raised = 'is not for scripts' }),
  refuses('the script of its own Check', "return { url = require 'checks.shop.guard' }", {
    modules = { ['checks.shop.guard'] = "return 'http://server/api'" }, raised = 'is not for scripts' }),
}

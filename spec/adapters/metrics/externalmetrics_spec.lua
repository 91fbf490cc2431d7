-- Kubernetes' external metrics API, of the engine's own API server or of another address: what is asked, and what
-- counts as a value.
local sluice = require 'sluice'

local ORDER = { query = 'test/queue?labelSelector=app%3Dpodinfo' }

local function ask(order, responses)
  local all = { type = 'externalmetrics', interval = '1m', now = 0, query = 'up', online = false }
  for name, value in pairs(order or {}) do
    all[name] = value
  end
  return sluice.ask { name = 'metrics.externalmetrics', ask = all, responses = sluice.list(responses or {}) }
end

--- The answer to a body, or to a response.
local function answer(order, response)
  local said = ask(order, { type(response) == 'string' and { body = response } or response })
  return said.answer or { error = said.error }
end

describe('externalmetrics', function()
  it('asks the API server, or another address', function()
    local path = '/apis/external.metrics.k8s.io/v1beta1/namespaces/test/queue?labelSelector=app%3Dpodinfo'
    assert.equal('https://kubernetes' .. path, ask(ORDER).requests[1].url)
    local request = ask({ address = 'https://other/', secret = { token = 't' }, insecure = true,
      query = 'test/queue?labelSelector=app%3Dpodinfo' }).requests[1]
    assert.equal('https://other' .. path .. '&timeout=5s', request.url) -- as Kubernetes' clients do
    assert.equal('Bearer t', request.headers.Authorization)
    assert.is_true(request.insecure)
    for _, query in ipairs { 'queue', '/queue', 'queue?labelSelector=%zz', 'queue?labelSelector=a;b' } do
      assert.matches('/namespaces/default/queue$', ask({ query = query }).requests[1].url)
    end
    assert.matches('/namespaces/kube%-system/dummy%-metric$',
      ask({ online = true }).requests[1].url)
  end)

  it('says of a refusal what Kubernetes\' clients say', function()
    for status, told in pairs {
      [401] = 'the server has asked for the client to provide credentials (get queue.external.metrics.k8s.io)',
      [403] = 'no way (get queue.external.metrics.k8s.io)',
      [404] = 'the server could not find the requested resource (get queue.external.metrics.k8s.io)',
      [418] = 'the server responded with the status code 418 but did not return more information '
        .. '(get queue.external.metrics.k8s.io)',
      [500] = 'an error on the server ("no way") has prevented the request from succeeding '
        .. '(get queue.external.metrics.k8s.io)',
      [503] = 'the server is currently unable to handle the request (get queue.external.metrics.k8s.io)',
    } do
      for _, address in ipairs { '', 'https://other' } do
        local order = { query = 'test/queue', address = address }
        assert.equal('error querying external metrics API: ' .. told,
          answer(order, { status = status, body = 'no way\n' }).error)
      end
    end
    assert.equal('external metrics service unavailable: the server could not find the requested resource '
      .. '(get dummy-metric.external.metrics.k8s.io)',
      answer({ online = true }, { status = 404, body = '404 page not found' }).error)
    assert.equal('error querying external metrics API: queue is not here', answer(
      { query = 'queue' }, { status = 404, body = '{"kind":"Status","message":"queue is not here"}' }).error)
  end)

  it('takes no query that leads elsewhere', function()
    for _, query in ipairs { '', 'a/b/c', '/a/b', 'a/', '../x', 'a/..', 'a/b%2Fc', 'a b' } do
      local said = ask({ query = query })
      assert.matches('^error parsing metric query: ', said.answer.error)
      assert.same({}, said.requests)
    end
  end)

  it('reads quantities', function()
    for text, value in pairs { ['"1500m"'] = 1.5, ['"2Ki"'] = 2048, ['"1e3"'] = 1000, ['"12"'] = 12, ['7'] = 7,
      ['null'] = 0, ['"-5"'] = -5, ['"7u"'] = 7e-6 } do
      local body = '{"items":[{"value":' .. text .. '}]}'
      assert.equal(value, answer(ORDER, body).value)
    end
    local problem = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    for _, text in ipairs { '"many"', '""', '"1 k"', '"nan"', 'true' } do
      local body = '{"items":[{"value":' .. text .. '}]}'
      assert.equal('error querying external metrics API: ' .. problem,
        answer(ORDER, body).error)
      assert.equal('external metrics service unavailable: ' .. problem,
        answer({ online = true }, body).error)
    end
    assert.equal("error querying external metrics API: unable to parse quantity's suffix",
      answer(ORDER, '{"items":[{"value":"1mm"}]}').error)
    assert.equal("error querying external metrics API: serializer for text/html; charset=utf-8 doesn't exist",
      answer({ query = 'queue', address = 'http://other' }, { body = '<html>',
        content_type = 'text/html; charset=utf-8' }).error)
    assert.same({ none = true, error = 'no external metrics found: no values found' },
      answer(ORDER, '{"items":[]}'))
  end)
end)

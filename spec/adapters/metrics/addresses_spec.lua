-- What MetricTemplates say about an address that leads nowhere, in the words of Go's client.
local sluice = require 'sluice'

local function ask(type, order)
  order.type, order.now, order.interval = type, 0, '1m'
  return sluice.ask { name = 'metrics.' .. type, ask = order, responses = sluice.list {} }
end

local function answer(type, order)
  return ask(type, order).answer
end

describe('an address that leads nowhere', function()
  it('is told of as Go does', function()
    for address, told in pairs {
      ['prometheus:9090'] = 'Get "prometheus:///api/v1/query?query=up": unsupported protocol scheme "prometheus"',
      ['no address'] = 'Get "/no%20address/api/v1/query?query=up": unsupported protocol scheme ""',
      ['//prometheus/x/'] = 'Get "//prometheus/x/api/v1/query?query=up": unsupported protocol scheme ""',
      ['ftp://prometheus'] = 'Get "ftp://prometheus/api/v1/query?query=up": unsupported protocol scheme "ftp"',
      ['http://'] = 'Get "http:///api/v1/query?query=up": http: no Host in request URL',
    } do
      local said = ask('prometheus', { address = address, query = 'up' })
      assert.same({}, said.requests)
      assert.equal('request failed: ' .. told, said.answer.error)
    end
    assert.equal('request failed: Get "datadog:80/api/v1/validate": unsupported protocol scheme "datadog"',
      answer('datadog', { address = 'datadog:80', online = true,
        secret = { datadog_api_key = 'a', datadog_application_key = 'b' } }).error)
    assert.equal('error accessing influxdb query api: Post "influx:///api/v2/query?org=": '
      .. 'unsupported protocol scheme "influx"', answer('influxdb', { address = 'influx:1', query = 'x' }).error)
  end)

  it('has its path joined as Go joins it', function()
    for path, wanted in pairs { ['/a//b/'] = '/a/b', ['/a/../b/./c'] = '/b/c', ['/%2F/\195\188'] = '/%C3%BC',
      ['/a%20b+c'] = '/a%20b+c', ['/..'] = '', ['/~x/$y;z'] = '/~x/$y;z' } do
      local said = ask('prometheus', { address = 'http://prometheus' .. path, query = 'up' })
      assert.equal('http://prometheus' .. wanted .. '/api/v1/query?query=up', said.requests[1].url)
    end
  end)

  it('is none at all', function()
    for _, address in ipairs { '', '10.0.0.1:9090', ':9090', 'http://a b', 'http://host:port', 'http://a\nb' } do
      assert.same({ unusable = true, error = 'prometheus address ' .. address .. ' is not a valid URL' },
        answer('prometheus', { address = address, query = 'up' }))
    end
  end)
end)

-- The adapters of Flagger's metric providers, against answers in the form that each provider documents: what is asked,
-- which value is taken, and what counts as none. The texts are those of Flagger 1.44.
local sluice = require 'sluice'

local NOW = 1773216907 -- 2026-03-11T08:15:07Z, when sluice.ask asks

local function ask(type, order, responses)
  local all = { type = type, interval = '1m', now = NOW, query = 'up', online = false }
  for name, value in pairs(order or {}) do
    all[name] = value
  end
  return sluice.ask { name = 'metrics.' .. type, ask = all, responses = sluice.list(responses or {}) }
end

--- The answer to a body, or to a response.
local function answer(type, order, response)
  local said = ask(type, order, { _G.type(response) == 'string' and { body = response } or response })
  return said.answer or { error = said.error }
end

local BASICS = {
  prometheus = { order = { address = 'http://prom:9090/prefix/' },
    good = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"42.5"]}]}}' },
  datadog = { order = { secret = { datadog_api_key = 'api', datadog_application_key = 'app' } },
    good = '{"status":"ok","series":[{"pointlist":[[1577232000000,42.5],[1577318400000,24521.019]]},'
      .. '{"pointlist":[[1577232000000,7]]}]}' },
  newrelic = { order = { secret = { newrelic_account_id = '51312', newrelic_query_key = 'key' } },
    good = '{"results":[{"result":42.5}],"metadata":{"guid":"x"}}' },
  graphite = { order = { address = 'http://graphite/base', query = 'target=sum(a.*)&from=-1min' },
    good = '[{"target":"sum(a.*)","datapoints":[[7,1],[42.5,2],[null,3]]}]' },
  dynatrace = { order = { address = 'https://dyna.live', secret = { dynatrace_token = 'token' } },
    good = '{"totalCount":1,"result":[{"metricId":"m","data":[{"timestamps":[1],"values":[7]},'
      .. '{"timestamps":[2],"values":[42.5]}]}]}' },
  influxdb = { order = { address = 'http://influx:8086', secret = { token = 'token', org = 'org' } },
    good = '#datatype,string,long,dateTime:RFC3339,double,string\r\n#group,false,false,false,false,true\r\n'
      .. '#default,_result,,,,\r\n,result,table,_time,_value,_field\r\n,,0,2026-03-11T08:15:07Z,42.5,"a,""b"""\r\n'
      .. ',,0,2026-03-11T08:16:07Z,7,x\r\n\r\n' },
  splunk = { order = { address = 'https://api.us1.signalfx.com', secret = { sf_token_key = 'token' } },
    good = 'event: control-message\ndata: {\ndata:  "event" : "STREAM_START"\ndata: }\n\n'
      .. 'event: data\ndata: {\ndata:   "data" : [ {\ndata:     "tsId" : "AAAA",\ndata:     "value" : 7\ndata:   } ]\n'
      .. 'data: }\n\nevent: data\ndata: {"data":[{"tsId":"AAAA","value":42.5}]}\n\n'
      .. 'event: data\ndata: {"data":[{"tsId":"AAAA","value":null}]}\n\n'
      .. 'event: control-message\ndata: {"event":"END_OF_CHANNEL"}\n\n' },
  externalmetrics = { order = { query = 'test/queue?labelSelector=app%3Dpodinfo' },
    good = '{"kind":"ExternalMetricValueList","items":[{"metricName":"queue","value":"42500m"},'
      .. '{"metricName":"queue","value":"7"}]}' },
  cloudwatch = { order = { region = 'eu-west-1', query = '[{"id":"m1","expression":"a / b"}]',
    ambient = { AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY = 'secret' } },
    good = '<GetMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricDataResult>'
      .. '<MetricDataResults><member><Id>m1</Id><Timestamps><member>2026-03-11T08:15:00Z</member></Timestamps>'
      .. '<Values><member>42.5</member><member>7</member></Values><StatusCode>Complete</StatusCode></member>'
      .. '<member><Values><member>8</member></Values></member></MetricDataResults></GetMetricDataResult>'
      .. '<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetMetricDataResponse>' },
  keptn = { order = { query = 'KeptnMetric/Test/My-Metric/2m' }, good = '{"status":{"value":"42.5"}}' },
}

describe('the adapter of each provider', function()
  for type, case in pairs(BASICS) do
    it('takes the value of ' .. type, function()
      assert.same({ value = 42.5 }, answer(type, case.order, case.good))
    end)

    it('says what went wrong with ' .. type, function()
      for name, response in pairs {
        html = { body = '<!DOCTYPE html><html><body>Sign in</body></html>' },
        empty = { body = '' },
        null = { body = 'null' },
        list = { body = '[1]' },
        number = { body = '5' },
        text = { body = '"x"' },
        cut = { body = case.good:sub(1, math.floor(#case.good / 2)) },
        binary = { hex = '0001ff7b' },
        ['429'] = { status = 429, body = 'slow down', retry_after_ms = 3000 },
        ['500'] = { status = 500, body = '{"message":"oh"}' },
        redirect = { error = 'GET x: redirected to another host', code = 'rejected' },
        ['10 MB'] = { size = 10 * 1024 * 1024 },
        timeout = { error = 'timed out', code = 'timeout' },
      } do
        local said = answer(type, case.order, response)
        local is_empty = (type == 'influxdb' and said.value == 0) and (name == 'empty' or name == 'cut')
        assert.is_true(is_empty or said.error ~= nil, name)
        assert.is_true(said.value == nil or is_empty, name)
        assert.not_matches('adapters/', said.error or '', 1, true) -- no fault of the script
        assert.not_matches('stdlib/', said.error or '', 1, true)
      end
    end)

    it('knows nothing of answers that look like those of ' .. type, function()
      -- every value of a good answer is once replaced by something else
      for _, other in ipairs { 'null', '{}', '[]', '"x"', 'true', '7e400' } do
        for _, pattern in ipairs { '42%.5', '%b[]', '%b{}' } do
          local said = answer(type, case.order, (case.good:gsub(pattern, other, 1)))
          assert.is_true(said.value ~= nil or said.infinite ~= nil or said.error ~= nil)
          assert.not_matches('adapters/', said.error or '', 1, true)
          assert.not_matches('stdlib/', said.error or '', 1, true)
        end
      end
    end)
  end

  it('takes no number for one that a float64 does not hold', function()
    for _, type in ipairs { 'datadog', 'newrelic', 'dynatrace', 'graphite' } do
      local said = answer(type, BASICS[type].order, (BASICS[type].good:gsub('42%.5', '1e9999')))
      assert.matches('json: cannot unmarshal number 1e9999 into ', said.error, 1, true)
      assert.is_nil(said.infinite)
    end
  end)
end)

describe('prometheus', function()
  local ADDRESS = 'http://prom:9090'
  local function result(text)
    return ('{"status":"success","data":{"result":%s}}'):format(text)
  end

  it('is asked as Flagger asks it', function()
    local said = ask('prometheus', { address = 'http://prom:9090/prefix/', query = 'sum(\n  a{b="c d"}\n) > 1' })
    assert.equal('http://prom:9090/prefix/api/v1/query?query=sum%28+a%7Bb%3D%22c+d%22%7D+%29+%3E+1',
      said.requests[1].url)
    assert.is_false(said.requests[1].insecure)
  end)

  it('gets credentials and headers', function()
    local function headers(order)
      order.address = ADDRESS
      return ask('prometheus', order).requests[1].headers
    end
    assert.same({ Authorization = 'Basic dXNlcjpwYXNz' },
      headers { secret = { username = 'user', password = 'pass' } })
    assert.same({ Authorization = 'Bearer abc' }, headers { secret = { token = 'abc', username = 'user' } })
    assert.same({ ['X-Scope-OrgID'] = 'one, two' }, headers { headers = { ['X-Scope-OrgID'] = { 'one', 'two' } } })
    assert.same({}, headers { secret = { username = '', password = '' } })
    assert.is_true(ask('prometheus', { address = ADDRESS, insecure = true }).requests[1].insecure)
  end)

  it('is not asked when the template does not fit', function()
    for text, order in pairs {
      ['prometheus address  is not a valid URL'] = {},
      ['prometheus address 10.0.0.1:9090 is not a valid URL'] = { address = '10.0.0.1:9090' },
      ['prometheus credentials does not contain a username'] = { address = ADDRESS, secret = { password = 'x' } },
      ['prometheus credentials does not contain a password'] = { address = ADDRESS, secret = { username = 'x' } },
    } do
      local said = ask('prometheus', order)
      assert.same({ unusable = true, error = text }, said.answer)
      assert.same({}, said.requests)
    end
  end)

  it('takes the last of several series, and says that there were some', function()
    assert.same({ value = 2, several = 2 },
      answer('prometheus', { address = ADDRESS }, result '[{"value":[1,"1"]},{"value":[1,"2"]}]'))
  end)

  it('knows what is no value', function()
    for text, body in pairs {
      ['no values found'] = result '[]',
      ['query returned multiple values'] = result '[{"values":[[1,"1"]]}]',
      ['strconv.ParseFloat: parsing "x": invalid syntax'] = result '[{"value":[1,"x"]}]',
    } do
      assert.equal(text, answer('prometheus', { address = ADDRESS }, body).error)
    end
    assert.same({ none = true, error = 'no values found' },
      answer('prometheus', { address = ADDRESS }, result '[{"value":[1,"NaN"]}]'))
    assert.same({ infinite = 1 }, answer('prometheus', { address = ADDRESS }, result '[{"value":[1,"+Inf"]}]'))
  end)

  it('fails in the words of Flagger', function()
    local function error_of(response)
      return answer('prometheus', { address = ADDRESS }, response).error
    end
    assert.equal('error response: Status 503 Service Unavailable: no', error_of { status = 503, body = 'no' })
    assert.equal("error unmarshaling result: invalid character '<' looking for beginning of value, '<html>'",
      error_of '<html>')
    assert.equal("error unmarshaling result: unexpected end of JSON input, ''", error_of '')
    assert.equal("error unmarshaling result: unexpected end of JSON input, '[1'", error_of '[1')
    assert.equal("error unmarshaling result: invalid character ' ' in literal null (expecting 'l'), 'nul'",
      error_of 'nul')
    for text, kind in pairs { ['5'] = 'number', ['"x"'] = 'string', ['true'] = 'bool', ['[1]'] = 'array' } do
      assert.equal(('error unmarshaling result: json: cannot unmarshal %s into Go value of type '
        .. "providers.prometheusResponse, '%s'"):format(kind, text), error_of(text))
    end
    assert.equal('no values found', error_of 'null')
    assert.matches('^request failed: Get "http://prom:9090/api/v1/query%?query=up": context deadline exceeded',
      error_of { error = 'x', code = 'timeout' })
  end)

  it('is there when it knows that one is one', function()
    local function online(response)
      return answer('prometheus', { address = ADDRESS, online = true }, response)
    end
    assert.same({ online = true }, online(result '[{"value":[1,"1"]}]'))
    assert.equal('value is not 1 for query: vector(1)', online(result '[{"value":[1,"2"]}]').error)
    assert.equal('running query failed: no values found', online(result '[]').error)
    assert.matches('^running query failed: error response: Status 401', online { status = 401, body = 'x' }.error)
  end)
end)

describe('datadog', function()
  local ORDER = BASICS.datadog.order

  it('is asked for ten intervals', function()
    local said = ask('datadog', { secret = ORDER.secret, query = 'avg:cpu{*} by {host}' })
    local url = 'https://api.datadoghq.com/api/v1/query?from=%d&query=avg%%3Acpu%%7B%%2A%%7D+by+%%7Bhost%%7D&to=%d'
    assert.equal(url:format(NOW - 600, NOW), said.requests[1].url)
    assert.same({ ['DD-API-KEY'] = 'api', ['DD-APPLICATION-KEY'] = 'app' }, said.requests[1].headers)
  end)

  it('is not asked without keys or interval', function()
    for text, order in pairs {
      ['datadog credentials does not contain datadog_api_key'] = {},
      ['datadog credentials does not contain datadog_application_key'] = { secret = { datadog_api_key = 'x' } },
      ['error parsing metric interval: time: invalid duration ""'] = { secret = ORDER.secret, interval = '' },
      ['error parsing metric interval: time: missing unit in duration "1"'] = { secret = ORDER.secret, interval = '1' },
      ['error parsing metric interval: time: unknown unit "d" in duration "1d"'] = { secret = ORDER.secret,
        interval = '1d' },
    } do
      assert.same({ unusable = true, error = text }, ask('datadog', order).answer)
    end
  end)

  it('knows what is no value', function()
    for _, body in ipairs { '{"series":[]}', '{"series":[{"pointlist":[]}]}', '{}',
      '{"series":[{"pointlist":[[1,null]]}]}' } do
      assert.same({ none = true, error = 'invalid response: ' .. body .. ': no values found' },
        answer('datadog', ORDER, body))
    end
    local body = '{"series":[{"pointlist":[[1,"5"]]}]}'
    assert.equal('error unmarshaling result: json: cannot unmarshal string into Go struct field .Series.pointlist of '
      .. "type float64, '" .. body .. "'", answer('datadog', ORDER, body).error)
  end)

  it('fails, and is there, in the words of Flagger', function()
    assert.equal('error response: no: 403 Forbidden', answer('datadog', ORDER, { status = 403, body = 'no' }).error)
    local said = ask('datadog', { secret = ORDER.secret, online = true }, { { body = '{"valid":true}' } })
    assert.same({ online = true }, said.answer)
    assert.equal('https://api.datadoghq.com/api/v1/validate', said.requests[1].url)
    assert.same({ error = 'error response: no', status = 403 },
      answer('datadog', { secret = ORDER.secret, online = true }, { status = 403, body = 'no' }))
  end)
end)

describe('newrelic', function()
  it('is asked for one interval', function()
    local order = { secret = BASICS.newrelic.order.secret, query = 'SELECT count(*) FROM T', interval = '90s' }
    local request = ask('newrelic', order).requests[1]
    assert.equal('https://insights-api.newrelic.com/v1/accounts/51312/query?'
      .. 'nrql=SELECT+count%28%2A%29+FROM+T+SINCE+90+seconds+ago', request.url)
    assert.same({ ['X-Query-Key'] = 'key' }, request.headers)
  end)

  it('names the missing key, and knows what is no value', function()
    assert.equal("newrelic credentials does not contain the key 'newrelic_account_id'", ask('newrelic').answer.error)
    assert.equal("newrelic credentials does not contain the key ''newrelic_query_key",
      ask('newrelic', { secret = { newrelic_account_id = '1' } }).answer.error)
    for _, body in ipairs { '{"results":[]}', '{"results":[{}]}', '{"results":[{"result":1},{"result":2}]}' } do
      assert.is_true(answer('newrelic', BASICS.newrelic.order, body).none)
    end
    assert.equal('error response: no: %!w(<nil>)',
      answer('newrelic', BASICS.newrelic.order, { status = 403, body = 'no' }).error)
  end)
end)

describe('graphite', function()
  it('is asked with the query as the query of its URL', function()
    local order = { address = 'http://graphite/base', query = 'target=sumSeries(a.{b,c}.count)\n&from=-5min&target=x',
      secret = { username = 'u', password = 'p' }, insecure = true }
    local request = ask('graphite', order).requests[1]
    assert.equal('http://graphite/base/render?format=json&from=-5min&target=sumSeries%28a.%7Bb%2Cc%7D.count%29+'
      .. '&target=x', request.url)
    assert.same({ Authorization = 'Basic dTpw' }, request.headers)
    assert.is_true(request.insecure)
  end)

  it('knows what is a value and what is none', function()
    local order = BASICS.graphite.order
    for body, value in pairs {
      ['[{"datapoints":[["1.5",1]]}]'] = 1.5,
      ['[{"datapoints":[[1,1]]},{"datapoints":[[2,1],[null,2]]}]'] = 2,
    } do
      assert.equal(value, answer('graphite', order, body).value)
    end
    assert.same({ none = true, error = 'no values found' }, answer('graphite', order, '[{"datapoints":[[null,1]]}]'))
    assert.same({ none = true, error = 'no values found' }, answer('graphite', order, '[]'))
    assert.equal('error response: no', answer('graphite', order, { status = 400, body = 'no' }).error)
    -- Infinity, as Graphite writes it: a number that no float64 holds.
    for _, number in ipairs { '1e9999', '-1e9999' } do
      local body = ('[{"datapoints":[[%s,1],[1,2]]}]'):format(number)
      assert.equal('error unmarshaling result: json: cannot unmarshal number ' .. number .. ' into Go struct field '
        .. "graphiteTargetResp.datapoints of type float64, '" .. body .. "'", answer('graphite', order, body).error)
    end
  end)

  it('is there when it answers, with values or without', function()
    local said = ask('graphite', { address = 'http://graphite', online = true }, { { body = '[]' } })
    assert.same({ online = true }, said.answer)
    assert.equal('http://graphite/render?format=json&target=test', said.requests[1].url)
    assert.equal('running query failed: error response: no',
      answer('graphite', { address = 'http://graphite', online = true }, { status = 500, body = 'no' }).error)
  end)
end)

describe('dynatrace', function()
  it('is asked for ten intervals in milliseconds', function()
    local request = ask('dynatrace', BASICS.dynatrace.order).requests[1]
    assert.equal(('https://dyna.live/api/v2/metrics/query?from=%d&metricSelector=up&resolution=Inf&to=%d'):format(
      (NOW - 600) * 1000, NOW * 1000), request.url)
    assert.same({ Authorization = 'Api-Token token' }, request.headers)
    assert.equal('dynatrace endpoint is not set', ask('dynatrace').answer.error)
    assert.equal('dynatrace credentials does not contain dynatrace_token',
      ask('dynatrace', { address = 'http://x' }).answer.error)
  end)

  it('knows what is no value', function()
    for _, body in ipairs { '{"result":[]}', '{"result":[{"data":[]}]}', '{"result":[{"data":[{"values":[]}]}]}',
      '{"result":[{"data":[{"values":[null]}]}]}' } do
      assert.is_true(answer('dynatrace', BASICS.dynatrace.order, body).none)
    end
  end)
end)

describe('influxdb', function()
  it('is asked in Flux', function()
    local request = ask('influxdb', { address = 'http://influx:8086', secret = { token = 't', org = 'my org' },
      query = 'from(bucket: "b")' }).requests[1]
    assert.equal('POST http://influx:8086/api/v2/query?org=my+org', request.method .. ' ' .. request.url)
    assert.equal('Token t', request.headers.Authorization)
    assert.equal('{"dialect":{"annotations":["datatype","group","default"],"delimiter":",","header":true},'
      .. '"query":"from(bucket: \\"b\\")","type":"flux"}', request.body)
    assert.equal(15000, request.timeout_ms)
  end)

  it('knows what is a value and what is none', function()
    local order = BASICS.influxdb.order
    local function table_of(type, value)
      return ('#datatype,string,long,%s\n#group,false,false,false\n#default,_result,,\n,result,table,_value\n,,0,%s\n')
        :format(type, value)
    end
    assert.same({ value = 0 }, answer('influxdb', order, ''))
    assert.is_true(answer('influxdb', order, table_of('double', '')).none)
    assert.equal('invalid response: _value:5,result:_result,table:0',
      answer('influxdb', order, table_of('long', '5')).error)
    assert.equal('query error: no such bucket', answer('influxdb', order,
      '#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,no such bucket,897\n').error)
    local refused = { status = 401, body = '{"code":"unauthorized","message":"unauthorized access"}',
      content_type = 'application/json; charset=utf-8' }
    for told, response in pairs {
      ['unauthorized: unauthorized access'] = refused,
      ['401 Unauthorized: {"code":"unauthorized","message":"unauthorized access"}'] = {
        status = 401, body = refused.body },
      ['500 Internal Server Error: oops'] = { status = 500, body = 'oops', content_type = 'text/plain' },
      ['too many requests: exceeded rate limit'] = { status = 429, body = '{}', content_type = 'application/json' },
      ['500 Internal Server Error'] = { status = 500, body = '{}', content_type = 'application/json' },
    } do
      assert.equal('error accessing influxdb query api: ' .. told, answer('influxdb', order, response).error)
    end
    assert.equal('invalid response: _value:<nil>,result:_result,table:0: no values found',
      answer('influxdb', order, table_of('double', '')).error)
    assert.equal('influxdb credentials does not contain an organisation',
      ask('influxdb', { address = 'http://x', secret = { token = 't' } }).answer.error)
  end)
end)

describe('splunk', function()
  it('has its program computed over ten intervals', function()
    local request = ask('splunk', { address = 'wss://stream.us1.signalfx.com', secret = { sf_token_key = 't' },
      query = 'data("x").publish()' }).requests[1]
    assert.equal(('POST https://stream.us1.signalfx.com/v2/signalflow/execute?immediate=true&start=%d&stop=%d'):format(
      (NOW - 600) * 1000, NOW * 1000), request.method .. ' ' .. request.url)
    assert.equal('data("x").publish()', request.body)
    assert.equal('t', request.headers['X-SF-Token'])
    assert.equal('https://api.us1.signalfx.com/v2/metric?limit=1', ask('splunk', {
      address = 'wss://stream.us1.signalfx.com', secret = { sf_token_key = 't' }, online = true }).requests[1].url)
  end)

  it('takes one time series', function()
    local order = BASICS.splunk.order
    assert.equal('invalid response: query returned multiple values', answer('splunk', order,
      'event: data\ndata: {"data":[{"tsId":"A","value":1},{"tsId":"B","value":2}]}\n\n').error)
    assert.same({ none = true, error = 'invalid response: no values found' },
      answer('splunk', order, 'event: control-message\ndata: {"event":"END_OF_CHANNEL"}\n\n'))
    assert.equal('error executing query: bad program', answer('splunk', order,
      'event: error\ndata: {"error":400,"message":"bad program"}\n\n').error)
  end)
end)

describe('keptn', function()
  it('makes an analysis, waits for it, and deletes it', function()
    local said = ask('keptn', { query = 'analysis/test/shop/5m/a=b;c=d' }, {
      { status = 201, body = '{}' }, { body = '{"status":{"state":"Progressing"}}' },
      { body = '{"status":{"state":"Completed","pass":true}}' }, { body = '{}' } })
    assert.same({ value = 1 }, said.answer)
    local told = {}
    for i, request in ipairs(said.requests) do
      told[i] = request.method .. ' ' .. request.url:gsub('shop%-%x%x%x%x%x%x$', 'shop-X') .. ' ' .. request.at_ms
    end
    local path = 'https://kubernetes/apis/metrics.keptn.sh/v1beta1/namespaces/test/analyses'
    assert.same({ 'POST ' .. path .. ' 0', 'GET ' .. path .. '/shop-X 1000', 'GET ' .. path .. '/shop-X 2000',
      'DELETE ' .. path .. '/shop-X 2000' }, told)
    assert.matches('"args":{"a":"b","c":"d"}', said.requests[1].body, 1, true)
  end)

  it('gives up on an analysis, and deletes it', function()
    local responses = {}
    for i = 1, 12 do
      responses[i] = { body = '{}' }
    end
    local said = ask('keptn', { query = 'analysis/test/shop' }, responses)
    assert.equal('encountered timeout while waiting for Keptn Analysis test/shop to be finished', said.answer.error)
    assert.equal('DELETE', said.requests[#said.requests].method)
  end)

  it('knows its kinds', function()
    assert.matches('^unexpected query format', ask('keptn', { query = 'a/b' }).answer.error)
    assert.matches('^unexpected resource kind', ask('keptn', { query = 'a/b/c' }).answer.error)
    assert.equal('could not retrieve KeptnMetric - no value found in resource test/m',
      answer('keptn', { query = 'keptnmetric/test/m' }, '{}').error)
  end)
end)

describe('cloudwatch', function()
  local ORDER = BASICS.cloudwatch.order

  it('is asked with signed requests', function()
    local request = ask('cloudwatch', ORDER).requests[1]
    assert.equal('POST https://monitoring.eu-west-1.amazonaws.com/', request.method .. ' ' .. request.url)
    assert.equal('Action=GetMetricData&EndTime=2026-03-11T08%3A15%3A07Z&StartTime=2026-03-11T08%3A05%3A07Z'
      .. '&Version=2010-08-01&MaxDatapoints=20&MetricDataQueries.member.1.Expression=a%20%2F%20b'
      .. '&MetricDataQueries.member.1.Id=m1', request.body)
    assert.matches('^AWS4%-HMAC%-SHA256 Credential=AKIDEXAMPLE/20260311/eu%-west%-1/monitoring/aws4_request, '
      .. 'SignedHeaders=content%-type;host;x%-amz%-date, Signature=%x+$', request.headers.Authorization)
  end)

  it('signs as Amazon computes it', function()
    -- The example "post-x-www-form-urlencoded" of Amazon's test suite for Signature Version 4.
    local probe = [[
      local aws = require 'stdlib.aws'
      return require 'stdlib.adapter' { name = 'probe', answer = print, request = function(ask)
        return { text = aws.sign({ service = 'service', region = 'us-east-1', host = 'example.amazonaws.com',
          body = 'Param1=value1', type = 'application/x-www-form-urlencoded', now = ask.now },
          { id = 'AKIDEXAMPLE', secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }).Authorization }
      end }]]
    local said = sluice.ask { name = 'metrics.probe', ask = { now = 1440938160 },
      modules = { ['adapters.metrics.probe'] = probe } }
    assert.equal('AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders='
      .. 'content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
      said.answer.text)
  end)

  it('takes queries with names in any case', function()
    local query = '[{"id":"m1","metricStat":{"metric":{"namespace":"N","metricName":"E","dimensions":[{"name":"a",'
      .. '"value":"b"}]},"period":60,"stat":"Sum"},"returnData":false}]'
    local body = ask('cloudwatch', { region = ORDER.region, ambient = ORDER.ambient, query = query }).requests[1].body
    local prefix = '&MetricDataQueries.member.1.'
    assert.equal('&MaxDatapoints=20' .. prefix .. 'Id=m1' .. prefix .. 'MetricStat.Metric.Dimensions.member.1.Name=a'
      .. prefix .. 'MetricStat.Metric.Dimensions.member.1.Value=b' .. prefix .. 'MetricStat.Metric.MetricName=E'
      .. prefix .. 'MetricStat.Metric.Namespace=N' .. prefix .. 'MetricStat.Period=60' .. prefix
      .. 'MetricStat.Stat=Sum' .. prefix .. 'ReturnData=false', body:match '&MaxDatapoints.*')
  end)

  it('finds credentials in its surroundings', function()
    local DOCUMENT = '{"AccessKeyId":"A","SecretAccessKey":"S","Token":"T"}'
    local function urls(ambient, responses)
      local said = ask('cloudwatch', { region = 'eu-west-1', query = ORDER.query, ambient = ambient }, responses)
      local list = {}
      for i, request in ipairs(said.requests) do
        list[i] = request.method .. ' ' .. request.url
      end
      return list, said
    end
    local HOST = 'POST https://monitoring.eu-west-1.amazonaws.com/'
    local list, said = urls({}, { { body = 'token' }, { body = 'role\n' }, { body = DOCUMENT }, { body = '' } })
    local instance = 'http://169.254.169.254/latest/'
    assert.same({ 'PUT ' .. instance .. 'api/token', 'GET ' .. instance .. 'meta-data/iam/security-credentials/',
      'GET ' .. instance .. 'meta-data/iam/security-credentials/role', HOST }, list)
    assert.equal('T', said.requests[4].headers['X-Amz-Security-Token'])
    list = urls({ AWS_CONTAINER_CREDENTIALS_FULL_URI = 'http://169.254.170.23/v1/credentials' },
      { { body = DOCUMENT } })
    assert.same({ 'GET http://169.254.170.23/v1/credentials', HOST }, list)
    list, said = urls({ AWS_WEB_IDENTITY_TOKEN = 'jwt', AWS_ROLE_ARN = 'arn:aws:iam::1:role/r' }, { { body =
      '<AssumeRoleWithWebIdentityResponse><Credentials><SessionToken>T</SessionToken><SecretAccessKey>S'
      .. '</SecretAccessKey><AccessKeyId>A</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResponse>' } })
    assert.same({ 'POST https://sts.eu-west-1.amazonaws.com/', HOST }, list)
    assert.matches('WebIdentityToken=jwt$', said.requests[1].body)
    assert.equal('error requesting cloudwatch: NoCredentialProviders: no valid providers in chain. Deprecated.',
      select(2, urls({}, { { error = 'x', code = 'timeout' } })).answer.error)
  end)

  it('knows what is no value', function()
    local good = BASICS.cloudwatch.good
    for pattern, empty in pairs { ['<MetricDataResults>.*</MetricDataResults>'] = '<MetricDataResults/>',
      ['<Values>.-</Values>'] = '<Values/>' } do
      assert.is_true(answer('cloudwatch', ORDER, (good:gsub(pattern, empty, 1))).none)
    end
    assert.equal('region not specified', ask('cloudwatch').answer.error)
    local refusal = '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no &amp; no</Message>'
      .. '</Error><RequestId>r1</RequestId></ErrorResponse>'
    assert.equal('error requesting cloudwatch: AccessDenied: no & no\n\tstatus code: 403, request id: r1',
      answer('cloudwatch', ORDER, { status = 403, body = refusal }).error)
  end)

  it('is there when it refuses a query without queries', function()
    local order = { region = 'eu-west-1', ambient = ORDER.ambient, online = true }
    assert.same({ online = true }, answer('cloudwatch', order, { status = 400, body = '' }))
    assert.matches('^unexpected status code: 403', answer('cloudwatch', order, { status = 403, body = '' }).error)
    local silent = { error = 'dial tcp: refused' }
    local cause = 'RequestError: send request failed\ncaused by: Post "https://monitoring.eu-west-1.amazonaws.com/": '
      .. silent.error
    assert.equal('unexpected error: ' .. cause, answer('cloudwatch', order, silent).error)
    assert.equal('error requesting cloudwatch: ' .. cause, answer('cloudwatch', ORDER, silent).error)
  end)
end)

describe('stackdriver', function()
  local PEM = assert(io.popen('openssl genrsa 2048 2>/dev/null')):read '*a'
  local KEY = ('{"type":"service_account","client_email":"me@project","private_key_id":"k1","private_key":"%s"}')
    :format(PEM:gsub('\n', '\\n'))
  local ORDER = { secret = { project = 'my-project', serviceAccountKey = KEY } }
  local GOOD = '{"timeSeriesData":[{"pointData":[{"values":[{"doubleValue":42.5}]},{"values":[{"doubleValue":7}]}]}]}'
  local TOKEN = { body = '{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}' }

  it('fetches a token with a signed request, and asks with it', function()
    local said = ask('stackdriver', ORDER, { TOKEN, { body = GOOD } })
    assert.same({ value = 42.5 }, said.answer)
    assert.equal('https://oauth2.googleapis.com/token', said.requests[1].url)
    assert.matches('^grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant%-type%%3Ajwt%-bearer'
      .. '&assertion=eyJ[%w_-]+%.[%w_-]+%.', said.requests[1].body)
    assert.equal('https://monitoring.googleapis.com/v3/projects/my-project/timeSeries:query', said.requests[2].url)
    assert.equal('Bearer ya29.x', said.requests[2].headers.Authorization)
    assert.equal('{"query":"up"}', said.requests[2].body)
  end)

  it('takes the token of its surroundings', function()
    local said = ask('stackdriver', { secret = { project = 'p' } }, { TOKEN, { body = GOOD } })
    assert.matches('^http://metadata.google.internal/', said.requests[1].url)
    assert.equal('Google', said.requests[1].headers['Metadata-Flavor'])
    assert.same({ value = 42.5 }, said.answer)
  end)

  it('knows what is no value, and what is refused', function()
    local function second(response, online)
      return ask('stackdriver', { secret = ORDER.secret, online = online or false }, { TOKEN, response }).answer
    end
    assert.is_true(second({ body = '{}' }).none)
    assert.equal(5, second({ body = '{"timeSeriesData":[{"pointData":[{"values":[{"int64Value":"5"}]}]}]}' }).value)
    local denied = { status = 403, body = '{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}' }
    assert.equal('error requesting stackdriver: rpc error: code = PermissionDenied desc = no', second(denied).error)
    assert.equal('unexpected status code: PermissionDenied', second(denied, true).error)
    assert.same({ online = true },
      second({ status = 400, body = '{"error":{"message":"x","status":"INVALID_ARGUMENT"}}' }, true))
    assert.equal('stackdriver credentials does not contain a project id',
      ask('stackdriver', { secret = {} }).answer.error)
    assert.matches('a private RSA key', ask('stackdriver',
      { secret = { project = 'p', serviceAccountKey = '{"client_email":"a","private_key":"x"}' } }).answer.error)
    assert.matches('cannot fetch token: 400 Bad Request', ask('stackdriver', ORDER, { { status = 400, body = '{}' } })
      .answer.error)
  end)
end)

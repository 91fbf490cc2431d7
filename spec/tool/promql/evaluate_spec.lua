--- The evaluator of PromQL over recorded series. The numbers are reckoned by hand from the rules of Prometheus'
--- documentation; tests/e2e/promql.py asks thousands of other queries of real servers.
local evaluate = require 'tool.promql.evaluate'
local labels_of = require 'tool.promql.labels'
local series_of = require 'tool.promql.series'

--- Samples every `step` seconds from 0 on.
local function series(labels, values, options)
  options = options or {}
  local times = {}
  for i = 1, #values do
    times[i] = ((options.from or 0) + (i - 1) * (options.step or 15)) * 1000
  end
  return series_of.new(labels, series_of.numbers(times), series_of.numbers(values), #values, options.stale)
end

local function labels(name, text)
  local all = { __name__ = name }
  for key, value in text:gmatch '(%w+)=([^,]*)' do
    all[key] = value
  end
  return all
end

local store = series_of.store {
  series(labels('requests_total', 'pod=a,code=200'), { 0, 30, 60, 90, 120, 150, 180, 210, 240 }),
  series(labels('requests_total', 'pod=a,code=500'), { 0, 0, 0, 6, 6, 6, 6, 6, 6 }),
  series(labels('requests_total', 'pod=b,code=200'), { 50, 60, 70, 10, 20, 30, 40, 50, 60 }),
  series(labels('load', 'pod=a'), { 1, 2, 3, 4, 5, 6, 7, 8, 9 }),
  series(labels('load', 'pod=b'), { 4, 4, 1, 1, 8, 8, 2, 2, 2 }),
  series(labels('gone', 'pod=a'), { 1, 1, 1 }, { stale = { 45000 } }),
  series(labels('limit', 'pod=a,zone=x'), { 10, 10, 10, 10, 10, 10, 10, 10, 10 }),
  series(labels('took_bucket', 'le=0.1'), { 0, 0, 0, 0, 0, 0, 0, 0, 50 }),
  series(labels('took_bucket', 'le=0.5'), { 0, 0, 0, 0, 0, 0, 0, 0, 90 }),
  series(labels('took_bucket', 'le=+Inf'), { 0, 0, 0, 0, 0, 0, 0, 0, 100 }),
}

--- What a query gives at a second, one line for each element: `{pod="a"} 2`.
local function ask(query, at, major)
  local answer, problem = evaluate.query(store, query, { time = (at or 120) * 1000, major = major or 2 })
  if problem then
    return problem.kind .. ': ' .. problem.text
  elseif answer.type ~= 'vector' then
    return ('%.6g'):format(answer.value)
  end
  local lines = {}
  for i, one in ipairs(answer.value.labels) do
    lines[i] = ('%s %.6g'):format(labels_of.text(one), answer.value.values[i])
  end
  table.sort(lines)
  return table.concat(lines, '; ')
end

local function expect(cases)
  for query, wanted in pairs(cases) do
    assert.equal(wanted, ask(query), query)
  end
end

describe('selectors', function()
  it('match labels', function()
    expect {
      ['load'] = 'load{pod="a"} 9; load{pod="b"} 2',
      ['load{pod="a"}'] = 'load{pod="a"} 9',
      ['load{pod!="a"}'] = 'load{pod="b"} 2',
      ['load{pod=~"a|c"}'] = 'load{pod="a"} 9',
      ['load{pod=~""}'] = '',
      ['load{zone=""}'] = 'load{pod="a"} 9; load{pod="b"} 2',
      ['load{pod!~"a.*"}'] = 'load{pod="b"} 2',
      ['{__name__=~"lo.d",pod="b"}'] = 'load{pod="b"} 2',
    }
  end)

  it('see a value for five minutes, but not behind a marker of its end', function()
    assert.equal('load{pod="a"} 9', ask('load{pod="a"}', 420))
    assert.equal('', ask('load{pod="a"}', 421))
    assert.equal('gone{pod="a"} 1', ask('gone', 44))
    assert.equal('', ask('gone', 45))
  end)

  it('look back exactly five minutes or a little less, by the version', function()
    assert.equal('load{pod="a"} 9', ask('load{pod="a"}', 420, 2))
    assert.equal('', ask('load{pod="a"}', 420, 3))
  end)

  it('are shifted', function()
    expect {
      ['load{pod="a"} offset 1m'] = 'load{pod="a"} 5',
      ['load{pod="a"} offset -1m'] = 'load{pod="a"} 9',
      ['load{pod="a"} @ 30'] = 'load{pod="a"} 3',
      ['load{pod="a"} @ end() offset 30s'] = 'load{pod="a"} 7',
    }
  end)
end)

describe('rates', function()
  it('reach to the ends of the window', function()
    -- 120 in the 60 s from the first sample to the last, which are all of the window
    assert.equal('{code="200", pod="a"} 2', ask 'rate(requests_total{pod="a",code="200"}[1m])')
    -- 5 s after the last sample: 4 samples (75 to 120), 90 in 45 s, 10 s before and 5 s after are filled
    assert.equal('{code="200", pod="a"} 2', ask('rate(requests_total{pod="a",code="200"}[1m])', 125))
    assert.equal('{code="200", pod="a"} 120', ask 'increase(requests_total{pod="a",code="200"}[1m])')
  end)

  it('have the left end of the window before version 3 only', function()
    assert.equal('{pod="a"} 5; {pod="b"} 5', ask('count_over_time(load[1m])', 120, 2))
    assert.equal('{pod="a"} 4; {pod="b"} 4', ask('count_over_time(load[1m])', 120, 3))
  end)

  it('do not take a counter below zero', function()
    -- from 30 to 75: 0, 6, 6, 6; before the first sample there was nothing, so only 15 s after the last are filled
    assert.equal('{code="500", pod="a"} 0.1', ask('rate(requests_total{pod="a",code="500"}[1m])', 60))
    -- zero at the begin: the gap before it cannot have any
    assert.equal('{code="500", pod="a"} 6', ask('increase(requests_total{pod="a",code="500"}[70s])', 75))
  end)

  it('see that a counter was reset', function()
    -- 70 (at 30), 10, 20, 30 (at 75): 10 after the reset, and 20
    assert.equal('{code="200", pod="b"} 30', ask('increase(requests_total{pod="b",code="200"}[45s])', 75))
    assert.equal('{code="200", pod="b"} 1', ask 'resets(requests_total{pod="b",code="200"}[2m])')
    assert.equal('{code="200", pod="b"} 0.666667', ask('irate(requests_total{pod="b",code="200"}[1m])', 47))
  end)

  it('need two samples', function()
    assert.equal('', ask 'rate(requests_total[14s])')
    assert.equal('', ask 'irate(requests_total[14s])')
  end)

  it('are of gauges, too', function()
    expect {
      ['delta(load{pod="a"}[1m])'] = '{pod="a"} 4',
      ['idelta(load{pod="a"}[1m])'] = '{pod="a"} 1',
      ['changes(load{pod="b"}[2m])'] = '{pod="b"} 3',
      ['deriv(load{pod="a"}[1m])'] = '{pod="a"} 0.0666667',
      ['predict_linear(load{pod="a"}[1m], 60)'] = '{pod="a"} 13',
    }
  end)
end)

describe('functions over time', function()
  it('reckon', function()
    expect {
      ['avg_over_time(load{pod="b"}[1m])'] = '{pod="b"} 4.4',
      ['min_over_time(load{pod="b"}[2m])'] = '{pod="b"} 1',
      ['max_over_time(load{pod="b"}[2m])'] = '{pod="b"} 8',
      ['sum_over_time(load{pod="b"}[1m])'] = '{pod="b"} 22',
      ['last_over_time(load{pod="b"}[1m])'] = 'load{pod="b"} 2',
      ['present_over_time(load{pod="b"}[1m])'] = '{pod="b"} 1',
      ['absent_over_time(load{pod="c"}[1m])'] = '{pod="c"} 1',
      ['absent_over_time(load{pod="b"}[1m])'] = '',
      ['stddev_over_time(load{pod="a"}[1m])'] = '{pod="a"} 1.41421',
      ['stdvar_over_time(load{pod="a"}[1m])'] = '{pod="a"} 2',
      ['quantile_over_time(0.5, load{pod="b"}[1m])'] = '{pod="b"} 2',
      ['quantile_over_time(0.75, load{pod="a"}[45s])'] = '{pod="a"} 8.25',
    }
  end)

  it('take subqueries', function()
    expect {
      ['max_over_time(load{pod="b"}[2m:1m])'] = '{pod="b"} 8',
      ['count_over_time(load{pod="a"}[2m:1m])'] = '{pod="a"} 3',
      ['max_over_time(rate(requests_total{pod="a",code="500"}[30s])[2m:30s])'] = '{code="500", pod="a"} 0.2',
    }
    assert.equal('{pod="a"} 2', ask('count_over_time(load{pod="a"}[2m:1m])', 120, 3))
  end)
end)

describe('aggregations', function()
  it('group', function()
    expect {
      ['sum(load)'] = '{} 11',
      ['sum by (code) (requests_total)'] = '{code="200"} 300; {code="500"} 6',
      ['sum without (code) (requests_total)'] = '{pod="a"} 246; {pod="b"} 60',
      ['avg(load)'] = '{} 5.5', ['min(load)'] = '{} 2', ['max(load)'] = '{} 9', ['count(load)'] = '{} 2',
      ['group(load)'] = '{} 1', ['stddev(load)'] = '{} 3.5', ['stdvar(load)'] = '{} 12.25',
      ['quantile(0.5, load)'] = '{} 5.5',
      ['topk(1, load)'] = 'load{pod="a"} 9', ['bottomk(1, load)'] = 'load{pod="b"} 2',
      ['count_values("load", load)'] = '{load="2"} 1; {load="9"} 1',
      ['sum(nothing)'] = '',
    }
  end)
end)

describe('histograms', function()
  it('have quantiles between their bounds', function()
    expect {
      ['histogram_quantile(0.5, took_bucket)'] = '{} 0.1',
      ['histogram_quantile(0.25, took_bucket)'] = '{} 0.05',
      ['histogram_quantile(0.9, sum(took_bucket) by (le))'] = '{} 0.5',
      ['histogram_quantile(0.99, took_bucket)'] = '{} 0.5',
      ['histogram_quantile(2, took_bucket)'] = '{} inf',
      ['histogram_quantile(0.5, took_bucket{le!="+Inf"})'] = '{} nan',
    }
  end)
end)

describe('operators', function()
  it('bind as the server says', function()
    for query, wanted in pairs { ['1 + 2 * 3'] = '7', ['2 ^ 3 ^ 2'] = '512', ['-2 ^ 2'] = '-4', ['(1 + 2) * 3'] = '9',
      ['7 % 4'] = '3', ['-7 % 4'] = '-3', ['1 / 0'] = 'inf', ['2 > bool 1'] = '1', ['1 == bool 2'] = '0',
      ['2 ^ -1'] = '0.5', ['0x1F'] = '31', ['1e3'] = '1000', ['-Inf'] = '-inf', ['010'] = '8', ['08'] = '8',
      ['010.5'] = '10.5', ['010e1'] = '100', ['0_17'] = '15', ['0_8'] = '8', ['0x_1F'] = '31', ['0xE_1'] = '225',
      ['1_000.5'] = '1000.5', ['1e+1_0'] = '1e+10', ['.5_0'] = '0.5', ['5.'] = '5' } do
      assert.equal(wanted, ask(query), query)
    end
    for _, query in ipairs { '1__0', '1_', '1._5', '1_.5', '1e_1', '0x1_', '0x', '0x1p4', '1e', '1.2.3', '00x1' } do
      assert.equal(('bad_data: parse error: bad number or duration syntax: "%s"'):format(query), ask(query))
    end
  end)

  it('filter, or say 0 or 1', function()
    expect {
      ['load > 5'] = 'load{pod="a"} 9', ['5 < load'] = 'load{pod="a"} 9',
      ['load > bool 5'] = '{pod="a"} 1; {pod="b"} 0', ['load * 2'] = '{pod="a"} 18; {pod="b"} 4',
      ['-load'] = '{pod="a"} -9; {pod="b"} -2',
    }
  end)

  it('match vectors', function()
    expect {
      ['load / limit'] = '',
      ['load / ignoring(zone) limit'] = '{pod="a"} 0.9',
      ['load / on(pod) limit'] = '{pod="a"} 0.9',
      ['requests_total / on(pod) group_left(zone) limit'] =
        '{code="200", pod="a", zone="x"} 24; {code="500", pod="a", zone="x"} 0.6',
      ['limit * on(pod) group_right requests_total'] = '{code="200", pod="a"} 2400; {code="500", pod="a"} 60',
      ['load and on(pod) limit'] = 'load{pod="a"} 9',
      ['load unless on(pod) limit'] = 'load{pod="b"} 2',
      ['sum(nothing) or vector(0)'] = '{} 0',
      ['load == on(pod) load{pod="a"}'] = '{pod="a"} 9', ['load == load'] = 'load{pod="a"} 9; load{pod="b"} 2',
    }
    assert.matches('many%-to%-many', ask 'load / on(pod) requests_total')
    assert.matches('group_left', ask 'requests_total / on(pod) load')
  end)
end)

describe('functions', function()
  it('change values', function()
    expect {
      ['abs(-load{pod="a"})'] = '{pod="a"} 9', ['clamp(load, 3, 5)'] = '{pod="a"} 5; {pod="b"} 3',
      ['clamp_min(load, 3)'] = '{pod="a"} 9; {pod="b"} 3', ['clamp_max(load, 3)'] = '{pod="a"} 3; {pod="b"} 2',
      ['clamp(load, 5, 3)'] = '', ['round(load{pod="b"} / 4)'] = '{pod="b"} 1',
      ['round(load{pod="a"} / 7, 0.25)'] = '{pod="a"} 1.25', ['sgn(load{pod="a"})'] = '{pod="a"} 1',
      ['sqrt(load{pod="a"})'] = '{pod="a"} 3', ['scalar(load{pod="a"})'] = '9', ['scalar(load)'] = 'nan',
      ['absent(load)'] = '', ['absent(load{pod="c",zone=~"x"})'] = '{pod="c"} 1', ['time()'] = '120',
      ['timestamp(load{pod="a"} offset 10s)'] = '{pod="a"} 105', ['minute()'] = '{} 2',
      ['vector(3)'] = '{} 3', ['days_in_month(vector(5097600))'] = '{} 31',
    }
  end)

  it('change labels', function()
    expect {
      ['label_replace(load{pod="a"}, "short", "$1!", "pod", "(.)")'] = 'load{pod="a", short="a!"} 9',
      ['label_replace(load{pod="a"}, "pod", "", "pod", ".*")'] = 'load{} 9',
      ['label_replace(load{pod="a"}, "x", "y", "pod", "b")'] = 'load{pod="a"} 9',
      ['label_join(limit, "both", "-", "pod", "zone")'] = 'limit{both="a-x", pod="a", zone="x"} 10',
    }
  end)
end)

describe('what cannot be answered', function()
  it('is no query', function()
    for query, wanted in pairs {
      ['load['] = 'unexpected end of input in range, expected duration',
      ['rate(load)'] = 'expected type range vector in call to function "rate", got instant vector',
      ['sum(load'] = 'unexpected end of input in call', ['{}'] = 'at least one non%-empty matcher',
      ['load{pod=a}'] = 'in label matching, expected string', ['1 > 2'] = 'must use BOOL modifier',
      [''] = 'no expression found in input', ['load{pod=~"("}'] = 'missing closing %)',
      ['frob(load)'] = 'unknown function with name "frob"', ['"x'] = 'unterminated quoted string',
      ['sum(load) by (pod) by (pod)'] = 'unexpected "by"', ['5m'] = 'unexpected "5m"',
      ['"\\U00110000"'] = 'invalid Unicode code point', ['"\\UFFFFFFFF"'] = 'invalid Unicode code point',
      ['"\\ud800"'] = 'invalid Unicode code point',
    } do
      assert.matches('^bad_data: .*' .. wanted, ask(query), query)
    end
  end)

  it('is told by name', function()
    for query, wanted in pairs {
      ['holt_winters(load[5m], 0.5, 0.5)'] = 'the function holt_winters%(%) is not evaluated here',
      ['limitk(1, load)'] = 'the aggregation limitk%(%) is not evaluated here',
      ['load{pod=~"\\\\p{Greek}"}'] = 'the regular expression `\\p{Greek}` has \\p, which is not evaluated here',
    } do
      assert.matches('^unsupported: ' .. wanted, ask(query), query)
    end
  end)

  it('has too many nests', function()
    assert.matches('^unsupported: ', ask(('('):rep(5000) .. '1' .. (')'):rep(5000)))
  end)
end)

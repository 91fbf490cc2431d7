#!/usr/bin/env python3
"""Queries of chance, answered by a real Prometheus and by lua/tool/promql from what sluice record wrote of it.

    promql.py SLUICE [--queries 2000] [--seed 1] [--program /usr/bin/prometheus]

Series of six hours: counters that are reset, gauges with gaps, and histograms go into the server by promtool, series
that end by remote write, because OpenMetrics has no staleness markers. Then each (query, time) is asked on both sides:
the same labels, values within 1e-9, and refusals of the same kind.
"""
import argparse
import json
import math
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))
from processes import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BEGIN_S, SPAN_S, PATIENCE_S = 1780000000, 6 * 3600, 60
LATE_S, LATE_SPAN_S = -(-(BEGIN_S + SPAN_S) // 7200) * 7200, 3600  # what is written must come after all blocks
TOLERANCE = 1e-9
STALE = struct.unpack('<d', struct.pack('<Q', 0x7ff0000000000002))[0]
BOUNDS = ['5', '10', '25', '50', '100', '250', '500', '1000', '+Inf']


# --- the series ---

def scrapes(dice, step_s, jitter_ms=0, begin_s=BEGIN_S, span_s=SPAN_S):
    """Moments in ms; now and then some are missing."""
    at, gone = begin_s * 1000 + dice.randrange(step_s * 1000), 0
    while at < (begin_s + span_s) * 1000:
        if gone == 0 and dice.random() < 0.004:
            gone = dice.choice([1, 2, 5, 12, 60])
        if gone == 0:
            yield at + (dice.randint(-jitter_ms, jitter_ms) if jitter_ms else 0)
        gone = max(0, gone - 1)
        at += step_s * 1000


def counter(dice, times, rate):
    total = dice.choice([0, 0, dice.randrange(1000)])
    for at in times:
        if dice.random() < 0.003:
            total = 0
        yield at, total
        total += dice.randrange(2 * rate + 1)


def gauge(dice, times):
    value = dice.uniform(-5, 5)
    for at in times:
        yield at, value
        value = dice.choice([value, value + dice.gauss(0, 1), dice.gauss(0, 3), round(value)])


def buckets(dice, times, labels):
    totals, count, total = [0] * len(BOUNDS), 0, 0.0
    rows = {bound: [] for bound in BOUNDS}
    for at in times:
        for _ in range(dice.randrange(40)):
            took = dice.lognormvariate(3.5, 1.2)
            total, count = total + took, count + 1
            for i, bound in enumerate(BOUNDS):
                totals[i] += took <= float(bound)
        for i, bound in enumerate(BOUNDS):
            rows[bound].append((at, totals[i]))
    return [({'__name__': 'request_duration_milliseconds_bucket', **labels, 'le': bound}, points)
            for bound, points in rows.items()]


def pods(dice):
    for workload, count in (('web', 3), ('web-primary', 4), ('other', 1)):
        for i in range(count):
            yield {'namespace': 'shop', 'workload': workload, 'pod': f'{workload}-{dice.randrange(16**5):05x}-{i}'}


def make_series(dice):
    series = []
    for labels in pods(dice):
        times = list(scrapes(dice, 15, 40))
        for code in ('200', '404', '500', '503'):
            series.append(({'__name__': 'requests_total', **labels, 'code': code},
                           list(counter(dice, times, {'200': 60, '404': 3}.get(code, 1)))))
        series += buckets(dice, list(scrapes(dice, 30)), labels)
        series.append(({'__name__': 'memory_bytes', **labels}, list(gauge(dice, scrapes(dice, 20)))))
    series.append(({'__name__': 'build_info', 'namespace': 'shop', 'version': '2.1'},
                   [(at, 1) for at in scrapes(dice, 60)]))
    return series


def make_ending(dice):
    """Series that end with a marker, some of which come back."""
    series = []
    for i in range(6):
        points, ended = [], False
        for at in scrapes(dice, 15, 0, LATE_S, LATE_SPAN_S):
            if not ended and dice.random() < 0.02:
                points.append((at, STALE))
                ended = True
            elif ended and dice.random() < 0.05:
                ended = False
            if not ended:
                points.append((at, dice.randrange(100)))
        series.append(({'__name__': 'workers', 'namespace': 'shop', 'worker': str(i)}, points))
    return series


# --- the server ---

def programs():
    """A Prometheus 2 of this machine, and a Prometheus 3 where it is built."""
    found = [shutil.which('prometheus')]
    try:
        import prometheus3
        found.append(str(pathlib.Path(prometheus3.folder()) / 'prometheus') if prometheus3.is_built() else None)
    except ImportError:
        pass
    if not any(found):
        print('promql.py: there is no prometheus; scripts/setup installs it')
        sys.exit(77)
    return [program for program in found if program]


def openmetrics(series):
    kinds = {'requests_total': 'counter'}
    families = {}
    for labels, points in series:
        families.setdefault(labels['__name__'], []).append((labels, points))
    for name, members in families.items():
        if name in kinds:
            yield f'# TYPE {name.removesuffix("_total")} counter\n'
        else:
            yield f'# TYPE {name} gauge\n'
        for labels, points in members:
            text = ','.join(f'{key}="{value}"' for key, value in labels.items() if key != '__name__')
            for at, value in points:
                yield f'{name}{{{text}}} {value!r} {at / 1000:.3f}\n'
    yield '# EOF\n'


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def write_request(rows):
    """A WriteRequest of remote write, of (labels, at, value), as protobuf in snappy without compression."""
    body = b''
    for labels, at, value in rows:
        one = b''.join(field(1, field(1, key.encode()) + field(2, text.encode()))
                       for key, text in sorted(labels.items()))
        one += field(2, b'\x09' + struct.pack('<d', value) + b'\x10' + varint(at))
        body += field(1, one)
    packed = varint(len(body))
    for begin in range(0, len(body), 60000):
        part = body[begin:begin + 60000]
        packed += bytes([61 << 2]) + struct.pack('<H', len(part) - 1) + part
    return packed


class Server:
    """A Prometheus that has these series, and nothing else."""

    def __init__(self, top, program, series, ending):
        address = f'127.0.0.1:{free_port()}'
        self.url = f'http://{address}'
        text, data = top / 'series.txt', top / 'data'
        with open(text, 'w') as out:
            out.writelines(openmetrics(series))
        promtool = shutil.which('promtool', path=str(pathlib.Path(program).parent)) or 'promtool'
        subprocess.run([promtool, 'tsdb', 'create-blocks-from', 'openmetrics', text, data], check=True,
                       stdout=subprocess.DEVNULL)
        config = top / 'prometheus.yml'
        config.write_text('{}')
        self.process = subprocess.Popen(
            [program, f'--config.file={config}', f'--storage.tsdb.path={data}', f'--web.listen-address={address}',
             '--storage.tsdb.retention.time=100y', '--web.enable-remote-write-receiver'], stderr=subprocess.DEVNULL)
        try:
            self.fill(ending)
        except BaseException:
            self.close()
            raise

    def fill(self, ending):
        self.wait()
        rows = sorted(((labels, at, value) for labels, points in ending for at, value in points),
                      key=lambda row: row[1])
        for begin in range(0, len(rows), 500):
            self.post('/api/v1/write', write_request(rows[begin:begin + 500]))

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, data=body, headers={
            'Content-Encoding': 'snappy', 'Content-Type': 'application/x-protobuf',
            'X-Prometheus-Remote-Write-Version': '0.1.0'})
        with urllib.request.urlopen(request, timeout=PATIENCE_S):
            pass

    def wait(self):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f'{self.url}/-/ready', timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit('promql.py: the server does not become ready')

    def ask(self, path, **parameters):
        url = f'{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}'
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                return json.load(answer)['data']
        except urllib.error.HTTPError as refusal:
            return {'error': json.load(refusal)}

    def version(self):
        return self.ask('status/buildinfo')['version']

    def close(self):
        self.process.terminate()
        self.process.wait()


# --- the queries ---

class Queries:
    """Queries of chance, half of them of the forms that teams write."""

    def __init__(self, dice):
        self.dice = dice

    def pick(self, *texts):
        return self.dice.choice(texts)

    def window(self):
        return self.pick('30s', '45s', '1m', '90s', '2m', '5m', '10m', '1h')

    def shift(self):
        return self.pick('', '', '', '', ' offset 5m', ' offset -1m', ' @ 1780010000', ' @ end()')

    def matchers(self):
        return self.pick('', '{workload="web"}', '{workload=~"web"}', '{workload=~"web.*",namespace="shop"}',
                         '{pod=~"web-[0-9a-f]+-[0-9]+"}', '{pod!~"web-primary-.+"}', '{workload!="other"}',
                         '{workload=~"web|other"}', '{absent=""}', '{absent!=""}', '{pod=~"(?i:WEB)-.*"}')

    def counter(self):
        return self.pick('requests_total', 'requests_total', 'requests_total{code!~"5.*"}',
                         'requests_total{code=~"5.."}') if self.dice.random() < 0.5 else \
            'requests_total' + self.matchers()

    def instant(self):
        return self.pick('memory_bytes', 'requests_total', 'workers', 'build_info',
                         'memory_bytes' + self.matchers()) + self.shift()

    def rate(self):
        name = self.pick('rate', 'rate', 'rate', 'increase', 'irate', 'delta', 'idelta', 'changes', 'resets')
        return f'{name}({self.counter()}[{self.window()}]{self.shift()})'

    def over_time(self):
        metric = self.pick('memory_bytes', 'workers', 'requests_total')
        name = self.pick('avg', 'min', 'max', 'sum', 'count', 'last', 'present', 'stddev', 'stdvar', 'absent')
        text = f'{metric}[{self.window()}]{self.shift()}'
        return self.pick(f'{name}_over_time({text})', f'{name}_over_time({text})', f'deriv({text})',
                         f'quantile_over_time({self.pick("0", "0.5", "0.99", "1", "1.5")}, {text})',
                         f'predict_linear({text}, 600)')

    def time_of(self, query):
        begin_s, span_s = (LATE_S, LATE_SPAN_S) if 'workers' in query else (BEGIN_S, SPAN_S)
        return (begin_s - 60) * 1000 + self.dice.randrange((span_s + 400) * 1000)

    def sub(self):
        inner = self.pick(self.rate(), self.instant(), self.sum())
        while 'predict_linear' in inner and '@' in inner:  # servers do not look at each moment then
            inner = self.sum()
        step = self.pick('30s', '1m', '77s', '')
        name = self.pick('max_over_time(', 'avg_over_time(', 'sum_over_time(', 'quantile_over_time(0.9, ',
                         'count_over_time(', 'deriv(')
        return f'{name}({inner})[{self.pick("5m", "10m", "15m")}:{step}]{self.shift()})'

    def sum(self):
        name = self.pick('sum', 'sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar')
        group = self.pick('', ' by (workload)', ' by (code)', ' by (pod, code)', ' without (pod)', ' by (nothing)')
        inner = self.pick(self.rate(), self.rate(), self.instant(), self.over_time())
        return self.pick(f'{name}{group} ({inner})', f'{name}({inner}){group}',
                         f'quantile{group} (0.75, {inner})')

    def quantile(self):
        inner = f'rate(request_duration_milliseconds_bucket{self.matchers()}[{self.window()}])'
        by = self.pick('le', 'le, workload', 'le, pod')
        return f'histogram_quantile({self.pick("0.5", "0.9", "0.99", "0", "1", "2", "-1")}, ' + \
            self.pick(f'sum({inner}) by ({by})', f'sum by ({by}) ({inner})', inner) + ')'

    def ratio(self):
        label, window = self.pick('workload="web"', 'workload=~"web.*"', 'namespace="shop"'), self.window()
        form = self.pick(
            'sum(rate(requests_total{{{l},code!~"5.*"}}[{w}])) / sum(rate(requests_total{{{l}}}[{w}])) * 100',
            '100 - sum(rate(requests_total{{{l},code=~"5.."}}[{w}])) / sum(rate(requests_total{{{l}}}[{w}])) * 100',
            'sum by (pod) (rate(requests_total{{{l},code="500"}}[{w}])) / on(pod) '
            'sum by (pod) (rate(requests_total{{{l}}}[{w}]))',
            'sum by (pod, code) (rate(requests_total{{{l}}}[{w}])) / on(pod) group_left '
            'sum by (pod) (rate(requests_total{{{l}}}[{w}]))',
            'sum by (pod) (rate(requests_total{{{l}}}[{w}])) * on(pod) group_right memory_bytes',
            'memory_bytes * on(namespace) group_left(version) build_info',
            'requests_total{{{l}}} / ignoring(code) requests_total{{{l},code="200"}}',
            'requests_total{{{l},code="500"}} / ignoring(code) requests_total{{{l},code="200"}}',
            'sum(rate(requests_total{{{l}}}[{w}])) / sum(rate(requests_total{{{l}}}[{w}] offset 1h))')
        return form.format(l=label, w=window)

    def compared(self):
        op = self.pick('>', '<', '==', '!=', '>=', '<=')
        return self.pick(f'{self.instant()} {op} {self.pick("0", "1", "50")}', f'1 {op} {self.instant()}',
                         f'{self.instant()} {op} bool 1', f'{self.sum()} {op} {self.sum()}',
                         f'memory_bytes {op} bool (memory_bytes offset 5m)', f'1 {op} bool 2')

    def set(self):
        op = self.pick('and', 'or', 'unless')
        return self.pick(f'{self.instant()} {op} {self.instant()}',
                         f'{self.sum()} {op} on() vector(0)', f'{self.rate()} {op} ignoring(code) {self.rate()}',
                         f'({self.ratio()}) or vector(0)', f'{self.instant()} {op} on(pod) (memory_bytes > 0)')

    def function(self):
        name = self.pick('abs', 'ceil', 'floor', 'exp', 'ln', 'log2', 'log10', 'sqrt', 'sgn', 'round', 'sort',
                         'timestamp', 'deg', 'rad', 'sin', 'hour', 'day_of_week', 'days_in_month', 'scalar', 'absent')
        return self.pick(f'{name}({self.instant()})', f'clamp({self.instant()}, -1, 2)',
                         f'clamp_min({self.instant()}, 0)', f'clamp_max({self.instant()}, 0)',
                         f'round({self.instant()}, 0.25)', 'time()', 'hour()', f'-{self.instant()}',
                         f'scalar({self.sum()}) * 2', f'vector({self.pick("1", "time()")})', 'pi()',
                         f'absent({self.pick("nothing", "memory_bytes", "nothing{a=%sx%s}" % (chr(34), chr(34)))})',
                         f'label_replace({self.instant()}, "short", "$1-$2", "pod", "(.*)-(.*)")',
                         f'label_join({self.instant()}, "both", "/", "namespace", "workload")',
                         f'count_values("value", round(memory_bytes{self.matchers()}))',
                         f'{self.pick("topk", "bottomk")}({self.pick("1", "3", "0")}, memory_bytes)',
                         f'{self.rate()}[5m]', f'rate({self.instant()})', 'sum(', 'memory_bytes[1m]',
                         'memory_bytes[30s] offset 1m', '{__name__=~"memory_bytes|workers"}',
                         'rate({__name__=~"requests_total|memory_bytes"}[5m])')

    def arithmetic(self):
        op = self.pick('+', '-', '*', '/', '^')  # a remainder would make rounding large
        return self.pick(f'{self.any()} {op} {self.pick("2", "0.5", "-1", self.any())}', 'requests_total % 7')

    def any(self):
        return self.pick(self.rate, self.sum, self.quantile, self.ratio, self.over_time, self.instant)()

    def query(self):
        return self.pick(self.rate, self.over_time, self.sum, self.sum, self.quantile, self.ratio, self.ratio,
                         self.compared, self.set, self.function, self.arithmetic, self.sub, self.instant)()


# --- the comparison ---

def number(text):
    return {'+Inf': math.inf, '-Inf': -math.inf, 'NaN': math.nan}.get(text) if text[-1] in 'fN' else float(text)


def are_near(a, b):
    a, b = number(a), number(b)
    return a == b or math.isnan(a) and math.isnan(b) or abs(a - b) <= TOLERANCE * max(abs(a), abs(b), 1e-3)


def key(labels):
    return json.dumps(labels, sort_keys=True)


def differs(real, ours):
    """What is different, as a text; None: nothing is."""
    if 'error' in real or 'error' in ours:
        kind = real.get('error', {}).get('errorType')
        if kind == ours.get('kind'):
            return None
        return f'{real.get("error", "no error")} and {ours.get("error", "no error")}'
    if real['resultType'] != ours['type']:
        return f'a {real["resultType"]} and a {ours["type"]}'
    if ours['type'] == 'scalar':
        return None if are_near(real['result'][1], ours['value']) else f'{real["result"][1]} and {ours["value"]}'
    left = {key(each['metric']): each for each in real['result']}
    right = {key(each['metric']): each for each in ours['result']}
    if left.keys() != right.keys():
        return f'labels {sorted(left.keys() ^ right.keys())[:3]} on one side only'
    for labels, each in left.items():
        if ours['type'] == 'vector' and not are_near(each['value'][1], right[labels]['value']):
            return f'{labels}: {each["value"][1]} and {right[labels]["value"]}'
        if ours['type'] == 'matrix' and [(round(at * 1000), float(text)) for at, text in each['values']] != \
                [(at, float(text)) for at, text in right[labels]['values']]:
            return f'{labels}: other samples'
    return None


def ask_ours(file, asked):
    lines = ''.join(json.dumps(each) + '\n' for each in asked)
    done = subprocess.run(['luajit', ROOT / 'tests/e2e/promql_ask.lua', ROOT, file], input=lines, text=True,
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def record(sluice, server, top):
    """What sluice record writes of all series, by the checks of a Canary."""
    names = ('requests_total', 'memory_bytes', 'request_duration_milliseconds_bucket', 'workers', 'build_info')
    metrics = [{'name': name, 'interval': '1m', 'query': f'count({name})', 'thresholdRange': {'max': 1}}
               for name in names]
    canary = top / 'canary.json'
    canary.write_text(json.dumps({
        'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': 'web', 'namespace': 'shop'},
        'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'web'}, 'service': {'port': 80},
                 'analysis': {'interval': '1m', 'threshold': 1, 'stepWeight': 50, 'maxWeight': 50,
                              'metrics': metrics}}}))
    file = top / 'record.json'
    span = [time.strftime('%Y-%m-%dT%H:%M', time.gmtime(at)) for at in (BEGIN_S - 7200, LATE_S + LATE_SPAN_S + 7200)]
    subprocess.run([sluice, 'record', '--prometheus', server.url, '-f', canary, '--from', span[0], '--to', span[1],
                    '-o', file], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return file


def compare(server, sluice, top, queries, count):
    """Asks both sides so many queries; how many had what kind of answer, and what differs."""
    asked = [{'query': text, 'time': queries.time_of(text)} for text in (queries.query() for _ in range(count))]
    kinds, wrong = {'refused': 0, 'empty': 0, 'some': 0}, []
    for each, ours in zip(asked, ask_ours(record(sluice, server, top), asked)):
        real = server.ask('query', query=each['query'], time=f'{each["time"] / 1000:.3f}')
        kinds['refused' if 'error' in real else 'some' if real['result'] else 'empty'] += 1
        said = differs(real, ours)
        if said:
            wrong.append(f'{each["query"]}  at {each["time"]}: {said}')
    return kinds, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('sluice')
    parser.add_argument('--queries', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--program', action='append', help='a Prometheus; those that are there without one')
    args = parser.parse_args()
    status = 0
    for program in args.program or programs():
        dice = random.Random(args.seed)
        series, ending = make_series(dice), make_ending(dice)
        with tempfile.TemporaryDirectory() as folder:
            server = Server(pathlib.Path(folder), program, series, ending)
            try:
                kinds, wrong = compare(server, args.sluice, pathlib.Path(folder), Queries(dice), args.queries)
                print(f'Prometheus {server.version()}: {kinds}, {len(wrong)} differ', *wrong[:20], sep='\n  ')
                status |= bool(wrong) or kinds['some'] < args.queries / 2
            finally:
                server.close()
    return status


if __name__ == '__main__':
    sys.exit(main())

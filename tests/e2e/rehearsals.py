#!/usr/bin/env python3
"""sluice dryrun, sluice backtest and sluice record as a user meets them, and servers that are away, busy or forgetful.

    rehearsals.py SLUICE

(Whether answers are a real server's: tests/e2e/promql.py. What a span, a file and a selector are:
spec/tool/backtest.)
"""
import http.server
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/bench'))
import backtest as month  # noqa: E402 (the folder is not on the path before)

SLUICE = None
PATIENCE_S = 120
EXAMPLES = ROOT / 'examples'


def run(*args, **more):
    return subprocess.run([SLUICE, *args], capture_output=True, text=True, timeout=PATIENCE_S, **more)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)

    def write(self, name, content):
        path = self.top / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def on_terminal(self, *args):
        """What is told on standard error, when that is one and standard output is not."""
        leader, follower = pty.openpty()
        process = subprocess.Popen([SLUICE, *args], stdout=subprocess.PIPE, stderr=follower, stdin=subprocess.DEVNULL)
        os.close(follower)
        output, _ = process.communicate(timeout=PATIENCE_S)
        told = b''
        try:
            while part := os.read(leader, 4096):
                told += part
        except OSError:
            pass  # all of it is read
        os.close(leader)
        return process.returncode, output.decode(), told.decode()

    def expect(self, status, said, done):
        self.assertRegex(done.stdout + done.stderr, said)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)


class DryRun(Case):
    def test_plan(self):
        done = run('dryrun', '--plan', '-f', EXAMPLES / 'strategies/approval')
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual('approval for web.shop, at its fastest: 2m 30s, 3 rounds, 2 queries, 1 gate\n'
                         '  0:00  scale up    30s\n'
                         '  0:30  10 %         1m  request-success-rate\n'
                         '  1:30  promote      1m  gate approval (asks http://approval.shop/web)\n'
                         '  2:30  promoted\n', done.stdout)

    def test_who_waits_is_told_how_far_it_is(self):
        """On a terminal, in one line that is gone at the end; a file has none of it."""
        for words in (['--plan', '-f', EXAMPLES / 'strategies/approval'],
                      ['--scenario', EXAMPLES / 'scenarios/slow-leak.yaml', '-f',
                       EXAMPLES / 'scenarios/objects/checkout.yaml']):
            with self.subTest(words):
                alone = run('dryrun', *words)
                status, output, told = self.on_terminal('dryrun', *words)
                self.assertEqual((alone.returncode, alone.stdout), (status, output))
                self.assertRegex(told, r'\r +0:00 of a release is played\x1b\[K(\r[^\r]+)*\r\x1b\[K$')
                self.assertNotIn('\r', alone.stderr)

    def test_plan_of_a_lone_canary(self):
        """What the manifest does not contain is made up, and said."""
        done = run('dryrun', '--plan', '-f', EXAMPLES / 'tutorial/canary.yaml')
        self.expect(0, r'canary for podinfo.test, at its fastest: ', done)
        self.assertEqual('sluice dryrun: the Deployment podinfo is not in the files: one is made up\n', done.stderr)

    def test_plan_of_a_canary_beside_its_script(self):
        run('new', 'strategy', 'ring', cwd=self.top)
        (self.top / 'ring/strategy.yaml').unlink()
        done = run('dryrun', '-f', 'ring/canary.yaml', '--plan', cwd=self.top)
        self.expect(0, r'^ring for web.shop, at its fastest: 3m 30s, 5 rounds', done)
        self.assertIn('the Strategy shop/ring is not in the files: ring.lua beside ring/canary.yaml is its script\n',
                      done.stderr)

    def test_plan_counts_each_round(self):
        """Also those of an analysis that lasts, which are alike on record, and kept once."""
        run('new', 'strategy', 'ring', cwd=self.top)
        script = self.top / 'ring/ring.lua'
        script.write_text(script.read_text().replace('rollout:analyse { rounds = rollout.params.rounds }',
                                                     "rollout:analyse { lasting = '10m' }"))
        self.assertIn("lasting = '10m'", script.read_text())
        self.expect(0, r'^ring for web.shop, at its fastest: 21m 30s, 41 rounds, 40 queries, 0 gates',
                    run('dryrun', '--plan', '-f', self.top / 'ring'))

    def test_plan_as_json(self):
        plan = json.loads(run('dryrun', '--plan', '-f', EXAMPLES / 'strategies/approval', '-o', 'json').stdout)
        self.assertEqual((1, 'shop/web', 'promoted', 'approval'),
                         tuple(plan[name] for name in ('version', 'canary', 'decision', 'strategy')))
        self.assertEqual([(0, 0), (30000, 10), (120000, 0)], [(each['at'], each['weight']) for each in plan['steps']])
        self.assertEqual(['scale up', '10 %', 'promote'], [each['what'] for each in plan['stages']])
        self.assertEqual([([], []), (['request-success-rate'], []), ([], ['approval'])],
                         [(each['checks'], [hook['name'] for hook in each['hooks']]) for each in plan['stages']])

        for check in plan['checks']:
            self.assertEqual(set(), {'value', 'margin', 'samples', 'text'} & set(check), 'values of a plan are made up')
            self.assertEqual(('pass', 99), (check['verdict'], check['min']))
        self.assertTrue(plan['checks'])

    def test_plan_of_one_that_stands_still(self):
        """What it would do otherwise is what is asked."""
        text = (EXAMPLES / 'tutorial/canary.yaml').read_text()
        for old, new, note in (
                ('spec:\n', 'spec:\n  suspend: true\n',
                 'podinfo.test is suspended (spec.suspend): it is played as if'),
                ('metadata:\n', 'metadata:\n  annotations: {sluice.dev/pause: INC-4711}\n',
                 'podinfo.test is paused (sluice.dev/pause: INC-4711): it is played as if')):
            with self.subTest(note):
                self.assertIn(old, text)
                done = run('dryrun', '--plan', '-f', self.write('still.yaml', text.replace(old, new, 1)))
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertIn(f'sluice dryrun: {note}', done.stderr)

    def test_plan_of_one_that_waits_for_another(self):
        """At its fastest that one has come."""
        done = run('dryrun', '--plan', '-f', EXAMPLES / 'strategies/backend-first', '--canary', 'shop/web')
        self.assertEqual((0, ''), (done.returncode, done.stderr))
        self.assertRegex(done.stdout, r'\Abackend-first for web.shop, at its fastest: ')

    def test_plan_of_a_loop_that_only_acts(self):
        """It is given up after more acts than a release has in an hour, not after the days that it would go on."""
        run('new', 'strategy', 'ring', cwd=self.top)
        script = self.top / 'ring/ring.lua'
        script.write_text(script.read_text().replace('rollout:begin()',
                                                     "rollout:begin() while true do rollout:event 'hi' end"))
        self.expect(2, r'web\.shop: it does not come to its end even when every check passes: it has acted 2500 times '
                       r'within an hour and goes on, most recently by event: a loop without an end\?\n$',
                    run('dryrun', '--plan', '-f', self.top / 'ring'))

    def test_without_an_end(self):
        """Ctrl-C ends a play at once; one that was cut is neither promoted nor taken back."""
        run('new', 'strategy', 'ring', cwd=self.top)
        script = self.top / 'ring/ring.lua'
        endless = 'while true do rollout:analyse { rounds = 1 } rollout:shift(50) end'
        script.write_text(script.read_text().replace('rollout:promote()', endless))
        for words in (['--plan'], ['--scenario', 'ring/scenario.yaml']):
            with self.subTest(words):
                process = subprocess.Popen([SLUICE, 'dryrun', '-f', 'ring', *words], stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE, text=True, cwd=self.top)
                stat = pathlib.Path(f'/proc/{process.pid}/stat')
                while int(stat.read_text().rpartition(')')[2].split()[11]) < 30:
                    self.assertIsNone(process.poll())
                process.send_signal(signal.SIGINT)
                told, said = process.communicate(timeout=PATIENCE_S)
                self.assertEqual((130, '', 'sluice dryrun: interrupted\n'), (process.returncode, told, said))

    def test_files(self):
        """What is written has a file of its own; --filename is -f."""
        canary = EXAMPLES / 'tutorial/canary.yaml'
        for name, wanted in (('-', 'the name of a file'), ('', 'FILE')):
            done = run('dryrun', '--plan', '-f', canary, '--html', name, cwd=self.top)
            self.expect(2, f'sluice dryrun: --html: {wanted} is wanted, got "{name}"', done)
            self.assertEqual('', done.stdout)
        url = 'http://127.0.0.1:1'
        for flag in ('-o', '--output'):
            self.expect(2, 'sluice record: -o: the name of a file is wanted, got "-"',
                        run('record', '--prometheus', url, '--filename', canary, flag, '-', cwd=self.top))
        self.expect(2, 'sluice record: -o FILE is missing',
                    run('record', '--prometheus', url, '--filename', canary, cwd=self.top))
        self.expect(2, 'Failed to connect',
                    run('record', '--prometheus', url, '--filename', canary, '--output', 'x.json', cwd=self.top))
        self.assertEqual([], list(self.top.iterdir()))

    def test_no_name(self):
        text = (EXAMPLES / 'tutorial/canary.yaml').read_text()
        for name, got in (('', 'none'), ('  name: 5\n', '5')):
            canary = self.write('bare.yaml', text.replace('  name: podinfo\n', name, 1))
            done = run('dryrun', '--plan', '-f', canary)
            self.assertEqual((2, '', f'sluice dryrun: {canary}: Canary: metadata.name: a text is wanted, got {got}\n'),
                             (done.returncode, done.stdout, done.stderr))

    def test_scenario(self):
        leak = EXAMPLES / 'scenarios/slow-leak.yaml'
        done = run('dryrun', '--scenario', leak, '-f', EXAMPLES / 'scenarios/objects/checkout.yaml')
        self.expect(1, r'pass  request-success-rate 100[^\n]*, at least 99 wanted, margin 1', done)
        self.expect(1, r'fail  request-duration [\d.]+[^\n]*, at most 500 wanted, over by ', done)
        self.expect(1, r'taken back after [^\n]*, the canary had 40 % at most', done)

    def test_scenario_with_other_rules(self):
        """The Canary of the file stands in the place of the scenario's: one that minds no slowness is promoted."""
        text = (EXAMPLES / 'scenarios/objects/checkout.yaml').read_text()
        canary = self.write('canary.yaml', text.rpartition('---')[2].replace('max: 500', 'max: 50000'))
        done = run('dryrun', '--scenario', EXAMPLES / 'scenarios/slow-leak.yaml', '-f', canary)
        self.expect(0, r'promoted after ', done)

    def test_blind_rules(self):
        """spec.strategy without a name is none that must be there; at its fastest there are enough requests."""
        text = (EXAMPLES / 'scenarios/objects/checkout.yaml').read_text().rpartition('---')[2]
        canary = self.write('canary.yaml', text + """
  strategy:
    params: {blind: hold, min_requests: 1000000, blind_timeout: 2m, otherwise: rollback}
""")
        self.expect(0, 'canary for checkout.shop, at its fastest: 4m 00s, 6 rounds, 15 queries, 0 gates',
                    run('dryrun', '--plan', '-f', canary))
        self.expect(1, r'taken back after .*blind: \d+ of 1000000 requests',
                    run('dryrun', '--scenario', EXAMPLES / 'scenarios/slow-leak.yaml', '-f', canary))

    def test_what_cannot_be_played(self):
        other = EXAMPLES / 'tutorial/canary.yaml'
        leak = EXAMPLES / 'scenarios/slow-leak.yaml'
        lone = self.write('lone.yaml', (EXAMPLES / 'strategies/approval/canary.yaml').read_text())
        nameless = self.write('nameless.json', {**month.canary(99), 'spec': {
            **month.canary(99)['spec'], 'strategy': {'name': 7}}})
        endless = self.write('endless.json', {**month.canary(99), 'spec': {
            **month.canary(99)['spec'], 'analysis': {**month.canary(99)['spec']['analysis'], 'stepWeight': 0}}})
        refused = self.write('refused.json', {**month.canary(99), 'spec': {
            **month.canary(99)['spec'], 'provider': 'linkerd'}})
        for said, args in (
                ('either --plan or --scenario FILE is wanted', ['-f', other]),
                (f'{other}: unexpected word; files come after -f', ['--plan', other]),
                ('-f FILE is missing', ['--plan']),
                ('no Canary is in the files', ['--plan', '-f', EXAMPLES / 'tutorial/podinfo.yaml']),
                ('no release of it begins in .*slow-leak.yaml, whose Canaries are shop/checkout',
                 ['--scenario', leak, '-f', other]),
                ('spec.strategy: the Strategy shop/approval is not among the files: -f its file or folder, too',
                 ['--plan', '-f', lone]),
                ('spec.strategy.name: the name of a Strategy is wanted, got number', ['--plan', '-f', nameless]),
                ('the release has not ended in 336h; ', ['--plan', '-f', endless]),
                ('web.shop: .*provider', ['--plan', '-f', refused]),
                ('--canary x: there is none of this name; there is ', ['--plan', '-f', other, '--canary', 'x']),
                ('nothing.yaml', ['--plan', '-f', self.top / 'nothing.yaml']),
                ('nothing.yaml', ['--scenario', self.top / 'nothing.yaml', '-f', other])):
            with self.subTest(said):
                self.expect(2, said, run('dryrun', *args))


class BackTest(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.data = cls.folder / 'data.json'
        month.write_record(cls.data, 2, 10, 60, bad=((1.0, 70),))
        cls.canary = cls.folder / 'canary.json'
        cls.canary.write_text(json.dumps(month.canary(99)))

    def backtest(self, *args):
        return run('backtest', '-f', self.canary, '--data', self.data, *args)

    def test_table(self):
        """Releases into good traffic are promoted, those into bad traffic are taken back."""
        done = self.backtest('--every', '30m', '--bad', '2026-06-02T00:00/01:10')
        self.assertEqual(0, done.returncode, done.stderr)
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r'^96 releases in \d+ s · \d+ answers from 20 series$')
        self.assertEqual(['promoted', 'taken back', 'held blind', 'false alarms', 'bad seen after'],
                         re.split(r'  +', lines[1].strip()))
        name, promoted, back, blind, alarms, seen = re.split(r'  +', lines[2])
        self.assertEqual(('as it is', '93', '3', '0', '0 (0.0 %)'), (name, promoted, back, blind, alarms))
        self.assertRegex(seen, r'^1 of 1 · \dm \d\ds$')
        self.assertIn('history had no canary then: the same traffic was judged whole', done.stdout)

    def test_side_by_side(self):
        strict = self.write('strict.json', month.canary(99.99))
        done = self.backtest('--every', '2h', '--name', 'loose', '--with', f'strict={strict}', '-o', 'json')
        found = json.loads(done.stdout)
        loose, strict = found['rules']
        self.assertEqual(('loose', 'strict'), (loose['name'], strict['name']))
        self.assertEqual('analysis.metrics[0].thresholdRange.min: 99.99', strict['differs'])
        self.assertGreater(loose['promoted'], strict['promoted'])
        self.assertEqual(24, len(loose['releases']))
        self.assertLess(found['evaluated'], found['answers'])  # what both ask is reckoned once

    def test_processes_agree(self):
        told = [json.loads(self.backtest('--every', '3h', '--jobs', jobs, '-o', 'json').stdout) for jobs in ('1', '3')]
        self.assertEqual(told[0]['rules'], told[1]['rules'])

    def test_share(self):
        done = self.backtest('--every', '6h', '--canary-share', '10%', '--by', 'pod')
        self.expect(0, 'a share of the Pods stood for the canary: 10 % of those with the label pod', done)
        self.expect(2, '--by zone: no series of web has this label',
                    self.backtest('--canary-share', '10%', '--by', 'zone'))

    def test_one(self):
        done = self.backtest('--at', '2026-06-02T00:10')
        self.expect(1, r'  2:00  fail  success 8\d[^\n]*, at least 99 wanted, short by ', done)
        self.expect(0, 'promoted after 8m', self.backtest('--at', '2026-06-01T12:00'))

    def test_what_is_not_there(self):
        """What the history does not have, or is not evaluated, is told by name."""
        canary = month.canary(99)
        canary['spec']['analysis']['metrics'] += [
            {'name': 'old', 'interval': '5m', 'thresholdRange': {'max': 9},
             'query': 'sum(holt_winters(requests_total{workload="{{ target }}"}[5m], 0.5, 0.5))'},
            {'name': 'orders', 'interval': '5m', 'thresholdRange': {'max': 9}, 'query': 'sum(orders_total)'}]
        path = self.write('canary.json', canary)
        done = run('backtest', '-f', path, '--data', self.data, '--every', '12h')
        self.expect(0, r'the query sum\(holt_winters\([^\n]*: the function holt_winters\(\) is not evaluated here; '
                       r'with --prometheus URL the server is asked', done)
        self.expect(0, r'the history has no series like \{__name__="orders_total"\}', done)
        self.expect(0, r'\nas it is +0 +1 +3 ', done)  # blind, but the one in bad traffic

    def test_held_blind(self):
        """One that waits for more requests than there are is held by that, and not undecided."""
        data, canary = self.top / 'few.json', month.canary_of([
            {'name': 'errors', 'interval': '1m', 'checkRef': {'name': 'sequential-success-rate',
                                                              'params': {'at_least': '0.3%'}}}])
        month.write_record(data, 0.5, 10, 60, bad=(), per_minute=2, labels=month.ISTIO, code_label='response_code')
        done = run('backtest', '-f', self.write('canary.json', canary), '--data', data, '--every', '6h',
                   '--canary-share', '10%')
        self.expect(0, r'\n +promoted +taken back +held blind +false alarms[^\n]*\nas it is +0 +0 +2 ', done)

    def test_interrupted(self):
        """Ctrl-C ends all processes, with a word."""
        process = subprocess.Popen([SLUICE, 'backtest', '-f', self.canary, '--data', self.data, '--every', '1m',
                                    '--jobs', '2'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().count(' ') < 2:
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        told, said = process.communicate(timeout=PATIENCE_S)
        self.assertEqual((130, '', 'sluice backtest: interrupted\n'), (process.returncode, told, said))

    def test_bad_input(self):
        data = json.loads(self.data.read_text())
        edited = self.write('edited.json', {**data, 'series': [{**data['series'][0], 'values': '1 2'}]})
        newer = self.write('newer.json', {**data, 'version': 2})
        cut = self.write('cut.json', self.data.read_text()[:5000])
        null = self.write('null.json', 'null')
        for said, args in (
                (r'--data [^\n]*edited.json: series\[0\].values: \d+ are wanted', ['--data', edited]),
                ('newer.json: version: this sluice reads version 1, the file has 2', ['--data', newer]),
                ('--data [^\n]*cut.json', ['--data', cut]),
                ('--data [^\n]*canary.json: it is no file of sluice record', ['--data', self.canary]),
                ('--data [^\n]*null.json: it is no file of sluice record: kind is absent', ['--data', null]),
                ('--data FILE of `sluice record`, or --prometheus URL, is missing', []),
                ('--every x: a duration such as 1h is wanted', ['--data', self.data, '--every', 'x']),
                ('--every 1s: that are', ['--data', self.data, '--every', '1s']),
                ('--bad yesterday: a span such as', ['--data', self.data, '--bad', 'yesterday']),
                ('--at 2020-01-01: the history is from 2026-06-01T00:00:00Z to 2026-06-03T00:00:00Z',
                 ['--data', self.data, '--at', '2020-01-01']),
                ('--with a: a name of its own is wanted', ['--data', self.data, '--name', 'a', '--with',
                                                           f'a={self.canary}']),
                ('no release fits into .*: one takes 8m 00s, and the history is from 2026-06-01T00:00:00Z to ',
                 ['--data', self.data, '--from', '2026-06-02T23:59']),
                ('--canary-share 200: a share such as 10% is wanted', ['--data', self.data, '--canary-share', '200']),
                ('--jobs 0', ['--data', self.data, '--jobs', '0'])):
            with self.subTest(said):
                self.expect(2, said, run('backtest', '-f', self.canary, *args))


class Forgetful(http.server.BaseHTTPRequestHandler):
    """A Prometheus with two series, of which it keeps six hours. It is busy at first, and gives few samples at once."""
    protocol_version = 'HTTP/1.1'
    KEEPS_S, STEP_S, SAMPLES_MAX = 6 * 3600, 30, 200

    def log_message(self, *args):
        pass

    def answer(self, status, body, **headers):
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {'Content-Length': str(len(text)), **headers}.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.wfile.write(text)

    def samples(self, begin, end):
        first = max(begin, self.server.now_s - self.KEEPS_S)
        first += -first % self.STEP_S
        return [[at, str(at - self.server.now_s + self.KEEPS_S)] for at in range(int(first), int(end) + 1, self.STEP_S)]

    def do_GET(self):  # noqa: N802 (the name is http.server's)
        path, _, query = self.path.partition('?')
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        if self.server.token not in (None, self.headers['Authorization']):
            self.answer(401, {})
            return
        self.server.asked.append(asked.get('query', path))
        if path.endswith('buildinfo'):
            self.answer(200, {'status': 'success', 'data': {'version': '2.42.0'}})
            return
        window = re.search(r'\[(\d+)ms\]$', asked['query'])
        if window is None:
            self.answer(200, {'status': 'success', 'data': {'resultType': 'vector', 'result': [
                {'metric': {}, 'value': [0, '1']}]}})
            return
        if self.server.busy > 0:
            self.server.busy -= 1
            self.answer(429, {'status': 'error', 'error': 'not now'}, Retry_After='1')
            return
        end = float(asked['time'])
        values = self.samples(end - int(window.group(1)) / 1000, end)
        if len(values) > self.SAMPLES_MAX:
            self.answer(422, {'status': 'error', 'errorType': 'execution', 'error':
                              'query processing would load too many samples into memory in query execution'})
            return
        result = [{'metric': {'__name__': 'requests_total', 'workload': 'web', 'code': code}, 'values': values}
                  for code in ('200', '500')] if values else []
        self.answer(200, {'status': 'success', 'data': {'resultType': 'matrix', 'result': result}})


class Record(Case):
    def serve(self, busy=0, token=None):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Forgetful)
        server.busy, server.asked, server.now_s, server.token = busy, [], int(time.time()), token
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server, f'http://127.0.0.1:{server.server_address[1]}'

    def record(self, url, *args):
        canary = self.write('canary.json', month.canary(99))
        return run('record', '--prometheus', url, '-f', canary, '-o', self.top / 'data.json', *args)

    def test_busy_and_forgetful(self):
        server, url = self.serve(busy=2)
        done = self.record(url, '--from', '-2d')
        self.expect(0, r'status 429: not now; once more in 1 s', done)
        self.expect(0, r'the server has nothing before [^\n]*: 6\.\d hours instead of the 2\.0 days that were', done)
        data = json.loads((self.top / 'data.json').read_text())
        self.assertEqual(['{__name__="requests_total",workload=~"web(-primary)?"}'],
                         [each['selector'] for each in data['selectors']])
        self.assertEqual(2, len(data['series']))
        steps = re.fullmatch(r'\d+ 30000x(\d+)', data['times'][0])  # each sample once, whatever pieces it came in
        self.assertIn(int(steps.group(1)), range(718, 721))
        self.assertRegex(' '.join(data['notes']), 'the server has nothing before')

    def test_cannot(self):
        _, url = self.serve()
        for said, args in (('Failed to connect', ['http://127.0.0.1:1']),
                           (r'nothing was recorded from 2020-01-01T00:00:00Z to 2020-01-02T00:00:00Z: no series was '
                            'like this: ', [url, '--from', '2020-01-01', '--to', '2020-01-02']),
                           ('--from tomorrow: a time such as', [url, '--from', 'tomorrow']),
                           ('--to tomorrow: a time such as', ['http://127.0.0.1:1', '--to', 'tomorrow']),
                           ('--from -1h: a time before --to', [url, '--from', '-1h', '--to', '-2h'])):
            with self.subTest(said):
                self.expect(2, said, self.record(*args))
                self.assertFalse((self.top / 'data.json').exists())
        self.expect(2, 'there is nothing to record', run(
            'record', '--prometheus', url, '-o', self.top / 'x', '-f', self.write('bare.json', {
                **month.canary(99), 'spec': {**month.canary(99)['spec'], 'analysis': {
                    'interval': '1m', 'threshold': 1, 'stepWeight': 50, 'maxWeight': 50}}})))

    def test_token(self):
        """A server that wants a bearer token gets that of the file, or else that of the environment."""
        _, url = self.serve(token='Bearer s3cret')
        data, token = self.top / 'data.json', self.top / 'token'
        token.write_text('s3cret\n')
        files = ['backtest', '-f', self.write('canary.json', month.canary(99))]
        backtest = [*files, '--prometheus', url, '--from', '-3h']
        wants = f'--prometheus {url}: status 401: it wants to know who asks; --prometheus-token-file FILE names a token'
        self.expect(2, wants, self.record(url))
        self.expect(2, wants, run(*backtest))
        self.assertFalse(data.exists())
        self.expect(0, 'samples of 2 series', self.record(url, '--prometheus-token-file', token))
        self.assertNotIn('s3cret', data.read_text())
        self.expect(0, r'^\d releases in \d+ s', run(*backtest, '--prometheus-token-file', token))
        self.expect(0, r'^\d releases in \d+ s', run(*backtest, env={**os.environ, 'PROMETHEUS_TOKEN': 's3cret'}))
        self.expect(2, f'--prometheus: file {token}.gone: cannot open: ',
                    run(*backtest, '--prometheus-token-file', f'{token}.gone'))
        self.expect(2, '--prometheus-token-file is of use with --prometheus only',
                    run(*files, '--data', data, '--prometheus-token-file', token))

    def test_server_beside_data(self):
        """What is not evaluated here is asked of a server, when there is one."""
        _, url = self.serve()
        month.write_record(self.top / 'data.json', 0.5, 10, 60, bad=())
        canary = month.canary(99)
        canary['spec']['analysis']['metrics'][1] = {
            'name': 'old', 'interval': '5m', 'thresholdRange': {'min': 1, 'max': 1},
            'query': 'sum(holt_winters(requests_total{workload="{{ target }}"}[5m], 0.5, 0.5))'}
        done = run('backtest', '-f', self.write('canary.json', canary), '--data', self.top / 'data.json',
                   '--prometheus', url, '--every', '4h')
        self.expect(0, r'holt_winters\(\) is not evaluated here: the server is asked', done)
        self.expect(0, r'\nas it is +3 +0 +0 ', done)

    def test_from_a_server(self):
        """A back-test may record by itself: what all sets of rules ask."""
        server, url = self.serve()
        canary, other = self.write('canary.json', month.canary(99)), month.canary(99)
        other['spec']['analysis']['metrics'][0]['query'] = 'count(others_total)'
        done = run('backtest', '-f', canary, '--prometheus', url, '--from', '-3h', '--every', '1h',
                   '--with', f'other={self.write("other.json", other)}')
        self.expect(0, r'^\d releases in \d+ s', done)
        self.assertTrue(any(asked.startswith('{__name__="others_total"}[') for asked in server.asked), server.asked)


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

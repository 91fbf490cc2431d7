#!/usr/bin/env python3
"""sluice shadow beside somebody who writes what Flagger writes, on a served cluster.

    shadow.py SLUICE

(What is said of which round: spec/tool/shadow_spec.lua. Beside a real Flagger: tests/cluster/scenario_migrate.py.)
"""
import contextlib
import datetime
import http.server
import json
import os
import pathlib
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SLUICE = None
PATIENCE_S = 60
WATCHES_ONE = 'sluice shadow: watches 1 Canary of namespace shop\n'
OBJECTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: {name: errors, namespace: shop}
spec:
  provider: {type: prometheus, address: 'URL/template'}
  query: errors{target="{{ target }}"}
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: {name: flux, namespace: shop}
spec:
  provider: {type: influxdb, address: 'URL/influx'}
  query: from(bucket)
---
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: podinfo, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
  service: {port: 9898}
  metricsServer: URL/named
  strategy: {params: {blind: hold}}
  analysis:
    interval: 1m
    threshold: 5
    maxWeight: 20
    stepWeight: 10
    metrics:
    - {name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}
    - {name: errors, thresholdRange: {max: 5}, templateRef: {name: errors}}
    webhooks: [{name: load, url: 'URL/hook'}]
"""


class Metrics(http.server.BaseHTTPRequestHandler):
    """A Prometheus whose only value is the server's `value`; None: it has nothing. Below /away it is none."""

    def do_GET(self):
        asked = self.server.tried if 'query=vector' in self.path else self.server.asked
        asked.append((self.command, self.path.split('?')[0], self.headers['Authorization']))
        value = self.server.value
        result = [] if value is None else [{'metric': {}, 'value': [1, str(value)]}]
        if self.path.startswith('/template'):
            result = [{'metric': {}, 'value': [1, '1']}]
        away = self.path.startswith('/away')
        body = json.dumps({'status': 'success', 'data': {'resultType': 'vector', 'result': result}}).encode()
        self.send_response(404 if away else 200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # it has ended
            self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_GET

    def log_message(self, *_):
        pass


class Shadow(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.config = pathlib.Path(top.name) / 'kubeconfig'
        self.metrics = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Metrics)
        self.metrics.asked, self.metrics.tried, self.metrics.value = [], [], 100
        self.addCleanup(self.metrics.server_close)
        self.addCleanup(self.metrics.shutdown)
        threading.Thread(target=self.metrics.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.metrics.server_port}'
        self.server = subprocess.Popen([SLUICE, 'sim', '--kubeconfig', self.config], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.terminate)
        self.until(lambda: self.config.exists() and self.kubectl('get', 'ns', check=False).returncode == 0)
        self.kubectl('apply', '-f', '-', text=OBJECTS.replace('URL', self.url))
        self.lines = queue.Queue()

    def until(self, holds):
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            self.assertLess(time.monotonic(), deadline, 'it has not come')
            time.sleep(0.05)

    def environment(self):
        return {**os.environ, 'KUBECONFIG': str(self.config)}

    def kubectl(self, *words, text=None, check=True):
        done = subprocess.run(['kubectl', *words], input=text, capture_output=True, text=True, timeout=PATIENCE_S,
                              env=self.environment())
        self.assertTrue(done.returncode == 0 or not check, done)
        return done

    def version(self):
        """Each write gives another one."""
        return int(json.loads(self.kubectl('get', '--raw', '/api/v1/namespaces').stdout)['metadata']['resourceVersion'])

    def shadow(self, *words, env=None):
        process = subprocess.Popen([SLUICE, 'shadow', '-n', 'shop', *words], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**self.environment(), **(env or {})})

        def read():
            with process.stdout:
                for line in process.stdout:
                    self.lines.put(line.rstrip('\n'))
            self.lines.put(None)
        threading.Thread(target=read, daemon=True).start()
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def line(self):
        """The next line, without its time; None: there is none any more."""
        line = self.lines.get(timeout=PATIENCE_S)
        return line and line.split('  ', 1)[-1]

    @staticmethod
    def now():
        return datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')

    def write(self, phase, weight=0, failed=0):
        """What Flagger writes."""
        status = {'phase': phase, 'canaryWeight': weight, 'failedChecks': failed, 'iterations': 0,
                  'lastAppliedSpec': 'a', 'lastTransitionTime': self.now()}
        self.kubectl('-n', 'shop', 'patch', 'canary', 'podinfo', '--subresource=status', '--type=merge', '-p',
                     json.dumps({'status': status}))

    def tell(self, text):
        event = {'apiVersion': 'v1', 'kind': 'Event', 'metadata': {'generateName': 'podinfo.', 'namespace': 'shop'},
                 'involvedObject': {'kind': 'Canary', 'namespace': 'shop', 'name': 'podinfo'}, 'reason': 'Synced',
                 'type': 'Warning', 'message': text, 'lastTimestamp': self.now(), 'count': 1,
                 'source': {'component': 'flagger'}}
        self.kubectl('create', '-f', '-', text=json.dumps(event))

    def test_a_release(self):
        """It is promoted; what Flagger counts as a failed check, Sluice would have held for."""
        process = self.shadow('--once', 'podinfo')
        self.assertEqual('podinfo.shop  no phase yet, the canary has 0', self.line())
        self.write('Initialized')
        self.write('Progressing')
        self.assertEqual('podinfo.shop  a release begins', self.line())
        self.write('Progressing', 10)
        self.assertEqual('podinfo.shop  0 → 10  agrees', self.line())
        self.assertEqual([], self.metrics.asked)
        self.metrics.value = None
        text = 'Halt advancement no values found for istio metric request-success-rate probably podinfo.shop is not ' \
            'receiving traffic: running query failed: no values found'
        self.write('Progressing', 10, 1)
        self.tell(text)
        self.assertEqual(f'podinfo.shop  failed checks 0 → 1  differs: Flagger counted failed check 1: {text}; Sluice '
                         'would have held: request-success-rate: no values found', self.line())
        self.write('Progressing', 10, 2)
        self.tell('Halt podinfo.shop advancement external check load failed 500 Internal Server Error')
        self.assertEqual('podinfo.shop  failed checks 1 → 2  agrees', self.line())
        self.metrics.value = 100
        self.write('Progressing', 20, 2)
        self.assertEqual('podinfo.shop  10 → 20  agrees', self.line())
        for phase, step in (('Promoting', 'promoted'), ('Finalising', 'all requests at the primary'),
                            ('Succeeded', 'succeeded')):
            self.write(phase, 20 if phase == 'Promoting' else 0, 2)
            self.assertEqual(f'podinfo.shop  {step}  agrees', self.line())
        self.assertEqual('podinfo.shop  release promoted: 7 rounds, 6 agree, 1 differs; webhooks were not called, and '
                         'count as Flagger got them: load', self.line())
        self.assertEqual('1 release: 7 rounds, 6 agree, 1 differs', self.line())
        self.assertIsNone(self.line())
        self.assertEqual((1, WATCHES_ONE), (process.wait(PATIENCE_S), process.stderr.read()))
        self.assertEqual([('GET', '/named/api/v1/query', None)], self.metrics.tried)
        self.assertEqual({('GET', '/named/api/v1/query', None), ('GET', '/template/api/v1/query', None)},
                         set(self.metrics.asked))

    def test_a_prometheus_that_does_not_answer(self):
        """It is told at the start, and nothing that it was needed for is compared."""
        with socket.create_server(('127.0.0.1', 0)) as free:
            dead = f'http://127.0.0.1:{free.getsockname()[1]}'
        for url, why in ((f'http://you:s3cret@{dead[7:]}/?key=s3cret', 'connect: connection refused'),
                         (f'{self.url}/away/', 'error response: Status 404 Not Found: ')):
            with self.subTest(url):
                self.write('Initialized')
                process = self.shadow('--once', '--prometheus', url)
                self.line()
                self.write('Progressing')
                self.write('Progressing', 10)
                self.assertEqual('podinfo.shop  a release begins', self.line())
                self.assertEqual('podinfo.shop  0 → 10  agrees', self.line())
                self.write('Progressing', 10, 1)
                self.tell('Halt podinfo.shop advancement success rate 94.96% < 99%')
                self.assertRegex(self.line(), '^podinfo.shop  failed checks 0 → 1  not compared: Prometheus at '
                                 f'.*{why}')
                self.write('Failed')
                self.assertEqual('podinfo.shop  taken back  agrees', self.line())
                self.assertIn('release taken back: 3 rounds, 2 agree, 1 not compared', self.line())
                self.assertEqual('1 release: 3 rounds, 2 agree, 1 not compared', self.line())
                self.assertIsNone(self.line())
                said = process.stderr.read()
                self.assertRegex(said, f'(?m)^sluice shadow: Prometheus at http://.*{why}.*; rounds that need it are '
                                 'not compared$')
                self.assertNotIn('s3cret', said)
                self.assertEqual(3, process.wait(PATIENCE_S))

    def test_it_writes_nothing(self):
        """Neither by itself nor while rounds come, and who it is is told to one server alone."""
        self.write('Progressing', 10)
        before = self.version()
        process = self.shadow('--prometheus', f'{self.url}/ours/', '-o', 'json', env={'PROMETHEUS_TOKEN': 's3cret'})
        self.assertEqual('canary', json.loads(self.lines.get(timeout=PATIENCE_S))['kind'])
        self.write('Progressing', 20)
        record = json.loads(self.lines.get(timeout=PATIENCE_S))
        self.assertEqual(('podinfo.shop', 'round', 'Progressing', '10 → 20', 'agrees'),
                         tuple(record[name] for name in ('canary', 'kind', 'phase', 'step', 'outcome')))
        self.assertEqual({'does': 'advance', 'number': 20}, record['flagger'])
        self.assertEqual(record['flagger'], record['sluice'])
        process.send_signal(signal.SIGINT)
        record = json.loads(self.lines.get(timeout=PATIENCE_S))
        self.assertEqual(('sum', 1, 1), (record['kind'], record['rounds'], record['agrees']))
        self.assertEqual((130, WATCHES_ONE), (process.wait(PATIENCE_S), process.stderr.read()))
        self.assertEqual([('GET', '/ours/api/v1/query', 'Bearer s3cret')], self.metrics.tried)
        self.assertEqual(before + 1, self.version())
        self.assertEqual({('GET', '/ours/api/v1/query', 'Bearer s3cret'), ('GET', '/template/api/v1/query', None)},
                         set(self.metrics.asked))

    def test_a_provider_that_wants_more_than_get(self):
        metrics = [{'name': 'flux', 'thresholdRange': {'max': 5}, 'templateRef': {'name': 'flux'}}]
        self.kubectl('-n', 'shop', 'patch', 'canary', 'podinfo', '--type=merge', '-p',
                     json.dumps({'spec': {'analysis': {'metrics': metrics}}}))
        self.write('Progressing', 10)
        process = self.shadow('--for', '1h')
        self.line()
        self.write('Progressing', 20)
        self.assertEqual('podinfo.shop  10 → 20  not compared: the provider influxdb of MetricTemplate shop/flux is '
                         'not asked by GET alone, and nothing else is sent', self.line())
        self.assertEqual([], self.metrics.asked)
        process.terminate()
        self.assertEqual(130, process.wait(PATIENCE_S))

    def test_a_cluster_that_goes_away(self):
        """It is told, and the watch goes on."""
        process = self.shadow()
        self.line()
        self.assertEqual(WATCHES_ONE, process.stderr.readline())
        self.server.terminate()
        self.assertRegex(process.stderr.readline(), '^sluice shadow: watch of .*: ')
        process.send_signal(signal.SIGINT)
        self.assertEqual(130, process.wait(PATIENCE_S))

    def test_what_it_watches(self):
        """It is told before anything happens."""
        self.kubectl('create', 'namespace', 'empty')
        for words, scope in ((['-n', 'shop', 'podinfo', 'canary/podinfo'], '1 Canary of namespace shop'),
                             (['-n', 'empty'], '0 Canaries of namespace empty'),
                             (['-n', 'none'], '0 Canaries of namespace none, which does not exist so far'),
                             (['-A'], '1 Canary of all namespaces')):
            with self.subTest(words):
                process = self.shadow(*words)
                self.assertEqual(f'sluice shadow: watches {scope}\n', process.stderr.readline())
                process.terminate()
                self.assertEqual(130, process.wait(PATIENCE_S))

    def test_how_it_ends(self):
        self.assertEqual('podinfo.shop  no phase yet, the canary has 0', self.shadow('--for', '1s') and self.line())
        self.assertEqual('0 releases: 0 rounds', self.line())
        self.assertIsNone(self.line())
        for words, problem in ((['-A', 'podinfo'], '-A and a Canary exclude each other'),
                               (['--for', 'soon'], '--for soon: a duration such as 1h is wanted'),
                               (['--prometheus', 'x'], '--prometheus: the URL of a server is wanted, got x'),
                               (['--prometheus-token-file', 'x'], 'is of use with --prometheus only'),
                               (['--kubeconfig', '/none'], '/none'),
                               (['-n', 'shop', 'canary/none'], 'there is no Canary none in the namespace shop'),
                               (['-n', 'shop', 'deployment/podinfo'], 'deployment/podinfo')):
            with self.subTest(words):
                done = subprocess.run([SLUICE, 'shadow', *words], capture_output=True, text=True, timeout=PATIENCE_S,
                                      env=self.environment())
                self.assertEqual((2, ''), (done.returncode, done.stdout))
                self.assertIn(problem, done.stderr)


def podinfo(name, spec):
    """A Deployment and its Canary, with this analysis."""
    labels, skip = {'app': name}, spec.pop('skipAnalysis', False)
    return [
        {'apiVersion': 'apps/v1', 'kind': 'Deployment',
         'metadata': {'name': name, 'namespace': 'shop', 'labels': labels},
         'spec': {'replicas': 1, 'selector': {'matchLabels': labels}, 'template': {
             'metadata': {'labels': labels}, 'spec': {'containers': [{'name': 'c', 'image': f'{name}:1'}]}}}},
        {'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': name, 'namespace': 'shop'},
         'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': name}, 'service': {'port': 80},
                  'skipAnalysis': skip, 'analysis': {'interval': '10s', 'threshold': 3, 'metrics': [], **spec}}}]


def nowhere(name, kind):
    return [{'name': name, 'type': kind, 'url': f'http://127.0.0.1:9/{name}'}]


class BesideSluice(unittest.TestCase):
    """Sluice writes what Flagger writes: beside itself it agrees with each round."""

    KINDS = {
        'steps': {'stepWeight': 20, 'maxWeight': 50}, 'listed': {'stepWeights': [1, 20, 80], 'stepWeightPromotion': 30},
        'green': {'iterations': 3}, 'copied': {'iterations': 2, 'mirror': True},
        'skipped': {'skipAnalysis': True, 'stepWeight': 50},
        'ab': {'iterations': 3, 'match': [{'headers': {'x': {'exact': 'y'}}}]},
        'failing': {'stepWeight': 50, 'webhooks': nowhere('load', 'rollout')},
        'gated': {'stepWeight': 50, 'maxWeight': 50, 'webhooks': nowhere('gate', 'confirm-promotion')},
        'gated-ab': {'iterations': 2, 'match': [{'headers': {'x': {'exact': 'y'}}}],
                     'webhooks': nowhere('gate', 'confirm-promotion')},
        'gated-green': {'iterations': 2, 'webhooks': nowhere('gate', 'confirm-promotion')},
    }
    until, environment, kubectl = Shadow.until, Shadow.environment, Shadow.kubectl

    def test_all_kinds(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.config = pathlib.Path(top.name) / 'kubeconfig'
        served = subprocess.Popen([SLUICE, 'demo', '--serve', '--speed', '30', '--kubeconfig', self.config],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(served.wait)
        self.addCleanup(served.terminate)
        self.until(lambda: self.config.exists() and self.kubectl('get', 'ns', check=False).returncode == 0)
        self.kubectl('create', 'namespace', 'shop')
        objects = [each for name, spec in self.KINDS.items() for each in podinfo(name, dict(spec))]
        self.kubectl('apply', '-f', '-', text=json.dumps({'apiVersion': 'v1', 'kind': 'List', 'items': objects}))
        self.kubectl('-n', 'shop', 'wait', 'canary', '--all', '--for=jsonpath={.status.phase}=Initialized',
                     f'--timeout={PATIENCE_S}s')
        process = subprocess.Popen([SLUICE, 'shadow', '-n', 'shop', '--once', '-o', 'json', *self.KINDS], text=True,
                                   stdout=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        with process.stdout:
            records = [json.loads(process.stdout.readline()) for _ in self.KINDS]
            for name in self.KINDS:
                self.kubectl('-n', 'shop', 'set', 'image', f'deployment/{name}', f'c={name}:2')
            for name in ('gated', 'gated-ab', 'gated-green'):
                self.kubectl('-n', 'shop', 'wait', f'canary/{name}', f'--timeout={PATIENCE_S}s',
                             '--for=jsonpath={.status.phase}=WaitingPromotion')
                subprocess.run([SLUICE, 'approve', '-n', 'shop', name], check=True, stdout=subprocess.DEVNULL,
                               env=self.environment())
            records += [json.loads(line) for line in process.stdout]
        self.assertEqual(0, process.wait(PATIENCE_S), records)
        self.assertEqual([], [r for r in records if r['kind'] == 'round' and r['outcome'] != 'agrees'])
        self.assertEqual({f'{name}.shop': 'taken back' if name == 'failing' else 'promoted' for name in self.KINDS},
                         {r['canary']: r['ended'] for r in records if r['kind'] == 'release'})
        self.assertGreater(records[-1]['agrees'], 40)


class Denying(http.server.BaseHTTPRequestHandler):
    """An API server that lets nobody read anything, but Canaries where the server's `may` says so."""

    def do_GET(self):
        kind = self.path.split('?')[0].rsplit('/', 1)[1]
        self.server.asked.append(kind)
        status, answer = 403, {'kind': 'Status', 'apiVersion': 'v1', 'status': 'Failure', 'code': 403,
                               'reason': 'Forbidden', 'message': 'alice may not list them'}
        if kind == 'canaries' and self.server.may:
            status, answer = 200, {'kind': 'CanaryList', 'apiVersion': 'flagger.app/v1beta1', 'metadata': {},
                                   'items': []}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Forbidden(unittest.TestCase):
    def test_what_may_not_be_read(self):
        """Without Canaries it ends; without the others it goes on, and does not ask again."""
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Denying)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        config = pathlib.Path(top.name) / 'kubeconfig'
        config.write_text(json.dumps({
            'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c', 'users': [],
            'clusters': [{'name': 'c', 'cluster': {'server': f'http://127.0.0.1:{server.server_port}'}}],
            'contexts': [{'name': 'c', 'context': {'cluster': 'c', 'namespace': 'test'}}]}))
        without = ''.join(f'sluice shadow: without {kind}: alice may not list them\n'
                          for kind in ('metrictemplates', 'events'))
        for may, status, told in ((False, 2, 'sluice shadow: alice may not list them\n'), (True, 3, without)):
            server.may, server.asked = may, []
            done = subprocess.run([SLUICE, 'shadow', '--for', '1s'], capture_output=True, text=True,
                                  timeout=PATIENCE_S, env={**os.environ, 'KUBECONFIG': str(config)})
            self.assertEqual((status, told), (done.returncode, done.stderr[:len(told)]))
            self.assertEqual(may, 'releases: 0 rounds' in done.stdout)
            self.assertLessEqual(server.asked.count('events') + server.asked.count('metrictemplates'), 2)


if __name__ == '__main__':
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()

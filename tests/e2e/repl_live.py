#!/usr/bin/env python3
"""sluice repl over a live canary: what it reads, and of whom.

    repl_live.py SLUICE
"""
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAK = ROOT / 'examples/scenarios/slow-leak.yaml'
SLUICE = None
PATIENCE_S = 300


class Live(unittest.TestCase):
    """A canary of a served cluster (tests/cluster/scenario_repl.py has a real one)."""

    maxDiff = None

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)
        self.kubeconfig = self.top / 'kubeconfig'
        served = subprocess.Popen([SLUICE, 'demo', LEAK, '--serve', '--speed', '20', '--kubeconfig', self.kubeconfig],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(served.stdout.close)
        self.addCleanup(served.wait)
        self.addCleanup(served.kill)
        for line in served.stdout:
            if 'canary weight 10' in line:
                break
        self.served = served

    def walk(self, *lines, name='checkout', more=('--prometheus', 'http://127.0.0.1:1'), env=None):
        done = subprocess.run([SLUICE, 'repl', '-n', 'shop', name, '--kubeconfig', self.kubeconfig, *more], env=env,
                              input='\n'.join(lines) + '\n', capture_output=True, text=True, timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def test_walk(self):
        """The release that is under way goes on in the console, and comes to its end there alone: Prometheus is away,
        so it is taken back."""
        status, told, errors = self.walk('release.name', 'run', 'canary.phase', 'canary.primary', 'b 100',
                                         'canary.phase')
        self.assertEqual((0, ''), (status, errors), told)
        self.assertIn('Failed to connect to 127.0.0.1 port 1', told)
        self.assertIn('would: ', told)
        self.assertIn('\nFailed\nshop/checkout:1\n', told)
        self.assertTrue(told.startswith('checkout-1\n'), told)
        self.assertTrue(told.endswith('\nProgressing\n'), told)
        for line in self.served.stdout:  # its own release goes on by its own story
            if 'canary weight 20' in line:
                break
            self.assertNotIn('Rolling back', line)

    def test_next_version(self):
        """A version that is pushed in the console is a release there, whatever number the controller gives it."""
        for line in self.served.stdout:
            if 'Canary failed' in line:
                break
        status, told, errors = self.walk("deploy 'shop/checkout:3'")
        self.assertEqual((0, ''), (status, errors), told)
        self.assertRegex(told, r'deploy shop/checkout:\d → shop/checkout:3, release checkout-2 has begun\n\Z')

    def test_not_there(self):
        status, told, errors = self.walk('1', name='nobody')
        self.assertEqual((2, ''), (status, told))
        self.assertRegex(errors, r'\Asluice repl: there is no Canary nobody in namespace shop of http')
        self.kubeconfig.write_text('{}')
        status, told, errors = self.walk('1')
        self.assertEqual((2, ''), (status, told))
        self.assertRegex(errors, r'\Asluice repl: kubeconfig ')

    def test_interrupted_answer(self):
        """Ctrl-C ends the wait for a server, and the line that waits, each time; the console goes on."""
        over, came = threading.Event(), threading.Semaphore(0)
        self.addCleanup(over.set)

        def answer(_):
            came.release()
            over.wait()
        url, _ = self.serve(answer)
        child = subprocess.Popen([SLUICE, 'repl', '-n', 'shop', 'checkout', '--kubeconfig', self.kubeconfig,
                                  '--prometheus', url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.kill)
        lines = ['canary.success_rate', "check('request-success-rate')", 'canary.p99']
        child.stdin.write('\n'.join([*lines, '1 + 1']) + '\n')
        child.stdin.flush()
        for _ in lines:
            self.assertTrue(came.acquire(timeout=PATIENCE_S))
            child.send_signal(signal.SIGINT)
        told, errors = child.communicate(timeout=PATIENCE_S)
        self.assertEqual((0, '2\n', 'interrupted; all is as it was before this line\n' * 3),
                         (child.returncode, told, errors))

    def test_token(self):
        """The server of --prometheus gets the token, the one that the Canary names does not."""
        url, asked = self.serve(lambda handler: handler.headers['Authorization'] == 'Bearer s3cret' and {
            'status': 'success', 'data': {'resultType': 'vector', 'result': [{'metric': {}, 'value': [1, '42']}]}})
        token = self.top / 'token'
        token.write_text('s3cret\n')
        self.send('PATCH', 'flagger.app/v1beta1', 'canaries/checkout', {'spec': {'metricsServer': f'{url}/named/'}})

        def those():
            return {(path.partition('/api')[0], headers['Authorization']) for _, path, headers in asked}
        environment = {**os.environ, 'PROMETHEUS_TOKEN': 's3cret'}
        flags = ('--prometheus', f'{url}/ours/')
        for more, env in (((*flags, '--prometheus-token-file', token), None), (flags, environment)):
            self.assertEqual((0, '42\n', ''), self.walk("(query('up'))", more=more, env=env))
        self.assertEqual({('/ours', 'Bearer s3cret')}, those())
        asked.clear()
        self.assertIn('401', self.walk("query('up')", more=(), env=environment)[1])
        self.assertEqual({('/named', None)}, those())
        self.assertEqual((2, '', 'sluice repl: --prometheus-token-file is of use with --prometheus only\n\n'
                                 'sluice repl --help says how to use it\n'),
                         self.walk('1', more=('--prometheus-token-file', token)))
        token.write_text('')
        self.assertEqual((2, '', f'sluice repl: {token}: a token is wanted, got nothing\n'),
                         self.walk('1', more=(*flags, '--prometheus-token-file', token)))

    def test_providers(self):
        """Templates ask their providers as an engine does, with their Secrets, but by GET alone."""
        url, asked = self.serve(lambda handler: {
            'series': [{'pointlist': [[1577232000000, 4.5]]}]} if 'datadog' in handler.path else [
            {'target': 'x', 'datapoints': [[7.5, 1]]}])
        keys = {'datadog_api_key': 'api', 'datadog_application_key': 'app'}
        self.create('v1', 'secrets', 'Secret', 'datadog', stringData=keys)
        for kind in ('datadog', 'graphite', 'influxdb'):
            secret = {'secretRef': {'name': 'datadog'}} if kind == 'datadog' else {}
            self.create('flagger.app/v1beta1', 'metrictemplates', 'MetricTemplate', kind, spec={
                'provider': {'type': kind, 'address': f'{url}/{kind}', **secret}, 'query': 'target={{ target }}'})
        self.send('PATCH', 'flagger.app/v1beta1', 'canaries/checkout', {'spec': {'analysis': {
            'webhooks': [{'name': 'load', 'type': 'rollout', 'url': f'{url}/load'}],  # on the same host
            'metrics': [{'name': kind, 'templateRef': {'name': kind}, 'interval': '1m', 'thresholdRange': {'max': 10}}
                        for kind in ('datadog', 'graphite', 'influxdb')]}}})
        status, told, errors = self.walk('s', 's')
        self.assertEqual((0, ''), (status, errors))
        self.assertIn(' datadog 4.5 (≤ 10, margin 5.5) · graphite 7.5 (≤ 10, margin 2.5) · influxdb ', told)
        self.assertIn('load → not called', told)
        self.assertIn('not sent: a console that only reads sends no POST', told)
        self.assertEqual({'GET'}, {method for method, _, _ in asked})
        self.assertEqual([('api', 'app')], [(headers['DD-API-KEY'], headers['DD-APPLICATION-KEY'])
                                            for _, path, headers in asked if path.startswith('/datadog/api/v1/query')])
        self.assertTrue(any(path.startswith('/graphite/render?format=json&target=checkout') for _, path, _ in asked))

    def serve(self, answer):
        """A server; `answer`: gives a document to a handler, or what is false: 401. Its URL, and what it was asked."""
        asked = []

        class Door(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                asked.append((handler.command, handler.path, handler.headers))
                said = answer(handler)
                handler.send_response(200 if said else 401)
                handler.end_headers()
                handler.wfile.write(json.dumps(said).encode() if said else b'')

            do_POST = do_GET

            def log_message(handler, *_):
                pass

        door = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Door)
        threading.Thread(target=door.serve_forever, daemon=True).start()
        self.addCleanup(door.server_close)
        self.addCleanup(door.shutdown)
        return f'http://127.0.0.1:{door.server_port}', asked

    def create(self, version, plural, kind, name, **rest):
        self.send('POST', version, plural, {'apiVersion': version, 'kind': kind,
                                            'metadata': {'name': name, 'namespace': 'shop'}, **rest})

    def send(self, method, version, path, body):
        server = re.search(r'http://[\d.:]+', self.kubeconfig.read_text()).group()
        url = f'{server}/{"apis" if "/" in version else "api"}/{version}/namespaces/shop/{path}'
        kind = 'application/merge-patch+json' if method == 'PATCH' else 'application/json'
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), {'Content-Type': kind},
                                                      method=method), timeout=PATIENCE_S).close()


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

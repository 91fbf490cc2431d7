#!/usr/bin/env python3
"""sluice check --prometheus against a Prometheus 2 that scrapes itself.

    prometheus.py SLUICE

(What is said of which answer: spec/tool/prometheus_spec.lua.)
"""
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))
from processes import free_port  # noqa: E402

SLUICE = None
PATIENCE_S = 60
QUERIES = {
    'fine': 'sum(up{job="{{ target }}"})',
    'short': 'sum(rate(prometheus_http_requests_total{job="{{ target }}"}[{{ interval }}]))',
    'several': 'topk(2, prometheus_http_requests_total{job="{{ target }}"})',
    'labels': 'sum(rate(up{job="{{ target }}-canary"}[1m]))',
    'nan': '0 * sum(up{job="{{ target }}"}) / 0',
    'wrong': 'sum(rate(up{job="{{ target }}"}))',
}


def manifest(queries):
    metrics = [{'name': name, 'interval': '1s', 'query': query, 'thresholdRange': {'max': 1}}
               for name, query in queries.items()]
    return json.dumps({
        'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': 'web', 'namespace': 'shop'},
        'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'self'}, 'service': {'port': 80},
                 'analysis': {'interval': '30s', 'threshold': 5, 'stepWeight': 10, 'metrics': metrics}}})


class Prometheus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        program = shutil.which('prometheus')
        if program is None:
            raise unittest.SkipTest('there is no prometheus; scripts/setup installs it')
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.top = pathlib.Path(folder.name)
        address = f'127.0.0.1:{free_port()}'
        cls.url = f'http://{address}'
        config = cls.top / 'prometheus.yml'
        config.write_text(json.dumps({'scrape_configs': [
            {'job_name': 'self', 'scrape_interval': '1s', 'static_configs': [{'targets': [address]}]}]}))
        cls.server = subprocess.Popen([program, f'--config.file={config}', f'--storage.tsdb.path={cls.top}/data',
                                       f'--web.listen-address={address}'], stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.terminate)
        cls.wait_for('count(prometheus_http_requests_total) > 1')

    @classmethod
    def wait_for(cls, query):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                url = f'{cls.url}/api/v1/query?{urllib.parse.urlencode({"query": query})}'
                with urllib.request.urlopen(url, timeout=5) as answer:
                    if json.load(answer)['data']['result']:
                        return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(f'{query} has no answer')

    def check(self, queries, url=None, *more, **environment):
        path = self.top / 'canary.json'
        path.write_text(manifest(queries))
        done = subprocess.run([SLUICE, 'check', path, '--prometheus', url or self.url, '-o', 'json', *more],
                              capture_output=True, text=True, timeout=PATIENCE_S, env=os.environ | environment)
        found = json.loads(done.stdout)
        said = [(each['severity'], each['message'].partition(': Prometheus: ')[2]) for each in found['findings']]
        return done.returncode, said, found['errors']

    def test_fine(self):
        self.assertEqual((0, [], []), self.check({'fine': QUERIES['fine']}))

    def test_findings(self):
        expected = {
            'short': (0, 'warning', 'the window [1s] is too short: job "self" is scraped every 1s, and a rate needs '
                                    'two samples'),
            'several': (0, 'warning', 'the query gives 2 series, of which the last one counts; sum(…) makes one of '
                                      'them'),
            'labels': (0, 'warning', 'no series was like this within a day: up{job="self-canary"}'),
            'nan': (0, 'warning', 'the query gives no number now (NaN), as when there were no requests'),
            'wrong': (1, 'error', 'it refuses the query: invalid parameter "query": 1:10: parse error: expected type '
                                  'range vector in call to function "rate", got instant vector'),
        }
        for name, (status, *said) in expected.items():
            with self.subTest(name):
                self.assertEqual((status, [tuple(said)], []), self.check({name: QUERIES[name]}))

    def test_scripts(self):
        """Queries in the scripts of Checks are asked for the Canaries that name them, and told at the script."""
        canary = json.loads(manifest({}))
        canary['spec']['analysis']['metrics'] = [{'name': 'a', 'interval': '1s', 'checkRef': {'name': 'guard'}}]
        (self.top / 'canary.json').write_text(json.dumps(canary))
        (self.top / 'check.yaml').write_text("""apiVersion: sluice.dev/v1alpha1
kind: Check
metadata: {name: guard, namespace: shop}
spec:
  script: |
    return require 'stdlib.check' { name = 'guard', run = function(c)
      local value = c:query 'sum(up{job="{{ target }}"})'
      local other = c:query 'sum(rate(up{job="{{ target }}"}[{{ interval }}]))'
      return c:judge(value - other, { max = 1 })
    end }
""")
        done = subprocess.run([SLUICE, 'check', 'canary.json', 'check.yaml', '--prometheus', self.url],
                              capture_output=True, text=True, timeout=PATIENCE_S, cwd=self.top)
        self.assertEqual('check.yaml:8:29: warning: query: Prometheus: the window [1s] is too short: job "self" is '
                         'scraped every 1s, and a rate needs two samples\n2 files, 0 errors, 1 warning\n', done.stdout)
        self.assertEqual((0, ''), (done.returncode, done.stderr))

    def test_away(self):
        """A server that is away, or is none, is told as such, and the files are looked at all the same."""
        away = f'http://127.0.0.1:{free_port()}'
        status, said, errors = self.check({'short': QUERIES['short']}, away)
        self.assertEqual((2, []), (status, said))
        self.assertRegex(errors[0], f'^--prometheus {away}: GET .*: Failed to connect')
        status, said, errors = self.check({'short': QUERIES['short']}, f'{self.url}/elsewhere')
        self.assertEqual((2, [], [f'--prometheus {self.url}/elsewhere: status 404, and no answer of a Prometheus']),
                         (status, said, errors))

    def test_token(self):
        """A server that wants a bearer token gets that of a file, or of the environment, and nobody else does."""
        asked = []

        class Door(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                asked.append(handler.headers['Authorization'])
                allowed = asked[-1] == 'Bearer s3cret'
                handler.send_response(200 if allowed else 401)
                handler.end_headers()
                if allowed:
                    with urllib.request.urlopen(self.url + handler.path, timeout=PATIENCE_S) as answer:
                        handler.wfile.write(answer.read())

            def log_message(handler, *_):
                pass

        door = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Door)
        threading.Thread(target=door.serve_forever, daemon=True).start()
        self.addCleanup(door.server_close)
        self.addCleanup(door.shutdown)
        url = f'http://127.0.0.1:{door.server_port}'
        token = self.top / 'token'
        token.write_text('s3cret\n')
        fine = {'fine': QUERIES['fine']}
        self.assertEqual((2, [], [f'--prometheus {url}: status 401: it wants to know who asks; --prometheus-token-file '
                                  'FILE names a token']), self.check(fine, url))
        self.assertEqual((0, [], []), self.check(fine, url, '--prometheus-token-file', token))
        self.assertEqual((0, [], []), self.check(fine, url, PROMETHEUS_TOKEN='s3cret'))
        self.assertEqual((0, [], []), self.check(fine, url, '--prometheus-token-file', token, PROMETHEUS_TOKEN='other'))
        self.assertEqual({None, 'Bearer s3cret'}, set(asked))
        token.write_text('two words')
        self.assertEqual((2, [], [f'--prometheus: {token}: a token is wanted, got several words']),
                         self.check(fine, url, '--prometheus-token-file', token))
        token.unlink()
        status, _, errors = self.check(fine, url, '--prometheus-token-file', token)
        self.assertEqual(2, status)
        self.assertIn(f'{token}: cannot open: No such file or directory', errors[0])


if __name__ == '__main__':
    SLUICE = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1], verbosity=2)

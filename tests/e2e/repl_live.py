#!/usr/bin/env python3
"""sluice repl over a live canary: what it reads, and of whom.

    repl_live.py SLUICE
"""
import http.server
import json
import os
import pathlib
import re
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

    def test_not_there(self):
        status, told, errors = self.walk('1', name='nobody')
        self.assertEqual((2, ''), (status, told))
        self.assertRegex(errors, r'\Asluice repl: there is no Canary nobody in namespace shop of http')
        self.kubeconfig.write_text('{}')
        status, told, errors = self.walk('1')
        self.assertEqual((2, ''), (status, told))
        self.assertRegex(errors, r'\Asluice repl: kubeconfig ')


    def test_token(self):
        """The server of --prometheus gets the token, the one that the Canary names does not."""
        asked = []

        class Door(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                asked.append((handler.path.partition('/api')[0], handler.headers['Authorization']))
                allowed = asked[-1][1] == 'Bearer s3cret'
                handler.send_response(200 if allowed else 401)
                handler.end_headers()
                if allowed:
                    handler.wfile.write(b'{"status":"success","data":{"resultType":"vector","result":'
                                        b'[{"metric":{},"value":[1,"42"]}]}}')

            def log_message(handler, *_):
                pass

        door = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Door)
        threading.Thread(target=door.serve_forever, daemon=True).start()
        self.addCleanup(door.server_close)
        self.addCleanup(door.shutdown)
        url = f'http://127.0.0.1:{door.server_port}'
        token = self.top / 'token'
        token.write_text('s3cret\n')
        self.patch({'spec': {'metricsServer': f'{url}/named/'}})
        environment = {**os.environ, 'PROMETHEUS_TOKEN': 's3cret'}
        flags = ('--prometheus', f'{url}/ours/')
        for more, env in (((*flags, '--prometheus-token-file', token), None), (flags, environment)):
            self.assertEqual((0, '42\n', ''), self.walk("(query('up'))", more=more, env=env))
        self.assertEqual({('/ours', 'Bearer s3cret')}, set(asked))
        asked.clear()
        self.assertIn('401', self.walk("query('up')", more=(), env=environment)[1])
        self.assertEqual({('/named', None)}, set(asked))
        self.assertEqual((2, '', 'sluice repl: --prometheus-token-file is of use with --prometheus only\n\n'
                                 'sluice repl --help says how to use it\n'),
                         self.walk('1', more=('--prometheus-token-file', token)))
        token.write_text('')
        self.assertEqual((2, '', f'sluice repl: {token}: a token is wanted, got nothing\n'),
                         self.walk('1', more=(*flags, '--prometheus-token-file', token)))

    def patch(self, patch):
        server = re.search(r'http://[\d.:]+', self.kubeconfig.read_text()).group()
        path = '/apis/flagger.app/v1beta1/namespaces/shop/canaries/checkout'
        urllib.request.urlopen(urllib.request.Request(
            server + path, json.dumps(patch).encode(), {'Content-Type': 'application/merge-patch+json'},
            method='PATCH'), timeout=PATIENCE_S).close()


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

#!/usr/bin/env python3
"""What a served cluster offers to those who try things on it: the gates of a load tester, Prometheus, what to type.

    served.py SLUICE
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))
from processes import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = None
PATIENCE_S = 60
LOADTESTER = 'http://flagger-loadtester.test'


class Served(unittest.TestCase):
    def serve(self, *words, folder=ROOT):
        """Until its kubeconfig is written; what follows is read from `self.process`."""
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.config = pathlib.Path(top.name, 'kubeconfig')
        self.process = subprocess.Popen([SLUICE, *words, '--kubeconfig', self.config], cwd=folder, text=True,
                                        stdout=subprocess.PIPE)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.terminate)
        self.assertIn('export KUBECONFIG=', self.process.stdout.readline())
        self.server = re.search(r'server: "(http://[^"]+)"', self.config.read_text())[1]

    def kubectl(self, *words):
        subprocess.run(['kubectl', *words], check=True, capture_output=True, timeout=PATIENCE_S, cwd=ROOT,
                       env={**os.environ, 'KUBECONFIG': str(self.config)})

    def wait_phase(self, phase):
        self.kubectl('-n', 'test', 'wait', 'canary/podinfo', f'--for=jsonpath={{.status.phase}}={phase}',
                     f'--timeout={PATIENCE_S}s')

    def status(self, path, body=None):
        try:
            with urllib.request.urlopen(self.server + path, body, timeout=PATIENCE_S) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def gate(self, verb, kind='gate'):
        return self.status(f'/{kind}/{verb}', json.dumps({'name': 'podinfo', 'namespace': 'test'}).encode())

    def test_gates(self):
        """Without a scenario they are closed until somebody opens them."""
        self.serve('demo', '--serve', '--speed', '200')
        hooks = [{'name': kind, 'type': kind, 'url': f'{LOADTESTER}/gate/{path}'} for kind, path in (
            ('confirm-rollout', 'check'), ('confirm-traffic-increase', 'approve'), ('confirm-promotion', 'halt'))]
        self.kubectl('apply', '-f', 'examples/tutorial/podinfo.yaml', '-f', 'examples/tutorial/canary.yaml')
        self.kubectl('-n', 'test', 'patch', 'canary', 'podinfo', '--type', 'merge', '--patch',
                     json.dumps({'spec': {'analysis': {'webhooks': hooks}}}))
        self.wait_phase('Initialized')
        self.kubectl('-n', 'test', 'set', 'image', 'deployment/podinfo', 'podinfod=podinfo:2')
        self.wait_phase('Waiting')
        self.assertEqual([403, 202, 200], [self.gate(verb) for verb in ('check', 'open', 'check')])
        self.wait_phase('WaitingPromotion')
        self.assertEqual([202, 403], [self.gate(verb) for verb in ('close', 'check')])
        self.assertEqual([403, 202, 200, 403], [self.gate('check', 'rollback'), self.gate('open', 'rollback'),
                                                self.gate('check', 'rollback'), self.gate('check')])
        self.assertEqual([400, 404], [self.status('/gate/open', b'{'), self.gate('nothing')])

    def test_prometheus(self):
        """A cluster without an engine says where its Prometheus is; an API server alone has none."""
        path = '/prometheus/api/v1/query?query=vector(1)'
        self.serve('sim')
        self.assertEqual(f'# Prometheus: {self.server}/prometheus\n', self.process.stdout.readline())
        self.assertEqual(200, self.status(path))
        self.serve('sim', '--api-only')
        self.assertEqual(404, self.status(path))

    def rate(self, prometheus):
        """Requests per second to the primary; 0 where there are none."""
        query = urllib.parse.quote('sum(rate(istio_requests_total{destination_workload="podinfo-primary"}[1m]))')
        with urllib.request.urlopen(f'{prometheus}/api/v1/query?query={query}', timeout=PATIENCE_S) as answer:
            result = json.load(answer)['data']['result']
        return float(result[0]['value'][1]) if result else 0

    def test_requests_without_an_engine_of_its_own(self):
        """Whoever runs an engine on it finds requests: 50 a second to each Canary's host, as its routes take them. (The
        host is one that no story knows.)"""
        self.serve('sim', '--speed', '20')
        prometheus = self.process.stdout.readline().split()[-1]
        self.kubectl('apply', '-f', 'examples/tutorial/podinfo.yaml', '-f', 'examples/tutorial/canary.yaml')
        self.kubectl('-n', 'test', 'patch', 'canary', 'podinfo', '--type', 'merge', '--patch',
                     json.dumps({'spec': {'service': {'hosts': ['shop.example.com']}}}))
        self.assertEqual(0, self.rate(prometheus))
        engine = subprocess.Popen([SLUICE, 'run', '-kubeconfig', self.config, '-metrics-server', prometheus,
                                   '-listen', f'127.0.0.1:{free_port()}'], stderr=subprocess.DEVNULL)
        self.addCleanup(engine.wait)
        self.addCleanup(engine.terminate)
        self.wait_phase('Initialized')
        deadline = time.monotonic() + PATIENCE_S
        while not 45 <= self.rate(prometheus) <= 55:
            self.assertLess(time.monotonic(), deadline, self.rate(prometheus))
            time.sleep(0.1)

    def test_what_to_type(self):
        """Files of the sources are named where they are."""
        for folder, names in ((ROOT, True), (tempfile.gettempdir(), False)):
            self.serve('demo', '--serve', folder=folder)
            told = ''.join(iter(self.process.stdout.readline,
                                'In a browser, where token "you" gives buttons, and "viewer" none:\n'))
            self.assertIn('--logs shows all that it says', ' '.join(self.process.stdout.readline() for _ in range(5)))
            self.assertEqual(names, 'kubectl apply -f examples/tutorial' in told, told)


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

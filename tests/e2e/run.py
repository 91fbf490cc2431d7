#!/usr/bin/env python3
"""The binary as a user meets it: golden transcripts of the demo, and the served cluster over a real socket.

    run.py SLUICE [--accept]

--accept writes what the demo says now as the transcript; read it before it is committed. Exit status 1 when a test failed.
"""
import difflib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
GOLDEN = HERE / 'demo.txt'
SLUICE = None
PATIENCE_S = 60


def demo(**environment):
    done = subprocess.run([SLUICE, 'demo'], capture_output=True, text=True, timeout=PATIENCE_S, env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


class Demo(unittest.TestCase):
    maxDiff = None

    def test_transcript(self):
        """The story is this one, byte for byte, with no escape sequence in a pipe."""
        status, told, errors = demo()
        self.assertEqual((0, ''), (status, errors))
        diff = difflib.unified_diff(GOLDEN.read_text().splitlines(), told.splitlines(), 'the transcript', 'told now', lineterm='')
        self.assertEqual('', '\n'.join(diff))

    def test_same_in_another_process(self):
        """Nothing of the process (addresses, time zone, environment) is in the story."""
        self.assertEqual(demo(TZ='Asia/Tokyo', LANG='de_DE.UTF-8')[1], demo(MALLOC_PERTURB_='170')[1])


class Served(unittest.TestCase):
    """sluice demo --serve, through its API as a client in any language would use it."""

    def setUp(self):
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen([SLUICE, 'demo', '--serve', '--speed', '200'], stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.addCleanup(self.stop)
        for line in self.process.stdout:
            found = re.search(r'server: "(http://[^"]+)"', line)
            if found:
                self.server = found[1]
                return
        self.fail(self.last_words())

    def last_words(self):
        self.log.seek(0)
        return ''.join(self.log.readlines()[-20:])

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def call(self, method, path, body=None, kind='application/json'):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data=data, method=method, headers={'Content-Type': kind})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def apply(self, text):
        """Server-side apply of a stream of documents; their YAML is read by the server."""
        for document in re.split(r'(?m)^---$', text):
            kind, name = (re.search(pattern, document, re.M)[1] for pattern in (r'^kind: (\S+)', r'^  name: (\S+)'))
            version = re.search(r'^apiVersion: (\S+)', document, re.M)[1]
            base = f'/api/{version}' if '/' not in version else f'/apis/{version}'
            plural = {'Canary': 'canaries'}.get(kind, kind.lower() + 's')
            space = '' if kind == 'Namespace' else '/namespaces/test'
            request = urllib.request.Request(f'{self.server}{base}{space}/{plural}/{name}?fieldManager=e2e', data=document.encode(), method='PATCH',
                                             headers={'Content-Type': 'application/apply-patch+yaml'})
            urllib.request.urlopen(request, timeout=PATIENCE_S).close()

    def wait_phase(self, phase):
        path = '/apis/flagger.app/v1beta1/namespaces/test/canaries/podinfo'
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            now = self.call('GET', path).get('status', {}).get('phase')
            if now == phase:
                return
            time.sleep(0.02)
        self.fail(f'phase {now} instead of {phase}; {self.last_words()}')

    def test_tutorial(self):
        """What the tutorial applies is rolled out by the engine inside, and SIGTERM ends both."""
        self.apply((ROOT / 'examples/tutorial/podinfo.yaml').read_text())
        self.apply((ROOT / 'examples/tutorial/canary.yaml').read_text())
        self.wait_phase('Initialized')
        image = [{'op': 'replace', 'path': '/spec/template/spec/containers/0/image', 'value': 'stefanprodan/podinfo:3.1.1'}]
        target = '/apis/apps/v1/namespaces/test/deployments/podinfo'
        self.call('PATCH', target, image, 'application/json-patch+json')
        self.wait_phase('Succeeded')
        primary = self.call('GET', target + '-primary')
        self.assertEqual('stefanprodan/podinfo:3.1.1', primary['spec']['template']['spec']['containers'][0]['image'])
        self.assertEqual('success', self.call('GET', '/prometheus/api/v1/query?query=vector(1)')['status'])
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.process.wait(PATIENCE_S))


class Flags(unittest.TestCase):
    def test_refused(self):
        for words, said in ((['demo', '--serve', '--speed', '0'], '--speed 0: expected a whole number from 1 to 1000'),
                            (['sim', '--listen', 'nowhere'], '--listen nowhere: expected HOST:PORT'),
                            (['sim', '--nope'], '--nope: unknown flag')):
            done = subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual(2, done.returncode, words)
            self.assertIn(said, done.stderr)


if __name__ == '__main__':
    SLUICE = str(pathlib.Path(sys.argv[1]).resolve())
    if '--accept' in sys.argv:
        GOLDEN.write_text(demo()[1])
        sys.exit(0)
    unittest.main(argv=sys.argv[:1], verbosity=2)

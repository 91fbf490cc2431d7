#!/usr/bin/env python3
"""sluice why: of a file, of a cluster, on a terminal of 20 columns, and of what is no record.

    why.py SLUICE
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs/why.md').read_text()
SLUICE = None
PATIENCE_S = 60

RECORD = re.search(r'```yaml\n(.*?)```', PAGE, flags=re.S).group(1)
TOLD = re.search(r'\$ sluice why -f release.yaml\n(.*?)```', PAGE, flags=re.S).group(1)

TAKEN_BACK = {
    'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release',
    'spec': {'canary': 'shop', 'strategy': 'canary', 'revision': 's1-5ea98ce3b7d1e304'},
    'status': {
        'state': 'Failed', 'started': '2026-11-29T10:00:00Z', 'decided': '2026-11-29T10:02:00.000Z', 'failedChecks': 1,
        'threshold': 1, 'endedBy': {'kind': 'threshold'}, 'startedBy': {'manager': 'kubectl-set'},
        'drainedAfterMs': 900, 'dropped': {'evidence': 3, 'entries': 0}, 'evidence': [
            {'at': '2026-11-29T10:01:00Z', 'metric': 'success', 'verdict': 'fail', 'value': 96, 'min': 99, 'unit': '%',
             'failed': 1, 'threshold': 1, 'where': 'strategies/canary.lua:9'}]},
}


class Why(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)
        self.file = self.top / 'release.yaml'
        self.file.write_text(RECORD)

    def why(self, *words, text=None, env=None):
        done = subprocess.run([SLUICE, 'why', *words], input=text, capture_output=True, text=True, timeout=PATIENCE_S,
                              cwd=self.top, env={**os.environ, **(env or {})})
        return done.returncode, done.stdout, done.stderr


class File(Why):
    def test_stdin_list_and_number(self):
        self.assertEqual((0, TOLD, ''), self.why('-f', '-', text=RECORD))
        status, told, _ = self.why('-f', 'release.yaml', '-o', 'json')
        story = json.loads(told)
        self.assertEqual((0, 'taken back', 1900), (status, story['outcome'], story['drained_after_ms']))
        self.assertEqual(['started', 'weight', 'pass', 'fail', 'blind', 'fail', 'ended'],
                         [line['kind'] for line in story['lines']])
        both = RECORD.replace('shop-7', 'shop-12') + '---\n' + RECORD
        self.assertTrue(self.why('-f', '-', text=both)[1].startswith('shop-12.test'))
        self.assertEqual((0, TOLD, ''), self.why('-f', '-', 'shop/7', text=both))

    def test_what_is_no_record(self):
        for words, text, problem in (
                (['-f', 'gone.yaml'], None, 'gone.yaml: '),
                (['-f', '-'], '', 'stdin: no object is in there'),
                (['-f', '-'], 'a: [', 'stdin'),
                (['-f', '-'], 'kind: Canary', 'the object: kind: Release is wanted, got "Canary"'),
                (['-f', '-'], RECORD.replace('v1alpha1', 'v9'), 'apiVersion: sluice.dev/v1alpha1 is wanted'),
                (['-f', '-'], RECORD.replace('value: 96.1', 'value: high'),
                 'Release shop-7: status.evidence[1].value: a number is wanted, got "high"'),
                (['-f', '-'], RECORD.replace('verdict: blind, ', ''), 'status.evidence[2].verdict: pass, fail or'),
                (['-f', 'release.yaml', 'shop/8'], None, 'there is no Release shop-8 in release.yaml'),
                (['-f', 'release.yaml', 'web'], None, 'there is no Release of the Canary web in release.yaml'),
                (['shop/0'], None, 'shop/0: a Canary, or one and the number of a release, as in podinfo/3, is wanted'),
                (['-f', 'x', '-n', 'test'], None, '-f is for a file'),
                ([], None, 'a Canary is missing, or -f with a file'),
                (['a', 'b'], None, 'b: one Canary is wanted')):
            with self.subTest(problem):
                status, told, errors = self.why(*words, text=text)
                self.assertEqual((2, ''), (status, told))
                self.assertIn(problem, errors)

    def test_a_pipe_that_closes(self):
        run = subprocess.Popen([SLUICE, 'why', '-f', self.file], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        run.stdout.close()
        errors = run.stderr.read().decode()
        run.stderr.close()
        self.assertEqual((2, 'sluice: cannot write to standard output: Broken pipe\n'), (run.wait(PATIENCE_S), errors))

    def test_twenty_columns(self):
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 20, 0, 0))
        run = subprocess.Popen([SLUICE, 'why', '-f', self.file], stdout=follower, stdin=follower)
        os.close(follower)
        told = b''
        while select.select([leader], [], [], PATIENCE_S)[0]:
            try:
                told += os.read(leader, 4096)
            except OSError:
                break
        os.close(leader)
        self.assertEqual(0, run.wait(PATIENCE_S))
        lines = told.decode().split('\r\n')
        self.assertLessEqual(max(map(len, lines)), 20)
        self.assertIn('12:11 fail 1/2', lines)


class Cluster(Why):
    @classmethod
    def setUpClass(cls):
        top = tempfile.TemporaryDirectory()
        cls.addClassCleanup(top.cleanup)
        cls.config = pathlib.Path(top.name) / 'config'
        with socket.create_server(('127.0.0.1', 0)) as free:
            cls.port = free.getsockname()[1]
        cls.sim = subprocess.Popen([SLUICE, 'sim', '--listen', f'127.0.0.1:{cls.port}', '--kubeconfig', cls.config],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.sim.wait)
        cls.addClassCleanup(cls.sim.terminate)
        until = time.monotonic() + PATIENCE_S
        while not cls.config.exists() and time.monotonic() < until:
            select.select([], [], [], 0.05)

    def send(self, method, path, body):
        request = urllib.request.Request(f'http://127.0.0.1:{self.port}{path}', json.dumps(body).encode(),
                                         {'Content-Type': 'application/json'}, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def put_release(self, name):
        record = json.loads(json.dumps(TAKEN_BACK))
        record['metadata'] = {'name': name, 'namespace': 'default', 'labels': {'sluice.dev/canary': 'shop'}}
        base = '/apis/sluice.dev/v1alpha1/namespaces/default/releases'
        made = self.send('POST', base, {key: record[key] for key in ('apiVersion', 'kind', 'metadata', 'spec')})
        made['status'] = record['status']
        self.send('PUT', f'{base}/{name}/status', made)
        return self.why('-f', '-', text=json.dumps(made))[1]

    def test_the_last_one_and_another(self):
        former, last = self.put_release('shop-7'), self.put_release('shop-11')
        self.assertRegex(last, r'^shop-11.default  canary  taken back after 2m 00s\nwhy: success 96 %, .*\(1 of 1\)\n')
        words = ('-kubeconfig', self.config, '-n', 'default')
        status, told, errors = self.why(*words, 'shop')
        self.assertEqual((0, ''), (status, errors))
        self.assertEqual(last, told)
        self.assertEqual(former, self.why(*words, 'shop/7')[1])
        for name in 'shop-7', 'release/shop-7', 'releases.sluice.dev/shop-7':
            self.assertEqual((0, former, ''), self.why(*words, name))
        self.assertEqual((0, told, ''), self.why('shop', env={'KUBECONFIG': f'{self.config}:/gone'}))
        self.assertEqual((2, '', 'sluice why: there is no Release shop-3 in the namespace default\n'),
                         self.why(*words, 'shop/3'))
        self.assertEqual((2, '', 'sluice why: there is no Canary web in the namespace default\n'),
                         self.why(*words, 'web'))
        self.assertEqual((2, '', 'sluice why: there is no Canary shop-3 in the namespace default\n'),
                         self.why(*words, 'shop-3'))
        self.assertEqual((2, '', 'sluice why: there is no Release shop in the namespace default\n'),
                         self.why(*words, 'release/shop'))
        status, told, errors = self.why(*words, 'release/shop/7')
        self.assertEqual((2, ''), (status, told))
        self.assertIn('release/shop/7: a Release is called by its name alone, as in release/podinfo-3\n', errors)

    def test_what_is_waited_for(self):
        """Of a release under way the Canary says it, and of one without a Canary the record has it."""
        running = {'state': 'Running', 'started': '2026-11-29T10:00:00Z', 'weight': 50, 'entries': [
            {'w': 'open', 'a': '34f80210', 't': 1795946580000, 'r': {'done': False, 'waiting': {
                'reason': 'GateClosed', 'told': True, 'message': 'waiting for promotion approval somebody'}}}]}
        record = {**TAKEN_BACK, 'status': running}
        record['spec'] = {**record['spec'], 'canary': 'basket'}
        labels = {'sluice.dev/canary': 'basket'}
        record['metadata'] = {'name': 'basket-1', 'namespace': 'default', 'labels': labels}
        base = '/apis/sluice.dev/v1alpha1/namespaces/default/releases'
        made = self.send('POST', base, {key: record[key] for key in ('apiVersion', 'kind', 'metadata', 'spec')})
        self.send('PUT', f'{base}/basket-1/status', {**made, 'status': running})
        words = ('-kubeconfig', self.config, '-n', 'default', 'basket')
        gate = '   3:00  gate          waiting for promotion approval somebody, still\n'
        self.assertTrue(self.why(*words)[1].endswith(gate), self.why(*words))
        canaries = '/apis/flagger.app/v1beta1/namespaces/default/canaries'
        canary = self.send('POST', canaries, {
            'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary',
            'metadata': {'name': 'basket', 'namespace': 'default'},
            'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'web'},
                     'service': {'port': 80}, 'analysis': {'interval': '1m', 'threshold': 1, 'stepWeight': 10}}})
        canary['status'] = {'conditions': [{'type': 'Waiting', 'status': 'True', 'reason': 'CheckBlind', 'message':
                                            'errors is blind', 'lastTransitionTime': '2026-11-29T10:05:00Z'}]}
        self.send('PUT', f'{canaries}/basket/status', canary)
        status, told, errors = self.why(*words)
        self.assertEqual((0, ''), (status, errors))
        self.assertTrue(told.endswith('   5:00  waits         errors is blind, still\n'), told)

    def test_no_cluster(self):
        self.assertEqual((2, '', 'sluice why: no cluster is known: name one by -kubeconfig or $KUBECONFIG, or a file '
                          'by -f\n'), self.why('shop', env={'HOME': '/gone', 'KUBECONFIG': ''}))
        status, told, errors = self.why('-kubeconfig', '/gone', 'shop')
        self.assertEqual((2, ''), (status, told))
        self.assertIn('/gone', errors)


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

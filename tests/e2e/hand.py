#!/usr/bin/env python3
"""What people do by hand: status, pause, resume, promote, rollback, retry, approve and wait, on a served cluster.

    hand.py SLUICE
"""
import base64
import hashlib
import http.server
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

SLUICE = None
PATIENCE_S = 60

OBJECTS = """
apiVersion: v1
kind: Namespace
metadata: {name: test}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: podinfo, namespace: test, labels: {app: podinfo}}
spec:
  replicas: 1
  selector: {matchLabels: {app: podinfo}}
  template:
    metadata: {labels: {app: podinfo}}
    spec: {containers: [{name: podinfod, image: 'podinfo:1'}]}
---
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: podinfo, namespace: test}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
  service: {port: 9898, hosts: [app.example.com], gateways: [istio-system/public-gateway]}
  analysis:
    interval: 1m
    threshold: 5
    maxWeight: 50
    stepWeight: 10
    metrics: [{name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}]
    webhooks: [{name: gate, type: confirm-promotion, url: 'http://127.0.0.1:9/gate'}]
"""


class Served(unittest.TestCase):
    maxDiff = None
    engine = True

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)
        self.config = self.top / 'kubeconfig'
        words = ['demo', '--serve', '--speed', '60'] if self.engine else ['sim']
        server = subprocess.Popen([SLUICE, *words, '--kubeconfig', self.config], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.until(lambda: self.config.exists() and self.kubectl('get', 'ns', check=False)[0] == 0)
        self.kubectl('apply', '-f', '-', text=OBJECTS)

    def until(self, holds):
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            self.assertLess(time.monotonic(), deadline, 'it has not come')
            time.sleep(0.05)

    def run_it(self, words, text=None):
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=PATIENCE_S, cwd=self.top,
                              env={**os.environ, 'KUBECONFIG': str(self.config)})
        return done.returncode, done.stdout, done.stderr

    def kubectl(self, *words, text=None, check=True):
        done = self.run_it(['kubectl', *words], text)
        self.assertTrue(done[0] == 0 or not check, done)
        return done

    def hand(self, *words):
        return self.run_it([SLUICE, *words])

    def canary(self):
        return json.loads(self.kubectl('-n', 'test', 'get', 'canary', 'podinfo', '-o', 'json')[1])

    def push(self, tag):
        self.kubectl('-n', 'test', 'set', 'image', 'deployment/podinfo', f'podinfod=podinfo:{tag}')

    def until_weight(self, weight):
        self.until(lambda: self.canary().get('status', {}).get('canaryWeight') == weight)


class ByHand(Served):
    def test_each_verb_of_a_release(self):
        self.assertEqual((0, 'podinfo runs already\n', ''), self.hand('wait', '-n', 'test', 'deployment/podinfo'))
        refused = self.hand('promote', '-n', 'test', 'podinfo')
        self.assertEqual((1, '', 'sluice promote: refused: podinfo.test has no release\n'), refused)
        self.push(2)
        self.until_weight(10)
        self.assertEqual((0, 'podinfo.test is paused\n', ''),
                         self.hand('pause', '-n', 'test', 'podinfo', '--reason', 'INC-4711'))
        status, told, _ = self.hand('status', '-ntest', 'canary/podinfo')
        self.assertRegex(told, r'test +podinfo +Progressing +\d+ +0/5 +- +Paused: INC-4711\n')
        self.assertEqual((0, 'podinfo.test goes on\n', ''), self.hand('resume', '-n', 'test', 'podinfo'))
        status, told, error = self.hand('rollback', '-n', 'test', 'podinfo', '--reason', 'INC-4711', '-ojson')
        self.assertEqual((0, ''), (status, error))
        answer = json.loads(told)
        self.assertEqual(('Done', 'podinfo-1', 'INC-4711'), (answer['outcome'], answer['release'], answer['reason']))
        taken = self.hand('wait', '-q', '-n', 'test', 'canary/podinfo')
        self.assertEqual((1, ''), taken[:2])
        self.assertRegex(taken[2], '^sluice wait: podinfo-1 was taken back: rolled back by .*: INC-4711\n$')
        self.assertEqual((0, 'podinfo-2 releases that revision again\n', ''),
                         self.hand('retry', '-ntest', 'Canary.v1beta1.flagger.app/podinfo'))
        self.until(lambda: re.search('WaitingPromotion.*GateClosed', self.hand('status', '-n', 'test')[1]))
        waiting = self.hand('wait', '-n', 'test', 'release/podinfo-2', '--timeout', '1ms')
        self.assertEqual((3, ''), waiting[:2])
        self.assertRegex(waiting[2], r'^podinfo-2 waits: GateClosed: waiting for promotion approval gate .*\n'
                                     'sluice wait: undecided in that time: podinfo-2 is Running, at weight 50\n$')
        undecided = self.hand('wait', '-n', 'test', 'deployment/podinfo', '--timeout', '1ms')
        self.assertEqual((3, ''), undecided[:2])
        self.assertIn('podinfo-2 is WaitingPromotion, at weight 50', undecided[2])
        self.assertRegex(self.hand('status', '-n', 'test')[1], r'WaitingPromotion +50 ')
        self.assertEqual((1, '', 'sluice approve: refused: podinfo-2 waits at gate confirm-promotion (gate), '
                         'not at other\n'),
                         self.hand('approve', '-n', 'test', 'podinfo', '--gate', 'other'))
        self.assertEqual((0, 'gate confirm-promotion lets podinfo-2 through\n', ''),
                         self.hand('approve', '-n', 'test', 'podinfo', '--gate', 'gate'))
        promoted = self.hand('wait', '--quiet', '-n', 'test', 'deployment/podinfo')
        self.assertEqual((0, 'podinfo-2 was promoted, the analysis passed\n', ''), promoted)
        self.assertEqual(promoted, self.hand('wait', '-n', 'test', 'release/podinfo-2'))
        self.assertEqual(taken, self.hand('wait', '-n', 'test', 'releases.sluice.dev/podinfo-1'))
        told = self.hand('wait', '-ntest', 'release/podinfo-2', '-ojson')[1]
        self.assertEqual('promoted', json.loads(told)['outcome'])
        why = self.hand('why', '-n=test', 'canary/podinfo/2')[1]
        self.assertIn('asked         approve gate confirm-promotion, by', why)
        self.assertIn('the same revision again, retried by', why)

    def test_a_promotion_and_a_generation(self):
        self.hand('wait', '-n', 'test', 'deployment/podinfo')
        first = ('wait', '-n', 'test', 'deployment/podinfo', '--for-generation', '1')
        self.assertEqual((0, 'podinfo runs already\n', ''), self.hand(*first))
        self.push(2)
        target = json.loads(self.kubectl('-n', 'test', 'get', 'deployment', 'podinfo', '-o', 'json')[1])
        generation = str(target['metadata']['generation'])
        self.until_weight(10)
        self.assertEqual((0, 'the rest of the analysis of podinfo-1 is skipped\n', ''),
                         self.hand('promote', '-n', 'test', 'podinfo', '--reason', 'INC-4711'))
        waited = self.hand('wait', '-n', 'test', 'deployment/podinfo', '--for-generation', generation)
        self.assertRegex(waited[1], '^podinfo-1 was promoted by .*: INC-4711\n$')
        self.assertEqual(0, waited[0])
        self.assertEqual((1, '', 'sluice wait: it was superseded: generation 1 of podinfo has no release of its own, '
                                 'and podinfo-1 came after it\n'), self.hand(*first))
        self.assertEqual('superseded', json.loads(self.hand(*first, '-o', 'json')[1])['outcome'])
        self.push(3)
        self.until_weight(10)
        waiting = subprocess.Popen([SLUICE, 'wait', '-n', 'test', 'deploy/podinfo'], stderr=subprocess.PIPE,
                                   env={**os.environ, 'KUBECONFIG': str(self.config)}, text=True)
        self.addCleanup(waiting.stderr.close)
        self.until_weight(20)
        self.push(4)
        self.assertEqual(1, waiting.wait(PATIENCE_S))
        self.assertIn('it was superseded: generation', waiting.stderr.read())

    def test_what_a_wait_is_held_by(self):
        wait = ('wait', '-n', 'test', 'deployment/podinfo', '--timeout', '1ms')
        self.hand('wait', '-n', 'test', 'deployment/podinfo')
        self.push(2)
        self.until_weight(10)
        self.hand('pause', '-n', 'test', 'podinfo', '--reason', 'INC-4711')
        self.assertRegex(self.hand(*wait)[2], r'podinfo-1 is Progressing, at weight \d+, paused: INC-4711\n$')
        self.hand('resume', '-n', 'test', 'podinfo', '--reason', 'INC-4711')
        events = json.loads(self.kubectl('-n', 'test', 'get', 'events', '-o', 'json')[1])['items']
        told = [event['message'] for event in events if event['message'].startswith('Request resume by ')]
        self.assertEqual(1, len(told), events)
        self.assertTrue(told[0].endswith(': INC-4711: podinfo.test goes on'), told)
        refused = {'spec': {'analysis': {'sessionAffinity': {'cookieName': 'x'}}}}
        self.kubectl('-n', 'test', 'patch', 'canary', 'podinfo', '--type', 'merge', '-p', json.dumps(refused))
        self.until(lambda: any(c['type'] == 'Accepted' and c['status'] == 'False'
                               for c in self.canary()['status']['conditions']))
        status, _, error = self.hand(*wait)
        self.assertEqual(3, status)
        self.assertRegex(error, r'podinfo-1 is Progressing, at weight \d+, the Canary is refused: .*sessionAffinity')

    def test_as_a_plugin_of_kubectl(self):
        plugin = self.top / 'kubectl-sluice'
        plugin.symlink_to(SLUICE)
        env = {**os.environ, 'KUBECONFIG': str(self.config), 'PATH': f'{self.top}:{os.environ["PATH"]}'}
        done = subprocess.run(['kubectl', 'sluice', 'status', '-n', 'test', 'podinfo'], env=env, capture_output=True,
                              text=True, timeout=PATIENCE_S)
        self.assertRegex(done.stdout, 'test +podinfo')

    def test_flags_before_the_command(self):
        self.hand('wait', '-n', 'test', 'deployment/podinfo')
        told = self.hand('status', '-n', 'test', 'podinfo')
        for words in (['-n', 'test'], ['-ntest'], ['-n=test'], ['--namespace=test'], ['--namespace', 'test']):
            self.assertEqual(told, self.hand(*words, f'--kubeconfig={self.config}', 'status', 'podinfo'), words)
        self.assertEqual(self.hand('status', '-A', '-ojson'), self.hand('-A', 'status', '-ojson'))

    def test_what_krew_installs_it_from(self):
        krew = pathlib.Path(__file__).resolve().parents[2] / 'scripts/krew'
        subprocess.run([krew, SLUICE, 'https://example.com/sluice.tar.gz', self.top / 'krew'], check=True,
                       stdout=subprocess.DEVNULL)
        archive = self.top / 'krew/sluice.tar.gz'
        with tarfile.open(archive) as files:
            self.assertEqual(['sluice'], files.getnames())
        manifest = (self.top / 'krew/sluice.yaml').read_text()
        self.assertIn(f'sha256: {hashlib.sha256(archive.read_bytes()).hexdigest()}\n', manifest)
        self.assertRegex(manifest, r'\n  version: v\d+\.\d+\.\d+\n')
        self.assertNotIn('${', manifest)

    def test_what_cannot_be_asked(self):
        for words, problem in (
                (['statsu', '-n', 'test'], 'sluice: there is no command "statsu"; did you mean status?\n'),
                (['-x', 'status'], 'sluice: -x: unknown flag before a command\n'),
                (['-n'], 'sluice: -n: a command is missing\n'),
                (['promote', '-n', 'test'], 'a Canary is missing'),
                (['promote', '-n', 'test', 'none'], 'there is no Canary none in the namespace test'),
                (['promote', '-n', 'test', 'canaryfoo/podinfo'],
                 '"canaryfoo/podinfo" has a kind that this command does not take: NAME or canary/NAME is wanted'),
                (['status', '-n', 'test', 'deployment/podinfo'], 'a kind that this command does not take'),
                (['why', '-n', 'test', 'canaryfoo/podinfo'], 'a kind that this command does not take'),
                (['repl', '-n', 'test', 'canaryfoo/podinfo'], 'a kind that this command does not take'),
                (['wait', '-n', 'test', 'canaryfoo/podinfo'], 'a kind that this command does not take'),
                (['promote', '-n', '', 'podinfo'], '-n: NAMESPACE is wanted, got ""'),
                (['promote', '-namespce=test', 'podinfo'], '-n "amespce=test": a namespace is wanted'),
                (['status', '-Axo', 'json'], '-x: unknown flag, in -Axo'),
                (['promote', '-n', 'test', 'a', 'b'], 'b: one Canary is wanted'),
                (['promote', '-n', 'test', 'podinfo', '--gate', 'x'], '--gate: unknown flag'),
                (['pause', '--context', 'other', 'podinfo'], 'other'),
                (['repl', '--context', 'other', 'podinfo'], 'there is no entry "other" in contexts'),
                (['repl', '--user', 'other', 'podinfo'], 'there is no entry "other" in users'),
                (['dashboard', '--cluster', 'other'], 'there is no entry "other" in clusters'),
                (['dashboard', '-n', '../x'], '-n "../x": a namespace is wanted'),
                (['check', '--kubeconfig', str(self.config), '--context', 'other'], 'no entry "other" in contexts'),
                (['check', '--context', 'other', '-f', '-'], 'of use with -kubeconfig only'),
                (['pause', '--cluster', 'other', 'podinfo'], 'other'),
                (['pause', '--user', 'other', 'podinfo'], 'other'),
                (['pause', '--timeout', 'soon', 'podinfo'], '--timeout soon: a duration such as 15s is wanted'),
                (['wait', '-n', 'test', 'podinfo'],
                 'deployment/NAME, daemonset/NAME, canary/NAME or release/NAME is wanted'),
                (['wait', '-n', 'test', 'release/none'], 'there is no Release none in the namespace test'),
                (['wait', '-n', 'test', 'release/a-1', '--for-generation', '2'], 'one of a target, not of a Release'),
                (['wait', '-n', 'test', 'deployment/none'], 'no Canary of the namespace test has the target'),
                (['wait', '-n', 'test', 'deploy/podinfo', '--for-generation', 'x'], 'a whole number is wanted'),
                (['status', '-A', 'podinfo'], '-A and a Canary exclude each other')):
            with self.subTest(words):
                status, told, error = self.hand(*words)
                self.assertEqual((2, ''), (status, told))
                self.assertIn(problem, error)


class Unanswered(Served):
    engine = False

    def test_no_engine_answers(self):
        status, told, error = self.hand('pause', '-n', 'test', 'podinfo', '--timeout', '200ms')
        self.assertEqual((3, ''), (status, told))
        self.assertIn('no engine answered', error)
        annotations = self.canary()['metadata']['annotations']
        self.assertEqual('by hand', annotations['sluice.dev/pause'])

    def request(self):
        """That of a command; none where somebody has written one by hand."""
        text = self.canary()['metadata'].get('annotations', {}).get('sluice.dev/request', '')
        return json.loads(text) if text.startswith('{') else {}

    def start(self, verb, *words):
        """It has asked, and waits for the answer."""
        asking = subprocess.Popen([SLUICE, verb, '-n', 'test', 'podinfo', '--timeout', '10m', *words], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, 'KUBECONFIG': str(self.config)})
        self.addCleanup(asking.communicate)
        self.addCleanup(asking.kill)
        self.until(lambda: self.request().get('verb') == verb)
        return asking

    def ended(self, asking):
        told = asking.communicate(timeout=PATIENCE_S)
        return asking.returncode, *told

    def annotate(self, annotation):
        self.kubectl('-n', 'test', 'annotate', '--overwrite', 'canary/podinfo', annotation)

    def test_another_request_takes_its_place(self):
        asking = self.start('promote')
        other = json.dumps({'verb': 'rollback', 'release': 'podinfo-1', 'by': 'alice', 'id': 'x'})
        self.annotate(f'sluice.dev/request={other}')
        self.assertEqual((1, '', 'sluice promote: overtaken by another request (rollback by alice)\n'),
                         self.ended(asking))
        asking = self.start('pause', '-o', 'json')
        self.annotate('sluice.dev/request=rollback podinfo-1')
        status, told, _ = self.ended(asking)
        answer = json.loads(told)
        self.assertEqual((1, 'Overtaken', 'overtaken by another request (rollback by somebody); it is paused'),
                         (status, answer['outcome'], answer['message']))
        asking = self.start('promote')
        self.annotate('sluice.dev/request-')
        self.assertEqual((1, '', 'sluice promote: its annotation was taken away before it was answered\n'),
                         self.ended(asking))

    def test_one_that_is_on_record_was_done(self):
        asking = self.start('retry')
        canary, request = self.canary(), self.request()
        owner = {'apiVersion': canary['apiVersion'], 'kind': 'Canary', 'name': 'podinfo',
                 'uid': canary['metadata']['uid']}
        release = {'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release',
                   'metadata': {'name': 'podinfo-1', 'namespace': 'test', 'ownerReferences': [owner],
                                'labels': {'sluice.dev/canary': 'podinfo'}},
                   'spec': {'canary': 'podinfo', 'revision': '1', 'strategy': 'x', 'request': request}}
        self.kubectl('create', '--validate=false', '-f', '-', text=json.dumps(release))
        self.annotate('sluice.dev/request=rollback podinfo-1')
        self.assertEqual((0, 'it is on record in podinfo-1; overtaken by another request '
                             '(rollback by somebody)\n', ''), self.ended(asking))


class Answers(http.server.BaseHTTPRequestHandler):
    """The server's `answers`: what a path ends with, and the status and JSON of it. First it is `busy` so often. Its
    clock may stand at `date`."""

    def date_time_string(self, timestamp=None):
        return self.server.date or super().date_time_string(timestamp)

    def do_GET(self):
        path = self.path.split('?')[0]
        self.server.asked.append(path)
        self.server.told.append(self.headers.get('Authorization'))
        if self.server.busy > 0:
            self.server.busy -= 1
            self.send_response(429)
            self.send_header('Retry-After', '1')
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        status, answer = next((a for end, a in self.server.answers.items() if path.endswith(end)), (404, {}))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # it was interrupted

    do_POST = do_PATCH = do_GET

    def log_message(self, *_):
        pass


CANARY = {'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary',
          'metadata': {'name': 'shop', 'namespace': 'test', 'uid': 'u'},
          'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'shop'},
                   'service': {'port': 80}, 'analysis': {'interval': '1m', 'threshold': 5}}}


def listed(kind, *items):
    version = 'sluice.dev/v1alpha1' if kind == 'Release' else 'flagger.app/v1beta1'
    return 200, {'apiVersion': version, 'kind': f'{kind}List', 'metadata': {}, 'items': list(items)}


class Answered(unittest.TestCase):
    """By a server that says what a test wants."""
    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.config = pathlib.Path(top.name) / 'kubeconfig'
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answers)
        self.server.answers, self.server.asked, self.server.told, self.server.busy = {}, [], [], 0
        self.server.date = None
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        self.config.write_text(json.dumps({
            'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c', 'users': [],
            'clusters': [{'name': 'c', 'cluster': {'server': self.url}}],
            'contexts': [{'name': 'c', 'context': {'cluster': 'c', 'namespace': 'test'}}]}))

    def ask(self, answers, *words, config=None):
        self.server.answers = answers
        done = subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=PATIENCE_S,
                              env={**os.environ, 'KUBECONFIG': str(config or self.config)})
        return done.returncode, done.stdout, done.stderr


class OtherServers(Answered):
    """A server that is no API server, or does not mean well."""
    def refused(self, command, kind):
        return 2, '', f'sluice {command}: the server at {self.url} answered with something that is no {kind}\n'

    def test_an_interrupted_wait_leaves_the_request(self):
        waited_for = '/namespaces/test/canaries'
        self.server.answers = {waited_for: listed('Canary'), '/canaries/shop': (200, CANARY),
                               '/deployments': (500, {}),
                               '/releases': listed('Release')}
        for words, problem in ((['promote', 'shop'], 'interrupted; the request stays on the Canary, and is acted on '
                                                     'once an engine reads it'), (['wait', 'canary/shop'], None)):
            self.server.asked.clear()
            asking = subprocess.Popen([SLUICE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      env={**os.environ, 'KUBECONFIG': str(self.config)})
            self.addCleanup(asking.kill)
            deadline = time.monotonic() + PATIENCE_S
            while not any(path.endswith(waited_for) for path in self.server.asked):
                self.assertLess(time.monotonic(), deadline, 'it waits for nothing')
                time.sleep(0.01)
            asking.send_signal(signal.SIGINT)
            told, error = asking.communicate(timeout=PATIENCE_S)
            self.assertEqual((130, '', f'sluice {words[0]}: {problem or "interrupted"}\n'),
                             (asking.returncode, told, error))

    def test_a_wait_for_what_may_not_be_read(self):
        denied = 403, {'kind': 'Status', 'apiVersion': 'v1', 'status': 'Failure', 'code': 403, 'reason': 'Forbidden',
                       'message': 'alice may not list them'}
        for kind in ('/deployments', '/releases', '/namespaces/test/canaries'):
            answers = {kind: denied, '/canaries/shop': (200, CANARY), '/canaries': listed('Canary', CANARY)}
            answers.setdefault('/deployments', (200, {'kind': 'DeploymentList', 'items': []}))
            answers.setdefault('/releases', listed('Release'))
            with self.subTest(kind):
                self.assertEqual((2, '', 'sluice wait: alice may not list them\n'),
                                 self.ask(answers, 'wait', 'canary/shop', '--timeout', '2s'))

    def test_a_busy_server_is_asked_again(self):
        self.server.busy = 2
        told = self.ask({'/canaries': listed('Canary')}, 'status')
        self.assertEqual((0, 'No Canaries in namespace test\n', ''), told)
        self.assertEqual(3, len(self.server.asked))
        self.server.busy = 1000
        self.server.answers = {}
        asking = subprocess.Popen([SLUICE, 'status'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env={**os.environ, 'KUBECONFIG': str(self.config)})
        self.addCleanup(asking.kill)
        deadline = time.monotonic() + PATIENCE_S
        while len(self.server.asked) < 5:
            self.assertLess(time.monotonic(), deadline, 'it is not asked again')
            time.sleep(0.01)
        asking.send_signal(signal.SIGINT)
        told, error = asking.communicate(timeout=PATIENCE_S)
        self.assertEqual((130, '', 'sluice status: interrupted\n'), (asking.returncode, told, error))

    def test_a_server_that_hangs(self):
        """It takes connections and answers nothing, as one that was stopped."""
        hangs = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(hangs.close)
        url = f'http://127.0.0.1:{hangs.getsockname()[1]}'
        self.config.write_text(self.config.read_text().replace(self.url, url))
        late = f'the server at {url} did not answer in that time\n'
        for target in ('canary/shop', 'deployment/shop', 'release/shop-1'):
            with self.subTest(target):
                self.assertEqual((3, '', f'sluice wait: undecided in that time: {late}'),
                                 self.ask({}, 'wait', target, '--timeout', '1ms'))
        told = json.loads(self.ask({}, 'wait', 'canary/shop', '--timeout', '1ms', '-o', 'json')[1])
        self.assertEqual(('undecided', 'shop', late[:-1]), (told['outcome'], told['canary'], told['message']))
        for verb in ('pause', 'promote'):
            with self.subTest(verb):
                self.assertEqual((2, '', f'sluice {verb}: {late}'), self.ask({}, verb, 'shop', '--timeout', '1ms'))

    def test_several_kubeconfigs(self):
        answers = {'/canaries': listed('Canary'), '/releases': listed('Release'), '/canaries/shop': (200, CANARY)}
        other, missing = self.config.with_name('other'), self.config.with_name('missing')
        other.write_text(json.dumps({'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'gone'}))
        for listing in (f'{missing}:{self.config}', f':{missing}:{self.config}:{other}', f'/dev/null:{self.config}'):
            for words in (['status'], ['status', '--context', 'c']):
                self.assertEqual((0, 'No Canaries in namespace test\n', ''),
                                 self.ask(answers, *words, config=listing))
        for words in (['status'], ['why', 'shop'], ['repl', '-n', 'test', 'shop', '--prometheus', self.url]):
            with self.subTest(words):
                status, told, error = self.ask(answers, *words, config=f'{missing}:{other}:{self.config}')
                self.assertEqual((2, ''), (status, told))
                self.assertIn(f'kubeconfig {other}:{self.config}: there is no entry "gone" in contexts', error)
                status, told, error = self.ask(answers, *words, config=f'{missing}:{missing}2')
                self.assertEqual((2, ''), (status, told))
                self.assertRegex(error, f'{missing}: ')

    def test_kubeconfigs_are_put_together_as_kubectl_does(self):
        """The server, the user and the namespace that kubectl sees in these files."""
        (self.config.parent / 'two').mkdir()
        (self.config.parent / 'two/token').write_text('from-a-file')
        cluster = {'server': f'{self.url}/one'}
        one = {'clusters': [{'name': 'here', 'cluster': cluster}], 'users': [{'name': 'me', 'user': {'token': 'abc'}}],
               'contexts': [{'name': 'lab', 'context': {'cluster': 'here', 'user': 'me'}}]}
        two = {'current-context': 'lab', 'clusters': [{'name': 'here', 'cluster': {'server': f'{self.url}/two'}},
                                                      {'name': 'there', 'cluster': {'server': f'{self.url}/there'}}],
               'users': [{'name': 'me', 'user': {'username': 'x', 'password': 'pw'}},
                         {'name': 'you', 'user': {'tokenFile': 'token'}}],
               'contexts': [{'name': 'lab', 'context': {'cluster': 'there', 'user': 'me', 'namespace': 'b'}},
                            {'name': 'other', 'context': {'cluster': 'here', 'user': 'you', 'namespace': 'other'}}]}
        three = {'current-context': 'other', 'contexts': [{'name': 'other', 'context': {'cluster': 'there'}}]}
        paths = [self.config.parent / name for name in ('one', 'two/config', 'three')]
        for path, file in zip(paths, (one, two, three)):
            path.write_text(json.dumps({'apiVersion': 'v1', 'kind': 'Config', **file}))
        seen = set()
        for order, chosen in itertools.product(itertools.permutations(paths), ([], ['--context', 'other'])):
            listing = ':'.join(map(str, order))
            with self.subTest(listing=listing, chosen=chosen):
                server, token, namespace = self.seen_by_kubectl(listing, chosen)
                self.server.asked.clear()
                self.server.told.clear()
                self.ask({'/canaries': listed('Canary')}, 'status', *chosen, config=listing)
                self.assertEqual((f'{server}/apis/flagger.app/v1beta1/namespaces/{namespace}/canaries', token),
                                 (f'{self.url}{self.server.asked[0]}', self.server.told[0]))
                seen.add((server, token, namespace))
        self.assertEqual(5, len(seen), seen)

    def seen_by_kubectl(self, listing, chosen):
        """The server, what is sent to it of who asks, and the namespace."""
        done = subprocess.run(['kubectl', 'config', 'view', '--minify', '--raw', '-o', 'json', *chosen], check=True,
                              env={**os.environ, 'KUBECONFIG': listing}, capture_output=True, text=True)
        view = json.loads(done.stdout)
        user = view['users'][0]['user'] if view['users'] else {}
        basic = base64.b64encode(f"{user.get('username')}:{user.get('password')}".encode()).decode()
        token = f'Basic {basic}' if 'username' in user else 'Bearer from-a-file' if 'tokenFile' in user else \
            f'Bearer {user["token"]}' if 'token' in user else None
        return (view['clusters'][0]['cluster']['server'], token,
                view['contexts'][0]['context'].get('namespace', 'default'))

    def test_an_answer_that_is_none(self):
        nameless = {**CANARY, 'metadata': {'namespace': 'test'}}
        for answer in ({'error': 'login required'}, {}, {**CANARY, 'kind': 'Role'}, nameless,
                       {**CANARY, 'metadata': {'name': 'shop'}}):
            for words in (['status', 'shop'], ['promote', 'shop'], ['pause', 'shop'], ['wait', 'canary/shop']):
                with self.subTest(words=words, answer=answer):
                    self.assertEqual(self.refused(words[0], 'Canary'), self.ask({'': (200, answer)}, *words))

    def test_a_list_that_is_none(self):
        nowhere = {**CANARY, 'metadata': {'name': 'shop'}}
        for answer in ((200, {'error': 'login required'}), (200, {}), (200, {'kind': 'CanaryList', 'items': 'none'}),
                       listed('Canary', CANARY, nowhere), listed('Canary', {}), listed('Canary', 7),
                       listed('Canary', {**CANARY, 'kind': 'Role'})):
            for words in (['status'], ['status', '-A'], ['wait', 'deployment/shop']):
                with self.subTest(words=words, answer=answer):
                    self.assertEqual(self.refused(words[0], 'list of Canary'), self.ask({'': answer}, *words))

    def test_releases_that_are_none(self):
        owner = [{'kind': 'Canary', 'name': 'shop', 'uid': 'u', 'controller': True}]
        release = {'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release',
                   'metadata': {'namespace': 'test', 'ownerReferences': owner}}
        for answer in ((200, {'error': 'login required'}), (200, {}), listed('Release', release)):
            answers = {'/releases': answer, '/canaries/shop': (200, CANARY)}
            for words in (['promote', 'shop'], ['why', 'shop']):
                with self.subTest(words=words, answer=answer):
                    self.assertEqual(self.refused(words[0], 'list of Release'), self.ask(answers, *words))
            self.assertRegex(self.ask(answers, 'status', 'shop')[1], 'test +shop')
        none = {'/releases': (200, {**listed('Release')[1], 'items': None}), '/canaries/shop': (200, CANARY)}
        self.assertIn('shop', self.ask(none, 'why', 'shop')[2])

    def test_what_a_terminal_would_obey(self):
        pause = '\x1b[31mRED\x1b]0;title\x07\ntest  other  Failed \u202e'
        for text, shown in ((pause, r'\x1b[31mRED\x1b]0;title\x07 test  other  Failed \u{202e}'),
                            ('x' * 200_000, 'x' * 1020 + '...')):
            canary = {**CANARY, 'metadata': {**CANARY['metadata'], 'annotations': {'sluice.dev/pause': text}},
                      'status': {'phase': 'Progressing',
                                 'lastRequest': {'verb': 'promote', 'by': text, 'outcome': 'Done', 'message': text}}}
            answers = {'/releases': listed('Release'), '/canaries/shop': (200, canary),
                       '/canaries': listed('Canary', canary)}
            for words in (['status'], ['status', 'shop']):
                with self.subTest(words=words, text=text[:9]):
                    status, told, error = self.ask(answers, *words)
                    self.assertEqual((0, ''), (status, error))
                    self.assertIn(f'Paused: {shown}\n', told)
                    self.assertLess(len(told), 5000)
                    self.assertTrue(all(c.isprintable() or c == '\n' for c in told), told)
                    self.assertEqual(2 if len(words) == 1 else 3, told.count('\n'))

    def test_an_error_that_a_terminal_would_obey(self):
        message = {'kind': 'Status', 'apiVersion': 'v1', 'status': 'Failure', 'code': 403, 'reason': 'Forbidden',
                   'message': 'no \x1b[31mRED\nsluice: all is well \u202e'}
        for words in (['status'], ['status', 'shop'], ['promote', 'shop'], ['wait', 'canary/shop'], ['why', 'shop']):
            with self.subTest(words):
                status, told, error = self.ask({'': (403, message)}, *words)
                self.assertEqual((2, '', 1), (status, told, error.count('\n')))
                self.assertIn(r'no \x1b[31mRED sluice: all is well \u{202e}', error)


if __name__ == '__main__':
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()

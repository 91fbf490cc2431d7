#!/usr/bin/env python3
"""The binary as a user meets it: golden transcripts of the demo and of examples/scenarios, and the served cluster over
a real socket.

    run.py SLUICE [--accept]

--accept writes what they say now as the transcripts; read them before they are committed. Exit status 1 when a test
failed.
"""
import difflib
import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TRANSCRIPTS = HERE / 'transcripts'
SCENARIOS = sorted((ROOT / 'examples/scenarios').glob('*.yaml'))
SLUICE = None
PATIENCE_S = 60


def demo(*words, **environment):
    done = subprocess.run([SLUICE, 'demo', *words], capture_output=True, text=True, timeout=PATIENCE_S,
                          env={**os.environ, 'SLUICE_DEMO': 'sluice demo', **environment})
    return done.returncode, done.stdout, done.stderr


def shown(scenario):
    """Its path as a person in the repository types it; the story ends with it."""
    os.chdir(ROOT)
    return str(scenario.relative_to(ROOT))


def told_of(text):
    """The story without its last lines, which say what to type next and so how it was called."""
    return text.split('\nWhat to type next\n')[0]


def transcript_of(scenario):
    return TRANSCRIPTS / f'{scenario.stem}.txt'


class Demo(unittest.TestCase):
    maxDiff = None

    def expect_told(self, transcript, told):
        diff = difflib.unified_diff(told_of(transcript.read_text()).splitlines(), told_of(told).splitlines(),
                                    str(transcript), 'told now', lineterm='')
        self.assertEqual('', '\n'.join(diff))

    def test_tutorial(self):
        """Without a file the story is the tutorial's, byte for byte, with no escape sequence in a pipe."""
        status, told, errors = demo()
        self.assertEqual((0, ''), (status, errors))
        self.expect_told(TRANSCRIPTS / 'tutorial.txt', told)

    def test_readme(self):
        """What README.md shows of the story is a part of it."""
        shown = [text for text in (ROOT / 'README.md').read_text().split('```')
                 if 'Advance podinfo.test canary weight' in text]
        self.assertEqual(1, len(shown))
        self.assertIn(shown[0].strip(), (TRANSCRIPTS / 'tutorial.txt').read_text())

    def test_scenarios(self):
        """Each example ends as it expects, and its story is the one that is on record."""
        for scenario in SCENARIOS:
            with self.subTest(scenario.name):
                status, told, errors = demo(shown(scenario))
                self.assertEqual((0, ''), (status, errors))
                self.expect_told(transcript_of(scenario), told)

    def test_same_in_another_process(self):
        """Nothing of the process (addresses, time zone, environment, where it runs) is in the story."""
        for scenario in SCENARIOS:
            with self.subTest(scenario.name):
                told = demo(str(scenario), TZ='Asia/Tokyo', LANG='de_DE.UTF-8')[1]
                self.assertEqual(told_of(told), told_of(demo(shown(scenario), MALLOC_PERTURB_='170')[1]))

    def test_columns(self):
        """A terminal of 80 columns is enough, and in a dumb one there is no escape sequence."""
        for scenario in SCENARIOS:
            for line in transcript_of(scenario).read_text().splitlines():
                self.assertLessEqual(len(line), 80, line)
        self.assertEqual(told_of(TRANSCRIPTS.joinpath('tutorial.txt').read_text()),
                         told_of(self.in_terminal(TERM='dumb')))
        self.assertIn('\033[', self.in_terminal(TERM='xterm'))
        self.assertNotIn('\033[', self.in_terminal(TERM='xterm', NO_COLOR='1'))

    @staticmethod
    def in_terminal(**environment):
        here, there = pty.openpty()
        fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack('4H', 24, 80, 0, 0))
        process = subprocess.Popen([SLUICE, 'demo'], stdout=there,
                                   env={**os.environ, 'LC_ALL': 'C', 'SLUICE_DEMO': 'sluice demo', **environment})
        os.close(there)
        told = b''
        while True:
            try:
                told += os.read(here, 65536)
            except OSError:
                break
        process.wait(PATIENCE_S)
        os.close(here)
        return told.decode().replace('\r\n', '\n')

    def test_seed(self):
        """Another seed is another story, and the same one each time."""
        self.assertNotEqual(demo()[1], demo('--seed', '36')[1])
        self.assertEqual(demo('--seed=36')[1], demo('--seed', '36')[1])

    def test_transcripts(self):
        """Every transcript is of a scenario that is still there."""
        self.assertEqual({transcript_of(each).name for each in SCENARIOS},
                         {each.name for each in TRANSCRIPTS.iterdir()})


class Scenarios(unittest.TestCase):
    """What sluice demo FILE says about files that are wrong, and about stories that end otherwise."""

    def told(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'story.yaml'
            path.write_text(text)
            status, told, errors = demo(str(path))
            return status, told, errors.replace(folder + '/', '')

    def test_refused(self):
        for text, said in (('title: x\nend: {at: 1m}\nact: []\n',
                            'story.yaml:3:1: act: unknown field, known are title, '),
                           ('title: x\nend: {at: -1m}\n',
                            'story.yaml:2:11: end.at: "-1m", wanted a duration that is not negative'),
                           ('title: x\nend: {at: 1m}\nfaults: [{from: 5m, until: 1m, pods: {}}]\n',
                            'story.yaml:3:28: faults[0].until: 1m, wanted a time after'),
                           ('title: x\nend: {at: 1m}\nobjects: [{file: none.yaml}]\n',
                            'story.yaml:3:18: objects[0].file: file none.yaml: cannot open'),
                           ('title: [x\n', 'story.yaml:2:1: did not find expected')):
            status, told, errors = self.told(text)
            self.assertEqual((2, ''), (status, told), text)
            self.assertIn(f'sluice demo: {said}', errors)

    def test_missing(self):
        status, told, errors = demo('no/such.yaml')
        self.assertEqual((2, ''), (status, told))
        self.assertIn('sluice demo: file no/such.yaml: cannot open', errors)

    def test_otherwise(self):
        """A story that does not end as expected is told whole; then it says what is different, and where that was
        expected."""
        text = (ROOT / 'examples/scenarios/bad-release.yaml').read_text()
        text = text.replace('file: ',
                            f'file: {ROOT}/examples/scenarios/').replace('phase: Succeeded\n    primary',
                                                                         'phase: Failed\n    primary')
        status, told, errors = self.told(text)
        self.assertEqual(1, status)
        expected = transcript_of(ROOT / 'bad-release.yaml').read_text()
        self.assertEqual(expected[:expected.index('\nWhat was expected and came\n')],
                         told[:told.index('\nWhat was expected and came\n')])
        self.assertNotIn('What to type next', told)
        self.assertRegex(errors,
                         r'^sluice demo: story.yaml:\d+:12: expect\[0\].phase: Canary checkout.shop is Succeeded, '
                         r'wanted Failed\n$')

    def test_never(self):
        """A moment that never comes ends the story at its limit."""
        status, told, errors = self.told('title: x\nlimit: 5m\nend: {when: {phase: Failed}}\n')
        self.assertEqual((2,
                          'sluice demo: story.yaml:3:13: end.when: it has not come within 5m, the limit of the '
                          'story\n'), (status, errors))
        self.assertEqual('x\n\n$ kubectl get canaries --all-namespaces\nNo resources found\n', told)


class Served(unittest.TestCase):
    """sluice demo --serve, through its API as a client in any language would use it."""

    def serve(self, *words, logs=()):
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen([SLUICE, 'demo', *words, '--serve', '--speed', '200', *logs],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
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
            request = urllib.request.Request(f'{self.server}{base}{space}/{plural}/{name}?fieldManager=e2e',
                                             data=document.encode(), method='PATCH',
                                             headers={'Content-Type': 'application/apply-patch+yaml'})
            urllib.request.urlopen(request, timeout=PATIENCE_S).close()

    def wait_phase(self, phase, canary='test/canaries/podinfo'):
        path = f'/apis/flagger.app/v1beta1/namespaces/{canary}'
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            now = self.call('GET', path).get('status', {}).get('phase')
            if now == phase:
                return
            time.sleep(0.02)
        self.fail(f'phase {now} instead of {phase}; {self.last_words()}')

    def test_tutorial(self):
        """What the tutorial applies is rolled out by the engine inside, and SIGTERM ends both."""
        self.serve()
        gateway = {'apiVersion': 'networking.istio.io/v1alpha3', 'kind': 'Gateway',
                   'metadata': {'name': 'public-gateway'},
                   'spec': {'selector': {'istio': 'ingressgateway'}}}
        self.call('POST', '/apis/networking.istio.io/v1alpha3/namespaces/istio-system/gateways', gateway)
        self.apply((ROOT / 'examples/tutorial/podinfo.yaml').read_text())
        self.apply((ROOT / 'examples/tutorial/canary.yaml').read_text())
        self.wait_phase('Initialized')
        image = [{'op': 'replace', 'path': '/spec/template/spec/containers/0/image',
                  'value': 'stefanprodan/podinfo:3.1.1'}]
        target = '/apis/apps/v1/namespaces/test/deployments/podinfo'
        self.call('PATCH', target, image, 'application/json-patch+json')
        self.wait_phase('Succeeded')
        primary = self.call('GET', target + '-primary')
        self.assertEqual('stefanprodan/podinfo:3.1.1', primary['spec']['template']['spec']['containers'][0]['image'])
        self.assertEqual('success', self.call('GET', '/prometheus/api/v1/query?query=vector(1)')['status'])
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.process.wait(PATIENCE_S))

    def test_scenario(self):
        """The acts and faults of a scenario happen in the served cluster too, and are printed."""
        self.serve(str(ROOT / 'examples/scenarios/bad-release.yaml'))
        self.wait_phase('Failed', 'shop/canaries/checkout')
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.process.wait(PATIENCE_S))
        self.assertIn('\n$ kubectl -n shop set image deployment/checkout checkout=shop/checkout:2\n',
                      self.process.stdout.read())

    def test_app_of_ones_own(self):
        """A Canary that no scenario knows gets requests; an annotation of the template says how a version answers them.
        The terminal tells the story, without logs."""
        self.serve()
        own = {'metadata': {'labels': {'app': 'own'}}, 'spec': {'containers': [{'name': 'own', 'image': 'own:1'}]}}
        self.call('POST', '/api/v1/namespaces', {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'test'}})
        self.call('POST', '/apis/apps/v1/namespaces/test/deployments', {
            'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'own'},
            'spec': {'selector': {'matchLabels': {'app': 'own'}}, 'template': own}})
        metrics = [{'name': 'request-success-rate', 'interval': '1m', 'thresholdRange': {'min': 99}},
                   {'name': 'request-duration', 'interval': '1m', 'thresholdRange': {'max': 500}}]
        self.call('POST', '/apis/flagger.app/v1beta1/namespaces/test/canaries', {
            'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': 'own'},
            'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'own'},
                     'service': {'port': 80},
                     'analysis': {'interval': '10s', 'threshold': 2, 'stepWeight': 25, 'maxWeight': 50,
                                  'metrics': metrics}}})
        self.wait_phase('Initialized', 'test/canaries/own')
        target, kind = '/apis/apps/v1/namespaces/test/deployments/own', 'application/merge-patch+json'
        self.call('PATCH', target,
                  {'spec': {'template': {'metadata': {'annotations': {'sluice.dev/demo-latency': '90ms'}}}}}, kind)
        self.wait_phase('Succeeded', 'test/canaries/own')
        self.call('PATCH', target,
                  {'spec': {'template': {'metadata': {'annotations': {'sluice.dev/demo-errors': '20%'}}}}}, kind)
        self.wait_phase('Failed', 'test/canaries/own')
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.process.wait(PATIENCE_S))
        told = self.process.stdout.read()
        for said in (' * 50 requests per second to own.test\n', '   Promotion completed! Scaling down own.test\n',
                     ' ! Halt own.test advancement success rate '):
            self.assertIn(said, told)
        self.log.seek(0)
        self.assertEqual('', self.log.read())


class Check(unittest.TestCase):
    """sluice check: what is said on which stream, and the exit status. (tests/unit/test_check.c has the reasons.)"""

    def check(self, *words, text=''):
        done = subprocess.run([SLUICE, 'check', *words], input=text, capture_output=True, text=True, timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def test_examples(self):
        """Every Canary that we show is accepted."""
        status, told, errors = self.check('-f', str(ROOT / 'examples'))
        self.assertEqual((0, ''), (status, errors), told)
        self.assertRegex(told, r'(?m)^[1-9]\d* Canaries: [1-9]\d* accepted, 0 refused$')

    def test_refused(self):
        text = (ROOT / 'examples/tutorial/canary.yaml').read_text().replace('kind: Deployment', 'kind: DaemonSet')
        status, told, errors = self.check('-f', '-', text=text)
        self.assertEqual((1, ''), (status, errors))
        self.assertRegex(told,
                         r'(?m)^refused  test/podinfo \(stdin:\d+\)\n  stdin:\d+:\d+: spec.targetRef.kind: DaemonSet '
                         r'is not supported yet')
        found = json.loads(self.check('-f', '-', '-o', 'json', text=text)[1])
        self.assertEqual((1, 0, 1, 'spec.targetRef.kind'),
                         (found['version'], found['accepted'], found['refused'],
                          found['canaries'][0]['reasons'][0]['field']))

    def test_provider(self):
        """A Canary that names no provider is routed by the engine's."""
        text = (ROOT / 'examples/tutorial/canary.yaml').read_text()
        self.assertEqual(0, self.check('-f', '-', text=text)[0])
        status, told, _ = self.check('-f', '-', '-mesh-provider', 'nginx', text=text)
        self.assertEqual(1, status)
        self.assertIn('spec.provider: nginx is not supported yet', told)

    def test_template(self):
        """What must be rendered first is named with the line where it is no YAML; the rest is looked at all the
        same."""
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, 'a.yaml').write_text('kind: Canary\n{{- if .Values.canary }}\n')
            pathlib.Path(folder, 'b.yaml').write_text((ROOT / 'examples/tutorial/canary.yaml').read_text())
            status, told, errors = self.check('-f', folder)
        self.assertEqual(2, status)
        self.assertIn('accepted test/podinfo', told)
        self.assertRegex(errors, r'(?s)/a.yaml:\d+:\d+: .*helm template CHART')

    def test_cannot(self):
        for words, said in (((), 'a file, -f or -kubeconfig is missing'), (('-f',), '-f: its value is missing'),
                            (('--nope',), '--nope: unknown flag'),
                            (('x', '-f', 'y'), 'files are named either by -f or without it, not both'),
                            (('-f', 'x', '-o', 'xml'), '-o xml: neither text nor json'),
                            (('-f', 'no/such'), 'no/such: No such file'),
                            (('-kubeconfig', 'no/such'), 'kubeconfig no/such: ')):
            status, _, errors = self.check(*words)
            self.assertEqual(2, status, words)
            self.assertIn(f'sluice check: {said}', errors)

    def test_cluster(self):
        """The Canaries that an API server has, of all namespaces or of one; 2 when it does not answer."""
        served = Served()
        served.serve(str(ROOT / 'examples/scenarios/bad-release.yaml'))
        try:
            served.wait_phase('Failed', 'shop/canaries/checkout')
            with tempfile.NamedTemporaryFile('w+') as kubeconfig:
                kubeconfig.write('clusters: [{name: a, cluster: {server: "%s"}}]\ncontexts: [{name: a, context: '
                                 '{cluster: a}}]\ncurrent-context: a\n' %
                                 served.server)
                kubeconfig.flush()
                self.assertEqual((0, 'accepted shop/checkout\n1 Canary: 1 accepted, 0 refused\n', ''),
                                 self.check('-kubeconfig', kubeconfig.name))
                self.assertEqual((0, '0 Canaries: 0 accepted, 0 refused\n', ''),
                                 self.check('-kubeconfig', kubeconfig.name, '-namespace', 'other'))
                served.stop()
                status, _, errors = self.check('-kubeconfig', kubeconfig.name)
                self.assertEqual(2, status)
                self.assertIn('sluice check: ', errors)
        finally:
            served.doCleanups()


class Doors(unittest.TestCase):
    """Who may come in, and what is said to those who ask how it is."""

    def start(self, *words):
        process = subprocess.Popen([SLUICE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close(), process.stderr.close()))
        return process

    def sim(self, *words):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.kubeconfig = pathlib.Path(folder.name, 'kubeconfig')
        process = self.start('sim', '--kubeconfig', str(self.kubeconfig), *words)
        self.assertIn('export KUBECONFIG=', process.stdout.readline())
        self.server = re.search(r'server: "(http://[^"]+)"', self.kubeconfig.read_text())[1]
        return process

    def status(self, url, **headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE_S) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except urllib.error.URLError:
            return 0

    def test_host(self):
        """A page that has a name of its own lead here is refused; the kubeconfig is nobody else's."""
        self.sim('--api-only')
        port = self.server.rsplit(':', 1)[1]
        for host, status in ((f'127.0.0.1:{port}', 200), (f'localhost:{port}', 200), (f'evil.example:{port}', 403),
                             ('evil.example', 403)):
            self.assertEqual(status, self.status(self.server + '/version', Host=host), host)
        self.assertEqual(0o600, self.kubeconfig.stat().st_mode & 0o777)

    def test_link(self):
        """What a link leads to is not overwritten."""
        with tempfile.TemporaryDirectory() as folder:
            precious, link = pathlib.Path(folder, 'precious'), pathlib.Path(folder, 'link')
            precious.write_text('mine')
            link.symlink_to(precious)
            done = subprocess.run([SLUICE, 'sim', '--kubeconfig', str(link)], capture_output=True, text=True,
                                  timeout=PATIENCE_S)
            self.assertEqual((2, f'sluice sim: --kubeconfig {link}: it is a symbolic link\n'),
                             (done.returncode, done.stderr))
            self.assertEqual('mine', precious.read_text())

    def test_open(self):
        """It is said when others can come in, and only then."""
        process = self.sim('--api-only', '--listen', '0.0.0.0:0')
        self.assertIn('is open to other machines', process.stderr.readline())
        process = self.sim('--api-only')
        process.terminate()
        self.assertEqual('', process.stderr.read())

    def test_ready(self):
        """/healthz says that it is alive, /readyz that it has read what it needs; the one that stands by is ready,
        too."""
        self.sim()
        for _ in range(2):
            with socket.create_server(('127.0.0.1', 0)) as free:
                port = free.getsockname()[1]
            engine = self.start('run', '-kubeconfig', str(self.kubeconfig), '-port', str(port), '-log-level', 'fatal')
            end = time.monotonic() + PATIENCE_S
            while self.status(f'http://127.0.0.1:{port}/readyz') != 200:
                self.assertIsNone(engine.poll())
                self.assertLess(time.monotonic(), end)
                time.sleep(0.02)
            self.assertEqual(200, self.status(f'http://127.0.0.1:{port}/healthz'))


class Flags(unittest.TestCase):
    def test_asked(self):
        for words, said in ((['version'], 'sluice version '), (['--version'], 'sluice version '),
                            (['-help'], 'sluice demo [FILE]'),
                            (['demo', '--help'], 'usage: sluice demo [FILE]'),
                            (['completion', '-help'], 'usage: sluice completion bash|zsh'),
                            (['completion', '-version'], 'sluice version '),
                            (['version', '--help'], 'usage: sluice version'),
                            (['version', '-version'], 'sluice version ')):
            done = subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual((0, ''), (done.returncode, done.stderr), words)
            self.assertIn(said, done.stdout)

    def test_help(self):
        """`sluice help COMMAND` says what `sluice COMMAND -help` does."""
        for command in ('run', 'demo', 'sim', 'check', 'replay', 'completion', 'version'):
            told = [subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=PATIENCE_S)
                    for words in (('help', command), (command, '-help'))]
            self.assertEqual([0, 0], [each.returncode for each in told], command)
            self.assertNotEqual('', told[0].stdout, command)
            self.assertEqual(told[0].stdout, told[1].stdout, command)
            self.assertLessEqual(max(map(len, told[0].stdout.splitlines())), 100, command)

    def complete(self, *words):
        """What a bash offers for the last word."""
        script = ('source <("$1" completion bash); shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(['bash', '-c', script, 'bash', SLUICE, 'sluice', *words], capture_output=True, text=True,
                              timeout=PATIENCE_S, cwd=ROOT)
        self.assertEqual((0, ''), (done.returncode, done.stderr), words)
        return done.stdout.split()

    def test_completion(self):
        """Commands, flags, and values of flags as the tables of the flags say them."""
        for words, offered in ((['c'], ['check', 'completion']), (['completion', ''], ['bash', 'zsh']),
                               (['help', 's'], ['sim', 'shadow', 'status']),
                               (['run', '-log'], ['-log-level']),
                               (['run', '-log-level', ''], ['debug', 'info', 'warn', 'error', 'fatal', 'panic']),
                               (['run', '-log-level', '=', 'w'], ['warn']),
                               (['run', '--zap-encoding', '='], ['json', 'console']),
                               (['demo', '--se'], ['--seed', '--serve']), (['demo', '-se'], ['-seed', '-serve']),
                               (['demo', 'README'], ['README.md']), (['demo', '--kubeconfig', 'README'], ['README.md']),
                               (['demo', '--speed', ''], []),
                               (['check', '-o', ''], ['text', 'json']), (['check', '-f', 'README'], ['README.md']),
                               (['replay', '--strategy', 'README'], ['README.md']),
                               (['replay', 'README'], ['README.md']),
                               (['check', '-n', ''], []), (['sim', ''], [])):
            self.assertEqual(offered, self.complete(*words), words)

    def test_refused(self):
        for words, said in ((['demo', '--serve', '--speed', '0'], '--speed 0: expected a whole number from 1 to 1000'),
                            (['demo', '--seed', 'x'], '--seed x: expected a whole number'),
                            (['demo', '--seed', '9' * 20], f'--seed {"9" * 20}: expected a whole number'),
                            (['demo', '--speed', '5'],
                             '--listen, --speed, --kubeconfig and --logs are of use with --serve only'),
                            (['demo', 'a.yaml', 'b.yaml'], 'b.yaml: unexpected word'),
                            (['sim', '--listen', 'nowhere'], '--listen nowhere: expected HOST:PORT'),
                            (['sim', '--nope'], '--nope: unknown flag'),
                            (['sim', '--listen'], '--listen: its value is missing, wanted HOST:PORT'),
                            (['demo', '--serve=yes'], '--serve=yes: true or false is wanted'),
                            (['help', 'bake'], 'there is no command "bake"\n'),
                            (['completion', 'fish'], 'sluice completion: "fish": bash or zsh is wanted'),
                            (['completion'], 'sluice completion: "": bash or zsh is wanted'),
                            (['version', 'extra'], 'sluice version: extra: unexpected word'),
                            (['demo', '--listen', '127.0.0.1:0'],
                             '--listen, --speed, --kubeconfig and --logs are of use with --serve only')):
            done = subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual(2, done.returncode, words)
            self.assertIn(said, done.stderr)

    def test_manifest(self):
        """Objects are no scenario; each is told with its place."""
        done = subprocess.run([SLUICE, 'demo', 'examples/tutorial/canary.yaml'], capture_output=True, text=True,
                              timeout=PATIENCE_S, cwd=ROOT)
        self.assertEqual((2, ''), (done.returncode, done.stdout))
        self.assertRegex(done.stderr,
                         r'^sluice demo: examples/tutorial/canary.yaml:\d+:1: the Kubernetes object Canary podinfo, '
                         r'wanted a scenario')

    def test_unreached(self):
        """What nothing in a story reaches is warned of where nobody can bring it later: played, not served."""
        with tempfile.NamedTemporaryFile('w', suffix='.yaml') as story:
            story.write('title: x\nversions: {"app:1": {errors: 0%}}\ntraffic: [{host: app.t, perSecond: 5}]\nend: '
                        '{at: 1m}\n')
            story.flush()
            done = subprocess.run([SLUICE, 'demo', story.name], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertIn(f'sluice demo: warning: {story.name}:2:21: versions.app:1: no object and no act of the '
                          f'story has an image', done.stderr)
            serving = subprocess.Popen([SLUICE, 'demo', story.name, '--serve'], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            told = serving.stdout.readline()
            serving.terminate()
            serving.communicate(timeout=PATIENCE_S)
            self.assertEqual('apiVersion: v1\n', told)

    def test_warning(self):
        """What sluice check warns of is text, whoever logs it."""
        with tempfile.NamedTemporaryFile('w') as config:
            config.write('current-context: a\ncurrent-context: b\n')
            config.flush()
            done = subprocess.run([SLUICE, 'check', '-kubeconfig', config.name], capture_output=True, text=True,
                                  timeout=PATIENCE_S)
        self.assertRegex(done.stderr, '^sluice check: kubeconfig .*: the last one counts\n')

    def test_suggestion(self):
        """What to type next names no file that is not there."""
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([SLUICE, 'demo'], capture_output=True, text=True, timeout=PATIENCE_S, cwd=folder)
        self.assertIn('What to type next', done.stdout)
        self.assertNotIn('examples/scenarios', done.stdout)

    def test_kubeconfig(self):
        """Where it cannot be written, nothing is served."""
        for words, said in ((['demo', '--serve', '--kubeconfig', '/no/such'],
                             'sluice demo: --kubeconfig /no/such: No such file or directory\n'),
                            (['sim', '--kubeconfig', '/dev/full'],
                             'sluice sim: --kubeconfig /dev/full: not a regular file\n')):
            done = subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual((2, '', said), (done.returncode, done.stdout, done.stderr))


    def test_full_disk(self):
        """What cannot be written is said, and is neither a success nor the status of a rule that says no."""
        canary, leak = ROOT / 'examples/tutorial/canary.yaml', ROOT / 'examples/scenarios/slow-leak.yaml'
        for words in (['demo'], ['version'], ['help'], ['demo', '-help'], ['sim'], ['run', '-help'],
                      ['repl', leak, '-e', '1'], ['check', '-f', canary],
                      ['check', '-f', canary, '-mesh-provider', 'nginx']):
            with open('/dev/full', 'w') as full:
                done = subprocess.run([SLUICE, *words], stdout=full, stderr=subprocess.PIPE, text=True,
                                      timeout=PATIENCE_S)
            self.assertEqual(2, done.returncode, words)
            self.assertRegex(done.stderr, 'cannot write (to standard output|the kubeconfig): No space left on device',
                             words)


if __name__ == '__main__':
    SLUICE = str(pathlib.Path(sys.argv[1]).resolve())
    if '--accept' in sys.argv:
        for each in SCENARIOS:
            transcript_of(each).write_text(demo(shown(each))[1])
        sys.exit(0)
    unittest.main(argv=sys.argv[:1], verbosity=2)

#!/usr/bin/env python3
"""sluice load as hooks meet it: its answers beside those of Flagger's load tester, loads on a real server, programs,
and what it makes of bad input.

    load.py SLUICE [--real LOADTESTER]      with --real: what load_cases.py has of the real one is asked again
"""
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from load_cases import CASES, CLOSED, order, payload

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))
from processes import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = REAL = None
PATIENCE_S = 60


def wait_for(said, what):
    end = time.monotonic() + PATIENCE_S
    while not (found := said()):
        if time.monotonic() > end:
            raise AssertionError(f'{what} has not come')
        time.sleep(0.01)
    return found


def is_alive(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def children(pid):
    return pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()


def with_words(*words):
    """The processes that run this command."""
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        with contextlib.suppress(OSError):
            if path.read_bytes() == b''.join(word.encode() + b'\0' for word in words):
                found.append(path.parent.name)
    return found


class Tester:
    """A load tester that is running."""

    def __init__(self, case, command, *flags, env=None):
        log = tempfile.NamedTemporaryFile(mode='w+', encoding='utf-8')
        case.addCleanup(log.close)
        self.log = pathlib.Path(log.name)
        self.port = free_port()
        self.child = subprocess.Popen([*command, f'-port={self.port}', *flags], stderr=log, env=env)
        case.addCleanup(self.child.wait)
        case.addCleanup(self.child.kill)
        wait_for(self.has_begun, str(command))
        if self.child.poll() is not None:
            raise AssertionError(f'{command}: {self.said()}')

    def has_begun(self):
        return self.child.poll() is not None or self.listens()

    def listens(self):
        try:
            socket.create_connection(('127.0.0.1', self.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def said(self):
        return self.log.read_text(encoding='utf-8')

    def ask(self, path, body='', method='POST'):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.RemoteDisconnected:
            return CLOSED
        finally:
            connection.close()

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(PATIENCE_S)


def sluice(case, *flags, env=None):
    return Tester(case, [SLUICE, 'load'], *flags, env=env)


class Server(http.server.ThreadingHTTPServer):
    """Keeps what it was asked; /token gives a token, /status/N that status."""
    daemon_threads = True

    def __init__(self, case):
        self.seen = []
        super().__init__(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        case.addCleanup(self.server_close)
        case.addCleanup(self.shutdown)
        self.url = f'http://127.0.0.1:{self.server_port}'

    def handle_error(self, request, client_address):
        """A load that was ended has left."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
        self.server.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        status = int(self.path.rpartition('/')[2]) if self.path.startswith('/status/') else 200
        answer = b'{"token": "abc"}' if self.path == '/token' else b'ok'
        self.send_response(status)
        if status == 302:
            self.send_header('Location', '/elsewhere')
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, *args):
        pass


class Answers(unittest.TestCase):
    """The table of load_cases.py."""

    def test_ours(self):
        tester = sluice(self, '-namespace-regexp', '^test$', '-allow-commands', 'printf,grep')
        for path, body, real, *ours in CASES:
            with self.subTest(path=path, body=body):
                got = tester.ask(path, body)
                if ours == ['in any order']:
                    self.assertEqual((real[0], sorted(real[1])), (got[0], sorted(got[1])))
                else:
                    self.assertEqual(ours[0] if ours else real, got)
        self.assertEqual(0, tester.end())

    def test_real(self):
        if REAL is None:
            self.skipTest('no --real LOADTESTER')
        tester = Tester(self, [REAL], '-namespace-regexp', '^test$')
        for path, body, real, *_ in CASES:
            with self.subTest(path=path, body=body):
                got = tester.ask(path, body)
                self.assertEqual((real[0], sorted(real[1])), (got[0], sorted(got[1])))


class Loads(unittest.TestCase):
    def setUp(self):
        self.server = Server(self)

    def play(self, tester, flags, path='/'):
        """Until it is over. The figures."""
        status, told = tester.ask('/', order(type='bash', cmd=f'hey {flags} {self.server.url}{path}',
                                             returnCmdOutput='true'))
        self.assertEqual(200, status, told)
        return told

    def test_request(self):
        """What the command line says is what is sent."""
        told = self.play(sluice(self), "-n 3 -c 1 -m POST -d '{test: 2}' -H 'Cookie: type=insider' "
                                       '-host app.example.com -a me:secret', '/echo')
        self.assertRegex(told, r'^3 requests in .*/s; 200: 3; p50 .*, p90 .*, p99 .*, slowest ')
        self.assertEqual(3, len(self.server.seen))
        method, path, headers, body = self.server.seen[0]
        self.assertEqual(('POST', '/echo', '{test: 2}'), (method, path, body))
        expected = {'host': 'app.example.com', 'cookie': 'type=insider', 'content-type': 'text/html',
                    'accept-encoding': 'gzip', 'authorization': 'Basic bWU6c2VjcmV0', 'content-length': '9'}
        self.assertEqual(expected, {k: v for k, v in headers.items() if k != 'user-agent'})

    def test_redirects(self):
        tester = sluice(self)
        self.assertRegex(self.play(tester, '-n 2 -c 1', '/status/302'), r'; 200: 2; ')
        self.assertRegex(self.play(tester, '-n 2 -c 1 -disable-redirects', '/status/302'), r'; 302: 2; ')

    def test_metrics(self):
        tester = sluice(self)
        self.play(tester, '-n 4 -c 2', '/status/500')
        self.play(tester, '-n 2 -c 2')
        told = tester.ask('/metrics', method='GET')[1]
        for line in ('sluice_load_requests_total{namespace="test",name="podinfo",code="200"} 2',
                     'sluice_load_requests_total{namespace="test",name="podinfo",code="500"} 4',
                     'sluice_load_request_duration_seconds_count{namespace="test",name="podinfo"} 6',
                     'sluice_load_tasks_total{namespace="test",name="podinfo",type="hey",outcome="finished"} 2',
                     'sluice_load_tasks_running 0'):
            self.assertIn(line + '\n', told)

    def test_figures_are_logged(self):
        """And the same command is not started twice."""
        tester = sluice(self)
        command = f'hey -z 1s -q 10 -c 2 {self.server.url}/'
        self.assertEqual((202, ''), tester.ask('/', order(cmd=command)))
        self.assertEqual((202, ''), tester.ask('/', order(cmd=command)))
        pattern = re.escape(f'load finished {command}: ') + r'(\d+) requests in .*; 200: \1; p50 '
        told = wait_for(lambda: re.search(pattern, tester.said()), 'the end of the load')
        self.assertIn(f'command skipped {command} is already running', tester.said())
        self.assertEqual(len(self.server.seen), int(told.group(1)))
        self.assertIn(len(self.server.seen), range(1, 21))

    def test_nobody_there(self):
        tester = sluice(self)
        for url, why in (('http://podinfo.invalid/', 'Could not resolve host: podinfo.invalid'),
                         (f'http://127.0.0.1:{free_port()}/', 'Connection refused')):
            status, told = tester.ask('/', order(type='bash', cmd=f'hey -n 5 -c 5 {url}', returnCmdOutput='1'))
            self.assertEqual(200, status)
            self.assertRegex(told, f'^5 requests in .*; no answer: 5 [(].*{why}: 5[)]$')

    def test_end(self):
        """It ends at once, whatever runs."""
        tester = sluice(self, '-allow-commands=sleep')
        tester.ask('/', order(cmd=f'hey -z 1h -q 10 -c 2 {self.server.url}/'))
        tester.ask('/', order(cmd='sleep 3600'))
        self.assertEqual(0, tester.end())
        self.assertIn('command stopped sleep 3600: the load tester ends', tester.said())


    def wait_for_load(self, tester, flags):
        """A connection that waits for the end of a load, which has begun."""
        connection = http.client.HTTPConnection('127.0.0.1', tester.port, timeout=PATIENCE_S)
        self.addCleanup(connection.close)
        connection.request('POST', '/', order(type='bash', cmd=f'hey {flags} {self.server.url}/', returnCmdOutput='1'))
        wait_for(lambda: self.server.seen, 'the first request')
        return connection

    def test_end_with_somebody_waiting(self):
        """They are answered, and nobody else is kept."""
        tester = sluice(self)
        connection = self.wait_for_load(tester, '-n 10 -q 10 -c 1')
        tester.ask('/', order(cmd=f'hey -z 1h -q 10 -c 2 {self.server.url}/'))
        self.assertEqual(0, tester.end())
        answer = connection.getresponse()
        self.assertEqual(200, answer.status)
        self.assertIn('; 200: 10; ', answer.read().decode())

    def test_end_at_once(self):
        """At the second signal."""
        tester = sluice(self)
        connection = self.wait_for_load(tester, '-z 1h -q 10 -c 1')
        tester.child.send_signal(signal.SIGTERM)
        wait_for(lambda: 'signal 15: ending' in tester.said(), 'the first signal')
        self.assertEqual(1, tester.end())
        self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError), connection.getresponse)

    def test_what_is_installed(self):
        """The arguments of deploy/loadtester.yaml are taken, and do what the tutorial needs."""
        text = (ROOT / 'deploy/loadtester.yaml').read_text()
        flags = re.findall(r'^ +- (-[a-z-]+=.*)$', text, flags=re.M)
        self.assertIn('-allow-commands=curl,grep', flags)
        tester = sluice(self, *(flag for flag in flags if not flag.startswith('-port=')))
        counted = order(type='bash', cmd='curl --version | grep -c "^curl"', returnCmdOutput='1')
        self.assertEqual((200, '1\n'), tester.ask('/', counted))
        self.assertIn('-allow-commands without -namespace-regexp: ', tester.said())


class Programs(unittest.TestCase):
    def run_program(self, tester, command):
        return tester.ask('/', order(type='bash', cmd=command, returnCmdOutput='true'))

    def test_acceptance(self):
        """The tutorial's."""
        server = Server(self)
        tester = sluice(self, '-allow-commands=curl,grep')
        self.assertEqual((200, '{"token": "abc"}\n'),
                         self.run_program(tester, f"curl -sd 'test' {server.url}/token | grep token"))
        self.assertEqual(('POST', '/token', 'test'), (server.seen[0][0], server.seen[0][1], server.seen[0][3]))
        command = f"curl -sd 'test' {server.url}/other | grep token"
        self.assertEqual((500, f'command {command} failed: : exit status 1'), self.run_program(tester, command))

    def test_confinement(self):
        """Never root, an environment of its own, and nothing of the tester's to be read."""
        tester = sluice(self, '-allow-commands=id,env,cat,yes', '-command-env=GIVEN',
                        env={**os.environ, 'GIVEN': 'given', 'SECRET': 'secret'})
        uid = os.getuid() or 65534
        self.assertEqual((200, f'{uid}\n'), self.run_program(tester, 'id -u'))
        told = self.run_program(tester, 'env')[1]
        self.assertIn('GIVEN=given\n', told)
        self.assertNotIn('secret', told)
        status, told = self.run_program(tester, f'cat /proc/{tester.child.pid}/environ')
        self.assertEqual(500, status)
        self.assertIn('Permission denied', told)
        status, told = self.run_program(tester, 'yes')
        self.assertEqual((500, True), (status, told.endswith('it wrote more than 1048576 bytes, killed')))
        self.assertEqual((200, 'OK'), tester.ask('/healthz'))

    def test_sudden_death(self):
        """What a killed load tester has started dies with it, whether its program runs already or not."""
        for runs in (True, False):
            with self.subTest(runs=runs):
                tester = sluice(self, '-allow-commands=sleep')
                tester.ask('/', order(cmd='sleep 3600'))
                supervisor = wait_for(lambda: children(tester.child.pid), 'the supervisor')[0]
                child = wait_for(lambda: children(supervisor), 'the child')[0]
                words = pathlib.Path(f'/proc/{child}/cmdline')
                wait_for(lambda: not runs or words.read_text() == 'sleep\0003600\000', 'its program')
                tester.child.kill()
                wait_for(lambda: not is_alive(child), 'the end of the child')
                wait_for(lambda: not is_alive(supervisor), 'the end of the supervisor')

    def test_daemons(self):
        """What leaves its session and its parent ends with the command. Nothing of it is left, and no zombie."""
        tester = sluice(self, '-allow-commands=setsid,sleep', '-timeout=1s')
        for command in ('setsid -f setsid -f sleep 36017', 'setsid -f sleep 36018 | sleep 36019'):
            self.assertEqual((500, f'command {command} failed: : not done within 1s, killed'),
                             self.run_program(tester, command))
        for number in (36017, 36018, 36019):
            self.assertEqual([], with_words('sleep', str(number)))
        self.assertEqual([], children(tester.child.pid))

    def test_timeout(self):
        tester = sluice(self, '-allow-commands=sleep', '-timeout=1s')
        self.assertEqual((500, 'command sleep 60 failed: : not done within 1s, killed'),
                         self.run_program(tester, 'sleep 60'))


class Chart(unittest.TestCase):
    def test_runners(self):
        """The chart's notes warn of the same programs as we do at the start."""
        source = (ROOT / 'core/load/runners.c').read_text()
        rows = re.findall(r'\{"a[^"]*", ([^}]*)\}', source)
        names = {name for row in rows for name in row.replace('"', ' ').split()}
        self.assertLessEqual({'bash', 'python', 'env'}, names)
        listed = (ROOT / 'deploy/charts/loadtester/files/runners.yaml').read_text()
        self.assertEqual(sorted(names), re.findall('^- (.*)$', listed, flags=re.M))


class BadInput(unittest.TestCase):
    def test_sizes(self):
        tester = sluice(self, '-max-gates=100')
        self.assertEqual(413, tester.ask('/', order(cmd='x' * 10_000_000))[0])
        self.assertEqual(400, tester.ask('/', order(cmd='hey ' + 'x' * 20_000))[0])
        answers = [tester.ask('/gate/open', payload(name=f'gate/{n}'))[0] for n in range(101)]
        self.assertEqual([202] * 100 + [400], answers)
        self.assertEqual((200, 'Approved'), tester.ask('/gate/check', payload(name='gate/99')))
        self.assertEqual((200, 'OK'), tester.ask('/healthz'))

    def test_crowd(self):
        """Many who never end their requests keep no probe out."""
        tester = sluice(self)
        for n in range(700):
            silent = socket.create_connection(('127.0.0.1', tester.port), timeout=PATIENCE_S)
            self.addCleanup(silent.close)
            silent.sendall(b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{')
            if n % 50 == 49:
                self.assertEqual((200, 'OK'), tester.ask('/healthz'))

    def test_flags(self):
        for flags, status, told in (
                (['-port=x'], 2, '-port x: a whole number from 0 to 65535 wanted'),
                (['-timeout=5'], 2, '-timeout: time: missing unit in duration "5"'),
                (['-timeout=0s'], 2, '-timeout 0s: a duration from 1s to 24h wanted'),
                (['-log-level=loud'], 2, '-log-level loud: debug, info, warning or error wanted'),
                (['-max-rate=0'], 2, '-max-rate 0: a whole number from 1 to 100000 wanted'),
                (['run'], 2, 'run: unexpected word'),
                (['-port=80', '-listen=127.0.0.1:80'], 2, '-port and -listen both say where hooks are served'),
                (['-listen=nowhere.invalid:0'], 2, '-listen: cannot listen on nowhere.invalid:0: '),
                (['-namespace-regexp=('], 2, '-namespace-regexp (: '),
                (['-allow-commands=/bin/sh'], 2, '-allow-commands "/bin/sh": the name of a program wanted'),
                (['-allow-commands=curl grep'], 2, '-allow-commands "curl grep": the name of a program wanted'),
                (['-command-env=HOME PATH'], 2, '-command-env "HOME PATH": the name of a variable wanted'),
                (['-allow-commands=hey'], 2, '-allow-commands hey: its command lines are played without the program')):
            with self.subTest(flags):
                done = subprocess.run([SLUICE, 'load', *flags], capture_output=True, text=True, timeout=PATIENCE_S)
                self.assertEqual(status, done.returncode, done.stderr)
                self.assertIn(f'sluice load: {told}', done.stderr)

    def test_port_that_is_taken(self):
        tester = sluice(self)
        done = subprocess.run([SLUICE, 'load', f'-port={tester.port}'], capture_output=True, text=True,
                              timeout=PATIENCE_S)
        self.assertEqual(2, done.returncode)
        self.assertEqual(f'sluice load: -port: cannot listen on :{tester.port}: Address already in use\n', done.stderr)

    def test_one_address(self):
        """-listen 127.0.0.1:PORT is not reached by the machine's other addresses."""
        port = free_port()
        child = subprocess.Popen([SLUICE, 'load', f'-listen=127.0.0.1:{port}'], stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        self.addCleanup(child.stderr.close)
        self.assertIn(f'on port {port} of 127.0.0.1', child.stderr.readline())
        socket.create_connection(('127.0.0.1', port)).close()
        self.assertRaises(ConnectionRefusedError, socket.create_connection, ('127.0.0.2', port))

    def test_programs_that_run_others(self):
        tester = sluice(self, '-allow-commands=curl,sh,env')
        for name, kind in (('sh', 'a shell'), ('env', 'a program that runs others')):
            self.assertIn(f'-allow-commands {name}: it is {kind}, so hooks may run any program that is installed here, '
                          'whatever else the list names', tester.said())
        self.assertNotIn('-allow-commands curl', tester.said())


def main():
    global SLUICE, REAL
    SLUICE = str(pathlib.Path(sys.argv.pop(1)).resolve())
    if '--real' in sys.argv:
        at = sys.argv.index('--real')
        REAL = sys.argv[at + 1]
        del sys.argv[at:at + 2]
    unittest.main()


if __name__ == '__main__':
    main()

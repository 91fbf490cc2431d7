#!/usr/bin/env python3
"""Every command as somebody meets it who means harm, or has had a long day: help, words that are none, output that
cannot be written, servers that hang, and Ctrl-C.

    mean.py SLUICE
"""
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
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = None
PATIENCE_S = 60
TERMINAL_OBEYS = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]')


def commands():
    text = subprocess.run([SLUICE, 'help'], capture_output=True, text=True, check=True).stdout
    return re.findall(r'^  sluice (\w+)', text, re.M)


class Mean(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)
        self.env = {**os.environ, 'HOME': top.name, 'KUBECONFIG': str(self.top / 'none')}

    def run_sluice(self, *words, stdout=subprocess.PIPE):
        done = subprocess.run([SLUICE, *words], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                              text=True, timeout=PATIENCE_S, cwd=self.top, env=self.env)
        return done.returncode, done.stdout, done.stderr

    def every(self, look, *, but=()):
        for command in commands():
            if command not in but:
                with self.subTest(command):
                    look(command)


class Words(Mean):
    def test_help_has_one_form(self):
        def look(command):
            status, told, error = self.run_sluice(command, '--help')
            self.assertEqual((0, ''), (status, error))
            self.assertTrue(told.startswith(f'usage: sluice {command}'), told[:60])
            self.assertRegex(told, r'\n\nExit status: 0 [^\n]+')
            self.assertEqual((0, told, ''), self.run_sluice('help', command))
            self.assertLessEqual(max(map(len, told.split('\n'))), 100)
        self.every(look, but=['help'])

    def test_wrong_usage_is_2(self):
        def look(command):
            for words in (['--no-such-flag'], ['']):
                status, told, error = self.run_sluice(command, *words)
                self.assertEqual((2, ''), (status, told))
                self.assertRegex(error, r'\Asluice( \w+)?: \S[^\n]*')
        self.every(look)

    def test_a_variable_that_is_not_set(self):
        for command in ('status', 'why', 'promote', 'wait', 'repl', 'dashboard', 'check', 'shadow'):
            with self.subTest(command):
                status, told, error = self.run_sluice(command, '--kubeconfig', '')
                self.assertEqual((2, ''), (status, told))
                self.assertIn('--kubeconfig: FILE is wanted, got ""', error)

    def test_long_words(self):
        def look(command):
            status, told, error = self.run_sluice(command, 'x' * 100_000)
            self.assertEqual((2, ''), (status, told))
            self.assertLess(len(error), 5_000)
        self.every(look)


class Output(Mean):
    def test_a_full_disk(self):
        def look(command):
            for words in (['--help'], ['--version']):
                with open('/dev/full', 'w') as full:
                    self.assertEqual((2, None, 'sluice: cannot write to standard output: No space left on device\n'),
                                     self.run_sluice(command, *words, stdout=full))
        self.every(look)

    def test_a_full_disk_behind_much(self):
        """More than is kept back until the end: the reason is known when it is written."""
        with open('/dev/full', 'w') as full:
            self.assertEqual((2, None, 'sluice: cannot write to standard output: No space left on device\n'),
                             self.run_sluice('dryrun', '--plan', '-f', ROOT / 'examples/strategies/approval', '-o',
                                             'json', stdout=full))

    def test_a_pipe_that_closes(self):
        def look(command):
            ends = os.pipe()
            os.close(ends[0])
            with open(ends[1], 'w') as closed:
                self.assertEqual((2, None, 'sluice: cannot write to standard output: Broken pipe\n'),
                                 self.run_sluice(command, '--help', stdout=closed))
        self.every(look)


def kubeconfig(port):
    return json.dumps({'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c', 'users': [],
                       'clusters': [{'name': 'c', 'cluster': {'server': f'http://127.0.0.1:{port}'}}],
                       'contexts': [{'name': 'c', 'context': {'cluster': 'c', 'namespace': 'test'}}]})


ASKING = (['status'], ['why', 'shop'], ['promote', 'shop'], ['wait', 'deployment/shop'], ['check', '--kubeconfig', '.'],
          ['repl', '-n', 'test', 'shop', '--prometheus', 'http://127.0.0.1:1'])
MANIFEST = ['-f', str(ROOT / 'examples/tutorial/canary.yaml'), '--prometheus', 'URL']
MEASURING = (['check', *MANIFEST], ['record', *MANIFEST, '-o', 'data.json'], ['backtest', *MANIFEST])


class Servers(Mean):
    def serve(self, answer):
        """`answer` gets each connection; the words of ASKING find the server."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        self.connections, self.asked = [], threading.Event()

        def loop():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                self.connections.append(connection)
                answer(connection)
                self.asked.set()
        threading.Thread(target=loop, daemon=True).start()
        self.addCleanup(lambda: [connection.close() for connection in self.connections])
        config = self.top / 'config'
        config.write_text(kubeconfig(listener.getsockname()[1]))
        self.url = f'http://127.0.0.1:{listener.getsockname()[1]}'
        self.env['KUBECONFIG'] = str(config)

    def words(self, words):
        return [{'.': str(self.top / 'config'), 'URL': self.url}.get(word, word) for word in words]

    def test_an_answer_of_no_server(self):
        for bytes_ in (b'', b'\0\1garbage\r\n\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
                       b'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 21\r\n\r\n<h1>\x1b[31mno \xe2\x80\xae</h1>',
                       b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"items": ['):
            def answer(connection, bytes_=bytes_):
                connection.recv(4096)
                connection.sendall(bytes_)
                connection.close()
            self.serve(answer)
            for words in ASKING:
                with self.subTest(words=words, bytes=bytes_):
                    status, told, error = self.run_sluice(*self.words(words))
                    self.assertEqual((2, '', 1), (status, told, error.count('\n')), error)
                    self.assertIsNone(TERMINAL_OBEYS.search(error.rstrip('\n')), error)

    def test_an_interrupt_while_a_server_hangs(self):
        for words in (*ASKING, *MEASURING):
            self.serve(lambda connection: connection.recv(4096))
            with self.subTest(words):
                asking = subprocess.Popen([SLUICE, *self.words(words)], stdin=subprocess.DEVNULL, text=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.top, env=self.env)
                self.addCleanup(asking.kill)
                self.assertTrue(self.asked.wait(PATIENCE_S))
                asking.send_signal(signal.SIGINT)
                told, error = asking.communicate(timeout=PATIENCE_S)
                self.assertEqual((130, f'sluice {words[0]}: interrupted\n'), (asking.returncode, error))
                self.assertTrue(told == '' or words in MEASURING, told)


if __name__ == '__main__':
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()

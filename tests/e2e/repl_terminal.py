#!/usr/bin/env python3
"""sluice repl as a person types it, in a terminal (tmux): editing, history, completion, Ctrl-C, lines that go on.

    repl_terminal.py SLUICE

Nothing here sleeps: each step waits until the screen shows what it must.
"""
import os
import pathlib
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import termios
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAK = ROOT / 'examples/scenarios/slow-leak.yaml'
SLUICE = None
PATIENCE_S = 120


@unittest.skipUnless(shutil.which('tmux'), 'tmux is not installed')
class Terminal(unittest.TestCase):
    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)
        self.opened = 0

    def tmux(self, *words):
        done = subprocess.run(['tmux', '-S', self.socket, '-f', '/dev/null', *map(str, words)], capture_output=True,
                              text=True, timeout=PATIENCE_S)
        self.assertEqual(0, done.returncode, (words, done.stderr))
        return done.stdout

    def open(self, *words, columns=110, rows=60, term=None, locale=None, path=LEAK):
        command = ' '.join(shlex.quote(str(word)) for word in (SLUICE, 'repl', path, *words))
        self.opened += 1 # a server that ends takes a while
        self.socket = self.top / f'tmux{self.opened}'
        environment = [f'XDG_STATE_HOME={self.top}/state']
        if term:
            environment.append(f'TERM={term}')
        if locale:
            environment.append(f'LC_ALL={locale}')
        self.tmux('new-session', '-d', '-x', columns, '-y', rows, '-c', self.top, 'env', *environment, 'sh', '-c',
                  f'trap : INT; {command}; echo "status $?"; stty -a; exec tail -f /dev/null')
        self.addCleanup(self.close)
        self.wait_for(r'\n> $')

    def close(self):
        subprocess.run(['tmux', '-S', self.socket, 'kill-server'], capture_output=True, timeout=PATIENCE_S)

    def screen(self):
        return self.tmux('capture-pane', '-p', '-J').rstrip('\n ') + ' '

    def wait_for(self, pattern):
        """What the screen shows once it shows this."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            screen = '\n' + self.screen()
            if re.search(pattern, screen):
                return screen
            self.assertLess(time.monotonic(), deadline, f'{pattern!r} is not on the screen:\n{screen}')

    def wait_for_column(self, column):
        deadline = time.monotonic() + PATIENCE_S
        while (at := self.tmux('display-message', '-p', '#{cursor_x}').strip()) != str(column):
            self.assertLess(time.monotonic(), deadline, f'the cursor is in column {at}, not {column}')

    def await_raw(self):
        """libedit shows its prompt a moment before the terminal stops echoing what is typed."""
        terminal = os.open(self.tmux('display-message', '-p', '#{pane_tty}').strip(), os.O_RDWR | os.O_NOCTTY)
        deadline = time.monotonic() + PATIENCE_S
        try:
            while termios.tcgetattr(terminal)[3] & termios.ICANON:
                self.assertLess(time.monotonic(), deadline, 'the terminal reads whole lines')
        finally:
            os.close(terminal)

    def write(self, text):
        self.await_raw()
        self.tmux('send-keys', '-l', text)

    def keys(self, *keys):
        self.tmux('send-keys', *keys)

    def type(self, line):
        """Types a line; gives what it has told, up to the next prompt."""
        self.write(line)
        self.keys('Enter')
        screen = self.wait_for(r'\n> ' + re.escape(line) + r'(?:\n(?!> ).*)*\n> $')
        return screen.rpartition('> ' + line)[2]

    def leave(self, status=0):
        self.await_raw()
        self.keys('C-d')
        screen = self.wait_for(rf'status {status}\n(?s:.*)[ -]icanon')
        self.assertNotRegex(screen, r'-(icanon|echo|isig)\b', 'the terminal is not as it was')


class Typing(Terminal):
    def test_transcript(self):
        """The walk of the page for authors."""
        self.open()
        self.wait_for(r'checkout.shop in an embedded cluster, virtual time')
        self.assertIn('shop/checkout:1 → shop/checkout:2', self.type("deploy 'shop/checkout:2'"))
        self.assertIn('0:07 begin            confirm-rollout: no gate', self.type('s'))
        self.assertIn('shift 10', self.type('s 3'))
        self.assertIn('120', self.type('canary.p99'))
        self.assertIn('fail  request duration 120 ms, at most 100 ms wanted',
                      self.type("check('request-duration', { max = 100 })"))
        self.type("world:version('shop/checkout:2', { errors = 0.12 })")
        self.assertRegex(self.type("until 'Halt'"), r'Halt checkout.shop\s+advancement\s+success rate')
        told = self.type('why')
        self.assertRegex(told, r'at least 99 % wanted,\s+short by ')
        self.assertIn('asked by round, strategies/canary.lua:9; failed check 1 of 3', told)
        self.assertIn('weight 20', self.type('b'))
        self.assertIn('taken back', self.type('what-if metrics unknown'))
        self.assertIn('leak_spec.lua: passes', self.type('save leak_spec.lua'))
        self.assertTrue((self.top / 'leak_spec.lua').exists())
        self.leave()

    def test_completion(self):
        self.open()
        self.type("deploy 'shop/checkout:2'")
        self.write('canary.fai')
        self.keys('Tab')
        self.wait_for(r'> canary\.failed_checks $')
        self.keys('C-u')
        self.write('world:k')
        self.keys('Tab')
        self.wait_for(r'> world:kill_engine $')
        self.keys('C-u')
        self.write("check('request-d")
        self.keys('Tab')
        self.wait_for(r"> check\('request-duration $")
        self.write("', { m")
        self.keys('Tab')
        self.wait_for(r"\nmax +min")
        self.keys('C-u')
        self.write('canary.')
        self.keys('Tab')
        for line in self.wait_for(r'\n> canary\. +\n(?s:.*)> canary\. $').splitlines():
            self.assertLessEqual(len(line), 110)
        self.keys('C-u')
        self.write("world:get('Deployment', 'shop', 'checkout-p")
        self.keys('Tab')
        self.wait_for(r"'checkout-primary $")
        self.keys('C-u')
        self.write('xyz')
        self.keys('Tab')
        self.wait_for(r'> xyz $')

    def test_history(self):
        """Lines are kept for the next time, for nobody else to read."""
        self.open()
        self.type('1 + 41')
        self.await_raw()
        self.keys('Up')
        self.wait_for(r'\n42\n> 1 \+ 41 $')
        self.keys('C-u')
        self.leave()
        file = self.top / 'state/sluice/history'
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        self.close()
        self.open()
        self.await_raw()
        self.keys('Up')
        self.wait_for(r'> 1 \+ 41 $')

    def test_no_history(self):
        self.open('--history', 'none')
        self.type('1 + 41')
        self.leave()
        self.assertFalse((self.top / 'state').exists())

    def test_several_lines(self):
        self.open()
        self.write('for i = 1, 2 do')
        self.keys('Enter')
        self.wait_for(r'\n\. $')
        self.write('print(i) end')
        self.keys('Enter')
        self.wait_for(r'\. print\(i\) end\n1\n2\n> $')
        self.await_raw()
        self.keys('Up')
        self.wait_for(r'> for i = 1, 2 do\nprint\(i\) end $')
        self.keys('Enter')
        self.wait_for(r'\nprint\(i\) end\n1\n2\n> $')

    def test_interrupt(self):
        """Ctrl-C gives up what is typed, ends what runs, and leaves the console as it was."""
        self.open()
        self.write('half a li')
        self.wait_for(r'> half a li $')
        self.keys('C-c')
        self.wait_for(r'half a li\^C\n> $')
        self.write('function f()')
        self.keys('Enter')
        self.wait_for(r'\n\. $')
        self.keys('C-c')
        self.wait_for(r'\. \^C\n> $')
        self.type('x = 1')
        self.write("print 'spins'; x = 2; while true do end")
        self.keys('Enter')
        self.wait_for(r'\nspins *$')
        self.keys('C-c')
        self.wait_for(r'interrupted; all is as it was before this line\n> $')
        self.assertEqual('\n1\n> ', self.type('x'))
        self.leave()

    def test_letters(self):
        """Letters that are not ASCII are typed, shown and understood, whatever the locale says."""
        for locale in ('C', 'C.UTF-8'):
            self.open('--history', 'none', locale=locale)
            self.assertEqual('\nGrüße, 日本\n> ', self.type("'Grüße, 日本'"))

    def test_interrupt_in_the_midst(self):
        """Of a line in several rows nothing is left on the screen, wherever the cursor was."""
        self.open(columns=20)
        self.write("check('request-duration', { max = 100 })")
        self.wait_for(r'max = 100 \}\) $')
        self.keys('C-a')
        self.wait_for_column(len('> '))
        self.keys('C-c')
        self.wait_for(r'\n> \^C *\n> $')
        self.assertEqual('\n42\n> ', self.type('1 + 41'))

    def test_narrow(self):
        """Twenty columns: lines are folded, tables cut."""
        self.open(columns=20)
        self.type("deploy 'shop/checkout:2'")
        for line in self.type('canary').splitlines():
            self.assertLessEqual(len(line), 20)

    def test_dumb(self):
        self.open(term='dumb')
        self.assertIn('42', self.type('1 + 41'))
        self.leave()


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    os.environ.pop('TMUX', None)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

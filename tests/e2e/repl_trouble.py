#!/usr/bin/env python3
"""What must not end sluice repl, or leave anything behind: lines that spin, Ctrl-C, pipes that fail, bad files.

    repl_trouble.py SLUICE
"""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from repl_pipe import GATED, LEAK, PATIENCE_S, Repl


class Names(Repl):
    def refuse(self, problem, *lines):
        """The last line is an error, and the console goes on."""
        status, _, errors = self.type(*lines)
        self.assertEqual((1, problem + '\n'), (status, errors), lines)

    def test_read_only(self):
        """A fact that is set would stay what it is without a word."""
        rest = ('can only be read, and nothing was set: the release gives the shares, and methods of world:… change '
                'the world')
        deploy = "deploy 'shop/checkout:2'"
        for line, field in (('canary.weight = 5', 'canary.weight'), ('canary.new = 5', 'canary.new'),
                            ('canary.spec.analysis.threshold = 77', 'canary.spec.analysis.threshold'),
                            ('for i = 1, 100 do local c = canary; if i == 3 then c.name = i end end', 'canary.name'),
                            ("release.state = 'Failed'", 'release.state'),
                            ('release.spec.words = nil', 'release.spec.words')):
            with self.subTest(line):
                self.refuse(f"{field}: {field.partition('.')[0]} {rest}", deploy, line)
        for name in ('canary', 'release', 'world'):
            self.refuse(f'{name} can only be read: a variable needs another name', f'{name} = 5')
        self.assertEqual((0, '10\n', ''), self.type('mine = canary', 'mine.weight = 10', 'mine.weight'))

    def test_library(self):
        """What a line does to Lua's own it does to itself."""
        status, told, errors = self.type('string.format = nil', 'math.floor, table.concat = nil, nil',
                                         "getmetatable('').__index = nil", "deploy 'shop/checkout:2'", 's',
                                         "('x'):upper()")
        self.assertEqual((0, 'attempt to index a boolean value\n'), (status, errors))
        self.assertTrue(told.endswith('scale up checkout 0 → 4\nX\n'), told)

    def test_arguments(self):
        """They are named as the line has them."""
        for line, problem in (
                ("world:run 'x'", 'world:run: argument 1: time: invalid duration "x"'),
                ("world:version 'shop/checkout:2'", 'world:version: argument 2: table expected, got no value'),
                ("check('request-duration', 5)", 'rollout:check: params: a table is wanted, got 5'),
                ("history 'x'", "rollout:history: count: a whole number from 1 to 10 is wanted, got 'x'"),
                ("replicas 'x'", "rollout:replicas: side: one of primary, canary is wanted, got 'x'")):
            with self.subTest(line):
                self.refuse(problem, line)
        self.expect('{ [a function] = 2, [{…}] = 1 }\n{}\n', '{ [{}] = 1, [print] = 2 }',
                    'setmetatable({}, { all = 5 })')


class Trouble(Repl):
    def test_spinning(self):
        """Ctrl-C ends a line, and leaves no trace of it."""
        done = self.interrupted('x = 1', 'x = 2; while true do end', 'x')
        self.assertEqual((0, '1\n', 'interrupted; all is as it was before this line\n'), done)

    def test_holding_on(self):
        """So does it with a line that catches all errors: its process is ended."""
        spin = 'x = 2; while true do pcall(function() while true do end end) end'
        done = self.interrupted('x = 1', spin, 'x')
        self.assertEqual((0, '1\n', 'interrupted; all is as it was before this line\n'), done)

    def test_time_that_passes(self):
        done = self.interrupted("deploy 'shop/checkout:2'", 'for i = 1, 1e9 do world:run(1) end', 'world:now()')
        self.assertEqual((0, '7000\n', 'interrupted; all is as it was before this line\n'), done)

    def test_long_walk(self):
        """Ctrl-C ends a walk at the word that it has come to; what was walked stays, and can be gone back from."""
        status, told, errors = self.interrupted(GATED, 's 100000000', 'world:now() > 300000', lines=500)
        self.assertEqual((0, ''), (status, errors))
        self.assertIn('confirm-promotion gate → ', told)
        self.assertTrue(told.endswith('\ninterrupted\ntrue\n'), told[-300:])

    def interrupted(self, first, spinning, last, lines=0):
        """Presses Ctrl-C when the line spins: when the answer to the line before it has come, and CPU time is spent; or
        it has told so many lines."""
        child = subprocess.Popen([self.sluice, 'repl', LEAK], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, cwd=self.top)
        self.addCleanup(child.kill)
        child.stdin.write(f'{first}\nprint "spins"\n{spinning}\n{last}\n')
        child.stdin.close()
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stderr.close)
        for line in child.stdout:
            if line == 'spins\n':
                break
        begun = [child.stdout.readline() for _ in range(lines)]
        if lines == 0:
            self.wait_until(lambda: any(spent(pid) > 20 for pid in descendants(child.pid)))
        child.send_signal(signal.SIGINT)
        told, errors = ''.join(begun) + child.stdout.read(), child.stderr.read()
        return child.wait(PATIENCE_S), told, errors

    def wait_until(self, is_so):
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            self.assertLess(time.monotonic(), deadline)
            os.sched_yield()

    def test_processes_end(self):
        """No process outlives the console, not even one that spins, when the console is killed."""
        child = subprocess.Popen([self.sluice, 'repl', LEAK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        child.stdin.write("deploy 'shop/checkout:2'\ns 3\nprint 'spins'\nwhile true do end\n")
        child.stdin.flush()
        while child.stdout.readline() != 'spins\n':
            pass
        left = descendants(child.pid)
        self.assertGreater(len(left), 3)
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
        self.wait_until(lambda: not any(is_running(pid) for pid in left))

    def test_memory(self):
        if b'__asan_' in self.sluice.read_bytes():
            self.skipTest('sanitizers need more address space than the limit leaves')
        status, told, errors = self.type('t = {} while true do t[#t + 1] = ("x"):rep(2^20) .. #t end', '1 + 1')
        self.assertEqual((0, '2\n'), (status, told))
        self.assertEqual('the line was ended: it wants more memory than there is for it (2 GiB)\n'
                         'the line has ended its process; all is as it was before this line\n', errors)

    def test_closed_pipe(self):
        """Whoever reads has gone: it ends, and leaves no process."""
        done = subprocess.run(['bash', '-c', f'yes canary | "$0" repl "$1" | head -n 1', self.sluice, LEAK],
                              capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual('{\n', done.stdout)

    def test_bad_input(self):
        bad = self.top / 'bad.yaml'
        bad.write_text('title: x\nobjects: 3\n')
        status, told, errors = self.type('1', path=bad)
        self.assertEqual((2, ''), (status, told))
        self.assertRegex(errors, rf'\Asluice repl: {bad}:2:10: ')
        status, _, errors = self.type('1', path=self.top / 'none.yaml')
        self.assertEqual(2, status)
        self.assertIn('none.yaml', errors)
        self.assertEqual(2, subprocess.run([self.sluice, 'repl'], capture_output=True).returncode)
        status, _, errors = self.type('1', path='checkout', words=('--prometheus', 'prom:9090'))
        self.assertEqual(2, status)
        self.assertIn('--prometheus: the URL of a server is wanted, got prom:9090\n', errors)
        self.expect('', "world:version('shop/checkout:2', { errors = 5 })", status=1,
                    errors='errors: expected a share from 0 to 1, got 5\n')

    def test_long_line(self):
        status, told, errors = self.type('x = "' + 'y' * 100000 + '"', '1')
        self.assertEqual((0, '1\n'), (status, told))
        self.assertEqual('a line of 100006 bytes: at most 65535 are taken\n', errors)

    def test_closed_input(self):
        done = subprocess.run(['bash', '-c', '"$0" repl "$1" <&-', self.sluice, LEAK], capture_output=True, text=True,
                              timeout=PATIENCE_S)
        self.assertEqual((0, '', ''), (done.returncode, done.stdout, done.stderr))

    def begun(self, *lines):
        """A console over a pipe that stays open, after the answer to the last line has come."""
        child = subprocess.Popen([self.sluice, 'repl', LEAK], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, cwd=self.top)
        for close in (child.kill, child.stdin.close, child.stdout.close, child.stderr.close):
            self.addCleanup(close)
        child.stdin.write('\n'.join((*lines, "'here'")) + '\n')
        child.stdin.flush()
        self.read_until(child, 'here\n')
        return child

    @staticmethod
    def read_until(child, wanted):
        while child.stdout.readline() not in (wanted, ''):
            pass

    def test_interrupted_wait(self):
        """Ctrl-C while it waits for a line, or for the rest of one, ends it: there is nothing else that it could end,
        and half a line is none."""
        for half in ('', "print 'half'", 'for i = 1, 2 do\nprint(i)\n'):
            with self.subTest(half):
                child = self.begun()
                child.stdin.write(half)
                child.stdin.flush()
                self.wait_until(lambda: waits_for_input(child.pid))
                child.send_signal(signal.SIGINT)
                self.assertEqual((130, '', ''), (child.wait(PATIENCE_S), child.stdout.read(), child.stderr.read()))

    def test_interrupted_in_between(self):
        """An interrupt that comes when a line has just ended ends nothing."""
        child = self.begun("deploy 'shop/checkout:2'", 's 2')
        self.wait_until(lambda: waits_for_input(child.pid))
        for pid in descendants(child.pid):
            os.kill(pid, signal.SIGINT)
        told, errors = child.communicate("1 + 1\nb\n2 + 2\n", timeout=PATIENCE_S)
        self.assertEqual((0, ''), (child.returncode, errors))
        self.assertEqual(['2', '4'], [line for line in told.splitlines() if line[0] != ' '])

    def test_memory_of_all(self):
        """The processes to go back to have a bound together, and the way back is as exact with fewer of them."""
        child = self.begun('t = {} for i = 1, 2^21 do t[i] = 0 end')
        for i in range(60):
            child.stdin.write('world:run(1) for i = 1, #t do t[i] = t[i] + 1 end print(#t)\n')
            child.stdin.flush()
            self.read_until(child, '2097152\n')
        left = [child.pid, *descendants(child.pid)]
        self.assertLess(sum(memory_mib(pid) for pid in left), 600)
        told, errors = child.communicate("b 30\nprint(t[1], t[#t])\nb 29\nt[1]\n", timeout=PATIENCE_S)
        self.assertEqual((0, ''), (child.returncode, errors))
        self.assertEqual(['30\t30', '1'], [line for line in told.splitlines() if line[0] != ' '])

    def test_far_time(self):
        """A time that is far away is come to in parts, and Ctrl-C ends each at once."""
        status, told, errors = self.type('until +9999999h', 'world:now() / 3600000')
        self.assertEqual((0, '744'), (status, told.splitlines()[-1]))
        self.assertEqual('until: no more than 31 days pass in one line, and it is 44640:00 now: checkout.shop '
                         'Initialized, weight 0\n', errors)
        child = self.begun()
        child.stdin.write("print 'waits'\nuntil +700h\nworld:now() < 700 * 3600000\n")
        child.stdin.flush()
        self.assertEqual('waits\n', child.stdout.readline())
        before = {pid: spent(pid) for pid in descendants(child.pid)}
        self.wait_until(lambda: any(spent(pid) > before.get(pid, 0) + 10 for pid in descendants(child.pid)))
        child.send_signal(signal.SIGINT)
        told, errors = child.communicate(timeout=PATIENCE_S)
        self.assertEqual((0, 'interrupted\ntrue\n'), (child.returncode, told[-17:]))

    def test_input_that_fails(self):
        done = subprocess.run(['bash', '-c', '"$0" repl "$1" </', self.sluice, LEAK], capture_output=True, text=True)
        self.assertEqual((2, '', 'sluice repl: cannot read standard input: Is a directory\n'),
                         (done.returncode, done.stdout, done.stderr))

    def test_nul_byte(self):
        """It does not end the line for whoever reads it."""
        self.expect('', '1 + 1 \0 garbage', status=1, errors='a line with a NUL byte: text is wanted\n')


def descendants(pid):
    found = []
    for task in pathlib.Path(f'/proc/{pid}/task').glob('*/children'):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def stat_of(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except FileNotFoundError:
        return None


def spent(pid):
    """CPU time in ticks."""
    stat = stat_of(pid)
    return int(stat[11]) + int(stat[12]) if stat else 0


def memory_mib(pid):
    """Of pages that it shares, its part."""
    try:
        lines = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith('Pss:')) // 1024


def is_running(pid):
    stat = stat_of(pid)
    return stat is not None and stat[0] != 'Z'


def waits_for_input(pid):
    """Its one system call is a read of standard input, and there is nothing to read."""
    number, first, *_ = (pathlib.Path(f'/proc/{pid}/syscall').read_text() + ' 0').split()
    return number == '0' and first == '0x0'


if __name__ == '__main__':
    Repl.sluice = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

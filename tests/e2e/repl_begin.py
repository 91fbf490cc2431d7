#!/usr/bin/env python3
"""A walk of sluice repl from its beginning (--until, -e, the command that sluice test shows of a spec) to a saved spec.

    repl_begin.py SLUICE
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAK = ROOT / 'examples/scenarios/slow-leak.yaml'
SLUICE = None
PATIENCE_S = 300


class Beginning(unittest.TestCase):
    """Lines that are carried out before those that are typed."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)

    def run_repl(self, *words, typed=''):
        done = subprocess.run([SLUICE, 'repl', *words], input=typed, capture_output=True, text=True, cwd=self.top,
                              timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def test_until(self):
        """The scenario plays until then, and what is typed comes after that."""
        status, told, errors = self.run_repl(LEAK, '--until', '1:20', typed='canary.weight\nworld:now()\n')
        self.assertEqual((0, ''), (status, errors))
        self.assertIn('0:45 shift 10', told)
        self.assertTrue(told.endswith('\n20\n80000\n'), told)
        self.assertEqual(0, self.run_repl(LEAK, '--until', 'Failed')[0])

    def test_lines(self):
        """Lines in their order, in place of the scenario's acts; the status is that of the last."""
        status, told, errors = self.run_repl(LEAK, '-e', 'deploy shop/checkout:2', '--until', '20', '-e', 's')
        self.assertEqual((0, ''), (status, errors))
        self.assertTrue(told.splitlines()[-1].startswith('  1:07 shift 20 '), told)
        status, _, errors = self.run_repl(LEAK, '--until', 'pigs fly', '-e', 'deploy shop/checkout:2')
        self.assertEqual(1, status)
        self.assertIn('until: it has not come', errors)
        self.assertEqual((0, 'x\n', ''), self.run_repl(LEAK, '-e', "'x'", '-e', 'q', '-e', 'nosuch()',
                                                       typed='nosuch()\n'))

    def test_record(self):
        """A record has no acts."""
        documents = (ROOT / 'tests/records/words-3-canary-taken-back-3.yaml').read_text().split('---\n')
        (self.top / 'release.yaml').write_text(next(text for text in documents if '"kind":"Release"' in text))
        status, told, errors = self.run_repl('--release', 'release.yaml', '--until', 'blind')
        self.assertEqual((0, ''), (status, errors))
        self.assertTrue(told.endswith('  0:20 round request-success-rate blind: no values found\n'), told)

    def test_failed_spec(self):
        """A spec that fails can be walked through up to where it failed, by the command that is told."""
        folder = self.top / 'growing-shares'
        shutil.copytree(ROOT / 'examples/strategies/growing-shares', folder)
        (folder / 'errors_spec.lua').write_text("""local sluice = require 'sluice'
            it('sees errors', function()
              local world = sluice.world 'scenario.yaml'
              world:deploy 'shop/web:2'
              world:run_until { weight = 10 }
              world:version('shop/web:2', { errors = 0.5 })
              world:run_until { phase = 'Failed' }
              assert.equal(1, world:told 'Promotion completed')
            end)""")
        done = subprocess.run([SLUICE, 'test', 'growing-shares/errors_spec.lua'], capture_output=True, text=True,
                              cwd=self.top, timeout=PATIENCE_S)
        walk = re.search(r'again, with a line of its own each word: sluice (.*)', done.stdout).group(1)
        words = shlex.split(walk)
        self.assertEqual(['repl', 'growing-shares/scenario.yaml', '-e', 'deploy shop/web:2'], words[:4])
        status, told, errors = self.run_repl(*words[1:], typed='canary.phase\n')
        self.assertEqual((0, ''), (status, errors), done.stdout)
        self.assertIn('Halt web.shop advancement success rate', told)
        self.assertTrue(told.endswith('\nFailed\n'), told)

    def test_whole_walk(self):
        """A walk with remarks, from the first word to a spec of it, over a pipe: only answers, a spec that passes."""
        status, told, errors = self.run_repl(LEAK, typed="""deploy 'shop/checkout:2'
s                                       -- step: one word
s 3
canary.p99                              -- any expression; tables are shown, not addressed
check('request-duration', { max = 100 })
world:version('shop/checkout:2', { errors = 0.12 })
until 'Halt'                            -- run to the first event with this text
why
b                                       -- back: one word; the world goes back with it
what-if metrics unknown                 -- what does it wait for, whatever Prometheus says?
save leak_spec.lua                      -- what was done here, as a spec for sluice test
""")
        self.assertEqual((0, ''), (status, errors))
        answers = [line for line in told.splitlines() if not line.startswith('  ')]
        for answer, pattern in zip(answers, (
                r'120', r'fail  request duration 120 ms, at most 100 ms wanted',
                r'fail  request-success-rate 91\.96 %, at least 99 % wanted, short by 7\.04 %, 718 requests',
                r'needs   request-success-rate ≥ 99, request-duration ≤ 500', r'then    taken back at .*',
                r'leak_spec.lua: passes; sluice test leak_spec.lua'), strict=True):
            self.assertRegex(answer, f'^{pattern}$')
        done = subprocess.run([SLUICE, 'test', 'leak_spec.lua'], capture_output=True, text=True, cwd=self.top,
                              timeout=PATIENCE_S)
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertIn('1 passed, 0 failed', done.stdout)


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

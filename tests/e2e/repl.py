#!/usr/bin/env python3
"""sluice repl over a pipe: what a script gets of it, on which stream, and the exit status.

    repl.py SLUICE
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from repl_pipe import GATED, LEAK, PATIENCE_S, ROOT, Repl

BEGUN = """\
  0:00  all the metrics providers are available!
  0:00  checkout-primary.shop not ready: waiting for rollout to finish: 0 out of 4 new replicas have been updated
  0:05  Initialization done! checkout.shop
  0:07 deploy shop/checkout:1 → shop/checkout:2, release checkout-1 has begun
"""
FIRST_WORDS = """\
  0:07 begin confirm-rollout: no gate · New revision detected! Scaling up checkout.shop · scale up checkout 0 → 4
  0:37 round canary ready after 5 s · Starting canary analysis for checkout.shop
  0:37 open confirm-traffic-increase no gate
  0:37 shift 10 VirtualService checkout: primary 90, canary 10 · Advance checkout.shop canary weight 10
"""
NEXT_WORDS = """\
  1:07 round request-success-rate 100 % (≥ 99, margin 1) · request-duration 120 ms (≤ 500, margin 380)
  1:07 open confirm-traffic-increase no gate
"""
HALTED = """\
  1:07 round request-success-rate 88.08 % (≥ 99, short by 10.92) · Halt checkout.shop advancement success rate 88.08% \
< 99% · failed checks 1
"""


class Walking(Repl):
    def test_words(self):
        """Each word tells what it asked and what came back."""
        self.expect(BEGUN + FIRST_WORDS + NEXT_WORDS, "deploy 'shop/checkout:2'", 's', 's 3')

    def test_until(self):
        """The world is changed between two words; the verdict says why."""
        status, told, errors = self.type("deploy 'shop/checkout:2'", 's 3',
                                         "world:version('shop/checkout:2', { errors = 0.12 })", "until 'Halt'", 'why')
        self.assertEqual((0, ''), (status, errors))
        begun, _, query = told.partition('      query  ')
        self.assertEqual(BEGUN + FIRST_WORDS + HALTED + """\
fail  request-success-rate 88.08 %, at least 99 % wanted, short by 10.92 %, 240 requests
      asked by round, strategies/canary.lua:9; failed check 1 of 3
""", begun)
        self.assertIn('istio_requests_total', query)

    def test_why_it_ended(self):
        """A release that is over: who decided it; requests are counted at the moment of the verdict alone."""
        status, told, errors = self.type("deploy 'shop/checkout:2'", 'until 10',
                                         "world:version('shop/checkout:2', { errors = 0.12 })", 'run', 'why')
        self.assertEqual((0, ''), (status, errors))
        verdict, asked, query, ended = told.splitlines()[-4:]
        self.assertRegex(verdict, r'^fail  request-success-rate 8\d\.\d+ %, at least 99 % wanted, short by [\d.]+ %$')
        self.assertIn('failed check 3 of 3', asked)
        self.assertIn('istio_requests_total', query)
        self.assertEqual('taken back: weights 100/0 at once; nobody asked for it: threshold, 3 of 3 checks failed',
                         ended)

    def test_places(self):
        """A phase, a weight, a time; what is there already, and what does not come."""
        lines = ("deploy 'shop/checkout:2'", 'until 20', 'canary.weight', 'until Promoting', 'canary.phase',
                 'until 3:20.5', 'until +5s', 'world:now()', 'until 0:03:00')
        status, told, errors = self.type(*lines)
        self.assertEqual((1, 'until: it is  3:25 already; b goes back\n'), (status, errors))
        answers = [line for line in told.splitlines() if not line.startswith('  ')]
        self.assertEqual(['20', 'Promoting', '205500'], answers)

    def test_long_wait(self):
        """What does not come in six hours is given up, with the way on; a time leads over it."""
        story = (ROOT / 'examples/strategies/business-hours/scenario.yaml').read_text()
        folder = self.top / 'story'
        shutil.copytree(ROOT / 'examples/strategies/business-hours', folder)
        (folder / 'scenario.yaml').write_text(re.sub('begin: .*', 'begin: 2026-03-11T16:30:00Z', story))
        walk = ("deploy 'shop/web:2'", 'until 10')
        for last in ('until 10', 'run'):
            status, _, errors = self.type(*walk[:1], last, path=folder)
            self.assertEqual(1, status)
            self.assertIn('for 6 h of virtual time (until +24h goes on): web.shop Progressing', errors)
        status, told, _ = self.type(*walk, 'until +24h', 'canary.phase', path=folder)
        self.assertEqual((0, 'Succeeded'), (status, told.splitlines()[-1]))

    def test_check(self):
        """A verdict is told with what was wanted, whether it is so or not."""
        _, told, _ = self.type("deploy 'shop/checkout:2'", 's 4', "check('request-duration', { max = 200 })",
                               "check('request-duration', { min = 100, max = 200 })",
                               "check('request-duration', { max = 100 })")
        self.assertEqual(['pass  request duration 120 ms, at most 200 wanted, margin 80',
                          'pass  request duration 120 ms, 100 to 200 wanted, margin 20',
                          'fail  request duration 120 ms, at most 100 ms wanted'], told.splitlines()[-3:])

    def test_run(self):
        status, told, _ = self.type("deploy 'shop/checkout:2'", 'run', 'release.state', 's')
        self.assertTrue(told.endswith('  4:07  checkout.shop Succeeded, weight 0\nSucceeded\n'), told)
        self.assertEqual(1, status)

    def test_nothing(self):
        status, _, errors = self.type('s', 'run', 'why')
        self.assertEqual(0, status)
        self.assertEqual('no release is under way: deploy IMAGE begins one (checkout.shop Initialized, weight 0)\n',
                         errors.splitlines(True)[-1])


class Several(Repl):
    """Of several Canaries the one that was deployed last is meant."""

    def test_focus(self):
        folder = self.top / 'scenarios'
        shutil.copytree(LEAK.parent, folder)
        objects = (folder / 'objects/checkout.yaml').read_text()
        objects = objects.partition('\n---\n')[2].replace('checkout', 'cart')
        (folder / 'objects/cart.yaml').write_text(objects.replace('shop.example.com', 'cart.example.com'))
        scenario = folder / 'slow-leak.yaml'
        text = scenario.read_text().replace('checkout.yaml\n', 'checkout.yaml\n  - file: objects/cart.yaml\n')
        scenario.write_text(text.replace('versions:\n', 'versions:\n  shop/cart:2: {ready: 5s}\n', 1))
        status, told, errors = self.type("deploy 'shop/cart:2' cart", 'canary.name', 's 2', "deploy 'shop/checkout:2' "
                                         'shop/checkout', 'until 10', 'canary.name', 'save two_spec.lua', path=scenario)
        self.assertEqual((0, ''), (status, errors))
        answers = [line for line in told.splitlines() if not line.startswith('  ')]
        self.assertEqual(['cart', 'checkout'], answers[:2])
        self.assertIn('two_spec.lua: passes', answers[2])
        spec = (self.top / 'two_spec.lua').read_text()
        self.assertIn("world:deploy('shop/cart:2', 'shop/cart')", spec)
        self.assertIn("assert.equal(10, world:weight('shop/checkout'))", spec)
        status, _, errors = self.type("deploy 'x' nobody", path=scenario)
        self.assertEqual((1, 'deploy: there is no Canary nobody\n'), (status, errors))


class Story(Repl):
    def test_play(self):
        """The acts of the scenario come between the words, at their times; back goes before them, too."""
        status, told, errors = self.type('play', "until 'Halt'", 'b 3', "until 'Halt'")
        self.assertEqual((0, ''), (status, errors))
        first, _, again = told.partition('  1:45  checkout.shop Progressing, weight 30\n')
        self.assertTrue(first.endswith(again), told)
        self.assertEqual("""\
  2:05 shop/checkout:2: latency 60 ms, p99 800 ms
  2:15 round request-success-rate 100 % (≥ 99, margin 1) · request-duration 450 ms (≤ 500, margin 50)
  2:15 open confirm-traffic-increase no gate
  2:15 shift 40 VirtualService checkout: primary 60, canary 40 · Advance checkout.shop canary weight 40
  2:35 shop/checkout:2: latency 120 ms, p99 1500 ms
  2:45 round request-success-rate 100 % (≥ 99, margin 1) · request-duration 826 ms (≤ 500, over by 326) · Halt \
checkout.shop advancement request duration 826ms > 500ms · failed checks 1
""", again)
        self.expect('', 'play', 'play', status=1, errors='play: the acts of the scenario are under way already\n')

    def test_engine_dies(self):
        """An engine that is killed in mid-run, by the story or by a line, is followed by another one."""
        _, told, _ = self.type('play', 'until Progressing', 'run', path=LEAK.with_name('engine-killed.yaml'))
        self.assertEqual(2, told.count('the engine is killed'))
        self.assertTrue(told.endswith('checkout.shop Succeeded, weight 0\n'), told)
        _, told, _ = self.type("deploy 'shop/checkout:2'", 'until 20', 'world:kill_engine()', 'run')
        self.assertTrue(told.endswith('checkout.shop Succeeded, weight 0\n'), told)


class Remarks(Repl):
    def test_behind_commands(self):
        """Commands may have remarks, as Lua has."""
        self.expect(BEGUN + FIRST_WORDS.partition('  0:37')[0], "deploy 'shop/checkout:2' -- the new one",
                    's                                       -- step: one word', '-- nothing')
        status, _, errors = self.type("until 'a -- b'")
        self.assertEqual((1, 'until: it has not come: checkout.shop Initialized, weight 0\n'), (status, errors))


class Back(Repl):
    def test_one(self):
        """World, clock, engine, Prometheus and variables are as they were; what follows is the same again."""
        walk = ("deploy 'shop/checkout:2'", 'x = 1', 's 4')
        facts = ('world:now()', 'canary.weight', 'canary.p99', 'x', 'world:requests()')
        _, plain, _ = self.type(*walk, *facts, 's 3', *facts)
        _, there_and_back, _ = self.type(*walk, *facts, 'x = 2', 's 3', 'x = 3', "world:delete('Canary', 'shop', "
                                         "'checkout')", 'b 4', 'x = 1', 's 3', *facts)
        words = plain[plain.index('  1:07 shift 20'):plain.index('97000')]
        here = '  1:07  checkout.shop Progressing, weight 10\n'
        self.assertEqual(plain.replace(words, words + here + words), there_and_back)

    def test_far(self):
        """Further back than there are snapshots for each step, over steps of one line and of many: what is made again
        is the same."""
        facts = "print('@', world:now(), world:requests(), canary.weight, n)"
        lines = [GATED]
        for n in range(110):
            lines += ['s', f'n = {n}', facts]
        _, told, errors = self.type(*lines, 'b 100', facts, 's 120', facts, 'b 110', facts, 'b 9', facts)
        told = [line.split('\t') for line in told.splitlines() if line.startswith('@')]
        self.assertEqual('', errors)
        self.assertEqual(told[9], told[110])
        self.assertEqual([*told[19][:-1], '9'], told[112])
        self.assertEqual([*told[10][:-1], '9'], told[113])

    def test_variables(self):
        self.expect('1\n', 'x = 1', 'x')
        _, told, _ = self.type("deploy 'shop/checkout:2'", 'x = 1', 's', 'x = 2', 's', 'b', 'x', 'b', 'x')
        self.assertEqual(['2', '1'], [line for line in told.splitlines() if not line.startswith('  ')])

    def test_change(self):
        """A change of the world is a step of its own."""
        _, told, _ = self.type("deploy 'shop/checkout:2'", 'until 10', 'until 1:06',
                               "world:version('shop/checkout:2', { latency_p99_ms = 400 })", 'b', 's', 'canary.p99')
        self.assertIn('request-duration 120 ms (', told)

    def test_beginning(self):
        self.expect('', 'b', status=1, errors='this is the beginning\n')
        _, told, _ = self.type("deploy 'shop/checkout:2'", 's 3', 'b 100', "deploy 'shop/checkout:2'")
        self.assertTrue(told.endswith('weight 0\n' + BEGUN), told)


class Keeping(Repl):
    WALK = ("deploy 'shop/checkout:2'", 'until 20', "world:version('shop/checkout:2', { errors = 0.12 })")

    def test_spec(self):
        """What was done, as a spec that passes, killed at every word."""
        status, told, errors = self.type(*self.WALK, "until 'Rolling back'", 'run', 'save leak_spec.lua')
        self.assertEqual((0, ''), (status, errors))
        self.assertTrue(told.endswith('leak_spec.lua: passes; sluice test leak_spec.lua\n'), told)
        spec = (self.top / 'leak_spec.lua').read_text()
        for line in ("world:deploy 'shop/checkout:2'", "world:version('shop/checkout:2', { errors = 0.12 })",
                     "assert.is_true(world:told 'Rolling back' > 0)", "assert.equal('Failed', world:phase())"):
            self.assertIn('\n    ' + line + '\n', spec)
        done = subprocess.run([self.sluice, 'test', 'leak_spec.lua'], cwd=self.top, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertIn('killed at every word: 8 of 8 end the same', done.stdout)

    def test_spec_elsewhere(self):
        """A file whose folder is no part of this one names the scenario by its whole path."""
        shutil.copytree(LEAK.parent, self.top / 'scenarios')
        for file in (self.top / 'whole_spec.lua', pathlib.Path('scenarios/../beside_spec.lua')):
            status, told, errors = self.type(*self.WALK, f'save {file}', path='scenarios/slow-leak.yaml')
            self.assertEqual((0, ''), (status, errors))
            done = subprocess.run([self.sluice, 'test', self.top / file], cwd='/', capture_output=True, text=True)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_spec_after_back(self):
        """What was gone back from was not done."""
        status, told, errors = self.type(*self.WALK, 's', 'b 2', 'x = 1', 's', 'save leak_spec.lua')
        self.assertEqual((0, ''), (status, errors))
        spec = (self.top / 'leak_spec.lua').read_text()
        self.assertNotIn('errors', spec)
        self.assertIn('x = 1', spec)
        half_way = (self.WALK[0], 's', 's 3', 's 2', self.WALK[2], "until 'Halt'", 'b')
        status, told, errors = self.type(*half_way, 'save halted_spec.lua')
        self.assertEqual((0, ''), (status, errors))
        self.assertNotIn('Halt', (self.top / 'halted_spec.lua').read_text())

    def test_scenario(self):
        stories = self.top / 'scenarios'
        shutil.copytree(LEAK.parent, stories)
        for name, more in (('ended.yaml', ("until 'Rolling back'", 'run')), ('half.yaml', ('s',))):
            status, told, errors = self.type(*self.WALK, *more, f'save scenarios/{name}',
                                             path='scenarios/slow-leak.yaml')
            self.assertEqual((0, ''), (status, errors))
            self.assertTrue(told.endswith(f'{name}: plays; sluice demo scenarios/{name}\n'), told)
            done = subprocess.run([self.sluice, 'demo', stories / name], capture_output=True, text=True)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_not_kept(self):
        refused = {'save x.txt': 'save: NAME_spec.lua or NAME.yaml is wanted, got x.txt\n',
                   'save no/such_spec.lua': 'save: no/such_spec.lua: No such file or directory\n'}
        for line, said in refused.items():
            status, _, errors = self.type("deploy 'shop/checkout:2'", line)
            self.assertEqual((1, said), (status, errors))
        self.expect('', 'save x_spec.lua', status=1, errors='save: nothing was done yet\n')


class WhatIf(Repl):
    def test_unknown(self):
        """What would come of it is told, and nothing of it happens."""
        walk = ("deploy 'shop/checkout:2'", 'until 20')
        status, told, errors = self.type(*walk, 'what-if metrics unknown', 's')
        self.assertEqual((0, ''), (status, errors))
        self.assertIn('needs   request-success-rate ≥ 99, request-duration ≤ 500\n', told)
        self.assertIn('then    taken back at 3:12, after 2:05: 3 verdicts were blind, and counted as '
                      'failed checks, threshold 3\n', told)
        self.assertTrue(told.endswith('  1:37 round request-success-rate 100 % (≥ 99, margin 1) · '
                                      'request-duration 119 ms (≤ 500, margin 381)\n'
                                      '  1:37 open confirm-traffic-increase no gate\n'), told)
        self.expect('', 'what-if pigs fly', status=1,
                    errors='what-if: metrics unknown is wanted, got pigs fly\n')
        status, _, errors = self.type('what-if metrics unknown')
        self.assertEqual((1, 'what-if: no release is under way: deploy IMAGE begins one\n'), (status, errors))


class Records(Repl):
    """A release as it was recorded (tests/records has some)."""

    def setUp(self):
        super().setUp()
        documents = (ROOT / 'tests/records/words-3-canary-taken-back-3.yaml').read_text().split('---\n')
        self.release = self.top / 'release.yaml'
        self.release.write_text(next(text for text in documents if '"kind":"Release"' in text))

    def walk(self, *lines):
        done = subprocess.run([self.sluice, 'repl', '--release', self.release], input='\n'.join(lines) + '\n',
                              capture_output=True, text=True, timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def test_walk(self):
        told = """\
  0:00 begin
  0:10 round
  0:10 open
  0:10 shift 20
  0:20 round request-success-rate blind: no values found
"""
        self.assertEqual((0, told, ''), self.walk('s', 's 4'))
        self.assertEqual((0, told + '  0:10  podinfo-1, word 3 of 6, weight 0\n0\n', ''),
                         self.walk('until Halt', 'b 2', 'at.weight'))
        self.assertEqual((0, told.partition('  0:20')[0] + 'Running\n', ''), self.walk('until 20', 'release.state'))

    def test_why(self):
        status, told, errors = self.walk('until blind', 'why')
        self.assertEqual((0, ''), (status, errors))
        self.assertIn('blind request-success-rate: no data: no values found\n'
                      '      asked by round, strategies/canary.lua:9; failed check 1 of 2\n      query  sum(', told)

    def test_why_once(self):
        """A query that the record has once, at the first verdict, is that of those behind it."""
        evidence = [{'at': f'2026-03-11T08:15:{at}Z', 'metric': 'rate', 'verdict': how, 'value': value, 'min': 99}
                    for at, how, value in ((10, 'pass', 100), (20, 'fail', 90))]
        evidence[0]['query'] = 'sum(good)'
        entries = [{'w': 'round', 'a': '1', 't': 1773216910000, 'r': {}},
                   {'w': 'round', 'a': '2', 't': 1773216920000, 'r': {}}]
        release = {'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release', 'metadata': {'name': 'web-1'},
                   'spec': {'canary': 'web', 'strategy': 'canary', 'revision': 'r'},
                   'status': {'state': 'Failed', 'endedBy': {'kind': 'hook', 'name': 'stop'}, 'evidence': evidence,
                              'entries': entries}}
        self.release.write_text(json.dumps(release))
        status, told, errors = self.walk('s 2', 'why')
        self.assertEqual((0, ''), (status, errors))
        self.assertTrue(told.endswith('fail  rate 90, at least 99 wanted, short by 9\n      asked by round\n'
                                      '      query  sum(good)\n'
                                      'taken back: the rollback hook stop asked for it\n'), told)
        release['status']['evidence'][1]['verdict'] = 'maybe'
        self.release.write_text(json.dumps(release))
        status, told, errors = self.walk('s')
        self.assertEqual((2, ''), (status, told))
        self.assertIn('Release web-1: status.evidence[1].verdict: pass, fail or blind is wanted, got "maybe"',
                      errors)

    def test_end(self):
        status, told, errors = self.walk('run', 's')
        self.assertEqual((1, 'this is the end of the record: podinfo-1 Running\n'), (status, errors))
        self.assertIn('in progress', told)

    def test_control_characters(self):
        """A terminal obeys none that are in a record."""
        self.release.write_text(self.release.read_text().replace('"state":"Running"', r'"state":"\u001b[31mRunning"'))
        status, told, errors = self.walk('run', 'b', 's', 's')
        self.assertEqual((1, 'this is the end of the record: podinfo-1 \\x1b[31mRunning\n'), (status, errors))
        self.assertNotIn('\x1b', told)

    def test_nothing_runs(self):
        for line in ("deploy 'x'", 'what-if metrics unknown', 'save x_spec.lua'):
            status, told, errors = self.walk(line)
            self.assertEqual((1, '', f'{line.split()[0]}: a record is walked as it happened: nothing can be changed\n'),
                             (status, told, errors))

    def test_bad(self):
        self.release.write_text('kind: [\n')
        status, told, errors = self.walk('s')
        self.assertEqual((2, ''), (status, told))
        self.assertRegex(errors, rf'\Asluice repl: {self.release}: 2:1: ')
        self.release.write_text('a: b\n' * (2 << 20))
        self.assertEqual((2, '', f'sluice repl: {self.release}: larger than 8388608 bytes\n'), self.walk('s'))
        self.release.write_text('')
        status, told, errors = self.walk('s')
        self.assertEqual((2, f'sluice repl: {self.release}: one Release is wanted, got 0\n'), (status, errors))


class Lua(Repl):
    def test_values(self):
        self.expect("3\na text\n{ 1, 2, a = 'b', c = {} }\ntrue\tnil\n", '1 + 2', "'a text'",
                    "{ 1, 2, a = 'b', c = {} }", 'true, nil')

    def test_several_lines(self):
        self.expect('6\n', 'sum = 0', 'for i = 1, 3 do', '  sum = sum + i', 'end', 'sum')

    def test_errors(self):
        self.expect('', 'canry', status=1, errors='there is no canry, known are canary, pairs, query, …\n')
        self.expect('', 'shift(10)', status=1, errors='shift is a word of a strategy: nothing that is typed here is a '
                    'word of the release; world:… changes the world\n')
        status, told, errors = self.type("check('request-duraton')")
        self.assertEqual((1, ''), (status, told))
        self.assertRegex(errors, r'\Arollout:check: there is no metric or check "request-duraton", known are '
                                 r'request-duration, request-success-rate')
        self.expect('2\n', 'error({ 1 })', '1 + 1', errors='{ 1 }\n')

    def test_closed_in(self):
        """Nothing reaches files, processes or modules."""
        for name in ('io', 'require', 'package', 'debug', 'ffi', 'loadstring', 'getfenv', 'dofile', 'jit'):
            status, told, errors = self.type(f'{name}')
            self.assertEqual((1, ''), (status, told))
            self.assertIn(f'there is no {name}', errors)
        self.expect('nil\n', 'os.execute')
        self.expect('', 'world:close()', status=1, errors='world:close: not here: q ends the console\n')


if __name__ == '__main__':
    Repl.sluice = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

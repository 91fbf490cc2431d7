#!/usr/bin/env python3
"""sluice replay: of every record in tests/records, of changed scripts, and of what cannot be played.

    replay.py SLUICE
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDS = ROOT / 'tests/records'
SLUICE = None
PATIENCE_S = 60


def release_in(record):
    """The Release of a record, whose file holds all objects, one in a line."""
    lines = (RECORDS / record).read_text().splitlines()
    return next(json.loads(line) for line in lines if line.startswith('{') and json.loads(line)['kind'] == 'Release')


def digest(args):
    """As a record keeps what a word was given: FNV-1a of its JSON (core/base/hash.c)."""
    value = 0x811c9dc5
    for byte in args.encode():
        value = (value ^ byte) * 0x01000193 & 0xffffffff
    return f'{value:08x}'


class Replay(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)

    def replay(self, *words, text=None):
        done = subprocess.run([SLUICE, 'replay', *words], input=text, capture_output=True, text=True, cwd=self.top,
                              timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def against(self, record, old, new, *words):
        """Its own script with another text in it."""
        sources = release_in(record)['spec']['sources']
        (script,) = sources.values()
        self.assertIn(old, script)
        (self.top / 'new.lua').write_text(script.replace(old, new))
        return self.replay(RECORDS / record, '--strategy', 'new.lua', *words)

    def edited(self, record, change):
        release = release_in(record)
        change(release)
        return self.replay('-', text=json.dumps(release))


class Own(Replay):
    def test_every_record_agrees_with_its_own_script(self):
        records = sorted(RECORDS.glob('*.yaml'))
        self.assertGreater(len(records), 70)
        for record in records:
            with self.subTest(record.name):
                release = release_in(record.name)
                status, told, errors = self.replay(record, '-o', 'json')
                self.assertEqual((0, ''), (status, errors), told)
                words = sum(count for count in self.counts(release['status']['entries']))
                found = json.loads(told)
                self.assertEqual((True, words), (found['agrees'], found['words']))

    def test_one_that_replaced_another(self):
        """Its first word is the engine's own, which no script says."""
        def restart(release):
            entries = release['status']['entries']
            release['spec']['restarted'] = True
            entries.insert(0, {'w': 'restart', 'a': digest(''), 'r': None, 't': entries[0]['t']})
        record = 'words-3-canary-promoted-3.yaml'
        words = sum(self.counts(release_in(record)['status']['entries']))
        status, told, errors = self.edited(record, restart)
        self.assertEqual((0, ''), (status, errors), told)
        self.assertTrue(told.startswith(f'{words + 1} words agree: '), told)

    def test_one_that_was_brought_back_to_its_beginning(self):
        def cut(release):
            release['spec']['restarted'] = True
            release['status'].update(entries=[], open=[], openStarted=0)
        status, told, errors = self.edited('words-3-canary-promoted-3.yaml', cut)
        self.assertEqual((2, ''), (status, told))
        self.assertIn('the record ends before the first word of a script', errors)

    @staticmethod
    def counts(entries):
        """How often each entry was said: one with n and s repeats the s entries that begin there."""
        counts = [1] * len(entries)
        for i, entry in enumerate(entries):
            for k in range(entry.get('s', 1) if entry.get('n', 1) > 1 else 0):
                counts[i + k] = entry['n']
        return counts

    def test_edited_by_hand(self):
        def change(release):
            release['status']['entries'][3]['a'] = '00000000'
        status, told, errors = self.edited('words-3-strategy-promoted-2.yaml', change)
        self.assertEqual((1, 'first difference at 0:10, word 4: the record has shift with other arguments; the '
                             "Release's own script says shift 10, scripts/shares.lua:8\n", ''), (status, told, errors))

    def test_one_whose_script_failed(self):
        """Its failure is what happened, so it agrees."""
        def fail(release, by='script'):
            sources, entries = release['spec']['sources'], release['status']['entries']
            sources['scripts.shares'] = sources['scripts.shares'].replace('rollout:event', 'error "no" rollout:event')
            del entries[[entry['w'] for entry in entries].index('event'):]
            release['status'].update(open=[], openStarted=0, endedBy={'kind': by})
        record = 'words-3-strategy-promoted-3.yaml'
        self.assertEqual((0, '13 words agree, and the script fails where the record ends with its failure: '
                             'scripts/shares.lua:12: no\n', ''), self.edited(record, fail))
        status, told, errors = self.edited(record, lambda release: fail(release, 'checks'))
        self.assertEqual((2, ''), (status, told))
        self.assertIn('at word 14 the record has the end, after open, and the script in spec.sources fails', errors)

    def test_an_operation_of_the_word_in_progress(self):
        def change(release):
            release['status']['open'][1]['o'] = 'query'
        status, told, _ = self.edited('words-3-strategy-taken-back-3.yaml', change)
        self.assertEqual(1, status)
        self.assertIn('word 7: round, scripts/shares.lua:9, in progress: the record of the word round has operation '
                      'query', told)


class Another(Replay):
    def test_another_share(self):
        told = self.against('words-3-strategy-promoted-3.yaml', 'rollout:shift(share)', 'rollout:shift(share + 5)')
        self.assertEqual((1, 'first difference at 0:10, word 4: the record has shift 10, scripts/shares.lua:8; the '
                             'script says shift 15, new.lua:8\n', ''), told)

    def test_another_word_in_progress(self):
        told = self.against('words-1-strategy-promoted-3.yaml', 'rollout:promote()', 'rollout:event "well"')
        self.assertEqual((1, 'first difference, word 17: the record ends, and its own script says copy, '
                             'scripts/shares.lua:15; the script says event "well", new.lua:15\n', ''), told)

    def test_another_word_behind_the_record(self):
        """One that has ended keeps no word in progress."""
        release = release_in('words-3-strategy-promoted-3.yaml')
        script = release['spec']['sources']['scripts.shares']
        entries = release['status']['entries']
        del entries[[entry['w'] for entry in entries].index('event'):]
        release['status'].update(open=[], openStarted=0)
        (self.top / 'new.lua').write_text(script.replace('have had their time', 'are over'))
        self.assertEqual((1, 'first difference, word 14: the record ends, and its own script says event "the shares '
                             'have had their time", scripts/shares.lua:12; the script says event "the shares are '
                             'over", new.lua:12\n', ''),
                         self.replay('-', '--strategy', 'new.lua', text=json.dumps(release)))

    def test_bundled(self):
        status, told, _ = self.against('words-2-canary-promoted-3.yaml', 'rollout:shift(', 'rollout:shift(1 + ', '-o',
                                       'json')
        difference = json.loads(told)['difference']
        self.assertEqual((1, 'shift', 20, 21, 'strategies/canary.lua', 'new.lua'), (
            status, difference['said']['name'], difference['recorded']['args']['weight'],
            difference['said']['args']['weight'], difference['recorded']['where'].split(':')[0],
            difference['said']['where'].split(':')[0]))

    def test_one_that_fails(self):
        for new, problem in (('error "no"; rollout:event', 'new.lua:12: no'),
                             ('while true do end rollout:event', 'new.lua:12: more than 2000 ms of CPU time in'),
                             ('rollout:evnt', 'new.lua:12: rollout: there is no word "evnt", known are event, '),
                             ('do return end rollout:event', 'shares: run returned, but the release is neither')):
            with self.subTest(new):
                status, told, errors = self.against('words-3-strategy-promoted-3.yaml', 'rollout:event', new)
                self.assertEqual((1, ''), (status, errors))
                self.assertIn('first difference at 0:50, word 14: the record has event "the shares have had their '
                              'time", scripts/shares.lua:12; the script fails: ', told)
                self.assertIn(problem, told)

    def test_parameters(self):
        """Those on record, and the defaults of those that are new."""
        told = self.against('words-3-strategy-promoted-3.yaml', 'rollout:shift(share)',
                            'rollout:shift(share + rollout.params.more)')
        self.assertIn("attempt to perform arithmetic on field 'more'", told[1])
        path = self.top / 'new.lua'
        script = path.read_text()
        path.write_text(script.replace('params = {', 'params = { more = param.integer { default = 0 },'))
        record = RECORDS / 'words-3-strategy-promoted-3.yaml'
        self.assertEqual(0, self.replay(record, '--strategy', 'new.lua')[0])
        path.write_text(script.replace('params = {', 'params = { more = param.integer { default = 2 },'))
        self.assertIn('the script says shift 12, new.lua:8', self.replay(record, '--strategy', 'new.lua')[1])
        script = script.replace(' + rollout.params.more', '').replace('steps = param', 'others = param')
        path.write_text(script.replace('ipairs(rollout.params.steps)', 'ipairs { 10, 40 }'))
        self.assertEqual((0, ''), self.replay(record, '--strategy', 'new.lua')[::2])


class Rounds(Replay):
    """An analysis of other metrics: the rounds on record, judged again."""

    def judged(self, evidence, checks):
        release = release_in('words-3-strategy-taken-back-3.yaml')
        script = release['spec']['sources']['scripts.shares']
        (self.top / 'new.lua').write_text(script.replace('{ rounds = 2 }', f'{{ rounds = 2, checks = {checks} }}'))
        release['status']['evidence'] = evidence
        status, told, _ = self.replay('-', '--strategy', 'new.lua', text=json.dumps(release))
        first, _, more = told.partition('\n')
        self.assertEqual(1, status)
        self.assertRegex(first, '^first difference at 0:10, word 5: the record has analyse 2, scripts/shares.lua:9; '
                                r'the script says analyse {checks = {.*}}, new.lua:9$')
        return more

    def test_metrics_of_a_round(self):
        fails = {'at': '2026-03-11T08:15:30Z', 'round': 3, 'metric': 'success', 'verdict': 'fail', 'value': 96,
                 'min': 99, 'failed': 1, 'threshold': 2}
        passes = {**fails, 'at': '2026-03-11T08:15:20Z', 'round': 2, 'verdict': 'pass', 'value': 99.5, 'failed': None}
        holds = {**fails, 'verdict': 'blind', 'metric': 'revenue', 'way': 'hold', 'problem': 'none'}
        del holds['failed'], holds['value']
        why = 'instead of fail: success 96, at least 99 wanted, short by 3\n'
        for evidence, checks, told in (
                ([passes, holds, fails], '{"success"}', ''),
                ([holds, fails], '{"revenue", "success"}', ''),
                ([holds, fails], '{"revenue"}', 'at 0:20 the round is held ' + why),
                ([{**holds, 'verdict': 'pass', 'way': None}, fails], '{"revenue"}', 'at 0:20 the round is pass ' + why),
                ([fails], '{"revenue"}', 'at 0:20 the round is not known ' + why),
                ([{**fails, 'word': 'check'}], '{"revenue"}', ''),
                ([{**fails, 'at': '2026-03-11T08:15:19Z'}], '{"revenue"}', ''),
                ([{**fails, 'metric': None, 'hook': 'load', 'reason': 'no'}], '{"revenue"}', '')):
            evidence = [{k: v for k, v in one.items() if v is not None} for one in evidence]
            with self.subTest(checks=checks, told=told):
                self.assertEqual(told, self.judged(evidence, checks))


class Bounds(Replay):
    """Each of the three checks found 19 ms, with at most 500 ms wanted."""
    record = 'words-3-strategy-checks-3.yaml'

    def test_the_same_verdict(self):
        self.assertEqual((0, '18 words agree (3 with other bounds, and the same verdict): the record ends here, then '
                             'the script says wait 60000 ms, new.lua:9\n', ''),
                         self.against(self.record, 'max = 500', 'max = 19'))

    def test_another_verdict(self):
        for bounds, wanted in (('max = 18', 'at most 18 ms wanted, over by 1 ms'),
                               ('min = 20, max = 500', 'at least 20 ms wanted, short by 1 ms')):
            with self.subTest(bounds):
                self.assertEqual((1, 'first difference at 0:10, word 5: fail instead of pass: request-duration 19 ms, '
                                     f'{wanted}, new.lua:7\n', ''), self.against(self.record, 'max = 500', bounds))

    def test_what_is_not_known(self):
        """Another metric, and bounds of the Canary."""
        for new in ("'request-success-rate', { min = 99 }", "'request-duration'"):
            with self.subTest(new):
                status, told, _ = self.against(self.record, "'request-duration', { max = 500 }", new)
                self.assertEqual(1, status)
                self.assertIn('the record has check {name = "request-duration", params = {max = 500}}, ', told)

    def test_own_checks_may_look_at_their_bounds(self):
        release = release_in(self.record)
        sources = release['spec']['sources']
        (self.top / 'new.lua').write_text(sources['scripts.checks'].replace('max = 500', 'max = 18'))
        sources['checks.test.revenue'] = 'return 1'
        status, told, _ = self.replay('-', '--strategy', 'new.lua', text=json.dumps(release))
        self.assertEqual(1, status)
        self.assertIn('the script says check {name = "request-duration", params = {max = 18}}, new.lua:7', told)

    def test_blind_stays_blind(self):
        """One that was asked for without bounds, as those of the Canary counted."""
        release = release_in(self.record)
        script = release['spec']['sources']['scripts.checks']
        release['spec']['sources']['scripts.checks'] = script.replace(', { max = 500 }', '')
        (self.top / 'new.lua').write_text(script)
        entries = release['status']['entries']
        del entries[5:]
        entries[4].update(a=digest('{"name":"request-duration"}'), r={
            'verdict': 'blind', 'cause': 'no data', 'problem': 'none', 'text': 'none'})
        release['status']['open'] = []
        status, told, _ = self.replay('-', '--strategy', 'new.lua', text=json.dumps(release))
        self.assertEqual((0, '5 words agree (1 with other bounds, and the same verdict): the record ends here, then '
                             'the script says event "at 0: blind, no data, none", new.lua:8\n'), (status, told))


class Bad(Replay):
    record = 'words-3-strategy-promoted-3.yaml'

    def test_what_cannot_be_played(self):
        def cut(release):
            release['status'].update(entries=release['status']['entries'][3:], dropped={'entries': 3, 'evidence': 0})

        def cut_by_an_older_engine(release):
            del release['status']['entries'][:3]
        changes = (
            (cut, 'Release podinfo-1: the record was cut: its first 3 words are gone, and a script is played from its '
                  'first line; its verdicts are there from 0:10 on: sluice why --replay judges them again'),
            (cut_by_an_older_engine, 'Release podinfo-1: the record was cut: its first words are gone'),
            (lambda r: r.update(kind='Canary'), 'podinfo-1: kind: Release is wanted, got "Canary"'),
            (lambda r: r.update(apiVersion='sluice.dev/v2'), 'apiVersion: sluice.dev/v1alpha1 is wanted'),
            (lambda r: r['spec'].update(words=9), 'spec.words: its words are of version 9, this engine speaks 1 to 3'),
            (lambda r: r['spec'].pop('words'), 'spec.words: its words are of version 0'),
            (lambda r: r['spec'].pop('sources'), "Release podinfo-1: "),
            (lambda r: r['status']['entries'][2].update(n=-1), 'status.entries[2] is not a record of a word'),
            (lambda r: r['status'].update(entries='none'), 'status.entries: a list is wanted'),
            (lambda r: r['status']['entries'][2].pop('w'), 'status.entries[2].w: the name of a word is wanted'),
            (lambda r: r['spec']['sources'].update({'scripts.shares': 'return ('}), 'Release podinfo-1: scripts.s'))
        for change, problem in changes:
            with self.subTest(problem):
                status, told, errors = self.edited(self.record, change)
                self.assertEqual((2, ''), (status, told))
                self.assertIn(problem, errors)

    def test_answers_that_were_edited(self):
        """An answer that the script cannot have got says nothing about any script; one that it can have got leads to
        other words than those on record."""
        fails = 'status.entries: at word 3 the record has round, and the script in spec.sources fails'
        changes = (
            (lambda entries: entries[1].pop('r'), 2, 'status.entries[1].r: an object is wanted, got nothing'),
            (lambda entries: entries[1].update(r=3), 2, 'status.entries[1].r: an object is wanted, got 3'),
            (lambda entries: entries[1].update(r='x'), 2, 'status.entries[1].r: an object is wanted, got "x"'),
            (lambda entries: entries[1]['r'].update(pending=-7), 2, fails),
            (lambda entries: entries[1].update(r={}), 1, 'at 0:10, word 3: the record has round; '))
        for change, wanted, problem in changes:
            for words in ([], ['--strategy', 'same.lua']):
                with self.subTest(problem, words=words):
                    release = release_in(self.record)
                    (self.top / 'same.lua').write_text(release['spec']['sources']['scripts.shares'])
                    change(release['status']['entries'])
                    status, told, errors = self.replay('-', *words, text=json.dumps(release))
                    self.assertEqual(wanted, status, told)
                    self.assertIn(problem, errors if wanted == 2 else told)

    def test_scripts_that_do_not_load(self):
        for new, problem in (('return 1 -- \0', 'new.lua: a script is wanted, got a file with NUL bytes'),
                             ('return (', "sluice replay: new.lua:1: unexpected symbol"),
                             ('return 1', 'sluice replay: new.lua'),
                             ("return require 'gone'", 'sluice replay: new.lua'),
                             ("return require 'stdlib.check' { name = 'c', run = function() end }",
                              'sluice replay: new.lua: a strategy is wanted, got a check\n')):
            with self.subTest(new):
                (self.top / 'new.lua').write_text(new)
                status, told, errors = self.replay(RECORDS / self.record, '--strategy', 'new.lua')
                self.assertEqual((2, ''), (status, told))
                self.assertIn(problem, errors)

    def test_parameters_that_do_not_fit(self):
        status, _, errors = self.against(self.record, 'param.weight) { default = { 10 }',
                                         'param.string) { default = { "a" }')
        self.assertEqual((2, 'sluice replay: new.lua: spec.params.steps[0]: 10 is not a text\n'), (status, errors))

    def test_words(self):
        for words, text, problem in (
                ([], None, 'a file with a Release is missing'),
                (['a', 'b'], None, 'b: one file with a Release is wanted'),
                (['gone.yaml'], None, 'gone.yaml: '),
                ([RECORDS / self.record, '--strategy', 'gone.lua'], None, 'gone.lua: '),
                (['-'], '', 'stdin: no object is in there'),
                (['-'], '[', 'stdin'),
                (['-'], '3', 'a Release is wanted, got 3'),
                (['-'], 2 * (json.dumps(release_in(self.record)) + '\n---\n'), 'one Release is wanted, got 2 in stdi')):
            with self.subTest(problem):
                status, told, errors = self.replay(*words, text=text)
                self.assertEqual((2, ''), (status, told))
                self.assertIn(problem, errors)

    def test_a_pipe_that_closes(self):
        run = subprocess.Popen([SLUICE, 'replay', RECORDS / self.record], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=os.environ)
        run.stdout.close()
        errors = run.stderr.read().decode()
        run.stderr.close()
        self.assertEqual((2, 'sluice: cannot write to standard output: Broken pipe\n'), (run.wait(PATIENCE_S), errors))


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=1)

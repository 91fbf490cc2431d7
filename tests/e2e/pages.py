#!/usr/bin/env python3
"""Follows pages of docs/ word by word, each in an empty folder: every command says what the page shows.

    pages.py SLUICE

A block of `lua` is written into the file that the paragraph above it names last, and so is one of `yaml` or `awk` where
one of this ending is named; a block of `console` is typed.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))
from processes import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = None
PATIENCE_S = 300


def blocks(page):
    """(language, text, the paragraph above) of each block of code."""
    for match in re.finditer(r'([^\n]*(?:\n[^\n`][^\n]*)*)\n\n```(\w+)\n(.*?)```\n', page, flags=re.S):
        yield match.group(2), match.group(3), match.group(1)


def calm(text):
    """Without how long it took, which Prometheus it was, at how many words an engine was killed, and which words are
    less near."""
    text = re.sub(r' +\d+\.\d\d s\n', ' N s\n', text)
    text = re.sub(r'releases in \d+ s ·', 'releases in N s ·', text)
    text = re.sub(r', of Prometheus \S+, ', ', of Prometheus N, ', text)
    text = re.sub(r'killed at every word: ([1-9]\d*) of \1 end', 'killed at every word: N of N end', text)
    text = re.sub(r'^ +\d+:\d\d  |(?<=promoted after )\d.*', 'N', text, flags=re.M)
    text = re.sub(r'paused for [^)]*', 'paused for N', text)
    return re.sub(r'(known are \w+), .*', r'\1, …', text)


class Pages(unittest.TestCase):
    maxDiff = None
    serves = False  # blocks of `sh` start servers
    address = '', ''  # of the server: as the page has it, and here
    ready = '/-/ready'
    kubeconfig = None  # in the folder; which the page exports

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)

    def environment(self):
        own = {'KUBECONFIG': str(self.top / self.kubeconfig)} if self.kubeconfig else {}
        return {**os.environ, **own, 'PATH': f'{SLUICE.parent}:{os.environ["PATH"]}'}

    def type(self, command):
        done = subprocess.run(['bash', '-c', command], cwd=self.top, capture_output=True, text=True,
                              timeout=PATIENCE_S, env=self.environment())
        return done.stdout + done.stderr

    def serve(self, command):
        """Starts a server, on a port that is free, and waits until it is ready."""
        shown = re.search(r'127\.0\.0\.1:\d+', command).group()
        self.address = shown, f'127.0.0.1:{free_port()}'
        server = subprocess.Popen(command.replace(*self.address).split(), cwd=self.top, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, env=self.environment())
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and server.poll() is None:
            try:
                urllib.request.urlopen(f'http://{self.address[1]}{self.ready}', timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        self.fail(f'no answer: {command}')

    def follow(self, page):
        """How many blocks were typed, and how many written."""
        typed = written = 0
        for language, text, above in blocks((ROOT / page).read_text()):
            if language in ('awk', 'yaml'):
                for name in re.findall(rf'`(\w+\.{language})`', above)[-1:]:
                    (self.top / name).write_text(text)
                    written += 1
            elif language == 'sh' and self.serves:
                self.serve(text)
            elif language == 'console':
                for step in re.split(r'^\$ ', text, flags=re.M)[1:]:
                    command, _, told = step.partition('\n')
                    with self.subTest(command):
                        self.assertEqual(calm(told), calm(self.type(command.replace(*self.address))))
                typed += 1
            elif language == 'lua':
                path = self.top / re.findall(r'`([\w-]+/[\w-]+\.lua)`', above)[-1]
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
                written += 1
        return typed, written

    def test_first_strategy(self):
        self.assertEqual((7, 2), self.follow('docs/first-strategy.md'))

    def test_replay(self):
        self.assertEqual((6, 4), self.follow('docs/replay.md'))

    def test_repl(self):
        self.assertEqual((2, 0), self.follow('docs/repl.md'))

    def test_dryrun(self):
        self.assertEqual((1, 0), self.follow('docs/dryrun.md'))

    def test_why(self):
        self.assertEqual((2, 1), self.follow('docs/why.md'))

    def test_backtest(self):
        if shutil.which('promtool') is None:
            self.skipTest('there is no promtool; scripts/setup installs it')
        self.serves = True
        self.assertEqual((4, 2), self.follow('docs/backtest.md'))

    def test_by_hand(self):
        self.serves, self.ready, self.kubeconfig = True, '/version', 'demo.config'
        self.assertEqual((2, 1), self.follow('docs/by-hand.md'))

    # What each command of docs/runbook.md says of a release of docs/by-hand.md, and what must have happened before.
    AT_WEIGHT = "kubectl -n test wait canary/shop --for=jsonpath='{.status.canaryWeight}'=10 --timeout=2m"
    ON_CALL = [
        ('sluice status', AT_WEIGHT, 'Progressing'),
        ('kubectl -n test get releases', None, 'shop-1'),
        ('kubectl -n test describe canary', None, 'Kind: +Canary'),
        ('sluice why', None, 'shop-1.test'),
        ('sluice pause', None, 'shop.test is paused'),
        ('sluice resume', None, 'shop.test goes on'),
        ('sluice rollback', None, 'shop-1 is taken back'),
        ('sluice retry', 'sluice wait -n test deployment/shop', 'shop-2 releases that revision again'),
        ('sluice approve', AT_WEIGHT, 'refused: shop-2 waits at no gate'),
        ('sluice promote', None, 'the rest of the analysis of shop-2 is skipped'),
    ]

    def test_runbook(self):
        """The commands of its beginning, in their order."""
        self.ready, self.kubeconfig = '/version', 'demo.config'
        for language, text, _ in blocks((ROOT / 'docs/by-hand.md').read_text()):
            if language == 'sh':
                self.serve(text.replace('--speed 5', '--speed 10'))
            elif language == 'yaml':
                (self.top / 'shop.yaml').write_text(text)
        self.type('kubectl apply -f shop.yaml && sluice wait -n test deployment/shop && '
                  'kubectl -n test set image deployment/shop shop=shop:2')
        lines = [line.partition('#')[0].strip() for language, text, _ in blocks((ROOT / 'docs/runbook.md').read_text())
                 if language == 'sh' for line in text.splitlines()]
        commands = [re.sub(r'\bNAME\b', 'shop', re.sub(r'\bNS\b', 'test', line)) for line in lines]
        self.assertEqual(len(self.ON_CALL), len(commands))
        for command, (begins, before, says) in zip(commands, self.ON_CALL):
            with self.subTest(command):
                self.assertTrue(command.startswith(begins), command)
                if before:
                    self.type(before)
                self.assertRegex(self.type(command), says)
        self.assertRegex(self.type('sluice wait -n test deployment/shop'), 'shop-2 was promoted')

    def test_readme(self):
        """The strategy of README.md is one, and its commands are there."""
        page = (ROOT / 'README.md').read_text()
        run = re.search(r'```lua\n(run = function.*?)```', page, flags=re.S).group(1)
        commands = re.findall(r'^sluice (?:new|check|test) [^#\n]*', page, flags=re.M)[:3]
        new, check, test = (command.strip() for command in commands)
        self.type(new)
        name = new.split()[-1]
        script = self.top / name / f'{name}.lua'
        head = script.read_text().partition('  params = {')[0]
        script.write_text(head + run.rstrip() + ',\n}\n')
        canary = self.top / name / 'canary.yaml'
        canary.write_text(re.sub(r'\n +params:.*', '', canary.read_text()))
        scenario = self.top / name / 'scenario.yaml'
        scenario.write_text(scenario.read_text().replace(
            'traffic:\n', 'traffic:\n  - {host: shop.example.com, perSecond: 9, headers: {x-ring: insider}}\n'))
        self.assertIn('0 errors, 0 warnings', self.type(f'{check} --write'))
        self.assertRegex(self.type(f'{test} --filter scenario'), r'\n1 passed, 0 failed')


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

#!/usr/bin/env python3
"""What sluice wait tells on the way, on a served cluster.

    hand_wait.py SLUICE
"""
import json
import os
import subprocess
import sys
import unittest

import hand


class Waits(hand.Served):
    def start(self, *words):
        waiting = subprocess.Popen([hand.SLUICE, 'wait', '-n', 'test', *words,
                                    f'--timeout={hand.PATIENCE_S}s'], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, 'KUBECONFIG': str(self.config)})
        self.addCleanup(waiting.communicate)
        self.addCleanup(waiting.kill)
        return waiting

    def test_what_a_wait_tells_on_the_way(self):
        self.hand('wait', '-n', 'test', 'deployment/podinfo')
        self.push(2)
        self.until_weight(10)
        loud, quiet = self.start('deployment/podinfo'), self.start('release/podinfo-1', '--quiet')
        release = self.start('release/podinfo-1')
        told = ('podinfo-1: weight ', 'podinfo-1 waits: GateClosed: waiting for promotion approval gate ')
        for waiting in (loud, release):
            lines = iter(waiting.stderr.readline, '')
            self.assertTrue(all(any(line.startswith(text) for line in lines) for text in told), told)
        self.hand('pause', '-n', 'test', 'podinfo', '--reason', 'INC-4711')
        for waiting in (loud, release):
            self.assertEqual('podinfo-1 waits: Paused: INC-4711\n', waiting.stderr.readline())
        self.hand('resume', '-n', 'test', 'podinfo')
        self.hand('rollback', '-n', 'test', 'podinfo', '--reason', 'INC-4711')
        for waiting in (loud, release, quiet):
            out, error = waiting.communicate(timeout=hand.PATIENCE_S)
            self.assertEqual((1, ''), (waiting.returncode, out))
            self.assertRegex(error.splitlines()[-1], '^sluice wait: podinfo-1 was taken back: ')
        self.assertEqual(1, error.count('\n'), error)

    def test_which_release_waits_before_it_begins(self):
        self.hand('wait', '-n', 'test', 'deployment/podinfo')
        gate = {'name': 'start', 'type': 'confirm-rollout', 'url': 'http://127.0.0.1:9/gate'}
        self.kubectl('-n', 'test', 'patch', 'canary', 'podinfo', '--type', 'merge', '-p',
                     json.dumps({'spec': {'analysis': {'webhooks': [gate]}}}))
        self.push(2)
        self.until(lambda: 'GateClosed' in self.hand('status', '-n', 'test')[1])
        status, _, error = self.hand('wait', '-q', '-n', 'test', 'deployment/podinfo', '--timeout', '1ms')
        self.assertEqual(3, status)
        self.assertRegex(error, r'^sluice wait: undecided in that time: podinfo-1 has not begun, '
                                r'waiting for approval start \(gate confirm-rollout\)')

    def test_what_holds_it_before_the_wait_begins(self):
        """Told at once, and before there is a release by the name of the Canary."""
        self.hand('wait', '-n', 'test', 'deployment/podinfo')
        self.hand('pause', '-n', 'test', 'podinfo', '--reason', 'INC-4711')
        self.push(2)
        waiting = self.start('deployment/podinfo')
        self.assertEqual('podinfo waits: Paused: INC-4711\n', waiting.stderr.readline())
        self.hand('resume', '-n', 'test', 'podinfo')
        self.until(lambda: 'GateClosed' in self.hand('status', '-n', 'test')[1])
        gate = 'podinfo-1 waits: GateClosed: waiting for promotion approval gate (gate confirm-promotion)'
        for words in (['deployment/podinfo'], ['release/podinfo-1']):
            self.assertIn(gate, self.start(*words).stderr.readline())


if __name__ == '__main__':
    hand.SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()

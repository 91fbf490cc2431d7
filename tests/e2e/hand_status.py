#!/usr/bin/env python3
"""What sluice status tells of Canaries that a server makes up.

    hand_status.py SLUICE
"""
import os
import sys
import unittest

import hand


class Statuses(hand.Answered):
    def test_a_pause_without_a_reason(self):
        for text in ('true', '', 'by hand'):
            canary = {**hand.CANARY, 'metadata': {**hand.CANARY['metadata'], 'annotations': {'sluice.dev/pause': text}}}
            answers = {'/releases': hand.listed('Release'), '/canaries': hand.listed('Canary', canary)}
            with self.subTest(text=text):
                self.assertRegex(self.ask(answers, 'status')[1], r' Paused\n$')

    def test_ages_go_by_the_clock_of_the_server(self):
        self.server.date = 'Sun, 06 Nov 1994 08:49:37 GMT'
        closed = {'type': 'Waiting', 'status': 'True', 'reason': 'GateClosed', 'message': 'gate',
                  'lastTransitionTime': '1994-11-06T07:49:37Z'}
        canary = {**hand.CANARY, 'status': {'phase': 'Waiting', 'conditions': [closed]}}
        answers = {'/releases': hand.listed('Release'), '/canaries': hand.listed('Canary', canary)}
        self.assertRegex(self.ask(answers, 'status')[1], r' GateClosed: gate, for 1h0m\d+s\n$')

    def test_the_checks_of_one_that_failed(self):
        """Flagger's counter is 0 again by then. Whose Releases cannot be read has that."""
        canary = {**hand.CANARY, 'status': {'phase': 'Failed', 'failedChecks': 0}}
        owner = [{'kind': 'Canary', 'name': 'shop', 'uid': 'u', 'controller': True}]
        release = {'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release',
                   'metadata': {'name': 'shop-1', 'namespace': 'test', 'ownerReferences': owner},
                   'status': {'state': 'Failed', 'failedChecks': 3, 'threshold': 3}}
        whole = {'/releases': hand.listed('Release', release), '/releases/shop-1': (200, release)}
        for releases, shown in (whole, '3/3'), ({'/releases': (403, {})}, '0/5'):
            answers = {**releases, '/canaries/shop': (200, canary), '/canaries': hand.listed('Canary', canary)}
            for words in (['status'], ['status', 'shop']):
                with self.subTest(words=words, shown=shown):
                    self.assertRegex(self.ask(answers, *words)[1], f'test +shop +Failed +0 +{shown} ')


if __name__ == '__main__':
    hand.SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()

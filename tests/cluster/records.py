"""Releases that are played again from their records: the script says the same words, the verdicts come to the same, and
what the record tells is what was seen from outside."""
import json
import re
import subprocess
import tempfile
import threading

import engine

PHASES = {'promoted': 'Succeeded', 'taken back': 'Failed'}  # of the Canary, behind its last Release


class Records:
    """Plays one after the other, and counts for the ring's last lines; scenarios end at the same time."""

    def __init__(self):
        self._lock = threading.Lock()
        self.whole = self.cut = self.words = self.verdicts = 0

    def check(self, release):
        """Raises AssertionError where the record of this Release disagrees with itself. Returns its story, as
        `sluice why -o json` tells it."""
        with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
            json.dump({'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release', **release}, file)
            file.flush()
            words = self._words(release, file.name)
            verdicts = int(agreed(r'^(\d+) of \1 agree', 0, 'why', '-f', file.name, '--replay'))
            story = json.loads(agreed(r'^(\{.*\})$', 0, 'why', '-f', file.name, '-o', 'json'))
        with self._lock:
            self.whole, self.cut = self.whole + (words is not None), self.cut + (words is None)
            self.words, self.verdicts = self.words + (words or 0), self.verdicts + verdicts
        return story

    def _words(self, release, file):
        """How many agree. None: the beginning of a long record was dropped, and a script is played from its first line;
        that is said, with what there is instead."""
        if release.get('status', {}).get('dropped', {}).get('entries'):
            agreed(r'the record was cut: .* its verdicts are there from [\d:]+ on: (sluice why --replay)', 2, 'replay',
                   file)
            return None
        return int(agreed(r'^(\d+) words? agrees?\b', 0, 'replay', file))

    def count(self):
        return self.whole + self.cut

    def summary(self):
        cut = f', of {self.cut} only the part that is left' if self.cut else ''
        return (f'{self.count()} releases were played again from their records{cut}: '
                f'{self.words} words and {self.verdicts} verdicts agree')


def agreed(pattern, status, *order):
    """What the pattern finds in the answer of sluice to this order."""
    done = subprocess.run([engine.binary(), *order], capture_output=True, text=True, timeout=60)
    told = done.stdout + done.stderr
    found = re.search(pattern, told)
    if done.returncode != status or found is None:
        raise AssertionError(f'{order[0]}: status {done.returncode}: {told}')
    return found.group(1)


def seen(stories, weights, phase):
    """Raises AssertionError where the stories of a Canary's Releases, in order, are not what its route and its status
    went through."""
    shares = [line['weight'] for story in stories for line in story['lines'] if 'weight' in line]
    left = iter(weights)
    if not all(share in left for share in shares):
        raise AssertionError(f'the records tell of the shares {shares}, the route had {weights}')
    outcome = stories[-1]['outcome'] if stories else None
    if PHASES.get(outcome, phase) != phase:
        raise AssertionError(f'the last record tells {outcome}, the Canary is {phase}')

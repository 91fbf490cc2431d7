"""Releases that are played again from their records: the script says the same words, and the verdicts come to the
same."""
import json
import re
import subprocess
import tempfile
import threading

import engine


class Records:
    """Plays one after the other, and counts for the ring's last lines; scenarios end at the same time."""

    def __init__(self):
        self._lock = threading.Lock()
        self.whole = self.cut = self.words = self.verdicts = 0

    def check(self, release):
        """Raises AssertionError where the record of this Release disagrees."""
        with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
            json.dump({'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release', **release}, file)
            file.flush()
            words = self._words(release, file.name)
            verdicts = int(agreed(r'^(\d+) of \1 agree', 0, 'why', '-f', file.name, '--replay'))
        with self._lock:
            self.whole, self.cut = self.whole + (words is not None), self.cut + (words is None)
            self.words, self.verdicts = self.words + (words or 0), self.verdicts + verdicts

    def _words(self, release, file):
        """How many agree. None: the beginning of a long record was dropped, and a script is played from its first line;
        that is said, with what there is instead."""
        if release.get('status', {}).get('dropped', {}).get('entries'):
            agreed(r'the record was cut: .* its verdicts are there from [\d:]+ on: (sluice why --replay)', 2, 'replay',
                   file)
            return None
        return int(agreed(r'^(\d+) words? agrees?\b', 0, 'replay', file))

    def summary(self):
        return (f'{self.whole + self.cut} releases were played again from their records, of {self.cut} only a part is '
                f'left: {self.words} words and {self.verdicts} verdicts agree')


def agreed(pattern, status, *order):
    """What the pattern finds in the answer of sluice to this order."""
    done = subprocess.run([engine.binary(), *order], capture_output=True, text=True, timeout=60)
    told = done.stdout + done.stderr
    found = re.search(pattern, told)
    if done.returncode != status or found is None:
        raise AssertionError(f'{order[0]}: status {done.returncode}: {told}')
    return found.group(1)

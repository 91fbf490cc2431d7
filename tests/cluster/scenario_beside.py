"""The same alerts, hooks and metric templates under Sluice and under the Flagger that FLAGGER_BIN names (beside.py)."""
import os
import pathlib
import tempfile

from beside import Stage, differences
from beside_cases import GLOBAL
from beside_details import CASES
from scenario import Scenario

AT_ONCE = 40


class Beside(Scenario):
    when = 'alone'
    flagger_too = False

    def setUp(self):
        super().setUp()
        if not os.environ.get('FLAGGER_BIN'):
            self.skipTest('FLAGGER_BIN names no Flagger to compare with')

    def play(self, names, group):
        with tempfile.TemporaryDirectory(prefix='sluice-beside-') as folder:
            flagger = pathlib.Path(os.environ['FLAGGER_BIN']).resolve()
            stories = Stage(folder, flagger, {name: CASES[name] for name in names}, **GLOBAL[group]).play()
        for name, both in stories.items():
            with self.subTest(name):
                self.assertEqual([], differences(name, both))

    def test_all(self):
        names = list(CASES)
        for at in range(0, len(names), AT_ONCE):
            self.play(names[at:at + AT_ONCE], 'flags')

    def test_teams(self):
        """The chat of the flags is another one."""
        self.play([name for name in CASES if name.startswith('alert-of-flags')], 'teams')

#!/usr/bin/env python3
"""The pages that --html writes, in a real browser: at the width of a phone and of a desk, in light and in dark.

    pictures.py SLUICE [--keep FOLDER]      FOLDER: where the pictures stay, to look at them
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import browser

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/bench'))
import backtest as month  # noqa: E402 (the folder is not on the path before)

SLUICE = KEEP = None
PATIENCE_S = 120
PHONE, DESK = 380, 1000
EXAMPLES = ROOT / 'examples'
# The middle of a figure, on the screen.
PLACE = '''(() => {
  const area = document.querySelectorAll('.area')[%d];
  area.scrollIntoView({block: 'center'});
  const box = area.getBoundingClientRect();
  return [box.left, box.top + box.height / 2, box.width];
})()'''
NOW = "document.getElementById('now').textContent"


def write_pages(folder):
    """One page of each command that draws."""
    month.write_record(folder / 'data.json', 2, 10, 60, bad=((1.0, 70),))
    (folder / 'canary.json').write_text(json.dumps(month.canary(99)))
    orders = {
        'dryrun': ['dryrun', '--scenario', EXAMPLES / 'scenarios/slow-leak.yaml',
                   '-f', EXAMPLES / 'scenarios/objects/checkout.yaml'],
        'plan': ['dryrun', '--plan', '-f', EXAMPLES / 'strategies/insiders-then-region'],
        'backtest': ['backtest', '-f', folder / 'canary.json', '--data', folder / 'data.json', '--every', '30m',
                     '--bad', '2026-06-02T00:00/01:10'],
        'why': ['why', '-f', ROOT / 'tests/records/words-3-strategy-taken-back-3.yaml'],
    }
    for name, order in orders.items():
        done = subprocess.run([SLUICE, *order, '--html', folder / f'{name}.html'], capture_output=True, text=True,
                              timeout=PATIENCE_S)
        if done.returncode > 1:
            raise AssertionError(done.stderr)
    return {name: folder / f'{name}.html' for name in orders}


class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.pages = write_pages(pathlib.Path(folder.name))
        cls.page = cls.enterClassContext(browser.open())

    def visit(self, name, width=DESK, dark=False):
        self.page.visit(self.pages[name], width, dark=dark)

    def test_fits(self):
        """Nothing is wider than the screen, no text lies on another, and nothing is asked of a network."""
        for name in self.pages:
            for width in (PHONE, DESK):
                with self.subTest(name, width=width):
                    self.visit(name, width)
                    self.assertEqual(width, self.page.evaluate('document.documentElement.scrollWidth'))
                    asked = [each['request']['url'] for each in self.page.told('Network.requestWillBeSent')]
                    self.assertEqual([self.pages[name].resolve().as_uri()], asked)
                    self.assertEqual([], self.page.told('Runtime.exceptionThrown') + self.page.told('Log.entryAdded'))
                    labels = self.page.evaluate('''[...document.querySelectorAll('.area')].map(area =>
                        [...area.querySelectorAll('.time')].map(one => one.getBoundingClientRect())
                          .map(box => [box.left, box.right]))''')
                    for label in labels:
                        for (_, end), (begin, _) in zip(label, label[1:]):
                            self.assertLess(end, begin)

    def test_light_and_dark(self):
        """Texts stand out from the ground in both (WCAG 2: at least 4.5 to 1)."""
        contrast = '''(() => {
          const parts = text => text.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255)
            .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
          const light = text => parts(text).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
          const ground = light(getComputedStyle(document.body).backgroundColor);
          return ['h1', '.outcome', 'small', '.area b', 'td'].map(name => document.querySelector(name))
            .filter(Boolean).map(one => light(getComputedStyle(one).color))
            .map(ink => (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05));
        })()'''
        grounds = set()
        for dark in (False, True):
            self.visit('dryrun', dark=dark)
            for ratio in self.page.evaluate(contrast):
                self.assertGreaterEqual(ratio, 4.5)
            grounds.add(self.page.evaluate('getComputedStyle(document.body).backgroundColor'))
        self.assertEqual(2, len(grounds))

    def test_cursor(self):
        """The decision under the cursor, at the same place of every figure."""
        self.visit('dryrun')
        left, middle, width = self.page.evaluate(PLACE % 2)
        self.page.hover(left + width * 0.99, middle)
        self.assertIn('Canary failed! Scaling down checkout.shop', self.page.evaluate(NOW))
        self.page.hover(left + width * 0.62, middle)
        self.assertRegex(self.page.evaluate(NOW), r'^2:30  .*Halt .*request duration')
        lines = self.page.evaluate("[...document.querySelectorAll('.cursor')].map(one => one.style.left)")
        self.assertEqual(3, len(lines))
        self.assertEqual(1, len(set(lines)), lines)
        self.assertAlmostEqual(62, float(lines[0].rstrip('%')), delta=1)

    def test_keys(self):
        """The same without a pointer."""
        self.visit('dryrun')
        self.page.evaluate("document.querySelector('.area').focus()")
        for key, told in (('ArrowRight', '0:00'), ('End', '4:0'), ('Home', '0:00')):
            self.page.press(key)
            self.assertTrue(self.page.evaluate(NOW).startswith(told), self.page.evaluate(NOW))

    def test_strip(self):
        """Each release of a back-test tells what became of it."""
        self.visit('backtest')
        left, middle, width = self.page.evaluate(PLACE % 0)
        self.page.hover(left + width * 0.51, middle)
        self.assertRegex(self.page.evaluate(NOW), r'taken back after .*: success [0-9.]+, at least 99 wanted')
        self.page.hover(left + width * 0.25, middle)
        self.assertRegex(self.page.evaluate(NOW), r'promoted after ')

    def test_release_on_record(self):
        """A share holds until the next one; a check without a value has its point on the ground."""
        self.visit('why')
        self.assertEqual('M0.000 100.000 L33.333 100.000 L33.333 90.000',
                         self.page.evaluate("document.querySelector('.curve.share').getAttribute('d')")[:45])
        self.assertEqual(2, self.page.evaluate("document.querySelectorAll('.point.blind').length"))

    def test_without_script(self):
        """All that was decided stands in the table."""
        rows = self.pages['dryrun'].read_text()
        self.assertIn('request-duration 1499 ms, at most 500 wanted, over by 999', rows)

    def test_keeps_pictures(self):
        if KEEP is None:
            self.skipTest('--keep FOLDER keeps pictures, to look at them')
        for name in self.pages:
            for width, dark in ((PHONE, False), (DESK, False), (DESK, True)):
                self.visit(name, width, dark)
                self.page.picture(KEEP / f'{name}-{width}{"-dark" if dark else ""}.png')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('sluice', metavar='SLUICE')
    parser.add_argument('--keep', type=pathlib.Path, metavar='FOLDER')
    args, rest = parser.parse_known_args()
    SLUICE, KEEP = args.sluice, args.keep
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)

#!/usr/bin/env python3
"""Follows docs/first-strategy.md word by word in an empty folder: each command says what the page shows.

    first_strategy.py SLUICE
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PAGE = pathlib.Path(__file__).resolve().parents[2] / 'docs/first-strategy.md'
SLUICE = None
PATIENCE_S = 300


def blocks():
    """(language, text, the paragraph above) of each block of code."""
    text = PAGE.read_text()
    for match in re.finditer(r'([^\n]*(?:\n[^\n`][^\n]*)*)\n\n```(\w+)\n(.*?)```\n', text, flags=re.S):
        yield match.group(2), match.group(3), match.group(1)


def calm(text):
    """Without how long it took, of how many words a release was made, and which words are less near."""
    text = re.sub(r' +\d+\.\d\d s\n', ' N s\n', text)
    text = re.sub(r'killed at every word: ([1-9]\d*) of \1 end', 'killed at every word: N of N end', text)
    return re.sub(r'(known are \w+), .*', r'\1, …', text)


class FirstStrategy(unittest.TestCase):
    maxDiff = None

    def follow(self, text, folder):
        for step in re.split(r'^\$ ', text, flags=re.M)[1:]:
            command, _, told = step.partition('\n')
            done = subprocess.run(['bash', '-c', command], cwd=folder, capture_output=True, text=True,
                                  timeout=PATIENCE_S,
                                  env={**os.environ, 'PATH': f'{SLUICE.parent}:{os.environ["PATH"]}'})
            with self.subTest(command):
                self.assertEqual(calm(told), calm(done.stdout + done.stderr))

    def test_page(self):
        ran = written = 0
        with tempfile.TemporaryDirectory() as folder:
            for language, text, above in blocks():
                if language == 'console':
                    self.follow(text, folder)
                    ran += 1
                elif language == 'lua':
                    name = re.findall(r'`(weekday-ring/[\w-]+\.lua)`', above)[-1]
                    pathlib.Path(folder, name).write_text(text)
                    written += 1
        self.assertEqual((7, 2), (ran, written))


if __name__ == '__main__':
    SLUICE = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1], verbosity=2)

#!/usr/bin/env python3
"""The cluster ring; runner.py says how it is called."""
import pathlib
import sys

import parts
import prometheus3
import runner
from lab import Lab


def prepare():
    parts.build()
    prometheus3.build()


if __name__ == '__main__':
    sys.exit(runner.main('cluster', pathlib.Path(__file__).resolve().parent, Lab, prepare))

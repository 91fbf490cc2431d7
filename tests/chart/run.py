#!/usr/bin/env python3
"""The chart ring: the charts with the real helm on a real API server. tests/cluster/runner.py says how this is
called."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'cluster')]

import real_helm  # noqa: E402
import parts  # noqa: E402
import runner  # noqa: E402
from chart_lab import ChartLab  # noqa: E402


def prepare():
    parts.build()
    real_helm.build()


if __name__ == '__main__':
    sys.exit(runner.main('chart', HERE, ChartLab, prepare))

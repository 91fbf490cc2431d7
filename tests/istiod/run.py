#!/usr/bin/env python3
"""The istiod ring: what only a real istiod can show. tests/cluster/runner.py says how this is called."""
import pathlib
import sys

import istio
import network
import parts
import runner
from istio_lab import IstioLab


def prepare():
    parts.build()
    network.enter()


if __name__ == '__main__':
    if not istio.is_built():
        sys.exit('istiod is not built: tests/istiod/build')
    sys.exit(runner.main('istiod', pathlib.Path(__file__).resolve().parent, IstioLab, prepare))

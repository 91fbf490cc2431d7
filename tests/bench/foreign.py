#!/usr/bin/env python3
"""What ConfigMaps and Secrets cost that nobody tracks, on a real API server: time until every store is synced, CPU, and
memory at the peak.

    foreign.py [--count 2000] [--kib 200] [BINARY...]

Each BINARY (build/sluice unless told; give that of another commit too, to see both side by side) starts three times
without them and three times with `count` of each kind and size. Needs what tests/cluster/build makes. The goal: with
them as without them.
"""
import argparse
import base64
import concurrent.futures
import itertools
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))

from engine import Engine, binary  # noqa: E402
from lab import Lab  # noqa: E402
from waiting import wait_for  # noqa: E402

NAMESPACE = 'foreign'
STARTS = 3
NUMBERS = itertools.count()


def make_foreign(lab, count, kib):
    body = os.urandom(kib * 1024 * 3 // 4)
    text = base64.b64encode(body).decode()

    def make(number):
        metadata = {'name': f'foreign-{number:05d}', 'namespace': NAMESPACE}
        lab.client.create({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': metadata, 'data': {'body': text}})
        lab.client.create({'apiVersion': 'v1', 'kind': 'Secret', 'metadata': metadata, 'data': {'body': text}})
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(count)))


def start_once(lab):
    engine = Engine(lab, name=f'engine-{next(NUMBERS)}', flags=['-log-level', 'info'])
    begun = time.monotonic()
    engine.start()
    try:
        wait_for(lambda: 'every store is synced' in engine.log_tail(50), 300, 'the stores are synced', interval=0.01)
        ready = time.monotonic() - begun
        return ready, engine.cost()[0], engine.peak() / (1 << 20)
    finally:
        engine.terminate()  # gives the Lease back


def measure(lab, path, what):
    os.environ['SLUICE_BIN'] = str(path)
    figures = [start_once(lab) for _ in range(STARTS)]
    ready, cpu, memory = (sorted(column)[STARTS // 2] for column in zip(*figures))
    print(f'{path}, {what}: ready after {ready:.2f} s, {cpu:.2f} s CPU, {memory:.1f} MiB at the peak (medians of '
          f'{STARTS})', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--count', default=2000, type=int)
    parser.add_argument('--kib', default=200, type=int)
    parser.add_argument('binaries', nargs='*', type=pathlib.Path)
    options = parser.parse_args()
    binaries = [path.resolve() for path in options.binaries] or [binary()]
    with (tempfile.TemporaryDirectory(prefix='sluice-bench-') as folder,
          Lab(pathlib.Path(folder) / 'lab', fake=True) as lab):
        lab.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NAMESPACE}})
        for path in binaries:
            measure(lab, path, 'none')
        make_foreign(lab, options.count, options.kib)
        for path in binaries:
            measure(lab, path, f'{options.count} ConfigMaps and Secrets of {options.kib} KiB')


if __name__ == '__main__':
    main()

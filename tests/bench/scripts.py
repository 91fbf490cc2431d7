#!/usr/bin/env python3
"""What scripts cost: a word, a VM, a check, a kill, and specs that are killed at every word.

    scripts.py [--copies 1]

Words, VMs, checks and kills are measured by scripts.lua in the embedded cluster and virtual time, in microseconds of
CPU, the least of three runs. Then `sluice test` runs specs on two cores: of what `sluice new strategy` makes, 20 times
so many copies, and of so many copies of examples/. Printed is how many specs were run in a minute, each with its kills:
of time as it passed, and of the CPU that was used, as if these cores did nothing else. Needs luajit, and sluice and
sluice.so of the release build (SLUICE_BUILD for another folder).
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('SLUICE_BUILD') or ROOT / 'build').resolve()
RUNS, CORES = 3, 2
ROWS = (('fact', 'a word that reads (now), us'), ('shift', 'a word that acts (shift, with the round before it), us'),
        ('round', 'a round without a metric, us'), ('check', 'a check with one query, beyond the round, us'),
        ('creation', 'a VM at work again after a restart, us'),
        ('memory', 'a VM of a team\'s script at work, in a wait of 4 s, resident KiB'),
        ('rest', 'the same between two rounds of 10 s, the least interval, resident KiB'),
        ('restart', 'a kill: the engine starts again, with one release, us'),
        ('replay', 'a kill: each word on record, us'))


def measure(name):
    """One measurement of scripts.lua; the least of several is what other programs disturbed least."""
    program = ['luajit', str(pathlib.Path(__file__).with_suffix('.lua')), name]
    where = {**os.environ, 'LUA_CPATH': f'{BUILD}/?.so'}
    told = [subprocess.run(program, check=True, stdout=subprocess.PIPE, env=where, text=True) for _ in range(RUNS)]
    return min(float(done.stdout) for done in told)


def copy_examples(top, copy):
    for kind in ('strategies', 'checks'):
        shutil.copytree(ROOT / 'examples' / kind, top / str(copy) / kind)


def make_strategy(top, copy):
    subprocess.run([BUILD / 'sluice', 'new', 'strategy', f'ring-{copy}'], cwd=top, check=True,
                   stdout=subprocess.DEVNULL)


def run_specs(copies, make):
    """(specs, kills, seconds that passed, seconds of CPU) of the specs of so many folders."""
    with tempfile.TemporaryDirectory() as top:
        for copy in range(copies):
            make(pathlib.Path(top), copy)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        done = subprocess.run([BUILD / 'sluice', 'test', top, '--jobs', str(CORES), '-o', 'json'],
                              stdout=subprocess.PIPE, text=True)
        passed_s = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f'scripts.py: a spec failed\n{done.stdout}')
    result = json.loads(done.stdout)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result['passed'], result['kills'], passed_s, cpu_s


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--copies', type=int, default=1, help='of the examples (1)')
    args = parser.parse_args()
    for name, title in ROWS:
        print(f'{title:<66} {measure(name):>10.1f}', flush=True)
    for name, copies, make in (('a new strategy', 20 * args.copies, make_strategy),
                               ('all examples', args.copies, copy_examples)):
        specs, kills, passed_s, cpu_s = run_specs(copies, make)
        for title, value in ((f'specs of {name}, each with kills', specs), ('kills in them', kills),
                             (f'so many specs in a minute on {CORES} cores', specs / passed_s * 60),
                             (f'so many specs in {CORES} minutes of CPU', specs / cpu_s * 60 * CORES)):
            print(f'{title:<66} {value:>10.1f}', flush=True)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""What scripts cost: a word, a VM, a check, a kill, and specs that are killed at every word.

    scripts.py [--copies 4]

Words, VMs, checks and kills are measured by scripts.lua in the embedded cluster and virtual time, in microseconds of
CPU, the least of three runs. Then `sluice test` runs the specs of examples/, so many copies of them on each core at
once. Printed is how many specs were run in a minute, each with its kills: of time as it passed, and of the CPU that was
used, as if these cores did nothing else. Needs luajit, and sluice and sluice.so of the release build (SLUICE_BUILD for
another folder).
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
ROWS = (('fact', 'a word that reads (random), us'), ('shift', 'a word that acts (shift, with the round before it), us'),
        ('round', 'a round without a metric, us'), ('check', 'a check with one query, beyond the round, us'),
        ('creation', 'a VM at work again after a restart, us'),
        ('memory', 'a VM in the middle of its release, resident KiB'),
        ('restart', 'a kill: the engine starts again, with one release, us'),
        ('replay', 'a kill: each word on record, us'))


def measure(name):
    """One measurement of scripts.lua; the least of several is what other programs disturbed least."""
    program = ['luajit', str(pathlib.Path(__file__).with_suffix('.lua')), name]
    where = {**os.environ, 'LUA_CPATH': f'{BUILD}/?.so'}
    told = [subprocess.run(program, check=True, stdout=subprocess.PIPE, env=where, text=True) for _ in range(RUNS)]
    return min(float(done.stdout) for done in told)


def run_specs(copies):
    """(specs, kills, seconds that passed, seconds of CPU) of the examples' specs, on each core `copies` times."""
    examples = [ROOT / 'examples' / kind for kind in ('strategies', 'checks')]
    with tempfile.TemporaryDirectory() as top:
        for core in range(CORES):
            for copy in range(copies):
                for each in examples:
                    shutil.copytree(each, pathlib.Path(top, str(core), str(copy), each.name))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        running = [subprocess.Popen([BUILD / 'sluice', 'test', pathlib.Path(top, str(core)), '-o', 'json'],
                                    stdout=subprocess.PIPE, text=True) for core in range(CORES)]
        results = [json.loads(process.communicate()[0]) for process in running]
        passed_s = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if any(process.returncode != 0 for process in running):
        sys.exit('scripts.py: a spec of the examples failed')
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (sum(result['passed'] for result in results), sum(result['kills'] for result in results), passed_s, cpu_s)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--copies', type=int, default=4, help='of the examples, on each core (4)')
    args = parser.parse_args()
    for name, title in ROWS:
        print(f'{title:<60} {measure(name):>10.1f}', flush=True)
    specs, kills, passed_s, cpu_s = run_specs(args.copies)
    for title, value in (('specs, each run twice', specs), ('kills in them', kills),
                         (f'specs with kills in a minute on {CORES} cores', specs / passed_s * 60),
                         (f'specs with kills in {CORES} minutes of CPU', specs / cpu_s * 60 * CORES)):
        print(f'{title:<60} {value:>10.1f}')


if __name__ == '__main__':
    main()

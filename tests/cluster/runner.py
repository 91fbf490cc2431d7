"""Runs the scenarios of a ring on one lab. Last line: "N passed, N failed"; exit status 1 when one failed.

    run.py [-k PATTERN]... [--junit FILE] [--keep] [--transcripts DIR] [--engine-flag FLAG]... [--list]

Scenarios run beside one another where they can (scenario.py). SLUICE_BIN and SLUICE_ENGINE: see engine.py.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import signal
import sys
import tempfile
import time
import traceback
import unittest
import xml.etree.ElementTree as tree

import engine
from scenario import Scenario

AT_ONCE = 12  # scenarios that run together; they mostly wait


class Result(unittest.TestResult):
    """The outcome of one scenario."""

    def __init__(self, name):
        super().__init__()
        self.name, self.seconds = name, 0.0
        self.notes = ()  # what the scenario has measured

    def trouble(self):
        return ''.join(text for _, text in self.failures + self.errors)

    def reason(self):
        return self.skipped[0][1] if self.skipped else ''


def load(folder, patterns):
    """All scenarios of a folder that have one of the patterns in their name."""
    sys.path.insert(0, str(folder))
    loader = unittest.TestLoader()
    found = []
    for path in sorted(folder.glob('scenario_*.py')):
        suite = loader.loadTestsFromModule(__import__(path.stem))
        found += [case for group in suite for case in group]
    if loader.errors:
        raise SystemExit('\n'.join(loader.errors))
    return [case for case in found
            if any(fnmatch.fnmatch(name_of(case).lower(), f'*{p.lower()}*') for p in patterns or [''])]


def name_of(case):
    return case.id().removeprefix('scenario_')


def run_one(case):
    result = Result(name_of(case))
    begun = time.monotonic()
    case.run(result)
    result.seconds, result.notes = time.monotonic() - begun, case.notes
    say(result)
    return result


def say(result):
    """One line, and what went wrong; in one piece, because scenarios end at the same time."""
    word = 'skipped' if result.skipped else 'ok' if result.wasSuccessful() else 'FAILED'
    why = f': {result.reason()}' if result.skipped else ''
    text = f'{word:8}{result.name} ({result.seconds:.0f} s){why}\n'
    text += ''.join(f'    {line}\n' for line in [*result.notes, *result.trouble().splitlines()])
    sys.stdout.write(text)
    sys.stdout.flush()


def run_all(lab, cases, flags):
    """Each kind of scenario after the other (Scenario.when). `flags`: more for the common engine."""
    together, after, apart, alone = (
        [case for case in cases if case.when == when] for when in ('together', 'after', 'apart', 'alone'))
    results = []
    if together or after:
        common = engine.Engine(lab, flags=flags)
        try:
            Scenario.engine = common.start().await_ready()
            results += run_beside(lab, together)
            results += [run_one(case) for case in after]
            results.append(check_common(common, lab))
        finally:
            common.__exit__()
            Scenario.engine = None
    return results + run_beside(lab, apart) + [run_one(case) for case in alone]


def run_beside(lab, cases):
    """All at the same time, the long ones first."""
    for group in dict.fromkeys(type(case) for case in cases):
        group.prepare(lab)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run_one, sorted(cases, key=lambda case: not is_long(case))))


def is_long(case):
    return hasattr(getattr(case, case.id().rpartition('.')[2]), 'is_long')


def check_common(common, lab):
    """The engine that served all of them is still there, ends cleanly, and nothing of the lab has died."""
    class Ending(Scenario):
        def runTest(self):
            self.assertTrue(common.is_running(), f'the engine has died: {common.log_tail(20)}')
            if not engine.reference():
                self.assertEqual(0, common.terminate(), common.log_tail(20))
            self.assertEqual([], lab.processes.dead())

        def id(self):
            return 'scenario_common.engine_ends_cleanly'
    return run_one(Ending())


def write_junit(path, ring, results):
    suite = tree.Element('testsuite', name=ring, tests=str(len(results)))
    for result in results:
        group, _, name = result.name.rpartition('.')
        case = tree.SubElement(suite, 'testcase', classname=group, name=name, time=f'{result.seconds:.1f}')
        if result.skipped:
            tree.SubElement(case, 'skipped', message=result.reason())
        elif not result.wasSuccessful():
            tree.SubElement(case, 'failure', message='failed').text = result.trouble()
        if result.notes:
            tree.SubElement(case, 'system-out').text = '\n'.join(result.notes)
    tree.ElementTree(suite).write(path, encoding='unicode', xml_declaration=True)


def main(ring, folder, open_lab, prepare):
    """A ring's program. `folder`: of its scenarios; `open_lab(folder, crds=, keep=)`: a Lab; `prepare()`: what is
    needed before there is a thread."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-k', metavar='PATTERN', action='append',
                        help='only scenarios with this in their name; * matches anything')
    parser.add_argument('--junit', metavar='FILE', help='write the outcome as JUnit XML')
    parser.add_argument('--keep', action='store_true', help='leave the folder with all logs, and say where')
    parser.add_argument('--transcripts', metavar='DIR',
                        help='keep every scene: events, statuses, objects, hook payloads')
    parser.add_argument('--engine-flag', metavar='FLAG', action='append', default=[],
                        help='one more for the common engine: --engine-flag=-x=y')
    parser.add_argument('--list', action='store_true', help='print the names')
    args = parser.parse_args()
    cases = load(folder, args.k)
    if args.list:
        print('\n'.join(f'{name_of(case)} [{case.when}]' for case in cases))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    prepare()
    Scenario.transcripts = args.transcripts
    work = pathlib.Path(tempfile.mkdtemp(prefix=f'sluice-{ring}-'))
    crds = [pathlib.Path(p) for p in os.environ.get('LAB_CRDS', '').split()]
    results, broken = [], False
    try:
        with open_lab(work / 'lab', crds=crds, keep=args.keep) as lab:
            Scenario.lab = lab
            print(f'the lab runs in {lab.folder}', flush=True)
            results = run_all(lab, cases, args.engine_flag)
    except Exception:
        traceback.print_exc()
        broken = True
    if args.keep:
        print(f'kept: {work}')
    else:
        work.rmdir()
    if args.junit:
        write_junit(args.junit, ring, results)
    if Scenario.records.count():
        print(Scenario.records.summary())
    ran = [r for r in results if not r.skipped]
    failed = sum(not r.wasSuccessful() for r in ran) + broken
    print(f'{len(ran) + broken - failed} passed, {failed} failed')
    return 1 if failed else 0

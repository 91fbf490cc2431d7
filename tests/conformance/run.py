#!/usr/bin/env python3
"""Makes the same calls on a real API server and on the embedded one and compares the answers, field by field.

    run.py [-k PATTERN]... [--real FILE] [--save FILE] [--junit FILE] [-v]

--save keeps the real server's answers, --real uses kept ones instead of a real server. SLUICE_BIN: the binary (default
build/sluice). Exit status 77: no real server can be had on this machine. Last line: "N passed, N failed".
"""
import argparse
import fnmatch
import json
import os
import pathlib
import re
import sys
import tempfile
import xml.etree.ElementTree as tree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / 'tests' / 'cluster')]

import parts  # noqa: E402
from calls import Server, differences, record  # noqa: E402
from cases import CASES, MAY_READ, PERMISSIONS, PREPARATION, mesh_preparation  # noqa: E402
from control_plane import ControlPlane  # noqa: E402
from exceptions import EXCEPTIONS  # noqa: E402
from processes import Processes, free_port  # noqa: E402
from waiting import wait_for  # noqa: E402


def chosen(patterns):
    return {name: calls for name, calls in CASES.items()
            if any(fnmatch.fnmatch(name, f'*{p}*') for p in patterns or [''])}


def preparation():
    return PREPARATION + mesh_preparation((parts.build() / 'istio-crds.yaml').read_text())


def is_established(server):
    """Are the kinds of PREPARATION served?"""
    crds = server.ask('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions')[1].get('items', [])
    established = [crd for crd in crds
                   if any(c['type'] == 'Established' and c['status'] == 'True' for c in crd['status'].get('conditions')
                          or [])]
    paths = [f"/apis/{crd['spec']['group']}/{crd['spec']['versions'][0]['name']}/{crd['spec']['names']['plural']}"
             for crd in established]
    return len(established) == len(preparation()) and all(server.ask('GET', path)[0] == 200 for path in paths)


def answers(server, cases):
    """What a server says to every call of every case."""
    for call in preparation() + PERMISSIONS:
        status, body, _ = call.make(server, 'default', [])
        if status != 201:
            raise SystemExit(f'the preparation failed with {status}: {body}')
    wait_for(lambda: is_established(server), 30, 'the kinds are served')
    wait_for(lambda: MAY_READ.make(server, 'default', [])[0] == 200, 30, 'the viewer may read')
    return {name: record(server, name, calls) for name, calls in cases.items()}


def real_answers(cases, folder, processes):
    plane = ControlPlane('real', folder, parts.build(), processes)
    plane.start()
    return answers(Server(plane.port, 'admintoken', str(plane.ca)), cases)


def embedded_answers(cases, processes):
    port = free_port()
    binary = pathlib.Path(os.environ.get('SLUICE_BIN') or ROOT / 'build' / 'sluice').resolve()
    process = processes.start('sim', [binary, 'sim', '--listen', f'127.0.0.1:{port}', '--api-only'])
    server = Server(port)
    wait_for(lambda: is_up(server), 20, 'sluice sim answers')
    try:
        return answers(server, cases)
    finally:
        status = processes.end(process)
        if status != 0:
            log = (processes.folder / 'sim.log').read_text()
            raise SystemExit(f'sluice sim ended with status {status}:\n{log}')


def is_up(server):
    try:
        return server.ask('GET', '/readyz')[0] == 200
    except OSError:
        return False


def compare(name, want, got):
    """Lines about one case; what is excepted is left out."""
    for number, (call, a, b) in enumerate(zip(CASES[name], want, got)):
        pattern, _ = EXCEPTIONS.get((name, number), (None, ''))
        lines = [line for line in differences(a, b) if pattern is None or not re.search(pattern, line.split(': ')[0])]
        if lines:
            yield f'  {name} {number}: {call.method} {call.path}'
            yield from (f'    {line[:2000]}' for line in lines)


def write_junit(path, results):
    suite = tree.Element('testsuite', name='conformance')
    for name, lines in results.items():
        case = tree.SubElement(suite, 'testcase', classname='conformance', name=name)
        if lines:
            tree.SubElement(case, 'failure').text = '\n'.join(lines)
    tree.ElementTree(suite).write(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-k', action='append')
    parser.add_argument('--real')
    parser.add_argument('--save')
    parser.add_argument('--junit')
    options = parser.parse_args()
    cases = chosen(options.k)
    if not options.real and (reason := parts.missing()):
        print(f'skipped: {reason}')
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix='conformance-') as folder:
        processes = Processes(pathlib.Path(folder))
        try:
            want = (json.loads(pathlib.Path(options.real).read_text()) if options.real
                    else real_answers(cases, pathlib.Path(folder), processes))
            got = embedded_answers(cases, processes)
        finally:
            processes.stop()
    if options.save:
        pathlib.Path(options.save).write_text(json.dumps(want, indent=1))
    results = {name: list(compare(name, want[name], got[name])) for name in cases}
    for name, lines in results.items():
        print(f'{"ok  " if not lines else "FAIL"} {name} ({len(cases[name])} calls)', *lines, sep='\n')
    if options.junit:
        write_junit(options.junit, results)
    failed = sum(bool(lines) for lines in results.values())
    print(f'{len(results) - failed} passed, {failed} failed')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()

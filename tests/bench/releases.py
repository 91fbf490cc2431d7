#!/usr/bin/env python3
"""What releases cost an engine, on a real API server: this build beside an older one, and Flagger where its binary is
named.

    releases.py [--count 100] [--rest 10] [--commit 9539005] [--flagger FILE] [--only NAME]...

Each engine has a new control plane to itself, in which Pods are only reported Ready and nothing is proxied. `count`
canaries are Initialized and rest for a while; then all targets get a new image at once, until all are Succeeded
(interval 10 s, steps of 10 to 50, the two built-in metrics, which a Prometheus in this process answers). Printed are
the engine's CPU (user and system) and requests from the new image to the end, and its memory, as figures and as ratios;
and how many of as many releases are simulated in a second of CPU, by the bench_simulation of the same build. Needs what
tests/cluster/build makes, and build/sluice with build/tests/bench_simulation (SLUICE_BIN for another sluice). The older
build is made from git's history, in the cache. FLAGGER_BIN is a default of --flagger; --only picks engines: sluice,
COMMIT, flagger.
"""
import argparse
import collections
import contextlib
import dataclasses
import http.server
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))

import manifests  # noqa: E402
import parts  # noqa: E402
from canaries import NAMESPACE, deployments_ready, in_parallel, named, phases  # noqa: E402
from control_plane import ROOT  # noqa: E402
from engine import Engine, binary  # noqa: E402
from lab import Lab  # noqa: E402
from waiting import wait_for  # noqa: E402

MIB = 1 << 20
BENCH = 'tests/bench_simulation'  # of a build


@dataclasses.dataclass
class Cost:
    """What one engine needed."""
    initialised_s: float   # from the first canary that is applied to all Initialized
    resting_mib: float     # resident, with all canaries Initialized
    resting: int           # requests while they rested, renewals of the Lease and of watches left out
    released_s: float      # from the new image to all Succeeded
    cpu_s: float           # in this time
    requests: collections.Counter  # likewise, by verb and resource
    peak_mib: float        # the most that was ever resident
    rested_mib: float      # resident, with all canaries Succeeded
    simulated: float       # releases per second of CPU in the embedded cluster; NaN for an engine that has none


class Contender(Engine):
    """An engine of any age: the path that all of them have says that it answers."""

    def answers(self, path):
        return super().answers('/healthz')


class Prometheus(http.server.BaseHTTPRequestHandler):
    """Says that all is well: 100 is a success rate in per cent, and a duration in milliseconds. Flagger asks for
    vector(1) when it starts."""
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
        fields = urllib.parse.parse_qs(body or urllib.parse.urlsplit(self.path).query)
        value = '1' if fields.get('query') == ['vector(1)'] else '100'
        result = [{'metric': {}, 'value': [time.time(), value]}]
        answer = json.dumps({'status': 'success', 'data': {'resultType': 'vector', 'result': result}}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served_prometheus():
    """The address of a running Prometheus."""
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Prometheus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


def build_commit(commit):
    """The release build of a commit: made once, in the cache."""
    folder = parts.cache() / f'commit-{commit}'
    final = folder / 'build' / 'sluice'
    with parts.locked(folder.with_suffix('.lock')):
        bench = folder / 'build' / BENCH
        if not (final.exists() and bench.exists()):
            print(f'building {commit} in {folder} …', flush=True)
            folder.mkdir(exist_ok=True)
            archive = subprocess.run(['git', '-C', ROOT, 'archive', commit], check=True, stdout=subprocess.PIPE).stdout
            subprocess.run(['tar', '-x', '-C', folder], input=archive, check=True)
            subprocess.run(['cmake', '--preset', 'release'], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            subprocess.run(['cmake', '--build', '--preset', 'release', '--target', 'sluice', 'bench_simulation'],
                           cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return final


def others(requests):
    """Requests beside the renewals of the Lease and of watches."""
    return [r for r in requests if r['resource'] != 'leases' and r['verb'] != 'watch']


def simulate(path, count):
    """Releases per second of CPU in the embedded cluster of the build that has this binary."""
    bench = path.parent / BENCH
    if not bench.exists():
        return math.nan
    told = subprocess.run([bench, '--counts', str(count)], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    return float(re.search(r'^releases per CPU s +([0-9.]+)', told, re.MULTILINE)[1])


def measure(lab, engine, count, rest_s):
    """Initialises `count` canaries, lets them rest and releases all of them."""
    user = engine.user
    names = [f'app-{n:04d}' for n in range(count)]
    in_parallel(lab, [named(manifests.deployment(NAMESPACE), name) for name in names])
    wait_for(lambda: deployments_ready(lab, names), 600, 'the targets are ready', interval=0.5)
    begun = time.monotonic()
    in_parallel(lab, [named(manifests.canary(NAMESPACE, manifests.analysis()), name) for name in names])
    await_all(lab, engine, 'Initialized', count)
    initialised = time.monotonic() - begun
    time.sleep(rest_s)  # what was under way comes to an end
    before = len(others(lab.main.audit(user)))
    time.sleep(rest_s)  # what happens in this time is the figure
    resting = len(others(lab.main.audit(user))) - before
    cpu, resting_memory = engine.cost()

    before, begun = len(lab.main.audit(user)), time.monotonic()
    image = {'name': 'podinfod', 'image': 'stefanprodan/podinfo:3.1.1'}
    for name in names:
        container = manifests.deployment(NAMESPACE)['spec']['template']['spec']['containers'][0]
        template = {'spec': {'containers': [{**container, **image}]}}
        lab.client.patch('Deployment', NAMESPACE, name, {'spec': {'template': template}})
    await_all(lab, engine, 'Succeeded', count)
    released, cpu = time.monotonic() - begun, engine.cost()[0] - cpu
    requests = others(lab.main.audit(user)[before:])
    time.sleep(rest_s)
    return Cost(initialised_s=initialised, resting_mib=resting_memory / MIB, resting=resting, released_s=released,
                cpu_s=cpu,
                requests=collections.Counter(f'{r["verb"]} {r["resource"]}' for r in requests),
                peak_mib=engine.peak() / MIB, rested_mib=engine.cost()[1] / MIB, simulated=math.nan)


def await_all(lab, engine, phase, count):
    """Asks seldom: the API server's time is the engine's."""
    def reached():
        if not engine.is_running():
            raise AssertionError(f'the engine ended, its last words: {engine.log_tail(2)}')
        return phases(lab)[phase] == count
    wait_for(reached, 900, lambda: f'all are {phase}: {phases(lab)}', interval=1)


def run(variable, path, prometheus, options):
    """The cost of one engine; `variable` is how engine.py is told its binary."""
    os.environ[variable] = str(path)
    try:
        with (tempfile.TemporaryDirectory(prefix='sluice-bench-') as folder,
          Lab(pathlib.Path(folder) / 'lab', fake=True) as lab):
            lab.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NAMESPACE}})
            with Contender(lab, flags=['-log-level', 'info', '-metrics-server', prometheus]) as engine:
                cost = measure(lab, engine, options.count, options.rest)
        return dataclasses.replace(cost, simulated=simulate(path, options.count))
    finally:
        del os.environ[variable]


def print_table(costs, count, rest_s):
    """Figures of all engines beside each other, each other engine's also in multiples of the first's."""
    rows = [
        ('engine\'s CPU, s', 2, lambda c: c.cpu_s),
        ('requests per release', 1, lambda c: c.requests.total() / count),
        ('peak resident, MiB', 1, lambda c: c.peak_mib),
        ('resident at rest before, MiB', 1, lambda c: c.resting_mib),
        ('resident at rest after, MiB', 1, lambda c: c.rested_mib),
        (f'requests in {rest_s} s of rest', 0, lambda c: c.resting),
        ('all Initialized after, s', 1, lambda c: c.initialised_s),
        ('all Succeeded after, s', 1, lambda c: c.released_s),
        ('simulated releases per CPU s', 0, lambda c: c.simulated),
    ]
    print('| ' + ' | '.join([f'{count} releases at once', *costs]) + ' |')
    print('|---' * (1 + len(costs)) + '|')
    for what, digits, figure in rows:
        figures = [figure(cost) for cost in costs.values()]
        ratios = [f' ({f / figures[0]:.1f}x)' if figures[0] else '' for f in figures]
        cells = ['–' if math.isnan(f) else f'{f:.{digits}f}' + (ratio if i > 0 else '')
                 for i, (f, ratio) in enumerate(zip(figures, ratios))]
        print(f'| {what} | ' + ' | '.join(cells) + ' |')
    for name, cost in costs.items():
        each = ', '.join(f'{n / count:.2f} {what}' for what, n in cost.requests.most_common() if n >= count / 100)
        print(f'\nper release, {name}: {each}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--count', default=100, type=int)
    parser.add_argument('--rest', default=10, type=int, help='seconds')
    parser.add_argument('--commit', default='9539005')
    parser.add_argument('--flagger', default=os.environ.get('FLAGGER_BIN'), metavar='FILE')
    parser.add_argument('--only', action='append', metavar='NAME')
    options = parser.parse_args()
    engines = {'sluice': ('SLUICE_BIN', binary), options.commit: ('SLUICE_BIN', lambda: build_commit(options.commit))}
    if options.flagger:
        engines['flagger'] = ('SLUICE_ENGINE', lambda: pathlib.Path(options.flagger).resolve())
    costs = {}
    with served_prometheus() as prometheus:
        for name, (variable, path) in engines.items():
            if name not in (options.only or engines):
                continue
            try:
                costs[name] = run(variable, path(), prometheus, options)
                print(f'{name}: {costs[name].cpu_s:.2f} s CPU, {costs[name].peak_mib:.1f} MiB at the peak', flush=True)
            except AssertionError as error:  # a machine with too much to do: the others may fare better
                print(f'{name}: no figures: {error}', flush=True)
    if costs:
        print_table(costs, options.count, options.rest)


if __name__ == '__main__':
    main()

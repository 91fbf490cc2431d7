#!/usr/bin/env python3
"""What canaries cost, on a real API server: at rest, until they are Initialized, and per round of a release.

    canaries.py [--counts 10,100,1000] [--seconds 60] [--rounds 8]

Pods are only reported Ready and nothing is proxied, so that the machine is the engine's and the control plane's. Needs
what tests/cluster/build makes, and build/sluice (SLUICE_BIN for another). Beside the figures stand our goals, and what
other engines need on such a machine.
"""
import argparse
import collections
import concurrent.futures
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))

import manifests  # noqa: E402
from engine import Engine  # noqa: E402
from lab import Lab  # noqa: E402
from waiting import wait_for  # noqa: E402

NAMESPACE = 'bench'
MIB = 1 << 20


def named(thing, name):
    """One of the manifests under another name, and a Canary with a host of its own: two of one host are warned of."""
    thing['metadata']['name'] = name
    if thing['kind'] == 'Deployment':
        thing['spec']['selector']['matchLabels'] = {'app': name}
        thing['spec']['template']['metadata']['labels'] = {'app': name}
    else:
        thing['spec']['targetRef']['name'] = name
        thing['spec']['service']['hosts'] = [f'{name}.example.com']
    return thing


def in_parallel(lab, things):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lab.client.create, things))


def phases(lab):
    return collections.Counter(c.get('status', {}).get('phase', '') for c in lab.client.list('Canary', NAMESPACE))


def deployments_ready(lab, names):
    ready = {d['metadata']['name'] for d in lab.client.list('Deployment', NAMESPACE)
             if d.get('status', {}).get('availableReplicas', 0) >= 1}
    return ready >= set(names)


def counted(requests):
    return collections.Counter(f'{r["verb"]} {r["resource"]}' for r in requests)


def await_rest(lab):
    """Until the engine has said nothing but to the Lease and in renewed watches for five seconds."""
    last = [-1, 0.0]

    def quiet():
        others = sum(1 for r in lab.audit() if r['resource'] != 'leases' and r['verb'] != 'watch')
        if others != last[0]:
            last[:] = others, time.monotonic()
        return time.monotonic() - last[1] > 5
    wait_for(quiet, 300, 'the engine is at rest', interval=0.5)


def grow(lab, engine, have, want):
    """Adds canaries until there are `want`; prints the time until all are Initialized."""
    names = [f'app-{n:04d}' for n in range(have, want)]
    in_parallel(lab, [named(manifests.deployment(NAMESPACE), name) for name in names])
    wait_for(lambda: deployments_ready(lab, names), 600, 'the targets are ready', interval=0.5)
    begun = time.monotonic()
    in_parallel(lab, [named(manifests.canary(NAMESPACE, manifests.analysis(metrics=None)), name) for name in names])
    applied = time.monotonic() - begun
    # A look costs the API server time that it should have for the canaries: the more of them, the fewer looks.
    wait_for(lambda: phases(lab)['Initialized'] == want, 600, lambda: f'all are Initialized: {phases(lab)}',
             interval=max(0.1, want / 500))
    print(f'{want} canaries: {len(names)} applied within {applied:.1f} s, all Initialized '
          f'{time.monotonic() - begun:.1f} s after the first '
          f'was applied (goal for 100: under 5 s)', flush=True)


def measure_rest(lab, engine, count, seconds, empty):
    await_rest(lab)
    before, cpu = len(lab.audit()), engine.cost()[0]
    time.sleep(seconds)  # what happens in this time is the figure
    requests, (cpu_after, resident) = lab.audit()[before:], engine.cost()
    others = [r for r in requests if r['resource'] != 'leases' and r['verb'] != 'watch']
    each = (resident - empty) / count / 1024
    print(f'{count} canaries at rest, {seconds} s: {len(others)} requests beside renewals (goal 0) '
          f'{dict(counted(others))}, '
          f'{len(requests) - len(others)} renewals, {cpu_after - cpu:.2f} s CPU (goal for 100: below 0.02 s), '
          f'{resident / MIB:.1f} MiB resident (goal for 100: below 15), {each:.1f} KiB per canary (goal: below 10)',
          flush=True)


def measure_rounds(lab, rounds):
    """Requests per progressing round of one release, its event not counted."""
    name = 'app-0000'
    analysis = manifests.analysis(metrics=None, stepWeight=2, maxWeight=2 * (rounds + 2))
    lab.client.patch('Canary', NAMESPACE, name, {'spec': {'analysis': analysis}})
    lab.client.patch('Deployment', NAMESPACE, name,
                     {'spec': {'template': {'metadata': {'annotations': {'bench': 'two'}}}}})

    def weight():
        return lab.get('Canary', NAMESPACE, name).get('status', {}).get('canaryWeight', 0)
    wait_for(lambda: weight() >= 2, 120, 'the first step', interval=0.2)
    time.sleep(2)  # what follows the step belongs to it
    before = len(lab.audit())
    wait_for(lambda: weight() >= 2 * (rounds + 1), 60 + 12 * rounds, 'the last step', interval=0.2)
    time.sleep(2)
    requests = [r for r in lab.audit()[before:] if r['resource'] != 'leases' and r['verb'] != 'watch']
    events = sum(1 for r in requests if r['resource'] == 'events')
    print(f'one release, {rounds} progressing rounds: {(len(requests) - events) / rounds:.2f} requests each (goal: at '
          f'most 3), '
          f'and {events / rounds:.2f} for its event: {dict(counted(requests))}', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--counts', default='10,100,1000', type=lambda text: [int(word) for word in text.split(',')])
    parser.add_argument('--seconds', default=60, type=int)
    parser.add_argument('--rounds', default=8, type=int)
    options = parser.parse_args()
    with (tempfile.TemporaryDirectory(prefix='sluice-bench-') as folder,
          Lab(pathlib.Path(folder) / 'lab', fake=True) as lab):
        lab.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NAMESPACE}})
        with Engine(lab, flags=['-log-level', 'info']) as engine:
            empty, have = engine.cost()[1], 0
            print(f'no canary: {empty / MIB:.1f} MiB resident', flush=True)
            for count in options.counts:
                grow(lab, engine, have, count)
                measure_rest(lab, engine, count, options.seconds, empty)
                have = count
            measure_rounds(lab, options.rounds)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""What a walk of the console costs, and the way back in it.

    repl.py [SLUICE] [WORDS]      build/sluice and 1,000 words unless told

A gate that never opens gives a release as many words as are wanted.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIO = """
title: A gate that never opens
objects:
  - {file: %s}
  - apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata: {name: gated, namespace: shop}
    spec:
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
      service: {port: 80, targetPort: 8080}
      analysis:
        interval: 30s
        threshold: 3
        stepWeights: [10]
        webhooks: [{name: gate, type: confirm-promotion, url: "http://gate.shop/"}]
versions:
  shop/checkout:1: {ready: 5s}
  shop/checkout:2: {ready: 5s}
traffic:
  - {host: checkout.shop, perSecond: 80}
hooks:
  - {url: "http://gate.shop/", gate: closed}
end: {at: 1s}
"""


class Console:
    def __init__(self, sluice, scenario):
        self.child = subprocess.Popen([sluice, 'repl', scenario], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)

    def type(self, line):
        """Seconds until it is answered."""
        began = time.monotonic()
        self.child.stdin.write(f"{line}\nprint 'done'\n")
        self.child.stdin.flush()
        for told in self.child.stdout:
            if told == 'done\n':
                return time.monotonic() - began
        raise SystemExit(f'{line}: the console has ended')


def memory(pid):
    """PSS of a process and of all that it has started, in MiB, and how many they are."""
    size, count = 0, 0
    if not pathlib.Path(f'/proc/{pid}/exe').exists():
        return 0, 0  # it has ended, and waits for its parent to hear of it
    for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
        size += int(line.split()[1]) if line.startswith('Pss:') else 0
    for task in pathlib.Path(f'/proc/{pid}/task').glob('*/children'):
        for child in task.read_text().split():
            more, others = memory(int(child))
            size, count = size + more * 1024, count + others
    return size / 1024, count + 1


def deployment(folder):
    """The Namespace and the Deployment of the examples, without their Canary."""
    documents = (ROOT / 'examples/scenarios/objects/checkout.yaml').read_text().split('\n---\n')
    path = pathlib.Path(folder) / 'checkout.yaml'
    path.write_text('\n---\n'.join(text for text in documents if 'kind: Canary' not in text))
    return path


def main():
    sluice = sys.argv[1] if len(sys.argv) > 1 else ROOT / 'build/sluice'
    words = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory() as folder:
        scenario = pathlib.Path(folder) / 'gated.yaml'
        scenario.write_text(SCENARIO % deployment(folder))
        console = Console(sluice, scenario)
        print(f'opened, and a release begun   {console.type("deploy " + repr("shop/checkout:2")) * 1000:8.0f} ms')
        print(f'{words} steps in one line        {console.type(f"s {words}") * 1000:8.0f} ms')
        size, count = memory(console.child.pid)
        print(f'  {count} processes, {size:.0f} MiB together')
        for back in (1, 10, 100, words // 2):
            took = console.type(f'b {back}')
            print(f'b {back:<5}                       {took * 1000:8.0f} ms')
            console.type(f's {back}')
        for line, count in (('s', 200), ('b', 50)):
            took = sorted(console.type(line) for _ in range(count))
            least, median = took[0] * 1000, took[count // 2] * 1000
            print(f'{line}, each a line of its own     {least:8.1f} ms at least, median {median:.1f}')
        size, count = memory(console.child.pid)
        print(f'  {count} processes, {size:.0f} MiB together')
        console.child.stdin.close()
        console.child.wait()


if __name__ == '__main__':
    os.environ.pop('TMUX', None)
    main()

#!/usr/bin/env python3
"""docs/tutorial.md line by line, with both charts, on the lab: real Pods, Envoy, Prometheus, the engine and the load
tester with what the charts give. Needs root.

    tutorial.py [--interval 10s] [--write]

--interval instead of the tutorial's minute; --write puts into the page what each command said.
"""
import argparse
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'cluster')]

import engine  # noqa: E402
import parts  # noqa: E402
import real_helm  # noqa: E402
import tutorial_page as page  # noqa: E402
from chart_lab import ChartLab  # noqa: E402
from pod import Pod  # noqa: E402
from waiting import http_ok, wait_for  # noqa: E402

CLONE_NEWNS = 0x20000
# What a cluster's DNS and a sidecar do: a name, an address of its own, and where that leads.
NAMES = {'prometheus': '127.98.0.1', 'flagger-loadtester.test': '127.98.0.2',
         'podinfo-canary.test': '127.98.0.3', 'podinfo-canary': '127.98.0.3'}


def own_names(folder):
    """From here on this process and what it starts find the names above; nobody else does."""
    hosts = folder / 'hosts'
    hosts.write_text('127.0.0.1 localhost\n' + ''.join(f'{address} {name}\n' for name, address in NAMES.items()))
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), 'a mount namespace (root?)')
    for argv in (['mount', '--make-rprivate', '/'], ['mount', '--bind', hosts, '/etc/hosts']):
        subprocess.run(argv, check=True)


def proxy_config(folder, lab):
    """nginx in the place of kube-proxy and of the sidecar: podinfo-canary goes through the mesh."""
    def server(address, port, upstream, host='$host'):
        return (f'server {{ listen {address}:{port}; location / {{ proxy_pass http://{upstream};'
                f' proxy_set_header Host {host}; proxy_http_version 1.1; }} }}')
    servers = [server(NAMES['prometheus'], 9090, lab.prometheus.removeprefix('http://')),
               server(NAMES['flagger-loadtester.test'], 80, '127.0.0.1:8080'),
               server(NAMES['podinfo-canary.test'], 9898, lab.gateway, 'podinfo-canary.test')]
    temporary = ' '.join(f'{kind}_temp_path {folder}/{kind};' for kind in
                         ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    return (f'daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr; events {{}} '
            f'http {{ access_log off; {temporary} {" ".join(servers)} }}')


class Reader:
    """Types the page. Does beside it what a kubelet does, and a person at another terminal, who has patience."""

    def __init__(self, lab, folder, stack, say):
        self.lab, self.folder, self.stack, self.say = lab, folder, stack, say
        self.engine = None
        self.ends = [page.PROMOTED[-1], page.TAKEN_BACK[-1]]  # of the loops
        self.environment = {
            'PATH': f'{folder}/bin:{os.environ["PATH"]}', 'HOME': str(folder), 'TERM': 'xterm',
            'BASH_ENV': str(folder / 'aliases'),
            'USER_CONFIG': str(lab.main.admin.kubeconfig), 'MESH_CONFIG': str(lab.second.admin.kubeconfig)}

    def checkout(self, interval, saved):
        """Where the reader types: the folders of this repository, the files that the page has saved, two programs."""
        os.symlink(real_helm.ROOT / 'deploy', self.folder / 'deploy')
        shutil.copytree(page.CANARY.parent, self.folder / 'examples' / 'tutorial')
        canary = self.folder / 'examples' / 'tutorial' / page.CANARY.name
        canary.write_text(re.sub(r'(?m)^    interval: 1m', f'    interval: {interval}', canary.read_text()))
        (self.folder / 'aliases').write_text('shopt -s expand_aliases\n')
        for name, text in saved.items():
            (self.folder / name).write_text(text)
        programs = {'helm': real_helm.folder() / 'helm', 'kubectl': f"{self.lab.parts / 'stack'} kubectl"}
        (self.folder / 'bin').mkdir()
        for name, program in programs.items():
            (self.folder / 'bin' / name).write_text(f'#!/bin/sh\nexec {program} "$@"\n')
            (self.folder / 'bin' / name).chmod(0o755)

    def type(self, command):
        """What the page shows of it."""
        self.say(f'$ {command}', flush=True)
        if command.startswith('alias '):
            with open(self.folder / 'aliases', 'a') as aliases:
                aliases.write(f'{command}\n')
            return ''
        if page.ERRORS.match(command):
            return self.beside(command)
        said = self.loop(command) if page.LOOP.match(command) else self.shell(command)
        self.say(said, flush=True)
        if page.ENGINE.match(command):
            self.engine = self.stack.enter_context(Pod(self.lab, 'istio-system', 'flagger-sluice'))
        elif page.LOADTESTER.match(command):
            [container] = self.lab.get('Deployment', 'test', 'flagger-loadtester')['spec']['template']['spec'][
                'containers']
            self.lab.processes.start('loadtester', [engine.binary(), 'load', *container['args']])
        elif page.INITIALISED.match(command):
            self.await_phase('Initialized')
        elif page.RELEASE.match(command):
            self.await_phase('Progressing')
        return said

    def shell(self, command):
        done = subprocess.run(['bash', '-ec', command], cwd=self.folder, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        if done.returncode != 0:
            raise RuntimeError(f'{command}: {done.stdout}')
        return re.sub(r'walk.go.*\n', '', done.stdout).rstrip()

    def beside(self, command):
        """In a terminal of its own, from when the canary has traffic."""
        wait_for(lambda: self.status().get('canaryWeight'), 300, 'traffic', interval=1)
        self.lab.processes.start('watch', ['script', '-qec', command, '/dev/null'], self.environment)
        return ''

    def loop(self, command):
        """Runs until a whole round has told of the end; returns that round's events."""
        log = self.folder / f'loop-{len(self.ends)}'
        ending = self.ends.pop(0)
        with open(log, 'wb') as out:
            loop = subprocess.Popen(['bash', '-ec', command], cwd=self.folder, env=self.environment, stdout=out,
                                    stderr=out, start_new_session=True)
        try:
            wait_for(lambda: ending in (last_round(log) or ''), 1800, ending, interval=1)
        finally:
            os.killpg(loop.pid, signal.SIGTERM)  # Ctrl-C is ignored by what a shell has started with &
            loop.wait()
        told = last_round(log)
        return told[told.index('Events:'):].rstrip()

    def await_phase(self, wanted):
        wait_for(lambda: self.status().get('phase') == wanted, 300, f'phase {wanted}', interval=1)

    def status(self):
        return self.lab.get('Canary', 'test', 'podinfo').get('status', {})


def last_round(log):
    """What `describe` said in the newest round that is over; None before."""
    rounds = re.split(r'^Name: ', log.read_text(), flags=re.M)[1:-1]
    return rounds[-1] if rounds else None


def walk(lab, folder, interval, stack, text, say=print):
    """The page, or its beginning, as it was typed now."""
    for plane, namespaces in ((lab.main, ('istio-system',)), (lab.second, ('istio-system', 'test'))):
        for name in namespaces:
            plane.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': name}})
    reader = Reader(lab, folder, stack, say)
    reader.checkout(interval, page.files(text))
    text = page.typed(text, reader.type)
    refused, _ = reader.engine.forbidden()
    if refused:
        raise RuntimeError(f'forbidden: {refused}')
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--interval', default='1m')
    parser.add_argument('--write', action='store_true')
    args = parser.parse_args()
    parts.build()
    real_helm.build()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='sluice-tutorial-')))
        own_names(folder)
        lab = stack.enter_context(ChartLab(folder / 'lab', fake=False))
        lab.mesh_plane()
        (folder / 'nginx.conf').write_text(proxy_config(folder, lab))
        lab.processes.start('nginx', ['nginx', '-c', folder / 'nginx.conf', '-p', folder])
        wait_for(lambda: http_ok('http://prometheus:9090/-/ready') and not lab.processes.dead(), 30, 'nginx is ready')
        text = walk(lab, folder, args.interval, stack, page.PAGE.read_text())
    if args.write:
        page.PAGE.write_text(text)
    sys.exit('\n'.join(page.faults(text)) or 0)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""The tutorial of a mesh on an API server of its own, line by line, with both charts in Flagger's place, on the lab:
real Pods, Envoy, Prometheus, the engine and the load tester with what the charts give. Needs root.

    tutorial.py [--interval 10s] [--write FILE]

--interval instead of the tutorial's minute; --write keeps the transcript.
"""
import argparse
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'cluster')]

import engine  # noqa: E402
import parts  # noqa: E402
import real_helm  # noqa: E402
from chart_lab import ChartLab  # noqa: E402
from pod import Pod  # noqa: E402
from waiting import wait_for  # noqa: E402

HEAD = """# The tutorial with two API servers

Flagger has a tutorial for a service mesh whose objects live on an API server of its own: the engine is installed beside
the application, and reaches the mesh by a kubeconfig in a Secret. Here it is with Sluice's chart and load tester in
Flagger's place, every command as it was typed, on the lab of `tests/cluster`: real Pods, Envoy, Prometheus, and the
engine and the load tester with the arguments, the role and the Secret that the charts give.
`tests/chart/tutorial.py --write docs/tutorial.md` plays it again, in twenty minutes, and writes this page. (The CRDs,
the application and the Canary are files of this repository, where the tutorial loads Flagger's.)

Whoever follows it types in a checkout, and has

- two clusters in one mesh of Istio, and the kubeconfig of each: `USER_CONFIG` names that of the applications' cluster,
  `MESH_CONFIG` that of the one with the mesh's objects (`export USER_CONFIG=…`). The first has the namespace
  `istio-system`, the second also `test`;
- a Prometheus with the mesh's metrics, which is `prometheus:9090` in `istio-system` here;
- both images in a registry ([install.md](install.md) says how they are built), which stands here for yours.
"""
LOAD = """Halts with "no values found" are no fault of the version. The hook's load lasts a minute, as long as a round,
and a hook that comes while the last load still runs starts none ([load.md](load.md#tasks)). So there are rounds without
requests. They count as failed checks, of which the threshold allows a few. A load that ends before the next round
(`hey -z 55s`) leaves no such gap.
"""
WATCH = 'while :; do curl -s http://podinfo-canary.test:9898/status/500; sleep 2; done'
CLONE_NEWNS = 0x20000
# What a cluster's DNS and a sidecar do: a name, an address of its own, and where that leads.
NAMES = {'prometheus': '127.98.0.1', 'flagger-loadtester.test': '127.98.0.2',
         'podinfo-canary.test': '127.98.0.3', 'podinfo-canary': '127.98.0.3'}

GATEWAY = """kubectl --kubeconfig $MESH_CONFIG apply -f - <<'END'
apiVersion: networking.istio.io/v1alpha3
kind: Gateway
metadata:
  name: public-gateway
  namespace: istio-system
spec:
  selector:
    istio: ingressgateway
  servers:
    - port:
        number: 80
        name: http
        protocol: HTTP
      hosts:
        - "*"
END"""
INSTALL = """helm --kubeconfig $USER_CONFIG upgrade -i flagger deploy/charts/sluice \\
  --namespace=istio-system \\
  --set image.repository=registry.example.com/sluice \\
  --set crd.create=false \\
  --set meshProvider=istio \\
  --set metricsServer=http://prometheus:9090 \\
  --set istio.kubeconfig.secretName=istio-kubeconfig \\
  --set istio.kubeconfig.key=kubeconfig"""
LOADTESTER = """helm --kubeconfig $USER_CONFIG upgrade -i flagger-loadtester deploy/charts/loadtester -n test \\
  --set image.repository=registry.example.com/sluice-loadtester"""


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
    return (f'daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}} '
            f'http {{ access_log off; {temporary} {" ".join(servers)} }}')


class Terminal:
    """Where the reader types; what is typed and said is kept."""

    def __init__(self, folder, lab):
        self.folder, self.lab, self.text = folder, lab, []
        os.symlink(real_helm.ROOT / 'deploy', folder / 'deploy')
        shutil.copytree(real_helm.ROOT / 'examples' / 'tutorial', folder / 'examples' / 'tutorial')
        programs = {'helm': real_helm.folder() / 'helm', 'kubectl': f"{lab.parts / 'stack'} kubectl"}
        for name, program in programs.items():
            (folder / 'bin').mkdir(exist_ok=True)
            (folder / 'bin' / name).write_text(f'#!/bin/sh\nexec {program} "$@"\n')
            (folder / 'bin' / name).chmod(0o755)
        self.environment = {
            'PATH': f'{folder}/bin:{os.environ["PATH"]}', 'HOME': str(folder),
            'USER_CONFIG': str(lab.main.admin.kubeconfig), 'MESH_CONFIG': str(lab.second.admin.kubeconfig)}

    def say(self, text):
        self.text.append(text)
        print(text, flush=True)

    def type(self, command, shown=True):
        done = subprocess.run(['bash', '-ec', command], cwd=self.folder, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        if done.returncode != 0:
            raise SystemExit(f'{command}: {done.stdout}')
        if shown:
            said = re.sub(r'walk.go.*\n', '', done.stdout).rstrip()
            self.say(f'$ {command}\n{said}\n')
        return done.stdout


def run(lab, folder, interval, stack):
    terminal = Terminal(folder, lab)
    kubectl = 'kubectl --kubeconfig $USER_CONFIG'
    for plane, namespaces in ((lab.main, ('istio-system',)), (lab.second, ('istio-system', 'test'))):
        for name in namespaces:
            plane.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': name}})

    terminal.say('## Step 1: the engine\n')
    terminal.type('cp $MESH_CONFIG kubeconfig')
    terminal.type(f'{kubectl} -n istio-system create secret generic istio-kubeconfig --from-file kubeconfig')
    terminal.type(f'{kubectl} -n istio-system label secret istio-kubeconfig istio/multiCluster=true')
    terminal.type(f'{kubectl} apply --server-side -f deploy/crds')
    terminal.type(INSTALL)
    pod = Pod(lab, 'istio-system', 'flagger-sluice')
    stack.enter_context(pod)

    terminal.say('## Step 2: the gateway\n')
    terminal.type(GATEWAY)

    terminal.say('## Step 3: the application and the load tester\n')
    terminal.type(f'{kubectl} apply -f examples/tutorial/podinfo.yaml')
    terminal.type(LOADTESTER)
    [container] = lab.get('Deployment', 'test', 'flagger-loadtester')['spec']['template']['spec']['containers']
    lab.processes.start('loadtester', [engine.binary(), 'load', *container['args']])

    terminal.say('## Step 4: the Canary\n')
    canary = folder / 'examples' / 'tutorial' / 'canary.yaml'
    canary.write_text(re.sub(r'(?m)^    interval: 1m', f'    interval: {interval}', canary.read_text()))
    terminal.type(f'{kubectl} apply -f examples/tutorial/canary.yaml')
    phase(lab, 'Initialized')
    terminal.type(f'{kubectl} get canaries --all-namespaces')

    terminal.say('## Step 5: a release\n')
    terminal.type(f'{kubectl} -n test set image deployment/podinfo podinfod=stefanprodan/podinfo:3.1.1')
    phase(lab, 'Progressing')
    phase(lab, 'Succeeded')
    events(terminal, kubectl)
    terminal.say(LOAD)
    terminal.type(f'{kubectl} get canaries --all-namespaces')
    terminal.type(f'{kubectl} -n test wait canary/podinfo --for=condition=promoted')

    terminal.say('## Automated rollback\n')
    terminal.type(f'{kubectl} -n test set image deployment/podinfo podinfod=stefanprodan/podinfo:3.1.2')
    phase(lab, 'Progressing')
    wait_for(lambda: 'Advance podinfo.test canary weight 10' in told(terminal, kubectl), 600, 'traffic')
    terminal.say('$ watch curl http://podinfo-canary.test:9898/status/500    # in a separate terminal\n')
    lab.processes.start('watch', ['sh', '-c', WATCH])
    phase(lab, 'Failed')
    events(terminal, kubectl)
    terminal.type(f'{kubectl} get canaries --all-namespaces')
    terminal.type(f'{kubectl} get releases --all-namespaces')
    refused, _ = pod.forbidden()
    if refused:
        raise SystemExit(f'forbidden: {refused}')
    return terminal.text


def phase(lab, wanted):
    wait_for(lambda: lab.get('Canary', 'test', 'podinfo').get('status', {}).get('phase') == wanted, 1800,
             f'phase {wanted}', interval=1)


def told(terminal, kubectl):
    return terminal.type(f'{kubectl} -n test describe canary/podinfo', shown=False)


def events(terminal, kubectl):
    said = terminal.type(f'{kubectl} -n test describe canary/podinfo', shown=False)
    terminal.say(f'$ {kubectl} -n test describe canary/podinfo\n{said[said.index("Events:"):].rstrip()}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--interval', default='1m')
    parser.add_argument('--write', type=pathlib.Path)
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
        text = run(lab, folder, args.interval, stack)
    if args.write:
        blocks = (f'```console\n{line.rstrip()}\n```\n' if line.startswith('$ ') else line for line in text)
        args.write.write_text('\n'.join((HEAD, *blocks)))


if __name__ == '__main__':
    main()

"""The engine as the chart's Deployment says that it is run, without a kubelet: its command line and its environment,
the volumes as folders, and a token of its ServiceAccount.

What a kubelet does is done here: Secrets and ConfigMaps are written where they are mounted, and the mount's path in the
arguments becomes that folder. The token comes in a kubeconfig, as the engine does not live in the cluster.
"""
import base64
import os

import engine
from processes import free_port


class Pod(engine.Engine):
    """The engine of the installation NAME. Ready when it holds the Lease of `lease_namespace`. `program`: another one
    than that under test."""

    def __init__(self, lab, namespace, name, lease_namespace=None, standby=False, program=None):
        self.program = program or engine.binary()
        self.deployment = lab.get('Deployment', namespace, name)
        self.spec = self.deployment['spec']['template']['spec']
        self.lease_namespace = lease_namespace or namespace
        user = lab.main.token_user(f'{namespace}-{name}-{free_port()}', namespace, self.spec['serviceAccountName'])
        super().__init__(lab, name=user.name, user=user, standby=standby)

    def start(self):
        self.port = free_port()
        container = self.spec['containers'][0]
        folders = {mount['mountPath']: self.fill(mount['name']) for mount in container.get('volumeMounts', [])}
        argv = [self.program, 'run', *(placed(arg, folders) for arg in container['args'])]
        environment = {entry['name']: entry['value'] for entry in container.get('env', [])}
        self.process = self.lab.processes.start(
            self.name, [*argv, '-kubeconfig', self.user.kubeconfig, '-port', self.port], environment)
        return self

    def lease_holder(self):
        lease = self.lab.get('Lease', self.lease_namespace, engine.LEASE)
        return (lease or {}).get('spec', {}).get('holderIdentity') or ''

    def fill(self, name):
        """A folder with what the volume has, as a kubelet lays it out: links into a folder that is replaced whole."""
        volume = next(volume for volume in self.spec['volumes'] if volume['name'] == name)
        folder = self.lab.folder / f'{self.name}-{name}'
        (folder / '..data').mkdir(parents=True)
        for path, content in self.contents(volume).items():
            inner = folder / '..data' / path
            inner.parent.mkdir(parents=True, exist_ok=True)
            inner.write_bytes(content)
        for inner in (folder / '..data').iterdir():
            os.symlink(f'..data/{inner.name}', folder / inner.name)
        return folder

    def contents(self, volume):
        """{path: bytes}; all keys, or the items."""
        if 'secret' in volume:
            source, thing = volume['secret'], self.object('Secret', volume['secret']['secretName'])
            data = {key: base64.b64decode(text) for key, text in thing['data'].items()}
        else:
            source, thing = volume['configMap'], self.object('ConfigMap', volume['configMap']['name'])
            data = {key: text.encode() for key, text in thing['data'].items()}
        return {item['path']: data[item['key']] for item in source['items']} if 'items' in source else data

    def object(self, kind, name):
        return self.lab.get(kind, self.deployment['metadata']['namespace'], name)

    def forbidden(self):
        """What the API server refused it; and how much it asked."""
        asked = self.lab.audit(self.user)
        return [f"{entry['verb']} {entry['uri']}" for entry in asked if entry['code'] == 403], len(asked)


def placed(arg, folders):
    for path, folder in folders.items():
        arg = arg.replace(f'={path}', f'={folder}')
    return arg

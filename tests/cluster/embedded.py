"""The embedded cluster with the engine inside (sluice demo --serve) in the place of a lab, as far as a Scene needs
one."""
import pathlib
import shutil
import subprocess

import engine
import parts
from api import ApiError, PlainClient
from processes import Processes, free_port
from waiting import wait_for


class EmbeddedLab:
    """A context manager; `speed`: seconds there per second here."""

    def __init__(self, folder, speed):
        self.folder, self.speed = pathlib.Path(folder).resolve(), speed
        self.main = self  # its own control plane
        self.client = self.processes = None
        self.kubeconfig = self.folder / 'kubeconfig'

    def __enter__(self):
        self.folder.mkdir(parents=True)
        self.processes = Processes(self.folder)
        port = free_port()
        self.client = PlainClient(port)
        process = self.processes.start('demo',
                                       [engine.binary(), 'demo', '--serve', '--listen', f'127.0.0.1:{port}', '--speed',
                                        self.speed,
                                                '--kubeconfig', self.kubeconfig])

        def is_up():
            if process.poll() is not None:
                raise AssertionError(f'sluice demo ended: {(self.folder / "demo.log").read_text()}')
            try:
                return self.client.request('GET', '/readyz') == 'ok'
            except (OSError, ApiError):
                return False
        wait_for(is_up, 20, 'sluice demo --serve answers')
        return self

    def __exit__(self, *_):
        self.processes.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def get(self, kind, namespace, name):
        return self.client.get(kind, namespace, name)

    def kubectl(self, *args, stdin=None):
        argv = [parts.folder() / 'stack', 'kubectl', '--kubeconfig', self.kubeconfig, *map(str, args)]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=True).stdout

"""A real Flagger on the lab: the one that FLAGGER_BIN names, which `go install` made."""
import os
import pathlib
import subprocess

import parts
from processes import free_port
from scenario import Scenario
from waiting import http_ok, wait_for


class WithFlagger(Scenario):
    """What is skipped where there is none."""

    when = 'alone'
    flagger_too = False

    def setUp(self):
        super().setUp()
        if not os.environ.get('FLAGGER_BIN'):
            self.skipTest('FLAGGER_BIN names no Flagger')
        self.flagger = pathlib.Path(os.environ['FLAGGER_BIN']).resolve()

    def flagger_folder(self):
        """What this Flagger's release comes with: its Go module."""
        told = subprocess.run(['go', 'version', '-m', self.flagger], check=True, capture_output=True, text=True).stdout
        _, module, version = next(line.split()[:3] for line in told.splitlines() if line.split()[0] == 'mod')
        return parts.module_folder(f'{module}@{version}')

    def flagger_crds(self):
        return self.flagger_folder() / 'artifacts/flagger/crd.yaml'

    def start_flagger(self):
        port = free_port()
        process = self.lab.processes.start('flagger', [
            self.flagger, '-kubeconfig', self.lab.main.other.kubeconfig, '-mesh-provider', 'istio', '-metrics-server',
            self.lab.prometheus, '-port', port])
        wait_for(lambda: http_ok(f'http://127.0.0.1:{port}/healthz'), 60, 'Flagger answers')
        return process

"""docs/install.md: every command of it is typed, by helm and kubectl as people have them."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

import real_helm
from chart_scenario import ChartScenario, make_namespace

PAGE = real_helm.ROOT / 'docs' / 'install.md'


def sections(text):
    """(heading, its commands) of what has some."""
    for part in re.split(r'^## ', text, flags=re.M)[1:]:
        commands = re.findall(r'^```sh\n(.*?)^```', part, flags=re.M | re.S)
        if commands:
            yield part.partition('\n')[0], commands


class Page(ChartScenario):
    def test_commands(self):
        """Section by section, each on a cluster without Sluice, but for the last, which takes it away."""
        self.folder = self.desk()
        found = list(sections(PAGE.read_text()))
        self.assertEqual(['By Helm', 'By kustomize', 'The mesh on an API server of its own', 'The load tester',
                          'Permissions', 'Uninstall it'], [heading for heading, _ in found])
        for namespace in ('istio-system', 'shop'):
            make_namespace(self.lab, namespace)
        for heading, commands in found:
            if heading == 'Uninstall it':
                self.type(next(command for command in found[0][1] if '--take-ownership' in command))
            for command in commands:
                with self.subTest(command):
                    self.type(command)
            self.clear(heading)

    def desk(self):
        """Where a reader stands: in a checkout, with a kubeconfig for the mesh, and both programs to type."""
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        folder = pathlib.Path(top.name)
        os.symlink(real_helm.ROOT / 'deploy', folder / 'deploy')
        (folder / 'kubeconfig').write_text('{}')
        programs = {'helm': real_helm.folder() / 'helm', 'kubectl': f"{self.lab.parts / 'stack'} kubectl"}
        for name, program in programs.items():
            (folder / name).write_text(f'#!/bin/sh\nexec {program} "$@"\n')
            (folder / name).chmod(0o755)
        return folder

    def type(self, command):
        environment = {'PATH': f'{self.folder}:{os.environ["PATH"]}', 'HOME': str(self.folder),
                       'KUBECONFIG': str(self.lab.main.admin.kubeconfig)}
        done = subprocess.run(['bash', '-ec', command], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              env=environment)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def clear(self, heading):
        """What the next section finds: no installation."""
        for release in json.loads(self.helm('list', '--all-namespaces', '--output', 'json')):
            self.helm('uninstall', release['name'], '--namespace', release['namespace'], '--wait')
        if heading == 'By kustomize':
            self.lab.kubectl('delete', '-k', real_helm.ROOT / 'deploy')

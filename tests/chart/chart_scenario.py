"""What every scenario of this ring starts from: helm, and what it renders."""
import concurrent.futures
import contextlib
import json
import pathlib
import tempfile
import time

import real_helm
from api import ApiError
from matrix import Objects
from scenario import Scenario
from waiting import wait_for

AT_ONCE = 3
KUBERNETES = ('--kube-version', real_helm.parts.KUBERNETES)  # what no cluster is asked for: one that the lab is, too


class ChartScenario(Scenario):
    when = 'alone'
    chart = real_helm.CHART
    flagger_too = False

    @property
    def helm(self):
        return self.lab.helm

    def values_file(self, values):
        """A file with these values, as long as the scenario lasts; JSON is YAML."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / 'values.yaml'
        path.write_text(json.dumps(values))
        return path

    def render(self, values, release='rel', namespace='matrix', chart=None):
        """The chart's objects with these values, as text."""
        return self.helm('template', release, chart or self.chart, '--namespace', namespace, *KUBERNETES,
                         '--values', self.values_file(values))

    def objects(self, values, **how):
        return Objects(self.render(values, **how))

    def refusal(self, values, **how):
        """What helm says of values that it does not take."""
        with self.assertRaises(real_helm.Refused) as refused:
            self.render(values, **how)
        return str(refused.exception)

    def notes_of(self, values):
        """What an installation would tell."""
        told = self.helm('install', 'rel', self.chart, '--namespace', 'default', '--dry-run=client', '--output', 'json',
                         '--values', self.values_file(values))
        return json.loads(told)['info']['notes']

    def remove_crds(self):
        """With all that was said by them."""
        names = [crd['metadata']['name'] for crd in self.lab.client.list('CustomResourceDefinition')
                 if crd['spec']['group'] in ('sluice.dev', 'flagger.app')]
        for name in names:
            self.lab.client.delete('CustomResourceDefinition', None, name)
        wait_for(lambda: all([self.is_gone(name) for name in names]), 60, 'the CRDs are gone', interval=1)

    def is_gone(self, crd):
        """A server that is just reading the CRD anew ("storage is (re)initializing") tries again after an ever longer
        time, up to minutes; at an edit at once."""
        if self.lab.get('CustomResourceDefinition', None, crd) is None:
            return True
        with contextlib.suppress(ApiError):  # gone meanwhile
            self.lab.client.patch('CustomResourceDefinition', None, crd, {
                'metadata': {'annotations': {'try-again': str(time.monotonic())}}})
        return False

    def each(self, rows, check):
        """check(name, row) of each row, some at once; tells of every one that fails."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            found = [(name, pool.submit(check, name, row)) for name, row in rows.items()]
        for name, future in found:
            with self.subTest(name):
                future.result()


def make_namespace(lab, name):
    if lab.get('Namespace', None, name) is None:
        lab.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': name}})

"""What every scenario of this ring starts from: helm, and what it renders."""
import concurrent.futures
import json
import pathlib
import tempfile

import real_helm
from matrix import Objects
from scenario import Scenario

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

    def refusal(self, values):
        """What helm says of values that it does not take."""
        with self.assertRaises(real_helm.Refused) as refused:
            self.render(values)
        return str(refused.exception)

    def each(self, rows, check):
        """check(name, row) of each row, some at once; tells of every one that fails."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            found = [(name, pool.submit(check, name, row)) for name, row in rows.items()]
        for name, future in found:
            with self.subTest(name):
                future.result()

    def make_namespace(self, name):
        if self.lab.get('Namespace', None, name) is None:
            self.lab.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': name}})

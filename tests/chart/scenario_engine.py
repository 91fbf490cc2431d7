"""The engine with the command line and the role that the chart gives it: a release goes through, and nothing that it
asks for is forbidden."""
import manifests
import real_helm
from chart_scenario import ChartScenario
from pod import Pod

WAIT = ('--wait', '--timeout=60s')
ANALYSIS = manifests.analysis(metrics=[], stepWeight=50, maxWeight=50)
STRATEGY = """return {
  name = 'at-once',
  run = function(rollout)
    rollout:begin()
    rollout:shift(30)
    rollout:promote()
  end,
}
"""


class Roles(ChartScenario):
    def setUp(self):
        super().setUp()
        self.lab.kubectl('create', '-f', real_helm.ROOT / 'deploy' / 'crds')
        self.lab.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s')
        self.addCleanup(self.lab.kubectl, 'delete', '-f', real_helm.ROOT / 'deploy' / 'crds')

    def install(self, release, namespace, values, *words):
        self.helm('upgrade', '--install', release, real_helm.CHART, '--namespace', namespace, '--create-namespace',
                  *WAIT, '--values', self.values_file({'crd': {'create': False}, **values}), *words)
        return release if 'sluice' in release else f'{release}-sluice'

    def uninstall(self, release, namespace):
        self.helm('uninstall', release, '--namespace', namespace, '--wait')

    def assert_allowed(self, pod):
        refused, asked = pod.forbidden()
        self.assertEqual([], refused)
        self.assertGreater(asked, 20)

    def release(self, scene):
        scene.set_image('6.0.1')
        scene.wait_phase('Succeeded')
        self.assert_steps(scene, [0, 50, 0])
        self.assertEqual('6.0.1', scene.image(scene.primary()))

    def test_all_namespaces(self):
        """The defaults, a tracked ConfigMap and a Secret, an autoscaler, and scripts by a ConfigMap."""
        name = self.install('sluice', 'sluice-system', {'scripts': {'strategies': {'at-once': STRATEGY}}})
        self.addCleanup(self.uninstall, 'sluice', 'sluice-system')
        scene = self.scene('everywhere')
        ns = scene.namespace
        self.lab.client.create(manifests.config(ns, 'settings', {'colour': 'blue'}))
        self.lab.client.create({'apiVersion': 'v1', 'kind': 'Secret', 'stringData': {'word': 'x'},
                                'metadata': {'name': 'word', 'namespace': ns}})
        env = [{'name': 'COLOUR', 'valueFrom': {'configMapKeyRef': {'name': 'settings', 'key': 'colour'}}},
               {'name': 'WORD', 'valueFrom': {'secretKeyRef': {'name': 'word', 'key': 'word'}}}]
        scene.create(manifests.autoscaler(ns)).deploy(tag='6.0.0', env=env)
        scene.canary(ANALYSIS, autoscalerRef=manifests.AUTOSCALER_REF)
        with Pod(self.lab, 'sluice-system', name) as pod:
            scene.initialise()
            self.assertIsNotNone(scene.get('Secret', 'word-primary'))
            self.release(scene)
            scene.edit({'spec': {'strategy': {'name': 'at-once'}}})
            scene.set_image('6.0.2')
            scene.wait(lambda: scene.image(scene.primary()) == '6.0.2', 60, 'promoted by the script of the ConfigMap')
            scene.wait_weight(30)
            self.assert_allowed(pod)

"""The same story on a real cluster and on the embedded one: what a simulation shows is what a cluster would see."""
import pathlib
import re
import tempfile

import manifests
from embedded import EmbeddedLab
from scenario import Scenario, long
from scene import brief

NAMESPACE = 'app'  # so that the Canary's host is app.example.com, which the embedded cluster's users ask for
SPEED = 20
LOAD_TESTER = 'http://flagger-loadtester.test/'

# What differs between any two clusters.
CHANCE = {'uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields', 'clusterIP', 'clusterIPs',
          'lastTransitionTime',
          'lastUpdateTime', 'flagger-id'}
KINDS = {'Deployment': ('podinfo', 'podinfo-primary'), 'Service': ('podinfo', 'podinfo-canary', 'podinfo-primary'),
         'HorizontalPodAutoscaler': ('podinfo', 'podinfo-primary'),
         'DestinationRule': ('podinfo-canary', 'podinfo-primary'),
         'VirtualService': ('podinfo',), 'Canary': ('podinfo',)}


def without_chance(value):
    if isinstance(value, dict):
        return {key: without_chance(v) for key, v in value.items() if key not in CHANCE}
    return [without_chance(v) for v in value] if isinstance(value, list) else value


def objects(scene):
    """What the engine made, as it is now: all but a Deployment's and an autoscaler's status, which tell of the
    cluster's load."""
    found = {}
    for kind, names in KINDS.items():
        for name in names:
            thing = without_chance(scene.get(kind, name))
            if kind in ('Deployment', 'HorizontalPodAutoscaler'):
                thing.pop('status', None)
            found[f'{kind} {name}'] = thing
    canary = found['Canary podinfo']
    # behind the target's uid
    canary['status']['lastTrackedRevision'] = canary['status']['lastTrackedRevision'].partition('/')[2]
    for hook in canary['spec']['analysis']['webhooks']:
        hook.pop('url')  # each cluster has its own
    return found


def messages(scene):
    """The events' texts; how many requests failed is a matter of luck."""
    texts = [re.sub(r'success rate [0-9.]+%', 'success rate …', text) for text in scene.messages()]
    return [text for n, text in enumerate(texts) if n == 0 or texts[n - 1] != text]


def statuses(scene):
    """Every status in a line, consecutive repeats once."""
    lines = [brief(status) for status, _ in scene.statuses]
    return [line for n, line in enumerate(lines) if n == 0 or lines[n - 1] != line]


class SameStory(Scenario):
    flagger_too = False

    def play(self, scene, hooks, spoil):
        """The tutorial: a revision that is well and, after `spoil()`, one that is not. Returns the objects after
        each."""
        scene.create(manifests.autoscaler(scene.namespace)).deploy(replicas=None, tag='3.1.0')
        # the autoscaler's write counts as a generation of the target, in both clusters
        scene.wait(lambda: scene.target()['spec']['replicas'] == 2, 60, 'the autoscaler has its least of replicas')
        scene.canary(manifests.analysis(hooks, threshold=2), autoscalerRef=manifests.AUTOSCALER_REF).initialise()
        scene.set_image('3.1.1')
        scene.wait_phase('Succeeded')
        scene.wait_message('^Promotion completed!')
        promoted = objects(scene)
        spoil()
        scene.set_image('3.1.2')
        scene.wait_phase('Failed', timeout=180)
        scene.wait_message('^Canary failed!')
        return promoted, objects(scene)

    @long
    def test_tutorial(self):
        """Events, statuses, weights and objects are the same."""
        real = self.scene(NAMESPACE)
        self.traffic(real, rate=30)
        with tempfile.TemporaryDirectory() as folder, EmbeddedLab(pathlib.Path(folder) / 'embedded', SPEED) as lab:
            embedded = self.scene(NAMESPACE, lab=lab)
            embedded_objects = self.play(embedded, [manifests.webhook('acceptance-test', 'pre-rollout', LOAD_TESTER),
                                                    manifests.webhook('load-test', 'rollout', LOAD_TESTER)],
                                             spoil=lambda: None)  # its image 3.1.2 errs by itself
            self.finish(embedded)
        real_objects = self.play(real,
                                 [self.hook(real, 'acceptance-test', 'pre-rollout'),
                                  self.hook(real, 'load-test', 'rollout')],
                                 spoil=lambda: self.traffic(real, role='canary', rate=20, path='/status/500'))
        both = f'\nreal:\n{real.story()}\nembedded:\n{embedded.story()}'
        self.assertEqual(messages(real), messages(embedded), both)
        self.assertEqual(statuses(real), statuses(embedded), both)
        self.assertEqual(real.weights(), embedded.weights(), both)
        for after, one, other in zip(('the promotion', 'the rollback'), real_objects, embedded_objects):
            self.assertEqual(one, other, f'the objects after {after}')

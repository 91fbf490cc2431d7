"""Releases that go well: the tutorial, blue/green, A/B, a changed config, a new revision in mid-run."""
import time

import manifests
from scenario import Scenario


def story_begin(ns):
    return ['all the metrics providers are available!', f'Initialization done! podinfo.{ns}']


def story_start(ns):
    return [f'New revision detected! Scaling up podinfo.{ns}', f'Starting canary analysis for podinfo.{ns}']


def story_steps(ns, *weights):
    return [f'Advance podinfo.{ns} canary weight {weight}' for weight in weights]


def story_promote(ns):
    return [f'Copying podinfo.{ns} template spec to podinfo-primary.{ns}', 'Routing all traffic to primary']


def story_end(ns):
    return [f'Promotion completed! Scaling down podinfo.{ns}']


PHASES = ['Initializing', 'Initialized', 'Progressing', 'Promoting', 'Finalising', 'Succeeded']


class Tutorial(Scenario):
    def test_promoted(self):
        """The tutorial: a new image gets 10 to 50 percent of real traffic and becomes the primary."""
        scene = self.scene('tutorial')
        ns = scene.namespace
        hooks = [self.hook(scene, 'acceptance-test', 'pre-rollout'), self.hook(scene, 'load-test', 'rollout')]
        scene.create(manifests.autoscaler(ns)).deploy(replicas=None, tag='3.1.0')
        scene.canary(manifests.analysis(hooks), autoscalerRef=manifests.AUTOSCALER_REF).initialise()
        self.assertEqual('podinfo-primary',
                         scene.get('HorizontalPodAutoscaler', 'podinfo-primary')['spec']['scaleTargetRef']['name'])
        self.assert_answers(scene, {'3.1.0'})

        traffic = self.traffic(scene, rate=20)
        scene.set_image('3.1.1')
        scene.wait_weight(50)
        begun = time.monotonic()
        scene.wait(lambda: traffic.versions(begun) == {'3.1.0', '3.1.1'}, 20, 'real answers by both versions')
        scene.wait_phase('Succeeded')

        self.assert_steps(scene, [0, 10, 20, 30, 40, 50, 0])
        self.assert_phases(scene, PHASES)
        self.assert_messages(scene, story_begin(ns) + story_start(ns) + ['Pre-rollout check acceptance-test passed']
                             + story_steps(ns, 10, 20, 30, 40, 50) + story_promote(ns) + story_end(ns))
        self.assert_promoted(scene, '3.1.1')
        self.assertEqual({200}, {status for status, _ in traffic.seen()}, 'no request failed during the release')
        self.check_hooks(scene)
        for what, condition in (('canary/podinfo', 'promoted'), ('release/podinfo-1', 'Ready')):
            self.lab.kubectl('-n', ns, 'wait', what, f'--for=condition={condition}', '--timeout=5s')

    def check_hooks(self, scene):
        acceptance = self.hook_calls(scene, 'acceptance-test')
        self.assertEqual(1, len(acceptance))
        body = acceptance[0].body
        self.assertEqual({'name', 'namespace', 'phase', 'checksum', 'metadata'}, set(body))
        self.assertEqual(('podinfo', scene.namespace, 'Progressing', {'cmd': 'run acceptance-test'}),
                         (body['name'], body['namespace'], body['phase'], body['metadata']))
        self.assertEqual(5, len(self.hook_calls(scene, 'load-test')), 'one for every round but the first')


class Strategies(Scenario):
    def test_blue_green(self):
        """Three rounds without traffic from users, then all of it at once, then promoted."""
        scene = self.scene('blue-green').deploy(tag='6.0.0')
        ns = scene.namespace
        analysis = manifests.analysis([self.hook(scene, 'acceptance-test', 'pre-rollout')], iterations=3,
                                      stepWeight=None, maxWeight=None)
        scene.canary(analysis).initialise()
        users = self.traffic(scene, rate=5)
        self.traffic(scene, role='canary', rate=10)
        scene.set_image('6.0.1')
        scene.wait_message('canary iteration 3/3')
        self.assertEqual({'6.0.0'}, users.versions())
        scene.wait_phase('Succeeded')

        rounds = [f'Advance podinfo.{ns} canary iteration {n}/3' for n in (1, 2, 3)]
        self.assert_messages(scene,
                             story_begin(ns) + story_start(ns) + ['Pre-rollout check acceptance-test passed'] + rounds
                             + ['Routing all traffic to canary'] + story_promote(ns) + story_end(ns))
        self.assert_steps(scene, [0, 100, 0])
        self.assert_phases(scene, PHASES)
        self.assert_promoted(scene, '6.0.1')

    def test_ab_by_header(self):
        """Requests with the header go to the canary, all others never do."""
        scene = self.scene('ab-test').deploy(tag='6.0.0')
        ns = scene.namespace
        insider = {'x-canary': 'insider'}
        analysis = manifests.analysis(iterations=3, stepWeight=None, maxWeight=None,
                                      match=[{'headers': {'x-canary': {'exact': 'insider'}}}])
        scene.canary(analysis).initialise()
        self.assert_answers(scene, {'6.0.0'}, headers=insider)
        self.traffic(scene, rate=10, headers=insider)
        others = self.traffic(scene, rate=5)
        scene.set_image('6.0.1')
        scene.wait_message('canary iteration 1/3')
        self.assert_answers(scene, {'6.0.1'}, headers=insider)
        self.assertEqual({(200, '6.0.0')}, set(self.sample(scene)))
        scene.wait_message('Copying')
        self.assertEqual({'6.0.0'}, others.versions())
        scene.wait_phase('Succeeded')

        rounds = [f'Advance podinfo.{ns} canary iteration {n}/3' for n in (1, 2, 3)]
        self.assert_messages(scene, story_begin(ns) + story_start(ns) + rounds + story_promote(ns) + story_end(ns))
        self.assert_phases(scene, PHASES)
        self.assert_promoted(scene, '6.0.1')


class Changes(Scenario):
    def test_config_change(self):
        """A changed ConfigMap is a release: the primary keeps its copy until then."""
        scene = self.scene('config-change')
        ns = scene.namespace
        source = {'configMapKeyRef': {'name': 'podinfo-config', 'key': 'message'}}
        scene.create(manifests.config(ns, 'podinfo-config', {'message': 'red'}))
        scene.deploy(env=[{'name': 'PODINFO_UI_MESSAGE', 'valueFrom': source}])
        scene.canary(manifests.analysis(stepWeight=50, maxWeight=50)).initialise()
        self.assertEqual({'message': 'red'}, scene.get('ConfigMap', 'podinfo-config-primary')['data'])
        self.assertEqual({'configmap/podinfo-config'}, set(scene.status()['trackedConfigs']))
        self.assert_answers(scene, {'red'})

        traffic = self.traffic(scene, rate=10)
        self.lab.client.patch('ConfigMap', ns, 'podinfo-config', {'data': {'message': 'blue'}})
        scene.wait_weight(50)
        self.assertEqual({'message': 'red'}, scene.get('ConfigMap', 'podinfo-config-primary')['data'])
        begun = time.monotonic()
        scene.wait(lambda: traffic.versions(begun) == {'red', 'blue'}, 20, 'answers of both configs')
        scene.wait_phase('Succeeded')
        self.assertEqual({'message': 'blue'}, scene.get('ConfigMap', 'podinfo-config-primary')['data'])
        self.assert_messages(scene,
                             story_begin(ns) + story_start(ns) + story_steps(ns, 50) + story_promote(ns)
                             + story_end(ns))
        self.assert_answers(scene, {'blue'})

    def test_new_revision_in_mid_run(self):
        """A second image in mid-run: back to all traffic on the primary, and from the start."""
        scene = self.scene('restart').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(stepWeight=20, maxWeight=40)).initialise()
        traffic = self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        scene.wait_weight(20)
        scene.set_image('6.0.2')
        scene.wait_message('Restarting analysis')
        restarted = time.monotonic()
        scene.wait_phase('Succeeded')
        scene.wait_message('Promotion completed!')

        story = scene.messages()
        restart = story.index(f'New revision detected! Restarting analysis for podinfo.{ns}')
        self.assertEqual(story_begin(ns) + story_start(ns) + story_steps(ns, 20), story[:restart])
        self.assertEqual([f'Starting canary analysis for podinfo.{ns}'] + story_steps(ns, 20, 40) + story_promote(ns)
                         + story_end(ns),
                         story[restart + 1:])
        self.assertEqual([0, 20, 40, 0], scene.weights()[-4:], f'\n{scene.story()}')
        self.assertNotIn('6.0.1', traffic.versions(restarted + 15), 'the abandoned revision gets no more traffic')
        self.assert_promoted(scene, '6.0.2')

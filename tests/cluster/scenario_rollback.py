"""Releases that are taken back: real 500s, slow answers, a revision that never gets ready."""
import re

import manifests
from scenario import Scenario
from scenario_rollout import story_begin, story_start, story_steps

PHASES = ['Initializing', 'Initialized', 'Progressing', 'Failed']


class Rollback(Scenario):
    def assert_taken_back(self, scene, tag):
        """The primary runs the old image, takes all traffic, and the target is at zero."""
        self.assert_phases(scene, PHASES)
        self.assertEqual(0, scene.weights()[-1])
        self.assertEqual(0, scene.target()['spec']['replicas'])
        self.assertEqual(tag, scene.image(scene.primary()))
        promoted = scene.status()['conditions'][0]
        self.assertEqual(('Promoted', 'False', 'Failed'), (promoted['type'], promoted['status'], promoted['reason']))
        self.assert_answers(scene, {tag})

    def test_errors_asked_for(self):
        """As in the tutorial: somebody makes the canary answer 500 while it is analysed."""
        scene = self.scene('rollback').deploy(tag='3.1.0')
        ns = scene.namespace
        scene.canary(manifests.analysis([self.hook(scene, 'after', 'post-rollout')], threshold=2)).initialise()
        self.traffic(scene, rate=5)
        self.traffic(scene, role='canary', rate=10, path='/status/500')
        scene.set_image('3.1.1')
        scene.wait_phase('Failed')
        scene.wait_message('^Post-rollout check after passed$')

        halt = re.compile(rf'^Halt podinfo\.{ns} advancement success rate \d+\.\d\d% < 99%$')
        story = [text for text in scene.messages() if not halt.search(text)]
        self.assertGreaterEqual(sum(bool(halt.search(text)) for text in scene.messages()), 1, scene.story())
        self.assertEqual([0, 10, 0], scene.weights())
        self.assertEqual(story_begin(ns) + story_start(ns) + story_steps(ns, 10)
                         + [f'Rolling back podinfo.{ns} failed checks threshold reached 2',
                            f'Canary failed! Scaling down podinfo.{ns}'],
                         story[:-1])
        self.assertEqual(['Failed'], [call.body['phase'] for call in self.hook_calls(scene, 'after')])
        self.assert_taken_back(scene, '3.1.0')

    def test_revision_that_errs(self):
        """A revision that answers a third of its requests with errors reaches few users and is taken back."""
        scene = self.scene('erring').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(threshold=2, stepWeight=20)).initialise()
        traffic = self.traffic(scene, rate=20)
        scene.set_image('6.0.1', env=[{'name': 'PODINFO_RANDOM_ERROR', 'value': 'true'}])
        scene.wait_phase('Failed')
        scene.wait_message(rf'^Halt podinfo\.{ns} advancement success rate')
        scene.wait_message(f'^Rolling back podinfo.{ns} failed checks threshold reached 2$')
        scene.wait_message(f'^Canary failed! Scaling down podinfo.{ns}$')
        self.assertGreater(sum(n for (status, _), n in traffic.seen().items() if status >= 500), 0, 'real errors')
        self.assert_taken_back(scene, '6.0.0')

    def test_slow_revision(self):
        """A revision that answers slowly is taken back by its p99."""
        scene = self.scene('slow').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(threshold=1, stepWeight=50)).initialise()
        self.traffic(scene, rate=20)
        scene.set_image('6.0.1',
                        env=[{'name': 'PODINFO_RANDOM_DELAY', 'value': 'true'},
                             {'name': 'PODINFO_RANDOM_DELAY_UNIT', 'value': 'ms'},
                                      {'name': 'PODINFO_RANDOM_DELAY_MIN', 'value': '700'},
                             {'name': 'PODINFO_RANDOM_DELAY_MAX', 'value': '900'}])
        scene.wait_phase('Failed')
        scene.wait_message(rf'^Halt podinfo\.{ns} advancement request duration [\d.]+m?s > 500ms$')
        self.assert_taken_back(scene, '6.0.0')

    def test_never_ready(self):
        """Pods that do not become ready: the progress deadline takes the release back, users saw none of it."""
        # With one replica, the tutorial's maxUnavailable of 1 would count as available with none, and no deadline would
        # ever pass.
        careful = {'type': 'RollingUpdate', 'rollingUpdate': {'maxUnavailable': 0}}
        scene = self.scene('never-ready').deploy(tag='6.0.0', strategy=careful)
        scene.canary(manifests.analysis(), progressDeadlineSeconds=20).initialise()
        traffic = self.traffic(scene, rate=5)
        scene.set_image('never-ready')
        scene.wait_phase('Failed', timeout=150)
        scene.wait_message(f'^Canary failed! Scaling down podinfo.{scene.namespace}$')
        self.assertEqual([0], scene.weights())
        self.assertEqual({(200, '6.0.0')}, set(traffic.seen()))
        self.assert_taken_back(scene, '6.0.0')

    def test_no_traffic(self):
        """Without requests there is nothing to judge by: that is a failed check, in Flagger's words."""
        scene = self.scene('no-traffic').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(threshold=2)).initialise()
        scene.set_image('6.0.1')
        scene.wait_phase('Failed')
        scene.wait_message(rf'^Halt advancement no values found for istio metric request-success-rate probably '
                           rf'podinfo\.{ns} '
                           r'is not receiving traffic: running query failed: no values found$')
        self.assert_taken_back(scene, '6.0.0')

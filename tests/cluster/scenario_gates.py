"""Gates, skipped analysis, suspension, mirroring, promotion in steps, drift."""
import manifests
from scenario import Scenario
from scenario_rollout import story_begin, story_end, story_promote, story_start, story_steps


class Gates(Scenario):
    def test_every_gate(self):
        """Each of the three gates is closed at first, holds the release, and lets it go on when it opens."""
        scene = self.scene('gates').deploy(tag='6.0.0')
        ns = scene.namespace
        kinds = ('confirm-rollout', 'confirm-traffic-increase', 'confirm-promotion')
        hooks = [self.hook(scene, kind, kind) for kind in kinds]
        hooks.append(self.hook(scene, 'after', 'post-rollout'))
        for kind in kinds:
            self.hooks.answer(f'/{ns}/{kind}', status=403, size=6)
        scene.canary(manifests.analysis(hooks, stepWeight=50)).initialise()
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')

        scene.wait_phase('Waiting')
        scene.wait_message(f'Halt podinfo.{ns} advancement waiting for approval confirm-rollout')
        self.assertEqual(0, scene.target()['spec']['replicas'])
        self.hooks.answer(f'/{ns}/confirm-rollout', status=200)
        scene.wait_message(f'Halt podinfo.{ns} advancement waiting for traffic increase approval '
                           f'confirm-traffic-increase')
        self.assertEqual([0], scene.weights())
        self.hooks.answer(f'/{ns}/confirm-traffic-increase', status=200)
        scene.wait_phase('WaitingPromotion')
        scene.wait_message(f'Halt podinfo.{ns} advancement waiting for promotion approval confirm-promotion')
        self.assertEqual('6.0.0', scene.image(scene.primary()))
        self.hooks.answer(f'/{ns}/confirm-promotion', status=200)
        scene.wait_phase('Succeeded')

        self.assert_phases(scene,
                           ['Initializing', 'Initialized', 'Waiting', 'Progressing', 'WaitingPromotion', 'Promoting',
                            'Finalising', 'Succeeded'])
        scene.wait_message('Promotion completed!')
        self.assertEqual({'Confirm-rollout check confirm-rollout passed',
                          'Confirm-traffic-increase check confirm-traffic-increase passed',
                          'Confirm-promotion check confirm-promotion passed', 'Post-rollout check after passed'},
                         {text for text in scene.messages() if 'check' in text and 'passed' in text})
        self.assertEqual(['Succeeded'], [call.body['phase'] for call in self.hook_calls(scene, 'after')])
        self.assert_promoted(scene, '6.0.1')

    def test_rollback_by_hook(self):
        """A rollback hook that answers 200 takes the release back."""
        scene = self.scene('rollback-hook').deploy(tag='6.0.0')
        ns = scene.namespace
        self.hooks.answer(f'/{ns}/panic', status=500)
        scene.canary(manifests.analysis([self.hook(scene, 'panic', 'rollback')])).initialise()
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        scene.wait_weight(10)
        scene.wait_message('Rollback hook panic not signaling a rollback')
        self.hooks.answer(f'/{ns}/panic', status=200)
        scene.wait_phase('Failed')
        scene.wait_message('Rollback check panic passed')
        scene.wait_message(f'Rolling back podinfo.{ns} manual webhook invoked')
        scene.wait_message(f'Canary failed! Scaling down podinfo.{ns}')
        self.assertEqual(0, scene.weights()[-1])
        self.assert_answers(scene, {'6.0.0'})

    def test_events_to_a_hook(self):
        """An event hook gets every event, in order, with its text."""
        scene = self.scene('event-hook').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis([self.hook(scene, 'feed', 'event')], stepWeight=50)).initialise()
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        scene.wait_phase('Succeeded')
        self.assert_messages(scene,
                             story_begin(ns) + story_start(ns) + story_steps(ns, 50) + story_promote(ns)
                             + story_end(ns))

        def told():
            return [c.body['metadata']['eventMessage'] for c in self.hook_calls(scene, 'feed')
                    if 'not ready' not in c.body['metadata']['eventMessage']]
        scene.wait(lambda: [t for n, t in enumerate(told()) if n == 0 or told()[n - 1] != t] == scene.messages(), 20,
                   'all events at the hook')
        metadata = self.hook_calls(scene, 'feed')[-1].body['metadata']
        self.assertEqual({'eventMessage', 'eventType', 'timestamp', 'cmd'}, set(metadata))
        self.assertEqual('Normal', metadata['eventType'])


class Ways(Scenario):
    def test_skip_analysis(self):
        """skipAnalysis: the new image is promoted at once, no traffic to the canary."""
        scene = self.scene('skip-analysis').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(), skipAnalysis=True).initialise()
        scene.set_image('6.0.1')
        scene.wait_phase('Succeeded')
        self.assert_messages(scene,
                             [f'Initialization done! podinfo.{ns}', f'New revision detected! Scaling up podinfo.{ns}',
                                     f'Copying podinfo.{ns} template spec to podinfo-primary.{ns}',
                                     f'Promotion completed! Canary analysis was skipped for podinfo.{ns}'])
        self.assert_phases(scene, ['Initializing', 'Initialized', 'Progressing', 'Succeeded'])
        self.assert_steps(scene, [0])
        self.assert_promoted(scene, '6.0.1')

    def test_suspend(self):
        """While suspended nothing happens; afterwards the change is found."""
        scene = self.scene('suspended').deploy(tag='6.0.0')
        scene.canary(manifests.analysis(stepWeight=50)).initialise()
        scene.edit({'spec': {'suspend': True}})
        scene.set_image('6.0.1')
        scene.wait_message('skipping canary run as object is suspended')
        self.assertEqual('Initialized', scene.status()['phase'])
        self.traffic(scene, rate=10)
        scene.edit({'spec': {'suspend': False}})
        scene.wait_phase('Succeeded')
        self.assert_promoted(scene, '6.0.1')

    def test_mirror(self):
        """Mirrored first: users are answered by the primary while the canary sees the same requests."""
        scene = self.scene('mirrored').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(stepWeight=50, mirror=True)).initialise()
        users = self.traffic(scene, rate=20)
        scene.set_image('6.0.1')
        scene.wait(lambda: (100, 0, True) in [weights for weights, _ in scene.routes], 60, 'a mirrored route')
        mirrored = f'sum(istio_requests_total{{destination_workload="podinfo",destination_workload_namespace="{ns}"}})'
        scene.wait(lambda: (self.lab.query(mirrored) or 0) > 0, 20, 'mirrored requests at the canary')
        self.assertEqual({'6.0.0'}, users.versions())
        scene.wait_phase('Succeeded')
        self.assertEqual([(100, 0, False), (100, 0, True), (50, 50, False), (100, 0, False)],
                         [weights for weights, _ in scene.routes])
        self.assert_messages(scene,
                             story_begin(ns) + story_start(ns) + story_steps(ns, 0, 50) + story_promote(ns)
                             + story_end(ns))
        self.assert_promoted(scene, '6.0.1')

    def test_steps_up_and_down(self):
        """stepWeights go up as listed, stepWeightPromotion brings the traffic back in steps."""
        scene = self.scene('steps').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(stepWeight=None, maxWeight=None, stepWeights=[5, 60],
                                        stepWeightPromotion=50)).initialise()
        self.traffic(scene, rate=20)
        scene.set_image('6.0.1')
        scene.wait_phase('Succeeded')
        self.assert_messages(scene, story_begin(ns) + story_start(ns) + story_steps(ns, 5, 60)
                             + [f'Copying podinfo.{ns} template spec to podinfo-primary.{ns}',
                                f'Advance podinfo.{ns} primary weight 90',
                                f'Advance podinfo.{ns} primary weight 100'] + story_end(ns))
        self.assert_steps(scene, [0, 5, 60, 10, 0])
        self.assert_promoted(scene, '6.0.1')

    def test_drift(self):
        """What others change or delete is repaired: a Service's selector, a VirtualService, the primary."""
        scene = self.scene('drift').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis()).initialise()
        self.lab.client.patch('Service', ns, 'podinfo', {'spec': {'selector': {'app': 'nobody'}}})
        self.lab.client.delete('VirtualService', ns, 'podinfo')
        self.lab.client.delete('DestinationRule', ns, 'podinfo-canary')
        scene.wait(lambda: scene.get('Service')['spec']['selector'] == {'app': 'podinfo-primary'}, 30,
                   "the Service's selector")
        scene.wait(scene.route, 30, 'the VirtualService')
        scene.wait(lambda: scene.get('DestinationRule', 'podinfo-canary'), 30, 'the DestinationRule')
        self.lab.client.delete('Deployment', ns, 'podinfo-primary')
        scene.wait(lambda: (scene.primary() or {'status': {}})['status'].get('readyReplicas') == 1, 40, 'the primary')
        self.assertEqual('Initialized', scene.status()['phase'])
        self.assert_answers(scene, {'6.0.0'})

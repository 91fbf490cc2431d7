"""What users get wrong: each is told by an event that names the object, loses nothing, and holds up nobody else."""
import re

import manifests
from scenario import Scenario
from scenario_rollout import story_begin, story_end, story_promote, story_start, story_steps


class Refused(Scenario):
    flagger_too = False

    def assert_refused(self, scene, field):
        """Accepted=False and exactly one Warning, both of which name the field."""
        def condition():
            return next((c for c in scene.status().get('conditions') or [] if c['type'] == 'Accepted'
                         and c['status'] == 'False'), None)
        message = scene.wait(condition, 30, 'condition Accepted=False')['message']
        self.assertIn(field, message)
        scene.wait_message(re.escape(field), 15)
        warnings = [text for kind, text, _ in scene.events if kind == 'Warning' and field in text]
        self.assertEqual(1, len(warnings), scene.story())

    def versions(self, scene):
        """What would change if somebody wrote to one of the objects."""
        things = [scene.target(), scene.primary(), scene.route(),
                  *(scene.get('Service', f'podinfo{end}') for end in ('', '-primary', '-canary'))]
        return [(t['kind'], t['metadata']['name'],
                 t['metadata']['generation'] if 'generation' in t['metadata'] else t['metadata']['resourceVersion'])
                for t in things]

    def test_unsupported_field(self):
        """A field that is not supported yet is refused by name; the objects stay; without it all goes on."""
        scene = self.scene('unsupported').deploy(tag='6.0.0')
        scene.canary(manifests.analysis(stepWeight=50)).initialise()
        before = self.versions(scene)
        scene.edit({'spec': {'analysis': {'sessionAffinity': {'cookieName': 'sticky'}}}})
        self.assert_refused(scene, 'spec.analysis.sessionAffinity')
        scene.set_image('6.0.1')
        scene.edit({'spec': {'progressDeadlineSeconds': 61}})  # it looks again, and says nothing new
        self.assert_refused(scene, 'spec.analysis.sessionAffinity')
        self.assertEqual(before[1:], self.versions(scene)[1:])
        self.assert_answers(scene, {'6.0.0'})

        self.traffic(scene, rate=10)
        scene.edit({'spec': {'analysis': {'sessionAffinity': None}}})
        scene.wait_phase('Succeeded')
        self.assert_promoted(scene, '6.0.1')

    def test_fractional_number(self):
        """A number with a fraction where an integer belongs passes the schema, as Flagger's does; the engine names the
        field."""
        scene = self.scene('fraction').deploy()
        scene.canary(manifests.analysis(threshold=1.5))
        self.assert_refused(scene, 'spec.analysis.threshold')
        self.assertIsNone(scene.primary())
        scene.edit({'spec': {'analysis': {'threshold': 2}}})
        scene.initialise()

    def test_unsupported_target(self):
        """A kind of target that is not supported yet: nothing is made."""
        scene = self.scene('daemonset')
        scene.canary(manifests.analysis(), targetRef={'apiVersion': 'apps/v1', 'kind': 'DaemonSet', 'name': 'podinfo'})
        self.assert_refused(scene, 'spec.targetRef.kind')
        self.assertEqual([], self.lab.client.list('Service', scene.namespace))


class Missing(Scenario):
    def test_target(self):
        """The target does not exist: the event says so; when it comes, the canary is initialised."""
        scene = self.scene('no-target').canary(manifests.analysis())
        scene.wait_message(f'^deployment podinfo.{scene.namespace} get query error: ')
        scene.deploy(tag='6.0.0')
        scene.initialise()
        self.assert_answers(scene, {'6.0.0'})

    def test_config(self):
        """A mandatory ConfigMap does not exist: said by name, and nothing made before it comes."""
        scene = self.scene('no-config')
        source = {'configMapKeyRef': {'name': 'absent', 'key': 'message'}}
        scene.deploy(env=[{'name': 'PODINFO_UI_MESSAGE', 'valueFrom': source}]).canary(manifests.analysis())
        scene.wait_message(rf'configmap absent\.{scene.namespace} get query error')
        self.assertIsNone(scene.primary())
        scene.create(manifests.config(scene.namespace, 'absent', {'message': 'here'}))
        scene.initialise()
        self.assert_answers(scene, {'here'})

    def test_autoscaler(self):
        """The autoscaler does not exist."""
        scene = self.scene('no-hpa').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(), autoscalerRef=manifests.AUTOSCALER_REF)
        scene.wait_message(f'HorizontalPodAutoscaler podinfo.{ns} get query error: ')
        scene.create(manifests.autoscaler(ns, minimum=1))
        scene.initialise()

    def test_prometheus(self):
        """Prometheus cannot be reached: the checks fail, the release is taken back, users see the old version."""
        scene = self.scene('no-prometheus').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(threshold=2), metricsServer='http://127.0.0.1:9').initialise()
        scene.wait_message('^Error checking metric providers: prometheus not avaiable: ')
        self.traffic(scene, rate=5)
        scene.set_image('6.0.1')
        scene.wait_phase('Failed')
        scene.wait_message('^Prometheus query failed: ')
        scene.wait_message(f'Rolling back podinfo.{ns} failed checks threshold reached 2')
        self.assert_answers(scene, {'6.0.0'})


class BadHooks(Scenario):
    def release(self, namespace, **answer):
        """A release whose rollout hook answers like this."""
        scene = self.scene(namespace).deploy(tag='6.0.0')
        self.hooks.answer(f'/{namespace}/check', **answer)
        hook = self.hook(scene, 'check', 'rollout', timeout='2s')
        scene.canary(manifests.analysis([hook], stepWeight=50, threshold=1)).initialise()
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        return scene

    def assert_halted(self, scene, pattern):
        scene.wait_phase('Failed')
        scene.wait_message(rf'^Halt podinfo\.{scene.namespace} advancement external check check failed {pattern}')
        scene.wait_message(f'Rolling back podinfo.{scene.namespace} failed checks threshold reached 1')
        self.assert_answers(scene, {'6.0.0'})

    def test_hangs(self):
        """It never answers: a failed check when its timeout has passed."""
        scene = self.release('hook-hangs', hang=True)
        self.assert_halted(scene,
                           rf'POST {re.escape(self.hooks.url("/hook-hangs/check"))} giving up after 1 attempt\(s\): ')

    def test_errs(self):
        """It answers 500."""
        scene = self.release('hook-errs', status=500)
        self.assert_halted(scene,
                           rf'POST {re.escape(self.hooks.url("/hook-errs/check"))} giving up after 1 attempt\(s\)$')

    def test_refuses(self):
        """It answers 400 with a few words, which the event repeats."""
        scene = self.release('hook-refuses', status=400, size=9)
        self.assert_halted(scene, 'xxxxxxxxx$')

    def test_talks(self):
        """It answers 200 and 2 MB, which is a success; nobody needs the words."""
        scene = self.release('hook-talks', size=2 << 20)
        ns = scene.namespace
        scene.wait_phase('Succeeded')
        self.assert_messages(scene,
                             story_begin(ns) + story_start(ns) + story_steps(ns, 50) + story_promote(ns)
                             + story_end(ns))

    def test_refuses_at_length(self):
        """It answers 400 and 2 MB: too much for an event, and still a failed check."""
        scene = self.release('hook-rants', status=400, size=2 << 20)
        scene.wait_phase('Failed')
        self.assert_answers(scene, {'6.0.0'})

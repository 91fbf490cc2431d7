"""sluice shadow beside a real Flagger: what it says of its rounds, and that it writes nothing."""
import json

import engine
import manifests
from flagger import WithFlagger
from hooks import Answer

READS = ['get', 'list', 'watch']
# What docs/permissions.md says that it needs.
RULES = [{'apiGroups': ['flagger.app'], 'resources': ['canaries', 'metrictemplates'], 'verbs': READS},
         {'apiGroups': [''], 'resources': ['events'], 'verbs': READS}]
ACCOUNT = {'name': 'shadow', 'namespace': 'default'}


class Shadow(WithFlagger):
    def reader(self):
        """A user who may read that in all namespaces, and do nothing else."""
        rbac = 'rbac.authorization.k8s.io'
        self.lab.client.create({'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': ACCOUNT})
        self.lab.client.create({'apiVersion': f'{rbac}/v1', 'kind': 'ClusterRole', 'metadata': {'name': 'shadow'},
                                'rules': RULES})
        self.lab.client.create({'apiVersion': f'{rbac}/v1', 'kind': 'ClusterRoleBinding',
                                'metadata': {'name': 'shadow'},
                                'roleRef': {'apiGroup': rbac, 'kind': 'ClusterRole', 'name': 'shadow'},
                                'subjects': [{'kind': 'ServiceAccount', **ACCOUNT}]})
        return self.lab.main.token_user('shadow', ACCOUNT['namespace'], ACCOUNT['name'])

    def start_shadow(self, user):
        return self.lab.processes.start('shadow', [
            engine.binary(), 'shadow', '-A', '--kubeconfig', user.kubeconfig, '--prometheus', self.lab.prometheus,
            '-o', 'json'])

    def records(self, scene=None, kind=None):
        """What it has said so far."""
        lines = (self.lab.folder / 'shadow.log').read_text().splitlines(keepends=True)
        records = [json.loads(line) for line in lines if line.startswith('{') and line.endswith('\n')]
        canary = scene and f'{manifests.NAME}.{scene.namespace}'
        return [r for r in records if r['canary'] == canary and r['kind'] == kind] if scene else records

    def release(self, scene):
        """The sum of its first release."""
        scene.wait(lambda: self.records(scene, 'release'), 60, 'the end of a release in the shadow')
        return self.records(scene, 'release')[0]

    def steps(self, scene):
        return [(r['step'], r['outcome']) for r in self.records(scene, 'round')]

    def story(self, scene):
        return '\n'.join(map(str, self.records(scene, 'round')))

    def check_well(self, scene):
        """All of it agrees, also the check that a webhook failed."""
        scene.wait_phase('Succeeded', 240)
        told = self.release(scene)
        steps = self.steps(scene)
        failed = [step for step, _ in steps if step.startswith('failed checks')]
        self.assertEqual(['failed checks 0 → 1'], failed, self.story(scene))
        self.assertEqual(['0 → 50', '50 → 100', 'promoted', 'all requests at the primary', 'succeeded'],
                         [step for step, _ in steps if step not in failed], self.story(scene))
        self.assertEqual({'agrees'}, {outcome for _, outcome in steps}, self.story(scene))
        self.assertEqual(('promoted', len(steps), True, ['late', 'load']),
                         (told['ended'], told['agrees'], told['whole'], told['webhooks']))

    def check_mirrored(self, scene):
        """A step without a share, and a share that goes back by steps."""
        scene.wait_phase('Succeeded', 240)
        self.assertEqual('promoted', self.release(scene)['ended'])
        self.assertEqual([(step, 'agrees') for step in ('0 → 0', '0 → 50', 'promoted', '50 → 20',
                                                        'all requests at the primary', 'succeeded')],
                         self.steps(scene), self.story(scene))

    def check_green(self, scene):
        """Iterations, and a gate that is closed at first."""
        scene.wait_phase('WaitingPromotion', 240)
        scene.wait(lambda: len(self.steps(scene)) >= 6, 120, 'rounds at a closed gate')
        self.hooks.answer(f'/{scene.namespace}/gate', status=200)
        scene.wait_phase('Succeeded', 240)
        self.assertEqual('promoted', self.release(scene)['ended'])
        self.assertEqual({'agrees'}, {outcome for _, outcome in self.steps(scene)}, self.story(scene))
        self.assertIn(('waits for confirm-promotion', 'agrees'), self.steps(scene))

    def check_blind(self, scene):
        """Nobody asks it anything: Flagger counts, and Sluice would have held."""
        scene.wait_phase('Failed', 240)
        told = self.release(scene)
        differing = [r for r in self.records(scene, 'round') if r['outcome'] == 'differs']
        self.assertEqual(['failed checks 0 → 1', 'failed checks 1 → 2'], [r['step'] for r in differing],
                         self.story(scene))
        for record in differing:
            self.assertIn('Halt advancement no values found for istio metric request-success-rate probably '
                          f'podinfo.{scene.namespace} is not receiving traffic', record['flagger']['reason'])
            self.assertEqual({'does': 'hold', 'reason': 'request-success-rate: no values found'}, record['sluice'])
        self.assertEqual([('0 → 50', 'agrees'), ('taken back', 'agrees')],
                         [step for step in self.steps(scene) if step[1] != 'differs'])
        self.assertEqual(('taken back', 2, 2), (told['ended'], told['agrees'], told['differs']))

    def check_erring(self, scene):
        """Both count what was measured, and take it back."""
        scene.wait_phase('Failed', 240)
        told = self.release(scene)
        self.assertEqual(('taken back', 0, 0), (told['ended'], told['differs'], told['unknown']), self.story(scene))
        self.assertIn(('failed checks 0 → 1', 'agrees'), self.steps(scene))
        measured = [r['sluice']['reason'] for r in self.records(scene, 'round') if r['flagger']['does'] == 'fail']
        self.assertRegex(measured[0], r'^request-success-rate [\d.]+ %, at least 99 wanted, short by ')

    def test_beside_flagger(self):
        self.start_flagger()
        user = self.reader()
        self.start_shadow(user)
        scenes = well, blind, erring, mirrored, green = [
            self.scene(f'shadow-{name}').deploy(tag='6.0.0')
            for name in ('well', 'blind', 'erring', 'mirrored', 'green')]
        hooks = [self.hook(well, 'late', 'pre-rollout'), self.hook(well, 'load', 'rollout')]
        calls = f'/{well.namespace}/load'
        self.hooks.answer(calls, by=lambda call: self.answer_once(calls))
        well.canary(manifests.analysis(hooks, stepWeight=50, maxWeight=100))
        blind.canary(manifests.analysis(stepWeight=50, threshold=2), strategy={'params': {'blind': 'hold'}})
        erring.canary(manifests.analysis(stepWeight=50, threshold=2))
        mirrored.canary(manifests.analysis(metrics=[], stepWeight=50, mirror=True, stepWeightPromotion=30))
        self.hooks.answer(f'/{green.namespace}/gate', status=403)
        green.canary(manifests.analysis([self.hook(green, 'gate', 'confirm-promotion')], metrics=[], iterations=2,
                                        stepWeight=None, maxWeight=None))
        for scene in scenes:
            scene.initialise(180)
        self.traffic(well, rate=10)
        self.traffic(erring, rate=20)
        for scene in (well, blind, mirrored, green):
            scene.set_image('6.0.1')
        erring.set_image('6.0.1', env=[{'name': 'PODINFO_RANDOM_ERROR', 'value': 'true'}])
        self.check_blind(blind)
        self.check_erring(erring)
        self.check_well(well)
        self.check_mirrored(mirrored)
        self.check_green(green)
        asked = self.lab.audit(user)
        self.assertGreater(len(asked), 5)
        self.assertEqual((set(), {200}), ({r['verb'] for r in asked} - set(READS), {r['code'] for r in asked}))
        self.notes = [f'shadow: {len(asked)} requests in all, for {len(self.records())} lines']

    def answer_once(self, path):
        """The second call is refused."""
        return Answer(status=500 if len(self.hooks.calls(path)) == 2 else 200)

"""The console over a live canary (sluice repl -n NAMESPACE CANARY): it reads, whatever is typed."""
import subprocess

import engine
import manifests
from scenario import Scenario

READS = {'get', 'list'}
RESOURCES = [
    {'apiGroups': ['flagger.app'], 'resources': ['canaries', 'metrictemplates', 'alertproviders']},
    {'apiGroups': ['sluice.dev'], 'resources': ['releases', 'strategies', 'checks']},
    {'apiGroups': ['apps'], 'resources': ['deployments', 'daemonsets']},
    {'apiGroups': [''], 'resources': ['services', 'configmaps']},
    {'apiGroups': ['autoscaling'], 'resources': ['horizontalpodautoscalers']},
    {'apiGroups': ['networking.istio.io'], 'resources': ['virtualservices', 'destinationrules']},
]


class Repl(Scenario):
    flagger_too = False

    def reader(self, namespace):
        """A user who may read what is in this namespace, but its Secrets, and do nothing else."""
        return self.user(namespace, 'reader', [{**rule, 'verbs': sorted(READS)} for rule in RESOURCES])

    def type(self, user, namespace, *lines):
        command = [engine.binary(), 'repl', '-n', namespace, manifests.NAME, '--kubeconfig', user.kubeconfig,
                   '--prometheus', self.lab.prometheus]
        done = subprocess.run(command, input='\n'.join(lines) + '\n', capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def test_only_reads(self):
        """A release that a gate holds is walked to its end, in all ways in which the console could write: the API
        server's audit log has reads, the hooks are not called, the record is as it was. So it is for a user who may do
        nothing else, and for one who may do anything."""
        scene = self.scene('repl').deploy(tag='6.0.0')
        ns = scene.namespace
        hooks = [self.hook(scene, 'gate', 'confirm-promotion'), self.hook(scene, 'after', 'post-rollout')]
        self.hooks.answer(f'/{ns}/gate', status=403)
        scene.canary(manifests.analysis(hooks, stepWeight=50)).initialise()
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        scene.wait_message('waiting for promotion approval gate')
        release = f'{manifests.NAME}-1'
        before = {kind: self.lab.get(kind, ns, name) for kind, name in
                  (('VirtualService', manifests.NAME), ('Deployment', manifests.NAME),
                   ('Deployment', f'{manifests.NAME}-primary'))}
        epoch = self.lab.get('Release', ns, release)['status']['epoch']
        lines = ('canary.weight', 'release.name', "check('request-success-rate', { min = 1 }).verdict", 's', 'why', 'b',
                 f"world:patch('Canary', '{ns}', '{manifests.NAME}', {{ spec = {{ suspend = true }} }})", 'b',
                 'run', f"world:delete('Canary', '{ns}', '{manifests.NAME}')", 'b', 'canary.phase')
        for user in (self.reader(ns), self.lab.main.other):
            asked = len(self.lab.audit(user))
            status, told, errors = self.type(user, ns, *lines)
            self.assertEqual((0, ''), (status, errors), told)
            for text in (f'50\n{release}\npass\n', 'gate → not called, held as ok', 'would: copy podinfo to',
                         'after → not called', 'Promotion completed!', '\nSucceeded\n'):
                self.assertIn(text, told)
            requests = self.lab.audit(user)[asked:]
            self.assertGreaterEqual(len(requests), 10)
            self.assertEqual(set(), {r['verb'] for r in requests} - READS)
            self.assertEqual(set(), {r['code'] for r in requests} - {200, 404})
        # The log would show it: the same user writes once, without the console.
        asked = len(self.lab.audit(self.lab.main.other))
        self.lab.main.kubectl('--kubeconfig', self.lab.main.other.kubeconfig, '-n', ns, 'annotate', 'canary',
                              manifests.NAME, 'by=hand')
        self.assertEqual({'patch'}, {r['verb'] for r in self.lab.audit(self.lab.main.other)[asked:]} - READS)
        self.assertEqual([], self.hook_calls(scene, 'after'))
        self.assertEqual(epoch, self.lab.get('Release', ns, release)['status']['epoch'])
        for kind, object_ in before.items():
            now = self.lab.get(kind, ns, object_['metadata']['name'])
            self.assertEqual(object_['spec'], now['spec'])
        self.assertEqual('WaitingPromotion', scene.status()['phase'])

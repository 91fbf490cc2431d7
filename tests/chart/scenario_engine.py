"""The engine with the command line and the role that the chart gives it: a release goes through, and nothing that it
asks for is forbidden."""
import base64
import json
import os
import urllib.request

import manifests
import real_helm
import yaml
from api import ApiError, Client
from chart_scenario import ChartScenario, make_namespace
from pod import Pod
from processes import free_port

CRDS = real_helm.ROOT / 'deploy' / 'crds'
ENGINES = 'engines'  # the namespace of installations
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


class EngineScenario(ChartScenario):
    def setUp(self):
        super().setUp()
        self.lab.kubectl('apply', '--server-side', '-f', CRDS)
        self.lab.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s')

    def install(self, release, values):
        """Installs or upgrades it; its name."""
        self.helm('upgrade', '--install', release, real_helm.CHART, '--namespace', ENGINES, '--create-namespace',
                  '--wait', '--timeout=60s', '--values', self.values_file({'crd': {'create': False}, **values}))
        self.addCleanup(self.helm, 'uninstall', release, '--namespace', ENGINES, '--ignore-not-found', '--wait')
        return release if 'sluice' in release else f'{release}-sluice'

    def assert_allowed(self, *pods):
        for pod in pods:
            refused, asked = pod.forbidden()
            self.assertEqual([], refused, pod.name)
            self.assertGreater(asked, 10, pod.name)

    def assert_promoted(self, scene, tag):
        scene.wait_phase('Succeeded')
        self.assert_steps(scene, [0, 50, 0])
        self.assertEqual(tag, scene.image(scene.primary()))
        self.assertEqual(1, len(self.lab.client.list('Release', scene.namespace)))

    def assert_refused(self, user, method, path, body=None):
        """By RBAC or by the policy; what it was told."""
        token = json.loads(user.kubeconfig.read_text())['users'][0]['user']['token']
        with self.assertRaises(ApiError) as refused:
            Client(self.lab.main.port, token, self.lab.main.ca).request(method, path, body)
        self.assertEqual(403, refused.exception.code)
        return str(refused.exception)


class AllNamespaces(EngineScenario):
    def test_upgraded_in_mid_release(self):
        """The defaults: a tracked ConfigMap and a Secret, an autoscaler, and a chart that is upgraded while the canary
        has half of the traffic. The new engine brings a script, which another Canary waits for. SLUICE_OLDER_BIN: a
        binary of another version, which is upgraded from."""
        name = self.install('sluice', {})
        scene = self.deploy(self.scene('everywhere')).canary(ANALYSIS, autoscalerRef=manifests.AUTOSCALER_REF)
        other = self.scene('scripted').deploy(tag='6.0.0').canary(ANALYSIS, strategy={'name': 'at-once'})
        with Pod(self.lab, ENGINES, name, program=os.environ.get('SLUICE_OLDER_BIN')) as old:
            scene.initialise()
            self.assertIsNotNone(scene.get('Secret', 'word-primary'))
            self.assertIsNotNone(scene.get('HorizontalPodAutoscaler', 'podinfo-primary'))
            scene.set_image('6.0.1')
            scene.wait_weight(50)
            self.assert_forgery_refused(scene)
            self.assert_people(scene.namespace)
            page = free_port()
            self.install('sluice', {'leaderElection': {'replicaCount': 1}, 'logLevel': 'debug',
                                    'scripts': {'strategies': {'at-once': STRATEGY}},
                                    'dashboard': {'enabled': True, 'port': page}})
            with Pod(self.lab, ENGINES, name, standby=True) as new:
                self.assertEqual(0, old.terminate())
                new.await_ready()
                self.assert_page(f'http://127.0.0.1:{page}/')
                other.initialise()
                other.set_image('6.0.1')
                self.assert_promoted(scene, '6.0.1')
                other.wait_phase('Succeeded')
                self.assert_steps(other, [0, 30, 0])
                self.assert_allowed(old, new)
                self.assertIn(('list', 'events'), {(entry['verb'], entry['resource'])
                                                   for entry in self.lab.audit(new.user)}, 'of the page')

    def deploy(self, scene):
        ns = scene.namespace
        scene.create(manifests.config(ns, 'settings', {'colour': 'blue'}),
                     {'apiVersion': 'v1', 'kind': 'Secret', 'stringData': {'word': 'x'},
                      'metadata': {'name': 'word', 'namespace': ns}},
                     manifests.autoscaler(ns))
        return scene.deploy(tag='6.0.0', env=[
            {'name': 'COLOUR', 'valueFrom': {'configMapKeyRef': {'name': 'settings', 'key': 'colour'}}},
            {'name': 'WORD', 'valueFrom': {'secretKeyRef': {'name': 'word', 'key': 'word'}}}])

    def assert_people(self, namespace):
        """What the roles for people allow, and what not."""
        rows = (('view', 'get', 'sluice.dev', 'releases', True), ('view', 'list', 'flagger.app', 'canaries', True),
                ('view', 'patch', 'flagger.app', 'canaries', False),
                ('view', 'get', 'flagger.app', 'alertproviders', False),
                ('edit', 'patch', 'flagger.app', 'canaries', True),
                ('edit', 'promote', 'flagger.app', 'canaries', True),
                ('view', 'promote', 'flagger.app', 'canaries', False),
                ('edit', 'create', 'sluice.dev', 'strategies', False),
                ('edit', 'patch', 'sluice.dev', 'releases', False),
                ('strategies', 'create', 'sluice.dev', 'strategies', True),
                ('strategies', 'patch', 'flagger.app', 'canaries', False))
        for role in {row[0] for row in rows}:
            self.lab.kubectl('-n', namespace, 'create', 'rolebinding', role, f'--clusterrole=sluice-{role}',
                             f'--user={role}er')
        for role, verb, group, resource, wanted in rows:
            with self.subTest(f'{role}: {verb} {resource}'):
                asked = self.lab.client.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
                    'apiVersion': 'authorization.k8s.io/v1', 'kind': 'SubjectAccessReview', 'spec': {
                        'user': f'{role}er', 'resourceAttributes': {
                            'namespace': namespace, 'verb': verb, 'group': group, 'resource': resource}}})
                self.assertEqual(wanted, asked['status']['allowed'])

    def assert_page(self, address):
        """The dashboard's page is there, and what keeps it up to date; a release's page reads Events."""
        for path in ('', 'feed?namespace=everywhere&canary=podinfo'):
            with urllib.request.urlopen(address + path, timeout=20) as answer:
                self.assertEqual(200, answer.status)
                self.assertTrue(answer.readline())

    def assert_forgery_refused(self, scene):
        """Whatever RBAC allows: the other user is of system:masters."""
        [release] = self.lab.client.list('Release', scene.namespace)
        forged = {'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release', 'spec': release['spec'],
                  'metadata': {'name': 'podinfo-99', 'namespace': scene.namespace}}
        path = self.lab.client.path('Release', scene.namespace)
        self.assertIn('only Sluice writes Releases', self.assert_refused(self.lab.main.other, 'POST', path, forged))


class OneNamespace(EngineScenario):
    when = 'apart'

    def test_two_beside_each_other(self):
        """Two engines with a namespace each: one without ConfigMaps and Secrets, the other with the mesh on an API
        server of its own, whose kubeconfig is in a Secret."""
        plain = self.scene('plain').deploy(tag='6.0.0').canary(ANALYSIS)
        meshed = self.scene('meshed', mesh=self.lab.mesh_plane()).deploy(tag='6.0.0').canary(ANALYSIS)
        names = {
            'plain': self.install('plain', {
                'namespace': 'plain', 'configTracking': {'enabled': False},
                'rbac': {'secrets': {'read': False}, 'externalMetrics': False, 'keptn': False}}),
            'meshed': self.install('meshed', {
                'namespace': 'meshed', 'controlplane': {'kubeconfig': self.mesh_secret()}}),
        }
        with Pod(self.lab, ENGINES, names['plain'], 'plain') as one, \
                Pod(self.lab, ENGINES, names['meshed'], 'meshed') as two:
            for scene in (plain, meshed):
                scene.initialise()
            for scene in (plain, meshed):
                scene.set_image('6.0.1')
            for scene in (plain, meshed):
                self.assert_promoted(scene, '6.0.1')
            self.assert_allowed(one, two)
        asked = {entry['resource'] for entry in self.lab.audit(one.user)}
        self.assertEqual(set(), asked & {'secrets', 'configmaps'})
        self.assertIn('virtualservices', asked)
        asked = {entry['resource'] for entry in self.lab.audit(two.user)}
        self.assertEqual(set(), asked & {'virtualservices', 'destinationrules'})
        self.assertIsNone(self.lab.get('VirtualService', 'meshed', 'podinfo'))
        for user, theirs in ((one.user, 'meshed'), (two.user, 'plain')):
            for kind in ('Canary', 'Secret', 'Deployment'):
                self.assert_refused(user, 'GET', self.lab.client.path(kind, theirs))
        self.assert_refused(one.user, 'GET', self.lab.client.path('Secret', 'plain'))

    def mesh_secret(self):
        """The kubeconfig of a user who may do in the mesh's cluster what deploy/rbac.yaml has of the mesh, and no more,
        as people put it into a Secret."""
        mesh = self.lab.second
        role = next(thing for thing in yaml.safe_load_all((real_helm.ROOT / 'deploy' / 'rbac.yaml').read_text())
                    if thing['kind'] == 'ClusterRole')
        role['rules'] = [rule for rule in role['rules'] if 'networking.istio.io' in rule['apiGroups']]
        subject = {'kind': 'ServiceAccount', 'name': 'sluice', 'namespace': 'default'}
        for thing in (role, {'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': {'name': 'sluice',
                                                                                         'namespace': 'default'}},
                      {'apiVersion': 'rbac.authorization.k8s.io/v1', 'kind': 'ClusterRoleBinding',
                       'metadata': {'name': 'sluice'}, 'subjects': [subject],
                       'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'ClusterRole', 'name': 'sluice'}}):
            mesh.client.create(thing)
        text = mesh.token_user('sluice', 'default', 'sluice').kubeconfig.read_text()
        authority = base64.b64encode(mesh.ca.read_bytes()).decode()
        text = text.replace(f'"certificate-authority": "{mesh.ca}"', f'"certificate-authority-data": "{authority}"')
        make_namespace(self.lab, ENGINES)
        self.lab.client.create({'apiVersion': 'v1', 'kind': 'Secret', 'stringData': {'config': text},
                                'metadata': {'name': 'istio-kubeconfig', 'namespace': ENGINES}})
        return {'secretName': 'istio-kubeconfig', 'key': 'config'}

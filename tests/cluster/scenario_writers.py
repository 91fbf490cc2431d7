"""Objects that an engine cannot bring in line: who undoes a repair is told, what is somebody else's is left alone, and
everything else goes on."""
import engine
import manifests
from scenario import Scenario


def label_policy(namespace):
    """A platform team's policy, applied by the API server itself: every Service of this namespace carries the label of
    its team."""
    name = f'label-services-{namespace}'
    api = {'apiVersion': 'admissionregistration.k8s.io/v1', 'metadata': {'name': name}}
    return [
        {**api, 'kind': 'MutatingAdmissionPolicy', 'spec': {
            'matchConstraints': {
                'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': namespace}},
                'resourceRules': [{'apiGroups': [''], 'apiVersions': ['v1'], 'operations': ['CREATE', 'UPDATE'],
                                   'resources': ['services']}]},
            'failurePolicy': 'Fail', 'reinvocationPolicy': 'IfNeeded',
            'mutations': [{'patchType': 'ApplyConfiguration', 'applyConfiguration': {
                'expression': 'Object{metadata: Object.metadata{labels: {"cost-center": "shop"}}}'}}]}},
        {**api, 'kind': 'MutatingAdmissionPolicyBinding', 'spec': {'policyName': name}},
    ]


def stamp_policy(namespace):
    """Every Deployment that is written carries the operation in its pod template.

    What scales a Deployment by writing it whole changes the template.
    """
    name = f'stamp-deployments-{namespace}'
    api = {'apiVersion': 'admissionregistration.k8s.io/v1', 'metadata': {'name': name}}
    path = ['spec', 'template', 'metadata', 'annotations']
    expression = 'Object.spec.template.metadata.annotations{operation: string(request.operation)}'
    for depth in range(len(path) - 1, -1, -1):
        expression = f'{".".join(["Object", *path[:depth]])}{{{path[depth]}: {expression}}}'
    return [
        {**api, 'kind': 'MutatingAdmissionPolicy', 'spec': {
            'matchConstraints': {
                'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': namespace}},
                'resourceRules': [{'apiGroups': ['apps'], 'apiVersions': ['v1'], 'operations': ['CREATE', 'UPDATE'],
                                   'resources': ['deployments']}]},
            'failurePolicy': 'Fail', 'reinvocationPolicy': 'IfNeeded',
            'mutations': [{'patchType': 'ApplyConfiguration', 'applyConfiguration': {'expression': expression}}]}},
        {**api, 'kind': 'MutatingAdmissionPolicyBinding', 'spec': {'policyName': name}},
    ]


class Stamped(Scenario):
    def test_operation(self):
        """A policy stamps CREATE or UPDATE into pod templates: scaling the target makes no new revision."""
        scene = self.scene('stamp-policy')
        for thing in stamp_policy(scene.namespace):
            scene.create(thing)
            self.addCleanup(self.lab.client.delete, thing['kind'], None, thing['metadata']['name'])
        scene.wait(lambda: self.is_stamped(scene), 30, 'the policy to be in force')
        scene.deploy(tag='6.0.0').canary(manifests.analysis()).initialise()
        self.traffic(scene)
        scene.set_image('6.0.1')
        scene.wait_phase('Succeeded')
        self.assertEqual('6.0.1', scene.image(scene.primary()))
        for text in scene.messages():
            self.assertNotIn('Restarting analysis', text)
        self.assertEqual(1, len([text for text in scene.messages() if text.startswith('New revision detected!')]))

    def is_stamped(self, scene):
        probe = manifests.deployment(scene.namespace, replicas=0)
        probe['metadata']['name'] = 'probe'
        created = self.lab.client.create(probe)
        self.lab.client.delete('Deployment', scene.namespace, 'probe')
        return 'operation' in created['spec']['template']['metadata']['annotations']


class Undone(Scenario):
    def test_admission_policy(self):
        """A policy labels every Service: the canary is initialised all the same, and what is lost later comes back."""
        scene = self.scene('label-policy')
        for thing in label_policy(scene.namespace):
            scene.create(thing)
            # no repair goes on for ever
            self.addCleanup(self.lab.client.delete, thing['kind'], None, thing['metadata']['name'])
        scene.wait(lambda: self.is_labelled(scene), 30, 'the policy to be in force')
        scene.deploy(tag='6.0.0').canary(manifests.analysis()).initialise()
        for name in ('podinfo', 'podinfo-primary', 'podinfo-canary'):
            self.assertEqual('shop', scene.get('Service', name)['metadata']['labels']['cost-center'])
        self.assertIsNotNone(scene.primary())
        self.assert_answers(scene, {'6.0.0'})
        if not engine.reference():
            scene.wait_message(rf'^Service podinfo\.{scene.namespace}: metadata\.labels\.cost-center is changed back '
                               rf'by ')
        self.lab.client.delete('VirtualService', scene.namespace, 'podinfo')
        scene.wait(lambda: scene.route() is not None, 60, 'the VirtualService')
        self.assert_answers(scene, {'6.0.0'})
        for thing in label_policy(scene.namespace):
            self.lab.client.delete(thing['kind'], None, thing['metadata']['name'])
        if not engine.reference():
            scene.wait(lambda: not self.have_label(scene), 60, 'the last repairs')

    def have_label(self, scene):
        return any('cost-center' in scene.get('Service', name)['metadata'].get('labels', {})
                   for name in ('podinfo', 'podinfo-primary', 'podinfo-canary'))

    def is_labelled(self, scene):
        probe = {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': 'probe', 'namespace': scene.namespace},
                 'spec': {'ports': [{'port': 1}]}}
        labels = self.lab.client.create(probe)['metadata'].get('labels') or {}
        self.lab.client.delete('Service', scene.namespace, 'probe')
        return 'cost-center' in labels


class Ports(Scenario):
    flagger_too = False  # the API server refuses its Service for ever

    def test_port_names(self):
        """A container port is called like the Service's own port: both are there, under names that the API server
        takes."""
        scene = self.scene('port-names').deploy(tag='6.0.0')
        scene.canary(manifests.analysis(), service={'port': 80, 'targetPort': 9797, 'portDiscovery': True}).initialise()
        for name in ('podinfo', 'podinfo-primary', 'podinfo-canary'):
            ports = {p['name']: (p['port'], p['targetPort']) for p in scene.get('Service', name)['spec']['ports']}
            self.assertEqual({'http': (80, 9797), 'http-9898': (9898, 9898), 'grpc': (9999, 9999)}, ports)


class Foreign(Scenario):
    flagger_too = False

    def test_service(self):
        """A Service of that name chooses other Pods: it is named and stays, until it is signed for this Canary."""
        scene = self.scene('foreign-service').deploy(tag='6.0.0')
        scene.create({'apiVersion': 'v1', 'kind': 'Service',
                      'metadata': {'name': 'podinfo', 'namespace': scene.namespace},
                      'spec': {'selector': {'app': 'payments'}, 'ports': [{'name': 'http', 'port': 80}]}})
        scene.canary(manifests.analysis())
        scene.wait_message(rf'^Service podinfo\.{scene.namespace} is left alone: ')
        self.assertEqual({'app': 'payments'}, scene.get('Service')['spec']['selector'])
        self.assertIsNone(scene.route())
        self.assertEqual(1, scene.target()['spec']['replicas'])
        self.lab.client.patch('Service', scene.namespace, 'podinfo',
                              {'metadata': {'annotations': {'sluice.dev/canary': 'podinfo'}}})
        scene.initialise()
        self.assertEqual({'app': 'podinfo-primary'}, scene.get('Service')['spec']['selector'])
        self.assert_answers(scene, {'6.0.0'})

    def test_secret(self):
        """A Secret of the name that the primary's copy would have is not overwritten."""
        scene = self.scene('foreign-secret')
        secret = {'apiVersion': 'v1', 'kind': 'Secret', 'type': 'Opaque'}
        scene.create({**secret, 'metadata': {'name': 'token', 'namespace': scene.namespace},
                      'stringData': {'message': 'mine'}},
                     {**secret, 'metadata': {'name': 'token-primary', 'namespace': scene.namespace},
                      'stringData': {'message': 'another'}})
        source = {'secretKeyRef': {'name': 'token', 'key': 'message'}}
        scene.deploy(env=[{'name': 'PODINFO_UI_MESSAGE', 'valueFrom': source}]).canary(manifests.analysis())
        scene.wait_message(rf'^Secret token-primary\.{scene.namespace} is left alone: ')
        self.assertIsNone(scene.primary())
        self.assertNotIn('ownerReferences', scene.get('Secret', 'token-primary')['metadata'])
        self.lab.client.delete('Secret', scene.namespace, 'token-primary')
        scene.initialise()
        self.assertEqual('Canary', scene.get('Secret', 'token-primary')['metadata']['ownerReferences'][0]['kind'])

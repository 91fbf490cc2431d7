"""What keeps Istio from following the weights is told, and is true: requests of a real gateway and a real sidecar show
it."""
import manifests
import network
from scenario import Scenario
from waiting import wait_for

OUTSIDE = ['istio-system/public-gateway']
BOTH = OUTSIDE + ['mesh']


class Defeated(Scenario):
    flagger_too = False  # it tells nothing of this

    def canary(self, namespace, service=None, prepare=()):
        """A Canary at rest whose release will stay at 50 percent."""
        scene = self.scene(namespace).create(*prepare).deploy(tag='6.0.0')
        gate = self.hook(scene, 'gate', 'confirm-promotion')
        self.hooks.answer(f'/{namespace}/gate', status=403)
        scene.canary(manifests.analysis([gate], metrics=None, stepWeight=50), service=service)
        return scene.initialise()

    def to_half(self, scene):
        """Its release at 50 percent, also in the routes of the gateway."""
        scene.set_image('6.0.1')
        scene.wait_weight(50)
        return scene

    def assert_told(self, scene, text):
        """An event, once, and the condition."""
        event = scene.wait_message(rf'^The mesh does not follow the weights of podinfo\.{scene.namespace} everywhere: '
                                   rf'{text}', 20)
        scene.wait(lambda: self.condition(scene).get('status') == 'False', 20, 'the condition WeightsEffective')
        self.assertRegex(self.condition(scene)['message'], text)
        self.assertEqual(1, scene.messages().count(event), scene.story())

    def assert_untold(self, scene):
        self.assertEqual({}, self.condition(scene))
        self.assertEqual([], [message for message in scene.messages() if 'does not follow the weights' in message])

    def condition(self, scene):
        return next((c for c in scene.status().get('conditions') or [] if c['type'] == 'WeightsEffective'), {})

    def address(self, scene, name='podinfo', port=manifests.PORT):
        """The address that a client in the cluster finds for a Service: its ClusterIP; a Pod's if it is headless."""
        ip = scene.get('Service', name)['spec']['clusterIP']
        if ip == 'None':
            slices = self.lab.client.list('EndpointSlice', scene.namespace,
                                          labelSelector=f'kubernetes.io/service-name={name}')
            ip = slices[0]['endpoints'][0]['addresses'][0]
        return f'{ip}:{port}'

    def assert_from_client(self, scene, versions, address, host, **how):
        """Requests of the program behind the sidecar are answered by these versions; None: with 503."""
        wanted, last = {(200, version) if version else (503, None) for version in versions}, {}

        def answered():
            last['seen'] = self.lab.from_client(address, host, **how)
            return set(last['seen']) == wanted
        scene.wait(answered, 20, lambda: f'answers {wanted} to the client, not {dict(last["seen"])}')

    # --- none of it ---

    def test_followed(self):
        """Control: at port 80, for the gateway and for sidecars, both follow the weights and nothing is told."""
        scene = self.to_half(self.canary('followed', service={'port': 80, 'gateways': BOTH}))
        self.assert_answers(scene, {'6.0.0', '6.0.1'})
        address = self.address(scene, port=80)
        for host in (f'podinfo.{scene.namespace}', scene.host()):
            self.assert_from_client(scene, {'6.0.0', '6.0.1'}, address, host)
        self.assert_untold(scene)

    # --- another VirtualService ---

    def test_older_rival(self):
        """An older VirtualService has the host too: no request reaches the canary; once it is gone, they do."""
        namespace = 'rival'
        rival = {'apiVersion': 'networking.istio.io/v1', 'kind': 'VirtualService',
                 'metadata': {'name': 'legacy', 'namespace': namespace},
                 'spec': {'hosts': [manifests.host(namespace)], 'gateways': OUTSIDE,
                          'http': [{'route': [{'destination': {'host': 'podinfo-primary',
                                                               'port': {'number': manifests.PORT}}}]}]}}
        scene = self.canary(namespace, prepare=[rival])
        self.assert_told(scene,
                         rf'VirtualService legacy\.{namespace} is older and has host {manifests.host(namespace)} too')
        self.to_half(scene)
        canary = f'podinfo-canary.{namespace}'
        wait_for(lambda: self.lab.ingress.endpoints(canary), 20, 'the gateway to know the canary')
        seen = self.sample(scene, 100)
        self.notes.append(f'at weight 50, 100 requests beside an older VirtualService: {dict(seen)}')
        self.assertEqual({(200, '6.0.0'): 100}, seen)
        self.lab.client.delete('VirtualService', namespace, 'legacy')
        self.assert_answers(scene, {'6.0.0', '6.0.1'})
        scene.wait(lambda: not self.condition(scene), 20, 'the condition to go')

    # --- the Service ---

    def test_headless(self):
        """A sidecar hands requests for a headless Service to the Pod that the client chose; the gateway follows the
        weights."""
        scene = self.canary('headless', service={'headless': True, 'gateways': BOTH, 'port': manifests.PORT})
        self.assert_told(scene,
                         r'spec\.service\.headless: sidecars send requests to the Pod that the client has chosen')
        self.to_half(scene)
        self.assert_answers(scene, {'6.0.0', '6.0.1'})
        seen = self.lab.from_client(self.address(scene), f'podinfo.{scene.namespace}:{manifests.PORT}', count=100)
        self.notes.append(f'at weight 50, 100 requests through a sidecar to a headless Service: {dict(seen)}')
        self.assertEqual({(200, '6.0.0'): 100}, seen)

    def test_port(self):
        """Sidecars look for port 80 behind a host that is no Service: 503. For the Service's own host they follow the
        weights."""
        scene = self.canary('other-port', service={'gateways': BOTH})
        self.assert_told(scene,
                         rf'spec\.service\.port {manifests.PORT}: requests from inside of the mesh to {scene.host()} '
                         rf'are answered with 503')
        self.to_half(scene)
        self.assert_answers(scene, {'6.0.0', '6.0.1'})
        self.assert_from_client(scene, {None}, self.address(scene, port=80), scene.host())
        self.assert_from_client(scene, {'6.0.0', '6.0.1'}, self.address(scene),
                                f'podinfo.{scene.namespace}:{manifests.PORT}')

    def test_discovered_ports_gateway_first(self):
        """Requests from inside of the mesh for another of the ports go to the one that is named."""
        scene = self.canary('ports-gateway', service={'gateways': BOTH, 'portDiscovery': True})
        self.assert_told(scene,
                         r'spec\.service\.portDiscovery with a gateway and mesh: requests from inside of the mesh to '
                         r'the other ports')
        self.assert_answers(scene, {'6.0.0'})
        # Nothing listens behind port 9797, so an answer can only be that of port 9898.
        self.assert_from_client(scene, {'6.0.0'}, self.address(scene, port=9797), f'podinfo.{scene.namespace}:9797')

    def test_discovered_ports_mesh_first(self):
        """Requests through the gateway are answered with 503."""
        scene = self.canary('ports-mesh', service={'gateways': BOTH[::-1], 'portDiscovery': True})
        self.assert_told(scene,
                         r'spec\.service\.portDiscovery with mesh as the first of gateways: requests through the '
                         r'others are answered with 503')
        scene.wait(lambda: self.lab.ingress.weights(scene.host()), 20, 'routes in the gateway')
        self.assertEqual({(503, None): 20}, self.sample(scene, 20))
        self.assert_from_client(scene, {'6.0.0'}, self.address(scene), f'podinfo.{scene.namespace}:{manifests.PORT}')
        # nothing listens there
        self.assert_from_client(scene, {None}, self.address(scene, port=9797), f'podinfo.{scene.namespace}:9797')

"""What the engine writes, seen by Istio itself: its webhook lets it pass, and its tools find no error in it."""
import json

import manifests
from api import ApiError
from scenario import Scenario

BOTH = ['istio-system/public-gateway', 'mesh']

WRONG = {'apiVersion': 'networking.istio.io/v1', 'kind': 'VirtualService',
         'metadata': {'name': 'wrong', 'namespace': 'default'},
         'spec': {'hosts': ['a.example.com'], 'http': [{'route': [{'destination': {'host': 'a'}, 'weight': -1}]}]}}

# Canaries that use what Canaries can say about a route; the other scenarios' plain ones are judged too.
VARIANTS = {
    'ab': {'analysis': {'stepWeight': None, 'maxWeight': None, 'iterations': 3, 'match': [
        {'headers': {'user-agent': {'regex': '.*Firefox.*'}}}, {'headers': {'cookie': {'exact': 'canary=always'}}}]}},
    'mirror': {'analysis': {'stepWeight': None, 'maxWeight': None, 'iterations': 3, 'mirror': True,
                            'mirrorWeight': 50}},
    'routes': {'service': {
        'gateways': BOTH, 'port': 80, 'appProtocol': 'http', 'match': [{'uri': {'prefix': '/api'}}],
        'rewrite': {'uri': '/'}, 'timeout': '15s',
        'retries': {'attempts': 3, 'perTryTimeout': '1s', 'retryOn': 'gateway-error,connect-failure,refused-stream'},
        'headers': {'request': {'add': {'x-by': 'sluice'}}, 'response': {'remove': ['server']}},
        'corsPolicy': {'allowOrigins': [{'exact': 'https://example.com'}], 'allowMethods': ['GET'],
                       'allowCredentials': False, 'maxAge': '24h'}}},
    'policy': {'service': {'gateways': BOTH, 'port': 80, 'trafficPolicy': {
        'loadBalancer': {'simple': 'LEAST_REQUEST'}, 'connectionPool': {'http': {'http1MaxPendingRequests': 100}},
        'outlierDetection': {'consecutive5xxErrors': 7, 'interval': '5m', 'baseEjectionTime': '15m'},
        'tls': {'mode': 'DISABLE'}}}},
    'several-ports': {'service': {'gateways': None, 'hosts': None, 'portDiscovery': True}},
    'delegate': {'service': {'delegation': True, 'gateways': None, 'hosts': None}},
}


class Variants(Scenario):
    flagger_too = False

    def test_webhook(self):
        """Control: the webhook is there, and refuses what is wrong."""
        with self.assertRaisesRegex(ApiError, 'rev.validation.istio.io'):
            self.lab.client.create(WRONG)

    def test_written(self):
        """All of them get their objects past it, and a release of each moves its route."""
        scenes = {}
        for name, variant in VARIANTS.items():
            scenes[name] = self.scene(f'variant-{name}').deploy(tag='6.0.0')
            analysis = manifests.analysis(metrics=None, **{'stepWeight': 50, **variant.get('analysis', {})})
            scenes[name].canary(analysis, service=variant.get('service'))
        for scene in scenes.values():
            scene.initialise()
        begun = {name: scene.route()['metadata']['generation'] for name, scene in scenes.items()}
        for scene in scenes.values():
            scene.set_image('6.0.1')
        for name, scene in scenes.items():
            scene.wait(lambda: scene.route()['metadata']['generation'] > begun[name], 60, 'a write of its route')


class Analysed(Scenario):
    when = 'after'
    flagger_too = False

    def test_analyze(self):
        """`istioctl analyze` over the whole cluster has no error but one that is meant, and `istioctl validate` has
        none at all."""
        _, out, err = self.lab.istioctl('analyze', '--all-namespaces', '--output', 'json')
        findings = [f for f in json.loads(out or '[]') if f['level'] != 'Info']
        self.notes += sorted({f"{f['level']} {f['code']} {f['origin']}: {f['message']}" for f in findings})
        self.assertEqual([], [f for f in findings if f['level'] == 'Error' and not self.is_meant(f)], err)
        written = [thing for kind in ('VirtualService', 'DestinationRule') for thing in self.lab.client.list(kind)]
        if not written:
            self.skipTest('no other scenario has run')
        self.assertEqual((0, ''), self.validate(written))
        self.assertNotEqual(0, self.validate([WRONG])[0], 'it would have told')

    def validate(self, things):
        """(exit status, what is wrong)."""
        status, _, err = self.lab.istioctl('validate', '-f', '-',
                                           stdin='\n---\n'.join(json.dumps(thing) for thing in things))
        return status, err if status != 0 else ''

    def is_meant(self, finding):
        """Istio calls a destination ambiguous that names none of several ports. Sidecars take the port that was asked
        for, which is what portDiscovery is for; test_discovered_ports_mesh_first shows it, and that the gateway's part
        is told."""
        namespace, name = finding['origin'].split()[1].split('/')
        return finding['code'] == 'IST0112' and self.lab.get('Canary', namespace,
                                                             name)['spec']['service'].get('portDiscovery', False)

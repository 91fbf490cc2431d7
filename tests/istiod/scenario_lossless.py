"""Whole releases under steady traffic through the gateway: no request is lost while istiod and Envoy follow."""
import manifests
from scenario import Scenario

RATE = 80  # requests a second
RETRIES = {'attempts': 0}  # or Envoy would hide what is lost
# The new version ends at once when it is told to, as most programs do. The old one serves until all proxies know: how
# the primary's own rolling update ends its Pods is Kubernetes' business, not the engine's.
AT_ONCE, SLOWLY = ({'preStop': {'sleep': {'seconds': seconds}}} for seconds in (0, 4))


def deployment(namespace, lifecycle=SLOWLY):
    whole = manifests.deployment(namespace, tag='6.0.0', replicas=2)
    pod = whole['spec']['template']['spec']
    pod['terminationGracePeriodSeconds'], pod['containers'][0]['lifecycle'] = 5, lifecycle
    return whole


def own_route(namespace):
    """What an application without a Canary has: a Service for its Pods and a VirtualService that leads to it."""
    meta = {'name': manifests.NAME, 'namespace': namespace}
    port = {'name': 'http', 'port': manifests.PORT, 'targetPort': manifests.PORT}
    return [
        {'apiVersion': 'v1', 'kind': 'Service', 'metadata': meta,
         'spec': {'selector': {'app': manifests.NAME}, 'ports': [port]}},
        {'apiVersion': 'networking.istio.io/v1', 'kind': 'VirtualService', 'metadata': meta, 'spec': {
            'hosts': [manifests.host(namespace)], 'gateways': ['istio-system/public-gateway'],
            'http': [{'route': [{'destination': {'host': manifests.NAME}}], 'retries': RETRIES}]}},
    ]


class Lossless(Scenario):
    flagger_too = False  # it scales the canary down before the proxies know, and loses some

    def release(self, namespace):
        """A release at 50 percent after 25, the requests to it so far, and a hook that judges it: both of what follows
        begins here."""
        scene = self.scene(namespace).create(deployment(namespace))
        judge = self.hook(scene, 'judge', 'rollout')
        scene.canary(manifests.analysis([judge], metrics=None, threshold=1, stepWeight=25),
                     service={'retries': RETRIES}).initialise()
        self.assert_answers(scene, {'6.0.0'})
        stream = self.traffic(scene, rate=RATE)
        scene.set_image('6.0.1', lifecycle=AT_ONCE)
        for weight in (25, 50):
            self.await_weight(scene, weight)
        return scene, stream

    def await_weight(self, scene, weight):
        """The Canary's share, and then the one in the routes that istiod made for the gateway."""
        scene.wait_weight(weight)
        wanted = {f'podinfo-{role}.{scene.namespace}': share for role,
                  share in (('primary', 100 - weight), ('canary', weight)) if share > 0}
        scene.wait(lambda: self.lab.ingress.weights(scene.host()) == wanted, 10,
                   lambda: f"{wanted} in the gateway's routes, not {self.lab.ingress.weights(scene.host())}")

    def await_gone(self, scene):
        """The canary has no Pods, and the gateway knows it."""
        scene.wait(lambda: not self.lab.ingress.endpoints(f'podinfo-canary.{scene.namespace}'), 30,
                   'the gateway to forget the canary')
        self.assertEqual((100, 0), scene.routes[-1][0][:2])

    def assert_lossless(self, scene, stream, versions):
        """Requests of the whole release and of two seconds after it: all were answered, and both versions took part."""
        least = sum(stream.seen().values()) + 2 * RATE // 2
        scene.wait(lambda: sum(stream.seen().values()) >= least, 30, 'requests after the release')
        stream.stop()
        seen = stream.seen()
        lost = {answer: count for answer, count in seen.items() if answer[0] != 200}
        self.notes.append(f'{sum(seen.values())} requests, {sum(lost.values())} lost {lost or ""}'.rstrip())
        self.assertEqual({}, lost, scene.story())
        self.assertEqual(versions, stream.versions())

    def test_promotion(self):
        """25 and 50 percent, promoted."""
        scene, stream = self.release('promoted')
        scene.wait_phase('Succeeded')
        self.await_gone(scene)
        self.assert_lossless(scene, stream, {'6.0.0', '6.0.1'})
        self.assert_steps(scene, [0, 25, 50, 0])
        self.assert_promoted(scene, '6.0.1')

    def test_rollback(self):
        """25 and 50 percent, then the judge says no."""
        scene, stream = self.release('rolled-back')
        self.hooks.answer(f'/{scene.namespace}/judge', status=500)
        scene.wait_phase('Failed')
        self.await_gone(scene)
        self.assert_lossless(scene, stream, {'6.0.0', '6.0.1'})
        self.assert_steps(scene, [0, 25, 50, 0])
        self.assert_answers(scene, {'6.0.0'})

    def test_initialisation(self):
        """An application that has its Service, its route and its users already gets a Canary."""
        scene = self.scene('adopted').create(deployment('adopted', AT_ONCE), *own_route('adopted'))
        self.assert_answers(scene, {'6.0.0'})
        stream = self.traffic(scene, rate=RATE)
        scene.wait(lambda: sum(stream.seen().values()) > RATE, 30, 'requests before the Canary')
        scene.canary(manifests.analysis(metrics=None), service={'retries': RETRIES}).initialise()
        scene.wait(lambda: not self.lab.ingress.endpoints('podinfo-canary.adopted'), 30,
                   'the gateway to forget the target')
        self.assert_lossless(scene, stream, {'6.0.0'})

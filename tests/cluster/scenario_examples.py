"""Strategies and checks of examples/ decide real releases, wherever their engine is killed."""
import pathlib
import time

import manifests
import prometheus3
from engine import Engine
from scenario import Scenario, long
from scenario_rollout import PHASES, story_begin, story_end, story_promote, story_start, story_steps

EXAMPLES = pathlib.Path(__file__).parents[2] / 'examples'
INSIDER, REGIONAL = {'x-ring': 'insider'}, {'x-region': 'eu-west'}
MATCHED = 'Requests to podinfo.{} that match go to the canary'


def adapted(text, namespace):
    """What a user changes in a copy of an example: namespace, name, image, port and host."""
    for old, new in (('shop.example.com', manifests.host(namespace)), ('shop/web:', 'stefanprodan/podinfo:'),
                     ('name: shop', f'name: {namespace}'), ('namespace: shop', f'namespace: {namespace}'),
                     ('name: web', f'name: {manifests.NAME}'), ('app: web', f'app: {manifests.NAME}'),
                     ('8080', str(manifests.PORT))):
        text = text.replace(old, new)
    return text


# The checks for few requests that the engine brings. On a machine that is busy, a Pod that has just been started is
# slower indeed, by less than these bounds.
BOUNDS = [250, 500, 1000, 2500, 5000, 10000]
FEW = [{'name': name, 'interval': '1m', 'checkRef': {'name': check, 'params': params}} for name, check, params in (
    ('errors', 'sequential-success-rate', {'at_least': '8%'}),
    ('latency', 'latency-regression', {'quantile': 0.9, 'bounds': BOUNDS}),
    ('budget', 'burn-rate', {'objective': 99}))]
# With the power of 80 % that the example has, about one of 30 versions of which every ninth answer is an error passes
# the first share by luck; with this, one of 2,000.
SURE = [{**FEW[0], 'checkRef': {'name': 'sequential-success-rate', 'params': {'at_least': '8%', 'power': '99%'}}}]


class Example(Scenario):
    flagger_too = False

    def apply(self, example, script, analysis, name=None, **spec):
        """An example in a namespace of its own, by kubectl, its Canary patched so that the release takes minutes."""
        scene = self.scene(name or example.name)
        for file in ('app.yaml', *([script] if script else []), 'canary.yaml'):
            self.lab.apply(adapted((example / file).read_text(encoding='utf-8'), scene.namespace))
        scene.edit({'spec': {'analysis': analysis, **spec}})
        return scene

    def check_taken_back(self, scene, said):
        self.assertEqual('1', scene.image(scene.primary()))
        self.assertEqual((0, 10), (scene.weights()[-1], max(scene.weights())))
        self.assertRegex('\n'.join(scene.messages()), said)
        self.assert_answers(scene, {'1'})


class Killed(Example):
    """As a strategy and a check of the examples say; the engine is killed twice in the middle."""

    when = 'apart'

    @long
    def test_promoted(self):
        scene = self.apply(EXAMPLES / 'strategies/insiders-then-region', 'strategy.yaml', {'interval': '10s'},
                           strategy={'params': {'alone': '1m'}})
        with Engine(self.lab, 'insiders', namespace=scene.namespace) as engine:
            scene.initialise()
            self.traffic(scene, rate=10)
            insiders, regional = (self.traffic(scene, rate=5, headers=headers) for headers in (INSIDER, REGIONAL))
            self.assert_ready(scene.get('Strategy', 'insiders-then-region'), 'alone, region, shares')
            scene.set_image('2')
            self.await_answers(scene, (insiders, '2'), (regional, '1'))
            self.kill(engine)
            self.await_answers(scene, (insiders, '2'), (regional, '2'))
            self.kill(engine)
            scene.wait_phase('Succeeded', 240)
            scene.wait_message(f'^{story_end(scene.namespace)[0]}$')
            self.assertEqual(0, engine.terminate(), engine.log_tail(20))
        self.check_promoted(scene)

    def test_taken_back(self):
        said = r'errors: \d+\.\d % more errors than the primary, at most 2 % wanted'
        scene = self.apply(EXAMPLES / 'checks/compare-with-primary', 'check.yaml', {'interval': '20s'})
        with Engine(self.lab, 'compare', namespace=scene.namespace) as engine:
            scene.initialise()
            self.traffic(scene, rate=20)
            self.assert_ready(scene.get('Check', 'compare-with-primary'), 'max_more')
            scene.set_image('2', env=[{'name': 'PODINFO_RANDOM_ERROR', 'value': 'true'}])
            scene.wait_weight(10)
            self.traffic(scene, role='canary', rate=20)  # every ninth answer is a 500, and they are not left to chance
            self.kill(engine)
            scene.wait_message(said)
            self.kill(engine)
            scene.wait_phase('Failed', 240)
            self.assertEqual(0, engine.terminate(), engine.log_tail(20))
        self.check_taken_back(scene, said)

    def assert_ready(self, script, parameters):
        status = script['status']
        self.assertEqual(('True', parameters), (status['conditions'][0]['status'], status['parameters']))

    def await_answers(self, scene, *streams):
        """Until each of these streams is answered by its version alone."""
        def told():
            return ', '.join(f'{stream.headers} by {version}' for stream, version in streams)

        def answered():
            since = time.monotonic() - 2
            return all(stream.versions(since) == {version} for stream, version in streams)
        scene.wait(answered, 180, told)

    def kill(self, engine):
        engine.kill9()
        engine.start()

    def check_promoted(self, scene):
        ns = scene.namespace
        self.assert_steps(scene, [0, 100, 10, 50, 0])
        self.assert_phases(scene, PHASES)
        told = [text for text in scene.messages() if 'Halt' not in text]
        # One that is told twice in a row is one text here, with how often in the event.
        self.assertEqual(story_begin(ns) + story_start(ns) + [MATCHED.format(ns)] + story_steps(ns, 10, 50)
                         + story_promote(ns) + story_end(ns), told, scene.story())
        self.assert_promoted(scene, '2')


class FewRequests(Example):
    @long
    def test_good_and_bad(self):
        """Ten requests in a round to the canary: a good version waits until they are enough, for Prometheus 3, and one
        of which every ninth answer is an error is taken back after a few errors."""
        example = EXAMPLES / 'checks/low-traffic'
        bad = self.apply(example, None, {'interval': '10s', 'metrics': SURE}, name='few-bad')
        server = self.lab.start_prometheus('few-requests', prometheus3.folder() / 'prometheus')
        good = self.apply(example, None, {'interval': '10s', 'metrics': FEW}, name='few-good', metricsServer=server)
        for scene in (good, bad):
            scene.initialise()
            self.traffic(scene, rate=10)
        good.set_image('2')
        bad.set_image('2', env=[{'name': 'PODINFO_RANDOM_ERROR', 'value': 'true'}])
        bad.wait_phase('Failed', 240)
        good.wait_phase('Succeeded', 400)
        blind = [text for text in good.messages() if 'is blind' in text]
        self.assertRegex(blind[0], r'errors is blind: 0 of \d+ requests to the canary failed, 0 of \d+ to the primary; '
                         r'\d+ more are needed to see 8 %')
        self.assert_promoted(good, '2')
        evidence = good.get('Release', 'podinfo-1')['status']['evidence']
        passed = {each['metric']: each for each in evidence if each['verdict'] == 'pass'}
        self.assertEqual({'errors', 'latency', 'budget'}, set(passed))
        for each in passed.values():
            self.assertLessEqual(each['needed'], each['samples'], each)
        self.assertRegex(passed['latency']['query'], r'le=~"\d+\(\[\.\]0\)\?"')
        self.check_taken_back(bad, r'errors: \d+ of \d+ requests to the canary failed, 0 of \d+ to the primary, '
                              'at most 2 wanted')

"""Strategies of a team's own: a script that decides real releases, wherever its engine is killed."""
import pathlib

import manifests
from engine import Engine
from scenario import Scenario
from scenario_rollout import PHASES, story_begin, story_end, story_promote, story_start, story_steps

GENTLE_SHARES = pathlib.Path(__file__).parents[2] / 'examples/scenarios/objects/gentle-shares.yaml'


class Strategies(Scenario):
    when = 'alone'
    flagger_too = False

    def prepare(self, namespace, **params):
        """The example's Strategy in a namespace of its own, and a Canary that names it."""
        scene = self.scene(namespace).deploy(tag='6.0.0')
        self.lab.apply(GENTLE_SHARES.read_text(encoding='utf-8').replace('namespace: shop', f'namespace: {namespace}'))
        analysis = manifests.analysis(threshold=2, maxWeight=None, stepWeight=None)
        return scene.canary(analysis, strategy={'name': 'gentle-shares', 'params': params})

    def test_killed(self):
        """One release is promoted and one taken back; the engine is killed in the middle of both."""
        good = self.prepare('gentle', first='15%', last=60, calm=1)
        bad = self.prepare('harsh', first=10, last=50)
        with Engine(self.lab, 'scripted') as engine:
            for scene in (good, bad):
                scene.initialise()
                self.traffic(scene, rate=10)
            ready = good.get('Strategy', 'gentle-shares')['status']
            self.assertEqual(('True', 'calm, first, last'), (ready['conditions'][0]['status'], ready['parameters']))
            good.set_image('6.0.1')
            bad.set_image('6.0.1', env=[{'name': 'PODINFO_RANDOM_ERROR', 'value': 'true'}])
            good.wait_weight(15)
            engine.kill9()
            engine.start()
            good.wait_weight(30)
            engine.kill9()
            engine.start()
            good.wait_phase('Succeeded', 150)
            bad.wait_phase('Failed', 150)
            good.wait_message(f'^Promotion completed! Scaling down podinfo.{good.namespace}$')
            self.assertEqual(0, engine.terminate(), engine.log_tail(20))
        ns = good.namespace
        self.assert_steps(good, [0, 15, 30, 60, 0])
        self.assert_phases(good, PHASES)
        self.assertEqual(story_begin(ns) + story_start(ns) + story_steps(ns, 15, 30, 60) + story_promote(ns)
                         + story_end(ns), [text for text in good.messages() if 'Halt' not in text], good.story())
        self.assert_promoted(good, '6.0.1')
        self.assertEqual('6.0.0', bad.image(bad.primary()))
        self.assertEqual(0, bad.weights()[-1])

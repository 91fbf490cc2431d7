"""Engines that die, hang and come back: releases go on, and nothing is done twice."""
import collections
import os
import random
import time

import manifests
from engine import Engine
from hooks import Answer
from scenario import Scenario
from scenario_rollout import story_begin, story_end, story_promote, story_start, story_steps
from waiting import wait_for

KILLS = 20
WRITES = ('create', 'update', 'patch', 'delete', 'deletecollection')


class Crash(Scenario):
    when = 'alone'
    flagger_too = False

    def test_twenty_kills(self):
        """kill -9 at twenty random moments while four releases run: all are promoted, every step once, hooks repeated
        under their keys only."""
        seed = int(os.environ.get('SLUICE_SEED') or random.randrange(1 << 30))
        print(f'        SLUICE_SEED={seed}', flush=True)
        chance = random.Random(seed)
        scenes = [self.prepare(f'crash-{n}') for n in range(4)]
        with Engine(self.lab, 'crashing') as engine:
            for scene in scenes:
                scene.initialise()
                self.traffic(scene, rate=10)
            for scene in scenes:
                scene.set_image('6.0.1')
            for kill in range(KILLS):
                # Most engines live for a few seconds; some die before they hold the Lease.
                time.sleep(chance.choice((chance.uniform(0.0, 1.0), chance.uniform(1.0, 8.0))))
                self.assertTrue(engine.is_running(), engine.log_tail(20))
                engine.kill9()
                engine.start()
            engine.await_ready()
            for scene in scenes:
                scene.wait_phase('Succeeded', 240)
                last = story_end(scene.namespace)[0]  # after the post-rollout hooks
                scene.wait(lambda scene=scene, last=last: last in scene.messages(), 30, last)
            self.assertEqual(0, engine.terminate(), engine.log_tail(20))
        for scene in scenes:
            with self.subTest(scene.namespace, seed=seed):
                self.check(scene)

    def prepare(self, namespace):
        """A release of six steps with a hook at every point; in the second and third round one of them fails, which
        must be counted once each."""
        scene = self.scene(namespace).deploy(tag='6.0.0')
        kinds = ('confirm-rollout', 'pre-rollout', 'rollout', 'confirm-traffic-increase', 'confirm-promotion',
                 'post-rollout')
        hooks = [self.hook(scene, kind, kind) for kind in kinds]
        keys = []

        def twice_bad(call):
            if call.key not in keys:
                keys.append(call.key)
            return Answer(500 if keys.index(call.key) in (1, 2) else 200, delay=0.3)  # time enough to be killed in
        self.hooks.answer(f'/{namespace}/rollout', by=twice_bad)
        return scene.canary(manifests.analysis(hooks, maxWeight=60, threshold=5, interval='10s'))

    def check(self, scene):
        ns = scene.namespace
        steps = [10, 20, 30, 40, 50, 60]
        self.assert_steps(scene, [0, *steps, 0])
        failed = [status.get('failedChecks', 0) for status, _ in scene.statuses if status.get('phase') == 'Progressing']
        self.assertEqual((sorted(failed), 2), (failed, max(failed)), f'two failures, never forgotten\n{scene.story()}')
        self.check_hooks(scene, rounds=len(steps) + 2)
        told = [text for text in scene.messages() if 'check' not in text]
        self.assertEqual(story_begin(ns) + story_start(ns) + story_steps(ns, *steps) + story_promote(ns)
                         + story_end(ns), told, scene.story())
        for event in self.lab.client.list('Event', ns):
            if event['message'].startswith(('Advance', 'Copying', 'Promotion', 'New revision')):
                self.assertEqual(1, event.get('count', 1), event['message'])
        self.assert_promoted(scene, '6.0.1')

    def check_hooks(self, scene, rounds):
        """Every delivery has a key of its own, and all its repetitions say the same."""
        bodies = collections.defaultdict(list)
        for call in self.hooks.calls(prefix=f'/{scene.namespace}/'):
            self.assertTrue(call.key, call.path)
            bodies[call.key].append((call.path, call.body))
        for key, said in bodies.items():
            self.assertTrue(all(one == said[0] for one in said), f'{key}: {said}')
        deliveries = collections.Counter(said[0][0].rsplit('/', 1)[1] for said in bodies.values())
        self.assertEqual({'confirm-rollout': 1, 'pre-rollout': 1, 'rollout': rounds, 'confirm-promotion': 1,
                          'post-rollout': 1},
                         {kind: n for kind, n in deliveries.items() if kind != 'confirm-traffic-increase'},
                         scene.story())


class Fencing(Scenario):
    when = 'apart'
    flagger_too = False

    def test_paused_engine_comes_back(self):
        """An engine that hangs loses the Lease to a second one; when it wakes it writes nothing and ends."""
        scene = self.scene('fencing').deploy(tag='6.0.0')
        scene.canary(manifests.analysis(stepWeight=10, maxWeight=60))
        hanging, rival = (self.lab.main.engine_user(name) for name in ('hanging', 'rival'))
        with (Engine(self.lab, 'hanging', hanging, namespace=scene.namespace) as old,
              Engine(self.lab, 'rival', rival, standby=True, namespace=scene.namespace) as new):
            self.assertTrue(old.holds_lease())
            scene.initialise()
            self.traffic(scene, rate=10)
            scene.set_image('6.0.1')
            scene.wait_weight(20)
            self.assertEqual([], self.writes(rival), 'who does not hold the Lease writes nothing')
            old.stop()
            wait_for(new.holds_lease, 150, 'the second engine holds the Lease')
            scene.wait_weight(40, 60)
            before = len(self.writes(hanging))
            old.resume()
            wait_for(lambda: not old.is_running(), 30, 'the old engine ends')
            self.assertNotEqual(0, old.process.returncode)
            scene.wait_phase('Succeeded', 150)
            self.assertEqual([], self.writes(hanging)[before:], 'a fenced engine wrote')
            self.assertEqual(0, new.terminate(), new.log_tail(20))
        self.assert_steps(scene, [0, 10, 20, 30, 40, 50, 60, 0])
        self.assert_promoted(scene, '6.0.1')

    def writes(self, user):
        """Writes that had an effect. The Lease is how it learns that it lost; those that the API server refused changed
        nothing."""
        return [(r['verb'], r['uri'], r['code']) for r in self.lab.audit(user)
                if r['verb'] in WRITES and (r['code'] or 0) < 300 and r['resource'] != 'leases']


class Ending(Scenario):
    when = 'apart'
    flagger_too = False

    def test_terminated_in_mid_run(self):
        """SIGTERM in mid-run: it ends with 0 and gives the Lease back, so that the next one goes on at once."""
        scene = self.scene('handover').deploy(tag='6.0.0').canary(manifests.analysis(stepWeight=20, maxWeight=40))
        with Engine(self.lab, 'first', namespace=scene.namespace) as first:
            scene.initialise()
            self.traffic(scene, rate=10)
            scene.set_image('6.0.1')
            scene.wait_weight(20)
            self.assertEqual(0, first.terminate(), first.log_tail(20))
            self.assertEqual('', first.lease_holder())
        with Engine(self.lab, 'next', namespace=scene.namespace) as following:
            scene.wait_phase('Succeeded')
            self.assertEqual(0, following.terminate())
        self.assert_steps(scene, [0, 20, 40, 0])
        self.assert_promoted(scene, '6.0.1')

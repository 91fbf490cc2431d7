"""From Flagger to Sluice and back, by the steps of docs/migrate.md: no release starts that nobody asked for, and no
primary is made again."""
import manifests
from control_plane import DEPLOY
from engine import Engine
from flagger import WithFlagger

# What docs/migrate.md takes from a status, so that Flagger takes the Canary for a new one with a primary.
FORGET = '{"status": {"phase": "", "lastAppliedSpec": "", "lastPromotedSpec": ""}}'
BEGUN = 'New revision detected! Scaling up'


class Migrate(WithFlagger):
    def initialise(self):
        """Canaries of every kind, as Flagger has initialised them."""
        quick = manifests.analysis(metrics=[])
        self.scenes = {name: self.scene(f'migrate-{name}') for name in (
            'plain', 'scaled', 'configured', 'blue-green', 'failed', 'halfway')}
        for name, scene in self.scenes.items():
            colour = {'name': 'COLOUR', 'valueFrom': {'configMapKeyRef': {'name': 'settings', 'key': 'colour'}}}
            scene.deploy(tag='6.0.0', env=[colour] if name == 'configured' else None)
            scene.create(manifests.config(scene.namespace, 'settings', {'colour': 'blue'}))
            if name == 'scaled':
                scene.create(manifests.autoscaler(scene.namespace))
            rounds = {'stepWeight': None, 'maxWeight': None, 'iterations': 2} if name == 'blue-green' else {}
            scene.canary(manifests.given({**quick, **rounds}),
                         autoscalerRef=manifests.AUTOSCALER_REF if name == 'scaled' else None)
        for scene in self.scenes.values():
            scene.initialise(180)

    def release(self, tag):
        """A new revision of each, which is promoted, and not that of 'failed'."""
        well = [scene for name, scene in self.scenes.items() if name != 'failed']
        for scene in well:
            scene.set_image(tag)
        for scene in well:
            scene.wait(lambda scene=scene: scene.image(scene.primary()) == tag, 240, f'{tag} at the primary')
            scene.wait_phase('Succeeded', 120)

    def begun(self):
        """How many releases each has had."""
        return {name: sum(BEGUN in text for _, text, _ in scene.events) for name, scene in self.scenes.items()}

    def primaries(self):
        return {name: (scene.primary()['metadata']['uid'], scene.primary()['spec']['template'])
                for name, scene in self.scenes.items()}

    def test_there_and_back(self):
        self.lab.kubectl('replace', '-f', self.flagger_crds())
        flagger = self.start_flagger()
        self.initialise()
        failed, halfway = self.scenes['failed'], self.scenes['halfway']
        failed.edit({'spec': {'analysis': {'webhooks': [
            {**self.hook(failed, 'no', 'pre-rollout'), 'url': 'http://127.0.0.1:9/'}]}}})
        failed.set_image('6.0.1')
        failed.wait_phase('Failed', 240)
        halfway.set_image('6.0.1')
        halfway.wait_weight(10)
        begun, primaries = self.begun(), self.primaries()
        self.lab.processes.end(flagger)

        self.lab.kubectl('apply', '--server-side', '--force-conflicts', '-f', DEPLOY / 'crds')
        with Engine(self.lab, 'migrated'):
            halfway.wait_phase('Succeeded', 240)
            for name, scene in self.scenes.items():
                scene.wait(lambda scene=scene: scene.status().get('lastTrackedRevision'), 60, 'a status of Sluice')
            self.assertEqual(begun, {**self.begun(), 'halfway': begun['halfway']})
            self.assertEqual({**primaries, 'halfway': None}, {**self.primaries(), 'halfway': None})
            self.release('6.0.2')

        begun, primaries = self.begun(), self.primaries()
        for scene in self.scenes.values():
            self.lab.kubectl('-n', scene.namespace, 'patch', 'canary', manifests.NAME, '--subresource=status',
                             '--type=merge', '-p', FORGET)
        flagger = self.start_flagger()
        for scene in self.scenes.values():
            scene.wait_phase('Initialized', 60)
        self.assertEqual((begun, primaries), (self.begun(), self.primaries()))
        self.release('6.0.3')
        self.assertEqual({name: count + (name != 'failed') for name, count in begun.items()}, self.begun())

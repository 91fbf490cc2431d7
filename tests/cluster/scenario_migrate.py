"""From Flagger to Sluice and back, by the commands of docs/migrate.md as the page has them: no release starts that
nobody asked for, and no primary is made again."""
import contextlib
import os
import re
import subprocess
import textwrap

import manifests
from control_plane import ROOT
from engine import Engine
from flagger import WithFlagger
from waiting import wait_for

PAGE = ROOT / 'docs' / 'migrate.md'
BEGUN = 'New revision detected! Scaling up'
RESTARTED = 'New revision detected! Restarting analysis'
UNDER_WAY = ('halfway', 'held')  # a release of each is at its first step when the engines change
PAUSED = ('suspended', 'held')   # and nothing happens to these before they are resumed
CANARIES = ('plain', 'scaled', 'configured', 'blue-green', 'failed', 'suspended', *UNDER_WAY)


class Operator:
    """Somebody with this page alone, who types its commands in their order."""

    def __init__(self, lab):
        page = PAGE.read_text()
        chapters = re.findall(r'^## (There|Back)\n(.*?)(?=^## |\Z)', page, flags=re.S | re.M)
        self.steps = [textwrap.dedent(step) for _, text in chapters
                      for step in re.findall(r'^ *```sh\n(.*?)^ *```\n', text, flags=re.S | re.M)]
        bin_folder = lab.folder / 'operator'
        bin_folder.mkdir()
        (bin_folder / 'kubectl').write_text(f'#!/bin/sh\nexec {lab.parts / "stack"} kubectl "$@"\n')
        (bin_folder / 'kubectl').chmod(0o755)
        self.environment = {'PATH': f'{bin_folder}:{os.environ["PATH"]}', 'HOME': str(lab.folder),
                            'KUBECONFIG': str(lab.main.admin.kubeconfig)}

    def type(self, part):
        """The page's next step, which has this part."""
        step = self.steps.pop(0)
        if part not in step:
            raise AssertionError(f'{PAGE.name}: the next step is not "{part}":\n{step}')
        done = subprocess.run(['bash', '-e', '-o', 'pipefail', '-c', step], cwd=ROOT, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        if done.returncode != 0:
            raise AssertionError(f'{PAGE.name}: {step}{done.stdout}')
        return done.stdout


class Migrate(WithFlagger):
    def setUp(self):
        super().setUp()
        self.operator = Operator(self.lab)

    def install_flagger(self):
        """Its CRDs, and a Deployment whose Pod is one by name only."""
        self.lab.kubectl('replace', '-f', self.flagger_crds())
        self.lab.kubectl('create', 'namespace', 'flagger-system')
        for name in ('account', 'deployment'):
            path = self.flagger_folder() / f'kustomize/base/flagger/{name}.yaml'
            self.lab.kubectl('-n', 'flagger-system', 'create', '-f', path)
        wait_for(lambda: self.pods('flagger-system') == 1, 60, "Flagger's Pod")

    def pods(self, namespace):
        return len(self.lab.client.list('Pod', namespace))

    def initialise(self):
        """Canaries of every kind, as Flagger has initialised them."""
        quick = manifests.analysis(metrics=[])
        self.scenes = {name: self.scene(f'migrate-{name}') for name in CANARIES}
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

    def take_back(self, scene, tag):
        """A revision that the acceptance test does not let through."""
        scene.edit({'spec': {'analysis': {'webhooks': [
            {**self.hook(scene, 'no', 'pre-rollout'), 'url': 'http://127.0.0.1:9/'}]}}})
        scene.set_image(tag)
        scene.wait_phase('Failed', 240)

    def leave(self, tag, hold):
        """As the other engine finds it: a release under way, one that is held by hold(), and a revision that came when
        its Canary was suspended."""
        for name in UNDER_WAY:
            self.scenes[name].set_image(tag)
        for scene in (self.scenes[name] for name in UNDER_WAY):
            scene.wait(lambda scene=scene: scene.status().get('canaryWeight') == 10, 120, 'traffic')
        hold(self.scenes['held'])
        self.scenes['suspended'].edit(SUSPEND)
        self.scenes['suspended'].set_image(tag)

    def release(self, tag, names):
        """A new revision of each, which is promoted."""
        for name in names:
            self.scenes[name].set_image(tag)
        for name in names:
            self.await_promoted(name, tag)

    def await_promoted(self, name, tag):
        scene = self.scenes[name]
        scene.wait(lambda: scene.image(scene.primary()) == tag, 240, f'{tag} at the primary')
        scene.wait_phase('Succeeded', 120)

    def counts(self, text=BEGUN):
        """How often each has said so."""
        return {name: sum(text in message for _, message, _ in scene.events) for name, scene in self.scenes.items()}

    def primaries(self, names=CANARIES):
        return {name: (primary['metadata']['uid'], primary['spec']['template'])
                for name in names for primary in [self.scenes[name].primary()]}

    def assert_still(self):
        """What is paused has the share of traffic that it had."""
        self.assertEqual([0, 10], [self.scenes[name].status().get('canaryWeight') for name in PAUSED])
        self.assertEqual([(100, 0), (90, 10)], [self.scenes[name].routes[-1][0][:2] for name in PAUSED])

    def test_there_and_back(self):
        others = [name for name in CANARIES if name not in UNDER_WAY]
        well = [name for name in CANARIES if name not in ('failed', *PAUSED)]
        self.install_flagger()
        flagger = self.start_flagger()
        self.initialise()
        self.take_back(self.scenes['failed'], '6.0.1')
        self.leave('6.0.1', hold=lambda scene: scene.edit(SUSPEND))
        begun, primaries = self.counts(), self.primaries(others)

        self.operator.type('apply --server-side')
        self.operator.type('scale deployment/flagger --replicas=0')
        self.assertEqual(0, self.pods('flagger-system'), 'the page waits for its end')
        self.lab.processes.end(flagger)
        self.operator.type('kubectl apply -k deploy')
        with contextlib.ExitStack() as sluice:
            sluice.enter_context(Engine(self.lab, 'migrated'))
            self.await_promoted('halfway', '6.0.1')
            for name in set(others) - set(PAUSED):
                scene = self.scenes[name]
                scene.wait(lambda scene=scene: scene.status().get('lastTrackedRevision'), 60, 'a status of Sluice')
            self.assertEqual(begun, {**self.counts(), 'halfway': begun['halfway']})
            self.assertEqual(primaries, self.primaries(others))
            self.assert_still()
            told = self.operator.type('get releases -A')
            self.assertEqual(['migrate-halfway'], re.findall(r'^(migrate-\S+) +podinfo-\d', told, flags=re.M))
            for name in PAUSED:
                self.scenes[name].edit(RESUME)
                self.await_promoted(name, '6.0.1')
            self.release('6.0.2', [name for name in CANARIES if name != 'failed'])

            self.leave('6.0.3', hold=lambda scene: scene.edit({'metadata': {'annotations': {
                'sluice.dev/pause': 'INC-4711'}}}))
            begun, restarted, primaries = self.counts(), self.counts(RESTARTED), self.primaries(others)
            told = self.operator.type('"suspend": true')
            self.assertEqual('canary.flagger.app/podinfo patched\n', told)
            self.operator.type('scale deployment/sluice --replicas=0')
            self.assertEqual(0, self.pods('sluice-system'), 'the page waits for their end')
        self.operator.type('--subresource=status')
        self.operator.type('scale deployment/flagger --replicas=1')
        self.assertEqual([], self.operator.steps, 'not typed')
        flagger = self.start_flagger()
        for name in set(others) - set(PAUSED):
            self.scenes[name].wait_phase('Initialized', 60)
        self.await_promoted('halfway', '6.0.3')
        self.assertEqual((begun, primaries), (self.counts(), self.primaries(others)))
        self.assert_still()

        self.resume_under_flagger('6.0.3')
        self.assertEqual({**restarted, **{name: restarted[name] + 1 for name in UNDER_WAY}}, self.counts(RESTARTED))
        self.release('6.0.4', well)
        wanted = {name: begun[name] + (name in well) for name in CANARIES}
        self.assertEqual({**wanted, 'suspended': begun['suspended'] + 1}, self.counts())

    def resume_under_flagger(self, tag):
        """The one goes on, and the other one's revision needs the edit that the page says."""
        held, suspended = (self.scenes[name] for name in ('held', 'suspended'))
        for scene in (held, suspended):
            scene.edit(RESUME)
        suspended.wait_phase('Initialized', 60)
        self.await_promoted('held', tag)
        self.assertEqual('6.0.2', suspended.image(suspended.primary()))
        self.lab.kubectl('-n', suspended.namespace, 'rollout', 'restart', f'deployment/{manifests.NAME}')
        self.await_promoted('suspended', tag)


SUSPEND, RESUME = ({'spec': {'suspend': suspended}} for suspended in (True, False))

"""What every scenario starts from: the lab, an engine, namespaces of its own, traffic and hooks that end with it."""
import pathlib
import unittest

import engine
import manifests
from hooks import Hooks
from records import Records, seen
from scene import Scene
from traffic import Traffic, sample
from waiting import Timeout, wait_for


def long(test):
    """A story of minutes: it begins first, so that nobody waits for it alone at the end."""
    test.is_long = True
    return test


class Scenario(unittest.TestCase):
    """A user's story against the real thing.

    when = 'together'   beside the others, all under one engine, each in namespaces of its own
           'after'      alone, under the same engine, when those have ended
           'apart'      beside the others of this kind: each starts its own engines, which see its one namespace
           'alone'      with the lab to itself: its engines see all namespaces
    """

    when = 'together'
    flagger_too = True  # may run with Flagger in Sluice's place; False: about what only Sluice does
    releases_replay = True  # each Release is played again at the end; False: some are forged
    longMessage = True
    maxDiff = None

    lab = None         # set by runner.py before the first scenario
    notes = ()         # what it has measured, for whoever reads the outcome
    engine = None      # the common engine, None in 'apart' and 'alone'
    transcripts = None  # folder to keep transcripts in
    records = Records()  # of all scenarios

    @classmethod
    def prepare(cls, lab):
        """What it changes in the lab before those begin that run beside it."""

    def setUp(self):
        if engine.reference() and not self.flagger_too:
            self.skipTest('about what only Sluice does')
        self._open_scenes = []
        self.notes = []
        self.hooks = Hooks()
        self.addCleanup(self.hooks.close)

    def scene(self, namespace, lab=None, **how):
        """A new namespace; its transcript is kept and its record closed at the end. `lab`: another than the common one;
        who ends it must finish() the scene before."""
        scene = Scene(lab or self.lab, namespace, **how)
        self._open_scenes.append(scene)
        self.addCleanup(self.finish, scene)
        return scene

    def finish(self, scene):
        """As long as its API server lives: at the end, or by a scenario whose lab ends before."""
        if scene not in self._open_scenes:
            return
        self._open_scenes.remove(scene)
        if self.releases_replay and not engine.reference():
            self._replay(scene)
        scene.close()
        if self.transcripts is not None:
            name = scene.namespace if scene.lab is self.lab else f'{scene.namespace}-elsewhere'
            scene.save(pathlib.Path(self.transcripts) / name, self.hooks)

    def _replay(self, scene):
        """The record of each release agrees with itself, and with what happened."""
        releases = [each for each in scene.lab.client.list('Release', scene.namespace)
                    if each['spec']['canary'] == manifests.NAME]
        stories = []
        for release in sorted(releases, key=lambda each: int(each['metadata']['name'].rpartition('-')[2])):
            with self.subTest(release=release['metadata']['name']):
                stories.append(self.records.check(release))
        with self.subTest('the records'):
            seen(stories, scene.weights(), scene.status().get('phase'))

    def user(self, namespace, name, rules):
        """A user who may do what the rules of a Role say, in this namespace, and nothing else."""
        rbac, about = 'rbac.authorization.k8s.io', {'name': name, 'namespace': namespace}
        create = self.lab.client.create
        create({'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': about})
        create({'apiVersion': f'{rbac}/v1', 'kind': 'Role', 'metadata': about, 'rules': rules})
        create({'apiVersion': f'{rbac}/v1', 'kind': 'RoleBinding', 'metadata': about,
                'roleRef': {'apiGroup': rbac, 'kind': 'Role', 'name': name},
                'subjects': [{'kind': 'ServiceAccount', **about}]})
        return self.lab.main.token_user(name, namespace, name)

    def traffic(self, scene, role='', **how):
        """Steady requests to a scene until the scenario ends or stop()."""
        stream = Traffic(self.lab.gateway, scene.host(role), **how)
        stream.__enter__()
        self.addCleanup(stream.stop)
        return stream

    def sample(self, scene, count=20, role='', **how):
        return sample(self.lab.gateway, scene.host(role), count, **how)

    def hook(self, scene, name, kind, **fields):
        """A webhook of a Canary that our recorder answers."""
        return {'name': name, 'type': kind, 'url': self.hooks.url(f'/{scene.namespace}/{name}'), 'timeout': '5s',
                'metadata': {'cmd': f'run {name}'}, **fields}

    def hook_calls(self, scene, name):
        return self.hooks.calls(f'/{scene.namespace}/{name}')

    # --- assertions ---

    def assert_messages(self, scene, expected, since=0.0):
        """The story is this one: texts, or compiled patterns. Its last event may come after the status that a scenario
        waited for."""
        def told():
            story = scene.messages(since)
            return len(story) == len(expected) and all(
                want.search(text) if hasattr(want, 'search') else want == text for want, text in zip(expected, story))
        try:
            wait_for(told, 10, 'the story')
        except Timeout:
            wanted = [want.pattern if hasattr(want, 'pattern') else want for want in expected]
            self.assertEqual(wanted, scene.messages(since), f'\n{scene.story()}')

    def assert_phases(self, scene, phases):
        """It went through these phases; our watch may be a little behind what was asked for."""
        try:
            wait_for(lambda: scene.phases() == phases, 10, 'the phases')
        except Timeout:
            self.assertEqual(phases, scene.phases(), f'\n{scene.story()}')

    def assert_steps(self, scene, steps):
        """The canary's share went through these values and no other."""
        try:
            wait_for(lambda: scene.weights() == steps, 10, 'the weights')
        except Timeout:
            self.assertEqual(steps, scene.weights(), f'\n{scene.story()}')

    def assert_promoted(self, scene, tag):
        """The primary runs this image, takes all traffic, and the target is at zero."""
        self.assertEqual(tag, scene.image(scene.primary()))
        self.assertEqual(0, scene.target()['spec']['replicas'])
        self.assertEqual((100, 0), scene.routes[-1][0][:2])
        self.assert_answers(scene, {tag})

    def assert_answers(self, scene, versions, **how):
        """Real requests are answered by these versions, all with 200."""
        last = {}

        def answered():
            last['seen'] = self.sample(scene, **how)
            return set(last['seen']) == {(200, v) for v in versions}
        scene.wait(answered, 20, lambda: f'answers by {versions}, not {dict(last["seen"])}')

"""What a Canary names, while its release is under way: taken away, changed to nonsense, forbidden by a flag, and
scripts of a folder."""
import re

import manifests
from beside_cases import vector
from engine import Engine
from scenario import Scenario
from scenario_templates import metric, template
from servers import Answer, Server

STRATEGY = """
return require 'stdlib.strategy' { name = 'shares', run = function(rollout)
  rollout:begin()
  for _, share in ipairs { 10, 20, 30 } do
    rollout:shift(share)
    rollout:analyse { rounds = 1 }
  end
  rollout:promote()
end }"""
CHECK = """
return require 'stdlib.check' { name = 'level', run = function(c)
  local value, cause = c:query 'level'
  return value and c:judge(value, { max = 1 }) or c:blind(cause)
end }"""
ADAPTER = """
local adapter = require 'stdlib.adapter'
return adapter { name = 'gauge',
  request = function(ask) return { url = ask.address .. '/' .. ask.query } end,
  answer = function(_, response) return { value = %s } end }"""


def script(kind, namespace, name, text):
    return {'apiVersion': 'sluice.dev/v1alpha1', 'kind': kind, 'metadata': {'name': name, 'namespace': namespace},
            'spec': {'script': text}}


class Named(Scenario):
    flagger_too = False

    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.close)
        self.server.answer('/', Answer(200, vector('1')))

    def begin(self, scene, analysis=None, objects=lambda namespace: (), **spec):
        """A Canary whose release of 6.0.1 begins."""
        scene.deploy(tag='6.0.0').create(*objects(scene.namespace))
        scene.canary(analysis or manifests.analysis(metrics=[]), metricsServer=self.server.url(), **spec).initialise()
        scene.set_image('6.0.1')
        return scene

    def wait_told(self, scene, pattern):
        """As wait_message, which leaves out what says "not ready"."""
        scene.wait(lambda: any(re.search(pattern, text) for _, text, _ in scene.events), 120, f'event {pattern!r}')


class References(Named):
    when = 'alone'  # into other namespaces

    def test_nonsense(self):
        """A Strategy that two Canaries name, and a Check, become nonsense and are deleted while releases go by them;
        the engine is killed. The releases end as they began, others wait, and go on when the scripts are back."""
        strategy = {'name': 'shares', 'namespace': 'nonsense-a'}
        level = {'name': 'level', 'interval': '1m', 'checkRef': {'name': 'level'}}
        with Engine(self.lab, 'nonsense') as engine:
            first = self.begin(self.scene('nonsense-a'), strategy=strategy,
                               objects=lambda ns: [script('Strategy', ns, 'shares', STRATEGY)])
            second = self.begin(self.scene('nonsense-b'), strategy=strategy)
            checked = self.begin(self.scene('nonsense-c'), manifests.analysis(metrics=[level], maxWeight=20),
                                 lambda ns: [script('Check', ns, 'level', CHECK)])
            late = self.scene('nonsense-d').deploy(tag='6.0.0')
            late.canary(manifests.analysis(metrics=[]), strategy=strategy).initialise()
            for scene in (first, second, checked):
                scene.wait_weight(10)
            self.lab.client.patch('Strategy', first.namespace, 'shares', {'spec': {'script': 'no Lua ]]'}})
            self.lab.client.delete('Check', checked.namespace, 'level')
            for scene in (first, second, checked):
                self.wait_told(
                    scene, 'is refused: .*; the release under way goes on by the spec that was accepted last$')
            late.set_image('6.0.1')
            self.wait_told(
                late, r'is refused: spec\.strategy: Strategy nonsense-a/shares is not ready: .*shares\.lua:1:\d+: ')
            engine.kill9()
            engine.start()
            for scene in (first, second, checked):
                scene.wait_phase('Succeeded', 180)
            self.assertEqual([0], late.weights()[-1:])
            self.lab.client.patch('Strategy', first.namespace, 'shares', {'spec': {'script': STRATEGY}})
            late.wait_phase('Succeeded', 180)

    def test_forbidden(self):
        """The next engine forbids references into other namespaces: the release goes on, the next one waits."""
        far = self.scene('forbidden-far').create(
            template('forbidden-far', 'm', {'type': 'prometheus', 'address': self.server.url()}, 'up'))
        there = {'templateRef': {'name': 'm', 'namespace': far.namespace}, 'thresholdRange': {'max': 5}}
        with Engine(self.lab, 'forbidden') as engine:
            scene = self.begin(self.scene('forbidden'), manifests.analysis(metrics=[metric('m', **there)],
                                                                               maxWeight=20))
            scene.wait_weight(10)
            engine.kill9()
            engine.flags.append('-no-cross-namespace-refs')
            engine.start()
            scene.wait_message('cross-namespace references are blocked; the release under way goes on')
            scene.wait_phase('Succeeded', 180)
            scene.set_image('6.0.2')
            scene.edit({'spec': {'progressDeadlineSeconds': 61}})
            scene.edit({'spec': {'analysis': {'metrics': []}}})
            scene.wait_phase('Progressing', 60)
            self.assertEqual(1, sum('references are blocked' in text for text in scene.messages()), scene.story())


class Folder(Named):
    when = 'apart'

    def test_swapped(self):
        """Strategies and adapters of -scripts: links of a mounted ConfigMap that are swapped in mid-release, an adapter
        that gives a text for a number, and what is not read."""
        folder = self.lab.folder / 'scripts'
        for number, text in enumerate((STRATEGY, 'no Lua ]]')):
            (folder / 'strategies' / f'..{number}').mkdir(parents=True)
            (folder / 'strategies' / f'..{number}' / 'shares.lua').write_text(text)
        data = folder / 'strategies' / '..data'
        data.symlink_to('..0')
        (folder / 'strategies/shares.lua').symlink_to('..data/shares.lua')
        (folder / 'strategies/team').mkdir()
        (folder / 'strategies/team/shares.lua').write_text('return 5')
        (folder / 'adapters/metrics').mkdir(parents=True)
        gauge = folder / 'adapters/metrics/gauge.lua'
        gauge.write_text(ADAPTER % "'5 %'")
        rule = metric('m', thresholdRange={'max': 5})
        scene = self.scene('folder')
        with Engine(self.lab, 'folder', namespace=scene.namespace, flags=['-scripts', folder]) as engine:
            self.begin(scene, manifests.analysis(threshold=100, metrics=[rule]),
                       lambda ns: [template(ns, 'm', {'type': 'gauge', 'address': self.server.url()}, 'x')],
                       strategy={'name': 'shares'})
            scene.wait_weight(10)
            scene.wait_message(
                '^Metric query failed for m: provider gauge: answer.value: a number is wanted, got "5 %"$')
            (folder / 'strategies/..next').symlink_to('..1')
            (folder / 'strategies/..next').rename(data)
            self.wait_told(
                scene, r'Strategy folder/shares is not ready: .*shares\.lua:1:\d+: .*; the release under way goes on')
            gauge.write_text(ADAPTER % '5')
            scene.wait_phase('Succeeded', 180)
            self.assertIn('strategies/team: a folder in a folder of scripts is not read', engine.log.read_text())

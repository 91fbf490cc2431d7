"""A Canary that is edited while its release is under way: whom a share is for changes, and nobody gets a step that was
not judged."""
import manifests
from scenario import Scenario

INSIDERS = [{'headers': {'x-canary': {'exact': 'insider'}}}]
AB_TEST = {'iterations': 3, 'match': INSIDERS, 'stepWeight': None, 'maxWeight': None}


class Edits(Scenario):
    def edited(self, namespace, analysis, told, edit):
        """A release that was edited after this event, and ended well."""
        scene = self.scene(namespace).deploy(tag='6.0.0')
        scene.canary(manifests.analysis(**analysis)).initialise()
        self.traffic(scene, rate=10)
        self.traffic(scene, rate=10, headers={'x-canary': 'insider'})
        self.traffic(scene, role='canary', rate=5)
        scene.set_image('6.0.1')
        scene.wait_message(told)
        scene.edit({'spec': edit})
        scene.wait_phase('Succeeded', 180)
        return scene

    def test_ab_loses_its_match(self):
        """An A/B test without its match is blue/green: all others stay with the primary for the rest of the
        iterations."""
        scene = self.edited('edit-ab-match', AB_TEST, 'iteration 1/3', {'analysis': {'match': None}})
        self.assert_steps(scene, [0, 100, 0, 100, 0])
        self.assertIn('Routing all traffic to canary', scene.messages())
        self.assert_promoted(scene, '6.0.1')

    def test_ab_becomes_weights(self):
        """Weights in the place of an A/B test begin with their first step."""
        weights = {'analysis': {'match': None, 'iterations': None, 'stepWeight': 20, 'maxWeight': 40}}
        scene = self.edited('edit-ab-weights', AB_TEST, 'iteration 1/3', weights)
        self.assert_steps(scene, [0, 100, 0, 20, 40, 0])
        self.assert_promoted(scene, '6.0.1')

    def test_another_host(self):
        """Weights under another host begin anew."""
        weights = {'stepWeight': 20, 'maxWeight': 40}
        hosts = [manifests.host('edit-host'), 'other.example.com']
        scene = self.edited('edit-host', weights, 'weight 20', {'service': {'hosts': hosts}})
        self.assert_steps(scene, [0, 20, 0, 20, 40, 0])
        self.assert_promoted(scene, '6.0.1')

"""sluice why, of a release on a real API server: what it tells of a version that errs, to a user who may only read."""
import json
import subprocess

import engine
import manifests
from scenario import Scenario

RULES = [{'apiGroups': ['sluice.dev'], 'resources': ['releases'], 'verbs': ['list']},
         {'apiGroups': ['flagger.app'], 'resources': ['canaries'], 'verbs': ['get']}]


class Why(Scenario):
    flagger_too = False

    def why(self, user, *words):
        done = subprocess.run([engine.binary(), 'why', '--kubeconfig', user.kubeconfig, *words], capture_output=True,
                              text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_taken_back(self):
        """Who wrote the revision, which checks failed by how much, what ended it and how soon; each verdict agrees."""
        scene = self.scene('why').deploy(tag='3.1.0')
        scene.canary(manifests.analysis(threshold=2)).initialise()
        self.traffic(scene, rate=5)
        self.traffic(scene, role='canary', rate=10, path='/status/500')
        scene.set_image('3.1.1')
        scene.wait_phase('Failed')
        user, canary = self.user(scene.namespace, 'oncall', RULES), ('-n', scene.namespace, manifests.NAME)

        status, told, errors = self.why(user, *canary)
        self.assertEqual((0, ''), (status, errors))
        self.assertRegex(told, rf'^podinfo-1\.{scene.namespace}  canary  \S*podinfo:3\.1\.0 → 3\.1\.1  taken back')
        self.assertRegex(told, r'\nwhy: request-success-rate [\d.]+ %, at least 99 % wanted, short by [\d.]+ % '
                               r'\(2 of 2\)\n')
        self.assertRegex(told, r'\n +0:00  started +new revision \(.*\), by \S+, 20\d\d-')
        self.assertRegex(told, r'  fail 1/2 .*\n(.*\n)*.*  fail 2/2 ')
        self.assertRegex(told, r'  taken back    weights 100/0 (at once|after [\d.]+ s); nobody asked for it: '
                               r'threshold, 2 of 2 checks failed\n$')
        story = json.loads(self.why(user, *canary, '-o', 'json')[1])
        self.assertEqual(('taken back', {'kind': 'threshold'}), (story['outcome'], story['ended_by']))
        status, told, errors = self.why(user, *canary, '--replay')
        self.assertRegex(told, r'^(\d+) of \1 agree')
        self.assertEqual((0, ''), (status, errors))

"""What people ask of a Canary by hand (docs/by-hand.md): each verb once, on a real release; how soon it is acted on is
noted; who asked is on record; who may not, can not."""
import datetime
import json
import subprocess
import time

import engine
import manifests
from api import ApiError
from scenario import Scenario
from waiting import wait_for


def moment(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


class Hand(Scenario):
    flagger_too = False

    def hand(self, user, *words):
        done = subprocess.run([engine.binary(), *words, '--kubeconfig', user.kubeconfig], capture_output=True,
                              text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def writes(self, user, scene):
        """What the API server's audit log has of this user in the scene's namespace, but for what only reads."""
        return [r for r in self.lab.audit(user) if f'/namespaces/{scene.namespace}/' in r['uri']
                and r['verb'] not in ('get', 'list', 'watch')]

    def ask(self, scene, verb, told, act):
        """Asks, and notes how long it took from the write of the annotation to the engine's act: a verb on a
        resource."""
        user = self.lab.main.other
        place, before = f'/namespaces/{scene.namespace}/', len(self.writes(user, scene))
        answer = self.hand(user, verb, '-n', scene.namespace, manifests.NAME, '--reason', 'INC-4711')
        self.assertEqual((0, told + '\n', ''), answer, scene.story())
        [written] = self.writes(user, scene)[before:]
        self.assertEqual(('patch', 'canaries', 200), (written['verb'], written['resource'], written['code']))
        asked = written['time']

        def acts():
            return [r['time'] for r in self.lab.audit() if r['time'] >= asked and place in r['uri']
                    and (r['verb'], r['resource']) == act]
        wait_for(acts, 20, f'{verb}: the engine sends {act}')
        took_ms = (moment(acts()[0]) - moment(asked)).total_seconds() * 1000
        self.notes.append(f'{verb}: {took_ms:.0f} ms from the write to the act')

    def wait_at_gate(self, scene, number):
        def closed():
            release = scene.get('Release', f'{manifests.NAME}-{number}')
            status = scene.status()
            return release and status.get('phase') == 'WaitingPromotion'
        scene.wait(closed, 120, f'release {number} at its gate')

    def test_each_verb(self):
        scene = self.scene('by-hand').deploy(tag='6.0.0')
        ns = scene.namespace
        self.hooks.answer(f'/{ns}/gate', status=403)
        scene.canary(manifests.analysis([self.hook(scene, 'gate', 'confirm-promotion')], stepWeight=50)).initialise()
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        self.wait_at_gate(scene, 1)
        self.ask(scene, 'pause', f'podinfo.{ns} is paused', ('patch', 'canaries'))
        scene.wait_message(f'podinfo.{ns} is paused by other: INC-4711')
        self.ask(scene, 'resume', f'podinfo.{ns} goes on', ('patch', 'canaries'))
        self.ask(scene, 'approve', 'gate confirm-promotion lets podinfo-1 through', ('patch', 'deployments'))
        scene.wait_phase('Succeeded')

        scene.set_image('6.0.2')
        self.wait_at_gate(scene, 2)
        self.lab.kubectl('-n', ns, 'annotate', 'canary', manifests.NAME, 'sluice.dev/pause=freeze')
        scene.wait_message(f'podinfo.{ns} is paused: freeze')
        self.lab.kubectl('-n', ns, 'annotate', 'canary', manifests.NAME, 'sluice.dev/pause-')
        scene.wait_message(f'podinfo.{ns} goes on, it is not paused any more')
        self.ask(scene, 'rollback', 'podinfo-2 is taken back', ('patch', 'virtualservices'))
        scene.wait_phase('Failed')
        self.assertEqual(0, scene.weights()[-1])
        self.ask(scene, 'retry', 'podinfo-3 releases that revision again', ('create', 'releases'))
        self.wait_at_gate(scene, 3)
        self.ask(scene, 'promote', 'the rest of the analysis of podinfo-3 is skipped', ('patch', 'deployments'))
        waited = self.hand(self.lab.main.other, 'wait', '-q', '-n', ns, f'deployment/{manifests.NAME}', '--timeout',
                           '1m')
        self.assertEqual((0, 'podinfo-3 was promoted by other: INC-4711\n', ''), waited)
        self.assert_promoted(scene, '6.0.2')

        for number, texts in ((1, ['  paused        by other: INC-4711\n',
                                   '  resumed       by other: INC-4711 (paused for ',
                                   'approve gate confirm-promotion, by other: INC-4711']),
                              (2, ['  paused        by an annotation of the Canary: freeze\n',
                                   '  resumed       the annotation is gone or "false" (paused for ',
                                   'rolled back by other: INC-4711']),
                              (3, ['retried by other: INC-4711', 'promoted by other: INC-4711'])):
            status, told, _ = self.hand(self.lab.main.other, 'why', '-n', ns, f'{manifests.NAME}/{number}')
            self.assertEqual(0, status)
            for text in texts:
                self.assertIn(text, told)

    def test_who_may_not(self):
        """Who may not patch a Canary can ask for nothing, and nobody can ask in the name of another."""
        scene = self.scene('by-nobody').deploy(tag='6.0.0')
        ns = scene.namespace
        scene.canary(manifests.analysis(stepWeight=50)).initialise()
        reader = self.user(ns, 'reader', [
            {'apiGroups': ['flagger.app', 'sluice.dev', 'apps'], 'resources': ['canaries', 'releases', 'deployments'],
             'verbs': ['get', 'list', 'watch']}])
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        scene.wait(lambda: scene.status().get('canaryWeight'), 60, 'a release under way')
        for verb in ('pause', 'resume', 'promote', 'rollback', 'retry', 'approve'):
            with self.subTest(verb):
                before = len(self.writes(reader, scene))
                status, told, error = self.hand(reader, verb, '-n', ns, manifests.NAME)
                self.assertEqual((2, ''), (status, told))
                self.assertIn('cannot patch resource "canaries"', error)
                self.assertEqual([('patch', 'canaries', 403)], [(r['verb'], r['resource'], r['code'])
                                                                for r in self.writes(reader, scene)[before:]])
        status, told, _ = self.hand(reader, 'why', '-n', ns, manifests.NAME)
        self.assertEqual((0, False), (status, 'reader' in told))
        self.assertNotIn('requests', scene.get('Release', f'{manifests.NAME}-1')['status'])
        self.assertEqual(0, self.hand(reader, 'status', '-n', ns)[0])
        self.assertIsNone(scene.get('Canary')['metadata'].get('annotations'))

        def write(**request):
            text = json.dumps({'verb': 'resume', **request}, separators=(',', ':'))
            scene.edit({'metadata': {'annotations': {'sluice.dev/request': text}}})

        def refused(**request):
            try:
                write(**request)
            except ApiError as problem:
                self.assertEqual(403, problem.code)
                self.assertIn('"by" must be "admin", or absent', str(problem))
                return True
            return False
        wait_for(lambda: refused(by='eve', id=str(time.monotonic_ns())), 30, 'the policy is enforced')
        self.assertTrue(refused(by='admin2'))
        spelt = '{"verb":"resume","\\u0062y":"eve"}'
        with self.assertRaises(ApiError):
            scene.edit({'metadata': {'annotations': {'sluice.dev/request': spelt}}})
        with self.assertRaises(ApiError):
            scene.edit({'metadata': {'annotations': {'sluice.dev/request': '{"by":"admin","by" : "eve"}'}}})
        for name in ('CORP\\alice', 'o"brien'):
            text = json.dumps({'verb': 'resume', 'by': name, 'id': name, 'reason': 'C:\\unit'}, separators=(',', ':'))
            self.lab.kubectl('--as', name, '--as-group', 'system:masters', '-n', scene.namespace, 'annotate',
                             '--overwrite', 'canary', manifests.NAME, f'sluice.dev/request={text}')
        write(by='admin', id='own', reason='says "by":"eve" himself')
        scene.wait(lambda: scene.status().get('lastRequest', {}).get('id') == 'own', 20, 'the answer')
        self.assertEqual('admin', scene.status()['lastRequest']['by'])
        scene.edit({'metadata': {'labels': {'x': 'y'}}})  # the request of before may stay, whoever writes
        other = self.lab.main.other
        self.lab.main.kubectl('--kubeconfig', other.kubeconfig, '-n', ns, 'label', 'canary', manifests.NAME, 'y=z')

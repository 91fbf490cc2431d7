"""sluice dashboard on a real API server: what a page is sent while a release runs, and what people may do there by
tokens of their own."""
import json
import pathlib
import re
import sys
import threading
import urllib.error
import urllib.request

import engine
import manifests
from control_plane import DEPLOY
from scenario import Scenario
from waiting import wait_for

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))
import browser  # noqa: E402

READ = [{'apiGroups': ['flagger.app'], 'resources': ['canaries'], 'verbs': ['get', 'list', 'watch']},
        {'apiGroups': ['sluice.dev'], 'resources': ['releases'], 'verbs': ['get', 'list', 'watch']},
        {'apiGroups': [''], 'resources': ['events'], 'verbs': ['list', 'watch']}]
ACT = [{'apiGroups': ['flagger.app'], 'resources': ['canaries'], 'verbs': ['get', 'patch']}]
SOME = [{'apiGroups': ['flagger.app'], 'resources': ['canaries'], 'verbs': ['get', 'patch', 'pause', 'rollback']}]


class Feed:
    """One page: the last event of each name."""

    def __init__(self, url):
        self.stream = urllib.request.urlopen(url, timeout=300)
        self.events = {}
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        name = None
        try:
            for line in self.stream:
                kind, _, value = line.decode().rstrip('\n').partition(': ')
                if kind == 'event':
                    name = value
                elif kind == 'data':
                    self.events[name] = json.loads(value)
        except (OSError, ValueError, AttributeError):  # closed
            pass

    def look(self):
        return self.events.get('release', {}).get('look', {})


class Dashboard(Scenario):
    flagger_too = False

    def visitor(self, namespace, name, rules):
        """Such a user, and the token to sign in with."""
        user = self.user(namespace, name, rules)
        return user, json.loads(user.kubeconfig.read_text())['users'][0]['user']['token']

    def dashboard(self, namespace, user):
        process = self.lab.processes.start(f'dashboard-{namespace}', [
            engine.binary(), 'dashboard', '--kubeconfig', user.kubeconfig, '-n', namespace, '--listen', '127.0.0.1:0'])
        self.addCleanup(self.lab.processes.end, process)
        log = self.lab.folder / f'dashboard-{namespace}.log'
        return wait_for(lambda: next((line.strip() for line in log.read_text().splitlines() if line.startswith('http')),
                                     None), 30, 'the dashboard listens')

    def post(self, path, token, **body):
        request = urllib.request.Request(self.address + path, method='POST', data=json.dumps(body).encode(), headers={
            'Authorization': f'Bearer {token}', 'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def ask(self, scene, verb, reason, **what):
        """By the writer's token; waits until the engine's answer is on the page."""
        subject = {'namespace': scene.namespace, 'canary': manifests.NAME}
        status, told = self.post('ask', self.writing, verb=verb, reason=reason, **what, **subject)
        self.assertEqual(200, status, told)
        answer = scene.wait(lambda: (answer := self.feed.look().get('canary', {}).get('answer', {})).get('id')
                            == told['id'] and answer, 60, f'the engine answers {verb} on the page')
        self.assertEqual((verb, 'Done', f'{self.name}writer'), tuple(answer[key] for key in ('verb', 'outcome', 'by')))

    def running(self, scene, number):
        """The page follows to this release."""
        name = f'{manifests.NAME}-{number}'
        scene.wait(lambda: self.feed.look().get('release', {}).get('name') == name, 60, f'{name} on the page')
        return {'release': name}

    def beside_the_engine(self, scene):
        """The page of an engine that stands by, by the role that deploy/ gives."""
        self.lab.kubectl('apply', '-f', DEPLOY / 'dashboard.yaml')
        user = self.lab.main.engine_user('engine-page')
        standby = engine.Engine(self.lab, user.name, user, flags=['-dashboard', '0'], standby=True)
        standby.__enter__()
        self.addCleanup(standby.__exit__)
        port = wait_for(lambda: re.search('the dashboard is on port ([0-9]+)', standby.log.read_text()), 30, 'its page')
        feed = Feed(f'http://127.0.0.1:{port.group(1)}/feed?namespace={scene.namespace}&canary={manifests.NAME}')
        self.addCleanup(feed.stream.close)
        scene.wait(lambda: feed.look().get('release', {}).get('events'), 60, 'Events on the page of the engine')
        self.assertEqual([], feed.look()['problems'])

    def some_verbs(self, scene):
        """With deploy/verbs.yaml, here for this namespace alone, the buttons are those of the role's verbs."""
        _, token = self.visitor(scene.namespace, 'on-call', SOME)
        subject = {'namespace': scene.namespace, 'canary': manifests.NAME}
        space = f'{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {scene.namespace}}}}}}}'
        self.lab.apply((DEPLOY / 'verbs.yaml').read_text() + f'  matchResources: {space}\n')  # of the binding's spec
        scene.wait(lambda: self.post('access', token, **subject)[1].get('verbs') == ['pause', 'rollback'], 60,
                   'two verbs')
        self.assertEqual([], self.post('access', self.writing, **subject)[1]['verbs'])
        status, told = self.post('ask', token, verb='promote', **subject)
        self.assertEqual(403, status, told)
        self.assertIn(f'user "{self.name}on-call" may not promote canary podinfo', told['problem'])
        self.assertEqual(200, self.post('ask', token, verb='pause', reason='INC-4713', **subject)[0])
        scene.wait_message(f'is paused by {self.name}on-call: INC-4713')
        self.assertEqual(403, self.post('ask', token, verb='resume', **subject)[0])
        self.lab.kubectl('delete', '-f', DEPLOY / 'verbs.yaml')

    def press(self, page, verb, reason):
        """A button of the page; waits until the page has the engine's answer."""
        page.wait(f"document.querySelector('[data-verb={verb}]')")
        page.evaluate(f"document.querySelector('[data-verb={verb}]').click()")
        page.wait("document.querySelector('dialog').open")
        page.type(reason)
        page.press('Enter')
        page.wait(f"document.querySelector('[data-verb={verb}]') === null")
        self.assertNotIn('refused', page.evaluate("document.querySelector('.said').textContent"))

    def in_a_browser(self, scene):
        """What people see of it, and a pause and its end by the buttons."""
        with browser.open() as page:
            page.visit(f'{self.address}?canary={scene.namespace}/{manifests.NAME}', 1200)
            page.wait("document.querySelectorAll('figure').length > 1")  # the share, and at least one check
            self.assertIn(f'{manifests.NAME}-1', page.evaluate("document.querySelector('.subtitle').textContent"))
            self.assertEqual(0, page.evaluate("document.querySelectorAll('[data-verb]').length"))
            page.evaluate("document.querySelector('.actions summary').click()")
            page.evaluate("document.querySelector('input[type=password]').focus()")
            page.type(self.writing)
            page.press('Enter')
            self.press(page, 'pause', 'INC-4711')
            scene.wait_message(f'is paused by {self.name}writer: INC-4711')
            self.press(page, 'resume', 'it is over')
            self.assertEqual([], page.told('Runtime.exceptionThrown'))

    def test_people_act_by_their_own_right(self):
        """Every verb, to its effect; the audit log has who it was."""
        scene = self.scene('dashboard').deploy(tag='3.1.0')
        self.hooks.answer(f'/{scene.namespace}/gate', status=403)
        gate = self.hook(scene, 'gate', 'confirm-promotion')
        scene.canary(manifests.analysis([gate], threshold=2, stepWeight=50)).initialise()
        self.traffic(scene, rate=10)
        reader, reading = self.visitor(scene.namespace, 'reader', READ)
        writer, self.writing = self.visitor(scene.namespace, 'writer', ACT)
        self.address = self.dashboard(scene.namespace, reader)
        self.feed = Feed(f'{self.address}feed?namespace={scene.namespace}&canary={manifests.NAME}')
        self.addCleanup(self.feed.stream.close)
        scene.set_image('3.1.1')
        scene.wait(lambda: self.feed.look().get('release', {}).get('checks'), 90, 'a verdict reaches the open page')
        self.assertEqual([], self.feed.look()['problems'])
        self.assertTrue(self.feed.look()['release']['events'])
        self.beside_the_engine(scene)

        subject = {'namespace': scene.namespace, 'canary': manifests.NAME}
        self.name = f'system:serviceaccount:{scene.namespace}:'
        self.assertEqual((200, {'user': self.name + 'reader', 'verbs': []}), self.post('access', reading, **subject))
        status, told = self.post('access', self.writing, **subject)
        self.assertEqual((200, self.name + 'writer', 6), (status, told['user'], len(told['verbs'])))
        self.assertEqual(401, self.post('access', 'stolen', **subject)[0])
        status, told = self.post('ask', reading, verb='rollback', reason='none', **subject)
        self.assertEqual(403, status)
        self.assertIn(f'User "{self.name}reader" cannot patch resource "canaries"', told['problem'])

        first = self.running(scene, 1)
        self.in_a_browser(scene)
        scene.wait_phase('WaitingPromotion')
        self.ask(scene, 'approve', 'it looks good', gate='confirm-promotion', **first)
        scene.wait_phase('Succeeded')
        self.assert_promoted(scene, '3.1.1')

        scene.set_image('3.1.2')
        second = self.running(scene, 2)
        self.ask(scene, 'rollback', 'INC-4712', **second)
        scene.wait_phase('Failed')
        scene.wait(lambda: self.feed.look().get('release', {}).get('outcome') == 'taken back', 60, 'its end is told')
        self.assertIn('INC-4712', json.dumps(self.feed.look()['release']['decisions']))
        self.ask(scene, 'retry', 'it was the network', **second)
        third = self.running(scene, 3)
        scene.wait(lambda: scene.weights()[-1] == 50, 60, 'the third release has its share')
        self.ask(scene, 'promote', 'it was', **third)
        scene.wait_phase('Succeeded')
        self.assert_promoted(scene, '3.1.2')

        writes = [(one['resource'], one['code']) for one in self.lab.audit(writer)
                  if one['verb'] == 'patch' and 'dryRun=All' not in one['uri']]
        self.assertEqual([('canaries', 200)] * 6, writes)
        self.assertEqual([('canaries', 403)], [(one['resource'], one['code']) for one in self.lab.audit(reader)
                                               if one['verb'] not in ('get', 'list', 'watch', 'create')])
        self.some_verbs(scene)

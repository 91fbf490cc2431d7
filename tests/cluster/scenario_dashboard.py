"""sluice dashboard on a real API server: what a page is sent while a release runs, and what people may do there by
tokens of their own."""
import json
import threading
import urllib.error
import urllib.request

import engine
import manifests
from scenario import Scenario
from waiting import wait_for

READ = [{'apiGroups': ['flagger.app'], 'resources': ['canaries'], 'verbs': ['get', 'list', 'watch']},
        {'apiGroups': ['sluice.dev'], 'resources': ['releases'], 'verbs': ['get', 'list', 'watch']},
        {'apiGroups': [''], 'resources': ['events'], 'verbs': ['list', 'watch']}]
ACT = [{'apiGroups': ['flagger.app'], 'resources': ['canaries'], 'verbs': ['get', 'patch']}]


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

    def user(self, namespace, name, rules):
        rbac, about = 'rbac.authorization.k8s.io', {'name': name, 'namespace': namespace}
        self.lab.client.create({'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': about})
        self.lab.client.create({'apiVersion': f'{rbac}/v1', 'kind': 'Role', 'metadata': about, 'rules': rules})
        self.lab.client.create({'apiVersion': f'{rbac}/v1', 'kind': 'RoleBinding', 'metadata': about,
                                'roleRef': {'apiGroup': rbac, 'kind': 'Role', 'name': name},
                                'subjects': [{'kind': 'ServiceAccount', **about}]})
        user = self.lab.main.token_user(name, namespace, name)
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

    def test_people_act_by_their_own_right(self):
        scene = self.scene('dashboard').deploy(tag='3.1.0')
        scene.canary(manifests.analysis(threshold=2)).initialise()
        self.traffic(scene, rate=5)
        reader, reading = self.user(scene.namespace, 'reader', READ)
        writer, writing = self.user(scene.namespace, 'writer', ACT)
        self.address = self.dashboard(scene.namespace, reader)
        feed = Feed(f'{self.address}feed?namespace={scene.namespace}&canary={manifests.NAME}')
        self.addCleanup(feed.stream.close)
        scene.set_image('3.1.1')
        wait_for(lambda: feed.look().get('release', {}).get('checks'), 90, 'a verdict reaches the open page')
        self.assertEqual([], feed.look()['problems'])
        self.assertTrue(feed.look()['release']['events'])

        subject = {'namespace': scene.namespace, 'canary': manifests.NAME}
        name = f'system:serviceaccount:{scene.namespace}:'
        self.assertEqual((200, {'user': name + 'reader', 'verbs': []}), self.post('access', reading, **subject))
        status, told = self.post('access', writing, **subject)
        self.assertEqual((200, name + 'writer', 6), (status, told['user'], len(told['verbs'])))
        self.assertEqual(401, self.post('access', 'stolen', **subject)[0])

        release = feed.look()['release']['name']
        status, told = self.post('ask', reading, verb='rollback', release=release, reason='none', **subject)
        self.assertEqual(403, status)
        self.assertIn(f'User "{name}reader" cannot patch resource "canaries"', told['problem'])
        status, told = self.post('ask', writing, verb='rollback', release=release, reason='INC-4711', **subject)
        self.assertEqual(200, status, told)
        answer = wait_for(lambda: (answer := feed.look().get('canary', {}).get('answer', {})).get('id') == told['id']
                          and answer, 60, 'the engine answers on the page')
        self.assertEqual(('rollback', 'Done', name + 'writer'), (answer['verb'], answer['outcome'], answer['by']))
        scene.wait_phase('Failed')
        wait_for(lambda: feed.look().get('release', {}).get('outcome') == 'taken back', 60, 'the page tells its end')
        self.assertIn('INC-4711', json.dumps(feed.look()['release']['decisions']))

"""What the dashboard lets people do, by tokens of their own, on a cluster that was just served: dashboard.py plays
this."""
import json
import pathlib
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

import browser
import dashboard_world as world
from dashboard_world import DESK, PATIENCE_S, PHONE

CANARIES = '/apis/flagger.app/v1beta1/namespaces/test/canaries'
DEPLOYMENTS = '/apis/apps/v1/namespaces/test/deployments'
MERGE = 'application/merge-patch+json'
# The gate is asked before each step. Nobody answers at its address, so the release waits for a person.
GATE = {'name': 'somebody-looked', 'type': 'confirm-traffic-increase', 'url': 'http://nobody.test/'}
THINGS = {
    '/api/v1/namespaces': {'metadata': {'name': 'test'}},
    DEPLOYMENTS: {'metadata': {'name': 'shop'}, 'spec': {
        'selector': {'matchLabels': {'app': 'shop'}}, 'template': {
            'metadata': {'labels': {'app': 'shop'}},
            'spec': {'containers': [{'name': 'shop', 'image': 'shop:1'}]}}}},
    CANARIES: {'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': 'shop'}, 'spec': {
        'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'shop'}, 'service': {'port': 80},
        'analysis': {'interval': '10s', 'threshold': 5, 'maxWeight': 50, 'stepWeight': 10, 'webhooks': [GATE],
                     'metrics': [{'name': 'request-success-rate', 'thresholdRange': {'min': 99}, 'interval': '1m'}]}}},
}
BUTTONS = '''(() => [...document.querySelectorAll('[data-verb]')].map(one => one.dataset.verb).join(' '))()'''


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.cluster = world.Cluster(pathlib.Path(folder.name))
        cls.addClassCleanup(cls.cluster.close)
        for path, thing in THINGS.items():
            cls.cluster.ask('POST', path, thing)
        cls.until(phase='Initialized')
        cls.release('shop:2')
        cls.page = cls.enterClassContext(browser.open())
        cls.address = cls.cluster.page + '?canary=test/shop'

    @classmethod
    def until(cls, **status):
        """Until the Canary's status is so."""
        return cls.cluster.until(CANARIES, lambda one: all(one.get('status', {}).get(key) == value
                                                           for key, value in status.items()))

    @classmethod
    def release(cls, image):
        cls.cluster.ask('PATCH', DEPLOYMENTS + '/shop', {'spec': {'template': {'spec': {'containers': [
            {'name': 'shop', 'image': image}]}}}}, MERGE)

    def visit(self, width=DESK, **how):
        self.page.visit(self.address, width, **how)
        self.page.wait("document.querySelectorAll('figure').length > 0")

    def setUp(self):
        self.visit()
        self.page.evaluate('sessionStorage.clear()')
        self.visit()

    def tearDown(self):
        self.assertEqual([], self.page.told('Runtime.exceptionThrown'))

    def use(self, token):
        self.page.evaluate("document.querySelector('.actions summary').click()")
        self.page.evaluate("document.querySelector('input[type=password]').focus()")
        self.page.type(token)
        self.page.press('Enter')

    def has(self, *verbs):
        """There come to be exactly these buttons."""
        self.page.wait(f'({BUTTONS}) === {json.dumps(" ".join(verbs))}')

    def said(self, text):
        self.page.wait(f"document.querySelector('.said').textContent.includes({json.dumps(text)})")

    # --- who may not ---

    def test_without_a_token(self):
        self.has()
        self.page.wait("document.querySelector('.actions details .note').textContent.includes('token \"you\" may do')")

    def test_who_only_reads(self):
        self.use('viewer')
        self.said('viewer may not change this canary.')
        self.has()
        asked = urllib.request.Request(self.cluster.page + 'ask', method='POST', headers={
            'Authorization': 'Bearer viewer', 'Content-Type': 'application/json'},
            data=b'{"namespace": "test", "canary": "shop", "verb": "pause"}')
        with self.assertRaises(urllib.error.HTTPError) as refused:  # a button of one's own helps nobody
            urllib.request.urlopen(asked, timeout=PATIENCE_S)
        self.assertEqual(403, refused.exception.code)
        self.assertIn('User "viewer" cannot patch resource "canaries"', json.load(refused.exception)['problem'])

    def test_no_token_at_all(self):
        self.use('stolen')
        self.said('The token is of no use: ')
        self.has()
        self.assertEqual('', self.page.evaluate("sessionStorage.getItem('token') ?? ''"))

    def test_forget(self):
        self.use('you')
        self.page.wait("document.querySelector('[data-verb]')")
        self.visit()  # it stays with the tab
        self.page.wait("document.querySelector('[data-verb]')")
        self.assertEqual(0, self.page.evaluate('localStorage.length'))
        self.assertNotIn('you', self.page.evaluate('document.cookie + location.href'))
        self.page.evaluate("document.querySelector('.actions form button[type=button]').click()")
        self.said('The token is forgotten.')
        self.has()
        self.assertEqual(0, self.page.evaluate('sessionStorage.length'))

    # --- what it is like ---

    def names(self):
        """The roles and names that a screen reader is told."""
        tree = self.page.call('Accessibility.getFullAXTree')['nodes']
        return {(node['role']['value'], node.get('name', {}).get('value', '')) for node in tree
                if not node.get('ignored') and 'role' in node}

    def test_words_and_keys(self):
        """The buttons without eyes and without a pointer: each is reached by Tab, asks in a dialog, and is left."""
        self.use('you')
        self.has('pause', 'approve', 'promote', 'rollback')
        for name in ('Pause', 'Approve', 'Promote', 'Roll back', 'Forget it'):
            self.assertIn(('button', name), self.names())
        self.page.evaluate("document.querySelector('[data-verb]').focus()")
        labels = []
        for _ in range(4):
            labels.append(self.page.evaluate('document.activeElement.textContent'))
            self.page.press('Tab')
        self.assertEqual(['Pause', 'Approve', 'Promote', 'Roll back'], labels)
        self.page.evaluate("document.querySelector('[data-verb=promote]').focus()")
        self.page.press('Enter')
        self.page.wait("document.querySelector('dialog').open")
        names = self.names()
        release = self.page.evaluate("document.querySelector('.subtitle').textContent.match(/shop-[0-9]+/)[0]")
        self.assertIn(('dialog', f'Promote {release}?'), names)
        self.assertIn(('textbox', 'Reason, for the record'), names)
        self.assertEqual('INPUT', self.page.evaluate('document.activeElement.tagName'))
        self.page.press('Escape')
        self.page.wait("!document.querySelector('dialog').open")
        self.assertEqual('promote', self.page.evaluate('document.activeElement.dataset.verb'))

    def test_fits(self):
        for width in (PHONE, DESK):
            for dark in (False, True):
                with self.subTest(width=width, dark=dark):
                    self.visit(width, dark=dark)
                    if width == PHONE and not dark:
                        self.use('you')
                    self.has('pause', 'approve', 'promote', 'rollback')
                    self.page.evaluate("document.querySelector('[data-verb=rollback]').click()")
                    self.page.wait("document.querySelector('dialog').open")
                    self.assertEqual(width, self.page.evaluate('document.documentElement.scrollWidth'))
                    self.assertEqual([], self.page.evaluate(world.BROKEN))
                    self.assertEqual([], self.page.evaluate(OUTSIDE))
                    for name, ratio in self.page.evaluate(world.contrast('button', 'dialog p', '.said', 'summary')):
                        self.assertGreaterEqual(ratio, 4.5, name)

    # --- every verb, to its effect ---

    def next(self):
        """Another release that waits at the gate, for the other tests."""
        self.release('shop:3')
        self.until(phase='Progressing')

    def gate(self, hook):
        self.cluster.ask('PATCH', CANARIES + '/shop', {'spec': {'analysis': {'webhooks': [hook]}}}, MERGE)

    def do(self, verb, reason):
        """Presses a button, says why, and waits for the engine's answer on the page; that on the Canary."""
        label = self.page.wait(f"document.querySelector('[data-verb={verb}]')?.textContent")
        self.page.evaluate(f"document.querySelector('[data-verb={verb}]').click()")
        self.page.wait("document.querySelector('dialog').open")
        self.page.type(reason)
        self.page.press('Enter')
        self.said(f'{label}: ')
        self.page.wait("!document.querySelector('.said').textContent.includes('asked for')")
        self.assertNotIn('refused', self.page.evaluate("document.querySelector('.said').textContent"))
        last = self.cluster.ask('GET', CANARIES + '/shop')['status']['lastRequest']
        self.assertEqual((verb, 'Done', 'you', reason), tuple(last[key] for key in ('verb', 'outcome', 'by', 'reason')))

    def image(self):
        template = self.cluster.ask('GET', DEPLOYMENTS + '/shop-primary')['spec']['template']
        return template['spec']['containers'][0]['image']

    def command(self, *words):
        order = [world.sluice, *words, '--kubeconfig', self.cluster.kubeconfig, '-n', 'test']
        return subprocess.run(order, capture_output=True, text=True, timeout=PATIENCE_S).stdout

    def test_verbs(self):
        """A release is led by hand to its end, taken back, tried again and promoted; and all of it is on record."""
        self.addCleanup(self.next)
        self.use('you')
        self.said('Your name on record: you.')
        self.has('pause', 'approve', 'promote', 'rollback')
        self.do('approve', 'it looks good')
        self.until(phase='Progressing', canaryWeight=10)
        self.has('pause', 'approve', 'promote', 'rollback')  # it waits before the next step
        self.do('pause', 'INC-4711')
        self.has('resume', 'rollback')  # the engine refuses the others while it is paused
        self.assertIn('Paused: INC-4711', self.command('status', 'shop'))
        self.do('resume', 'it is over')
        self.has('pause', 'approve', 'promote', 'rollback')
        self.do('approve', 'still good')
        self.until(phase='Progressing', canaryWeight=20)
        self.do('rollback', 'INC-4712')
        self.until(phase='Failed', canaryWeight=0)
        self.page.wait("document.querySelector('.outcome').textContent.startsWith('taken back')")
        self.assertIn('INC-4712', self.page.evaluate("document.querySelector('main').innerText"))
        self.assertEqual('shop:1', self.image())
        self.has('pause', 'retry')
        self.do('retry', 'it was the network')
        self.has('pause', 'approve', 'promote', 'rollback')
        self.assertIn('shop-2', self.page.evaluate("document.querySelector('.subtitle').textContent"))
        self.do('promote', 'it was')
        self.until(phase='Succeeded')
        self.has('pause')
        self.assertEqual('shop:2', self.image())
        for number, told in ((1, ('traffic-increase, by you: it looks good', 'traffic-increase, by you: still good',
                                  'rolled back by you: INC-4712')),
                             (2, ('retried by you: it was the network', 'promoted by you: it was'))):
            why = self.command('why', f'shop/{number}')
            for words in told:
                self.assertIn(words, why)

    def test_what_has_not_begun(self):
        """It waits at its first gate: it cannot be promoted. An older release shows its own state meanwhile."""
        self.addCleanup(self.next)
        self.use('you')
        self.has('pause', 'approve', 'promote', 'rollback')
        self.do('rollback', 'INC-4713')
        self.until(phase='Failed')
        self.gate({**GATE, 'type': 'confirm-rollout'})
        self.addCleanup(self.gate, GATE)
        self.release('shop:4')
        self.until(phase='Waiting')
        self.has('pause', 'approve', 'rollback')
        self.page.wait("document.querySelector('.waits').textContent.includes('(gate confirm-rollout)')")
        self.page.evaluate("document.querySelector('[data-verb=approve]').click()")
        self.page.wait("document.querySelector('dialog p').textContent.includes("
                       "'waiting for approval somebody-looked (gate confirm-rollout)')")
        self.page.press('Escape')
        self.page.visit(self.address + '/1', DESK)
        self.page.wait("document.querySelector('.subtitle').textContent.startsWith('Failed shop-1')")
        self.assertEqual('', self.page.evaluate("document.querySelector('.waits').textContent"))
        self.visit()
        self.do('rollback', 'INC-4714')
        self.until(phase='Failed')


# Buttons, and what stands in the dialog, that reach over an edge of the screen.
OUTSIDE = '''[...document.querySelectorAll('button, dialog, dialog *')].filter(one => one.offsetParent || one.open)
  .filter(one => { const box = one.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth; })
  .map(one => one.outerHTML)'''

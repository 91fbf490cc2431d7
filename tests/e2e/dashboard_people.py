"""What the dashboard lets people do, by tokens of their own: dashboard.py plays this."""
import http.client
import http.server
import json
import pathlib
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

import browser
import dashboard_world as world
from dashboard_world import DESK, PATIENCE_S

USERS = {'alice-token': 'alice', 'bob-token': 'bob'}


class Guarded(http.server.BaseHTTPRequestHandler):
    """In front of the API server, which knows nobody: people by their tokens, of whom alice may change Canaries."""
    written, inner = [], None

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def refuse(self, status, message):
        self.answer(status, {'kind': 'Status', 'apiVersion': 'v1', 'status': 'Failure', 'code': status,
                             'message': message})

    def forward(self, body=None):
        request = urllib.request.Request(self.inner + self.path, method=self.command, data=body)
        if body is not None:
            request.add_header('Content-Type', self.headers['Content-Type'])
        try:
            with urllib.request.urlopen(request, timeout=10 * PATIENCE_S) as answer:
                self.send_response(answer.status)
                self.send_header('Content-Type', answer.headers['Content-Type'])
                self.end_headers()
                while some := answer.read1(1 << 16):
                    self.wfile.write(some)
        except urllib.error.HTTPError as refused:
            self.refuse(refused.code, refused.reason)
        except (OSError, http.client.IncompleteRead):  # either side has gone
            pass

    def do_GET(self):
        self.forward()

    def act(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        token = self.headers.get('Authorization', '').removeprefix('Bearer ')
        user = USERS.get(token)
        if user is None:
            self.refuse(401, 'Unauthorized')
        elif self.path.endswith('/selfsubjectreviews'):
            self.answer(201, {'status': {'userInfo': {'username': user}}})
        elif self.path.endswith('/selfsubjectaccessreviews'):
            asked = json.loads(body)['spec']['resourceAttributes']
            self.answer(201, {'status': {'allowed': user == 'alice' and asked['namespace'] == 'shop'}})
        elif user != 'alice':
            self.refuse(403, f'canaries.flagger.app "checkout" is forbidden: User "{user}" cannot patch')
        else:
            self.written.append((user, json.loads(body)))
            self.forward(body)

    do_POST = do_PATCH = act

    def log_message(self, *_):
        pass


class People(unittest.TestCase):
    """What the page lets a person do: what the cluster allows, by their own token."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        Guarded.inner = world.cluster.address
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Guarded)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.shutdown)
        kubeconfig = pathlib.Path(folder.name) / 'kubeconfig'
        kubeconfig.write_text(world.cluster.kubeconfig.read_text().replace(world.cluster.address,
                                                                    f'http://127.0.0.1:{server.server_port}'))
        process = subprocess.Popen([world.sluice, 'dashboard', '--kubeconfig', kubeconfig, '--listen', '127.0.0.1:0'],
                                   stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(process.stdout.close)
        cls.addClassCleanup(process.wait, PATIENCE_S)
        cls.addClassCleanup(process.terminate)
        cls.address = process.stdout.readline().strip() + '?canary=shop/checkout'
        cls.page = cls.enterClassContext(browser.open())

    def setUp(self):
        self.page.visit(self.address, DESK)
        self.page.evaluate('sessionStorage.clear()')
        self.page.visit(self.address, DESK)
        self.page.wait("document.querySelector('.subtitle .badge')?.textContent.startsWith('Failed')")

    def tearDown(self):
        self.assertEqual([], self.page.told('Runtime.exceptionThrown'))

    def use(self, token):
        self.page.evaluate("document.querySelector('.actions summary').click()")
        self.page.evaluate("document.querySelector('input[type=password]').focus()")
        self.page.type(token)
        self.page.press('Enter')

    def buttons(self):
        return self.page.evaluate("[...document.querySelectorAll('[data-verb]')].map(one => one.dataset.verb)")

    def said(self, text):
        self.page.wait(f"document.querySelector('.said').textContent.includes({json.dumps(text)})")

    def test_without_a_token(self):
        self.assertEqual([], self.buttons())

    def test_who_may_not(self):
        self.use('bob-token')
        self.said('bob may not change this canary.')
        self.assertEqual([], self.buttons())
        asked = urllib.request.Request(self.address.partition('?')[0] + 'ask', method='POST', headers={
            'Authorization': 'Bearer bob-token', 'Content-Type': 'application/json'},
            data=b'{"namespace": "shop", "canary": "checkout", "verb": "pause"}')
        with self.assertRaises(urllib.error.HTTPError) as refused:  # a button of one's own helps nobody
            urllib.request.urlopen(asked, timeout=PATIENCE_S)
        self.assertEqual(403, refused.exception.code)
        self.assertIn('User "bob" cannot patch', json.load(refused.exception)['problem'])

    def test_no_token_at_all(self):
        self.use('stolen')
        self.said('The token is of no use: ')
        self.assertEqual([], self.buttons())
        self.assertEqual('', self.page.evaluate("sessionStorage.getItem('token') ?? ''"))

    def test_pause_and_resume(self):
        """By the person's name, with the reason, and with the engine's answer."""
        self.use('alice-token')
        self.said('You act as alice.')
        self.page.wait("document.querySelector('[data-verb=retry]')")  # with the record
        self.assertEqual(['pause', 'retry'], self.buttons())
        for verb, reason, then in (('pause', 'INC-4711', 'resume'), ('resume', 'it is over', 'pause')):
            self.do(verb, verb.capitalize(), reason)
            self.page.wait(f"document.querySelector('[data-verb={then}]')")
        self.assertEqual(0, self.page.evaluate('localStorage.length'))
        self.assertNotIn('alice-token', self.page.evaluate('document.cookie + location.href'))

    def do(self, verb, label, reason):
        """Presses a button, says why, and waits for the engine's answer."""
        Guarded.written.clear()
        self.page.evaluate(f"document.querySelector('[data-verb={verb}]').click()")
        self.page.wait("document.querySelector('dialog').open")
        self.page.type(reason)
        self.page.press('Enter')
        self.said(f'{label}: ')
        self.page.wait("!document.querySelector('.said').textContent.includes('asked for')")
        self.assertNotIn('refused', self.page.evaluate("document.querySelector('.said').textContent"))
        (user, body), = Guarded.written
        asked = json.loads(body['metadata']['annotations']['sluice.dev/request'])
        self.assertEqual(('alice', verb, reason, 'alice'), (user, asked['verb'], asked['reason'], asked['by']))

    def test_retry_and_roll_back(self):
        """The version is released again, the page follows the new release, and it is taken back by hand."""
        self.use('alice-token')
        self.page.wait("document.querySelector('[data-verb=retry]')")
        self.do('retry', 'Retry', 'it was the network')
        self.page.wait("document.querySelector('[data-verb=rollback]')")
        self.assertEqual(['pause', 'promote', 'rollback'], self.buttons())
        self.assertIn('checkout-2', self.page.evaluate("document.querySelector('.subtitle').textContent"))
        self.do('rollback', 'Roll back', 'it was not')
        self.page.wait("document.querySelector('.outcome').textContent.startsWith('taken back')")
        self.assertIn('it was not', self.page.evaluate("document.querySelector('main').innerText"))

    def test_forget(self):
        self.use('alice-token')
        self.page.wait("document.querySelector('[data-verb]')")
        self.page.visit(self.address, DESK)  # it stays with the tab
        self.page.wait("document.querySelector('[data-verb]')")
        self.page.evaluate("document.querySelector('.actions form button[type=button]').click()")
        self.said('The token is forgotten.')
        self.assertEqual([], self.buttons())
        self.assertEqual(0, self.page.evaluate('sessionStorage.length'))

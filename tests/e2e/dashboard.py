#!/usr/bin/env python3
"""The dashboard in a real browser, on an embedded cluster with the engine at work: what it shows, to whom, and to whom
not.

    dashboard.py SLUICE [--keep FOLDER]      FOLDER: where the pictures stay, to look at them
"""
import argparse
import contextlib
import http.client
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
import urllib.error
import urllib.parse
import urllib.request

import browser
import dashboard_world as world
from dashboard_people import People  # noqa: F401 (unittest finds it here)
from dashboard_world import DESK, PATIENCE_S, PHONE

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))
from processes import free_port  # noqa: E402

KEEP = None
LINES_MAX = 1000  # of web/overview.js
PAGES_MAX = 200  # FEED_PAGES_MAX of core/board/feed.h
CONTRAST = world.contrast('h1', '.badge', '.outcome', 'small', 'td', 'th', 'a', '#link', '.note')
# Which texts each figure has drawn.
LABELS = '''window.labels = [];
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
  const figure = [...document.querySelectorAll('figure')].indexOf(this.canvas.closest('figure'));
  (labels[figure] ??= new Set()).add(text);
  document.body.dataset.drawn = figure; /* for who waits */
  return fillText.call(this, text, ...place);
};'''
IMAGE = '<img src=x onerror="document.title=666">'


def event(name, message, canary='checkout'):
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    return {'apiVersion': 'v1', 'kind': 'Event', 'metadata': {'name': name, 'namespace': 'shop'}, 'type': 'Warning',
            'involvedObject': {'kind': 'Canary', 'name': canary, 'namespace': 'shop'}, 'reason': 'Synced',
            'message': message, 'firstTimestamp': now, 'lastTimestamp': now}


class Dashboard(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.cluster = world.cluster
        cls.page = cls.enterClassContext(browser.open())

    def visit(self, query='', width=DESK, address=None, **how):
        self.page.visit((address or self.cluster.page) + query, width, **how)
        self.page.wait("document.getElementById('link').textContent === 'Live'")

    def release(self, width=DESK, **how):
        self.visit('?canary=shop/checkout', width, **how)
        self.page.wait("document.querySelectorAll('figure').length > 3")

    def why(self, *words):
        order = [world.sluice, 'why', '--kubeconfig', self.cluster.kubeconfig, '-n', 'shop', 'checkout', *words]
        return subprocess.run(order, capture_output=True, text=True, timeout=PATIENCE_S).stdout

    def tearDown(self):
        """Whatever a test did: no error in the console, and nothing was asked of another host."""
        told = self.page.told('Runtime.exceptionThrown') + self.page.told('Log.entryAdded')
        self.assertEqual([], told)
        asked = {each['request']['url'] for each in self.page.told('Network.requestWillBeSent')}
        self.assertEqual([], [url for url in asked if not url.startswith('http://127.0.0.1:')])

    # --- what is shown ---

    def test_overview(self):
        self.visit()
        row = self.page.wait("document.querySelector('tbody tr')?.innerText")
        for part in ('checkout', 'shop', 'Failed', '0 %'):
            self.assertIn(part, row)
        self.assertEqual('1 canary', self.page.evaluate("document.querySelector('.note').textContent"))
        bar, figure = self.page.evaluate("[...document.querySelectorAll('.weight > *')].map(one => [one.offsetTop, "
                                         "one.offsetTop + one.offsetHeight])")
        self.assertTrue(figure[0] <= bar[0] and bar[1] <= figure[1], 'bar and figure are on one line')

    def test_how_long_it_waits(self):
        """Once: the engine's message may say so, too."""
        self.visit()
        self.assertEqual('PodsNotReady (for 0s) · waiting for approval (gate by-qa) (for 0s)', self.page.evaluate(
            '''Promise.all([import('./phase.js'), import('./time.js')]).then(([{ waitText }, { cluster }]) =>
              [{ reason: 'PodsNotReady' }, { message: 'waiting for approval (gate by-qa) (for longer than 10m0s)' }]
                .map(waits => waitText({ waits: { ...waits, since: new Date(cluster.now()).toISOString() } }))
                .join(' · '))'''))

    def test_overview_follows(self):
        """A change appears without a reload, and nothing else moves."""
        self.visit()
        self.page.wait("document.querySelector('tbody tr a')")
        self.page.evaluate("window.before = document.querySelector('tbody a'); before.focus()")
        self.cluster.pause('INC-4711')
        self.page.wait("document.querySelector('.badge')?.textContent === 'Failed, paused'")
        self.assertIn('paused: INC-4711', self.page.evaluate("document.querySelector('tbody tr').innerText"))
        self.assertTrue(self.page.evaluate('document.activeElement === window.before'))
        self.cluster.pause(None)
        self.page.wait("document.querySelector('.badge').textContent === 'Failed'")

    def test_filter(self):
        self.visit('?text=nothing')
        self.page.wait("document.querySelector('.note').textContent === '0 of 1 canaries'")
        self.page.evaluate("document.querySelector('input').select()")
        self.page.type('check')
        self.page.wait("document.querySelector('.note').textContent === '1 canary'")
        self.assertEqual('?text=check', self.page.evaluate('location.search'))

    def test_release(self):
        """Share, each check against its bounds, what happened; and the record in the words of `sluice why`."""
        self.release()
        captions = self.page.evaluate("[...document.querySelectorAll('figcaption')].map(one => one.textContent.trim())")
        self.assertEqual(['Share of the canary', 'request-success-rate at least 99 %',
                          'request-duration at most 500 ms', 'What happened'], captions)
        told = [line.split('  ')[-1].strip() for line in self.why().splitlines() if ' fail ' in line]
        self.assertEqual(3, len(told), told)
        rows = self.page.evaluate("[...document.querySelectorAll('tr.bad td:last-child')].map(one => one.textContent)")
        for line in told:
            self.assertIn(line, rows)
        for figure, what in ((1, 'the line of its bound'), (2, 'a check that failed')):
            self.assertTrue(self.page.evaluate(DRAWN % figure), what)

    def test_bounds_have_labels(self):
        """Each value axis has its bound on it, and round values beside it where there is room."""
        spy = self.page.call('Page.addScriptToEvaluateOnNewDocument', source=LABELS)
        self.addCleanup(self.page.call, 'Page.removeScriptToEvaluateOnNewDocument', **spy)
        self.release()
        for figure, bound in ((1, '99'), (2, '500')):
            self.page.wait(f"labels[{figure}]?.has('{bound}')")
        self.assertEqual([[98, 99, 100], [500, 800, 1000], [0, 50, 100]], self.page.evaluate('''import('./scale.js')
            .then(({ labelled }) => [labelled(97.8, 100.1, 1, 0.4, [99, 200]), labelled(380, 1040, 200, 110, [500]),
              labelled(0, 100, 50, 18, [])])'''))

    def test_cursor(self):
        """The decision under the pointer, with what was asked and answered."""
        self.release()
        left, middle, width = self.page.evaluate(PLACE % 2)
        self.page.hover(left + width * 0.99, middle)
        now = "document.querySelector('#now').innerText"
        self.page.wait(r'/^\S+ fail \d\/\d request-duration .* over by /.test(%s)' % now)
        lines = self.page.evaluate("[...document.querySelectorAll('.u-cursor-x')].map(one => one.style.transform)")
        self.assertEqual((4, 1), (len(lines), len(set(lines))), lines)
        self.assertIn('histogram_quantile', self.page.evaluate("document.querySelector('details dl').textContent"))

    def test_keys(self):
        """The same without a pointer: every figure is reached by Tab, and says where it stands."""
        self.release()
        self.page.press('Tab')
        self.assertEqual('Skip to the content', self.page.evaluate('document.activeElement.textContent'))
        self.page.press('Enter')
        self.assertEqual('main', self.page.evaluate('document.activeElement.id'))
        for _ in range(6):
            self.page.press('Tab')
            if self.page.evaluate("document.activeElement.getAttribute('role')") == 'slider':
                break
        self.assertEqual('Share of the canary, over time',
                         self.page.evaluate("document.activeElement.getAttribute('aria-label')"))
        self.assertNotEqual('none', self.page.evaluate('getComputedStyle(document.activeElement).outlineStyle'))
        said = []
        for key in ('Home', 'ArrowRight', 'End', 'ArrowLeft'):
            self.page.press(key)
            said.append(self.page.evaluate("document.activeElement.getAttribute('aria-valuetext')"))
            self.assertEqual(said[-1].split()[0], self.page.evaluate("document.querySelector('#now b').textContent"))
        self.assertTrue(said[0].startswith('0:00 started: new revision'), said)
        self.assertIn(' taken back: ', said[2])
        self.assertEqual(4, len(set(said)), said)

    def test_pages_that_were_left_hold_nothing(self):
        """A browser keeps them for the way back, and has six connections to a host."""
        with unittest.mock.patch.object(browser, 'PATIENCE_S', PATIENCE_S // 2):  # a connection is idle for twice that
            for _ in range(4):
                self.visit('?canary=shop/checkout')
                self.visit()
            self.page.back()
        self.page.wait("document.getElementById('link').textContent === 'Live'")

    def test_older_release(self):
        """Each release of the canary has an address."""
        self.visit('?canary=shop/checkout/1')
        self.page.wait("document.querySelector('[aria-current=page]')?.textContent === 'checkout-1'")

    def test_what_there_is_not(self):
        """A canary, a release, or an address that is none."""
        self.visit('?canary=shop/gone')
        self.page.wait("document.querySelector('.waits').textContent === 'There is no such canary.'")
        self.visit('?canary=shop/gone/3')
        self.page.wait("document.querySelectorAll('.waits')[1].textContent === 'There is no release gone-3.'")
        self.visit('?canary=shop/checkout/99')
        missing = 'There is no release checkout-99; these are kept:'
        self.page.wait(f"document.querySelectorAll('.waits')[1].textContent === {json.dumps(missing)}")
        self.assertEqual('checkout-1', self.page.evaluate("document.querySelector('tbody th').textContent"))
        for wrong in ('checkout', 'shop/', 'shop/checkout/0', 'shop/checkout/x', 'Shop/a', 'a/b/1/2', '<img src=x>/a'):
            with self.subTest(wrong):
                self.page.visit(f'{self.cluster.page}?canary={urllib.parse.quote(wrong)}', DESK)
                self.page.wait(f"document.querySelector('main').innerText.includes({json.dumps(wrong)})")
                self.assertIn('names no canary', self.page.evaluate("document.querySelector('main').innerText"))
                self.assertEqual(0, self.page.evaluate("document.querySelectorAll('main img').length"))

    # --- to people ---

    def test_words_for_who_does_not_see(self):
        self.release()
        tree = self.page.call('Accessibility.getFullAXTree')['nodes']
        names = {(node['role']['value'], node.get('name', {}).get('value', '')) for node in tree
                 if not node.get('ignored') and 'role' in node}
        for role, name in (('heading', 'checkout.shop'), ('heading', 'Record'), ('navigation', 'Pages'),
                           ('table', 'What was decided'), ('table', 'Events of the canary'),
                           ('slider', 'request-duration, over time'), ('main', '')):
            self.assertIn((role, name), names)
        self.assertRegex(self.page.evaluate("document.querySelectorAll('figure .unseen')[2].textContent"),
                         r'^\d+ values from [\d.]+ to [\d.]+ ms, the last one [\d.]+\. \d+ pass, 3 fail\.$')

    def test_fits(self):
        """Nothing is wider than the screen, in light and in dark, and all texts stand out (WCAG 2: 4.5 to 1)."""
        grounds = set()
        for show in (self.visit, self.release):
            for width in (PHONE, DESK):
                for dark in (False, True):
                    with self.subTest(show.__name__, width=width, dark=dark):
                        show(width=width, dark=dark)
                        self.page.wait("document.querySelector('tbody tr')")
                        self.assertEqual(width, self.page.evaluate('document.documentElement.scrollWidth'))
                        self.assertEqual([], self.page.evaluate(world.BROKEN))
                        for name, ratio in self.page.evaluate(CONTRAST):
                            self.assertGreaterEqual(ratio, 4.5, name)
                        grounds.add(self.page.evaluate('getComputedStyle(document.body).backgroundColor'))
        self.assertEqual(2, len(grounds))

    def test_rests_for_who_wants_that(self):
        for still, seconds in ((False, '0.3s'), (True, '0s')):
            self.visit(still=still)
            self.page.wait("document.querySelector('.fill')")
            self.assertEqual(seconds, self.page.evaluate(
                "getComputedStyle(document.querySelector('.fill')).transitionDuration"))

    # --- to others ---

    def test_markup_is_text(self):
        self.cluster.ask('POST', '/api/v1/namespaces/shop/events', event('markup', IMAGE))
        ended = json.loads(self.why('-o', 'json'))['ended_ms'] / 1000
        moment = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(ended))
        self.cluster.ask('PATCH', '/api/v1/namespaces/shop/events/markup', {'lastTimestamp': moment},
                         'application/merge-patch+json')
        self.cluster.pause(IMAGE)
        self.release()
        self.page.wait(f"document.body.innerText.includes({json.dumps('paused: ' + IMAGE)})")
        self.page.wait(f"[...document.querySelectorAll('td')].some(one => one.textContent === {json.dumps(IMAGE)})")
        self.assertEqual(0, self.page.evaluate("document.querySelectorAll('main img').length"))
        self.assertNotEqual('666', self.page.evaluate('document.title'))
        self.cluster.pause(None)

    def status(self, path='/dashboard/', **headers):
        connection = http.client.HTTPConnection('127.0.0.1', self.cluster.port, timeout=PATIENCE_S)
        connection.request('GET', path, headers={name.replace('_', '-'): value for name, value in headers.items()})
        answer = connection.getresponse()
        connection.close()
        return answer

    def test_foreign_pages(self):
        self.assertEqual(200, self.status().status)
        for headers in ({'Host': 'evil.example'}, {'Origin': 'http://evil.example'},
                        {'Origin': 'http://127.0.0.1:1'}, {'Sec_Fetch_Site': 'cross-site'}):
            for path in ('/dashboard/', '/dashboard/feed', '/dashboard/main.js'):
                with self.subTest(path, **headers):
                    self.assertEqual(403, self.status(path, **headers).status)
        link = {'Sec_Fetch_Site': 'cross-site', 'Sec_Fetch_Mode': 'navigate'}
        for path, status in (('/dashboard/', 200), ('/dashboard/feed', 403), ('/dashboard/main.js', 403)):
            with self.subTest(path, **link):
                self.assertEqual(status, self.status(path, **link).status)

    def test_foreign_page_in_the_browser(self):
        """A page of another origin gets nothing of it: not to read, not in a frame, not as a script."""
        (self.folder / 'evil.html').write_text(f'''<!doctype html><title>evil</title><iframe src="{self.cluster.page}">
            </iframe><script type="module">
            const tried = [fetch('{self.cluster.page}feed'), fetch('{self.cluster.page}'),
              import('{self.cluster.page}main.js')];
            const results = await Promise.allSettled(tried);
            document.title = results.map(one => one.status).join();</script>''')
        self.page.visit(self.folder / 'evil.html', DESK)
        self.page.wait("document.title === 'rejected,rejected,rejected'")
        self.page.events.clear()  # the browser says itself what it refused

    def test_headers(self):
        policy = self.status().getheader('Content-Security-Policy')
        self.assertNotIn('unsafe', policy)
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertEqual('nosniff', self.status('/dashboard/main.js').getheader('X-Content-Type-Options'))

    def test_keeps_pictures(self):
        if KEEP is None:
            self.skipTest('--keep FOLDER keeps pictures, to look at them')
        self.visit()
        self.page.evaluate("sessionStorage.setItem('token', 'you')")
        self.addCleanup(self.page.evaluate, 'sessionStorage.clear()')
        for name, show, height in (('overview', self.visit, 420), ('release', self.release, 1120)):
            for width, dark in ((PHONE, False), (DESK, False), (DESK, True)):
                show(width=width, dark=dark, height=height, still=True)
                self.page.wait("document.querySelector('tbody tr')")
                if name == 'release':
                    self.page.wait("document.querySelector('[data-verb]')")
                    left, middle, figure = self.page.evaluate(PLACE % 2)
                    self.page.hover(left + figure * 0.75, middle)
                    self.page.wait("document.querySelector('#now b')")
                    self.page.evaluate('scrollTo(0, 0)')
                self.page.picture(KEEP / f'dashboard-{name}-{width}{"-dark" if dark else ""}.png')
        (KEEP / 'dashboard-release-1000.png').rename(KEEP / 'dashboard.png')


# The middle of a figure, on the screen.
PLACE = '''(() => {
  const area = document.querySelectorAll('.u-over')[%d];
  area.scrollIntoView({block: 'center'});
  const box = area.getBoundingClientRect();
  return [box.left, box.top + box.height / 2, box.width];
})()'''
# Is there anything on the canvas of a figure that is as red as a bound, or a broken one?
DRAWN = '''(() => {
  const canvas = document.querySelectorAll('canvas')[%d];
  const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  for (let i = 0; i < bytes.length; i += 4) {
    if (bytes[i] > 150 && bytes[i + 1] < 80 && bytes[i + 3] > 100) { return true; }
  }
  return false;
})()'''


class Alone(unittest.TestCase):
    """`sluice dashboard`, beside a cluster that it only reads."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.cluster = world.cluster

    @contextlib.contextmanager
    def dashboard(self, *words):
        process = subprocess.Popen([world.sluice, 'dashboard', '--kubeconfig', self.cluster.kubeconfig, '--listen',
                                    '127.0.0.1:0', *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            self.assertEqual('', process.communicate(timeout=PATIENCE_S)[1])
            self.assertEqual(0, process.returncode)

    def wait_for_port(self, port):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(('127.0.0.1', port)):
                return
            self.assertLess(time.monotonic(), deadline)

    @contextlib.contextmanager
    def nginx(self, inner, path, host='$http_host'):
        """A proxy in front of it, below a path; `host` is what it tells as the header Host."""
        port = free_port()
        (self.folder / 'nginx.conf').write_text(f'''daemon off; pid {self.folder}/pid; error_log {self.folder}/error;
            events {{}} http {{ access_log off; client_body_temp_path {self.folder}/a; proxy_temp_path {self.folder}/b;
            fastcgi_temp_path {self.folder}/c; uwsgi_temp_path {self.folder}/d; scgi_temp_path {self.folder}/e;
            server {{ listen 127.0.0.1:{port}; location {path} {{ proxy_pass {inner}; proxy_set_header Host {host};
            proxy_http_version 1.1; }} }} }}''')
        process = subprocess.Popen(['nginx', '-e', self.folder / 'error', '-c', self.folder / 'nginx.conf'])
        try:
            self.wait_for_port(port)
            yield f'http://127.0.0.1:{port}'
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def check_page(self, page, address):
        page.visit(address, DESK)
        page.wait("document.getElementById('link').textContent === 'Live' && document.querySelector('tbody tr')")
        page.visit(address + '?canary=shop/checkout', DESK)
        page.wait("document.querySelectorAll('figure').length > 2")
        self.assertEqual([], page.told('Runtime.exceptionThrown') + page.told('Log.entryAdded'))
        self.assertTrue(page.evaluate("document.querySelector('.scriptless') === null"))

    def test_behind_a_proxy_without_the_host(self):
        """As nginx is when nobody tells it otherwise: the script is refused, and the page itself says what may be."""
        with browser.open() as page, self.dashboard() as own, self.nginx(own, '/elsewhere/', '$proxy_host') as outer:
            page.visit(f'{outer}/elsewhere/', DESK)
            shown = page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))"
                                  ".then(() => document.getElementById('main').innerText)")
            self.assertIn('script did not load. Behind a proxy: does it pass the Host header', shown)
            self.assertEqual('', page.evaluate("document.getElementById('link').textContent"))

    def test_behind_proxies(self):
        """One that keeps the path, and one that takes it away, as kubectl's does."""
        with browser.open() as page:
            with self.dashboard('--prefix', '/team/sluice') as own:
                with self.nginx(own.removesuffix('/team/sluice/'), '/team/sluice') as outer:
                    self.check_page(page, f'{outer}/team/sluice/')
                    self.check_page(page, f'{outer}/team/sluice')
            with self.dashboard() as own, self.nginx(own, '/elsewhere/') as outer:
                self.check_page(page, f'{outer}/elsewhere/')

    def test_beside_an_engine(self):
        """Of what an engine has read, here of one that stands by; it ends while pages are open."""
        port = free_port()
        process = subprocess.Popen([world.sluice, 'run', '-kubeconfig', self.cluster.kubeconfig, '-port', str(port),
                                    '-metrics-server', 'http://127.0.0.1:9', '-dashboard', '0', '-dashboard-prefix',
                                    '/board', '-dashboard-hosts', 'board.example'], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        said = (re.search('the dashboard is on port (.*?)"', line) for line in process.stderr)
        own = next(found.group(1) for found in said if found)
        feeds = [urllib.request.urlopen(f'http://127.0.0.1:{own}/board/feed{query}', timeout=PATIENCE_S)
                 for query in ('', '?namespace=shop&canary=checkout')]
        for feed, wanted in zip(feeds, (b'"name":"checkout"', b'"outcome":"taken back"')):
            while wanted not in (line := feed.readline()):
                self.assertNotEqual(b'', line)
        process.terminate()
        told = process.stderr.read()
        self.assertEqual(0, process.wait(PATIENCE_S), told)
        for feed in feeds:
            feed.close()

    def test_two_thousand_pages(self):
        """So many are open, the others are told to come again, and none keeps a newcomer out once they go."""
        with self.dashboard() as own:
            port = int(re.search(r':(\d+)/', own).group(1))
            codes, sockets = {}, []
            for _ in range(2000):
                one = socket.create_connection(('127.0.0.1', port), timeout=PATIENCE_S)
                one.sendall(b'GET /feed HTTP/1.1\r\nHost: localhost\r\n\r\n')
                line = one.recv(12)
                codes[line[9:12]] = codes.get(line[9:12], 0) + 1
                if line.endswith(b'200'):
                    sockets.append(one)
                else:
                    one.close()
            self.assertEqual({b'200': PAGES_MAX, b'503': 2000 - PAGES_MAX}, codes)
            with browser.open() as page:  # the files are still served, and say what is wrong
                page.visit(own, DESK)
                page.wait("document.getElementById('link').textContent.includes('Refused: too many pages are open')")
            for one in sockets:
                one.close()
            deadline = time.monotonic() + PATIENCE_S
            while True:
                try:
                    urllib.request.urlopen(own + 'feed', timeout=PATIENCE_S).close()
                    break
                except urllib.error.HTTPError as refused:
                    self.assertEqual(503, refused.code)
                    self.assertLess(time.monotonic(), deadline)

    def test_many_canaries(self):
        """Of more than a page shows the first are shown, in words, and the others are found."""
        with tempfile.TemporaryDirectory() as folder:
            cluster = world.Cluster(pathlib.Path(folder))
            self.addCleanup(cluster.close)
        connection = http.client.HTTPConnection('127.0.0.1', cluster.port, timeout=PATIENCE_S)
        for number in range(LINES_MAX + 100):
            connection.request('POST', '/apis/flagger.app/v1beta1/namespaces/default/canaries', json.dumps({
                'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': f'shop-{number:04}'},
                'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'gone'}, 'suspend': True,
                         'service': {'port': 80}, 'analysis': {'interval': '1m', 'threshold': 5}}}))
            answer = connection.getresponse()
            self.assertEqual(201, answer.status, answer.read())
            answer.read()
        connection.close()
        with browser.open() as page:
            page.visit(cluster.page, DESK)
            note = "document.querySelector('.note').textContent"
            page.wait(f"{note} === '1100 canaries. The first 1000 are shown: a namespace or a text finds the others.'")
            rows = page.evaluate("[...document.querySelectorAll('tbody a')].map(one => one.textContent)")
            self.assertEqual([f'shop-{number:04}' for number in range(LINES_MAX)], rows)
            page.evaluate("document.querySelector('input').select()")
            page.type('shop-109')
            page.wait(f"{note} === '10 of 1100 canaries'")
            cluster.ask('DELETE', '/apis/flagger.app/v1beta1/namespaces/default/canaries/shop-1095')
            page.wait(f"{note} === '9 of 1099 canaries'")

    def test_silent_connections(self):
        """Connections that ask for nothing keep nobody out, and cost no open page."""
        with self.dashboard() as own:
            port = int(re.search(r':(\d+)/', own).group(1))
            feed = urllib.request.urlopen(own + 'feed', timeout=PATIENCE_S)
            feed.readline()
            idle = []
            for _ in range(900):
                idle.append(socket.create_connection(('127.0.0.1', port), timeout=PATIENCE_S))
            with urllib.request.urlopen(own, timeout=PATIENCE_S) as answer:
                self.assertEqual(200, answer.status)
            self.cluster.pause('while they wait')
            while b'while they wait' not in (line := feed.readline()):  # the page that was open first is told on
                self.assertNotEqual(b'', line)
            self.cluster.pause(None)
            for one in idle:
                one.close()
            feed.close()

    def test_bad_words(self):
        for words, problem in ((['--listen', '8090'], '--listen 8090: expected HOST:PORT'),
                               (['--prefix', 'sluice'], 'prefix "sluice": a path of letters'),
                               (['--prefix', '/..'], 'without the folders . and ..'),
                               (['podinfo'], 'podinfo: unexpected word'),
                               (['--kubeconfig', 'gone'], 'kubeconfig gone: ')):
            with self.subTest(words=words):
                done = subprocess.run([world.sluice, 'dashboard', *words], capture_output=True, text=True,
                                      timeout=PATIENCE_S)
                self.assertIn(problem, done.stderr)
                self.assertNotEqual(0, done.returncode)

    def test_open_to_others(self):
        """Who opens it to other machines is told so."""
        order = [world.sluice, 'dashboard', '--kubeconfig', self.cluster.kubeconfig, '--listen', ':0']
        process = subprocess.Popen(order, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        process.stdout.readline()
        process.terminate()
        self.assertIn('is open to other machines: whoever reaches it may read', process.communicate()[1])


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('sluice', metavar='SLUICE')
    parser.add_argument('--keep', type=pathlib.Path, metavar='FOLDER')
    args, rest = parser.parse_known_args()
    KEEP = args.keep
    with world.open(args.sluice):
        done = unittest.main(argv=[sys.argv[0], *rest], verbosity=2, exit=False)
    sys.exit(not done.result.wasSuccessful())

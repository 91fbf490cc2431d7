"""A headless Chromium, told what to do over a pipe (Chrome DevTools Protocol): what a page looks like to people.

    with browser.open() as page:
        page.visit(pathlib.Path('page.html'), width=380, dark=True)
        page.evaluate('document.title')
"""
import base64
import contextlib
import json
import os
import select
import subprocess
import tempfile
import time

PATIENCE_S = 60
PROGRAM = 'chromium'
# As root there is no sandbox of Chromium's, and /dev/shm of a container is small.
FLAGS = ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars',
         '--no-first-run', '--disable-background-networking', '--remote-debugging-pipe')


class Page:
    """The one page of a browser."""

    def __init__(self, to_browser, from_browser):
        self.to_browser, self.from_browser = to_browser, from_browser
        self.unread, self.number, self.session = b'', 0, None
        self.events = []

    def read(self, deadline=None):
        """The next message; each ends with a NUL."""
        deadline = deadline or time.monotonic() + PATIENCE_S
        while b'\0' not in self.unread:
            ready, _, _ = select.select([self.from_browser], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError('the browser says nothing')
            some = os.read(self.from_browser, 1 << 16)
            if not some:
                raise EOFError('the browser has ended')
            self.unread += some
        message, _, self.unread = self.unread.partition(b'\0')
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        order = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            order['sessionId'] = self.session
        os.write(self.to_browser, json.dumps(order).encode() + b'\0')
        deadline = time.monotonic() + PATIENCE_S
        while True:
            message = self.read(deadline)
            if message.get('id') == self.number:
                if 'error' in message:
                    raise RuntimeError(f'{method}: {message["error"]["message"]}')
                return message['result']
            self.events.append(message)

    def attach(self):
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Network', 'Log'):
            self.call(f'{domain}.enable')

    def visit(self, where, width, height=800, dark=False, still=False):
        """Opens a file, or an address, and waits until it has loaded. `still`: for people who want nothing to move."""
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call('Emulation.setEmulatedMedia',
                  features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'},
                            {'name': 'prefers-reduced-motion', 'value': 'reduce' if still else 'no-preference'}])
        self.events.clear()
        self.call('Page.navigate', url=where if isinstance(where, str) else where.resolve().as_uri())
        self.await_load()

    def await_load(self):
        deadline = time.monotonic() + PATIENCE_S
        while not self.told('Page.loadEventFired'):
            self.events.append(self.read(deadline))

    def back(self):
        """To the page before, which loads anew."""
        history = self.call('Page.getNavigationHistory')
        self.events.clear()
        self.call('Page.navigateToHistoryEntry', entryId=history['entries'][history['currentIndex'] - 1]['id'])
        self.await_load()

    def told(self, method):
        return [message['params'] for message in self.events if message.get('method') == method]

    def evaluate(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(result['exceptionDetails']['exception'].get('description', expression))
        return result['result'].get('value')

    def wait(self, expression):
        """Until the expression is true, on this page; and its value."""
        return self.evaluate('''new Promise((found, missing) => {
          const look = () => { const value = (() => { return %s; })(); if (value) { found(value); } return value; };
          if (look()) { return; }
          const observer = new MutationObserver(() => look() && observer.disconnect());
          observer.observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
          setTimeout(() => missing(new Error('never true; the page says: ' + document.body.innerText)), %d);
        })''' % (expression, (PATIENCE_S - 20) * 1000))

    def hover(self, x, y):
        self.call('Input.dispatchMouseEvent', type='mouseMoved', x=x, y=y)

    def press(self, key):
        codes = {'Tab': 9, 'Enter': 13, 'Escape': 27}
        for kind in ('keyDown', 'keyUp'):
            more = {'text': '\r'} if key == 'Enter' and kind == 'keyDown' else {}
            self.call('Input.dispatchKeyEvent', type=kind, key=key, code=key,
                      windowsVirtualKeyCode=codes.get(key, 0), **more)

    def type(self, text):
        self.call('Input.insertText', text=text)

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.call('Page.captureScreenshot', format='png')['data']))


@contextlib.contextmanager
def open(program=PROGRAM):  # pylint: disable=redefined-builtin
    to_read, to_browser = os.pipe()
    from_browser, to_write = os.pipe()

    def place():
        """The browser reads its orders from 3 and answers to 4."""
        spare = os.dup(to_write)
        os.dup2(to_read, 3)
        os.dup2(spare, 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        process = subprocess.Popen([program, *FLAGS, f'--user-data-dir={home}'], preexec_fn=place,
                                   pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        try:
            page = Page(to_browser, from_browser)
            page.attach()
            yield page
        finally:
            os.close(to_browser)
            os.close(from_browser)
            process.terminate()
            process.wait(PATIENCE_S)

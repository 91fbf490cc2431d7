"""The embedded cluster that the tests of the dashboard share: one release, which was taken back."""
import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
import threading
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_S = 60
PHONE, DESK = 380, 1000
SPEED = 20  # seconds there per second here
# Words of the narrow columns that stand on two lines, and tables that scroll.
BROKEN = '''(() => {
  const lines = (text, found) => {
    const range = document.createRange();
    range.setStart(text, found.index);
    range.setEnd(text, found.index + found[0].length);
    return range.getClientRects().length;
  };
  const words = [...document.querySelectorAll('.rows td:not(:last-child), .rows th ~ td')]
    .flatMap(cell => [...cell.childNodes])
    .flatMap(text => [...text.textContent.matchAll(/[^\\s-]+/g)].filter(found => lines(text, found) > 1))
    .map(found => found[0]);
  return [...words, ...[...document.querySelectorAll('.rows')].filter(one => one.scrollWidth > one.clientWidth)
    .map(one => one.innerText.split('\\n')[0])];
})()'''


def contrast(*names):
    """A script: how much the first element of each name stands out from what is behind it (WCAG 2)."""
    return CONTRAST % json.dumps(names)


sluice = cluster = None  # set by open()

CONTRAST = '''(() => {
  const parts = text => text.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = text => parts(text).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = one => {
    const colour = getComputedStyle(one).backgroundColor;
    return colour === 'rgba(0, 0, 0, 0)' && one.parentElement ? behind(one.parentElement) : colour;
  };
  return %s.map(name => document.querySelector(name)).filter(Boolean)
    .map(one => [one.className || one.tagName, light(getComputedStyle(one).color), light(behind(one))])
    .map(([name, ink, ground]) => [name, (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)]);
})()'''


class Cluster:
    """`sluice demo --serve`, with the page beside the API server; without a scenario an empty cluster."""

    def __init__(self, folder, scenario=None):
        self.kubeconfig = folder / 'kubeconfig'
        words = ['demo', '--serve', '--speed', str(SPEED), '--kubeconfig', self.kubeconfig]
        self.process = subprocess.Popen([sluice, *words, *([scenario] if scenario else [])], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            found = re.search(r'(http://\S+)/dashboard/$', line)
            if found:
                self.address = found.group(1)
                break
        self.reader = threading.Thread(target=self.process.stdout.read)  # it tells more than a pipe holds
        self.reader.start()
        self.page = self.address + '/dashboard/'
        self.port = int(self.address.rpartition(':')[2])

    def ask(self, method, path, body=None, kind='application/json'):
        request = urllib.request.Request(self.address + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={'Content-Type': kind})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def until(self, path, holds):
        """Waits on the watch of a kind until an object of it is so."""
        url = f'{self.address}{path}?watch=1'
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as stream:
            for line in stream:
                found = json.loads(line)['object']
                if holds(found):
                    return found
        raise AssertionError(f'{path}: never so')

    def pause(self, why):
        self.ask('PATCH', '/apis/flagger.app/v1beta1/namespaces/shop/canaries/checkout',
                 {'metadata': {'annotations': {'sluice.dev/pause': why}}}, 'application/merge-patch+json')

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stdout.close()


@contextlib.contextmanager
def open(binary):  # pylint: disable=redefined-builtin
    """Until the release has ended; what it left stays for all tests."""
    global sluice, cluster
    sluice = binary
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(pathlib.Path(folder), ROOT / 'examples/scenarios/slow-leak.yaml')
        try:
            cluster.until('/apis/sluice.dev/v1alpha1/namespaces/shop/releases',
                          lambda one: one.get('status', {}).get('state') == 'Failed')
            yield
        finally:
            cluster.close()

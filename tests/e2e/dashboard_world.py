"""The embedded cluster that the tests of the dashboard share: one release, which was taken back."""
import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
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

sluice = cluster = None  # set by open()


class Cluster:
    """`sluice demo --serve`, with the page beside the API server."""

    def __init__(self, scenario, folder):
        self.kubeconfig = folder / 'kubeconfig'
        self.process = subprocess.Popen(
            [sluice, 'demo', '--serve', '--speed', str(SPEED), '--kubeconfig', self.kubeconfig, scenario],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            found = re.search(r'(http://\S+)/dashboard/$', line)
            if found:
                self.address = found.group(1)
                break
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
        self.process.stdout.close()


@contextlib.contextmanager
def open(binary):  # pylint: disable=redefined-builtin
    """Until the release has ended; what it left stays for all tests."""
    global sluice, cluster
    sluice = binary
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(ROOT / 'examples/scenarios/slow-leak.yaml', pathlib.Path(folder))
        try:
            cluster.until('/apis/sluice.dev/v1alpha1/namespaces/shop/releases',
                          lambda one: one.get('status', {}).get('state') == 'Failed')
            yield
        finally:
            cluster.close()

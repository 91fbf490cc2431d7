"""sluice repl as a test types into it, over a pipe."""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAK = ROOT / 'examples/scenarios/slow-leak.yaml'
PATIENCE_S = 300

# A release that never ends.
GATED = """world:serve('gate.shop', function() return 403 end) world:patch('Canary', 'shop', 'checkout', { spec = { \
analysis = { webhooks = { { name = 'gate', type = 'confirm-promotion', url = 'http://gate.shop/' } } } } }) \
world:deploy 'shop/checkout:2'"""


class Repl(unittest.TestCase):
    maxDiff = None
    sluice = None  # the binary, set by who runs the tests

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)

    def type(self, *lines, path=LEAK, words=()):
        done = subprocess.run([self.sluice, 'repl', path, *words], input='\n'.join(lines) + '\n', capture_output=True,
                              text=True, timeout=PATIENCE_S, cwd=self.top)
        return done.returncode, done.stdout, done.stderr

    def expect(self, told, *lines, status=0, errors='', **more):
        self.assertEqual((status, told, errors), self.type(*lines, **more))

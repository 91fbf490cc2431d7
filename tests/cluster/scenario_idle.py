"""What canaries at rest cost, counted from the API server's audit log."""
import collections
import time

import manifests
from scenario import Scenario
from waiting import wait_for

SECONDS = 60
CANARIES = 5


class Idle(Scenario):
    when = 'after'
    flagger_too = False

    def test_requests_at_rest(self):
        """For a minute nothing but renewals: of the Lease and of watches."""
        scenes = [self.scene(f'idle-{n}').deploy(replicas=1) for n in range(CANARIES)]
        for scene in scenes:
            scene.canary(manifests.analysis())
        for scene in scenes:
            scene.initialise()
        self.settle()

        before, cpu = len(self.lab.audit()), self.engine.cost()[0]
        time.sleep(SECONDS)  # the subject of this test is what happens in this time
        requests = self.lab.audit()[before:]
        cpu = self.engine.cost()[0] - cpu
        count = collections.Counter((r['verb'], r['resource']) for r in requests)
        at_rest = len(self.lab.client.list('Canary'))
        print(f'        {at_rest} canaries at rest, {SECONDS} s: {dict(count)}, {cpu:.2f} s CPU, '
              f'{self.engine.cost()[1] >> 20} MiB', flush=True)
        others = {key: n for key, n in count.items() if key[1] != 'leases' and key[0] != 'watch'}
        self.assertEqual({}, others)

    def settle(self):
        """Waits until the engine has said nothing but to the Lease for five seconds."""
        def quiet():
            others = [r for r in self.lab.audit() if r['resource'] != 'leases' and r['verb'] != 'watch']
            if len(others) != self.last[0]:
                self.last = (len(others), time.monotonic())
            return time.monotonic() - self.last[1] > 5
        self.last = (-1, 0.0)
        wait_for(quiet, 120, 'the engine is at rest', interval=0.5)

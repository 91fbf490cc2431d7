"""A Strategy that waits for a gate, for numbers of a real Prometheus and for another Canary, its engine killed in
between."""
import manifests
from engine import Engine
from scenario import Scenario

SCRIPT = '''
return require 'stdlib.strategy' {
  name = 'waits',
  run = function(rollout)
    rollout:begin()
    local first = rollout:any { approved = { gate = 'approval' }, late = '10m' }
    rollout:event('first: ' .. first)
    rollout:shift(20)
    local seen = rollout:within('5m', { all = { '15s', { check = 'request-success-rate' } } })
    local points, cause = rollout:query_range('sum(rate(istio_requests_total{' ..
      'destination_workload="{{ target }}",destination_workload_namespace="{{ namespace }}"}[30s]))', '30s', '5s')
    rollout:event(('seen: %s, requests: %s'):format(seen, points and points[#points].value > 0 or cause))
    rollout:event('backend: ' .. tostring(rollout:wait_until({ canary = 'backend', phase = 'Succeeded' },
      { timeout = '10m' })))
    rollout:promote()
  end,
}
'''


class Waits(Scenario):
    when = 'apart'
    flagger_too = False

    def test_killed_while_it_waits(self):
        """It goes on when somebody says yes, and when the other Canary has come, whichever engine waits."""
        scene = self.scene('waits').deploy(tag='6.0.0')
        ns = scene.namespace
        self.hooks.answer(f'/{ns}/approval', status=403)
        scene.create({'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Strategy',
                      'metadata': {'name': 'waits', 'namespace': ns}, 'spec': {'script': SCRIPT}})
        with Engine(self.lab, 'waits', namespace=ns) as engine:
            scene.canary(manifests.analysis([self.hook(scene, 'approval', 'script')]), strategy={'name': 'waits'})
            scene.initialise()
            self.traffic(scene, rate=10)
            scene.set_image('6.0.1')
            scene.wait(lambda: self.hook_calls(scene, 'approval'), 60, 'the gate is asked')
            self.kill(engine)
            self.await_waiting(scene, f'podinfo.{ns} waits until gate approval is open, at the longest until 20')
            self.hooks.answer(f'/{ns}/approval', status=200)
            scene.wait_message('^first: approved$')
            scene.wait_message('^seen: true, requests: true$')
            self.await_waiting(scene, f'podinfo.{ns} waits until canary backend.{ns} is Succeeded, at the longest')
            self.kill(engine)
            self.backend_succeeds(scene)
            scene.wait_message('^backend: true$', 20)
            scene.wait_phase('Succeeded')
            self.assertEqual(0, engine.terminate(), engine.log_tail(20))
        self.assert_promoted(scene, '6.0.1')

    def kill(self, engine):
        engine.kill9()
        engine.start()

    def await_waiting(self, scene, text):
        """A wait is shown once it lasts."""
        def shown():
            return any(c['type'] == 'Waiting' and c['message'].startswith(text)
                       for c in scene.status().get('conditions', []))
        scene.wait(shown, 60, text)

    def backend_succeeds(self, scene):
        """Another Canary, whose target is not there, as somebody else's engine would leave it."""
        backend = manifests.canary(scene.namespace, manifests.analysis([]))
        backend['metadata']['name'] = 'backend'
        backend['spec']['targetRef']['name'] = 'backend'
        backend['spec']['service'].pop('hosts', None)
        backend['spec']['suspend'] = True
        scene.create(backend)
        self.lab.kubectl('-n', scene.namespace, 'patch', 'canary', 'backend', '--subresource=status', '--type=merge',
                         '-p', '{"status": {"phase": "Succeeded", "canaryWeight": 0, "failedChecks": 0, '
                               '"iterations": 0, "conditions": []}}')

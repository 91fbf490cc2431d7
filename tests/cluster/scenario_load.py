"""The tutorial's hooks at our load tester: the acceptance test by curl and grep, the load by the command line of hey, a
gate that a person opens, and at last the 500s of its second half."""
import json
import pathlib
import re
import subprocess
import tempfile
import urllib.request

import engine
import manifests
from control_plane import ROOT
from processes import free_port
from scenario import Scenario
from scenario_rollout import story_begin, story_end, story_promote, story_start, story_steps
from waiting import wait_for


class LoadTester(Scenario):
    def start_tester(self, namespace):
        self.port = free_port()
        log = tempfile.NamedTemporaryFile(mode='w', suffix='.log')
        self.addCleanup(log.close)
        self.log = pathlib.Path(log.name)
        child = subprocess.Popen([engine.binary(), 'load', f'-port={self.port}', '-allow-commands=curl,grep',
                                  f'-namespace-regexp=^{namespace}$'], stderr=log)
        self.addCleanup(child.wait)
        self.addCleanup(child.terminate)
        wait_for(lambda: 'Starting load tester' in self.log.read_text(), 20, 'the load tester')

    def ask(self, path, **metadata):
        body = {'name': 'podinfo', 'namespace': self.namespace, 'metadata': metadata}
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}{path}', json.dumps(body).encode()) as answer:
            return answer.status

    def hook_at_tester(self, name, kind, path='/', **metadata):
        return {'name': name, 'type': kind, 'url': f'http://127.0.0.1:{self.port}{path}', 'timeout': '10s',
                'metadata': metadata}

    def hooks_of(self, scene):
        """In place of the tutorial's names, which nothing resolves here, stand the gateway and the Host."""
        host, gateway = scene.host('canary'), self.lab.gateway
        acceptance = f"curl -sd 'test' -H 'Host: {host}' http://{gateway}/token | grep token"
        self.load = f'hey -z 10s -q 10 -c 2 -host {host} http://{gateway}/'
        return [self.hook_at_tester('gate', 'confirm-rollout', '/gate/check'),
                self.hook_at_tester('acceptance-test', 'pre-rollout', type='bash', cmd=acceptance),
                self.hook_at_tester('load-test', 'rollout', cmd=self.load),
                self.hook_at_tester('back', 'rollback', '/rollback/check')]

    def test_manifest(self):
        """A real API server takes what is installed."""
        scene = self.scene('load-manifest')
        manifest = ROOT / 'deploy/loadtester.yaml'
        told = self.lab.kubectl('-n', scene.namespace, 'apply', '--dry-run=server', '-f', manifest)
        self.assertIn('deployment.apps/flagger-loadtester created (server dry run)', told)

    def test_tutorial(self):
        """It is promoted by the load tester's load alone, and the next one taken back by its 500s."""
        scene = self.scene('load')
        ns = self.namespace = scene.namespace
        self.start_tester(ns)
        scene.deploy(tag='3.1.0')
        scene.canary(manifests.analysis(self.hooks_of(scene), threshold=2, stepWeight=25)).initialise()
        scene.set_image('3.1.1')
        scene.wait_message(f'Halt podinfo.{ns} advancement waiting for approval gate')
        self.assertEqual(202, self.ask('/gate/open'))
        scene.wait_phase('Succeeded')
        scene.wait_message('Promotion completed!')
        # The first round has nothing to judge yet: the load begins in it.
        beside = ('gate', 'Rollback hook', 'Halt advancement no values found for istio metric request-success-rate')
        story = [text for text in scene.messages() if not any(each in text for each in beside)]
        self.assertEqual(story_begin(ns) + story_start(ns) + ['Pre-rollout check acceptance-test passed']
                         + story_steps(ns, 25, 50) + story_promote(ns) + story_end(ns), story, scene.story())
        self.assert_promoted(scene, '3.1.1')
        figures = re.escape(f'load finished {self.load}: ') + r'(1\d\d|200) requests in 10.*; 200: '
        wait_for(lambda: re.search(figures, self.log.read_text()), 20, 'the figures')

        self.ask('/', cmd=f'hey -z 2m -q 10 -c 2 -host {scene.host("canary")} http://{self.lab.gateway}/status/500')
        scene.set_image('3.1.2')
        scene.wait_phase('Failed')
        scene.wait_message(f'^Rolling back podinfo.{ns} failed checks threshold reached 2$')
        scene.wait_message(rf'^Halt podinfo\.{ns} advancement success rate \d+\.\d\d% < 99%$')
        self.assertEqual(0, scene.weights()[-1])
        self.assertEqual('3.1.1', scene.image(scene.primary()))

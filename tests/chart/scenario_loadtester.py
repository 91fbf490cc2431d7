"""The load tester's chart in the place of Flagger's, and the load tester with the arguments that it gives."""
import json
import urllib.error
import urllib.request

import engine
import real_helm
from chart_scenario import ChartScenario
from processes import free_port
from waiting import http_ok, wait_for

NAMESPACE = ('--namespace', 'tester')


class LoadTester(ChartScenario):
    when = 'apart'
    chart = real_helm.LOADTESTER

    def test_in_the_place_of_flaggers(self):
        """An installation of Flagger's is upgraded to ours: hooks find it where they found the other. It runs what the
        chart allows, and nothing else."""
        self.helm('install', 'flagger-loadtester', real_helm.folder() / 'flagger-loadtester', *NAMESPACE,
                  '--create-namespace', '--wait', '--timeout=60s')
        self.addCleanup(self.helm, 'uninstall', 'flagger-loadtester', *NAMESPACE, '--wait')
        before = self.lab.get('Service', 'tester', 'flagger-loadtester')
        told = self.helm('upgrade', 'flagger-loadtester', real_helm.LOADTESTER, *NAMESPACE, '--wait', '--timeout=60s')
        self.assertIn('http://flagger-loadtester.tester/\n', told)
        after = self.lab.get('Service', 'tester', 'flagger-loadtester')
        for field in ('clusterIP', 'selector'):
            self.assertEqual(before['spec'][field], after['spec'][field], field)
        deployment = self.lab.get('Deployment', 'tester', 'flagger-loadtester')
        [container] = deployment['spec']['template']['spec']['containers']
        self.assertEqual('sluice-loadtester:0.1.0', container['image'])

        port = free_port()
        process = self.lab.processes.start('loadtester', [engine.binary(), 'load', *container['args'], f'-port={port}'])
        self.addCleanup(self.lab.processes.end, process)
        wait_for(lambda: http_ok(f'http://127.0.0.1:{port}/healthz'), 20, 'the load tester answers')
        acceptance = f"curl -sd 'test' http://127.0.0.1:{port}/healthz | grep OK"
        for command, status in ((acceptance, 200), ('ls /', 403)):
            with self.subTest(command):
                self.assertEqual(status, self.ask(port, {'type': 'bash', 'cmd': command}))

    def test_notes(self):
        """They warn of allowed programs that run others."""
        self.assertNotIn('cmd.allow', self.notes_of({}))
        told = [line.partition(',')[0] for line in
                self.notes_of({'cmd': {'allow': ['curl', 'bash', 'python3.11', 'jq', 'env']}}).splitlines()
                if line.startswith('cmd.allow')]
        self.assertEqual([f'cmd.allow has {name}' for name in ('bash', 'python3.11', 'env')], told)

    def ask(self, port, metadata):
        body = json.dumps({'name': 'podinfo', 'namespace': 'test', 'phase': 'Progressing', 'metadata': metadata})
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{port}/', body.encode(), timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

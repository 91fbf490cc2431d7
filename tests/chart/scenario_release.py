"""What is published of a version: scripts/release makes it of a clean checkout, a registry takes it, and the charts are
installed from there."""
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import artifact_hub
import engine
import real_helm
import yaml
from chart_scenario import ChartScenario
from matrix import Objects
from processes import free_port
from waiting import wait_for

ROOT = real_helm.ROOT
NAMESPACE = ('--namespace', 'sluice-system')
PAGE = ROOT / 'docs' / 'install.md'


def run(*argv, **how):
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True, **how).stdout


class Annotations(ChartScenario):
    def test_artifact_hub(self):
        """What stands there is what Artifact Hub reads, and it is true."""
        for folder in (real_helm.CHART, real_helm.LOADTESTER):
            chart = yaml.safe_load((folder / 'Chart.yaml').read_text())
            self.assertEqual([], list(artifact_hub.faults(chart)))
            found = artifact_hub.read(chart)
            rendered = {container['image'] for thing in self.objects({}, chart=folder).of('Deployment')
                        for container in thing['spec']['template']['spec']['containers']}
            self.assertEqual(rendered, {item['image'] for item in found['images']})
            self.assertEqual((ROOT / 'LICENSE').exists(), 'license' in found, 'a license is that of a file')
        self.assert_kinds(artifact_hub.read(yaml.safe_load((real_helm.CHART / 'Chart.yaml').read_text())))

    def assert_kinds(self, found):
        crds = [yaml.safe_load(path.read_text()) for path in sorted((real_helm.DEPLOY / 'crds').glob('*.yaml'))]
        there = {(crd['metadata']['name'], crd['spec']['names']['kind'], crd['spec']['versions'][0]['name'])
                 for crd in crds}
        self.assertEqual(there, {(item['name'], item['kind'], item['version']) for item in found['crds']})
        with tempfile.NamedTemporaryFile('w', suffix='.yaml') as file:
            yaml.safe_dump_all(found['crdsExamples'], file)
            file.flush()
            self.assertIn('0 errors', run(engine.binary(), 'check', file.name))

    def test_faults_are_found(self):
        chart = yaml.safe_load((real_helm.CHART / 'Chart.yaml').read_text())
        for name, text in (('categry', 'security'), ('category', 'delivery'), ('operator', 'yes'), ('links', '[]'),
                           ('links', '[{name: a, url: a.md}]'), ('changes', '[{kind: mended, description: a}]'),
                           ('crds', '[{kind: Canary}]'), ('images', '[{image: a, tag: b}]')):
            wrong = copy.deepcopy(chart)
            wrong['annotations'][artifact_hub.PREFIX + name] = text
            self.assertNotEqual([], list(artifact_hub.faults(wrong)), (name, text))


class Release(ChartScenario):
    def setUp(self):
        super().setUp()
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)
        self.out = self.top / 'out'
        self.registry = run(sys.executable, ROOT / 'tests/tools/tool.py', 'registry').strip()
        self.remove_crds()

    def test_from_checkout_to_cluster(self):
        self.make()
        self.assert_complete()
        self.serve()
        self.assert_images()
        self.publish_charts()
        self.install()

    def make(self):
        """In a folder that has what a clone has, and nothing else."""
        source, tools = self.top / 'source', self.top / 'tools'
        source.mkdir()
        tools.mkdir()
        told = run('git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', cwd=ROOT)
        names = [name for name in told.rstrip('\0').split('\0') if os.path.lexists(ROOT / name)]
        pack = subprocess.run(['tar', '-C', ROOT, '-cf', '-', *names], check=True, capture_output=True).stdout
        subprocess.run(['tar', '-C', source, '-xf', '-'], input=pack, check=True)
        (tools / 'helm').symlink_to(real_helm.folder() / 'helm')
        (tools / 'kubectl').write_text(f'#!/bin/sh\nexec {self.lab.parts / "stack"} kubectl "$@"\n')
        (tools / 'kubectl').chmod(0o755)
        run(source / 'scripts/release', self.out, 'https://example.com/v0/', engine.binary(),
            env={**os.environ, 'PATH': f'{tools}:{os.environ["PATH"]}', 'HOME': str(self.top)})
        self.version = run(self.out / 'sluice', 'version').split()[2]

    def assert_complete(self):
        run('sha256sum', '--check', '--strict', 'SHA256SUMS', cwd=self.out)
        listed = {line.split()[1] for line in (self.out / 'SHA256SUMS').read_text().splitlines()}
        self.assertEqual({path.name for path in self.out.iterdir()} - {'SHA256SUMS'}, listed)
        plugin = yaml.safe_load((self.out / 'kubectl-sluice.yaml').read_text())['spec']
        self.assertEqual(f'v{self.version}', plugin['version'])
        digest = run('sha256sum', self.out / 'kubectl-sluice.tar.gz').split()[0]
        self.assertEqual(('https://example.com/v0/kubectl-sluice.tar.gz', digest),
                         (plugin['platforms'][0]['uri'], plugin['platforms'][0]['sha256']))
        kinds = [thing['kind'] for thing in Objects((self.out / 'crds.yaml').read_text()).all]
        self.assertEqual(['CustomResourceDefinition'] * 6, kinds)
        for name in ('install', 'crds'):
            self.lab.kubectl('apply', '--dry-run=client', '-f', self.out / f'{name}.yaml')

    # --- a registry ---

    def serve(self):
        self.host = f'127.0.0.1:{free_port()}'
        process = self.lab.processes.start('registry', [self.registry, 'serve', self.host])
        self.addCleanup(self.lab.processes.end, process)
        ask = ['curl', '-sf', f'http://{self.host}/v2/']
        wait_for(lambda: subprocess.run(ask, capture_output=True).returncode == 0, 30, 'the registry answers')

    def assert_images(self):
        """Each is what its Dockerfile says, and has nothing but its programs, libraries and data."""
        for archive, name, user, command, programs in (
                ('sluice', 'sluice', '10001:10001', 'run', {'usr/local/bin/sluice'}),
                ('loadtester', 'sluice-loadtester', '10002:10002', 'load',
                 {'usr/local/bin/sluice', 'usr/bin/curl', 'usr/bin/grep'})):
            place = f'{self.host}/{name}:{self.version}'
            digest = run(self.registry, 'push', self.out / f'{archive}-image.tar', place).strip()
            found = json.loads(run(self.registry, 'pull', place))
            self.assertEqual((digest, user, ['/usr/local/bin/sluice', command], {'8080/tcp': {}}),
                             (found['digest'], found['user'], found['entrypoint'], found['ports']))
            self.assertEqual(programs, {path for path in found['files'] if re.match(r'usr/(local/)?bin/', path)})
            self.assertIn('usr/share/sluice.cdx.json', found['files'])
        again = self.top / 'again'
        run(ROOT / 'scripts/image-root', self.out / 'sluice', again)
        (again / 'usr/share/sluice.cdx.json').write_bytes((self.out / 'sluice-image.cdx.json').read_bytes())
        run(ROOT / 'scripts/image-archive', again, real_helm.DEPLOY / 'Dockerfile', self.top / 'again.tar')
        self.assertEqual((self.out / 'sluice-image.tar').read_bytes(), (self.top / 'again.tar').read_bytes())

    def typed(self, pattern):
        """The words of a command of docs/install.md, with this registry in the place of the page's."""
        page = PAGE.read_text().replace('\\\n', ' ')
        command = re.search(rf'^{pattern}.*$', page, flags=re.M).group()
        words = command.replace('registry.example.com', self.host).split()
        self.assertEqual('helm', words[0])
        return words[1:]

    def publish_charts(self):
        for chart in ('sluice', 'loadtester'):
            words = self.typed(f'helm push {chart}-')
            self.helm('push', self.out / words[1], *words[2:], '--plain-http')

    def install(self):
        """By what the registry has alone; each image that the cluster would pull is there, too."""
        self.addCleanup(self.helm, 'uninstall', 'sluice', *NAMESPACE, '--ignore-not-found', '--wait')
        self.helm(*self.typed('helm upgrade --install sluice oci:'), '--plain-http', '--wait', '--timeout=60s')
        deployment = self.lab.get('Deployment', 'sluice-system', 'sluice')
        image = deployment['spec']['template']['spec']['containers'][0]['image']
        self.assertEqual(f'{self.host}/sluice:{self.version}', image)
        run(self.registry, 'pull', image)
        self.assertIsNotNone(self.lab.get('CustomResourceDefinition', None, 'releases.sluice.dev'))

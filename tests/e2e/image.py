#!/usr/bin/env python3
"""The images without a container engine: the last stage of each Dockerfile of deploy is laid out of a program that was
built here, and lived in; and what the list of its parts says is held against what is there.

    image.py SLUICE
    image.py --whole BASE      every stage of both, line by line, on copies of BASE: a Debian 13 as debootstrap makes
                               it. Prints how large the images are.
"""
import http.server
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tests/e2e'), str(ROOT / 'tests/cluster')]
import dockerfile  # noqa: E402
import parts  # noqa: E402
from processes import free_port  # noqa: E402

VALIDATOR = 'cyclonedx-python-lib[json-validation]==11.12.0'
SLUICE = None
PATIENCE_S = 60


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, **options)


# --- the image ---

class Image(unittest.TestCase):
    """Of the engine."""
    file = 'deploy/Dockerfile'
    user = '10001:10001'
    command = 'run'
    built = 'build/sluice'  # in its first stage
    others = ()  # programs besides

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest('only root can change its root')
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name) / 'image'
        os.chmod(folder.name, 0o755)
        run(ROOT / 'scripts/image-root', SLUICE, cls.root, *cls.others, check=True)
        cls.parts = json.loads(run(ROOT / 'scripts/sbom', SLUICE, *cls.others, check=True).stdout)

    def argv_inside(self, *argv):
        """For a program of the image as its user; a container has /proc and /dev, and the sanitizers want the first."""
        for name in ('proc', 'dev'):
            (self.root / name).mkdir(exist_ok=True)
        line = (f'mount -t proc proc {self.root}/proc && mount --bind /dev {self.root}/dev && '
                f'exec chroot --userspec={self.user} {self.root} "$@"')
        return ['unshare', '--mount', 'sh', '-c', line, 'sh', *argv]

    def inside(self, *argv):
        return run(*self.argv_inside(*argv))

    def test_dockerfile_makes_this(self):
        """The last stage is what this test lays out, and nothing else."""
        (_, name, build), (base, _, last) = dockerfile.stages(ROOT / self.file)
        self.assertEqual('scratch', base)
        runs = ' '.join(' '.join(rest.split()) for word, rest in build if word == 'RUN')
        others = ''.join(f' {other}' for other in self.others)
        self.assertIn(f'scripts/image-root {self.built} /image{others} && scripts/sbom {self.built}{others} >', runs)
        self.assertEqual([f'--from={name} /image /'], [rest for word, rest in last if word == 'COPY'])
        self.assertIn(('USER', self.user), last)
        self.assertEqual(f'["/usr/local/bin/sluice", "{self.command}"]', dict(last)['ENTRYPOINT'])

    def test_starts(self):
        done = self.inside('/usr/local/bin/sluice', 'version')
        self.assertEqual((0, ''), (done.returncode, done.stderr))
        self.assertIn('sluice version', done.stdout)

    def test_lacks_no_library(self):
        loader = next(self.root.glob('usr/lib64/ld-linux-*'), None) or next(self.root.glob('usr/lib/ld-linux-*'))
        done = self.inside('/' + str(loader.relative_to(self.root)), '--list', '/usr/local/bin/sluice')
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn('not found', done.stdout)

    def test_knows_certificates_and_zones(self):
        """A server whose certificate nobody has signed is refused for that; the zone of a script is known."""
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = f'{folder}/key', f'{folder}/certificate'
            run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
                key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost', check=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), http.server.BaseHTTPRequestHandler)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            canary = {'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': 'web'}, 'spec': {
                'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'web'}, 'service': {'port': 80},
                'analysis': {'interval': '30s', 'threshold': 5, 'stepWeight': 10, 'metrics': [
                    {'name': 'up', 'interval': '1m', 'query': 'up', 'thresholdRange': {'max': 1}}]}}}
            (self.root / 'canary.json').write_text(json.dumps(canary))
            done = self.inside('/usr/local/bin/sluice', 'check', '--prometheus',
                               f'https://127.0.0.1:{server.server_port}', '/canary.json')
            server.shutdown()
            server.server_close()
        self.assertRegex(done.stdout + done.stderr, r'self-signed certificate')
        for zone in ('Europe/Berlin', 'America/New_York', 'UTC'):
            self.assertEqual(b'TZif', (self.root / 'usr/share/zoneinfo' / zone).read_bytes()[:4])

    def test_has_nothing_else(self):
        """No shell, no other program, nothing that raises rights or that others may change."""
        programs = [path for path in self.root.rglob('*') if path.is_file() and not path.is_symlink() and
                    path.stat().st_mode & 0o111]
        wanted = ['sluice', *(pathlib.Path(other).name for other in self.others)]
        self.assertEqual(sorted(wanted), sorted(path.name for path in programs if not path.name.startswith('ld-linux')))
        for path in self.root.rglob('*'):
            if not path.is_symlink() and path.name not in ('proc', 'dev'):
                self.assertEqual(0, path.stat().st_mode & 0o6022, path)

    # --- the list of parts ---

    def test_parts_name_every_library(self):
        listed = {pathlib.Path(place['location']).name for part in self.parts['components']
                  for place in part.get('evidence', {}).get('occurrences', [])}
        programs = {pathlib.Path(other).name for other in self.others}
        self.assertLessEqual(programs, listed)
        listed |= {part['name'] for part in self.parts['components'] if part['type'] == 'file'}
        there = {path.name for path in self.root.glob('usr/lib*/**/*.so*')}
        self.assertEqual(there, listed - programs)
        names = {part['name'] for part in self.parts['components']}
        self.assertLessEqual({'ca-certificates', 'tzdata', 'uplot', 'uthash-dev'}, names)

    def test_parts_are_told_the_same_again(self):
        self.assertEqual(self.parts, json.loads(run(ROOT / 'scripts/sbom', SLUICE, *self.others, check=True).stdout))

    def test_parts_of_debian_13(self):
        """Its dpkg tells of files that were diverted, too."""
        with tempfile.TemporaryDirectory() as folder:
            dpkg = pathlib.Path(folder) / 'dpkg'
            dpkg.write_text(f'#!/bin/sh\n{shutil.which("dpkg")} "$@"\nfor name; do\n'
                            'echo "diversion by libc6 from: $name"\ndone\n')
            dpkg.chmod(0o755)
            environment = {**os.environ, 'PATH': f'{folder}:{os.environ["PATH"]}'}
            told = run(ROOT / 'scripts/sbom', SLUICE, *self.others, env=environment)
        self.assertEqual('', told.stderr)
        self.assertEqual(self.parts, json.loads(told.stdout))

    def test_parts_are_cyclonedx(self):
        """By the schema of its own library."""
        python = validator()
        if python is None:
            self.skipTest(f'{VALIDATOR} cannot be had')
        program = ('import sys; from cyclonedx.schema import SchemaVersion; '
                   'from cyclonedx.validation.json import JsonStrictValidator; '
                   'wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()); '
                   'sys.exit(str(wrong) if wrong else 0)')
        done = run(python, '-c', program, input=json.dumps(self.parts))
        self.assertEqual((0, ''), (done.returncode, done.stderr))
        wrong = {**self.parts, 'components': [{'type': 'gadget', 'name': 'x'}]}
        self.assertNotEqual(0, run(python, '-c', program, input=json.dumps(wrong)).returncode)


class Loadtester(Image):
    """The same with what acceptance tests run."""
    file = 'deploy/Dockerfile.loadtester'
    user = '10002:10002'
    command = 'load'
    built = '/usr/local/bin/sluice'
    others = ('/usr/bin/curl', '/usr/bin/grep')

    def serve(self):
        """Starts it, and returns its address once it answers."""
        address = f'127.0.0.1:{free_port()}'
        server = subprocess.Popen(self.argv_inside('/usr/local/bin/sluice', 'load', '-listen', address,
                                                   '-allow-commands', 'curl,grep'), stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                urllib.request.urlopen(f'http://{address}/healthz', timeout=5).close()
                return address
            except OSError:
                if time.monotonic() > deadline or server.poll() is not None:
                    self.fail('it does not answer')
                time.sleep(0.05)

    def hook(self, address, command):
        """The status of the answer to one that ends with its command."""
        text = json.dumps({'name': 'web', 'namespace': 'test', 'phase': 'Progressing',
                           'metadata': {'type': 'bash', 'cmd': command}}).encode()
        try:
            with urllib.request.urlopen(f'http://{address}/', data=text, timeout=PATIENCE_S) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def test_runs_acceptance_tests(self):
        """Those of Flagger's documents, with no shell in the image: curl is joined to grep."""
        address = self.serve()
        self.assertEqual(200, self.hook(address, f'curl -s http://{address}/healthz | grep OK'))
        self.assertEqual(500, self.hook(address, f'curl -s http://{address}/healthz | grep "nothing like it"'))
        self.assertEqual(403, self.hook(address, 'sluice version'), 'it is not on the list')


class Dockerfiles(unittest.TestCase):
    """What can be known of them without an engine."""

    def test_buildkit_takes_them(self):
        """It reads them, converts them, and has nothing to remark."""
        found = run(sys.executable, ROOT / 'tests/tools/tool.py', 'dockerfile')
        if found.returncode == 77:
            self.skipTest(found.stdout.strip())
        tool = found.stdout.strip()
        done = run(tool, *(ROOT / image.file for image in (Image, Loadtester)))
        self.assertEqual((0, ''), (done.returncode, done.stdout))
        with tempfile.NamedTemporaryFile('w', suffix='.Dockerfile') as file:
            file.write('FROM debian AS Build\nCOPY --from=build /a /b\nENTRYPOINT sluice run\nUSR 1\n')
            file.flush()
            done = run(tool, file.name)
        self.assertEqual(1, done.returncode)
        self.assertIn('unknown instruction: USR', done.stdout)

    def test_page_builds_them(self):
        """The commands of docs/install.md name files that are there, in the order in which one needs the other."""
        page = (ROOT / 'docs/install.md').read_text()
        version = re.search(r'project\(sluice VERSION (\S+)', (ROOT / 'CMakeLists.txt').read_text()).group(1)
        tags = [f'sluice:{version}', f'sluice-loadtester:{version}']
        self.assertEqual([*zip((Image.file, Loadtester.file), tags)],
                         re.findall(r'^docker build -f (\S+) -t (\S+) \.$', page, flags=re.M))
        self.assertEqual(tags, re.search(r'^for image in (.*); do$', page, flags=re.M).group(1).split())
        sources = [rest.split()[0] for _, _, lines in dockerfile.stages(ROOT / Loadtester.file)
                   for word, rest in lines if word == 'COPY']
        self.assertIn(f'--from={tags[0]}', sources)


def validator():
    """A Python that has it, in the cache; None where it cannot be had."""
    folder = parts.cache() / ('sbom-' + re.sub(r'\W+', '-', VALIDATOR))
    python = folder / 'bin/python'
    if not python.exists():
        shutil.rmtree(folder, ignore_errors=True)
        made = run(sys.executable, '-m', 'venv', folder)
        if made.returncode != 0 or run(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check',
                                       VALIDATOR).returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            return None
    return python


def play_whole(base):
    with tempfile.TemporaryDirectory(dir='/var/tmp') as top:
        player = dockerfile.Player(pathlib.Path(top), pathlib.Path(base))
        for file, tag in ((Image.file, 'sluice:0.1.0'), (Loadtester.file, 'sluice-loadtester:0.1.0')):
            root = player.play(ROOT / file, tag)
            print(run('du', '-sh', root).stdout.split()[0], 'is the image', tag, flush=True)


if __name__ == '__main__':
    if sys.argv[1] == '--whole':
        play_whole(sys.argv[2])
    else:
        SLUICE = str(pathlib.Path(sys.argv.pop(1)).resolve())
        unittest.main()

#!/usr/bin/env python3
"""deploy/Dockerfile without a container engine: its last stage is laid out of a program that was built here, and lived
in; and what the list of its parts says is held against what is there.

    image.py SLUICE
    image.py --whole BASE      every stage, line by line, on a copy of BASE: a Debian 13 as debootstrap makes it. Prints
                               how large the image is.
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
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / 'tests/cluster'))
import parts  # noqa: E402

VALIDATOR = 'cyclonedx-python-lib[json-validation]==11.12.0'
SLUICE = None
USER = '10001:10001'


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, **options)


# --- the Dockerfile ---

def instructions():
    """(word, rest) of each, with lines that go on joined."""
    text = re.sub(r'^\s*#.*\n', '', (ROOT / 'deploy/Dockerfile').read_text(), flags=re.M).replace('\\\n', ' ')
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(' ')
        yield word, rest.strip()


def stages():
    """[(name, [(word, rest)])]: the first line of each names it, or not."""
    found = []
    for word, rest in instructions():
        if word == 'FROM':
            base, _, name = rest.partition(' AS ')
            found.append((base, name, []))
        else:
            found[-1][2].append((word, rest))
    return found


class Whole:
    """Plays the stages, as far as the Dockerfile has words."""

    def __init__(self, top, base):
        self.top, self.base, self.roots = top, base, {}

    def play(self):
        for i, (base, name, lines) in enumerate(stages()):
            root = self.top / f'stage-{i}'
            self.roots[name] = root
            if base == 'scratch':
                root.mkdir()
            else:
                run('cp', '-a', self.base, root, check=True)
                shutil.copyfile('/etc/resolv.conf', root / 'etc/resolv.conf')
                for package in parts.cache().glob('uplot-*.tgz'):  # a registry of npm may not be reached as here
                    (root / 'root/.cache/sluice').mkdir(parents=True, exist_ok=True)
                    shutil.copy(package, root / 'root/.cache/sluice')
            place = '/'
            for word, rest in lines:
                place = rest if word == 'WORKDIR' else place
                self.step(root, place, word, rest)
        return root

    def step(self, root, place, word, rest):
        if word == 'COPY':
            source, to = rest.split()[-2:]
            stage = re.match(r'--from=(\S+)', rest)
            source = self.roots[stage.group(1)] / source.lstrip('/') if stage else ROOT
            self.copy(source, root / place.lstrip('/') if to == '.' else root / to.lstrip('/'), not stage)
        elif word == 'RUN':
            argv = json.loads(rest) if rest.startswith('[') else ['/bin/sh', '-c', f'cd {place} && {rest}']
            print('RUN', rest[:100], flush=True)
            environment = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root'}
            subprocess.run(['chroot', root, *argv], check=True, env=environment)

    @staticmethod
    def copy(source, to, is_tree):
        to.mkdir(parents=True, exist_ok=True)
        left_out = (ROOT / 'deploy/Dockerfile.dockerignore').read_text().split() if is_tree else []
        skip = [f'--exclude=./{name}' for name in (*left_out, 'wt')] if is_tree else []
        pack = subprocess.Popen(['tar', '-C', source, *skip, '-cf', '-', '.'], stdout=subprocess.PIPE)
        subprocess.run(['tar', '-C', to, '-xf', '-'], stdin=pack.stdout, check=True)
        if pack.wait() != 0:
            raise SystemExit(f'{source} cannot be copied')


# --- the image ---

class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest('only root can change its root')
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name) / 'image'
        os.chmod(folder.name, 0o755)
        run(ROOT / 'scripts/image-root', SLUICE, cls.root, check=True)
        cls.parts = json.loads(run(ROOT / 'scripts/sbom', SLUICE, check=True).stdout)

    def inside(self, *argv, files=()):
        """Runs the image's program as its user; a container has /proc, and the sanitizers want it."""
        proc = self.root / 'proc'
        proc.mkdir(exist_ok=True)
        for name, text in files:
            (self.root / name).write_text(text)
        line = f'mount -t proc proc {proc} && exec chroot --userspec={USER} {self.root} "$@"'
        return run('unshare', '--mount', 'sh', '-c', line, 'sh', *argv)

    def test_dockerfile_makes_this(self):
        """The last stage is what this test lays out, and nothing else."""
        (_, name, build), (base, _, last) = stages()
        self.assertEqual('scratch', base)
        self.assertIn('scripts/image-root build/sluice /image', ' '.join(rest for word, rest in build if word == 'RUN'))
        self.assertEqual([f'--from={name} /image /'], [rest for word, rest in last if word == 'COPY'])
        self.assertIn(('USER', USER), last)

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
            done = self.inside('/usr/local/bin/sluice', 'check', '--prometheus',
                               f'https://127.0.0.1:{server.server_port}', '/canary.json',
                               files=[('canary.json', json.dumps(canary))])
            server.shutdown()
            server.server_close()
        self.assertRegex(done.stdout + done.stderr, r'self-signed certificate')
        for zone in ('Europe/Berlin', 'America/New_York', 'UTC'):
            self.assertEqual(b'TZif', (self.root / 'usr/share/zoneinfo' / zone).read_bytes()[:4])

    def test_has_nothing_else(self):
        """No shell, no other program, nothing that raises rights or that others may change."""
        programs = [path for path in self.root.rglob('*') if path.is_file() and not path.is_symlink() and
                    path.stat().st_mode & 0o111]
        self.assertEqual(['sluice'], [path.name for path in programs if not path.name.startswith('ld-linux')])
        for path in self.root.rglob('*'):
            if not path.is_symlink() and path.name != 'proc':
                self.assertEqual(0, path.stat().st_mode & 0o6022, path)

    # --- the list of parts ---

    def test_parts_name_every_library(self):
        listed = {pathlib.Path(place['location']).name for part in self.parts['components']
                  for place in part.get('evidence', {}).get('occurrences', [])}
        listed |= {part['name'] for part in self.parts['components'] if part['type'] == 'file'}
        there = {path.name for path in self.root.glob('usr/lib*/**/*.so*')}
        self.assertEqual(there, listed)
        names = {part['name'] for part in self.parts['components']}
        self.assertLessEqual({'ca-certificates', 'tzdata', 'uplot', 'uthash-dev'}, names)

    def test_parts_are_told_the_same_again(self):
        self.assertEqual(self.parts, json.loads(run(ROOT / 'scripts/sbom', SLUICE, check=True).stdout))

    def test_parts_of_debian_13(self):
        """Its dpkg tells of files that were diverted, too."""
        with tempfile.TemporaryDirectory() as folder:
            dpkg = pathlib.Path(folder) / 'dpkg'
            dpkg.write_text(f'#!/bin/sh\n{shutil.which("dpkg")} "$@"\nfor name; do\n'
                            'echo "diversion by libc6 from: $name"\ndone\n')
            dpkg.chmod(0o755)
            told = run(ROOT / 'scripts/sbom', SLUICE, env={**os.environ, 'PATH': f'{folder}:{os.environ["PATH"]}'})
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
        root = Whole(pathlib.Path(top), pathlib.Path(base)).play()
        print(run('du', '-sh', root).stdout.split()[0], 'is the image')


if __name__ == '__main__':
    if sys.argv[1] == '--whole':
        play_whole(sys.argv[2])
    else:
        SLUICE = str(pathlib.Path(sys.argv.pop(1)).resolve())
        unittest.main()

#!/usr/bin/env python3
"""scripts/setup on machines that are not this one: a folder stands before /etc and /usr, and programs in front of PATH
stand for apt and its like.

    setup.py        exit status 1 when a test failed
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ('Types: deb\nURIs: http://mirror/debian\nSuites: bookworm\nComponents: main\n'
          'Signed-By: /usr/share/keyrings/debian.gpg\n')

FAKES = {
    'id': 'echo 0',
    'dpkg-query': 'grep -qx -- "${!#}" "$MACHINE/installed" && echo "install ok installed"',
    # Debian's packages of these two enable a service each; what is given as a file is installed under its name.
    'apt-get': r'''
echo "apt-get $*" >> "$MACHINE/log"
case " $* " in
  *" download "*) for each in "$@"; do case $each in lib*) : > "$each.deb" ;; esac; done ;;
  *" install "*)
    [ ! -e "$MACHINE/broken" ] || exit 100
    [ -x "$SLUICE_SETUP_ROOT/usr/sbin/policy-rc.d" ] || echo "services are started" >> "$MACHINE/log"
    for each in "$@"; do
      each=$(basename "$each" .deb)
      echo "$each" >> "$MACHINE/installed"
      case $each in
        nginx | prometheus)
          ln -sf "/lib/systemd/system/$each.service" \
            "$SLUICE_SETUP_ROOT/etc/systemd/system/multi-user.target.wants/$each.service"
          ln -sf "../init.d/$each" "$SLUICE_SETUP_ROOT/etc/rc3.d/S01$each" ;;
      esac
    done ;;
esac''',
    'systemctl': r'''
echo "systemctl $*" >> "$MACHINE/log"
rm -f "$SLUICE_SETUP_ROOT/etc/systemd/system/multi-user.target.wants/${!#}" \
  "$SLUICE_SETUP_ROOT/etc/rc3.d/S01$(basename "${!#}" .service)"''',
}
PARTS = ('cc', 'cmake', 'ninja', 'pkg-config', 'git', 'curl', 'luajit', 'busted', 'luacheck', 'clang-format', 'openssl',
         'prometheus', 'nginx', 'carbon-cache', 'tmux', 'chromium', 'npm')
NEEDED = ('bash', 'env', 'cat', 'grep', 'sed', 'head', 'tr', 'ln', 'rm', 'mkdir', 'mktemp', 'chmod', 'chown', 'tee',
          'find', 'sort', 'comm', 'basename', 'python3')


class Machine:
    def __init__(self, case, release='ID=debian\nVERSION_ID="12"\n', fakes=FAKES):
        holder = tempfile.TemporaryDirectory()
        case.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.root, self.programs = self.folder / 'root', self.folder / 'programs'
        for each in ('etc/apt/sources.list.d', 'etc/apt/preferences.d', 'etc/systemd/system/multi-user.target.wants',
                     'etc/rc3.d', 'usr/sbin'):
            (self.root / each).mkdir(parents=True)
        (self.root / 'etc/os-release').write_text(release)
        (self.root / 'etc/apt/sources.list.d/debian.sources').write_text(SOURCE)
        for each in ('installed', 'log'):
            (self.folder / each).touch()
        self.programs.mkdir()
        for name in NEEDED:
            (self.programs / name).symlink_to(subprocess.check_output(['which', name], text=True).strip())
        for name, text in fakes.items():
            self.add(name, text)

    def add(self, name, text):
        path = self.programs / name
        path.write_text(f'#!/bin/bash\n{text}\n')
        path.chmod(0o755)

    def enable(self, name):
        wanted = self.root / f'etc/systemd/system/multi-user.target.wants/{name}.service'
        wanted.symlink_to(f'/lib/systemd/system/{name}.service')

    def setup(self, *words):
        environment = {'PATH': str(self.programs), 'MACHINE': str(self.folder), 'SLUICE_SETUP_ROOT': str(self.root),
                       'TMPDIR': str(self.folder)}
        done = subprocess.run([str(ROOT / 'scripts/setup'), *words], env=environment, capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout + done.stderr

    def files(self):
        """All there is in the machine, with what it says; nothing of what a setup worked with may stay beside it."""
        found = {}
        for path in sorted(self.root.rglob('*')):
            found[str(path.relative_to(self.root))] = (os.readlink(path) if path.is_symlink()
                                                       else path.read_text() if path.is_file() else None)
        found['beside'] = sorted(path.name for path in self.folder.iterdir())
        return found

    def installed(self):
        return (self.folder / 'installed').read_text().split()

    def log(self):
        return (self.folder / 'log').read_text()


class Setup(unittest.TestCase):
    maxDiff = None

    def test_machine_stays_as_it_was(self):
        """Debian 12 with nothing: packages come, libyyjson as files of Debian 13; no source, no pin, no service, no
        policy is left."""
        machine = Machine(self)
        before = machine.files()
        status, told = machine.setup()
        self.assertEqual(0, status, told)
        self.assertEqual(before, machine.files())
        for package in ('cmake', 'prometheus', 'nginx', 'libcmocka-dev', 'libyyjson0', 'libyyjson-dev'):
            self.assertIn(package, machine.installed())
        self.assertNotIn('services are started', machine.log())
        for line in machine.log().splitlines():
            if 'trixie' in line:
                self.assertIn('-o Dir::Etc::sourceparts=-', line)
                self.assertNotIn(' install ', line)
        self.assertEqual((0, 'setup: everything is installed\n'), machine.setup())

    def test_said_beforehand(self):
        machine = Machine(self)
        status, told = machine.setup('--dry-run')
        self.assertEqual((0, [], ''), (status, machine.installed(), machine.log()))
        for said in ('will install with apt-get, and what they need: build-essential cmake',
                     'libyyjson0 libyyjson-dev of Debian 13',
                     'services that these packages bring are not started'):
            self.assertIn(said, told)
        self.assertTrue(machine.setup()[1].startswith(told))

    def test_services(self):
        """Only what was not enabled before is disabled."""
        machine = Machine(self)
        machine.enable('prometheus')
        machine.enable('cron')
        status, told = machine.setup()
        self.assertEqual(0, status, told)
        self.assertIn('setup: disabling nginx.service\n', told)
        self.assertEqual(['systemctl --quiet disable nginx.service'],
                         [line for line in machine.log().splitlines() if line.startswith('systemctl')])

    def test_demo(self):
        """A demo is built and nothing else."""
        machine = Machine(self)
        status, told = machine.setup('demo')
        self.assertEqual(0, status, told)
        self.assertIn('libuv1-dev', machine.installed())
        for package in ('prometheus', 'nginx', 'libcmocka-dev', 'lua-busted', 'clang-format'):
            self.assertNotIn(package, machine.installed())
        self.assertEqual((0, 'setup: everything is installed\n'), machine.setup('demo'))

    def test_image(self):
        """The image is built with what the demo is built with, and with what it is laid out and listed with."""
        machine = Machine(self, 'ID=debian\nVERSION_ID="13"\n')
        status, told = machine.setup('demo')
        self.assertEqual(0, status, told)
        build, = re.findall(r'apt-get install -y --no-install-recommends(.*?)&&',
                            (ROOT / 'deploy/Dockerfile').read_text(), re.DOTALL)
        demo = set(machine.installed()) - {'install', 'libyyjson0'}  # the first is apt-get's own word
        self.assertEqual(demo | {'ca-certificates', 'python3'}, set(build.replace('\\', '').split()))

    def test_image_of_sources_alone(self):
        """What is built here does not get into the image's build."""
        left_out = [line.rpartition('/')[2] for line in (ROOT / '.dockerignore').read_text().splitlines()]
        for line in (ROOT / '.gitignore').read_text().splitlines():
            self.assertIn(line.strip('/'), left_out)

    def test_debian_13(self):
        """It has libyyjson itself."""
        machine = Machine(self, 'ID=debian\nVERSION_ID="13"\n')
        status, told = machine.setup('demo')
        self.assertEqual(0, status, told)
        self.assertIn('libyyjson-dev', machine.installed())
        self.assertNotIn('trixie', machine.log())

    def test_old_sources(self):
        """Where Debian is named in sources.list, Debian 13 is found there too."""
        machine = Machine(self)
        (machine.root / 'etc/apt/sources.list.d/debian.sources').unlink()
        (machine.root / 'etc/apt/sources.list').write_text('deb http://mirror/debian bookworm main\n')
        status, told = machine.setup('demo')
        self.assertEqual(0, status, told)
        self.assertIn('libyyjson-dev', machine.installed())

    def test_leftovers(self):
        """A source and a pin that an older setup left are taken away, those of others are not."""
        machine = Machine(self)
        machine.setup()
        before = machine.files()
        for name in ('sources.list.d/sluice-yyjson.list', 'preferences.d/sluice-yyjson', 'preferences.d/mine'):
            (machine.root / 'etc/apt' / name).write_text('Package: *\n')
        before['etc/apt/preferences.d/mine'] = 'Package: *\n'
        status, told = machine.setup('demo')
        self.assertEqual(0, status, told)
        self.assertEqual(before, machine.files())

    def test_broken(self):
        """Nothing is left when apt fails either."""
        machine = Machine(self)
        (machine.folder / 'broken').touch()
        before = machine.files()
        status, told = machine.setup()
        self.assertEqual(1, status)
        self.assertIn('apt-get install failed', told)
        self.assertEqual(before, machine.files())

    def test_other_system(self):
        """Where all is there it goes on; else it names what is not, and changes nothing."""
        machine = Machine(self, 'ID=fedora\n', fakes={name: 'exit 0' for name in PARTS})
        self.assertEqual((0, 'setup: everything is there\n'), machine.setup())
        (machine.programs / 'nginx').unlink()
        machine.add('pkg-config', '[ "$2" != yyjson ]')
        self.assertEqual((1, 'setup: missing: yyjson (a library with its headers)\nsetup: missing: nginx\n'
                          'setup: this is fedora, not Debian: install them in its own way, then go on\n'),
                         machine.setup())
        machine.add('pkg-config', 'exit 0')
        self.assertEqual((0, 'setup: everything is there\n'), machine.setup('demo'))

    def test_unknown_word(self):
        status, told = Machine(self).setup('everything')
        self.assertEqual((2, 'usage: scripts/setup [--dry-run] [demo]\n'), (status, told))


if __name__ == '__main__':
    unittest.main(verbosity=2)

"""Dockerfiles without a container engine: what they say, and their stages played line by line in folders."""
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / 'tests/cluster'))
import parts  # noqa: E402


def instructions(path):
    """(word, rest) of each, with lines that go on joined."""
    text = re.sub(r'^\s*#.*\n', '', path.read_text(), flags=re.M).replace('\\\n', ' ')
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(' ')
        yield word, rest.strip()


def stages(path):
    """[(base, name, [(word, rest)])]: the first line of each names it, or not."""
    found = []
    for word, rest in instructions(path):
        if word == 'FROM':
            base, _, name = rest.partition(' AS ')
            found.append((base, name, []))
        else:
            found[-1][2].append((word, rest))
    return found


class Player:
    """Plays Dockerfiles, as far as ours have words, in copies of `base`: a Debian as debootstrap makes it."""

    def __init__(self, top, base):
        self.top, self.base, self.images = top, base, {}

    def play(self, path, tag):
        """The root of the image, which files that follow know by the tag."""
        roots = {}
        for i, (base, name, lines) in enumerate(stages(path)):
            root = roots[name] = self.top / f'{path.name}-{i}'
            if base == 'scratch':
                root.mkdir()
            else:
                self.begin(root)
            place = '/'
            for word, rest in lines:
                place = rest if word == 'WORKDIR' else place
                self.step(root, place, word, rest, {**self.images, **roots})
        self.images[tag] = root
        return root

    def begin(self, root):
        subprocess.run(['cp', '-a', self.base, root], check=True)
        shutil.copyfile('/etc/resolv.conf', root / 'etc/resolv.conf')
        for package in parts.cache().glob('uplot-*.tgz'):  # a registry of npm may not be reached as here
            (root / 'root/.cache/sluice').mkdir(parents=True, exist_ok=True)
            shutil.copy(package, root / 'root/.cache/sluice')

    def step(self, root, place, word, rest, roots):
        if word == 'COPY':
            source, to = rest.split()[-2:]
            to = root / (place if to == '.' else to).lstrip('/')
            stage = re.match(r'--from=(\S+)', rest)
            if stage is None:
                copy_tree(ROOT, to, left_out())
            elif (roots[stage.group(1)] / source.lstrip('/')).is_dir():
                copy_tree(roots[stage.group(1)] / source.lstrip('/'), to)
            else:
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(roots[stage.group(1)] / source.lstrip('/'), to)
        elif word == 'RUN':
            argv = json.loads(rest) if rest.startswith('[') else ['/bin/sh', '-c', f'cd {place} && {rest}']
            print('RUN', rest[:100], flush=True)
            environment = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root'}
            subprocess.run(['chroot', root, *argv], check=True, env=environment)


def left_out():
    return (*(ROOT / 'deploy/Dockerfile.dockerignore').read_text().split(), 'wt')


def copy_tree(source, to, skipped=()):
    to.mkdir(parents=True, exist_ok=True)
    skip = [f'--exclude=./{name}' for name in skipped]
    pack = subprocess.Popen(['tar', '-C', source, *skip, '-cf', '-', '.'], stdout=subprocess.PIPE)
    subprocess.run(['tar', '-C', to, '-xf', '-'], stdin=pack.stdout, check=True)
    if pack.wait() != 0:
        raise SystemExit(f'{source} cannot be copied')

#!/usr/bin/env python3
"""Prints the path of a program made of other people's code: tool.py flux, tool.py argo.

Built once into the cache, beside the parts of the cluster ring, in a folder named after a hash of its sources. Exit
status 77 and one line that says why where it cannot be had.
"""
import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / 'cluster'))
import parts  # noqa: E402


def folder(name):
    digest = hashlib.sha256()
    for path in sorted((HERE / name).iterdir()):
        digest.update(path.name.encode() + b'\0' + path.read_bytes() + b'\0')
    return parts.cache() / f'tool-{name}-{digest.hexdigest()[:16]}'


def build(name, say=lambda text: print(text, file=sys.stderr)):
    """Builds what is not cached and returns the program."""
    program = folder(name) / name

    def make(out):
        say(f'{name}: building it (some minutes the first time) …')
        parts.run(['go', 'build', '-p', '2', '-trimpath', '-ldflags', '-s -w', '-o', out / name, '.'], cwd=HERE / name)
    parts.build_once(f'tool-{name}', folder(name), program.exists, make, say)
    return program


def main():
    name = sys.argv[1]
    version = parts.go_version()
    if not (folder(name) / name).exists() and (version is None or version < parts.GO_MINIMUM):
        print('it needs Go %d.%d or later' % parts.GO_MINIMUM)
        return 77
    print(build(name))
    return 0


if __name__ == '__main__':
    sys.exit(main())

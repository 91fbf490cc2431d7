#!/usr/bin/env python3
"""Prints the folder of the health script that Argo CD brings for Canaries, with the cases of its own test.

Fetched once into the cache, beside the parts of the cluster ring. Exit status 77 and one line that says why where it
cannot be had.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import parts

MODULE = 'github.com/argoproj/argo-cd/v3@v3.1.9'
INSIDE = pathlib.Path('resource_customizations', 'flagger.app', 'Canary')


def folder():
    return parts.cache() / f"argo-cd-{MODULE.partition('@')[2]}"


def fetch():
    """Leaves the whole folder, or none."""
    parts.cache().mkdir(parents=True, exist_ok=True)
    with parts.locked(parts.cache() / 'argo-cd.lock'):
        if folder().exists():
            return
        with tempfile.TemporaryDirectory(dir=parts.cache(), prefix='fetching-') as work:
            done = subprocess.run(['go', 'mod', 'download', '-json', MODULE], cwd=work, capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f'{MODULE} cannot be downloaded: {done.stdout}{done.stderr}')
            copy(pathlib.Path(json.loads(done.stdout)['Dir']) / INSIDE, pathlib.Path(work) / 'out')
            (pathlib.Path(work) / 'out').rename(folder())


def copy(source, to):
    """As files of our own: Go's are read-only, their folders too."""
    for path in source.rglob('*'):
        if path.is_file():
            (to / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to / path.relative_to(source))


def main():
    if not folder().exists():
        if parts.go_version() is None:
            print('it needs Go')
            return 77
        fetch()
    print(folder())
    return 0


if __name__ == '__main__':
    sys.exit(main())

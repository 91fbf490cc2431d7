#!/usr/bin/env python3
"""Prints the folder of the health script that Argo CD brings for Canaries, with the cases of its own test.

Fetched once into the cache, beside the parts of the cluster ring. Exit status 77 and one line that says why where it
cannot be had.
"""
import pathlib
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
            parts.copy_of_module(MODULE, INSIDE, pathlib.Path(work) / 'out')
            (pathlib.Path(work) / 'out').rename(folder())


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

#!/usr/bin/env python3
"""Prometheus 3 with its promtool, which Debian does not have: built once into the cache, in a folder of their own.

    prometheus3.py          builds what is missing, and prints the folder

They are built without the web page, and without the discovery of machines in clouds, which is most of what would be
compiled.
"""
import parts

MODULE = 'github.com/prometheus/prometheus'
VERSION = 'v0.316.0'  # the module's, of Prometheus 3.16
PROGRAMS = ('prometheus', 'promtool')


def folder():
    """Where the programs lie, or will."""
    return parts.cache() / f'prometheus-{VERSION}'


def is_built():
    return all((folder() / name).exists() for name in PROGRAMS)


def build(say=print):
    """Builds what is not cached and returns the folder."""
    def make(out):
        say('cluster: building Prometheus 3 (2 minutes the first time) …')
        packages = [f'{MODULE}/cmd/{name}@{VERSION}' for name in PROGRAMS]
        flags = f'-s -w -X github.com/prometheus/common/version.Version={VERSION.replace("v0.3", "3.")}'
        parts.run(['go', 'install', '-trimpath', '-ldflags', flags, '-tags', 'remove_all_sd', *packages],
                  env={'GOBIN': str(out)})
    return parts.build_once('prometheus', folder(), is_built, make, say)


if __name__ == '__main__':
    print(build())

"""istiod and istioctl: built once into the cache that tests/cluster has its parts in, in a folder of their own.

Neither build makes the other one stale. This one takes six minutes on two cores, so nobody starts it unasked:
tests/istiod/build does.
"""
import pathlib
import shutil
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))

import parts  # noqa: E402

VERSION = 'v0.0.0-20260827124520-eed52ebb66ad'  # of the module istio.io/istio: release 1.31
PROGRAMS = {'istiod': 'istio.io/istio/pilot/cmd/pilot-discovery', 'istioctl': 'istio.io/istio/istioctl/cmd/istioctl'}


def folder():
    """Where the programs lie, or will."""
    return parts.cache() / f'istiod-{VERSION}'


def is_built():
    return all((folder() / name).exists() for name in PROGRAMS)


def missing():
    """What this machine lacks to run the ring, as one line; '' when it lacks nothing. Not being built is another
    matter: is_built()."""
    reasons = list(filter(None, [parts.missing()]))
    for program, package in (('ip', 'iproute2'), ('nft', 'nftables'), ('unshare', 'util-linux'),
                             ('nsenter', 'util-linux')):
        if shutil.which(program) is None:
            reasons.append(f'it needs {program} (package {package})')
    if not reasons and subprocess.run(['unshare', '--net', 'nft', 'add', 'table', 'ip', 'probe'],
                                      stderr=subprocess.DEVNULL).returncode != 0:
        reasons.append('it needs root, for network namespaces and rules of nftables in them')
    return ', '.join(reasons)


def build(say=print):
    """Builds what is not cached and returns the folder."""
    def make(out):
        say('istiod: building istiod and istioctl 1.31 (6 minutes the first time) …')
        packages = [f'{package}@{VERSION}' for package in PROGRAMS.values()]
        parts.run(['go', 'install', '-trimpath', '-ldflags', '-s -w', *packages], env={'GOBIN': str(out)})
        for name, package in PROGRAMS.items():
            (out / package.rsplit('/', 1)[1]).rename(out / name)
    return parts.build_once('istiod', folder(), is_built, make, say)

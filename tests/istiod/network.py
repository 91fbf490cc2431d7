"""Network namespaces of this process: they have no name and no file, so nothing has to be removed when the process has
ended, however it does.

enter() puts the whole ring into one, before any thread is started. There all addresses below are local: Pods are
processes with addresses that are not loopback's, as EndpointSlices demand. A ClientHost is a second one, with a wire to
the first.
"""
import concurrent.futures
import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000

PODS = '10.99'                 # the first two bytes of all Pods' addresses
SERVICES = '10.96.0.0/16'      # ClusterIPs: nothing but a sidecar knows where they lead
CLUSTER = '10.98.0.1'          # the cluster's end of the wire
# the client's end: its proxy, and the program whose requests the proxy captures
SIDECAR, APPLICATION = '10.98.0.2', '10.98.0.3'
CAPTURE_PORT = 15001           # where a sidecar listens for what it captures

_libc = ctypes.CDLL(None, use_errno=True)


def _unshare():
    if _libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'a network namespace')


def _run(*argv, stdin=None):
    done = subprocess.run([str(a) for a in argv], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(map(str, argv))}: {done.stdout.strip()}')


def enter():
    """From here on this process and what it starts live in a new namespace, where Pods' addresses are local."""
    assert threading.active_count() == 1, 'threads stay where they were started'
    _unshare()
    _run('ip', 'link', 'set', 'lo', 'up')
    _run('ip', 'route', 'add', 'local', f'{PODS}.0.0/16', 'dev', 'lo')


class ClientHost:
    """A machine with a mesh client: what its program sends to anybody is captured by its sidecar, as Istio's init
    container would have it."""

    def __init__(self):
        self._thread = concurrent.futures.ThreadPoolExecutor(1)  # the namespace is this thread's
        self._place = self._thread.submit(self._enter).result()
        _run('ip', 'link', 'add', 'cluster0', 'type', 'veth', 'peer', 'name', 'client0', 'netns', self._place)
        _run('ip', 'address', 'add', f'{CLUSTER}/24', 'dev', 'cluster0')
        _run('ip', 'link', 'set', 'cluster0', 'up')
        self.run(self._configure)

    def _enter(self):
        _unshare()
        return threading.get_native_id()

    @staticmethod
    def _configure():
        _run('ip', 'link', 'set', 'lo', 'up')
        for address in (SIDECAR, APPLICATION):
            _run('ip', 'address', 'add', f'{address}/24', 'dev', 'client0')
        _run('ip', 'link', 'set', 'client0', 'up')
        _run('ip', 'route', 'add', 'default', 'via', CLUSTER, 'src', SIDECAR)
        _run('nft', '-f', '-', stdin=f"""table ip capture {{
            chain output {{
                type nat hook output priority -100
                ip saddr {APPLICATION} meta l4proto tcp redirect to :{CAPTURE_PORT}
            }}
        }}""")

    def run(self, function, *args, **how):
        """Calls a function there and returns what it returns; one at a time."""
        return self._thread.submit(function, *args, **how).result()

    def prefix(self):
        """What stands before the command line of a program that shall run there."""
        return ['nsenter', f'--net=/proc/{os.getpid()}/task/{self._place}/ns/net', '--']

    def close(self):
        self._thread.shutdown()

"""The engine under test as a process: build/sluice run, or another engine with Flagger's flags.

SLUICE_BIN     the binary, build/sluice unless told
SLUICE_ENGINE  a path of Flagger's binary: it runs in Sluice's place, as a reference for what scenarios expect
"""
import os
import pathlib
import re
import signal
import urllib.request

from control_plane import ROOT
from processes import free_port
from waiting import wait_for

LEASE_NAMESPACE, LEASE = 'sluice-system', 'sluice-leader-election'


def reference():
    """The path of the reference engine, or None when Sluice is under test."""
    return os.environ.get('SLUICE_ENGINE')


def binary():
    return pathlib.Path(os.environ.get('SLUICE_BIN') or ROOT / 'build' / 'sluice').resolve()


class Engine:
    """One engine process; start it again after kill9() or terminate().

    `user`: a control_plane.User, the lab's engine unless told. `namespace`: the only one that it sees, where its Lease
    is, too. As a context manager it waits until it holds the Lease; a `standby`, which waits for another to lose it,
    only until it answers.
    """

    def __init__(self, lab, name='engine', user=None, flags=(), standby=False, namespace=''):
        self.lab, self.name, self.flags, self.standby = lab, name, list(flags), standby
        self.namespace = namespace
        self.user = user or (lab.main.other if reference() else lab.engine)
        self.port = self.process = None
        self.log = lab.folder / f'{name}.log'

    def start(self):
        self.port = free_port()
        argv = [reference()] if reference() else [binary(), 'run', '-leader-election-namespace', LEASE_NAMESPACE]
        argv += ['-kubeconfig', self.user.kubeconfig, '-mesh-provider', 'istio', '-port', self.port, '-log-level',
                 'debug',
                 '-metrics-server', self.lab.prometheus or 'http://127.0.0.1:9', *self.flags]
        argv += ['-namespace', self.namespace] if self.namespace else []
        self.process = self.lab.processes.start(self.name, argv)
        return self

    def __enter__(self):
        self.start()
        try:
            return self.await_ready(leading=not self.standby)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        if self.process is not None:
            self.lab.processes.end(self.process)

    # --- how it is ---

    def lease_holder(self):
        """The identity in the Lease; '' when nobody holds it."""
        lease = self.lab.get('Lease', self.namespace or LEASE_NAMESPACE, LEASE)
        return (lease or {}).get('spec', {}).get('holderIdentity') or ''

    def holds_lease(self):
        """True when this process is the Lease's holder: its identity ends in _<pid>_<start time>."""
        return f'_{self.process.pid}_' in self.lease_holder()

    def await_ready(self, timeout=90, leading=True):
        """Waits until it says that it is ready and, unless told otherwise, holds the Lease."""
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f'{self.name} ended with status {self.process.returncode}: {self.log_tail()}')
            page = '/healthz' if reference() else '/readyz'
            return self.answers(page) and (not leading or reference() is not None or self.holds_lease())
        wait_for(ready, timeout, lambda: f'{self.name} is ready; its last words: {self.log_tail()}')
        return self

    def answers(self, path):
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.port}{path}', timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def metrics(self):
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/metrics', timeout=5) as answer:
            return answer.read().decode()

    def cost(self):
        """(CPU seconds so far, resident bytes now)."""
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf('SC_CLK_TCK'), int(fields[21]) * os.sysconf('SC_PAGE_SIZE')

    def peak(self):
        """The most bytes that were ever resident."""
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(re.search(r'VmHWM:\s+(\d+) kB', status).group(1)) << 10

    def log_tail(self, lines=5):
        if not self.log.exists():
            return ''
        return '\n'.join(self.log.read_text(errors='replace').splitlines()[-lines:])

    # --- what happens to it ---

    def kill9(self):
        self.process.kill()
        self.process.wait()
        self.lab.processes.end(self.process)

    def stop(self):
        """As a machine that hangs: SIGSTOP."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def terminate(self, timeout=30):
        """SIGTERM; returns the exit status, which is an error (-9) when it does not end in time."""
        return self.lab.processes.end(self.process, timeout)

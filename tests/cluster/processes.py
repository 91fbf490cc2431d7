"""Processes that never outlive the test: started from one thread, ended by pid, and ended by the kernel should this
process die."""
import concurrent.futures
import contextlib
import os
import random
import signal
import socket
import subprocess

_given = set()
# Below the ports that Linux gives to connections (ip_local_port_range): one of those could take a port between its
# choice and its use, even the very connection that asks whether somebody listens there.
PORTS = range(15000, 32768)


def free_port():
    """A free port on the loopback address, never the same one twice."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(('127.0.0.1', port))
            if port not in _given:
                _given.add(port)
                return port


class Processes:
    """What was started, in order; stop() ends it in the reverse order."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []
        # The kernel's word is given when the starting *thread* ends, so all starts share one that stays.
        self._starter = concurrent.futures.ThreadPoolExecutor(max_workers=1)

    def start(self, name, argv, env=None):
        """Starts a program with its output in <folder>/<name>.log and returns its Popen."""
        argv = ['setpriv', '--pdeathsig', 'KILL', '--', *map(str, argv)]
        process = self._starter.submit(self._popen, name, argv, env).result()
        process.name = name
        self.started.append(process)
        return process

    def _popen(self, name, argv, env):
        with open(self.folder / f'{name}.log', 'ab') as log:
            return subprocess.Popen(argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    env={**os.environ, **(env or {})}, start_new_session=True)

    def end(self, process, timeout=10):
        """SIGTERM, then SIGKILL; returns the exit status."""
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)  # a stopped process could not end
            process.terminate()
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
        status = process.wait()
        if process in self.started:
            self.started.remove(process)
        return status

    def dead(self):
        """Names of those that ended by themselves."""
        return [p.name for p in self.started if p.poll() is not None]

    def stop(self):
        for process in reversed(list(self.started)):
            self.end(process)
        self._starter.shutdown()

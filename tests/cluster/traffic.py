"""Real requests through Envoy's gateway, counted by who answered."""
import collections
import http.client
import json
import threading
import time


def ask(gateway, host, path='/api/info', headers=None, timeout=5, source=None):
    """(status, version) of one request; the version is the image's tag, or None when the answer is not podinfo's.
    `source`: its address."""
    connection = http.client.HTTPConnection(gateway, timeout=timeout, source_address=source and (source, 0))
    try:
        connection.request('GET', path, headers={'Host': host, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)['message']
        except (ValueError, KeyError, TypeError):
            return answer.status, None
    except (OSError, http.client.HTTPException):
        return 0, None
    finally:
        connection.close()


def sample(gateway, host, count, **how):
    """A Counter of (status, version) over `count` requests."""
    return collections.Counter(ask(gateway, host, **how) for _ in range(count))


class Traffic:
    """A steady stream of requests from a thread until stop(), or the end of `longest` seconds; use it as a context
    manager.

    `rate` a second, one after the other: an answer that takes longer than its share delays those after it. `path` may
    be changed while it runs.
    """

    def __init__(self, gateway, host, rate=10, path='/api/info', headers=None, longest=600):
        self.gateway, self.host, self.path, self.headers = gateway, host, path, headers
        self._pause, self._longest = 1.0 / rate, longest
        self._counts, self._lock, self._closed = [], threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._closed.set()
        self._thread.join(10)

    def _run(self):
        due = begun = time.monotonic()
        while due < begun + self._longest:
            due = max(due + self._pause, time.monotonic())  # what is late is not made up for
            if self._closed.wait(due - time.monotonic()):
                return
            result = ask(self.gateway, self.host, self.path, self.headers)
            with self._lock:
                self._counts.append((time.monotonic(), *result))

    def seen(self, since=0.0):
        """A Counter of (status, version) since a time.monotonic()."""
        with self._lock:
            return collections.Counter((status, version) for when, status, version in self._counts if when >= since)

    def versions(self, since=0.0):
        """The versions that answered with 200."""
        return {version for status, version in self.seen(since) if status == 200 and version is not None}

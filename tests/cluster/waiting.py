"""Waiting for a condition, never for a time."""
import time
import urllib.request


class Timeout(AssertionError):
    """A condition did not come true in time."""


def wait_for(predicate, timeout, what, interval=0.1):
    """Returns the first true value of predicate(); raises Timeout, which names what was waited for and the last value,
    after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= end:
            describe = what() if callable(what) else what
            raise Timeout(f'{describe}: not within {timeout} s (last: {value!r})')
        time.sleep(interval)


def http_ok(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False

"""A server for webhooks that records every call and answers as told, per path."""
import json
import time

from servers import Served


class Answer:
    """What a path answers: a status and a body of `size` bytes after `delay` seconds; `hang` never answers."""

    def __init__(self, status=200, size=2, delay=0.0, hang=False):
        self.status, self.size, self.delay, self.hang = status, size, delay, hang


class Call:
    """One request that was received."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body, self.time = path, headers, body, time.time()

    @property
    def key(self):
        """Sluice's name of this delivery: the same for a repetition of it, and only then."""
        return self.headers.get('Sluice-Key')


class Hooks(Served):
    """The server. Every path answers 200 unless answer() said otherwise."""

    def __init__(self):
        self._calls, self._answers = [], {}
        super().__init__()

    def answer(self, path, **how):
        """From now on: Answer(**how), or `by`, a function from a Call to an Answer."""
        with self._lock:
            self._answers[path] = how['by'] if 'by' in how else Answer(**how)

    def calls(self, path=None, prefix=None):
        """What was received so far, in order."""
        with self._lock:
            return [c for c in self._calls
                    if (path is None or c.path == path) and (prefix is None or c.path.startswith(prefix))]

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get('Content-Length') or 0))
        try:
            body = json.loads(body)
        except ValueError:
            body = body.decode(errors='replace')
        call = Call(request.path, dict(request.headers), body)
        with self._lock:
            self._calls.append(call)
            answer = self._answers.get(request.path) or Answer()
        if callable(answer):
            answer = answer(call)
        if self.waits_in_vain(answer):
            return
        try:
            request.send_response(answer.status)
            request.send_header('Content-Length', str(answer.size))
            request.end_headers()
            request.wfile.write(b'x' * answer.size)
        except OSError:
            pass  # the caller gave up

"""A server for webhooks that records every call and answers as told, per path."""
import http.server
import json
import threading
import time

from processes import free_port


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


class Hooks:
    """The server; use it as a context manager. Every path answers 200 unless answer() said otherwise."""

    def __init__(self):
        self._calls, self._answers = [], {}
        self._lock, self._closing = threading.Lock(), threading.Event()
        hooks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                hooks._handle(self)

            def log_message(self, *_):
                pass

        self.port = free_port()
        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path):
        return f'http://127.0.0.1:{self.port}{path}'

    def answer(self, path, **how):
        """From now on: Answer(**how), or `by`, a function from a Call to an Answer."""
        with self._lock:
            self._answers[path] = how['by'] if 'by' in how else Answer(**how)

    def calls(self, path=None, prefix=None):
        """What was received so far, in order."""
        with self._lock:
            return [c for c in self._calls
                    if (path is None or c.path == path) and (prefix is None or c.path.startswith(prefix))]

    def _handle(self, request):
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
        if self._closing.wait(3600 if answer.hang else answer.delay) or answer.hang:
            return
        try:
            request.send_response(answer.status)
            request.send_header('Content-Length', str(answer.size))
            request.end_headers()
            request.wfile.write(b'x' * answer.size)
        except OSError:
            pass  # the caller gave up

"""A server that stands for chats, webhooks and metric providers: it records whole requests and answers as told."""
import http.server
import json
import ssl
import subprocess
import threading
import time


def certificate(folder):
    """A file with a key and a certificate that nobody has signed, for 127.0.0.1."""
    path = folder / 'tls.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
                    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', folder / 'key.pem',
                    '-out', folder / 'crt.pem'],
                   check=True, stderr=subprocess.DEVNULL)
    path.write_text((folder / 'key.pem').read_text() + (folder / 'crt.pem').read_text())
    return path


class Answer:
    """What is answered: `delay` seconds later; `hang`: never. `body`: a text, bytes, or what becomes JSON."""

    def __init__(self, status=200, body='', headers=None, delay=0.0, hang=False):
        self.status, self.headers, self.delay, self.hang = status, headers or {}, delay, hang
        body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        self.body = body.encode() if isinstance(body, str) else body


class Request:
    """One that was received. `path` has the query; to a proxy it is a whole URL."""

    def __init__(self, handler, body):
        self.method, self.path, self.body = handler.command, handler.path, body.decode(errors='replace')
        self.headers = {name.title(): value for name, value in handler.headers.items()}
        self.time = time.monotonic()

    def json(self):
        """The body; None when it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a whole round of many Canaries at once

    def handle_error(self, request, client_address):
        pass  # a client that refuses the certificate, say


class Served:
    """What has a server of its own on a free port of 127.0.0.1, whose requests its `handle` answers; use it as a
    context manager.

    `certificate`: a file with key and certificate, for a server of TLS.
    """

    def __init__(self, certificate=None):
        self._lock, self._closing = threading.Lock(), threading.Event()
        served = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                served.handle(self)

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *_):
                pass

        self.scheme = 'https' if certificate else 'http'
        self._server = Listener(('127.0.0.1', 0), Handler)
        self.port = self._server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path=''):
        return f'{self.scheme}://127.0.0.1:{self.port}{path}'

    def waits_in_vain(self, answer):
        """Waits as the answer says; true: nobody will get it any more."""
        return self._closing.wait(3600 if answer.hang else answer.delay) or answer.hang


class Server(Served):
    """Answers as told; a path that answer() said nothing of is answered 404."""

    def __init__(self, certificate=None):
        self._answers, self._requests = {}, []
        super().__init__(certificate)

    def answer(self, path, *answers, **how):
        """What requests whose path begins so are answered from now on: Answer(**how), or `answers`, of which the last
        one stays."""
        with self._lock:
            self._answers[path] = list(answers) or [Answer(**how)]

    def requests(self, path=''):
        """Those whose path begins so, in order."""
        with self._lock:
            return [each for each in self._requests if each.path.startswith(path)]

    def _answer_of(self, path):
        fitting = [known for known in self._answers if path.startswith(known)]
        if not fitting:
            return Answer(404, 'nothing here')
        answers = self._answers[max(fitting, key=len)]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get('Content-Length') or 0))
        with self._lock:
            request = Request(handler, body)
            self._requests.append(request)
            answer = self._answer_of(request.path)
        if self.waits_in_vain(answer):
            return
        try:
            handler.send_response(answer.status)
            for name, value in answer.headers.items():
                handler.send_header(name, value)
            handler.send_header('Content-Length', str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)
        except OSError:
            pass  # the caller gave up

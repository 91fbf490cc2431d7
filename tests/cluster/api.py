"""A small client of the Kubernetes API: objects are dictionaries, kinds are found by discovery."""
import http.client
import json
import ssl
import threading
import urllib.parse

from waiting import wait_for

MERGE = 'application/merge-patch+json'


class ApiError(Exception):
    """An answer that is not a success."""

    def __init__(self, code, message):
        super().__init__(f'{code}: {message}')
        self.code = code


class Client:
    """Requests to one API server as one user."""

    def __init__(self, port, token, ca_file):
        self.port, self.token = port, token
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._kinds = {}

    def connect(self, timeout=30):
        return http.client.HTTPSConnection('127.0.0.1', self.port, timeout=timeout, context=self._tls)

    def headers(self, **more):
        return {'Authorization': f'Bearer {self.token}', 'Accept': 'application/json', 'User-Agent': 'lab', **more}

    def request(self, method, path, body=None, content_type='application/json'):
        """The decoded answer; ApiError when it is no success."""
        connection = self.connect()
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               self.headers(**{'Content-Type': content_type}))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            try:
                text = json.loads(text).get('message', text)
            except ValueError:
                pass
            raise ApiError(answer.status, text)
        return json.loads(text) if text.startswith(('{', '[')) else text

    # --- objects ---

    def path(self, kind, namespace=None, name=None, subresource=None):
        """The path of "Deployment", "VirtualService" and so on."""
        prefix, plural, namespaced = self._resource(kind)
        parts = [prefix]
        if namespaced and namespace:
            parts += ['namespaces', namespace]
        parts += [part for part in (plural, name, subresource) if part]
        return '/'.join(parts)

    def get(self, kind, namespace, name):
        """The object, or None when there is none."""
        try:
            return self.request('GET', self.path(kind, namespace, name))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, kind, namespace=None, **query):
        path = self.path(kind, namespace)
        return self.request('GET', f'{path}?{urllib.parse.urlencode(query)}' if query else path)['items']

    def create(self, thing):
        return self.request('POST', self.path(thing['kind'], thing['metadata'].get('namespace')), thing)

    def patch(self, kind, namespace, name, patch, subresource=None):
        """A JSON merge patch."""
        return self.request('PATCH', self.path(kind, namespace, name, subresource), patch, MERGE)

    def delete(self, kind, namespace, name):
        try:
            return self.request('DELETE', self.path(kind, namespace, name))
        except ApiError as error:
            if error.code != 404:
                raise

    def _resource(self, kind):
        """Waits for the kind: it is served a while after its CRD was made."""
        def is_known():
            if kind not in self._kinds:
                self._discover()
            return kind in self._kinds
        wait_for(is_known, 30, f'{kind} is served')
        return self._kinds[kind]

    def _discover(self):
        groups = self.request('GET', '/apis')['groups']
        for prefix in ['/api/v1'] + ['/apis/' + g['preferredVersion']['groupVersion'] for g in groups]:
            try:
                resources = self.request('GET', prefix)['resources']
            except ApiError as error:
                if error.code != 404:
                    raise
                continue  # a group that the server lists and does not serve yet
            for r in resources:
                if '/' not in r['name']:
                    self._kinds.setdefault(r['kind'], (prefix, r['name'], r['namespaced']))

    def watch(self, kind, namespace, seen):
        """Calls seen(type, object) for everything there is and everything that changes, from a thread, until the
        returned Watch is closed."""
        return Watch(self, self.path(kind, namespace), seen)


class PlainClient(Client):
    """To an API server without TLS and without users, as sluice sim is."""

    def __init__(self, port):
        self.port = port
        self._kinds = {}

    def connect(self, timeout=30):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)

    def headers(self, **more):
        return {'Accept': 'application/json', 'User-Agent': 'lab', **more}


class Watch:
    """One watch that goes on from where it was when its connection ends."""

    def __init__(self, client, path, seen):
        self._client, self._path, self._seen = client, path, seen
        self._version, self._connection, self._closed = '', None, False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._closed:
            try:
                self._stream()
            except (OSError, http.client.HTTPException, ValueError, AttributeError):
                pass  # cut off, or closed under our hands: the loop's condition tells which
            if not self._closed:
                threading.Event().wait(0.2)

    def _stream(self):
        self._connection = self._client.connect(timeout=None)
        query = urllib.parse.urlencode({'watch': 'true', 'allowWatchBookmarks': 'true',
                                        'resourceVersion': self._version})
        self._connection.request('GET', f'{self._path}?{query}', headers=self._client.headers())
        answer = self._connection.getresponse()
        while not self._closed:
            line = answer.readline()
            if not line:
                return
            event = json.loads(line)
            if event.get('type', 'ERROR') == 'ERROR':  # the version is too old, or no watch was opened: from the start
                self._version = ''
                return
            self._version = event['object']['metadata']['resourceVersion']
            if event['type'] != 'BOOKMARK':
                self._seen(event['type'], event['object'])

    def close(self):
        self._closed = True
        connection = self._connection
        if connection is not None and connection.sock is not None:
            try:
                connection.sock.shutdown(2)
            except OSError:
                pass
        self._thread.join(5)

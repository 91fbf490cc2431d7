"""Calls to an API server and their answers in a form that two servers can be compared by.

A case is a list of calls that are made one after another in a namespace of its own. '${3.metadata.uid}' in a path or a
body is what the answer to call 3 (from 0) says there; '{ns}' is the case's namespace.
"""
import http.client
import json
import re
import ssl
import threading

JSON, MERGE, STRATEGIC = 'application/json', 'application/merge-patch+json', 'application/strategic-merge-patch+json'
JSON_PATCH, APPLY = 'application/json-patch+json', 'application/apply-patch+yaml'
TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'


class Server:
    """Where an API server is and how to ask it."""

    def __init__(self, port, token=None, ca_file=None):
        self.port, self.token = port, token
        self.tls = ssl.create_default_context(cafile=ca_file) if ca_file else None

    def connect(self):
        if self.tls:
            return http.client.HTTPSConnection('127.0.0.1', self.port, timeout=30, context=self.tls)
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)

    def ask(self, method, path, body=None, content_type=JSON, accept=JSON, token=None):
        """(status, decoded body, warnings). `token`: of somebody else."""
        headers = {'Accept': accept, 'User-Agent': 'conformance'}
        if token or self.token:
            headers['Authorization'] = f'Bearer {token or self.token}'
        if body is not None:
            headers['Content-Type'] = content_type
        connection = self.connect()
        try:
            text = body if body is None or isinstance(body, str) else json.dumps(body)
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            warnings = answer.headers.get_all('Warning') or []
            return answer.status, decode(answer.read().decode()), warnings
        finally:
            connection.close()


def decode(text):
    """JSON, a stream of JSON objects as a list of them, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines()]
    except ValueError:
        return text


class Call:
    """One request. `meanwhile`: calls that are made while this one, a watch, is open."""

    def __init__(self, method, path, body=None, content_type=JSON, accept=JSON, meanwhile=(), token=None):
        self.method, self.path, self.body = method, path, body
        self.content_type, self.accept, self.meanwhile, self.token = content_type, accept, meanwhile, token

    def make(self, server, namespace, answers):
        path, body = fill(self.path, namespace, answers), fill(self.body, namespace, answers)
        if not self.meanwhile:
            return server.ask(self.method, path, body, self.content_type, self.accept, self.token)
        done = []
        thread = threading.Thread(
            target=lambda: done.append(server.ask(self.method, path, body, self.content_type, self.accept,
                                           self.token)))
        thread.start()
        threading.Event().wait(0.3)  # a watch that starts later sees the same events: it names its version
        for call in self.meanwhile:
            call.make(server, namespace, answers)
        thread.join(30)
        return done[0]


def fill(value, namespace, answers):
    """Puts in what earlier answers said."""
    if isinstance(value, dict):
        return {fill(key, namespace, answers): fill(each, namespace, answers) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, namespace, answers) for each in value]
    if not isinstance(value, str):
        return value
    value = value.replace('{ns}', namespace)
    return re.sub(r'\$\{(\d+)\.([^}]+)\}', lambda m: str(look_up(answers[int(m.group(1))], m.group(2))), value)


def look_up(answer, path):
    value = answer
    for key in path.split('.'):
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError):
            return '<absent>'
    return value


# --- what may differ between two servers that say the same ---

# Texts, in this order.
TEXTS = [(re.compile(pattern, re.S), replacement) for pattern, replacement in (
    (r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z', '<time>'),
    (r'127\.96\.\d+\.\d+', '<address>'),
    (r'127\.0\.0\.1:\d+', '<server>'),
    (r'too old resource version: \d+ \(\d+\)', 'too old resource version: <old> (<oldest>)'),
    (r'(Too large resource version: \d+, current: )\d+', r'\1<current>'),
    (r'(does not match the ResourceVersion in record \()\d+', r'\1<version>'),
    (r'(gen-)[bcdfghjklmnpqrstvwxz2456789]{5}\b', r'\1<random>'),
    # The object a patch would have made, with its managedFields, and the difference between two pods in the names of
    # Go: both for people who debug a client.
    (r'(patch: Invalid value: |^Invalid value: )"\{.*\}"', r'\1<object>'),
    (r'\n@@.*', '\n'),
)]
UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
AGE = re.compile(r'^\d+s$')


class Normaliser:
    """Replaces what is a server's own choice by names that say only what is equal to what, within one case."""

    def __init__(self, namespace):
        self.namespace, self.known = namespace, {}

    def name(self, family, value):
        return self.known.setdefault((family, value), f'<{family} {sum(f == family for f, _ in self.known) + 1}>')

    def answer(self, status, body, warnings):
        return {'status': status, 'body': self.value(body), 'warnings': [self.text(w) for w in warnings]}

    def value(self, value):
        if isinstance(value, dict):
            is_list = isinstance(value.get('metadata'), dict) and ('items' in value or 'rows' in value)
            value = self.unordered(value) if value.get('kind') == 'Status' else value
            return {self.text(key): self.member(key, each, is_list) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return self.text(value) if isinstance(value, str) else value

    def member(self, key, value, is_list):
        if key == 'metadata' and is_list:
            return {k: f'<{k}>' if k in ('resourceVersion', 'continue') else v for k, v in value.items()}
        if key == 'resourceVersion' and isinstance(value, str):
            return self.name('version', value) if value != '0' else value
        if key == 'nodePort' and isinstance(value, int):
            return '<port>'
        if key == 'cells':
            return ['<age>' if isinstance(each, str) and AGE.match(each) else self.value(each) for each in value]
        if key == 'managedFields' and isinstance(value, list):
            return self.managed(value)
        if key == 'object' and isinstance(value, dict) and 'initial-events-end' in json.dumps(value):
            return self.value({**value, 'metadata': {**value['metadata'], 'resourceVersion': '0'}})
        if key == 'resources' and isinstance(value, list) and all(isinstance(each, dict) for each in value):
            # of a group: a map's order
            return [self.value(each) for each in sorted(value, key=lambda each: each.get('name', ''))]
        if key == 'columnDefinitions' and value:
            return [{**column, 'description': '<prose>'} for column in value]
        return self.value(value)

    def managed(self, entries):
        """Entries stand in the order of their times; those of a write that only changed the entries have none."""
        entries = [self.value({key: each for key, each in entry.items() if key != 'time'}) for entry in entries]
        return sorted(entries,
                      key=lambda entry: json.dumps([entry.get(key, '')
                                                    for key in ('manager', 'operation', 'subresource')]))

    @staticmethod
    def unordered(status):
        """A real server checks the fields of a custom resource in the random order of Go's maps."""
        causes = status.get('details', {}).get('causes', [])
        if len(causes) < 2:
            return status
        message = status['message'].split(' is invalid: ')[0] + ' is invalid: <causes>'
        ordered = sorted(causes, key=lambda cause: (cause.get('field', ''), cause['message']))
        return {**status, 'message': message, 'details': {**status['details'], 'causes': ordered}}

    def text(self, text):
        text = UUID.sub(lambda m: self.name('uid', m.group()), text)
        for pattern, replacement in TEXTS:
            text = pattern.sub(replacement, text)
        return text


def record(server, name, calls):
    """Makes the calls of a case; the normalised answers."""
    namespace = f'case-{name}'
    server.ask('POST', '/api/v1/namespaces', {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': namespace}})
    normaliser, answers, recorded = Normaliser(namespace), [], []
    for call in calls:
        answer = call.make(server, namespace, answers)
        answers.append(answer[1])
        recorded.append(normaliser.answer(*answer))
    return recorded


def differences(want, got, path=''):
    """Lines 'path: wanted …, got …'."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(set(want) | set(got)):
            yield from differences(want.get(key, '<absent>'), got.get(key, '<absent>'), f'{path}.{key}')
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for index, (a, b) in enumerate(zip(want, got)):
            yield from differences(a, b, f'{path}[{index}]')
    elif want != got or type(want) is not type(got):
        yield f'{path}: wanted {json.dumps(want)}, got {json.dumps(got)}'

#!/usr/bin/env python3
"""Plays the same cases of alerts, hooks and metric templates under Sluice and under Flagger, and shows what differs.

    beside.py --flagger FILE [-k PATTERN]... [--group flags|teams] [--keep DIR] [-v]

A quiet machine plays 40 cases at once; scenario_beside.py plays all of them, in groups. Both engines work at the same
time on one API server, each in a namespace of its own; Pods are only reported Ready. What reached webhooks, chats and
metric providers is recorded (method, path, query, headers, body), and the events, phases and lines of the log that
followed. FLAGGER_BIN is a default of --flagger.
"""
import argparse
import contextlib
import difflib
import fnmatch
import json
import os
import pathlib
import re
import sys
import tempfile
import time
import urllib.parse

import manifests
import parts
from api import ApiError
from beside_cases import GLOBAL, KNOWN
from beside_details import CASES
from control_plane import DEPLOY
from engine import binary
from lab import Lab
from processes import free_port
from servers import Answer, Server, certificate
from waiting import wait_for

NAMESPACES = {'sluice': 'side-a', 'flagger': 'side-b'}
QUIET_S = 8  # after the last phase: what is sent then has 5 s
ENDED = ('Succeeded', 'Failed')
# Of no interest: who asks, and what transports say to each other. Sluice-Key is in the list of differences.
IGNORED = {'User-Agent', 'Accept-Encoding', 'Host', 'Content-Length', 'Connection', 'Accept', 'Sluice-Key',
           'Proxy-Connection'}


class World:
    """What a case sees of one engine: its namespace, and servers with paths of its own."""

    def __init__(self, engine, case, server, tls, closed_port):
        self.engine, self.case, self.namespace = engine, case, NAMESPACES[engine]
        self.server, self.tls, self.closed_port = server, tls, closed_port
        self.root = f'/{self.namespace}/{case.name}'

    def url(self, path=''):
        return self.server.url(self.root + path)

    def tls_url(self, path=''):
        return self.tls.url(self.root + path)

    def closed_url(self, path=''):
        """Nobody listens there."""
        return f'http://127.0.0.1:{self.closed_port}{self.root}{path}'

    def answer(self, path, *answers, **how):
        for server in (self.server, self.tls):
            server.answer(self.root + path, *answers, **how)

    def requests(self):
        return [*self.server.requests(self.root + '/'), *self.tls.requests(self.root + '/')]


class Case:
    """One of CASES: a Canary, the objects that it names, and how servers answer."""

    def __init__(self, name, make):
        self.name, self.make = name, make

    def objects(self, world):
        """(target, others with the Canary last)"""
        made = self.make(world)
        target = manifests.deployment(world.namespace, tag='6.0.0')
        target['metadata']['name'] = self.name
        target['spec']['selector']['matchLabels'] = {'app': self.name}
        target['spec']['template']['metadata']['labels'] = {'app': self.name}
        canary = manifests.canary(world.namespace, made.pop('analysis'), **made.pop('canary', {}))
        canary['metadata']['name'] = canary['spec']['targetRef']['name'] = self.name
        canary['spec']['service']['hosts'] = [f'{self.name}.{world.namespace}.example.com']
        return target, [*made.get('objects', []), canary]


class Story:
    """What happened in one case under one engine, as texts that may be compared."""

    def __init__(self, events, phases, requests, log):
        self.events, self.phases, self.requests, self.log = events, phases, requests, log

    def lines(self):
        yield from (f'event    {text}' for text in self.events)
        yield from (f'phase    {text}' for text in self.phases)
        for place in sorted(self.requests):
            yield from (f'request  {place}: {text}' for text in self.requests[place])
        yield from (f'log      {text}' for text in self.log)


def once(texts):
    """Consecutive repeats once."""
    return [text for n, text in enumerate(texts) if n == 0 or texts[n - 1] != text]


def without_times(query):
    return re.sub(r'\b(from|to)=\d+', r'\1=N', query)


def unique(texts):
    return list(dict.fromkeys(texts))


def is_repeated(request):
    """The news of an event that Flagger tells at every tick."""
    return 'not ready' in ((request.json() or {}).get('metadata') or {}).get('eventMessage', '')


def with_known_checksums(requests):
    """Checksums as c1, c2 and so on, in the order in which they come: they depend on the engine's digest of a
    revision."""
    known = {}

    def renamed(match):
        return f'"checksum": "{known.setdefault(match[1], f"c{len(known) + 1}")}"'
    return [re.sub(r'"checksum": "(\w+)"', renamed, text) for text in requests]


def text_of(request, world):
    """A request in one line, without what differs from run to run."""
    url = urllib.parse.urlsplit(request.path)
    query = without_times(url.query)
    headers = {k: v for k, v in sorted(request.headers.items()) if k not in IGNORED}
    body = request.json()
    if isinstance(body, dict) and 'timestamp' in body.get('metadata', {}):
        body['metadata']['timestamp'] = 'N'
    body = json.dumps(body, sort_keys=True) if body is not None else re.sub(r'\d{10,13}', 'N', request.body)
    path = url.path.replace(world.root, '', 1)
    proxied = f'{url.scheme}://{url.netloc}' if url.scheme else ''
    return f'{request.method} {proxied}{path}?{query} {json.dumps(headers)} {body}'.replace(world.namespace, 'NS')


def place_of(request, world):
    return urllib.parse.urlsplit(request.path).path.replace(world.root, '', 1).split('/')[1]


class Engines:
    """Sluice and Flagger on one lab."""

    def __init__(self, lab, flagger, server, flags, env):
        self.lab, self.server, self.processes = lab, server, {}
        common = ['-mesh-provider', 'istio', '-log-level', 'info', '-metrics-server', server.url('/prometheus')]
        argv = {
            'sluice': [binary(), 'run', '-leader-election-namespace', 'sluice-system', '-kubeconfig',
                       lab.engine.kubeconfig],
            'flagger': [flagger, '-kubeconfig', lab.main.other.kubeconfig],
        }
        self.starts = {}
        for name, words in argv.items():
            namespace = NAMESPACES[name]
            extra = [flag.replace('NS', namespace) for flag in flags]
            argv = [*words, *common, '-port', free_port(), '-namespace', namespace, '-event-webhook',
                    server.url(f'/{namespace}/-/events'), *extra]
            self.starts[name] = argv, {k: v.replace('NS', namespace) for k, v in env.items()}
        self.revive()

    def revive(self):
        """Starts those that do not run: on a machine with too much to do one may lose its Lease."""
        for name, (argv, env) in self.starts.items():
            if name not in self.processes or self.processes[name].poll() is not None:
                self.processes[name] = self.lab.processes.start(name, argv, env=env)

    def stop(self):
        for process in self.processes.values():
            self.lab.processes.end(process)


def loose_crds(folder):
    """deploy/crds without what keeps unknown types of providers out."""
    files = []
    for path in sorted((DEPLOY / 'crds').glob('*.yaml')):
        text = path.read_text()
        if path.name.startswith(('metrictemplates', 'alertproviders')):
            text = re.sub(r'\n +enum:\n(?: +- \w+\n)+', '\n', text)
            text = re.sub(r'\n +oneOf:\n(?: +- required:\n(?: +- \w+\n)+)+', '\n', text)
        files.append(folder / path.name)
        files[-1].write_text(text)
    return files


class Stage:
    """A lab, servers, and the cases under both engines."""

    def __init__(self, folder, flagger, cases, flags=(), env=None, keep=False):
        self.folder, self.flagger, self.flags, self.env = pathlib.Path(folder), flagger, list(flags), env or {}
        self.cases = [Case(name, make) for name, make in cases.items()]
        self.phases, self.keep = {}, keep

    def play(self, say=print):
        """{name of a case: {engine: Story}}"""
        with contextlib.ExitStack() as stack:
            self.server = stack.enter_context(Server())
            self.tls = stack.enter_context(Server(certificate(self.folder)))
            self.lab = stack.enter_context(Lab(self.folder / 'lab', fake=True, crds=loose_crds(self.folder),
                                               keep=self.keep))
            self.server.answer('/', Answer(200, 'ok'))
            self.tls.answer('/', Answer(200, 'ok'))
            self.server.answer('/prometheus', Answer(200, PROMETHEUS_ONE))
            closed = free_port()
            self.worlds = [World(engine, case, self.server, self.tls, closed)
                           for engine in NAMESPACES for case in self.cases]
            for namespace in NAMESPACES.values():
                self.lab.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': namespace}})
                watch = self.lab.client.watch('Canary', namespace, self._on_canary)
                stack.callback(watch.close)
            self._create(say)
            env = {k: v.replace('SERVER', self.server.url()) for k, v in self.env.items()}
            flags = [flag.replace('SERVER', self.server.url()) for flag in self.flags]
            engines = Engines(self.lab, self.flagger, self.server, flags, env)
            say(f'{len(self.cases)} cases, in {self.lab.folder}', flush=True)
            self._await(engines, lambda phases: 'Initialized' in phases, 150, 'Initialized', say)
            for world in self.worlds:
                image = {'spec': {'template': {'spec': {'containers': [
                    {**manifests.deployment('x')['spec']['template']['spec']['containers'][0],
                     'image': 'stefanprodan/podinfo:6.0.1'}]}}}}
                self.lab.client.patch('Deployment', world.namespace, world.case.name, image)
            self._await(engines, lambda phases: bool(set(ENDED) & set(phases)), 250, 'ended', say)
            self._await_quiet()
            engines.stop()
            return {case.name: {w.engine: self._story(w) for w in self.worlds if w.case is case}
                    for case in self.cases}

    def _create(self, say):
        refused = set()
        for world in self.worlds:
            target, others = world.case.objects(world)
            for thing in [target, *others]:
                try:
                    self.lab.client.create(thing)
                except ApiError as error:
                    say(f'{world.case.name}: the API server refuses {thing["kind"]}: {error}', flush=True)
                    refused.add(world.case)
        self.cases = [case for case in self.cases if case not in refused]
        self.worlds = [world for world in self.worlds if world.case not in refused]

    def _on_canary(self, change, canary):
        phase = canary.get('status', {}).get('phase')
        if change != 'DELETED' and phase:
            meta = canary['metadata']
            self.phases.setdefault((meta['namespace'], meta['name']), []).append(phase)

    def _await(self, engines, reached, timeout, what, say):
        def missing():
            engines.revive()
            return [w for w in self.worlds
                    if not reached(self.phases.get((w.namespace, w.case.name), []))]
        try:
            wait_for(lambda: not missing(), timeout, what, interval=0.5)
        except AssertionError:
            say(f'not {what}: {", ".join(f"{w.case.name} ({w.engine})" for w in missing())}', flush=True)

    def _await_quiet(self):
        """Nothing new for a while: alerts and hooks that follow the last phase are sent."""
        time.sleep(QUIET_S)

    def _story(self, world):
        events = []
        for request in self.server.requests(f'/{world.namespace}/-/events'):
            body = request.json()
            if body['name'] == world.case.name:
                events.append(f"{body['metadata']['eventType']} {body['metadata']['eventMessage']}")
        requests = {}
        for request in world.requests():
            if is_repeated(request):
                continue
            requests.setdefault(place_of(request, world), []).append(text_of(request, world))
        events = [without_times(e.replace(world.namespace, 'NS')) for e in events if 'not ready' not in e]
        return Story(unique(events), once(self.phases.get((world.namespace, world.case.name), [])),
                     {place: unique(with_known_checksums(texts)) for place, texts in requests.items()},
                     unique(self._log(world)))

    def _log(self, world):
        lines = []
        for line in (self.lab.folder / f'{world.engine}.log').read_text(errors='replace').splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get('canary') == f'{world.case.name}.{world.namespace}' and re.search('^alert |webhook',
                                                                                          entry['msg']):
                lines.append(f"{entry['level']} {entry['msg']}".replace(world.namespace, 'NS'))
        return lines


PROMETHEUS_ONE = {'status': 'success', 'data': {'resultType': 'vector', 'result': [
    {'metric': {}, 'value': [1435781451.781, '1']}]}}


def differences(case, stories):
    """Lines of the story of one engine and not of the other, without those that docs/flagger.md has a reason for."""
    found = [line for line in difflib.ndiff(list(stories['flagger'].lines()), list(stories['sluice'].lines()))
             if line[0] in '+-']
    known = [words for pattern, words in KNOWN if fnmatch.fnmatch(case, pattern)]
    return [line for line in found if not any(re.search(words, line) for words in known)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--flagger', default=os.environ.get('FLAGGER_BIN'), metavar='FILE')
    parser.add_argument('-k', action='append', metavar='PATTERN')
    parser.add_argument('-v', action='store_true', help='also what is equal')
    parser.add_argument('--group', default='flags', help='flags: the chat of the flags is Slack; teams: it is Teams')
    parser.add_argument('--keep', metavar='DIR', help='leave the logs there')
    options = parser.parse_args()
    if not options.flagger:
        parser.error('--flagger or FLAGGER_BIN is wanted')
    parts.build()
    cases = {name: make for name, make in CASES.items()
             if any(fnmatch.fnmatch(name, f'*{p}*') for p in options.k or [''])}
    group = GLOBAL[options.group]
    folder = options.keep or tempfile.mkdtemp(prefix='sluice-beside-')
    os.makedirs(folder, exist_ok=True)
    stories = Stage(folder, pathlib.Path(options.flagger).resolve(), cases, **group, keep=bool(options.keep)).play()
    different = 0
    for name, both in stories.items():
        found = differences(name, both)
        different += bool(found)
        print(f'{"DIFFERS" if found else "equal":8}{name}')
        for line in found:
            print(f'    {line}')
        if options.v:
            print('\n'.join(f'    = {line}' for line in both['sluice'].lines()))
    print(f'{len(stories) - different} equal, {different} differ')
    return 1 if different else 0


if __name__ == '__main__':
    sys.exit(main())

"""One namespace with one podinfo and its Canary, and a record of what happens to it.

The record is made by watches, so nothing is missed between two looks: events with their repetitions, every status,
every weight of the VirtualService, in the order in which the API server gave them out.
"""
import json
import re
import threading
import time

import engine
import manifests
from waiting import Timeout, wait_for

COMBINED = '(combined from similar events): '


class Scene:
    """`mesh`: the ControlPlane whose VirtualServices count, when it is not the lab's own."""

    def __init__(self, lab, namespace, mesh=None):
        self.lab, self.namespace, self.mesh = lab, namespace, mesh or lab.main
        self.events, self.statuses, self.routes = [], [], []  # (type, message, time), (status, time), (weights, time)
        self._lock = threading.Lock()
        for plane in {lab.main, self.mesh}:
            plane.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': namespace}})
        self._watches = [
            lab.client.watch('Event', namespace, self._on_event),
            lab.client.watch('Canary', namespace, self._on_canary),
            self.mesh.client.watch('VirtualService', namespace, self._on_route),
        ]

    def close(self):
        for watch in self._watches:
            watch.close()

    # --- the record ---

    def _on_event(self, change, event):
        about = event['involvedObject']
        if change == 'DELETED' or about.get('kind') != 'Canary':
            return
        with self._lock:
            self.events.append((event['type'], event['message'].removeprefix(COMBINED), time.monotonic()))

    def _on_canary(self, change, canary):
        status = canary.get('status', {})
        with self._lock:
            if change != 'DELETED' and (not self.statuses or self.statuses[-1][0] != status):
                self.statuses.append((status, time.monotonic()))

    def _on_route(self, change, route):
        if change == 'DELETED':
            return
        weights = route_weights(route)
        with self._lock:
            if not self.routes or self.routes[-1][0] != weights:
                self.routes.append((weights, time.monotonic()))

    def messages(self, since=0.0):
        """The story in Flagger's words: consecutive repeats once, "not ready" left out."""
        with self._lock:
            texts = [message for _, message, when in self.events if when >= since and 'not ready' not in message]
        return [text for n, text in enumerate(texts) if n == 0 or texts[n - 1] != text]

    def phases(self):
        """Every phase in order, consecutive repeats once."""
        with self._lock:
            phases = [status.get('phase', '') for status, _ in self.statuses]
        return [phase for n, phase in enumerate(phases) if phase and (n == 0 or phases[n - 1] != phase)]

    def weights(self):
        """The canary's share of the VirtualService's weighted route, every value in order."""
        with self._lock:
            return [weights[1] for weights, _ in self.routes]

    # --- what users do ---

    def deploy(self, **how):
        self.lab.client.create(manifests.deployment(self.namespace, **how))
        return self

    def create(self, *things):
        for thing in things:
            self.lab.client.create(thing)
        return self

    def canary(self, analysis, **how):
        self.create(manifests.canary(self.namespace, analysis, **how))
        return self

    def edit(self, patch):
        """A merge patch of the Canary, as kubectl patch does."""
        self.lab.client.patch('Canary', self.namespace, manifests.NAME, patch)

    def set_image(self, tag, env=None, lifecycle=None):
        """kubectl set image; `env` replaces the container's environment, `lifecycle` its hooks."""
        template = self.target()['spec']['template']
        container = template['spec']['containers'][0]
        container['image'] = f'stefanprodan/podinfo:{tag}'
        if env is not None:
            container['env'] = env
        if lifecycle is not None:
            container['lifecycle'] = lifecycle
        self.lab.client.patch('Deployment', self.namespace, manifests.NAME, {'spec': {'template': template}})

    # --- how it is ---

    def get(self, kind, name=manifests.NAME):
        return self.lab.get(kind, self.namespace, name)

    def target(self):
        return self.get('Deployment')

    def primary(self):
        return self.get('Deployment', f'{manifests.NAME}-primary')

    def route(self):
        return self.mesh.client.get('VirtualService', self.namespace, manifests.NAME)

    def status(self):
        return (self.get('Canary') or {}).get('status', {})

    def image(self, deployment):
        return deployment['spec']['template']['spec']['containers'][0]['image'].rsplit(':', 1)[1]

    def host(self, role=''):
        """What to ask Envoy for: the public name, or that of the Service podinfo-<role>."""
        return f'{manifests.NAME}-{role}.{self.namespace}' if role else manifests.host(self.namespace)

    # --- waiting ---

    def wait(self, predicate, timeout, what):
        """As wait_for, with the story so far in the failure."""
        try:
            return wait_for(predicate, timeout, lambda: f'{self.namespace}: {what() if callable(what) else what}')
        except Timeout as late:
            raise Timeout(f'{late}\n{self.story()}') from None

    def wait_phase(self, phase, timeout=120):
        """Waits until this phase is the Canary's present one; Failed where it was not waited for ends the wait."""
        def reached():
            now = self.status().get('phase')
            if now == 'Failed' and phase in ('Succeeded', 'Promoting', 'Finalising'):
                raise Timeout(f'{self.namespace}: Failed instead of {phase}\n{self.story()}')
            return now == phase
        self.wait(reached, timeout, f'phase {phase}')

    def wait_message(self, pattern, timeout=120, since=0.0):
        """Waits for an event whose text matches, and returns it."""
        def found():
            return next((text for text in self.messages(since) if re.search(pattern, text)), None)
        return self.wait(found, timeout, f'event {pattern!r}')

    def wait_weight(self, weight, timeout=120):
        self.wait(lambda: weight in self.weights(), timeout, f'weight {weight}')

    def initialise(self, timeout=90):
        self.wait_phase('Initialized', timeout)
        return self

    def story(self):
        with self._lock:
            start = self.statuses[0][1] if self.statuses else 0
            lines = [(when, f'event  {kind} {text}') for kind, text, when in self.events]
            lines += [(when, f'status {brief(status)}') for status, when in self.statuses]
            lines += [(when, f'route  {weights}') for weights, when in self.routes]
        return '\n'.join(f'{when - start:7.1f} {text}' for when, text in sorted(lines))

    def save(self, folder, hooks=None):
        """The transcript: the story, the statuses, the objects as they are now, the hooks' payloads."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'story.txt').write_text(self.story() + '\n')
        (folder / 'events.txt').write_text('\n'.join(f'{kind}\t{text}' for kind, text, _ in self.events) + '\n')
        (folder / 'statuses.json').write_text(json.dumps([status for status, _ in self.statuses], indent=1) + '\n')
        kinds = 'canary,deployment,service,hpa,configmap,secret,virtualservice,destinationrule,event'
        kinds += '' if engine.reference() else ',release'
        (folder / 'objects.yaml').write_text(self.lab.kubectl('get', kinds, '-n', self.namespace, '-o', 'yaml'))
        if self.mesh is not self.lab.main:
            mesh = self.mesh.kubectl('get', 'virtualservice,destinationrule', '-n', self.namespace, '-o', 'yaml')
            (folder / 'mesh.yaml').write_text(mesh)
        if hooks is not None:
            calls = [{'path': c.path, 'headers': c.headers, 'body': c.body}
                     for c in hooks.calls(prefix=f'/{self.namespace}/')]
            (folder / 'hooks.json').write_text(json.dumps(calls, indent=1) + '\n')


def route_weights(route):
    """(primary, canary, mirrored) of the last HTTP route that names the canary, as Flagger reads it."""
    for http in reversed(route['spec'].get('http', [])):
        shares = {d['destination']['host']: d.get('weight', 0) for d in http.get('route', [])}
        if f'{manifests.NAME}-canary' in shares:
            return shares.get(f'{manifests.NAME}-primary', 0), shares[f'{manifests.NAME}-canary'], 'mirror' in http
    return 100, 0, False


def brief(status):
    """A status in one line."""
    keys = ('phase', 'canaryWeight', 'failedChecks', 'iterations')
    conditions = [f"{c['type']}={c['status']}({c.get('reason')})" for c in status.get('conditions') or []]
    return ' '.join([*(f'{key}={status.get(key)}' for key in keys), *conditions])

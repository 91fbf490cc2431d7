"""Releases that no engine made: the admission policy lets nobody write one, and what is in one all the same ends
nothing but itself."""
import contextlib

import manifests
from api import ApiError
from engine import Engine
from scenario import Scenario
from waiting import wait_for

FORGED = {
    'entries': [{'w': 'round', 'n': 9223372036854775807}],
    'open': [{'o': 'act', 'i': [{'kind': 'route', 'primary': 150, 'canary': -50}]}],
    'ending': [{'kind': 'explode'}],
}


class Forged(Scenario):
    flagger_too = False

    def release(self, scene, number, **status):
        canary = scene.get('Canary', 'podinfo')
        owner = {'apiVersion': canary['apiVersion'], 'kind': 'Canary', 'name': 'podinfo',
                 'uid': canary['metadata']['uid'], 'controller': True}
        return {'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release',
                'metadata': {'name': f'podinfo-{number}', 'namespace': scene.namespace, 'ownerReferences': [owner]},
                'spec': {'canary': 'podinfo', 'revision': 'forged', 'strategy': 'canary', 'words': 1,
                         'sources': {'stdlib.start': 'return require "host"',
                                     'strategies.canary': 'require("host").leave()'}},
                **({'status': status} if status else {})}

    def refused(self, call, *args):
        with self.assertRaises(ApiError) as caught:
            call(*args)
        self.assertEqual(403, caught.exception.code)
        self.assertIn('only Sluice writes Releases', str(caught.exception))

    def test_nobody_else_writes_a_release(self):
        """Not even who may do everything: no Release is made, none changed, be it by its status; deleting one is a
        matter of RBAC."""
        scene = self.scene('policy').deploy(tag='6.0.0')
        scene.canary(manifests.analysis(stepWeight=50)).initialise()
        client = self.lab.main.client
        wait_for(lambda: self.is_enforced(client, scene), 30, 'the policy is enforced')
        self.refused(client.create, self.release(scene, 7))
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        scene.wait_phase('Succeeded')  # the engine's own Release passed
        self.refused(client.patch, 'Release', scene.namespace, 'podinfo-1', {'metadata': {'labels': {'x': 'y'}}})
        self.refused(client.patch, 'Release', scene.namespace, 'podinfo-1', {'status': {'state': 'Running'}}, 'status')
        client.delete('Release', scene.namespace, 'podinfo-1')
        self.assertIsNone(client.get('Release', scene.namespace, 'podinfo-1'))

    def is_enforced(self, client, scene):
        try:
            client.create(self.release(scene, 9))
        except ApiError as error:
            return error.code == 403
        client.delete('Release', scene.namespace, 'podinfo-9')
        return False


class Unguarded(Scenario):
    """Without the policy."""

    when = 'apart'
    flagger_too = False
    releases_replay = False
    release = Forged.release

    def test_a_forged_release_ends_alone(self):
        """The engine closes it, says why, counts it, and goes on with this Canary and with all others."""
        scene = self.scene('forged').deploy(tag='6.0.0')
        with Engine(self.lab, 'forged', namespace=scene.namespace) as engine:
            scene.canary(manifests.analysis(stepWeight=50)).initialise()
            with self.unguarded(self.lab.client):
                self.forge(engine, scene)
            self.traffic(scene, rate=10)
            scene.set_image('6.0.1')
            scene.wait_phase('Succeeded')
            self.assert_promoted(scene, '6.0.1')
            self.assertIn(f'sluice_releases_stalled_total{{name="podinfo",namespace="{scene.namespace}"}} 1',
                          engine.metrics())

    @contextlib.contextmanager
    def unguarded(self, client):
        kind, name = 'ValidatingAdmissionPolicyBinding', 'releases.sluice.dev'
        policy = client.get(kind, None, name)
        client.delete(kind, None, name)
        try:
            yield
        finally:
            client.create({**policy, 'metadata': {'name': name}})

    def forge(self, engine, scene):
        """The status is a second request: the engine is stopped meanwhile, or it would have run the scripts before it
        comes."""
        client = self.lab.client

        def made():
            engine.stop()
            try:
                client.create(self.release(scene, 7))
                client.patch('Release', scene.namespace, 'podinfo-7', {'status': {**FORGED, 'state': 'Running'}},
                             'status')
                return True
            except ApiError as error:
                if error.code != 403:
                    raise
                return False
            finally:
                engine.resume()
        wait_for(made, 30, 'the policy is gone')

        def closed():
            return client.get('Release', scene.namespace,
                              'podinfo-7')['status'].get('state') in ('Stalled', 'Failed', 'Superseded')
        wait_for(closed, 60, 'the forged Release is closed')
        self.assertTrue(engine.is_running())

"""The mesh's objects on an API server of their own (-kubeconfig-service-mesh)."""
import engine
import manifests
from engine import Engine
from scenario import Scenario


class SecondApi(Scenario):
    when = 'apart'

    @classmethod
    def prepare(cls, lab):
        lab.second_api()  # the mesh starts anew

    def test_promoted(self):
        """Routes live on the mesh's control plane, workloads in the cluster; real requests follow."""
        mesh = self.lab.second_api()
        scene = self.scene('two-clusters', mesh=mesh).deploy(tag='6.0.0')
        scene.canary(manifests.analysis(stepWeight=50, maxWeight=50))
        user = mesh.other if engine.reference() else mesh.engine_user('mesh-engine')
        with Engine(self.lab, 'two-clusters', namespace=scene.namespace,
                    flags=['-kubeconfig-service-mesh', user.kubeconfig]):
            scene.initialise()
            self.assert_answers(scene, {'6.0.0'})
            self.traffic(scene, rate=10)
            scene.set_image('6.0.1')
            scene.wait_weight(50)
            self.assert_answers(scene, {'6.0.0', '6.0.1'}, count=40)
            scene.wait_phase('Succeeded')
            self.assert_steps(scene, [0, 50, 0])
            self.assert_promoted(scene, '6.0.1')
        for kind, name in (('VirtualService', 'podinfo'), ('DestinationRule', 'podinfo-primary'),
                           ('DestinationRule', 'podinfo-canary')):
            self.assertNotIn('ownerReferences', mesh.client.get(kind, scene.namespace, name)['metadata'],
                             'its owner lives elsewhere')
            self.assertIsNone(scene.get(kind, name))

"""An installation from its beginning to its end."""
import pathlib
import shutil
import tempfile

import real_helm
import yaml
from chart_scenario import ChartScenario

NAMESPACE = ('--namespace', 'sluice-system')
WAIT = ('--wait', '--timeout=60s')
FIELD = 'drainedAfterMs'  # of a Release's status; the older chart below has it not


class Life(ChartScenario):
    def setUp(self):
        super().setUp()
        self.remove_crds()
        self.addCleanup(self.helm, 'uninstall', 'sluice', *NAMESPACE, '--ignore-not-found', '--wait')

    def test_notes(self):
        """What one should know, and only then."""
        self.assertIn('The CRDs are not served', self.notes_of({'crd': {'create': False}}))
        plain = self.notes_of({'podDisruptionBudget': {'enabled': True}})
        self.assertNotIn('CRDs', plain)
        self.assertNotIn('drained', plain)
        budget = {'podDisruptionBudget': {'enabled': True, 'minAvailable': 2}}
        self.assertIn('no node with an engine can be drained', self.notes_of(budget))

    def test_install_upgrade_rollback_uninstall(self):
        """CRDs come with it, follow an upgrade and a rollback, and stay; everything else goes."""
        self.helm('install', 'sluice', self.older_chart(), *NAMESPACE, '--create-namespace', *WAIT)
        self.assertEqual(2, self.get('Deployment', 'sluice')['status']['readyReplicas'])
        self.assert_policy('sluice')
        self.assertFalse(self.has_field())
        uid = self.crd()['metadata']['uid']

        self.helm('upgrade', 'sluice', real_helm.CHART, *NAMESPACE, *WAIT,
                  *real_helm.settings({'leaderElection.replicaCount': 1, 'podDisruptionBudget.enabled': True,
                                       'fullnameOverride': 'gate'}))
        self.assertTrue(self.has_field())
        self.assertIsNone(self.get('Deployment', 'sluice'))
        self.assertEqual(1, self.get('Deployment', 'gate')['status']['readyReplicas'])
        self.assert_policy('gate')
        self.assertIsNotNone(self.get('PodDisruptionBudget', 'gate'))

        self.helm('rollback', 'sluice', '1', *NAMESPACE, *WAIT)
        self.assertFalse(self.has_field())
        self.assertIsNone(self.get('Deployment', 'gate'))
        self.assertIsNone(self.get('PodDisruptionBudget', 'gate'))
        self.assertEqual(2, self.get('Deployment', 'sluice')['spec']['replicas'])

        self.lab.client.create({'apiVersion': 'flagger.app/v1beta1', 'kind': 'AlertProvider',
                                'metadata': {'name': 'ours', 'namespace': 'default'},
                                'spec': {'type': 'slack', 'address': 'http://chat'}})
        self.helm('uninstall', 'sluice', *NAMESPACE, '--wait')
        for kind in ('Deployment', 'ServiceAccount', 'PodDisruptionBudget', 'ClusterRole', 'ClusterRoleBinding',
                     'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'):
            self.assertEqual([], self.of_helm(kind), kind)
        self.assertEqual(uid, self.crd()['metadata']['uid'], 'with what people wrote')
        self.assertIsNotNone(self.lab.get('AlertProvider', 'default', 'ours'))

        self.helm('install', 'sluice', real_helm.CHART, *NAMESPACE, *WAIT)  # the CRDs are still its own
        self.assertTrue(self.has_field())

    def test_crds_of_flagger(self):
        """CRDs that another chart or kubectl brought: helm says so, and takes them over when it is told to."""
        self.lab.kubectl('create', '-f', real_helm.folder() / 'flagger-crds.yaml')
        order = ('upgrade', '--install', 'sluice', real_helm.CHART, *NAMESPACE, '--create-namespace', *WAIT)
        with self.assertRaises(real_helm.Refused) as refused:
            self.helm(*order)
        self.assertIn('"alertproviders.flagger.app" in namespace "" exists and cannot be imported',
                      str(refused.exception))
        self.assertEqual([], self.of_helm('Deployment'), 'nothing is there by half')
        self.helm(*order, '--take-ownership')
        canaries = self.lab.get('CustomResourceDefinition', None, 'canaries.flagger.app')
        self.assertEqual('Helm', canaries['metadata']['labels']['app.kubernetes.io/managed-by'])
        self.assertIn('strategy', canaries['spec']['versions'][0]['schema']['openAPIV3Schema']['properties']['spec'][
            'properties'], 'it is ours')
        self.helm(*order)

    def older_chart(self):
        """As it was before a CRD got a field."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        chart = pathlib.Path(folder.name) / 'sluice'
        shutil.copytree(real_helm.CHART, chart)  # files in place of links
        path = chart / 'files' / 'crds' / 'releases.sluice.dev.yaml'
        crd = yaml.safe_load(path.read_text())
        del status_of(crd)[FIELD]
        path.write_text(yaml.safe_dump(crd))
        return chart

    def get(self, kind, name):
        return self.lab.get(kind, 'sluice-system', name)

    def crd(self):
        return self.lab.get('CustomResourceDefinition', None, 'releases.sluice.dev')

    def has_field(self):
        return FIELD in status_of(self.crd())

    def of_helm(self, kind):
        return [thing['metadata']['name'] for thing in self.lab.client.list(kind)
                if thing['metadata'].get('labels', {}).get('app.kubernetes.io/managed-by') == 'Helm']

    def assert_policy(self, account):
        policy = self.lab.get('ValidatingAdmissionPolicy', None, 'releases.sluice.dev')
        self.assertIn(f"in ['system:serviceaccount:sluice-system:{account}']", str(policy['spec']))


def status_of(crd):
    """The fields of a Release's status."""
    return crd['spec']['versions'][0]['schema']['openAPIV3Schema']['properties']['status']['properties']

"""Values that the chart is rendered with; every object that comes of it is shown to a real API server.

Each row: values, and what must be seen in the objects: a function of Objects that asserts, or says whether it is so.
"""
import yaml
from real_helm import DEPLOY

SCRIPT = "return require 'stdlib.strategy' {}\n"  # is not run here
POLICY = {'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': 'monitoring'}}}


class Objects:
    """What helm printed, by kind."""

    def __init__(self, text):
        self.all = [thing for thing in yaml.safe_load_all(text) if thing]

    def of(self, kind):
        return [thing for thing in self.all if thing['kind'] == kind]

    def one(self, kind):
        things = self.of(kind)
        assert len(things) == 1, f'{len(things)} objects of the kind {kind}'
        return things[0]

    def pod(self):
        return self.one('Deployment')['spec']['template']['spec']

    def container(self):
        return self.pod()['containers'][0]

    def args(self):
        return self.container()['args']

    def rules(self):
        """Of the engine's role."""
        roles = [role for kind in ('ClusterRole', 'Role') for role in self.of(kind)
                 if not role['metadata']['name'].endswith(('-view', '-edit', '-strategies'))]
        assert len(roles) == 1, roles
        return roles[0]['rules']

    def verbs(self, group, resource):
        return sorted({verb for rule in self.rules() if group in rule['apiGroups'] and resource in rule['resources']
                       for verb in rule['verbs']})


def namespaced(it):
    assert it.of('ClusterRole') == [] and it.of('ClusterRoleBinding') == [], 'rights in all of the cluster'
    for kind in ('Role', 'RoleBinding'):
        assert it.one(kind)['metadata']['namespace'] == 'shop'
    assert it.one('RoleBinding')['subjects'][0]['namespace'] == 'matrix'
    assert '-namespace=shop' in it.args()
    assert not any('leader-election-namespace' in arg for arg in it.args()), 'the Lease is where the Canaries are'


def policy_of_namespace(it):
    binding = it.of('ValidatingAdmissionPolicyBinding')[0]
    assert binding['spec']['policyName'] == 'shop.releases.sluice.dev' == binding['metadata']['name']
    assert binding['spec']['matchResources'] == {
        'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': 'shop'}}}


def verbs(it):
    """As deploy/verbs.yaml has it, beside the other policies."""
    theirs = Objects((DEPLOY / 'verbs.yaml').read_text())
    for kind in ('ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'):
        mine = {policy['metadata']['name']: policy['spec'] for policy in it.of(kind)}
        assert sorted(mine) == ['releases.sluice.dev', 'requests.sluice.dev', 'verbs.sluice.dev'], sorted(mine)
        assert mine['verbs.sluice.dev'] == theirs.one(kind)['spec']


def verbs_of_namespace(it):
    binding = it.one('ValidatingAdmissionPolicyBinding')
    assert binding['spec']['policyName'] == 'shop.verbs.sluice.dev' == it.one('ValidatingAdmissionPolicy')[
        'metadata']['name']
    assert binding['spec']['matchResources'] == {
        'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': 'shop'}}}


def mesh_elsewhere(it):
    assert it.verbs('networking.istio.io', 'virtualservices') == [], 'the mesh is not here'
    assert '-kubeconfig-service-mesh=/etc/sluice/mesh/config' in it.args()
    assert it.pod()['volumes'] == [{'name': 'mesh', 'secret': {'secretName': 'istio-kubeconfig'}}]
    assert it.container()['volumeMounts'] == [{'name': 'mesh', 'mountPath': '/etc/sluice/mesh', 'readOnly': True}]


def no_tracking(it):
    assert '-enable-config-tracking=false' in it.args()
    assert it.verbs('', 'configmaps') == []
    assert it.verbs('', 'secrets') == ['get'], 'those of MetricTemplates'


def no_secrets(it):
    assert it.verbs('', 'secrets') == [] == it.verbs('', 'configmaps')
    assert it.verbs('external.metrics.k8s.io', '*') == [] == it.verbs('metrics.keptn.sh', 'analyses')


def named_secrets(it):
    rule = next(rule for rule in it.rules() if rule['resources'] == ['secrets'])
    assert rule == {'apiGroups': [''], 'resources': ['secrets'], 'verbs': ['get'], 'resourceNames': ['newrelic']}


def scripts(it):
    assert '-scripts=/etc/sluice/scripts' in it.args()
    assert it.one('ConfigMap')['data'] == {'strategies.ring.lua': SCRIPT, 'adapters.metrics.queue.lua': 'return {}'}
    items = it.pod()['volumes'][0]['configMap']['items']
    assert {item['path'] for item in items} == {'strategies/ring.lua', 'adapters/metrics/queue.lua'}
    assert {item['key'] for item in items} == set(it.one('ConfigMap')['data'])


def scripts_of_volume(it):
    assert it.of('ConfigMap') == []
    assert it.pod()['volumes'] == [{'name': 'scripts', 'configMap': {'name': 'mine'}}]
    assert '-scripts=/etc/sluice/scripts' in it.args()


def everything_said(it):
    for arg in ('-log-level=warning', '-metrics-server=http://prometheus.monitoring:9090', '-mesh-provider=istio',
                '-selector-labels=app', '-include-label-prefix=app.kubernetes.io,team', '-cluster-name=berlin',
                '-event-webhook=http://events', '-slack-url=https://slack/x', '-slack-proxy-url=http://proxy',
                '-slack-user=us', '-slack-channel=ops', '-msteams-url=https://teams/x',
                '-msteams-proxy-url=http://proxy', '-no-cross-namespace-refs=true'):
        assert arg in it.args(), f'{arg} is not among {it.args()}'
    assert it.args()[-1] == '-scale-down-delay=10s'
    assert it.container()['env'][0]['valueFrom']['secretKeyRef'] == {'name': 'slack', 'key': 'url'}


def scheduled(it):
    pod = it.pod()
    assert pod['priorityClassName'] == 'system-cluster-critical' and pod['nodeSelector'] == {'disk': 'ssd'}
    assert pod['tolerations'] == [{'operator': 'Exists'}]
    term = pod['affinity']['podAntiAffinity']['preferredDuringSchedulingIgnoredDuringExecution'][0]['podAffinityTerm']
    assert term['labelSelector']['matchLabels'] == {'app.kubernetes.io/name': 'sluice',
                                                    'app.kubernetes.io/instance': 'rel'}
    assert pod['imagePullSecrets'] == [{'name': 'pull'}]
    assert it.one('Deployment')['metadata']['labels']['tier'] == '2', 'a number of --set is a text here'


def restricted(it):
    pod, container = it.pod()['securityContext'], it.container()['securityContext']
    assert pod['runAsNonRoot'] and pod['seccompProfile']['type'] == 'RuntimeDefault'
    assert container['capabilities'] == {'drop': ['ALL']} and not container['allowPrivilegeEscalation']
    assert container['readOnlyRootFilesystem'] and container['runAsUser'] == 12345


def no_context(it):
    assert 'securityContext' not in it.pod() and 'securityContext' not in it.container()


def old_names(it):
    assert '-kubeconfig-service-mesh=/etc/sluice/mesh/kubeconfig' in it.args()
    assert it.of('CustomResourceDefinition') == []


def people_who_write_scripts(it):
    role = next(role for role in it.of('ClusterRole') if role['metadata']['name'].endswith('-strategies'))
    assert role['metadata']['labels']['rbac.authorization.k8s.io/aggregate-to-admin'] == 'true'


RUNBOOK = 'https://git.example.com/sluice/docs/runbook.md'


def runbooks(it):
    """By alert, where it says what to do."""
    return {rule['alert']: rule['annotations']['runbook_url']
            for group in it.one('PrometheusRule')['spec']['groups'] for rule in group['rules']}


def alerts_with_addresses(it):
    assert runbooks(it) and runbooks(it) == {alert: f'{RUNBOOK}#{alert.lower()}' for alert in runbooks(it)}


def alerts_and_dashboards(it):
    rules = yaml.safe_load((DEPLOY / 'alerts' / 'sluice.rules.yaml').read_text())
    assert it.one('PrometheusRule')['spec'] == rules
    assert all(url.startswith('docs/runbook.md#') for url in runbooks(it).values()), runbooks(it)
    files = {path.name: path.read_text() for path in (DEPLOY / 'grafana').glob('*.json')}
    found = {}
    for thing in it.of('ConfigMap'):
        assert thing['metadata']['labels']['grafana_dashboard'] == '1'
        assert thing['metadata']['namespace'] == 'monitoring'
        found.update(thing['data'])
    assert found == files


def dashboard(it):
    assert it.args()[-3:] == ['-dashboard=9000', '-dashboard-hosts=a.example.com,b', '-dashboard-prefix=/x']
    assert it.container()['ports'][1] == {'name': 'dashboard', 'containerPort': 9000}
    assert it.one('Service')['spec']['ports'][0]['targetPort'] == 'dashboard'
    assert it.verbs('', 'events') == ['create', 'list', 'patch', 'watch']


def policy_with_dashboard(it):
    allowed = it.one('NetworkPolicy')['spec']['ingress'][0]['ports']
    assert allowed == [{'port': 'http'}, {'port': it.one('Service')['spec']['ports'][0]['targetPort']}], allowed


AFFINITY = {'podAntiAffinity': {'preferredDuringSchedulingIgnoredDuringExecution': [
    {'weight': 100, 'podAffinityTerm': {
        'labelSelector': {'matchLabels': {'app.kubernetes.io/name': '{{ template "flagger.name" . }}',
                                          'app.kubernetes.io/instance': '{{ .Release.Name }}'}},
        'topologyKey': 'kubernetes.io/hostname'}}]}}
KUBECONFIG = {'secretName': 'istio-kubeconfig', 'key': 'config'}
DIGEST = 'sha256:' + '0123456789abcdef' * 4

ROWS = {
    'defaults': ({}, lambda it: it.one('Deployment')['spec']['replicas'] == 2),
    'namespace': ({'namespace': 'shop', 'rbac': {'people': {'create': False}}}, namespaced),
    'policy of a namespace': ({'namespace': 'shop'}, policy_of_namespace),
    'mesh elsewhere': ({'controlplane': {'kubeconfig': KUBECONFIG}}, mesh_elsewhere),
    'mesh elsewhere, old name': ({'istio': {'kubeconfig': KUBECONFIG}}, mesh_elsewhere),
    'the tutorial': ({'crd': {'create': False}, 'meshProvider': 'istio', 'metricsServer': 'http://prometheus:9090',
                      'istio': {'kubeconfig': {'secretName': 'istio-kubeconfig', 'key': 'kubeconfig'}}}, old_names),
    'no config tracking': ({'configTracking': {'enabled': False}}, no_tracking),
    'no Secrets': ({'configTracking': {'enabled': False},
                    'rbac': {'secrets': {'read': False}, 'externalMetrics': False, 'keptn': False}}, no_secrets),
    'named Secrets': ({'configTracking': {'enabled': False}, 'rbac': {'secrets': {'names': ['newrelic']}}},
                      named_secrets),
    'no role': ({'rbac': {'create': False}},
                lambda it: it.of('ClusterRole') + it.of('ClusterRoleBinding') == []),
    'people who write scripts': ({'rbac': {'people': {'strategies': 'admin'}}}, people_who_write_scripts),
    'another account': ({'serviceAccount': {'create': False, 'name': 'mine'}},
                        lambda it: it.one('ClusterRoleBinding')['subjects'][0]['name'] == 'mine'),
    'an account with annotations': ({'serviceAccount': {'annotations': {'a/b': 'c'}}},
                                    lambda it: it.one('ServiceAccount')['metadata']['annotations']['a/b'] == 'c'),
    'scripts': ({'scripts': {'strategies': {'ring': SCRIPT}, 'adapters': {'metrics': {'queue': 'return {}'}}}},
                scripts),
    'scripts of a volume': ({'scripts': {'volume': {'configMap': {'name': 'mine'}}}}, scripts_of_volume),
    'everything said': ({
        'logLevel': 'warning', 'metricsServer': 'http://prometheus.monitoring:9090', 'meshProvider': 'istio',
        'selectorLabels': 'app', 'includeLabelPrefix': 'app.kubernetes.io,team', 'clusterName': 'berlin',
        'eventWebhook': 'http://events', 'noCrossNamespaceRefs': True, 'extraArgs': ['-scale-down-delay=10s'],
        'slack': {'url': 'https://slack/x', 'proxyUrl': 'http://proxy', 'user': 'us', 'channel': 'ops'},
        'msteams': {'url': 'https://teams/x', 'proxyUrl': 'http://proxy'},
        'env': [{'name': 'SLACK_URL', 'valueFrom': {'secretKeyRef': {'name': 'slack', 'key': 'url'}}}],
    }, everything_said),
    'scheduled': ({
        'podPriorityClassName': 'system-cluster-critical', 'nodeSelector': {'disk': 'ssd'},
        'tolerations': [{'operator': 'Exists'}], 'affinity': AFFINITY, 'image': {'pullSecret': 'pull'},
        'podLabels': {'a': 1}, 'deploymentLabels': {'tier': 2}, 'annotations': {'x': 'y'},
        'podAnnotations': {'linkerd.io/inject': 'enabled'},
    }, scheduled),
    'volumes': ({'additionalVolumes': [{'name': 'tmp', 'emptyDir': {}}],
                 'additionalVolumeMounts': [{'name': 'tmp', 'mountPath': '/tmp'}]},
                lambda it: it.pod()['volumes'][0]['name'] == 'tmp'),
    'Flagger\'s security context': ({'securityContext': {'enabled': True, 'context': {
        'readOnlyRootFilesystem': True, 'runAsUser': 12345}}}, restricted),
    'no security context': ({'securityContext': {'enabled': False}}, no_context),
    'a digest': ({'image': {'repository': 'registry.example.com/sluice', 'digest': DIGEST}},
                 lambda it: it.container()['image'] == f'registry.example.com/sluice@{DIGEST}'),
    'one engine': ({'leaderElection': {'replicaCount': 1}},
                   lambda it: it.one('Deployment')['spec']['replicas'] == 1),
    'a budget': ({'podDisruptionBudget': {'enabled': True, 'minAvailable': '50%'}},
                 lambda it: it.one('PodDisruptionBudget')['spec']['minAvailable'] == '50%'),
    'a network policy': ({'networkPolicy': {'enabled': True, 'from': [POLICY], 'egress': [{'to': [POLICY]}]}},
                         lambda it: it.one('NetworkPolicy')['spec']['ingress'][0]['from'] == [POLICY]),
    'a network policy that is open': ({'networkPolicy': {'enabled': True}},
                                      lambda it: it.one('NetworkPolicy')['spec'] == {
                                          'podSelector': {'matchLabels': {'app.kubernetes.io/name': 'sluice',
                                                                          'app.kubernetes.io/instance': 'rel'}},
                                          'policyTypes': ['Ingress'], 'ingress': [{'ports': [{'port': 'http'}]}]}),
    'a network policy and the dashboard': ({'networkPolicy': {'enabled': True},
                                            'dashboard': {'enabled': True, 'service': True}}, policy_with_dashboard),
    'monitors': ({'serviceMonitor': {'enabled': True, 'namespace': 'monitoring', 'labels': {'release': 'prom'}},
                  'podMonitor': {'enabled': True, 'additionalLabels': {'release': 'prom'}, 'honorLabels': True}},
                 lambda it: it.one('ServiceMonitor')['metadata']['namespace'] == 'monitoring'),
    'alerts and dashboards': ({'alertRules': {'enabled': True, 'labels': {'release': 'prom'}},
                               'dashboards': {'enabled': True, 'namespace': 'monitoring'}}, alerts_and_dashboards),
    'alerts with addresses': ({'alertRules': {'enabled': True, 'runbookUrl': RUNBOOK}}, alerts_with_addresses),
    'the dashboard': ({'dashboard': {'enabled': True, 'port': 9000, 'hosts': ['a.example.com', 'b'], 'prefix': '/x',
                                     'service': True}}, dashboard),
    'no policies': ({'admissionPolicies': {'create': False}},
                    lambda it: it.of('ValidatingAdmissionPolicy') == []),
    'a right for each verb': ({'admissionPolicies': {'verbs': True}}, verbs),
    'a right for each verb in a namespace': ({'namespace': 'shop', 'admissionPolicies': {
        'create': False, 'verbs': True}}, verbs_of_namespace),
    'other engines': ({'admissionPolicies': {'accounts': ['jane@example.com']}},
                      lambda it: "'jane@example.com'" in str(it.of('ValidatingAdmissionPolicy'))),
    'other names': ({'nameOverride': 'gate', 'fullnameOverride': 'the-gate'},
                    lambda it: it.one('Deployment')['metadata']['name'] == 'the-gate'),
}

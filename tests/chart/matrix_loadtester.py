"""The same for the chart of the load tester."""
from matrix import POLICY

RULES = [{'apiGroups': [''], 'resources': ['pods'], 'verbs': ['list', 'get']}]


def plain(it):
    assert it.args() == ['-port=8080', '-log-level=info', '-timeout=1h', '-allow-commands=curl,grep']
    assert it.pod()['automountServiceAccountToken'] is False and 'serviceAccountName' not in it.pod()
    assert it.one('Service')['spec']['selector'] == {'app': 'loadtester'}
    assert len(it.all) == 2


def everything_said(it):
    assert it.args() == ['-port=8080', '-log-level=warning', '-timeout=30m', '-namespace-regexp=^(test|shop)$',
                         '-allow-commands=kubectl', '-command-env=KUBERNETES_SERVICE_HOST,KUBERNETES_SERVICE_PORT',
                         '-max-rate=50', '-max-load-rate=20', '-max-workers=10', '-max-tasks=4',
                         '-command-processes=64']
    assert it.one('Service')['spec']['ports'][0]['port'] == 8080


def large(it):
    assert it.args()[-2:] == ['-max-rate=100000', '-command-processes=1000000']
    assert it.one('Deployment')['spec']['template']['metadata']['labels']['build'] == '1000000'


def role(kind):
    def check(it):
        assert it.one(kind)['rules'] == RULES
        assert it.one(f'{kind}Binding')['subjects'][0] == {'kind': 'ServiceAccount', 'name': 'rel-loadtester',
                                                           'namespace': 'matrix'}
        assert it.pod()['serviceAccountName'] == it.one('ServiceAccount')['metadata']['name'] == 'rel-loadtester'
        assert 'automountServiceAccountToken' not in it.pod()
    return check


def gateway(it):
    http, https = it.one('Gateway')['spec']['servers']
    assert http['tls'] == {'httpsRedirect': True} and https['tls']['credentialName'] == 'rel-loadtester'
    assert it.one('VirtualService')['spec']['hosts'] == ['load.example.com']


ROWS = {
    'defaults': ({}, plain),
    'everything said': ({
        'logLevel': 'warning', 'service': {'port': 8080, 'type': 'NodePort'},
        'cmd': {'timeout': '30m', 'namespaceRegexp': '^(test|shop)$', 'allow': ['kubectl'],
                'environment': ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT']},
        'limits': {'rate': 50, 'loadRate': 20, 'workers': 10, 'tasks': 4, 'processes': 64},
    }, everything_said),
    'large numbers': ({'limits': {'processes': 1000000, 'rate': '100000'}, 'podLabels': {'build': 1000000}}, large),
    'no program': ({'cmd': {'allow': []}}, lambda it: not any('allow-commands' in arg for arg in it.args())),
    'a role': ({'rbac': {'create': True, 'rules': RULES, 'serviceAccountAnnotations': {'a': '{{ .Release.Name }}'}}},
               role('Role')),
    'a role in the cluster': ({'rbac': {'create': True, 'scope': 'cluster', 'rules': RULES}}, role('ClusterRole')),
    'an account': ({'serviceAccountName': 'mine'}, lambda it: it.pod()['serviceAccountName'] == 'mine'),
    'a gateway': ({'istio': {'enabled': True, 'host': 'load.example.com', 'gateway': {'enabled': True},
                             'tls': {'enabled': True, 'httpsRedirect': True}}}, gateway),
    'a plain gateway': ({'istio': {'enabled': True, 'gateway': {'enabled': True}}},
                        lambda it: len(it.one('Gateway')['spec']['servers']) == 1),
    'scheduled': ({
        'replicaCount': 2, 'podLabels': {'a': 1}, 'podPriorityClassName': 'system-cluster-critical',
        'nodeSelector': {'disk': 'ssd'}, 'tolerations': [{'operator': 'Exists'}], 'image': {'pullSecret': 'pull'},
        'volumes': [{'name': 'tmp', 'emptyDir': {}}], 'volumeMounts': [{'name': 'tmp', 'mountPath': '/tmp'}],
        'env': [{'name': 'A', 'value': 'b'}], 'podDisruptionBudget': {'enabled': True},
        'affinity': {'nodeAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': {'nodeSelectorTerms': [
            {'matchExpressions': [{'key': 'x', 'operator': 'Exists'}]}]}}},
    }, lambda it: it.container()['volumeMounts'][0]['name'] == it.pod()['volumes'][0]['name'] == 'tmp'),
    'no contexts': ({'securityContext': {'enabled': False}, 'podSecurityContext': {'enabled': False}},
                    lambda it: 'securityContext' not in it.pod() and 'securityContext' not in it.container()),
    'a network policy': ({'networkPolicy': {'enabled': True, 'from': [POLICY]}},
                         lambda it: it.one('NetworkPolicy')['spec']['ingress'][0]['from'] == [POLICY]),
}

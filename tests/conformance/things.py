"""What the calls are made of: paths, verbs, objects."""
from calls import MERGE, Call

NS = '/api/v1/namespaces/{ns}'
CM, PODS, SECRETS, SERVICES, EVENTS = (f'{NS}/{plural}'
                                       for plural in ('configmaps', 'pods', 'secrets', 'services', 'events'))
APPS = '/apis/apps/v1/namespaces/{ns}'
DEPLOYMENTS, REPLICASETS = f'{APPS}/deployments', f'{APPS}/replicasets'
HPAS = '/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers'
LEASES = '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases'
CANARIES = '/apis/flagger.app/v1beta1/namespaces/{ns}/canaries'
VIRTUAL_SERVICES = '/apis/networking.istio.io/v1beta1/namespaces/{ns}/virtualservices'
RELEASES = '/apis/sluice.dev/v1alpha1/namespaces/{ns}/releases'
CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
WIDGETS = '/apis/sim.test/v1/namespaces/{ns}/widgets'


def get(path, **more):
    return Call('GET', path, **more)


def post(path, body, **more):
    return Call('POST', path, body, **more)


def put(path, body, **more):
    return Call('PUT', path, body, **more)


def patch(path, body, content_type=MERGE, **more):
    return Call('PATCH', path, body, content_type, **more)


def delete(path, body=None, **more):
    return Call('DELETE', path, body, **more)


def config_map(name, data=None, **metadata):
    thing = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name, **metadata}}
    return {**thing, 'data': data} if data is not None else thing


def pod_template(**labels):
    return {'metadata': {'labels': labels}, 'spec': {'containers': [
        {'name': 'web', 'image': 'web:1', 'ports': [{'containerPort': 8080}]}]}}


def deployment(name, replicas=None, **metadata):
    spec = {'selector': {'matchLabels': {'app': name}}, 'template': pod_template(app=name)}
    if replicas is not None:
        spec['replicas'] = replicas
    return {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': name, **metadata}, 'spec': spec}


# The same amounts in two ways.
QUANTITIES = [{'cpu': '1000m', 'memory': '1024Mi', 'half': '0.5', 'size': '2048Ki'},
              {'cpu': 1, 'memory': '1073741824', 'half': '500m', 'size': '2Mi'}]


def with_quantities(name, cpu='1', memory='1Gi', half='500m', size='1Gi'):
    """A Deployment that has each typed quantity which a Pod's template may have."""
    bounds = {'limits': {'cpu': cpu, 'memory': memory}, 'requests': {'cpu': 0, 'memory': 0}}
    container = {'name': 'web', 'image': 'web:1', 'resources': bounds, 'env': [
        {'name': 'A', 'valueFrom': {'resourceFieldRef': {'resource': 'limits.memory', 'divisor': '1024Ki'}}},
        {'name': 'B', 'valueFrom': {'resourceFieldRef': {'resource': 'limits.cpu'}}}]}
    claim = {'accessModes': ['ReadWriteOnce'], 'resources': {'requests': {'storage': size}}}
    return changed(deployment(name), {
        'containers': [container],
        'initContainers': [{'name': 'init', 'image': 'init:1', 'resources': {'limits': {'cpu': half}}}],
        'volumes': [{'name': 'a', 'emptyDir': {'sizeLimit': size}},
                    {'name': 'b', 'ephemeral': {'volumeClaimTemplate': {'spec': claim}}}]},
        'spec', 'template', 'spec')


def service(name, **spec):
    return {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': name},
            'spec': {'selector': {'app': name}, 'ports': [{'port': 80, 'targetPort': 8080}], **spec}}


def owner(kind, name, uid, api_version='v1', **more):
    return {'apiVersion': api_version, 'kind': kind, 'name': name, 'uid': uid, **more}


def widget(name, spec=None, **metadata):
    return {'apiVersion': 'sim.test/v1', 'kind': 'Widget', 'metadata': {'name': name, **metadata},
            'spec': {} if spec is None else spec}


def canary(name, **spec):
    return {'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': name}, 'spec': {
        'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': name}, 'service': {'port': 9898},
        'analysis': {'interval': '10s', 'threshold': 5, 'maxWeight': 50, 'stepWeight': 10}, **spec}}


def virtual_service(name, primary, canary_weight):
    return {'apiVersion': 'networking.istio.io/v1beta1', 'kind': 'VirtualService', 'metadata': {'name': name}, 'spec': {
        'hosts': [name], 'gateways': ['mesh'], 'http': [{'route': [
            {'destination': {'host': f'{name}-primary'}, 'weight': primary},
            {'destination': {'host': f'{name}-canary'}, 'weight': canary_weight}]}]}}


def without(thing, *path):
    """A copy without what is at the path."""
    copy = {**thing}
    if len(path) == 1:
        copy.pop(path[0])
    else:
        copy[path[0]] = without(copy[path[0]], *path[1:])
    return copy


def changed(thing, value, *path):
    copy = {**thing}
    copy[path[0]] = value if len(path) == 1 else changed(copy.get(path[0], {}), value, *path[1:])
    return copy


def crd(group, plural, kind, schema, **version):
    return {'apiVersion': 'apiextensions.k8s.io/v1', 'kind': 'CustomResourceDefinition',
            'metadata': {'name': f'{plural}.{group}'},
            'spec': {'group': group, 'scope': 'Namespaced', 'names': {'plural': plural, 'kind': kind}, 'versions': [
                {'name': 'v1', 'served': True, 'storage': True, 'schema': {'openAPIV3Schema': schema}, **version}]}}


WIDGET_SCHEMA = {'type': 'object', 'required': ['spec'], 'properties': {
    'spec': {'type': 'object', 'properties': {
        'size': {'type': 'integer', 'minimum': 1, 'maximum': 10, 'default': 3},
        'colour': {'type': 'string', 'enum': ['red', 'green']},
        'name': {'type': 'string', 'pattern': '^[a-z]+$', 'maxLength': 5},
        'parts': {'type': 'array', 'maxItems': 2, 'items': {'type': 'object', 'required': ['id'], 'properties': {
            'id': {'type': 'string'}, 'weight': {'type': 'number', 'default': 1.5}}}},
        'port': {'x-kubernetes-int-or-string': True, 'anyOf': [{'type': 'integer'}, {'type': 'string'}]},
        'free': {'type': 'object', 'x-kubernetes-preserve-unknown-fields': True},
        'labels': {'type': 'object', 'additionalProperties': {'type': 'string'}},
        'maybe': {'type': 'string', 'nullable': True},
        'replicas': {'type': 'integer'}}},
    'status': {'type': 'object', 'default': {'phase': 'New'}, 'properties': {
        'phase': {'type': 'string'}, 'replicas': {'type': 'integer'}}}}}
WIDGET_CRD = crd('sim.test', 'widgets', 'Widget', WIDGET_SCHEMA,
                 subresources={'status': {},
                               'scale': {'specReplicasPath': '.spec.replicas',
                                         'statusReplicasPath': '.status.replicas'}},
                 additionalPrinterColumns=[{'name': 'Size', 'type': 'integer', 'jsonPath': '.spec.size'},
                                           {'name': 'Phase', 'type': 'string', 'jsonPath': '.status.phase'},
                                           {'name': 'Age', 'type': 'date', 'jsonPath': '.metadata.creationTimestamp'}])

"""The calls: what an API server must answer. Every case stands in a namespace of its own, 'case-' and its name."""
import pathlib

from calls import APPLY, JSON_PATCH, MERGE, PARTIAL, PARTIAL_LIST, STRATEGIC, TABLE, Call

NS = '/api/v1/namespaces/{ns}'
CM, PODS, SECRETS, SERVICES, EVENTS = (f'{NS}/{plural}' for plural in ('configmaps', 'pods', 'secrets', 'services', 'events'))
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


def service(name, **spec):
    return {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': name},
            'spec': {'selector': {'app': name}, 'ports': [{'port': 80, 'targetPort': 8080}], **spec}}


def owner(kind, name, uid, api_version='v1', **more):
    return {'apiVersion': api_version, 'kind': kind, 'name': name, 'uid': uid, **more}


def widget(name, spec=None, **metadata):
    return {'apiVersion': 'sim.test/v1', 'kind': 'Widget', 'metadata': {'name': name, **metadata}, 'spec': {} if spec is None else spec}


def canary(name, **spec):
    return {'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': name}, 'spec': {
        'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': name}, 'service': {'port': 9898},
        'analysis': {'interval': '10s', 'threshold': 5, 'maxWeight': 50, 'stepWeight': 10}, **spec}}


def virtual_service(name, primary, canary_weight):
    return {'apiVersion': 'networking.istio.io/v1beta1', 'kind': 'VirtualService', 'metadata': {'name': name}, 'spec': {
        'hosts': [name], 'gateways': ['mesh'], 'http': [{'route': [
            {'destination': {'host': f'{name}-primary'}, 'weight': primary}, {'destination': {'host': f'{name}-canary'}, 'weight': canary_weight}]}]}}


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
    return {'apiVersion': 'apiextensions.k8s.io/v1', 'kind': 'CustomResourceDefinition', 'metadata': {'name': f'{plural}.{group}'},
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
    'status': {'type': 'object', 'properties': {'phase': {'type': 'string'}, 'replicas': {'type': 'integer'}}}}}
WIDGET_CRD = crd('sim.test', 'widgets', 'Widget', WIDGET_SCHEMA,
                 subresources={'status': {}, 'scale': {'specReplicasPath': '.spec.replicas', 'statusReplicasPath': '.status.replicas'}},
                 additionalPrinterColumns=[{'name': 'Size', 'type': 'integer', 'jsonPath': '.spec.size'},
                                           {'name': 'Phase', 'type': 'string', 'jsonPath': '.status.phase'},
                                           {'name': 'Age', 'type': 'date', 'jsonPath': '.metadata.creationTimestamp'}])

# Made before the cases, in the whole cluster.
PREPARATION = [post(CRDS, WIDGET_CRD)] + [
    post(CRDS, path.read_text(), content_type='application/yaml')
    for path in sorted((pathlib.Path(__file__).resolve().parents[2] / 'deploy' / 'crds').glob('*.yaml'))]


def mesh_preparation(text):
    """Istio's definitions, from the file that its project publishes."""
    return [post(CRDS, document, content_type='application/yaml') for document in text.split('\n---\n') if 'kind: CustomResourceDefinition' in document]


CASES = {
    'create': [
        post(CM, config_map('a', {'k': 'v'}, labels={'app': 'x'}, annotations={'note': 'y'})),
        get(f'{CM}/a'),
        post(CM, config_map('a', {'k': 'v'})),
        post(CM, without(config_map('a'), 'metadata', 'name')),
        post(CM, changed(without(config_map('a'), 'metadata', 'name'), 'gen-', 'metadata', 'generateName')),
        post(CM, config_map('b', uid='mine', resourceVersion='', creationTimestamp=None, generation=7, selfLink='x')),
        post(CM, config_map('c', resourceVersion='5')),
        post(f'{CM}?dryRun=All', config_map('dry')),
        get(f'{CM}/dry'),
        post(f'{CM}?dryRun=Some', config_map('dry')),
        post(f'{CM}?fieldManager=me', config_map('d')),
        post(CM, without(config_map('e'), 'apiVersion')),
        post(CM, without(config_map('e'), 'kind')),
        post(CM, config_map('e', namespace='{ns}')),
        post(CM, config_map('f', namespace='other')),
    ],
    'names': [
        post(CM, config_map('Upper')),
        post(CM, config_map('a_b')),
        post(CM, config_map('x' * 254)),
        post(CM, config_map('ok', labels={'bad key!': 'v'})),
        post(CM, config_map('ok', labels={'k': 'bad value!'})),
        post(CM, config_map('ok', labels={'k': 'v' * 64})),
        post(CM, config_map('ok', annotations={'bad key!': 'v'})),
        post(CM, config_map('ok', finalizers=['nogroup'])),
        post(CM, config_map('ok', finalizers=['with.group/x'])),
        post(CM, config_map('ok2', {'bad key!': 'v'})),
        post(SERVICES, service('1digit')),
        post('/api/v1/namespaces', {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'With.Dot'}}),
        post(DEPLOYMENTS, deployment('Upper')),
    ],
    'read': [
        get(f'{CM}/missing'),
        get(f'{NS}/nothings/missing'),
        get('/apis/none.test/v1/things'),
        get('/apis/apps/v2/deployments'),
        get('/nowhere'),
        get(f'{CM}/a/b/c'),
        get('/apis/sim.test/v1/nothings'), get('/apis/sim.test/v1/widgets/a'),
        get(f'{CM}/a/scale'),
        get('/api/v1/namespaces/missing/configmaps'),
        get('/api/v1/namespaces/missing/configmaps/a'),
        get('/api/v1/namespaces/{ns}'),
        get('/api/v1/namespaces/missing'),
        get(f'{DEPLOYMENTS}/missing'),
        get(f'{WIDGETS}/missing'),
        get('/healthz'), get('/livez'), get('/readyz'), get('/version'),
        Call('PUT', CM, config_map('a')),
        Call('POST', f'{CM}/a', config_map('a')),
        get(f'{CM}/a', accept='text/html'),
        post(CM, config_map('a'), content_type='text/plain'),
    ],
    'body': [
        post(CM, '{"apiVersion": "v1", "kind": '),
        post(CM, ''),
        post(CM, '[]'),
        post(CM, '{"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}}'),
        post(CM, '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}'),
        post(CM, '{"apiVersion": "v1", "kind": "Nothing", "metadata": {"name": "a"}}'),
        post(CM, '{"apiVersion": "none.test/v1", "kind": "ConfigMap", "metadata": {"name": "a"}}'),
        post(WIDGETS, '{"apiVersion": "sim.test/v2", "kind": "Widget", "metadata": {"name": "a"}, "spec": {}}'),
        post(WIDGETS, '{"apiVersion": "sim.test/v1", "kind": "Gadget", "metadata": {"name": "a"}, "spec": {}}'),
        post(WIDGETS, '{"metadata": {"name": "a"}, "spec": {}}'),
        post(CM, '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": 1}}'),
        post(CM, '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": 1}}'),
        post(CM, '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": []}'),
        post(DEPLOYMENTS, changed(deployment('a'), 'two', 'spec', 'replicas')),
        put(f'{CM}/a', config_map('b')),
    ],
    'unknown-fields': [
        post(CM, {**config_map('a'), 'extra': 1}),
        post(f'{CM}?fieldValidation=Strict', {**config_map('b'), 'extra': 1}),
        post(f'{CM}?fieldValidation=Warn', {**config_map('c'), 'extra': 1}),
        post(f'{CM}?fieldValidation=Ignore', {**config_map('d'), 'extra': 1}),
        post(f'{CM}?fieldValidation=Other', {**config_map('e'), 'extra': 1}),
        post(f'{DEPLOYMENTS}?fieldValidation=Strict', changed(deployment('a'), 1, 'spec', 'template', 'spec', 'extra')),
        post(f'{WIDGETS}?fieldValidation=Strict', widget('a', {'extra': 1, 'free': {'anything': 1}})),
        post(f'{WIDGETS}?fieldValidation=Warn', widget('b', {'extra': 1, 'free': {'anything': 1}})),
        post(WIDGETS, {**widget('c', {'parts': [{'id': 'x', 'extra': 1}]}), 'top': 1}),
    ],
    'list': [
        post(CM, config_map('a', labels={'app': 'x', 'tier': 'front'})),
        post(CM, config_map('b', labels={'app': 'x'})),
        post(CM, config_map('c', labels={'app': 'y'})),
        post(CM, config_map('d')),
        get(CM),
        get(f'{CM}?labelSelector=app%3Dx'),
        get(f'{CM}?labelSelector=app%3D%3Dx%2Ctier'),
        get(f'{CM}?labelSelector=app%21%3Dx'),
        get(f'{CM}?labelSelector=app+in+%28x%2Cy%29%2C%21tier'),
        get(f'{CM}?labelSelector=app+notin+%28x%29'),
        get(f'{CM}?labelSelector=%21app'),
        get(f'{CM}?labelSelector=app%3D%3D%3Dx'),
        get(f'{CM}?labelSelector=app+in+x'),
        get(f'{CM}?labelSelector=a%2Fb%2Fc%3Dx'),
        get(f'{CM}?fieldSelector=metadata.name%3Db'),
        get(f'{CM}?fieldSelector=metadata.name%21%3Db'),
        get(f'{CM}?fieldSelector=data.k%3Dv'),
        get(f'{CM}?fieldSelector=nonsense'),
        get('/api/v1/configmaps?fieldSelector=metadata.namespace%3D{ns}'),
        get(f'{CM}?limit=2'),
        get(f'{CM}?limit=2&continue=${{19.metadata.continue}}'),
        get(f'{CM}?limit=3&labelSelector=app'),
        get(f'{CM}?limit=1&labelSelector=app'),
        get(f'{CM}?continue=nonsense'),
        get(f'{CM}?limit=x'),
        get(f'{CM}?resourceVersion=0'),
        get(f'{CM}?resourceVersion=x'),
        get(f'{CM}?resourceVersion=999999999'),
        get(f'{WIDGETS}'),
        get(f'{PODS}?fieldSelector=spec.nodeName%3Dn'),
        get(f'{EVENTS}?fieldSelector=involvedObject.name%3Dx%2CinvolvedObject.kind%3DPod'),
    ],
    'pages': [
        post(CM, config_map('a')), post(CM, config_map('b', {'k': '1'})), post(CM, config_map('c')), post(CM, config_map('d')),
        get(f'{CM}?limit=1'),
        delete(f'{CM}/d'), post(CM, config_map('bb')), patch(f'{CM}/b', {'data': {'k': '2'}}),
        get(f'{CM}?limit=2&continue=${{4.metadata.continue}}'),
        get(f'{CM}?limit=2&continue=${{8.metadata.continue}}'),
        get(f'{CM}?limit=2'),
        get(f'{CM}?limit=2&continue=${{10.metadata.continue}}&labelSelector=a%3Db'),
        get('/api/v1/configmaps?limit=1&fieldSelector=metadata.namespace%3D{ns}'),
    ],
    # A kind of two versions, and what happens when its definition changes.
    'versions': [
        post(CRDS, changed(crd('versions.test', 'gears', 'Gear', {'type': 'object', 'x-kubernetes-preserve-unknown-fields': True}), [
            {'name': 'v1', 'served': True, 'storage': True, 'schema': {'openAPIV3Schema': {'type': 'object', 'x-kubernetes-preserve-unknown-fields': True}}},
            {'name': 'v1beta1', 'served': True, 'storage': False, 'schema': {'openAPIV3Schema': {
                'type': 'object', 'properties': {'spec': {'type': 'object', 'properties': {'teeth': {'type': 'integer'}}}}}}}], 'spec', 'versions')),
        get(f'{CM}?watch=true&timeoutSeconds=2'),  # the kind is served a moment later
        post('/apis/versions.test/v1/namespaces/{ns}/gears', {'apiVersion': 'versions.test/v1', 'kind': 'Gear', 'metadata': {'name': 'a'}, 'spec': {'teeth': 3, 'more': 1}}),
        get('/apis/versions.test/v1beta1/namespaces/{ns}/gears/a'),
        get('/apis/versions.test/v1beta1/namespaces/{ns}/gears'),
        patch('/apis/versions.test/v1beta1/namespaces/{ns}/gears/a', [{'op': 'add', 'path': '/spec/teeth', 'value': 4}], JSON_PATCH),
        get('/apis/versions.test'),
        get('/apis/versions.test/v2/gears'),
        patch(f'{CRDS}/gears.versions.test', {'metadata': {'labels': {'a': 'b'}}}),
    ],
    'forms': [
        post(CM, config_map('a', {'k': 'v'}, labels={'app': 'x'})),
        get(CM, accept=TABLE),
        get(f'{CM}/a', accept=TABLE),
        get(f'{CM}/a', accept=PARTIAL),
        get(CM, accept=PARTIAL_LIST),
        get(f'{CM}?includeObject=None', accept=TABLE),
        get(f'{CM}?includeObject=Object', accept=TABLE),
        post(WIDGETS, widget('a', {'size': 2})),
        get(WIDGETS, accept=TABLE),
        post(DEPLOYMENTS, deployment('a', 2)),
        get(DEPLOYMENTS, accept=TABLE),
        post(SERVICES, service('a')),
        get(SERVICES, accept=TABLE),
    ],
    'update': [
        post(CM, config_map('a', {'k': '1'})),
        put(f'{CM}/a', config_map('a', {'k': '2'}, resourceVersion='${0.metadata.resourceVersion}')),
        put(f'{CM}/a', config_map('a', {'k': '3'}, resourceVersion='${0.metadata.resourceVersion}')),
        put(f'{CM}/a', config_map('a', {'k': '4'})),
        put(f'{CM}/a', config_map('a', {'k': '4'})),
        put(f'{CM}/missing', config_map('missing')),
        put(f'{CM}/a', config_map('a', uid='${0.metadata.name}')),
        put(f'{CM}/a', config_map('a', resourceVersion='x')),
        put(f'{CM}/a', without(config_map('a'), 'metadata', 'name')),
        put(f'{CM}/a', config_map('a', creationTimestamp='2001-01-01T00:00:00Z', uid='${0.metadata.uid}')),
        post(DEPLOYMENTS, deployment('d', 1)),
        put(f'{DEPLOYMENTS}/d', deployment('d', 2)),
        put(f'{DEPLOYMENTS}/d', {**deployment('d', 2), 'status': {'replicas': 9}}),
        put(f'{DEPLOYMENTS}/d', deployment('d', 2, labels={'a': 'b'})),
        put(f'{DEPLOYMENTS}/d', changed(deployment('d'), {'matchLabels': {'app': 'other'}}, 'spec', 'selector')),
    ],
    'patch': [
        post(CM, config_map('a', {'k': '1', 'l': '2'}, labels={'x': 'y'})),
        patch(f'{CM}/a', {'data': {'k': '9', 'l': None}}),
        patch(f'{CM}/a', {'data': {'k': '9'}}),
        patch(f'{CM}/a', {'metadata': {'resourceVersion': '${0.metadata.resourceVersion}'}, 'data': {'k': '8'}}),
        patch(f'{CM}/a', [{'op': 'replace', 'path': '/data/k', 'value': '7'}], JSON_PATCH),
        patch(f'{CM}/a', [{'op': 'test', 'path': '/data/k', 'value': '6'}], JSON_PATCH),
        patch(f'{CM}/a', [{'op': 'remove', 'path': '/data/none'}], JSON_PATCH),
        patch(f'{CM}/a', [{'op': 'add', 'path': '/metadata/labels/z~1y', 'value': 'w'}], JSON_PATCH),
        patch(f'{CM}/a', {'op': 'add'}, JSON_PATCH),
        patch(f'{CM}/a', '{"data":', MERGE),
        patch(f'{CM}/a', {'data': {'k': 1}}, MERGE),
        patch(f'{CM}/a', {'metadata': {'name': 'b'}}, MERGE),
        patch(f'{CM}/a', {'metadata': {'uid': 'b'}}, MERGE),
        patch(f'{CM}/missing', {'data': {'k': '9'}}),
        patch(f'{CM}/a', {'data': {'k': '9'}}, 'application/json'),
        patch(f'{CM}/a', {'data': {'m': '1'}}, STRATEGIC),
        patch(f'{CM}/a?fieldValidation=Strict', {'extra': 1}, MERGE),
        patch(f'{CM}/a', {'extra': 1}, MERGE),
        post(DEPLOYMENTS, deployment('d', 1)),
        patch(f'{DEPLOYMENTS}/d', {'spec': {'template': {'spec': {'containers': [{'name': 'web', 'image': 'web:2'}]}}}}, STRATEGIC),
        patch(f'{DEPLOYMENTS}/d', {'spec': {'template': {'spec': {'containers': [{'name': 'side', 'image': 'side:1'}]}}}}, STRATEGIC),
        patch(f'{DEPLOYMENTS}/d', {'spec': {'template': {'spec': {'$setElementOrder/containers': [{'name': 'side'}, {'name': 'web'}], 'containers': [
            {'name': 'web', 'env': [{'name': 'A', 'value': 'b'}]}]}}}}, STRATEGIC),
        patch(f'{DEPLOYMENTS}/d', {'spec': {'template': {'spec': {'containers': [{'name': 'side', '$patch': 'delete'}]}}}}, STRATEGIC),
        patch(f'{DEPLOYMENTS}/d', {'spec': {'template': {'spec': {'containers': [{'name': 'web', 'image': 'web:3'}]}}}}, MERGE),
        patch(f'{DEPLOYMENTS}/d', {'spec': {'replicas': -1}}, MERGE),
        patch(f'{DEPLOYMENTS}/d', {'spec': {'replicas': None}}, MERGE),
        post(WIDGETS, widget('w', {'size': 2})),
        patch(f'{WIDGETS}/w', {'spec': {'size': 4}}, STRATEGIC),
        patch(f'{WIDGETS}/w', {'spec': {'size': 4}}),
        patch(f'{WIDGETS}/w', {'spec': {'size': 40}}),
        patch(f'{WIDGETS}/w', {'spec': {'size': None, 'extra': 1}}),
        patch(f'{WIDGETS}/w?fieldValidation=Strict', {'spec': {'extra': 1}}),
        patch(f'{WIDGETS}/w?fieldManager=me&fieldValidation=Strict', widget('w', {'extra': 1}), APPLY),
        patch(f'{DEPLOYMENTS}/d?fieldManager=me', changed(deployment('d'), 1, 'spec', 'template', 'spec', 'extra'), APPLY),
    ],
    'apply': [
        patch(f'{CM}/a?fieldManager=one', config_map('a', {'k': '1', 'l': '2'}), APPLY),
        get(f'{CM}/a'),
        patch(f'{CM}/a?fieldManager=one', config_map('a', {'k': '1'}), APPLY),
        patch(f'{CM}/a?fieldManager=two', config_map('a', {'k': '2'}), APPLY),
        patch(f'{CM}/a?fieldManager=two&force=true', config_map('a', {'k': '2'}), APPLY),
        patch(f'{CM}/a', config_map('a', {'k': '2'}), APPLY),
        patch(f'{DEPLOYMENTS}/d?fieldManager=one', deployment('d', 2), APPLY),
        patch(f'{DEPLOYMENTS}/d?fieldManager=one', deployment('d', 3), APPLY),
        patch(f'{WIDGETS}/w?fieldManager=one', widget('w', {'size': 5, 'colour': 'red'}), APPLY),
        patch(f'{WIDGETS}/w?fieldManager=one', widget('w', {'size': 5}), APPLY),
        patch(f'{WIDGETS}/w?fieldManager=two', widget('w', {'size': 6}), APPLY),
        patch(f'{CM}/b?fieldManager=one', config_map('b', {'k': '1', 'l': '2'}), APPLY),
        patch(f'{CM}/b?fieldManager=two', config_map('b', {'k': '2', 'l': '1'}), APPLY),
        patch(f'{CM}/b?fieldManager=two', config_map('b', {'m': '1'}), APPLY),
        patch(f'{CM}/b', {'data': {'m': '2'}}),
        patch(f'{CM}/b?fieldManager=two', config_map('b', {'m': '3'}), APPLY),
        patch(f'{CM}/b?fieldManager=two', {**config_map('b'), 'extra': 1}, APPLY),
        patch(f'{DEPLOYMENTS}/d?fieldManager=two', deployment('d', 3), APPLY),
        patch(f'{DEPLOYMENTS}/d/status?fieldManager=two', {
            'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'd'}, 'status': {'replicas': 1}}, APPLY),
        patch(f'{WIDGETS}/w/status?fieldManager=three', {
            'apiVersion': 'sim.test/v1', 'kind': 'Widget', 'metadata': {'name': 'w'}, 'status': {'phase': 'x'}}, APPLY),
    ],
    'watch': [
        post(CM, config_map('a', {'k': '1'}, labels={'app': 'x'})),
        post(CM, config_map('b', {'k': '1'})),
        patch(f'{CM}/a', {'data': {'k': '2'}}),
        patch(f'{CM}/a', {'metadata': {'labels': {'app': 'y'}}}),
        patch(f'{CM}/a', {'metadata': {'labels': {'app': 'x'}}}),
        delete(f'{CM}/a'),
        get(f'{CM}?watch=true&resourceVersion=${{0.metadata.resourceVersion}}&timeoutSeconds=1'),
        get(f'{CM}?watch=1&resourceVersion=${{0.metadata.resourceVersion}}&timeoutSeconds=1&labelSelector=app%3Dx'),
        get(f'{CM}?watch=true&resourceVersion=${{0.metadata.resourceVersion}}&timeoutSeconds=1&fieldSelector=metadata.name%3Db'),
        get(f'{CM}?watch=true&resourceVersion=0&timeoutSeconds=1'),
        get(f'{CM}?watch=true&timeoutSeconds=1'),
        get(f'{WIDGETS}?watch=true&resourceVersion=1&timeoutSeconds=1'),
        get(f'{CM}?watch=true&resourceVersion=x&timeoutSeconds=1'),
        get(f'{CM}?watch=true&resourceVersion=${{0.metadata.resourceVersion}}&timeoutSeconds=1', accept=TABLE),
        get(f'{CM}?watch=true&resourceVersion=${{5.details.none}}&timeoutSeconds=1&labelSelector=a%3D%3D%3Db'),
        get(CM),
        get(f'{CM}?watch=true&resourceVersion=${{15.metadata.resourceVersion}}&timeoutSeconds=2', meanwhile=[
            post(CM, config_map('c', {'k': '1'})), patch(f'{CM}/c', {'data': {'k': '2'}}), delete(f'{CM}/c')]),
        get(f'{CM}/b?watch=true&timeoutSeconds=1'),
        get(f'{CM}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1'),
        get(f'{CM}?watch=true&resourceVersion=${{0.metadata.resourceVersion}}&timeoutSeconds=1', accept=PARTIAL),
    ],
    'delete': [
        post(CM, config_map('a')),
        delete(f'{CM}/a', {'preconditions': {'uid': 'other'}}),
        delete(f'{CM}/a', {'preconditions': {'resourceVersion': '1'}}),
        delete(f'{CM}/a', {'apiVersion': 'v1', 'kind': 'DeleteOptions', 'preconditions': {'uid': '${0.metadata.uid}'}}),
        delete(f'{CM}/a'),
        post(CM, config_map('f', finalizers=['sim.test/hold'])),
        delete(f'{CM}/f'),
        get(f'{CM}/f'),
        delete(f'{CM}/f'),
        patch(f'{CM}/f', {'metadata': {'finalizers': ['sim.test/hold', 'sim.test/more']}}),
        patch(f'{CM}/f', {'data': {'k': 'v'}}),
        patch(f'{CM}/f', {'metadata': {'finalizers': None}}),
        get(f'{CM}/f'),
        post(CM, config_map('b', labels={'app': 'x'})),
        post(CM, config_map('c', labels={'app': 'x'})),
        post(CM, config_map('d')),
        delete(f'{CM}?labelSelector=app%3Dx'),
        get(CM),
        delete(f'{CM}/d?dryRun=All'),
        delete(f'{CM}/d', {'propagationPolicy': 'Sideways'}),
        delete(f'{CM}/d', '{"kind": 1}'),
        delete(f'{CM}/d?propagationPolicy=Background'),
        post(DEPLOYMENTS, deployment('d')),
        delete(f'{DEPLOYMENTS}/d', {'propagationPolicy': 'Foreground'}),
        get(f'{DEPLOYMENTS}/d'),
        post(DEPLOYMENTS, deployment('e')),
        delete(f'{DEPLOYMENTS}/e', {'propagationPolicy': 'Orphan'}),
        get(f'{DEPLOYMENTS}/e'),
        post(WIDGETS, widget('w')),
        delete(f'{WIDGETS}/w'),
        post(PODS, {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'p'}, 'spec': pod_template()['spec']}),
        delete(f'{PODS}/p'),
        delete(SERVICES + '/none'),
    ],
    'owners': [
        post(CM, config_map('a')),
        post(CM, config_map('b', ownerReferences=[owner('ConfigMap', 'a', '${0.metadata.uid}', controller=True)])),
        post(CM, config_map('c', ownerReferences=[{'kind': 'ConfigMap'}])),
        post(CM, config_map('d', ownerReferences=[owner('ConfigMap', 'a', 'u1', controller=True), owner('ConfigMap', 'b', 'u2', controller=True)])),
        post(CM, config_map('e', ownerReferences=[owner('Event', 'a', 'u1')])),
        post(CM, config_map('f', ownerReferences=[owner('ConfigMap', 'a', 'u1', 'a/b/c')])),
    ],
    'status': [
        post(DEPLOYMENTS, {**deployment('d', 2), 'status': {'replicas': 7}}),
        put(f'{DEPLOYMENTS}/d/status', {**deployment('d', 5), 'status': {'replicas': 2, 'readyReplicas': 1, 'observedGeneration': 1}}),
        get(f'{DEPLOYMENTS}/d/status'),
        patch(f'{DEPLOYMENTS}/d/status', {'spec': {'replicas': 9}, 'status': {'readyReplicas': 2}}),
        patch(f'{DEPLOYMENTS}/d/status', {'status': {'replicas': -1}}),
        patch(f'{DEPLOYMENTS}/d', {'status': {'replicas': 5}}),
        post(WIDGETS, {**widget('w'), 'status': {'phase': 'x'}}),
        patch(f'{WIDGETS}/w/status', {'spec': {'size': 9}, 'status': {'phase': 'Done', 'extra': 1}}),
        patch(f'{WIDGETS}/w/status', {'metadata': {'labels': {'a': 'b'}}, 'status': {'phase': 'More'}}),
        put(f'{WIDGETS}/w/status', {**widget('w'), 'status': {'phase': 'Put'}}),
        get(f'{CM}/a/status'),
        post(f'{WIDGETS}/w/status', widget('w')),
        patch(f'{WIDGETS}/missing/status', {'status': {}}),
    ],
    'scale': [
        post(DEPLOYMENTS, deployment('d', 2)),
        get(f'{DEPLOYMENTS}/d/scale'),
        patch(f'{DEPLOYMENTS}/d/scale', {'spec': {'replicas': 5}}),
        get(f'{DEPLOYMENTS}/d'),
        patch(f'{DEPLOYMENTS}/d/scale', {'spec': {'replicas': -5}}),
        put(f'{DEPLOYMENTS}/d/scale', {'apiVersion': 'autoscaling/v1', 'kind': 'Scale', 'metadata': {'name': 'd', 'namespace': '{ns}'}, 'spec': {'replicas': 1}}),
        put(f'{DEPLOYMENTS}/d/scale', {'apiVersion': 'autoscaling/v1', 'kind': 'Scale',
                                       'metadata': {'name': 'd', 'namespace': '{ns}', 'resourceVersion': '${0.metadata.resourceVersion}'}, 'spec': {'replicas': 3}}),
        get(f'{DEPLOYMENTS}/missing/scale'),
        post(WIDGETS, widget('w', {'replicas': 2})),
        get(f'{WIDGETS}/w/scale'),
        patch(f'{WIDGETS}/w/scale', {'spec': {'replicas': 4}}),
        get(f'{WIDGETS}/w'),
    ],
    'deployments': [
        post(DEPLOYMENTS, deployment('full', 2)),
        post(DEPLOYMENTS, {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'a'}, 'spec': {}}),
        post(DEPLOYMENTS, changed(deployment('a'), {'matchLabels': {'app': 'b'}}, 'spec', 'selector')),
        post(DEPLOYMENTS, changed(deployment('a'), [], 'spec', 'template', 'spec', 'containers')),
        post(DEPLOYMENTS, changed(deployment('a'), [{'name': 'A B', 'image': ''}], 'spec', 'template', 'spec', 'containers')),
        post(DEPLOYMENTS, changed(deployment('a'), [{'name': 'a', 'image': 'x'}, {'name': 'a', 'image': 'x'}], 'spec', 'template', 'spec', 'containers')),
        post(DEPLOYMENTS, changed(deployment('a'), -1, 'spec', 'replicas')),
        post(DEPLOYMENTS, changed(deployment('a'), {'type': 'Other'}, 'spec', 'strategy')),
        post(DEPLOYMENTS, changed(deployment('r'), {'type': 'Recreate'}, 'spec', 'strategy')),
        post(DEPLOYMENTS, changed(deployment('s'), {'rollingUpdate': {'maxSurge': 1, 'maxUnavailable': '10%'}}, 'spec', 'strategy')),
        post(DEPLOYMENTS, changed(deployment('p'), [{
            'name': 'web', 'image': 'registry/web@sha256:' + 'a' * 64, 'imagePullPolicy': 'Always', 'env': [{'name': 'A', 'valueFrom': {'fieldRef': {'fieldPath': 'metadata.name'}}}],
            'readinessProbe': {'httpGet': {'path': '/', 'port': 'http'}}, 'livenessProbe': {'tcpSocket': {'port': 80}, 'periodSeconds': 5},
            'resources': {'limits': {'cpu': '100m', 'memory': '64Mi'}}}], 'spec', 'template', 'spec', 'containers')),
        post(DEPLOYMENTS, changed(deployment('v'), [
            {'name': 'c', 'configMap': {'name': 'x'}}, {'name': 's', 'secret': {'secretName': 'x'}}, {'name': 'e', 'emptyDir': {}}], 'spec', 'template', 'spec', 'volumes')),
    ],
    'services': [
        post(SERVICES, service('a')),
        get(f'{SERVICES}/a'),
        post(SERVICES, service('h', clusterIP='None')),
        post(SERVICES, service('b', ports=[])),
        post(SERVICES, service('b', ports=[{'port': 70000}])),
        post(SERVICES, service('b', ports=[{'port': 80}, {'port': 81}])),
        post(SERVICES, service('b', ports=[{'name': 'a', 'port': 80}, {'name': 'b', 'port': 81, 'protocol': 'UDP'}])),
        post(SERVICES, service('n', type='NodePort')),
        post(SERVICES, service('x', type='Other')),
        patch(f'{SERVICES}/a', {'spec': {'clusterIP': '127.96.1.1'}}),
        patch(f'{SERVICES}/a', {'spec': {'selector': {'app': 'z'}}}),
        put(f'{SERVICES}/a', service('a', sessionAffinity='ClientIP')),
    ],
    'autoscalers': [
        post(HPAS, {'apiVersion': 'autoscaling/v2', 'kind': 'HorizontalPodAutoscaler', 'metadata': {'name': 'a'}, 'spec': {
            'scaleTargetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'd'}, 'maxReplicas': 4}}),
        post(HPAS, {'apiVersion': 'autoscaling/v2', 'kind': 'HorizontalPodAutoscaler', 'metadata': {'name': 'b'}, 'spec': {
            'scaleTargetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'd'}, 'minReplicas': 5, 'maxReplicas': 4}}),
        post(HPAS, {'apiVersion': 'autoscaling/v2', 'kind': 'HorizontalPodAutoscaler', 'metadata': {'name': 'c'}, 'spec': {}}),
        post(HPAS, {'apiVersion': 'autoscaling/v2', 'kind': 'HorizontalPodAutoscaler', 'metadata': {'name': 'd'}, 'spec': {
            'scaleTargetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'd'}, 'minReplicas': 2, 'maxReplicas': 4,
            'metrics': [{'type': 'Resource', 'resource': {'name': 'cpu', 'target': {'type': 'Utilization', 'averageUtilization': 99}}}],
            'behavior': {'scaleDown': {'stabilizationWindowSeconds': 5}}}}),
        get(HPAS, accept=TABLE),
    ],
    'small-kinds': [
        post(SECRETS, {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'a'}, 'stringData': {'k': 'v'}}),
        post(SECRETS, {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'b'}, 'data': {'k': 'dg=='}, 'type': 'x/y'}),
        post(SECRETS, {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'c'}, 'data': {'k': '%%'}}),
        patch(f'{SECRETS}/a', {'type': 'other'}),
        post(LEASES, {'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': 'a'}, 'spec': {
            'holderIdentity': 'me', 'leaseDurationSeconds': 15, 'renewTime': '2026-01-01T00:00:00.123456Z'}}),
        post(LEASES, {'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': 'b'}, 'spec': {'leaseDurationSeconds': 0}}),
        post(LEASES, {'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': 'c'}, 'spec': {'renewTime': 'x'}}),
        post(EVENTS, {'apiVersion': 'v1', 'kind': 'Event', 'metadata': {'name': 'a'}, 'involvedObject': {'kind': 'Pod', 'name': 'p', 'namespace': '{ns}'},
                      'reason': 'R', 'message': 'm', 'type': 'Normal'}),
        post(EVENTS, {'apiVersion': 'v1', 'kind': 'Event', 'metadata': {'name': 'b'}, 'involvedObject': {'kind': 'Pod', 'name': 'p', 'namespace': 'other'}}),
        get(f'{EVENTS}?fieldSelector=involvedObject.name%3Dp'),
        post(CM, {**config_map('i', {'k': 'v'}), 'immutable': True}),
        patch(f'{CM}/i', {'data': {'k': 'w'}}),
        post(CM, {**config_map('bin', {'k': 'v'}), 'binaryData': {'k': 'AA=='}}),
        post(REPLICASETS, {**deployment('r', 1), 'kind': 'ReplicaSet'}),
        post(PODS, {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'p', 'labels': {'a': 'b'}}, 'spec': pod_template()['spec']}),
        patch(f'{PODS}/p', {'spec': {'containers': [{'name': 'web', 'image': 'web:2'}]}}, STRATEGIC),
        patch(f'{PODS}/p', {'spec': {'nodeName': 'n'}}, STRATEGIC),
        patch(f'{PODS}/p/status', {'status': {'phase': 'Running', 'conditions': [{'type': 'Ready', 'status': 'True'}]}}, STRATEGIC),
        get(PODS, accept=TABLE),
    ],
    'namespaces': [
        post('/api/v1/namespaces/missing/configmaps', config_map('a')),
        post('/apis/sim.test/v1/namespaces/missing/widgets', widget('a')),
        get('/api/v1/namespaces/{ns}'),
        patch('/api/v1/namespaces/{ns}', {'metadata': {'labels': {'a': 'b'}}}),
        post('/api/v1/namespaces', {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'case-doomed'}}),
        delete('/api/v1/namespaces/case-doomed'),
        get('/api/v1/namespaces/default'),
        delete('/api/v1/namespaces/default'),
    ],
    'custom': [
        get(CRDS + '/widgets.sim.test'),
        post(WIDGETS, widget('a')),
        post(WIDGETS, widget('b', {'size': 11, 'colour': 'blue', 'name': 'TOOLONG', 'parts': [{}, {'id': 1}, {'id': 'x'}]})),
        post(WIDGETS, widget('c', {'size': '3'})),
        post(WIDGETS, widget('d', {'size': 1.5})),
        post(WIDGETS, without(widget('e'), 'spec')),
        post(WIDGETS, widget('f', {'port': True})),
        post(WIDGETS, widget('g', {'port': 'http', 'labels': {'a': 1}})),
        post(WIDGETS, widget('h', {'port': 80, 'free': {'a': {'b': 1}}, 'labels': {'a': 'b'}, 'maybe': None, 'parts': [{'id': 'x'}]})),
        post(WIDGETS, widget('i', {'size': None})),
        put(f'{WIDGETS}/h', widget('h', {'size': 4})),
        put(f'{WIDGETS}/h', widget('h', {'size': 4}, resourceVersion='${8.metadata.resourceVersion}')),
        put(f'{WIDGETS}/h', widget('h', {'size': 5}, resourceVersion='${8.metadata.resourceVersion}')),
        put(f'{WIDGETS}/h', widget('h', {'size': 4}, resourceVersion='${11.metadata.resourceVersion}', labels={'a': 'b'})),
        post(WIDGETS, changed(widget('x'), 'gen-', 'metadata', 'generateName')),
        post(WIDGETS, widget('Bad')),
        get(f'{WIDGETS}?fieldSelector=spec.size%3D3'),
        get(f'{WIDGETS}?limit=1'),
        post(CRDS, crd('late.test', 'gadgets', 'Gadget', {'type': 'object', 'x-kubernetes-preserve-unknown-fields': True})),
        post(CRDS, crd('bad.test', 'gadgets', 'Gadget', {'type': 'object', 'properties': {'spec': {}}})),
        post(CRDS, changed(crd('late.test', 'gizmos', 'Gizmo', {'type': 'object'}), {'name': 'other.late.test'}, 'metadata')),
        post(CRDS, changed(crd('late.test', 'gizmos', 'Gizmo', {'type': 'object'}), [], 'spec', 'versions')),
    ],
    'duplicates': [
        post(f'{CM}?fieldValidation=Strict', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","name":"y"}}'),
        post(CM, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","name":"y"},"data":{"a":"1","a":"2"},"extra":1}'),
        post(CM, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"z","name":"z","name":"z"}}'),
        post(f'{WIDGETS}?fieldValidation=Strict', '{"apiVersion":"sim.test/v1","kind":"Widget","metadata":{"name":"x"},"spec":{"size":1,"size":2,"extra":1}}'),
    ],
    # The kinds this project brings, with their real definitions.
    'canaries': [
        get(f'{CRDS}/canaries.flagger.app'),
        post(CANARIES, canary('a')),
        post(CANARIES, without(canary('b'), 'spec', 'targetRef')),
        post(CANARIES, canary('b', analysis={'interval': 'soon', 'threshold': 'five', 'stepWeights': [1, 'x']})),
        post(CANARIES, canary('b', provider='other', progressDeadlineSeconds='x', skipAnalysis=1)),
        post(CANARIES, canary('b', service={'port': 'http', 'portDiscovery': True, 'gateways': [1], 'match': [{'uri': {'prefix': '/'}}]})),
        post(f'{CANARIES}?fieldValidation=Strict', canary('c', analysis={'interval': '1m', 'threshold': 5, 'webhooks': [{'name': 'x', 'url': 'http://x', 'extra': 1}]})),
        post(CANARIES, canary('d', autoscalerRef={'apiVersion': 'autoscaling/v2', 'kind': 'Other', 'name': 'x'})),
        patch(f'{CANARIES}/a/status', {'status': {'phase': 'Progressing', 'canaryWeight': 10, 'failedChecks': 0, 'iterations': 0,
                                                  'conditions': [{'type': 'Promoted', 'status': 'Unknown', 'reason': 'Progressing', 'message': 'm',
                                                                  'lastUpdateTime': '2026-01-01T00:00:00Z', 'lastTransitionTime': '2026-01-01T00:00:00Z'}]}}),
        patch(f'{CANARIES}/a/status', {'status': {'phase': 'Nonsense'}}),
        patch(f'{CANARIES}/a', {'spec': {'analysis': {'stepWeight': 20}}}),
        get(CANARIES, accept=TABLE),
        patch(f'{CANARIES}/a?fieldManager=kubectl', canary('a', analysis={'interval': '10s', 'threshold': 5, 'maxWeight': 60, 'stepWeight': 10}), APPLY),
        patch(f'{CANARIES}/a?fieldManager=kubectl&force=true', canary('a', analysis={'interval': '10s', 'threshold': 5, 'maxWeight': 60, 'stepWeight': 10}), APPLY),
        patch(f'{CANARIES}/a', [{'op': 'remove', 'path': '/spec/service'}], JSON_PATCH),
        get('/apis/flagger.app/v1beta1'),
        get('/apis/sluice.dev/v1alpha1'),
        post(RELEASES, {'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release', 'metadata': {'name': 'r'}, 'spec': {}}),
        get(RELEASES, accept=TABLE),
        delete(f'{CANARIES}/a'),
    ],
    # What the engine writes into a mesh, by Istio's own definitions.
    'mesh': [
        post(VIRTUAL_SERVICES, virtual_service('a', 90, 10)),
        patch(f'{VIRTUAL_SERVICES}/a', virtual_service('a', 50, 50)),
        patch(f'{VIRTUAL_SERVICES}/a', {'spec': {'http': [{'route': [{'destination': {'host': 'x'}, 'weight': 'ten'}]}]}}),
        patch(f'{VIRTUAL_SERVICES}/a', {'spec': {'http': [{'route': [{'destination': {'host': 'x'}, 'weight': 10, 'extra': 1}], 'timeout': '1s'}]}}),
        get('/apis/networking.istio.io/v1/namespaces/{ns}/virtualservices/a'),
        get(VIRTUAL_SERVICES, accept=TABLE),
        patch(f'{VIRTUAL_SERVICES}/a?fieldManager=me', virtual_service('a', 20, 80), APPLY),
        patch(f'{VIRTUAL_SERVICES}/a?fieldManager=me&force=true', virtual_service('a', 20, 80), APPLY),
        post('/apis/networking.istio.io/v1beta1/namespaces/{ns}/destinationrules', {
            'apiVersion': 'networking.istio.io/v1beta1', 'kind': 'DestinationRule', 'metadata': {'name': 'a'},
            'spec': {'host': 'a', 'trafficPolicy': {'loadBalancer': {'consistentHash': {'httpCookie': {'name': 'x', 'ttl': '10s'}}}}}}),
        get('/apis/networking.istio.io/v1beta1'),
        delete(f'{VIRTUAL_SERVICES}/a'),
    ],
    # What a release writes, in short.
    'release': [
        post(DEPLOYMENTS, deployment('podinfo', 2, annotations={'a': 'b'})),
        post(SERVICES, service('podinfo-canary')),
        post(f'{APPS}/daemonsets', {'apiVersion': 'apps/v1', 'kind': 'DaemonSet', 'metadata': {'name': 'd'}, 'spec': deployment('d')['spec']}),
        post(f'{APPS}/statefulsets', {'apiVersion': 'apps/v1', 'kind': 'StatefulSet', 'metadata': {'name': 's'},
                                      'spec': {**deployment('s')['spec'], 'serviceName': 's'}}),
        put(f'{DEPLOYMENTS}/podinfo', changed(deployment('podinfo', 2), [{'name': 'web', 'image': 'web:2', 'env': [{'name': 'A', 'value': ''}]}],
                                              'spec', 'template', 'spec', 'containers')),
        patch(f'{DEPLOYMENTS}/podinfo', {'metadata': {'annotations': {'kubectl.kubernetes.io/restartedAt': 'x'}}}, STRATEGIC),
        patch(f'{DEPLOYMENTS}/podinfo', {'metadata': {'resourceVersion': '1'}, 'spec': {'replicas': 3}}),
        patch(f'{DEPLOYMENTS}/podinfo', {'metadata': {'uid': 'other'}, 'spec': {'replicas': 3}}),
        post('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
            'apiVersion': 'rbac.authorization.k8s.io/v1', 'kind': 'ClusterRole', 'metadata': {'name': 'case:release'},
            'rules': [{'apiGroups': [''], 'resources': ['pods'], 'verbs': ['get']}]}),
        post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
            'apiVersion': 'rbac.authorization.k8s.io/v1', 'kind': 'ClusterRoleBinding', 'metadata': {'name': 'case:release'},
            'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'ClusterRole', 'name': 'case:release'},
            'subjects': [{'kind': 'ServiceAccount', 'name': 'x', 'namespace': '{ns}'}]}),
        post(f'{NS}/serviceaccounts', {'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': {'name': 'x'}}),
        delete(f'{NS}/serviceaccounts/x'),
        delete(f'{SERVICES}/podinfo-canary'),
        post('/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses', {
            'apiVersion': 'networking.k8s.io/v1', 'kind': 'Ingress', 'metadata': {'name': 'i'}, 'spec': {'rules': [
                {'host': 'a.b', 'http': {'paths': [{'path': '/', 'pathType': 'Prefix', 'backend': {'service': {'name': 's', 'port': {'number': 80}}}}]}}]}}),
        post('/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices', {
            'apiVersion': 'discovery.k8s.io/v1', 'kind': 'EndpointSlice', 'metadata': {'name': 'e'}, 'addressType': 'IPv4',
            'endpoints': [{'addresses': ['10.0.0.1']}], 'ports': [{'port': 80}]}),
        patch(f'{LEASES}/l?fieldManager=me', {'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': 'l'}, 'spec': {'holderIdentity': 'a'}}, APPLY),
        get(f'{APPS}/daemonsets', accept=TABLE), get(f'{APPS}/statefulsets', accept=TABLE), get(SECRETS, accept=TABLE),
        get(LEASES, accept=TABLE), get(f'{REPLICASETS}', accept=TABLE), get(f'{NS}/serviceaccounts', accept=TABLE),
    ],
    'discovery': [
        get('/api'), get('/apis/apps'), get('/apis/sim.test'), get('/apis/sim.test/v1'), get('/apis/none.test'),
        get('/apis/coordination.k8s.io/v1'),
    ],
}

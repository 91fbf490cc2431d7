"""Who asks, and what they may: reviews, and what is refused to whom. The users are those of core/sim/api/user.h."""
from calls import PARTIAL, TABLE
from things import CANARIES, CM, NS, Call, canary, config_map, delete, get, patch, post, put, without

ACCESS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
SUBJECT = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
PATCHING = {'verb': 'patch', 'group': 'flagger.app', 'resource': 'canaries', 'namespace': '{ns}', 'name': 'a'}
SELECTOR = {'requirements': [{'key': 'a', 'operator': 'In', 'values': ['b']}]}
WHO = {'apiVersion': 'authentication.k8s.io/v1', 'kind': 'SelfSubjectReview'}


def may(metadata=None, **spec):
    review = {'apiVersion': 'authorization.k8s.io/v1', 'kind': 'SelfSubjectAccessReview', 'metadata': metadata,
              'spec': spec}
    return review if metadata else without(review, 'metadata')


def may_at(path, verb):
    return may(nonResourceAttributes={'path': path, 'verb': verb})


PEOPLE = {
    'who': [
        post(SUBJECT, WHO, token='you'),
        post(SUBJECT, WHO, token='viewer'),
        post(SUBJECT, WHO, token='stolen'),
        post(SUBJECT, '{}', token='you'),
        post(SUBJECT, '', token='you'),
        post(SUBJECT, {**WHO, 'metadata': {'name': 'n', 'namespace': 'q', 'labels': {'a': 'b'}}}, token='you'),
        post(SUBJECT, {**WHO, 'status': {'userInfo': {'username': 'alice'}}}, token='viewer'),
        post(SUBJECT, {**WHO, 'spec': {}}, token='you'),
        post(f'{SUBJECT}?fieldValidation=Strict', {**WHO, 'spec': {}}, token='you'),
        post(f'{SUBJECT}?dryRun=All', WHO, token='you'),
        post(SUBJECT, WHO, token='you', accept=PARTIAL),
        post(SUBJECT, WHO, token='you', accept=TABLE),
        post(SUBJECT, may(resourceAttributes=PATCHING), token='you'),
        get(SUBJECT, token='you'), put(f'{SUBJECT}/a', WHO, token='you'), delete(SUBJECT, token='you'),
        get('/healthz', token='stolen'), get('/api/v1/namespaces', token='stolen'), get('/nowhere', token='stolen'),
        get('/apis/authentication.k8s.io'),
    ],
    'may': [
        *[post(ACCESS, may(resourceAttributes=asked), token=token) for token in ('you', 'viewer') for asked in (
            PATCHING, {**PATCHING, 'verb': 'get'}, {'verb': 'create', 'resource': 'configmaps'}, {},
            {**PATCHING, 'verb': 'watch', 'subresource': 'status', 'version': 'v1beta1'},
            {'verb': 'create', 'group': 'authorization.k8s.io', 'resource': 'selfsubjectaccessreviews'},
            {'verb': '*', 'group': '*', 'resource': '*'})],
        *[post(ACCESS, may_at('/healthz', verb), token=token) for token in ('you', 'viewer')
          for verb in ('get', 'post')],
        post(ACCESS, may(), token='you'),
        post(ACCESS, {'spec': {'resourceAttributes': PATCHING}}, token='you'),
        post(ACCESS, '{}', token='you'), post(ACCESS, '', token='you'), post(ACCESS, '[]', token='you'),
        post(ACCESS, may(resourceAttributes=PATCHING, nonResourceAttributes={'path': '/', 'verb': 'get'}), token='you'),
        post(ACCESS, may(resourceAttributes={'verb': 1}), token='you'),
        post(ACCESS, may(resourceAttributes={**PATCHING, 'extra': 1, 'more': 2}), token='you'),
        post(f'{ACCESS}?fieldValidation=Strict', may(resourceAttributes={**PATCHING, 'extra': 1}), token='you'),
        post(f'{ACCESS}?dryRun=All', may(resourceAttributes=PATCHING), token='you'),
        post(f'{ACCESS}?dryRun=Some', may(resourceAttributes=PATCHING), token='you'),
        post(ACCESS, may({'labels': {'a': 'b'}}, resourceAttributes=PATCHING), token='you'),
        post(ACCESS, may({'name': 'n', 'namespace': 'q'}, resourceAttributes=PATCHING), token='you'),
        post(ACCESS, {**may(resourceAttributes=PATCHING), 'status': {'allowed': True}}, token='viewer'),
        post(ACCESS, may(resourceAttributes={**PATCHING, 'labelSelector': {'rawSelector': 'a=b'}}), token='you'),
        post(ACCESS, may(resourceAttributes={**PATCHING, 'labelSelector': SELECTOR, 'fieldSelector': SELECTOR}),
             token='you'),
        post(ACCESS, may(resourceAttributes={**PATCHING, 'labelSelector': {'rawSelector': 'a=b', **SELECTOR}}),
             token='you'),
        post(ACCESS, may(resourceAttributes=PATCHING), token='you', accept=TABLE),
        post(ACCESS, may(resourceAttributes=PATCHING), token='stolen'),
        get(ACCESS), get(f'{ACCESS}?watch=1'), get(f'{ACCESS}/a'), delete(ACCESS), put(ACCESS, may()),
        patch(f'{ACCESS}/a', {}), post(f'{ACCESS}/a', may()), post('/apis/authorization.k8s.io/v1/nothings', may()),
        post('/apis/authorization.k8s.io/v1/namespaces/{ns}/selfsubjectaccessreviews', may()),
        get('/apis/authorization.k8s.io'),
    ],
    'forbidden': [
        post(CM, config_map('a')), post(CANARIES, canary('a')),
        get(f'{CM}/a', token='viewer'), get(f'{CANARIES}/a', token='viewer'),
        post(CM, config_map('b'), token='viewer'),
        put(f'{CM}/a', config_map('a'), token='viewer'),
        patch(f'{CANARIES}/a', {'metadata': {'annotations': {'k': 'v'}}}, token='viewer'),
        patch(f'{CANARIES}/a/status', {'status': {'phase': 'Failed'}}, token='viewer'),
        patch(f'{CANARIES}/missing', {}, token='viewer'),
        delete(f'{CM}/a', token='viewer'), delete(CM, token='viewer'),
        post('/api/v1/namespaces', '{"metadata": {"name": "b"}}', token='viewer'), delete(NS, token='viewer'),
        patch(f'{CANARIES}/a', {'metadata': {'annotations': {'k': 'v'}}}, token='you'),
        Call('POST', CM, config_map('c'), token='stolen'),
    ],
}

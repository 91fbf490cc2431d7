"""The cases that beside.py plays: alerts, hooks, metric templates. Each is a function from a World to what it makes:
{'analysis': …, 'objects': […], 'canary': {fields of its spec}}."""
import base64

import manifests
from servers import Answer

CASES = {}
# The chat of the flags, by group.
GLOBAL = {
    'flags': {'flags': ['-slack-url', 'SERVER/NS/global/slack', '-slack-channel', 'all', '-cluster-name', 'east']},
    'teams': {'flags': ['-slack-url', 'SERVER/NS/global/slack', '-slack-channel', 'all', '-slack-user', 'robot'],
              'env': {'MSTEAMS_URL': 'SERVER/NS/global/teams'}},
}

# Differences that docs/flagger.md has a reason for: (cases, lines).
KNOWN = [
    ('*', 'has been waiting for '),
    ('alert-*', 'Post "|invalid Slack hook URL|bad response '),  # no more of a chat's URL than the host, one line
    ('alert-several', r'alert-several-h\.|request  h:'),
    ('alert-proxies', r'alert-proxies-[fh]\.'),
    ('alert-answers', 'request  x30[27]:'),
    ('*-30[27]', 'request  there:'),
    ('metric-302', 'request  m: GET /m/api/v1/there'),
    ('*long', 'no such page'),
    ('*-lines', r' failed a|^. b|^. d'),
    ('*away', 'no such host'),
    ('*rollback*', 'log      (info|warn) Rolling back .* manual webhook invoked'),
    ('metric-status-30?', 'request  m: GET /m/api/v1/x'),
    ('metric-302-loop', 'request  m: GET /m/api/v1/query.query=vector2'),
    ('metric-value-spaces', 'parsing " ?1"'),
    ('metric-json-blank', '^. event    Warning Metric query failed for m: .*unexpected end of JSON input|^.  .$'),
    ('metric-10mb', 'custom metric: m: no values|larger than'),
    ('metric-nothing', '.'),  # refused
]

SHUT, OPEN = Answer(403, 'Forbidden'), Answer(200, 'Approved')
LONG = '<html>' + 'no such page ' * 40 + '</html>'


def case(name):
    def keep(make):
        assert name not in CASES, name
        CASES[name] = make
        return make
    return keep


# --- what cases are made of ---

def analysis(**fields):
    return manifests.analysis(**{'metrics': [], 'stepWeight': 50, 'threshold': 2, **fields})


def failing(**fields):
    """Fails its only round."""
    return analysis(**{'metrics': [{'name': 'never', 'interval': '1m', 'query': 'up', 'thresholdRange': {'max': 0}}],
                       'threshold': 1, **fields})


def secret(world, name, data, namespace=None):
    return {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': name, 'namespace': namespace or world.namespace},
            'data': {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}}


def chat(world, name, kind, **spec):
    if 'address' not in spec and 'secretRef' not in spec:
        spec['address'] = world.url(f'/{name}')
    return {'apiVersion': 'flagger.app/v1beta1', 'kind': 'AlertProvider',
            'metadata': {'name': f'{world.case.name}-{name}', 'namespace': world.namespace},
            'spec': {'type': kind, **spec}}


def alert(world, name, severity='info', **more):
    entry = {'name': name, 'providerRef': {'name': f'{world.case.name}-{name}'}, **more}
    return {**entry, 'severity': severity} if severity is not None else entry


def hook(world, name, kind, url=None, **fields):
    return {'name': name, 'type': kind, 'url': url or world.url(f'/{name}'), 'timeout': '3s', **fields}


def template(world, name, provider, query, **fields):
    return {'apiVersion': 'flagger.app/v1beta1', 'kind': 'MetricTemplate',
            'metadata': {'name': f'{world.case.name}-{name}', 'namespace': world.namespace},
            'spec': {'provider': {'address': world.url(f'/{name}'), **provider}, 'query': query}}


def metric(world, name, **fields):
    return manifests.given({'name': name, 'templateRef': {'name': f'{world.case.name}-{name}'}, 'interval': '1m',
                            'thresholdRange': {'max': 100}, **fields})


def vector(*values):
    return {'status': 'success', 'data': {'resultType': 'vector', 'result': [
        {'metric': {}, 'value': [1435781451.781, value]} for value in values]}}


# --- alerts: each chat, each severity ---

def gates(world, mute=False):
    for name in ('rollout', 'increase', 'promotion'):
        world.answer(f'/{name}', SHUT, SHUT, OPEN)
    return [hook(world, 'rollout', 'confirm-rollout', muteAlert=mute),
            hook(world, 'increase', 'confirm-traffic-increase', muteAlert=mute),
            hook(world, 'promotion', 'confirm-promotion', muteAlert=mute)]


def of_chats(kind):
    @case(f'alert-{kind}')
    def promoted(world):
        return {'objects': [chat(world, 'chat', kind, channel='deploys', username='bot')],
                'analysis': analysis(alerts=[alert(world, 'chat')], webhooks=gates(world))}

    for severity in ('info', 'warn', 'error', None):
        @case(f'alert-{kind}-failed-{severity}'.lower())
        def failed(world):
            return {'objects': [chat(world, 'chat', kind)],
                    'analysis': failing(alerts=[alert(world, 'chat', severity)])}


for each in ('slack', 'msteams', 'discord', 'rocket', 'gchat'):
    of_chats(each)


@case('alert-muted')
def _(world):
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': analysis(alerts=[alert(world, 'chat')], webhooks=gates(world, mute=True))}


@case('alert-several')
def _(world):
    objects = [chat(world, 'a', 'slack'), chat(world, 'b', 'msteams'), chat(world, 'c', 'discord'),
               chat(world, 'd', 'rocket', secretRef={'name': 'missing'}),
               chat(world, 'e', 'slack', secretRef={'name': 'several-e'}, channel='x'),
               secret(world, 'several-e', {'address': world.url('/e'), 'token': 'xoxb-1'}),
               chat(world, 'f', 'discord', secretRef={'name': 'several-f'}),
               secret(world, 'several-f', {'address': world.url('/f'), 'token': 'unused'}),
               chat(world, 'g', 'slack', secretRef={'name': 'several-g'}),
               secret(world, 'several-g', {'url': 'x'}),
               chat(world, 'h', 'slack', secretRef={'name': 'several-h'}),
               secret(world, 'several-h', {'address': world.url('/h') + '\n', 'token': 'xoxb-2\n'}),
               chat(world, 'i', 'slack', secretRef={'name': 'several-i'}),
               secret(world, 'several-i', {'address': ''})]
    entries = [alert(world, 'a'), alert(world, 'b', 'warn'), alert(world, 'c', 'error'), alert(world, 'nowhere'),
               alert(world, 'd'), alert(world, 'e'), alert(world, 'f'), alert(world, 'g'), alert(world, 'h'),
               alert(world, 'i'), alert(world, 'a', 'error')]
    return {'objects': objects, 'analysis': failing(alerts=entries, webhooks=gates(world))}


@case('alert-addresses')
def _(world):
    root = world.url('').removeprefix('http://')
    addresses = {'plain': 'chat', 'path': '/chat', 'ftp': f'ftp://{root}/ftp', 'blank': f'http://{root}/a b',
                 'user': f'http://me:secret@{root}/user', 'query': f'http://{root}/query?a=b&c=d',
                 'upper': f'HTTP://{root}/upper', 'nohost': 'http:///x', 'fragment': f'http://{root}/fragment#x'}
    return {'objects': [chat(world, name, 'slack', address=url) for name, url in addresses.items()],
            'analysis': failing(alerts=[alert(world, name, 'error') for name in addresses])}


@case('alert-discord-addresses')
def _(world):
    addresses = {'a': '/a/', 'b': '/b/slack', 'c': '/c/slack/', 'd': '/d?wait=true', 'e': '/e//x/../y',
                 'f': '/f/slack?x',
                 'h': '/h/SLACK'}
    return {'objects': [chat(world, name, 'discord', address=world.url(path)) for name, path in addresses.items()],
            'analysis': failing(alerts=[alert(world, name, 'error') for name in addresses])}


@case('alert-answers')
def _(world):
    answers = {'a204': Answer(204), 'b404': Answer(404, 'no_service'), 'c500': Answer(500, LONG),
               'd429': Answer(429, 'slow', {'Retry-After': '1'}), 'e302': Answer(302, '', {'Location': 'x302'}),
               'f307': Answer(307, '', {'Location': 'x307'}), 'g201': Answer(201, 'made'), 'hhang': Answer(hang=True),
               'i304': Answer(304), 'j400': Answer(400, 'line\nbreak')}
    for path, answer in answers.items():
        world.answer(f'/{path}', answer)
    return {'objects': [*(chat(world, name, 'slack') for name in answers),
                        chat(world, 'closed', 'slack', address=world.closed_url('/closed')),
                        chat(world, 'nohost', 'slack', address='http://nowhere.invalid/x'),
                        chat(world, 'tls', 'slack', address=world.tls_url('/tls'))],
            'analysis': failing(alerts=[alert(world, n, 'error') for n in [*answers, 'closed', 'nohost', 'tls']])}


@case('alert-proxies')
def _(world):
    proxies = {'a': world.server.url(), 'b': world.server.url('/ignored?x'), 'c': f'127.0.0.1:{world.server.port}',
               'd': f'http://127.0.0.1:{world.closed_port}', 'e': 'http://a b', 'f': 'nonsense',
               'g': f'http://me:pass@127.0.0.1:{world.server.port}', 'h': 'ftp://127.0.0.1:1', 'i': ':bad'}
    world.server.answer(f'http://chat.example{world.root}', Answer(200))
    return {'objects': [chat(world, name, 'slack', address=f'http://chat.example{world.root}/{name}', proxy=proxy)
                        for name, proxy in proxies.items()],
            'analysis': failing(alerts=[alert(world, name, 'error') for name in proxies])}


@case('alert-unknown-type')
def _(world):
    return {'objects': [chat(world, 'x', 'pager'), chat(world, 'y', ''),
                        chat(world, 'z', 'pager', address='not a url'), chat(world, 'w', 'pager', address=''),
                        chat(world, 'v', 'slack', address='', channel='')],
            'analysis': failing(alerts=[alert(world, name, 'error') for name in 'xyzwv'])}


@case('alert-both')
def _(world):
    """An address and a Secret."""
    return {'objects': [chat(world, 'x', 'slack', address=world.url('/spec'), secretRef={'name': 'both'}),
                        secret(world, 'both', {'address': world.url('/secret')})],
            'analysis': failing(alerts=[alert(world, 'x')])}


@case('alert-namespace')
def _(world):
    return {'objects': [chat(world, 'x', 'slack')],
            'analysis': failing(alerts=[
                alert(world, 'x', providerRef={'name': 'alert-namespace-x', 'namespace': world.namespace}),
                alert(world, 'x', providerRef={'name': 'alert-namespace-x', 'namespace': ''}),
                alert(world, 'x', providerRef={'name': 'gone', 'namespace': world.namespace}),
                alert(world, 'x', providerRef={'name': 'x', 'namespace': 'kube-system'})])}


def of_routing(name, fields):
    @case(f'alert-routing-{name}')
    def routing(world):
        return {'objects': [chat(world, 'chat', 'slack')], 'analysis': failing(alerts=[alert(world, 'chat')], **fields)}


for each, fields_of in {
        'weights': {'stepWeight': None, 'stepWeights': [10, 20, 50], 'maxWeight': None},
        'weights-max': {'stepWeight': None, 'stepWeights': [10], 'maxWeight': 30},
        'nomax': {'maxWeight': None}, 'none': {'stepWeight': None, 'maxWeight': None, 'iterations': 2},
        'ab': {'stepWeight': None, 'maxWeight': None, 'iterations': 2,
               'match': [{'headers': {'x': {'exact': 'y'}}}]},
        'mirror': {'mirror': True}}.items():
    of_routing(each, fields_of)


@case('alert-special')
def _(world):
    """Texts with what JSON and chats escape."""
    return {'objects': [chat(world, 'a', 'slack', channel='<#C1> "q" & ü 🙂', username='tab\there'),
                        chat(world, 'b', 'gchat')],
            'analysis': failing(alerts=[alert(world, 'a'), alert(world, 'b')])}


@case('alert-skipped')
def _(world):
    return {'objects': [chat(world, 'chat', 'slack')], 'canary': {'skipAnalysis': True},
            'analysis': analysis(alerts=[alert(world, 'chat')])}


@case('alert-rollback-hook')
def _(world):
    world.answer('/back', SHUT, OPEN)
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': analysis(alerts=[alert(world, 'chat')], webhooks=[hook(world, 'back', 'rollback')],
                                 maxWeight=100, stepWeight=10)}


@case('alert-of-flags')
def _(world):
    return {'analysis': analysis(webhooks=gates(world))}


@case('alert-of-flags-failed')
def _(world):
    return {'analysis': failing(alerts=[])}


# --- hooks ---

@case('hook-all')
def _(world):
    kinds = ['confirm-rollout', 'pre-rollout', 'rollout', 'confirm-traffic-increase', 'confirm-promotion',
             'post-rollout', 'rollback']
    world.answer('/rollback', SHUT)
    return {'analysis': analysis(webhooks=[hook(world, kind, kind, metadata={'type': 'x', 'cmd': 'a <b> & "c"'})
                                           for kind in kinds] + [hook(world, 'untyped', '')])}


def of_failures(name, kind, answer=None, url=None, **fields):
    @case(f'hook-{kind}-{name}')
    def broken(world):
        if answer is not None:
            world.answer('/h', *answer)
        return {'objects': [chat(world, 'chat', 'slack')],
                'analysis': analysis(alerts=[alert(world, 'chat')],
                                     webhooks=[hook(world, 'h', kind, url(world) if url else None, **fields)])}


FAILURES = {
    '403': {'answer': [Answer(403, 'not yet')]},
    '500': {'answer': [Answer(500, 'broken')]},
    '204': {'answer': [Answer(204)]},
    '203': {'answer': [Answer(203, 'almost')]},
    '501': {'answer': [Answer(501, 'not made')]},
    'long': {'answer': [Answer(400, LONG)]},
    'lines': {'answer': [Answer(400, 'a\nb\tc\r\nd')]},
    'hang': {'answer': [Answer(hang=True)]},
    '429': {'answer': [Answer(429, 'slow', {'Retry-After': '1'})], 'retries': 1},
    '503': {'answer': [Answer(503, 'busy')], 'retries': 1},
    'late': {'answer': [Answer(500), Answer(200)], 'retries': 2},
    'closed': {'url': lambda world: world.closed_url('/h')},
    'nohost': {'url': lambda world: 'http://nowhere.invalid/h'},
    'tls': {'url': lambda world: world.tls_url('/h')},
    'insecure': {'url': lambda world: world.tls_url('/h'), 'disableTLS': True},
    '302': {'answer': [Answer(302, '', {'Location': 'there'})]},
    '307': {'answer': [Answer(307, '', {'Location': 'there'})]},
    '301away': {'answer': [Answer(301, '', {'Location': 'https://example.invalid/x'})]},
    '304': {'answer': [Answer(304)]},
    'user': {'url': lambda world: world.url('/h').replace('http://', 'http://me:pass@')},
}
for each, how_of in FAILURES.items():
    of_failures(each, 'pre-rollout', **how_of)
for each in ('403', '500', 'closed', 'nohost', 'hang'):
    for kind_of in ('rollout', 'post-rollout', 'rollback'):
        of_failures(each, kind_of, **FAILURES[each])


def of_gates(name, kind, how):
    """Shut for three rounds, in some way; a rollback hook ends it."""
    @case(f'hook-{kind}-{name}')
    def shut(world):
        if 'answer' in how:
            world.answer('/h', *how['answer'] * 3, OPEN)
        url = how['url'](world) if 'url' in how else None
        return {'objects': [chat(world, 'chat', 'slack')],
                'analysis': analysis(alerts=[alert(world, 'chat')],
                                     webhooks=[hook(world, 'h', kind, url)])}


for each in ('403', '500', 'closed', 'nohost'):
    for kind_of in ('confirm-rollout', 'confirm-traffic-increase', 'confirm-promotion'):
        of_gates(each, kind_of, FAILURES[each])


@case('hook-events')
def _(world):
    """Hooks for events, of which one fails; the one of the flags gets nothing."""
    world.answer('/bad', Answer(500, 'broken'))
    world.answer('/odd', Answer(400, 'refused'))
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': failing(alerts=[alert(world, 'chat')], webhooks=[
                hook(world, 'good', 'event', metadata={'who': 'me', 'eventType': 'mine'}), hook(world, 'bad', 'event'),
                hook(world, 'odd', 'event'), hook(world, 'gone', 'event', world.closed_url('/gone')),
                hook(world, 'host', 'event', 'http://nowhere.invalid/x')])}


@case('hook-several')
def _(world):
    world.answer('/b', Answer(403, 'no'), Answer(403, 'no'), Answer(200))
    return {'analysis': analysis(threshold=5, webhooks=[
        hook(world, 'a', 'pre-rollout'), hook(world, 'b', 'pre-rollout'), hook(world, 'c', 'pre-rollout'),
        hook(world, 'd', 'rollout'), hook(world, 'e', 'post-rollout')])}


# --- metric templates ---

def of_provider(kind, credentials, query, answers, region=None):
    @case(f'metric-{kind}')
    def asked(world):
        for path, answer in answers.items():
            world.answer(f'/m{path}', answer if isinstance(answer, Answer) else Answer(200, answer))
        provider = {'type': kind, **({'secretRef': {'name': f'metric-{kind}'}} if credentials else {})}
        return {'objects': [template(world, 'm', provider, query)]
                + ([secret(world, f'metric-{kind}', credentials)] if credentials else []),
                'analysis': analysis(threshold=1, metrics=[
                    metric(world, 'm', thresholdRange={'min': 1, 'max': 42}, templateVariables={'zone': 'a b'})])}


of_provider('prometheus', {'username': 'user', 'password': 'pass'},
            'sum(up{app="{{ target }}",z="{{ variables.zone }}"}\n)  > 0',
            {'/api/v1/query?query=vector': vector('1'), '/api/v1/query?query=sum': vector('42.5')})
of_provider('datadog', {'datadog_api_key': 'api', 'datadog_application_key': 'app'},
            'avg:cpu{app:{{ target }}} by {host}',
            {'/api/v1/validate': {'valid': True},
             '/api/v1/query': {'series': [{'pointlist': [[1577232000000, 42.5], [1577318400000, 7]]}]}})
of_provider('newrelic', {'newrelic_account_id': '51312', 'newrelic_query_key': 'key'}, 'SELECT average(x) FROM T',
            {'/v1/accounts/51312/query': {'results': [{'result': 42.5}]}})
of_provider('graphite', {'username': 'u', 'password': 'p'},
            'target=sumSeries(app.{{ target }}.*)&from=-{{ interval }}in',
            {'/render': [{'target': 'x', 'datapoints': [[7, 1], [42.5, 2], [None, 3]]}]})
of_provider('dynatrace', {'dynatrace_token': 'token'}, 'app.x:filter(eq(app,"{{ target }}"))',
            {'/api/v2/metrics?pageSize=1': {}, '/api/v2/metrics/query': {'result': [{'data': [
                {'timestamps': [1], 'values': [7]}, {'timestamps': [2], 'values': [42.5]}]}]}})
of_provider('influxdb', {'token': 'token', 'org': 'org'}, 'from(bucket: "b") |> range(start: -{{ interval }})',
            {'/api/v2/query': '#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n'
             ',result,table,_value\r\n,,0,42.5\r\n\r\n'})
of_provider('externalmetrics', {'token': 'bearer'}, '{{ namespace }}/queue?labelSelector=app%3D{{ target }}',
            {'/apis/external.metrics.k8s.io': Answer(200, {
                'kind': 'ExternalMetricValueList', 'apiVersion': 'external.metrics.k8s.io/v1beta1', 'metadata': {},
                'items': [{'metricName': 'queue', 'metricLabels': {}, 'timestamp': '2020-01-01T00:00:00Z',
                           'value': '42500m'}]}, {'Content-Type': 'application/json'})})


def of_faults(name, provider=None, query='up', secrets=None, answers=None, **fields):
    """A template of Prometheus, unless told, with one thing wrong."""
    @case(f'metric-{name}')
    def wrong(world):
        world.answer('/m/api/v1/query?query=vector', Answer(200, vector('1')))
        for path, answer in (answers or {'/api/v1/query': Answer(200, vector('42'))}).items():
            world.answer(f'/m{path}', answer)
        given = provider(world) if callable(provider) else provider or {}
        return {'objects': [template(world, 'm', {'type': 'prometheus', **given}, query)]
                + [secret(world, each, data) for each, data in (secrets or {}).items()],
                'analysis': analysis(threshold=1, metrics=[metric(world, 'm', **fields)])}


def of_answers(name, answer, **fields):
    of_faults(name, answers={'/api/v1/query': answer}, **fields)


of_answers('html', Answer(200, '<html><body>hello</body></html>'))
of_answers('htmllong', Answer(200, LONG))
of_answers('empty', Answer(200, ''))
of_answers('none', Answer(200, vector()))
of_answers('nan', Answer(200, vector('NaN')))
of_answers('inf', Answer(200, vector('+Inf')))
of_answers('neginf', Answer(200, vector('-Inf')))
of_answers('two', Answer(200, vector('1', '200')))
of_answers('text', Answer(200, vector('many')))
of_answers('hex', Answer(200, vector('0x10')))
of_answers('huge', Answer(200, vector('1e999')))
of_answers('number', Answer(200, vector(42)))
of_answers('null', Answer(200, 'null'))
of_answers('list', Answer(200, '[]'))
of_answers('error', Answer(200, {'status': 'error', 'error': 'bad_data'}))
of_answers('scalar', Answer(200, {'status': 'success', 'data': {'resultType': 'scalar',
                                                                'result': [1435781451.781, '1']}}))
of_answers('matrix', Answer(200, {'status': 'success', 'data': {'resultType': 'matrix', 'result': [
    {'metric': {}, 'values': [[1, '1'], [2, '2']]}]}}))
of_answers('cut', Answer(200, '{"status":"success","data":{"resultType":"vec'))
of_answers('400', Answer(400, {'status': 'error', 'error': 'parse error'}))
of_answers('429', Answer(429, 'slow down', {'Retry-After': '1'}))
of_answers('503', Answer(503, ''))
of_answers('204', Answer(204))
of_answers('302', Answer(302, '', {'Location': 'there?query=vector'}))
of_answers('302away', Answer(302, '', {'Location': 'http://nowhere.invalid/x'}))
of_answers('10mb', Answer(200, '{"x":"' + 'x' * (10 << 20) + '"}'))
of_answers('hang', Answer(hang=True))
of_faults('address-none', {'address': ''})
of_faults('address-bad', {'address': 'no address'})
of_faults('address-port', {'address': 'prometheus:9090'})
of_faults('address-ip', {'address': '10.0.0.1:9090'})
of_faults('address-ftp', {'address': 'ftp://127.0.0.1/x'})
of_faults('address-half', {'address': 'http://'})
of_faults('address-slashes', {'address': '//127.0.0.1/x'})
of_faults('graphite-bad', {'type': 'graphite', 'address': 'graphite:80'}, query='target=x')
of_faults('graphite-none', {'type': 'graphite', 'address': ''}, query='target=x')
of_faults('datadog-bad', {'type': 'datadog', 'address': 'datadog:80', 'secretRef': {'name': 'ddb'}}, secrets={'ddb': {
    'datadog_api_key': 'a', 'datadog_application_key': 'b'}})
of_faults('dynatrace-bad', {'type': 'dynatrace', 'address': 'dyna', 'secretRef': {'name': 'dynb'}}, secrets={'dynb': {
    'dynatrace_token': 'a'}})
of_faults('newrelic-bad', {'type': 'newrelic', 'address': 'nr:1', 'secretRef': {'name': 'nrb'}}, secrets={'nrb': {
    'newrelic_account_id': '1', 'newrelic_query_key': 'b'}})
of_faults('influxdb-bad', {'type': 'influxdb', 'address': 'influx:1', 'secretRef': {'name': 'infb'}}, secrets={'infb': {
    'token': '1', 'org': 'b'}})
of_faults('address-path', lambda world: {'address': world.url('/m/prefix/')},
          answers={'/prefix': Answer(200, vector('1'))})
of_faults('address-host', {'address': 'http://nowhere.invalid'})
of_faults('address-closed', lambda world: {'address': world.closed_url()})
of_faults('tls', lambda world: {'address': world.tls_url('/m')})
of_faults('insecure', lambda world: {'address': world.tls_url('/m'), 'insecureSkipVerify': True})
of_faults('headers', {'headers': {'X-Scope-OrgID': ['a', 'b'], 'Authorization': ['Basic mine']}})
of_faults('token', {'secretRef': {'name': 'token'}, 'headers': {'Authorization': ['Basic mine']}},
          secrets={'token': {'token': 'abc'}})
of_faults('token-line', {'secretRef': {'name': 'token-line'}}, secrets={'token-line': {'token': 'abc\n'}})
of_faults('password', {'secretRef': {'name': 'password'}}, secrets={'password': {'username': 'x'}})
of_faults('username', {'secretRef': {'name': 'username'}}, secrets={'username': {'password': 'x'}})
of_faults('secret-none', {'secretRef': {'name': 'nothing'}})
of_faults('secret-empty', {'secretRef': {'name': ''}})
of_faults('type', {'type': 'nagios'})
of_faults('datadog-key', {'type': 'datadog'})
of_faults('dynatrace-key', {'type': 'dynatrace', 'secretRef': {'name': 'dyn'}}, secrets={'dyn': {'x': 'y'}})
of_faults('newrelic-key', {'type': 'newrelic', 'secretRef': {'name': 'newr'}}, secrets={'newr': {
    'newrelic_account_id': '1'}})
of_faults('cloudwatch-region', {'type': 'cloudwatch'})
of_faults('splunk-key', {'type': 'splunk', 'secretRef': {'name': 'spl'}}, secrets={'spl': {'x': 'y'}})
of_faults('splunk-nosecret', {'type': 'splunk'})
of_faults('stackdriver-key', {'type': 'stackdriver', 'secretRef': {'name': 'stack'}}, secrets={'stack': {'x': 'y'}})
of_faults('keptn', {'type': 'keptn'}, query='keptnmetric/{{ namespace }}/m')
of_faults('keptn-bad', {'type': 'keptn'}, query='nonsense')
of_faults('external-incluster', {'type': 'externalmetrics', 'address': ''}, query='{{ namespace }}/m')
of_faults('interval-absent', {'type': 'graphite'}, query='target=x&from=-{{ interval }}', interval=None)
of_faults('interval-datadog', {'type': 'datadog', 'secretRef': {'name': 'dd'}}, secrets={'dd': {
    'datadog_api_key': 'a', 'datadog_application_key': 'b'}}, interval=None)
of_faults('unclosed', query='{{ bad')
of_faults('unknown', query='{{ bad }}')
of_faults('variable', query='{{ variables.zone }}')
of_faults('function', query='{{ printf "%s-%d" target 5 }} {{ len namespace }}')
of_faults('control', query='{{ if eq name "x" }}a{{ else }}{{ range $k, $v := variables }}{{ $k }}={{ $v }};{{ end }}'
          '{{ end }}', templateVariables={'b': '1', 'a': '2'})
of_faults('all', query='{{ name }}|{{ namespace }}|{{ target }}|{{ service }}|{{ ingress }}|{{ route }}|{{ interval }}|'
          '{{ index variables "k" }}', templateVariables={'k': 'v'})
of_faults('spaces', query='  a \n\t b{c="d   e"}  \n')
of_faults('min', thresholdRange={'min': 50})
of_faults('max', thresholdRange={'max': 41.5})
of_faults('range', thresholdRange={'min': 42, 'max': 42})
of_faults('threshold', thresholdRange=None, threshold=42)
of_faults('threshold-over', thresholdRange=None, threshold=41)
of_faults('bounds-none', thresholdRange=None)
of_faults('bounds-empty', thresholdRange={})
of_faults('bounds-fraction', thresholdRange={'max': 0.001})
of_faults('bounds-large', thresholdRange={'max': 1e21, 'min': 12345678.9})


@case('metric-missing')
def _(world):
    return {'analysis': analysis(threshold=1, metrics=[metric(world, 'm')])}


@case('metric-nothing')
def _(world):
    return {'analysis': analysis(threshold=1, metrics=[{'name': 'm', 'interval': '1m'}])}


@case('metric-several')
def _(world):
    """A query inline, then templates in order, until the first that fails."""
    for name in 'ab':
        world.answer(f'/{name}/api/v1/query', Answer(200, vector('1')))
    return {'objects': [template(world, 'a', {'type': 'prometheus'}, 'a'),
                        template(world, 'b', {'type': 'prometheus'}, 'b')],
            'analysis': analysis(threshold=1, metrics=[
                metric(world, 'a'), {'name': 'inline', 'query': 'x', 'interval': '1m', 'thresholdRange': {'max': 1}},
                metric(world, 'b', thresholdRange={'max': 0}), metric(world, 'a', query='y')])}

"""More cases for beside.py: what chats, hooks and metric providers say that is odd, and what templates print."""
from beside_cases import (CASES, LONG, OPEN, SHUT, alert, analysis, case, chat, failing, gates, hook, metric,
                          of_answers, of_faults, secret, vector)
from servers import Answer

__all__ = ['CASES']


# --- chats ---

def of_answers_to(kind):
    @case(f'alert-{kind}-answers')
    def answered(world):
        answers = {'a204': Answer(204), 'b400': Answer(400, 'no_text'), 'c500': Answer(500), 'd302': Answer(302),
                   'e201': Answer(201), 'f199': Answer(299), 'g304': Answer(304, '')}
        for path, answer in answers.items():
            world.answer(f'/{path}', answer)
        return {'objects': [chat(world, name, kind) for name in answers],
                'analysis': failing(alerts=[alert(world, n, 'error') for n in answers])}

    @case(f'alert-{kind}-token')
    def token(world):
        name = f'tok-{kind}'
        return {'objects': [chat(world, 'a', kind, secretRef={'name': name}), secret(world, name, {
            'address': world.url('/a'), 'token': 'xoxb-7'}), chat(world, 'b', kind, secretRef={'name': name + '2'}),
                            secret(world, name + '2', {'token': 'xoxb-7'}),
                            chat(world, 'c', kind, address='', secretRef={'name': name + '3'}),
                            secret(world, name + '3', {'address': world.url('/c'), 'token': ''})],
                'analysis': failing(alerts=[alert(world, n) for n in 'abc'])}


for each in ('slack', 'msteams', 'discord', 'rocket', 'gchat'):
    of_answers_to(each)


@case('alert-gates-error')
def _(world):
    return {'objects': [chat(world, 'chat', 'slack'), chat(world, 'warn', 'msteams')],
            'analysis': analysis(alerts=[alert(world, 'chat', 'error'), alert(world, 'warn', 'warn')],
                                 webhooks=gates(world))}


@case('alert-skipped-gate')
def _(world):
    return {'objects': [chat(world, 'chat', 'slack')], 'canary': {'skipAnalysis': True},
            'analysis': analysis(alerts=[alert(world, 'chat')], webhooks=gates(world))}


@case('alert-providerless')
def _(world):
    return {'objects': [chat(world, 'a', 'slack')],
            'analysis': failing(alerts=[{'name': 'x', 'severity': 'info', 'providerRef': {'name': ''}},
                                        alert(world, 'a')])}


@case('alert-rollback-hook-muted')
def _(world):
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': analysis(alerts=[alert(world, 'chat')],
                                 webhooks=[hook(world, 'back', 'rollback', muteAlert=True)])}


@case('alert-gates-ab')
def _(world):
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': analysis(stepWeight=None, maxWeight=None, iterations=2,
                match=[{'headers': {'x': {'exact': 'y'}}}],
                                 alerts=[alert(world, 'chat')], webhooks=gates(world))}


@case('alert-gates-bluegreen')
def _(world):
    return {'objects': [chat(world, 'chat', 'msteams')],
            'analysis': analysis(stepWeight=None, maxWeight=None, iterations=2,
                                 alerts=[alert(world, 'chat')], webhooks=gates(world))}


# --- hooks ---

def of_hooks(name, *hooks, **fields):
    @case(f'hook-{name}')
    def hooked(world):
        return {'objects': [chat(world, 'chat', 'slack')],
                'analysis': analysis(alerts=[alert(world, 'chat')], webhooks=[make(world) for make in hooks],
                    **fields)}




@case('hook-retries-gate')
def _(world):
    world.answer('/h', Answer(500, 'a'), Answer(500, 'b'), Answer(200))
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': analysis(alerts=[alert(world, 'chat')],
                                 webhooks=[hook(world, 'h', 'confirm-rollout', retries=1)])}


@case('hook-retries-501')
def _(world):
    world.answer('/h', Answer(501, 'a'))
    return {'analysis': analysis(webhooks=[hook(world, 'h', 'rollout', retries=3)])}


@case('hook-retries-closed')
def _(world):
    return {'analysis': analysis(webhooks=[hook(world, 'h', 'rollout', url=world.closed_url('/x'), retries=1)])}


@case('hook-retries-negative')
def _(world):
    world.answer('/h', Answer(500, 'a'))
    return {'analysis': analysis(webhooks=[hook(world, 'h', 'rollout', retries=-1)])}


@case('hook-retries-event')
def _(world):
    world.answer('/h', Answer(500, 'a'), Answer(200))
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': failing(alerts=[alert(world, 'chat')], webhooks=[hook(world, 'h', 'event', retries=1)])}


@case('hook-metadata')
def _(world):
    return {'analysis': analysis(webhooks=[
        hook(world, 'a', 'pre-rollout', metadata={}), hook(world, 'b', 'pre-rollout', metadata=None),
        hook(world, 'c', 'pre-rollout', metadata={'ü <>&': '"\\\u2028\n\t', '': 'empty', 'z': '', 'A': '1',
            'a': '2'}),
        hook(world, 'd', 'event', metadata={'timestamp': 'mine', 'eventMessage': 'mine', 'x': 'y'})])}


def of_gate_answers(status):
    @case(f'hook-gate-{status}')
    def answered(world):
        world.answer('/h', *[Answer(status, 'text')] * 3, OPEN)
        return {'objects': [chat(world, 'chat', 'slack')],
                'analysis': analysis(alerts=[alert(world, 'chat')], webhooks=[hook(world, 'h', 'confirm-promotion')])}


for each in (201, 202, 206, 301, 429, 404):
    of_gate_answers(each)


@case('hook-gates-two')
def _(world):
    world.answer('/b', SHUT, SHUT, OPEN)
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': analysis(alerts=[alert(world, 'chat')], webhooks=[
                hook(world, 'a', 'confirm-rollout'), hook(world, 'b', 'confirm-rollout', muteAlert=True),
                hook(world, 'c', 'confirm-rollout')])}


@case('hook-post-failed')
def _(world):
    world.answer('/a', Answer(500, 'x'))
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': failing(alerts=[alert(world, 'chat')], webhooks=[
                hook(world, 'a', 'post-rollout'), hook(world, 'b', 'post-rollout'), hook(world, 'c', 'event')])}


@case('hook-mirror')
def _(world):
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': analysis(mirror=True, mirrorWeight=30, alerts=[alert(world, 'chat')], webhooks=gates(world))}


@case('hook-rollback-two')
def _(world):
    world.answer('/a', SHUT)
    return {'objects': [chat(world, 'chat', 'slack')],
            'analysis': analysis(alerts=[alert(world, 'chat')], webhooks=[
                hook(world, 'a', 'rollback'), hook(world, 'b', 'rollback'), hook(world, 'c', 'rollback')])}


# --- what providers answer ---

def of_provider_answers(kind, credentials, query, online, path, answers):
    for name, answer in answers.items():
        key = f'{kind}-{name}'
        provider = {'type': kind, **({'secretRef': {'name': key}} if credentials else {})}
        of_faults(key, provider, query, {key: credentials} if credentials else {},
                  {**{p: Answer(200, a) for p, a in online.items()},
                   path: answer if isinstance(answer, Answer) else Answer(200, answer)})


of_provider_answers('datadog', {'datadog_api_key': 'a', 'datadog_application_key': 'b'}, 'avg:x', {
    '/api/v1/validate': {'valid': True}}, '/api/v1/query', {
        'noseries': {'series': []}, 'nopoints': {'series': [{'pointlist': []}]}, 'absent': {},
            'nullseries': {'series': None},
        'text': {'series': [{'pointlist': [[1, 'x']]}]},
        'two': {'series': [{'pointlist': [[1, 7], [2, 400]]}, {'pointlist': [[1, 500]]}]},
        'many': {'series': [{'pointlist': [[1, 7], [2, 400], [3, 1]]}]},
        '403': Answer(403, {'errors': ['Forbidden']}), '400': Answer(400, 'bad'), 'html': '<html>',
            '202': Answer(202, {
            'series': [{'pointlist': [[1, 7]]}]}), 'float': {'series': [{'pointlist': [[1.5e12, 4.25e1]]}]}})
of_faults('datadog-invalid', {'type': 'datadog', 'secretRef': {'name': 'ddi'}}, 'avg:x', {
    'ddi': {'datadog_api_key': 'a', 'datadog_application_key': 'b'}}, {
        '/api/v1/validate': Answer(200, {'valid': False}), '/api/v1/query': Answer(200, {'series': []})})
of_faults('datadog-offline', {'type': 'datadog', 'secretRef': {'name': 'ddo'}}, 'avg:x', {
    'ddo': {'datadog_api_key': 'a', 'datadog_application_key': 'b'}}, {
        '/api/v1/validate': Answer(403, {'errors': ['Forbidden']}), '/api/v1/query': Answer(200, {'series': []})})
of_provider_answers('newrelic', {'newrelic_account_id': '5', 'newrelic_query_key': 'k'}, 'SELECT x', {},
    '/v1/accounts', {
    'none': {'results': []}, 'two': {'results': [{'result': 1}, {'result': 500}]},
        'absent': {'results': [{'average': 5}]},
    'null': {'results': [{'result': None}]}, 'text': {'results': [{'result': '42'}]}, '403': Answer(403, 'denied'),
    'html': '<html>', 'over': {'results': [{'result': 1e30}]}})
of_provider_answers('graphite', None, 'target=x', {}, '/render', {
    'nothing': [], 'nopoints': [{'target': 'x', 'datapoints': []}], 'nulls': [{'target': 'x', 'datapoints': [[None,
        1]]}],
    'two': [{'target': 'a', 'datapoints': [[1, 1]]}, {'target': 'b', 'datapoints': [[500, 1]]}],
    'text': [{'target': 'a', 'datapoints': [['5', 1]]}], 'times': [{'target': 'a', 'datapoints': [[5, '1']]}],
    'three': [{'target': 'a', 'datapoints': [[5, 1, 2]]}],
    '400': Answer(400, 'Bad'), 'html': '<html>', '204': Answer(204), 'object': {'target': 'x'}})
for each, query_of in {'noequals': 'x', 'empty': '', 'two': 'target=a&target=b', 'encoded': 'target=%61%zz&until=now',
                       'format': 'target=a&format=csv', 'semicolon': 'target=a;b=c', 'plus': 'target=a+b c',
                       'order': 'until=now&target=a&from=-5min', 'repeat': 'target=alias(a,%27x%27)&a=&b'}.items():
    of_faults(f'graphite-query-{each}', {'type': 'graphite'}, query_of,
              answers={'/render': Answer(200, [{'target': 'x', 'datapoints': [[42, 1]]}])})
of_provider_answers('dynatrace', {'dynatrace_token': 't'}, 'x', {'/api/v2/metrics?pageSize': {}},
    '/api/v2/metrics/query', {
    'none': {'result': []}, 'nodata': {'result': [{'data': []}]}, 'novalues': {'result': [{'data': [
        {'timestamps': [], 'values': []}]}]}, 'two': {'result': [{'data': [{'timestamps': [1, 2], 'values': [5,
            500]}]}]},
    'tworesults': {'result': [{'data': [{'timestamps': [1], 'values': [5]}]}, {'data': [
        {'timestamps': [1], 'values': [500]}]}]}, 'text': {'result': [{'data': [{'timestamps': [1],
            'values': ['5']}]}]},
    '400': Answer(400, {'error': {'message': 'no'}}), '201': Answer(201, {'result': []}), 'html': '<html>'})
CSV = '#datatype,string,long,%s\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,_value\r\n%s\r\n\r\n'
of_provider_answers('influxdb', {'token': 't', 'org': 'o'}, 'from(bucket: "b")', {}, '/api/v2/query', {
    'none': '', 'long': CSV % ('long', ',,0,42'), 'text': CSV % ('string', ',,0,42'), 'two': CSV % (
        'double', ',,0,42.5\r\n,,0,500'), 'tables': CSV % ('double', ',,0,42.5') + CSV % ('double', ',,1,500'),
    'empty': CSV % ('double', ',,0,'), '401': Answer(401, {'code': 'unauthorized', 'message': 'unauthorized access'}),
    '500': Answer(500, 'oops'), 'bool': CSV % (
        'boolean', ',,0,true')})
of_faults('influxdb-keys', {'type': 'influxdb', 'secretRef': {'name': 'ifk'}}, 'x', {'ifk': {'token': 't'}})


def external(*items, status=200, kind='ExternalMetricValueList'):
    return Answer(status, {'kind': kind, 'apiVersion': 'external.metrics.k8s.io/v1beta1', 'metadata': {}, 'items': [
        {'metricName': 'queue', 'metricLabels': {}, 'timestamp': '2020-01-01T00:00:00Z', 'value': v} for v in items]},
                  {'Content-Type': 'application/json'})


for each, answer_of in {'none': external(), 'two': external('5', '500'), 'kilo': external('1k'),
    'negative': external('-5'),
                        'exponent': external('1e1'), 'milli': external('1500m'), 'text': external('many'),
                        'number': external(42), 'micro': external('7u'),
                        '403': Answer(403, {'kind': 'Status', 'apiVersion': 'v1', 'status': 'Failure', 'code': 403,
                                            'reason': 'Forbidden', 'message': 'no way'},
                                      {'Content-Type': 'application/json'}),
                        'html': Answer(200, '<html>', {'Content-Type': 'text/html'}), '404': Answer(404,
                            'gone')}.items():
    of_faults(f'external-{each}', {'type': 'externalmetrics', 'secretRef': {'name': f'ext-{each}'}},
              '{{ namespace }}/queue?labelSelector=app%3Dx', {f'ext-{each}': {'token': 'b'}},
              {'/apis/external.metrics.k8s.io': answer_of})
for each, query_of in {'noselector': 'ns/queue', 'noslash': 'queue', 'empty': '', 'slashes': 'ns/a/b',
    'bad': 'ns/q?labelSelector=%zz',
                       'selector': 'ns/q?labelSelector=a in (b,c),!d', 'other': 'ns/q?x=y', 'lead': '/ns/q'}.items():
    of_faults(f'external-query-{each}', {'type': 'externalmetrics', 'secretRef': {'name': f'extq-{each}'}}, query_of,
              {f'extq-{each}': {'token': 'b'}}, {'/apis/external.metrics.k8s.io': external('42')})

for each, value_of in {'spaces': ' 1', 'plus': '+5', 'minus': '-5', 'exp': '1e1', 'under': '1_0', 'hexfloat': '0x1p4',
                       'infinity': 'Infinity', 'nanlow': 'nan', 'empty': '', 'dot': '.5', 'enddot': '5.',
                       'denormal': '5e-324', 'long': '1' * 40, 'comma': '1,5', 'zero': '-0'}.items():
    of_answers(f'value-{each}', Answer(200, vector(value_of)))
RESULT = '{"status":"success","data":{"resultType":"vector","result":[%s]}}'
for each, text_of in {'three': RESULT % '{"value":[1,"42","x"]}',
                      'times': RESULT % '{"value":["1","42"]}',
                          'metrics': RESULT % '{"metric":{"a":5},"value":[1,"42"]}',
                          'trailing': RESULT % '{"value":[1,"42"]}' + ' x',
                      'bom': '\ufeff' + RESULT % '{"value":[1,"42"]}',
                          'twice': RESULT % '{"value":[1,"7"],"value":[1,"500"]}',
                      'nulldata': '{"status":"success","data":null}',
                      'resultnull': '{"data":{"result":null}}', 'true': 'true', 'string': '"x"', 'blank': ' \n ',
                      'valuefalse': RESULT % '{"value":[1,false]}',
                          'last': RESULT % '{"value":[1,"500"]},{"value":[1,"NaN"]}',
                      'listvalue': RESULT % '{"value":[1,["42"]]}'}.items():
    of_answers(f'json-{each}', Answer(200, text_of.encode()))
for each in (201, 202, 301, 307, 308, 401, 404, 422, 502):
    of_answers(f'status-{each}', Answer(each, vector('42') if each < 300 else f'text of {each}',
                                        {'Location': 'x'} if 300 < each < 400 else {}))
of_answers('302-loop', Answer(302, '', {'Location': 'query?query=vector2'}))
of_answers('302-nolocation', Answer(302, ''))
of_answers('400-long', Answer(400, LONG))
of_answers('400-empty', Answer(400, ''))
of_faults('token-empty', {'secretRef': {'name': 'te'}}, secrets={'te': {'token': ''}})
of_faults('token-both', {'secretRef': {'name': 'tb'}}, secrets={'tb': {'token': 'a', 'username': 'u',
    'password': 'p'}})
of_faults('password-empty', {'secretRef': {'name': 'pe'}}, secrets={'pe': {'username': 'u', 'password': ''}})
of_faults('password-odd', {'secretRef': {'name': 'po'}}, secrets={'po': {'username': 'ü:x', 'password': 'p\n'}})
of_faults('secret-nothing', {'secretRef': {'name': 'sn'}}, secrets={'sn': {}})
of_faults('secret-other', {'secretRef': {'name': 'so'}}, secrets={'so': {'x': 'y'}})
of_faults('headers-odd', {'headers': {'x-lower': ['a'], 'X-Empty': [''], 'X-None': [], 'Host': ['other'],
                                      'User-Agent': ['me'], 'Content-Type': ['text/x']}})
of_faults('headers-bad', {'headers': {'bad header': ['a']}})
of_faults('headers-line', {'headers': {'X-Line': ['a\nb']}})
of_faults('address-query', lambda world: {'address': world.url('/m?x=y')})
of_faults('address-fragment', lambda world: {'address': world.url('/m#x')})
of_faults('address-user', lambda world: {'address': world.url('/m').replace('http://', 'http://me:pass@')})
of_faults('address-upper', lambda world: {'address': world.url('/m').replace('http', 'HTTP')})
of_faults('address-blank', lambda world: {'address': ' ' + world.url('/m')})
of_faults('address-encoded', lambda world: {'address': world.url('/m/%2F/ü')}, answers={'/': Answer(200,
    vector('42'))})

TEMPLATES = {
    'trim': 'a {{- target -}} b', 'comment': 'a{{/* x */}}b',
        'var': '{{ $x := target }}{{ $x }}{{ $x = name }}{{ $x }}',
    'pipe': '{{ index variables "k" | printf "%q|%s" name }}', 'slice': '{{ slice target 0 3 }}',
    'lens': '{{ len variables }}{{ len "ü" }}', 'eqs': '{{ eq "b" "a" "b" }}{{ ne 1 2 }}{{ lt 1 2 }}{{ ge "b" "a" }}',
    'logic': '{{ and 1 0 2 }}{{ or 0 "" "x" }}{{ not true }}',
        'escape': '{{ html "<a&\'>" }}{{ js "a\'<" }}{{ urlquery "a b/ü" }}',
    'print': '{{ print 1 2 "a" "b" 3 }}',
        'printf': '{{ printf "%5.2f|%x|%05d|%-4s|%t|%c|%U|%e" 3.14159 255 42 "a" true 65 65 1234.5 }}',
    'verbs': '{{ printf "%v %+v %T %#v" variables target target "x" }}',
        'bad-verb': '{{ printf "%d %z %s" "x" 5 }}{{ printf "%" }}{{ printf "%d" 1 2 }}',
    'map': '{{ variables }}', 'index-missing': '[{{ index variables "no" }}]', 'index-text': '{{ index target 0 }}',
    'with': '{{ with index variables "k" }}<{{ . }}>{{ else }}none{{ end }}{{ with "" }}x{{ else with "y" }}{{ . }}'
    '{{ end }}',
    'range-text': '{{ range $i, $c := slice target 0 2 }}{{ $i }}{{ $c }}{{ end }}',
        'range-int': '{{ range 3 }}{{ . }}{{ end }}',
    'break': '{{ range $k, $v := variables }}{{ if eq $k "k" }}{{ break }}{{ end }}{{ $v }},{{ end }}',
    'continue': '{{ range $k, $v := variables }}{{ if eq $k "k" }}{{ continue }}{{ end }}{{ $v }},{{ end }}',
    'dot': '{{ . }}', 'field': '{{ .Foo }}', 'nil': '{{ nil }}', 'true': '{{ true }}', 'char': "{{ 'a' }}",
        'hex': '{{ 0x1F }} {{ 1e3 }} {{ 0b11 }} {{ 1_000 }}',
    'raw': '{{ printf `%s\\n` name }}', 'compare': '{{ lt 1 2.5 }}', 'call': '{{ call target }}',
        'args': '{{ target "x" }}',
    'paren': '{{ (index variables "k") }}{{ ((len name)) }}', 'chain': '{{ (variables).k }}{{ variables.a }}',
        'deep': '{{ variables.k.x }}',
    'unfinished': '{{ if true }}', 'else': '{{ else }}', 'end': '{{ end }}', 'quote': '{{ printf "a }}',
        'unclosed-comment': '{{/* x }}',
    'empty-action': '{{ }}', 'unknown-function': '{{ foo name }}', 'pipe-end': '{{ name | }}', 'dollar': '{{ $ }}',
        'undefined': '{{ $x }}',
    'index-number': '{{ index variables 5 }}', 'len-number': '{{ len 5 }}', 'slice-bad': '{{ slice target 5 2 }}',
        'overflow': '{{ 99999999999999999999 }}',
    'newline': '{{ printf\n "%s"\n name }}',
        'assign-range': '{{ range $v := variables }}{{ $v }}{{ else }}none{{ end }}',
    'not-args': '{{ not }}', 'eq-none': '{{ eq }}', 'eq-map': '{{ eq variables variables }}',
        'width': '{{ printf "%*d|%.3s|%+d|% d|%q|%#x" 5 42 "abcdef" 7 8 65 255 }}',
    'and-short': '{{ and "" (index variables 5) }}', 'imaginary': '{{ 1i }}',
        'bools': '{{ if and true (not false) }}y{{ else if true }}z{{ end }}',
}
for each, query_of in TEMPLATES.items():
    of_faults(f'template-{each}', query=query_of, templateVariables={'k': 'v "q"', 'a': '1', 'z': ''})
of_faults('bounds-crossed', thresholdRange={'min': 50, 'max': 40})
of_faults('bounds-negative', thresholdRange={'min': -5, 'max': -1})
of_faults('bounds-both', thresholdRange={'max': 10}, threshold=100)
of_faults('bounds-zero', thresholdRange=None, threshold=0)
of_faults('bounds-exp', thresholdRange={'max': 1e-7})
of_faults('bounds-long', thresholdRange={'max': 0.1234567890123})
of_faults('query-empty', query='')
of_faults('query-blank', query='  \n')
of_faults('query-unicode', query='up{a="ü 🙂"}')
of_faults('cloudwatch-query', {'type': 'cloudwatch', 'region': 'eu-west-1'}, 'nonsense')
of_faults('keptn-analysis', {'type': 'keptn'}, query='analysis/ns/name/1m/x=y;z=w')
of_faults('keptn-analysis-bad', {'type': 'keptn'}, query='analysis/ns')
of_faults('type-upper', {'type': 'Prometheus'})


@case('metric-namespace')
def _(world):
    """A template and its Secret of another namespace."""
    there = {'apiVersion': 'flagger.app/v1beta1', 'kind': 'MetricTemplate',
             'metadata': {'name': f'far-{world.engine}', 'namespace': 'default'},
             'spec': {'provider': {'type': 'prometheus', 'address': world.url('/m'), 'secretRef': {
                 'name': f'far-{world.engine}'}}, 'query': '{{ namespace }}'}}
    world.answer('/m', Answer(200, vector('42')))
    return {'objects': [there, secret(world, f'far-{world.engine}', {'token': 'far'}, 'default')],
            'analysis': analysis(threshold=1, metrics=[metric(world, 'm', templateRef={
                'name': f'far-{world.engine}', 'namespace': 'default'}, thresholdRange={'max': 1})])}


@case('metric-built-in')
def _(world):
    """The metrics server of the Canary."""
    world.answer('/own/api/v1/query', Answer(200, vector('42')))
    return {'canary': {'metricsServer': world.url('/own')},
            'analysis': analysis(threshold=1, metrics=[
                {'name': 'request-success-rate', 'interval': '1m', 'thresholdRange': {'min': 40}},
                {'name': 'request-duration', 'interval': '30s', 'thresholdRange': {'max': 0.01}}])}


def of_built_in(name, metric_name, value, **fields):
    @case(f'metric-built-in-{name}')
    def judged(world):
        world.answer('/own/api/v1/query', value if isinstance(value, Answer) else Answer(200, vector(value)))
        return {'canary': {'metricsServer': world.url('/own')},
                'analysis': analysis(threshold=1, metrics=[{'name': metric_name, 'interval': '1m', **fields}])}


of_built_in('rate-max', 'request-success-rate', '99.995', thresholdRange={'max': 50})
of_built_in('rate-none', 'request-success-rate', Answer(200, vector()), thresholdRange={'min': 99})
of_built_in('rate-nan', 'request-success-rate', 'NaN', thresholdRange={'min': 99})
of_built_in('rate-html', 'request-success-rate', Answer(200, '<html>'), thresholdRange={'min': 99})
of_built_in('rate-threshold', 'request-success-rate', '98.996', threshold=99)
of_built_in('duration', 'request-duration', '1.2345', thresholdRange={'max': 500})
of_built_in('duration-sub', 'request-duration', '0.0004', thresholdRange={'min': 1})
of_built_in('duration-inf', 'request-duration', '+Inf', thresholdRange={'max': 500})
of_built_in('duration-long', 'request-duration', '3661.5', threshold=500)
of_built_in('duration-500', 'request-duration', Answer(500, LONG), thresholdRange={'max': 500})
of_built_in('inline-text', 'x', 'many', query='up', thresholdRange={'max': 500})
of_built_in('inline-template', 'x', '42', query='{{ target }} {{ if }}', thresholdRange={'max': 500})
of_built_in('inline-variables', 'x', '420', query='up{a="{{ variables.k }}"}', templateVariables={'k': 'v'},
            thresholdRange={'max': 50})

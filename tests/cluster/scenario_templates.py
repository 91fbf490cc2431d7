"""Metric templates: what is asked of each provider, and what is told when a template, its Secret or its provider does
not fit. The same with Flagger in Sluice's place."""
import re

import manifests
from engine import Engine
from scenario import Scenario, long
from servers import Answer, Server, certificate
from waiting import wait_for

PROMETHEUS = '{"status":"success","data":{"resultType":"vector","result":[%s]}}'
SERIES = '{"metric":{},"value":[1435781451.781,"%s"]}'

# Provider: credentials, query, its paths with what they answer, what is asked (times left out), headers.
PROVIDERS = {
    'prometheus': ({'username': 'user', 'password': 'pass'}, 'sum(up{app="{{ target }}"}\n) > 0',
                   {'/prometheus/api/v1/query?query=vector': PROMETHEUS % (SERIES % '1'),
                    '/prometheus/api/v1/query?query=sum': PROMETHEUS % (SERIES % '42.5')},
                   'GET /prometheus/api/v1/query?query=sum%28up%7Bapp%3D%22podinfo%22%7D+%29+%3E+0',
                   {'Authorization': 'Basic dXNlcjpwYXNz'}),
    'datadog': ({'datadog_api_key': 'api', 'datadog_application_key': 'app'}, 'avg:cpu{app:{{ target }}} by {host}',
                {'/datadog/api/v1/validate': '{"valid":true}',
                 '/datadog/api/v1/query': '{"series":[{"pointlist":[[1577232000000,42.5],[1577318400000,7]]}]}'},
                'GET /datadog/api/v1/query?from=N&query=avg%3Acpu%7Bapp%3Apodinfo%7D+by+%7Bhost%7D&to=N',
                {'Dd-Api-Key': 'api', 'Dd-Application-Key': 'app'}),
    'newrelic': ({'newrelic_account_id': '51312', 'newrelic_query_key': 'key'}, 'SELECT average(x) FROM T',
                 {'/newrelic/v1/accounts/51312/query': '{"results":[{"result":42.5}]}'},
                 'GET /newrelic/v1/accounts/51312/query?nrql=SELECT+average%28x%29+FROM+T+SINCE+60+seconds+ago',
                 {'X-Query-Key': 'key'}),
    'graphite': (None, 'target=sumSeries(app.{{ target }}.*)&from=-{{ interval }}in',
                 {'/graphite/render': '[{"target":"x","datapoints":[[7,1],[42.5,2],[null,3]]}]'},
                 'GET /graphite/render?format=json&from=-1min&target=sumSeries%28app.podinfo.%2A%29', {}),
    'dynatrace': ({'dynatrace_token': 'token'}, 'app.x:filter(eq(app,"{{ target }}"))',
                  {'/dynatrace/api/v2/metrics?pageSize=1': '{}', '/dynatrace/api/v2/metrics/query':
                   '{"result":[{"data":[{"timestamps":[1],"values":[7]},{"timestamps":[2],"values":[42.5]}]}]}'},
                  'GET /dynatrace/api/v2/metrics/query?from=N&metricSelector=app.x%3Afilter%28eq%28app%2C'
                  '%22podinfo%22%29%29&resolution=Inf&to=N', {'Authorization': 'Api-Token token'}),
    'influxdb': ({'token': 'token', 'org': 'org'}, 'from(bucket: "b") |> range(start: -{{ interval }})',
                 {'/influxdb/api/v2/query': '#datatype,string,long,double\r\n#group,false,false,false\r\n'
                  '#default,_result,,\r\n,result,table,_value\r\n,,0,42.5\r\n\r\n'},
                 'POST /influxdb/api/v2/query?org=org', {'Authorization': 'Token token'}),
}


def template(namespace, name, provider, query):
    return {'apiVersion': 'flagger.app/v1beta1', 'kind': 'MetricTemplate',
            'metadata': {'name': name, 'namespace': namespace}, 'spec': {'provider': provider, 'query': query}}


def secret(namespace, name, data):
    return {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': name, 'namespace': namespace},
            'stringData': data}


def metric(name, **fields):
    return {'name': name, 'templateRef': {'name': name}, 'interval': '1m', **fields}


def without_times(text):
    return re.sub(r'(from|to)=\d+', r'\1=N', text)


class Templates(Scenario):
    def setUp(self):
        super().setUp()
        self.providers = Server()
        self.addCleanup(self.providers.close)

    def create_provider(self, scene, kind):
        credentials, query, answers, _, _ = PROVIDERS[kind]
        provider = {'type': kind, 'address': self.providers.url(f'/{kind}')}
        if credentials:
            self.lab.client.create(secret(scene.namespace, kind, credentials))
            provider['secretRef'] = {'name': kind}
        for path, body in answers.items():
            self.providers.answer(path, body=body)
        self.lab.client.create(template(scene.namespace, kind, provider, query))

    def test_providers(self):
        """Each provider is asked in its own way, and its value is judged."""
        scene = self.scene('providers').deploy(tag='6.0.0')
        ns = scene.namespace
        for kind in PROVIDERS:
            self.create_provider(scene, kind)
        metrics = [metric(kind, thresholdRange={'max': 100}) for kind in PROVIDERS]
        metrics.append({**metric('graphite', thresholdRange={'max': 42}), 'name': 'last'})
        scene.canary(manifests.analysis(threshold=1, stepWeight=50, metrics=metrics)).initialise()
        scene.wait_message('^all the metrics providers are available!$')
        scene.set_image('6.0.1')
        scene.wait_message(rf'^Halt podinfo\.{ns} advancement last 42\.50 > 42$')
        scene.wait_phase('Failed')
        for kind, (_, _, _, wanted, headers) in PROVIDERS.items():
            with self.subTest(kind):
                asked = {without_times(f'{request.method} {request.path}'): request.headers
                         for request in self.providers.requests(f'/{kind}/')}
                self.assertIn(wanted, asked)
                self.assertEqual(headers, {name: asked[wanted].get(name) for name in headers})

    @long
    def test_faults(self):
        """Everything that can be wrong with a template, one after the other, and what is told of it."""
        scene = self.scene('faults').deploy(tag='6.0.0')
        ns = scene.namespace
        client, path = self.lab.client, '/api/v1/query'
        analysis = manifests.analysis(threshold=100, stepWeight=50, metrics=[metric('m', thresholdRange={'max': 1})])
        scene.canary(analysis).initialise()
        scene.wait_message(rf'^Error checking metric providers: metric template m\.{ns} error: '
                           r'metrictemplate\.flagger\.app "m" not found$')
        scene.set_image('6.0.1')
        scene.wait_message(rf'^Metric template m\.{ns} error: metrictemplate\.flagger\.app "m" not found$')

        address = {'address': self.providers.url()}
        client.create(template(ns, 'm', {'type': 'datadog', **address}, 'x'))
        scene.wait_message(rf'^Metric template m\.{ns} provider datadog error: datadog credentials does not contain '
                           r'datadog_api_key$')

        def change(query='x', **provider):
            client.patch('MetricTemplate', ns, 'm', {'spec': {
                'provider': {'type': 'prometheus', 'secretRef': None, **address, **provider}, 'query': query}})

        change(secretRef={'name': 'login'})
        scene.wait_message(rf'^Metric template m\.{ns} secret login error: secrets "login" not found$')
        client.create(secret(ns, 'login', {'username': 'user'}))
        scene.wait_message(rf'^Metric template m\.{ns} provider prometheus error: prometheus credentials does not '
                           r'contain a password$')
        change(address='')
        scene.wait_message(rf'^Metric template m\.{ns} provider prometheus error: prometheus address  is not a valid '
                           r'URL$')
        change(query='{{ variables.zone }}')
        scene.wait_message(rf'^Metric template m\.{ns} query render error: template excution failed: template: '
                           r'tmpl:1:3: executing "tmpl" at <variables>: map has no entry for key "zone"$')
        change(query='{{ if eq namespace 5 }}{{ end }}')
        scene.wait_message(rf'^Metric template m\.{ns} query render error: template excution failed: template: '
                           r'tmpl:1:6: executing "tmpl" at <eq namespace 5>: error calling eq: incompatible types')

        change(query='{{ printf "up{app=%q}" target }}')
        for status, body, text in [
                (429, 'slow', 'Metric query failed for m: error response: Status 429 Too Many Requests: slow'),
                (200, '<html>', "Metric query failed for m: error unmarshaling result: invalid character '<' looking "
                                "for beginning of value, '<html>'"),
                (200, PROMETHEUS % '', 'Halt advancement no values found for custom metric: m: no values found'),
                (200, PROMETHEUS % '{"values":[[1,"1"]]}',
                 'Metric query failed for m: query returned multiple values'),
                (200, PROMETHEUS % (SERIES % 'many'),
                 'Metric query failed for m: strconv.ParseFloat: parsing "many": invalid syntax'),
                (200, PROMETHEUS % (SERIES % '0.5' + ',' + SERIES % '42.5'),
                 f'Halt podinfo.{ns} advancement m 42.50 > 1')]:
            self.providers.answer(path, status=status, body=body)
            scene.wait_message(f'^{re.escape(text)}$')
        self.assertEqual({'/api/v1/query?query=up%7Bapp%3D%22podinfo%22%7D'},
                         {asked.path for asked in self.providers.requests(path) if 'vector' not in asked.path})
        self.providers.answer(path, body=PROMETHEUS % (SERIES % '0.5'))
        scene.wait_phase('Succeeded')

    def test_prometheus(self):
        """A real Prometheus answers, and what it says is judged."""
        query = ('100 - 100 * sum(rate(istio_requests_total{destination_workload_namespace="{{ namespace }}",'
                 'destination_workload="{{ target }}",response_code!~"5.*"}[{{ interval }}])) / '
                 'sum(rate(istio_requests_total{destination_workload_namespace="{{ namespace }}",'
                 'destination_workload="{{ target }}"}[{{ interval }}]))')
        scene = self.scene('real-prometheus').deploy(tag='6.0.0')
        ns = scene.namespace
        self.lab.client.create(template(ns, 'errors', {'type': 'prometheus', 'address': self.lab.prometheus}, query))
        errors = metric('errors', interval='20s', thresholdRange={'max': 1})
        scene.canary(manifests.analysis(threshold=1, stepWeight=50, metrics=[errors])).initialise()
        self.traffic(scene, rate=10)
        scene.set_image('6.0.1')
        scene.wait_phase('Succeeded')
        scene.edit({'spec': {'analysis': {'metrics': [{**errors, 'thresholdRange': {'min': 1}}]}}})
        scene.set_image('6.0.2')
        scene.wait_message(rf'^Halt podinfo\.{ns} advancement errors 0\.00 < 1$')
        scene.wait_phase('Failed')


EXTERNAL = 'external.metrics.k8s.io'


class External(Scenario):
    """Kubernetes' external metrics, of the engine's own API server, which asks a server of ours."""
    when = 'apart'

    def serve(self):
        """An APIService, and the server behind it."""
        server = Server(certificate(self.lab.folder))
        self.addCleanup(server.close)
        client = self.lab.client
        client.create({'apiVersion': 'v1', 'kind': 'Service',
                       'metadata': {'name': 'external-metrics', 'namespace': 'kube-system'},
                       'spec': {'type': 'ExternalName', 'externalName': '127.0.0.1',
                                'ports': [{'port': server.port}]}})
        self.addCleanup(client.delete, 'Service', 'kube-system', 'external-metrics')
        path = f'/apis/{EXTERNAL}/v1beta1'
        server.answer(path, body={'kind': 'APIResourceList', 'apiVersion': 'v1', 'groupVersion': f'{EXTERNAL}/v1beta1',
                                  'resources': []}, headers={'Content-Type': 'application/json'})
        client.create({'apiVersion': 'apiregistration.k8s.io/v1', 'kind': 'APIService',
                       'metadata': {'name': f'v1beta1.{EXTERNAL}'},
                       'spec': {'group': EXTERNAL, 'version': 'v1beta1', 'groupPriorityMinimum': 100,
                                'versionPriority': 100, 'insecureSkipTLSVerify': True,
                                'service': {'name': 'external-metrics', 'namespace': 'kube-system',
                                            'port': server.port}}})
        self.addCleanup(client.delete, 'APIService', None, f'v1beta1.{EXTERNAL}')

        def is_available():
            conditions = client.get('APIService', None, f'v1beta1.{EXTERNAL}').get('status', {}).get('conditions', [])
            return any(c['type'] == 'Available' and c['status'] == 'True' for c in conditions)
        wait_for(is_available, 60, 'the APIService is available')
        return server

    def test_external_metrics(self):
        scene = self.scene('external').deploy(tag='6.0.0')
        ns = scene.namespace
        queue = metric('queue', thresholdRange={'max': 42})
        self.lab.client.create(template(ns, 'queue', {'type': 'externalmetrics'},
                                        '{{ namespace }}/queue?labelSelector=app%3D{{ target }}'))
        scene.canary(manifests.analysis(threshold=1, stepWeight=50, metrics=[queue]))
        with Engine(self.lab, 'external', namespace=ns):
            scene.wait_message(r'^Error checking metric providers: externalmetrics in metric template queue\.external '
                               r'not avaiable: external metrics service unavailable: the server could not find the '
                               r'requested resource')
            server = self.serve()
            scene.initialise()
            self.answer(server, ns, '41500m')
            scene.set_image('6.0.1')
            scene.wait_phase('Succeeded')
            self.answer(server, ns, '42500m')
            scene.set_image('6.0.2')
            scene.wait_message(rf'^Halt podinfo\.{ns} advancement queue 42\.50 > 42$')
            scene.wait_phase('Failed')
        asked = [request.path for request in server.requests(f'/apis/{EXTERNAL}/v1beta1/namespaces/{ns}')]
        self.assertTrue(asked and all('labelSelector=app%3Dpodinfo' in path for path in asked), asked)

    def answer(self, server, namespace, value):
        item = {'metricName': 'queue', 'metricLabels': {}, 'timestamp': '2026-01-01T00:00:00Z', 'value': value}
        server.answer(f'/apis/{EXTERNAL}/v1beta1/namespaces/{namespace}/queue', Answer(200, {
            'kind': 'ExternalMetricValueList', 'apiVersion': f'{EXTERNAL}/v1beta1', 'metadata': {},
            'items': [item]}, {'Content-Type': 'application/json'}))

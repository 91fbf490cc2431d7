"""A real Envoy that the real istiod configures: a gateway or a client's sidecar. What istiod told it is read from its
admin port."""
import json
import urllib.request

from waiting import wait_for


class Proxy:
    """`role`: router or sidecar; `admin`: "address:port". start() returns when istiod has configured it."""

    def __init__(self, name, namespace, role, address, admin, labels):
        self.name, self.namespace, self.role = name, namespace, role
        self.address, self.admin, self.labels = address, admin, labels

    def bootstrap(self, istiod):
        """Envoy's own configuration: who it is, and that all else comes from istiod."""
        host, port = istiod.rsplit(':', 1)
        admin_host, admin_port = self.admin.rsplit(':', 1)
        protocol = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
        source = {'ads': {}, 'initial_fetch_timeout': '0s', 'resource_api_version': 'V3'}
        return {
            'node': {
                'id': f'{self.role}~{self.address}~{self.name}.{self.namespace}~{self.namespace}.svc.cluster.local',
                'cluster': f'{self.name}.{self.namespace}',
                'metadata': {'NAMESPACE': self.namespace, 'NAME': self.name, 'CLUSTER_ID': 'Kubernetes',
                             'ISTIO_VERSION': '1.31.0',
                             'INSTANCE_IPS': self.address, 'LABELS': self.labels, 'MESH_ID': 'cluster.local',
                             'PROXY_CONFIG': {},
                             'INTERCEPTION_MODE': 'REDIRECT' if self.role == 'sidecar' else 'NONE'},
            },
            'admin': {'address': {'socket_address': {'address': admin_host, 'port_value': int(admin_port)}}},
            'dynamic_resources': {
                'ads_config': {'api_type': 'DELTA_GRPC', 'transport_api_version': 'V3',
                               'set_node_on_first_message_only': True,
                               'grpc_services': [{'envoy_grpc': {'cluster_name': 'istiod'}}]},
                'lds_config': source, 'cds_config': source,
            },
            'static_resources': {'clusters': [{
                'name': 'istiod', 'type': 'STATIC', 'connect_timeout': '1s',
                'typed_extension_protocol_options': {protocol: {
                    '@type': f'type.googleapis.com/{protocol}',
                    'explicit_http_config': {'http2_protocol_options': {}}}},
                'load_assignment': {'cluster_name': 'istiod', 'endpoints': [{'lb_endpoints': [{'endpoint': {
                    'address': {'socket_address': {'address': host, 'port_value': int(port)}}}}]}]},
            }]},
        }

    def start(self, lab, istiod, prefix=()):
        config = lab.folder / f'{self.name}.json'
        config.write_text(json.dumps(self.bootstrap(istiod)))
        lab.processes.start(self.name,
                            [*prefix, lab.parts / 'envoy', '-c', config, '--log-level', 'warning', '--concurrency', '1',
                                        '--disable-hot-restart'])
        wait_for(self.is_ready, 60, f'istiod configures {self.name}')

    def is_ready(self):
        try:
            return self._ask('/ready').startswith('LIVE')
        except OSError:
            return False

    def _ask(self, path):
        with urllib.request.urlopen(f'http://{self.admin}{path}', timeout=10) as answer:
            return answer.read().decode()

    def weights(self, host):
        """{"service.namespace": share} of the last route that istiod made for a host; {} when it made none."""
        dump = json.loads(self._ask('/config_dump?resource=dynamic_route_configs'))
        for config in dump.get('configs', []):
            for virtual_host in config['route_config'].get('virtual_hosts', []):
                if host in virtual_host['domains'] and virtual_host.get('routes'):
                    return shares(virtual_host['routes'][-1].get('route', {}))
        return {}

    def endpoints(self, service):
        """Addresses of the healthy Pods behind a Service, "podinfo-canary.namespace", at any of its ports."""
        found = set()
        for status in json.loads(self._ask('/clusters?format=json')).get('cluster_statuses', []):
            if f'||{service}.svc.' in status['name']:
                found |= {host['address']['socket_address']['address'] for host in status.get('host_statuses', [])}
        return found


def shares(route):
    """A destination without a weight has all requests; one with the weight 0 is not there."""
    if 'weighted_clusters' in route:
        return {service(c['name']): c.get('weight', 0) for c in route['weighted_clusters']['clusters']}
    return {service(route['cluster']): 100} if 'cluster' in route else {}


def service(cluster):
    """The Service of outbound|9898||podinfo.namespace.svc.cluster.local."""
    return cluster.rsplit('|', 1)[1].removesuffix('.svc.cluster.local')

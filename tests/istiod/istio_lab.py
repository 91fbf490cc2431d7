"""The lab with the real istiod as its mesh: a gateway and a client's sidecar that istiod configures, Pods in real
EndpointSlices.

It wants network.enter() before. Envoy is the plain one, without Istio's own filters, so no metric of Istio's is there:
canaries are judged by hooks.
"""
import base64
import json
import subprocess

import istio
import lab
import network
from network import ClientHost
from processes import free_port
from proxy import Proxy
from traffic import sample
from waiting import http_ok, wait_for

SYSTEM = 'istio-system'
GATEWAY = {'istio': 'ingressgateway'}
GATEWAY_PORT = 8080  # where the gateway listens for what its Service has at port 80

# No mutual TLS, as nobody signs certificates here, and none of the filters that only Istio's own Envoy has.
MESH = {
    'trustDomain': 'cluster.local', 'rootNamespace': SYSTEM, 'enableAutoMtls': False, 'enablePrometheusMerge': False,
    'defaultProviders': {},
    'outboundTrafficPolicy': {'mode': 'ALLOW_ANY'},
}
ENVIRONMENT = {
    'POD_NAMESPACE': SYSTEM, 'POD_NAME': 'istiod', 'CLUSTER_ID': 'Kubernetes', 'ENABLE_CA_SERVER': 'false',
    'PILOT_CERT_PROVIDER': 'none',
    'INJECT_ENABLED': 'false', 'INJECTION_WEBHOOK_CONFIG_NAME': '', 'VALIDATION_WEBHOOK_CONFIG_NAME': '',
    'ENABLE_LEADER_ELECTION': 'false',
    'PILOT_ENABLE_GATEWAY_API': 'false', 'XDS_AUTH': 'false', 'PILOT_ENABLE_ALPN_FILTER': 'false',
    'PILOT_ENABLE_METADATA_EXCHANGE': 'false',
    # As in a mesh that has more to do: proxies learn of a change 1 to 2 s after it (without this 0.1 s, in a large one
    # up to 10 s).
    'PILOT_DEBOUNCE_AFTER': '1s', 'PILOT_DEBOUNCE_MAX': '2s',
}


class IstioLab(lab.Lab):
    controllers = f'{lab.CONTROLLERS},endpointslice-controller'
    services = network.SERVICES
    pods_flags = ('-network', network.PODS)

    def __exit__(self, *_):
        super().__exit__()
        if self.client_host is not None:
            self.client_host.close()

    client_host = None

    def start_data_plane(self):
        self.client_host = ClientHost()
        self._start_istiod()
        self._install_webhook()
        for thing in base():
            self.client.create(thing)
        pod = wait_for(self._gateway_pod, 30, "the gateway's Pod")
        self.ingress = Proxy(pod['metadata']['name'], SYSTEM, 'router', pod['status']['podIP'],
                             f'127.0.0.1:{free_port()}', GATEWAY)
        self.sidecar = Proxy('client', 'client', 'sidecar', network.SIDECAR, f'{network.SIDECAR}:15000',
                             {'app': 'client'})
        self.ingress.start(self, self.xds)
        self.sidecar.start(self, self.xds, self.client_host.prefix())
        self.gateway, self.envoy_admin = f'127.0.0.1:{GATEWAY_PORT}', self.ingress.admin

    def _start_istiod(self):
        self.xds, ready, self.webhook = (f'{network.CLUSTER}:{port}' for port in (15010, 15080, 15017))
        key, certificate, authority = (self.folder / name for name in ('istiod.key', 'istiod.crt', 'istiod-ca.crt'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=istiod',
                        '-addext',
                        f'subjectAltName=IP:{network.CLUSTER}', '-keyout', key, '-out', certificate], check=True,
                       stderr=subprocess.DEVNULL)
        self.certificate = certificate.read_bytes()
        authority.write_bytes(self.certificate)  # a file of its own: istiod refuses the same path twice
        mesh = self.folder / 'mesh.yaml'  # JSON is YAML
        mesh.write_text(json.dumps({**MESH, 'defaultConfig': {'discoveryAddress': self.xds}}))
        self.client.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': SYSTEM}})
        self.processes.start('istiod', [
            istio.folder() / 'istiod', 'discovery', f'--kubeconfig={self.main.admin.kubeconfig}',
            '--registries=Kubernetes',
            '--clusterID=Kubernetes', f'--namespace={SYSTEM}', f'--meshConfig={mesh}', f'--grpcAddr={self.xds}',
            f'--httpAddr={ready}',
            f'--httpsAddr={self.webhook}', f'--tlsCertFile={certificate}', f'--tlsKeyFile={key}',
            f'--caCertFile={authority}',
            '--secureGRPCAddr=', f'--monitoringAddr={network.CLUSTER}:15014', '--ctrlz_port=0'], env=ENVIRONMENT)
        wait_for(lambda: http_ok(f'http://{ready}/ready'), 60, 'istiod is ready')

    def _install_webhook(self):
        """istiod's validation as an installation has it: what it does not accept is not written."""
        groups = [f'{group}.istio.io' for group in ('security', 'networking', 'telemetry', 'extensions')]
        self.client.create({
            'apiVersion': 'admissionregistration.k8s.io/v1', 'kind': 'ValidatingWebhookConfiguration',
            'metadata': {'name': f'istio-validator-{SYSTEM}'},
            'webhooks': [{
                'name': 'rev.validation.istio.io', 'failurePolicy': 'Fail', 'sideEffects': 'None',
                'admissionReviewVersions': ['v1'],
                'clientConfig': {'url': f'https://{self.webhook}/validate',
                                 'caBundle': base64.b64encode(self.certificate).decode()},
                'rules': [{'operations': ['CREATE', 'UPDATE'], 'apiGroups': groups, 'apiVersions': ['*'],
                           'resources': ['*']}]}]})

    def _gateway_pod(self):
        pods = self.client.list('Pod', SYSTEM)
        return pods[0] if pods and pods[0].get('status', {}).get('podIP') else None

    # --- for scenarios ---

    def from_client(self, address, host, count=20, **how):
        """As traffic.sample: requests of the program behind the sidecar to "address:port"."""
        return self.client_host.run(sample, address, host, count, source=network.APPLICATION, **how)

    def istioctl(self, *args, stdin=None):
        """(exit status, standard output, standard error)."""
        done = subprocess.run([istio.folder() / 'istioctl', '--kubeconfig', self.main.admin.kubeconfig,
                               '--istioNamespace', SYSTEM, *args],
                              input=stdin, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr


def base():
    """What an installation of Istio has: a gateway with its Service, here with an Envoy of ours in the place of its
    Pod's."""
    name = 'istio-ingressgateway'
    meta = {'name': name, 'namespace': SYSTEM}
    networking = {'apiVersion': 'networking.istio.io/v1'}
    pod = {'metadata': {'labels': GATEWAY}, 'spec': {'containers': [{'name': 'istio-proxy', 'image': 'proxy:1'}]}}
    server = {'port': {'number': 80, 'name': 'http', 'protocol': 'HTTP'}, 'hosts': ['*']}
    return [
        {'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': 'lab'}},  # without it Pods get into no EndpointSlice
        {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'client'}},
        {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': meta,
         'spec': {'selector': {'matchLabels': GATEWAY}, 'template': pod}},
        {'apiVersion': 'v1', 'kind': 'Service', 'metadata': meta,
         'spec': {'selector': GATEWAY, 'ports': [{'name': 'http2', 'port': 80, 'targetPort': GATEWAY_PORT}]}},
        {**networking, 'kind': 'Gateway', 'metadata': {'name': 'public-gateway', 'namespace': SYSTEM},
         'spec': {'selector': GATEWAY, 'servers': [server]}},
        # Without it a sidecar waits for certificates before it listens.
        {'apiVersion': 'security.istio.io/v1', 'kind': 'PeerAuthentication',
         'metadata': {'name': 'default', 'namespace': SYSTEM},
         'spec': {'mtls': {'mode': 'DISABLE'}}},
    ]

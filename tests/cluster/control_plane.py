"""One API server of the lab: its etcd, its users, its audit log."""
import base64
import json
import pathlib
import subprocess

from api import ApiError, Client
from processes import free_port
from waiting import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / 'deploy'

# The lab's own requests are of no interest; everybody else's are counted.
AUDIT_POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ["system:apiserver", "admin"]
- level: Metadata
"""
CREDENTIAL = 'authentication.kubernetes.io/credential-id'


class User:
    """Who asks: a kubeconfig, and how the audit log names it."""

    def __init__(self, name, kubeconfig, credential=None):
        self.name, self.kubeconfig, self._credential = name, kubeconfig, credential

    def sent(self, entry):
        """True for an audit entry of this user. Two tokens of one ServiceAccount are two users."""
        if self._credential is None:
            return entry['user'].get('username') == self.name
        return entry['user'].get('extra', {}).get(CREDENTIAL) == [f'JTI={self._credential}']


class ControlPlane:
    """etcd and kube-apiserver in a folder of their own; start() returns when requests are answered."""

    def __init__(self, name, folder, parts, processes, services='127.96.0.0/16'):
        self.name, self.folder, self.parts, self.processes = name, folder / name, parts, processes
        self.services = services  # the network of ClusterIPs
        self.port = free_port()
        self.client = self.admin = None

    def start(self):
        self.folder.mkdir()
        self._keys()
        (self.folder / 'audit.yaml').write_text(AUDIT_POLICY)
        (self.folder / 'tokens.csv').write_text('admintoken,admin,admin,"system:masters"\n'
                                               'othertoken,other,other,"system:masters"\n'
                                               'you,you,you,"system:masters"\n'  # those of core/sim/api/user.h
                                               'viewer,viewer,viewer,viewers\n')
        etcd = f'http://127.0.0.1:{free_port()}'
        peer = f'http://127.0.0.1:{free_port()}'
        self.processes.start(f'{self.name}-etcd', [
            self.parts / 'stack', 'etcd', '--data-dir', self.folder / 'etcd', '--listen-client-urls', etcd,
            '--advertise-client-urls', etcd, '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer,
            '--initial-cluster', f'default={peer}', '--unsafe-no-fsync', '--log-level', 'error'])
        self.processes.start(f'{self.name}-apiserver', [
            self.parts / 'stack', 'kube-apiserver', f'--etcd-servers={etcd}', '--bind-address=127.0.0.1',
            f'--secure-port={self.port}', f'--cert-dir={self.folder}/certs', '--advertise-address=127.0.0.1',
            f'--service-account-key-file={self.folder}/sa.pub',
            f'--service-account-signing-key-file={self.folder}/sa.key',
            '--service-account-issuer=https://kubernetes.default.svc', f'--service-cluster-ip-range={self.services}',
            f'--token-auth-file={self.folder}/tokens.csv', '--authorization-mode=RBAC',
            '--disable-admission-plugins=ServiceAccount', f'--audit-policy-file={self.folder}/audit.yaml',
            f'--audit-log-path={self.folder}/audit.log', '--profiling=false', '--endpoint-reconciler-type=none'])
        self.ca = self.folder / 'certs' / 'apiserver.crt'
        wait_for(lambda: self.ca.exists() and self._is_ready(), 60, f'{self.name}: the API server is ready')
        self.admin = User('admin', self.write_kubeconfig('admin', 'admintoken'))
        self.other = User('other', self.write_kubeconfig('other', 'othertoken'))

    def _keys(self):
        key, public = self.folder / 'sa.key', self.folder / 'sa.pub'
        for argv in (['openssl', 'genrsa', '-out', key, '2048'],
                     ['openssl', 'rsa', '-in', key, '-pubout', '-out', public]):
            subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _is_ready(self):
        try:
            self.client = Client(self.port, 'admintoken', self.ca)
            return self.client.request('GET', '/readyz') == 'ok'
        except (OSError, ApiError):
            return False

    def write_kubeconfig(self, name, token):
        path = self.folder / f'{name}.kubeconfig'
        path.write_text(json.dumps({
            'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'lab',
            'clusters': [{'name': 'lab',
                          'cluster': {'server': f'https://127.0.0.1:{self.port}',
                                      'certificate-authority': str(self.ca)}}],
            'users': [{'name': name, 'user': {'token': token}}],
            'contexts': [{'name': 'lab', 'context': {'cluster': 'lab', 'user': name}}],
        }, indent=1))
        path.chmod(0o600)
        return path

    # --- what is in it ---

    def kubectl(self, *args, stdin=None):
        """Runs kubectl as admin and returns its output; raises with its words when it fails."""
        done = subprocess.run([self.parts / 'stack', 'kubectl', '--kubeconfig', self.admin.kubeconfig, *map(str, args)],
                              input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f'kubectl {" ".join(map(str, args))}: {done.stderr.strip()}')
        return done.stdout

    def install(self, deploy=DEPLOY, crds=()):
        """What an installation has: the mesh's CRDs, and CRDs, namespace, RBAC and admission policy of deploy/. `crds`
        replaces the latter's CRDs."""
        self.create_crds(self.parts / 'istio-crds.yaml', *(crds or sorted((deploy / 'crds').glob('*.yaml'))))
        self.kubectl('apply', '-f', deploy / 'namespace.yaml', '-f', deploy / 'rbac.yaml', '-f',
                     deploy / 'admission.yaml')

    def create_crds(self, *files):
        self.kubectl('create', *[word for path in files for word in ('-f', path)])
        self.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s')

    def engine_user(self, name):
        """A user with a new token of the ServiceAccount that deploy/ binds its ClusterRole to: what the engine may do
        in a cluster, and no more."""
        subject = self.client.get('ClusterRoleBinding', None, 'sluice')['subjects'][0]
        return self.token_user(name, subject['namespace'], subject['name'])

    def token_user(self, name, namespace, account):
        """A user with a new token of this ServiceAccount. Two scenarios may have accounts of one name."""
        path = self.client.path('ServiceAccount', namespace, account, 'token')
        answer = self.client.request('POST', path, {
            'apiVersion': 'authentication.k8s.io/v1', 'kind': 'TokenRequest', 'spec': {'expirationSeconds': 24 * 3600}})
        token = answer['status']['token']
        return User(name, self.write_kubeconfig(f'{namespace}-{name}', token), token_id(token))

    def audit(self, user):
        """The requests a user made so far, each once, in order: {verb, uri, time, code, stage, agent}. A watch that
        goes on is in it."""
        requests = {}
        for line in open(self.folder / 'audit.log', encoding='utf-8'):
            if not line.endswith('\n'):
                break  # being written
            entry = json.loads(line)
            if user.sent(entry):
                requests.setdefault(entry['auditID'], {
                    'verb': entry['verb'], 'uri': entry['requestURI'], 'time': entry['requestReceivedTimestamp'],
                    'code': entry.get('responseStatus', {}).get('code'), 'stage': entry['stage'],
                    'agent': entry.get('userAgent', ''), 'resource': entry.get('objectRef', {}).get('resource', '')})
        return sorted(requests.values(), key=lambda request: request['time'])


def token_id(token):
    """The jti of a JSON Web Token, by which the audit log names it."""
    claims = token.split('.')[1]
    return json.loads(base64.urlsafe_b64decode(claims + '=' * (-len(claims) % 4)))['jti']

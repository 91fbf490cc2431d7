"""What the chart makes of values, without an installation."""
import copy
import re
import tarfile

import matrix
import matrix_loadtester
import real_helm
import yaml
from chart_scenario import KUBERNETES, ChartScenario, make_namespace
from matrix import Objects
from real_helm import DEPLOY

FILES = ('rbac', 'roles', 'admission', 'verbs')  # of deploy/, that the chart makes its objects of


def leaves(values, path=()):
    """(path, value) of everything that has nothing below it."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def put(values, path, value):
    for key in path[:-1]:
        values = values.setdefault(key, {})
    values[path[-1]] = value


class Matrix(ChartScenario):
    when, rows = 'apart', matrix.ROWS

    @classmethod
    def prepare(cls, lab):
        """The namespaces that the rows name."""
        for name in ('matrix', 'shop', 'monitoring'):
            make_namespace(lab, name)

    def test_rendered(self):
        """Each row gives what it is to give, and a real API server takes every object of it, with no field that it does
        not know."""
        self.each(self.rows, self.check)

    def check(self, name, row):
        values, is_right = row
        text = self.render(values)
        self.assertIsNot(False, is_right(Objects(text)), text)
        self.lab.kubectl('apply', '--server-side', '--dry-run=server', '--force-conflicts', '--validate=strict', '-f',
                         '-', stdin=text)


class Policies(ChartScenario):
    """Which clusters get the admission policies: never are they left out without a word."""
    when = 'apart'
    old = ('--kube-version', '1.29.0')
    asked = ('--api-versions', 'apps/v1/Deployment')  # the kinds of a cluster are known
    served = ('--api-versions', 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy')

    rows = {
        'no cluster': ('auto', old, 2),
        'a cluster that serves them': ('auto', (*KUBERNETES, *asked, *served), 2),
        'a cluster that is too old': ('auto', (*old, *asked), 0),
        'forced': (True, (*old, *asked), 2),
        'forbidden': (False, (*KUBERNETES, *asked, *served), 0),
    }

    def test_made(self):
        self.each(self.rows, self.check)

    def check(self, _, row):
        create, cluster, wanted = row
        made = Objects(self.helm('template', 'rel', self.chart, *cluster, '--values',
                                 self.values_file({'admissionPolicies': {'create': create}})))
        for kind in ('ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'):
            self.assertEqual(wanted, len(made.of(kind)), kind)

    def test_told(self):
        self.assertIn('There are no admission policies, as admissionPolicies.create is false',
                      self.notes_of({'crd': {'create': False}, 'admissionPolicies': {'create': False}}))
        self.assertNotIn('There are no admission policies', self.notes_of({'crd': {'create': False}}))


class MatrixOfLoadtester(Matrix):
    chart, rows = real_helm.LOADTESTER, matrix_loadtester.ROWS


class Files(ChartScenario):
    when = 'apart'

    def test_lint(self):
        told = self.helm('lint', '--strict', *KUBERNETES, real_helm.CHART, real_helm.LOADTESTER)
        self.assertIn('2 chart(s) linted, 0 chart(s) failed', told)

    def test_package(self):
        """What is packed has the files of deploy/ themselves, not links to them, and renders the same."""
        out = self.lab.folder / 'packed'
        self.helm('package', real_helm.CHART, '--destination', out)
        packed = next(out.glob('sluice-*.tgz'))
        with tarfile.open(packed) as archive:
            members = {member.name: member for member in archive.getmembers()}
            self.assertEqual([], [name for name, member in members.items() if not member.isfile()])
            for path in [*(DEPLOY / 'crds').iterdir(), *(DEPLOY / f'{n}.yaml' for n in FILES)]:
                inside = f'sluice/files/{path.relative_to(DEPLOY)}'
                self.assertEqual(path.read_bytes(), archive.extractfile(inside).read(), inside)
        self.assertEqual(self.render({}), self.render({}, chart=packed))

    def test_version(self):
        version = re.search(r'project\(sluice VERSION (\S+)', (real_helm.ROOT / 'CMakeLists.txt').read_text()).group(1)
        for chart in (real_helm.CHART, real_helm.LOADTESTER):
            self.assertEqual(version, yaml.safe_load((chart / 'Chart.yaml').read_text())['appVersion'])

    def test_same_loadtester(self):
        """As deploy/loadtester.yaml, which takes the name that the tutorial has for the chart's."""
        theirs = self.by_name(Objects((DEPLOY / 'loadtester.yaml').read_text()))
        mine = self.by_name(Objects(self.render({'nameOverride': 'flagger-loadtester'}, release='flagger-loadtester',
                                                chart=real_helm.LOADTESTER)))
        self.assert_same(theirs, mine)

    def test_same_as_kustomize(self):
        """With the values that deploy/deployment.yaml has, the chart makes what `kubectl apply -k deploy` makes."""
        values = {'metricsServer': 'http://prometheus.istio-system:9090', 'meshProvider': 'istio',
                  'includeLabelPrefix': 'app.kubernetes.io'}
        mine = self.by_name(self.objects(values, release='sluice', namespace='sluice-system'))
        theirs = self.by_name(Objects(self.lab.kubectl('kustomize', DEPLOY)))
        del theirs['Namespace sluice-system']  # helm's --create-namespace
        self.assert_same(theirs, mine)

    def assert_same(self, theirs, mine):
        self.assertEqual(sorted(theirs), sorted(mine))
        for name, thing in theirs.items():
            with self.subTest(name):
                self.assertEqual(thing, mine[name])

    def by_name(self, objects):
        return {f"{thing['kind']} {thing['metadata']['name']}": without_marks(thing) for thing in objects.all}


def without_marks(thing):
    """The object without what only helm writes, and with its arguments in order."""
    marks = {'helm.sh/chart', 'helm.sh/resource-policy', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/instance',
             'app.kubernetes.io/version', 'imagePullPolicy'}
    if isinstance(thing, list):
        return [without_marks(inner) for inner in thing]
    if not isinstance(thing, dict):
        return thing
    kept = {key: without_marks(value) for key, value in thing.items() if key not in marks}
    if 'args' in kept:
        kept['args'] = sorted(kept['args'])
    if 'metadata' in kept:
        kept['metadata'].pop('namespace', None)
        for key in ('labels', 'annotations'):
            rest = {name: value for name, value in kept['metadata'].get(key, {}).items()
                    if name not in ('app.kubernetes.io/name', 'app')}
            kept['metadata'].pop(key, None)
            kept['metadata'].update({key: rest} if rest else {})
    return kept


class Refusals(ChartScenario):
    when = 'apart'

    rows = {
        'a name': ({'metricServer': 'http://p'}, "additional properties 'metricServer' not allowed"),
        'an inner name': ({'slack': {'chanel': 'ops'}}, "'/slack': additional properties 'chanel' not allowed"),
        'a mesh': ({'meshProvider': 'linkerd'}, "'/meshProvider': value must be one of"),
        'a log level': ({'logLevel': 'loud'}, "'/logLevel': value must be one of"),
        'a text for a switch': ({'crd': {'create': 'no'}}, "'/crd/create': got string, want boolean"),
        'no URL': ({'metricsServer': 'prometheus:9090'}, "'/metricsServer': 'prometheus:9090' does not match"),
        'a digest': ({'image': {'digest': 'latest'}}, "'/image/digest': 'latest' does not match"),
        'a page without a host': ({'alertRules': {'runbookUrl': 'docs/runbook.md'}}, "'/alertRules/runbookUrl': 'docs"),
        'a namespace': ({'namespace': 'My_Shop'}, "'/namespace': 'My_Shop' does not match"),
        'an argument': ({'extraArgs': ['scripts=/x']}, "'/extraArgs/0': 'scripts=/x' does not match"),
        'a script': ({'scripts': {'strategies': {'../x': ''}}}, "'../x' does not match"),
        'a text for policies': ({'admissionPolicies': {'create': 'yes'}}, "'/admissionPolicies/create': value must be"),
        'no word on policies': ({'admissionPolicies': {'create': None}}, "missing property 'create'"),
        'an account': ({'admissionPolicies': {'accounts': ["x' || true"]}}, 'does not match'),
        "Flagger's image": ({'image': {'repository': 'mirror.example.com/fluxcd/flagger'}}, "is Flagger's image"),
        'two kubeconfigs': ({'istio': {'kubeconfig': {'secretName': 'a'}},
                             'controlplane': {'kubeconfig': {'secretName': 'b'}}}, '(b) and its older name'),
        'a path without a slash': ({'dashboard': {'prefix': 'x'}}, "'/dashboard/prefix': 'x' does not match"),
        'a port that is taken': ({'dashboard': {'enabled': True, 'port': 8080}}, 'dashboard.port: 8080 is the port of'),
        'a label of the selector': ({'podLabels': {'app.kubernetes.io/name': 'x'}},
                                    'podLabels: app.kubernetes.io/name is of the chart'),
    }

    def test_typos(self):
        """A name or a value that is not one is refused, and the text has the place."""
        self.each(self.rows, lambda name, row: self.assertIn(row[1], self.refusal(row[0])))


class RefusalsOfLoadtester(Refusals):
    chart = real_helm.LOADTESTER
    rows = {
        'a rate': ({'limits': {'rate': -5}}, "'/limits/rate': minimum: got -5, want 1"),
        'no workers': ({'limits': {'workers': 0}}, "'/limits/workers': minimum: got 0, want 1"),
        'tasks': ({'limits': {'tasks': '0'}}, "'/limits/tasks': '0' does not match"),
        'processes': ({'limits': {'processes': 1000001}}, "'/limits/processes': maximum: got"),
        'two programs': ({'cmd': {'allow': ['curl grep']}}, "'/cmd/allow/0': 'curl grep' does not match"),
        'hey': ({'cmd': {'allow': ['hey']}}, 'cmd.allow: hey: its command lines are played without the program'),
        'a variable': ({'cmd': {'environment': ['A-B']}}, "'/cmd/environment/0': 'A-B' does not match"),
        'a time': ({'cmd': {'timeout': '1.5.2h'}}, "'/cmd/timeout': '1.5.2h' does not match"),
        'a label of the Service': ({'podLabels': {'app': 'x'}}, 'podLabels: app is of the chart'),
    }


class Values(ChartScenario):
    when = 'apart'
    usual = {'crd': {'create': False}}  # others may be at work with them
    theirs = 'flagger-values.yaml'
    # What Flagger's templates read besides its values.yaml.
    unlisted = ('slack.proxyUrl', 'msteams.proxyUrl', 'threadiness', 'includeLabelPrefix', 'annotations',
                'serviceMonitor.namespace', 'serviceMonitor.labels')

    def setUp(self):
        super().setUp()
        self.flaggers = yaml.safe_load((real_helm.folder() / self.theirs).read_text())
        self.defaults = yaml.safe_load((self.chart / 'values.yaml').read_text())
        self.idle = yaml.safe_load((self.chart / 'files' / 'idle.yaml').read_text())

    def test_all_of_flaggers(self):
        """The whole file of Flagger 1.44 is taken, but for its image; and what its templates read besides."""
        del self.flaggers['image']
        for path in self.unlisted:
            self.assertIn(tuple(path.split('.')), dict(leaves(self.defaults)), path)
        self.assertEqual('enabled' if self.chart == real_helm.CHART else None, self.objects(self.flaggers).one(
            'Deployment')['spec']['template']['metadata']['annotations'].get('linkerd.io/inject'))

    def test_schema_has_all(self):
        """Every value of values.yaml is in the schema, and the other way round."""
        schema = yaml.safe_load((self.chart / 'values.schema.json').read_text())

        def names(node, path=()):
            node = schema['$defs'][node['$ref'].rpartition('/')[2]] if '$ref' in node else node
            if 'properties' not in node:
                return {path}
            self.assertIs(False, node.get('additionalProperties'), path)
            return set().union(*(names(inner, (*path, key)) for key, inner in node['properties'].items()))

        known = names(schema) - {('global',)}  # helm's own
        declared = {next((path[:n] for n in range(1, len(path) + 1) if path[:n] in known), path)
                    for path, _ in leaves(self.defaults)}
        self.assertEqual(known, declared)

    def test_null(self):
        """Groups and lists of which nothing is left: the chart does without, or helm says which one is missing."""
        groups = {path[:n] for path, _ in leaves(self.defaults) for n in range(1, len(path))}
        lists = {path for path, value in leaves(self.defaults) if isinstance(value, list)}
        self.each({path: path for path in sorted(groups | lists)}, self.check_null)

    def check_null(self, _, path):
        values = {}
        put(values, path, None)
        try:
            self.render(values)
        except real_helm.Refused as refused:
            self.assertIn(f"missing property '{path[-1]}'", str(refused))

    def test_idle_is_told(self):
        """A value that does nothing is told of where it was given, with the reason that docs/install.md has."""
        self.assertNotIn('has no meaning', self.notes_of(self.usual))
        page = (real_helm.ROOT / 'docs' / 'install.md').read_text()
        given, wanted = copy.deepcopy(self.usual), []
        for row in self.idle:
            path = tuple(row['value'].split('.'))
            usual = dict(leaves(self.defaults))[path]
            put(given, path, not usual if isinstance(usual, bool) else [{}] if usual == [] else '20')
            wanted.append(f"{row['value']} has no meaning here: {row['why']}.")
            self.assertRegex(page, rf"\n\| `{row['value']}` \| .* \| Accepted, no meaning here: {row['why']}\.")
        told = [line for line in self.notes_of(given).splitlines() if 'has no meaning' in line]
        self.assertEqual(wanted, told)

    def test_tag_of_another_version(self):
        """Flagger's tag in a file whose repository was replaced is an image that nobody has built; the notes say so."""
        version = yaml.safe_load((self.chart / 'Chart.yaml').read_text())['appVersion']
        tag = self.flaggers['image']['tag']
        rows = {'none': ({}, False), 'its own': ({'tag': version}, False), 'another': ({'tag': tag}, True),
                'a digest wins': ({'tag': tag, 'digest': f'sha256:{"0" * 64}'}, False)}
        told = f'image.tag is {tag}, and this chart is that of Sluice {version}: '
        self.each(rows, lambda _, row: self.assertEqual(row[1], told in self.notes_of({**self.usual, 'image': row[0]})))


class ValuesOfLoadtester(Values):
    usual = {}
    chart, theirs, unlisted = real_helm.LOADTESTER, 'flagger-loadtester/values.yaml', ('backends',)

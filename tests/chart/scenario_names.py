"""Names of a user's choice in what the charts render: they stay texts, and nothing else comes of them."""
import real_helm
from chart_scenario import ChartScenario

TO_YAML = ('0123', '0x1f', 'on', 'null')  # names that YAML reads as another type when they are bare
TO_CEL = "a'] || true || 'x' in ['y"
TO_TEMPLATES = ('x\n  labels: {}', 'x\n---\napiVersion: v1\nkind: Secret', '"', 'a: b', 'My_Name', '-x')
NAMES = {
    real_helm.CHART: ('namespace', 'image.pullSecret', 'podPriorityClassName', 'serviceAccount.name', 'nameOverride',
                      'fullnameOverride', 'controlplane.kubeconfig.secretName', 'serviceMonitor.namespace',
                      'podMonitor.namespace', 'alertRules.namespace', 'dashboards.namespace'),
    real_helm.LOADTESTER: ('image.pullSecret', 'podPriorityClassName', 'serviceAccountName', 'nameOverride',
                           'fullnameOverride'),
}
ENABLED = {
    real_helm.CHART: {**{f'{group}.enabled': True for group in (
        'dashboard', 'podDisruptionBudget', 'networkPolicy', 'serviceMonitor', 'podMonitor', 'alertRules',
        'dashboards')}, 'dashboard.service': True, 'scripts.checks.mine': 'return {}'},
    real_helm.LOADTESTER: {'podDisruptionBudget.enabled': True, 'networkPolicy.enabled': True, 'istio.enabled': True,
                           'istio.gateway.enabled': True, 'istio.tls.enabled': True, 'rbac.create': True},
}
CHARTS = tuple(NAMES)


def nested(values):
    """{'a.b': 1} as {'a': {'b': 1}}."""
    found = {}
    for path, value in values.items():
        *groups, key = path.split('.')
        inner = found
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[key] = value
    return found


def types(thing):
    """An object with the type of each value in its place."""
    if isinstance(thing, dict):
        return {str(key): types(value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [types(inner) for inner in thing]
    return type(thing).__name__


class Names(ChartScenario):
    when = 'apart'

    def test_stay_texts(self):
        """Wherever a name is written, one that YAML could read as a number, a switch or nothing is a text, too: that of
        the release, its namespace, and those of values."""
        rows = {(chart.name, name, bool(paths)): (chart, name, paths)
                for chart in CHARTS for name in TO_YAML for paths in ((), NAMES[chart])}
        self.each(rows, lambda _, row: self.assertEqual(self.types_with('abc', row), self.types_with(row[1], row)))

    def types_with(self, name, row):
        chart, _, paths = row
        values = nested({**ENABLED[chart], **dict.fromkeys(paths, name)})
        return [types(thing) for thing in self.objects(values, release=name, namespace=name, chart=chart).all]

    def test_are_nothing_else(self):
        """A value that is no name is refused where it stands, before it comes into YAML or into a policy's CEL."""
        rows = {(chart.name, path, text): (chart, path, text)
                for chart in CHARTS for path in NAMES[chart] for text in ('-x', *TO_TEMPLATES[:1], TO_CEL)}
        rows.update({(path, text): (real_helm.CHART, path, text)
                     for path in ('serviceMonitor.namespace', 'serviceAccount.name') for text in TO_TEMPLATES})
        self.each(rows, self.check_refused)

    def check_refused(self, _, row):
        chart, path, text = row
        self.assertIn(f"'/{path.replace('.', '/')}': ", self.refusal(nested({path: text}), chart=chart))

    def test_accounts_of_policies(self):
        """An account that YAML would read as more than a text is one of the expression's list; one that would end its
        text is refused."""
        policy = self.objects({'admissionPolicies': {'accounts': ['a: b #c']}}).of('ValidatingAdmissionPolicy')[0]
        self.assertEqual("request.userInfo.username in ['system:serviceaccount:matrix:rel-sluice', 'a: b #c']",
                         policy['spec']['variables'][0]['expression'])
        for account in (TO_CEL, 'a\\', 'a\nb'):
            with self.subTest(account):
                self.assertIn("'/admissionPolicies/accounts/0': ",
                              self.refusal({'admissionPolicies': {'accounts': [account]}}))

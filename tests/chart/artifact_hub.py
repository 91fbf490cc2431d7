"""The annotations of a Chart.yaml that Artifact Hub documents
(https://artifacthub.io/docs/topics/annotations/helm): what is wrong with them."""
import re

import yaml

PREFIX = 'artifacthub.io/'
BOOLEANS = ('containsSecurityUpdates', 'operator', 'prerelease')
CATEGORIES = ('ai-machine-learning', 'database', 'integration-delivery', 'monitoring-logging', 'networking', 'security',
              'storage', 'streaming-messaging')
CAPABILITIES = ('Basic Install', 'Seamless Upgrades', 'Full Lifecycle', 'Deep Insights', 'Auto Pilot')
KINDS_OF_CHANGES = ('added', 'changed', 'deprecated', 'removed', 'fixed', 'security')
# Of each list: the fields that an item must have, and those that it may have.
LISTS = {
    'changes': (('kind', 'description'), ('links',)),
    'crds': (('kind', 'version', 'name', 'displayName', 'description'), ()),
    'crdsExamples': (('apiVersion', 'kind', 'metadata', 'spec'), ()),
    'images': (('image',), ('name', 'whitelisted', 'platforms')),
    'links': (('name', 'url'), ()),
    'maintainers': (('name', 'email'), ()),
    'recommendations': (('url',), ()),
    'screenshots': (('title', 'url'), ()),
}
TEXTS = ('alternativeName', 'category', 'license', 'operatorCapabilities')


def read(chart):
    """{name: value} of a Chart.yaml, lists as lists."""
    texts = {name.removeprefix(PREFIX): text for name, text in chart.get('annotations', {}).items()
             if name.startswith(PREFIX)}
    return {name: yaml.safe_load(text) if name in LISTS else text for name, text in texts.items()}


def faults_of_item(name, item):
    must, may = LISTS[name]
    if not isinstance(item, dict):
        yield f'{name}: {item!r} is no object'
        return
    yield from (f'{name}: {field} is missing in {item}' for field in must if field not in item)
    yield from (f'{name}: there is no field {field}' for field in item if field not in (*must, *may))
    if not re.fullmatch(r'https://\S+', item.get('url', 'https://-')):
        yield f'{name}: {item["url"]!r} is no address'
    if name == 'changes' and item.get('kind') not in KINDS_OF_CHANGES:
        yield f'changes: {item.get("kind")!r} is none of {KINDS_OF_CHANGES}'


def faults(chart):
    """What Artifact Hub would refuse or leave out, in lines."""
    for name, value in read(chart).items():
        if name in LISTS:
            if not isinstance(value, list) or not value:
                yield f'{name}: a list is wanted'
                continue
            for item in value:
                yield from faults_of_item(name, item)
        elif not isinstance(value, str):
            yield f'{name}: a text is wanted, got {value!r}'
        elif name in BOOLEANS and value not in ('true', 'false'):
            yield f'{name}: {value!r} is neither "true" nor "false"'
        elif name == 'category' and value not in CATEGORIES:
            yield f'category: {value!r} is none of {CATEGORIES}'
        elif name == 'operatorCapabilities' and value not in CAPABILITIES:
            yield f'operatorCapabilities: {value!r} is none of {CAPABILITIES}'
        elif name not in (*BOOLEANS, *TEXTS):
            yield f'{PREFIX}{name} is no annotation of Artifact Hub'

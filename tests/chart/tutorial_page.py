#!/usr/bin/env python3
"""docs/tutorial.md as it is typed: its files, its commands, and what each of them said. tutorial.py types the page, so
the commands of the two cannot differ. Run by itself this checks what must hold of the page, whoever edits it."""
import pathlib
import re
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'tutorial.md'
CANARY = ROOT / 'examples' / 'tutorial' / 'canary.yaml'
CONSOLE = re.compile(r'^```console\n(.*?)^```\n', flags=re.S | re.M)
FILE = re.compile(r'`([\w-]+\.yaml)`[^`]*\n\n```yaml\n(.*?)^```\n', flags=re.S | re.M)

# What is done beside a command, as a cluster's or a person's part (tutorial.py), and how often the page has it.
ENGINE = re.compile(r'h upgrade -i flagger ')
LOADTESTER = re.compile(r'h upgrade -i flagger-loadtester ')
INITIALISED = re.compile(r'.* apply -f examples/tutorial/canary\.yaml$')
RELEASE = re.compile(r'.* set image deployment/podinfo ')
ERRORS = re.compile(r'watch curl ')
LOOP = re.compile(r'while true; do\n')
BESIDE = {ENGINE: 1, LOADTESTER: 1, INITIALISED: 1, RELEASE: 2, ERRORS: 1, LOOP: 2}
# What is said in each of the two loops, in this order. An event that came too often is only the last one of its kind.
PROMOTED = (*(f'Advance podinfo.test canary weight {weight}' for weight in (10, 20, 30, 40)),
            'Promotion completed! Scaling down podinfo.test')
TAKEN_BACK = ('Halt podinfo.test advancement success rate',
              'Rolling back podinfo.test failed checks threshold reached 5', 'Canary failed! Scaling down podinfo.test')


def files(page):
    """{name: text} of what the reader saves."""
    return dict(FILE.findall(page))


def is_whole(command):
    """Would a shell run it, or ask for more lines?"""
    return not command.endswith('\\') and subprocess.run(['bash', '-n', '-c', command], check=False,
                                                         stderr=subprocess.DEVNULL).returncode == 0


def steps(block):
    """(command, what it said) of a block of `console`."""
    for text in re.split(r'^\$ ', block, flags=re.M)[1:]:
        lines = text.splitlines()
        ends = next(end for end in range(1, len(lines) + 1) if is_whole('\n'.join(lines[:end])))
        yield '\n'.join(lines[:ends]), '\n'.join(lines[ends:])


def typed(page, say):
    """The page with what each command says now: say(command)."""
    def again(block):
        told = (f'$ {command}\n{said}' for command, _ in steps(block.group(1)) for said in [say(command)])
        return '```console\n' + '\n'.join(text.rstrip() for text in told) + '\n```\n'
    return CONSOLE.sub(again, page)


def transcript(page):
    return [step for block in CONSOLE.findall(page) for step in steps(block)]


def commands(said):
    """Each thing that tutorial.py does beside the page has its place there, and no other."""
    for pattern, times in BESIDE.items():
        found = sum(bool(pattern.match(command)) for command, _ in said)
        if found != times:
            yield f'{found} commands are like "{pattern.pattern}", instead of {times}'
    for command, _ in said:
        for path in re.findall(r'\b(?:deploy|examples)/[\w./-]+', command):
            if not (ROOT / path).exists():
                yield f'{command}: there is no {path}'


def outcome(said):
    """The transcript is of one walk: promoted, and then taken back by the 500s."""
    loops = [told for command, told in said if LOOP.match(command)]
    for told, wanted in zip(loops, (PROMOTED, TAKEN_BACK)):
        found = [told.find(text) for text in wanted]
        if -1 in found or found != sorted(found):
            yield f'not told in this order by a loop: {"; ".join(wanted)}'
    phases = [line.split()[2] for command, told in said if ' get canaries ' in command
              for line in told.splitlines()[1:]]
    if phases != ['Initialized', 'Succeeded', 'Failed']:
        yield f'the Canary was {", ".join(phases) or "never shown"}, instead of Initialized, Succeeded, Failed'
    if not any('condition=promoted' in command and told.endswith(' condition met') for command, told in said):
        yield 'no command waited for condition=promoted'


def objects(said):
    """What is said of the files of this repository is what they have in them."""
    of_crds = [each['metadata']['name'] for path in sorted((ROOT / 'deploy/crds').glob('*.yaml'))
               for each in yaml.safe_load_all(path.read_text())]
    of_podinfo = [each['metadata']['name'] for each in
                  yaml.safe_load_all((CANARY.parent / 'podinfo.yaml').read_text())]
    for ending, names in (('deploy/crds', of_crds), ('podinfo.yaml', of_podinfo)):
        told = [told for command, told in said if command.endswith(f'-f {ending}') or command.endswith(f'/{ending}')]
        shown = [line.split()[0].split('/')[1] for line in '\n'.join(told).splitlines()]
        if shown != names:
            yield f'{ending} has {", ".join(names)}, and the page {", ".join(shown) or "none"}'
    version = yaml.safe_load((ROOT / 'deploy/charts/sluice/Chart.yaml').read_text())['appVersion']
    if not any(f'Sluice {version} looks after' in told for _, told in said):
        yield f'the notes of helm are not those of {version}'


def fields(page):
    """The table of the analysis has the values of the Canary."""
    analysis = yaml.safe_load(CANARY.read_text())['spec']['analysis']
    ranges = {f'{metric["name"]}.{bound}': value for metric in analysis['metrics']
              for bound, value in metric['thresholdRange'].items()}
    wanted = {**{name: analysis[name] for name in ('interval', 'stepWeight', 'maxWeight', 'threshold')}, **ranges}
    shown = dict(re.findall(r'^\| `([\w.-]+)` \| (\w+) \|', page, flags=re.M))
    if shown != {name: str(value) for name, value in wanted.items()}:
        yield f'the Canary has {wanted}, and the table {shown}'


def faults(page):
    said = transcript(page)
    return [*commands(said), *outcome(said), *objects(said), *fields(page)]


if __name__ == '__main__':
    found = faults(PAGE.read_text())
    sys.exit('\n'.join(f'{PAGE.relative_to(ROOT)}: {fault}' for fault in found) or 0)

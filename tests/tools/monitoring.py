#!/usr/bin/env python3
"""The dashboards and alert rules of deploy, held to what an engine says at /metrics.

    monitoring.py rules           the rules and their tests, by promtool; each alert fires in one, and is silent in one
    monitoring.py runbook FILE    each alert fires in the situation that it is about, and is silent at the end of it:
                                  the namespaces of the series are the names of alerts (behind a / which cause it is)
    monitoring.py boards FILE     every query of every panel has an answer in a Prometheus that has these series: lines
                                  "NAME{LABELS} VALUE MILLISECONDS", the series of a scraped engine

Exit status 77 and one line that says why where there is no Prometheus.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))
from processes import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / 'deploy/alerts/sluice.rules.yaml'
TESTS = ROOT / 'tests/tools/alerts.test.yaml'
PATIENCE_S = 60
# What Grafana puts in the place of its variables.
VARIABLES = {'$namespace': '.+', '$name': '.+', '$target': '.+', '$__rate_interval': '1m', '$__range': '3h'}


def fail(format, *args):
    sys.exit('monitoring.py: ' + format % args)


def documented():
    """The names of samples by docs/metrics.md, which tests/unit/notify/test_gauges.c holds to /metrics."""
    text = (ROOT / 'docs/metrics.md').read_text()
    rows = re.findall(r'^\| `((?:flagger|sluice|process)_\w+)` \| (\w+) \|', text, re.M)
    return {name + end for name, kind in rows
            for end in (('_bucket', '_sum', '_count') if kind == 'histogram' else ('',))}


def check_names(where, expression):
    for name in re.findall(r'\b(?:flagger|sluice|process)_\w+', expression):
        if name not in documented():
            fail('%s: %s is no metric of the engine', where, name)


# --- rules ---

def check_rules():
    for command in (['check', 'rules', RULES], ['test', 'rules', TESTS]):
        done = subprocess.run(['promtool', *map(str, command)], capture_output=True, text=True)
        if done.returncode != 0:
            fail('promtool %s: %s%s', ' '.join(command[:2]), done.stdout, done.stderr)
    check_names(RULES.name, re.sub(r'^\s+(#|description:).*', '', RULES.read_text(), flags=re.M))
    headings = re.findall(r'^## (\w+)$', (ROOT / 'docs/runbook.md').read_text(), re.M)
    for alert, body in re.findall(r'- alert: (\w+)\n(.*?)(?=\n      - alert:|\Z)', RULES.read_text(), re.S):
        if f'runbook_url: docs/runbook.md#{alert.lower()}\n' not in body + '\n' or alert not in headings:
            fail('%s: docs/runbook.md has no section of that name, or the rule does not name it', alert)
        cases = re.findall(rf'alertname: {alert}\b(.*?)(?=alertname:|- name:|\Z)', TESTS.read_text(), re.S)
        silent = [case for case in cases if 'exp_alerts: []' in case]
        if not silent or len(silent) == len(cases):
            fail('%s: alerts.test.yaml must have a case in which it fires, and one in which it does not', alert)


# --- the runbook ---

SECONDS = {'s': 1, 'm': 60, 'h': 3600}


def rules():
    """(alert, expression, seconds that it must be so) of each."""
    for rule in yaml.safe_load(RULES.read_text())['groups'][0]['rules']:
        time_ = rule.get('for', '0s')
        yield rule['alert'], rule['expr'], int(time_[:-1]) * SECONDS[time_[-1]]


def firing(server, story, expression, for_s, begin_s, end_s):
    """The seconds at which it fires about a story."""
    step = 15
    if 'absent(' in expression:  # it has no namespace, and the other stories have engines
        expression = expression.replace('absent(flagger_info', f'absent(flagger_info{{instance="{story}"}}')
    at = set()
    for series in server.ask(expression, begin_s, end_s, step):
        if series['metric'].get('namespace', story) == story:
            times = [float(at_s) for at_s, _ in series['values']]
            so = set(times)
            at |= {one for one in times if all(one - back in so for back in range(0, for_s + 1, step))}
    return at


def check_runbook(lines):
    spans = {}
    for line in lines:
        story, at = re.search(r'instance="([^"]+)"', line).group(1), int(line.rsplit(' ', 1)[1]) // 1000
        begin, end = spans.get(story, (at, at))
        spans[story] = min(begin, at), max(end, at)
    with tempfile.TemporaryDirectory() as folder:
        server = Prometheus(pathlib.Path(folder), lines)
        try:
            server.await_ready()
            for alert, expression, for_s in rules():
                about = [story for story in spans if story.partition('/')[0] == alert]
                if not about:
                    fail('%s: spec/runbook_stories.lua has no story of it', alert)
                for story in about:
                    begin, end = spans[story]
                    at = firing(server, story, expression, for_s, begin, end)
                    if not at:
                        fail('%s does not fire', story)
                    if max(at) > end - 60:
                        fail('%s still fires at the end of what docs/runbook.md says', story)
        finally:
            server.close()


# --- dashboards ---

def queries(board):
    for panel in board['panels']:
        for target in panel.get('targets', []):
            yield panel['title'], target['expr']


def lie_over(a, b):
    return (a['x'] < b['x'] + b['w'] and b['x'] < a['x'] + a['w'] and
            a['y'] < b['y'] + b['h'] and b['y'] < a['y'] + a['h'])


def check_shape(path, board):
    """What Grafana takes without a word, and shows wrong."""
    ids = [panel['id'] for panel in board['panels']]
    if len(set(ids)) != len(ids):
        fail('%s: two panels have one id', path.name)
    places = [(panel['title'], panel['gridPos']) for panel in board['panels']]
    for i, (title, a) in enumerate(places):
        if a['x'] + a['w'] > 24:
            fail('%s: "%s" stands beyond the right edge', path.name, title)
        for other, b in places[:i]:
            if lie_over(a, b):
                fail('%s: "%s" lies over "%s"', path.name, title, other)
    known = {variable['name'] for variable in board['templating']['list']} | {'__rate_interval', '__range'}
    for title, expression in queries(board):
        for name in re.findall(r'\$(\w+)', expression):
            if name not in known:
                fail('%s: "%s" uses $%s, which is no variable', path.name, title, name)


def filled_in(expression):
    for name in sorted(VARIABLES, key=len, reverse=True):
        expression = expression.replace(name, VARIABLES[name])
    return expression


def openmetrics(lines):
    """Series by name, as text that promtool reads."""
    families = {}
    for line in lines:
        series, value, at = line.rsplit(' ', 2)
        families.setdefault(series.partition('{')[0], {}).setdefault(series, []).append((int(at), value))
    for name, series in sorted(families.items()):
        yield f'# TYPE {name} unknown\n'
        for text, points in sorted(series.items()):
            yield from (f'{text} {value} {at / 1000:.3f}\n' for at, value in sorted(points))
    yield '# EOF\n'


class Prometheus:
    def __init__(self, folder, lines):
        address = f'127.0.0.1:{free_port()}'
        self.url = f'http://{address}'
        (folder / 'series.txt').write_text(''.join(openmetrics(lines)))
        command = ['promtool', 'tsdb', 'create-blocks-from', 'openmetrics', folder / 'series.txt', folder / 'data']
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (folder / 'prometheus.yml').write_text('{}')
        self.process = subprocess.Popen(
            ['prometheus', f'--config.file={folder}/prometheus.yml', f'--storage.tsdb.path={folder}/data',
             f'--web.listen-address={address}', '--storage.tsdb.retention.time=100y'], stderr=subprocess.DEVNULL)

    def await_ready(self):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return urllib.request.urlopen(f'{self.url}/-/ready', timeout=5).close()
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    fail('prometheus does not become ready')
                time.sleep(0.05)

    def ask(self, expression, begin_s, end_s, step_s=30):
        """As a panel asks: over a time."""
        query = urllib.parse.urlencode({'query': expression, 'start': begin_s, 'end': end_s, 'step': step_s})
        try:
            with urllib.request.urlopen(f'{self.url}/api/v1/query_range?{query}', timeout=30) as answer:
                return json.load(answer)['data']['result']
        except urllib.error.HTTPError as error:
            fail('%s: %s', expression, error.read().decode())

    def close(self):
        self.process.terminate()
        self.process.wait()


def has_data(result):
    return any(value != 'NaN' for series in result for _, value in series['values'])


def check_boards(lines):
    times = [int(line.rsplit(' ', 1)[1]) // 1000 for line in lines]
    boards = {path: json.loads(path.read_text()) for path in sorted((ROOT / 'deploy/grafana').glob('*.json'))}
    if len(boards) < 2:
        fail('deploy/grafana has not the two dashboards')
    with tempfile.TemporaryDirectory() as folder:
        server = Prometheus(pathlib.Path(folder), lines)
        try:
            server.await_ready()
            for path, board in boards.items():
                check_shape(path, board)
                for title, expression in queries(board):
                    check_names(f'{path.name}, "{title}"', expression)
                    if not has_data(server.ask(filled_in(expression), min(times), max(times))):
                        fail('%s, "%s": no data: %s', path.name, title, expression)
        finally:
            server.close()


def main():
    if shutil.which('prometheus') is None or shutil.which('promtool') is None:
        print('there is no prometheus; scripts/setup installs it')
        return 77
    if sys.argv[1] == 'rules':
        check_rules()
    elif sys.argv[1] == 'runbook':
        check_runbook(pathlib.Path(sys.argv[2]).read_text().splitlines())
    else:
        check_boards(pathlib.Path(sys.argv[2]).read_text().splitlines())
    return 0


if __name__ == '__main__':
    sys.exit(main())

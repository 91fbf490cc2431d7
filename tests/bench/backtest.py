#!/usr/bin/env python3
"""What a back-test costs: a release every hour of a month, over the series of a hundred Pods.

    backtest.py [--days 30] [--pods 100] [--scrape 60] [--per-minute 2] [--every 1h] [--jobs N]

Writes what sluice record would have written of that month (errors of one in a thousand, and three spans with one in
ten), and plays the releases by two sets of rules side by side: Flagger's check of the success rate, and the sequential
test that the engine brings. One Pod in ten stands for the canary. Needs sluice of the release build (SLUICE_BUILD for
another folder).
"""
import argparse
import json
import os
import pathlib
import random
import resource
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('SLUICE_BUILD') or ROOT / 'build').resolve()
BEGIN_S = 1780272000  # 2026-06-01
BAD = ((4.51, 70), (12.9, 45), (23.02, 120))  # day, minutes
PER_MINUTE, ERRORS, BAD_ERRORS = 12, 0.001, 0.1
PLAIN = {'__name__': 'requests_total', 'workload': 'web'}
ISTIO = {'__name__': 'istio_requests_total', 'reporter': 'destination', 'destination_workload_namespace': 'shop',
         'destination_workload': 'web-primary'}


def joined(numbers):
    """Equal numbers in a row as one: 3 3 3 -> 3x3."""
    parts, last, count = [], None, 0
    for number in numbers:
        if number == last:
            count += 1
            continue
        if count:
            parts.append(f'{last}x{count}' if count > 1 else str(last))
        last, count = number, 1
    parts.append(f'{last}x{count}' if count > 1 else str(last))
    return ' '.join(parts)


def spans(bad):
    return [(BEGIN_S + day * 86400, BEGIN_S + day * 86400 + minutes * 60) for day, minutes in bad]


def grown(dice, count, scrape_s, bad, per_minute):
    """What was added to the counters of answers and of errors at each scrape."""
    answers, errors = [0], [0]
    per_scrape = per_minute * scrape_s // 60
    edges = spans(bad)
    for i in range(1, count):
        at = BEGIN_S + i * scrape_s
        share = BAD_ERRORS if any(begin <= at < end for begin, end in edges) else ERRORS
        failed = sum(dice.random() < share for _ in range(per_scrape)) if share > ERRORS else \
            dice.random() < share * per_scrape
        errors.append(int(failed))
        answers.append(per_scrape + dice.randint(-per_scrape // 3, per_scrape // 3) - int(failed))
    return answers, errors


def write_record(path, days, pods, scrape_s, bad=BAD, per_minute=PER_MINUTE, labels=PLAIN, code_label='code'):
    """The file of sluice record; how many samples it has."""
    dice, count = random.Random(1), int(days * 86400 / scrape_s)
    series = []
    for pod in range(pods):
        for code, numbers in zip(('200', '500'), grown(dice, count, scrape_s, bad, per_minute)):
            series.append({'labels': {**labels, 'pod': f'web-{pod:03}-x', code_label: code}, 'times': 0,
                           'values': joined(numbers)})
    path.write_text(json.dumps({
        'kind': 'sluice-record', 'version': 1, 'server': '2.42.0', 'from': BEGIN_S * 1000,
        'to': int(BEGIN_S + days * 86400) * 1000, 'lookback': 300000, 'selectors': [], 'notes': [],
        'times': [f'{BEGIN_S * 1000} {scrape_s * 1000}x{count - 1}'], 'series': series}))
    return 2 * pods * count


def canary_of(metrics):
    return {'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': 'web', 'namespace': 'shop'},
            'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'web'},
                     'service': {'port': 80},
                     'analysis': {'interval': '1m', 'threshold': 3, 'maxWeight': 50, 'stepWeight': 10,
                                  'metrics': metrics}}}


def canary(least):
    """With queries of its own, of PLAIN series."""
    errors = ('sum(rate(requests_total{workload="{{ target }}",code="500"}[5m])) / '
              'sum(rate(requests_total{workload="{{ target }}"}[5m]))')
    return canary_of([
        {'name': 'success', 'interval': '5m', 'thresholdRange': {'min': least}, 'query': f'100 * (1 - {errors})'},
        {'name': 'traffic', 'interval': '5m', 'thresholdRange': {'min': 0.1},
         'query': 'sum(rate(requests_total{workload="{{ target }}"}[5m]))'}])


RULES = {'fixed': [{'name': 'request-success-rate', 'interval': '2m', 'thresholdRange': {'min': 99}}],
         'sequential': [{'name': 'errors', 'interval': '2m', 'checkRef': {'name': 'sequential-success-rate'}}]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--days', type=float, default=30)
    parser.add_argument('--pods', type=int, default=100)
    parser.add_argument('--scrape', type=int, default=60, help='seconds between two samples (60)')
    parser.add_argument('--per-minute', type=int, default=2, help='requests of each Pod (2)')
    parser.add_argument('--every', default='1h')
    parser.add_argument('--jobs', default=str(os.cpu_count()))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        samples = write_record(top / 'june.json', args.days, args.pods, args.scrape, BAD, args.per_minute, ISTIO,
                               'response_code')
        for name, metrics in RULES.items():
            (top / f'{name}.json').write_text(json.dumps(canary_of(metrics)))
        print(f'{samples} samples of {2 * args.pods} series, '
              f'{(top / "june.json").stat().st_size / 1e6:.0f} MB', flush=True)
        bad = [word for begin, end in spans(BAD) if end < BEGIN_S + args.days * 86400 for word in
               ('--bad', '/'.join(time.strftime('%Y-%m-%dT%H:%M', time.gmtime(at)) for at in (begin, end)))]
        began = time.monotonic()
        subprocess.run([BUILD / 'sluice', 'backtest', '-f', top / 'fixed.json', '--name', 'fixed 99 %',
                        '--with', f'sequential={top / "sequential.json"}', '--data', top / 'june.json',
                        '--canary-share', '10%', '--every', args.every, '--jobs', args.jobs, *bad], check=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f'{time.monotonic() - began:.1f} s with reading the file, {used.ru_utime + used.ru_stime:.1f} s of CPU, '
              f'{used.ru_maxrss / 1024:.0f} MiB at most in a process')


if __name__ == '__main__':
    main()

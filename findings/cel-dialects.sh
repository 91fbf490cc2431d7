#!/usr/bin/env bash
# Expressions as Kubernetes' admission policies and Flux' health checks have them, by two CEL implementations for
# Python: cel-python 0.5.0 and common-expression-language 0.10.0 (a Rust core).
#
# Guess: both follow the language's definition: sizes in code points, a duration printed in seconds, no unit above
# hours, numbers of two types comparable.
# Seen: common-expression-language counts bytes (size('héllo') is 6) and prints 90 minutes as 1h30m0s where the
# definition has 5400s; cel-python takes duration('1d') for 24 hours, writes 1.0 for string(1.0), and has no comparison
# of 1 and 1.5 at all. A policy or a health check that is tested in CI by one of them may say another thing in the
# cluster.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cel-python==0.5.0 common-expression-language==0.10.0
venv/bin/python - > seen <<'PY'
import cel
import celpy

environment = celpy.Environment()


def by_cel_python(text):
    try:
        return str(environment.program(environment.compile(text)).evaluate({}))
    except celpy.CELEvalError:
        return 'error'


def by_common(text):
    try:
        return str(cel.evaluate(text))
    except RuntimeError:
        return 'error'


for text in ("size('héllo')", "string(duration('90m'))", "string(1.0)", "duration('1d') == duration('24h')",
             '1 < 1.5', '1 == 1.0'):
    print(f'{text} | {by_cel_python(text)} | {by_common(text)}')
PY
cat seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
size('héllo') | 5 | 6
string(duration('90m')) | 5400s | 1h30m0s
string(1.0) | 1.0 | 1
duration('1d') == duration('24h') | True | error
1 < 1.5 | error | True
1 == 1.0 | error | True
WANTED

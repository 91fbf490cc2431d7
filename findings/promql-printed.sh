#!/usr/bin/env bash
# Queries read by promql-parser 0.12.0 (PyPI, a binding of the crate of that name) and printed again, which is how a
# tool rewrites them.
#
# Guess: str() of a parsed query is a query that means the same, and prettify() too; a text in backquotes has no
# escapes, as Prometheus documents it, so `x\d` is a fine matcher; an offset of 0s is taken.
# Seen: str() loses the colon of a subquery without a step, so rate of a subquery becomes rate of the samples; it cuts
# a range of 1500ms to 1s; it does not escape quotes, so its text cannot be read again. prettify() keeps all three. A
# backquoted \d is an unknown escape, and offset 0s an error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check promql-parser==0.12.0
venv/bin/python - > seen <<'PY'
import promql_parser

for query in ('rate(foo[5m:])', 'foo[1500ms]', """foo{a='x"y'}""", r'foo{a=~`x\d`}', 'foo offset 0s'):
    try:
        tree = promql_parser.parse(query)
        print(query, '|', tree, '|', tree.prettify())
    except ValueError as problem:
        print(query, '|', problem)
PY
cat seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
rate(foo[5m:]) | rate(foo{}[5m]) | rate(foo[5m:])
foo[1500ms] | foo{}[1s] | foo[1s500ms]
foo{a='x"y'} | foo{a="x"y"} | foo{a="x\"y"}
foo{a=~`x\d`} | unknown escape sequence 'd'
foo offset 0s | duration must be greater than 0
WANTED

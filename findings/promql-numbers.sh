#!/usr/bin/env bash
# Numbers in queries, by github.com/prometheus/prometheus v0.316.0 (Go), promql-parser 0.12.0 (PyPI, a binding of the
# crate) and github.com/VictoriaMetrics/metricsql v0.87.3 (Go).
#
# Guess: 010 is 10, as 010.5 is 10.5 and 010m ten minutes; a number with _ in it is MetricsQL alone; what all three read
# has one value.
# Seen: a whole number with a 0 before it is octal, so a bound of 010 is 8, while 08, 019, 010.5 and 010e1 are decimal.
# 1_000 is of Prometheus, too. 0_17 is octal there and decimal in MetricsQL, which refuses 08 and 010.5; promql-parser
# refuses every _. In MetricsQL 10m is ten minutes and 1_0m ten million. Sluice's own readers (backtest, the demo) had
# guessed as we did, and have a test for each of these now.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check promql-parser==0.12.0
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	prometheus := parser.NewParser(parser.Options{})
	for _, text := range os.Args[1:] {
		value, folded := "refused", "refused"
		if tree, err := prometheus.ParseExpr(text); err == nil {
			value = fmt.Sprint(tree.(*parser.NumberLiteral).Val)
		}
		if tree, err := metricsql.Parse(text + " * 1"); err == nil { // what is constant is reckoned at once
			folded = string(tree.AppendString(nil))
		}
		fmt.Println(text, value, folded)
	}
}
GO
cat > probe.py <<'PY'
import sys

import promql_parser

for text in sys.argv[1:]:
    try:
        print(promql_parser.parse(text).val)
    except ValueError:
        print('refused')
PY
cat > go.mod <<'MOD'
module probe

go 1.26.7

require (
	github.com/VictoriaMetrics/metricsql v0.87.3
	github.com/prometheus/prometheus v0.316.0
)
MOD
numbers=(10 010 08 019 010.5 010e1 1_000 0_17 0_8 0x1F 0x_1F 1_0m)
go mod tidy 2> /dev/null
go run . "${numbers[@]}" > go.seen
venv/bin/python probe.py "${numbers[@]}" > python.seen
{
  echo 'number Prometheus MetricsQL promql-parser'
  paste -d' ' go.seen python.seen
} > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
number Prometheus MetricsQL promql-parser
10 10 10 10.0
010 8 8 8.0
08 8 refused 8.0
019 19 refused 19.0
010.5 10.5 refused 10.5
010e1 100 refused refused
1_000 1000 1000 refused
0_17 15 17 refused
0_8 8 8 refused
0x1F 31 31 31.0
0x_1F 31 refused refused
1_0m refused 1e+07 refused
SEEN
echo 'as it was'

#!/usr/bin/env bash
# expr-lang/expr 1.17.8 (Go), the language of conditions on measurements in several controllers of this field: what
# empty lists and mixed numbers give.
#
# Guess: mean, median and max of an empty list are errors, as is the first element of one; 10 > 9 > 8 compares a
# boolean with a number and is an error; two maps that differ in 1 and 1.0 are equal, because the lists and the
# numbers are.
# Seen: mean and median of nothing are 0, so "the mean error rate is below 5 %" holds where nothing was measured; max
# and first are nil; only the index is an error; comparisons are chained as in mathematics; lists of 1 and 1.0 are
# equal, maps are not.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"fmt"

	"github.com/expr-lang/expr"
)

func main() {
	env := map[string]any{"result": []float64{}}
	for _, text := range []string{
		`mean(result) < 0.05`, `median(result)`, `max(result)`, `first(result)`, `result[0] < 0.05`,
		`10 > 9 > 8`, `1 == 1.0`, `[1] == [1.0]`, `{"a": 1} == {"a": 1.0}`, `7 / 2`,
	} {
		value, err := expr.Eval(text, env)
		if err != nil {
			value = "error"
		}
		fmt.Println(text, "|", value)
	}
}
GO
export GOFLAGS=-mod=mod
go mod init probe 2> /dev/null
go get github.com/expr-lang/expr@v1.17.8 2> /dev/null
go run . | tee seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
mean(result) < 0.05 | true
median(result) | 0
max(result) | <nil>
first(result) | <nil>
result[0] < 0.05 | error
10 > 9 > 8 | true
1 == 1.0 | true
[1] == [1.0] | true
{"a": 1} == {"a": 1.0} | false
7 / 2 | 3.5
WANTED

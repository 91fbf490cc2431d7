#!/usr/bin/env bash
# kubectl's JSONPath, k8s.io/client-go 0.36.3: filters and texts of numbers.
#
# Guess: a filter compares numbers as numbers; where a value is absent, null or of another type, the item is left out;
# a number is printed as the object's JSON has it.
# Seen: a number with a fraction and one without are of two kinds. [?(@.v>10)] fails on 10.5, [?(@.v>10.0)] fails on 11,
# and so does either on null, on a text and on a bool: the whole command ends with an error, for one such item in the
# list. Only what is absent is left out. A field that may be 99.5 or 100, as the value of a metric, can be filtered by
# no bound at all. Texts are those of Go's %v: 2500000.5 is printed as 2.5000005e+06, which
# `kubectl wait --for=jsonpath` compares, too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"bytes"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"
)

// found is what `kubectl get --output=jsonpath` prints for a list of these items.
func found(path, items string) string {
	list := &unstructured.Unstructured{}
	text := `{"apiVersion": "v1", "kind": "List", "items": [` + items + `]}`
	if err := list.UnmarshalJSON([]byte(text)); err != nil {
		panic(err)
	}
	parsed := jsonpath.New("probe").AllowMissingKeys(true)
	if err := parsed.Parse(path); err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, list.Object); err != nil {
		return err.Error()
	}
	return out.String()
}

func main() {
	for _, item := range []string{`{"v": 11}`, `{"v": 10.5}`, `{}`, `{"v": null}`, `{"v": "11"}`} {
		fmt.Printf("%-13s", item)
		for _, path := range []string{`{.items[?(@.v>10)]}`, `{.items[?(@.v>10.0)]}`} {
			fmt.Printf(" | %s", found(path, item)+".")
		}
		fmt.Println()
	}
	fmt.Println(found(`{.items[*].v}`, `{"v": 2500000.5}, {"v": 2500000}, {"v": 0.00001}`))
}
GO
cat > go.mod <<'MOD'
module probe

go 1.24

require (
	k8s.io/apimachinery v0.36.3
	k8s.io/client-go v0.36.3
)
MOD
go mod tidy 2> /dev/null
go run . > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
{"v": 11}     | {"v":11}. | incompatible types for comparison.
{"v": 10.5}   | incompatible types for comparison. | {"v":10.5}.
{}            | . | .
{"v": null}   | invalid type for comparison. | invalid type for comparison.
{"v": "11"}   | incompatible types for comparison. | incompatible types for comparison.
2.5000005e+06 2500000 1e-05
SEEN
echo 'as it was'

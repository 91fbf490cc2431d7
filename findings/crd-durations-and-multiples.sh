#!/usr/bin/env bash
# Two rules of a CRD's schema as the API server checks them, k8s.io/apiextensions-apiserver 0.36.3 (Go): "format":
# "duration", and "multipleOf". The second column is time.ParseDuration, by which a controller reads such a field.
#
# Guess: a duration is a list of numbers with units to the server, with days and weeks besides Go's; multipleOf: 0.01
# takes what has two decimal places.
# Seen: a text with a whole number and a unit ANYWHERE is a duration: "in 5 minutes", "PT1H", "5 mangoes, 1 hat, 2
# days", and "1.5d" for the 5d in it; "1 month" is none. A controller in Go cannot decode such an object, and then often
# no list that has it. multipleOf divides by a rounded factor: 0.29, 0.57 and 1.13 are no multiples of 0.01, and 0.3 is
# one of 0.1. A pattern, or whole numbers of a smaller unit, say what is meant. The server of Sluice's demo had guessed
# as we did, for durations.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"time"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
)

func taken(schema apiextensions.JSONSchemaProps, value any) string {
	validator, _, err := validation.NewSchemaValidator(&schema)
	if err != nil {
		panic(err)
	}
	if len(validation.ValidateCustomResource(nil, value, validator)) > 0 {
		return "refused"
	}
	return "taken"
}

func main() {
	texts := []string{"1h30m", "1d", "1 week", "5", "PT1H", "1.5d", "in 5 minutes", "5 mangoes, 1 hat, 2 days", "1 month"}
	for _, text := range texts {
		duration := apiextensions.JSONSchemaProps{Type: "string", Format: "duration"}
		_, err := time.ParseDuration(text)
		fmt.Printf("%s: %s, %v\n", text, taken(duration, text), err == nil)
	}
	for _, pair := range [][2]float64{{0.01, 0.28}, {0.01, 0.29}, {0.01, 0.57}, {0.01, 1.12}, {0.01, 1.13}, {0.1, 0.3}} {
		number := apiextensions.JSONSchemaProps{Type: "number", MultipleOf: &pair[0]}
		fmt.Printf("%v as a multiple of %v: %s\n", pair[1], pair[0], taken(number, pair[1]))
	}
}
GO
cat > go.mod <<'MOD'
module probe

go 1.26.0

require k8s.io/apiextensions-apiserver v0.36.3
MOD
go mod tidy 2> /dev/null
go run . > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
1h30m: taken, true
1d: taken, false
1 week: taken, false
5: refused, false
PT1H: taken, false
1.5d: taken, false
in 5 minutes: taken, false
5 mangoes, 1 hat, 2 days: taken, false
1 month: refused, false
0.28 as a multiple of 0.01: taken
0.29 as a multiple of 0.01: refused
0.57 as a multiple of 0.01: refused
1.12 as a multiple of 0.01: taken
1.13 as a multiple of 0.01: refused
0.3 as a multiple of 0.1: taken
SEEN
echo 'as it was'

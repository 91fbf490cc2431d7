#!/usr/bin/env bash
# Numbers in manifests, as sigs.k8s.io/yaml 1.6.0 (Go) makes JSON of them, which every Kubernetes client in Go sends.
#
# Guess: 1_0, 1e3_0 and 0o10 are texts; 08 is a text or an error, because 8 is no octal digit; 089 likewise.
# Seen: underscores count for nothing, also in an exponent (1e3_0 is 1 followed by thirty zeros); 0o10 and 010 are 8;
# 08 is 8 and 089 is 89, so that two weights of a list, 010 and 089, are read in different bases; 1:30 stays a text,
# though YAML 1.1 reads it as ninety, while y and off are booleans as in YAML 1.1; a number above 64 bits loses its
# last digits. The project's own reader gives the same for all of these (core/base/yaml_scalar.c).
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

func main() {
	for _, text := range []string{
		"1_0", "1__0", "1e3_0", "0o10", "010", "08", "089", "1:30", "y", "oFF", "18446744073709551616",
	} {
		json, err := yaml.YAMLToJSON([]byte("a: " + text))
		if err != nil {
			panic(err)
		}
		fmt.Println(text, string(json))
	}
}
GO
export GOFLAGS=-mod=mod
go mod init probe 2> /dev/null
go get sigs.k8s.io/yaml@v1.6.0 2> /dev/null
go run . | tee seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
1_0 {"a":10}
1__0 {"a":10}
1e3_0 {"a":1e+30}
0o10 {"a":8}
010 {"a":8}
08 {"a":8}
089 {"a":89}
1:30 {"a":"1:30"}
y {"a":true}
oFF {"a":"oFF"}
18446744073709551616 {"a":18446744073709552000}
WANTED

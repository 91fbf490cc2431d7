#!/usr/bin/env bash
# Helm's --set and its values files (helm.sh/helm/v3 3.22.0), and the schema that a chart comes with.
#
# Guess: --set threshold=0.5 is the number that the line `threshold: 0.5` of a file is.
# Seen: --set knows whole decimal numbers, true, false and null; 0.5, 1e3 and 1.0 are texts, which a schema with "type":
# "number" refuses ("got string, want number"). 010 is a text by --set and the number 8 in a file. A chart that takes a
# fraction must accept it as a text, too, or its users need --set-json.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/strvals"
)

const schema = `{"properties": {"x": {"type": "number"}}}`

func told(values map[string]any, err error) string {
	if err == nil {
		err = chartutil.ValidateAgainstSingleSchema(values, []byte(schema))
	}
	verdict := "accepted"
	if err != nil {
		verdict = "refused: " + strings.TrimPrefix(strings.TrimSpace(err.Error()), "- at '/x': ")
	}
	return fmt.Sprintf("%T %v, %s", values["x"], values["x"], verdict)
}

func main() {
	for _, text := range []string{"10", "0.5", "1.0", "1e3", "010"} {
		fmt.Println("--set ", text, told(strvals.Parse("x="+text)))
		fmt.Println("a file", text, told(chartutil.ReadValues([]byte("x: "+text))))
	}
}
GO
cat > go.mod <<'MOD'
module probe

go 1.24

require helm.sh/helm/v3 v3.22.0
MOD
go mod tidy 2> /dev/null
go run . > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
--set  10 int64 10, accepted
a file 10 float64 10, accepted
--set  0.5 string 0.5, refused: got string, want number
a file 0.5 float64 0.5, accepted
--set  1.0 string 1.0, refused: got string, want number
a file 1.0 float64 1, accepted
--set  1e3 string 1e3, refused: got string, want number
a file 1e3 float64 1000, accepted
--set  010 string 010, refused: got string, want number
a file 010 float64 8, accepted
SEEN
echo 'as it was'

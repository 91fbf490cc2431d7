#!/usr/bin/env bash
# The operation "test" of a JSON patch (RFC 6902) and a merge patch (RFC 7396), by gopkg.in/evanphx/json-patch.v4
# 4.13.0, which the API server has, by Python's jsonpatch 1.33 with json-merge-patch 0.3.0, and by fast-json-patch 3.1.1
# (npm).
#
# Guess: numbers are equal when their values are, so 10 is 10.0; a test of what is not there fails; a merge patch takes
# an array as it is, nulls included.
# Seen: evanphx compares the texts of numbers, so a test for 10.0 fails on 10, and takes what is absent for null, so a
# test for null passes on it. Of objects in an array that a merge patch brings it removes the nulls, and not of the
# array itself. A patch that was tried with another library may be refused by a cluster, or pass there where it was
# meant to stop.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > cases.json <<'JSON'
[
  ["test", {"v": 10}, [{"op": "test", "path": "/v", "value": 10.0}]],
  ["test", {"v": 1}, [{"op": "test", "path": "/absent", "value": null}]],
  ["merge", {}, {"v": {"x": null}}],
  ["merge", {}, {"v": [{"x": null}, null]}]
]
JSON
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

func main() {
	bytes, err := os.ReadFile("cases.json")
	var cases [][]json.RawMessage
	if err == nil {
		err = json.Unmarshal(bytes, &cases)
	}
	if err != nil {
		panic(err)
	}
	for _, each := range cases {
		if string(each[0]) == `"merge"` {
			after, err := jsonpatch.MergePatch(each[1], each[2])
			fmt.Println("evanphx", string(after), err == nil)
			continue
		}
		patch, err := jsonpatch.DecodePatch(each[2])
		if err != nil {
			panic(err)
		}
		_, err = patch.Apply(each[1])
		fmt.Println("evanphx test", err == nil)
	}
}
GO
cat > go.mod <<'MOD'
module probe

go 1.24

require gopkg.in/evanphx/json-patch.v4 v4.13.0
MOD
cat > probe.py <<'PY'
import json

import json_merge_patch
import jsonpatch

for kind, document, patch in json.load(open('cases.json')):
    if kind == 'merge':
        print('python', json.dumps(json_merge_patch.merge(document, patch), separators=(',', ':')))
        continue
    try:
        jsonpatch.apply_patch(document, patch)
        print('python test true')
    except (jsonpatch.JsonPatchTestFailed, jsonpatch.JsonPointerException):
        print('python test false')
PY
cat > probe.js <<'JS'
const { applyPatch } = require('fast-json-patch');
for (const [kind, document, patch] of require('./cases.json').filter(([kind]) => kind === 'test')) {
  let passes = true;
  try { applyPatch(document, patch, true); } catch { passes = false; }
  console.log('npm', kind, passes);
}
JS
go mod tidy 2> /dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jsonpatch==1.33 json-merge-patch==0.3.0
npm install --silent --no-audit --no-fund fast-json-patch@3.1.1 > npm.log 2>&1
{
  go run .
  venv/bin/python probe.py
  node probe.js
} > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
evanphx test false
evanphx test true
evanphx {"v":{}} true
evanphx {"v":[{},null]} true
python test true
python test false
python {"v":{}}
python {"v":[{"x":null},null]}
npm test true
npm test false
SEEN
echo 'as it was'

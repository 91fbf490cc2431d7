#!/usr/bin/env bash
# Strategic merge patches by kustomize v5.8.1 and by k8s.io/apimachinery v0.36.3, which the API server and kubectl have.
#
# Guess: both merge alike, and refuse alike an item of a list that has no key; only the directives that kubectl makes
# for itself ($retainKeys, say) stay as they are in kustomize's output.
# Seen: a container without its name in a patch EMPTIES kustomize's list of containers, without a word; the API server
# refuses it. Where a variable is there twice, which Kubernetes allows, kustomize drops one of them and the patch; the
# API server patches the first. Of one port by TCP and by UDP a patch to the latter makes the API server two by UDP;
# kustomize does as it was asked. A map that is deleted is empty in one and gone in the other. An overlay that was tried
# with `kubectl patch` may build something else.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
GOBIN=$work go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
cat > cases.json <<'JSON'
[
  ["no name", {"containers": [{"name": "app", "image": "a:1"}]}, {"containers": [{"image": "a:2"}]}],
  ["twice", {"containers": [{"name": "app", "env": [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]}]},
    {"containers": [{"name": "app", "env": [{"name": "X", "value": "3"}]}]}],
  ["two protocols", {"containers": [{"name": "x", "ports": [{"containerPort": 5, "protocol": "TCP"},
      {"containerPort": 5, "protocol": "UDP"}]}]},
    {"containers": [{"name": "x", "ports": [{"containerPort": 5, "protocol": "UDP", "hostPort": 7}]}]}],
  ["delete a map", {"nodeSelector": {"disk": "ssd"}}, {"nodeSelector": {"$patch": "delete"}}],
  ["delete an item", {"containers": [{"name": "app"}, {"name": "log"}]},
    {"containers": [{"name": "log", "$patch": "delete"}]}]
]
JSON
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func pod(spec json.RawMessage) []byte {
	return fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":%s}`, spec)
}

func spec(text []byte, err error) string {
	if err != nil {
		return "refused"
	}
	var pod struct{ Spec any }
	check(yaml.Unmarshal(text, &pod))
	out, err := json.Marshal(pod.Spec)
	check(err)
	return string(out)
}

func main() {
	bytes, err := os.ReadFile("cases.json")
	check(err)
	var cases [][3]json.RawMessage
	check(json.Unmarshal(bytes, &cases))
	for _, each := range cases {
		base, patch := pod(each[1]), pod(each[2])
		check(os.WriteFile("base.yaml", base, 0o600))
		check(os.WriteFile("patch.yaml", patch, 0o600))
		fmt.Printf("%s\n  server    %s\n", each[0], spec(strategicpatch.StrategicMergePatch(base, patch, core.Pod{})))
		fmt.Printf("  kustomize %s\n", spec(exec.Command("./kustomize", "build", ".").Output()))
	}
}
GO
cat > kustomization.yaml <<'YAML'
resources: [base.yaml]
patches: [{path: patch.yaml}]
YAML
cat > go.mod <<'MOD'
module probe

go 1.24

require (
	k8s.io/api v0.36.3
	k8s.io/apimachinery v0.36.3
	sigs.k8s.io/yaml v1.6.0
)
MOD
go mod tidy 2> /dev/null
go run . | tr -d '"' > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
no name
  server    refused
  kustomize {containers:[]}
twice
  server    {containers:[{env:[{name:X,value:3},{name:X,value:2}],name:app}]}
  kustomize {containers:[{env:[{name:X,value:2}],name:app}]}
two protocols
  server    {containers:[{name:x,ports:[{containerPort:5,hostPort:7,protocol:UDP},{containerPort:5,protocol:UDP}]}]}
  kustomize {containers:[{name:x,ports:[{containerPort:5,protocol:TCP},{containerPort:5,hostPort:7,protocol:UDP}]}]}
delete a map
  server    {nodeSelector:{}}
  kustomize {}
delete an item
  server    {containers:[{name:app}]}
  kustomize {containers:[{name:app}]}
SEEN
echo 'as it was'

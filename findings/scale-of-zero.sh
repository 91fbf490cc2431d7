#!/usr/bin/env bash
# A Scale of zero, as k8s.io/api 0.36.3 (Go) writes it, and a JSON patch that replaces its number, by two versions of
# one library: gopkg.in/evanphx/json-patch.v4 4.13.0, which the API server has, and github.com/evanphx/json-patch/v5
# 5.9.11.
#
# Guess: its spec says "replicas": 0, as that of a Deployment of zero does. Then: where it does not, "replace" fails in
# both, because RFC 6902 wants a member that is there.
# Seen: the spec is empty, because the number of a Scale is left out where it is zero (a Deployment has a pointer
# there). Version 4 replaces what is absent, version 5 fails. A client that compares what came with the 0 that it wrote
# sees a difference.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	v5 "github.com/evanphx/json-patch/v5"
	v4 "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
)

const replace = `[{"op":"replace","path":"/spec/replicas","value":3}]`

func text(value any) string {
	bytes, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

func main() {
	zero := int32(0)
	fmt.Println("Deployment", text(appsv1.DeploymentSpec{Replicas: &zero})[:13])
	for _, replicas := range []int32{0, 1} {
		scale := autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
		fmt.Println("Scale", replicas, text(scale.Spec))
		object, patch := []byte(`{"spec":`+text(scale.Spec)+`}`), []byte(replace)
		four, err := v4.DecodePatch(patch)
		if err != nil {
			panic(err)
		}
		five, err := v5.DecodePatch(patch)
		if err != nil {
			panic(err)
		}
		after, err := four.Apply(object)
		fmt.Println("v4", string(after), err)
		after, err = five.Apply(object)
		fmt.Println("v5", string(after), err)
	}
}
GO
cat > go.mod <<'MOD'
module probe

go 1.24

require (
	github.com/evanphx/json-patch/v5 v5.9.11
	gopkg.in/evanphx/json-patch.v4 v4.13.0
	k8s.io/api v0.36.3
)
MOD
go mod tidy 2> /dev/null
go run . > seen
cat seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
Deployment {"replicas":0
Scale 0 {}
v4 {"spec":{"replicas":3}} <nil>
v5  replace operation does not apply: doc is missing key: /spec/replicas: missing value
Scale 1 {"replicas":1}
v4 {"spec":{"replicas":3}} <nil>
v5 {"spec":{"replicas":3}} <nil>
WANTED

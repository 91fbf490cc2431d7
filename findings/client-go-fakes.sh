#!/usr/bin/env bash
# The API server of unit tests: fake.NewSimpleClientset and fake.NewClientset of k8s.io/client-go 0.36.3 (Go).
#
# Guess: what is asked as a dry run is not stored; deletecollection deletes what its selector says; a Scale that is
# written changes the Deployment's replicas or nothing. (That nobody is refused for an old resourceVersion or for a
# finalizer, and that a watch tells of all labels, was guessed.)
# Seen: dry runs are stored, and delete. deletecollection deletes nothing at all, and says that all went well. In the
# older clientset a Scale takes the place of its Deployment, which is gone; the newer one refuses every Scale. A
# controller that plans by dry runs, cleans up by a selector or scales by the subresource passes tests there for a
# cluster that does not exist. (Sluice's engine is tested on `core/sim`, which is held to real servers.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"

	apps "k8s.io/api/apps/v1"
	scaling "k8s.io/api/autoscaling/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
)

var (
	always = context.Background()
	dry    = []string{meta.DryRunAll}
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	told("NewSimpleClientset", fake.NewSimpleClientset())
	told("NewClientset", fake.NewClientset())
}

func told(name string, client *fake.Clientset) {
	fmt.Println(name)
	configs := client.CoreV1().ConfigMaps("shop")
	count := func() int {
		list, err := configs.List(always, meta.ListOptions{})
		check(err)
		return len(list.Items)
	}
	for _, name := range []string{"blue", "green"} {
		labels := map[string]string{"colour": name}
		config := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: name, Labels: labels}}
		_, err := configs.Create(always, config, meta.CreateOptions{})
		check(err)
	}
	red := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: "red"}}
	_, err := configs.Create(always, red, meta.CreateOptions{DryRun: dry})
	fmt.Println("  2 objects, and a create as a dry run:", err, count())
	err = configs.Delete(always, "red", meta.DeleteOptions{DryRun: dry})
	fmt.Println("  a delete as a dry run:", err, count())
	err = configs.DeleteCollection(always, meta.DeleteOptions{}, meta.ListOptions{LabelSelector: "colour=blue"})
	fmt.Println("  deletecollection colour=blue:", err, count())
	err = configs.DeleteCollection(always, meta.DeleteOptions{}, meta.ListOptions{})
	fmt.Println("  deletecollection:", err, count())

	deployments := client.AppsV1().Deployments("shop")
	_, err = deployments.Create(always, &apps.Deployment{ObjectMeta: meta.ObjectMeta{Name: "web"}}, meta.CreateOptions{})
	check(err)
	scale := &scaling.Scale{ObjectMeta: meta.ObjectMeta{Name: "web"}, Spec: scaling.ScaleSpec{Replicas: 3}}
	_, err = deployments.UpdateScale(always, "web", scale, meta.UpdateOptions{})
	stored, problem := client.Tracker().Get(schema.GroupVersionResource{Group: "apps", Version: "v1",
		Resource: "deployments"}, "shop", "web")
	check(problem)
	fmt.Printf("  a Scale is refused: %v, the Deployment is a %T\n", err != nil, stored)
}
GO
cat > go.mod <<'MOD'
module probe

go 1.26.0

require (
	k8s.io/api v0.36.3
	k8s.io/apimachinery v0.36.3
	k8s.io/client-go v0.36.3
)
MOD
go mod tidy 2> /dev/null
go run . > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
NewSimpleClientset
  2 objects, and a create as a dry run: <nil> 3
  a delete as a dry run: <nil> 2
  deletecollection colour=blue: <nil> 2
  deletecollection: <nil> 2
  a Scale is refused: false, the Deployment is a *v1.Scale
NewClientset
  2 objects, and a create as a dry run: <nil> 3
  a delete as a dry run: <nil> 2
  deletecollection colour=blue: <nil> 2
  deletecollection: <nil> 2
  a Scale is refused: true, the Deployment is a *v1.Deployment
SEEN
echo 'as it was'

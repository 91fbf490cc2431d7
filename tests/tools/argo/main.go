// What Argo CD makes of objects, by its own Lua machine, its own settings and its own diff.
//
//	argo ARGOCD_CM.yaml < CASES    one case as JSON a line, and for each its answer as JSON in the same order
//
//	{"ask": "health", "object": …}                          {"status": …, "message": …}; null where Argo CD has no script
//	{"ask": "actions", "object": …}                         [{"name": …, "disabled": …}]
//	{"ask": "act", "name": …, "object": …}                  the object as the action leaves it
//	{"ask": "diff", "live": …, "target": …, "ignore": […]}  whether they differ, with these ignoreDifferences of an
//	                                                        Application, and those of the settings
//
// ARGOCD_CM.yaml is the ConfigMap argocd-cm, read as Argo CD reads it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

const (
	lineMax   = 16 << 20
	namespace = "argocd"
)

type question struct {
	Ask    string                               `json:"ask"`
	Name   string                               `json:"name"`
	Object map[string]any                       `json:"object"`
	Live   map[string]any                       `json:"live"`
	Target map[string]any                       `json:"target"`
	Ignore []v1alpha1.ResourceIgnoreDifferences `json:"ignore"`
}

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// The settings that Argo CD makes of the ConfigMap.
func readOverrides(path string) map[string]v1alpha1.ResourceOverride {
	text, err := os.ReadFile(path)
	check(err, path)
	config := &corev1.ConfigMap{}
	check(yaml.Unmarshal(text, config), path)
	config.Namespace = namespace
	config.Labels = map[string]string{"app.kubernetes.io/part-of": "argocd"}
	secret := &corev1.Secret{}
	secret.Name, secret.Namespace, secret.Labels = "argocd-secret", namespace, config.Labels
	manager := settings.NewSettingsManager(context.Background(), fake.NewClientset(config, secret), namespace)
	overrides, err := manager.GetResourceOverrides()
	check(err, path)
	return overrides
}

func health(overrides map[string]v1alpha1.ResourceOverride, object *unstructured.Unstructured) any {
	found, err := lua.ResourceHealthOverrides(overrides).GetResourceHealth(object)
	check(err, "health")
	return found
}

func actions(vm lua.VM, object *unstructured.Unstructured) any {
	scripts, err := vm.GetResourceActionDiscovery(object)
	check(err, "actions")
	found, err := vm.ExecuteResourceActionDiscovery(object, scripts)
	check(err, "actions")
	return found
}

func act(vm lua.VM, name string, object *unstructured.Unstructured) any {
	action, err := vm.GetResourceAction(object, name)
	check(err, name)
	changed, err := vm.ExecuteResourceAction(object, action.ActionLua, nil)
	check(err, name)
	return changed[0].UnstructuredObj.Object
}

func differ(overrides map[string]v1alpha1.ResourceOverride, q *question) any {
	config, err := diff.NewDiffConfigBuilder().
		WithDiffSettings(q.Ignore, overrides, false, normalizers.IgnoreNormalizerOpts{}).
		WithTracking("", "").WithNoCache().Build()
	check(err, "diff")
	result, err := diff.StateDiff(&unstructured.Unstructured{Object: q.Live}, &unstructured.Unstructured{Object: q.Target},
		config)
	check(err, "diff")
	return result.Modified
}

func answer(overrides map[string]v1alpha1.ResourceOverride, q *question) any {
	object := &unstructured.Unstructured{Object: q.Object}
	vm := lua.VM{ResourceOverrides: overrides}
	switch q.Ask {
	case "health":
		return health(overrides, object)
	case "actions":
		return actions(vm, object)
	case "act":
		return act(vm, q.Name, object)
	case "diff":
		return differ(overrides, q)
	}
	check(fmt.Errorf("%q is no question", q.Ask), "ask")
	return nil
}

func main() {
	overrides := readOverrides(os.Args[1])
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineMax)
	for lines.Scan() {
		q := &question{}
		check(json.Unmarshal(lines.Bytes(), q), "a case")
		text, err := json.Marshal(answer(overrides, q))
		check(err, "an answer")
		fmt.Println(string(text))
	}
	check(lines.Err(), "cases")
}

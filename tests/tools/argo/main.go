// What Argo CD makes of objects, by its own Lua machine, its own settings and its own diff.
//
//	argo ARGOCD_CM.yaml < CASES    one case as JSON a line, and for each its answer as JSON in the same order
//
//	{"ask": "health", "object": …}                          {"status": …, "message": …}; null where Argo CD has no script
//	{"ask": "actions", "object": …}                         [{"name": …, "disabled": …, "params": [{"name": …}]}]
//	{"ask": "act", "name": …, "params": …, "object": …}     the merge patch that Argo CD sends
//	{"ask": "audit", "name": …, "user": …, "object": …}     the event of an action that somebody took
//	{"ask": "diff", "live": …, "target": …, "ignore": […]}  {"live": …, "wanted": …} where they differ, else false; with
//	                                                        these ignoreDifferences of an Application
//
// ARGOCD_CM.yaml is the ConfigMap argocd-cm, read as Argo CD reads it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/argoproj/argo-cd/v3/pkg/apiclient/application"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	"github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	jsonpatch "github.com/evanphx/json-patch"
	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/kube-openapi/pkg/util/proto"
	"sigs.k8s.io/yaml"
)

const (
	lineMax   = 16 << 20
	namespace = "argocd"
)

type question struct {
	Ask    string                               `json:"ask"`
	Name   string                               `json:"name"`
	User   string                               `json:"user"`
	Params map[string]string                    `json:"params"`
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

// Or {"error": …}, which a person sees.
func act(vm lua.VM, q *question, object *unstructured.Unstructured) any {
	action, err := vm.GetResourceAction(object, q.Name)
	check(err, q.Name)
	var params []*application.ResourceActionParameters
	for name, value := range q.Params {
		params = append(params, &application.ResourceActionParameters{Name: &name, Value: &value})
	}
	changed, err := vm.ExecuteResourceAction(object, action.ActionLua, params)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	before, err := json.Marshal(q.Object)
	check(err, q.Name)
	after, err := json.Marshal(changed[0].UnstructuredObj)
	check(err, q.Name)
	patch, err := jsonpatch.CreateMergePatch(before, after)
	check(err, q.Name)
	return json.RawMessage(patch)
}

// What Argo CD's server hands to its audit once an action was taken.
func audit(q *question, object *unstructured.Unstructured) any {
	client, gvk := fake.NewClientset(), object.GroupVersionKind()
	info := argo.EventInfo{Type: corev1.EventTypeNormal, Reason: argo.EventReasonResourceActionRan}
	node := &v1alpha1.ResourceNode{ResourceRef: v1alpha1.ResourceRef{Group: gvk.Group, Version: gvk.Version,
		Kind: gvk.Kind, Namespace: object.GetNamespace(), Name: object.GetName(), UID: string(object.GetUID())}}
	argo.NewAuditLogger(client, "argocd-server", []string{"all"}).LogResourceEvent(node, info,
		fmt.Sprintf("%s ran action %s", q.User, q.Name), q.User)
	events, err := client.CoreV1().Events(object.GetNamespace()).List(context.Background(), metav1.ListOptions{})
	check(err, "audit")
	return events.Items
}

// The kinds that a cluster tells Argo CD of. Of Kubernetes' own it has the types itself, and only their names are
// looked up. The mesh's have no list that is merged by keys, as a type without fields has none.
var kinds = map[string][3]string{
	"io.k8s.api.core.v1.Service":                        {"", "v1", "Service"},
	"io.k8s.api.apps.v1.Deployment":                     {"apps", "v1", "Deployment"},
	"io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler": {"autoscaling", "v2", "HorizontalPodAutoscaler"},
	"io.istio.networking.v1beta1.VirtualService":        {"networking.istio.io", "v1beta1", "VirtualService"},
	"io.istio.networking.v1beta1.DestinationRule":       {"networking.istio.io", "v1beta1", "DestinationRule"},
}

func parser() *managedfields.GvkParser {
	definitions := []string{}
	for name, kind := range kinds {
		definitions = append(definitions, fmt.Sprintf(`%q: {"type": "object", "x-kubernetes-group-version-kind": [
			{"group": %q, "version": %q, "kind": %q}]}`, name, kind[0], kind[1], kind[2]))
	}
	document, err := openapi_v2.ParseDocument([]byte(`{"swagger": "2.0", "info": {"title": "t", "version": "v1"},
		"paths": {}, "definitions": {` + strings.Join(definitions, ",") + `}}`))
	check(err, "kinds")
	models, err := proto.NewOpenAPIData(document)
	check(err, "kinds")
	found, err := managedfields.NewGVKParser(models, false)
	check(err, "kinds")
	return found
}

func differ(overrides map[string]v1alpha1.ResourceOverride, q *question) any {
	config, err := diff.NewDiffConfigBuilder().
		WithDiffSettings(q.Ignore, overrides, false, normalizers.IgnoreNormalizerOpts{}).
		WithTracking("", "").WithNoCache().WithGVKParser(parser()).Build()
	check(err, "diff")
	result, err := diff.StateDiff(&unstructured.Unstructured{Object: q.Live}, &unstructured.Unstructured{Object: q.Target},
		config)
	check(err, "diff")
	if !result.Modified {
		return false
	}
	return map[string]any{"live": json.RawMessage(result.NormalizedLive), "wanted": json.RawMessage(result.PredictedLive)}
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
		return act(vm, q, object)
	case "audit":
		return audit(q, object)
	case "diff":
		return differ(overrides, q)
	}
	check(fmt.Errorf("%q is no question", q.Ask), "ask")
	return nil
}

func main() {
	logrus.SetLevel(logrus.ErrorLevel)
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

// Writes core/sim/kinds/builtin.types: how the built-in kinds look in Go, which is how a real API server reads and
// writes them.
//
//	cd tests/cluster/stack && go run ../../conformance/types/main.go > ../../../core/sim/kinds/builtin.types
package main

import (
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var roots = []any{
	corev1.Namespace{}, corev1.Pod{}, corev1.Service{}, corev1.ConfigMap{}, corev1.Secret{}, corev1.Event{},
	corev1.ServiceAccount{},
	corev1.Endpoints{}, corev1.Node{}, appsv1.Deployment{}, appsv1.ReplicaSet{}, appsv1.DaemonSet{}, appsv1.StatefulSet{},
	autoscalingv2.HorizontalPodAutoscaler{}, autoscalingv1.Scale{}, coordinationv1.Lease{}, discoveryv1.EndpointSlice{},
	networkingv1.Ingress{},
	rbacv1.ClusterRole{}, rbacv1.ClusterRoleBinding{}, rbacv1.Role{}, rbacv1.RoleBinding{},
	apiextensionsv1.CustomResourceDefinition{},
	metav1.DeleteOptions{},
	authenticationv1.SelfSubjectReview{}, authorizationv1.SelfSubjectAccessReview{},
}

// Types that read and write themselves.
var special = map[string]string{
	"v1.Time": "Time", "v1.MicroTime": "MicroTime", "intstr.IntOrString": "IntOrString", "resource.Quantity": "Quantity",
	"v1.Duration": "Duration",
	"v1.FieldsV1": "Raw", "runtime.RawExtension": "Raw", "v1.JSON": "Raw", "v1.JSONSchemaPropsOrBool": "Raw",
	"v1.JSONSchemaPropsOrArray": "Raw", "v1.JSONSchemaPropsOrStringArray": "Raw",
}

var queue []reflect.Type // in the order they were met, so that the same name is taken by the same type every time
var names = map[reflect.Type]string{}
var taken = map[string]reflect.Type{}

func nameOf(t reflect.Type) string {
	if name, known := names[t]; known {
		return name
	}
	name := t.Name()
	if _, used := taken[name]; used {
		parts := strings.Split(t.PkgPath(), "/")
		name = parts[len(parts)-2] + "." + name
	}
	names[t], taken[name] = name, t
	queue = append(queue, t)
	return name
}

func typeOf(t reflect.Type) string {
	if name, known := special[t.String()]; known {
		return name
	}
	switch t.Kind() {
	case reflect.Ptr:
		return typeOf(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + typeOf(t.Elem())
	case reflect.Map:
		return "{}" + typeOf(t.Elem())
	case reflect.Struct:
		return nameOf(t)
	}
	return t.Kind().String()
}

// numberOf is the field's number in protobuf; empty without one.
func numberOf(f reflect.StructField) string {
	parts := strings.Split(f.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// within is the number of the message that holds the fields of an embedded struct; JSON has them side by side.
func fields(t reflect.Type, within string) []string {
	var out []string
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")
		if f.Anonymous && tag[0] == "" {
			outer := numberOf(f)
			if outer == "" { // TypeMeta: it travels outside of the object
				outer = "none"
			}
			out = append(out, fields(f.Type, outer)...)
			continue
		}
		if tag[0] == "-" || tag[0] == "" {
			continue
		}
		flags := ""
		if f.Type.Kind() == reflect.Ptr {
			flags += "p"
		}
		for _, option := range tag[1:] {
			switch option {
			case "omitempty":
				flags += "o"
			case "omitzero":
				flags += "z"
			}
		}
		number := numberOf(f)
		if within == "none" {
			number = ""
		} else if within != "" {
			number = within + "/" + number
		}
		patch := f.Tag.Get("patchStrategy")
		if key := f.Tag.Get("patchMergeKey"); key != "" {
			patch += "/" + key
		}
		out = append(out, fmt.Sprintf("%s:%s:%s:%s:%s", tag[0], flags, typeOf(f.Type), number, patch))
	}
	return out
}

func main() {
	for _, root := range roots {
		nameOf(reflect.TypeOf(root))
	}
	var lines []string
	for i := 0; i < len(queue); i++ {
		lines = append(lines, names[queue[i]]+" "+strings.Join(fields(queue[i], ""), " "))
	}
	sort.Strings(lines)
	fmt.Fprintln(os.Stdout, strings.Join(lines, "\n"))
}

// What Flux makes of objects: the word of kstatus, and that of health check expressions.
//
//	flux KUSTOMIZATION.yaml < OBJECTS    one object as JSON a line, and for each "WORD KSTATUS" in the same order
//
// KSTATUS is what sigs.k8s.io/cli-utils says without any expression; WORD is what spec.healthCheckExprs of the
// Kustomization say to Flux's own evaluator, for objects of their kind, and "-" for others.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/engine"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

const lineMax = 16 << 20

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func readChecks(path string) map[string]engine.StatusReader {
	text, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	var kustomization struct {
		Spec struct {
			HealthCheckExprs []kustomize.CustomHealthCheck `json:"healthCheckExprs"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &kustomization); err != nil {
		fail("%s: %v", path, err)
	}
	readers := map[string]engine.StatusReader{}
	for _, check := range kustomization.Spec.HealthCheckExprs {
		evaluator, err := cel.NewStatusEvaluator(&check.HealthCheckExpressions)
		if err != nil {
			fail("%s %s: %v", check.APIVersion, check.Kind, err)
		}
		kind := schema.FromAPIVersionAndKind(check.APIVersion, check.Kind)
		readers[kind.String()] = cel.NewStatusReader(context.Background(), nil, kind.GroupKind(), evaluator)
	}
	return readers
}

// An expression that fails gives Unknown, for which Flux waits on.
func word(readers map[string]engine.StatusReader, object *unstructured.Unstructured) string {
	reader, known := readers[object.GroupVersionKind().String()]
	if !known {
		return "-"
	}
	result, err := reader.ReadStatusForObject(context.Background(), nil, object)
	if err != nil {
		fail("%s %s: %v", object.GetKind(), object.GetName(), err)
	}
	return result.Status.String()
}

func main() {
	readers := readChecks(os.Args[1])
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineMax)
	for lines.Scan() {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(lines.Bytes()); err != nil {
			fail("an object: %v", err)
		}
		result, err := status.Compute(object)
		if err != nil {
			fail("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
		fmt.Println(word(readers, object), result.Status)
	}
	if err := lines.Err(); err != nil {
		fail("%v", err)
	}
}

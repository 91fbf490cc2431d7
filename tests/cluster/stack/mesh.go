package main

// mesh stands in for Istio's control plane: Services and VirtualServices become configuration files of one Envoy, which
// replaces them whole in a folder that it watches. Pods are found by the Services' selectors (EndpointSlices refuse
// loopback addresses). VirtualServices may live on another API server than Services and Pods: -mesh-kubeconfig, which
// may be given several times.

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// settle is how long changes are gathered before they are written.
const settle = 20 * time.Millisecond

var virtualServices = schema.GroupVersionResource{
	Group: "networking.istio.io", Version: "v1beta1", Resource: "virtualservices"}

// mesh is what the configuration is made from.
type mesh struct {
	dir      string
	changed  chan struct{}
	services listers.ServiceLister
	pods     listers.PodLister
	routes   []cache.Store
	written  map[string]string // file name: what it holds
}

type paths []string

func (p *paths) String() string         { return strings.Join(*p, ",") }
func (p *paths) Set(value string) error { *p = append(*p, value); return nil }

func runMesh(args []string) {
	var meshKubeconfigs paths
	flags := flag.NewFlagSet("mesh", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the cluster with Services and Pods")
	flags.Var(&meshKubeconfigs, "mesh-kubeconfig", "kubeconfig of a cluster with VirtualServices; none: the same cluster")
	dir := flags.String("dir", "", "folder for rds.json and cds.json")
	flags.Parse(args)
	if len(meshKubeconfigs) == 0 {
		meshKubeconfigs = paths{*kubeconfig}
	}

	m := &mesh{dir: *dir, changed: make(chan struct{}, 1), written: map[string]string{}}
	notify := cache.ResourceEventHandlerFuncs{
		AddFunc: m.notify, UpdateFunc: func(_, o any) { m.notify(o) }, DeleteFunc: m.notify,
	}
	forever := context.Background().Done()
	factory := informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(clientConfig(*kubeconfig, "lab-mesh")), 0)
	core := factory.Core().V1()
	core.Services().Informer().AddEventHandler(notify)
	core.Pods().Informer().AddEventHandler(notify)
	m.services, m.pods = core.Services().Lister(), core.Pods().Lister()
	factory.Start(forever)
	factory.WaitForCacheSync(forever)
	for _, path := range meshKubeconfigs {
		f := dynamicinformer.NewDynamicSharedInformerFactory(dynamic.NewForConfigOrDie(clientConfig(path, "lab-mesh")), 0)
		informer := f.ForResource(virtualServices).Informer()
		informer.AddEventHandler(notify)
		m.routes = append(m.routes, informer.GetStore())
		f.Start(forever)
		f.WaitForCacheSync(forever)
	}
	m.write()
	log.Print("mesh ready")
	go func() {
		for range m.changed {
			time.Sleep(settle)
			m.write()
		}
	}()
	untilSignal()
}

func (m *mesh) notify(any) {
	select {
	case m.changed <- struct{}{}:
	default: // a write that has not begun will see this change too
	}
}

func (m *mesh) write() {
	services, _ := m.services.List(labels.Everything())
	sort.Slice(services, func(i, j int) bool { return serviceName(services[i]) < serviceName(services[j]) })
	pods, _ := m.pods.List(labels.Everything())
	sort.Slice(pods, func(i, j int) bool { return pods[i].Name < pods[j].Name })
	var routes []*unstructured.Unstructured
	for _, store := range m.routes {
		for _, o := range store.List() {
			routes = append(routes, o.(*unstructured.Unstructured))
		}
	}
	sort.Slice(routes, func(i, j int) bool {
		return routes[i].GetNamespace()+"/"+routes[i].GetName() < routes[j].GetNamespace()+"/"+routes[j].GetName()
	})
	clusters, known := envoyClusters(services, pods)
	m.replace("cds.json", clusters)
	m.replace("rds.json", envoyRoutes(routes, services, known))
}

// replace writes a file whole; Envoy sees the folder's rename.
func (m *mesh) replace(name string, resources []any) {
	text, err := json.Marshal(object{"resources": resources})
	if err != nil {
		log.Fatal(err)
	}
	if m.written[name] == string(text) {
		return
	}
	draft := filepath.Join(m.dir, "."+name)
	if err := os.WriteFile(draft, text, 0o644); err != nil {
		log.Fatal(err)
	}
	if err := os.Rename(draft, filepath.Join(m.dir, name)); err != nil {
		log.Fatal(err)
	}
	m.written[name] = string(text)
}

func serviceName(s *corev1.Service) string { return s.Name + "." + s.Namespace }

package main

// pods stands in for the scheduler and the kubelet. Every Pod is bound to the one node. With -podinfo, a Pod whose
// image is podinfo runs as a real process on an address of its own, with its command line, its environment (ConfigMaps
// and Secrets included) and its image's tag as the message it answers; it is Ready when podinfo says so. Any other Pod
// is only reported Ready after -ready-after. Two tags are special: "never-ready" never becomes Ready, and a Pod that
// misses a ConfigMap or Secret waits for it, as with a kubelet. Addresses are of a loopback network that is free, or of
// the -network that whoever starts this has made local (EndpointSlices refuse loopback addresses).

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	nodeName = "lab"
	drain    = time.Second // how long a Pod that is being deleted still serves, unless a preStop hook says otherwise
)

// node is the one node of the cluster.
type node struct {
	client     kubernetes.Interface
	podinfo    string
	readyAfter time.Duration
	launches   chan launch

	mu      sync.Mutex
	running map[types.UID]*exec.Cmd
	seen    map[types.UID]bool // Pods that were started once
	gone    map[types.UID]bool // Pods that were told to stop, maybe before their process began
	lastIP  int
	network string // the first two bytes of all Pods' addresses
}

// launch is a process to start; done says whether it began.
type launch struct {
	cmd  *exec.Cmd
	done chan error
}

func runPods(args []string) {
	flags := flag.NewFlagSet("pods", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the cluster")
	podinfo := flags.String("podinfo", "", "podinfo binary; empty: Pods are only reported Ready")
	network := flags.String("network", "",
		"the first two bytes of Pods' addresses, as 10.99; empty: a loopback network that is free")
	readyAfter := flags.Duration("ready-after", 50*time.Millisecond, "time until a Pod without a process is Ready")
	flags.Parse(args)

	client := kubernetes.NewForConfigOrDie(clientConfig(*kubeconfig, "lab-pods"))
	n := &node{
		client: client, podinfo: *podinfo, readyAfter: *readyAfter, launches: make(chan launch), network: *network,
		running: map[types.UID]*exec.Cmd{}, seen: map[types.UID]bool{}, gone: map[types.UID]bool{},
	}
	if n.network == "" {
		defer n.claimNetwork().Close()
	}
	go n.launcher()
	factory := informers.NewSharedInformerFactory(client, 0)
	factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { n.look(o.(*corev1.Pod)) },
		UpdateFunc: func(_, o any) { n.look(o.(*corev1.Pod)) },
		DeleteFunc: func(o any) {
			if tombstone, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = tombstone.Obj
			}
			if pod, ok := o.(*corev1.Pod); ok {
				n.stop(pod.UID)
			}
		},
	})
	factory.Start(context.Background().Done())
	factory.WaitForCacheSync(context.Background().Done())
	log.Print("pods ready")
	untilSignal()
	n.stopAll()
}

// claimNetwork takes a loopback network that no other lab on this machine has: who listens on its first address owns
// it.
func (n *node) claimNetwork() net.Listener {
	for second := 20; second < 250; second++ {
		n.network = fmt.Sprintf("127.%d", second)
		if claim, err := net.Listen("tcp", n.network+".0.0:9898"); err == nil {
			return claim
		}
	}
	log.Fatal("no loopback network is free")
	return nil
}

// clientConfig is a client without a rate limit of its own.
func clientConfig(kubeconfig, agent string) *rest.Config {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst, config.UserAgent = 2000, 4000, agent
	return config
}

// look starts a Pod that was not seen before and ends one that is being deleted.
func (n *node) look(pod *corev1.Pod) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if pod.DeletionTimestamp != nil {
		if !n.gone[pod.UID] {
			n.gone[pod.UID] = true
			go n.terminate(pod.DeepCopy(), n.running[pod.UID] != nil)
		}
		return
	}
	if n.seen[pod.UID] {
		return
	}
	n.seen[pod.UID] = true
	n.lastIP++
	go n.run(pod.DeepCopy(), fmt.Sprintf("%s.%d.%d", n.network, n.lastIP/250, n.lastIP%250+1))
}

// terminate ends a Pod as a kubelet does: the mesh has time to learn that it goes before its process ends.
func (n *node) terminate(pod *corev1.Pod, serving bool) {
	if serving {
		time.Sleep(drainOf(pod))
	}
	n.stop(pod.UID)
	now := int64(0)
	options := metav1.DeleteOptions{GracePeriodSeconds: &now}
	n.client.CoreV1().Pods(pod.Namespace).Delete(context.Background(), pod.Name, options)
}

func drainOf(pod *corev1.Pod) time.Duration {
	if hooks := pod.Spec.Containers[0].Lifecycle; hooks != nil && hooks.PreStop != nil && hooks.PreStop.Sleep != nil {
		return time.Duration(hooks.PreStop.Sleep.Seconds) * time.Second
	}
	return drain
}

func (n *node) run(pod *corev1.Pod, ip string) {
	if pod.Spec.NodeName == "" {
		binding := &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace},
			Target:     corev1.ObjectReference{Kind: "Node", Name: nodeName},
		}
		n.client.CoreV1().Pods(pod.Namespace).Bind(context.Background(), binding, metav1.CreateOptions{})
	}
	image := pod.Spec.Containers[0].Image
	if n.podinfo != "" && strings.Contains(image, "podinfo") {
		if !n.runPodinfo(pod, ip) {
			return
		}
	} else {
		time.Sleep(n.readyAfter)
	}
	if !strings.HasSuffix(image, ":never-ready") {
		n.reportReady(pod, ip)
	}
}

// runPodinfo starts the process and waits until it is ready. False: the Pod was stopped meanwhile.
func (n *node) runPodinfo(pod *corev1.Pod, ip string) bool {
	container := pod.Spec.Containers[0]
	tag := container.Image[strings.LastIndex(container.Image, ":")+1:]
	env, err := n.environment(pod.Namespace, &container)
	for err != nil { // as with a kubelet, the Pod waits until its ConfigMaps and Secrets are there
		log.Print(pod.Namespace, "/", pod.Name, ": ", err)
		time.Sleep(time.Second)
		if n.isGone(pod.UID) {
			return false
		}
		env, err = n.environment(pod.Namespace, &container)
	}
	var args []string
	if len(container.Command) > 1 {
		args = append(args, container.Command[1:]...)
	}
	args = append(args, container.Args...)
	// The last word on the address is ours: every Pod has its own, but gRPC and metrics would listen on all.
	args = append(args, "--host="+ip, "--port=9898", "--port-metrics=0", "--grpc-port=0", "--level=error")
	cmd := exec.Command(n.podinfo, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "PODINFO_UI_MESSAGE=" + tag}, env...)
	cmd.Env = append(cmd.Env, "HOSTNAME="+pod.Name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.launch(pod.UID, cmd); err != nil {
		log.Print(pod.Namespace, "/", pod.Name, ": ", err)
		return false
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for !n.isGone(pod.UID) {
		select {
		case err := <-ended:
			if !n.isGone(pod.UID) {
				log.Print(pod.Namespace, "/", pod.Name, ": podinfo ended: ", err)
			}
			return false
		default:
		}
		if answer, err := http.Get("http://" + ip + ":9898/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return true
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// environment is what the container's env and envFrom say; an error when a mandatory ConfigMap, Secret or key is
// missing.
func (n *node) environment(namespace string, container *corev1.Container) ([]string, error) {
	var env []string
	for _, from := range container.EnvFrom {
		var data map[string]string
		var err error
		optional := (*bool)(nil)
		if from.ConfigMapRef != nil {
			data, err = n.config(namespace, "configmap", from.ConfigMapRef.Name)
			optional = from.ConfigMapRef.Optional
		} else if from.SecretRef != nil {
			data, err = n.config(namespace, "secret", from.SecretRef.Name)
			optional = from.SecretRef.Optional
		}
		if err != nil && (optional == nil || !*optional) {
			return nil, err
		}
		for key, value := range data {
			env = append(env, from.Prefix+key+"="+value)
		}
	}
	for _, entry := range container.Env {
		if entry.ValueFrom == nil {
			env = append(env, entry.Name+"="+entry.Value)
			continue
		}
		kind, name, key, optional := reference(entry.ValueFrom)
		if kind == "" {
			continue
		}
		data, err := n.config(namespace, kind, name)
		value, found := data[key]
		if err == nil && !found {
			err = fmt.Errorf("%s %s has no key %s", kind, name, key)
		}
		if err == nil {
			env = append(env, entry.Name+"="+value)
		} else if optional == nil || !*optional {
			return nil, err
		}
	}
	return env, nil
}

// reference is what an environment variable refers to; kind "" when it is neither a ConfigMap nor a Secret.
func reference(source *corev1.EnvVarSource) (kind, name, key string, optional *bool) {
	if r := source.ConfigMapKeyRef; r != nil {
		return "configmap", r.Name, r.Key, r.Optional
	}
	if r := source.SecretKeyRef; r != nil {
		return "secret", r.Name, r.Key, r.Optional
	}
	return "", "", "", nil
}

func (n *node) config(namespace, kind, name string) (map[string]string, error) {
	if kind == "configmap" {
		object, err := n.client.CoreV1().ConfigMaps(namespace).Get(context.Background(), name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return object.Data, nil
	}
	object, err := n.client.CoreV1().Secrets(namespace).Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	data := map[string]string{}
	for key, value := range object.Data {
		data[key] = string(value)
	}
	return data, nil
}

func (n *node) reportReady(pod *corev1.Pod, ip string) {
	now := metav1.Now()
	started := true
	status := corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
		HostIP: "127.0.0.1", StartTime: &now}
	for _, c := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, Ready: true, Started: &started,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	kinds := []corev1.PodConditionType{
		corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady}
	for _, kind := range kinds {
		condition := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now}
		status.Conditions = append(status.Conditions, condition)
	}
	patch, _ := json.Marshal(map[string]any{"status": status})
	_, err := n.client.CoreV1().Pods(pod.Namespace).Patch(
		context.Background(), pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil && !n.isGone(pod.UID) {
		log.Print(pod.Namespace, "/", pod.Name, ": ", err)
	}
}

// launcher starts all processes from one thread that never ends: the kernel ends a child when the thread that began it
// ends, so that no podinfo outlives this process, however that ends.
func (n *node) launcher() {
	runtime.LockOSThread()
	for l := range n.launches {
		l.done <- l.cmd.Start()
	}
}

func (n *node) launch(uid types.UID, cmd *exec.Cmd) error {
	l := launch{cmd: cmd, done: make(chan error)}
	n.launches <- l
	if err := <-l.done; err != nil {
		return err
	}
	n.mu.Lock()
	n.running[uid] = cmd
	late := n.gone[uid]
	n.mu.Unlock()
	if late {
		n.stop(uid)
	}
	return nil
}

func (n *node) isGone(uid types.UID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.gone[uid]
}

func (n *node) stop(uid types.UID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gone[uid] = true
	if cmd := n.running[uid]; cmd != nil {
		cmd.Process.Kill()
		delete(n.running, uid)
	}
}

func (n *node) stopAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for uid, cmd := range n.running {
		n.gone[uid] = true
		cmd.Process.Kill()
	}
}

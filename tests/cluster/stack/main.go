// stack is a Kubernetes cluster for one machine in one binary: the first argument chooses the program.
//
//	etcd, kube-apiserver, kube-controller-manager, kubectl   as their projects ship them
//	pods                                                     scheduler and kubelet: Pods become processes
//	mesh                                                     Services and VirtualServices become Envoy's configuration
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: stack etcd|kube-apiserver|kube-controller-manager|kubectl|pods|mesh ...")
		os.Exit(2)
	}
	name := os.Args[1]
	os.Args = os.Args[1:] // each program reads its own command line
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "pods":
		runPods(os.Args[1:])
	case "mesh":
		runMesh(os.Args[1:])
	default:
		fmt.Fprintln(os.Stderr, "unknown program", name)
		os.Exit(2)
	}
}

// untilSignal returns when the process is asked to end.
func untilSignal() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	<-asked
}

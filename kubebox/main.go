// Command kubebox is a whole Kubernetes in one binary: the first argument names the component to be.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"changeover.dev/kubebox/controllers"
	"changeover.dev/kubebox/registry"
	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// components maps the first argument to what runs. Each sees os.Args without that argument.
var components = map[string]func() int{
	"controllers":             func() int { return report(controllers.Run(os.Args[1:])) },
	"coredns":                 runCoreDNS,
	"etcd":                    runEtcd,
	"kube-apiserver":          func() int { return run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return run(controllermanager.NewControllerManagerCommand()) },
	"kube-proxy":              func() int { return run(proxy.NewProxyCommand()) },
	"kube-scheduler":          func() int { return run(scheduler.NewSchedulerCommand()) },
	"kubelet":                 func() int { return run(kubelet.NewKubeletCommand(context.Background())) },
	"registry":                runRegistry,
}

func run(command *cobra.Command) int {
	return cli.Run(command)
}

func runEtcd() int {
	etcdmain.Main(os.Args)
	return 0
}

func runRegistry() int {
	if len(os.Args) != 3 {
		return report(fmt.Errorf("usage: kubebox registry ADDRESS FOLDER, got %q", os.Args[1:]))
	}
	return report(registry.Serve(os.Args[1], os.Args[2]))
}

func report(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "kubebox:", err)
	return 1
}

func main() {
	if len(os.Args) > 1 {
		if component, known := components[os.Args[1]]; known {
			os.Args = slices.Delete(os.Args, 1, 2)
			os.Exit(component())
		}
	}
	names := make([]string, 0, len(components))
	for name := range components {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintf(os.Stderr, "usage: kubebox COMPONENT [FLAGS]\ncomponents: %s\n", strings.Join(names, ", "))
	os.Exit(2)
}

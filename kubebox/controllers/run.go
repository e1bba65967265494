// Package controllers has what a cloud would bring: volumes for claims and addresses for load balancers.
package controllers

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

const resync = 30 * time.Second

// Run watches until it is told to stop.
func Run(arguments []string) error {
	flags := flag.NewFlagSet("controllers", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	volumes := flags.String("volumes", "", "folder in which volumes are made")
	balancers := flags.String("load-balancers", "", "network from which load balancers get addresses")
	_ = flags.Parse(arguments)
	network, err := netip.ParsePrefix(*balancers)
	if err != nil {
		return fmt.Errorf("--load-balancers: %w", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 300, 600
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	factory := informers.NewSharedInformerFactory(client, resync)
	provisioner := newProvisioner(client, factory, *volumes)
	balancer := newBalancer(client, factory, network)
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("cannot list %s", kind)
		}
	}
	klog.InfoS("Watching", "volumes", *volumes, "loadBalancers", network)
	go provisioner.claims.work(ctx)
	go provisioner.volumes.work(ctx)
	go balancer.work(ctx)
	<-ctx.Done()
	return nil
}

// worker calls reconcile for every object that changed, one at a time, again and later after an error.
type worker struct {
	queue     workqueue.TypedRateLimitingInterface[string]
	reconcile func(ctx context.Context, key string) error
}

func newWorker(informer cache.SharedIndexInformer, reconcile func(context.Context, string) error) *worker {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, 10*time.Second)
	w := &worker{queue: workqueue.NewTypedRateLimitingQueue(limiter), reconcile: reconcile}
	add := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			w.queue.Add(key)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, object any) { add(object) },
		DeleteFunc: add,
	})
	if err != nil {
		klog.ErrorS(err, "Cannot watch")
		os.Exit(1)
	}
	return w
}

func (w *worker) work(ctx context.Context) {
	go func() {
		<-ctx.Done()
		w.queue.ShutDown()
	}()
	for {
		key, shutdown := w.queue.Get()
		if shutdown {
			return
		}
		if err := w.reconcile(ctx, key); err != nil {
			klog.ErrorS(err, "Will try again", "object", key)
			w.queue.AddRateLimited(key)
		} else {
			w.queue.Forget(key)
		}
		w.queue.Done(key)
	}
}

package controllers

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// balancer gives every Service of type LoadBalancer an address of the network; kube-proxy does the rest.
type balancer struct {
	*worker
	client  kubernetes.Interface
	network netip.Prefix
	lister  corelisters.ServiceLister
	// given is what this process assigned: the lister may not know it yet.
	given map[string]netip.Addr
}

func newBalancer(client kubernetes.Interface, factory informers.SharedInformerFactory, network netip.Prefix) *balancer {
	b := &balancer{client: client, network: network, given: map[string]netip.Addr{}}
	services := factory.Core().V1().Services()
	b.lister = services.Lister()
	b.worker = newWorker(services.Informer(), b.reconcile)
	return b
}

func (b *balancer) reconcile(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	service, err := b.lister.Services(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		delete(b.given, key)
		return nil
	}
	if err != nil {
		return err
	}
	wants := service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.Spec.LoadBalancerClass == nil
	if !wants {
		delete(b.given, key)
		return nil
	}
	if len(service.Status.LoadBalancer.Ingress) > 0 {
		return nil
	}
	address, err := b.pick(key, service.Spec.LoadBalancerIP)
	if err != nil {
		return err
	}
	changed := service.DeepCopy()
	mode := corev1.LoadBalancerIPModeVIP
	changed.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address.String(), IPMode: &mode}}
	if _, err := b.client.CoreV1().Services(namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{}); err != nil {
		return err
	}
	b.given[key] = address
	klog.InfoS("Assigned", "service", key, "address", address)
	return nil
}

// pick returns the address asked for, else the one given before, else the lowest free one.
func (b *balancer) pick(key, asked string) (netip.Addr, error) {
	used := map[netip.Addr]string{}
	services, err := b.lister.List(labels.Everything())
	if err != nil {
		return netip.Addr{}, err
	}
	for _, service := range services {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			if address, err := netip.ParseAddr(ingress.IP); err == nil {
				used[address] = service.Namespace + "/" + service.Name
			}
		}
	}
	for owner, address := range b.given {
		used[address] = owner
	}
	if address, err := netip.ParseAddr(asked); err == nil {
		if owner := used[address]; !b.network.Contains(address) || (owner != "" && owner != key) {
			return netip.Addr{}, fmt.Errorf("address %s is not free in %s", asked, b.network)
		}
		return address, nil
	}
	if address, known := b.given[key]; known {
		return address, nil
	}
	for address := b.network.Addr().Next(); b.network.Contains(address.Next()); address = address.Next() {
		if used[address] == "" {
			return address, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("no free address left in %s", b.network)
}

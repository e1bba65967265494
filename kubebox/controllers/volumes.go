package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

const (
	provisionerName = "kubebox.changeover.dev/folder"
	provisionedBy   = "pv.kubernetes.io/provisioned-by"
	selectedNode    = "volume.kubernetes.io/selected-node"
)

// provisioner makes one folder of the machine per claim. All nodes of a cluster are on this machine, so a folder needs
// no affinity: simulated nodes use it as well, through processes on the host.
type provisioner struct {
	client  kubernetes.Interface
	folder  string
	claims  *worker
	volumes *worker

	claimLister  corelisters.PersistentVolumeClaimLister
	volumeLister corelisters.PersistentVolumeLister
	classLister  storagelisters.StorageClassLister
}

func newProvisioner(client kubernetes.Interface, factory informers.SharedInformerFactory, folder string) *provisioner {
	p := &provisioner{client: client, folder: folder}
	claims := factory.Core().V1().PersistentVolumeClaims()
	volumes := factory.Core().V1().PersistentVolumes()
	classes := factory.Storage().V1().StorageClasses()
	p.claimLister, p.volumeLister, p.classLister = claims.Lister(), volumes.Lister(), classes.Lister()
	classes.Informer()
	p.claims = newWorker(claims.Informer(), p.reconcileClaim)
	p.volumes = newWorker(volumes.Informer(), p.reconcileVolume)
	return p
}

// reconcileClaim provisions a claim that waits for us, and grows one that asks for more.
func (p *provisioner) reconcileClaim(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	claim, err := p.claimLister.PersistentVolumeClaims(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || claim.DeletionTimestamp != nil {
		return err
	}
	if claim.Spec.VolumeName != "" {
		return p.grow(ctx, claim)
	}
	if claim.Spec.StorageClassName == nil || *claim.Spec.StorageClassName == "" {
		return nil
	}
	class, err := p.classLister.Get(*claim.Spec.StorageClassName)
	if apierrors.IsNotFound(err) || (err == nil && class.Provisioner != provisionerName) {
		return nil // somebody else's, or its class may still come: the resync sees it
	}
	if err != nil {
		return err
	}
	waits := class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
	if waits && claim.Annotations[selectedNode] == "" {
		return nil
	}
	return p.provision(ctx, claim, class)
}

func (p *provisioner) provision(
	ctx context.Context, claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass,
) error {
	path := filepath.Join(p.folder, fmt.Sprintf("%s_%s_%s", claim.Namespace, claim.Name, claim.UID))
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o777); err != nil { // whatever the umask: pods run as any user
		return err
	}
	reclaim := corev1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		reclaim = *class.ReclaimPolicy
	}
	kind := corev1.HostPathDirectoryOrCreate
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "pvc-" + string(claim.UID),
			Annotations: map[string]string{provisionedBy: provisionerName},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: *claim.Spec.Resources.Requests.Storage()},
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    claim.Spec.VolumeMode,
			PersistentVolumeReclaimPolicy: reclaim,
			StorageClassName:              class.Name,
			MountOptions:                  class.MountOptions,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: path, Type: &kind},
			},
		},
	}
	_, err := p.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err == nil {
		klog.InfoS("Provisioned", "claim", klog.KObj(claim), "path", path)
	}
	return err
}

// grow gives a bound claim the size it asks for: first its volume, then its status.
func (p *provisioner) grow(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	wanted := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	has := claim.Status.Capacity[corev1.ResourceStorage]
	if claim.Status.Phase != corev1.ClaimBound || wanted.Cmp(has) <= 0 {
		return nil
	}
	volume, err := p.volumeLister.Get(claim.Spec.VolumeName)
	if err != nil || volume.Annotations[provisionedBy] != provisionerName {
		return err
	}
	size := map[string]any{"storage": wanted.String()}
	if current := volume.Spec.Capacity[corev1.ResourceStorage]; wanted.Cmp(current) > 0 {
		patch, err := json.Marshal(map[string]any{"spec": map[string]any{"capacity": size}})
		if err != nil {
			return err
		}
		volumes := p.client.CoreV1().PersistentVolumes()
		if _, err := volumes.Patch(ctx, volume.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"capacity": size, "conditions": nil}})
	if err != nil {
		return err
	}
	claims := p.client.CoreV1().PersistentVolumeClaims(claim.Namespace)
	_, err = claims.Patch(ctx, claim.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	if err == nil {
		klog.InfoS("Grown", "claim", klog.KObj(claim), "from", has.String(), "to", wanted.String())
	}
	return err
}

// reconcileVolume deletes files and volume when the claim is gone and the policy says Delete.
func (p *provisioner) reconcileVolume(ctx context.Context, name string) error {
	volume, err := p.volumeLister.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	ours := volume.Annotations[provisionedBy] == provisionerName && volume.Spec.HostPath != nil
	unwanted := volume.Status.Phase == corev1.VolumeReleased &&
		volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete
	if !ours || !unwanted || volume.DeletionTimestamp != nil {
		return nil
	}
	path := filepath.Clean(volume.Spec.HostPath.Path)
	if filepath.Dir(path) != filepath.Clean(p.folder) {
		return fmt.Errorf("volume %s lies outside %s: %s", name, p.folder, path)
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	err = p.client.CoreV1().PersistentVolumes().Delete(ctx, name, metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(volume.UID)),
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		klog.InfoS("Deleted", "volume", name, "path", path)
	}
	return err
}

"""What the API server does, and which words we make of it."""

import asyncio

import pytest

from changeover.kube.client import KubeCluster
from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import AlreadyExists, Conflict, FieldConflict, Refused, Resource

CONFIG_MAP = Kind("v1", "ConfigMap")
SECRET = Kind("v1", "Secret")
POD = Kind("v1", "Pod")


def config(namespace: str, name: str = "one", **data: str) -> KubeObject:
    return KubeObject(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": namespace, "labels": {"set": "a"}},
            "data": data,
        }
    )


def deployment(namespace: str, **spec: object) -> KubeObject:
    labels = {"app": "web"}
    container = {"name": "main", "image": "none", "env": [{"name": "PASSWORD", "value": "hunter2"}]}
    body = {
        "replicas": 0,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        **spec,
    }
    return KubeObject(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": body,
        }
    )


async def test_an_object_lives_and_dies(cluster: KubeCluster, namespace: str) -> None:
    made = await cluster.create(config(namespace, a="1"))
    assert made.uid
    assert (await cluster.get(made.ref)).get("data", "a") == "1"
    with pytest.raises(AlreadyExists):
        await cluster.create(config(namespace, a="1"))
    changed = await cluster.patch(made.ref, {"data": {"b": "2"}})
    assert changed.get("data") == {"a": "1", "b": "2"}
    with pytest.raises(Conflict):
        await cluster.delete(made.ref, uid="11111111-2222-3333-4444-555555555555")
    await cluster.delete(made.ref, uid=made.uid)
    assert await cluster.get(made.ref) is None
    await cluster.delete(made.ref, uid=made.uid)


async def test_a_dry_run_changes_nothing(cluster: KubeCluster, namespace: str) -> None:
    await cluster.create(config(namespace), dry_run=True)
    await cluster.apply(config(namespace), dry_run=True)
    assert await cluster.get(config(namespace).ref) is None


async def test_a_json_patch_is_guarded_by_its_test(cluster: KubeCluster, namespace: str) -> None:
    made = await cluster.create(config(namespace, a="1"))
    guard = {"op": "test", "path": "/metadata/resourceVersion", "value": made.resource_version}
    await cluster.patch(made.ref, [guard, {"op": "replace", "path": "/data/a", "value": "2"}])
    with pytest.raises(Conflict):
        await cluster.patch(made.ref, [guard, {"op": "replace", "path": "/data/a", "value": "3"}])
    assert (await cluster.get(made.ref)).get("data", "a") == "2"


async def test_other_owners_of_fields_are_named(cluster: KubeCluster, namespace: str) -> None:
    await cluster.apply(config(namespace, a="1"))
    ref = config(namespace).ref
    path = f"/api/v1/namespaces/{namespace}/configmaps/one"
    await cluster._http.patch(
        path,
        params={"fieldManager": "other"},
        json={"data": {"a": "2"}},
        headers={"content-type": "application/merge-patch+json"},
    )
    with pytest.raises(FieldConflict) as caught:
        await cluster.apply(config(namespace, a="3"), force=False)
    assert caught.value.owners == (("other", ".data.a"),)
    assert (await cluster.apply(config(namespace, a="3"), force=True)).get("data", "a") == "3"
    assert (await cluster.get(ref)).uid


async def test_what_kubernetes_does_not_change_is_refused_by_field(cluster: KubeCluster, namespace: str) -> None:
    await cluster.apply(deployment(namespace))
    labels = {"app": "shop"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "none"}]}}
    with pytest.raises(Refused) as caught:
        await cluster.apply(deployment(namespace, selector={"matchLabels": labels}, template=template))
    assert caught.value.status == 422
    assert ("FieldValueInvalid", "spec.selector") in [cause[:2] for cause in caught.value.causes]


async def test_unknown_fields_and_kinds_are_refused(cluster: KubeCluster, namespace: str) -> None:
    with pytest.raises(Refused) as unknown_field:
        await cluster.apply(deployment(namespace, replicants=3), dry_run=True)
    assert "replicants" in str(unknown_field.value)
    strange = KubeObject({"apiVersion": "example.com/v1", "kind": "Strange", "metadata": {"name": "x"}})
    with pytest.raises(Refused) as unknown_kind:
        await cluster.apply(strange)
    assert unknown_kind.value.status == 404
    assert await cluster.get(strange.ref) is None
    assert await cluster.list(strange.ref.kind) == []


async def test_secrets_do_not_enter_the_words(cluster: KubeCluster, namespace: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace}}
    broken = [
        KubeObject({**secret, "data": {"not a key": "aHVudGVyMg=="}}),
        KubeObject({**secret, "data": {"key": "hunter2"}}),
        KubeObject({**secret, "stringData": {"key": {"deep": "hunter2"}}}),
        KubeObject(
            {**secret, "type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "hunter2"}}
        ),
        deployment(namespace, replicas="hunter2"),
        deployment(namespace, selector={"matchLabels": {"hunter2": "hunter2"}}),
    ]
    for obj in broken:
        with pytest.raises(Refused) as caught:
            await cluster.apply(obj)
        assert "hunter2" not in f"{caught.value} {caught.value.causes}", obj.ref


async def test_a_list_comes_in_pages(cluster: KubeCluster, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("changeover.kube.client.PAGE", 3)
    await asyncio.gather(*(cluster.create(config(namespace, f"n{number}")) for number in range(10)))
    found = await cluster.list(CONFIG_MAP, namespace=namespace, selector="set=a")
    assert sorted(one.name for one in found) == [f"n{number}" for number in range(10)]
    assert {one.kind for one in found} == {"ConfigMap"}


async def test_one_learns_what_is_served_and_allowed(cluster: KubeCluster, namespace: str) -> None:
    served = await cluster.served()
    assert served["apps/v1", "Deployment"].plural == "deployments"
    assert not served["v1", "Namespace"].namespaced
    assert ("changeover.dev/v1alpha1", "Installation") in served
    assert await cluster.allowed("delete", served["v1", "Secret"], namespace=namespace)
    assert await cluster.allowed("*", Resource(Kind("*/*", "*"), "*", namespaced=False))
    assert (await cluster.version()).split(".")[0] == "1"
    assert len(await cluster.uid()) == 36


async def test_there_is_no_log_of_what_never_ran(cluster: KubeCluster, namespace: str) -> None:
    assert await cluster.logs(Ref(POD, namespace, "nobody")) == ""

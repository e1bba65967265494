"""What a plan knows of a real cluster: inventory, other owners, autoscalers, rights, kinds that a release brings."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from changeover.kube.client import KubeCluster
from changeover.kube.connect import connect
from changeover.objects import KubeObject, Ref
from changeover.plan import inventory, rbac
from changeover.plan.model import Plan
from changeover.ports import Unreachable
from changeover.render.revision import Revision
from changeover.settings import APPLYSET_PART_OF, SCALED_ANNOTATION
from tests.flows.planning import bring_about, installation, plan_of
from tests.unit.plan.world import config_map, deployment, obj, revision, with_

pytestmark = [pytest.mark.cluster]


def at(home: str, *objects: KubeObject) -> tuple[KubeObject, ...]:
    return tuple(with_(one, home, "metadata", "namespace") for one in objects)


async def installed(server: KubeCluster, home: str, *objects: KubeObject) -> Revision:
    made = revision("1", *at(home, *objects))
    await bring_about(server, await plan_of(server, made, None, namespace=home), made, namespace=home)
    return made


def effects(plan: Plan) -> dict[str, str]:
    return {str(change.ref): change.effect.value for change in plan.changes}


def references(plan: Plan) -> list[str]:
    return [finding.reference for finding in plan.findings]


async def as_somebody_else(server: KubeCluster, one: KubeObject) -> None:
    path = f"/api/v1/namespaces/{one.namespace}/configmaps/{one.name}"
    answer = await server._http.patch(
        path,
        params={"fieldManager": "somebody", "force": "true"},
        content=json.dumps(one.raw),
        headers={"content-type": "application/apply-patch+yaml"},
    )
    assert answer.status_code < 300, answer.text


async def test_what_no_revision_names_is_found_by_its_label_and_pruned(cluster: KubeCluster, namespace: str) -> None:
    old = await installed(cluster, namespace, config_map("a"), config_map("b"))
    labels = {APPLYSET_PART_OF: inventory.applyset_id(installation(namespace))}
    await cluster.apply(with_(at(namespace, config_map("stray"))[0], labels, "metadata", "labels"))
    await cluster.apply(at(namespace, config_map("not-ours"))[0])
    plan = await plan_of(cluster, revision("2", *at(namespace, config_map("a"))), old, namespace=namespace)
    assert effects(plan) == {"ConfigMap/a": "unchanged", "ConfigMap/b": "prune", "ConfigMap/stray": "prune"}


async def test_what_belongs_to_another_set_is_not_taken(cluster: KubeCluster, namespace: str) -> None:
    labels = {APPLYSET_PART_OF: "applyset-other-v1"}
    await cluster.apply(with_(at(namespace, config_map("a", x="1"))[0], labels, "metadata", "labels"))
    plan = await plan_of(cluster, revision("1", *at(namespace, config_map("a"))), None, namespace=namespace)
    assert effects(plan) == {"ConfigMap/a": "forbidden"}
    assert references(plan)[0] == "foreign-object"


async def test_other_owners_of_fields_are_named(cluster: KubeCluster, namespace: str) -> None:
    old = await installed(cluster, namespace, config_map("a", x="1", y="1"))
    await as_somebody_else(cluster, at(namespace, config_map("a", x="theirs"))[0])
    new = revision("2", *at(namespace, config_map("a", x="2", y="1")))
    plan = await plan_of(cluster, new, old, namespace=namespace)
    assert effects(plan) == {"ConfigMap/a": "patch"}
    (finding,) = [finding for finding in plan.findings if finding.reference == "field-conflict"]
    assert finding.found == ".data.x by somebody"
    (change,) = plan.changes
    assert [(field.before, field.after) for field in change.fields] == [('"theirs"', '"2"')]


async def test_replicas_of_an_autoscaled_workload_are_not_reset(cluster: KubeCluster, namespace: str) -> None:
    scaler = obj(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "web",
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 3,
            "maxReplicas": 5,
        },
    )
    old = await installed(cluster, namespace, deployment(replicas=1), scaler)
    web = at(namespace, deployment())[0].ref
    for _ in range(200):
        live = await cluster.get(web)
        if live is not None and live.get("spec", "replicas") == 3:
            break
        await asyncio.sleep(0.1)
    new = revision("2", *at(namespace, deployment(replicas=1, image="web:2"), scaler))
    plan = await plan_of(cluster, new, old, namespace=namespace)
    assert effects(plan)["Deployment/web"] == "restart"
    (change,) = [change for change in plan.changes if change.ref.kind.name == "Deployment"]
    assert "spec.replicas" not in {field.path for field in change.fields}
    assert "autoscaled" in references(plan)


async def test_scaling_down_for_the_run_does_not_change_the_plan(cluster: KubeCluster, namespace: str) -> None:
    old = await installed(cluster, namespace, deployment())
    new = revision("2", *at(namespace, deployment(image="web:2")))
    before = await plan_of(cluster, new, old, namespace=namespace)
    patch = {"metadata": {"annotations": {SCALED_ANNOTATION: "2"}}, "spec": {"replicas": 0}}
    await cluster.patch(new.objects[0].ref, patch)
    after = await plan_of(cluster, new, old, namespace=namespace)
    assert after.digest == before.digest
    one, other = (change.availability for plan in (before, after) for change in plan.changes)
    assert one
    assert other
    assert (one.pods, one.least) == (other.pods, other.least)
    assert [replace(change, availability=None) for change in after.changes] == [
        replace(change, availability=None) for change in before.changes
    ], "but for whether pods are ready just now"
    assert references(after) == []


def definition(name: str) -> KubeObject:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return obj(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{name}s.plan.example",
        namespace=None,
        spec={
            "group": "plan.example",
            "scope": "Namespaced",
            "names": {"kind": name.title(), "plural": f"{name}s", "singular": name},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    )


async def test_kinds_that_a_release_brings(cluster: KubeCluster, namespace: str) -> None:
    word = f"w{namespace.rpartition('-')[2]}"
    kind = definition(word)
    (thing,) = at(namespace, obj("plan.example/v1", word.title(), "t", spec={"a": 1}))
    new = revision("1", thing, kind)
    plan = await plan_of(cluster, new, None, namespace=namespace)
    assert not plan.blocked
    by_name = {change.ref.kind.name: change for change in plan.changes}
    assert by_name[word.title()].reason == f"after CustomResourceDefinition/{kind.name}"
    assert by_name["CustomResourceDefinition"].wave < by_name[word.title()].wave
    try:
        await cluster.apply(with_(kind, {"applyset.kubernetes.io/part-of": "x"}, "metadata", "labels"))
        while True:
            live = await cluster.get(kind.ref)
            conditions = live.get("status", "conditions", default=[]) if live else []
            if any(one["type"] == "Established" and one["status"] == "True" for one in conditions):
                break
            await asyncio.sleep(0.05)
        await cluster.apply(thing)
        removal = await plan_of(cluster, revision("2"), revision("1", kind), namespace=namespace)
        assert effects(removal) == {}, "it belongs to another set now"
        await cluster.patch(kind.ref, {"metadata": {"labels": {"applyset.kubernetes.io/part-of": None}}})
        removal = await plan_of(cluster, revision("2"), revision("1", kind), namespace=namespace)
        assert effects(removal) == {str(kind.ref): "keep"}
        assert "data-removed" in references(removal)
    finally:
        live = await cluster.get(kind.ref)
        if live is not None:
            await cluster.delete(live.ref, uid=live.uid)


async def test_objects_of_a_namespace_that_the_release_makes(cluster: KubeCluster, namespace: str) -> None:
    other = f"{namespace}-b"
    made_here = obj("v1", "Namespace", other, namespace=None)
    new = revision("1", *at(other, config_map("a")), made_here)
    plan = await plan_of(cluster, new, None, namespace=namespace)
    assert [(str(change.ref), change.reason) for change in plan.changes] == [
        (f"Namespace/{other}", ""),
        ("ConfigMap/a", f"after Namespace/{other}"),
    ]
    without = await plan_of(cluster, revision("1", *at(other, config_map("a"))), None, namespace=namespace)
    assert effects(without) == {"ConfigMap/a": "forbidden"}
    assert "not found" in without.findings[0].message


async def account_kubeconfig(server: KubeCluster, admin: str, home: str, folder: Path) -> str:
    """A kubeconfig of a ServiceAccount that may nothing yet."""
    await server.create(
        KubeObject({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "deployer", "namespace": home}})
    )
    path = f"/api/v1/namespaces/{home}/serviceaccounts/deployer/token"
    answer = await server._http.post(
        path, json={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    )
    config: dict[str, Any] = yaml.safe_load(Path(admin).read_text())
    config["users"][0]["user"] = {"token": answer.json()["status"]["token"]}
    target = folder / "kubeconfig"
    target.write_text(yaml.safe_dump(config))
    return str(target)


async def test_the_printed_roles_are_exactly_what_is_missing(
    cluster: KubeCluster, namespace: str, kubeconfig: str, tmp_path: Path
) -> None:
    role = obj("rbac.authorization.k8s.io/v1", "ClusterRole", namespace, namespace=None, rules=[])
    old = await installed(cluster, namespace, config_map("a"))
    new = revision("2", *at(namespace, config_map("a", x="1"), deployment()), role)
    config = await account_kubeconfig(cluster, kubeconfig, namespace, tmp_path)
    deployer, _ = connect(config, None, namespace)
    poor = await plan_of(deployer, new, old, namespace=namespace)
    assert "missing-rights" in references(poor)
    assert poor.blocked
    rights = rbac.rights_needed((new, old), namespace=namespace, served=await deployer.served())
    made: list[Ref] = []
    try:
        made = await granted(cluster, rbac.as_yaml(rights, name=namespace), namespace)
        rich = poor
        for _ in range(50):
            rich = await plan_of(deployer, new, old, namespace=namespace)
            if not rich.blocked:
                break
            await asyncio.sleep(0.1)
        assert references(rich) == []
        as_admin = await plan_of(cluster, new, old, namespace=namespace)
        assert rich.digest == as_admin.digest
    finally:
        await deployer.close()
        for ref in made:
            live = await cluster.get(ref)
            if live is not None:
                await cluster.delete(ref, uid=live.uid)


async def granted(server: KubeCluster, text: str, home: str) -> list[Ref]:
    """Apply the roles and bind them to the account; returns what is not in the namespace."""
    loose: list[Ref] = []
    for raw in yaml.safe_load_all(text):
        role = await server.apply(KubeObject(raw))
        binding = obj(
            "rbac.authorization.k8s.io/v1",
            f"{role.kind}Binding",
            role.name,
            namespace=role.namespace or None,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": role.kind, "name": role.name},
            subjects=[{"kind": "ServiceAccount", "name": "deployer", "namespace": home}],
        )
        await server.apply(binding)
        loose += [] if role.namespace else [role.ref, binding.ref]
    return loose


async def test_a_cluster_that_is_gone_is_a_problem_with_words(tmp_path: Path) -> None:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
        "current-context": "c",
        "kind": "Config",
        "apiVersion": "v1",
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    nowhere, home = connect(str(tmp_path / "kubeconfig"), None, "app")
    with pytest.raises(Unreachable):
        await plan_of(nowhere, revision("1", config_map()), None, namespace=home)
    await nowhere.close()

from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import inventory
from tests.unit.plan.world import obj, ref


def test_the_id_is_the_one_that_kubectl_computes() -> None:
    # computed as KEP-3659 says: base64url(sha256("app1.ns.Secret.")) without padding
    found = inventory.applyset_id(Ref(Kind("v1", "Secret"), "ns", "app1"))
    assert found.startswith("applyset-")
    assert found.endswith("-v1")
    assert len(found) == 55
    assert "=" not in found


def test_the_parents_lists_are_read_as_they_are_written() -> None:
    refs = [ref("Secret", "a"), ref("Deployment", "b", "apps/v1"), Ref(Kind("v1", "Secret"), "other", "c")]
    parent = obj(
        "x/v1",
        "Installation",
        "i",
        annotations={
            inventory.CONTAINS_GROUP_KINDS: inventory.group_kinds(refs),
            inventory.ADDITIONAL_NAMESPACES: inventory.additional_namespaces(refs, "app"),
        },
    )
    assert inventory.listed_group_kinds(parent) == ("Deployment.apps", "Secret")
    assert inventory.listed_namespaces(parent) == ("app", "other")
    assert inventory.listed_namespaces(obj("x/v1", "Installation", "i")) == ("app",)


def test_stable_versions_are_preferred() -> None:
    served = [("autoscaling/v2beta2", "HPA"), ("autoscaling/v2", "HPA"), ("v1", "Pod")]
    assert inventory.served_kind("HPA.autoscaling", served) == Kind("autoscaling/v2", "HPA")
    assert inventory.served_kind("Pod", served) == Kind("v1", "Pod")
    assert inventory.served_kind("X.y", served) is None


def test_the_parent_is_widened_only_when_it_lacks_something() -> None:
    refs = [Ref(Kind("apps/v1", "Deployment"), "app", "a"), Ref(Kind("v1", "ConfigMap"), "other", "b")]
    parent = KubeObject({"apiVersion": "x/v1", "kind": "Installation", "metadata": {"name": "i", "namespace": "app"}})
    wanted = inventory.widened(parent, refs)
    assert wanted == {
        inventory.CONTAINS_GROUP_KINDS: "ConfigMap,Deployment.apps",
        inventory.ADDITIONAL_NAMESPACES: "other",
    }
    parent = KubeObject({**parent.raw, "metadata": {**parent.metadata, "annotations": wanted}})
    assert inventory.widened(parent, refs[:1]) == {}

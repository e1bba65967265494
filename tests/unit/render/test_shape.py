"""The form in which an object is applied."""

import pytest

from changeover.objects import Kind
from changeover.render import shape


def _normal(raw: dict, namespace: str = "apps") -> dict:
    return shape.normal(raw, namespace=namespace, namespaced=shape.scopes([raw]))


def test_what_a_server_wrote_goes() -> None:
    raw = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "x", "creationTimestamp": None, "labels": None, "annotations": None},
        "spec": {
            "template": {"metadata": {"creationTimestamp": None, "labels": {"a": "b"}}},
            "volumeClaimTemplates": [{"metadata": {"name": "d", "creationTimestamp": None}, "status": {}}],
        },
        "status": {"replicas": 0},
    }
    assert _normal(raw) == {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "x", "namespace": "apps"},
        "spec": {
            "template": {"metadata": {"labels": {"a": "b"}}},
            "volumeClaimTemplates": [{"metadata": {"name": "d"}}],
        },
    }
    assert raw["metadata"] == {"name": "x", "creationTimestamp": None, "labels": None, "annotations": None}


def test_string_data_becomes_data_and_wins() -> None:
    raw = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "eA==", "b": "eQ=="}}
    assert _normal({**raw, "stringData": {"a": "new"}})["data"] == {"a": "bmV3", "b": "eQ=="}


@pytest.mark.parametrize(
    ("api_version", "kind", "given", "namespace"),
    [
        ("v1", "ConfigMap", None, "apps"),
        ("v1", "ConfigMap", "other", "other"),
        ("v1", "Namespace", "other", None),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", None, None),
        ("cert-manager.io/v1", "ClusterIssuer", None, None),
        ("cert-manager.io/v1", "Issuer", None, "apps"),
        ("example.com/v1", "Unknown", None, "apps"),
    ],
)
def test_namespaces_are_explicit(api_version: str, kind: str, given: str | None, namespace: str | None) -> None:
    metadata = {"name": "x", **({"namespace": given} if given else {})}
    raw = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    assert _normal(raw)["metadata"].get("namespace") == namespace


def test_the_packages_own_definitions_and_the_cluster_know_better() -> None:
    definition = {
        "kind": "CustomResourceDefinition",
        "spec": {"group": "e.x", "names": {"kind": "Global"}, "scope": "Cluster"},
    }
    namespaced = shape.scopes([definition], lambda kind: False if kind.name == "Told" else None)
    assert not namespaced(Kind("e.x/v1", "Global"))
    assert not namespaced(Kind("e.x/v1", "Told"))
    assert namespaced(Kind("e.x/v1", "Else"))


def test_lists_are_their_items() -> None:
    inner = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    listed = {"apiVersion": "v1", "kind": "List", "items": [inner, {"kind": "SecretList", "items": [inner]}]}
    assert list(shape.items(listed)) == [inner, inner]


@pytest.mark.parametrize("metadata", [{}, {"generateName": "x-"}, {"name": 5}, None])
def test_an_object_without_a_name_is_refused(metadata: dict | None) -> None:
    with pytest.raises(shape.UnusableObject, match="has no name"):
        _normal({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})

"""Fields that others keep: found by the server's names, left out where others own them, sent as they live elsewhere."""

from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan import keeping, ownership

CONTAINER = {
    "name": "web",
    "image": "web:1",
    "env": [{"name": "MODE", "value": "slow"}, {"name": "A,]=x", "value": "odd"}],
    "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP", "name": "u"}],
    "args": ["-v"],
}
RAW: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "annotations": {"a.b/c": "1", "a": "2"}, "finalizers": ["x", "y"]},
    "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "side"}, CONTAINER]}}},
}
POD = '.spec.template.spec.containers[name="web"]'

FIELDS = [
    (".spec.replicas", 2),
    (".metadata.annotations.a.b/c", "1"),
    (".metadata.annotations.a", "2"),
    (f"{POD}.image", "web:1"),
    (f'{POD}.env[name="MODE"].value', "slow"),
    (f'{POD}.env[name="A,]=x"].value', "odd"),
    (f'{POD}.ports[containerPort=80,protocol="UDP"].name', "u"),
    (f'{POD}.ports[containerPort=80,protocol="TCP"]', {"containerPort": 80}),
    (f"{POD}.args", ["-v"]),
    ('.metadata.finalizers[="y"]', "y"),
]


@pytest.mark.parametrize(("name", "value"), FIELDS)
def test_a_field_is_found_left_out_and_filled(name: str, value: Any) -> None:
    obj = KubeObject(RAW)
    assert keeping.values(obj, [name]) == {name: value}
    less = keeping.without(obj, [name])
    assert keeping.values(less, [name]) != {name: value}
    assert keeping.values(keeping.filled(obj, {name: "other"}), [name]).get(name, "other") == "other"
    assert obj.raw == RAW


@pytest.mark.parametrize("name", [".spec.paused", f'{POD}.env[name="X"].value', ".spec.replicas.x", "[0]", ""])
def test_what_is_not_there_changes_nothing(name: str) -> None:
    obj = KubeObject(RAW)
    assert keeping.values(obj, [name]) == {}
    assert keeping.without(obj, [name]).raw == RAW
    assert keeping.filled(obj, {name: 1}).raw == RAW


def owned(manager: str, fields: dict[str, Any], **spec: Any) -> KubeObject:
    entry = {"manager": manager, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}
    metadata = {**RAW["metadata"], "managedFields": [entry]}
    return KubeObject({**RAW, "metadata": metadata, "spec": {**RAW["spec"], **spec}})


def test_left_out_where_somebody_else_owns_it() -> None:
    live = owned("kubectl-scale", {"f:spec": {"f:replicas": {}}}, replicas=5)
    assert "replicas" not in keeping.as_theirs(KubeObject(RAW), live, [".spec.replicas"]).get("spec")


@pytest.mark.parametrize("manager", ["changeover", "kubectl-edit"])
def test_what_nobody_else_owns_is_sent_as_it_lives(manager: str) -> None:
    fields = {"f:spec": {"f:replicas" if manager == "changeover" else "f:paused": {}}}
    sent = keeping.as_theirs(KubeObject(RAW), owned(manager, fields, replicas=5), [".spec.replicas"])
    assert sent.get("spec", "replicas") == 5


def test_owned_fields_are_called_as_the_server_calls_them() -> None:
    item = {"f:image": {}, "f:env": {'k:{"name":"MODE"}': {".": {}, "f:value": {}}}}
    ports = {'k:{"containerPort":80,"protocol":"UDP"}': {"f:name": {}}}
    containers = {"f:containers": {'k:{"name":"web"}': {**item, "f:ports": ports}}}
    fields = {
        "f:spec": {"f:template": {"f:spec": containers}},
        "f:metadata": {"f:finalizers": {'v:"y"': {}}, "f:annotations": {"f:a.b/c": {}}},
    }
    names = ownership.others(owned("kubectl-edit", fields))
    assert set(names.values()) == {"kubectl-edit"}
    assert set(names) == {
        f"{POD}.image",
        f'{POD}.env[name="MODE"]',
        f'{POD}.env[name="MODE"].value',
        f'{POD}.ports[containerPort=80,protocol="UDP"].name',
        '.metadata.finalizers[="y"]',
        ".metadata.annotations.a.b/c",
    }
    assert ownership.others(owned("changeover", fields)) == {}

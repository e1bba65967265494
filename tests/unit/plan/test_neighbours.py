"""Services of others that would lose the pods they select are named before it happens."""

from typing import Any

import pytest

from changeover.objects import KubeObject
from tests.unit.plan.world import NAMESPACE, config_map, deployment, obj, plan, revision, snapshot, with_

LABELS = ("spec", "template", "metadata", "labels")
OLD = revision("1", config_map(), with_(deployment(), {"app": "web", "release": "one"}, *LABELS))
NEW = revision("2", config_map(), with_(deployment(), {"app": "web", "release": "two"}, *LABELS))


def service(selector: dict[str, str] | None, namespace: str = NAMESPACE) -> KubeObject:
    spec: dict[str, Any] = {"ports": [{"port": 80}], **({"selector": selector} if selector is not None else {})}
    return obj("v1", "Service", "strange", namespace=namespace, spec=spec)


@pytest.mark.parametrize(
    ("selector", "namespace", "told"),
    [
        ({"release": "one"}, NAMESPACE, True),
        ({"app": "web", "release": "one"}, NAMESPACE, True),
        ({"app": "web"}, NAMESPACE, False),  # holds on
        ({"release": "two"}, NAMESPACE, False),  # gains
        ({"app": "other"}, NAMESPACE, False),
        ({}, NAMESPACE, False),
        (None, NAMESPACE, False),
        ({"release": "one"}, "elsewhere", False),
    ],
)
def test_a_service_of_others_that_loses_pods_is_named(
    selector: dict[str, str] | None, namespace: str, *, told: bool
) -> None:
    seen = snapshot(NEW, OLD.objects, services=(service(selector, namespace),))
    made = [one for one in plan(NEW, OLD, seen=seen).findings if one.reference == "foreign-service"]
    assert [str(one.ref) for one in made] == (["Service/strange"] if told else [])
    if told:
        assert "Deployment/web" in made[0].message
        assert not plan(NEW, OLD, seen=seen).blocked


def test_a_workload_that_leaves_is_no_finding_of_its_labels() -> None:
    seen = snapshot(revision("2", config_map()), OLD.objects, services=(service({"release": "one"}),))
    assert not [
        one
        for one in plan(revision("2", config_map()), OLD, seen=seen).findings
        if one.ref and one.ref.name == "strange"
    ]

"""What becomes of a refused change: the class, its price, and the halves that the server is asked about."""

import pytest

from changeover.objects import KubeObject
from changeover.plan import bridging, immutables
from changeover.plan.immutables import identity
from changeover.plan.model import Effect, ObjectChange
from tests.unit.plan.world import claim, config_map, deployment, job, obj, stateful_set, with_

LABELS = ("spec", "template", "metadata", "labels")
VCT = ("spec", "volumeClaimTemplates", 0)
RELABELLED = with_(with_(deployment(), {"matchLabels": {"app": "shop"}}, "spec", "selector"), {"app": "shop"}, *LABELS)


def remedy_of(live: KubeObject, wanted: KubeObject) -> tuple[str, str] | None:
    found = immutables.remedy(live, wanted, immutables.frozen_fields(live, wanted))
    return (found.effect.value, found.handler) if found else None


@pytest.mark.parametrize(
    ("live", "wanted", "expected"),
    [
        (deployment(), RELABELLED, ("recreate-keeping-pods", "re-adopt")),
        (stateful_set(), with_(stateful_set(), "other", "spec", "serviceName"), ("recreate-keeping-pods", "re-adopt")),
        (stateful_set(), with_(stateful_set(), "files", *VCT, "metadata", "name"), None),
        (with_(config_map(a="1"), True, "immutable"), config_map(a="2"), ("recreate", "replace")),
        (claim(size="2Gi"), claim(size="1Gi"), None),
        (job(), with_(job(image="tool:2"), ..., "status"), None),
        (deployment(), deployment(image="web:2"), None),
    ],
    ids=["selector", "service name", "renamed claims", "immutable settings", "smaller claim", "job", "nothing fixed"],
)
def test_a_refused_change_has_a_remedy_or_truly_none(
    live: KubeObject, wanted: KubeObject, expected: tuple[str, str] | None
) -> None:
    assert remedy_of(live, wanted) == expected


def test_the_first_half_has_the_new_identity_and_the_old_template() -> None:
    live = with_(with_(deployment(image="web:1"), "uid-1", "metadata", "uid"), 5, "spec", "replicas")
    wanted = with_(RELABELLED, "web:2", "spec", "template", "spec", "containers", 0, "image")
    made = identity.with_identity(live, wanted)
    assert identity.has_identity(made, wanted)
    assert made.get("spec", "template", "spec", "containers", 0, "image") == "web:1"
    assert made.get("spec", "replicas") == 5
    assert made.uid == ""


def test_the_second_half_has_the_old_identity_and_the_new_template() -> None:
    wanted = with_(RELABELLED, "web:2", "spec", "template", "spec", "containers", 0, "image")
    half = identity.in_place(deployment(), wanted)
    assert identity.has_identity(deployment(), half)
    assert half.get("spec", "template", "spec", "containers", 0, "image") == "web:2"


def service(**selector: str) -> KubeObject:
    return obj("v1", "Service", "web", spec={"selector": selector})


@pytest.mark.parametrize(
    ("before", "after", "follows"),
    [
        (service(app="web"), service(app="shop"), True),
        (service(app="web"), service(app="web"), False),
        (service(app="web"), service(app="elsewhere"), False),
        (service(app="api"), service(app="shop"), False),
    ],
    ids=["follows", "stays", "goes elsewhere", "comes from elsewhere"],
)
def test_a_service_is_bridged_when_it_follows_the_labels(
    before: KubeObject, after: KubeObject, *, follows: bool
) -> None:
    changes = [
        ObjectChange(deployment().ref, Effect.RECREATE_KEEPING_PODS, handler="re-adopt"),
        ObjectChange(before.ref, Effect.PATCH),
    ]
    live = {one.ref.key: one for one in (deployment(), before)}
    new = {one.ref.key: one for one in (RELABELLED, after)}
    assert bridging.bridged(changes, live, new) == ({before.ref.key} if follows else set())

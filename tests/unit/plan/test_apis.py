"""Versions of APIs: what blocks an update, what only the way back, and what a later Kubernetes takes away."""

from typing import Any

import pytest

from changeover.objects import Kind, KubeObject
from changeover.plan import apis
from changeover.render.revision import Revision

BUDGET = KubeObject({"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}})
PSP = KubeObject({"apiVersion": "policy/v1beta1", "kind": "PodSecurityPolicy", "metadata": {"name": "web"}})
DEPLOYMENT = KubeObject({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}})
CUSTOM = KubeObject({"apiVersion": "example.com/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}})
SERVED = {
    ("apps/v1", "Deployment"),
    ("policy/v1", "PodDisruptionBudget"),
    ("example.com/v1beta1", "PodDisruptionBudget"),
}


def of(*objects: KubeObject) -> Revision:
    return Revision("2022.07", objects, "sha256:x")


def references(found: Any) -> list[str]:
    return [one.reference for one in found]


@pytest.mark.parametrize(
    ("version", "blocked"),
    [
        ("1.24", []),
        ("v1.24.9", []),
        ("1.25", ["PodDisruptionBudget", "PodSecurityPolicy"]),
        ("1.37.1", ["PodDisruptionBudget", "PodSecurityPolicy"]),
    ],
)
def test_ahead_of_an_upgrade_of_the_cluster(version: str, blocked: list[str]) -> None:
    found = apis.ahead(of(BUDGET, PSP, DEPLOYMENT, CUSTOM), version)
    assert [one.ref.kind.name for one in found if one.ref] == blocked


def test_the_replacement_is_named_or_that_there_is_none() -> None:
    hints = [one.hint for one in apis.ahead(of(BUDGET, PSP), "1.25")]
    assert hints[0] == "use policy/v1"
    assert "Pod Security Admission" in hints[1]
    assert apis.hint(BUDGET.ref.kind) == "Kubernetes 1.25 removed it: use policy/v1"
    assert apis.hint(CUSTOM.ref.kind) == ""


def test_several_objects_of_a_kind_are_one_finding() -> None:
    many = [KubeObject({**PSP.raw, "metadata": {"name": f"p{number}"}}) for number in range(6)]
    (found,) = apis.ahead(of(*many), "1.37")
    assert "p0, p1, p2, p3, p4 and 1 more of 2022.07" in found.message


@pytest.mark.parametrize("wrong", ["", "37", "2.1", "1.x", "latest"])
def test_what_is_no_version(wrong: str) -> None:
    with pytest.raises(apis.BadVersion):
        apis.minor(wrong)


def test_what_is_not_there_and_not_served_blocks_only_a_later_way_back() -> None:
    old = of(PSP, DEPLOYMENT)
    found = tuple(apis.for_the_way_back(old, SERVED, {DEPLOYMENT.ref.key}))
    assert references(found) == ["way-back-unserved"]
    assert "policy/v1beta1 PodSecurityPolicy" in found[0].message
    assert apis.no_way_back(old, SERVED, {DEPLOYMENT.ref.key}) == ""


def test_what_lives_under_another_version_means_no_way_back() -> None:
    old = of(BUDGET, DEPLOYMENT)
    live = {BUDGET.ref.key, DEPLOYMENT.ref.key}
    assert references(apis.for_the_way_back(old, SERVED, live)) == ["no-way-back"]
    assert "policy/v1beta1" in apis.no_way_back(old, SERVED, live)


def test_nothing_is_said_where_all_is_served_or_nothing_ran() -> None:
    assert references(apis.for_the_way_back(of(DEPLOYMENT), SERVED, ())) == []
    assert references(apis.for_the_way_back(None, SERVED, ())) == []


def test_what_is_served_still_and_will_not_be_is_noted() -> None:
    kind = Kind("networking.k8s.io/v1beta1", "ServiceCIDR")
    cidr = KubeObject({"apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": "extra"}})
    (found,) = apis.removed_later(of(cidr, DEPLOYMENT), {(kind.api_version, kind.name), *SERVED})
    assert (found.reference, found.hint.split(";")[0]) == ("api-removed-later", "use networking.k8s.io/v1")
    assert list(apis.removed_later(of(cidr), SERVED)) == []


def test_each_removal_is_listed_once() -> None:
    listed = [(one.api_version, kind) for one in apis.REMOVALS for kind in one.kinds]
    assert len(listed) == len(set(listed))

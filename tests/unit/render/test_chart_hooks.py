"""Where a chart's definitions, hooks and objects come, and which hooks an event runs."""

from typing import Any

import pytest

from changeover.render import ordering
from changeover.render.ordering import Placed


def obj(name: str, kind: str = "ConfigMap", source: str = "web/templates/x.yaml", **annotations: str) -> Placed:
    named = {key.replace("_", "-"): value for key, value in annotations.items()}
    metadata: dict[str, Any] = {"name": name}
    if named:
        metadata["annotations"] = {f"helm.sh/{key}": value for key, value in named.items()}
    raw = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    if kind == "Job":
        raw["spec"] = {"template": {"spec": {"restartPolicy": "Never"}}}
    return Placed(raw, "here", source=source)


CHART = [
    obj("settings"),
    obj("late", "Job", hook="post-install,post-upgrade", hook_weight="1"),
    obj("early", "Job", hook="pre-install,pre-upgrade", hook_weight="-5", hook_delete_policy="hook-succeeded"),
    obj("first-time", "Job", hook="pre-install"),
    obj("account", "ServiceAccount", hook="pre-install", hook_weight="-9"),
    obj("later", "Job", hook="post-upgrade"),
    obj("back", "Job", hook="pre-upgrade,pre-rollback"),
    obj("gone", "Job", hook="pre-delete"),
    obj("taste", "Pod", hook="test"),
    obj("kinds", "CustomResourceDefinition", source="crds/kinds.yaml"),
]


def placed(*, upgrade: bool) -> dict[str, int]:
    found = ordering.place_among_manifests(CHART, upgrade=upgrade)
    return {str(item.raw["metadata"]["name"]): item.phase for item in found}


def test_what_helm_installs_is_its_definitions_and_then_all_that_is_no_hook() -> None:
    found = ordering.place_chart(
        [*CHART, obj("needed", hook="test"), obj("no", hook="lunch"), obj("off", hook="")], start=3
    )
    assert {item.raw["metadata"]["name"]: item.phase for item in found} == {"kinds": 3, "settings": 4, "needed": 4}
    assert "annotations" not in found[-1].raw["metadata"]


def test_among_manifests_hooks_by_weight_surround_the_chart() -> None:
    found = placed(upgrade=False)
    assert found == {"account": -3, "early": -2, "first-time": -1, "kinds": 0, "settings": 0, "late": 1}


def test_an_upgrade_runs_its_own_hooks_and_leaves_accounts_of_others() -> None:
    found = placed(upgrade=True)
    assert found == {"account": -3, "early": -2, "back": -1, "kinds": 0, "settings": 0, "later": 1, "late": 2}


@pytest.mark.parametrize(("upgrade", "phase"), [(False, 1), (True, -1)])
def test_a_hook_of_two_events_is_placed_by_the_one_that_happens(*, upgrade: bool, phase: int) -> None:
    (found,) = ordering.place_among_manifests([obj("m", "Job", hook="post-install,pre-upgrade")], upgrade=upgrade)
    assert found.phase == phase


def test_hooks_lose_helms_annotations_and_keep_their_meaning() -> None:
    placed = ordering.place_among_manifests(CHART, upgrade=True)
    found = {str(item.raw["metadata"]["name"]): item for item in placed}
    assert found["early"].raw["metadata"]["annotations"] == {"kots.io/hook-delete-policy": "hook-succeeded"}
    assert found["back"].raw["metadata"]["annotations"] == {"changeover.dev/on-rollback": "run"}
    assert "annotations" not in found["account"].raw["metadata"]
    assert [name for name, item in found.items() if item.awaited] == ["early", "back", "later", "late"]


@pytest.mark.parametrize("mark", ["", "sha256:a"])
def test_a_hooks_pod_names_what_it_ran_for(mark: str) -> None:
    (found,) = ordering.place_among_manifests([CHART[2]], mark=mark)
    metadata = found.raw["spec"]["template"].get("metadata", {})
    assert metadata == ({"annotations": {"changeover.dev/hook-of": mark}} if mark else {})

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
    found = ordering.place_chart(CHART, start=0, upgrade=upgrade)
    return {str(item.raw["metadata"]["name"]): item.phase for item in found}


def test_definitions_then_hooks_by_weight_then_the_chart_then_hooks() -> None:
    assert placed(upgrade=False) == {"kinds": 0, "account": 1, "early": 2, "first-time": 3, "settings": 4, "late": 5}


def test_an_upgrade_runs_its_own_hooks_and_leaves_accounts_of_others() -> None:
    found = placed(upgrade=True)
    assert found == {"kinds": 0, "account": 1, "early": 2, "back": 3, "settings": 4, "later": 5, "late": 6}


def test_hooks_lose_helms_annotations_and_keep_their_meaning() -> None:
    found = {str(item.raw["metadata"]["name"]): item for item in ordering.place_chart(CHART, start=0, upgrade=True)}
    assert found["early"].raw["metadata"]["annotations"] == {"kots.io/hook-delete-policy": "hook-succeeded"}
    assert found["back"].raw["metadata"]["annotations"] == {"changeover.dev/on-rollback": "run"}
    assert "annotations" not in found["account"].raw["metadata"]
    assert [name for name, item in found.items() if item.awaited] == ["early", "back", "later", "late"]


@pytest.mark.parametrize("mark", ["", "sha256:a"])
def test_a_hooks_pod_names_what_it_ran_for(mark: str) -> None:
    (found,) = ordering.place_chart([CHART[2]], start=0, mark=mark)
    metadata = found.raw["spec"]["template"].get("metadata", {})
    assert metadata == ({"annotations": {"changeover.dev/hook-of": mark}} if mark else {})

"""Recorded calls of the reference implementation that decide about packages: v1beta3, phases, waits, Helm's hooks."""

import json
from pathlib import Path
from typing import Any

import pytest

from changeover.package import documents, yaml_text
from changeover.render import ordering

FOLDER = Path(__file__).parents[3] / "shared" / "cases" / "kots-behaviour"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real cases are not here: {FOLDER} does not exist")


def _calls(function: str) -> list[Any]:
    path = FOLDER / f"{function}.json"
    if not path.is_file():
        return []
    return [pytest.param(call, id=call["test"]) for call in json.loads(path.read_text())["cases"]]


@pytest.mark.parametrize("call", _calls("pkg_kotsutil--FilterOutV1Beta3Docs"))
def test_v1beta3_documents_are_dropped(call: dict[str, Any]) -> None:
    assert documents.without_v1beta3(call["args"]["content"]) == call["results"][0]


@pytest.mark.parametrize("call", _calls("pkg_operator_client--getSortedPhases"))
def test_phases_are_ascending_numbers(call: dict[str, Any]) -> None:
    given = call["args"]["resourcesByPhase"]
    found = sorted(ordering.phase_of({"metadata": {"annotations": {ordering.PHASE: phase}}}) for phase in given)
    assert [str(phase) for phase in found] == call["results"][0]


@pytest.mark.parametrize("call", _calls("pkg_operator_types--Resource.ShouldWaitForReady"))
def test_readiness_is_awaited_when_asked(call: dict[str, Any]) -> None:
    waits = ordering.waits_of(call["recv"]["Unstructured"] or {})
    assert (("ready", "true") in waits) == call["results"][0]


@pytest.mark.parametrize("call", _calls("pkg_operator_types--Resource.GetWaitForProperties"))
def test_properties_are_awaited_as_written(call: dict[str, Any]) -> None:
    waits = ordering.waits_of(call["recv"]["Unstructured"] or {})
    wanted = [(one["Path"], one["Value"]) for one in call["results"][0] or ()]
    assert [pair for pair in waits if pair != ("ready", "true")] == wanted


@pytest.mark.parametrize("call", _calls("pkg_base--BaseFile.transpileHelmHooksToKotsHooks"))
def test_a_jobs_delete_policy_lives_on(call: dict[str, Any]) -> None:
    raw = yaml_text.load(call["recv"]["Content"])
    hooked = {**raw, "metadata": {**raw["metadata"]}}
    hooked["metadata"]["annotations"] = {**ordering.annotations_of(raw), "helm.sh/hook": "pre-install"}
    placed = ordering.place_chart([ordering.Placed(hooked, "x")], start=1)[0].raw
    policy = ordering.annotations_of(raw).get("helm.sh/hook-delete-policy") if raw["kind"] == "Job" else None
    assert ordering.annotations_of(placed).get("kots.io/hook-delete-policy") == policy

"""Recorded calls of KOTS's own functions: the behaviour is compared, not the names.

A function of which Changeover has no counterpart is skipped by name, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from changeover.actions.checking import Checked, Judged, Verdict
from changeover.channel import generators
from changeover.checks.specs import Specs
from changeover.package import airgap, documents, yaml_text
from changeover.package.documents import read_documents
from changeover.package.questions import Config, read_config
from changeover.ports import Collected
from changeover.render import config as configs
from changeover.render import ordering
from changeover.render.context import Context
from changeover.render.templates import Templates
from changeover.runs.health import informers
from tools.conformance import config_shape, surroundings
from tools.conformance.case import Case, Disagreement, Skipped, read, same

Call = Mapping[str, Any]


def cases(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``kots-behaviour``."""
    for path in sorted(folder.glob("*.json")):
        function = path.stem.rpartition("--")[2]
        judge = JUDGES.get(function)
        for number, one in enumerate(read(path)["cases"]):
            name = f"{path.stem}/{number} {one['test']}"
            yield Case(name, partial(judge, one) if judge else partial(_skipped, function, one))


def _skipped(function: str, call: Call) -> None:
    if "$mock" in str(call):
        raise Skipped(f"{NO_COUNTERPART.get(function, 'no counterpart')} (and a mock hides what it decides by)")
    raise Skipped(NO_COUNTERPART.get(function, f"Changeover has no counterpart of {function}"))


def _v1beta3(call: Call) -> None:
    same(documents.without_v1beta3(call["args"]["content"]), call["results"][0])


def _phases(call: Call) -> None:
    given = call["args"]["resourcesByPhase"]
    found = sorted(ordering.phase_of({"metadata": {"annotations": {ordering.PHASE: phase}}}) for phase in given)
    same([str(phase) for phase in found], call["results"][0])


def _awaits_readiness(call: Call) -> None:
    waits = ordering.waits_of(call["recv"]["Unstructured"] or {})
    same(("ready", "true") in waits, call["results"][0])


def _awaits_properties(call: Call) -> None:
    waits = ordering.waits_of(call["recv"]["Unstructured"] or {})
    wanted = [(one["Path"], one["Value"]) for one in call["results"][0] or ()]
    same([pair for pair in waits if pair != ("ready", "true")], wanted)


def _hook_policy(call: Call) -> None:
    """A Job's delete policy lives on when it becomes one of our steps."""
    raw = yaml_text.load(call["recv"]["Content"])
    hooked = {**raw, "metadata": {**raw["metadata"]}}
    hooked["metadata"]["annotations"] = {**ordering.annotations_of(raw), "helm.sh/hook": "pre-install"}
    placed = ordering.place_among_manifests([ordering.Placed(hooked, "x")])[0].raw
    policy = ordering.annotations_of(raw).get("helm.sh/hook-delete-policy") if raw["kind"] == "Job" else None
    same(ordering.annotations_of(placed).get("kots.io/hook-delete-policy"), policy)


def _informer(call: Call) -> None:
    wanted, error = call["results"]
    found = informers.parse(call["recv"])
    if error:
        same(found, None, "an informer that is none")
        return
    shown = {"Kind": found.written_kind, "Name": found.name, "Namespace": found.namespace} if found else None
    same(shown, wanted)


def _config(document: Mapping[str, Any]) -> Config:
    return read_config(next(iter(read_documents("config.yaml", yaml_text.dump(dict(document))))))


def _templated(call: Call) -> None:
    args = call["args"]
    text, error = call["results"]
    if error:
        raise Skipped("the reference's writer escapes an emoji in a template and fails; its other call is our answer")
    given = {
        name: {"value": one["Value"], "filename": one["Filename"], "repeatableItem": one["RepeatableItem"]}
        for name, one in args["configValues"].items()
    }
    context = Context(
        args["namespace"],
        slug=args["appInfo"]["Slug"],
        release=surroundings.release(args["versionInfo"]),
        licence=args["license"]["V1"]["spec"],
        registry=surroundings.registry(args["localRegistry"]),
    )
    templates = Templates(_config(args["configSpec"]), given, context, produce=generators.produce)
    same(config_shape.groups(templates.form), config_shape.plain(yaml_text.load(text)["spec"]["groups"]))


def _validated(call: Call) -> None:
    spec = call["args"]["configSpec"]
    config = _config({"apiVersion": "kots.io/v1beta1", "kind": "Config", "spec": spec})
    wanted, error = call["results"]
    try:
        form = configs.evaluate(config, {}, lambda text, _: text)
    except configs.BadValidation as problem:
        if not error or (problem.found or "?") not in error["$error"]:
            raise Disagreement(f"wanted {wanted or error}, found {problem}") from None
        return
    if error:
        raise Disagreement(f"wanted the error {error['$error']!r}, found none")
    found = [
        (group["name"], item["name"], one["message"])
        for group in wanted or []
        for item in group["item_errors"]
        for one in item["validation_errors"]
    ]
    same(list(form.errors()), found)


def _required_first(call: Call) -> None:
    """Labels of the releases that a bundle wants installed before it, newest first as the reference gives them."""
    args = call["args"]
    spec = args["license"]["V1"].get("spec") or {}
    listed = {one["channelID"]: one.get("isSemverRequired") is True for one in spec.get("channels") or ()}
    by_version = listed.get(args["selectedChannelID"], spec.get("isSemverRequired") is True)
    installed = [
        airgap.Stop(one["versionLabel"], str(one["updateCursor"]), one["channelId"])
        for one in args["installedVersions"]
    ]
    bundle = airgap.from_spec(args["airgap"]["spec"])
    found = airgap.missing(bundle, installed, by_version=by_version, changed_channel=args["channelChanged"])
    same([stop.version for stop in found], call["results"][0] or [])


def _preflight_state(call: Call) -> None:
    """The worst of all; what could not be judged counts as failed, and nothing to judge keeps nobody."""
    results = call["args"]["preflightResults"]
    judged = [_judged(one) for one in results.get("results") or ()]
    judged += [Judged("unknown", "", "", "") for _ in results.get("errors") or ()]
    if call["args"]["ignoreNonStrict"]:
        judged = [one for one in judged if one.strict]
    verdict = Checked(Specs(), Collected({}, ()), tuple(judged)).verdict if judged else "pass"
    same("fail" if verdict == "unknown" else verdict, call["results"][0])


def _judged(result: Mapping[str, Any]) -> Judged:
    verdict: Verdict = "fail" if result.get("isFail") else "warn" if result.get("isWarn") else "pass"
    return Judged(verdict, result["title"], result["message"], "", bool(result.get("strict")))


JUDGES: Mapping[str, Callable[[Call], None]] = {
    "GetPreflightState": _preflight_state,
    "FilterOutV1Beta3Docs": _v1beta3,
    "getSortedPhases": _phases,
    "Resource.ShouldWaitForReady": _awaits_readiness,
    "Resource.GetWaitForProperties": _awaits_properties,
    "BaseFile.transpileHelmHooksToKotsHooks": _hook_policy,
    "StatusInformerString.Parse": _informer,
    "templateConfigObjects": _templated,
    "ValidateConfigSpec": _validated,
    "getRequiredAirgapUpdates": _required_first,
}
"""What judges the recorded calls of a function."""
NO_COUNTERPART: Mapping[str, str] = {
    "FormatTTL": "backups of ours are kept by number, not by a time to live in KOTS's units",
    "ParseTTL": "backups of ours are kept by number, not by a time to live in KOTS's units",
    "autoDeploy": "Changeover checks by itself but never deploys by itself: a person or an approval starts a run",
    "canInstall": "the same release again is a plan that changes nothing, told by digest, not by label or cursor",
    "isAppVersionDeployable": "required releases are decided by the route through a channel, not by downloads",
}
"""Why a function has no counterpart here."""

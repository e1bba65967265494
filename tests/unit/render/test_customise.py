"""The operator's labels, annotations and variables: where they go, where they never go, and what is reported."""

from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.render import customisations, customise
from changeover.render.revision import Revision


def deployment(**container: Any) -> KubeObject:
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1", **container}]}}
    spec = {"selector": {"matchLabels": labels}, "template": pod}
    return KubeObject(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": labels}, "spec": spec}
    )


def of(*objects: KubeObject) -> Revision:
    return Revision("1", objects, "sha256:x")


def done(obj: KubeObject, *entries: dict[str, Any]) -> KubeObject:
    return customise.customise(of(obj), customise.read(entries)).objects[0]


def entry(kind: str = "*", name: str = "*", api_version: str = "*", **what: Any) -> dict[str, Any]:
    env = {"spec": {"env": what.pop("env")}} if "env" in what else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **what}, **env}


def test_labels_and_annotations_go_to_the_object_and_its_pods_and_never_into_the_selector() -> None:
    web = done(deployment(), entry("Deployment", "web", labels={"team": "red"}, annotations={"note": "hello"}))
    assert web.labels == {"app": "web", "team": "red"}
    assert web.annotations == {"note": "hello"}
    assert web.get("spec", "template", "metadata") == {
        "labels": {"app": "web", "team": "red"},
        "annotations": {"note": "hello"},
    }
    assert web.get("spec", "selector") == {"matchLabels": {"app": "web"}}


def test_never_into_claim_templates() -> None:
    claims = [{"metadata": {"name": "data"}}]
    raw = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}}
    changed = done(KubeObject({**raw, "spec": {"volumeClaimTemplates": claims}}), entry(labels={"team": "red"}))
    assert changed.get("spec", "volumeClaimTemplates") == claims


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        (entry(labels={"team": "red"}), True),
        (entry("Deployment", "web", "apps/v1", labels={"team": "red"}), True),
        (entry("DaemonSet", labels={"team": "red"}), False),
        (entry(name="other", labels={"team": "red"}), False),
        (entry(api_version="apps/v1beta1", labels={"team": "red"}), False),
    ],
)
def test_what_a_matcher_fits(matcher: dict[str, Any], *, fits: bool) -> None:
    assert ("team" in done(deployment(), matcher).labels) is fits


def test_the_last_match_wins() -> None:
    web = done(deployment(), entry(labels={"team": "red", "zone": "a"}), entry("Deployment", labels={"team": "blue"}))
    assert web.labels == {"app": "web", "team": "blue", "zone": "a"}


def test_what_the_release_says_wins_and_the_rejected_override_is_reported() -> None:
    revision = customise.customise(
        of(deployment(env=[{"name": "MODE", "value": "own"}])),
        customise.read([entry(labels={"app": "mine"}, env=[{"name": "MODE", "value": "mine"}])]),
    )
    assert revision.objects == of(deployment(env=[{"name": "MODE", "value": "own"}])).objects
    assert revision.digest == "sha256:x"
    assert [(remark.reference, remark.message) for remark in revision.remarks] == [
        ("override-rejected", "Deployment/web metadata: label app stays web; the release says so"),
        ("override-rejected", "Deployment/web pods: label app stays web; the release says so"),
        ("override-rejected", "Deployment/web container web: variable MODE stays as the release says"),
    ]


def test_variables_match_by_name_alone_and_are_appended_to_every_container() -> None:
    variable = {"name": "PROXY", "value": "there"}
    web = done(deployment(), entry("ConfigMap", "web", env=[variable]))
    assert web.get("spec", "template", "spec", "containers", 0, "env") == [variable]
    assert web.labels == {"app": "web"}


def test_a_pod_is_never_matched_and_a_job_is_labelled_without_its_pods() -> None:
    pod = KubeObject({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}})
    assert done(pod, entry(labels={"team": "red"})) == pod
    job = KubeObject(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "m"}, "spec": {"template": {"spec": {}}}}
    )
    labelled = done(job, entry(labels={"team": "red"}))
    assert labelled.labels == {"team": "red"}
    assert labelled.get("spec") == {"template": {"spec": {}}}


def test_a_matcher_that_fits_nothing_is_reported() -> None:
    revision = customise.customise(of(deployment()), customise.read([entry("Pod", "web-0", labels={"a": "b"})]))
    assert [remark.reference for remark in revision.remarks] == ["customisation-unused"]
    assert "pods inherit" in revision.remarks[0].message


def test_other_customisations_are_another_revision() -> None:
    digests = {
        customise.customise(of(deployment()), customise.read([entry(labels={"team": team})])).digest
        for team in ("red", "blue")
    }
    assert len(digests | {"sha256:x"}) == 3


@pytest.mark.parametrize(
    "bad",
    [
        "just words",
        entry(labels={"team": True}),
        entry(labels={"a b": "c"}),
        entry(labels={"team": "no spaces"}),
        entry(labels={"changeover.dev/revision": "x"}),
        entry(namespace="other"),
        entry(env=[{"value": "x"}]),
        {**entry(), "spec": {"replicas": 3}},
    ],
)
def test_what_is_refused(bad: Any) -> None:
    with pytest.raises(customise.BadCustomisation):
        customise.read([bad])


def test_the_file_of_the_vendor_and_a_plain_list() -> None:
    text = 'customization:\n- kind: Deployment\n  metadata:\n    name: "*"\n    labels: {team: red}\n'
    assert customisations.from_text(text) == (
        {"kind": "Deployment", "metadata": {"name": "*", "labels": {"team": "red"}}},
    )
    assert customisations.from_text("- kind: Job\n") == ({"kind": "Job"},)
    with pytest.raises(customise.BadCustomisation):
        customisations.from_text("customization: red\n")

import json

import pytest

from changeover.plan import explain
from changeover.plan.estimate import History
from changeover.plan.model import Plan
from changeover.plan.record import plan_as_json, plan_from_json
from changeover.plan.steps import Verb
from changeover.release.profile import Profile
from changeover.settings import SCALED_ANNOTATION
from tests.unit.plan.world import (
    Listed,
    claim,
    config_map,
    deployment,
    job,
    obj,
    plan,
    ref,
    refused,
    revision,
    snapshot,
    stateful_set,
    step,
    with_,
)

OLD = revision("1", config_map(a="1"), deployment(), job(), config_map("gone"), secrets=("hunter2 hunter2",))
NEW = revision("2", config_map(a="2"), deployment(image="web:2"), job(image="tool:2"), claim())
SEEN = snapshot(NEW, OLD.objects, answers={"Job/migrations": refused("spec.template")})
UPDATE = plan(NEW, OLD, seen=SEEN)


def effects(made: Plan) -> dict[str, str]:
    return {str(change.ref): change.effect.value for change in made.changes}


def test_every_object_gets_its_class() -> None:
    assert effects(UPDATE) == {
        "ConfigMap/settings": "patch",
        "Deployment/web": "restart",
        "Job/migrations": "recreate",
        "PersistentVolumeClaim/files": "create",
        "ConfigMap/gone": "prune",
    }
    assert UPDATE.summary == (
        "Update 1 to 2: 1 created, 1 changed in place, 1 changed with a restart, 1 recreated, 1 removed; "
        "2 pods restart."
    )


def test_what_no_revision_names_any_more_is_pruned_from_the_inventory() -> None:
    stray = config_map("stray")
    made = plan(NEW, OLD, seen=snapshot(NEW, [*OLD.objects, stray], inventory=[stray.ref]))
    assert effects(made)["ConfigMap/stray"] == "prune"


def test_what_belongs_to_another_set_is_neither_changed_nor_removed() -> None:
    keys = {config_map().ref.key: "applyset-other", config_map("gone").ref.key: "applyset-other"}
    made = plan(NEW, OLD, seen=snapshot(NEW, OLD.objects, foreign=keys))
    assert effects(made)["ConfigMap/settings"] == "forbidden"
    assert "ConfigMap/gone" not in effects(made)


def test_objects_wait_for_the_namespace_and_the_definition_of_the_same_release() -> None:
    home = obj("v1", "Namespace", "app", namespace=None)
    definition = obj(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "ts.x",
        namespace=None,
        spec={"group": "x", "names": {"kind": "T"}},
    )
    new = revision("1", obj("x/v1", "T", "t"), config_map(), home, definition)
    missing = refused("", status=404, message='namespaces "app" not found')
    served = frozenset({("v1", "Namespace"), ("v1", "ConfigMap"), (definition.api_version, definition.kind)})
    made = plan(new, seen=snapshot(new, answers={"ConfigMap/settings": missing}, served=served))
    reasons = {str(change.ref): change.reason for change in made.changes}
    assert reasons["T/t"] == "after CustomResourceDefinition/ts.x"
    assert reasons["ConfigMap/settings"] == "after Namespace/app"
    assert not made.blocked


def test_secrets_never_enter_a_plan() -> None:
    old = revision("1", config_map(url="root:hunter2-hunter2@db"), secrets=("hunter2-hunter2",))
    new = revision("2", config_map(url="root:hunter3-hunter3@db"), secrets=("hunter3-hunter3",))
    text = json.dumps(plan_as_json(plan(new, old)))
    assert "hunter2" not in text
    assert "hunter3" not in text
    assert "secret:" in text


def test_json_and_back() -> None:
    again = plan_from_json(json.loads(json.dumps(plan_as_json(UPDATE))))
    assert again == UPDATE


def test_the_same_input_gives_the_same_digest() -> None:
    assert plan(NEW, OLD, seen=SEEN).digest == UPDATE.digest


@pytest.mark.parametrize(
    "other",
    [
        plan(NEW, OLD, seen=SEEN, strategy=Listed(step(Verb.CLOSE_GATE))),
        plan(NEW, revision("1.1", *OLD.objects), seen=SEEN),
        plan(revision("3", *NEW.objects), OLD, seen=SEEN),
        plan(NEW, OLD, seen=snapshot(NEW, OLD.objects[:-1])),
        plan(NEW, OLD, seen=snapshot(NEW, [config_map(a="2"), *OLD.objects[1:]])),
    ],
    ids=["strategy", "from", "to", "an object less", "nothing to change"],
)
def test_anything_that_matters_gives_another_digest(other: Plan) -> None:
    assert other.digest != UPDATE.digest


def test_what_the_run_itself_does_before_it_plans_again_is_no_difference() -> None:
    scaled = with_(with_(deployment(), 0, "spec", "replicas"), {SCALED_ANNOTATION: "2"}, "metadata", "annotations")
    live = [scaled if one.kind == "Deployment" else one for one in OLD.objects]
    again = plan(NEW, OLD, seen=snapshot(NEW, live, answers={"Job/migrations": refused("spec.template")}))
    assert again.digest == UPDATE.digest


def test_a_finished_job_that_vanishes_between_two_plannings_is_no_difference() -> None:
    live = [one for one in OLD.objects if one.kind != "Job"]
    again = plan(NEW, OLD, seen=snapshot(NEW, live))
    assert effects(again)["Job/migrations"] == "create"
    assert again.digest == UPDATE.digest
    same = revision("1.1", *OLD.objects)
    assert plan(same, OLD, seen=snapshot(same, live)).digest == plan(same, OLD).digest


def test_times_do_not_enter_the_digest() -> None:
    first, second = (Listed(step(Verb.WAIT_WINDOW, notBefore=at, kind="x")) for at in ("2026-01-01", "2026-01-02"))
    assert plan(NEW, OLD, strategy=first).digest == plan(NEW, OLD, strategy=second).digest


def test_in_words() -> None:
    text = "\n".join(explain.lines(UPDATE))
    for words in (
        UPDATE.summary,
        UPDATE.digest,
        "restart   Deployment/web  (2 pods: image of web 1 -> 2)",
        "Rollback at any time: instant",
    ):
        assert words in text
    assert "data.a" not in text
    full = "\n".join(explain.lines(UPDATE, full=True))
    assert 'data.a\n                 - "1"\n                 + "2"' in full


def test_findings_are_told_first_and_refused_fields_always() -> None:
    new = revision("2", stateful_set(label="b"))
    old = revision("1", stateful_set(label="a"))
    made = plan(new, old, seen=snapshot(new, old.objects, answers={"StatefulSet/db": refused("spec")}))
    lines = explain.lines(made)
    assert lines[3].startswith("BLOCKS")
    assert any("spec.selector" in line for line in lines[8:])


def test_estimates_come_from_the_objects_and_are_refined_by_history() -> None:
    slow = with_(
        deployment(), {"initialDelaySeconds": 10}, "spec", "template", "spec", "containers", 0, "readinessProbe"
    )
    old, new = revision("1", slow), revision("2", with_(slow, 1, "spec", "template", "spec", "x"))
    computed = plan(new, old).facts
    assert computed["expectedSeconds"] == pytest.approx(60, abs=0.1)  # 30 s of them all must stay healthy
    assert computed["expectedDowntimeSeconds"] == 0
    assert plan(new, old, history=History((90.0, 400.0))).facts["expectedSeconds"] == 400


def test_the_inventory_may_name_what_is_gone() -> None:
    made = plan(NEW, OLD, seen=snapshot(NEW, OLD.objects, inventory=[ref("ConfigMap", "long-gone")]))
    assert "ConfigMap/long-gone" not in effects(made)


def test_what_has_to_be_healthy_on_either_side() -> None:
    strategy = Listed()
    gone = [one for one in OLD.objects if one.kind != "Job"]
    plan(NEW, OLD, seen=snapshot(NEW, gone), strategy=strategy)
    situation = strategy.situation
    assert job().ref.key in situation.new.keys
    assert situation.old is not None
    assert set(situation.old.keys) == {one.ref.key for one in gone}, "the old Job is not run again"
    same = revision("1.1", *OLD.objects)
    plan(same, OLD, seen=snapshot(same, gone), strategy=strategy)
    assert set(strategy.situation.new.keys) == {one.ref.key for one in gone}


def test_an_apply_leaves_replicas_to_the_autoscaler_as_the_dry_run_did() -> None:
    web = deployment().ref.key
    made = plan(NEW, OLD, seen=snapshot(NEW, OLD.objects, autoscaled=frozenset({web})))
    told = {step.target: step.arguments.get("autoscaled") for step in made.steps.forward}
    assert told[web] == [web]
    assert [key for key, keys in told.items() if keys] == [web]


def test_the_applications_own_switch_does_not_change_the_plan() -> None:
    gate = {"switch": {"configMap": "maintenance"}}
    profile = Profile.model_validate({"sessions": {"selector": "a=b", "gate": gate}})
    off, on = (
        config_map("maintenance", enabledUntil="", other="1"),
        config_map("maintenance", enabledUntil="later", other="1"),
    )
    old, new = revision("1", off), revision("2", off)
    before, after = (plan(new, old, seen=snapshot(new, [live]), profile=profile) for live in (off, on))
    assert effects(after) == {"ConfigMap/maintenance": "unchanged"}
    assert before.digest == after.digest

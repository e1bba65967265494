from changeover.objects import KubeObject
from changeover.plan.model import DryRun, Finding, Plan, Severity, Snapshot
from changeover.plan.record import plan_as_json, plan_from_json
from changeover.plan.steps import Verb
from changeover.plan.strategy import Parameters
from changeover.release.profile import DataStore, Gate, Profile, Sessions, Switch
from tests.unit.plan.world import (
    Listed,
    claim,
    config_map,
    deployment,
    job,
    obj,
    plan,
    refused,
    revision,
    snapshot,
    stateful_set,
    step,
    with_,
)

OLD = revision("1", config_map(a="1"), deployment())
NEW = revision("2", config_map(a="2"), deployment(image="web:2"))
GATED = Profile(sessions=Sessions(selector="app=web", gate=Gate(switch=Switch(config_map="maintenance"))))


def found(made: Plan, reference: str) -> Finding:
    (finding,) = [finding for finding in made.findings if finding.reference == reference]
    return finding


def references(made: Plan) -> list[str]:
    return [finding.reference for finding in made.findings]


def test_a_calm_update_has_no_findings() -> None:
    assert references(plan(NEW, OLD)) == []
    assert not plan(NEW, OLD).blocked


def test_a_refused_field_blocks_with_its_values() -> None:
    changed = with_(deployment(), {"x": "y"}, "spec", "selector", "matchLabels")
    new = revision("2", changed)
    made = plan(new, OLD, seen=snapshot(new, OLD.objects, answers={"Deployment/web": refused("spec.selector")}))
    finding = found(made, "immutable-field")
    assert finding.severity is Severity.BLOCKS
    assert "Deployment/web" in finding.message
    assert finding.found == 'spec.selector: {"matchLabels": {"app": "web"}} -> {"matchLabels": {"x": "y"}}'
    assert made.blocked
    assert "cannot run" in made.summary


def test_unpredictable_blocks_unless_the_definition_changes_with_the_release() -> None:
    silent = plan(NEW, OLD, seen=snapshot(NEW, OLD.objects, answers={"ConfigMap/settings": DryRun(None, 0, "gone")}))
    assert found(silent, "unpredictable").severity is Severity.BLOCKS
    definition = obj(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "ts.x",
        namespace=None,
        spec={"group": "x", "names": {"kind": "T"}},
    )
    thing = obj("x/v1", "T", "t")
    new = revision("2", definition, thing)
    seen = snapshot(new, [thing], answers={"T/t": refused("spec.new", status=400)})
    assert found(plan(new, revision("1", thing), seen=seen), "unpredictable-yet").severity is Severity.WARNS


def test_missing_rights_block() -> None:
    made = plan(NEW, OLD, seen=snapshot(NEW, OLD.objects, denied=("delete deployments.apps in app",)))
    assert "delete deployments.apps in app" in found(made, "missing-rights").found
    assert made.blocked


def test_rights_that_no_step_needs_do_not_block() -> None:
    seen = snapshot(NEW, OLD.objects, denied=("patch pods in app",))
    assert references(plan(NEW, OLD, seen=seen)) == []
    assert "missing-rights" in references(plan(NEW, OLD, seen=seen, strategy=Listed(step(Verb.DRAIN))))


def test_the_gate_must_not_lock_out_the_application() -> None:
    closing = Listed(step(Verb.CLOSE_GATE))
    made = plan(NEW, OLD, profile=GATED, strategy=closing)
    assert found(made, "gate-matches-release").severity is Severity.BLOCKS
    assert found(made, "gate-without-policy").severity is Severity.WARNS
    assert references(plan(NEW, OLD, profile=GATED)) == []
    other = Profile(sessions=Sessions(selector="component=workspace"))
    assert found(plan(NEW, OLD, profile=other, strategy=closing), "no-gate").severity is Severity.BLOCKS
    with_policy = snapshot(NEW, OLD.objects, policy_gate=True)
    assert references(plan(NEW, OLD, profile=other, strategy=closing, seen=with_policy)) == []


def test_an_autoscaler_is_noted_and_warned_of_where_a_step_scales() -> None:
    def seen() -> Snapshot:
        return snapshot(NEW, OLD.objects, autoscaled=frozenset({deployment().ref.key}))

    assert found(plan(NEW, OLD, seen=seen()), "autoscaled").severity is Severity.NOTES
    scaling = Listed(step(Verb.SCALE, "deployment/web", replicas=0))
    assert found(plan(NEW, OLD, seen=seen(), strategy=scaling), "autoscaled").severity is Severity.WARNS


def test_our_own_scaling_costs_no_claim_and_needs_no_finding() -> None:
    risky = stateful_set(persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"})
    old, new = revision("1", risky), revision("2", risky)
    made = plan(new, old, strategy=Listed(step(Verb.SCALE, "StatefulSet/db", replicas=0)))
    assert references(made) == []
    assert Verb.RETAIN in [one.verb for one in made.steps.forward]


def test_a_release_that_lets_claims_go_with_its_pods_needs_the_name_typed() -> None:
    def sized(replicas: int, when: str = "Delete") -> KubeObject:
        return stateful_set(replicas=replicas, persistentVolumeClaimRetentionPolicy={"whenScaled": when})

    old, fewer = revision("1", sized(3)), revision("2", sized(1))
    made = plan(fewer, old)
    assert found(made, "scaling-deletes-claims").severity is Severity.BLOCKS
    assert "replicas: 3 -> 1" in found(made, "scaling-deletes-claims").found
    accepted = plan(fewer, old, accept_data_loss=frozenset({"StatefulSet/db"}))
    assert found(accepted, "scaling-deletes-claims").severity is Severity.WARNS
    assert references(plan(revision("2", sized(1, when="Retain")), old)) == []
    assert references(plan(revision("2", sized(4)), old)) == []


def test_data_goes_only_when_its_name_is_typed() -> None:
    old, new = revision("1", claim("minio"), stateful_set("mysql")), revision("2")
    refused_plan = plan(new, old)
    assert [change.effect.value for change in refused_plan.changes] == ["keep", "keep"]
    assert references(refused_plan) == ["data-removed", "data-removed"]
    assert refused_plan.blocked
    typed = frozenset({"PersistentVolumeClaim/minio", "StatefulSet/mysql"})
    accepted = plan(new, old, accept_data_loss=typed)
    assert [change.effect.value for change in accepted.changes] == ["prune", "prune"]
    assert references(accepted) == ["data-goes", "data-goes"]
    assert not accepted.blocked


def test_an_uninstall_keeps_data_without_asking() -> None:
    made = plan(revision(""), revision("1", claim(), config_map()), kind="uninstall")
    assert {str(change.ref): change.effect.value for change in made.changes} == {
        "PersistentVolumeClaim/files": "keep",
        "ConfigMap/settings": "prune",
    }
    assert not made.blocked


def test_what_is_no_longer_served_blocks_forward_and_warns_for_the_way_back() -> None:
    policy = obj("policy/v1beta1", "PodSecurityPolicy", "psp", namespace=None)
    served = frozenset({("v1", "ConfigMap"), ("apps/v1", "Deployment")})
    forward = plan(NEW, revision("1", policy), seen=snapshot(NEW, served=served))
    assert found(forward, "way-back-unserved").severity is Severity.WARNS
    assert not forward.blocked
    back = revision("1", policy)
    refused_back = plan(back, NEW, seen=snapshot(back, NEW.objects, served=served), kind="rollback")
    assert found(refused_back, "unserved-api").severity is Severity.BLOCKS


def test_epochs() -> None:
    old = revision("1", config_map(), reads_epochs=(1, 1), writes_epoch=1)
    new = revision("2", config_map(), reads_epochs=(1, 2), writes_epoch=2)
    assert found(plan(new, old), "rollback-needs-restore").severity is Severity.WARNS
    refused_back = found(plan(old, new, kind="rollback"), "data-epoch")
    assert refused_back.severity is Severity.BLOCKS
    assert "epoch 2" in refused_back.found
    assert references(plan(revision("1.1", config_map(), reads_epochs=(1, 1), writes_epoch=1), old)) == []


def test_answers_stops_and_others_findings() -> None:
    other = Finding("preflight", Severity.WARNS, "Too little memory.")
    made = plan(NEW, OLD, missing_answers=("domain",), requires_from="Stop at 1.5 first.", findings=(other,))
    assert references(made) == ["missing-answers", "requires-from", "preflight"]
    assert "domain" in found(made, "missing-answers").found


def test_fields_of_others_are_named() -> None:
    answer = DryRun(config_map(a="2"), 200, owners=(("kubectl", ".data.a"), ("changeover", ".spec.replicas")))
    made = plan(NEW, OLD, seen=snapshot(NEW, OLD.objects, answers={"ConfigMap/settings": answer}))
    assert found(made, "field-conflict").found == ".data.a by kubectl"


def test_fields_of_others_stop_the_run_when_that_was_chosen() -> None:
    answer = DryRun(config_map(a="2"), 200, owners=(("kubectl-edit", ".data.a"),))
    seen = snapshot(NEW, OLD.objects, answers={"ConfigMap/settings": answer})
    assert not plan(NEW, OLD, seen=seen).blocked
    assert plan(NEW, OLD, seen=seen, parameters=Parameters(conflicts="stop")).blocked


def test_fields_that_others_keep_are_told_in_the_plan_and_in_its_steps() -> None:
    answer = DryRun(config_map(a="1"), 200, kept=((".data.a", "kubectl-edit"),))
    steps = Listed(step(Verb.APPLY, OLD.objects[0].ref.key), step(Verb.APPLY, "Other//x"))
    made = plan(NEW, OLD, seen=snapshot(NEW, OLD.objects, answers={"ConfigMap/settings": answer}), strategy=steps)
    assert found(made, "fields-kept").found == ".data.a by kubectl-edit"
    assert [one.arguments.get("kept") for one in made.steps.forward if one.verb is Verb.APPLY][:2] == [
        [".data.a"],
        None,
    ]
    again = plan_from_json(plan_as_json(made))
    assert again.changes[0].kept == ((".data.a", "kubectl-edit"),)


def test_a_data_store_without_its_claim_is_said() -> None:
    profile = Profile(data=(DataStore(name="db", claim="data-db-0"),))
    assert "data-db-0" in found(plan(NEW, OLD, profile=profile), "claim-missing").message


def test_a_running_job_is_not_cut_off() -> None:
    old, new = revision("1", job(done=False)), revision("2", job(image="tool:2"))
    made = plan(new, old, seen=snapshot(new, old.objects, answers={"Job/migrations": refused("spec.template")}))
    assert found(made, "job-running").severity is Severity.BLOCKS

from dataclasses import replace

import pytest

from changeover.objects import KubeObject
from changeover.plan.classes import ON_ROLLBACK, Case, Decision, effect_of
from changeover.plan.model import DryRun, Effect
from changeover.settings import SCALED_ANNOTATION
from tests.unit.plan.world import claim, config_map, deployment, job, obj, refused, stateful_set, with_


def crd(*versions: str) -> KubeObject:
    served = [{"name": name, "served": True, "storage": place == 0} for place, name in enumerate(versions)]
    kind, api = "CustomResourceDefinition", "apiextensions.k8s.io/v1"
    return obj(api, kind, "teas.house.example", namespace=None, spec={"versions": served})


def case(desired: KubeObject | None, live: KubeObject | None = None, **more: object) -> Case:
    """By default the server would make of the manifest exactly the manifest."""
    one = desired or live
    assert one is not None
    answer = DryRun(desired, 200) if desired else None
    return replace(Case(one.ref, desired, live, answer), **more)  # type: ignore[arg-type]


NOT_FOUND = DryRun(None, 404, 'namespaces "x" not found')
PAUSED = with_(deployment(image="web:2"), True, "spec", "paused")
ON_DELETE = stateful_set(image="db:2", updateStrategy={"type": "OnDelete"})
KEPT = obj("v1", "ConfigMap", "a", annotations={"helm.sh/resource-policy": "keep"})
GOING = obj("v1", "ConfigMap", "a", deletionTimestamp="now")
RERUN = with_(job(), {ON_ROLLBACK: "run"}, "metadata", "annotations")
SELECTOR = with_(deployment(), {"x": "y"}, "spec", "selector", "matchLabels")

RULES: list[tuple[str, Case, Effect | None, str]] = [
    (
        "a claim that the release shrinks",
        case(claim(size="1Gi"), claim(size="2Gi"), previous=claim(size="2Gi")),
        Effect.FORBIDDEN,
        "cannot shrink",
    ),
    (
        "a claim that somebody has grown",
        case(claim(size="1Gi"), claim(size="2Gi"), previous=claim(size="1Gi"), answer=DryRun(claim(size="2Gi"), 200)),
        Effect.UNCHANGED,
        "stays as large",
    ),
    (
        "a claim that grew, on a rollback",
        case(
            claim(size="1Gi"),
            claim(size="2Gi"),
            previous=claim(size="2Gi"),
            answer=DryRun(claim(size="2Gi"), 200),
            is_rollback=True,
        ),
        Effect.UNCHANGED,
        "stays as large",
    ),
    ("neither", Case(config_map().ref, None, None), None, ""),
    ("gone from the release", case(None, config_map()), Effect.PRUNE, "no longer has it"),
    ("kept by its author", case(None, KEPT), Effect.KEEP, "marked"),
    ("data", case(None, claim(), data="it is a claim"), Effect.KEEP, "it is a claim"),
    ("data, typed", case(None, claim(), data="it is a claim", accepted=True), Effect.PRUNE, ""),
    ("new", case(config_map()), Effect.CREATE, ""),
    ("new, in a new namespace", case(config_map(), after="Namespace/x", answer=NOT_FOUND), Effect.CREATE, "after"),
    ("unserved", case(config_map(), served=False, answer=None), Effect.FORBIDDEN, "does not serve"),
    ("namespace missing", case(config_map(), answer=NOT_FOUND), Effect.FORBIDDEN, "not found"),
    ("nobody answered", case(config_map(), answer=DryRun(None, 0, "timed out")), Effect.UNKNOWN, "timed out"),
    ("server busy", case(config_map(), answer=DryRun(None, 429)), Effect.UNKNOWN, "no answer"),
    ("server failed", case(config_map(), answer=DryRun(None, 503)), Effect.UNKNOWN, "no answer"),
    (
        "schema error",
        case(config_map(), answer=DryRun(None, 500, "failed to create typed patch object")),
        Effect.FORBIDDEN,
        "typed patch",
    ),
    ("shared", case(crd("v1"), crd("v1", "v2"), foreign="applyset-x"), Effect.UNCHANGED, "shared: another"),
    ("not shared", case(crd("v1", "v2"), crd("v1"), foreign="applyset-x"), Effect.FORBIDDEN, "applyset-x"),
    ("another set's", case(config_map(), config_map(), foreign="applyset-x"), Effect.FORBIDDEN, "applyset-x"),
    ("being deleted", case(config_map("a"), GOING), Effect.UNKNOWN, "being deleted"),
    ("unchanged", case(config_map(a="1"), config_map(a="1")), Effect.UNCHANGED, ""),
    ("changed", case(config_map(a="2"), config_map(a="1")), Effect.PATCH, ""),
    ("new image", case(deployment(image="web:2"), deployment()), Effect.RESTART, ""),
    ("replicas", case(deployment(replicas=3), deployment()), Effect.PATCH, ""),
    ("paused", case(PAUSED, with_(deployment(), True, "spec", "paused")), Effect.PATCH, "paused"),
    ("OnDelete", case(ON_DELETE, stateful_set(updateStrategy={"type": "OnDelete"})), Effect.PATCH, "OnDelete"),
    ("selector", case(SELECTOR, deployment(), answer=refused("spec.selector")), Effect.FORBIDDEN, "spec.selector"),
    (
        "StatefulSet",
        case(
            stateful_set(label="b"), stateful_set(label="a"), answer=refused("spec", message="updates to … forbidden")
        ),
        Effect.FORBIDDEN,
        "volumeClaimTemplates",
    ),
    ("job, same", case(job(), job()), Effect.UNCHANGED, ""),
    ("job, other", case(job(image="t:2"), job(), answer=refused("spec.template")), Effect.RECREATE, "finished"),
    (
        "job, running",
        case(job(image="t:2"), job(done=False), answer=refused("spec.template")),
        Effect.FORBIDDEN,
        "still running",
    ),
    ("job, removed after it ran", case(job(), previous=job()), Effect.UNCHANGED, "not run again"),
    ("job, removed, other", case(job(image="t:2"), previous=job()), Effect.CREATE, ""),
    (
        "job of an earlier revision, on a rollback",
        case(job(image="t:1"), job(image="t:2"), is_rollback=True, answer=refused("spec.template")),
        Effect.PRUNE,
        "not run again",
    ),
    (
        "job that a rollback runs again",
        case(RERUN, job(image="t:2"), is_rollback=True, answer=refused("spec.template")),
        Effect.RECREATE,
        "",
    ),
    ("job, gone, on a rollback", case(job(), previous=job(image="t:2"), is_rollback=True), Effect.UNCHANGED, "not run"),
    (
        "its definition changes",
        case(obj("x/v1", "T", "t"), obj("x/v1", "T", "t"), schema_changes=True, answer=refused("spec.new", status=400)),
        Effect.UNKNOWN,
        "definition changes",
    ),
    ("admission", case(config_map(), config_map(), answer=DryRun(None, 403, "no!")), Effect.FORBIDDEN, "no!"),
]


@pytest.mark.parametrize(("seen", "effect", "reason"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_the_rule_list(seen: Case, effect: Effect | None, reason: str) -> None:
    decision = effect_of(seen)
    assert (decision.effect if decision else None) == effect
    assert reason in (decision.reason if decision else "")


def decide(seen: Case) -> Decision:
    decision = effect_of(seen)
    assert decision is not None
    return decision


def test_a_refusal_names_field_old_value_and_new_value() -> None:
    decision = decide(case(SELECTOR, deployment(), answer=refused("spec.selector")))
    (difference,) = decision.differences
    assert (difference.text, difference.before, difference.after) == (
        "spec.selector",
        {"matchLabels": {"app": "web"}},
        {"matchLabels": {"x": "y"}},
    )
    assert decision.hint


def test_a_refusal_without_a_rule_takes_the_servers_causes() -> None:
    live, desired = obj("x/v1", "T", "t", spec={"a": 1}), obj("x/v1", "T", "t", spec={"a": 2})
    (difference,) = decide(case(desired, live, answer=refused("spec.a"))).differences
    assert (difference.text, difference.before, difference.after) == ("spec.a", 1, 2)


def test_what_a_step_scaled_down_is_no_change() -> None:
    annotated = with_(deployment(), {SCALED_ANNOTATION: "2"}, "metadata", "annotations")
    live = with_(annotated, 0, "spec", "replicas")
    assert decide(case(deployment(), live, answer=DryRun(annotated, 200))).effect is Effect.UNCHANGED


def test_values_that_the_server_repeats_are_not_passed_on() -> None:
    dump = 'Invalid value: core.PodTemplateSpec{Env: {Name:"DB_PASSWORD", Value:"hunter2"}}: field is immutable'
    live, desired = obj("x/v1", "T", "t"), obj("x/v1", "T", "t", spec={})
    causes = DryRun(None, 422, f'T "t" is invalid: spec.template: {dump}', causes=(("X", "spec.template", dump),))
    for answer in (causes, DryRun(None, 422, causes.message)):
        decision = decide(case(desired, live, answer=answer))
        assert "hunter2" not in decision.reason
        assert decision.reason.endswith("spec.template: invalid value: field is immutable")

"""Which hooks a change and its way back run, in which order, and what the plan says of them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from changeover.objects import KubeObject
from changeover.plan import hooks
from changeover.plan.classes import Case, effect_of
from changeover.plan.model import DryRun, Effect
from changeover.plan.steps import Verb
from changeover.render.chart_release import ChartRelease, Hook
from changeover.render.revision import Revision
from changeover.strategies.plain import Plain
from tests.unit.plan import world
from tests.unit.plan.world import claim, config_map, job, obj, revision


def hook(one: KubeObject, *events: str, weight: int = 0, deletes: tuple[str, ...] = ()) -> Hook:
    return Hook(events, weight, deletes, "web/templates/x.yaml", one.raw, one.raw)


def release(*found: Hook, name: str = "web", version: str = "1", upgrade: bool = False) -> ChartRelease:
    return ChartRelease(name, "app", {"version": version}, hooks=found, upgrade=upgrade, phase=2)


def with_charts(version: str, *charts: ChartRelease) -> Revision:
    return replace(revision(version, config_map(), phases={config_map().ref.key: 2}), charts=charts)


def told(runs: Sequence[hooks.HookRun]) -> list[str]:
    return [f"{run.event} {run.obj.ref}" for run in runs]


ACCOUNT = obj("v1", "ServiceAccount", "b")
ALL = (
    hook(job("b"), "pre-install", "pre-upgrade"),
    hook(ACCOUNT, "pre-install", "pre-upgrade", deletes=(hooks.BEFORE, hooks.SUCCEEDED)),
    hook(job("a"), "pre-upgrade", "post-install", deletes=(hooks.SUCCEEDED,)),
    hook(job("z"), "pre-upgrade", weight=-1),
    hook(job("back"), "pre-rollback", "post-rollback"),
    hook(job("bye"), "pre-delete"),
    hook(job("gone"), "post-delete"),
    hook(obj("v1", "Pod", "taste"), "test"),
)


def test_an_installation_runs_its_own_hooks_by_weight_then_name_then_kind() -> None:
    new = with_charts("1", release(*ALL))
    assert told(hooks.forward("install", new, None)) == [
        "pre-install ServiceAccount/b",
        "pre-install Job/b",
        "post-install Job/a",
    ]
    assert told(hooks.backward(new, None)) == ["pre-delete Job/bye", "post-delete Job/gone"]


def test_an_update_runs_those_of_an_upgrade_and_on_the_way_back_those_of_a_rollback() -> None:
    old, new = with_charts("1", release(*ALL)), with_charts("2", release(*ALL, version="2", upgrade=True))
    runs = hooks.forward("update", new, old)
    assert told(runs) == ["pre-upgrade Job/z", "pre-upgrade Job/a", "pre-upgrade ServiceAccount/b", "pre-upgrade Job/b"]
    assert [run.is_last for run in runs] == [False, False, False, True]
    assert [run.deletes for run in runs[:2]] == [(hooks.BEFORE,), (hooks.SUCCEEDED,)]
    assert runs[-1].clears == (ACCOUNT.ref.key, job("a").ref.key)
    back = hooks.backward(new, old)
    assert told(back) == ["pre-rollback Job/back", "post-rollback Job/back"]
    assert {run.revision for run in back} == {old.digest}
    assert told(hooks.forward("rollback", old, new)) == told(back)


def test_the_same_chart_with_the_same_values_runs_nothing() -> None:
    old, new = with_charts("1", release(*ALL)), with_charts("2", release(*ALL, upgrade=True))
    assert hooks.forward("update", new, old) == hooks.backward(new, old) == ()


def test_a_chart_that_leaves_runs_its_hooks_of_deletion() -> None:
    old, new = with_charts("1", release(*ALL)), with_charts("2", release(name="other", upgrade=False))
    assert told(hooks.forward("update", new, old)) == ["pre-delete Job/bye", "post-delete Job/gone"]


def test_a_release_that_was_adopted_from_helm_as_manifests_does_not_leave() -> None:
    adopted, new = revision("1", config_map(), source={"form": "manifests"}), with_charts("2", release(*ALL))
    assert hooks.backward(new, adopted) == hooks.forward("rollback", adopted, new) == ()
    last_chart_gone = revision("3", config_map(), source={"form": "kots"})
    assert told(hooks.forward("update", last_chart_gone, new)) == ["pre-delete Job/bye", "post-delete Job/gone"]


@pytest.mark.parametrize(
    ("live", "effect", "handler", "words"),
    [
        (None, Effect.CREATE, "hook", "pre-upgrade hook"),
        (job("b"), Effect.RECREATE, "hook", "the earlier one is removed first"),
        (job("b", done=False), Effect.FORBIDDEN, "", "still at work"),
    ],
)
def test_what_the_plan_says_of_a_hook(live: KubeObject | None, effect: Effect, handler: str, words: str) -> None:
    found = effect_of(Case(job("b").ref, job("b"), live, DryRun(job("b")), hook="pre-upgrade hook"))
    assert (found.effect, found.handler) == (effect, handler)
    assert words in found.reason


def test_a_hook_that_the_server_refuses_is_refused_before_the_run() -> None:
    found = effect_of(Case(job("b").ref, job("b"), None, DryRun(None, 403, "no"), hook="pre-install hook"))
    assert (found.effect, found.reference) == (Effect.FORBIDDEN, "refused-object")


def test_a_claim_that_is_a_hook_is_not_made_anew_unless_its_name_is_typed() -> None:
    case = Case(claim().ref, claim(), claim(), hook="pre-upgrade hook", data="it holds data")
    assert effect_of(case).reference == "holds-data"
    assert effect_of(replace(case, accepted=True)).effect is Effect.RECREATE


def test_hooks_are_steps_around_their_chart() -> None:
    old, new = with_charts("1", release(*ALL)), with_charts("2", release(*ALL, version="2", upgrade=True))
    plan = world.plan(new, old, strategy=Plain())
    forward = [(step.verb, step.target.rpartition("/")[2]) for step in plan.steps.forward]
    first = forward.index((Verb.RUN_HOOK, "z"))
    assert [name for verb, name in forward[first : first + 4] if verb is Verb.RUN_HOOK] == ["z", "a", "b", "b"]
    assert forward.index((Verb.APPLY, "settings")) > first + 3
    back = [step for step in plan.steps.back if step.verb is Verb.RUN_HOOK]
    assert [step.id.split("/")[2] for step in back] == ["pre-rollback", "post-rollback"]
    assert all("apply/ConfigMap/app/settings" in step.undoes for step in back)

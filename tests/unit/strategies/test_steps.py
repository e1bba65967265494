"""What the strategies list: the order that is safe, and a way back for everything that changes something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from changeover.objects import Kind, Ref
from changeover.plan.immutables.remedy import READOPT
from changeover.plan.model import Effect, ObjectChange
from changeover.plan.steps import Step, Steps, Verb
from changeover.plan.strategy import Await, Estimates, Parameters, Side, Situation, Wave
from changeover.release.profile import Profile
from changeover.strategies.table import STRATEGIES, UnknownStrategy, strategy_named

PROFILE = Profile.model_validate(
    {
        "sessions": {
            "selector": "component=workspace",
            "controller": "deployment/manager",
            "gate": {"switch": {"configMap": "maintenance"}},
            "receipt": {"annotation": "x/receipt"},
        },
        "data": [{"name": "db", "claim": "data-db-0", "workload": "statefulset/db"}],
        "probes": [
            {"name": "front", "http": {"service": "proxy"}},
            {"name": "session", "session": {"service": "proxy", "startPath": "/start"}},
            {"name": "load", "prometheus": {"query": "up"}},
        ],
    }
)


def change(kind: str, name: str, effect: Effect) -> ObjectChange:
    versions = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}
    return ObjectChange(Ref(Kind(versions.get(kind, "v1"), kind), "app", name), effect)


SETTINGS = change("ConfigMap", "settings", Effect.PATCH)
GONE = change("ConfigMap", "gone", Effect.PRUNE)
FRESH = change("Deployment", "fresh", Effect.CREATE)
DB = change("StatefulSet", "db", Effect.UNCHANGED)
MANAGER = change("Deployment", "manager", Effect.RESTART)
PROXY = change("Deployment", "proxy", Effect.RESTART)


def situation(**more: Any) -> Situation:
    wanted: dict[str, Any] = {
        "kind": "update",
        "namespace": "app",
        "new": Side("2", "sha256:2", keys=(PROXY.ref.key,)),
        "old": Side("1", "sha256:1", keys=(PROXY.ref.key,)),
        "waves": (
            Wave(0, "settings", (SETTINGS,)),
            Wave(1, "data stores", (DB,), (Await(DB.ref.key),)),
            Wave(2, "workloads", (MANAGER, PROXY, FRESH)),
            Wave(3, "removing", (GONE,)),
        ),
        "way_back": (
            Wave(0, "settings", (SETTINGS, change("ConfigMap", "gone", Effect.CREATE))),
            Wave(1, "data stores", (DB,), (Await(DB.ref.key),)),
            Wave(2, "workloads", (MANAGER, PROXY)),
            Wave(3, "removing", (change("Deployment", "fresh", Effect.PRUNE),)),
        ),
        "profile": PROFILE,
        "policy_gate": True,
        "stores": PROFILE.data,
        "estimates": Estimates(change_seconds=100, rollback_seconds=50),
    }
    return Situation(**{**wanted, **more})


def listed(strategy: str = "window", **more: Any) -> Steps:
    return strategy_named(strategy).steps(situation(**more))


def ids(steps: Iterable[Step]) -> list[str]:
    return [step.id for step in steps]


def begun_back(steps: Steps, *begun: str) -> list[str]:
    """The back steps that would run after these forward steps were begun."""
    return [step.id for step in steps.back if not step.undoes or set(step.undoes) & set(begun)]


def test_the_window_in_order() -> None:
    assert ids(listed().forward) == [
        "announce",
        "recheck/before",
        "close-gate",
        "drain",
        "recheck/after-drain",
        "stop/statefulset/db",
        "back-up/db",
        "start/statefulset/db",
        "stop-controller",
        "apply/ConfigMap/app/settings",
        "apply/StatefulSet.apps/app/db",
        "await/StatefulSet.apps/app/db",
        "apply/Deployment.apps/app/manager",
        "apply/Deployment.apps/app/proxy",
        "apply/Deployment.apps/app/fresh",
        "prune/ConfigMap/app/gone",
        "start-controller",
        "wait-ready",
        "open-switch",
        "probe/front",
        "probe/session",
        "probe/load",
        "open-gate",
        "soak",
        "record",
    ]


def test_the_point_of_no_return_is_opening_the_gate() -> None:
    marked = [step.id for step in listed().forward if step.point_of_no_return]
    assert marked == ["open-gate", "record"]


def test_without_the_policy_what_goes_through_the_application_is_probed_behind_the_open_gate() -> None:
    steps = ids(listed(policy_gate=False).forward)
    assert "open-switch" not in steps
    assert steps.index("probe/load") < steps.index("open-gate") < steps.index("probe/front")


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("more", [{}, {"back_needs_restore": True}, {"policy_gate": False}])
def test_ids_are_unique_and_every_change_is_undone(strategy: str, more: dict[str, Any]) -> None:
    steps = listed(strategy, **more)
    every = ids((*steps.forward, *steps.back))
    assert len(every) == len(set(every))
    undone = {name for step in steps.back for name in step.undoes}
    changing = {Verb.APPLY, Verb.PRUNE, Verb.CLOSE_GATE, Verb.DRAIN}
    for step in steps.forward:
        down = step.verb is Verb.SCALE and step.arguments["replicas"] == 0
        if step.verb in changing or down:
            assert step.id in undone, step.id


def test_a_failed_drain_restarts_nothing() -> None:
    begun = ("announce", "recheck/before", "close-gate", "drain")
    assert begun_back(listed(), *begun) == ["back/release-sessions", "back/open-switch", "back/open-gate"]


def test_a_failed_backup_starts_what_was_stopped_and_verifies_it() -> None:
    begun = ("close-gate", "drain", "stop/statefulset/db", "back-up/db")
    assert begun_back(listed(), *begun) == [
        "back/release-sessions",
        "back/start/statefulset/db",
        "back/wait-ready",
        "back/open-switch",
        "back/probe/front",
        "back/probe/session",
        "back/probe/load",
        "back/open-gate",
    ]


def test_only_the_objects_that_were_touched_go_back() -> None:
    steps = begun_back(listed(), "close-gate", "drain", "stop-controller", "apply/ConfigMap/app/settings")
    assert [name for name in steps if "apply" in name or "prune" in name] == ["back/apply/ConfigMap/app/settings"]
    assert "back/start-controller" in steps


def test_behind_the_point_of_no_return_the_gate_is_closed_and_drained_first() -> None:
    every = ids(listed().forward)
    steps = begun_back(listed(), *every)
    assert steps[:2] == ["back/close-gate", "back/drain"]


def test_new_code_never_meets_restored_data() -> None:
    steps = listed(back_needs_restore=True)
    back = begun_back(steps, *ids(steps.forward))
    place = {name: number for number, name in enumerate(back)}
    restored = place["back/restore/db"]
    for name in ("back/stop/Deployment/manager", "back/stop/Deployment/proxy", "back/stop/statefulset/db"):
        assert place[name] < restored
    for workload in ("Deployment/manager", "Deployment/proxy", "statefulset/db"):
        kind, _, name = workload.partition("/")
        applied = place[
            f"back/apply/{ {'Deployment': 'Deployment.apps', 'statefulset': 'StatefulSet.apps'}[kind] }/app/{name}"
        ]
        assert restored < applied < place[f"back/start-restored/{workload}"]
    assert place["back/start-restored/statefulset/db"] < place["back/await/StatefulSet.apps/app/db"]
    applied_steps = [step for step in steps.back if step.verb is Verb.APPLY and step.target.endswith(("/proxy", "/db"))]
    assert all(step.arguments["autoscaled"] == [step.target] for step in applied_steps)


def test_what_is_not_restored_without_need() -> None:
    assert not [step for step in listed().back if step.verb is Verb.RESTORE or step.id.startswith("back/stop")]


def test_the_session_controller_stays_down_while_objects_are_applied() -> None:
    held = [step.target for step in listed().forward if step.verb is Verb.APPLY and "autoscaled" in step.arguments]
    assert held == [MANAGER.ref.key]


@pytest.mark.parametrize(
    "reason",
    [
        {"no_way_back": "a kind is no longer served"},
        {"back_needs_restore": True, "parameters": Parameters(backup=False)},
        {"back_needs_restore": True, "stores": ()},
    ],
)
def test_without_a_way_back_the_first_change_is_the_point_of_no_return(reason: dict[str, Any]) -> None:
    marked = [step.id for step in listed(**reason).forward if step.point_of_no_return]
    assert marked[0] == "apply/ConfigMap/app/settings"


def test_no_backup_stops_nothing_for_it() -> None:
    steps = listed(parameters=Parameters(backup=False))
    assert not [step for step in steps.forward if step.verb is Verb.BACK_UP or step.id.startswith("stop/")]


WINDOW = Parameters(
    not_before="2026-03-02T03:00:00+00:00",
    not_after="2026-03-02T05:00:00+00:00",
    announce_seconds=60,
    soak_seconds=30,
)


def waits(**wanted: Any) -> dict[str, Any]:
    return {step.id: step.arguments for step in listed(**wanted).forward if step.verb is Verb.WAIT_WINDOW}


def test_a_window_is_waited_for_and_looked_at_again_after_what_takes_as_long_as_it_takes() -> None:
    found = waits(
        parameters=WINDOW,
        estimates=Estimates(change_seconds=100, rollback_seconds=50, copy_seconds=20),
    )
    assert list(found) == ["wait-window", "still-fits/drain", "still-fits/backup"]
    needs = {name: one["needSeconds"] for name, one in found.items()}
    assert needs == {
        "wait-window": 100 + 60 + 20 + 30,
        "still-fits/drain": 100 + 20 + 30,
        "still-fits/backup": 100 + 30,
    }
    assert {one["reserveSeconds"] for one in found.values()} == {50}
    assert [one["notBefore"] for one in found.values()] == [WINDOW.not_before, "", ""]


def test_without_a_backup_its_time_is_not_needed() -> None:
    found = waits(
        parameters=replace(WINDOW, backup=False),
        estimates=Estimates(change_seconds=100, rollback_seconds=50, copy_seconds=20),
    )
    assert {name: one["needSeconds"] for name, one in found.items()} == {
        "wait-window": 100 + 60 + 30,
        "still-fits/drain": 100 + 30,
    }


def test_freezes_are_heeded_when_the_window_opens_and_never_later_nor_on_the_way_back() -> None:
    found = waits(parameters=replace(WINDOW, overridden=("quarter-close",)))
    assert {name: one.get("overridden") for name, one in found.items()} == {
        "wait-window": ["quarter-close"],
        "still-fits/drain": None,
        "still-fits/backup": None,
    }
    assert "overridden" not in waits(parameters=WINDOW, kind="rollback")["wait-window"]


def test_plain_has_no_gate_and_starts_no_session() -> None:
    steps = listed("plain")
    assert not {Verb.CLOSE_GATE, Verb.DRAIN, Verb.SCALE, Verb.BACK_UP} & {step.verb for step in steps.forward}
    assert "probe/session" not in ids(steps.forward)


def test_an_install_goes_back_by_removing_what_it_made() -> None:
    fresh = (Wave(0, "workloads", (FRESH,)),)
    removed = (Wave(0, "removing", (change("Deployment", "fresh", Effect.PRUNE),)),)
    steps = listed("plain", kind="install", old=None, waves=fresh, way_back=removed)
    assert begun_back(steps, f"apply/{FRESH.ref.key}") == [f"back/prune/{FRESH.ref.key}"]


def test_an_unknown_strategy_names_the_known_ones() -> None:
    with pytest.raises(UnknownStrategy) as problem:
        strategy_named("yolo")
    assert "plain, window" in str(problem.value)


def test_on_the_way_back_a_stopped_store_is_there_again_before_it_is_started() -> None:
    """Its change of identity may have been cut off while it was deleted."""
    db = replace(change("StatefulSet", "db", Effect.RECREATE_KEEPING_PODS), handler=READOPT)
    waves = (Wave(0, "data stores", (db,)),)
    back = ids(listed(waves=waves, way_back=waves).back)
    assert back.index(f"back/re-adopt/{db.ref.key}") < back.index("back/start/statefulset/db")

"""How available a workload stays while it changes: a table of rules, then what was measured before."""

from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan import availability
from changeover.plan.estimate import History
from changeover.plan.model import Availability, DryRun, Effect, FieldChange, ObjectChange, Rehearsal
from changeover.plan.steps import Phase, Step, Verb
from tests.unit.plan.world import claim, deployment, obj, revision, snapshot, stateful_set, with_

NO_PROBE = "requests may be dropped (no readiness probe)"
BACKUP = (Step("stop", Verb.SCALE, "Stop", Phase.BACKUP, target="deployment/web", arguments={"replicas": 0}),)


def daemon_set(nodes: int, **rolling: Any) -> KubeObject:
    pod = {"containers": [{"name": "d", "readinessProbe": {"exec": {}}}]}
    spec = {"updateStrategy": {"rollingUpdate": rolling}, "template": {"spec": pod}}
    return obj("apps/v1", "DaemonSet", "d", spec=spec, status={"desiredNumberScheduled": nodes})


def rolling(replicas: int, **how: Any) -> KubeObject:
    strategy = {"type": "RollingUpdate", "rollingUpdate": how}
    return with_(deployment(replicas=replicas), strategy, "spec", "strategy")


def recreated(replicas: int = 2) -> KubeObject:
    return with_(deployment(replicas=replicas), {"type": "Recreate"}, "spec", "strategy")


def probed(one: KubeObject, **probe: Any) -> KubeObject:
    return with_(one, probe or {"exec": {}}, "spec", "template", "spec", "containers", 0, "readinessProbe")


def expected(
    live: KubeObject, *others: KubeObject, after: KubeObject | None = None, **more: Any
) -> Availability | None:
    """Of `live`, which restarts into `after` unless `effect` says otherwise; `others` are there as well."""
    effect, steps = more.pop("effect", Effect.RESTART), more.pop("steps", ())
    change = ObjectChange(
        live.ref, effect, restarts="pods: image" if effect is Effect.RESTART else "", fields=more.pop("fields", ())
    )
    beside = [ObjectChange(one.ref, Effect.UNCHANGED) for one in others]
    seen = snapshot(revision("2", after or live, *others), [live, *others], **more.pop("seen", {}))
    made = availability.foretold([change, *beside], seen, steps=steps, history=History(**more))
    return made[0].availability


@pytest.mark.parametrize(
    ("live", "least", "seconds", "why"),
    [
        (deployment(replicas=1), 1, 0, ""),
        (deployment(replicas=2), 2, 0, ""),
        (deployment(replicas=8), 6, 0, ""),
        (rolling(1, maxSurge=0, maxUnavailable=0), 0, 5, "its only pod stops before the new one starts"),
        (rolling(2, maxUnavailable="100%"), 0, 5, "all 2 pods may stop at once (maxUnavailable 2)"),
        (recreated(), 0, 5, "all its pods stop before new ones start (Recreate)"),
        (with_(recreated(), 12, "spec", "minReadySeconds"), 0, 5, "all its pods stop"),
        (probed(recreated(), initialDelaySeconds=7), 0, 12, "all its pods stop"),
        (probed(stateful_set()), 0, 5, "its only pod stops before the new one starts"),
        (probed(stateful_set(replicas=3)), 2, 0, ""),
        (daemon_set(3), 2, 0, ""),
        (daemon_set(1), 0, 5, "its only pod stops before the new one starts (maxUnavailable 1)"),
        (daemon_set(4, maxUnavailable="50%"), 2, 0, ""),
        (daemon_set(1, maxSurge=1), 1, 0, ""),
    ],
)
def test_what_the_object_says(live: KubeObject, least: int, seconds: float, why: str) -> None:
    found = expected(live)
    assert found is not None
    assert (found.least, found.away_seconds) == (least, seconds)
    assert found.why.startswith(why)
    assert bool(found.why) == bool(why)


def test_in_words() -> None:
    found = expected(recreated())
    assert found is not None
    assert found.text == "no ready pod for about 5 s: all its pods stop before new ones start (Recreate)"
    rolled = expected(daemon_set(3))
    assert rolled is not None
    assert rolled.text == "at least 2 of 3 pods stay ready"


@pytest.mark.parametrize("effect", [Effect.PATCH, Effect.UNCHANGED, Effect.RECREATE_KEEPING_PODS])
def test_what_restarts_nothing_stays(effect: Effect) -> None:
    assert expected(recreated(3), effect=effect) == Availability(3, 3)
    fewer = expected(deployment(replicas=3), after=deployment(replicas=2), effect=effect)
    assert fewer == Availability(3, 2)


def test_deleted_and_made_again() -> None:
    found = expected(deployment(replicas=3), effect=Effect.RECREATE)
    assert found == Availability(3, 0, 5.0, "it is deleted and made again")


@pytest.mark.parametrize("effect", [Effect.CREATE, Effect.PRUNE])
def test_nothing_is_said_of_what_comes_or_goes_or_has_no_pods(effect: Effect) -> None:
    assert expected(deployment(), effect=effect) is None
    assert expected(deployment(replicas=0)) is None
    assert expected(deployment(), after=deployment(replicas=0)) is None


def test_what_a_step_stops_is_away_as_long_as_the_copy_takes() -> None:
    found = expected(deployment(), steps=BACKUP, effect=Effect.UNCHANGED, copy_seconds=60.0)
    assert found == Availability(2, 0, 65.0, "this run stops it")


def test_what_was_measured_counts_for_how_long() -> None:
    key = deployment().ref.key
    assert expected(recreated(), restart_seconds={key: 40.0}) == Availability(
        2, 0, 40.0, "all its pods stop before new ones start (Recreate)"
    )
    found = expected(recreated(), restart_seconds={key: 40.0}, away_seconds={key: 12.0})
    assert found is not None
    assert found.away_seconds == 12.0
    surprising = expected(deployment(), away_seconds={key: 9.0})
    assert surprising == Availability(2, 2, 9.0, "so it was when it last restarted")
    assert expected(deployment(), away_seconds={key: 0.6}) == Availability(2, 2)


def test_what_was_measured_under_another_strategy_does_not_count() -> None:
    key = deployment().ref.key
    fields = (FieldChange("spec.strategy.type", '"Recreate"', '"RollingUpdate"'),)
    assert expected(deployment(), away_seconds={key: 9.0}, fields=fields) == Availability(2, 2)


def test_an_autoscaler_may_take_pods_away_meanwhile() -> None:
    live = deployment(replicas=8)
    assert expected(live, seen={"autoscaled": frozenset({live.ref.key})}) == Availability(8, 1)


def test_what_else_users_may_notice() -> None:
    unprobed = with_(deployment(), ..., "spec", "template", "spec", "containers", 0, "readinessProbe")
    assert expected(unprobed) == Availability(2, 2, 0.0, NO_PROBE)
    volumes = [{"name": "files", "persistentVolumeClaim": {"claimName": "files"}}]
    mounted = with_(deployment(), volumes, "spec", "template", "spec", "volumes")
    found = expected(mounted, claim("files"))
    assert found is not None
    assert found.why.startswith("files can be mounted on one node at a time")
    assert expected(mounted, with_(claim("files"), ["ReadWriteMany"], "spec", "accessModes")) == Availability(2, 2)


@pytest.mark.parametrize(
    ("spec", "told"), [({"minAvailable": 1}, False), ({"minAvailable": "80%"}, True), ({"maxUnavailable": 1}, True)]
)
def test_a_disruption_budget_that_the_rollout_does_not_heed(spec: dict[str, Any], *, told: bool) -> None:
    budget = obj("policy/v1", "PodDisruptionBudget", "web", spec={"selector": {"matchLabels": {"app": "web"}}, **spec})
    found = expected(rolling(4, maxUnavailable=2), budget)
    assert found is not None
    assert found.least == 2
    assert ("fewer than web asks for" in found.why) is told


def test_the_halves_of_a_refused_change_are_what_counts() -> None:
    live, after = recreated(), rolling(2, maxUnavailable=1)
    halves = {live.ref.key: Rehearsal(DryRun(after), DryRun(after))}
    seen = {"answers": {"Deployment/web": DryRun(None, 422)}, "rehearsals": halves}
    found = expected(live, after=after, seen=seen)
    assert found == Availability(2, 1)


def test_what_is_down_already_is_nobodys_prediction() -> None:
    status = {"replicas": 2, "unavailableReplicas": 2}
    found = expected(with_(deployment(), status, "status"))
    assert found is not None
    assert (found.down, found.text) == (True, "no pod is ready now")
    ready = expected(with_(deployment(), {**status, "readyReplicas": 1}, "status"))
    assert ready == Availability(2, 2)

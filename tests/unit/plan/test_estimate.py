"""How long a change will take: from the objects, and better from what was seen in this Installation."""

from changeover.objects import KubeObject
from changeover.plan.estimate import Estimates, History, estimate
from changeover.plan.model import Effect, ObjectChange

WEB = KubeObject(
    {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": "ns"},
        "spec": {"replicas": 1},
    }
)
CHANGES = (ObjectChange(WEB.ref, Effect.RESTART, restarts="1 pod: image"),)


def of(history: History | None = None, **more: float) -> Estimates:
    return estimate(CHANGES, {WEB.ref.key: WEB}, history=history, **more)


def test_without_history_the_objects_say_it() -> None:
    assert of().change_seconds == 5.0
    assert of(hold_seconds=30.0).change_seconds == 35.0


def test_a_restart_that_was_seen_counts_instead_of_the_guess() -> None:
    slow = of(History(restart_seconds={WEB.ref.key: 42.0}))
    assert (slow.change_seconds, slow.rollback_seconds) == (42.0, 42.0)


def test_the_longest_of_the_last_ten_runs_counts_when_it_is_longer() -> None:
    assert of(History(seconds_taken=(900.0, *(60.0,) * 10))).change_seconds == 60.0
    assert of(History(seconds_taken=(1.0,))).change_seconds == 5.0


def test_a_pod_that_waits_before_it_ends_takes_longer() -> None:
    container = {"lifecycle": {"preStop": {"sleep": {"seconds": 20}}}, "startupProbe": {"initialDelaySeconds": 3}}
    raw = {**WEB.raw, "spec": {"replicas": 1, "template": {"spec": {"containers": [container]}}}}
    assert estimate(CHANGES, {WEB.ref.key: KubeObject(raw)}).change_seconds == 28.0

"""Which steps keep a StatefulSet's claims: before it is scaled down or made again, until it is up again."""

from __future__ import annotations

from changeover.objects import KubeObject
from changeover.plan import ownership, retention
from changeover.plan.steps import Phase, Step, Steps, Verb
from tests.unit.plan.world import deployment, obj, stateful_set

POLICY = retention.POLICY
SCALED = stateful_set(**{POLICY: {"whenScaled": "Delete", "whenDeleted": "Retain"}})
DELETED = stateful_set(**{POLICY: {"whenScaled": "Retain", "whenDeleted": "Delete"}})
KEY = SCALED.ref.key


def do(name: str, verb: Verb, target: str, *, wave: str = "", undoes: str = "", **arguments: object) -> Step:
    undone = (undoes,) if undoes else ()
    return Step(name, verb, name, Phase.CHANGE, target=target, wave=wave, undoes=undone, arguments=arguments)


STOP = do("stop", Verb.SCALE, "statefulset/db", replicas=0)
START = do("start", Verb.SCALE, "statefulset/db", replicas="restore")
APPLY = do("apply", Verb.APPLY, KEY, revision="sha256:2")
COPY = do("copy", Verb.BACK_UP, "data-db-0")
AGAIN = do("again", Verb.READOPT, KEY)


def listed(*forward: Step, back: tuple[Step, ...] = (), objects: tuple[KubeObject, ...] = (SCALED,)) -> Steps:
    return retention.guarded(Steps(forward, back), objects)


def ids(steps: tuple[Step, ...]) -> list[str]:
    return [step.id for step in steps]


def test_claims_are_kept_from_before_it_is_stopped_until_it_is_started() -> None:
    assert ids(listed(STOP, COPY, START, APPLY).forward) == [
        f"retain/{KEY}", "stop", "copy", "start", f"unretain/{KEY}", "apply",
    ]  # fmt: skip


def test_nothing_is_added_where_no_claim_is_in_danger() -> None:
    assert ids(listed(APPLY).forward) == ["apply"]
    assert ids(listed(STOP, START, objects=(stateful_set(), deployment())).forward) == ["stop", "start"]
    assert ids(listed(STOP, START, objects=(DELETED,)).forward) == ["stop", "start"]
    assert ids(listed(AGAIN, objects=(SCALED,)).forward) == ["again"]
    other = do("stop", Verb.SCALE, "other/statefulset/db", replicas=0)
    assert ids(listed(other).forward) == ["stop"]


def test_what_is_made_again_keeps_them_where_deleting_it_would_delete_them() -> None:
    assert ids(listed(AGAIN, APPLY, objects=(DELETED,)).forward) == [
        f"retain/{KEY}", "again", f"unretain/{KEY}", "apply",
    ]  # fmt: skip


def test_a_wave_is_not_torn_apart() -> None:
    others = [do(name, Verb.SCALE, f"deployment/{name}", wave="stop", replicas=0) for name in ("a", "b")]
    inside = do("stop", Verb.SCALE, "statefulset/db", wave="stop", replicas=0)
    up = do("start", Verb.SCALE, "statefulset/db", wave="start", replicas="restore")
    late = do("z", Verb.SCALE, "deployment/a", wave="start", replicas="restore")
    found = ids(listed(others[0], inside, others[1], up, late).forward)
    assert found == [f"retain/{KEY}", "a", "stop", "b", "start", "z", f"unretain/{KEY}"]


def test_what_is_applied_in_between_keeps_them_and_says_what_counts_afterwards() -> None:
    forward = listed(STOP, APPLY, START).forward
    assert forward[2].arguments["retained"] is True
    assert forward[-1].arguments["revision"] == "sha256:2"
    assert "retained" not in listed(STOP, START, APPLY).forward[-1].arguments
    theirs = do("apply", Verb.APPLY, KEY, revision="sha256:2", kept=[f".spec.{POLICY}.whenScaled"])
    assert listed(STOP, theirs, START).forward[-1].arguments["revision"] == ""


def test_the_way_back_gives_the_policy_back_when_only_the_way_forward_had_begun() -> None:
    back = listed(STOP, COPY, START, back=(do("back/start", Verb.SCALE, "sts/db", replicas="restore"), APPLY)).back
    assert ids(back) == ["back/start", f"back/unretain/{KEY}", "apply"]
    assert back[1].undoes == (f"retain/{KEY}",)


def test_the_way_back_keeps_them_where_it_stops_it_itself() -> None:
    stop = do("back/stop", Verb.SCALE, "StatefulSet/db", replicas=0, undoes="apply")
    start = do("back/start", Verb.SCALE, "StatefulSet/db", replicas="restore", undoes="apply")
    back = listed(APPLY, back=(stop, APPLY, start)).back
    assert ids(back) == [f"back/retain/{KEY}", "back/stop", "apply", "back/start", f"back/unretain/{KEY}"]
    assert back[0].undoes == back[-1].undoes == ("apply",)
    assert back[2].arguments["retained"] is True


def test_a_manifest_that_keeps_claims_differs_in_its_policy_only() -> None:
    assert retention.policy_of(retention.keeping_claims(SCALED)) == retention.KEPT
    assert retention.keeping_claims(stateful_set()) == stateful_set()


def entry(manager: str, operation: str, **spec: object) -> dict[str, object]:
    fields = {"f:spec": {f"f:{name}": value for name, value in spec.items()}}
    return {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": fields}


def test_the_field_belongs_again_to_whom_it_belonged() -> None:
    under = ("f:spec", f"f:{POLICY}")
    both = {"f:whenScaled": {}, "f:whenDeleted": {}}
    before = (entry("changeover", "Apply", replicas={}, **{POLICY: both}), entry("kubectl-edit", "Update", paused={}))
    now = (
        entry("changeover", "Apply", replicas={}),
        entry("kubectl-edit", "Update", paused={}),
        entry("changeover", "Update", **{POLICY: both}),
    )
    live = obj("apps/v1", "StatefulSet", "db")
    live = KubeObject({**live.raw, "metadata": {**live.metadata, "managedFields": list(now)}})
    assert ownership.returned(live, under, ownership.owning(before, under)) == before

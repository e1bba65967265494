"""What going back means, moment by moment."""

from typing import Any

import pytest

from changeover.objects import Kind, Ref
from changeover.plan import truth
from changeover.plan.model import Effect, FieldChange, ObjectChange
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.plan.strategy import Estimates, Side, Situation, Wave

OLD = Side("1", "a", reads_epochs=(1, 1), writes_epoch=1)
NEW = Side("2", "b", reads_epochs=(1, 2), writes_epoch=2)
CLAIM = Ref(Kind("v1", "PersistentVolumeClaim"), "ns", "files")
JOB = Ref(Kind("batch/v1", "Job"), "ns", "migrations")
WINDOW = (Verb.CLOSE_GATE, Verb.BACK_UP, Verb.APPLY, Verb.OPEN_GATE, Verb.SOAK, Verb.RECORD)


def change(ref: Ref, effect: Effect, *fields: str, data: bool = False) -> ObjectChange:
    return ObjectChange(ref, effect, fields=tuple(FieldChange(path, "1", "2") for path in fields), holds_data=data)


def situation(*changes: ObjectChange, old: Side | None = OLD, **more: Any) -> Situation:
    made = {"new": NEW, "way_back": (), "estimates": Estimates(change_seconds=90), **more}
    return Situation("update", "ns", old=old, waves=(Wave(1, "all", changes),), **made)


def steps(*verbs: Verb) -> Steps:
    return Steps(
        tuple(Step(str(verb), verb, str(verb), Phase.CHANGE, target="x", arguments={"seconds": 120}) for verb in verbs)
    )


def rows(of: Situation, *verbs: Verb) -> list[tuple[str, str, bool, int | None]]:
    return [(one.until, one.way, one.automatic, one.loses_minutes) for one in truth.table(of, steps(*verbs))]


@pytest.mark.parametrize(
    ("of", "verbs", "expected"),
    [
        (situation(old=None), (Verb.APPLY,), [("always", "removal", True, None)]),
        (situation(), WINDOW, [("always", "instant", True, None)]),
        (
            situation(back_needs_restore=True),
            WINDOW,
            [
                ("the change begins", "instant", True, None),
                ("the gate opens", "restore", True, 0),
                ("the run ends", "restore", False, 2),
                ("afterwards", "restore", False, None),
            ],
        ),
        (
            situation(back_needs_restore=True),
            (Verb.BACK_UP, Verb.APPLY, Verb.RECORD),
            [
                ("the change begins", "instant", True, None),
                ("the run ends", "restore", True, 2),
                ("afterwards", "restore", False, None),
            ],
        ),
        (
            situation(back_needs_restore=True),
            (Verb.APPLY,),
            [("the change begins", "instant", True, None), ("afterwards", "forward only", False, None)],
        ),
        (
            situation(no_way_back="the cluster no longer serves x"),
            WINDOW,
            [("the change begins", "instant", True, None), ("afterwards", "forward only", False, None)],
        ),
        (
            situation(change(CLAIM, Effect.PRUNE, data=True)),
            WINDOW,
            [
                ("PersistentVolumeClaim/files is removed", "instant", True, None),
                ("afterwards", "forward only", False, None),
            ],
        ),
        (situation(change(CLAIM, Effect.KEEP, data=True)), WINDOW, [("always", "instant", True, None)]),
    ],
)
def test_moments(of: Situation, verbs: tuple[Verb, ...], expected: list[Any]) -> None:
    assert rows(of, *verbs) == expected


def test_a_removal_of_data_is_the_point_of_no_return() -> None:
    pruning = Step("prune", Verb.PRUNE, "Remove files", Phase.CHANGE, target=CLAIM.key)
    apply = Step("apply", Verb.APPLY, "Apply", Phase.CHANGE, target=CLAIM.key)
    made = truth.obeyed(Steps((apply, pruning)), [change(CLAIM, Effect.PRUNE, data=True)])
    assert [step.point_of_no_return for step in made.forward] == [False, True]
    kept = truth.obeyed(Steps((apply, pruning)), [change(CLAIM, Effect.PRUNE)])
    assert not any(step.point_of_no_return for step in kept.forward)


def test_what_stays_and_what_nobody_says() -> None:
    undeclared = situation(
        change(CLAIM, Effect.PATCH, "spec.resources.requests.storage"), change(JOB, Effect.RECREATE), new=Side("2", "b")
    )
    (row,) = truth.table(undeclared, steps(*WINDOW))
    assert "PersistentVolumeClaim/files stays grown" in row.words
    assert "what Job/migrations did to data is not undone" in row.words
    (declared,) = truth.table(situation(change(JOB, Effect.RECREATE)), steps(*WINDOW))
    assert "Job" not in declared.words


def test_a_row_in_words() -> None:
    told = [truth.words(row) for row in truth.as_json(situation(back_needs_restore=True), steps(*WINDOW))]
    assert told[1] == (
        "Rollback until the gate opens: restore, by itself when the run fails "
        "(the backup is restored; nobody has written since)."
    )
    assert told[2] == "Rollback until the run ends: restore (the backup is restored; loses up to 2 minutes)."
    assert told[3].startswith("Rollback afterwards: restore (")

"""What the API server answers becomes a Problem, without the values that it repeats."""

import json

import httpx2
import pytest

from changeover.kube.errors import is_untouched, problem_of, without_values
from changeover.ports import AlreadyExists, Busy, ClusterProblem, Conflict, FieldConflict, Refused


def answer(
    code: int, reason: str = "", message: str = "", causes: list[dict[str, str]] | None = None
) -> httpx2.Response:
    details = {"causes": causes} if causes else {}
    status = {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}
    return httpx2.Response(code, content=json.dumps(status))


OWNED = [{"reason": "FieldManagerConflict", "field": ".spec.replicas", "message": 'conflict with "hpa" using apps/v1'}]
FROZEN = [
    {
        "reason": "FieldValueInvalid",
        "field": "spec.selector",
        "message": 'Invalid value: {"a": "hunter2: x"}: immutable',
    }
]


@pytest.mark.parametrize(
    ("response", "json_patch", "kind"),
    [
        (answer(409, "AlreadyExists"), False, AlreadyExists),
        (answer(409, "Conflict", "the object has been modified"), False, Conflict),
        (answer(409, "Conflict", "apply failed", OWNED), False, FieldConflict),
        (answer(422, "Invalid", "the server rejected our request"), True, Conflict),
        (answer(422, "Invalid", "no", FROZEN), True, Refused),
        (answer(422, "Invalid", "no", FROZEN), False, Refused),
        (answer(403, "Forbidden", "exceeded quota"), False, Refused),
        (answer(404, "NotFound", 'namespaces "x" not found'), False, Refused),
        (answer(401, "Unauthorized"), False, Refused),
        (answer(429, "TooManyRequests"), False, Busy),
        (answer(500, "InternalError", "etcdserver: leader changed"), False, Busy),
        (answer(500, "", "etcdserver: request is too large"), False, Refused),
        (
            answer(500, "", "failed to create typed patch object (x): .spec.y: field not declared in schema"),
            False,
            Refused,
        ),
        (answer(503, "ServiceUnavailable"), False, Busy),
        (httpx2.Response(502, content=b"<html>bad gateway</html>"), False, Busy),
        (httpx2.Response(400, content=b"[1]"), False, Refused),
    ],
)
def test_each_answer_has_its_problem(
    response: httpx2.Response, *, json_patch: bool, kind: type[ClusterProblem]
) -> None:
    assert type(problem_of("changing Secret/s", response, json_patch=json_patch)) is kind


def test_owners_causes_and_pauses_are_kept() -> None:
    owned = problem_of("x", answer(409, "Conflict", "", OWNED))
    assert isinstance(owned, FieldConflict)
    assert owned.owners == (("hpa", ".spec.replicas"),)
    frozen = problem_of("x", answer(422, "Invalid", "", FROZEN))
    assert isinstance(frozen, Refused)
    assert frozen.causes == (("FieldValueInvalid", "spec.selector", "Invalid value: immutable"),)
    busy = problem_of("x", httpx2.Response(429, headers={"retry-after": "7"}))
    assert isinstance(busy, Busy)
    assert busy.retry_after == 7
    assert is_untouched(busy)
    assert not is_untouched(problem_of("x", answer(503)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "message",
    [
        'spec.x: Invalid value: "hunter2": must be short',
        'spec.x: Invalid value: core.PodSpec{Env: {Value:"hunter2: and more"}}: field is immutable',
        'spec.x: Unsupported value: "hunter2": supported values: "a", "b"',
        '.spec.x: expected numeric, got &value.valueUnstructured{Value:"hunter2"}',
    ],
)
def test_values_are_cut_out(message: str) -> None:
    assert "hunter2" not in without_values(message)
    assert without_values(message).startswith(("spec.x", ".spec.x"))

"""The API: what it answers, to whom, and that its own description is true."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis.specs.openapi.checks import ignored_auth
from starlette.testclient import TestClient

from changeover.actions.accounts import Role
from changeover.actions.tokens import Tokens, Wanted
from changeover.console import api
from changeover.console.api.description import described
from changeover.console.api.operation import BASE
from tests.unit.console.pages.furnished import HOME, Furnished
from tests.unit.console.pages.questions import publish

SECRET = "hunter2-of-the-operator"
HELD = {"host": "a.example", "password": SECRET}
EXAMPLES = int(os.environ.get("CHANGEOVER_FUZZ", "15"))
GETS = [one for one in api.OPERATIONS if one.method == "GET" and "{" not in one.path and one.role is Role.VIEWER]
CHANGES = [one for one in api.OPERATIONS if one.method != "GET"]


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    return Furnished(publish(tmp_path / "desk"), {"host": "a.example"})


def program(desk: Furnished, name: str, **wanted: Any) -> TestClient:
    """A program with a token of that person's."""
    _, text = asyncio.run(Tokens(desk.outside).create(Wanted(name, **wanted)))
    return TestClient(desk.app, base_url=HOME, follow_redirects=False, headers={"authorization": f"Bearer {text}"})


def test_a_program_reads_what_runs_what_is_new_and_what_is_asked(desk: Furnished) -> None:
    client = program(desk, "vera")
    status = client.get(f"{BASE}/status").json()
    assert (status["installation"], status["recorded"], status["available"]) == ("desk", "1.0.0", ["1.1.0"])
    asked = {one["name"]: one["value"] for one in client.get(f"{BASE}/config").json()["settings"]}
    assert asked["host"] == "a.example"
    assert client.get(f"{BASE}/runs").json()["running"] == 1
    assert [one["version"] for one in client.get(f"{BASE}/releases").json()["all"]] != []


def test_answers_are_saved_compared_and_forgotten(desk: Furnished) -> None:
    client = program(desk, "olaf")
    assert client.patch(f"{BASE}/config", json={"values": {"host": "b.example", "port": "8443"}}).json() == [
        {"name": "host", "before": "a.example", "after": "b.example"},
        {"name": "port", "before": None, "after": "8443"},
    ]
    assert desk.saved().values == {"host": "b.example", "port": "8443"}
    refused = client.patch(f"{BASE}/config", json={"values": {"host": "NOT A HOST"}})
    assert (refused.status_code, refused.json()["code"]) == (409, "bad-answers")
    assert client.patch(f"{BASE}/config", json={"values": {"nothing": "1"}}).json()["code"] == "unknown-answer"
    assert desk.saved().values == {"host": "b.example", "port": "8443"}
    assert client.delete(f"{BASE}/config").json() == ["host", "port"]
    assert desk.saved().values == {}
    assert next(one for one in desk.log() if one[1] == f"PATCH {BASE}/config")[3].startswith("by token ")


def test_windows_and_freezes_are_set_read_and_removed(desk: Furnished) -> None:
    ada, vera, olaf = program(desk, "ada", role=Role.ADMIN), program(desk, "vera"), program(desk, "olaf")
    window = "0 22 * * 6 for 120 in Europe/Berlin"
    freeze = {"name": "close", "reason": "The books.", "from": "2026-11-23", "to": "2026-11-29", "timeZone": "UTC"}
    assert ada.post(f"{BASE}/windows", json={"window": window}).json()["windows"][0]["window"] == window
    assert ada.post(f"{BASE}/freezes", json=freeze).json()["frozen"] == [
        {"freeze": "close", "until": "2026-11-30T00:00:00+00:00"}
    ]
    seen = vera.get(f"{BASE}/windows").json()
    assert seen["upcoming"][0] == {"begins": "2026-12-05T21:00:00Z", "ends": "2026-12-05T23:00:00Z"}, "one is frozen"
    fits = vera.get(f"{BASE}/windows/fit").json()
    assert (fits["version"], fits["windows"]) == ("", []), "nothing newer is there"
    wrong = ada.post(f"{BASE}/windows", json={"window": "daily"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "bad-window")
    assert ada.delete(f"{BASE}/freezes/other").json()["code"] == "bad-freeze"
    asked = {"override": "close", "override_reason": "A hole.", "to": "1.0.0"}
    assert olaf.get(f"{BASE}/plan", params=asked).json()["code"] == "role-too-small"
    plan = ada.get(f"{BASE}/plan", params=asked).json()
    assert [one["severity"] for one in plan["findings"] if one["reference"] == "freeze-overridden"] == ["warns"]
    assert ada.delete(f"{BASE}/freezes/close").json()["freezes"] == []
    assert ada.request("DELETE", f"{BASE}/windows", json={"window": window}).json()["windows"] == []
    assert vera.get(f"{BASE}/plan", params={"to": "1.0.0", "at": "next"}).json()["code"] == "no-window"


@pytest.mark.parametrize("operation", CHANGES, ids=lambda one: one.name)
def test_who_may_only_look_changes_nothing(desk: Furnished, operation: Any) -> None:
    client = program(desk, "vera")
    answer = client.request(operation.method, f"{BASE}{operation.path.replace('{name}', 'desk-1')}", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "role-too-small")


@pytest.mark.parametrize("operation", api.OPERATIONS, ids=lambda one: one.name)
def test_a_stranger_learns_nothing(desk: Furnished, operation: Any) -> None:
    stranger = desk.client()
    for headers in (
        {},
        {"authorization": "Bearer changeover_000000000000_" + "A" * 43},
        {"authorization": "Basic eA=="},
    ):
        path = operation.path.replace("{name}", "desk-1")
        answer = stranger.request(operation.method, f"{BASE}{path}", headers=headers)
        assert answer.status_code == 401
        assert set(answer.json()) == {"code", "message", "hint"}


def test_a_browser_that_is_signed_in_may_too_but_only_with_its_forms_token(desk: Furnished) -> None:
    client = desk.client("olaf")
    assert client.get(f"{BASE}/status").status_code == 200
    token = client.headers.pop("x-csrf-token")
    assert client.delete(f"{BASE}/config").json()["code"] == "foreign-form"
    assert client.delete(f"{BASE}/config", headers={"x-csrf-token": token}).status_code == 200


def test_a_token_opens_the_api_only(desk: Furnished) -> None:
    assert program(desk, "ada").get("/users").status_code == 303


def test_a_foreign_page_cannot_use_a_token(desk: Furnished) -> None:
    answer = program(desk, "ada").get(f"{BASE}/status", headers={"origin": "https://evil.example"})
    assert answer.json()["code"] == "foreign-origin"


@pytest.mark.parametrize(
    ("send", "status", "code"),
    [
        (lambda c: c.post(f"{BASE}/gate", content=b"{", headers={"content-type": "application/json"}), 422, "bad-body"),
        (lambda c: c.post(f"{BASE}/gate", data={"do": "open"}), 415, "not-json"),
        (lambda c: c.post(f"{BASE}/gate", json={"do": "melt"}), 422, "bad-body"),
        (lambda c: c.post(f"{BASE}/gate", json={"do": "open", "more": 1}), 422, "bad-body"),
        (lambda c: c.get(f"{BASE}/plan", params={"revision": "x"}), 422, "bad-query"),
        (lambda c: c.get(f"{BASE}/plan", params={"to": "9.9.9"}), 404, "unknown-release"),
        (lambda c: c.get(f"{BASE}/runs/desk-9"), 404, "no-run"),
        (lambda c: c.get(f"{BASE}/nothing"), 404, "http"),
        (lambda c: c.put(f"{BASE}/status"), 403, "role-too-small"),
    ],
    ids=range(9),
)
def test_what_is_wrong_is_told_as_json(
    desk: Furnished, send: Callable[[TestClient], Any], status: int, code: str
) -> None:
    answer = send(program(desk, "olaf"))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_each_path_says_which_role_it_needs_and_each_has_one_rule() -> None:
    document = described(api.OPERATIONS)
    for one in api.OPERATIONS:
        said = document["paths"][f"{BASE}{one.path}"][one.method.lower()]
        assert one.role.word in said["description"]
    for path in {one.path for one in api.OPERATIONS}:
        for reading in (True, False):
            assert (
                len({one.role for one in api.OPERATIONS if one.path == path and (one.method == "GET") == reading}) < 2
            )


def test_nothing_that_is_secret_comes_out(tmp_path: Path) -> None:
    desk = Furnished(publish(tmp_path / "desk"), HELD)
    client = program(desk, "ada")
    for one in GETS:
        assert SECRET not in client.get(f"{BASE}{one.path}").text


def test_the_description_is_true_whatever_is_sent(desk: Furnished) -> None:
    trusted = program(desk, "ada")
    headers = {"authorization": trusted.headers.pop("authorization")}
    schema = schemathesis.openapi.from_dict(trusted.get(f"{BASE}/openapi.json").json())
    schema.app = desk.app
    codes: list[int] = []

    def send(case: Any) -> None:
        answer = case.call(session=trusted, base_url=HOME, headers=headers)
        codes.append(answer.status_code)
        case.validate_response(
            answer, excluded_checks=[ignored_auth]
        )  # it asks without our token, which is tried above

    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == len(api.OPERATIONS)
    for operation in operations:
        settings(max_examples=EXAMPLES, derandomize=True)(given(case=operation.as_strategy())(send))()
    assert {200, 404, 409} <= set(codes)
    assert not [code for code in codes if code >= 500]

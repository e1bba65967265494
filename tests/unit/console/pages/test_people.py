"""The pages Sign in, Users and Audit."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import json
import re
from pathlib import Path

import pytest

from changeover.actions import audit
from changeover.actions.audit import Entry
from changeover.console.access.permissions import OTHERWISE, rule_for
from changeover.console.app import PAGES
from changeover.console.permitted import TABLE
from tests.unit.console.pages.furnished import PASSWORD, Furnished
from tests.unit.console.pages.questions import publish

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    return Furnished(publish(tmp_path / "desk"), {"host": "a.example"})


def test_the_sign_in_says_how_many_tries_are_left_and_then_how_long_to_wait(desk: Furnished) -> None:
    client = desk.client()
    assert "Sign in to Desk" in client.get("/login").text
    first = client.post("/login", data={"name": "ada", "password": "wrong"})
    assert first.status_code == 401
    assert "9 tries left" in first.text
    assert "wrong" not in first.text
    for _ in range(9):
        desk.time += 100
        last = client.post("/login", data={"name": "ada", "password": "wrong"})
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) > 800
    assert "Closed for 15 minutes" in last.text


def test_the_sign_in_keeps_where_somebody_wanted_to_go(desk: Furnished) -> None:
    client = desk.client()
    there = client.get("/config?to=1.0.0").headers["location"]
    page = client.get(there).text
    action = html.unescape(re.search(r'action="([^"]*)"', page).group(1))  # type: ignore[union-attr]
    answer = client.post(action, data={"name": "Ada ", "password": PASSWORD})
    assert answer.headers["location"] == "/config?to=1.0.0"


def test_a_hostile_name_is_only_text_on_the_sign_in(desk: Furnished) -> None:
    page = desk.client().post("/login", params={"next": HOSTILE}, data={"name": HOSTILE, "password": "x"}).text
    assert HOSTILE not in page
    assert html.escape(HOSTILE) in page


def test_signing_out_ends_the_session(desk: Furnished) -> None:
    client = desk.client("ada")
    assert client.get("/users").status_code == 200
    assert client.post("/logout").headers["location"] == "/login"
    assert client.get("/users").status_code == 303


def test_an_administrator_makes_changes_and_removes_accounts(desk: Furnished) -> None:
    client = desk.client("ada")
    assert "3 people may use this console." in client.get("/users").text
    made = client.post("/users", data={"name": "nora", "role": "operator"})
    password = re.search(r'<code id="made">([^<]*)</code>', made.text).group(1)  # type: ignore[union-attr]
    nora = desk.client()
    assert nora.post("/login", data={"name": "nora", "password": password}).status_code == 303
    assert nora.get("/config").status_code == 200
    assert nora.get("/users").status_code == 403
    assert "1 browser" in client.get("/users").text

    assert client.post("/users/nora/role", data={"role": "approver"}).status_code == 303
    assert nora.get("/config").status_code == 303, "signed out by the change"
    again = client.post("/users/nora/password")
    assert password not in again.text
    assert nora.post("/login", data={"name": "nora", "password": password}).status_code == 401

    assert client.post("/users/nora/remove", data={"typed": "norra"}).status_code == 422
    assert client.post("/users/nora/remove", data={"typed": "nora"}).status_code == 303
    assert "nora" not in client.get("/users").text
    done = [(what, detail) for who, what, result, detail in desk.log() if who == "ada" and what != "sign in"]
    assert done == [
        ("add account", "nora as operator"),
        ("change role", "nora to approver"),
        ("reset password", "nora"),
        ("POST /users/nora/remove", ""),
        ("remove account", "nora"),
    ]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/users", {"name": "No Ra", "role": "viewer"}),
        ("/users", {"name": "ada", "role": "viewer"}),
        ("/users", {"name": "nora", "role": "root"}),
        ("/users", {"name": "../../x", "role": "viewer"}),
        ("/users", {}),
        ("/users/ada/role", {"role": "viewer"}),
        ("/users/ada/remove", {"typed": "ada"}),
        ("/users/nobody/password", {}),
        ("/users/%2e%2e/remove", {"typed": ".."}),
    ],
)
def test_what_cannot_be_is_explained(desk: Furnished, path: str, data: dict[str, str]) -> None:
    client = desk.client("ada")
    before = [one for one in client.get("/users").text.split() if "users/" in one]
    assert client.post(path, data=data).status_code == 422
    assert [one for one in client.get("/users").text.split() if "users/" in one] == before


@pytest.mark.parametrize("path", ["/users", "/audit", "/audit/export.csv", "/audit/export.jsonl"])
@pytest.mark.parametrize("name", ["vera", "olaf"])
def test_only_an_administrator_sees_accounts_and_the_log(desk: Furnished, name: str, path: str) -> None:
    assert desk.client(name).get(path).status_code == 403


def test_the_audit_page_is_searched_paged_and_exported(desk: Furnished) -> None:
    async def fill() -> None:
        log = audit.Log(desk.outside)
        for number in range(230):
            await log.record(
                Entry(f"2026-11-23T00:{number // 60:02}:{number % 60:02}Z", "nora", f"do {number}", "done")
            )
        await log.record(Entry("2026-11-24T00:00:00Z", "mallory", HOSTILE, "refused", "10.0.0.9", "=1+1"))

    asyncio.run(fill())
    client = desk.client("ada")
    first = client.get("/audit").text
    assert HOSTILE not in first
    assert "do 229" in first
    assert "do 100<" not in first
    assert "do 0<" in client.get("/audit?page=3").text
    assert "1 of 1" not in client.get("/audit?words=mallory&result=refused").text
    assert "mallory" in client.get("/audit?words=MALLORY&result=refused").text
    assert "No entry fits" in client.get("/audit?words=nobody-like-this").text
    for odd in ("0", "-1", "x", "99999999999999999999", "²", ""):
        assert client.get("/audit", params={"page": odd}).status_code == 200
    lines = client.get("/audit/export.jsonl")
    assert json.loads(lines.text.splitlines()[1])["who"] == "mallory"
    rows = list(csv.DictReader(io.StringIO(client.get("/audit/export.csv").text)))
    assert rows[1]["detail"] == "'=1+1"
    assert client.get("/audit/export.exe").status_code == 404


def test_everybody_may_change_their_own_password_and_nobody_elses(desk: Furnished) -> None:
    client, elsewhere = desk.client("vera"), desk.client("vera")
    elsewhere.headers.pop("x-csrf-token")
    assert "You are vera, viewer." in client.get("/account").text
    new = {"new": "another-password", "again": "another-password"}
    assert client.post("/account", data={"old": "wrong", **new}).status_code == 422
    assert client.post("/account", data={"old": PASSWORD, "new": "another-password", "again": "x"}).status_code == 422
    assert client.post("/account", data={"old": PASSWORD, "new": "short", "again": "short"}).status_code == 422
    assert client.post("/account", data={"old": PASSWORD, "name": "ada", **new}).status_code == 303
    assert client.get("/account").status_code == elsewhere.get("/account").status_code == 303
    assert desk.client().post("/login", data={"name": "vera", "password": "another-password"}).status_code == 303
    assert desk.client().post("/login", data={"name": "ada", "password": PASSWORD}).status_code == 303


def test_a_stolen_session_does_not_help_to_guess_the_password(desk: Furnished) -> None:
    thief = desk.client("ada")
    new = {"new": "another-password", "again": "another-password"}
    for number in range(11):
        thief.post("/account", data={"old": f"guess-{number}", **new})
    assert "Too many wrong passwords" in thief.post("/account", data={"old": PASSWORD, **new}).text


def test_every_route_is_in_the_table(desk: Furnished) -> None:
    for page in PAGES:
        for route in page.routes(desk.room):
            path = re.sub(r"\{\w+\}", "x", route.path)
            assert rule_for(path, TABLE) is not OTHERWISE, path

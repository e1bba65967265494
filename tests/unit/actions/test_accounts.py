"""Accounts and the audit log, on an API server in memory."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from changeover.actions import accounts, audit, passwords
from changeover.actions.accounts import Role
from changeover.actions.audit import Entry
from changeover.actions.installations import SECRET
from changeover.kube.journal import Journal
from changeover.objects import KubeObject, Ref
from tests.crash.api_server import ApiServer


class Desk:
    """As much of `Outside` as accounts touch."""

    def __init__(self) -> None:
        self.cluster = ApiServer()
        self.namespace = "shop"
        self.person = "nora@laptop"
        self.time = datetime(2026, 11, 23, tzinfo=UTC)
        self.clock = self

    def now(self) -> datetime:
        return self.time

    def journal(self, run: KubeObject) -> Journal:
        return Journal(cast("Any", self.cluster), run, pause=0)

    async def kept(self) -> dict[str, str]:
        found = await self.cluster.get(Ref(SECRET, "shop", accounts.NAME))
        data = found.get("data", default={}) if found else {}
        return {name: base64.b64decode(value).decode() for name, value in data.items()}


@pytest.fixture
def desk() -> Any:
    return Desk()


async def test_the_first_run_makes_one_admin_whose_password_is_told_once(desk: Any) -> None:
    password = await accounts.first_run(desk)
    assert len(password) >= 20
    assert await accounts.first_run(desk) == ""
    found = (await accounts.listed(desk))["admin"]
    assert found.role is Role.ADMIN
    assert passwords.matches(found.password, password)
    assert not passwords.matches(found.password, password.upper())
    assert "$argon2id$" in (await desk.kept())["admin"]
    assert password not in str(await desk.kept())
    assert "argon2" not in json.dumps(found.as_json())


async def test_accounts_come_change_and_go(desk: Any) -> None:
    await accounts.first_run(desk)
    made = await accounts.add(desk, "nora", Role.VIEWER)
    assert await accounts.add(desk, "olaf", Role.OPERATOR, password="chosen by olaf") == ""
    before = (await accounts.listed(desk))["nora"]
    await accounts.change_role(desk, "nora", Role.APPROVER)
    new = await accounts.reset_password(desk, "nora")
    after = (await accounts.listed(desk))["nora"]
    assert (after.role, after.epoch) == (Role.APPROVER, before.epoch + 2)
    assert passwords.matches(after.password, new)
    assert not passwords.matches(after.password, made)
    await accounts.remove(desk, "olaf")
    assert sorted(await accounts.listed(desk)) == ["admin", "nora"]
    assert [(one.who, one.what, one.detail) for one in reversed(await audit.entries(desk))] == [
        ("nora@laptop", "add account", "nora as viewer"),
        ("nora@laptop", "add account", "olaf as operator"),
        ("nora@laptop", "change role", "nora to approver"),
        ("nora@laptop", "reset password", "nora"),
        ("nora@laptop", "remove account", "olaf"),
    ]


async def test_an_account_made_again_does_not_revive_old_sessions(desk: Any) -> None:
    await accounts.first_run(desk)
    await accounts.add(desk, "nora", Role.VIEWER)
    before = (await accounts.listed(desk))["nora"].epoch
    await accounts.remove(desk, "nora")
    desk.time += timedelta(seconds=1)
    await accounts.add(desk, "nora", Role.VIEWER)
    assert (await accounts.listed(desk))["nora"].epoch != before


async def test_the_last_admin_stays(desk: Any) -> None:
    await accounts.first_run(desk)
    await accounts.add(desk, "nora", Role.APPROVER)
    with pytest.raises(accounts.LastAdmin):
        await accounts.remove(desk, "admin")
    with pytest.raises(accounts.LastAdmin):
        await accounts.change_role(desk, "admin", Role.VIEWER)
    await accounts.change_role(desk, "nora", Role.ADMIN)
    await accounts.remove(desk, "admin")


@pytest.mark.parametrize("name", ["", "Nora", "no ra", "../x", "a" * 64, "-x", "x\n", "<b>", "nöra"])
async def test_names_that_do_not_fit_are_refused(desk: Any, name: str) -> None:
    with pytest.raises(accounts.BadAccountName):
        await accounts.add(desk, name, Role.VIEWER)


@pytest.mark.parametrize("password", ["short", "x" * 257, "nora.lindqvist"])
async def test_weak_passwords_are_refused(desk: Any, password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        await accounts.add(desk, "nora.lindqvist", Role.VIEWER, password=password)
    assert await accounts.listed(desk) == {}


async def test_names_are_used_once_and_must_be_known(desk: Any) -> None:
    await accounts.first_run(desk)
    with pytest.raises(accounts.AccountExists):
        await accounts.add(desk, "admin", Role.VIEWER)
    for change in (accounts.remove(desk, "nobody"), accounts.reset_password(desk, "nobody")):
        with pytest.raises(accounts.UnknownAccount):
            await change


def test_nobody_has_no_password() -> None:
    assert not passwords.matches("", "")
    assert not passwords.matches("not a hash", "x")


# --- audit -----------------------------------------------------------------------------------------------------------


def entry(number: int, **changes: str) -> Entry:
    row = {"at": f"2026-11-23T00:00:{number:02}Z", "who": "nora", "what": "POST /config", "result": "done", **changes}
    return Entry(**cast("Any", row))


async def test_two_consoles_write_one_log_without_losing_an_entry(desk: Any) -> None:
    logs = [audit.Log(desk), audit.Log(desk)]
    for number in range(20):
        await logs[number % 2].record(entry(number))
    assert [one.at for one in await audit.entries(desk)] == [entry(number).at for number in reversed(range(20))]


async def test_an_entry_is_bounded(desk: Any) -> None:
    await audit.Log(desk).record(entry(1, detail="x" * 10_000))
    assert len((await audit.entries(desk))[0].detail) == 500


def test_an_exported_log_runs_nothing_in_a_spreadsheet() -> None:
    text = audit.as_csv([entry(1, detail='=HYPERLINK("http://evil.example")'), entry(2, who='a,b\n"c"')])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["detail"].startswith("'=")
    assert rows[1]["who"] == 'a,b\n"c"'


def test_an_exported_log_is_json_line_by_line() -> None:
    lines = audit.as_lines([entry(1), entry(2, detail="a\nb")]).splitlines()
    assert [json.loads(line)["detail"] for line in lines] == ["", "a\nb"]

"""Tokens: what they open, for whom, how long; nothing that is kept opens anything."""

import asyncio
import base64
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import pytest

from changeover.actions import accounts, audit, tokens
from changeover.actions.accounts import Account, Role
from changeover.actions.outside import Outside
from changeover.actions.tokens import BadToken, Tokens, UnknownToken, Wanted
from changeover.kube.journal import Journal
from tests.crash.api_server import ApiServer

Result = TypeVar("Result")
START = datetime(2026, 11, 23, 15, tzinfo=UTC)


class Clock:
    """Time as the test sets it."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed


class World:
    """Tokens over an API server in memory, and the accounts there are."""

    def __init__(self) -> None:
        self.clock, self.cluster, nothing = Clock(), ApiServer(), cast("Any", None)
        known = {"cluster": self.cluster, "clock": self.clock, "namespace": "desk", "person": "ada"}
        known["journal"] = lambda run: Journal(cast("Any", self.cluster), run, pause=0)
        self.outside = Outside(**{**dict.fromkeys(Outside.__dataclass_fields__, nothing), **known})
        self.tokens = Tokens(self.outside)
        self.account("olaf", Role.OPERATOR)

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        self.clock.passed += 2  # what another replica has done is seen
        return asyncio.run(work)

    def account(self, name: str, role: Role, since: str = "2026-11-01T00:00:00+00:00") -> None:
        self.do(accounts._write(self.outside, Account(name, role, "hash", since)))

    def made(self, **wanted: Any) -> tuple[tokens.Token, str]:
        return self.do(self.tokens.create(Wanted("olaf", **wanted)))

    def role_of(self, text: str) -> Role | None:
        every = self.do(accounts.listed(self.outside))
        found = self.do(self.tokens.who(text, every))
        return found[1].role if found else None


def test_a_token_acts_as_its_account_and_is_kept_as_a_hash() -> None:
    world = World()
    made, text = world.made(purpose="nightly check")
    assert world.role_of(text) is Role.OPERATOR
    assert [one.as_json() for one in world.do(world.tokens.listed())] == [made.as_json()]
    kept = world.cluster.objects["Secret/desk/changeover-console-tokens"]["data"]
    assert text.rpartition("_")[2] not in base64.b64decode(kept[made.id]).decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text + "A",
        lambda text: text.replace("_", "-"),
        lambda text: text[: len(tokens.PREFIX)] + "0" * 12 + text[len(tokens.PREFIX) + 12 :],
        lambda _: "",
        lambda _: "changeover__",
    ],
)
def test_what_is_not_the_token_opens_nothing(change: Any) -> None:
    world = World()
    _, text = world.made()
    assert world.role_of(change(text)) is None


def test_a_token_ends_with_its_time_its_revocation_and_its_account() -> None:
    world = World()
    made, text = world.made(days=1)
    world.clock.passed += 24 * 3600
    assert world.role_of(text) is None
    second, other = world.made()
    assert [one.id for one in world.do(world.tokens.listed())] == [second.id], "the one that is over made room"
    world.do(world.tokens.revoke(second.id))
    assert world.role_of(other) is None
    with pytest.raises(UnknownToken):
        world.do(world.tokens.revoke(made.id))
    _, third = world.made()
    world.account("olaf", Role.OPERATOR, since="2026-11-24T00:00:00+00:00")
    assert world.role_of(third) is None, "another person of the same name"


def test_the_smaller_role_counts() -> None:
    world = World()
    _, less = world.made(role=Role.VIEWER)
    _, whole = world.made()
    assert (world.role_of(less), world.role_of(whole)) == (Role.VIEWER, Role.OPERATOR)
    world.account("olaf", Role.VIEWER)
    assert world.role_of(whole) is Role.VIEWER
    with pytest.raises(BadToken, match="may not do more"):
        world.made(role=Role.ADMIN)


@pytest.mark.parametrize(
    "wanted", [{"days": 0}, {"days": 367}, {"purpose": "x" * 201}, {"purpose": "line\nbreak"}], ids=str
)
def test_bad_wishes_are_refused(wanted: dict[str, Any]) -> None:
    world = World()
    with pytest.raises(BadToken):
        world.made(**wanted)
    with pytest.raises(accounts.UnknownAccount):
        world.do(world.tokens.create(Wanted("nobody")))


def test_making_and_ending_stand_in_the_audit_log_without_the_secret() -> None:
    world = World()
    made, text = world.made()
    world.do(world.tokens.revoke(made.id))
    log = world.do(audit.entries(world.outside))
    assert [(one.who, one.what, one.detail.split()[0]) for one in log] == [
        ("ada", "revoke token", made.id),
        ("ada", "create token", made.id),
    ]
    assert not any(text.rpartition("_")[2] in f"{one}" for one in log)

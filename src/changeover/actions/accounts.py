"""Who may use the console: named accounts with a role, kept as hashes in the Secret ``changeover-console-accounts``.

One entry of the Secret is one account, written by a merge patch of that entry alone, so two administrators do not undo
each other's work. A role is the name of the ClusterRole of the same meaning (``changeover-view`` and so on).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from changeover.actions import audit, passwords
from changeover.actions.in_accounts import books
from changeover.actions.installations import SECRET, read_secret
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject, Ref
from changeover.ports import AlreadyExists
from changeover.settings import CONSOLE_LABEL

NAME = "changeover-console-accounts"
FIRST = "admin"
_FITS = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")


class UnknownAccount(Problem):
    """No account has this name."""

    reference = "unknown-account"
    exit_code = 2


class AccountExists(Problem):
    """Another account has this name."""

    reference = "account-exists"
    exit_code = 2


class BadAccountName(Problem):
    """A name that an account cannot have."""

    reference = "bad-account-name"
    exit_code = 2


class LastAdmin(Problem):
    """Without this account nobody could manage the others."""

    reference = "last-admin"


class Role(IntEnum):
    """What an account may do; each may also do what the one before may."""

    VIEWER = 0
    OPERATOR = 1
    APPROVER = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()

    @property
    def cluster_role(self) -> str:
        """The ClusterRole that grants the same on Changeover's own objects."""
        return ("changeover-view", "changeover-operate", "changeover-approve", "changeover-admin")[self]

    @staticmethod
    def of(word: str) -> Role:
        """The role of that word. Raises KeyError."""
        return Role[word.upper()]


@dataclass(frozen=True, slots=True)
class Account:
    """One person."""

    name: str
    role: Role
    password: str
    """The argon2id hash."""
    since: str
    """When it was made, RFC 3339."""
    epoch: int = 0
    """Counts the changes of password and role: sessions of an earlier epoch are over."""

    def as_json(self) -> dict[str, Any]:
        """For programs: without the hash."""
        return {"name": self.name, "role": self.role.word, "since": self.since, "clusterRole": self.role.cluster_role}


async def listed(outside: Outside) -> Mapping[str, Account]:
    """All accounts by name."""
    return {name: _parsed(name, content) for name, content in sorted((await read_secret(outside, NAME)).items())}


async def first_run(outside: Outside) -> str:
    """Make the first account and return its password, to be shown once; empty when there are accounts."""
    if await listed(outside):
        return ""
    password = passwords.made_up()
    await _write(outside, _new(outside, FIRST, Role.ADMIN, password))
    return password


async def add(outside: Outside, name: str, role: Role, *, password: str = "") -> str:
    """Make an account; returns the password that was made up, or empty. Raises AccountExists, BadAccountName."""
    if not _FITS.fullmatch(name):
        raise BadAccountName(
            "An account's name has lower-case letters, digits, dot, dash and underscore, up to 63 characters.",
            found=name,
        )
    if name in await listed(outside):
        raise AccountExists(f"There is an account {name} already.", hint=f"`changeover reset-password {name}`")
    made = "" if password else passwords.made_up()
    await _write(outside, _new(outside, name, role, password or made))
    await _tell(outside, "add account", f"{name} as {role.word}")
    return made


async def remove(outside: Outside, name: str) -> None:
    """Take an account away; its sessions end. Raises UnknownAccount, LastAdmin."""
    every = await listed(outside)
    _keeps_an_admin(every, _named(every, name))
    await books(outside.cluster).patch(_ref(outside), {"data": {name: None}})
    await _tell(outside, "remove account", name)


async def reset_password(outside: Outside, name: str, *, password: str = "") -> str:
    """Give another password and end the account's sessions; returns the one made up, or empty."""
    account = _named(await listed(outside), name)
    made = "" if password else passwords.made_up()
    kept = passwords.hashed(password or made, name=name)
    await _write(outside, replace(account, password=kept, epoch=account.epoch + 1))
    await _tell(outside, "reset password", name)
    return made


async def change_role(outside: Outside, name: str, role: Role) -> None:
    """Give another role and end the account's sessions. Raises UnknownAccount, LastAdmin."""
    every = await listed(outside)
    account = _named(every, name)
    if role is not Role.ADMIN:
        _keeps_an_admin(every, account)
    await _write(outside, replace(account, role=role, epoch=account.epoch + 1))
    await _tell(outside, "change role", f"{name} to {role.word}")


def _named(every: Mapping[str, Account], name: str) -> Account:
    if name not in every:
        raise UnknownAccount(f"There is no account {name}.", found=", ".join(every) or "no account at all")
    return every[name]


def _keeps_an_admin(every: Mapping[str, Account], without: Account) -> None:
    if not any(one.role is Role.ADMIN and one.name != without.name for one in every.values()):
        raise LastAdmin(f"{without.name} is the only administrator.", hint="make another account an admin first")


async def _tell(outside: Outside, what: str, detail: str) -> None:
    entry = audit.Entry(outside.clock.now().isoformat(), outside.person, what, "done", detail=detail)
    await audit.Log(outside).record(entry)


def _new(outside: Outside, name: str, role: Role, password: str) -> Account:
    since = outside.clock.now()
    # an account that is made again under an old name must not revive the sessions of the old one
    return Account(name, role, passwords.hashed(password, name=name), since.isoformat(), int(since.timestamp()))


def _parsed(name: str, content: bytes) -> Account:
    data = json.loads(content)
    return Account(name, Role.of(data["role"]), data["password"], data["since"], data["epoch"])


def _ref(outside: Outside) -> Ref:
    return Ref(SECRET, outside.namespace, NAME)


async def _write(outside: Outside, account: Account) -> None:
    content = {
        "role": account.role.word,
        "password": account.password,
        "since": account.since,
        "epoch": account.epoch,
    }
    data = {account.name: base64.b64encode(json.dumps(content).encode()).decode()}
    if await books(outside.cluster).get(_ref(outside)) is None:
        try:
            await books(outside.cluster).create(_secret(outside, data))
        except AlreadyExists:
            pass
        else:
            return
    await books(outside.cluster).patch(_ref(outside), {"data": data})


def _secret(outside: Outside, data: Mapping[str, str]) -> KubeObject:
    return KubeObject(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {"name": NAME, "namespace": outside.namespace, "labels": {CONSOLE_LABEL: "accounts"}},
            "data": dict(data),
        }
    )

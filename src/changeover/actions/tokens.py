"""Tokens of programs that use the console's API in a person's name: shown once, kept as hashes, with an end.

One row of the Secret ``changeover-console-tokens`` is one token, by its id. A token never may more than its person may
at the moment: the smaller of both roles counts, and with the account it is over.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from changeover.actions import accounts, audit
from changeover.actions.accounts import Account, Role
from changeover.actions.outside import Outside
from changeover.actions.shared_rows import SharedRows
from changeover.errors import Problem

NAME = "changeover-console-tokens"
PREFIX = "changeover_"
"""So that a scanner for secrets knows one when it sees one."""
LONGEST_DAYS = 366
_WRITTEN = re.compile(PREFIX + r"([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_MOST = 200
"""Tokens of a namespace: they must fit into one Secret."""


class UnknownToken(Problem):
    """No token has this id."""

    reference = "unknown-token"
    exit_code = 2


class BadToken(Problem):
    """A token that nobody can be given."""

    reference = "bad-token"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of one."""

    id: str
    account: str
    """Whose name it acts in."""
    since_account: str
    """When that account was made: another of the same name is another person."""
    role: Role
    purpose: str
    made: str
    """RFC 3339."""
    until: str
    """RFC 3339; from then on it opens nothing."""
    digest: str
    """SHA-256 of the secret part."""

    def as_json(self) -> dict[str, Any]:
        """For programs: without the hash."""
        return {
            "id": self.id,
            "account": self.account,
            "role": self.role.word,
            "purpose": self.purpose,
            "made": self.made,
            "until": self.until,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token as it is asked for."""

    account: str
    role: Role | None = None
    """None = the account's own."""
    days: int = 90
    purpose: str = ""


class Tokens:
    """The tokens of one namespace."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._rows = SharedRows(outside, NAME)

    async def listed(self) -> Sequence[Token]:
        """All, oldest first; those that are over as well, until the next is made."""
        rows = await self._rows.read(fresh=True)
        return sorted((_token(key, row) for key, row in rows.items()), key=lambda one: (one.made, one.id))

    async def create(self, wanted: Wanted) -> tuple[Token, str]:
        """Make one; returns it with the text that its owner is shown once. Raises UnknownAccount, BadToken."""
        account = (await accounts.listed(self._outside)).get(wanted.account)
        if account is None:
            raise accounts.UnknownAccount(f"There is no account {wanted.account}.", hint="`changeover users list`")
        now, secret = self._outside.clock.now(), secrets.token_urlsafe(32)
        made = Token(
            id=secrets.token_hex(6),
            account=account.name,
            since_account=account.since,
            role=_role(account, wanted.role),
            purpose=_purpose(wanted.purpose),
            made=now.isoformat(timespec="seconds"),
            until=(now + timedelta(days=_days(wanted.days))).isoformat(timespec="seconds"),
            digest=_digest(secret),
        )

        def decide(rows: Mapping[str, str]) -> Mapping[str, str | None]:
            over = {key: None for key, row in rows.items() if _token(key, row).until <= made.made}
            if len(rows) - len(over) >= _MOST:
                raise BadToken(f"There may be {_MOST} tokens at a time.", hint="`changeover token revoke` those unused")
            return {**over, made.id: _row(made)}

        await self._rows.change(decide)
        await self._tell("create token", f"{made.id} for {made.account} as {made.role.word} until {made.until}")
        return made, f"{PREFIX}{made.id}_{secret}"

    async def revoke(self, id_: str) -> None:
        """From now on it opens nothing (other replicas: within a second). Raises UnknownToken."""
        if id_ not in await self._rows.read(fresh=True):
            raise UnknownToken(f"There is no token {id_[:40]}.", hint="`changeover token list` shows them")
        await self._rows.change(lambda rows: {id_: None} if id_ in rows else {})
        await self._tell("revoke token", id_)

    async def who(self, text: str, every: Mapping[str, Account]) -> tuple[Token, Account] | None:
        """The token that this text is, with its account in the role that counts; None when it opens nothing."""
        written = _WRITTEN.fullmatch(text)
        row = (await self._rows.read()).get(written[1]) if written else None
        if written is None or row is None:
            return None
        token = _token(written[1], row)
        account = every.get(token.account)
        right = hmac.compare_digest(token.digest, _digest(written[2]))
        over = datetime.fromisoformat(token.until) <= self._outside.clock.now()
        if not right or over or account is None or account.since != token.since_account:
            return None
        return token, replace(account, role=min(token.role, account.role))

    async def _tell(self, what: str, detail: str) -> None:
        entry = audit.Entry(self._outside.clock.now().isoformat(), self._outside.person, what, "done", detail=detail)
        await audit.Log(self._outside).record(entry)


def _role(account: Account, wanted: Role | None) -> Role:
    if wanted is not None and wanted > account.role:
        raise BadToken(
            f"A token may not do more than its account: {account.name} is {account.role.word}.",
            found=wanted.word,
            hint=f"ask for {account.role.word} or less",
        )
    return account.role if wanted is None else wanted


def _days(days: int) -> int:
    if not 1 <= days <= LONGEST_DAYS:
        raise BadToken(f"A token lasts 1 to {LONGEST_DAYS} days.", found=str(days))
    return days


def _purpose(text: str) -> str:
    if len(text) > 200 or not text.isprintable():
        raise BadToken("What a token is for is said in up to 200 printable characters.")
    return text


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _row(token: Token) -> str:
    return json.dumps({"sinceAccount": token.since_account, "digest": token.digest, **token.as_json()})


def _token(key: str, row: str) -> Token:
    data = json.loads(row)
    return Token(
        id=key,
        account=data["account"],
        since_account=data["sinceAccount"],
        role=Role.of(data["role"]),
        purpose=data["purpose"],
        made=data["made"],
        until=data["until"],
        digest=data["digest"],
    )

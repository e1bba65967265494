"""What the console's access rests on: its addresses, table of permissions, sessions and attempts, handed in as one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from changeover.actions.accounts import Account, Role
from changeover.actions.audit import Entry, Result
from changeover.actions.tokens import Token
from changeover.console.access.attempts import Attempts
from changeover.console.access.limits import Limits
from changeover.console.access.origins import Addresses
from changeover.console.access.permissions import Rule
from changeover.console.access.refusal import Show, plainly
from changeover.console.access.sessions import Session, Sessions
from changeover.errors import Problem

_LOG = logging.getLogger(__name__)
_NAME = "changeover"


Bearer = Callable[[str, Mapping[str, Account]], Awaitable[tuple[Token, Account] | None]]
"""Whose token a text is, and in which account it acts."""


async def nobody(_: str, __: Mapping[str, Account]) -> None:
    """Where no token opens anything."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, in which session: pages find it as ``request.state.visit``."""

    account: Account
    session: Session
    token: str = ""
    """The id of the token that a program showed instead of a session's cookie; empty for a browser."""

    @property
    def name(self) -> str:
        """The person."""
        return self.account.name

    @property
    def csrf(self) -> str:
        """For every form."""
        return self.session.csrf

    def may(self, role: str) -> bool:
        """Whether they have this role or a higher one; for templates."""
        return self.account.role >= Role.of(role)


@dataclass(frozen=True, slots=True)
class Guard:
    """Everything that decides over a request before a page sees it."""

    addresses: Addresses
    table: Sequence[Rule]
    accounts: Callable[[], Awaitable[Mapping[str, Account]]]
    record: Callable[[Entry], Awaitable[None]]
    """Appends to the audit log."""
    stamp: Callable[[], str]
    """The time of an entry, RFC 3339."""
    now: Callable[[], float]
    """Seconds that only grow."""
    sessions: Sessions
    attempts: Attempts
    limits: Limits = field(default_factory=Limits)
    tokens: Bearer = nobody
    show: Show = plainly
    changed: Callable[[], None] = lambda: None
    """Called when an account was changed here: what is remembered of the accounts is stale."""

    def cookie(self, *, https: bool) -> str:
        """The cookie's name: bound to this host where HTTPS allows it."""
        return f"__Host-{_NAME}" if https else _NAME

    async def tell(self, who: str, what: str, result: Result, *, address: str = "", detail: str = "") -> None:
        """Write an entry; when the cluster cannot take it, it goes to our own log instead."""
        entry = Entry(self.stamp(), who, what, result, address, detail)
        try:
            await self.record(entry)
        except Problem as problem:
            _LOG.error("not in the audit log (%s): %s", problem.reference, entry)

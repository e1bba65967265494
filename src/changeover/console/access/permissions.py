"""Which role a request needs: one table, first match counts, and what nobody thought of needs an administrator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from changeover.actions.accounts import Role
from changeover.console.access.origins import SAFE

OVERRIDES = Role.APPROVER
"""Who may begin a change in a freeze, by its name and with a reason."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a path needs: `read` to look, `write` to change; None = nobody needs to be signed in."""

    path: str
    """As in Starlette's routes: ``/config``, ``/users/{name}``; ``/static/*`` is everything below."""
    read: Role | None = Role.VIEWER
    write: Role | None = Role.ADMIN
    tells: bool = True
    """Whether a change is an entry of the audit log; False where the action itself writes one, or nothing changes."""

    def covers(self, path: str) -> bool:
        """Whether this rule is about that path."""
        pattern = re.escape(self.path).replace(r"\*", ".*")
        return re.fullmatch(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", pattern), path) is not None

    def needs(self, method: str) -> Role | None:
        """The role that a request of this method needs."""
        return self.read if method in SAFE else self.write


OTHERWISE = Rule("*")


def rule_for(path: str, table: Sequence[Rule]) -> Rule:
    """The first rule that covers a path."""
    return next((one for one in table if one.covers(path)), OTHERWISE)

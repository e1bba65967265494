"""What a page is given: who guards, what may be touched in whose name, and how a template becomes an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from changeover.actions.accounts import Account
from changeover.actions.outside import Outside
from changeover.console.access.guard import Guard, Visit
from changeover.console.executing import Executing
from changeover.console.holder import Holder
from changeover.console.pushing import Pushing


class Render(Protocol):
    """Fills a template of ours."""

    def __call__(self, request: Request, name: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        """The answer; `values` are the template's own, beside those that every page has."""
        ...

    def text(self, request: Request, name: str, values: Mapping[str, Any]) -> str:
        """The text alone."""
        ...


@dataclass(frozen=True, slots=True)
class Room:
    """The console as its pages see it."""

    guard: Guard
    outside: Callable[[str], Outside]
    """The ports, in the name of a person."""
    render: Render
    installation: str = ""
    """Which Installation is looked at; empty = the only one."""
    executing: Executing = field(default_factory=Executing)
    """The runs that this console executes."""
    pushing: Pushing = field(default_factory=Pushing)
    """The bundles whose images it sends to the registry."""
    holder: Holder = field(default_factory=Holder)
    """Which replica holds uploaded files."""
    speaking: Callable[[Outside, Account], Outside] = lambda outside, _: outside
    """What a person decides, with the rights of the person's role; by default with those of this process."""

    def outside_of(self, request: Request) -> Outside:
        """The ports in the name of who asks."""
        visit = visit_of(request)
        return self.speaking(self.outside(visit.name), visit.account)


def visit_of(request: Request) -> Visit:
    """Who asks; pages behind the gate always have one."""
    visit: Visit = request.state.visit
    return visit

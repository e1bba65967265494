"""One thing that a program can ask for: its path, the role it needs, what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from starlette.requests import Request

from changeover.actions.accounts import Role
from changeover.actions.outside import Outside
from changeover.console.room import Room

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose input was read: `asked` is of the operation's own model."""

    room: Room
    request: Request
    asked: Any

    @property
    def outside(self) -> Outside:
        """The ports in the name of who asks."""
        return self.room.outside_of(self.request)

    @property
    def installation(self) -> str:
        """Which one this console is about."""
        return self.room.installation

    def note(self, detail: str) -> None:
        """What the audit log says of it beside the path."""
        self.request.state.detail = detail


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the table that routes, permissions and the OpenAPI document are made of."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """Below ``/api/v1``, with Starlette's parameters: ``/runs/{name}``."""
    name: str
    """The operationId."""
    summary: str
    answer: type[BaseModel]
    act: Callable[[Call], Awaitable[object]]
    """Returns what the answer's model is read from: a mapping or an object with its attributes."""
    asks: type[BaseModel] | None = None
    """The query of a GET, the JSON body of everything else."""
    role: Role = Role.VIEWER
    status: int = 200
    takes_bytes: bool = False
    """The body is the bytes of a part."""
    held: bool = False
    """It is about files that one replica of the console holds: that one answers."""

"""Clients that hold a connection without finishing a request, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from changeover.console.access.patience import Patient
from tests.browser.served import serving


class Hurried(Patient):
    head_seconds = 0.5


async def app(scope: object, receive: object, send: object) -> None:
    request = Request(scope, receive)  # type: ignore[arg-type]
    answer: Response = PlainTextResponse(f"{len(await request.body())} bytes")
    await answer(scope, receive, send)  # type: ignore[arg-type]


@pytest.fixture
def port() -> Iterator[int]:
    with serving(lambda _: app, http=Hurried) as address:
        yield int(address.rpartition(":")[2])


def talk(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What comes back until the other side closes, at most five seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        got = b""
        try:
            while more := connection.recv(4096):
                got += more
        except ConnectionResetError:
            pass
        return got


@pytest.mark.parametrize(
    "pieces",
    [
        (b"",),
        (b"GET / HTTP/1.1\r\nHost: x\r\n",),
        tuple(b"GET / HTTP/1.1\r\nHost: x\r\nX-Drip: drip-drip-drip-drip"[at : at + 1] for at in range(50)),
    ],
    ids=["silent", "half a head", "a drip"],
)
def test_a_head_has_to_be_finished(port: int, pieces: tuple[bytes, ...]) -> None:
    assert talk(port, *pieces, pause=0.05) == b"", "closed without an answer, and without our having to wait"


def test_who_finishes_is_answered_also_a_second_time(port: int) -> None:
    ask = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
    got = talk(port, ask[:20], ask[20:], b"ab", b"cd", ask + b"abcd", pause=0.1)
    assert got.count(b"4 bytes") == 2


def test_a_body_may_take_longer_than_a_head(port: int) -> None:
    ask = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
    assert b"4 bytes" in talk(port, ask, b"a", b"b", b"c", b"d", pause=0.3)

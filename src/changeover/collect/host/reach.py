"""What the machine reaches and can offer: ports, connections, load balancers, a free subnet, an address of the web."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psutil

from changeover.collect import facts
from changeover.collect.facts import seconds_of
from changeover.collect.scene import CannotCollect, Scene

CONNECTED, REFUSED, TIMEOUT = "connected", "connection-refused", "connection-timeout"
IN_USE, DENIED, INVALID, ERROR = "address-in-use", "bind-permission-denied", "invalid-address", "error"
PATIENCE = 10.0
"""Seconds for one attempt, when a spec says nothing."""

AGAIN = 2.0
"""Seconds for one request to a balancer."""
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"

_BINDING = {errno.EADDRINUSE: IN_USE, errno.EACCES: DENIED}


class _Status(Exception):
    """How an attempt ended, when it did not connect."""

    def __init__(self, status: str, message: str = "") -> None:
        super().__init__(status)
        self.status, self.message = status, message


async def tcp_port(scene: Scene) -> None:
    """``tcpPortStatus/<name>.json``: whether this machine can listen on a port, and be reached there."""

    async def attempt() -> None:
        address, token = _address_of(scene.said("interface")), secrets.token_bytes(16)
        async with _listening(address, _port(scene), token):
            await _expect(address or "127.0.0.1", _port(scene), token)

    await _write(scene, "tcpPortStatus", attempt)


async def udp_port(scene: Scene) -> None:
    """``udpPortStatus/<name>.json``: whether this machine can listen there."""

    async def attempt() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening, _binding():
            listening.bind((_address_of(scene.said("interface")), _port(scene)))

    await _write(scene, "udpPortStatus", attempt)


async def tcp_connect(scene: Scene) -> None:
    """``connect/<name>.json``: whether an address can be reached."""

    async def attempt() -> None:
        _, writer = await asyncio.open_connection(*_split(scene.said("address")))
        writer.close()

    await _write(scene, "connect", attempt)


async def tcp_load_balancer(scene: Scene) -> None:
    """``tcpLoadBalancer/<name>.json``: whether what listens here is reached by the balancer's address."""

    async def attempt() -> None:
        token = secrets.token_bytes(16)
        async with _listening("", _port(scene), token):
            await _expect(*_split(scene.said("address")), token)

    await _write(scene, "tcpLoadBalancer", attempt)


async def http_load_balancer(scene: Scene) -> None:
    """``httpLoadBalancer/<name>.json``: whether what serves here is reached by the balancer's address.

    A balancer sends nothing here before its own checks have seen the port open, so it is asked again until time is up.
    """

    async def attempt() -> None:
        token = secrets.token_hex(16).encode()
        async with _listening("", _port(scene), _ANSWER % (len(token), token), reads=True):
            await _expect_http(scene, token)

    await _write(scene, "httpLoadBalancer", attempt)


async def _expect_http(scene: Scene, token: bytes) -> None:
    address = scene.said("address")
    if not address.startswith(("http://", "https://")):
        raise _Status(INVALID, f"{address or 'nothing'} is no address of the web")
    loop = asyncio.get_running_loop()
    until = loop.time() + _within(scene) - AGAIN
    while True:
        answer = await scene.http.request("POST", address, body=token, within=AGAIN)
        if answer.body == token:
            return
        found = _Status(TIMEOUT if "Timeout" in answer.error else ERROR, answer.error or f"status {answer.status}")
        if "refused" in answer.error or "All connection attempts failed" in answer.error:
            raise _Status(REFUSED, answer.error)
        if loop.time() > until:
            raise found
        await asyncio.sleep(min(AGAIN, 1.0))


async def subnet_available(scene: Scene) -> None:
    """``subnetAvailable/result.json``: whether a range has a subnet of this size that no route of ours touches."""
    try:
        whole = ipaddress.IPv4Network(scene.said("CIDRRangeAlloc"), strict=False)
        size = int(scene.said("desiredCIDR"))
        fits = whole.prefixlen <= size <= whole.max_prefixlen
        free = fits and _has_room(whole, size, list(_routes(Path("/proc/net/route"))))
    except ValueError as wrong:
        raise CannotCollect("its range or size is none", found=str(wrong)) from None
    told = {
        "CIDRRangeAlloc": str(whole),
        "desiredCIDR": size,
        "status": "a-subnet-is-available" if free else "no-subnet-available",
    }
    scene.sink.write_json("host-collectors/subnetAvailable/result.json", told)


async def http(scene: Scene) -> None:
    """``http/<name>.json``: one request from this machine."""
    scene.sink.write_json(
        f"host-collectors/http/{scene.said('collectorName', 'http')}.json", await facts.answered(scene)
    )


async def _write(scene: Scene, folder: str, attempt: Callable[[], Awaitable[None]]) -> None:
    within = _within(scene)
    status, message = CONNECTED, ""
    try:
        async with asyncio.timeout(within):
            await attempt()
    except TimeoutError:
        status = TIMEOUT
    except ConnectionRefusedError as wrong:
        status, message = REFUSED, str(wrong)
    except _Status as told:
        status, message = told.status, told.message
    except OSError as wrong:
        status, message = ERROR, str(wrong)
    name = scene.said("collectorName", folder)
    scene.sink.write_json(f"host-collectors/{folder}/{name}.json", {"status": status, "message": message})


def _within(scene: Scene) -> float:
    return min(seconds_of(scene.collector.spec.get("timeout"), PATIENCE), scene.seconds)


def _port(scene: Scene) -> int:
    port = scene.collector.spec.get("port")
    if not isinstance(port, int) or not 0 < port < 2**16:
        raise CannotCollect("its port is none", found=str(port), hint="give it a port from 1 to 65535")
    return port


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 2**16:
        raise _Status(INVALID, f"{address} is not host:port")
    return host.strip("[]"), int(port)


def _address_of(interface: str) -> str:
    """The IPv4 address of an interface; empty, which is every one, when none is named."""
    if not interface:
        return ""
    found = [str(one.address) for one in psutil.net_if_addrs().get(interface, ()) if one.family == socket.AF_INET]
    if not found:
        raise _Status(ERROR, f"{interface} has no address of IPv4")
    return found[0]


@contextlib.contextmanager
def _binding() -> Iterator[None]:
    try:
        yield
    except OSError as wrong:
        raise _Status(_BINDING.get(wrong.errno or 0, ERROR), str(wrong)) from None


@contextlib.asynccontextmanager
async def _listening(address: str, port: int, token: bytes, *, reads: bool = False) -> AsyncIterator[None]:
    """A server that says its token to everybody; `reads`: after the head of a request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            if reads:
                await reader.readuntil(b"\r\n\r\n")
            writer.write(token)
            await writer.drain()
        writer.close()

    with _binding():
        server = await asyncio.start_server(answer, address or "0.0.0.0", port)  # noqa: S104 - as the spec asks
    async with server:
        yield


async def _expect(host: str, port: int, token: bytes) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        found = await reader.read(len(token))
    finally:
        writer.close()
    if found != token:
        raise _Status(ERROR, "somebody else answers there")


def _has_room(whole: ipaddress.IPv4Network, size: int, taken: list[ipaddress.IPv4Network]) -> bool:
    """Whether a subnet of this size is free; routes are few, so splitting around them is quick."""
    inside = [one for one in taken if one.overlaps(whole)]
    if not inside:
        return True
    if whole.prefixlen >= size or any(one.supernet_of(whole) for one in inside):
        return False
    return any(_has_room(half, size, inside) for half in whole.subnets())


def _routes(file: Path) -> Iterator[ipaddress.IPv4Network]:
    """The networks of the kernel's table, without the way to everywhere else."""
    for line in file.read_text().splitlines()[1:] if file.exists() else ():
        columns = line.split()
        numbers = [int.from_bytes(bytes.fromhex(columns[at]), "little") for at in (1, 7)]
        if numbers[1]:
            yield ipaddress.IPv4Network((numbers[0], numbers[1].bit_count()))

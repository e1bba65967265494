"""``changeover serve``: the console as a service in the cluster, one of several replicas.

* Replicas share accounts, sessions, failed sign-ins, runs and the audit log through the cluster; any may be killed.
* It listens on all addresses and answers only under the names that it was given, and under this machine's own ones
  (port-forward). Headers of a proxy count only from the networks that are named.
* It never makes an account: a password would be in the log of a pod. Its log is JSON lines on standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
import uvicorn

from changeover import __version__, wiring
from changeover.actions import accounts
from changeover.console.access.origins import Addresses
from changeover.console.app import Where, build, room_of
from changeover.console.carrying_on import CarryingOn
from changeover.console.command import PORT, config_of, place_of
from changeover.errors import Problem

_LOG = logging.getLogger("changeover.console")
GRACE_SECONDS = 8
"""For what is under way when the replica is told to end: less than a pod's own grace."""


class CannotListen(Problem):
    """The address to listen on is taken or not ours."""

    reference = "cannot-listen"


@click.command("serve")
@click.option("-n", "--namespace", default=None, help="Namespace of the application.")
@click.option("--installation", default="", help="Which Installation, when there are several.")
@click.option("--address", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104 - in a pod
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option("--public-url", "public", multiple=True, help="An address that people reach it under; may repeat.")
@click.option(
    "--trust-proxy",
    "proxies",
    multiple=True,
    metavar="NETWORK",
    help="Believe X-Forwarded-For and X-Forwarded-Proto of this address or network (CIDR) only; may repeat.",
)
@click.pass_obj
def serve(given: Any, /, **chosen: Any) -> None:
    """Serve the admin console in the cluster, as one of several replicas."""
    logging.basicConfig(level=logging.INFO, handlers=[_handler()], force=True)
    for noisy in ("httpx2", "httpcore2", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    access = {"namespace": chosen["namespace"] or given.namespace, "context": given.context}
    asyncio.run(_serve({**access, "kubeconfig": given.kubeconfig}, chosen))


async def _serve(access: dict[str, Any], chosen: dict[str, Any]) -> None:
    addresses = Addresses.of(chosen["port"], *chosen["public"], any_local_port=True)
    with _listening(chosen["address"], chosen["port"]) as listening:
        async with wiring.outside(**access) as connected:
            outside = replace(connected, person=f"console@{socket.gethostname()}")
            place = await place_of(outside, chosen["installation"], "")
            where = Where(addresses, place, chosen["installation"], _own_address(chosen["port"]))
            speaking = wiring.Speaking(access["kubeconfig"], access["context"])
            room = replace(room_of(outside, where, now=time.time, shared=True), speaking=speaking.as_person)
            if not await accounts.listed(outside):
                _LOG.warning("nobody can sign in yet: `changeover users add NAME --role admin` makes the first account")
            caring = asyncio.create_task(CarryingOn(outside, room.executing).forever())
            _LOG.info("serving %s on port %d, version %s", place.namespace, chosen["port"], __version__)
            config = config_of(build(room), chosen["proxies"], grace=GRACE_SECONDS)
            _end_gently()
            try:
                await uvicorn.Server(config).serve([listening])
            finally:
                caring.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await caring
                await room.executing.close()
                await room.pushing.close()
                await speaking.close()
                _LOG.info("ended; runs under way are free for another replica")


def _own_address(port: int) -> str:
    """Where other replicas reach this one: the pod's own address stands in its hosts file."""
    try:
        return f"http://{socket.gethostbyname(socket.gethostname())}:{port}"
    except OSError:
        return f"http://127.0.0.1:{port}"


def _end_gently() -> None:
    """The server hears SIGTERM and SIGINT, ends, and sends itself the signal again: by then we let go of the runs."""
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: None)


def _listening(address: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
        found.listen()
    except OSError as error:
        found.close()
        raise CannotListen(f"{address} port {port} must be free.", found=str(error), hint="--address, --port") from None
    return found


def _handler() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    return handler


class JsonLines(logging.Formatter):
    """An entry as one line of JSON. Of an error it names kind and places, never values: they may be secret."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            places, step = [], trace
            while step is not None:
                code = step.tb_frame.f_code
                places.append(f"{code.co_filename.rpartition('/')[2]}:{step.tb_lineno} {code.co_name}")
                step = step.tb_next
            entry |= {"error": kind.__name__, "at": " < ".join(reversed(places))}
        return json.dumps(entry, ensure_ascii=False)

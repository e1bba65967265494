"""``changeover admin-console``: the console on this machine, with this kubeconfig, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

import click
import uvicorn

from changeover import wiring
from changeover.actions import accounts, console_objects, console_service, installations
from changeover.actions.outside import Outside
from changeover.console.access.origins import Addresses
from changeover.console.access.patience import Patient
from changeover.console.app import Where, build, room_of
from changeover.console.rendering import Place
from changeover.errors import Problem
from changeover.ports import Refused

PORT = 8800


class PortTaken(Problem):
    """Something else listens where the console should."""

    reference = "port-taken"


@click.command("admin-console")
@click.option("-n", "--namespace", default=None, help="Namespace of the application.")
@click.option("--context", default=None, help="Context of the kubeconfig.")
@click.option("--kubeconfig", default=None, help="Another kubeconfig.")
@click.option("--installation", default="", help="Which Installation, when there are several.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--public-url", "public", multiple=True, help="Another address that it is reached under; may repeat.")
@click.option(
    "--in-cluster/--here",
    "elsewhere",
    default=None,
    help="Open the console that is installed in the cluster, or one on this machine; by default what is there.",
)
@click.pass_obj
def admin_console(given: Any, /, **chosen: Any) -> None:
    """Open the admin console at http://localhost:8800: that of the cluster where one is installed, else one here."""
    access = {name: chosen[name] or getattr(given, name) for name in ("namespace", "context", "kubeconfig")}
    asyncio.run(_open(access, chosen))


async def _open(access: dict[str, Any], chosen: dict[str, Any]) -> None:
    port, show = chosen["port"], not chosen["no_open"]
    async with wiring.outside(**access) as outside:
        if chosen["elsewhere"] is not False and await _is_installed(outside, must=bool(chosen["elsewhere"])):
            await _forward(outside, port, show=show)
            return
    addresses = Addresses.of(port, *chosen["public"])
    await _serve(access, addresses, chosen["installation"], port, show=show)


async def _is_installed(outside: Outside, *, must: bool) -> bool:
    if must:
        if await console_service.installed(outside) is None:
            hint = "`changeover install-console` installs it; --here opens one on this machine"
            raise console_service.NoConsole("No console is installed in this namespace.", hint=hint)
        return True
    try:
        return await console_service.ready(outside)
    except Refused:  # who may not look at Deployments gets a console of their own
        return False


async def _forward(outside: Outside, port: int, *, show: bool) -> None:
    with _listening(port) as listening:
        click.echo(f"The console of the cluster, namespace {outside.namespace}: http://localhost:{port}")
        click.echo("Ctrl-C ends the connection only; it comes back by itself when a pod goes.", err=True)
        if show and _has_browser():
            click.launch(f"http://localhost:{port}")
        ending = asyncio.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(one, ending.set)
        leading = asyncio.create_task(
            wiring.forward(outside, lambda: console_service.pod(outside), listening, console_objects.PORT)
        )
        waiting = asyncio.create_task(ending.wait())
        await asyncio.wait({leading, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for task in (leading, waiting):
            task.cancel()
        await asyncio.gather(leading, waiting, return_exceptions=True)


async def _serve(access: dict[str, Any], addresses: Addresses, installation: str, port: int, *, show: bool) -> None:
    with _listening(port) as listening:
        async with wiring.outside(**access) as outside:
            place = await place_of(outside, installation, access["context"] or "")
            password = await accounts.first_run(outside)
            where = Where(addresses, place, installation)
            room = room_of(outside, where, now=time.monotonic)
            click.echo(f"The console of {place.application} in namespace {place.namespace}: http://localhost:{port}")
            if password:
                click.echo(f"Name {accounts.FIRST}, password {password} (shown only now)")
            if show and _has_browser():
                click.launch(f"http://localhost:{port}")
            click.echo("Ctrl-C ends it; runs go on elsewhere or wait for `changeover resume`.", err=True)
            try:
                await uvicorn.Server(config_of(build(room))).serve([listening])
            finally:
                await room.pushing.close()
                await room.executing.close()


def config_of(app: Any, proxies: Sequence[str] = (), *, grace: int = 3) -> uvicorn.Config:
    """How it is served; headers of a proxy count only from these networks, `grace` is in seconds."""
    return uvicorn.Config(
        app,
        log_level="warning",
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http=Patient,
        server_header=False,
        date_header=True,
        limit_concurrency=200,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=grace,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
    )


def _has_browser() -> bool:
    """Whether a person sits at a screen here: not in a pipe, not over ssh without one."""
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and sys.stdout.isatty()


def _listening(port: int) -> socket.socket:
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
        found.listen()  # a browser that is quicker than we are waits
    except OSError as error:
        found.close()
        raise PortTaken(f"Port {port} must be free.", found=str(error), hint="choose another with --port") from None
    return found


async def place_of(outside: Outside, installation: str, cluster: str) -> Place:
    """What the console calls itself; the namespace's name when nothing is installed there."""
    try:
        found = await installations.find(outside, installation)
    except (installations.NoInstallation, installations.NotSetUp):
        return Place(outside.namespace, outside.namespace, cluster)
    return Place(found.name, outside.namespace, cluster)

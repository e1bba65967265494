"""Two replicas of the console on a real API server: one session for both, one run whichever of them lives."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.flows import letters
from tests.flows.commands import Commands, until

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
NAME = "letters"


class Replica:
    """One `changeover serve`, as a host process."""

    def __init__(self, commands: Commands, *more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://localhost:{self.port}"
        self._browsers = contextlib.ExitStack()
        words = ("serve", "--address", "127.0.0.1", "--port", str(self.port), *more)
        self.process: subprocess.Popen[str] = commands.start(*words)
        until(lambda: self.answers("/readyz") or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()

    def answers(self, path: str) -> bool:
        """Whether it says 200."""
        try:
            return httpx2.get(f"{self.address}{path}").status_code == 200
        except httpx2.HTTPError:
            return False

    def browser(self, cookies: dict[str, str] | None = None) -> httpx2.Client:
        """A browser towards it; closed with it."""
        made = httpx2.Client(base_url=self.address, cookies=cookies, follow_redirects=False, timeout=60)
        return self._browsers.enter_context(made)

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        """End it; returns its log."""
        self._browsers.close()
        self.process.send_signal(how)
        return self.process.communicate(timeout=30)[1]


Serve = Callable[..., Replica]


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """The first release runs."""
    channel = letters.publish(tmp_path / "channel")
    given = ("--set", "host=a.example", "--set", f"admin_password={letters.PASSWORD}")
    commands.run("install", str(channel), "--version", "1.0.0", *given, *QUICK)
    return commands


@pytest.fixture
def serve(installed: Commands) -> Iterator[Serve]:
    """Starts replicas."""
    replicas: list[Replica] = []

    def start(*more: str) -> Replica:
        replicas.append(Replica(installed, *more))
        return replicas[-1]

    yield start
    for one in replicas:
        if one.process.poll() is None:
            one.end()


def signed_in(replica: Replica, name: str, password: str) -> httpx2.Client:
    """A browser with a session."""
    client = replica.browser()
    answer = client.post("/login", data={"name": name, "password": password})
    assert answer.status_code == 303, answer.text
    return with_token(client)


def with_token(client: httpx2.Client) -> httpx2.Client:
    """The same; its forms carry the session's token."""
    page = client.get("/account").text
    client.headers["x-csrf-token"] = page.partition('name="csrf" value="')[2].partition('"')[0]
    return client


def other(client: httpx2.Client, replica: Replica) -> httpx2.Client:
    """The same browser, sent to another replica."""
    return with_token(replica.browser(dict(client.cookies)))


def begun(client: httpx2.Client) -> str:
    """Begin the update to 2.0.0 on the page; returns the run."""
    page = client.get("/update/2.0.0?strategy=plain").text
    form = dict(re.findall(r'name="(plan|strategy|typed|shown)" value="([^"]*)"', page.partition('id="deploy"')[2]))
    answer = client.post("/update/2.0.0", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


def holder(commands: Commands) -> str:
    """Who executes."""
    leases = commands.objects("lease", "--field-selector", f"metadata.name=changeover-{NAME}")
    return str(leases[0]["spec"].get("holderIdentity") or "") if leases else ""


def test_a_session_holds_with_every_replica_and_ends_with_every_replica(installed: Commands, serve: Serve) -> None:
    password = installed.ask("users", "add", "ada", "--role", "admin")["password"]
    one, two = serve(), serve()
    ada = signed_in(one, "ada", password)
    also = other(ada, two)
    assert "letters runs 1.0.0" in also.get("/").text
    assert also.post("/logout").status_code == 303
    until(lambda: ada.get("/config").status_code == 303, seconds=5)
    for _ in range(5):  # ten guesses, half with each: the count is one
        for replica in (one, two):
            httpx2.post(f"{replica.address}/login", data={"name": "ada", "password": "wrong"})
    refused = httpx2.post(f"{two.address}/login", data={"name": "ada", "password": password})
    assert refused.status_code == 429
    ada_again = installed.ask("reset-password", "ada")["password"]
    assert refused.headers["retry-after"]
    assert ada_again
    foreign = httpx2.get(f"{one.address}/login", headers={"host": "evil.example"})
    assert foreign.status_code == 421
    log = one.end() + two.end()
    entries = [json.loads(line) for line in log.splitlines()]
    assert {"serving", "ended"} <= {entry["message"].partition(" ")[0].strip(";") for entry in entries}
    kept = installed.objects("secret", "-l", "changeover.dev/console=shared")
    cookie = next(iter(dict(ada.cookies).values()))
    assert not [word for word in (password, cookie) if word in log + json.dumps(kept)]


def test_the_other_replica_finishes_what_a_killed_one_began(installed: Commands, serve: Serve) -> None:
    password = installed.ask("users", "add", "ada", "--role", "admin")["password"]
    one, two = serve(), serve()
    ada = signed_in(one, "ada", password)
    run = begun(ada)
    first = until(lambda: holder(installed))
    watching = other(ada, two)
    assert "2.0.0" in watching.get(f"/runs/{run}").text
    one.end(signal.SIGKILL)
    second = until(lambda: (now := holder(installed)) != first and now, seconds=120)
    assert f"-{two.process.pid}-" in second
    until(lambda: "2.0.0 runs." in watching.get(f"/runs/{run}").text, seconds=180)
    assert installed.ask("status")["runs"] == "2.0.0"
    (made,) = [one for one in installed.objects("changeovers") if one["metadata"]["name"] == run]
    assert (made["status"]["verdict"], made["spec"]["by"]) == ("committed", "ada")
    events = installed.objects("events.events.k8s.io")
    told = [one["note"] for one in events if one["reason"] == "NobodyExecutes"]
    assert told
    assert all("another replica goes on. No gate is closed." in note for note in told)


def test_a_replica_that_is_told_to_end_lets_go_at_once(installed: Commands, serve: Serve) -> None:
    password = installed.ask("users", "add", "ada", "--role", "admin")["password"]
    one = serve()
    run = begun(signed_in(one, "ada", password))
    until(lambda: holder(installed))
    one.end()
    assert holder(installed) == "", "the lease is free, nobody has to wait for it to expire"
    two = serve()
    until(lambda: installed.ask("status")["runs"] == "2.0.0" and not installed.ask("status")["run"], seconds=180)
    assert run in two.end()

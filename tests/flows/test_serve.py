"""Two replicas of the console on a real API server: one session for both, one run whichever of them lives."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import yaml

from changeover.cli.console_service import KINDS_PHRASE
from changeover.settings import ACCOUNTS
from tests.flows import letters
from tests.flows.commands import ROOT, Commands, until

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
NAME = "letters"
IMAGE = "registry.example/changeover@sha256:" + 64 * "0"


class Replica:
    """One `changeover serve`, as a host process."""

    def __init__(self, commands: Commands, *more: str, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://localhost:{self.port}"
        self._browsers = contextlib.ExitStack()
        words = ("serve", "--address", "127.0.0.1", "--port", str(self.port), *more)
        self.process: subprocess.Popen[str] = commands.start(*words, **environment)
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
def account(installed: Commands, tmp_path: Path) -> Commands:
    """The command line with nothing but the rights of the installed console's pods: the engine's."""
    told = installed.ask("install-console", "--image", IMAGE, "--yes")
    assert "Deployment/changeover-console" in told["adds"]
    installed.kubectl("delete", "deployment", "changeover-console")  # the replicas are processes of this machine here
    installed.kubectl("delete", "secret", "changeover-console-accounts")
    token = installed.kubectl("create", "token", "changeover-engine", "--duration=1h").strip()
    config = yaml.safe_load(Path(installed.kubeconfig).read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    path = tmp_path / "account.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return Commands(path, installed.namespace)


@pytest.fixture
def serve(account: Commands) -> Iterator[Serve]:
    """Starts replicas."""
    replicas: list[Replica] = []

    def start(*more: str, **environment: str) -> Replica:
        replicas.append(Replica(account, *more, **environment))
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


def begun(client: httpx2.Client, where: str = "") -> str:
    """Begin the update to 2.0.0 on the page; returns the run."""
    page = client.get("/update/2.0.0?strategy=plain").text
    form = dict(re.findall(r'name="(plan|strategy|typed|shown)" value="([^"]*)"', page.partition('id="deploy"')[2]))
    answer = client.post("/update/2.0.0", data=form | ({"where": where} if where else {}))
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


def test_a_run_begun_by_one_version_is_finished_by_the_next(installed: Commands, serve: Serve, tmp_path: Path) -> None:
    password = installed.ask("users", "add", "ada", "--role", "admin")["password"]
    (tmp_path / "next").mkdir()
    (tmp_path / "next" / "sitecustomize.py").write_text("import changeover\n\nchangeover.__version__ = '99.0.0'\n")
    one = serve()
    run = begun(signed_in(one, "ada", password))
    until(lambda: holder(installed))
    path = os.pathsep.join((str(tmp_path / "next"), str(ROOT / "src"), str(ROOT)))
    two = serve(PYTHONPATH=path)  # as in a rolling upgrade: the new one is there before the old one ends
    one.end()
    until(lambda: f"-{two.process.pid}-" in holder(installed), seconds=90)
    until(lambda: verdict(installed, run) == "committed", seconds=180)
    assert installed.ask("status")["runs"] == "2.0.0"
    assert "version 99.0.0" in two.end()


def verdict(commands: Commands, run: str) -> str:
    """How a run ended."""
    (made,) = [one for one in commands.objects("changeovers") if one["metadata"]["name"] == run]
    return str(made.get("status", {}).get("verdict") or "")


def test_what_a_role_may_not_the_api_server_refuses_too(installed: Commands, serve: Serve, account: Commands) -> None:
    password = installed.ask("users", "add", "olga", "--role", "operator")["password"]
    olga = signed_in(serve(), "olga", password)
    # somebody takes the group's right away: the console would let her, Kubernetes does not
    installed.kubectl("delete", "rolebinding", "changeover-console-operator")
    page = olga.get("/update/2.0.0?strategy=plain").text
    form = dict(re.findall(r'name="(plan|strategy|typed|shown)" value="([^"]*)"', page.partition('id="deploy"')[2]))
    refused = olga.post("/update/2.0.0", data=form)
    assert refused.status_code == 409
    assert f"changeover:{installed.namespace}:operator" in refused.text
    assert installed.ask("status")["run"] == ""
    assert account.run("users", "list").code == 0


def test_a_console_of_this_computer_leaves_the_run_to_the_one_in_the_cluster(
    installed: Commands, serve: Serve, account: Commands
) -> None:
    password = installed.ask("users", "add", "ada", "--role", "admin")["password"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = installed.start("admin-console", "--here", "--no-open", "--port", str(port))
    try:
        with httpx2.Client(base_url=f"http://localhost:{port}", follow_redirects=False, timeout=60) as ada:
            until(lambda: _reached(ada))
            assert ada.post("/login", data={"name": "ada", "password": password}).status_code == 303
            with_token(ada)
            assert "Not in the cluster: No console serves" in ada.get("/update/2.0.0?strategy=plain").text
            installed.run("install-console", "--image", IMAGE, "--yes")  # simulated pods are ready and do nothing
            replica = serve()
            page = ada.get("/update/2.0.0?strategy=plain").text
            assert 'value="cluster" checked' in page
            run = begun(ada, where="cluster")
            until(lambda: f"-{replica.process.pid}-" in holder(installed), seconds=60)
            until(lambda: verdict(installed, run) == "committed", seconds=180)
    finally:
        here.terminate()
        installed.wait(here, 20)
    assert account.namespace == installed.namespace


def test_uninstalling_leaves_nothing_of_the_console_and_our_kinds_stay_while_they_are_used(installed: Commands) -> None:
    added = installed.ask("install-console", "--image", IMAGE, "--yes")["adds"]
    assert {f"ServiceAccount/{name}" for name in ACCOUNTS} < set(added)
    refused = installed.ask("uninstall-console", "--yes", "--delete-kinds", KINDS_PHRASE, expect=1)["problem"]
    assert (refused["code"], f"{installed.namespace}/{NAME}" in refused["found"]) == ("kinds-in-use", True)
    assert installed.objects("deployments"), "nothing was removed"
    removed = installed.ask("uninstall-console", "--yes")["removed"]
    assert sorted(removed) == sorted(added)
    assert [one["metadata"]["name"] for one in installed.objects("serviceaccounts")] == ["default"]
    wide = installed.objects("clusterroles,clusterrolebindings", "-l", "changeover.dev/console=service")
    assert not [one for one in wide if one["metadata"]["name"].endswith(installed.namespace)]
    assert installed.ask("status")["runs"] == "1.0.0"
    assert [one["name"] for one in installed.ask("users", "list")] == ["admin"], "accounts stay"


def _reached(client: httpx2.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx2.HTTPError:
        return False


def test_a_program_updates_with_a_token_of_an_operator(installed: Commands, serve: Serve) -> None:
    installed.run("users", "add", "olaf", "--role", "operator")
    made = installed.ask("token", "create", "olaf", "--days", "1", "--purpose", "nightly")
    program = serve().browser()
    program.headers["authorization"] = f"Bearer {made['token']}"
    assert program.get("/api/v1/status").json()["recorded"] == "1.0.0"
    assert program.post("/api/v1/releases/check").json()["newer"][-1]["version"] == "2.0.0"
    plan = program.get("/api/v1/plan", params={"to": "2.0.0", "strategy": "plain"}).json()
    wanted = {"to": "2.0.0", "strategy": "plain", "plan": plan["digest"]}
    assert program.post("/api/v1/runs", json={**wanted, "plan": "sha256:other"}).json()["code"] == "plan-moved"
    begun = program.post("/api/v1/runs", json=wanted)
    assert begun.status_code == 201, begun.text
    run = f"/api/v1/runs/{begun.json()['run']}"
    assert until(lambda: program.get(run).json()["verdict"], seconds=180) == "committed"
    assert program.get(run).json()["by"] == "olaf"
    evidence = program.get(f"{run}/evidence").json()
    assert (evidence["evidence"]["verdict"], bool(evidence["signature"])) == ("committed", True)
    (listed,) = installed.ask("token", "list")
    assert (listed["id"], "token" in listed) == (made["id"], False)
    installed.run("token", "revoke", made["id"])
    until(lambda: program.get("/api/v1/status").status_code == 401, seconds=10)


def test_an_operator_waits_for_an_approvers_yes_on_the_page(installed: Commands, serve: Serve) -> None:
    installed.run("approvals", "require", "1")
    passwords = {
        name: installed.ask("users", "add", name, "--role", role)["password"]
        for name, role in (("olaf", "operator"), ("ada", "approver"))
    }
    one = serve()
    olaf, ada = (signed_in(one, name, password) for name, password in passwords.items())
    page = olaf.get("/update/2.0.0?strategy=plain").text
    assert "Opens when another person has approved this plan." in page
    form = dict(re.findall(r'name="(plan|strategy|typed|shown)" value="([^"]*)"', page.partition('id="deploy"')[2]))
    assert "asks for a yes of another person" in olaf.post("/update/2.0.0", data=form).text
    assert olaf.post("/update/2.0.0/approve", data=form).status_code == 403
    assert ada.post("/update/2.0.0/approve", data={**form, "plan": "sha256:other"}).status_code == 409
    assert ada.post("/update/2.0.0/approve", data={**form, "reason": "read it"}).status_code == 303
    assert "You approved it. Another person begins it." in ada.get("/update/2.0.0?strategy=plain").text
    assert "asks for a yes of another person" in ada.post("/update/2.0.0", data=form).text
    assert "</strong> approved it, until" in olaf.get("/update/2.0.0?strategy=plain").text
    run = begun(olaf)
    until(lambda: "2.0.0 runs." in olaf.get(f"/runs/{run}").text, seconds=180)
    (made,) = installed.objects("approvals")
    assert (made["spec"]["by"], made["spec"]["reason"]) == ("ada", "read it")

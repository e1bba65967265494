"""The console on a real API server: started by its command, used as by a browser, beside the command line."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import signal
import socket
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.flows import letters
from tests.flows.commands import Commands, until

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
CHECKS = """apiVersion: troubleshoot.sh/v1beta2
kind: Preflight
metadata: {name: checks}
spec:
  analyzers:
  - customResourceDefinition:
      checkName: Somebody sails
      customResourceDefinitionName: ships.example.com
      outcomes: [{fail: {message: No ships here}}, {pass: {message: Ships}}]
  - customResourceDefinition:
      checkName: Changeover is set up
      customResourceDefinitionName: installations.changeover.dev
      outcomes: [{fail: {message: Not set up}}, {pass: {message: Set up}}]
  - textAnalyze: {collectorName: look, fileName: look/look.log, regex: x, outcomes: [{pass: {message: seen}}]}
  collectors:
  - run: {collectorName: look, name: look, image: "registry.example.com/look:1"}
"""
Open = Callable[[], tuple[str, str]]
SignIn = Callable[[str, str, str], httpx2.Client]


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """The first release runs."""
    channel = letters.publish(tmp_path / "channel")
    given = ("--set", "host=a.example", "--set", f"admin_password={letters.PASSWORD}")
    commands.run("install", str(channel), "--version", "1.0.0", *given, *QUICK)
    return commands


@pytest.fixture
def opened(installed: Commands) -> Iterator[Open]:
    """Starts consoles; gives the address and what was told of the password, empty when there was one already."""
    processes = []

    def start() -> tuple[str, str]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = installed.start("admin-console", "--port", str(port), PYTHONUNBUFFERED="1")
        processes.append(process)
        told = process.stdout.readline() if process.stdout else ""
        assert f"http://localhost:{port}" in told, installed.wait(process, 5)
        address = f"http://localhost:{port}"
        until(lambda: _answers(address))
        return address, told

    yield start
    for process in processes:
        process.send_signal(signal.SIGINT)
        installed.wait(process, 15)


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/healthz").status_code == 200
    except httpx2.HTTPError:
        return False


@pytest.fixture
def signed_in() -> Iterator[SignIn]:
    """Gives browsers with a session."""
    with contextlib.ExitStack() as closing:

        def enter(address: str, name: str, password: str) -> httpx2.Client:
            client = closing.enter_context(httpx2.Client(base_url=address, follow_redirects=False, timeout=30))
            answer = client.post("/login", data={"name": name, "password": password})
            assert answer.status_code == 303, answer.text
            page = client.get("/account").text
            client.headers["x-csrf-token"] = page.partition('name="csrf" value="')[2].partition('"')[0]
            return client

        yield enter


def test_answers_changed_in_the_console_hold_for_the_command_line(
    installed: Commands, opened: Open, signed_in: SignIn
) -> None:
    password = installed.ask("users", "add", "nora", "--role", "operator")["password"]
    address, _ = opened()
    nora = signed_in(address, "nora", password)
    assert "letters runs 1.0.0" in nora.get("/").text
    page = nora.get("/config").text
    assert "a.example" in page
    assert letters.PASSWORD not in page
    refused = nora.post("/config", data={"a.host": "NOT A HOST"})
    assert refused.status_code == 422
    assert "a host has small letters and dots only" in refused.text
    assert nora.post("/config", data={"a.host": "b.example", "a.colour": "green"}).status_code == 303
    differ = {one["name"]: one["after"] for one in installed.ask("config", "diff")}
    assert differ == {"host": "b.example", "colour": "green"}
    assert nora.post("/config/reveal", data={"name": "admin_password"}).text == letters.PASSWORD
    installed.run("config", "set", "copies=2", *QUICK)
    live = installed.objects("configmap", "--field-selector", "metadata.name=letters")[0]["data"]
    assert live == {"host": "b.example", "colour": "green"}
    assert "Nothing is open" in nora.get("/config").text
    settings = {one["name"]: one for one in installed.ask("config", "get", "--all")["settings"]}
    assert settings["host"]["origin"] == "nora in the console"


def test_accounts_are_shared_by_two_consoles_and_the_command_line(
    installed: Commands, opened: Open, signed_in: SignIn
) -> None:
    first, told = opened()
    second, again = opened()
    assert "password" not in told + again, "the first line only says where"
    made = installed.ask("reset-password", "admin")["password"]
    admin = signed_in(first, "admin", made)
    page = admin.post("/users", data={"name": "vera", "role": "viewer"}).text
    password = re.search(r'<code id="made">([^<]*)</code>', page)
    assert password
    until(lambda: httpx2.post(f"{second}/login", data={"name": "vera", "password": password[1]}).status_code == 303)
    vera = signed_in(second, "vera", password[1])
    assert vera.get("/config").status_code == 200
    assert vera.post("/config", data={"a.host": "b.example"}).status_code == 403

    installed.run("users", "remove", "vera", "--yes")
    until(lambda: vera.get("/config").status_code == 303, seconds=10)
    installed.run("users", "remove", "admin", "--yes", expect=1)
    assert [one["name"] for one in installed.ask("users", "list")] == ["admin"]

    log = admin.get("/audit").text
    for words in ("reset password", "add account", "vera as viewer", "POST /config", "remove account", "sign in"):
        assert words in log
    secret = installed.objects("secret", "--field-selector", "metadata.name=changeover-console-accounts")[0]["data"]
    kept = "".join(base64.b64decode(value).decode() for value in secret.values())
    assert "$argon2id$" in kept
    assert made not in kept


def test_a_console_needs_its_port(installed: Commands, opened: Open) -> None:
    address, _ = opened()
    taken = installed.run("admin-console", "--port", address.rpartition(":")[2], expect=1)
    assert "must be free" in taken.err


def test_customisations_kept_for_later_hold_after_the_next_change(installed: Commands, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("customization:\n- kind: ConfigMap\n  metadata: {name: letters, labels: {team: red}}\n")
    assert installed.ask("customisations", "save", str(file))["waiting"] is True
    installed.run("config", "set", "copies=2", *QUICK)
    live = installed.objects("configmap", "--field-selector", "metadata.name=letters")[0]
    assert live["metadata"]["labels"]["team"] == "red"
    kept = installed.ask("customisations", "show")
    assert (kept["waiting"], kept["remarks"]) == (False, [])
    file.write_text("")
    assert installed.ask("customisations", "save", str(file))["customization"] == []


def test_checks_a_bundle_and_a_registry_from_the_console(
    installed: Commands, opened: Open, signed_in: SignIn, tmp_path: Path
) -> None:
    (tmp_path / "channel" / "2.0.0" / "checks.yaml").write_text(CHECKS)
    password = installed.ask("users", "add", "nora", "--role", "operator")["password"]
    address, _ = opened()
    nora = signed_in(address, "nora", password)
    assert nora.post("/preflight", data={"release": "2.0.0"}).status_code == 303
    page = nora.get("/preflight?release=2.0.0").text
    assert "1 check fails." in page
    assert "No ships here" in page
    assert "<dt>Measured</dt><dd>not there</dd><dt>Threshold</dt><dd>there</dd>" in page
    assert "<dt>Object</dt><dd>CustomResourceDefinition ships.example.com</dd>" in page
    assert "<b>What would tell:</b> its collector run/look was skipped: not agreed to: --allow run." in page
    assert page.index("Somebody sails") < page.index("Changeover is set up")
    assert nora.post("/troubleshoot").status_code == 303
    assert "files" in nora.get("/troubleshoot").text
    with tarfile.open(fileobj=io.BytesIO(nora.get("/troubleshoot/bundle").content)) as archive:
        texts = {one.name: opened.read() for one in archive if (opened := archive.extractfile(one))}
    assert any("letters" in name or b"letters" in text for name, text in texts.items())
    hidden = (letters.PASSWORD.encode(), base64.b64encode(letters.PASSWORD.encode()))
    assert not [name for name, text in texts.items() if any(one in text for one in hidden)]
    login = {"address": "registry.example.com/mirror", "username": "puller", "password": "the-registry-password"}
    assert nora.post("/registry", data=login).status_code == 303
    shown = installed.ask("registry", "show")
    assert shown == {"address": "registry.example.com/mirror", "username": "puller", "password": True}

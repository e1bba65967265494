"""Credential programs: real scripts on PATH, good and bad ones."""

import json
import os
import time
from pathlib import Path

import pytest

from changeover.channel import credential_programs, credentials
from changeover.channel.credential_programs import CredentialProgramFailed
from changeover.channel.registry import logins

HOST = "registry.example:5000"
SECRET = "open sesame"
GOOD = f"""read server
case "$server" in
  {HOST}) printf '{{"ServerURL":"%s","Username":"reader","Secret":"{SECRET}"}}' "$server" ;;
  https://index.docker.io/v1/) printf '{{"Username":"hub","Secret":"{SECRET}"}}' ;;
  *) echo "credentials not found in native keychain"; exit 1 ;;
esac
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker configuration and programs of the test's own; every call is counted."""
    for name in ("HOME", "XDG_CONFIG_HOME", "HELM_CONFIG_HOME", "DOCKER_CONFIG", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def program(home: Path, name: str, script: str) -> None:
    path = home / f"docker-credential-{name}"
    path.write_text(f'#!/bin/sh\ntest "$1" = get || exit 9\necho asked >> {home}/calls\n{script}')
    path.chmod(0o755)


def configured(home: Path, **config: object) -> None:
    (home / "config.json").write_text(json.dumps(config))


def calls(home: Path) -> int:
    path = home / "calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_a_program_for_a_host_is_asked_before_the_store_and_what_is_written(home: Path) -> None:
    program(home, "good", GOOD)
    auths = {HOST: {"auth": "b3RoZXI6cGFzc3dvcmQ="}}
    configured(home, credHelpers={HOST: "good"}, credsStore="absent", auths=auths)
    assert credentials.for_registry(HOST) == ("reader", SECRET)
    configured(home, credsStore="good")
    assert credentials.for_registry(HOST) == ("reader", SECRET)
    assert credentials.for_registry("docker.io") == ("hub", SECRET)
    assert credentials.for_registry("elsewhere.example") is None
    configured(home, credsStore="good", auths={"elsewhere.example": auths[HOST]})
    assert credentials.for_registry("elsewhere.example") == ("other", "password")


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (f"echo {SECRET}; echo {SECRET} >&2; exit 3", "it ended with 3"),
        (f"echo {SECRET}", "its answer is no JSON"),
        ('echo \'{"Username":"reader"}\'', "its answer has no Username or no Secret"),
        (f'echo \'{{"Username":"<token>","Secret":"{SECRET}"}}\'', "identity token"),
        ("head -c 100000 /dev/zero", "its answer is too long"),
        ("sleep 60 & sleep 60", "no answer within 1 s"),
    ],
)
def test_what_a_bad_program_says_is_in_no_message(
    home: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: str
) -> None:
    monkeypatch.setattr(credential_programs, "SECONDS", 1.0)
    program(home, "bad", script)
    configured(home, credsStore="bad")
    began = time.monotonic()
    with pytest.raises(CredentialProgramFailed) as caught:
        credentials.for_registry(HOST)
    assert time.monotonic() - began < 10
    assert found in str(caught.value.found)
    assert SECRET not in f"{caught.value}{caught.value.found}{caught.value.hint}"


@pytest.mark.parametrize("name", ["absent", "../../bin/sh", "a b", "x" * 100])
def test_a_program_that_cannot_be(home: Path, name: str) -> None:
    configured(home, credHelpers={HOST: name})
    with pytest.raises(CredentialProgramFailed):
        credentials.for_registry(HOST)


def test_copying_images_asks_each_program_once_and_only_for_the_operators_own_file(home: Path) -> None:
    program(home, "good", GOOD)
    configured(home, credHelpers={HOST: "good"}, auths={"written.example": {"auth": "b3RoZXI6cGFzc3dvcmQ="}})
    known = logins.from_file(home / "config.json")
    assert known.basic(HOST) == known.basic(HOST) == "Basic cmVhZGVyOm9wZW4gc2VzYW1l"
    assert known.basic("written.example") == "Basic b3RoZXI6cGFzc3dvcmQ="
    assert known.basic("elsewhere.example") == ""
    assert calls(home) == 1
    assert SECRET not in repr(known)
    from_cluster = logins.Logins(logins.from_text((home / "config.json").read_text()))
    assert from_cluster.basic(HOST) == ""
    assert calls(home) == 1

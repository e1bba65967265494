"""Tokens from a program: asked for once, kept until it is about to expire, asked for again after a 401."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from changeover.kube.signing import NoCredentials, Program, ProgramAuth, token_of

V1 = "client.authentication.k8s.io/v1"

COUNTING = """
import json, os, sys
path, expires = sys.argv[1:]
number = len(open(path, "a+").read() or "") if False else os.path.getsize(path) if os.path.exists(path) else 0
open(path, "a").write(".")
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
status = {"token": f"token-{number + 1}-{os.environ['EXTRA']}"}
if expires:
    status["expirationTimestamp"] = expires
print(json.dumps({"apiVersion": info["apiVersion"], "kind": "ExecCredential", "status": status}))
"""


def program(tmp_path: Path, expires: str = "", code: str = COUNTING) -> Program:
    arguments = ("-c", code, str(tmp_path / "asked"), expires)
    return Program(V1, sys.executable, arguments, {"EXTRA": "x"})


async def seen(auth: ProgramAuth, refused: frozenset[str] = frozenset(), times: int = 1) -> list[str]:
    tokens: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        tokens.append(token)
        return httpx2.Response(401 if token in refused else 200)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), auth=auth, base_url="http://x") as client:
        for _ in range(times):
            await client.get("/")
    return tokens


async def test_it_is_asked_once(tmp_path: Path) -> None:
    assert await seen(ProgramAuth(program(tmp_path)), times=3) == ["token-1-x"] * 3


async def test_it_is_asked_again_when_refused_or_old(tmp_path: Path) -> None:
    assert await seen(ProgramAuth(program(tmp_path)), frozenset({"token-1-x"})) == ["token-1-x", "token-2-x"]
    soon = (datetime.now(UTC) + timedelta(seconds=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert await seen(ProgramAuth(program(tmp_path, soon)), times=2) == ["token-3-x", "token-4-x"]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import sys; print('who are you?', file=sys.stderr); sys.exit(3)", "exit code 3: who are you?"),
        ("print('no json')", "not one"),
        ("print('{\"status\": {}}')", "none"),
        ('print(\'{"status": {"clientCertificateData": "x"}}\')', "a client certificate"),
    ],
)
async def test_what_it_fails_with_is_told(tmp_path: Path, code: str, found: str) -> None:
    with pytest.raises(NoCredentials, match=found):
        await seen(ProgramAuth(program(tmp_path, code=code)))


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(NoCredentials, match="No such file"):
        await seen(ProgramAuth(Program(V1, "/nowhere/cloud-login")))


def test_old_protocols_are_refused() -> None:
    with pytest.raises(NoCredentials, match="v1alpha1"):
        ProgramAuth(Program("client.authentication.k8s.io/v1alpha1", "x"))


def test_the_document_never_enters_an_error() -> None:
    with pytest.raises(NoCredentials) as caught:
        token_of(json.dumps({"status": {"token": "hunter2", "expirationTimestamp": "soon"}}).encode(), "login")
    assert "hunter2" not in str(caught.value)

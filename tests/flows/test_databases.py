"""Collectors of databases against real PostgreSQL, MariaDB and Redis, by password and TLS; judged as a spec would."""

import asyncio
import base64
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from changeover.checks.analyzers import analyze
from changeover.collect.collecting import ClusterCollecting
from changeover.ports import Bounds, Collected, Collector
from tests.unit.collect.fakes import World
from tests.unit.collect.letters import key_pair

SECRET_WORD = "p4ss-word"
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A database that runs: its kind and address, and the certificate that it shows."""

    kind: str
    uri: str
    certificate: str


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def letters(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost and its key, readable by the server's user."""
    pair = (folder / "server.crt", folder / "server.key")
    for file, content in zip(pair, key_pair("localhost"), strict=True):
        file.write_bytes(content)
    pair[1].chmod(0o600)
    return pair


def program(name: str, *folders: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders, "/usr/sbin"]))
    if not found:
        pytest.skip(f"needs Debian's {name}")
    return found


def own(folder: Path, user: str) -> None:
    """Servers refuse to run as root; their users own what they write."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user, user)


def as_user(user: str, *words: str) -> list[str]:
    return ["runuser", "-u", user, "--", *words] if os.geteuid() == 0 else list(words)


def until(ready: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < deadline, "the server never answered"
        time.sleep(0.2)


def answers(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE).returncode == 0


def postgres(folder: Path) -> Iterator[Server]:
    binaries = sorted(str(one) for one in Path("/usr/lib/postgresql").glob("*/bin"))
    server, initdb = program("postgres", *binaries), program("initdb", *binaries)
    certificate, key = letters(folder)
    word, data, port = folder / "word", folder / "data", free_port()
    word.write_text(SECRET_WORD)
    own(folder, "postgres")
    made = (initdb, "-D", str(data), "-U", "app", "--pwfile", str(word), "-A", "scram-sha-256", "--no-sync")
    subprocess.run(as_user("postgres", *made), check=True, capture_output=True, timeout=PATIENCE)
    settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off"}
    settings |= {"ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with Running(*as_user("postgres", server, "-D", str(data), *words)) as process:
        ready = program("pg_isready", *binaries)
        until(lambda: answers(ready, "-h", "127.0.0.1", "-p", str(port)), process)
        yield Server("postgres", f"postgresql://app:{SECRET_WORD}@localhost:{port}/postgres", certificate.read_text())


def mysql(folder: Path) -> Iterator[Server]:
    server, install, admin = program("mariadbd"), program("mariadb-install-db"), program("mariadb-admin")
    certificate, key = letters(folder)
    port, data, start = free_port(), folder / "data", folder / "start.sql"
    statements = [
        f"CREATE USER 'app'@'%' IDENTIFIED BY '{SECRET_WORD}'",
        f"CREATE USER 'sealed'@'%' IDENTIFIED BY '{SECRET_WORD}' REQUIRE SSL",
        "INSTALL SONAME 'auth_ed25519'",
        f"CREATE USER 'newer'@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{SECRET_WORD}')",
        "DELETE FROM mysql.global_priv WHERE User=''",
        "FLUSH PRIVILEGES",
    ]
    start.write_text("".join(f"{one};\n" for one in statements))
    data.mkdir()
    own(folder, "mysql")
    made = (install, "--no-defaults", "--auth-root-authentication-method=normal", f"--datadir={data}", "--skip-test-db")
    subprocess.run(as_user("mysql", *made), check=True, capture_output=True, timeout=PATIENCE)
    words = ["--bind-address=127.0.0.1", f"--port={port}", f"--datadir={data}", f"--socket={folder}/s"]
    words += [f"--init-file={start}", f"--ssl-cert={certificate}", f"--ssl-key={key}", f"--pid-file={folder}/pid"]
    with Running(*as_user("mysql", server, "--no-defaults", *words)) as process:
        ask = ("--no-defaults", "-h", "127.0.0.1", f"-P{port}", "-u", "app", f"-p{SECRET_WORD}", "ping")
        until(lambda: answers(admin, *ask), process)
        yield Server("mysql", f"app:{SECRET_WORD}@tcp(localhost:{port})/", certificate.read_text())


def redis(folder: Path) -> Iterator[Server]:
    server, client = program("redis-server"), program("redis-cli")
    certificate, key = letters(folder)
    port = free_port()
    words = ["--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--requirepass", SECRET_WORD, "--save", ""]
    words += ["--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no"]
    with Running(server, *words, "--dir", str(folder)) as process:
        ask = ("-p", str(port), "--tls", "--cacert", str(certificate), "-h", "localhost", "--sni", "localhost")
        until(lambda: answers(client, *ask, "-a", SECRET_WORD, "ping"), process)
        yield Server("redis", f"redis://:{SECRET_WORD}@localhost:{port}", certificate.read_text())


class Running:
    """A server that ends with the test, by its own process."""

    def __init__(self, *words: str) -> None:
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module", params=[postgres, mysql, redis], ids=["postgres", "mysql", "redis"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Each of them, one after the other."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    for path in (folder, *folder.parents[:3]):
        if path.owner() == "root" and "pytest" in str(path):
            path.chmod(0o755)
    yield from request.param(folder)


def collect(server: Server, *objects: dict[str, Any], **spec: Any) -> Collected:
    world = World(*objects)
    collecting = ClusterCollecting(world, world, namespace="home", find_images=world.find_images)  # type: ignore[arg-type]
    wanted = [Collector(server.kind, {"collectorName": "db", "uri": server.uri, **spec})]
    return asyncio.run(collecting(wanted, bounds=Bounds(seconds=20), tell=lambda _: None))


def document(done: Collected, kind: str) -> dict[str, Any]:
    assert [one.state for one in done.fetched] == ["done"], done.fetched
    told: dict[str, Any] = json.loads(done.files[f"{kind}/db.json"])
    return told


def verdict(server: Server, done: Collected, when: str) -> str:
    outcomes = [{"pass": {"when": when, "message": "yes"}}, {"fail": {"message": "no"}}]
    texts = {path: content.decode() for path, content in done.files.items()}
    (one,) = analyze({server.kind: {"collectorName": "db", "outcomes": outcomes}}, texts)
    return one.verdict


def test_it_answers_over_tls_and_says_its_version(server: Server) -> None:
    done = collect(server, tls={"cacert": server.certificate})
    told = document(done, server.kind)
    assert told["isConnected"] is True, told
    assert verdict(server, done, "connected == true") == "pass"
    assert verdict(server, done, "version >= 5.0.0") == "pass"
    assert verdict(server, done, "version >= 99.0.0") == "fail"


def test_address_and_certificate_may_stand_in_secrets(server: Server) -> None:
    data = {"uri": server.uri, "cacert": server.certificate}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "home"},
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }
    uri = {"valueFrom": {"secretKeyRef": {"name": "db", "key": "uri"}}}
    done = collect(server, secret, uri=uri, tls={"secret": {"name": "db"}})
    assert document(done, server.kind)["isConnected"] is True
    missing = collect(server, uri=uri).fetched[0]
    assert (missing.state, missing.reason) == ("failed", "Secret db has no uri")


def test_a_wrong_password_is_told_and_not_shown(server: Server) -> None:
    wrong = server.uri.replace(SECRET_WORD, "wr0ng-one")
    told = document(collect(server, uri=wrong, tls={"cacert": server.certificate}), server.kind)
    assert told["isConnected"] is False
    assert told["error"]
    assert "wr0ng-one" not in json.dumps(told)


def test_a_certificate_of_somebody_else_is_not_trusted(server: Server) -> None:
    told = document(collect(server, tls={"cacert": key_pair("localhost")[0].decode()}), server.kind)
    assert told["isConnected"] is False
    trusting = document(collect(server, tls={"skipVerify": True}), server.kind)
    assert trusting["isConnected"] is True


def test_nobody_there_is_no_connection(server: Server) -> None:
    port = server.uri.rpartition(":")[2].split("/")[0].strip(")")
    told = document(collect(server, uri=server.uri.replace(port, str(free_port()))), server.kind)
    assert told["isConnected"] is False
    assert SECRET_WORD not in json.dumps(told)


def test_variables_of_mysql_that_are_asked_for(server: Server) -> None:
    if server.kind != "mysql":
        pytest.skip("only mysql has variables")
    told = document(collect(server, tls={"cacert": server.certificate}, parameters=["character_set_server"]), "mysql")
    assert list(told["variables"]) == ["character_set_server"]


LOGINS = {
    "sealed:{word}@{at}?tls=false": "Access denied",
    "sealed:{word}@{at}?tls=true": "certificate verify failed",
    "sealed:{word}@{at}?tls=skip-verify": "",
    "sealed:{word}@{at}": "",
    "sealed:{word}@{at}?tls=perhaps": "tls is none of",
    "newer:{word}@{at}": "ed25519",
    "app:{word}@tcp(a:b:1)/": "cannot be read",
}


def test_what_a_mysql_address_says_of_encryption_is_obeyed(server: Server) -> None:
    if server.kind != "mysql":
        pytest.skip("other databases are asked by drivers that read their addresses themselves")
    for login, wanted in LOGINS.items():
        uri = login.format(word=SECRET_WORD, at=server.uri.partition("@")[2])
        told = document(collect(server, uri=uri), "mysql")
        assert told["isConnected"] is (not wanted), login
        assert wanted in told.get("error", ""), login
        assert SECRET_WORD not in json.dumps(told)

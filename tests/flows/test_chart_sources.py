"""Chart repositories behind a real HTTP server and a real OCI registry as sources of releases."""

import asyncio
import base64
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from changeover.channel import oci, sources
from changeover.channel.oci import NoChart
from changeover.channel.repository import WrongPackage
from changeover.channel.sources import NoSource
from changeover.channel.web import ChannelUnreachable
from changeover.package.package import Form, read_package
from changeover.release import signed_address
from changeover.release.catalog import UnknownRelease
from changeover.release.chart_index import NoSuchChart
from changeover.release.signed_address import NotSigned
from tests.flows.chart_servers import LOGIN, OciRegistry, Repository, TokenServer, basic_auth, registry
from tests.flows.commands import Commands

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CHANGES = "- kind: added\n  description: tea\n- sugar\n"


def chart(version: str, *, name: str = "web", more: str = "") -> dict[str, bytes]:
    meta = f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}"
    template = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: '{{ .Chart.Version }}'}\n"
    return {"Chart.yaml": meta.encode(), "values.yaml": b"size: 1\n", "templates/a.yaml": template}


def noted(version: str) -> dict[str, bytes]:
    changes = json.dumps({"artifacthub.io/changes": CHANGES, "artifacthub.io/containsSecurityUpdates": "true"})
    return chart(version, more=f"annotations: {changes}\n")


SERIES = [
    chart("1.10.0"),
    chart("1.9.0", more="deprecated: true\n"),
    noted("2.0.0"),
    chart("2.1.0-rc.1"),
    chart("1.2.0+build.7"),
]
ORDER = ["1.2.0+build.7", "1.9.0", "1.10.0", "2.0.0", "2.1.0-rc.1"]


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No login of whoever runs the tests."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME", "HELM_CONFIG_HOME", "DOCKER_CONFIG", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(home))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "charts"
    folder.mkdir()
    found = Repository(folder)
    for files in SERIES:
        found.publish(files)
    return found


@pytest.fixture
def open_registry(tmp_path: Path) -> Iterator[OciRegistry]:
    with registry(tmp_path) as found:
        for files in SERIES:
            found.publish(files)
        yield found


def catalog(address: str) -> Mapping[str, object]:
    found = asyncio.run(sources.open_source(address).catalog())
    newest = found.newest
    return {
        "order": [one.version for one in found.releases],
        "newest": newest.version if newest else "",
        "newer": [one.version for one in found.newer_than("1.9.0")],
        "notes": found.find("2.0.0").notes,
        "deprecated": [one.version for one in found.releases if one.deprecated],
    }


def fetched(address: str, version: str) -> str:
    package = read_package(asyncio.run(sources.open_source(address).fetch(version)), "x")
    assert package.form is Form.CHART
    return package.own_version


TOLD = {
    "order": ORDER,
    "newest": "2.0.0",
    "newer": ["1.10.0", "2.0.0"],
    "notes": "security updates; added: tea; sugar",
    "deprecated": ["1.9.0"],
}


def test_a_repository_lists_its_chart_in_semver_order(repository: Repository) -> None:
    with repository.serve() as address:
        assert catalog(address) == catalog(f"{address}/index.yaml") == catalog(f"{address}#web") == TOLD
        assert fetched(address, "1.10.0") == "1.10.0"
        assert fetched(address, "1.2.0+build.7") == "1.2.0+build.7"
        with pytest.raises(UnknownRelease):
            fetched(address, "3.0.0")
    assert catalog(str(repository.folder)) == TOLD
    assert fetched(str(repository.folder), "2.0.0") == "2.0.0"


def test_of_several_charts_one_must_be_named(repository: Repository) -> None:
    repository.publish(chart("5.0.0", name="other"))
    with repository.serve() as address:
        with pytest.raises(NoSuchChart, match="has 2 charts, and none is named") as caught:
            catalog(address)
        assert caught.value.found == "other, web"
        assert caught.value.hint == f"name one: {address}#other"
        assert catalog(f"{address}#web") == TOLD
        with pytest.raises(NoSuchChart, match="has no chart wbe"):
            catalog(f"{address}#wbe")


def test_a_chart_that_was_changed_afterwards_is_refused(repository: Repository) -> None:
    path = repository.folder / "web-2.0.0.tgz"
    path.write_bytes(path.read_bytes() + b"x")
    with repository.serve() as address, pytest.raises(WrongPackage, match=r"web-2.0.0.tgz is not the package"):
        fetched(address, "2.0.0")


def test_a_repository_login_is_the_one_that_helm_knows(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.login = ":".join(LOGIN)
    with repository.serve() as address:
        with pytest.raises(ChannelUnreachable) as caught:
            catalog(address)
        assert caught.value.status == 401
        known = {"repositories": [{"name": "x", "url": address, "username": LOGIN[0], "password": LOGIN[1]}]}
        (tmp_path / "repositories.yaml").write_text(json.dumps(known))
        monkeypatch.setenv("HELM_REPOSITORY_CONFIG", str(tmp_path / "repositories.yaml"))
        assert catalog(f"{address}#web") == TOLD
        assert fetched(f"{address}#web", "2.0.0") == "2.0.0"


def test_a_login_stays_with_its_host(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = Repository(tmp_path / "mirror")
    mirror.folder.mkdir()
    packed = mirror.publish(chart("3.0.0"))
    with repository.serve() as address, mirror.serve() as other:
        index = repository.folder / "index.yaml"
        index.write_text(index.read_text().replace("urls:\n    - web-2.0.0.tgz", f"urls:\n    - {other}/{packed.name}"))
        assert other in index.read_text()
        known = {"repositories": [{"name": "x", "url": address, "username": LOGIN[0], "password": LOGIN[1]}]}
        (tmp_path / "repositories.yaml").write_text(json.dumps(known))
        monkeypatch.setenv("HELM_REPOSITORY_CONFIG", str(tmp_path / "repositories.yaml"))
        with pytest.raises(WrongPackage):
            fetched(f"{address}#web", "2.0.0")
    assert set(repository.asked) == {"Basic " + base64.b64encode(":".join(LOGIN).encode()).decode()}
    assert mirror.asked == [""]


def test_an_address_with_nothing_says_so(tmp_path: Path) -> None:
    with Repository(tmp_path).serve() as address, pytest.raises(ChannelUnreachable) as caught:
        catalog(address)
    assert caught.value.found == "neither channel.yaml nor index.yaml lies there"


def test_a_registry_lists_its_tags_and_gives_what_a_tag_stands_for(open_registry: OciRegistry) -> None:
    address = f"oci://{open_registry.host}/charts/web"
    assert catalog(address) == TOLD
    assert fetched(address, "1.2.0+build.7") == "1.2.0+build.7"
    assert asyncio.run(sources.open_source(f"{address}:1.10.0").catalog()).releases[0].version == "1.10.0"
    assert fetched(f"{address}:1.10.0", "1.10.0") == "1.10.0"


def test_a_chart_can_be_named_by_its_digest(open_registry: OciRegistry) -> None:
    digest = open_registry.publish(chart("4.0.0"))
    assert fetched(f"oci://{open_registry.host}/charts/web@{digest}", "4.0.0") == "4.0.0"


def test_more_tags_than_fit_on_a_page_are_all_read(open_registry: OciRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oci, "TAGS", 2)
    assert catalog(f"oci://{open_registry.host}/charts/web") == TOLD


def test_an_image_is_no_chart(open_registry: OciRegistry) -> None:
    with httpx2.Client(base_url=f"http://{open_registry.host}") as client:
        digest = open_registry.publish(chart("1.0.0", name="img"))
        manifest = client.get(f"/v2/charts/img/manifests/{digest}", headers={"Accept": MANIFEST}).json()
        manifest["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json"
        open_registry.tag(client, "charts/img", "1.0.0", manifest)
    address = f"oci://{open_registry.host}/charts/img"
    found = asyncio.run(sources.open_source(address).catalog())
    assert [one.withdrawn for one in found.releases] == ["this tag holds no Helm chart"]
    with pytest.raises(NoChart, match="is no Helm chart"):
        catalog(f"{address}:1.0.0")


def test_a_registry_that_wants_a_password_gets_dockers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with registry(tmp_path, auth=basic_auth(tmp_path)) as found:
        auth = base64.b64encode(":".join(LOGIN).encode()).decode()
        found.headers = {"Authorization": f"Basic {auth}"}
        for files in SERIES:
            found.publish(files)
        address = f"oci://{found.host}/charts/web"
        with pytest.raises(ChannelUnreachable) as caught:
            catalog(address)
        assert caught.value.status == 401
        (tmp_path / "config.json").write_text(json.dumps({"auths": {found.host: {"auth": auth}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        assert catalog(address) == TOLD
        assert fetched(address, "2.0.0") == "2.0.0"


def test_a_registry_that_wants_a_password_gets_that_of_a_credential_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with registry(tmp_path, auth=basic_auth(tmp_path)) as found:
        found.headers = {"Authorization": "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode()}
        for files in SERIES:
            found.publish(files)
        helper = tmp_path / "docker-credential-tea"
        answer = json.dumps({"ServerURL": found.host, "Username": LOGIN[0], "Secret": LOGIN[1]})
        helper.write_text(f"#!/bin/sh\ntest \"$1 $(cat)\" = 'get {found.host}' && echo '{answer}'\n")
        helper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {found.host: "tea"}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        address = f"oci://{found.host}/charts/web"
        assert catalog(address) == TOLD
        assert fetched(address, "2.0.0") == "2.0.0"


def test_a_registry_that_wants_a_token_gets_one_for_pulling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = TokenServer(tmp_path)
    with tokens.serve() as auth, registry(tmp_path, auth=auth) as found:
        found.headers = {"Authorization": f"Bearer {tokens.token('pull', 'push', repository='charts/web')}"}
        for files in SERIES:
            found.publish(files)
        login = base64.b64encode(":".join(LOGIN).encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {found.host: {"auth": login}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        address = f"oci://{found.host}/charts/web"
        assert catalog(address) == TOLD
        assert fetched(address, "2.0.0") == "2.0.0"
    assert all("scope=repository%3Acharts%2Fweb%3Apull" in path for path, _ in tokens.asked)


def test_a_chart_must_be_signed_with_the_key_that_the_address_names(tmp_path: Path) -> None:
    vendor, stranger = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = vendor.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()
    with registry(tmp_path) as found:
        plain = f"oci://{found.host}/charts/web"
        address = signed_address.join(plain, pem)
        first = found.publish(chart("1.0.0"))
        with pytest.raises(NotSigned) as caught:
            fetched(address, "1.0.0")
        assert caught.value.found == "no signature at all"
        found.sign("charts/web", first, stranger)
        second = found.publish(chart("2.0.0"))
        found.sign("charts/web", second, vendor, vouching=first)
        for version in ("1.0.0", "2.0.0"):
            with pytest.raises(NotSigned) as caught:
                fetched(address, version)
            assert caught.value.found == "1 signatures, none by that key"
            assert fetched(plain, version) == version
        third = found.publish(chart("3.0.0"))
        found.sign("charts/web", third, vendor)
        assert fetched(address, "3.0.0") == "3.0.0"
        listed = asyncio.run(sources.open_source(address).catalog())
        assert [one.version for one in listed.releases] == ["1.0.0", "2.0.0", "3.0.0"]
    with pytest.raises(NoSource, match="Only charts in a registry"):
        sources.open_source(signed_address.join("https://charts.example", pem))


def test_a_bundle_that_refers_to_a_chart_is_a_signature_as_well(tmp_path: Path) -> None:
    vendor, stranger = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = vendor.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()
    with registry(tmp_path) as found:
        address = signed_address.join(f"oci://{found.host}/charts/web", pem)
        digests = {version: found.publish(chart(version)) for version in ("1.0.0", "1.1.0", "1.2.0", "2.0.0")}
        found.sign_as_bundle("charts/web", digests["1.0.0"], stranger)
        found.sign_as_bundle("charts/web", digests["1.1.0"], vendor, vouching=digests["1.0.0"])
        found.sign_as_bundle("charts/web", digests["1.2.0"], vendor, predicate="https://spdx.dev/Document")
        found.sign_as_bundle("charts/web", digests["2.0.0"], vendor)
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            with pytest.raises(NotSigned) as caught:
                fetched(address, version)
            assert caught.value.found == "1 signatures, none by that key"
        assert fetched(address, "2.0.0") == "2.0.0"


def test_releases_are_listed_on_the_command_line(repository: Repository, tmp_path: Path) -> None:
    with repository.serve() as address:
        told = Commands(tmp_path / "no-cluster", "").run("releases", "--channel", address).out
    assert told.splitlines()[-2].split()[:2] == ["2.0.0", "security"]
    assert "preview" in told.splitlines()[-1]


def test_what_becomes_of_the_operators_keys_is_told_before_an_update(tmp_path: Path) -> None:
    def unpack(name: str, values: str, **more: str) -> str:
        folder = tmp_path / name
        for path, text in {"Chart.yaml": f"name: web\nversion: {name}\n", "values.yaml": values, **more}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return str(folder)

    schema = {"size": {"type": "string"}, "mode": {"enum": ["fast"]}, "port": {"type": "integer"}}
    release = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Release", "config": {"renames": {"name": "host"}}}
    before = unpack("1.0.0", "name: a\nsize: 1\ntag: x\ncolour: red\nmode: slow\n")
    after = unpack(
        "2.0.0",
        "host: a\nsize: '1'\ntag: x\nmode: fast\n",
        **{
            "values.schema.json": json.dumps({"type": "object", "required": ["port"], "properties": schema}),
            "changeover.yaml": json.dumps(release),
        },
    )
    values = tmp_path / "prod.yaml"
    values.write_text("name: tea.example\nsize: 3\ntag: y\ncolour: blue\nmode: slow\n")
    fits = Commands(tmp_path / "no-cluster", "").ask("config", "check", "--package", before, "--values", str(values))
    assert {one["name"]: one["fate"] for one in fits["continuity"]} == dict.fromkeys(
        ["colour", "mode", "name", "size", "tag"], "kept"
    )
    told = Commands(tmp_path / "no-cluster", "").ask(
        "config", "check", "--package", after, "--before", before, "--values", str(values), expect=3
    )
    assert {one["name"]: one["fate"] for one in told["continuity"]} == {
        "name": "moved",
        "colour": "dropped",
        "size": "retyped",
        "port": "new",
        "tag": "kept",
        "mode": "kept",
    }
    wrong = {one["name"]: one["errors"] or ["missing"] for one in told["settings"] if one["errors"] or one["missing"]}
    assert wrong == {
        "size": ["must be string, not integer"],
        "mode": ["must be one of fast"],
        "port": ["missing"],
    }

"""Charts with provenance files, signed by GnuPG's keys: in a repository, in a registry and beside a .tgz."""

import asyncio
import importlib.util
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from changeover.channel import sources
from changeover.channel.sources import NoSource
from changeover.release import signed_address
from changeover.release.signed_address import NotSigned
from tests.flows.chart_servers import Repository, registry
from tests.flows.test_chart_sources import chart

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("helm_python") is None, reason="helm-python-sdk is not installed"),
    pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed: apt install gnupg"),
]


@dataclass(frozen=True)
class Signer:
    """Somebody with a PGP key of their own."""

    home: Path

    def gpg(self, *words: str) -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--passphrase", "", *words]
        return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout

    def sign(self, packed: Path) -> bytes:
        """Write the .prov beside a chart, as ``helm package --sign`` does."""
        import helm_python as helm

        ring = self.home / "secret.gpg"
        ring.write_bytes(self.gpg("--pinentry-mode", "loopback", "--export-secret-keys"))
        return Path(helm.sign(packed, key="charts", keyring=ring)).read_bytes()

    def keyring(self, *, armoured: bool = False) -> bytes:
        return self.gpg("--export", *(["--armor"] if armoured else []))


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Signer, Signer]]:
    """The vendor and a stranger."""
    found = []
    for name in ("vendor", "stranger"):
        home = tmp_path_factory.mktemp(name)
        home.chmod(0o700)
        signer = Signer(home)
        signer.gpg("--quick-generate-key", f"{name} of charts", "rsa2048", "sign", "never")
        found.append(signer)
    yield found[0], found[1]
    for signer in found:
        subprocess.run(["gpgconf", "--homedir", str(signer.home), "--kill", "all"], check=False, timeout=60)


def fetched(address: str, version: str) -> Mapping[str, bytes]:
    return asyncio.run(sources.open_source(address).fetch(version))


def refusal(address: str, version: str) -> str:
    with pytest.raises(NotSigned) as caught:
        fetched(address, version)
    return f"{caught.value} {caught.value.found}"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "charts"
    folder.mkdir()
    return Repository(folder)


def test_a_repository(repository: Repository, signers: tuple[Signer, Signer]) -> None:
    vendor, stranger = signers
    good, foreign = repository.publish(chart("1.0.0")), repository.publish(chart("1.1.0"))
    vendor.sign(good)
    stranger.sign(foreign)
    repository.publish(chart("1.2.0"))
    changed = repository.publish(chart("1.3.0"))
    vendor.sign(changed)
    changed.write_bytes(b"".join([changed.read_bytes()[:-8], bytes(8)]))
    index = repository.folder / "index.yaml"
    index.write_text("".join(line for line in index.read_text().splitlines(keepends=True) if "digest" not in line))
    with repository.serve() as plain:
        for form in (vendor.keyring(), vendor.keyring(armoured=True)):
            address = signed_address.join_keyring(f"{plain}#web", form)
            assert b"1.0.0" in fetched(address, "1.0.0")["web/Chart.yaml"]
        assert "signature made by unknown entity" in refusal(address, "1.1.0")
        assert "must come with a provenance file" in refusal(address, "1.2.0")
        assert "sha256 sum does not match" in refusal(address, "1.3.0")
        assert fetched(f"{plain}#web", "1.2.0")
        listed = asyncio.run(sources.open_source(address).catalog())
        assert [one.version for one in listed.releases] == ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]
    local = signed_address.join_keyring(f"{repository.folder}#web", vendor.keyring())
    assert fetched(local, "1.0.0")
    assert "must come with a provenance file" in refusal(local, "1.2.0")


def test_who_serves_a_signed_chart_under_another_version_is_found_out(
    repository: Repository, signers: tuple[Signer, Signer]
) -> None:
    vendor, _ = signers
    old = repository.publish(chart("1.0.0"))
    vendor.sign(old)
    index = repository.folder / "index.yaml"
    index.write_text(index.read_text().replace("version: 1.0.0", "version: 9.0.0"))
    address = signed_address.join_keyring(str(repository.folder), vendor.keyring())
    assert "must be the chart 9.0.0.\nfound: web 1.0.0" in refusal(address, "9.0.0")
    shutil.copy(old, repository.folder / "web-9.0.0.tgz")
    shutil.copy(f"{old}.prov", repository.folder / "web-9.0.0.tgz.prov")
    index.write_text(index.read_text().replace("web-1.0.0.tgz", "web-9.0.0.tgz"))
    assert "web-9.0.0.tgz is not signed with a key of the keyring" in refusal(address, "9.0.0")


def test_a_registry(tmp_path: Path, signers: tuple[Signer, Signer], repository: Repository) -> None:
    vendor, stranger = signers
    with registry(tmp_path) as found:
        for version, signer in (("1.0.0+build.7", vendor), ("1.1.0", stranger), ("1.2.0", None)):
            files = chart(version)
            packed = repository.publish(files)
            found.publish(files, provenance=signer.sign(packed) if signer else b"")
        plain = f"oci://{found.host}/charts/web"
        address = signed_address.join_keyring(plain, vendor.keyring())
        assert b"1.0.0+build.7" in fetched(address, "1.0.0+build.7")["web/Chart.yaml"]
        assert "signature made by unknown entity" in refusal(address, "1.1.0")
        assert "must come with a provenance file" in refusal(address, "1.2.0")
        assert fetched(plain, "1.2.0")
        # a repository may name charts in a registry: they are held to the same keyring
        index = repository.folder / "index.yaml"
        index.write_text(index.read_text().replace("- web-1.1.0.tgz", f"- {plain}"))
        local = signed_address.join_keyring(f"{repository.folder}#web", vendor.keyring())
        assert "signature made by unknown entity" in refusal(local, "1.1.0")


def test_a_chart_beside_its_provenance(tmp_path: Path, signers: tuple[Signer, Signer], repository: Repository) -> None:
    vendor, stranger = signers
    packed = repository.publish(chart("1.0.0"))
    vendor.sign(packed)
    address = signed_address.join_keyring(str(packed), vendor.keyring())
    assert fetched(address, "1.0.0")
    assert "unknown entity" in refusal(signed_address.join_keyring(str(packed), stranger.keyring()), "1.0.0")
    renamed = packed.rename(packed.with_name("other-1.0.0.tgz"))
    Path(f"{packed}.prov").rename(f"{renamed}.prov")
    assert "other-1.0.0.tgz is not signed" in refusal(
        signed_address.join_keyring(str(renamed), vendor.keyring()), "1.0.0"
    )
    Path(f"{renamed}.prov").unlink()
    assert "no .prov" in refusal(signed_address.join_keyring(str(renamed), vendor.keyring()), "1.0.0")
    with pytest.raises(NoSource, match="are checked against a keyring"):
        sources.open_source(signed_address.join_keyring(str(tmp_path), vendor.keyring()))

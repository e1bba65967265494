"""What certificates in the machine's files say of themselves; of keys only whether they fit."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from changeover.collect.certificates import MARK, chain
from changeover.collect.host import machine
from changeover.collect.scene import Scene
from changeover.package.application import texts

LARGEST = 1024 * 1024
"""Bytes of a file that is read."""


async def certificate(scene: Scene) -> None:
    """``certificate/<name>.json``: one word on how a certificate and a key fit."""
    word = fits(*(machine.at(scene, scene.said(one)) for one in ("certificatePath", "keyPath")))
    scene.sink.write(f"host-collectors/certificate/{scene.said('collectorName', 'certificate')}.json", word)


def fits(certificate_file: Path, key_file: Path) -> str:
    """``key-pair-valid``, or what is wrong with the pair."""
    try:
        written, secret = (file.read_bytes()[:LARGEST] for file in (certificate_file, key_file))
    except OSError:
        return "key-pair-missing"
    if MARK.encode() in secret and b"PRIVATE KEY-----" in written:
        return "key-pair-switched"
    if b"ENCRYPTED" in secret:
        return "key-pair-encrypted"
    try:
        public = x509.load_pem_x509_certificate(written).public_key()
        own = load_pem_private_key(secret, None).public_key()
    except (ValueError, TypeError):
        return "key-pair-invalid"
    both = [one.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for one in (public, own)]
    return "key-pair-valid" if both[0] == both[1] else "key-pair-mismatch"


async def certificates_collection(scene: Scene) -> None:
    """``certificatesCollection/<name>.json``: the chain of each file."""
    told = [_file(scene, one) for one in texts(scene.collector.spec.get("paths"))]
    name = scene.said("collectorName", "certificatesCollection")
    scene.sink.write_json(f"host-collectors/certificatesCollection/{name}.json", told)


def _file(scene: Scene, path: str) -> dict[str, object]:
    try:
        written = machine.at(scene, path).read_text(errors="replace")[:LARGEST]
    except OSError:
        return {"certificatePath": path, "certificateChain": None, "message": "cert-missing"}
    found = list(chain(Path(path).name, written))
    good = [one for one in found if "error" not in one]
    message = "cert-valid" if good and len(good) == len(found) else "cert-invalid"
    return {"certificatePath": path, "certificateChain": good, "message": message}

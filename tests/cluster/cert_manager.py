"""A tiny controller for the three kinds of `cert_manager_crds.yaml`: issuers are ready, certificates get their Secret.

For tests only: every certificate is signed by itself and is good for a day. As a program:
``python -m tests.cluster.cert_manager KUBECONFIG`` serves until it is told to stop.
"""

import asyncio
import base64
import contextlib
import datetime as dt
import sys
from collections.abc import AsyncIterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from changeover.kube.client import KubeCluster
from changeover.kube.connect import connect
from changeover.objects import Kind, KubeObject
from changeover.ports import AlreadyExists, ClusterProblem

GROUP = "cert-manager.io/v1"
ISSUERS = (Kind(GROUP, "Issuer"), Kind(GROUP, "ClusterIssuer"))
CERTIFICATE = Kind(GROUP, "Certificate")
SECRET = Kind("v1", "Secret")
READY = {"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Issued", "message": "by a test"}]}}


async def tick(server: KubeCluster) -> int:
    """Serve everything that waits; returns how many did."""
    served = 0
    for kind in ISSUERS:
        for issuer in await server.list(kind):
            if not _ready(issuer):
                await server.patch(issuer.ref, READY, subresource="status")
                served += 1
    for certificate in await server.list(CERTIFICATE):
        if not _ready(certificate):
            with contextlib.suppress(AlreadyExists):
                await server.create(_secret(certificate))
            await server.patch(certificate.ref, READY, subresource="status")
            served += 1
    return served


@contextlib.asynccontextmanager
async def serving(server: KubeCluster, *, pause: float = 0.3) -> AsyncIterator[None]:
    """Serve while the block runs."""
    task = asyncio.create_task(_forever(server, pause))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _forever(server: KubeCluster, pause: float) -> None:
    while True:
        with contextlib.suppress(ClusterProblem):  # deleted meanwhile, or the server is away for a moment
            await tick(server)
        await asyncio.sleep(pause)


def _ready(obj: KubeObject) -> bool:
    return any(one["type"] == "Ready" for one in obj.get("status", "conditions", default=[]))


def _secret(certificate: KubeObject) -> KubeObject:
    names = certificate.get("spec", "dnsNames", default=[]) or [certificate.name]
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    data = {"tls.crt": signed, "tls.key": private, "ca.crt": signed}
    return KubeObject(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": certificate.get("spec", "secretName"), "namespace": certificate.namespace},
            "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
        }
    )


async def _main(kubeconfig: str) -> None:
    server, _ = connect(kubeconfig, None, None)
    try:
        await _forever(server, 0.5)
    finally:
        await server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1]))

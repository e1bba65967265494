"""The tiny controller that stands in for cert-manager: a certificate is Current only when it is issued."""

import asyncio

from changeover.kube.client import KubeCluster
from changeover.objects import KubeObject, Ref
from changeover.runs.health import kstatus
from tests.cluster import cert_manager
from tests.flows.planning import define_cert_manager


async def test_a_certificate_gets_its_secret_and_is_ready(cluster: KubeCluster, namespace: str) -> None:
    await define_cert_manager(cluster)
    spec = {"secretName": "web-tls", "dnsNames": ["web.example.com"], "issuerRef": {"name": "any"}}
    metadata = {"name": "web", "namespace": namespace}
    made = await cluster.create(
        KubeObject({"apiVersion": cert_manager.GROUP, "kind": "Certificate", "metadata": metadata, "spec": spec})
    )
    async with cert_manager.serving(cluster):
        for _ in range(100):
            live = await cluster.get(made.ref)
            if live and live.get("status"):
                break
            await asyncio.sleep(0.1)
    assert kstatus.judge(live).current
    secret = await cluster.get(Ref(cert_manager.SECRET, namespace, "web-tls"))
    assert sorted(secret.get("data")) == ["ca.crt", "tls.crt", "tls.key"]

"""Simulated nodes: KWOK plays the kubelet, by the stages in stages.yaml next to this file.

A pod that names a host process as its container (annotation ``kubebox.changeover.dev/container: host-process``) is
made Running, but ended only by that process, which sets the terminated state itself, or by the end of its grace.
"""

import json
from pathlib import Path

from .controlplane import Site

STAGES = Path(__file__).with_name("stages.yaml")


def name_of(number: int) -> str:
    """Name of the simulated node with this number."""
    return f"simulated-{number}"


def simulator(site: Site) -> list[str]:
    """KWOK for all simulated nodes of a cluster."""
    settings = site.folder.settings / "simulator.yaml"
    options = (
        "apiVersion: config.kwok.x-k8s.io/v1alpha1\n"
        "kind: KwokConfiguration\n"
        "options:\n"
        "  enableCRDs: []\n"
        "  enableDebuggingHandlers: true\n"
        "  nodeLeaseDurationSeconds: 40\n"
        "  nodeLeaseParallelism: 4\n"
        "  podsOnNodeSyncParallelism: 4\n"
        "  enablePodsOnNodeSyncStreamWatch: true\n"
        "  podPlayStageParallelism: 16\n"
        "  nodePlayStageParallelism: 4\n"
        "---\n"
    )
    log = site.folder.settings / "simulated.log"  # in the format of container engines
    log.write_text("2020-09-13T12:26:40.000000000Z stdout F this pod is simulated: it has no log\n")
    logs = (
        "---\n"
        "apiVersion: kwok.x-k8s.io/v1alpha1\n"
        "kind: ClusterLogs\n"
        "metadata: {name: every-pod}\n"
        f"spec: {{logs: [{{logsFile: {json.dumps(str(log))}}}]}}\n"
    )
    settings.write_text(options + STAGES.read_text() + logs)
    return [
        str(site.programs.kwok),
        f"--config={settings}",
        f"--kubeconfig={site.kubeconfig('simulator')}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        f"--cidr={site.addresses.simulated_pods}",
        f"--node-ip={site.addresses.host}",
        f"--node-port={site.addresses.ports.simulator}",
        f"--tls-cert-file={site.folder.keys}/simulator-server.crt",
        f"--tls-private-key-file={site.folder.keys}/simulator-server.key",
        f"--server-address={site.addresses.host}:{site.addresses.ports.simulator}",
    ]

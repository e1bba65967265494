"""From kubeconfig, context and namespace to a connected cluster; inside a pod, from its service account."""

from __future__ import annotations

from pathlib import Path

import httpx2
from lightkube.config.client_adapter import AsyncClient, ConnectionParams
from lightkube.config.kubeconfig import KubeConfig
from lightkube.core.exceptions import ConfigError

from changeover.errors import Problem
from changeover.kube.client import KubeCluster
from changeover.settings import REQUEST_SECONDS


class NoCluster(Problem):
    """The kubeconfig does not lead to a cluster."""

    reference = "no-cluster"


def connect(kubeconfig: str | None, context: str | None, namespace: str | None) -> tuple[KubeCluster, str]:
    """The cluster, and the namespace to work in: the given one, the context's, or ``default``."""
    try:
        config = KubeConfig.from_file(Path(kubeconfig).expanduser()) if kubeconfig else KubeConfig.from_env()
        single = config.get(context_name=context)
    except (ConfigError, OSError) as error:
        raise NoCluster(
            "The kubeconfig must name a cluster.", found=str(error), hint="--kubeconfig and --context choose another"
        ) from error
    if single is None:
        raise NoCluster(
            "The kubeconfig must name a cluster.",
            found=f"no context {context!r}; there are {', '.join(config.contexts) or 'none'}",
            hint="--context chooses another",
        )
    timeout = httpx2.Timeout(REQUEST_SECONDS * 6, connect=REQUEST_SECONDS)
    http = AsyncClient(single, ConnectionParams(timeout=timeout))
    return KubeCluster(http), namespace or single.namespace or "default"

"""From kubeconfig, context and namespace to a connected cluster; inside a pod, from its service account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx2
from lightkube.config.client_adapter import ConnectionParams
from lightkube.config.kubeconfig import KubeConfig, SingleConfig
from lightkube.core.exceptions import ConfigError

from changeover import __version__
from changeover.errors import Problem
from changeover.kube.client import KubeCluster
from changeover.kube.signing import Program, ProgramAuth
from changeover.settings import PARALLEL, REQUEST_SECONDS

READ_SECONDS = 30.0
"""For an answer to a read or a dry run; requests that change something have `settings.REQUEST_SECONDS`."""


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
    return KubeCluster(_http(single)), namespace or single.namespace or "default"


@dataclass(frozen=True, slots=True)
class Speaker:
    """In whose name requests are sent: Kubernetes' impersonation; the right to it is the caller's."""

    user: str
    groups: tuple[str, ...]
    extra: tuple[str, str]
    """A key and what it says, for the API server's audit log."""


def connect_as(kubeconfig: str | None, context: str | None, speaker: Speaker) -> KubeCluster:
    """The same cluster, where every request is made in another's name."""
    config = KubeConfig.from_file(Path(kubeconfig).expanduser()) if kubeconfig else KubeConfig.from_env()
    single = config.get(context_name=context)
    if single is None:
        raise NoCluster("The kubeconfig must name a cluster.")
    client = _http(single)
    key, text = speaker.extra
    headers = [("Impersonate-User", speaker.user), *(("Impersonate-Group", one) for one in speaker.groups)]
    headers.append((f"Impersonate-Extra-{quote(key, safe='')}", text))
    client.headers = httpx2.Headers([*client.headers.multi_items(), *headers])
    return KubeCluster(client)


def _http(config: SingleConfig) -> httpx2.AsyncClient:
    """Certificates, tokens and addresses as the kubeconfig says; one connection for each request under way."""
    program = config.user.exec if config.user else None
    if config.user and program:
        config.user.exec = None
    timeout = httpx2.Timeout(READ_SECONDS, connect=REQUEST_SECONDS)
    try:
        settings = ConnectionParams(timeout=timeout).httpx_params(config)
    except (ConfigError, OSError) as error:
        raise NoCluster("The kubeconfig's credentials must be readable.", found=str(error)) from error
    if program:
        environment = {one.name: one.value for one in program.env or ()}
        settings["auth"] = ProgramAuth(
            Program(program.apiVersion, program.command, tuple(program.args or ()), environment)
        )
    limits = httpx2.Limits(max_connections=2 * PARALLEL, max_keepalive_connections=PARALLEL)
    client = httpx2.AsyncClient(**settings, limits=limits)
    client.headers["User-Agent"] = f"changeover/{__version__}"  # who it was, in the API server's audit log
    return client

"""From kubeconfig, context and namespace to a connected cluster; inside a pod, from its service account."""

from __future__ import annotations

import base64
import json
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
    single = _chosen(kubeconfig, context)
    return KubeCluster(_http(single)), namespace or single.namespace or "default"


@dataclass(frozen=True, slots=True)
class Speaker:
    """In whose name requests are sent: Kubernetes' impersonation; the right to it is the caller's."""

    user: str
    groups: tuple[str, ...] = ()
    """None: a ServiceAccount has the groups of its kind."""
    extra: tuple[str, str] | None = None
    """A key and what it says, for the API server's audit log."""


def connect_as(kubeconfig: str | None, context: str | None, speaker: Speaker) -> KubeCluster:
    """The same cluster, where every request is made in another's name."""
    client = _http(_chosen(kubeconfig, context))
    headers = [("Impersonate-User", speaker.user), *(("Impersonate-Group", one) for one in speaker.groups)]
    if speaker.extra:
        key, text = speaker.extra
        headers.append((f"Impersonate-Extra-{quote(key, safe='')}", text))
    client.headers = httpx2.Headers([*client.headers.multi_items(), *headers])
    return KubeCluster(client)


def own_account(kubeconfig: str | None, context: str | None) -> tuple[str, str]:
    """Namespace and name of the ServiceAccount whose token we send; both empty for anybody else.

    Read from the token itself: it only decides as whom we ask; what is allowed is the API server's affair.
    """
    user = _chosen(kubeconfig, context).user
    try:
        claims = json.loads(base64.urlsafe_b64decode(str(user.token if user else "").split(".")[1] + "=="))
        kind, namespace, name = str(claims["sub"]).removeprefix("system:").split(":")
    except (IndexError, KeyError, TypeError, ValueError):
        return "", ""
    return (namespace, name) if kind == "serviceaccount" else ("", "")


def _chosen(kubeconfig: str | None, context: str | None) -> SingleConfig:
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
    return single


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

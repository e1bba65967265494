"""How each component of the control plane is started: certificates, settings, flags.

Everything listens on the cluster's host address. The API server's audit log has every mutating request as one JSON
line, written before the answer is sent; leases and events of Kubernetes' own components are left out.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from . import certificates, layout, toolchain

DOMAIN = "cluster.local"
CLIENTS = {  # file: (user, groups)
    "admin": ("kubebox:admin", ["system:masters"]),
    "kube-controller-manager": ("system:kube-controller-manager", []),
    "kube-scheduler": ("system:kube-scheduler", []),
    "kube-proxy": ("system:kube-proxy", []),
    "coredns": ("kubebox:coredns", []),
    "controllers": ("kubebox:controllers", []),
    "simulator": ("kubebox:simulator", []),
}
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "verbs": ["get", "list", "watch"]},
        {"level": "None", "resources": [{"group": "", "resources": ["events"]}]},
        {"level": "None", "resources": [{"group": "events.k8s.io", "resources": ["events"]}]},
        {
            "level": "None",
            "namespaces": ["kube-node-lease", "kube-system"],
            "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}],
        },
        {
            "level": "None",
            "resources": [
                {"group": "authorization.k8s.io", "resources": ["*"]},
                {"group": "authentication.k8s.io", "resources": ["*"]},
            ],
        },
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True, slots=True)
class Site:
    """What every component needs to know: its cluster's name, folder and addresses, and the programs."""

    name: str
    folder: layout.Folder
    addresses: layout.Addresses
    programs: toolchain.Programs

    def kubeconfig(self, client: str) -> Path:
        """The kubeconfig of a component."""
        own: Path = self.folder.settings / f"{client}.kubeconfig"
        return self.folder.kubeconfig if client == "admin" else own

    def program(self, component: str) -> list[str]:
        """First words of a component's command line."""
        return [str(self.programs.kubebox), component]


def issue(site: Site) -> certificates.Authority:
    """Make all certificates and kubeconfigs of the control plane."""
    keys, addresses = site.folder.keys, site.addresses
    authority = certificates.Authority(keys, "ca")
    front = certificates.Authority(keys, "front-proxy-ca")
    front.issue("front-proxy-client", "front-proxy-client")
    names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}"]
    names += ["localhost", layout.LOOPBACK, addresses.host, addresses.service(1)]
    authority.issue("kube-apiserver", "kube-apiserver", names=dict.fromkeys(names))
    authority.issue("etcd", "etcd", names=["localhost", layout.LOOPBACK])
    authority.issue("kubelet-client", "kube-apiserver-kubelet-client", groups=["system:masters"])
    for name in ("kube-controller-manager", "kube-scheduler"):
        authority.issue(f"{name}-server", name, names=["localhost", addresses.host])
    authority.issue("simulator-server", "simulator", names=[addresses.host])
    certificates.signing_pair(keys)
    for file, (user, groups) in CLIENTS.items():
        write_client(site, authority, file, user=user, groups=groups)
    return authority


def write_client(
    site: Site, authority: certificates.Authority, file: str, *, user: str, groups: list[str]
) -> certificates.Pair:
    """A client's certificate and kubeconfig."""
    pair = authority.issue(file, user, groups=groups)
    server = f"https://{site.addresses.host}:{site.addresses.ports.api}"
    path = site.kubeconfig(file)
    certificates.write_kubeconfig(
        path, server=server, authority=authority.pair, client=pair, name=f"kubebox-{site.name}"
    )
    return pair


def etcd(site: Site) -> list[str]:
    """The database: on loopback, certificates both ways, no fsync (a test cluster may forget on a power cut)."""
    keys, ports = site.folder.keys, site.addresses.ports
    client = f"https://{layout.LOOPBACK}:{ports.etcd}"
    peer = f"http://{layout.LOOPBACK}:{ports.etcd_peer}"
    return [
        *site.program("etcd"),
        f"--data-dir={site.folder.root}/etcd",
        "--name=kubebox",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=kubebox={peer}",
        f"--cert-file={keys}/etcd.crt",
        f"--key-file={keys}/etcd.key",
        f"--trusted-ca-file={keys}/ca.crt",
        "--client-cert-auth",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def kube_apiserver(site: Site, extra: tuple[str, ...] = ()) -> list[str]:
    """The API server; `extra` flags come last and win."""
    keys, addresses = site.folder.keys, site.addresses
    policy = site.folder.settings / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT_POLICY))
    bridged = addresses.bridged
    return [
        *site.program("kube-apiserver"),
        f"--bind-address={addresses.host}",
        f"--advertise-address={addresses.host}",
        f"--secure-port={addresses.ports.api}",
        # The Kubernetes Service needs an endpoint, which may not be a loopback address.
        f"--endpoint-reconciler-type={'lease' if bridged else 'none'}",
        f"--etcd-servers=https://{layout.LOOPBACK}:{addresses.ports.etcd}",
        f"--etcd-cafile={keys}/ca.crt",
        f"--etcd-certfile={keys}/etcd.crt",
        f"--etcd-keyfile={keys}/etcd.key",
        f"--client-ca-file={keys}/ca.crt",
        f"--tls-cert-file={keys}/kube-apiserver.crt",
        f"--tls-private-key-file={keys}/kube-apiserver.key",
        f"--kubelet-certificate-authority={keys}/ca.crt",
        f"--kubelet-client-certificate={keys}/kubelet-client.crt",
        f"--kubelet-client-key={keys}/kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        f"--requestheader-client-ca-file={keys}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={keys}/front-proxy-client.crt",
        f"--proxy-client-key-file={keys}/front-proxy-client.key",
        f"--service-account-issuer=https://kubernetes.default.svc.{DOMAIN}",
        f"--service-account-key-file={keys}/service-accounts.pub",
        f"--service-account-signing-key-file={keys}/service-accounts.key",
        f"--service-cluster-ip-range={addresses.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--max-requests-inflight=2000",
        "--max-mutating-requests-inflight=1000",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={site.folder.audit_log}",
        "--audit-log-maxsize=2000",
        "--profiling=false",
        *extra,
    ]


def kube_controller_manager(site: Site, extra: tuple[str, ...] = ()) -> list[str]:
    """The controllers, each with its own service account."""
    keys = site.folder.keys
    return [
        *site.program("kube-controller-manager"),
        *_component(site, "kube-controller-manager", port=site.addresses.ports.controller_manager),
        f"--root-ca-file={keys}/ca.crt",
        f"--service-account-private-key-file={keys}/service-accounts.key",
        f"--cluster-signing-cert-file={keys}/ca.crt",
        f"--cluster-signing-key-file={keys}/ca.key",
        "--use-service-account-credentials=true",
        "--flex-volume-plugin-dir=/nonexistent",
        *extra,
    ]


def kube_scheduler(site: Site, extra: tuple[str, ...] = ()) -> list[str]:
    """The scheduler."""
    return [
        *site.program("kube-scheduler"),
        *_component(site, "kube-scheduler", port=site.addresses.ports.scheduler),
        *extra,
    ]


def _component(site: Site, name: str, *, port: int) -> list[str]:
    kubeconfig, keys = site.kubeconfig(name), site.folder.keys
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--client-ca-file={keys}/ca.crt",
        f"--tls-cert-file={keys}/{name}-server.crt",
        f"--tls-private-key-file={keys}/{name}-server.key",
        f"--bind-address={site.addresses.host}",
        f"--secure-port={port}",
        "--leader-elect=false",
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        "--profiling=false",
    ]


def coredns(site: Site) -> list[str]:
    """The cluster's DNS; it knows no other names: tests need no internet, and should not wait for it."""
    corefile = site.folder.settings / "Corefile"
    zones = f"{DOMAIN} in-addr.arpa ip6.arpa"
    corefile.write_text(
        f".:{site.addresses.ports.dns} {{\n"
        f"    bind {site.addresses.host}\n"
        "    errors\n"
        f"    kubernetes {zones} {{\n"
        f"        kubeconfig {site.kubeconfig('coredns')}\n"
        "        pods insecure\n"
        "        ttl 1\n"
        "    }\n"
        "}\n"
    )
    return [*site.program("coredns"), "-conf", str(corefile)]


def registry(site: Site) -> list[str]:
    """The local image registry."""
    return [*site.program("registry"), site.addresses.registry, f"{site.folder.root}/registry"]


def controllers(site: Site) -> list[str]:
    """Our own controllers: volumes and load balancer addresses."""
    return [
        *site.program("controllers"),
        f"--kubeconfig={site.kubeconfig('controllers')}",
        f"--volumes={site.folder.volumes}",
        f"--load-balancers={site.addresses.load_balancers}",
    ]

"""Which components a version has, by file of the package."""

from __future__ import annotations

from workbench.releases.history import Version
from workbench.releases.objects import Options, Raw, deployment, meta, pod, rbac, selector, service, stateful

DATA = [{"name": "data", "mountPath": "/data"}]


def files(version: Version, options: Options) -> dict[str, list[Raw]]:
    """Objects by file name without ending."""
    found = {
        "rbac": rbac(version),
        "settings": settings(version),
        "data": data(version, options),
        "agent": [agent(version, options)],
        "app": app(version, options),
        "migrations": [migrations(version, options)],
    }
    if version.index:
        found["index"] = [deployment("wb-index", pod("cache", 8080, version, options), version)]
        found["index"] += [service("wb-index", "cache", 8080, 8080, version)]
        _rename(found["index"][0], "index")
        found["index"][1]["spec"]["selector"]["component"] = "index"
    if version.notify:
        found["notify"] = [deployment("wb-notify", pod("dashboard", 8080, _sound(version), options), version)]
        _rename(found["notify"][0], "notify")
    if version.ingress:
        found["ingress"] = [ingress(version)]
    return found


def _sound(version: Version) -> Version:
    """The same version without its faults: only what the story says is broken."""
    return Version(version.number, version.notes, version.build, instance=version.instance, noise=version.noise)


def _rename(raw: Raw, component: str) -> None:
    """A component that runs another's role."""
    spec = raw["spec"]
    for labels in (raw["metadata"]["labels"], spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]):
        labels["component"] = component
    spec["template"]["spec"]["containers"][0]["name"] = component


def settings(version: Version) -> list[Raw]:
    """What the application is told, and the secrets; the maintenance switch is not ours to ship."""
    found: list[Raw] = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": meta("wb-release", "release", version),
            "data": {
                "version": version.number,
                "hostname": 'repl{{ ConfigOption "hostname" }}',
                "notice": '{{repl if ConfigOptionEquals "show_notice" "1" }}'
                '{{repl ConfigOption "notice" }}{{repl end }}',
                "tier": '{{repl ConfigOption "tier" }}',
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta("wb-db", "db", version),
            "data": {"password": 'repl{{ ConfigOption "db_password" | Base64Encode }}'},
        },
    ]
    if version.token:
        when = {"kots.io/when": '{{repl ConfigOptionEquals "use_token" "1" }}'}
        found.append(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": meta("wb-token", "proxy", version, **when),
                "data": {"token": 'repl{{ ConfigOption "token" | Base64Encode }}'},
            }
        )
    return found


def data(version: Version, options: Options) -> list[Raw]:
    """Store, database and cache with their claims."""
    sizes = {"store": "1Gi", "db": "1Gi", "cache": version.cache_size}
    ports = {"store": 9000, "db": 3306, "cache": 8080}
    reads = [{"name": "WB_READS", "value": str(version.schema)}]
    more: dict[str, Raw] = {"db": {"env": reads}, "store": {"serviceAccountName": "wb-proxy"}}
    found = []
    for role, port in ports.items():
        template = pod(role, port, version, options, mounts=DATA, **more.get(role, {}))
        found.append(stateful(f"wb-{role}", sizes[role], template, version, options))
        found.append(service(f"wb-{role}", role, port, port, version))
    return found


def agent(version: Version, options: Options) -> Raw:
    """The DaemonSet that reads the nodes' session folders."""
    volume = {"name": "sessions", "hostPath": {"path": "/var/lib/workbench", "type": "DirectoryOrCreate"}}
    mounts = [{"name": "sessions", "mountPath": "/sessions"}]
    template = pod("agent", 8082, version, options, mounts=mounts, volumes=[volume])
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": meta("wb-agent", "agent", version),
        "spec": {"selector": {"matchLabels": selector("agent", version)}, "template": template},
    }


def app(version: Version, options: Options) -> list[Raw]:
    """Manager, proxy and dashboard."""
    told = {
        "WB_IMAGE": options.image,
        "WB_SESSION_NODES": options.nodes,
        "WB_SIMULATED": "true" if options.simulated else "false",
    }
    env = [{"name": name, "value": value} for name, value in told.items()]
    manager = pod("manager", 8080, version, options, env=env, serviceAccountName="wb-manager")
    manager["spec"]["terminationGracePeriodSeconds"] = 30
    proxy = pod("proxy", 8080, version, options, serviceAccountName="wb-proxy")
    match = {"matchLabels": selector("dashboard", version)}
    return [
        deployment("wb-manager", manager, version),
        service("wb-manager", "manager", 8080, 8080, version),
        deployment("wb-proxy", proxy, version),
        service("proxy", "proxy", 80, 8080, version, type="LoadBalancer"),
        deployment("wb-dashboard", pod("dashboard", 8080, version, options), version, 2),
        service("wb-dashboard", "dashboard", 80, 8080, version),
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": meta("wb-dashboard", "dashboard", version),
            "spec": {"maxUnavailable": 1, "selector": match},
        },
    ]


def migrations(version: Version, options: Options) -> Raw:
    """A Job with a constant name."""
    env = [{"name": "WB_SCHEMA", "value": str(version.schema)}, {"name": "WB_STEPS", "value": version.job}]
    template = pod("migrations", 0, version, options, env=env, restartPolicy="Never")
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": meta("wb-migrations", "migrations", version),
        "spec": {"backoffLimit": 3, "template": template},
    }


def ingress(version: Version) -> Raw:
    """An object of a kind that later versions do not have."""
    backend = {"service": {"name": "proxy", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": meta("workbench", "proxy", version),
        "spec": {"rules": [{"host": 'repl{{ ConfigOption "hostname" }}', "http": {"paths": [path]}}]},
    }

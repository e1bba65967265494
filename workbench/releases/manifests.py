"""The Kubernetes objects of a release, with KOTS's templates in them where the operator has a say."""

from dataclasses import dataclass
from typing import Any

from workbench.releases.series import Spec

Object = dict[str, Any]
READY = {"periodSeconds": 1, "failureThreshold": 2}


@dataclass(frozen=True)
class Build:
    """How the series is built: with which image, and for which nodes."""

    image: str
    simulated: bool = False


def objects(spec: Spec, build: Build) -> dict[str, list[Object]]:
    """Files of manifests by name."""
    maker = _Maker(spec, build)
    files = {
        "settings.yaml": maker.settings(),
        "access.yaml": maker.access(),
        "data.yaml": maker.data(),
        "workloads.yaml": maker.workloads(),
        "jobs.yaml": maker.jobs(),
    }
    return {name: found for name, found in files.items() if found}


class _Maker:
    def __init__(self, spec: Spec, build: Build) -> None:
        self.spec = spec
        self.build = build

    def _object(self, kind: str, name: str, version: str = "v1", **rest: Any) -> Object:
        labels = {"app.kubernetes.io/part-of": "workbench", **rest.pop("labels", {})}
        annotations: dict[str, str] = rest.pop("annotations", {})
        if self.spec.noise and kind in ("Service", "ConfigMap", "PersistentVolumeClaim"):
            labels["helm.sh/chart"] = f"workbench-{self.spec.noise}"
        metadata: Object = {"name": name, "labels": labels}
        if annotations:
            metadata["annotations"] = annotations
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}

    def settings(self) -> list[Object]:
        """ConfigMaps, Secrets; the resource quota that 2022.08.0 removes."""
        found = [
            self._object("ConfigMap", "wb-config", data={"banner": '{{repl ConfigOption "banner" }}', "plan": "basic"}),
            self._object("Secret", "wb-admin", stringData={"password": '{{repl ConfigOption "admin_password" }}'}),
        ]
        if self.spec.quota:
            found.append(self._object("ResourceQuota", "wb-quota", spec={"hard": {"pods": "2000"}}))
        if self.spec.gated_secret:
            enabled = '{{repl ConfigOptionEquals "enable_proxy_settings" "1" }}'
            secret = self._object("Secret", "wb-proxy-settings", annotations={"kots.io/when": enabled})
            found.append({**secret, "stringData": {"proxy": '{{repl ConfigOption "proxy_address" }}'}})
        return found

    def access(self) -> list[Object]:
        """The controller's account and rights."""
        rules = [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "create", "patch", "delete"]},
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
        ]
        api = "rbac.authorization.k8s.io"
        return [
            self._object("ServiceAccount", "wb"),
            self._object("Role", "wb", f"{api}/v1", rules=rules),
            self._object(
                "RoleBinding",
                "wb",
                f"{api}/v1",
                roleRef={"apiGroup": api, "kind": "Role", "name": "wb"},
                subjects=[{"kind": "ServiceAccount", "name": "wb", "namespace": "repl{{ Namespace }}"}],
            ),
        ]

    def data(self) -> list[Object]:
        """Object store and database, one claim each."""
        return [*self._store("wb-store", "store", {}), *self._store("wb-db", "db", {"WB_SCHEMA": str(self.spec.schema)})]

    def _store(self, name: str, role: str, environment: dict[str, str]) -> list[Object]:
        labels = {"component": name, "instance": self.spec.instance}
        container = self._container(role, environment)
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        claim = {
            "metadata": {"name": "data", "labels": labels},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
        stateful = self._object(
            "StatefulSet",
            name,
            "apps/v1",
            spec={
                "serviceName": name,
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": self._pod(container)},
                "volumeClaimTemplates": [claim],
            },
        )
        return [self._service(name), stateful]

    def _service(self, name: str, port: int = 80, kind: str = "ClusterIP", selects: str = "") -> Object:
        return self._object(
            "Service",
            name,
            spec={
                "type": kind,
                "selector": {"component": selects or name},
                "ports": [{"name": "http", "port": port, "targetPort": 8080}],
            },
        )

    def workloads(self) -> list[Object]:
        """Everything that can be replaced at any time, and the session controller."""
        manager = {
            "WB_IMAGE": self._image(),
            "WB_STORE": "http://wb-store",
            "WB_INTERVAL": '{{repl ConfigOption "seconds_per_line" }}',
        }
        backends = '{"/": "http://wb-dashboard", "/workspaces": "http://wb-manager", "/objects": "http://wb-store", "/db": "http://wb-db"}'
        found = [
            self._service("wb-manager"),
            self._deployment("wb-manager", "manager", manager),
            self._service("wb-dashboard"),
            self._deployment("wb-dashboard", "dashboard", {"WB_BANNER": '{{repl ConfigOption "banner" }}'}, replicas=2),
            self._object(
                "PodDisruptionBudget",
                "wb-dashboard",
                "policy/v1",
                spec={"maxUnavailable": 1, "selector": {"matchLabels": {"component": "wb-dashboard"}}},
            ),
            self._service("proxy", kind="LoadBalancer", selects="wb-proxy"),
            self._deployment("wb-proxy", "proxy", {"WB_BACKENDS": backends}),
            self._agent(),
        ]
        for name in self.spec.components:
            found += [self._service(f"wb-{name}"), self._deployment(f"wb-{name}", "dashboard", {})]
        return found

    def _agent(self) -> Object:
        labels = {"component": "wb-agent"}
        container = self._container("agent", {"WB_PORT": "8082"}, port=8082)
        container["volumeMounts"] = [{"name": "work", "mountPath": "/var/lib/workbench"}]
        pod = self._pod(container)
        pod["volumes"] = [{"name": "work", "hostPath": {"path": "/var/lib/workbench", "type": "DirectoryOrCreate"}}]
        template = {"metadata": {"labels": labels}, "spec": pod}
        return self._object(
            "DaemonSet", "wb-agent", "apps/v1", spec={"selector": {"matchLabels": labels}, "template": template}
        )

    def _deployment(self, name: str, role: str, environment: dict[str, str], replicas: int = 1) -> Object:
        labels = {"component": name}
        tag = self.spec.image_tag if name == "wb-proxy" else ""
        container = self._container(role, environment, tag=tag)
        if self.spec.broken_readiness and name == "wb-proxy":
            container["args"] = ["broken"]
        template = {"metadata": {"labels": labels}, "spec": self._pod(container)}
        if self.build.simulated and name == "wb-proxy":
            fault = "image-pull" if tag else "never-ready" if self.spec.broken_readiness else ""
            if fault:
                template["metadata"]["annotations"] = {"kubebox.changeover.dev/fault": fault}
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        return self._object("Deployment", name, "apps/v1", spec=spec)

    def jobs(self) -> list[Object]:
        """The migration, under a constant name, and the telemetry."""
        environment = {"WB_DB": "http://wb-db", "WB_SCHEMA": str(self.spec.schema), **self.spec.migration_env}
        pod = self._pod(self._container("migrations", environment, probe=False))
        pod["restartPolicy"] = "OnFailure"
        job = self._object("Job", "migrations", "batch/v1", spec={"template": {"spec": pod}, "backoffLimit": 20})
        regular = self._pod(self._container("telemetry", {}, probe=False))
        regular["restartPolicy"] = "Never"
        when = '{{repl ConfigOptionEquals "telemetry" "1" }}'
        cron = self._object("CronJob", "telemetry", "batch/v1", annotations={"kots.io/when": when})
        cron["spec"] = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": regular}}}}
        return [job, cron]

    def _image(self, tag: str = "") -> str:
        return f"{self.build.image.rpartition(':')[0]}:{tag}" if tag else self.build.image

    def _container(
        self, role: str, environment: dict[str, str], *, port: int = 8080, tag: str = "", probe: bool = True
    ) -> Object:
        values = {"WB_VERSION": self.spec.version if role in ("proxy", "manager") else "", **environment}
        named = [{"name": name, "value": value} for name, value in values.items() if value]
        named.append({"name": "WB_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}})
        container: Object = {"name": role, "image": self._image(tag), "args": [role], "env": named}
        if probe:
            container["ports"] = [{"name": "http", "containerPort": port}]
            container["readinessProbe"] = {"httpGet": {"path": "/healthz", "port": port}, **READY}
        return container

    def _pod(self, container: Object) -> Object:
        pod: Object = {
            "serviceAccountName": "wb",
            "terminationGracePeriodSeconds": 5,
            "containers": [container],
        }
        if self.build.simulated:
            pod["nodeSelector"] = {"changeover.dev/node": "simulated"}
            pod["tolerations"] = [{"key": "changeover.dev/node", "operator": "Exists"}]
        return pod

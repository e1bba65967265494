"""The vendor documents of a release: Application, Config, checks, HelmChart with its chart, and our Release document."""

import gzip
import io
import tarfile
from typing import Any

from workbench.releases.manifests import Build
from workbench.releases.series import Spec

Object = dict[str, Any]
CHART_VERSION = "1.0.0"


def documents(spec: Spec) -> dict[str, list[Object]]:
    """Files of documents by name."""
    return {
        "kots-app.yaml": [_application(spec)],
        "k8s-app.yaml": [_links(spec)],
        "kots-config.yaml": [_config(spec)],
        "kots-preflight.yaml": [_preflight(spec)],
        "kots-support-bundle.yaml": [_support_bundle()],
        "kots-cache.yaml": [_chart(spec)],
        "changeover-release.yaml": [_release(spec)],
    }


def _application(spec: Spec) -> Object:
    informers = ["deployment/wb-manager", "deployment/wb-proxy", "deployment/wb-dashboard", "statefulset/wb-store"]
    return {
        "apiVersion": "kots.io/v1beta1",
        "kind": "Application",
        "metadata": {"name": "workbench"},
        "spec": {
            "title": "Workbench",
            "allowRollback": True,
            "releaseNotes": spec.notes,
            "statusInformers": [*informers, "service/proxy", "statefulset/wb-db"],
            "ports": [{"serviceName": "proxy", "servicePort": 80, "localPort": 8080, "applicationUrl": "http://workbench"}],
        },
    }


def _links(spec: Spec) -> Object:
    return {
        "apiVersion": "app.k8s.io/v1beta1",
        "kind": "Application",
        "metadata": {"name": "workbench"},
        "spec": {"descriptor": {"version": spec.version, "links": [{"description": "Open", "url": "http://workbench"}]}},
    }


def _config(spec: Spec) -> Object:
    storage = [
        {"name": "incluster", "title": "In the cluster"},
        {"name": "external", "title": "An object store of your own"},
    ]
    items: list[Object] = [
        {"name": "banner", "title": "Banner", "type": "text", "default": "Welcome", "help_text": "Shown on the first page."},
        {"name": "admin_password", "title": "Password", "type": "password", "value": "{{repl RandomString 20 }}"},
        {"name": "telemetry", "title": "Send telemetry", "type": "bool", "default": "1"},
        {"name": "storage", "title": "Object storage", "type": "select_one", "default": "incluster", "items": storage},
        {
            "name": "storage_url",
            "title": "Address of the object store",
            "type": "text",
            "required": True,
            "when": '{{repl ConfigOptionEquals "storage" "external" }}',
        },
        {"name": "seconds_per_line", "title": "Seconds between lines", "type": "text", "default": "1", "hidden": True},
    ]
    if spec.gated_secret:
        items += [
            {"name": "enable_proxy_settings", "title": "Use proxy settings", "type": "bool", "default": "0"},
            {"name": "proxy_address", "title": "Proxy", "type": "text", "default": "http://proxy.example.com:3128"},
        ]
    return {
        "apiVersion": "kots.io/v1beta1",
        "kind": "Config",
        "metadata": {"name": "workbench"},
        "spec": {"groups": [{"name": "general", "title": "General", "items": items}]},
    }


def _preflight(spec: Spec) -> Object:
    analyzers: list[Object] = [
        {
            "clusterVersion": {
                "outcomes": [
                    {"fail": {"when": "< 1.30.0", "message": "Workbench needs Kubernetes 1.30 or newer."}},
                    {"pass": {"message": "This Kubernetes is new enough."}},
                ]
            }
        }
    ]
    if spec.session_check:
        analyzers.append(
            {
                "textAnalyze": {
                    "checkName": "Running workspaces",
                    "strict": True,
                    "fileName": "cluster-resources/pods/*.json",
                    "regex": '"component": "workspace"',
                    "outcomes": [
                        {"fail": {"when": "true", "message": "Workspaces are running; they are stopped by the update."}},
                        {"pass": {"when": "false", "message": "No workspace is running."}},
                    ],
                }
            }
        )
    return {
        "apiVersion": "troubleshoot.sh/v1beta2",
        "kind": "Preflight",
        "metadata": {"name": "workbench"},
        "spec": {"collectors": [{"clusterResources": {}}], "analyzers": analyzers},
    }


def _support_bundle() -> Object:
    return {
        "apiVersion": "troubleshoot.sh/v1beta2",
        "kind": "SupportBundle",
        "metadata": {"name": "workbench"},
        "spec": {"collectors": [{"clusterInfo": {}}, {"logs": {"name": "manager", "selector": ["component=wb-manager"]}}]},
    }


def _chart(spec: Spec) -> Object:
    return {
        "apiVersion": "kots.io/v1beta2",
        "kind": "HelmChart",
        "metadata": {"name": "cache"},
        "spec": {
            "chart": {"name": "cache", "chartVersion": CHART_VERSION},
            "releaseName": "cache",
            "values": {"size": spec.cache_size},
        },
    }


def _release(spec: Spec) -> Object:
    return {
        "apiVersion": "changeover.dev/v1alpha1",
        "kind": "Release",
        "metadata": {"name": "workbench"},
        "version": spec.version,
        "scheme": "calver",
        "data": {"reads": [1, spec.schema], "writes": spec.schema},
        "guide": [{"id": f"{spec.version}-notes", "severity": "notice", "text": spec.notes}],
    }


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: wb-cache}}
spec:
  replicas: 1
  strategy: {{type: Recreate}}
  selector: {{matchLabels: {{component: wb-cache}}}}
  template:
    metadata: {{labels: {{component: wb-cache}}}}
    spec:
      terminationGracePeriodSeconds: 2
{placement}      containers:
        - name: cache
          image: {image}
          args: [cache]
          ports: [{{containerPort: 8080}}]
          readinessProbe: {{httpGet: {{path: /healthz, port: 8080}}, periodSeconds: 1}}
          volumeMounts: [{{name: data, mountPath: /data}}]
      volumes: [{{name: data, persistentVolumeClaim: {{claimName: wb-cache}}}}]
"""

CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: wb-cache}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: {{ .Values.size }}}}
"""

PLACEMENT = """\
      nodeSelector: {changeover.dev/node: simulated}
      tolerations: [{key: changeover.dev/node, operator: Exists}]
"""


def chart_archive(build: Build) -> bytes:
    """The cache's chart as .tgz; the same bytes for the same content."""
    placement = PLACEMENT if build.simulated else ""
    files = {
        "cache/Chart.yaml": f"apiVersion: v2\nname: cache\nversion: {CHART_VERSION}\n",
        "cache/values.yaml": "size: 8Gi\n",
        "cache/templates/claim.yaml": CLAIM.replace("{requests: {storage: {{ .Values.size }}}}", "{requests: {storage: '{{ .Values.size }}'}}"),
        "cache/templates/deployment.yaml": DEPLOYMENT.format(image=build.image, placement=placement),
    }
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(plain.getvalue())
    return packed.getvalue()

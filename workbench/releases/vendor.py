"""The vendor's documents of one version: questions, application, checks, bundle, chart, and our Release document."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import Any

import yaml

from workbench.releases.history import VERSIONS, Version
from workbench.releases.objects import Options, Raw

CHART = "wb-telemetry"
CHART_VERSION = "1.0.0"
EPOCHS = {1: {"reads": "1..1", "writes": 1}, 2: {"reads": "1..2", "writes": 2}}
ICON = "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><path d='M0 6h8v2H0z'/></svg>"


def dump(documents: list[Raw]) -> bytes:
    """YAML of a file."""
    text = yaml.safe_dump_all(documents, sort_keys=False, width=10_000, allow_unicode=True)
    return text.encode()


def files(version: Version, options: Options) -> dict[str, bytes]:
    """Vendor files by name."""
    found = {
        "kots-app.yaml": dump([application(version)]),
        "config.yaml": dump([config(version)]),
        "k8s-app.yaml": dump([links()]),
        "preflight.yaml": dump([preflight(version)]),
        "support-bundle.yaml": dump([bundle()]),
        "release.yaml": dump([release(version)]),
        "telemetry.yaml": dump([helm_chart(options)]),
        f"{CHART}-{CHART_VERSION}.tgz": chart(),
    }
    return dict(sorted(found.items()))


def application(version: Version) -> Raw:
    """How it presents itself."""
    return {
        "apiVersion": "kots.io/v1beta1",
        "kind": "Application",
        "metadata": {"name": "workbench"},
        "spec": {
            "title": "Workbench",
            "icon": ICON,
            "releaseNotes": version.notes,
            "allowRollback": True,
            "statusInformers": ["deployment/wb-manager", "deployment/wb-proxy", "statefulset/wb-store"],
            "ports": [{"serviceName": "proxy", "servicePort": 80, "localPort": 8080, "applicationUrl": "http://proxy"}],
        },
    }


def links() -> Raw:
    """The links that a console shows."""
    descriptor = {"links": [{"description": "Open Workbench", "url": 'http://repl{{ ConfigOption "hostname" }}'}]}
    return {
        "apiVersion": "app.k8s.io/v1beta1",
        "kind": "Application",
        "metadata": {"name": "workbench"},
        "spec": {"descriptor": descriptor},
    }


def config(version: Version) -> Raw:
    """What the operator is asked."""
    tiers = [{"name": name, "title": name.capitalize()} for name in ("small", "large")]
    items: list[Raw] = [
        {"name": "hostname", "title": "Host name", "type": "text", "default": "workbench.example", "required": True},
        {"name": "tier", "title": "Size", "type": "select_one", "default": "small", "items": tiers},
        {"name": "db_password", "title": "Database password", "type": "password", "value": "repl{{ RandomString 24 }}"},
        {"name": "show_notice", "title": "Show a notice", "type": "bool", "default": "0"},
        {
            "name": "notice",
            "title": "The notice",
            "type": "text",
            "when": 'repl{{ ConfigOptionEquals "show_notice" "1" }}',
        },
    ]
    if version.token:
        gate = 'repl{{ ConfigOptionEquals "use_token" "1" }}'
        items.append({"name": "use_token", "title": "Ask for a token", "type": "bool", "default": "0"})
        items.append({"name": "token", "title": "The token", "type": "password", "when": gate})
    groups = [{"name": "general", "title": "General", "items": items}]
    metadata = {"name": "workbench"}
    return {"apiVersion": "kots.io/v1beta1", "kind": "Config", "metadata": metadata, "spec": {"groups": groups}}


def preflight(version: Version) -> Raw:
    """What must hold before an update; one version refuses to follow while sessions run."""
    analyzers: list[Raw] = [
        {
            "clusterVersion": {
                "outcomes": [
                    {"fail": {"when": "< 1.25.0", "message": "Kubernetes 1.25 or newer is needed."}},
                    {"pass": {"message": "The Kubernetes version is fine."}},
                ]
            }
        }
    ]
    spec: Raw = {"collectors": [{"clusterInfo": {}}, {"clusterResources": {}}], "analyzers": analyzers}
    if version.strict_preflight:
        get = {"collectorName": "sessions", "get": {"url": "http://wb-manager:8080/metrics"}}
        spec["collectors"].append({"http": get})
        analyzers.append(
            {
                "textAnalyze": {
                    "checkName": "No session runs",
                    "strict": True,
                    "fileName": "sessions.json",
                    "regex": r"wb_workspaces\{phase=\\?\"Running\\?\"\} 0",
                    "outcomes": [
                        {"fail": {"when": "false", "message": "Sessions run; stop them first."}},
                        {"pass": {"when": "true", "message": "No session runs."}},
                    ],
                }
            }
        )
    metadata = {"name": "workbench"}
    return {"apiVersion": "troubleshoot.sh/v1beta2", "kind": "Preflight", "metadata": metadata, "spec": spec}


def bundle() -> Raw:
    """What a support bundle holds."""
    logs = [{"logs": {"name": role, "selector": [f"component={role}"]}} for role in ("manager", "proxy", "agent")]
    spec = {"collectors": [{"clusterInfo": {}}, {"clusterResources": {}}, *logs], "analyzers": []}
    metadata = {"name": "workbench"}
    return {"apiVersion": "troubleshoot.sh/v1beta2", "kind": "SupportBundle", "metadata": metadata, "spec": spec}


def release(version: Version) -> Raw:
    """Our own document: data epochs, what to know, and where updates may come from."""
    found: Raw = {
        "apiVersion": "changeover.dev/v1alpha1",
        "kind": "Release",
        "metadata": {"name": "workbench"},
        "version": version.number,
        "scheme": "calver",
        "data": EPOCHS[version.schema],
    }
    if version.guide:
        found["guide"] = [dict(one) for one in version.guide]
    return found


def helm_chart(options: Options) -> Raw:
    """The component that comes as a chart."""
    return {
        "apiVersion": "kots.io/v1beta2",
        "kind": "HelmChart",
        "metadata": {"name": CHART},
        "spec": {
            "chart": {"name": CHART, "chartVersion": CHART_VERSION},
            "releaseName": "telemetry",
            "values": {"image": options.image, "schedule": "0 3 * * *", "tier": 'repl{{ ConfigOption "tier" }}'},
        },
    }


CRON = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ .Release.Name }}
  labels:
    app: workbench
    component: telemetry
    tier: {{ .Values.tier | quote }}
spec:
  schedule: {{ .Values.schedule | quote }}
  jobTemplate:
    spec:
      template:
        metadata:
          labels: {app: workbench, component: telemetry}
        spec:
          restartPolicy: Never
          containers:
            - name: telemetry
              image: {{ .Values.image | quote }}
              args: [telemetry]
"""


def chart() -> bytes:
    """The chart's archive; always the same bytes."""
    about: dict[str, Any] = {"apiVersion": "v2", "name": CHART, "version": CHART_VERSION, "type": "application"}
    values = {"image": "", "schedule": "@daily", "tier": "small"}
    contents = {"Chart.yaml": dump([about]), "values.yaml": dump([values]), "templates/cron.yaml": CRON.encode()}
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, content in sorted(contents.items()):
            entry = tarfile.TarInfo(f"{CHART}/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return raw.getvalue()


def channel() -> Raw:
    """The listing of all versions."""
    lines = [
        {"version": one.number, "cursor": place, "package": one.number, "notes": one.notes}
        for place, one in enumerate(VERSIONS, 1)
    ]
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "workbench"}}
    return {**head, "scheme": "calver", "releases": lines}

"""Writes `deploy/`: the Helm chart and the plain manifests of the console, from the product's own objects.

Our kinds, roles and the gate are links to the product's own definitions.

`python -m tools.deploy` writes, `--check` says whether what is committed is what would be written.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from changeover import __version__
from changeover.actions.console_objects import NAME, ConsoleSettings, objects
from changeover.objects import KubeObject
from changeover.plan import rbac
from changeover.settings import DEPLOYER, OBSERVER

ROOT = Path(__file__).parents[1]
HOME = ROOT / "deploy"
NAMESPACE = "release-namespace"
IMAGE = "registry.example/changeover@sha256:" + 64 * "0"
PUBLIC, PROXY, CLASS, TLS, PULL = "https://public-host", "trusted-network", "ingress-class", "tls-secret", "pull-secret"
HEAD = "# Written by `python -m tools.deploy`; edit console_objects.py instead.\n"
CHART = f"""{HEAD}apiVersion: v2
name: {NAME}
description: The admin console of Changeover, the update manager of self-hosted Kubernetes applications.
type: application
version: {__version__}
appVersion: {__version__}
kubeVersion: ">=1.30.0-0"
"""
VALUES = """# The product's image by its digest, in a registry of yours: `make image` builds it and prints the digest.
image: ""
# Secret to pull it with.
pullSecret: ""
replicas: 2
# Disk of a pod for air-gap bundles: one, and its images unpacked.
room: 20Gi
# Addresses that people reach the console under, beside a port-forward: https://console.example.com
publicUrls: []
# Networks whose X-Forwarded-For and X-Forwarded-Proto count: that of your Ingress.
trustedProxies: []
ingress:
  # Make an Ingress for the first of publicUrls; empty = none.
  className: ""
  host: ""
  tlsSecret: ""
# What runs need beyond their own state: to see the application's kinds, and to change them. `changeover plan rbac`
# prints the rules of each account; `changeover install-console` and `upgrade-console` find them by themselves.
applicationRules:
  observer: []
  deployer: []
"""
NOTES = """Make the first account, with your own kubeconfig; its password is shown once:

    changeover -n {{ .Release.Namespace }} users add admin --role admin
    changeover -n {{ .Release.Namespace }} admin-console
"""


def files() -> dict[str, str]:
    """Every file below `deploy/`, by its path there."""
    settings = ConsoleSettings(image=IMAGE)
    plain = objects("app", settings, rbac.run_rights("app"))
    return {
        "manifests/console.yaml": HEAD + "# Put in your namespace (app) and your image.\n" + _stream(plain),
        "chart/Chart.yaml": CHART,
        "chart/values.yaml": VALUES,
        "chart/templates/NOTES.txt": NOTES,
        "chart/templates/console.yaml": HEAD + _templates(),
    }


def _stream(every: list[KubeObject]) -> str:
    return "".join("---\n" + yaml.safe_dump(one.raw, sort_keys=False, width=1000) for one in every)


def _templates() -> str:
    settings = ConsoleSettings(IMAGE, (PUBLIC,), CLASS, TLS, (PROXY,), PULL)
    every = objects(NAMESPACE, settings, rbac.run_rights(NAMESPACE))
    return "".join(_template(one) for one in every)


def _template(one: KubeObject) -> str:
    text = yaml.safe_dump(_without_settings(one.raw), sort_keys=False, width=1000)
    for wanted, put in _REPLACED.items():
        text = text.replace(wanted, put)
    if one.kind == "Role" and one.name in (OBSERVER, DEPLOYER):
        account = one.name.removeprefix("changeover-")
        text += f"{{{{- with .Values.applicationRules.{account} }}}}\n{{{{ toYaml . }}}}\n{{{{- end }}}}\n"
    if one.kind == "Ingress":
        return "{{- if .Values.ingress.className }}\n---\n" + text + "{{- end }}\n"
    return "---\n" + text


def _without_settings(raw: Mapping[str, object]) -> dict[str, object]:
    metadata = {name: value for name, value in dict(raw["metadata"]).items() if name != "annotations"}  # type: ignore[call-overload]
    return {**raw, "metadata": metadata}


_REPLACED = {
    "        - --public-url\n        - https://public-host\n": "        {{- range .Values.publicUrls }}\n"
    "        - --public-url\n        - {{ . | quote }}\n        {{- end }}\n",
    "        - --trust-proxy\n        - trusted-network\n": "        {{- range .Values.trustedProxies }}\n"
    "        - --trust-proxy\n        - {{ . | quote }}\n        {{- end }}\n",
    "      imagePullSecrets:\n      - name: pull-secret\n": "      {{- with .Values.pullSecret }}\n"
    "      imagePullSecrets:\n      - name: {{ . | quote }}\n      {{- end }}\n",
    "  tls:\n  - hosts:\n    - public-host\n    secretName: tls-secret\n": "  {{- with .Values.ingress.tlsSecret }}\n"
    "  tls:\n  - hosts:\n    - {{ $.Values.ingress.host | quote }}\n    secretName: {{ . | quote }}\n  {{- end }}\n",
    "ingressClassName: ingress-class": "ingressClassName: {{ .Values.ingress.className | quote }}",
    "host: public-host": '{{ required "ingress.host" .Values.ingress.host | quote | printf "host: %s" }}',
    "replicas: 2": "replicas: {{ .Values.replicas }}",
    "value: 20Gi": "value: {{ .Values.room | quote }}",
    "sizeLimit: 20Gi": "sizeLimit: {{ .Values.room | quote }}",
    f"image: {IMAGE}": 'image: {{ required "image: by its digest" (regexFind "^.+@sha256:[0-9a-f]{64}$" .Values.image)'
    " | quote }}",
    NAMESPACE: "{{ .Release.Namespace }}",
}


def stale() -> list[str]:
    """Files that are not as they would be written."""
    wanted = files()
    there = {
        str(path.relative_to(HOME)): path.read_text()
        for path in HOME.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main() -> None:
    """Write, or check."""
    parser = argparse.ArgumentParser(prog="deploy", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what differs")
    if parser.parse_args().check:
        sys.exit("\n".join(stale()) or 0)
    for name, text in files().items():
        path = HOME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()

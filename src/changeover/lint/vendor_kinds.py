"""Rules about the vendor's kinds: versions that are none, kinds given twice, names that Helm does not take.

Names and levels are those of KOTS's linter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from changeover.lint.finding import Finding, Level, at
from changeover.package.application import mapping, mappings, text
from changeover.package.documents import Document
from changeover.package.package import Form, Package, spec_of

_SEMVER = re.compile(
    r"v?(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?"
)
_RELEASE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_RELEASE_NAME = 53
_OLD_INSTALLER = "kurl.sh/v1beta1"
_ONCE = (
    ("LintConfig", "kots.io/"),
    ("Installation", "kots.io/"),
    ("License", "kots.io/"),
    ("IdentityConfig", "kots.io/"),
    ("Preflight", "troubleshoot"),
    ("Application", "app.k8s.io/"),
    ("Backup", "velero.io/"),
)
_TEMPLATE = "{{"


def check(package: Package) -> Iterator[Finding]:
    """All findings of these rules."""
    if package.form is not Form.KOTS:
        return
    yield from _versions(package)
    yield from _once(package)
    yield from _release_names(package)
    for document in package.documents:
        if document.kind == "Installer" and document.api_version.endswith("kurl.sh/v1beta1"):
            yield from _installer(document)
        if document.kind == "Config" and document.api_version.startswith("embeddedcluster."):
            yield from _extensions(document)
    restore = package.first("Restore", "velero.io/")
    if restore and not package.all("Backup", "velero.io/"):
        message = "there is a velero Restore and no velero Backup"
        yield at(restore, "backup-resource-required-when-restore-exists", Level.ERROR, message)


def _versions(package: Package) -> Iterator[Finding]:
    application = package.first("Application", "kots.io/")
    if application is None:
        return
    spec = spec_of(application)
    for field, rule in (
        ("targetKotsVersion", "invalid-target-kots-version"),
        ("minKotsVersion", "invalid-min-kots-version"),
    ):
        value = spec.get(field)
        if value and not _SEMVER.fullmatch(str(value)):
            message = f"{field} {value!r} is no semantic version: KOTS ignores it"
            yield at(application, rule, Level.ERROR, message, hint="1.2.3, in quotes")


def _once(package: Package) -> Iterator[Finding]:
    """Kinds of which only the first would count."""
    for kind, group in _ONCE:
        for document in package.all(kind, group)[1:]:
            yield at(document, "duplicate-kots-kind", Level.ERROR, f"a second document of kind {kind}")


def _release_names(package: Package) -> Iterator[Finding]:
    first: dict[tuple[str, str], Document] = {}
    for document in package.all("HelmChart", "kots.io/"):
        spec = spec_of(document)
        old = document.api_version.endswith("v1beta1")
        name = text((mapping(spec.get("chart")) if old else spec).get("releaseName"))
        if not name or _TEMPLATE in name:
            continue
        if not _RELEASE_NAME.fullmatch(name) or len(name) > _LONGEST_RELEASE_NAME:
            message = f"Helm takes no release of the name {name!r}"
            hint = f"small letters, digits, dashes and dots, at most {_LONGEST_RELEASE_NAME} characters"
            yield at(document, "invalid-helm-release-name", Level.ERROR, message, hint=hint)
        before = first.setdefault((document.api_version, name), document)
        if before is not document:
            message = f"the release name {name} is used in {before.where} already"
            yield at(document, "duplicate-helm-release-name", Level.ERROR, message)


def _installer(document: Document) -> Iterator[Finding]:
    if document.api_version == _OLD_INSTALLER:
        message = f"{_OLD_INSTALLER} is deprecated"
        yield at(
            document, "deprecated-kubernetes-installer-version", Level.WARN, message, hint="cluster.kurl.sh/v1beta1"
        )
    for name, addon in spec_of(document).items():
        version = str(mapping(addon).get("version") or "")
        if version == "latest" or ".x" in version:
            message = f"the add-on {name} has the version {version}: it must be a fixed one"
            yield at(document, "invalid-kubernetes-installer", Level.ERROR, message)


def _extensions(document: Document) -> Iterator[Finding]:
    charts = mapping(mapping(spec_of(document).get("extensions")).get("helm")).get("charts")
    for chart in mappings(charts):
        if not chart.get("version"):
            message = f"the chart {text(chart.get('name')) or 'without a name'} has no version"
            yield at(document, "ec-helm-extension-version-required", Level.ERROR, message)

"""Rules about what a package is built of: charts and images.

* a HelmChart needs its finished chart in the package;
* one image name should have one tag in the package (Gitpod 2022.11.3 validated with another version than it deployed);
* two images with the same last part of their name collide in a private registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from changeover import images
from changeover.lint.finding import Finding, Level, at
from changeover.package.application import mapping, text
from changeover.package.documents import Document
from changeover.package.package import Form, Package, spec_of
from changeover.render import helm

_CHECKING = frozenset({"Preflight", "SupportBundle", "Collector"})
_IMAGE = re.compile(r"^[ \t-]*[\"']?image[\"']?:[ \t]*[\"']?([^\s\"'#{}]+)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)


def check(package: Package) -> Iterator[Finding]:
    """All findings of these rules."""
    if package.form is Form.KOTS:
        for document in package.all("HelmChart", "kots.io/"):
            yield from _chart(package, document)
    used = [(document, line, image) for document in package.documents for line, image in _images(document)]
    yield from _tags(used)
    yield from _latest(used)
    announced = [image for _, _, image in used if images.parse(image)] + list(package.application.additional_images)
    for place, names in images.collisions(announced).items():
        message = f"{' and '.join(names)} would both be {place} in a private registry"
        yield Finding("image-collision", Level.WARN, message, hint="give one of them another last name")


def _chart(package: Package, document: Document) -> Iterator[Finding]:
    chart = mapping(spec_of(document).get("chart"))
    name, version = text(chart.get("name")), str(chart.get("chartVersion") or "")
    if not name or "{{" in name or "{{" in version:
        return
    try:
        helm.find_chart(helm.HelmRelease(name, version, name, document.where), package.charts)
    except helm.MissingChart as problem:
        yield at(document, problem.reference, Level.ERROR, f"{problem.message} {problem.found or ''}".strip())


def _images(document: Document) -> Iterator[tuple[int, str]]:
    for match in _IMAGE.finditer(document.text):
        yield document.line + document.text.count("\n", 0, match.start(1)), match.group(1)


def _tags(used: list[tuple[Document, int, str]]) -> Iterator[Finding]:
    first: dict[str, tuple[str, str]] = {}
    for document, line, reference in used:
        image = images.parse(reference)
        if image is None:
            continue
        where = f"{document.file}:{line}"
        pinned, before = first.setdefault(image.name, (image.suffix, where))
        if pinned != image.suffix:
            message = f"{image.name}{image.suffix} here, but {pinned} in {before}"
            if document.kind in _CHECKING:
                message += ": what is checked is not what is deployed"
            yield Finding("image-tag-disagreement", Level.WARN, message, document.file, line)


def _latest(used: list[tuple[Document, int, str]]) -> Iterator[Finding]:
    for document, line, reference in used:
        image = images.parse(reference)
        if image and not image.digest and image.tag in {"", "latest"}:
            message = f"{reference} has no fixed tag: two pods may run two versions"
            yield Finding("container-image-latest-tag", Level.INFO, message, document.file, line)

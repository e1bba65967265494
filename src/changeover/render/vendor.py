"""The rendered texts of a package that describe it to other tools; here: what is checked before and after."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.package.package import Form, Package
from changeover.render.templates import Templates

TROUBLESHOOT = ("troubleshoot.sh/", "troubleshoot.replicated.com/")


def troubleshoot_texts(package: Package, templates: Templates | None) -> Iterator[tuple[str, str]]:
    """(file, rendered text) of each file with a Troubleshoot document; of manifests as they are.

    Charts have theirs in labelled Secrets among their objects. Raises TemplateProblem.
    """
    files = {one.file for one in package.documents if one.api_version.startswith(TROUBLESHOOT)}
    for file in sorted(files):
        text = package.text(file)
        yield file, templates.render(file, text) if templates and package.form is Form.KOTS else text

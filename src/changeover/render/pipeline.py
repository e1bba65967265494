"""The stage between a package and a plan: same package, answers, context and kept values -> the same Revision.

Nothing here touches the world: charts are rendered through the port, what must be generated (keys, random texts) comes
from `produce` and is returned to be kept, so that the next rendering finds it in the context and changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from changeover.package import values_schema
from changeover.package.package import Form, Package
from changeover.package.questions import read_config
from changeover.ports import Charts
from changeover.release import documents
from changeover.render import chart_rules, finish, forms, functions, pull_secret, shape
from changeover.render.context import Context
from changeover.render.finish import Rendered, Target
from changeover.render.forms import Setting
from changeover.render.functions.keeping import Produce
from changeover.render.ordering import Placed
from changeover.render.revision import Remark, Revision
from changeover.render.steady import Keepsakes
from changeover.render.templates import Templates

__all__ = ["Produce", "function_names", "render", "templates_of", "version_of"]

UNVERSIONED = "0"
SHORTEST_SECRET = 4
"""Characters; masking anything shorter would hide more than it protects."""

_SECRET = re.compile(r"passw|secret|token|credential|private.?key|api.?key", re.IGNORECASE)


def render(
    package: Package,
    answers: Mapping[str, Any],
    context: Context,
    *,
    charts: Charts | None,
    produce: Produce,
    namespaced: shape.Namespaced | None = None,
) -> tuple[Revision, Mapping[str, str]]:
    """Render a package for one Installation; the second result is every generated value, to be kept for next time.

    Kept values that this release does not use stay in it: the way back may need them.

    `charts` None leaves charts out, with a remark each. `namespaced` tells what the cluster serves, when it was asked.
    Raises Problem: BrokenYaml, BadAnnotation, BadHelmChart, MissingChart, SameObjectTwice, a template's own.
    """
    release = documents.release_of(package)
    keepsakes = Keepsakes(context.kept)
    setting = Setting(
        context.namespace,
        context.kubernetes_version,
        charts,
        keepsakes,
        api_versions=context.api_versions,
        revisions=context.helm_revisions,
        release=context.helm_release,
    )
    kept: Mapping[str, str] = {}
    secrets = _sensitive(answers)
    informers: tuple[str, ...] = ()
    if package.form is Form.MANIFESTS:
        formed = forms.manifests(package)
    elif package.form is Form.CHART:
        objections = _objections_of_chart(package, answers)
        formed = forms.chart(package, answers, replace(setting, schema=not objections))
        formed.remarks += objections
    else:
        templates = templates_of(package, answers, context, produce=produce)
        formed = forms.kots(package, templates.render, setting)
        formed.remarks += _objections(package, templates)
        informers = _informers(package, templates)
        kept = templates.kept
        secrets = (*templates.form.secrets, *_made_up(kept))
    formed.placed = _with_pull_secret(formed.placed, context, package)
    formed.placed = [*_additional_namespaces(formed.placed, context, package), *formed.placed]
    secrets = (*secrets, *context.secrets)
    made = {**kept, **keepsakes.used}
    registry = context.registry.address if context.registry else ""
    rendered = Rendered(tuple(formed.placed), informers, secrets, tuple(formed.remarks), tuple(formed.releases))
    version = version_of(package, release, context.version_label or context.release.label)
    revision = finish.finish(package, release, rendered, Target(context.namespace, version, registry, namespaced))
    told = {"channel": context.release.channel, "cursor": context.release.cursor}
    source = {**revision.source, **{name: value for name, value in told.items() if value}}
    return replace(revision, source=source), {**context.kept, **made}


def templates_of(package: Package, answers: Mapping[str, Any], context: Context, *, produce: Produce) -> Templates:
    """The package's template language with its Config answered; `.form` says what is missing. Raises BadConfig."""
    return Templates(read_config(package.config), answers, context, produce=produce)


def function_names() -> frozenset[str]:
    """Every function that the vendor's template language knows, for the linter."""
    return functions.names()


def version_of(package: Package, release: documents.ReleaseDocument, label: str) -> str:
    """What the revision is called: the channel's label, else what the package says, else its name."""
    return label or release.version or package.own_version or package.name or UNVERSIONED


def _with_pull_secret(placed: list[Placed], context: Context, package: Package) -> list[Placed]:
    name = pull_secret.name_of(context)
    if not name:
        return placed
    known = [replace(item, raw=pull_secret.add(item.raw, name)) if item.rewrite else item for item in placed]
    if any(item.raw["kind"] == "Secret" and item.raw.get("metadata", {}).get("name") == name for item in placed):
        return known
    where = pull_secret.namespaces(placed, context, package.application.additional_namespaces)
    return [*pull_secret.place(context, where), *known]


def _additional_namespaces(placed: list[Placed], context: Context, package: Package) -> Iterator[Placed]:
    """Namespaces that the package wants beside its own (``*`` is no name); they outlive it, for others may use them."""
    given = {item.raw.get("metadata", {}).get("name") for item in placed if item.raw.get("kind") == "Namespace"}
    wanted = {"*", context.namespace, *given}
    for name in dict.fromkeys(package.application.additional_namespaces):
        if name not in wanted:
            raw = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            yield Placed(raw, "additionalNamespaces", pull_secret.EARLIEST)


def _objections(package: Package, templates: Templates) -> list[Remark]:
    """What blocks: visible required questions without an answer, and answers that their validation refuses."""
    file = package.config.file if package.config else ""
    found: list[Remark] = []
    for one in templates.form.items():
        name, line = one.item.name, one.item.line
        if one.missing:
            message = f"{name} must be answered"
            found.append(Remark("missing-answer", message, file, line, f"`changeover config set {name}=…`"))
        found += [Remark("invalid-answer", f"{name}: {error}", file, line, one.item.pattern) for error in one.errors]
    return list(dict.fromkeys(found))


def _objections_of_chart(package: Package, answers: Mapping[str, Any]) -> list[Remark]:
    """What blocks: required values that nobody gives, and values that the chart's schema refuses."""
    file = values_schema.FILE
    absent = chart_rules.missing(package, answers)
    found = [
        Remark("missing-answer", f"{path} must be answered", file, 0, f"`changeover config set {path}=…`")
        for path in absent
    ]
    for path, words in chart_rules.refused(package, answers).items():
        found += [Remark("invalid-answer", f"{path}: {word}", file) for word in words]
    return found


def _informers(package: Package, templates: Templates) -> tuple[str, ...]:
    file = document.file if (document := package.first("Application", "kots.io/")) else ""
    shown = (templates.render(file, informer).strip() for informer in package.application.status_informers)
    return tuple(informer for informer in shown if informer)


def _made_up(kept: Mapping[str, str]) -> tuple[str, ...]:
    """Generated texts, and of a certificate its key."""
    return tuple(json.loads(value)[-1] if value.startswith('["') else value for value in kept.values())


def _sensitive(answers: Any, *, under: str = "") -> tuple[str, ...]:
    """Answers of a chart whose names say that they are secret."""
    if isinstance(answers, Mapping):
        return tuple(text for key, value in answers.items() for text in _sensitive(value, under=str(key)))
    if isinstance(answers, list):
        return tuple(text for value in answers for text in _sensitive(value, under=under))
    return (answers,) if isinstance(answers, str) and len(answers) >= SHORTEST_SECRET and _SECRET.search(under) else ()

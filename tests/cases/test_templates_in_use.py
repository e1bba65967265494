"""The template language that rendering uses, against what the reference implementation answered in four environments.

Left out: cases in which time, chance or a version enters, and the typed helpers (no package function uses them yet).
"""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from changeover.package import answers, yaml_text
from changeover.package.documents import read_documents
from changeover.package.questions import read_config
from changeover.render.context import Context, Proxy, Registry, ReleaseFacts
from changeover.render.templates import TemplateProblem, Templates

FOLDER = Path(__file__).parents[3] / "shared" / "cases" / "kots-template"
ENVIRONMENTS = sorted(FOLDER.glob("env-*.json"))
AT_LEAST = 500
"""Texts in each environment."""

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real cases are not here: {FOLDER} does not exist")


@cache
def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def _spec(text: str | None) -> dict[str, Any] | None:
    return (yaml_text.load(text) or {}).get("spec") if text else None


def _registry(told: dict[str, str] | None) -> Registry | None:
    if not told or not told.get("Hostname"):
        return None
    return Registry(*(told.get(name, "") for name in ("Hostname", "Namespace", "Username", "Password")))


def _templates(path: Path) -> Templates:
    told = _read(path)["environment"]
    version, variables = told.get("version") or {}, told.get("env") or {}
    context = Context(
        namespace=variables.get("DEV_NAMESPACE", ""),
        slug=told.get("appSlug", ""),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        release=ReleaseFacts(
            sequence=version.get("Sequence", -1),
            cursor=version.get("Cursor", ""),
            channel=version.get("ChannelName", ""),
            label=version.get("VersionLabel", ""),
            notes=version.get("ReleaseNotes", ""),
            required=version.get("IsRequired", False),
            airgap=version.get("IsAirgap", False),
            registry_domain=version.get("ReplicatedRegistryDomain", ""),
            proxy_domain=version.get("ReplicatedProxyDomain", ""),
        ),
        licence=_spec(told.get("license")),
        registry=_registry(told.get("registry")),
        proxy=Proxy(
            variables.get("HTTP_PROXY", ""),
            variables.get("HTTPS_PROXY", ""),
            variables.get("NO_PROXY", ""),
            variables.get("SSL_CERT_CONFIGMAP", ""),
        ),
        identity=_spec(told.get("identityConfig")),
        images_through_proxy=True,  # the reference could reach no registry, and took every image for private
    )
    config = next(iter(read_documents("config.yaml", told.get("config") or "")), None)
    given = answers.from_text(told["configValues"]) if told.get("configValues") else {}
    return Templates(read_config(config), given, context, produce=lambda function, _: function)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_config_values_are_the_reference_answers(path: Path) -> None:
    form = _templates(path).form
    wanted = _read(path).get("itemValues") or {}
    found = {name: form.values[name] for name in wanted}
    assert {name: (one.value, one.default, one.filename) for name, one in found.items()} == {
        name: (one["value"], one["default"], one["filename"]) for name, one in wanted.items()
    }
    assert list(form.missing) == (_read(path).get("missingRequired") or [])


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_texts_are_the_reference_answers(path: Path) -> None:
    templates = _templates(path)
    wrong, judged = [], 0
    for case in _read(path)["cases"]:
        expected = case["expected"]
        if case.get("deterministic") is False or not expected.keys() & {"text", "error"}:
            continue
        judged += 1
        try:
            found: str | None = templates.render("case", case["template"])
        except TemplateProblem:
            found = None
        if found != expected.get("text"):
            wrong.append((case["name"], expected, found))
    assert not wrong
    assert judged >= AT_LEAST

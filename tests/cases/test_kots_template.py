"""The template language and Config, case by case as the reference implementations answered.

Where time, chance or a version enters, the shape is compared: how long a text is, or what a comparison says.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from changeover.channel import generators
from changeover.gotemplate import TemplateProblem
from changeover.package import answers, yaml_text
from changeover.package.documents import read_documents
from changeover.package.questions import Config, read_config
from changeover.render import config as configs
from changeover.render.context import Context, Proxy, Registry, ReleaseFacts
from changeover.render.functions import registry as registry_functions
from changeover.render.templates import Templates
from tests.cases import config_shape

ROOT = Path(__file__).parents[3] / "shared" / "cases"
FOLDER = ROOT / "kots-template"
BEHAVIOUR = ROOT / "kots-behaviour"
ENVIRONMENTS = sorted(FOLDER.glob("env-*.json"))
ESCAPES = "the writer used in that call escapes an emoji in a template and fails; the other call (:525) is our answer"
DIFFERENT: Mapping[str, str] = {
    'static/136 env "HOME"': "an Installation's templates do not read the environment of whoever renders",
    'static/084 TLSKey "c2" | len | lt 500': "the reference's cache outlives a rendering, ours is the rendering's",
    "pkg/config/config_test.go:534 TestTemplateConfig/non-BMP_unicode_in_help_text_with_template_function": ESCAPES,
    "pkg/config/config_test.go:534 TestTemplateConfig/non-BMP_unicode_in_multi-line_block-scalar_help_text_with_repl_"
    "template_(SC-135815)": ESCAPES,
}
"""Cases that are answered differently on purpose, each with the reason."""

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real cases are not here: {FOLDER} does not exist")


def _name(case: Mapping[str, Any]) -> str:
    return f"{case['at']} {case['test']}"


@cache
def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def _spec(text: str | None) -> dict[str, Any] | None:
    return (yaml_text.load(text) or {}).get("spec") if text else None


def _registry(told: Mapping[str, str] | None) -> Registry | None:
    if not told or not told.get("Hostname"):
        return None
    return Registry(*(told.get(name, "") for name in ("Hostname", "Namespace", "Username", "Password")))


def _release(told: Mapping[str, Any]) -> ReleaseFacts:
    return ReleaseFacts(
        sequence=told.get("Sequence", -1),
        cursor=told.get("Cursor", ""),
        channel=told.get("ChannelName", ""),
        label=told.get("VersionLabel", ""),
        notes=told.get("ReleaseNotes", ""),
        required=told.get("IsRequired", False),
        airgap=told.get("IsAirgap", False),
        registry_domain=told.get("ReplicatedRegistryDomain", ""),
        proxy_domain=told.get("ReplicatedProxyDomain", ""),
    )


def _context(told: Mapping[str, Any]) -> Context:
    variables = told.get("env") or {}
    return Context(
        namespace=variables.get("DEV_NAMESPACE", ""),
        slug=told.get("appSlug", ""),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        release=_release(told.get("version") or {}),
        licence=_spec(told.get("license")),
        registry=_registry(told.get("registry")),
        proxy=Proxy(
            *(variables.get(name, "") for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_CONFIGMAP"))
        ),
        identity=_spec(told.get("identityConfig")),
        images_through_proxy=True,  # the reference could reach no registry, and took every image for private
    )


@cache
def _templates(path: Path) -> Templates:
    told = _read(path)["environment"]
    config = next(iter(read_documents("config.yaml", told.get("config") or "")), None)
    given = answers.from_text(told["configValues"]) if told.get("configValues") else {}
    return Templates(read_config(config), given, _context(told), produce=generators.produce)


def _cases() -> list[Any]:
    return [
        pytest.param(path, case, id=f"{path.stem}/{case['name']}".replace("\n", " "))
        for path in ENVIRONMENTS
        for case in _read(path)["cases"]
        if case["name"] not in DIFFERENT
    ]


def test_the_cases_are_there() -> None:
    assert len(_cases()) >= 2_208 - 4 * len(DIFFERENT)


@pytest.mark.parametrize(("path", "case"), _cases())
def test_a_template_gives_what_the_reference_gave(path: Path, case: dict[str, Any]) -> None:
    templates, expected, text = _templates(path), case["expected"], case["template"]
    if "error" in expected:
        with pytest.raises(TemplateProblem) as caught:
            templates.render(case["name"], text)
        _same_place(expected["error"], caught.value)
    elif case.get("deterministic", True) or "len" in text or "lt 500" in text:
        assert templates.render(case["name"], text) == expected["text"]
    else:
        assert len(templates.render(case["name"], text)) == len(expected["text"])
    _typed(templates, text, expected)


def _same_place(wanted: str, problem: TemplateProblem) -> None:
    """Line, column (the reference counts from 0) and reason are the same."""
    place = re.search(r":(\d+):(\d+): executing", wanted)
    if place:
        assert (problem.line, problem.column - 1) == (int(place[1]), int(place[2]))
    if "nil pointer" not in wanted:
        assert problem.reason in wanted


def _typed(templates: Templates, text: str, expected: Mapping[str, Any]) -> None:
    reads = {
        "bool": lambda: templates.as_bool(text, default=False),
        "boolDefaultTrue": lambda: templates.as_bool(text, default=True),
        "int": lambda: templates.as_int(text, 0),
        "uint": lambda: templates.as_uint(text, 0),
        "float": lambda: templates.as_float(text, 0.0),
    }
    for kind, read in reads.items():
        if kind in expected and "typedError" not in expected:
            assert read() == expected[kind]
        elif kind in expected:
            with pytest.raises(TemplateProblem):
                read()


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_config_values_are_the_reference_answers(path: Path) -> None:
    form, wanted = _templates(path).form, _read(path)
    assert {name: config_shape.value(one) for name, one in form.values.items()} == (wanted["itemValues"] or {})
    assert list(form.missing) == (wanted["missingRequired"] or [])
    assert [message for _, _, message in form.errors()] == (wanted["validation"] or [])


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_the_rendered_form_is_the_references(path: Path) -> None:
    wanted = _read(path)["renderedConfig"] or {"groups": []}
    assert config_shape.groups(_templates(path).form) == config_shape.plain(wanted["groups"])


@pytest.mark.parametrize("case", json.loads((FOLDER / "images.json").read_text()) if FOLDER.is_dir() else [])
def test_an_image_is_named_where_it_is_kept(case: dict[str, Any]) -> None:
    registry = _registry(case["registry"])
    context = Context("", slug=case["appSlug"], registry=registry)
    expected = case["expected"]
    if registry and "dest" in expected:
        assert registry_functions.image_name(case["image"], context) == expected["dest"]
    if expected.get("proxy"):
        through = Context("", slug=case["appSlug"], images_through_proxy=True)
        assert registry_functions.image_name(case["image"], through) == expected["proxy"]


def _calls(name: str) -> list[dict[str, Any]]:
    path = BEHAVIOUR / name
    return json.loads(path.read_text())["cases"] if path.is_file() else []


def _config_of(document: Mapping[str, Any]) -> Config:
    return read_config(next(iter(read_documents("config.yaml", yaml_text.dump(dict(document))))))


@pytest.mark.parametrize("case", _calls("pkg_config--templateConfigObjects.json"), ids=_name)
def test_a_recorded_config_is_templated_alike(case: dict[str, Any]) -> None:
    args = case["args"]
    given = {
        name: {"value": one["Value"], "filename": one["Filename"], "repeatableItem": one["RepeatableItem"]}
        for name, one in args["configValues"].items()
    }
    context = Context(
        args["namespace"],
        slug=args["appInfo"]["Slug"],
        release=_release(args["versionInfo"]),
        licence=args["license"]["V1"]["spec"],
        registry=_registry(args["localRegistry"]),
    )
    templates = Templates(_config_of(args["configSpec"]), given, context, produce=generators.produce)
    text, error = case["results"]
    if error:
        assert _name(case) in DIFFERENT
        return
    wanted = yaml_text.load(text)["spec"]["groups"]
    assert config_shape.groups(templates.form) == config_shape.plain(wanted)


@pytest.mark.parametrize(
    "case", _calls("pkg_kotsadmconfig_validation--ValidateConfigSpec.json"), ids=lambda case: case["test"]
)
def test_a_recorded_config_is_validated_alike(case: dict[str, Any]) -> None:
    spec = case["args"]["configSpec"]
    config = _config_of({"apiVersion": "kots.io/v1beta1", "kind": "Config", "spec": spec})
    wanted, error = case["results"]
    if error:
        with pytest.raises(configs.BadValidation) as caught:
            configs.evaluate(config, {}, lambda text, _: text)
        assert (caught.value.found or "?") in error["$error"]
        return
    form = configs.evaluate(config, {}, lambda text, _: text)
    assert list(form.errors()) == [
        (group["name"], item["name"], one["message"])
        for group in wanted or []
        for item in group["item_errors"]
        for one in item["validation_errors"]
    ]
